//! Populations of neurons, one file each.

pub mod adex;
pub mod allocator;
pub mod analog;
pub mod atrlif;
pub mod bank;
mod bounds;
pub mod circuit;
mod columns;
pub mod cuba_lif;
pub mod delta;
pub mod dpi;
#[cfg(test)]
pub(crate) mod golden;
pub mod graded_vec;
pub mod inv_sqrt;
pub mod izhikevich;
pub mod lif;
pub mod lif_refractory;
pub mod lif_reset;
mod machine;
mod membrane;
pub mod norm_vec_delay;
pub mod novelty_detector;
pub mod ode;
mod population;
pub mod prod_neuron;
pub mod prototype_lif;
pub mod readout;
mod registers;
pub mod rf;
pub mod rf_iz;
pub mod rf_zero;
pub mod s4d;
pub mod sigma;
pub mod sigma_delta;
mod step;
pub mod ternary_lif;
