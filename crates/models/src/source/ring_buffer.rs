//! A source that plays a recording again and again.
//!
//! Source: Lava 0.10 `lava/proc/io/source.py` (`RingBuffer`): at step t it sends column `(t - 1) % T`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Behaviour, Io, Kernel, Kind, ModelError, Number, PortSpec, Setting, Values, VarSpec, length};

/// Lava's source `RingBuffer`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RingBuffer {
    /// Shape of one message.
    pub shape: Vec<usize>,
    /// What is sent, one row per step, each with one number per element: `(T, n)`.
    pub data: Vec<Vec<f64>>,
    /// What the messages mean.
    #[serde(default = "spike")]
    #[schemars(with = "String")]
    pub kind: Kind,
}

fn spike() -> Kind {
    Kind::Spike
}

impl RingBuffer {
    /// A source of spikes.
    pub fn spikes(shape: &[usize], data: Vec<Vec<f64>>) -> Self {
        RingBuffer { shape: shape.to_vec(), data, kind: Kind::Spike }
    }

    fn check(&self) -> Result<(), ModelError> {
        let n = length(&self.shape);
        if self.data.is_empty() {
            return Err(ModelError::range("data", "empty", "at least one step"));
        }
        for (t, row) in self.data.iter().enumerate() {
            if row.len() != n {
                return Err(ModelError::shape(format!("data[{t}]"), &[row.len()], &[n]));
            }
            super::check_messages(&format!("data[{t}]"), row, self.kind)?;
        }
        Ok(())
    }

    fn playback<N: Number>(&self, convert: impl Fn(f64) -> N) -> Result<Playback<N>, ModelError> {
        self.check()?;
        let data = self.data.iter().map(|row| row.iter().map(|x| convert(*x)).collect()).collect();
        Ok(Playback { data })
    }
}

/// The running source; it has no state, because the step says which row is due.
#[derive(Debug)]
struct Playback<N> {
    data: Vec<Vec<N>>,
}

impl<N: Number> Kernel<N> for Playback<N> {
    fn step(&mut self, io: &mut Io<'_, N>) {
        let row = (io.step - 1) % self.data.len() as u64;
        io.outputs[0].copy_from_slice(&self.data[row as usize]);
    }

    fn get(&self, _var: usize) -> Vec<N> {
        self.data.concat()
    }

    fn set(&mut self, _var: usize, values: &[N]) -> Result<(), ModelError> {
        let n = self.data[0].len();
        self.data = values.chunks(n).map(<[N]>::to_vec).collect();
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

impl Behaviour for RingBuffer {
    fn in_ports(&self) -> Vec<PortSpec> {
        Vec::new()
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        let name = if self.kind == Kind::Activation { "a_out" } else { "s_out" };
        vec![PortSpec::new(name, self.kind, &self.shape)]
    }

    fn vars(&self) -> Vec<VarSpec> {
        vec![VarSpec::new("data", &[self.data.len(), length(&self.shape)])]
    }

    fn fixed(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        super::check_registers("data", self.data.iter().flatten())?;
        Ok(Box::new(self.playback(|x| x as i32)?))
    }

    fn float(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        Ok(Box::new(self.playback(|x| x)?))
    }
}
