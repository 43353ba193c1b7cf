//! How far fixed point is from floating point.

mod document;
mod error;

pub mod budget;
pub mod compare;
mod compare_text;
pub mod knob;
pub mod metric;
pub mod observe;
pub mod wiring;

pub use document::{Document, Events, Source, Spikes};
pub use error::FidelityError;
