//! Profile files: what one chip is, what it costs, and how well each number is known.
//!
//! A [`Profile`] is read from TOML, merged with the profile it `extends`, checked once, and is plain
//! data from then on. This crate does not know how a graph is compiled or run.
//!
//! Provenance has one form each for two kinds of number. A *figure* (energy, time, power) is a table
//! `{ v, ev, src }` in its place. *Structure* (topology, limits, register widths, ...) is a plain value,
//! and its evidence stands in `[sources]`, whose keys are the path of a field or of a whole section;
//! the longest path that fits counts. An entry with `inferred = "why"` marks what no source states.
//! A field that is absent is unknown: as a price it is listed by the bill, as a limit it means "no known
//! limit", and [`Profile::show`] lists both.
//!
//! To ship a profile: one file in `hw-profiles/` and one line in `builtin.rs`.
//!
//! ```
//! use pumice_meter::Event;
//! use pumice_profile::Profile;
//!
//! let loihi = Profile::load("loihi1")?;
//! assert_eq!(loihi.core.neurons, Some(1024));
//! let fit = loihi.prices(Some("silicon_fit"))?;
//! assert_eq!(fit.energy.get(Event::NeuronSpike).map(|price| price.v), Some(69.3e-12));
//! # Ok::<(), pumice_profile::ProfileError>(())
//! ```

mod analog;
mod arithmetic;
mod builtin;
mod cells;
mod check;
mod error;
mod meta;
mod neuron;
mod prices;
mod profile;
mod read;
mod schema;
mod show;
mod sources;
mod timestep;
mod topology;

pub use analog::{AnalogMembrane, AnalogNeurons, Calibration};
pub use arithmetic::ArithmeticChoice;
pub use cells::{CellCores, CellMapping, CellProgramming};
pub use error::{Place, ProfileError};
pub use meta::{Fact, Family, Meta, Quantity, Validity};
pub use neuron::{LearningEngine, LearningRule, NeuronRegisters};
pub use prices::{PriceTables, Prices};
pub use profile::{Profile, SCHEMA};
pub use pumice_chip::{CoreLimits, SynapseFormat};
pub use show::{Difference, diff};
pub use sources::Source;
pub use timestep::{Discipline, Timestep};
pub use topology::{Multicast, Noc, Routing, Topology};
