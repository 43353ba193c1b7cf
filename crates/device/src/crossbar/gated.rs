//! Bounds of the currents of a few active rows, for arrays whose inactive rows are cut off by their access
//! transistors and carry no current: the case of spikes.
//!
//! The exact system (see `nodal.rs`) falls apart into word lines and bit lines, each of which is a chain and
//! solved in one pass; the two are coupled through the cells. Solving them in turn is a block Gauss-Seidel
//! iteration on an M-matrix. Its well-known property gives bounds: started from voltages that are too high
//! (word lines at the drive, no drop) it falls towards the solution, started from voltages that are too low
//! (bit lines at zero) it rises towards it. So after any number of sweeps the exact currents lie between
//! two numbers, at a cost of active rows × columns per sweep and without a factorisation.

use super::nodal::Wires;
use crate::error::DeviceError;

/// Bounds of the current of each column `[A]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Bracket {
    /// At least this much flows.
    pub low: Vec<f64>,
    /// At most this much flows.
    pub high: Vec<f64>,
}

impl Bracket {
    /// The middle of the bounds `[A]`.
    pub fn middle(&self) -> Vec<f64> {
        self.low.iter().zip(&self.high).map(|(a, b)| (a + b) / 2.0).collect()
    }

    /// The largest possible error of the middle `[A]`.
    pub fn error(&self) -> f64 {
        self.low.iter().zip(&self.high).map(|(a, b)| (b - a) / 2.0).fold(0.0, f64::max)
    }
}

/// The active rows of a crossbar: their place on the bit lines, and their conductances.
#[derive(Clone, Debug)]
pub struct GatedRows<'a> {
    rows: usize,
    wires: Wires,
    /// Number and conductances `[µS]` of each active row, ascending.
    active: Vec<(usize, &'a [f64])>,
    cols: usize,
}

/// Solves a chain: `diagonal[k] x_k − left[k] x_{k−1} − left[k+1] x_{k+1} = right[k]`, in place.
fn solve_chain(diagonal: &mut [f64], left: &[f64], right: &mut [f64]) {
    for k in 1..right.len() {
        let factor = left[k] / diagonal[k - 1];
        diagonal[k] -= factor * left[k];
        right[k] += factor * right[k - 1];
    }
    for k in (0..right.len()).rev() {
        let next = if k + 1 < right.len() { left[k + 1] * right[k + 1] } else { 0.0 };
        right[k] = (right[k] + next) / diagonal[k];
    }
}

/// The conductance from the driver of one row through each cell to the sense end, as its current shows it `[µS]`, when
/// no other row is driven: exact, because each bit line then is one resistor.
///
/// `(rows, row)` are the rows of the array and the driven one, `g` the conductances of its cells `[µS]`.
///
/// # Errors
/// Fails for a row that does not exist and for wires without resistance.
pub fn single_row((rows, row): (usize, usize), g: &[f64], wires: Wires) -> Result<Vec<f64>, DeviceError> {
    wires.validate()?;
    crate::array::check_index("row", row, rows)?;
    let (wire, below) = (1.0 / wires.word_ohm, wires.bit_ohm * (rows - row) as f64);
    let branch: Vec<f64> = g.iter().map(|g| g * 1e-6 / (1.0 + g * 1e-6 * below)).collect();
    let mut diagonal: Vec<f64> = branch.iter().map(|b| 2.0 * wire + b).collect();
    diagonal.last_mut().into_iter().for_each(|d| *d -= wire);
    let mut volts = vec![0.0; g.len()];
    volts.first_mut().into_iter().for_each(|v| *v = wire);
    solve_chain(&mut diagonal, &vec![wire; g.len()], &mut volts);
    Ok(branch.iter().zip(&volts).map(|(b, v)| b * v * 1e6).collect())
}

impl<'a> GatedRows<'a> {
    /// The rows `active` (number and conductances in `[µS]`, ascending) of a crossbar of `rows` rows.
    ///
    /// # Errors
    /// Fails for rows that do not exist, are not ascending or have different lengths, and for wires without
    /// resistance.
    pub fn new(rows: usize, wires: Wires, active: Vec<(usize, &'a [f64])>) -> Result<GatedRows<'a>, DeviceError> {
        wires.validate()?;
        let cols = active.first().map_or(0, |(_, g)| g.len());
        for (k, (row, g)) in active.iter().enumerate() {
            crate::array::check_index("row", *row, rows)?;
            crate::error::check_length("conductances of a row", g, cols)?;
            let ascending = k == 0 || active[k - 1].0 < *row;
            DeviceError::check(ascending, "active row", *row as f64, "above the one before")?;
        }
        Ok(GatedRows { rows, wires, active, cols })
    }

    /// Bounds of the currents when every active row is driven with `volts ≥ 0` `[V]`, after `sweeps` sweeps.
    ///
    /// # Errors
    /// Fails for a negative voltage.
    pub fn bracket(&self, volts: f64, sweeps: u32) -> Result<Bracket, DeviceError> {
        DeviceError::check(volts >= 0.0, "drive in V", volts, "at least 0")?;
        let n = self.active.len() * self.cols;
        let mut high = (vec![volts; n], vec![0.0; n]);
        let mut low = (vec![0.0; n], vec![0.0; n]);
        self.solve_bits(&high.0, &mut high.1);
        for _ in 0..sweeps {
            self.solve_words(volts, &high.1, &mut high.0);
            self.solve_bits(&high.0, &mut high.1);
        }
        for _ in 0..sweeps.max(1) {
            self.solve_words(volts, &low.1, &mut low.0);
            self.solve_bits(&low.0, &mut low.1);
        }
        Ok(Bracket { low: self.currents(&low.1), high: self.currents(&high.1) })
    }

    /// Word lines of the active rows, for given bit lines.
    fn solve_words(&self, volts: f64, bits: &[f64], words: &mut [f64]) {
        let wire = 1.0 / self.wires.word_ohm;
        let left = vec![wire; self.cols];
        let mut diagonal = vec![0.0; self.cols];
        for (k, (_, g)) in self.active.iter().enumerate() {
            let line = k * self.cols..(k + 1) * self.cols;
            let (bits, words) = (&bits[line.clone()], &mut words[line]);
            for j in 0..self.cols {
                let cell = g[j] * 1e-6;
                let sum = if j + 1 < self.cols { 2.0 * wire } else { wire };
                diagonal[j] = sum + cell;
                words[j] = cell * bits[j];
            }
            words[0] += wire * volts;
            solve_chain(&mut diagonal, &left, words);
        }
    }

    /// Bit lines at the active rows, for given word lines.
    fn solve_bits(&self, words: &[f64], bits: &mut [f64]) {
        let m = self.active.len();
        let wire = |segments: usize| 1.0 / (self.wires.bit_ohm * segments as f64);
        let row = |k: usize| self.active[k].0;
        let above = |k: usize| if k == 0 { 0.0 } else { wire(row(k) - row(k - 1)) };
        let left: Vec<f64> = (0..m).map(above).collect();
        let below: Vec<f64> = (0..m).map(|k| if k + 1 < m { left[k + 1] } else { wire(self.rows - row(k)) }).collect();
        let (mut diagonal, mut line) = (vec![0.0; m], vec![0.0; m]);
        for j in 0..self.cols {
            for k in 0..m {
                let cell = self.active[k].1[j] * 1e-6;
                diagonal[k] = left[k] + below[k] + cell;
                line[k] = cell * words[k * self.cols + j];
            }
            solve_chain(&mut diagonal, &left, &mut line);
            for k in 0..m {
                bits[k * self.cols + j] = line[k];
            }
        }
    }

    /// Currents out of the columns for the voltages of the bit lines.
    fn currents(&self, bits: &[f64]) -> Vec<f64> {
        let Some((last, _)) = self.active.last() else {
            return vec![0.0; self.cols];
        };
        let ohm = self.wires.bit_ohm * (self.rows - last) as f64;
        let first = (self.active.len() - 1) * self.cols;
        bits[first..first + self.cols].iter().map(|v| v / ohm).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::nodal::Nodal;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// The exact currents lie within the bounds, and more sweeps bring the bounds closer.
        #[test]
        fn exact_currents_lie_within_the_bounds(
            g in prop::collection::vec(0.0f64..100.0, 12 * 9),
            mask in prop::collection::vec(any::<bool>(), 12),
            word_ohm in 0.1f64..20.0, bit_ohm in 0.1f64..20.0,
        ) {
            let wires = Wires { word_ohm, bit_ohm };
            let gated: Vec<f64> = g.iter().enumerate().map(|(k, g)| if mask[k / 9] { *g } else { 0.0 }).collect();
            let volts: Vec<f64> = mask.iter().map(|on| if *on { 0.2 } else { 0.0 }).collect();
            let exact = Nodal::new(12, 9, wires).unwrap().factor(&gated).unwrap().currents(&volts).unwrap();
            let active: Vec<_> = (0..12).filter(|i| mask[*i]).map(|i| (i, &g[9 * i..9 * i + 9])).collect();
            prop_assume!(!active.is_empty());
            let rows = GatedRows::new(12, wires, active).unwrap();
            let largest = exact.iter().fold(1e-12f64, |m, x| m.max(*x));
            let mut error = f64::INFINITY;
            for sweeps in [0, 1, 2, 4, 8] {
                let bracket = rows.bracket(0.2, sweeps).unwrap();
                for (j, x) in exact.iter().enumerate() {
                    prop_assert!(bracket.low[j] <= x + 1e-10 * largest, "{} {}", bracket.low[j], x);
                    prop_assert!(bracket.high[j] >= x - 1e-10 * largest, "{} {}", bracket.high[j], x);
                }
                prop_assert!(bracket.error() <= error + 1e-10 * largest);
                error = bracket.error();
            }
            prop_assert!(error < 1e-4 * largest, "{} of {}", error, largest);
        }

        /// A single driven row, solved as a chain, carries the currents of the whole nodal system.
        #[test]
        fn a_single_row_is_exact(
            g in prop::collection::vec(0.0f64..100.0, 9), row in 0usize..7,
            word_ohm in 0.1f64..20.0, bit_ohm in 0.1f64..20.0,
        ) {
            let wires = Wires { word_ohm, bit_ohm };
            let mut all = vec![0.0; 7 * 9];
            all[row * 9..(row + 1) * 9].copy_from_slice(&g);
            let volts: Vec<f64> = (0..7).map(|i| if i == row { 1.0 } else { 0.0 }).collect();
            let exact = Nodal::new(7, 9, wires).unwrap().factor(&all).unwrap().currents(&volts).unwrap();
            let own = single_row((7, row), &g, wires).unwrap();
            for (a, b) in own.iter().zip(&exact) {
                prop_assert!((a * 1e-6 - b).abs() <= 1e-9 * b.abs() + 1e-15, "{} {}", a * 1e-6, b);
            }
        }

        /// The effective matrix gives the same currents as solving for the voltages, also negative ones.
        #[test]
        fn the_effective_matrix_is_the_array(
            g in prop::collection::vec(0.0f64..100.0, 7 * 5),
            v in prop::collection::vec(-0.3f64..0.3, 7),
        ) {
            let wires = Wires { word_ohm: 2.5, bit_ohm: 1.0 };
            let factored = Nodal::new(7, 5, wires).unwrap().factor(&g).unwrap();
            let exact = factored.currents(&v).unwrap();
            let effective = factored.effective();
            for (j, x) in exact.iter().enumerate() {
                let sum: f64 = (0..7).map(|i| v[i] * effective[i * 5 + j] * 1e-6).sum();
                prop_assert!((sum - x).abs() < 1e-12, "{} {}", sum, x);
            }
        }
    }
}
