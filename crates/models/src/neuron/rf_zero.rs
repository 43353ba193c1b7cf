//! Resonate-and-fire neuron that sends its amplitude when its phase crosses zero.
//!
//! ```text
//! lct = exp(-dt / decay_tau) cos(2 pi freqs dt) 2^15, toward zero;  lst likewise with the sine
//! u' = (u lct) >> 15 - (v lst) >> 15 + u_in
//! v' = (v lct) >> 15 + (u lst) >> 15 + v_in
//! s_out = u' if u' > uth and v' >= 0 and v < 0, else 0
//! ```
//!
//! Shifts round down. Products and sums are 32-bit words, so that a state of 65,536 or more can wrap; that is
//! noted. Source: Lava 0.10 `lava/proc/resfire/models.py`. Lava has no float form; the twin rotates exactly.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::membrane::one;
use super::population::{At, Column, Dynamics, Neuron, Population, STATE, WORD, word};
use crate::decay::Fractions;
use crate::{Kind, ModelError, OverflowKind, PerNeuron, Setting, length};

/// Lava's `RFZero`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RfZero {
    /// Shape of the population.
    pub shape: Vec<usize>,
    /// Frequency `[Hz]`.
    pub freqs: PerNeuron,
    /// Time constant of the decay `[s]`, positive.
    pub decay_tau: PerNeuron,
    /// Duration of a step `[s]`, positive.
    #[serde(default = "millisecond")]
    pub dt: f64,
    /// Threshold of the amplitude.
    #[serde(default = "one")]
    pub uth: PerNeuron,
}

fn millisecond() -> f64 {
    0.001
}

impl RfZero {
    /// Resonators of the given shape with steps of 1 ms and threshold 1.
    pub fn new(shape: &[usize], freqs: PerNeuron, decay_tau: PerNeuron) -> Self {
        RfZero { shape: shape.to_vec(), freqs, decay_tau, dt: millisecond(), uth: one() }
    }

    /// Exact damped cosine and sine of a step by neuron.
    fn rotation(&self) -> Result<[Vec<f64>; 2], ModelError> {
        let n = length(&self.shape);
        let (freqs, tau) = (self.freqs.values("freqs", n)?, self.decay_tau.values("decay_tau", n)?);
        if let Some(x) = tau.iter().find(|x| **x <= 0.0) {
            return Err(ModelError::range("decay_tau", x, "a positive number of seconds"));
        }
        if !(self.dt.is_finite() && self.dt > 0.0) {
            return Err(ModelError::range("dt", self.dt, "a positive number of seconds"));
        }
        let turn = |k: usize, f: fn(f64) -> f64| {
            (self.dt * (-1.0 / tau[k])).exp() * f(self.dt * freqs[k] * std::f64::consts::PI * 2.0)
        };
        Ok([(0..n).map(|k| turn(k, f64::cos)).collect(), (0..n).map(|k| turn(k, f64::sin)).collect()])
    }
}

/// The rotation and the crossing of phase zero.
#[derive(Debug)]
pub(crate) struct PhaseZero;

/// A 32-bit product, shifted down by the 15 fraction bits of the rotation.
#[inline(always)]
fn product(x: i32, k: i32, bit: u32, left: &mut u32) -> i64 {
    i64::from(word(i64::from(x) * i64::from(k), bit, left) >> 15)
}

impl Dynamics<i32, 2, 2, 3, 1> for PhaseZero {
    const GRADED: [bool; 1] = [true];

    fn step(
        &self,
        _at: At,
        [u_in, v_in]: [i32; 2],
        [uth, lct, lst]: [i32; 3],
        [u, v]: &mut [i32; 2],
        left: &mut u32,
    ) -> [i32; 1] {
        let u_sum = product(*u, lct, 0, left) - product(*v, lst, 0, left) + i64::from(u_in);
        let v_sum = product(*v, lct, 1, left) + product(*u, lst, 1, left) + i64::from(v_in);
        let before = *v;
        *u = word(u_sum, 0, left);
        *v = word(v_sum, 1, left);
        [if *u > uth && *v >= 0 && before < 0 { *u } else { 0 }]
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &[("u", OverflowKind::Wrap), ("v", OverflowKind::Wrap)]
    }

    fn steady(&self) -> bool {
        true
    }
}

impl Dynamics<f64, 2, 2, 3, 1> for PhaseZero {
    const GRADED: [bool; 1] = [true];

    fn step(
        &self,
        _at: At,
        [u_in, v_in]: [f64; 2],
        [uth, lct, lst]: [f64; 3],
        [u, v]: &mut [f64; 2],
        _left: &mut u32,
    ) -> [f64; 1] {
        let (u0, v0) = (*u, *v);
        *u = u0 * lct - v0 * lst + u_in;
        *v = v0 * lct + u0 * lst + v_in;
        [if *u > uth && *v >= 0.0 && v0 < 0.0 { *u } else { 0.0 }]
    }
}

impl Neuron for RfZero {
    const IN: &'static [(&'static str, Kind)] = &[("u_in", Kind::Activation), ("v_in", Kind::Activation)];
    const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Graded)];
    const VARS: &'static [&'static str] = &["u", "v", "uth", "lct", "lst"];
    type Fixed = Population<PhaseZero, i32, 2, 2, 3, 1>;
    type Float = Population<PhaseZero, f64, 2, 2, 3, 1>;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn fractions(&self) -> Result<Vec<Fractions>, ModelError> {
        let [lct, lst] = self.rotation()?;
        let tau = self.decay_tau.values("decay_tau", length(&self.shape))?;
        let given = tau.into_iter().map(|tau| 1.0 - (-self.dt / tau).exp()).collect();
        Ok(vec![Fractions::of_rotations("decay_tau", given, &[lst, lct], 15)])
    }

    fn registers(&self, _setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
        let state = ["u", "v"].map(|name| Column::of(name, vec![0; cut.len()], WORD));
        let [lct, lst] = self.rotation()?.map(|all| {
            let registers: Vec<i32> = all[cut.clone()].iter().map(|x| (x * 32_768.0) as i32).collect();
            registers
        });
        let parameters = [
            Column::registers("uth", &self.uth, length(&self.shape), &cut, STATE)?,
            Column::of("lct", lct, -32_768..=32_768),
            Column::of("lst", lst, -32_768..=32_768),
        ];
        Ok(Population::new(PhaseZero, &cut, state, parameters))
    }

    fn reals(&self, _setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
        let n = length(&self.shape);
        let state = ["u", "v"].map(|name| Column::real_zero(name, n));
        let [lct, lst] = self.rotation()?;
        let parameters = [Column::reals("uth", &self.uth, n)?, Column::real("lct", lct), Column::real("lst", lst)];
        Ok(Population::new(PhaseZero, &(0..length(&self.shape)), state, parameters))
    }
}
