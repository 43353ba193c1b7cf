//! Processes that keep or pass on the newest message.
//!
//! `Receiver` keeps it in its variable `payload`; `Receiver32Bit` shows it as 24 low bits and 8 high ones;
//! `IdBroadcast` also sends it on in the same step.
//!
//! Source: Lava 0.10 `lava/proc/receiver/`, `lava/proc/clp/id_broadcast/`. Lava has no model of `Receiver32Bit` that
//! runs on a CPU; its split is the one that its comment states: `payload = (first_byte << 24) + last_bytes`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Behaviour, Io, Kernel, Kind, ModelError, Number, PortSpec, Setting, Values, VarSpec, length};

/// Lava's `Receiver`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receiver {
    /// Shape of one message.
    #[serde(default = "unit")]
    pub shape: Vec<usize>,
    /// What the messages mean.
    #[serde(default = "graded")]
    #[schemars(with = "String")]
    pub kind: Kind,
}

/// Lava's `Receiver32Bit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receiver32Bit {
    /// Shape of one message.
    #[serde(default = "unit")]
    pub shape: Vec<usize>,
    /// What the messages mean.
    #[serde(default = "graded")]
    #[schemars(with = "String")]
    pub kind: Kind,
}

/// Lava's `IdBroadcast`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdBroadcast {
    /// Shape of one message.
    #[serde(default = "unit")]
    pub shape: Vec<usize>,
}

fn unit() -> Vec<usize> {
    vec![1]
}

fn graded() -> Kind {
    Kind::Graded
}

/// The newest message.
#[derive(Debug)]
struct Newest<N> {
    payload: Vec<N>,
    /// Whether it is shown as low 24 and high 8 bits.
    split: bool,
}

impl<N: Number> Newest<N> {
    fn new(shape: &[usize], split: bool) -> Self {
        Newest { payload: vec![N::default(); length(shape)], split }
    }
}

fn bits<N: Number>(x: N) -> u32 {
    x.real() as i64 as u32
}

impl<N: Number> Kernel<N> for Newest<N> {
    fn step(&mut self, io: &mut Io<'_, N>) {
        self.payload.copy_from_slice(&io.inputs[0]);
        for out in io.outputs.iter_mut() {
            out.copy_from_slice(&io.inputs[0]);
        }
    }

    fn get(&self, var: usize) -> Vec<N> {
        let part = |x: &N| match (self.split, var) {
            (false, _) => *x,
            (true, 0) => N::from_int((bits(*x) & 0xFF_FFFF) as i32),
            (true, _) => N::from_int((bits(*x) >> 24) as i32),
        };
        self.payload.iter().map(part).collect()
    }

    fn set(&mut self, var: usize, values: &[N]) -> Result<(), ModelError> {
        for (x, value) in self.payload.iter_mut().zip(values) {
            *x = match (self.split, var) {
                (false, _) => *value,
                (true, 0) => N::from_int((bits(*x) & !0xFF_FFFF | bits(*value) & 0xFF_FFFF) as i32),
                (true, _) => N::from_int((bits(*x) & 0xFF_FFFF | bits(*value) << 24) as i32),
            };
        }
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        vec![N::values(self.payload.clone())]
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let all = super::saved_numbers(state, 0, self.payload.len())?;
        self.payload = all;
        Ok(())
    }
}

macro_rules! receivers {
    ($($receiver:ident: $kind:expr, $sends:literal, $vars:expr, $split:literal);+ $(;)?) => {$(
        impl Behaviour for $receiver {
            fn in_ports(&self) -> Vec<PortSpec> {
                let kind: fn(&Self) -> Kind = $kind;
                vec![PortSpec::new("a_in", kind(self), &self.shape)]
            }

            fn out_ports(&self) -> Vec<PortSpec> {
                let port = PortSpec::new("s_out", Kind::Graded, &self.shape);
                if $sends { vec![port] } else { Vec::new() }
            }

            fn vars(&self) -> Vec<VarSpec> {
                $vars.into_iter().map(|name| VarSpec::new(name, &self.shape)).collect()
            }

            fn fixed(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
                Ok(Box::new(Newest::<i32>::new(&self.shape, $split)))
            }

            fn float(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
                Ok(Box::new(Newest::<f64>::new(&self.shape, $split)))
            }
        }
    )+};
}

receivers! {
    Receiver: |r| r.kind, false, ["payload"], false;
    Receiver32Bit: |r| r.kind, false, ["payload_last_bytes", "payload_first_byte"], true;
    IdBroadcast: |_| Kind::Activation, true, ["val"], false;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::support::{run, setting};
    use crate::{Arithmetic, Overflow};
    use proptest::prelude::*;

    proptest! {
        /// The newest message is kept, in one piece or two, and goes through a saved state.
        #[test]
        fn the_newest_message_is_kept(messages in proptest::collection::vec(any::<[i32; 3]>(), 1..5)) {
            let a = Arithmetic::lava();
            let inputs: Vec<Vec<i32>> = messages.iter().map(|m| m.to_vec()).collect();
            let last = inputs[inputs.len() - 1].clone();
            let plain = Receiver { shape: vec![3], kind: Kind::Graded };
            let mut kernel = plain.fixed(&setting(&a)).unwrap();
            run(&plain, kernel.as_mut(), &inputs, &mut Overflow::default());
            prop_assert_eq!(&kernel.get(0), &last);
            let wide = Receiver32Bit { shape: vec![3], kind: Kind::Graded };
            let mut kernel = wide.fixed(&setting(&a)).unwrap();
            run(&wide, kernel.as_mut(), &inputs, &mut Overflow::default());
            let mut other = wide.fixed(&setting(&a)).unwrap();
            other.load(&kernel.save()).unwrap();
            let whole: Vec<i32> = other.get(1).iter().zip(other.get(0)).map(|(high, low)| (high << 24) | low).collect();
            prop_assert_eq!(&whole, &last);
            let (low, high) = (other.get(0), other.get(1));
            other.set(1, &[0, 1, 2]).unwrap();
            other.set(1, &high).unwrap();
            other.set(0, &low).unwrap();
            prop_assert_eq!(other.save(), kernel.save());
            let broadcast = IdBroadcast { shape: vec![3] };
            let mut kernel = broadcast.float(&setting(&a)).unwrap();
            let reals: Vec<Vec<f64>> = inputs.iter().map(|m| m.iter().map(|x| f64::from(*x)).collect()).collect();
            prop_assert_eq!(run(&broadcast, kernel.as_mut(), &reals, &mut Overflow::default()), reals.clone());
            prop_assert_eq!(kernel.get(0), reals[reals.len() - 1].clone());
        }
    }
}
