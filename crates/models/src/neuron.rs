//! Populations of neurons, one file each.

pub mod bank;
pub mod cuba_lif;
#[cfg(test)]
pub(crate) mod golden;
pub mod lif;
pub mod lif_refractory;
pub mod lif_reset;
mod membrane;
mod population;
pub mod ternary_lif;
