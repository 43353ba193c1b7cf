//! Neurons that are scaled by a number which comes back one step later.
//!
//! ```text
//! s2_out[t] = a_in1[t]^2
//! s_out[t]  = a_in1[t-1] * a_in2[t]  if its magnitude is above vth, else 0
//! ```
//!
//! With [`inv_sqrt`](super::inv_sqrt) between `s2_out` and `a_in2` the vector is normalised. Products are 32-bit
//! words and wrap; that is noted. `exp` has no effect, as in Lava. Source: Lava 0.10
//! `lava/proc/graded/models.py` (`NormVecDelayModel`), whose description says two steps.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::membrane::one;
use super::population::{At, Column, Dynamics, Neuron, Population, STATE, WORD, word};
use crate::{Kind, ModelError, OverflowKind, PerNeuron, Sent, Setting, length};

/// Lava's `NormVecDelay`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NormVecDelay {
    /// Shape of the population.
    pub shape: Vec<usize>,
    /// Threshold of the magnitude.
    #[serde(default = "one")]
    pub vth: PerNeuron,
    /// Fixed-point base of the numbers; has no effect on them.
    #[serde(default)]
    pub exp: i32,
}

impl NormVecDelay {
    /// A vector of the given shape with threshold 1.
    pub fn new(shape: &[usize]) -> Self {
        NormVecDelay { shape: shape.to_vec(), vth: one(), exp: 0 }
    }
}

/// Squares now, multiplies later; the state is `[v, v2]`, the last and the last but one input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scaled;

impl Dynamics<i32, 2, 2, 1, 2> for Scaled {
    const GRADED: [bool; 2] = [true, true];

    fn step(&self, _at: At, [a, b]: [i32; 2], [vth]: [i32; 1], [v, v2]: &mut [i32; 2], left: &mut u32) -> [i32; 2] {
        *v2 = *v;
        *v = a;
        let square = word(i64::from(a) * i64::from(a), 1, left);
        let p = word(i64::from(*v2) * i64::from(b), 0, left);
        [if p.wrapping_abs() > vth { p } else { 0 }, square]
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &[("s_out", OverflowKind::Wrap), ("s2_out", OverflowKind::Wrap)]
    }

    fn steady(&self) -> bool {
        true
    }
}

impl Dynamics<f64, 2, 2, 1, 2> for Scaled {
    const GRADED: [bool; 2] = [true, true];

    fn step(&self, _at: At, [a, b]: [f64; 2], [vth]: [f64; 1], [v, v2]: &mut [f64; 2], _left: &mut u32) -> [f64; 2] {
        *v2 = *v;
        *v = a;
        let p = *v2 * b;
        [if p.abs() > vth { p } else { 0.0 }, a * a]
    }
}

impl Neuron for NormVecDelay {
    const IN: &'static [(&'static str, Kind)] = &[("a_in1", Kind::Activation), ("a_in2", Kind::Activation)];
    const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Graded), ("s2_out", Kind::Graded)];
    const VARS: &'static [&'static str] = &["v", "v2", "vth"];
    type Fixed = Population<Scaled, i32, 2, 2, 1, 2>;
    type Float = Population<Scaled, f64, 2, 2, 1, 2>;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn sent_by(port: usize) -> Sent {
        Sent::Spikes(port)
    }

    fn registers(&self, _setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
        let state = ["v", "v2"].map(|name| Column::of(name, vec![0; cut.len()], WORD));
        let vth = Column::registers("vth", &self.vth, length(&self.shape), &cut, STATE)?;
        Ok(Population::new(Scaled, &cut, state, [vth]))
    }

    fn reals(&self, _setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
        let n = length(&self.shape);
        let state = ["v", "v2"].map(|name| Column::real_zero(name, n));
        Ok(Population::new(Scaled, &(0..length(&self.shape)), state, [Column::reals("vth", &self.vth, n)?]))
    }
}
