//! Crossbars: how weights become conductances, what converters and wires make of the sums.
//!
//! * `mapping`: a weight as a differential pair, an offset cell, or slices of bits;
//! * `convert`: digital-to-analog and analog-to-digital converters;
//! * `nodal`: the exact currents of an array with wire resistance;
//! * `gated`: bounds of the same currents for a few active rows, without a factorisation;
//! * `periphery`: all of them in one multiplication;
//! * `rows`: all of them when rows are read one at a time, as spikes do.

mod convert;
mod gated;
mod mapping;
mod nodal;
mod periphery;
mod rows;

pub use convert::{Adc, AdcRange, Levels, quantise_to_step};
pub use gated::{Bracket, GatedRows, single_row};
pub use mapping::{Mapping, Sides};
pub use nodal::{Factored, Nodal, Wires};
pub use periphery::{Analog, Periphery};
pub use rows::{RowPeriphery, RowReads};
