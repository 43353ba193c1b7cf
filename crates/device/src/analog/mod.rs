//! Analog neurons: circuits whose parameters are frozen with mismatch and whose state is a current.

mod dpi;
mod neuron;

pub use dpi::{DpiBank, DpiCircuit, Imperfections};
pub use neuron::{Deviation, NeuronSpread};
