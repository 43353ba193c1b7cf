//! The analog neurons of a chip as a whole: how they differ, what makes them restless, and whether they are calibrated.

use serde::{Deserialize, Serialize};

use super::membrane::Membrane;
use super::neuron::{Deviation, NeuronSpread};
use super::trim::{CalibrationCost, Trim};
use crate::clock::REFERENCE_MK;
use crate::design::Cause;
use crate::fate::Place;

/// How a chip makes its analog neurons.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeuronDesign {
    /// How they differ.
    pub spread: NeuronSpread,
    /// Temperature `[mK]`.
    pub temperature_mk: u32,
    /// Their capacitors, if they are known.
    pub membrane: Option<Membrane>,
    /// Their trims, if they are calibrated.
    pub trim: Option<Trim>,
}

impl Default for NeuronDesign {
    /// Neurons that are all alike, at 25 °C, and at rest.
    fn default() -> Self {
        NeuronDesign { spread: NeuronSpread::default(), temperature_mk: REFERENCE_MK, membrane: None, trim: None }
    }
}

impl NeuronDesign {
    /// The neuron at a place on a core: frozen for the life of the chip, after calibration if there is one.
    pub fn deviation(&self, place: Place, neuron: u32) -> Deviation {
        let made = self.spread.deviation(place, neuron);
        let own = self.trim.map_or(made, |trim| trim.trimmed(&made));
        let warm = f64::from(self.temperature_mk) / f64::from(REFERENCE_MK);
        Deviation { time_constant: own.time_constant * warm, leak: own.leak * warm, ..own }
    }

    /// Standard deviation of the thermal noise of a membrane, as a share of the threshold.
    pub fn noise(&self) -> f64 {
        self.membrane.map_or(0.0, |membrane| membrane.noise(self.temperature_mk))
    }

    /// What a membrane loses per step, as a share of the threshold.
    pub fn droop(&self) -> f64 {
        self.membrane.map_or(0.0, |membrane| membrane.droop(self.temperature_mk))
    }

    /// What calibrating a chip took whose cores have so many analog neurons; `None` without calibration.
    pub fn calibration(&self, neurons: &[u64]) -> Option<CalibrationCost> {
        self.trim.map(|trim| trim.cost(neurons))
    }

    /// The same neurons without one cause of error.
    #[must_use]
    pub fn without(&self, cause: Cause) -> NeuronDesign {
        let membrane = |change: fn(Membrane) -> Membrane| NeuronDesign { membrane: self.membrane.map(change), ..*self };
        match cause {
            Cause::Mismatch => NeuronDesign { spread: NeuronSpread::default(), ..*self },
            Cause::ThermalNoise => membrane(|own| Membrane { thermal: false, ..own }),
            Cause::Droop => membrane(|own| Membrane { leakage_a: 0.0, ..own }),
            _ => *self,
        }
    }

    /// Whether these neurons have a cause of error at all.
    pub fn has(&self, cause: Cause) -> bool {
        self.without(cause) != *self
    }
}

#[cfg(test)]
mod tests {
    use super::super::membrane::EXAMPLE;
    use super::*;

    fn design() -> NeuronDesign {
        let spread = NeuronSpread { gain: 0.1, leak: 0.1, threshold: 0.1, offset: 0.05, ..NeuronSpread::default() };
        NeuronDesign { spread, membrane: Some(EXAMPLE), ..NeuronDesign::default() }
    }

    /// τ is proportional to the absolute temperature, calibrated or not, and without spread all else is as drawn.
    #[test]
    fn warm_neurons_are_slower() {
        let trim = Some(Trim { bits: 6, range: 0.3, measure_s: 0.0, measure_j: None });
        for trim in [None, trim] {
            let warm = NeuronDesign { temperature_mk: REFERENCE_MK * 11 / 10, trim, ..NeuronDesign::default() };
            let at = warm.deviation(Place { seed: 1, core: 2 }, 3);
            assert!((at.leak - 1.1).abs() < 1e-4 && (at.time_constant - 1.1).abs() < 1e-4);
            assert_eq!([at.gain, at.threshold, at.refractory, at.offset], [1.0, 1.0, 1.0, 0.0]);
        }
    }

    /// What calibration leaves of a spread of 10 % is what its step and its range leave, the smaller the more bits.
    #[test]
    fn calibration_lowers_the_spread() {
        let spread_of = |trim: Option<Trim>| {
            let own = NeuronDesign { trim, ..design() };
            let all = (0..2000).map(|k| own.deviation(Place { seed: 9, core: 0 }, k).gain.ln());
            (all.map(|x| x * x).sum::<f64>() / 2000.0).sqrt()
        };
        let trim = |bits, range| Some(Trim { bits, range, measure_s: 0.0, measure_j: None });
        let plain = spread_of(None);
        assert!((plain - 0.1).abs() < 0.006, "{plain}");
        // An even spread over a step of 0.5 / 7, 0.5 / 31, 0.5 / 127 has the step over sqrt(12).
        for (bits, most) in [(4, 7.0), (6, 31.0), (8, 127.0)] {
            let (left, even) = (spread_of(trim(bits, 0.5)), 0.5 / most / 12f64.sqrt());
            assert!(left > 0.9 * even && left < 1.3 * even, "{bits} bits: {left} for {even}");
        }
        assert!(spread_of(trim(8, 0.05)) > 0.05, "a trim cannot take more than its range");
    }

    /// Each cause takes away what it is, and nothing else.
    #[test]
    fn causes_can_be_taken_away() {
        let all = design();
        let at = |d: &NeuronDesign| d.deviation(Place { seed: 1, core: 1 }, 7);
        let alike = all.without(Cause::Mismatch);
        assert_eq!((at(&alike).gain, at(&alike).offset, alike.noise()), (1.0, 0.0, all.noise()));
        let quiet = all.without(Cause::ThermalNoise);
        assert_eq!((quiet.noise(), quiet.droop(), at(&quiet)), (0.0, all.droop(), at(&all)));
        let tight = all.without(Cause::Droop);
        assert_eq!((tight.droop(), tight.noise()), (0.0, all.noise()));
        for cause in Cause::ALL {
            let own = [Cause::Mismatch, Cause::ThermalNoise, Cause::Droop].contains(&cause);
            assert!(all.has(cause) == own && !all.without(cause).has(cause) && !NeuronDesign::default().has(cause));
        }
    }
}
