//! Calibration: every parameter of every neuron has a trim, a small converter whose code is found once and kept.
//!
//! ```text
//! codes     -m … m,  m = 2^(bits-1) - 1          step = range / m, in ln of the parameter
//! residual  ln f' = ln f − step · code           code = the nearest to ln f / step
//! ```
//!
//! Code 0 changes nothing and the nearest code is taken, so no parameter comes farther from its drawing than it was. The
//! comparator's offset and the spread of the threshold are seen, and trimmed, together. Codes are found by successive
//! approximation, one measurement for each bit (as a converter does it), at 25 °C: what temperature does stays. The
//! measurement is taken as exact.

use serde::{Deserialize, Serialize};

use super::neuron::Deviation;

/// The trims of every neuron, and what a measurement costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trim {
    /// Bits of each trim, sign included, 2 to 16.
    pub bits: u32,
    /// The largest correction, in ln of the parameter, to either side.
    pub range: f64,
    /// Time of one measurement `[s]`.
    pub measure_s: f64,
    /// Energy of one measurement, if it is known `[J]`.
    pub measure_j: Option<f64>,
}

/// What a calibration took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationCost {
    /// Bits of all trims, which somebody has to keep.
    pub bits: u64,
    /// Measurements.
    pub measurements: u64,
    /// Time, cores side by side and the neurons of a core one after the other `[s]`.
    pub time_s: f64,
    /// Energy, if it is known `[J]`.
    pub energy_j: Option<f64>,
}

/// Parameters of a neuron that have a trim: gain, both time constants, threshold, refractory period.
const TRIMS: u64 = 5;

impl Trim {
    /// What remains of a deviation.
    pub fn trimmed(&self, d: &Deviation) -> Deviation {
        let seen = d.threshold + d.offset;
        // A comparator that fires at rest has no threshold whose logarithm could be measured.
        let (threshold, offset) = if seen > 0.0 { (self.left(seen), 0.0) } else { (d.threshold, d.offset) };
        Deviation {
            gain: self.left(d.gain),
            time_constant: self.left(d.time_constant),
            leak: self.left(d.leak),
            refractory: self.left(d.refractory),
            threshold,
            offset,
        }
    }

    /// What remains of a factor.
    fn left(&self, factor: f64) -> f64 {
        let most = f64::from((1u32 << (self.bits - 1)) - 1);
        let step = self.range / most;
        let code = (factor.ln() / step).round().clamp(-most, most);
        (factor.ln() - code * step).exp()
    }

    /// What it takes to find all codes of a chip, whose cores have so many neurons.
    pub fn cost(&self, neurons: &[u64]) -> CalibrationCost {
        let each = TRIMS * u64::from(self.bits);
        let measurements = each * neurons.iter().sum::<u64>();
        let longest = each * neurons.iter().max().copied().unwrap_or(0);
        CalibrationCost {
            bits: measurements,
            measurements,
            time_s: longest as f64 * self.measure_s,
            energy_j: self.measure_j.map(|j| j * measurements as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// No parameter comes farther from its drawing, and within the range less than half a step is left.
        #[test]
        fn trimming_never_makes_it_worse(bits in 2_u32..12, range in 0.01_f64..2.0, ln in prop::array::uniform5(-1.5_f64..1.5), offset in -0.1_f64..0.1) {
            let trim = Trim { bits, range, measure_s: 0.0, measure_j: None };
            let [gain, time_constant, leak, threshold, refractory] = ln.map(f64::exp);
            let d = Deviation { gain, time_constant, leak, threshold, refractory, offset };
            let left = trim.trimmed(&d);
            let pairs = [
                (left.gain, d.gain),
                (left.time_constant, d.time_constant),
                (left.leak, d.leak),
                (left.refractory, d.refractory),
                (left.threshold + left.offset, d.threshold + d.offset),
            ];
            let step = range / f64::from((1 << (bits - 1)) - 1);
            for (after, before) in pairs {
                prop_assert!(after.ln().abs() <= before.ln().abs() + 1e-12, "{before} became {after}");
                prop_assert!(before.ln().abs() > range || after.ln().abs() <= step / 2.0 + 1e-12);
            }
        }
    }

    /// Two cores with 3 and 5 neurons, five trims of 4 bits each.
    #[test]
    fn the_cost_is_that_of_all_measurements() {
        let trim = Trim { bits: 4, range: 0.3, measure_s: 0.01, measure_j: Some(2e-9) };
        let cost = trim.cost(&[3, 5]);
        assert_eq!((cost.bits, cost.measurements), (160, 160));
        assert!((cost.time_s - 1.0).abs() < 1e-12 && (cost.energy_j.unwrap() - 320e-9).abs() < 1e-18);
        assert_eq!(Trim { measure_j: None, ..trim }.cost(&[1]).energy_j, None);
    }
}
