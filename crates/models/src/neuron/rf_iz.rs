//! Resonate-and-fire neuron with Izhikevich's reset.
//!
//! The rotation is that of [`rf`]; it fires if `imag' >= vth << state_exp`, and then
//! `real = 0` and `imag` stops just below the threshold: by one LSB in registers, by `1e-5` in reals.
//!
//! Source: Lava 0.10 `lava/proc/rf_iz/models.py`; Izhikevich, Neural Networks 14, 2001.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::membrane::one;
use super::population::{At, Column, Dynamics, Neuron, Population, WORD};
use super::rf::{self, NOTED, RealTurn, Resonator, Turn};
use crate::decay::Fractions;
use crate::{Kind, ModelError, OverflowKind, PerNeuron, Setting, length};

/// Lava's `RF_IZ`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RfIz {
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

impl RfIz {
    /// Resonators of the given shape with threshold 1 and Lava's lack of scaling.
    pub fn new(shape: &[usize], period: PerNeuron, alpha: PerNeuron) -> Self {
        RfIz { shape: shape.to_vec(), period, alpha, state_exp: 0, decay_bits: 0, vth: one() }
    }

    fn resonator(&self) -> Resonator<'_> {
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

/// Fires where the imaginary part reaches the threshold.
#[derive(Debug)]
pub(crate) struct Reaching<T>(T);

impl Dynamics<i32, 2, 2, 3, 1> for Reaching<Turn> {
    const GRADED: [bool; 1] = [false];

    fn step(
        &self,
        _at: At,
        input: [i32; 2],
        [vth, sin, cos]: [i32; 3],
        state: &mut [i32; 2],
        left: &mut u32,
    ) -> [i32; 1] {
        *state = self.0.turn(*state, input, [sin, cos], left);
        let fire = state[1] >= vth;
        if fire {
            *state = [0, vth - 1];
        }
        [i32::from(fire)]
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &NOTED
    }

    fn steady(&self) -> bool {
        true
    }
}

impl Dynamics<f64, 2, 2, 3, 1> for Reaching<RealTurn> {
    const GRADED: [bool; 1] = [false];

    fn step(
        &self,
        _at: At,
        input: [f64; 2],
        [vth, sin, cos]: [f64; 3],
        state: &mut [f64; 2],
        _left: &mut u32,
    ) -> [f64; 1] {
        *state = self.0.turn(*state, input, [sin, cos]);
        let fire = state[1] >= vth;
        if fire {
            *state = [0.0, vth - 1e-5];
        }
        [f64::from(u8::from(fire))]
    }
}

impl Neuron for RfIz {
    const IN: &'static [(&'static str, Kind)] = rf::IN;
    const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Spike)];
    const VARS: &'static [&'static str] = rf::VARS;
    type Fixed = Population<Reaching<Turn>, i32, 2, 2, 3, 1>;
    type Float = Population<Reaching<RealTurn>, f64, 2, 2, 3, 1>;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn fractions(&self) -> Result<Vec<Fractions>, ModelError> {
        self.resonator().fractions()
    }

    fn registers(&self, _setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
        let (turn, parameters) = self.resonator().registers(&cut)?;
        let state = ["real", "imag"].map(|name| Column::of(name, vec![0; cut.len()], WORD));
        Ok(Population::new(Reaching(turn), &cut, state, parameters))
    }

    fn reals(&self, _setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
        let (turn, parameters) = self.resonator().reals()?;
        let state = ["real", "imag"].map(|name| Column::real_zero(name, length(&self.shape)));
        Ok(Population::new(Reaching(turn), &(0..length(&self.shape)), state, parameters))
    }
}
