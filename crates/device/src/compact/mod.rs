//! Compact models: one device under a voltage waveform, as circuit simulators use them.
//!
//! These are differential equations for a single device, not statistics: for waveforms, not for arrays. Each
//! is stepped with a fixed step; the state after the step gives the current unless the file says otherwise.

mod data_driven;
mod stanford;
mod vteam;

pub use data_driven::DataDriven;
pub use stanford::Stanford;
pub use vteam::Vteam;

/// A device that is driven by a voltage.
pub trait Compact {
    /// Applies `volts` for one step of `dt_s` and gives the current `[A]`.
    fn step(&mut self, volts: f64, dt_s: f64) -> f64;

    /// The conductance that the last step showed `[S]`.
    fn conductance(&self) -> f64;
}
