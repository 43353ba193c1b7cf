//! The neurons of the LIF family as analog circuits of the same equation: their parameters with frozen deviations.
//!
//! ```text
//! threshold  vth'  = vth (f_threshold + o) / f_gain       the input is scaled by its gain: so are u and v, of which the
//! bias       bias' = bias / f_gain                        kernel keeps what they are before the gain
//! decay      keep' = keep^(1 / f_τ)                       because keep = exp(-1 / τ)
//! ```
//!
//! What results are registers of the digital neuron, so its kernel runs them. A deviation of nothing changes no register.

use serde::{Deserialize, Serialize};

use crate::{Arithmetic, Decay, Model, ModelError, PerNeuron};

/// By what the parameters of one neuron are multiplied, and the offset of its threshold as a share of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Added to the threshold.
    pub offset: f64,
}

/// A population as analog neurons.
#[derive(Clone, Debug, PartialEq)]
pub struct Analog {
    /// The digital form, with registers of their own.
    pub model: Model,
    /// The threshold before its deviations, in the unit of the registers of each neuron, which is before its gain
    /// `[weight LSB]`.
    pub threshold: Vec<f64>,
}

/// The parameters of the LIF family that deviate.
#[derive(Debug)]
pub(super) struct Deviating<'a> {
    pub(super) du: &'a mut Decay,
    pub(super) dv: &'a mut Decay,
    pub(super) bias_mant: &'a mut PerNeuron,
    pub(super) vth: &'a mut PerNeuron,
}

impl Deviating<'_> {
    /// Gives each neuron its own parameters, and says what its threshold would be ([`Analog::threshold`]).
    pub(super) fn deviate(self, arithmetic: &Arithmetic, own: &[Deviation]) -> Result<Vec<f64>, ModelError> {
        let n = own.len();
        let (current, voltage) = (arithmetic.current_decay_offset, arithmetic.voltage_decay_offset);
        let lowest = arithmetic.lowest_current_decay;
        *self.du = decay(("du", self.du), (current, lowest), own, |d| d.time_constant)?;
        *self.dv = decay(("dv", self.dv), (voltage, -voltage), own, |d| d.leak)?;
        let vth = self.vth.values("vth", n)?;
        *self.vth = each(&vth, own, |x, d| (x * (d.threshold + d.offset) / d.gain).round().clamp(0.0, 131_071.0));
        let bias = self.bias_mant.values("bias_mant", n)?;
        *self.bias_mant = each(&bias, own, |x, d| (x / d.gain).round().clamp(-4096.0, 4095.0));
        Ok(vth.iter().zip(own).map(|(x, d)| x / d.gain).collect())
    }
}

/// One value each.
pub(super) fn each(values: &[f64], own: &[Deviation], of: impl Fn(f64, &Deviation) -> f64) -> PerNeuron {
    PerNeuron::Each(values.iter().zip(own).map(|(x, d)| of(*x, d)).collect())
}

/// A decay register of each neuron for its time constant.
fn decay(
    (field, decay): (&str, &Decay),
    (offset, lowest): (i32, i32),
    own: &[Deviation],
    factor: impl Fn(&Deviation) -> f64,
) -> Result<Decay, ModelError> {
    let keep = decay.keep(field, own.len(), offset, lowest)?;
    let register = |(i, d): (usize, &Deviation)| {
        let kept = f64::from(keep.at(i)) / 4096.0;
        let kept = (4096.0 * kept.powf(1.0 / factor(d))).round();
        (4096.0 - kept - f64::from(offset)).clamp(f64::from(lowest), 4095.0)
    };
    Ok(Decay::Register(PerNeuron::Each(own.iter().enumerate().map(register).collect())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Behaviour;
    use crate::Setting;
    use crate::neuron::lif::Lif;
    use crate::neuron::lif_refractory::LifRefractory;

    const SAME: Deviation =
        Deviation { gain: 1.0, time_constant: 1.0, leak: 1.0, threshold: 1.0, refractory: 1.0, offset: 0.0 };

    fn made(digital: &impl Behaviour, arithmetic: &Arithmetic, own: &[Deviation]) -> Model {
        digital.analog(&Setting { arithmetic, seed: 0, place: 0 }, own).unwrap().unwrap().model
    }

    /// Nothing changes no register, in every arithmetic and at the ends of decays.
    #[test]
    fn no_deviation_is_the_digital_neuron() {
        for arithmetic in Arithmetic::NAMES.map(|name| Arithmetic::named(name).unwrap()) {
            for (du, dv) in [(0, 0), (4095, 1), (1, 4095), (700, 2222)] {
                let lif =
                    Lif { du: du.into(), dv: dv.into(), vth: 321.into(), bias_mant: (-77).into(), ..Lif::new(&[3]) };
                let Model::Lif(analog) = made(&lif, &arithmetic, &[SAME; 3]) else { panic!("LIF") };
                let keep = |d: &Decay, offset, lowest| d.keep("d", 3, offset, lowest).unwrap().expand(3);
                let (current, voltage) = (arithmetic.current_decay_offset, arithmetic.voltage_decay_offset);
                let lowest = arithmetic.lowest_current_decay;
                assert_eq!(keep(&analog.du, current, lowest), keep(&lif.du, current, lowest));
                assert_eq!(keep(&analog.dv, voltage, -voltage), keep(&lif.dv, voltage, -voltage));
                assert_eq!(analog.vth, vec![321; 3].into());
                assert_eq!(analog.bias_mant, vec![-77; 3].into());
            }
        }
    }

    /// Registers by hand: twice the time constant of keep = 1/4 is keep = 1/2; a gain of 2 halves threshold and bias.
    #[test]
    fn registers_follow_the_equations() {
        let arithmetic = Arithmetic::loihi1();
        let lif = LifRefractory {
            dv: 3072.into(),
            du: 1000.into(),
            vth: 300.into(),
            bias_mant: 50.into(),
            refractory_period: 4.into(),
            ..LifRefractory::new(&[2])
        };
        let twice = Deviation { gain: 2.0, leak: 2.0, refractory: 1.5, offset: 0.1, ..SAME };
        let Model::LifRefractory(analog) = made(&lif, &arithmetic, &[SAME, twice]) else { panic!("LIFRefractory") };
        assert_eq!(analog.dv, Decay::Register(vec![3072, 2048].into()));
        assert_eq!(analog.du, Decay::Register(vec![1000, 1000].into()));
        assert_eq!(analog.vth, vec![300, 165].into());
        assert_eq!(analog.bias_mant, vec![50, 25].into());
        assert_eq!(analog.refractory_period, vec![4, 6].into());
    }
}
