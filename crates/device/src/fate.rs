//! Everything random about a cell, as pure functions of where it sits and how often it was written.
//!
//! No draw is stored and none is advanced by looking: the same (seed, core, cell, write number) gives
//! the same fate for ever, so a cell that is saved, moved to another worker or read twice stays the
//! same cell. The step numbers below keep the draws of one purpose apart.

use pumice_num::{Draws, Purpose, draw, draw_unit};
use serde::{Deserialize, Serialize};

/// Where an array sits: the seed of the chip and the core that owns the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Seed of the chip instance; another seed is another chip.
    pub seed: u64,
    /// Core, or any other number that tells arrays of one chip apart.
    pub core: u32,
}

/// The persistent draws of one programming of one cell, each standard normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fate {
    /// Error of the programmed value.
    pub write: f64,
    /// Direction and size of the relaxation.
    pub relax: f64,
    /// Deviation of the drift exponent.
    pub drift: f64,
}

/// Flag of draws that belong to single pulses, in the steps of [`Purpose::CELL_PROGRAM`].
const PULSE: u64 = 1 << 47;
/// Flag of draws of verify reads, in the steps of [`Purpose::CELL_READ`].
const VERIFY: u64 = 1 << 47;
/// Flag of draws of telegraph noise, in the steps of [`Purpose::CELL_READ`].
const TELEGRAPH: u64 = 1 << 46;
/// Flags of draws of rows that are read step by step, in the steps of [`Purpose::CELL_READ`].
const ROW: u64 = VERIFY | TELEGRAPH;
/// First step of the draws of [`Purpose::CELL_FAULT`] that do not belong to the pulse response.
const FAULT: u64 = 1 << 32;

/// Two standard normal numbers from one draw (Box and Muller, Ann. Math. Stat. 29(2), 1958).
pub(crate) fn normals(words: [u32; 4]) -> [f64; 2] {
    let radius = (-2.0 * (1.0 - draw_unit([words[0], words[1]])).ln()).sqrt();
    let angle = std::f64::consts::TAU * draw_unit([words[2], words[3]]);
    [radius * angle.cos(), radius * angle.sin()]
}

/// The next standard normal number of a stream.
pub(crate) fn normal(draws: &mut Draws) -> f64 {
    normals([draws.word(), draws.word(), draws.word(), draws.word()])[0]
}

impl Place {
    /// The fate of write number `writes` of `cell`.
    pub fn fate(&self, cell: u32, writes: u32) -> Fate {
        let step = u64::from(writes);
        let [write, _] = normals(draw(self.seed, Purpose::CELL_PROGRAM, self.core, cell, step));
        let [relax, drift] = normals(draw(self.seed, Purpose::CELL_DRIFT, self.core, cell, step));
        Fate { write, relax, drift }
    }

    /// The read noise of `cell` at `at_ns`, standard normal: reading twice at one time reads the same.
    pub fn read_noise(&self, cell: u32, at_ns: u64) -> f64 {
        let step = (at_ns ^ (at_ns >> 46).wrapping_mul(0x9E37_79B9_7F4A_7C15)) & (TELEGRAPH - 1);
        normals(draw(self.seed, Purpose::CELL_READ, self.core, cell, step))[0]
    }

    /// The noise of verify read number `n` of `cell`, standard normal.
    pub(crate) fn verify_noise(&self, cell: u32, n: u64) -> f64 {
        let step = VERIFY | n & (TELEGRAPH - 1);
        normals(draw(self.seed, Purpose::CELL_READ, self.core, cell, step))[0]
    }

    /// Two standard normal numbers for pulse number `n` of `cell`.
    pub(crate) fn pulse_noise(&self, cell: u32, n: u64) -> [f64; 2] {
        let step = PULSE | n & (PULSE - 1);
        normals(draw(self.seed, Purpose::CELL_PROGRAM, self.core, cell, step))
    }

    /// The four words of telegraph slot `slot` of `cell`.
    pub(crate) fn telegraph(&self, cell: u32, slot: u64) -> [u32; 4] {
        let step = TELEGRAPH | slot & (TELEGRAPH - 1);
        draw(self.seed, Purpose::CELL_READ, self.core, cell, step)
    }

    /// Four words for the read in `step` of the pair of cells that begins at `cell`.
    pub(crate) fn row_noise(&self, cell: u32, step: u64) -> [u32; 4] {
        draw(self.seed, Purpose::CELL_READ, self.core, cell, ROW | step & (TELEGRAPH - 1))
    }

    /// The deviation of column `col`, standard normal and frozen.
    pub(crate) fn mismatch(&self, col: u32) -> f64 {
        normals(draw(self.seed, Purpose::MISMATCH, self.core, col, 0))[0]
    }

    /// The stream from which the frozen pulse response of `cell` is drawn.
    pub(crate) fn response(&self, cell: u32) -> Draws {
        Draws::new(self.seed, Purpose::CELL_FAULT, self.core, cell)
    }

    /// Frozen draw number `n` about the failures of `cell`, four words.
    pub(crate) fn failure(&self, cell: u32, n: u64) -> [u32; 4] {
        draw(self.seed, Purpose::CELL_FAULT, self.core, cell, FAULT | n)
    }
}
