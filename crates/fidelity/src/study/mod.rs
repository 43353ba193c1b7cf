//! Two studies of the literature in small: what rounding does to spike times, and what weight resolution does to rates.
//!
//! The examples `rounding_study` and `resolution_study` print them as tables; tests hold what they claim.

mod resolution;
mod rounding;

pub use resolution::{Balance, Resolution, resolution_study};
pub use rounding::{Lag, Order, Rounding, Setting, rounding_study, settings_study};
