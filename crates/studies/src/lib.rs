//! Networks that are compared between simulators, and the statistics of their spikes, as library functions.
//!
//! [`network`] builds the graphs, at any scale; [`statistics`] says how a population fires. This crate runs nothing
//! and prints nothing.

pub mod network;
pub mod statistics;

pub use network::{Network, NetworkError, Population};
