//! What happened to the non-volatile cells of a chip.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The cells of a chip after a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CellsReport {
    /// Name of the cell technology.
    pub technology: String,
    /// Arrays, one to a core.
    pub arrays: u64,
    /// Weights in cells, those that are zero included.
    pub weights: u64,
    /// Cells of all arrays, spare rows included.
    pub cells: u64,
    /// Cells that are worn out.
    pub worn: u64,
    /// Time since the arrays were made, after the run `[s]`.
    pub age_s: f64,
    /// What programming at the begin of the run cost; null when the weights were there already.
    pub programming: Option<ProgrammingReport>,
    /// What learning did to the cells since they got power; null where none learn.
    pub learning: Option<CellLearningReport>,
    /// Cells that rows of this run drove.
    pub cell_reads: u64,
    /// Energy in these cells, `V² G t` of each, converters and drivers not included `[J]`.
    pub read_energy_j: f64,
}

/// What learning did to cells while the chip ran. Its pulses are events of the run and part of its bill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CellLearningReport {
    /// Cells programmed, each time they were.
    pub cells_written: u64,
    /// Pulses that raise the conductance.
    pub set_pulses: u64,
    /// Pulses that lower it.
    pub reset_pulses: u64,
    /// Reads that verify.
    pub verify_reads: u64,
    /// Programmings that never came into the window.
    pub refused: u64,
    /// Energy of pulses and verify reads, `V² G t` of each `[J]`.
    pub energy_j: f64,
    /// Cycles of all cells together.
    pub cycles: u64,
    /// Cycles of the most used cell in its whole life.
    pub most_cycles: u64,
    /// Steps until the first cell reaches its endurance, if learning goes on as it did; null where no endurance is known, or
    /// nothing was written.
    pub wears_out_in_steps: Option<f64>,
    /// The same in emulated time, programming included `[s]`; null where time is not known too.
    pub wears_out_in_s: Option<f64>,
}

/// What programming cost. It is paid once and is no part of the energy of an inference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProgrammingReport {
    /// Cells programmed.
    pub cells: u64,
    /// Cells that never came into the window.
    pub refused: u64,
    /// Pulses that raise the conductance.
    pub set_pulses: u64,
    /// Pulses that lower it.
    pub reset_pulses: u64,
    /// Reads that verify.
    pub verify_reads: u64,
    /// Energy of pulses and verify reads, `V² G t` of each `[J]`.
    pub energy_j: f64,
    /// The same events at the prices of the profile `[J]`; null when it has none.
    pub billed_j: Option<f64>,
    /// Time, arrays side by side and the cells of an array one after the other `[s]`.
    pub time_s: f64,
}
