//! Runs an image in parallel, deterministically: cores on workers, everything else with the host.
//!
//! The engine knows no graphs and no prices. In every step the host runs its processes (sources, unplaced
//! kernels, float twins, processes of the user) in an order in which every message is sent before it is
//! received, and the chip takes its turn among them. Results do not depend on the number of workers.

pub mod codec;
mod engine;
mod error;
mod image;
mod phases;
mod pin;
mod pool;
mod prepared;
mod progress;
mod recording;
mod snapshot;
mod unit;
mod view;

pub use engine::{Control, Engine, HostEnd, Observer, Outcome, Settled, Written};
pub use error::EngineError;
pub use image::{
    FromChip, Image, Join, Pairs, ProbeImage, ProbeSource, Task, ToChip, UnitBody, UnitImage, UnitWire, Where,
};
pub use phases::Phases;
pub use prepared::{Prepared, PreparedError};
pub use progress::Progress;
pub use recording::{Recorded, Recording};
pub use snapshot::Snapshot;
pub use view::View;
