//! What decays that were given as fractions or time constants become in the registers of a chip.

use crate::{Arithmetic, Behaviour, Decay, Model, ModelError, length};

/// A decay that was given as a real, as the registers of one population hold it: that of the neuron where the relative
/// difference is largest.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedDecay {
    /// Parameter, `du` or `dv`.
    pub field: &'static str,
    /// Neuron.
    pub neuron: u32,
    /// The register.
    pub register: i32,
    /// The fraction lost per step that was asked for, `0..=1`.
    pub given: f64,
    /// The fraction lost per step that acts, a multiple of 1/4096.
    pub acting: f64,
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
        given.map(|(field, decay)| worst(field, decay, n, a)).collect()
    }
}

fn worst(field: &'static str, decay: &Decay, n: usize, a: &Arithmetic) -> Result<QuantisedDecay, ModelError> {
    let (offset, lowest) = match field {
        "du" => (a.current_decay_offset, a.lowest_current_decay),
        _ => (a.voltage_decay_offset, -a.voltage_decay_offset),
    };
    let (keep, real) = (decay.keep(field, n, offset, lowest)?, decay.keep_real(field, n, offset)?);
    let fractions = |i: usize| (1.0 - real[i], f64::from(4096 - keep.at(i)) / 4096.0);
    let error = |i: usize| {
        let (given, acting) = fractions(i);
        if given == acting { 0.0 } else { (acting - given).abs() / given }
    };
    let neuron = (1..n).fold(0, |worst, i| if error(i) > error(worst) { i } else { worst });
    let (given, acting) = fractions(neuron);
    Ok(QuantisedDecay { field, neuron: neuron as u32, register: 4096 - keep.at(neuron) - offset, given, acting })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PerNeuron;
    use crate::neuron::lif::Lif;

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
}
