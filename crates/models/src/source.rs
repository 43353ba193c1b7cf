//! Sources of spikes and sinks that keep what arrives, one file each.

pub mod poisson;
pub mod rate_code;
pub mod ring_buffer;
pub mod sink;
