//! A whole analog multiplication: converters, wires and cells together.
//!
//! ```text
//! x in −1 … 1  → DAC → V_i = x_i · V_read → currents of the columns (with the drop of the wires)
//!              → differences of pairs, in units of g_max · V_read → ADC → weight units
//! ```
//!
//! The conductances are those of one moment; they are read, and with wires factored, once, and then serve
//! any number of inputs.

use super::convert::Adc;
use super::mapping::Mapping;
use super::nodal::{Nodal, Wires};
use crate::array::CellArray;
use crate::error::{DeviceError, check_length};
use crate::profile::Range;

/// What surrounds the cells; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Periphery {
    /// Converter of the inputs, over −1 … 1.
    pub dac: Option<Adc>,
    /// Converter of each difference of a pair, or of each column, in units of g_max · V_read.
    pub adc: Option<Adc>,
    /// Resistance of the wires.
    pub wires: Option<Wires>,
}

/// An array at one moment, ready to multiply.
#[derive(Clone, Debug)]
pub struct Analog {
    rows: usize,
    width: usize,
    /// Effective conductances, row by row `[µS]`.
    effective: Vec<f64>,
    mapping: Mapping,
    range: Range,
    w_max: f64,
    periphery: Periphery,
}

impl Analog {
    pub(crate) fn new(
        array: &CellArray,
        (mapping, w_max): (Mapping, f64),
        (at_ns, noisy): (u64, bool),
        periphery: Periphery,
    ) -> Result<Analog, DeviceError> {
        let (rows, width) = array.shape();
        let mut effective = Vec::with_capacity(rows * width);
        for row in 0..rows {
            array.row(row, at_ns, noisy, &mut effective)?;
        }
        if let Some(wires) = periphery.wires {
            effective = Nodal::new(rows, width, wires)?.factor(&effective)?.effective();
        }
        Ok(Analog { rows, width, effective, mapping, range: array.profile().range.clone(), w_max, periphery })
    }

    /// `Σ_i x_i · w_ij` of all columns, as the array with its periphery gives it `[weight LSB]`.
    ///
    /// # Errors
    /// Fails for a wrong number of inputs.
    pub fn multiply(&self, x: &[f64]) -> Result<Vec<f64>, DeviceError> {
        check_length("inputs", x, self.rows)?;
        let driven: Vec<f64> = x.iter().map(|x| self.periphery.dac.map_or(*x, |dac| dac.convert(*x))).collect();
        let mut sums = vec![0.0; self.width];
        for (row, x) in self.effective.chunks_exact(self.width).zip(&driven) {
            for (sum, g) in sums.iter_mut().zip(row) {
                *sum += g * x;
            }
        }
        let total: f64 = driven.iter().sum();
        Ok(sums.chunks_exact(self.mapping.cells()).map(|sums| self.output(sums, total)).collect())
    }

    /// The output of one weight column from the sums of its cells `[µS]`.
    fn output(&self, sums: &[f64], total: f64) -> f64 {
        let convert = |sum: f64| match self.periphery.adc {
            Some(adc) => adc.convert(sum / self.range.g_max_us) * self.range.g_max_us,
            None => sum,
        };
        let mut seen = [0.0; 64];
        if let [only] = sums {
            seen[0] = convert(*only);
        } else {
            for (seen, pair) in seen.chunks_exact_mut(2).zip(sums.chunks_exact(2)) {
                seen[0] = convert(pair[0] - pair[1]);
            }
        }
        self.mapping.decode_sums(&self.range, self.w_max, &seen[..sums.len()], total)
    }
}
