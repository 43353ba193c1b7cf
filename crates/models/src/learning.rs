//! Synapses that change on the chip: rules as text, the engines that run them, and rules that people use.
//!
//! A [`LearningRule`] holds the rule's text and the constants of its traces. [`LearningDense`] and
//! [`LearningSparse`] run it in the arithmetic of the setting ([`LearningArithmetic`]) or in floating point;
//! [`LearningLif`] is the neuron that sends its spikes back to them. With a [`Structure`] their synapses grow and vanish. [`library`] has the rules. Two emulators of
//! Loihi 1 learn by their own rules and have their own processes: [`LoihiSynapses`] (brian2-loihi) and
//! [`PesSynapses`] (nengo-loihi).

mod batch;
mod brian2;
mod connection;
mod course;
mod dense;
mod draws;
mod engine;
mod fixed;
mod float;
pub mod library;
mod neuron;
pub mod parse;
mod pes;
mod phase;
pub mod product;
mod rule;
mod sparse;
mod structure;
mod terms;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod topology;
mod traces;

pub use brian2::{LoihiSynapses, RoundingDecisions};
pub use connection::GradedSpikeCfg;
pub use dense::LearningDense;
pub use draws::Recording;
pub use engine::LearningArithmetic;
pub use neuron::{Excitability, LearningLif};
pub use pes::{PesLearning, PesSynapses};
pub use rule::{Approximation, CompiledRule, LearningRule, RuleReport};
pub use sparse::LearningSparse;
pub use structure::Structure;
