//! How the analog neurons of a chip differ from the digital neuron of the same equation: frozen for every place on a core.
//!
//! ```text
//! factor of parameter p   f_p = exp(σ_p ξ_p)               ξ = N(0, 1), a function of (seed, core, neuron, p)
//! offset of the threshold o   = σ_offset ξ_offset          as a share of the threshold
//! time constants          τ' = τ f_τ T / 298 K   T: super::NeuronDesign; because τ = C U_T / (κ I_τ) and U_T = kT/q
//! ```
//!
//! Log-normal factors keep every parameter positive; for small σ they are the shares that mismatch is quoted as. τ of a
//! current-mode integrator: Bartolozzi and Indiveri, Neural Comput. 19, 2007, as rockpool's DYNAP-SE2 model has it.

use pumice_num::{Purpose, draw};
use serde::{Deserialize, Serialize};

use crate::fate::{Place, normals};

/// Spread between the analog neurons of a chip; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeuronSpread {
    /// Standard deviation of ln gain of the input.
    pub gain: f64,
    /// Standard deviation of ln time constant of the synaptic current.
    pub time_constant: f64,
    /// Standard deviation of ln time constant of the membrane.
    pub leak: f64,
    /// Standard deviation of ln threshold.
    pub threshold: f64,
    /// Standard deviation of ln refractory period.
    pub refractory: f64,
    /// Standard deviation of the offset of the comparator, as a share of the threshold.
    pub offset: f64,
}

/// By what the parameters of one analog neuron are multiplied, and its offset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviation {
    /// Gain of the input.
    pub gain: f64,
    /// Time constant of the synaptic current.
    pub time_constant: f64,
    /// Time constant of the membrane.
    pub leak: f64,
    /// Threshold.
    pub threshold: f64,
    /// Refractory period.
    pub refractory: f64,
    /// Added to the threshold, as a share of it.
    pub offset: f64,
}

/// First step of the draws of neurons; step 0 belongs to the columns of arrays.
const FIRST: u64 = 1;

impl NeuronSpread {
    /// The neuron at a place on a core as it was made.
    pub fn deviation(&self, place: Place, neuron: u32) -> Deviation {
        let pair = |k: u64| normals(draw(place.seed, Purpose::MISMATCH, place.core, neuron, FIRST + k));
        let ([gain, time_constant], [leak, threshold], [refractory, offset]) = (pair(0), pair(1), pair(2));
        let factor = |spread: f64, xi: f64| (spread * xi).exp();
        Deviation {
            gain: factor(self.gain, gain),
            time_constant: factor(self.time_constant, time_constant),
            leak: factor(self.leak, leak),
            threshold: factor(self.threshold, threshold),
            refractory: factor(self.refractory, refractory),
            offset: self.offset * offset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The spreads of many neurons are those asked for, parameters are independent, and a place keeps its neuron.
    #[test]
    fn spreads_are_those_asked_for() {
        let spread =
            NeuronSpread { gain: 0.1, time_constant: 0.2, leak: 0.05, threshold: 0.3, refractory: 0.15, offset: 0.02 };
        let all: Vec<Deviation> =
            (0..4000).map(|k| spread.deviation(Place { seed: 5, core: k / 256 }, k % 256)).collect();
        assert_eq!(all[300], spread.deviation(Place { seed: 5, core: 1 }, 44));
        let values = |of: fn(&Deviation) -> f64| all.iter().map(of).collect::<Vec<f64>>();
        let columns = [
            (values(|d| d.gain.ln()), 0.1),
            (values(|d| d.time_constant.ln()), 0.2),
            (values(|d| d.leak.ln()), 0.05),
            (values(|d| d.threshold.ln()), 0.3),
            (values(|d| d.refractory.ln()), 0.15),
            (values(|d| d.offset), 0.02),
        ];
        let n = all.len() as f64;
        for (k, (own, sigma)) in columns.iter().enumerate() {
            let mean = own.iter().sum::<f64>() / n;
            let found = (own.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
            assert!(mean.abs() < 4.0 * sigma / n.sqrt(), "parameter {k}: mean {mean}");
            assert!((found / sigma - 1.0).abs() < 0.05, "parameter {k}: {found} for {sigma}");
            for (other, sigma_2) in &columns[..k] {
                let product = own.iter().zip(other).map(|(a, b)| a * b).sum::<f64>() / n;
                assert!((product / (sigma * sigma_2)).abs() < 5.0 / n.sqrt(), "parameter {k} follows another");
            }
        }
    }
}
