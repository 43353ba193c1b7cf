//! Behaviour of processes: parameters, fixed-point kernels and, beside each, its float twin.
//!
//! A process is a struct of parameters under the name Lava gives it. It lists its ports and
//! variables, and makes kernels: one in the integer arithmetic of a chip, one in floating point.
//! The two are written separately, so that a property can hold them within a derived rounding budget.
//! This crate knows no chips, no placement, no files and no threads.
//!
//! To add a process: one file in `neuron/`, `connection/`, `learning/` or `source/`, and one line in a table
//! `processes!` of `table.rs`.

pub mod arithmetic;
pub mod connection;
pub mod decay;
mod error;
mod kernel;
pub mod learning;
pub mod message;
pub mod neuron;
mod overflow;
mod parameter;
mod plastic;
mod port;
pub mod source;
mod table;

pub use arithmetic::Arithmetic;
pub use connection::drawn::{Drawn, Parts};
pub use connection::rows::{RowFormat, Rows};
pub use connection::weight::scaled;
pub use error::ModelError;
pub use kernel::{Behaviour, Drive, Io, Kernel, Number, Sent, Setting, Values};
pub use neuron::bank::{Bank, BankContext, BankKernel, Fired};
pub use overflow::{Overflow, OverflowKind, OverflowRecord};
pub use parameter::{Decay, Lane, Matrix, PerNeuron, integer, lane};
pub use plastic::{Adjusted, Cut, Place, Plastic, PlasticLayout, PlasticSynapse, Portion, RandomNumbers};
pub use port::{Kind, PortSpec, VarSpec, length};
pub use table::{Model, RemoteModel};
