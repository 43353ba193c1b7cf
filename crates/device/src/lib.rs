//! Non-volatile memory cells and crossbars: program, verify, relax, read, drift, wear, fault, and the file
//! that survives power-off.
//!
//! This crate knows cells and arrays; it knows neither cores nor graphs. A cell has one life, drawn once
//! from (seed, core, cell): what was asked for, what programming left, how it relaxes and drifts, how often
//! it was written, its faults. Its state at any time is a pure function of that life, so reading changes
//! nothing, and saving, powering off, ageing and loading go on with the same life.
//!
//! # Conventions
//! Conductance is in `[µS]`, voltage in `[V]`, time in whole `[ns]` since the array was made, temperature in
//! `[mK]`, energy in whole `[aJ]`.
//!
//! # Example
//! ```
//! use pumice_device::{CellArray, CellProfile, Place};
//!
//! let profile = CellProfile::shipped("rram-neurram-130nm")?;
//! let mut array = CellArray::new(profile, Place { seed: 1, core: 0 }, [4, 4, 0])?;
//! let outcome = array.program(2, 3, 20.0)?;
//! assert!(outcome.accepted && outcome.set_pulses > 0);
//! let fresh = array.conductance(2, 3, array.now_ns())?;
//! assert!((fresh - 20.0).abs() < 2.0);
//! array.age(86_400_000_000_000, 298_150)?; // a day at 25 °C
//! assert_ne!(array.conductance(2, 3, array.now_ns())?, fresh);
//! # Ok::<(), pumice_device::DeviceError>(())
//! ```

pub mod analog;
mod array;
pub mod cell;
mod clock;
pub mod compact;
pub mod conformance;
pub mod crossbar;
mod design;
mod error;
mod fate;
mod fault;
mod ledger;
pub mod nv;
mod plausible;
mod profile;
mod program;
mod ranges;
mod store;
pub mod update;

pub use array::{ArrayState, Cell, CellArray};
pub use clock::{BOLTZMANN_EV, Clock, REFERENCE_MK, acceleration};
pub use design::{Cause, Design};
pub use error::{Damage, DeviceError};
pub use fate::{Fate, Place};
pub use fault::{Fault, FaultMap, Site};
pub use ledger::{Ledger, energy_aj};
pub use profile::{
    Access, Assumed, CellProfile, Disturb, Endurance, Grade, Ladder, Range, Read, Source, Telegraph, Write,
};
pub use program::{Outcome, Programming};
pub use store::{CellStore, FRACTION_BITS, Layout, Learning, Method, Sram, StoreState, WeightStore};
