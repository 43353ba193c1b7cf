//! What decays that were given as fractions or time constants become in the registers of a chip.

use crate::{Arithmetic, Behaviour, Decay, Model, ModelError, length};

/// A decay that was given as a real, as the registers of one population hold it: that of the neuron where the relative
/// difference is largest.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedDecay {
    /// Parameter: `du` or `dv`, `delta_i` and others of `ATRLIF`, `alpha` or `decay_tau` of resonators.
    pub field: &'static str,
    /// Neuron.
    pub neuron: u32,
    /// The register; of a resonator, that of the cosine of its rotation.
    pub register: i32,
    /// The fraction lost per step that was asked for, `0..=1`.
    pub given: f64,
    /// The fraction lost per step that acts, `0..=1`.
    pub acting: f64,
}

/// A parameter that a model takes as fractions or time constants only, neuron by neuron; all lists have one length.
#[derive(Clone, Debug, PartialEq)]
pub struct Fractions {
    /// Parameter.
    pub field: &'static str,
    /// The fraction lost per step that was asked for, `0..=1`.
    pub given: Vec<f64>,
    /// The fraction lost per step that acts, `0..=1`.
    pub acting: Vec<f64>,
    /// The register.
    pub registers: Vec<i32>,
}

impl Fractions {
    /// Of damped rotations, whose sine and cosine are held with `bits` fraction bits, toward zero.
    pub(crate) fn of_rotations(field: &'static str, given: Vec<f64>, [sin, cos]: &[Vec<f64>; 2], bits: i32) -> Self {
        let unit = f64::from(bits).exp2();
        let held = |x: f64| (x * unit).trunc() / unit;
        let acting = sin.iter().zip(cos).map(|(s, c)| 1.0 - held(*s).hypot(held(*c))).collect();
        Fractions { field, given, acting, registers: cos.iter().map(|c| (c * unit) as i32).collect() }
    }

    /// The neuron whose register is farthest from what was asked for; `None` if there are no neurons.
    fn worst(&self) -> Option<QuantisedDecay> {
        let error = |i: usize| {
            let (given, acting) = (self.given[i], self.acting[i]);
            if given == acting { 0.0 } else { (acting - given).abs() / given }
        };
        let n = self.given.len();
        let neuron = (0..n).reduce(|worst, i| if error(i) > error(worst) { i } else { worst })?;
        let (given, acting, register) = (self.given[neuron], self.acting[neuron], self.registers[neuron]);
        Some(QuantisedDecay { field: self.field, neuron: neuron as u32, register, given, acting })
    }
}

/// The time constant of a fraction lost per step `[steps]`; infinite where nothing is lost, 0 where all is.
pub fn time_constant(fraction: f64) -> f64 {
    -1.0 / (-fraction).ln_1p()
}

impl Model {
    /// What became of the decays that were given as fractions or time constants.
    ///
    /// # Errors
    /// If a decay does not fit its range or the shape.
    pub fn quantised_decays(&self, a: &Arithmetic) -> Result<Vec<QuantisedDecay>, ModelError> {
        let n = self.out_ports().first().map_or(0, |port| length(&port.shape));
        let given = self.decays().into_iter().filter(|(_, decay)| n > 0 && !matches!(decay, Decay::Register(_)));
        let registers = given.map(|(field, decay)| fractions(field, decay, n, a)).collect::<Result<Vec<_>, _>>()?;
        Ok(registers.iter().chain(&self.fractions()?).filter_map(Fractions::worst).collect())
    }
}

fn fractions(field: &'static str, decay: &Decay, n: usize, a: &Arithmetic) -> Result<Fractions, ModelError> {
    let (offset, lowest) = match field {
        "du" => (a.current_decay_offset, a.lowest_current_decay),
        _ => (a.voltage_decay_offset, -a.voltage_decay_offset),
    };
    let (keep, real) = (decay.keep(field, n, offset, lowest)?, decay.keep_real(field, n, offset)?);
    Ok(Fractions {
        field,
        given: real.iter().map(|kept| 1.0 - kept).collect(),
        acting: (0..n).map(|i| f64::from(4096 - keep.at(i)) / 4096.0).collect(),
        registers: (0..n).map(|i| 4096 - keep.at(i) - offset).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PerNeuron;
    use crate::neuron::{atrlif::Atrlif, lif::Lif, rf::Rf, rf_zero::RfZero};

    #[test]
    fn the_register_that_is_farthest_off_is_told() {
        let tau = Decay::Tau { tau: PerNeuron::Each(vec![1e6, 20.0, 3.0]) };
        let lif = Lif { du: Decay::fraction(0.25), dv: tau, ..Lif::new(&[3]) };
        let found = Model::from(lif).quantised_decays(&Arithmetic::loihi2()).unwrap();
        // 0.25 is 1024 of 4096, of which the chip adds one; a million steps lose nothing at all.
        let quarter = QuantisedDecay { field: "du", neuron: 0, register: 1023, given: 0.25, acting: 0.25 };
        assert_eq!(found[0], quarter);
        assert_eq!((found[1].field, found[1].neuron, found[1].register, found[1].acting), ("dv", 0, 0, 0.0));
        assert_eq!(time_constant(found[1].acting), f64::INFINITY);
        assert!((time_constant(found[1].given) / 1e6 - 1.0).abs() < 1e-6);
        let given = Lif { dv: 200.into(), ..Lif::new(&[3]) };
        assert_eq!(Model::from(given).quantised_decays(&Arithmetic::loihi2()), Ok(vec![]), "registers stay");
    }

    #[test]
    fn what_is_taken_as_fractions_only_is_told_too() {
        let found = |model: Model| model.quantised_decays(&Arithmetic::lava()).unwrap();
        let fractions = |model: Model| -> Vec<_> {
            found(model).into_iter().map(|own| (own.field, own.register, own.acting)).collect()
        };
        let adapting = Atrlif { delta_v: 0.4.into(), delta_r: 1.0.into(), delta_i: 0.25.into(), ..Atrlif::new(&[2]) };
        // What is kept is rounded down; the current loses one more 4096th.
        let lost = [
            ("delta_i", 1024, 1025.0),
            ("delta_v", 1639, 1639.0),
            ("delta_theta", 820, 820.0),
            ("delta_r", 4096, 4096.0),
        ];
        assert_eq!(fractions(adapting.into()), lost.map(|(field, register, x)| (field, register, x / 4096.0)));
        // A quarter turn per step: the cosine is 0, the sine 0.9 of 16.
        let turning = Rf { decay_bits: 4, ..Rf::new(&[1], 4.into(), 0.1.into()) };
        assert_eq!(fractions(turning.clone().into()), [("alpha", 0, 1.0 - 14.0 / 16.0)]);
        assert_eq!(fractions(Rf { decay_bits: 0, ..turning }.into()), [], "in reals nothing is rounded");
        let zero = found(RfZero::new(&[1], 250.into(), 0.002.into()).into());
        assert_eq!((zero[0].field, zero[0].given), ("decay_tau", 1.0 - (-0.5_f64).exp()));
        assert!(zero[0].acting > zero[0].given && zero[0].acting < zero[0].given + 1.0 / 32_768.0);
    }
}
