//! Faults that stick: cells that are stuck, open or shorted, and broken lines.
//!
//! A fault has a beginning and no end. It belongs to the place, not to the value: programming the cell
//! again does not remove it, and looking at a time before its beginning still shows the healthy cell.

use serde::{Deserialize, Serialize};

use crate::error::DeviceError;
use crate::plausible::MOST_US;

/// What is wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Fault {
    /// Stuck at the low end of the range.
    StuckLow,
    /// Stuck at the high end of the range.
    StuckHigh,
    /// Conducts nothing.
    Open,
    /// Conducts this much whatever is programmed `[µS]`.
    Short(f64),
}

impl Fault {
    fn check(self) -> Result<(), DeviceError> {
        let Fault::Short(g_us) = self else { return Ok(()) };
        DeviceError::check((0.0..=MOST_US).contains(&g_us), "conductance of a short in µS", g_us, "in 0..=1e9")
    }
}

/// Where a fault sits, in physical rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Site {
    /// One cell.
    Cell {
        /// Its row.
        row: u32,
        /// Its column.
        col: u32,
    },
    /// A word line broken in front of `col`: it and all later columns are cut from the driver at column 0.
    WordLine {
        /// The row.
        row: u32,
        /// First column that is cut off.
        col: u32,
    },
    /// A bit line broken behind `row`: it and all earlier rows are cut from the sense end below the last
    /// row.
    BitLine {
        /// Last row that is cut off.
        row: u32,
        /// The column.
        col: u32,
    },
}

/// A fault with its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    site: Site,
    fault: Fault,
    since_ns: u64,
}

/// All faults of an array.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FaultMap {
    entries: Vec<Entry>,
}

impl FaultMap {
    /// Adds a fault that begins at `since_ns`. A broken line makes its cells open, whatever `fault` says.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] for a short of less than 0 or more than 1e9 µS.
    pub fn add(&mut self, site: Site, fault: Fault, since_ns: u64) -> Result<(), DeviceError> {
        fault.check()?;
        let fault = match site {
            Site::Cell { .. } => fault,
            _ => Fault::Open,
        };
        self.entries.push(Entry { site, fault, since_ns });
        Ok(())
    }

    /// Checks all faults.
    ///
    /// # Errors
    /// As [`FaultMap::add`].
    pub(crate) fn check(&self) -> Result<(), DeviceError> {
        self.entries.iter().try_for_each(|entry| entry.fault.check())
    }

    /// The number of faults.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// There is no fault.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The fault of a cell at `at_ns`: the first that began there, a broken line before all others.
    pub fn at(&self, row: u32, col: u32, at_ns: u64) -> Option<Fault> {
        let hits = |site: Site| match site {
            Site::Cell { row: r, col: c } => r == row && c == col,
            Site::WordLine { row: r, col: c } => r == row && col >= c,
            Site::BitLine { row: r, col: c } => c == col && row <= r,
        };
        self.entries
            .iter()
            .filter(|entry| entry.since_ns <= at_ns && hits(entry.site))
            .min_by_key(|entry| (matches!(entry.site, Site::Cell { .. }), entry.since_ns))
            .map(|entry| entry.fault)
    }
}
