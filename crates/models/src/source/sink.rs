//! A sink that keeps the last messages it received.
//!
//! Source: Lava 0.10 `lava/proc/io/sink.py` (`RingBuffer`): the message of step t is in column `(t - 1) % buffer`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Behaviour, Io, Kernel, Kind, ModelError, Number, PortSpec, Setting, Values, VarSpec, length};

/// Lava's sink `RingBuffer`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sink {
    /// Shape of one message.
    pub shape: Vec<usize>,
    /// Number of messages kept.
    pub buffer: usize,
    /// What the messages mean.
    #[serde(default = "spike")]
    #[schemars(with = "String")]
    pub kind: Kind,
}

fn spike() -> Kind {
    Kind::Spike
}

impl Sink {
    /// A sink of spikes.
    pub fn spikes(shape: &[usize], buffer: usize) -> Self {
        Sink { shape: shape.to_vec(), buffer, kind: Kind::Spike }
    }

    fn kernel<N: Number>(&self) -> Result<Kept<N>, ModelError> {
        if self.buffer == 0 {
            return Err(ModelError::range("buffer", 0, "at least 1"));
        }
        Ok(Kept { data: vec![vec![N::default(); length(&self.shape)]; self.buffer] })
    }
}

#[derive(Debug)]
struct Kept<N> {
    data: Vec<Vec<N>>,
}

impl<N: Number> Kernel<N> for Kept<N> {
    fn step(&mut self, io: &mut Io<'_, N>) {
        let row = (io.step - 1) % self.data.len() as u64;
        self.data[row as usize].copy_from_slice(&io.inputs[0]);
    }

    fn get(&self, _var: usize) -> Vec<N> {
        self.data.concat()
    }

    fn set(&mut self, _var: usize, values: &[N]) -> Result<(), ModelError> {
        let n = self.data[0].len().max(1);
        for (row, values) in self.data.iter_mut().zip(values.chunks(n)) {
            row.copy_from_slice(values);
        }
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        vec![N::values(self.data.concat())]
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let values = super::saved_numbers(state, 0, self.data.len() * self.data[0].len())?;
        self.set(0, &values)
    }
}

impl Behaviour for Sink {
    fn in_ports(&self) -> Vec<PortSpec> {
        vec![PortSpec::new("a_in", self.kind, &self.shape)]
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        Vec::new()
    }

    fn vars(&self) -> Vec<VarSpec> {
        vec![VarSpec::new("data", &[self.buffer, length(&self.shape)])]
    }

    fn fixed(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        Ok(Box::new(self.kernel::<i32>()?))
    }

    fn float(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        Ok(Box::new(self.kernel::<f64>()?))
    }
}
