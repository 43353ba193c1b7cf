//! Populations of neurons, one file each.

pub mod bank;
pub mod lif;
