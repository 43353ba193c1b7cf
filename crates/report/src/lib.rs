//! Text, JSON, arrays and figures from results.
//!
//! A [`RunReport`] is what a run came to: how well it classified, what it cost, how long it took and how full the
//! chip was, with the provenance of every price. A [`Map`] is what lies on which core. Both are plain data, made
//! from images, counts and bills; this crate knows neither graphs nor running.

mod analog;
mod cells;
mod decay;
mod energy;
mod error;
pub mod figure;
mod map;
mod map_svg;
mod map_text;
mod neurobench;
mod placement;
mod power;
mod rates;
mod run;
mod run_text;
mod steps;
pub mod text;
mod write;

pub use analog::{AnalogReport, CalibrationReport};
pub use cells::{CellLearningReport, CellsReport, ProgrammingReport};
pub use decay::DecayRow;
pub use energy::{ComponentRow, EnergyTables, PartRow, Parts};
pub use error::ReportError;
pub use map::{CoreFill, Fill, LimitTable, Map, Part, Utilisation};
pub use neurobench::{NeuroBench, SynapticOperations};
pub use placement::{PlacementCost, PlacementReport, RatesOrigin};
pub use power::Power;
pub use rates::read_rates;
pub use run::{
    Answers, BillRow, EnergyRange, EventCount, OverflowRow, ProcessBackend, Run, RunReport, TimePerInference,
    UtilisationTable,
};
pub use steps::Steps;
pub use write::{Files, ReadRecords, clear, prepare, write_results, write_text};
