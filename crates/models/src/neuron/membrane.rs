//! What the neurons of the LIF family share: parameters, decaying registers, and the float form.
//!
//! The equations are those of [`lif`](super::lif); this module gives them for one neuron, in pieces, so that
//! thresholds, refractory periods, noise and resets can be put between the pieces.

use std::ops::Range;

use pumice_num::decay;

use super::lif::{Rule, kind_of};
use super::population::{Column, STATE};
use super::registers::{Registers, Sum};
use crate::{Arithmetic, Decay, Lane, ModelError, OverflowKind, PerNeuron};

/// Declares the parameters of a LIF-family process: the common ones, then its own.
macro_rules! lif_family {
    (
        $(#[$doc:meta])*
        $name:ident { $( $(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr, $make:literal; )* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// Shape of the population.
            pub shape: Vec<usize>,
            /// Initial current `[state LSB]`.
            #[serde(default = "crate::neuron::membrane::zero")]
            pub u: crate::PerNeuron,
            /// Initial voltage `[state LSB]`.
            #[serde(default = "crate::neuron::membrane::zero")]
            pub v: crate::PerNeuron,
            /// Decay of the current.
            #[serde(default = "crate::neuron::membrane::no_decay")]
            pub du: crate::Decay,
            /// Decay of the voltage.
            #[serde(default = "crate::neuron::membrane::no_decay")]
            pub dv: crate::Decay,
            /// Mantissa of the bias, `-4096..=4095`.
            #[serde(default = "crate::neuron::membrane::zero")]
            pub bias_mant: crate::PerNeuron,
            /// Exponent of the bias, `0..=7`; Lava also accepts negative ones, to `-15`.
            #[serde(default = "crate::neuron::membrane::zero")]
            pub bias_exp: crate::PerNeuron,
            $(
                $(#[$field_doc])*
                #[serde(default = $make)]
                pub $field: $type,
            )*
        }

        impl $name {
            /// A population of the given shape with Lava's defaults.
            pub fn new(shape: &[usize]) -> Self {
                $name {
                    shape: shape.to_vec(),
                    u: crate::neuron::membrane::zero(),
                    v: crate::neuron::membrane::zero(),
                    du: crate::neuron::membrane::no_decay(),
                    dv: crate::neuron::membrane::no_decay(),
                    bias_mant: crate::neuron::membrane::zero(),
                    bias_exp: crate::neuron::membrane::zero(),
                    $($field: $default,)*
                }
            }

            fn given(&self) -> crate::neuron::membrane::Given<'_> {
                crate::neuron::membrane::Given {
                    n: crate::length(&self.shape),
                    u: &self.u,
                    v: &self.v,
                    du: &self.du,
                    dv: &self.dv,
                    bias_mant: &self.bias_mant,
                    bias_exp: &self.bias_exp,
                }
            }
        }
    };
}
pub(crate) use lif_family;

pub(crate) fn zero() -> PerNeuron {
    0.into()
}

pub(crate) fn ten() -> PerNeuron {
    10.into()
}

pub(crate) fn one() -> PerNeuron {
    1.into()
}

pub(crate) fn no_decay() -> Decay {
    0.into()
}

/// The common parameters as a person gave them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<'a> {
    pub(crate) n: usize,
    pub(crate) u: &'a PerNeuron,
    pub(crate) v: &'a PerNeuron,
    pub(crate) du: &'a Decay,
    pub(crate) dv: &'a Decay,
    pub(crate) bias_mant: &'a PerNeuron,
    pub(crate) bias_exp: &'a PerNeuron,
}

/// The registers of the LIF family, and what they keep per step.
#[derive(Clone, Debug)]
pub(crate) struct Membrane {
    pub(super) rule: Rule,
    ku: Lane,
    pub(super) kv: Lane,
    /// What an analog circuit adds to the thresholds of its neurons; empty for nothing.
    pub(super) shift: Vec<i32>,
    /// What is noted, in the order of the bits below.
    pub(crate) noted: [(&'static str, OverflowKind); 4],
}

/// Bit of the input accumulator in an overflow mask.
const INPUT: u32 = 0;
/// Bit of the current.
const CURRENT: u32 = 1;
/// Bit of the sum of current and bias.
const BIAS_SUM: u32 = 2;
/// Bit of the voltage.
const VOLTAGE: u32 = 3;

impl Membrane {
    pub(crate) fn new(
        a: &Arithmetic,
        du: &Decay,
        dv: &Decay,
        n: usize,
        cut: &Range<usize>,
    ) -> Result<Self, ModelError> {
        let ku = du.keep("du", n, a.current_decay_offset, a.lowest_current_decay)?;
        let kv = dv.keep("dv", n, a.voltage_decay_offset, -a.voltage_decay_offset)?;
        let rule = Rule::of(a);
        Ok(Membrane {
            rule,
            ku: ku.slice(cut.clone()),
            kv: kv.slice(cut.clone()),
            shift: Vec::new(),
            noted: [
                ("a_in", kind_of(rule.input)),
                ("u", kind_of(rule.current)),
                ("u+bias", kind_of(rule.bias_sum)),
                ("v", OverflowKind::Saturate),
            ],
        })
    }

    /// The current after this step: decayed, plus the aligned input, plus `noise` at the input.
    #[inline(always)]
    pub(crate) fn current(&self, i: usize, u: i32, input: i32, noise: i32, left: &mut u32) -> i32 {
        let sum = i64::aligned(input, self.rule.align) + i64::from(noise);
        let q = self.rule.input(sum);
        *left |= u32::from(i64::from(q) != sum) << INPUT;
        let sum = i64::of(decay(u, self.ku.at(i)), q);
        let u = self.rule.current(sum);
        *left |= u32::from(i64::from(u) != sum) << CURRENT;
        u
    }

    /// The voltage after this step, before it is held: decayed, plus what current, bias and `noise` at the membrane drive.
    #[inline(always)]
    pub(crate) fn voltage(&self, i: usize, v: i32, u: i32, drive: [i32; 2], left: &mut u32) -> i64 {
        let [bias, noise] = drive;
        let sum = i64::of(u, bias) + i64::from(noise);
        let drive = self.rule.bias_sum(sum);
        *left |= u32::from(i64::from(drive) != sum) << BIAS_SUM;
        i64::of(decay(v, self.kv.at(i)), drive)
    }

    /// The voltage within the arithmetic's limits.
    #[inline(always)]
    pub(crate) fn clamp(&self, v: i64, left: &mut u32) -> i32 {
        self.within(v, self.rule.v_min, self.rule.v_max, left)
    }

    /// The voltage within limits.
    #[inline(always)]
    pub(crate) fn within(&self, v: i64, low: i32, high: i32, left: &mut u32) -> i32 {
        let held = self.rule.voltage(v, low, high);
        *left |= u32::from(i64::from(held) != v) << VOLTAGE;
        held
    }

    /// Whether `v` is beyond a threshold given in state units.
    #[inline(always)]
    pub(crate) fn fires(&self, v: i32, vth: i32) -> bool {
        v > vth.wrapping_add(self.rule.extra)
    }
}

/// The same in reals: register units, no rounding, no register ends.
#[derive(Clone, Debug)]
pub(crate) struct RealMembrane {
    pub(crate) align: f64,
    ku: Vec<f64>,
    kv: Vec<f64>,
    at_or_above: bool,
}

impl RealMembrane {
    pub(crate) fn new(a: &Arithmetic, du: &Decay, dv: &Decay, n: usize) -> Result<Self, ModelError> {
        Ok(RealMembrane {
            align: f64::from(1 << a.align),
            ku: du.keep_real("du", n, a.current_decay_offset)?,
            kv: dv.keep_real("dv", n, a.voltage_decay_offset)?,
            at_or_above: a.threshold == crate::arithmetic::Threshold::AtOrAbove,
        })
    }

    pub(crate) fn current(&self, i: usize, u: f64, input: f64) -> f64 {
        u * self.ku[i] + input * self.align
    }

    pub(crate) fn voltage(&self, i: usize, v: f64, u: f64, bias: f64) -> f64 {
        v * self.kv[i] + u + bias
    }

    pub(crate) fn fires(&self, v: f64, vth: f64) -> bool {
        v > vth || (self.at_or_above && v == vth)
    }
}

impl Given<'_> {
    /// The columns `u`, `v` and `bias` in registers.
    pub(crate) fn columns(&self, a: &Arithmetic, cut: &Range<usize>) -> Result<[Column<i32>; 3], ModelError> {
        let bias = super::lif::bias_registers(self.bias_mant, self.bias_exp, self.n)?;
        Ok([
            Column::registers("u", self.u, self.n, cut, super::lif::current_range(a.current))?,
            Column::registers("v", self.v, self.n, cut, STATE)?,
            Column::of("bias", bias.slice(cut.clone()).expand(cut.len()), BIAS),
        ])
    }

    /// The columns `u`, `v` and `bias` in reals.
    pub(crate) fn real_columns(&self) -> Result<[Column<f64>; 3], ModelError> {
        Ok([
            Column::reals("u", self.u, self.n)?,
            Column::reals("v", self.v, self.n)?,
            Column::real("bias", real_bias(self.bias_mant, self.bias_exp, self.n)?),
        ])
    }

    pub(crate) fn membrane(&self, a: &Arithmetic, cut: &Range<usize>) -> Result<Membrane, ModelError> {
        Membrane::new(a, self.du, self.dv, self.n, cut)
    }

    pub(crate) fn real_membrane(&self, a: &Arithmetic) -> Result<RealMembrane, ModelError> {
        RealMembrane::new(a, self.du, self.dv, self.n)
    }
}

/// What mantissa and exponent of a bias reach on Loihi: 13 signed bits times `2^7`.
pub(crate) const BIAS: std::ops::RangeInclusive<i32> = -524_288..=524_160;

/// What a threshold mantissa reaches on Loihi: 17 bits.
pub(crate) const THRESHOLD: std::ops::RangeInclusive<i32> = 0..=131_071;

/// The bias in reals, `bias_mant * 2^bias_exp`.
pub(crate) fn real_bias(mant: &PerNeuron, exp: &PerNeuron, n: usize) -> Result<Vec<f64>, ModelError> {
    let (mant, exp) = (mant.values("bias_mant", n)?, exp.values("bias_exp", n)?);
    Ok(mant.iter().zip(&exp).map(|(m, e)| m * e.exp2()).collect())
}
