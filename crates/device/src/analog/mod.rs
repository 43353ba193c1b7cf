//! Analog neurons: circuits whose parameters are frozen with mismatch and whose state is a current.

mod dpi;

pub use dpi::{DpiBank, DpiCircuit, Imperfections};
