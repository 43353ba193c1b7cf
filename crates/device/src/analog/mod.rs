//! Analog neurons: circuits whose parameters are frozen with mismatch and whose state is a current.

mod design;
mod dpi;
mod membrane;
mod neuron;
mod trim;

pub use design::NeuronDesign;
pub use dpi::{DpiCircuit, DpiNeuron, DpiState};
pub use membrane::Membrane;
pub use neuron::{Deviation, NeuronSpread};
pub use trim::{CalibrationCost, Trim};
