//! A source whose elements fire independently in each step with a given probability.
//!
//! Element i fires at step t iff a uniform 32-bit draw of (seed, source, i, t) is below `p * 2^32`: the same
//! spikes in float and fixed point, on any number of workers.

use pumice_num::{Purpose, draw};
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
        Ok(Drawn { probability, seed: setting.seed, place: setting.place })
    }
}

#[derive(Debug)]
struct Drawn {
    probability: Vec<f64>,
    seed: u64,
    place: u32,
}

impl<N: Number> Kernel<N> for Drawn {
    fn step(&mut self, io: &mut Io<'_, N>) {
        for (i, (out, p)) in io.outputs[0].iter_mut().zip(&self.probability).enumerate() {
            let word = draw(self.seed, Purpose::POISSON, self.place, i as u32, io.step)[0];
            *out = N::from_int(i32::from(f64::from(word) < p * 4_294_967_296.0));
        }
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
