//! Connections: what turns spikes into weighted sums, one file each.
//!
//! Every connection holds its sums for one step: a spike sent at step t reaches the next neuron at t + 1,
//! or at t + 1 + d through a delay of d (Lava's timing).

pub mod conv;
pub mod conv_in_time;
pub mod dense;
pub mod drawn;
pub mod one_to_one;
pub mod pool;
pub mod quantise;
pub mod random;
pub mod rows;
pub mod sparse;
#[cfg(test)]
pub(crate) mod support;
pub(crate) mod synapses;
pub mod topology;
pub mod weight;

#[cfg(test)]
mod tests;
