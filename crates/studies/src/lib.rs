//! Networks that are compared between simulators, and studies of many chips, as library functions.
//!
//! [`network`] builds the graphs, at any scale, and runs nothing; how their spikes are distributed is for the metrics of
//! `pumice-fidelity`. [`yields`] runs many chips of one kind whose weights lie in cells. This crate prints nothing.

pub mod network;
pub mod yields;

pub use network::{Network, NetworkError, Population};
