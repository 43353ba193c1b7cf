//! A source whose elements fire independently in each step with a given probability.
//!
//! Element i fires at step t iff a uniform 32-bit draw of (seed, source, i, t) is below `p * 2^32`: the same
//! spikes in float and fixed point, on any number of workers.

use pumice_num::{INDICES, Level, Purpose, Task, draw_group};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Behaviour, Io, Kernel, Kind, ModelError, Number, PerNeuron, PortSpec, Setting, Values, VarSpec, length};

/// A Poisson (Bernoulli per step) source of spikes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Poisson {
    /// Shape of one message.
    pub shape: Vec<usize>,
    /// Probability of a spike per element and step, `0..=1`.
    pub probability: PerNeuron,
}

impl Poisson {
    /// A source of the given shape and probability per step.
    pub fn new(shape: &[usize], probability: impl Into<PerNeuron>) -> Self {
        Poisson { shape: shape.to_vec(), probability: probability.into() }
    }

    fn kernel(&self, setting: &Setting<'_>) -> Result<Drawn, ModelError> {
        let probability = self.probability.values("probability", length(&self.shape))?;
        if let Some(p) = probability.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            return Err(ModelError::range("probability", p, "a number in 0..=1"));
        }
        Ok(Drawn { probability, seed: setting.seed, place: setting.place, level: Level::widest() })
    }
}

#[derive(Debug)]
struct Drawn {
    probability: Vec<f64>,
    seed: u64,
    place: u32,
    level: Level,
}

/// The spikes of one step.
struct Fire<'a, N> {
    own: &'a Drawn,
    step: u64,
    out: &'a mut [N],
}

impl<N: Number> Task for Fire<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Fire { own, step, out } = self;
        let groups = out.chunks_mut(INDICES).zip(own.probability.chunks(INDICES));
        for (group, (out, probability)) in groups.enumerate() {
            let words = draw_group(own.seed, Purpose::POISSON, own.place, group as u32, step);
            for ((out, p), word) in out.iter_mut().zip(probability).zip(&words[..INDICES]) {
                *out = N::from_int(i32::from(f64::from(*word) < p * 4_294_967_296.0));
            }
        }
    }
}

impl<N: Number> Kernel<N> for Drawn {
    fn step(&mut self, io: &mut Io<'_, N>) {
        self.level.run(Fire { own: self, step: io.step, out: &mut io.outputs[0] });
    }

    fn get(&self, _var: usize) -> Vec<N> {
        self.probability.iter().map(|p| N::from_real(*p)).collect()
    }

    fn set(&mut self, _var: usize, values: &[N]) -> Result<(), ModelError> {
        self.probability = values.iter().map(|p| p.real()).collect();
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        vec![Values::Real(self.probability.clone())]
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        match state {
            [Values::Real(p)] if p.len() == self.probability.len() => self.probability.clone_from(p),
            _ => {
                return Err(ModelError::range("saved state", state.len(), "1 array of probabilities"));
            }
        }
        Ok(())
    }
}

impl Behaviour for Poisson {
    fn in_ports(&self) -> Vec<PortSpec> {
        Vec::new()
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        vec![PortSpec::new("s_out", Kind::Spike, &self.shape)]
    }

    fn vars(&self) -> Vec<VarSpec> {
        Vec::new()
    }

    fn fixed(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        Ok(Box::new(self.kernel(setting)?))
    }

    fn float(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        Ok(Box::new(self.kernel(setting)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::support::setting;
    use crate::{Arithmetic, Overflow};
    use proptest::prelude::*;
    use pumice_num::draw;

    proptest! {
        /// Every element fires by its own draw, at every level, in float as in fixed point.
        #[test]
        fn groups_fire_as_elements_do(
            probability in prop::collection::vec(prop_oneof![0.0..=1.0_f64, Just(0.0), Just(1.0)], 0..70),
            step in 1_u64..1 << 40,
        ) {
            let a = Arithmetic::loihi1();
            let setting = setting(&a);
            let n = probability.len();
            let expected: Vec<i32> = probability.iter().enumerate().map(|(i, p)| {
                let word = draw(setting.seed, Purpose::POISSON, setting.place, i as u32, step)[0];
                i32::from(f64::from(word) / 4_294_967_296.0 < *p)
            }).collect();
            let source = Poisson::new(&[n], probability);
            for level in Level::available() {
                let mut kernel = Drawn { level, ..source.kernel(&setting).unwrap() };
                let mut overflow = Overflow::default();
                let (mut fixed, mut float) = (vec![vec![0_i32; n]], vec![vec![0.0_f64; n]]);
                kernel.step(&mut Io { step, inputs: &[], outputs: &mut fixed, overflow: &mut overflow });
                kernel.step(&mut Io { step, inputs: &[], outputs: &mut float, overflow: &mut overflow });
                prop_assert_eq!(&fixed[0], &expected);
                prop_assert!(float[0].iter().zip(&expected).all(|(x, y)| *x == f64::from(*y)));
            }
        }
    }
}
