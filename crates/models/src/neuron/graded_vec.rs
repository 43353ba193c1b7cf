//! Neurons without memory: what arrives in a step leaves in it, if it passes the threshold.
//!
//! `s_out = a_in` if `|a_in| > vth`, else 0 ([`GradedVec`]); `a_in > vth` instead ([`GradedReluVec`]).
//!
//! The variable `v` adds to the next input and is 0 after every step. `exp` is the fixed-point base of the
//! numbers; like Lava's model, these do not use it. Source: Lava 0.10 `lava/proc/graded/models.py`.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::membrane::one;
use super::population::{At, Column, Dynamics, Neuron, Population, STATE, WORD, word};
use crate::{Kind, ModelError, OverflowKind, PerNeuron, Setting, length};

/// Lava's `GradedVec`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GradedVec {
    /// Shape of the population.
    pub shape: Vec<usize>,
    /// Threshold of the magnitude.
    #[serde(default = "one")]
    pub vth: PerNeuron,
    /// Fixed-point base of the numbers; has no effect on them.
    #[serde(default)]
    pub exp: i32,
}

/// Lava's `GradedReluVec`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GradedReluVec {
    /// Shape of the population.
    pub shape: Vec<usize>,
    /// Threshold.
    #[serde(default = "one")]
    pub vth: PerNeuron,
    /// Fixed-point base of the numbers; has no effect on them.
    #[serde(default)]
    pub exp: i32,
}

impl GradedVec {
    /// A vector of the given shape with threshold 1.
    pub fn new(shape: &[usize]) -> Self {
        GradedVec { shape: shape.to_vec(), vth: one(), exp: 0 }
    }
}

impl GradedReluVec {
    /// A vector of the given shape with threshold 1.
    pub fn new(shape: &[usize]) -> Self {
        GradedReluVec { shape: shape.to_vec(), vth: one(), exp: 0 }
    }
}

/// Lets pass what is beyond the threshold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gate {
    relu: bool,
}

impl Dynamics<i32, 1, 1, 1, 1> for Gate {
    const GRADED: [bool; 1] = [true];

    fn step(&self, _at: At, [a]: [i32; 1], [vth]: [i32; 1], [v]: &mut [i32; 1], left: &mut u32) -> [i32; 1] {
        let sum = word(i64::from(*v) + i64::from(a), 0, left);
        *v = 0;
        let size = if self.relu { sum } else { sum.wrapping_abs() };
        [if size > vth { sum } else { 0 }]
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &[("v", OverflowKind::Wrap)]
    }

    fn steady(&self) -> bool {
        true
    }
}

impl Dynamics<f64, 1, 1, 1, 1> for Gate {
    const GRADED: [bool; 1] = [true];

    fn step(&self, _at: At, [a]: [f64; 1], [vth]: [f64; 1], [v]: &mut [f64; 1], _left: &mut u32) -> [f64; 1] {
        let sum = *v + a;
        *v = 0.0;
        let size = if self.relu { sum } else { sum.abs() };
        [if size > vth { sum } else { 0.0 }]
    }
}

macro_rules! gated {
    ($name:ident, $relu:literal) => {
        impl Neuron for $name {
            const IN: &'static [(&'static str, Kind)] = &[("a_in", Kind::Activation)];
            const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Graded)];
            const VARS: &'static [&'static str] = &["v", "vth"];
            type Fixed = Population<Gate, i32, 1, 1, 1, 1>;
            type Float = Population<Gate, f64, 1, 1, 1, 1>;

            fn shape(&self) -> &[usize] {
                &self.shape
            }

            fn registers(&self, _setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
                let v = Column::of("v", vec![0; cut.len()], WORD);
                let vth = Column::registers("vth", &self.vth, length(&self.shape), &cut, STATE)?;
                Ok(Population::new(Gate { relu: $relu }, &cut, [v], [vth]))
            }

            fn reals(&self, _setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
                let n = length(&self.shape);
                let vth = Column::reals("vth", &self.vth, n)?;
                Ok(Population::new(Gate { relu: $relu }, &(0..length(&self.shape)), [Column::real_zero("v", n)], [vth]))
            }
        }
    };
}

gated!(GradedVec, false);
gated!(GradedReluVec, true);

#[cfg(test)]
mod tests;
