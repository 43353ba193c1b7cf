//! The exact currents of a crossbar whose wires have resistance.
//!
//! Word lines are rows, driven at column 0 through one segment; bit lines are columns, grounded below the
//! last row through one segment. Each cell joins a node of its word line to a node of its bit line:
//!
//! ```text
//! word line   (W_l − W)/r_w + (W_r − W)/r_w = g (W − B)        left of column 0 is the driver
//! bit line    (B_u − B)/r_b + (B_d − B)/r_b = −g (W − B)       below the last row is ground
//! ```
//!
//! The system is symmetric and positive definite. Its pattern is analysed once per shape
//! ([`Nodal::new`]), it is factored once per set of conductances ([`Nodal::factor`]) and solved once per
//! set of voltages ([`Factored::currents`]), by sparse Cholesky factorisation (crate `faer`). For voltages
//! that change while conductances do not, [`Factored::effective`] gives the conductance matrix that the
//! array with its wires behaves like.

use serde::{Deserialize, Serialize};

use faer::Side;
use faer::linalg::solvers::Solve;
use faer::mat::Mat;
use faer::sparse::linalg::solvers::{Llt, SymbolicLlt};
use faer::sparse::{SparseColMat, Triplet};

use crate::error::{DeviceError, check_length};

/// Resistance of the wires.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wires {
    /// Of a word line, per cell `[Ω]`.
    pub word_ohm: f64,
    /// Of a bit line, per cell `[Ω]`.
    pub bit_ohm: f64,
}

impl Wires {
    pub(crate) fn validate(&self) -> Result<(), DeviceError> {
        let (word, bit) = (self.word_ohm, self.bit_ohm);
        DeviceError::check(word > 0.0 && word.is_finite(), "word line", word, "above 0 Ω per cell")?;
        DeviceError::check(bit > 0.0 && bit.is_finite(), "bit line", bit, "above 0 Ω per cell")
    }
}

/// The analysed pattern of crossbars of one shape.
#[derive(Clone, Debug)]
pub struct Nodal {
    rows: usize,
    cols: usize,
    wires: Wires,
    symbolic: SymbolicLlt<usize>,
}

/// A crossbar with its conductances, factored.
#[derive(Clone, Debug)]
pub struct Factored {
    rows: usize,
    cols: usize,
    wires: Wires,
    factor: Llt<usize, f64>,
}

impl Nodal {
    /// Analyses crossbars of `rows` by `cols` cells.
    ///
    /// # Errors
    /// Fails for an empty crossbar and for wires without resistance.
    pub fn new(rows: usize, cols: usize, wires: Wires) -> Result<Nodal, DeviceError> {
        let cells = rows as f64 * cols as f64;
        DeviceError::check((1.0..=1e8).contains(&cells), "number of cells", cells, "in 1..=1e8")?;
        wires.validate()?;
        let matrix = assemble(rows, cols, wires, &vec![0.0; rows * cols])?;
        let symbolic = SymbolicLlt::try_new(matrix.symbolic(), Side::Lower)
            .map_err(|_| failure(rows, cols, "the analysis ran out of memory"))?;
        Ok(Nodal { rows, cols, wires, symbolic })
    }

    /// Factors the system for `g_us`, row by row `[µS]`.
    ///
    /// # Errors
    /// Fails for a wrong length and for conductances that are negative or not finite.
    pub fn factor(&self, g_us: &[f64]) -> Result<Factored, DeviceError> {
        check_length("conductances", g_us, self.rows * self.cols)?;
        if let Some(&bad) = g_us.iter().find(|g| !(**g >= 0.0 && g.is_finite())) {
            return Err(DeviceError::OutOfRange {
                what: "conductance in µS",
                value: bad,
                allowed: "at least 0 and finite",
            });
        }
        let matrix = assemble(self.rows, self.cols, self.wires, g_us)?;
        let symbolic = self.symbolic.clone();
        let factor = Llt::try_new_with_symbolic(symbolic, matrix.as_ref(), Side::Lower)
            .map_err(|_| failure(self.rows, self.cols, "it is not positive definite"))?;
        Ok(Factored { rows: self.rows, cols: self.cols, wires: self.wires, factor })
    }
}

impl Factored {
    /// The currents out of the bit lines for the voltages on the word lines `[A]`, `[V]`.
    ///
    /// # Errors
    /// Fails for a wrong number of voltages.
    pub fn currents(&self, volts: &[f64]) -> Result<Vec<f64>, DeviceError> {
        let nodes = self.nodes(volts)?;
        let last = (self.rows - 1) * self.cols;
        Ok((0..self.cols).map(|j| nodes[2 * (last + j) + 1] / self.wires.bit_ohm).collect())
    }

    /// The voltages across the cells, row by row `[V]`.
    ///
    /// # Errors
    /// Fails for a wrong number of voltages.
    pub fn cell_voltages(&self, volts: &[f64]) -> Result<Vec<f64>, DeviceError> {
        Ok(self.nodes(volts)?.chunks_exact(2).map(|pair| pair[0] - pair[1]).collect())
    }

    /// Voltages of all nodes: word line and bit line of each cell in turn.
    fn nodes(&self, volts: &[f64]) -> Result<Vec<f64>, DeviceError> {
        check_length("voltages", volts, self.rows)?;
        let mut right = Mat::<f64>::zeros(2 * self.rows * self.cols, 1);
        for (i, v) in volts.iter().enumerate() {
            right[(2 * i * self.cols, 0)] = v / self.wires.word_ohm;
        }
        self.factor.solve_in_place(&mut right);
        Ok(right.col(0).iter().copied().collect())
    }

    /// The conductance matrix that the array with its wires behaves like, row by row `[µS]`: the current of
    /// column j is Σ_i V_i · e_ij. Costs one solve per column, by reciprocity.
    pub fn effective(&self) -> Vec<f64> {
        let mut right = Mat::<f64>::zeros(2 * self.rows * self.cols, self.cols);
        let last = (self.rows - 1) * self.cols;
        for j in 0..self.cols {
            right[(2 * (last + j) + 1, j)] = 1.0 / self.wires.bit_ohm;
        }
        self.factor.solve_in_place(&mut right);
        let drive = 1e6 / self.wires.word_ohm;
        (0..self.rows)
            .flat_map(|i| (0..self.cols).map(move |j| (2 * i * self.cols, j)))
            .map(|at| right[at] * drive)
            .collect()
    }
}

fn failure(rows: usize, cols: usize, reason: &'static str) -> DeviceError {
    DeviceError::Nodal { rows, cols, reason }
}

/// The lower triangle of the nodal matrix.
fn assemble(rows: usize, cols: usize, wires: Wires, g_us: &[f64]) -> Result<SparseColMat<usize, f64>, DeviceError> {
    let (word, bit) = (1.0 / wires.word_ohm, 1.0 / wires.bit_ohm);
    let mut entries = Vec::with_capacity(5 * rows * cols);
    for i in 0..rows {
        for j in 0..cols {
            let g = g_us[i * cols + j] * 1e-6;
            let w = 2 * (i * cols + j);
            let b = w + 1;
            // Driver or left neighbour, and right neighbour if there is one.
            let word_sum = if j + 1 < cols { 2.0 * word } else { word };
            // Ground or lower neighbour, and upper neighbour if there is one.
            let bit_sum = if i > 0 { 2.0 * bit } else { bit };
            entries.push(Triplet::new(w, w, word_sum + g));
            entries.push(Triplet::new(b, b, bit_sum + g));
            entries.push(Triplet::new(b, w, -g));
            if j + 1 < cols {
                entries.push(Triplet::new(w + 2, w, -word));
            }
            if i + 1 < rows {
                entries.push(Triplet::new(b + 2 * cols, b, -bit));
            }
        }
    }
    let n = 2 * rows * cols;
    SparseColMat::try_new_from_triplets(n, n, &entries)
        .map_err(|_| failure(rows, cols, "the matrix could not be assembled"))
}
