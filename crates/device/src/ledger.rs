//! What an array has done: pulses, reads, energy and time, as whole numbers that only grow.

use serde::{Deserialize, Serialize};

use crate::error::DeviceError;

/// Counters of one array. Energy is in attojoules, so that a sum does not depend on its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// SET pulses.
    pub set_pulses: u64,
    /// RESET pulses.
    pub reset_pulses: u64,
    /// Reads that verified a programming.
    pub verify_reads: u64,
    /// Cells programmed, each time they were.
    pub writes: u64,
    /// Programmings that ended without acceptance.
    pub failures: u64,
    /// Cells hit by reads of rows.
    pub cell_reads: u64,
    /// Cells that saw part of the voltage without being addressed.
    pub half_selected: u64,
    /// Cells that wore out.
    pub worn: u64,
    /// Energy of all pulses `[aJ]`.
    pub pulse_energy_aj: u64,
    /// Energy of verify reads `[aJ]`.
    pub verify_energy_aj: u64,
    /// Energy of row reads, half-selected cells included `[aJ]`.
    pub read_energy_aj: u64,
    /// Time of pulses and verify reads, one cell after the other `[ns]`.
    pub write_time_ns: u64,
}

/// No counter of a life comes to this: at a count per nanosecond it takes 73 years.
pub(crate) const MOST: u64 = 1 << 61;

/// Adds without overflow: a counter stops at its end, which [`Ledger::check`] refuses.
pub(crate) fn add(counter: &mut u64, more: u64) {
    *counter = counter.saturating_add(more);
}

impl Ledger {
    /// The counters with their names.
    fn counters(&mut self) -> [(&'static str, &mut u64); 12] {
        [
            ("set_pulses", &mut self.set_pulses),
            ("reset_pulses", &mut self.reset_pulses),
            ("verify_reads", &mut self.verify_reads),
            ("writes", &mut self.writes),
            ("failures", &mut self.failures),
            ("cell_reads", &mut self.cell_reads),
            ("half_selected", &mut self.half_selected),
            ("worn", &mut self.worn),
            ("pulse_energy_aj", &mut self.pulse_energy_aj),
            ("verify_energy_aj", &mut self.verify_energy_aj),
            ("read_energy_aj", &mut self.read_energy_aj),
            ("write_time_ns", &mut self.write_time_ns),
        ]
    }

    /// The sum of two ledgers; a counter stops at its end.
    pub fn plus(&self, other: &Ledger) -> Ledger {
        let (mut sum, mut other) = (*self, *other);
        for ((_, counter), (_, more)) in sum.counters().into_iter().zip(other.counters()) {
            add(counter, *more);
        }
        sum
    }

    /// Checks that no counter is full: what was added to it is then all in it.
    ///
    /// # Errors
    /// [`DeviceError::LedgerFull`] with the first counter that is.
    pub(crate) fn check(&self) -> Result<(), DeviceError> {
        let full = { *self }.counters().into_iter().find_map(|(name, n)| (*n >= MOST).then_some((name, *n)));
        full.map_or(Ok(()), |(counter, value)| Err(DeviceError::LedgerFull { counter, value }))
    }
}

/// `V² G t` in whole attojoules, for `[V]`, `[µS]` and `[ns]`; at most what a counter holds.
pub fn energy_aj(volts: f64, g_us: f64, time_ns: u64) -> u64 {
    // V² · 1e-6 S · 1e-9 s = 1e-15 J = 1000 aJ
    (volts * volts * g_us.max(0.0) * time_ns as f64 * 1e3).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 µS for 1 µs: 29 pJ at 1.2 V, 218 pJ at 3.3 V; a read at 0.2 V for 10 ns takes 8 fJ.
    #[test]
    fn energy_is_v_squared_g_t() {
        assert_eq!(energy_aj(1.2, 20.0, 1000), 28_800_000);
        assert_eq!(energy_aj(3.3, 20.0, 1000), 217_800_000);
        assert_eq!(energy_aj(0.2, 20.0, 10), 8_000);
    }
}
