//! Neurons that send the inverse square root of their input, in fixed point.
//!
//! With `B = 2^fp_base`, the number `x / B` becomes `y / B = 1 / sqrt(x / B)`: a start from a table by the
//! highest bit of `x`, then five multiplicative (Goldschmidt) rounds:
//!
//! ```text
//! Y = 2 trunc(B / (1.238982962 * 2^((m - fp_base) / 2))), m the highest bit of x;  y = Y / 2;  b = x
//! 5 times: b = (b Y >> fp_base + 1) Y >> fp_base + 1;  Y = 3 B - b;  y = y Y >> fp_base + 1
//! ```
//!
//! What is not positive gives 0; what has more than 24 bits is taken as the largest 24-bit number, which is noted.
//! Source: Lava 0.10 `lava/proc/graded/models.py` (`InvSqrtModelFP`), which computes with a base of 12 whatever
//! `fp_base` says, and with one element only. The float twin is `B^1.5 / sqrt(x)`: with base 0, Lava's float model.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::population::{At, Dynamics, Neuron, Population, stop};
use crate::{Kind, ModelError, OverflowKind, Setting, integer};

/// Lava's `InvSqrt`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvSqrt {
    /// Shape of the population.
    pub shape: Vec<usize>,
    /// Fixed-point base of input and output, `0..=14`.
    #[serde(default = "twelve")]
    pub fp_base: i32,
}

fn twelve() -> i32 {
    12
}

impl InvSqrt {
    /// Neurons of the given shape with Lava's base 12.
    pub fn new(shape: &[usize]) -> Self {
        InvSqrt { shape: shape.to_vec(), fp_base: twelve() }
    }

    fn base(&self) -> Result<i32, ModelError> {
        integer("fp_base", f64::from(self.fp_base), 0..=14)
    }
}

/// The table of first estimates by highest bit, and the base.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounds {
    base: i32,
    first: [i64; 24],
}

impl Rounds {
    fn new(base: i32) -> Self {
        let first = std::array::from_fn(|m| {
            let scale = (f64::from(m as i32 - base) / 2.0).exp2() * 1.238_982_962;
            2 * (f64::from(base).exp2() / scale) as i64
        });
        Rounds { base, first }
    }
}

impl Dynamics<i32, 1, 0, 0, 1> for Rounds {
    const GRADED: [bool; 1] = [true];

    fn step(&self, _at: At, [x]: [i32; 1], _: [i32; 0], _: &mut [i32; 0], left: &mut u32) -> [i32; 1] {
        if x <= 0 {
            return [0];
        }
        let x = stop(i64::from(x), (1, (1 << 24) - 1), 0, left);
        let down = self.base + 1;
        let mut b = i64::from(x);
        let mut factor = self.first[x.ilog2() as usize];
        let mut y = factor / 2;
        for _ in 0..5 {
            b = (((b * factor) >> down) * factor) >> down;
            factor = (3 << self.base) - b;
            y = (y * factor) >> down;
        }
        [y as i32]
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &[("a_in", OverflowKind::Saturate)]
    }

    fn steady(&self) -> bool {
        true
    }
}

/// The exact inverse square root.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exact {
    scale: f64,
}

impl Dynamics<f64, 1, 0, 0, 1> for Exact {
    const GRADED: [bool; 1] = [true];

    fn step(&self, _at: At, [x]: [f64; 1], _: [f64; 0], _: &mut [f64; 0], _left: &mut u32) -> [f64; 1] {
        [if x > 0.0 { self.scale / x.sqrt() } else { 0.0 }]
    }
}

impl Neuron for InvSqrt {
    const IN: &'static [(&'static str, Kind)] = &[("a_in", Kind::Activation)];
    const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Graded)];
    const VARS: &'static [&'static str] = &[];
    type Fixed = Population<Rounds, i32, 1, 0, 0, 1>;
    type Float = Population<Exact, f64, 1, 0, 0, 1>;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn registers(&self, _setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
        Ok(Population::new(Rounds::new(self.base()?), &cut, [], []))
    }

    fn reals(&self, _setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
        let scale = (1.5 * f64::from(self.base()?)).exp2();
        Ok(Population::new(Exact { scale }, &(0..crate::length(self.shape())), [], []))
    }
}
