//! Published measurements of chips, and what Pumice says about the same workloads.
//!
//! Each has its tolerance and its source. Those that only price published counts are beside the profiles
//! (`crates/profile/tests/profiles/anchors.rs`: ODIN, TrueNorth, the SpiNNaker microcircuit, the search on Loihi 1); here
//! are those that run a network or read measured files.

#![allow(clippy::unwrap_used)] // a test fails where it unwraps

mod keywords;
mod pilotnet;
mod recordings;
