//! The emulated hardware: placement tables, mesh geometry, limits, and the kernels of one worker's step.
//!
//! A [`ChipImage`] is a placed network in plain tables. Chip cores exist in it for placement, limits,
//! metering and time; a [`Worker`] owns a share of every population and one row of synapses per source over
//! all its targets, whatever cores they lie on. So the layout of execution is not the layout of the chip.
//! This crate knows no graphs and no threads, prices nothing and touches no file; [`cells`] keeps what `pumice-device`
//! says of non-volatile cells.

mod balance;
mod batch;
mod bits;
mod block;
pub mod cells;
mod dense;
mod drawn;
mod due;
mod exact;
mod image;
mod limits;
mod load;
mod mesh;
mod placement;
mod plastic;
mod record;
mod room;
mod rows;
mod share;
mod table;
pub mod timing;
mod uncounted;
mod worker;

pub use balance::{Shares, UPDATE};
pub use batch::{Batch, HostBatch, PastSpikes, fired};
pub use block::Block;
pub use drawn::{OnCore, drawn_by_core};
pub use image::{BankImage, ChipImage, DrawnProjection, DriveImage, InputImage, Projection, Source};
pub use limits::{CoreLimits, SynapseFormat};
pub use load::{CellReads, CoreLoad, Routes, Sent, Spike, Traffic, count_updates, fetched_words, read_event};
pub use mesh::{CoreId, Hops, Mesh, Tile};
pub use placement::{CoreUse, Segment, core_uses};
pub use plastic::{LearnBatch, Learned, PlasticFeed, PlasticImage, Teller};
pub use room::Room;
pub use table::Table;
pub use uncounted::UNCOUNTED;
pub use worker::{Worker, WorkerError};
