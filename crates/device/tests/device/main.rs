//! Contracts of the device crate: one life per cell, programming as an algorithm.

#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod life;
mod power;
mod program;
mod store;

use pumice_device::{CellArray, CellProfile, Place};

/// A fresh array of a shipped technology.
fn array(profile: &str, seed: u64, shape: [u32; 3]) -> CellArray {
    let profile = CellProfile::shipped(profile).unwrap();
    CellArray::new(profile, Place { seed, core: 7 }, shape).unwrap()
}

/// Mean and standard deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, variance.sqrt())
}
