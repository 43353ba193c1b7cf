//! How a weight becomes conductances.
//!
//! With x = w/w_max in −1 … 1, R the range and g_0 its low end:
//!
//! ```text
//! pair, one-sided   g+ = g_0 + R max(x, 0)     g− = g_0 + R max(−x, 0)    x = (g+ − g−)/R
//! pair, two-sided   g+ = g_0 + R (1 + x)/2     g− = g_0 + R (1 − x)/2     x = (g+ − g−)/R
//! offset            g = g_0 + R (1 + x)/2                                 x = 2 (g − g_0)/R − 1
//! bit-sliced        |w| = Σ d_k 2^(bk), one one-sided pair per digit d_k, d = (2^b − 1)(g+ − g−)/R
//! ```
//!
//! One-sided pairs suit cells whose error grows with conductance, two-sided ones cells whose error falls
//! with it; bit-sliced mapping buys resolution with cells.

use serde::{Deserialize, Serialize};

use crate::error::DeviceError;
use crate::profile::Range;

/// Which cells of a pair carry a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    /// The cell of the other sign sits at the low end.
    One,
    /// Both cells move around the middle.
    Two,
}

/// How a weight becomes conductances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Mapping {
    /// Two cells, whose currents are subtracted.
    Pair {
        /// Which cells move.
        sides: Sides,
    },
    /// One cell, from whose current the middle of the range is subtracted digitally.
    Offset,
    /// One one-sided pair per digit.
    BitSliced {
        /// Bits per cell, 1 to 8.
        bits: u8,
        /// Number of digits, the lowest first; `bits · slices` at most 30.
        slices: u8,
    },
}

impl Mapping {
    /// Checks the numbers of bits and slices.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] for a number that is not allowed.
    pub fn validate(&self) -> Result<(), DeviceError> {
        let Mapping::BitSliced { bits, slices } = *self else {
            return Ok(());
        };
        DeviceError::check((1..=8).contains(&bits), "`bits`", bits.into(), "in 1..=8")?;
        let total = u32::from(bits) * u32::from(slices);
        DeviceError::check((1..=30).contains(&total), "`bits * slices`", total.into(), "in 1..=30")
    }

    /// Cells per weight.
    pub fn cells(&self) -> usize {
        match self {
            Mapping::Pair { .. } => 2,
            Mapping::Offset => 1,
            Mapping::BitSliced { slices, .. } => 2 * usize::from(*slices),
        }
    }

    /// Conductances of a weight, appended to `out` `[µS]`; a weight beyond ±`w_max` is clipped.
    ///
    /// Bit-sliced mapping stores the weight rounded to a whole number; the others store it as it is.
    pub fn encode(&self, range: &Range, w_max: f64, weight: f64, out: &mut Vec<f64>) {
        let x = (weight / w_max).clamp(-1.0, 1.0);
        let at = |share: f64| range.g_min_us + range.span() * share;
        match *self {
            Mapping::Pair { sides: Sides::One } => out.extend([at(x.max(0.0)), at((-x).max(0.0))]),
            Mapping::Pair { sides: Sides::Two } => {
                out.extend([at((1.0 + x) / 2.0), at((1.0 - x) / 2.0)]);
            }
            Mapping::Offset => out.push(at((1.0 + x) / 2.0)),
            Mapping::BitSliced { bits, slices } => {
                let top = (1u64 << (u32::from(bits) * u32::from(slices))) - 1;
                let mut left = ((x * w_max).abs().round() as u64).min(top);
                let base = 1u64 << bits;
                for _ in 0..slices {
                    let share = (left % base) as f64 / (base - 1) as f64;
                    let (plus, minus) = if x < 0.0 { (0.0, share) } else { (share, 0.0) };
                    out.extend([at(plus), at(minus)]);
                    left /= base;
                }
            }
        }
    }

    /// The weight that conductances stand for; `cells` has the length of [`Mapping::cells`] `[µS]`.
    pub fn decode(&self, range: &Range, w_max: f64, cells: &[f64]) -> f64 {
        self.decode_sums(range, w_max, cells, 1.0)
    }

    /// `Σ x w` from the sums `Σ x g` of the cells of a weight column, with `total` the sum of the inputs x.
    pub fn decode_sums(&self, range: &Range, w_max: f64, cells: &[f64], total: f64) -> f64 {
        let span = range.span();
        match *self {
            Mapping::Pair { .. } => w_max * (cells[0] - cells[1]) / span,
            Mapping::Offset => w_max * (2.0 * (cells[0] - range.g_min_us * total) / span - total),
            Mapping::BitSliced { bits, .. } => {
                let digit = f64::from((1u32 << bits) - 1);
                let pairs = cells.chunks_exact(2).rev();
                pairs.fold(0.0, |sum, pair| sum * f64::from(1u32 << bits) + digit * (pair[0] - pair[1]) / span)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Decoding what was encoded gives the weight, within the range of the conductances.
        #[test]
        fn every_mapping_is_undone_by_its_decoder(w in -127i32..=127, low in 0.0f64..5.0) {
            let range = Range { g_min_us: low, g_max_us: low + 35.0 };
            for mapping in [
                Mapping::Pair { sides: Sides::One },
                Mapping::Pair { sides: Sides::Two },
                Mapping::Offset,
                Mapping::BitSliced { bits: 2, slices: 4 },
                Mapping::BitSliced { bits: 1, slices: 7 },
                Mapping::BitSliced { bits: 7, slices: 1 },
            ] {
                mapping.validate().unwrap();
                let mut cells = Vec::new();
                mapping.encode(&range, 127.0, f64::from(w), &mut cells);
                prop_assert_eq!(cells.len(), mapping.cells());
                let (least, most) = (range.g_min_us - 1e-9, range.g_max_us + 1e-9);
                prop_assert!(cells.iter().all(|g| (least..=most).contains(g)));
                let back = mapping.decode(&range, 127.0, &cells);
                prop_assert!((back - f64::from(w)).abs() < 1e-9, "{:?} {} {}", mapping, w, back);
            }
        }
    }
}
