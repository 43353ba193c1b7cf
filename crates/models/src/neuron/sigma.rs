//! Sigma decoder: adds up what arrives and sends the sum.
//!
//! `sigma[t] = sigma[t-1] + a_in[t]`, `s_out = sigma`, in 32-bit words.
//!
//! Source: Lava 0.10 `lava/proc/sdn/models.py` (`PySigmaModelFixed`).

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::population::{At, Column, Dynamics, Neuron, Population, WORD, word};
use crate::{Kind, ModelError, OverflowKind, Setting, length};

/// Lava's `Sigma`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sigma {
    /// Shape of the population.
    pub shape: Vec<usize>,
}

impl Sigma {
    /// Decoders of the given shape.
    pub fn new(shape: &[usize]) -> Self {
        Sigma { shape: shape.to_vec() }
    }
}

/// The sum of all that arrived.
#[derive(Debug)]
pub(crate) struct Adds;

impl Dynamics<i32, 1, 1, 0, 1> for Adds {
    const GRADED: [bool; 1] = [true];

    fn step(&self, _at: At, [a]: [i32; 1], _: [i32; 0], [sigma]: &mut [i32; 1], left: &mut u32) -> [i32; 1] {
        *sigma = word(i64::from(*sigma) + i64::from(a), 0, left);
        [*sigma]
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &[("sigma", OverflowKind::Wrap)]
    }

    fn steady(&self) -> bool {
        true
    }
}

impl Dynamics<f64, 1, 1, 0, 1> for Adds {
    const GRADED: [bool; 1] = [true];

    fn step(&self, _at: At, [a]: [f64; 1], _: [f64; 0], [sigma]: &mut [f64; 1], _left: &mut u32) -> [f64; 1] {
        *sigma += a;
        [*sigma]
    }
}

impl Neuron for Sigma {
    const IN: &'static [(&'static str, Kind)] = &[("a_in", Kind::Activation)];
    const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Graded)];
    const VARS: &'static [&'static str] = &["sigma"];
    type Fixed = Population<Adds, i32, 1, 1, 0, 1>;
    type Float = Population<Adds, f64, 1, 1, 0, 1>;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn registers(&self, _setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
        let sigma = Column::of("sigma", vec![0; cut.len()], WORD);
        Ok(Population::new(Adds, &cut, [sigma], []))
    }

    fn reals(&self, _setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
        Ok(Population::new(Adds, &(0..length(&self.shape)), [Column::real_zero("sigma", length(&self.shape))], []))
    }
}
