//! How far two recordings are apart, one measure per file.
//!
//! A train is the ascending times of one neuron's spikes `[steps]`; a step is counted from 1. Distances, rates,
//! irregularity and correlation are tested against what Elephant, PySpike and SciPy computed for the same trains
//! (`tests/golden`), the others by hand.

pub mod agreement;
pub mod coincidence;
pub mod correlation;
pub mod divergence;
pub mod ks;
pub mod rate;
pub mod rmse;
pub mod spike_distance;
pub mod van_rossum;
pub mod victor_purpura;

#[cfg(test)]
mod tests;
