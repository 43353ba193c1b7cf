//! A source that codes numbers as evenly spaced spikes.
//!
//! An accumulator gains `value` per step; when it reaches `full` the element fires and the accumulator loses
//! `full`. So `value / full` is the exact mean rate, without any random draw.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Behaviour, Io, Kernel, Kind, ModelError, Number, PerNeuron, PortSpec, Setting, Values, VarSpec, length};

/// A rate-coding source of spikes; its variable `value` can be set between samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateCode {
    /// Shape of one message.
    pub shape: Vec<usize>,
    /// Gain of the accumulator per step, an integer in `0..=full`.
    #[serde(default = "zero")]
    pub value: PerNeuron,
    /// The value that fires in every step, a positive integer.
    pub full: u32,
}

fn zero() -> PerNeuron {
    0.into()
}

impl RateCode {
    fn kernel(&self) -> Result<Counter, ModelError> {
        let n = length(&self.shape);
        if self.full == 0 || self.full > 1 << 30 {
            return Err(ModelError::range("full", self.full, format!("an integer in 1..={}", 1 << 30)));
        }
        let mut counter = Counter { value: vec![0; n], sum: vec![0; n], full: self.full as i32 };
        counter.value = counter.within("value", &self.value.values("value", n)?)?;
        Ok(counter)
    }
}

#[derive(Debug)]
struct Counter {
    value: Vec<i32>,
    sum: Vec<i32>,
    full: i32,
}

impl Counter {
    /// The values of a variable, which are integers up to the full value.
    fn within(&self, name: &str, values: &[f64]) -> Result<Vec<i32>, ModelError> {
        let ok = |x: f64| x.fract() == 0.0 && (0.0..=f64::from(self.full)).contains(&x);
        if let Some(i) = values.iter().position(|x| !ok(*x)) {
            let allowed = format!("an integer in 0..={}", self.full);
            return Err(ModelError::range(format!("{name}[{i}]"), values[i], allowed));
        }
        Ok(values.iter().map(|x| *x as i32).collect())
    }
}

impl<N: Number> Kernel<N> for Counter {
    fn step(&mut self, io: &mut Io<'_, N>) {
        for ((out, sum), value) in io.outputs[0].iter_mut().zip(&mut self.sum).zip(&self.value) {
            *sum += value;
            let fire = *sum >= self.full;
            *sum -= if fire { self.full } else { 0 };
            *out = N::from_int(i32::from(fire));
        }
    }

    fn get(&self, var: usize) -> Vec<N> {
        let all = if var == 0 { &self.value } else { &self.sum };
        all.iter().map(|x| N::from_int(*x)).collect()
    }

    fn set(&mut self, var: usize, values: &[N]) -> Result<(), ModelError> {
        let values: Vec<f64> = values.iter().map(|x| x.real()).collect();
        match var {
            0 => self.value = self.within("value", &values)?,
            _ => self.sum = self.within("sum", &values)?,
        }
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        vec![Values::Int(self.value.clone()), Values::Int(self.sum.clone())]
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let n = self.value.len();
        self.value = crate::neuron::bank::saved(state, 0, n)?;
        self.sum = crate::neuron::bank::saved(state, 1, n)?;
        Ok(())
    }
}

impl Behaviour for RateCode {
    fn in_ports(&self) -> Vec<PortSpec> {
        Vec::new()
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        vec![PortSpec::new("s_out", Kind::Spike, &self.shape)]
    }

    fn vars(&self) -> Vec<VarSpec> {
        vec![VarSpec::new("value", &self.shape), VarSpec::new("sum", &self.shape)]
    }

    fn fixed(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        Ok(Box::new(self.kernel()?))
    }

    fn float(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        Ok(Box::new(self.kernel()?))
    }
}
