//! Neurons that multiply their two inputs.
//!
//! `p = (a_in1 * a_in2) >> exp`, rounded down; `s_out = p` if `|p| > vth`, else 0. The product is a 32-bit word
//! and wraps; that is noted. Source: Lava 0.10 `lava/proc/prodneuron/models.py`.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::membrane::{one, zero};
use super::population::{At, Column, Dynamics, Neuron, Population, STATE, word};
use crate::{Kind, ModelError, OverflowKind, PerNeuron, Setting, lane, length};

/// Lava's `ProdNeuron`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProdNeuron {
    /// Shape of the population.
    pub shape: Vec<usize>,
    /// Threshold of the magnitude.
    #[serde(default = "one")]
    pub vth: PerNeuron,
    /// Fixed-point base: the product is divided by `2^exp`, `0..=31`.
    #[serde(default = "zero")]
    pub exp: PerNeuron,
}

impl ProdNeuron {
    /// Multipliers of the given shape with threshold 1 and base 0.
    pub fn new(shape: &[usize]) -> Self {
        ProdNeuron { shape: shape.to_vec(), vth: one(), exp: zero() }
    }
}

/// Multiplies and lets pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product;

impl Dynamics<i32, 2, 0, 2, 1> for Product {
    const GRADED: [bool; 1] = [true];

    fn step(&self, _at: At, [a, b]: [i32; 2], [vth, exp]: [i32; 2], _: &mut [i32; 0], left: &mut u32) -> [i32; 1] {
        let p = word(i64::from(a) * i64::from(b), 0, left) >> exp;
        [if p.wrapping_abs() > vth { p } else { 0 }]
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &[("v", OverflowKind::Wrap)]
    }

    fn steady(&self) -> bool {
        true
    }
}

impl Dynamics<f64, 2, 0, 2, 1> for Product {
    const GRADED: [bool; 1] = [true];

    fn step(&self, _at: At, [a, b]: [f64; 2], [vth, exp]: [f64; 2], _: &mut [f64; 0], _left: &mut u32) -> [f64; 1] {
        let p = a * b / exp.exp2();
        [if p.abs() > vth { p } else { 0.0 }]
    }
}

impl Neuron for ProdNeuron {
    const IN: &'static [(&'static str, Kind)] = &[("a_in1", Kind::Activation), ("a_in2", Kind::Activation)];
    const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Graded)];
    const VARS: &'static [&'static str] = &["vth", "exp"];
    type Fixed = Population<Product, i32, 2, 0, 2, 1>;
    type Float = Population<Product, f64, 2, 0, 2, 1>;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn registers(&self, _setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
        let n = length(&self.shape);
        let vth = Column::registers("vth", &self.vth, n, &cut, STATE)?;
        let exp = Column::registers("exp", &self.exp, n, &cut, 0..=31)?;
        Ok(Population::new(Product, &cut, [], [vth, exp]))
    }

    fn reals(&self, _setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
        let n = length(&self.shape);
        let exp = lane("exp", &self.exp, n, 0..=31)?.expand(n);
        let exp = Column::real("exp", exp.into_iter().map(f64::from).collect());
        Ok(Population::new(Product, &(0..length(&self.shape)), [], [Column::reals("vth", &self.vth, n)?, exp]))
    }
}
