//! Whether a saved array can have come about: what is refused here no life of cells reaches, however long.
//!
//! The checksum of a file finds damage; this finds files that somebody made.

use crate::array::{ArrayState, Cell};
use crate::error::DeviceError;

/// No counter reaches this: at a count per nanosecond it takes 73 years.
const MOST: u64 = 1 << 61;

/// No cell is written so often.
const MOST_WRITES: u32 = 1 << 31;

/// No conductance is so large `[µS]`.
const MOST_US: f64 = 1e9;

/// Checks conductances, counters and times.
///
/// # Errors
/// [`DeviceError::OutOfRange`] names the first value that cannot be.
pub(crate) fn check(state: &ArrayState) -> Result<(), DeviceError> {
    let now = state.clock.now_ns();
    let l = &state.ledger;
    let pulses =
        [l.set_pulses, l.reset_pulses, l.verify_reads, l.writes, l.failures, l.cell_reads, l.half_selected, l.worn];
    let sums = [l.pulse_energy_aj, l.verify_energy_aj, l.read_energy_aj, l.write_time_ns];
    counts("count of the saved ledger", &pulses)?;
    counts("sum of the saved ledger", &sums)?;
    counts("saved number of row reads", &state.row_reads)?;
    counts("saved time", &[now])?;
    state.cells.iter().try_for_each(|cell| one(cell, now))
}

fn one(cell: &Cell, now: u64) -> Result<(), DeviceError> {
    for us in [cell.target_us, cell.value_us, cell.spread_us] {
        DeviceError::check(us.abs() <= MOST_US, "saved conductance", us, "-1e9..=1e9 µS")?;
    }
    counts("saved count of a cell", &[cell.pulses, cell.cycles, cell.verifies, cell.reads_before])?;
    let writes = f64::from(cell.writes);
    DeviceError::check(cell.writes < MOST_WRITES, "saved number of writes", writes, "below 2^31")?;
    DeviceError::check(cell.written_ns <= now, "saved time of a write", cell.written_ns as f64, "not after the clock")
}

fn counts(what: &'static str, all: &[u64]) -> Result<(), DeviceError> {
    let beyond = all.iter().find(|n| **n >= MOST);
    beyond.map_or(Ok(()), |n| DeviceError::check(false, what, *n as f64, "below 2^61"))
}
