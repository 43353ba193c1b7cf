//! How far two recordings are apart, one measure per file.
//!
//! A train is the ascending times of one neuron's spikes `[steps]`; a step is counted from 1. All but lags and the
//! coincidence factor, which are tested by hand, are tested against what Elephant, PySpike, SciPy, scikit-learn and NumPy
//! computed for the same data (`tests/golden`).

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
