//! Resonate-and-fire neuron: a damped rotation in the plane that fires when it crosses the real axis.
//!
//! ```text
//! cos_decay = (1 - alpha) cos(2 pi / period) 2^decay_bits, toward zero;  sin_decay likewise
//! real' = (cos_decay real) >> decay_bits - (sin_decay imag) >> decay_bits + a_real_in << state_exp
//! imag' = (sin_decay real) >> decay_bits + (cos_decay imag) >> decay_bits + a_imag_in << state_exp
//! spike if real' >= vth << state_exp and imag' >= 0 and imag < 0
//! ```
//!
//! Shifts of products round toward zero; both states saturate at `±(2^23 - 1)`.
//! Source: Lava 0.10 `lava/proc/rf/models.py`; Izhikevich, Neural Networks 14, 2001. The float twin holds the
//! same scaled states and rotates by the exact angle; with `state_exp` 0 it is Lava's float model.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::membrane::one;
use super::population::{At, Column, Dynamics, Neuron, Population, STATE, WORD, stop, word};
use crate::decay::Fractions;
use crate::{Kind, ModelError, OverflowKind, PerNeuron, Setting, integer, length};

/// Lava's `RF`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rf {
    /// Shape of the population.
    pub shape: Vec<usize>,
    /// Period of the rotation `[steps]`, positive.
    pub period: PerNeuron,
    /// Fraction of the amplitude lost per step, `0..=1`.
    pub alpha: PerNeuron,
    /// Power of two of the state against the input, `0..=15`.
    #[serde(default)]
    pub state_exp: i32,
    /// Fraction bits of the rotation, `1..=24`; only the float form accepts 0.
    #[serde(default)]
    pub decay_bits: i32,
    /// Threshold in units of the input.
    #[serde(default = "one")]
    pub vth: PerNeuron,
}

impl Rf {
    /// Resonators of the given shape with threshold 1 and Lava's lack of scaling.
    pub fn new(shape: &[usize], period: PerNeuron, alpha: PerNeuron) -> Self {
        Rf { shape: shape.to_vec(), period, alpha, state_exp: 0, decay_bits: 0, vth: one() }
    }

    pub(crate) fn resonator(&self) -> Resonator<'_> {
        Resonator {
            n: length(&self.shape),
            period: &self.period,
            alpha: &self.alpha,
            state_exp: self.state_exp,
            decay_bits: self.decay_bits,
            vth: &self.vth,
        }
    }
}

/// The parameters that resonators share, as a person gave them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resonator<'a> {
    pub(crate) n: usize,
    pub(crate) period: &'a PerNeuron,
    pub(crate) alpha: &'a PerNeuron,
    pub(crate) state_exp: i32,
    pub(crate) decay_bits: i32,
    pub(crate) vth: &'a PerNeuron,
}

impl Resonator<'_> {
    /// Exact sine and cosine of the damped rotation by neuron.
    fn rotation(&self) -> Result<[Vec<f64>; 2], ModelError> {
        let (period, alpha) = (self.period.values("period", self.n)?, self.alpha.values("alpha", self.n)?);
        if let Some(x) = period.iter().find(|x| **x <= 0.0) {
            return Err(ModelError::range("period", x, "a positive number of steps"));
        }
        if let Some(x) = alpha.iter().find(|x| !(0.0..=1.0).contains(*x)) {
            return Err(ModelError::range("alpha", x, "a fraction in 0..=1"));
        }
        let angle = |k: usize| std::f64::consts::TAU / period[k];
        Ok([
            (0..self.n).map(|k| (1.0 - alpha[k]) * angle(k).sin()).collect(),
            (0..self.n).map(|k| (1.0 - alpha[k]) * angle(k).cos()).collect(),
        ])
    }

    /// What the registers make of `alpha`.
    pub(crate) fn fractions(&self) -> Result<Vec<Fractions>, ModelError> {
        let (given, rotation) = (self.alpha.values("alpha", self.n)?, self.rotation()?);
        let held = || Fractions::of_rotations("alpha", given, &rotation, self.decay_bits);
        Ok((self.decay_bits > 0).then(held).into_iter().collect())
    }

    fn state_exp(&self) -> Result<i32, ModelError> {
        integer("state_exp", f64::from(self.state_exp), 0..=15)
    }

    /// The rule and the columns `vth`, `sin_decay`, `cos_decay` in registers.
    pub(crate) fn registers(&self, cut: &Range<usize>) -> Result<(Turn, [Column<i32>; 3]), ModelError> {
        let state_exp = self.state_exp()?;
        let bits = integer("decay_bits", f64::from(self.decay_bits), 1..=24)?;
        // Lava converts the scaled threshold as C does, toward zero.
        let vth = self.vth.values("vth", self.n)?.into_iter().map(|x| (x * f64::from(state_exp).exp2()).trunc());
        let vth = PerNeuron::Each(vth.collect());
        let [sin, cos] = self.rotation()?.map(|all| {
            let registers: Vec<i32> = all.iter().map(|x| (x * f64::from(bits).exp2()) as i32).collect();
            registers[cut.clone()].to_vec()
        });
        let unit = 1 << bits;
        let columns = [
            Column::registers("vth", &vth, self.n, cut, STATE)?,
            Column::of("sin_decay", sin, -unit..=unit),
            Column::of("cos_decay", cos, -unit..=unit),
        ];
        Ok((Turn { state_exp: state_exp as u32, bits: bits as u32 }, columns))
    }

    /// The same in reals.
    pub(crate) fn reals(&self) -> Result<(RealTurn, [Column<f64>; 3]), ModelError> {
        let scale = f64::from(self.state_exp()?).exp2();
        let vth = self.vth.values("vth", self.n)?.into_iter().map(|x| x * scale).collect();
        let [sin, cos] = self.rotation()?;
        let columns = [Column::real("vth", vth), Column::real("sin_decay", sin), Column::real("cos_decay", cos)];
        Ok((RealTurn { scale }, columns))
    }
}

/// The saturation of both states.
const END: (i64, i64) = (-(1 << 23) + 1, (1 << 23) - 1);

/// One step of the rotation in registers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    state_exp: u32,
    bits: u32,
}

impl Turn {
    /// The rotated, driven and saturated state.
    #[inline(always)]
    pub(crate) fn turn(self, [re, im]: [i32; 2], input: [i32; 2], [sin, cos]: [i32; 2], left: &mut u32) -> [i32; 2] {
        let product = |x: i32, k: i32| {
            let exact = i64::from(x) * i64::from(k);
            exact.signum() * (exact.abs() >> self.bits)
        };
        let drive_re = i64::from(word(i64::from(input[0]) << self.state_exp, 2, left));
        let drive_im = i64::from(word(i64::from(input[1]) << self.state_exp, 3, left));
        [
            stop(product(re, cos) - product(im, sin) + drive_re, END, 0, left),
            stop(product(re, sin) + product(im, cos) + drive_im, END, 1, left),
        ]
    }
}

/// What overflows in a resonator, by bit.
pub(crate) const NOTED: [(&str, OverflowKind); 4] = [
    ("real", OverflowKind::Saturate),
    ("imag", OverflowKind::Saturate),
    ("a_real_in", OverflowKind::Wrap),
    ("a_imag_in", OverflowKind::Wrap),
];

/// One step of the rotation in reals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RealTurn {
    scale: f64,
}

impl RealTurn {
    pub(crate) fn turn(self, [re, im]: [f64; 2], input: [f64; 2], [sin, cos]: [f64; 2]) -> [f64; 2] {
        [cos * re - sin * im + input[0] * self.scale, sin * re + cos * im + input[1] * self.scale]
    }
}

/// Fires where the rotation crosses the real axis beyond the threshold.
#[derive(Debug)]
pub(crate) struct Crossing<T>(T);

impl Dynamics<i32, 2, 2, 3, 1> for Crossing<Turn> {
    const GRADED: [bool; 1] = [false];

    fn step(
        &self,
        _at: At,
        input: [i32; 2],
        [vth, sin, cos]: [i32; 3],
        state: &mut [i32; 2],
        left: &mut u32,
    ) -> [i32; 1] {
        let before = state[1];
        *state = self.0.turn(*state, input, [sin, cos], left);
        [i32::from(state[0] >= vth && state[1] >= 0 && before < 0)]
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &NOTED
    }

    fn steady(&self) -> bool {
        true
    }
}

impl Dynamics<f64, 2, 2, 3, 1> for Crossing<RealTurn> {
    const GRADED: [bool; 1] = [false];

    fn step(
        &self,
        _at: At,
        input: [f64; 2],
        [vth, sin, cos]: [f64; 3],
        state: &mut [f64; 2],
        _left: &mut u32,
    ) -> [f64; 1] {
        let before = state[1];
        *state = self.0.turn(*state, input, [sin, cos]);
        [f64::from(u8::from(state[0] >= vth && state[1] >= 0.0 && before < 0.0))]
    }
}

/// The ports of a resonator.
pub(crate) const IN: &[(&str, Kind)] = &[("a_real_in", Kind::Activation), ("a_imag_in", Kind::Activation)];

/// The variables of a resonator.
pub(crate) const VARS: &[&str] = &["real", "imag", "vth", "sin_decay", "cos_decay"];

impl Neuron for Rf {
    const IN: &'static [(&'static str, Kind)] = IN;
    const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Spike)];
    const VARS: &'static [&'static str] = VARS;
    type Fixed = Population<Crossing<Turn>, i32, 2, 2, 3, 1>;
    type Float = Population<Crossing<RealTurn>, f64, 2, 2, 3, 1>;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn fractions(&self) -> Result<Vec<Fractions>, ModelError> {
        self.resonator().fractions()
    }

    fn registers(&self, _setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
        let (turn, parameters) = self.resonator().registers(&cut)?;
        let state = ["real", "imag"].map(|name| Column::of(name, vec![0; cut.len()], WORD));
        Ok(Population::new(Crossing(turn), &cut, state, parameters))
    }

    fn reals(&self, _setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
        let (turn, parameters) = self.resonator().reals()?;
        let state = ["real", "imag"].map(|name| Column::real_zero(name, length(&self.shape)));
        Ok(Population::new(Crossing(turn), &(0..length(&self.shape)), state, parameters))
    }
}

#[cfg(test)]
mod tests;
