//! Networks that are compared between simulators, as library functions.
//!
//! [`network`] builds the graphs, at any scale. This crate runs nothing and prints nothing; how their spikes are
//! distributed is for the metrics of `pumice-fidelity`.

pub mod network;

pub use network::{Network, NetworkError, Population};
