//! Counts events and prices them once, with provenance.
//!
//! This crate knows neither chips nor graphs nor files: who counts, and where a price comes from, is
//! the caller's affair. It holds four things:
//!
//! * [`Event`] and [`Counts`]: what happened, as integers that may be added in any order;
//! * [`Figure`]: a number with its [`Evidence`] and source, used for every price, latency and power;
//! * [`EnergyTable`], [`LatencyTable`], [`StaticPower`]: one figure per event, absent when unknown;
//! * [`Bill`]: counts times prices, computed once, in table order, with what had no price.
//!
//! A price is marginal (joules more when the event happens once more) unless its table says
//! [`Scope::AllIn`]. Absent is not zero: an event without a price is listed by the bill.
//!
//! ```
//! use pumice_meter::{Bill, Counts, EnergyTable, Event, Evidence, Figure, NeuronModel, Scope, StaticPower, Usage};
//!
//! let mut table = EnergyTable::new(Scope::PerTerm, NeuronModel::Additive);
//! table.set(Event::NeuronSpike, Figure::new(69.3e-12, Evidence::Fitted, "SANA-FE arch/loihi.yaml"));
//! let mut counts = Counts::default();
//! counts.add(Event::NeuronSpike, 1000);
//! counts.add(Event::PacketOut, 1000);
//! let bill = Bill::price(&counts, &table, &StaticPower::default(), &Usage::default())?;
//! assert_eq!(bill.total_j, 1000.0 * 69.3e-12);
//! assert_eq!(bill.unpriced[0].term.to_string(), "packet_out");
//! # Ok::<(), pumice_meter::MeterError>(())
//! ```

mod bill;
mod component;
mod counts;
mod energy;
mod error;
mod event;
mod figure;
mod latency;
mod power;

pub use bill::{Bill, Row, Term, Unpriced, Usage};
pub use component::Component;
pub use counts::Counts;
pub use energy::{EnergyTable, NeuronModel, Scope};
pub use error::MeterError;
pub use event::Event;
pub use figure::{Bound, Evidence, Figure, Price};
pub use latency::{Between, Latency, LatencyTable, SyncByTiles, SyncEntry};
pub use power::StaticPower;
