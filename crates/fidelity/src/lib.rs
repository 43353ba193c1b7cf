//! How far fixed point is from floating point: as numbers, as derived budgets, and as properties for one's own models.
//!
//! * [`metric`]: distances of spike trains and state, tested against other tools where these have them;
//! * [`compare`]: a model on several backends beside its float twin, with the first divergence and its cause;
//! * [`statistics`]: how rates, irregularity and correlation are distributed, against a reference of other simulators;
//! * [`budget`]: the worst error that rounding can make, step by step;
//! * [`model`], [`networks`]: a property as a sentence, whose smallest counter-example is a model file.

mod claim;
mod compare_text;
mod document;
mod error;
mod property;
mod refuted;
mod register;

pub mod budget;
pub mod compare;
pub mod figure;
pub mod interval;
pub mod knob;
pub mod learned;
pub mod lesson;
pub mod metric;
pub mod observe;
pub mod plan;
pub mod quantise;
pub mod rule;
pub mod shrink;
pub mod statistics;
pub mod strategy;
pub mod study;
pub mod sweep;
pub mod wiring;

pub use claim::{Claim, Evidence};
pub use document::{Document, Events, Source, Spikes};
pub use error::FidelityError;
pub use property::{Checked, Failure, Property, document, model, networks};
pub use refuted::Refuted;
pub use strategy::{Networks, Stimulus};
