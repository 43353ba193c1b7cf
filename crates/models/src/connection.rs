//! Connections: what turns spikes into weighted sums, one file each.
//!
//! Every connection holds its sums for one step: a spike sent at step t reaches the next neuron at t + 1,
//! or at t + 1 + d through a delay of d (Lava's timing).

pub mod dense;
pub mod rows;
pub mod sparse;
pub(crate) mod synapses;
pub mod weight;
