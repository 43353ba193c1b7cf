//! Sources that send a payload at a steady period.
//!
//! A counter rises by one per step; where it equals the period, the payload is sent and the counter starts again at 1.
//! `Spiker` starts its counter at 0, so that the first payload leaves at step `period + 1`; `Spiker32bit` at 1, first
//! payload at step `period`.
//!
//! Source: Lava 0.10 `lava/proc/spiker/`. Lava has no model of `Spiker32bit` that runs on a CPU.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::neuron::bank::saved;
use crate::{
    Behaviour, Io, Kernel, Kind, ModelError, Number, PerNeuron, PortSpec, Setting, Values, VarSpec, lane, length,
};

/// Lava's `Spiker`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spiker {
    /// Shape of one message.
    #[serde(default = "unit")]
    pub shape: Vec<usize>,
    /// Steps between payloads, at least 1; one or one per element.
    #[serde(default = "ten")]
    pub period: PerNeuron,
    /// What is sent; one or one per element, integers that 32 bits hold.
    #[serde(default = "one")]
    pub payload: PerNeuron,
}

/// Lava's `Spiker32bit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spiker32bit {
    /// Shape of one message.
    #[serde(default = "unit")]
    pub shape: Vec<usize>,
    /// Steps between payloads, at least 1; one or one per element.
    #[serde(default = "one")]
    pub period: PerNeuron,
    /// What is sent; one or one per element, `-2^31..2^31` (Lava also takes unsigned 32 bits).
    #[serde(default = "one")]
    pub payload: PerNeuron,
}

fn unit() -> Vec<usize> {
    vec![1]
}

fn one() -> PerNeuron {
    1.into()
}

fn ten() -> PerNeuron {
    10.into()
}

/// The running source; integers in both forms.
#[derive(Debug)]
struct Ticking {
    rate: Vec<i32>,
    counter: Vec<i32>,
    payload: Vec<i32>,
}

impl Ticking {
    fn new(shape: &[usize], period: &PerNeuron, payload: &PerNeuron, first: i32) -> Result<Self, ModelError> {
        let n = length(shape);
        Ok(Ticking {
            rate: lane("period", period, n, 1..=i32::MAX)?.expand(n),
            counter: vec![first; n],
            payload: lane("payload", payload, n, i32::MIN..=i32::MAX)?.expand(n),
        })
    }

    fn var(&mut self, var: usize) -> &mut Vec<i32> {
        match var {
            0 => &mut self.rate,
            1 => &mut self.counter,
            _ => &mut self.payload,
        }
    }
}

impl<N: Number> Kernel<N> for Ticking {
    fn step(&mut self, io: &mut Io<'_, N>) {
        for (i, out) in io.outputs[0].iter_mut().enumerate() {
            let due = self.counter[i] == self.rate[i];
            *out = N::from_int(if due { self.payload[i] } else { 0 });
            self.counter[i] = if due { 1 } else { self.counter[i].wrapping_add(1) };
        }
    }

    fn get(&self, var: usize) -> Vec<N> {
        let all = [&self.rate, &self.counter, &self.payload][var.min(2)];
        all.iter().map(|x| N::from_int(*x)).collect()
    }

    fn set(&mut self, var: usize, values: &[N]) -> Result<(), ModelError> {
        let lowest = if var == 0 { 1 } else { i32::MIN };
        let field = ["rate", "counter", "payload"][var.min(2)];
        let values: Vec<f64> = values.iter().map(|x| x.real()).collect();
        let n = values.len();
        *self.var(var) = lane(field, &values.into(), n, lowest..=i32::MAX)?.expand(n);
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        [&self.rate, &self.counter, &self.payload].map(|all| Values::Int(all.clone())).to_vec()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let n = self.counter.len();
        let [rate, counter, payload] = [saved(state, 0, n)?, saved(state, 1, n)?, saved(state, 2, n)?];
        *self = Ticking { rate, counter, payload };
        Ok(())
    }
}

macro_rules! spikers {
    ($($spiker:ident from $first:literal),+) => {$(
        impl Behaviour for $spiker {
            fn in_ports(&self) -> Vec<PortSpec> {
                Vec::new()
            }

            fn out_ports(&self) -> Vec<PortSpec> {
                vec![PortSpec::new("s_out", Kind::Graded, &self.shape)]
            }

            fn vars(&self) -> Vec<VarSpec> {
                ["rate", "counter", "payload"].map(|name| VarSpec::new(name, &self.shape)).to_vec()
            }

            fn fixed(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
                Ok(Box::new(Ticking::new(&self.shape, &self.period, &self.payload, $first)?))
            }

            fn float(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
                Ok(Box::new(Ticking::new(&self.shape, &self.period, &self.payload, $first)?))
            }
        }
    )+};
}

spikers!(Spiker from 0, Spiker32bit from 1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::support::{run, run_fixed, run_float, setting};
    use crate::{Arithmetic, Overflow};

    /// Lava's own test of the counter, and its statement on the first spike.
    #[test]
    fn the_counter_runs_as_lavas_test_says() {
        let a = Arithmetic::lava();
        let spiker = Spiker { shape: vec![2], period: 5.into(), payload: vec![7, -3].into() };
        let mut kernel = spiker.fixed(&setting(&a)).unwrap();
        let mut counters = Vec::new();
        let mut sent = Vec::new();
        for _ in 0..20 {
            sent.extend(run(&spiker, kernel.as_mut(), &[vec![]], &mut Overflow::default()));
            counters.push(kernel.get(1)[0]);
        }
        let expected: Vec<i32> = (0..20).map(|t| t % 5 + 1).collect();
        assert_eq!(counters, expected);
        let at: Vec<usize> = (0..20).filter(|t| sent[*t] != [0, 0]).map(|t| t + 1).collect();
        assert_eq!(at, [6, 11, 16]);
        assert_eq!(sent[5], [7, -3]);
    }

    #[test]
    fn the_wide_spiker_starts_at_its_period() {
        let a = Arithmetic::lava();
        let spiker = Spiker32bit { shape: vec![2], period: vec![1, 3].into(), payload: 2_000_000_000.into() };
        let sent = run_fixed(&spiker, &a, &vec![vec![]; 6]);
        assert_eq!(sent.iter().map(|s| i32::from(s[0] != 0)).collect::<Vec<_>>(), [1; 6]);
        assert_eq!(sent.iter().map(|s| i32::from(s[1] == 2_000_000_000)).collect::<Vec<_>>(), [0, 0, 1, 0, 0, 1]);
        let real = run_float(&spiker, &a, &vec![vec![]; 6]);
        assert!(real.concat().iter().zip(sent.concat()).all(|(y, x)| *y == f64::from(x)));
        let bad = Spiker { shape: vec![1], period: 0.into(), payload: 1.into() };
        assert!(bad.fixed(&setting(&a)).unwrap_err().to_string().contains("`period` is 0"));
    }
}
