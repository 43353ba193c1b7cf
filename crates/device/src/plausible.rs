//! What no array of cells can be, however long it lived: a saved one is refused, a running one stops.
//!
//! The checksum of a file finds damage; this finds files that somebody made.

use crate::array::{ArrayState, Cell};
use crate::error::DeviceError;
use crate::ledger::MOST;

/// No cell is written so often.
const MOST_WRITES: u32 = 1 << 31;

/// No conductance is so large `[µS]`.
pub(crate) const MOST_US: f64 = 1e9;

/// Checks conductances, counters and times.
///
/// # Errors
/// [`DeviceError::OutOfRange`] names the first value that cannot be.
pub(crate) fn check(state: &ArrayState) -> Result<(), DeviceError> {
    let now = state.clock.now_ns();
    state.ledger.check()?;
    counts("number of row reads", &state.row_reads)?;
    counts("time in ns", &[now])?;
    state.faults.check()?;
    state.cells.iter().try_for_each(|cell| one(cell, now))
}

/// Checks one cell at the time `now`.
///
/// # Errors
/// As [`check`].
pub(crate) fn one(cell: &Cell, now: u64) -> Result<(), DeviceError> {
    for us in [cell.target_us, cell.value_us, cell.spread_us] {
        DeviceError::check(us.abs() <= MOST_US, "conductance of a cell", us, "-1e9..=1e9 µS")?;
    }
    counts("count of a cell", &[cell.pulses, cell.cycles, cell.verifies, cell.reads_before])?;
    let writes = f64::from(cell.writes);
    DeviceError::check(cell.writes < MOST_WRITES, "number of writes of a cell", writes, "below 2^31")?;
    DeviceError::check(cell.written_ns <= now, "time of a write", cell.written_ns as f64, "not after the clock")
}

fn counts(what: &'static str, all: &[u64]) -> Result<(), DeviceError> {
    let beyond = all.iter().find(|n| **n >= MOST);
    beyond.map_or(Ok(()), |n| DeviceError::check(false, what, *n as f64, "below 2^61"))
}
