//! LIF neuron with everything a Loihi 1 compartment has: noise, voltage limits and a refractory period.
//!
//! ```text
//! q    = input register(sum of weights << align, + noise if it enters at the current)
//! u[t] = current register(decay(u[t-1], du) + q)
//! w    = bias register(u[t] + bias, + noise if it enters at the membrane)
//! v[t] = clamp(decay(v[t-1], dv) + w, vmin, vmax), held while refractory
//! spike if v[t] > vth, then v[t] = 0
//! noise = (draw + 64 noise_offset) * 2^(noise_exp - 7), toward zero; draw uniform in -127..=127
//! ```
//!
//! Bias and threshold are given in state units, as a compartment holds them, not as mantissas.
//! Source: nengo-loihi 1.1 `emulator/interface.py`; limits from its `builder/discretize.py`. The chip draws
//! from a shift register that is not public; here draws are uniform and keyed by neuron and step, or recorded.

mod bank;
pub mod discretize;

use std::ops::Range;

use pumice_num::{Purpose, draw, draw_below};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lif_refractory::Dead;
use super::membrane::{BIAS, Membrane, RealMembrane, no_decay, one, zero};
use super::population::{At, Column, Dynamics, Neuron, Population, STATE};
use crate::{Bank, Decay, Kind, Lane, Matrix, ModelError, OverflowKind, PerNeuron, Setting, integer, lane, length};

/// A current-based LIF compartment of Loihi 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CubaLif {
    /// Shape of the population.
    pub shape: Vec<usize>,
    /// Initial current `[state LSB]`.
    #[serde(default = "zero")]
    pub u: PerNeuron,
    /// Initial voltage `[state LSB]`.
    #[serde(default = "zero")]
    pub v: PerNeuron,
    /// Decay of the current.
    #[serde(default = "no_decay")]
    pub du: Decay,
    /// Decay of the voltage.
    #[serde(default = "no_decay")]
    pub dv: Decay,
    /// Bias `[state LSB]`, `-524288..=524160`.
    #[serde(default = "zero")]
    pub bias: PerNeuron,
    /// Threshold `[state LSB]`, `0..=8388607`.
    pub vth: PerNeuron,
    /// Refractory period `[steps]`, at least 1; the arithmetic says what it does and how long it may be.
    #[serde(default = "one")]
    pub refractory_period: PerNeuron,
    /// Lowest voltage `[state LSB]`, `-2147483647..=0`; the arithmetic's if absent. The chip's register holds an exponent
    /// of 5 bits, so that it can be below what a voltage of 24 bits reaches; voltages then go down to it, as in nengo-loihi.
    #[serde(default)]
    pub vmin: Option<PerNeuron>,
    /// Highest voltage `[state LSB]`, `0..=8388607`; the arithmetic's if absent.
    #[serde(default)]
    pub vmax: Option<PerNeuron>,
    /// Which neurons are noisy: 1 or 0.
    #[serde(default = "zero")]
    pub enable_noise: PerNeuron,
    /// Exponent of the noise, `0..=23`.
    #[serde(default)]
    pub noise_exp: i32,
    /// Mean of the noise in units of 64 draws, `-64..=63`.
    #[serde(default)]
    pub noise_offset: i32,
    /// Whether noise enters at the membrane instead of the current.
    #[serde(default)]
    pub noise_at_membrane: bool,
    /// Recorded draws, one row of integers in `-127..=127` per step; later steps draw from the seed.
    #[serde(default)]
    pub noise_draws: Option<Matrix>,
}

impl CubaLif {
    /// A population of the given shape and threshold without decay, bias or noise.
    pub fn new(shape: &[usize], vth: PerNeuron) -> Self {
        CubaLif {
            shape: shape.to_vec(),
            u: zero(),
            v: zero(),
            du: no_decay(),
            dv: no_decay(),
            bias: zero(),
            vth,
            refractory_period: one(),
            vmin: None,
            vmax: None,
            enable_noise: zero(),
            noise_exp: 0,
            noise_offset: 0,
            noise_at_membrane: false,
            noise_draws: None,
        }
    }

    fn noise(&self, setting: &Setting<'_>, cut: &Range<usize>) -> Result<Noise, ModelError> {
        let n = length(&self.shape);
        let mut recorded = Vec::new();
        if let Some(draws) = &self.noise_draws
            && draws.shape("noise_draws")?[1] != n
        {
            return Err(ModelError::shape("noise_draws", &draws.shape("noise_draws")?, &[draws.0.len(), n]));
        }
        for (t, row) in self.noise_draws.iter().flat_map(|m| &m.0).enumerate() {
            let row = PerNeuron::Each(row.clone());
            recorded.push(lane(&format!("noise_draws[{t}]"), &row, n, -127..=127)?.expand(n));
        }
        Ok(Noise {
            enabled: lane("enable_noise", &self.enable_noise, n, 0..=1)?.slice(cut.clone()),
            exponent: integer("noise_exp", f64::from(self.noise_exp), 0..=23)? - 7,
            offset: 64 * integer("noise_offset", f64::from(self.noise_offset), -64..=63)?,
            at_membrane: self.noise_at_membrane,
            recorded,
            seed: setting.seed,
            place: setting.place,
        })
    }

    fn limits(&self, setting: &Setting<'_>) -> Result<[Lane; 2], ModelError> {
        let (n, a) = (length(&self.shape), setting.arithmetic);
        let limit = |field, given: &Option<PerNeuron>, range, absent| match given {
            Some(values) => lane(field, values, n, range),
            None => Ok(Lane::All(absent)),
        };
        let (low, high) =
            (limit("vmin", &self.vmin, -i32::MAX..=0, a.v_min)?, limit("vmax", &self.vmax, 0..=8_388_607, a.v_max)?);
        let limits = [low, high];
        ordered((0..n).map(|i| (f64::from(limits[0].at(i)), f64::from(limits[1].at(i)))))?;
        Ok(limits)
    }
}

/// Checks that no lowest voltage is above its highest.
fn ordered(mut limits: impl Iterator<Item = (f64, f64)>) -> Result<(), ModelError> {
    match limits.find(|(low, high)| low > high) {
        Some((low, high)) => Err(ModelError::range("vmin", low, format!("at most vmax, here {high}"))),
        None => Ok(()),
    }
}

/// Where noise comes from and what it is scaled by.
#[derive(Debug)]
struct Noise {
    enabled: Lane,
    /// Power of two of the draw.
    exponent: i32,
    offset: i32,
    at_membrane: bool,
    recorded: Vec<Vec<i32>>,
    seed: u64,
    place: u32,
}

impl Noise {
    /// The draw of a neuron in a step with its offset, or 0 for a quiet neuron.
    fn draw(&self, at: At) -> i32 {
        if self.enabled.at(at.local) == 0 {
            return 0;
        }
        let recorded = self.recorded.get(at.step as usize - 1);
        let x = recorded.map_or_else(
            || {
                let words = draw(self.seed, Purpose::NOISE, self.place, at.index, at.step);
                draw_below(words[0], 255) as i32 - 127
            },
            |row| row[at.index as usize],
        );
        x + self.offset
    }

    fn register(&self, at: At) -> i32 {
        let x = self.draw(at);
        match self.exponent < 0 {
            true => pumice_num::toward_zero(x, -self.exponent as u32),
            false => x << self.exponent,
        }
    }

    fn real(&self, at: At) -> f64 {
        match self.draw(at) {
            0 => 0.0,
            x => f64::from(x) * f64::from(self.exponent).exp2(),
        }
    }
}

/// A compartment: membrane, rest and noise.
#[derive(Debug)]
pub(crate) struct Compartment<M, N> {
    membrane: M,
    dead: Dead,
    noise: Noise,
    /// Lowest and highest voltage by neuron; unbounded in reals unless the person gave them.
    limits: [Vec<N>; 2],
}

impl<M, N> Compartment<M, N> {
    fn split(&self, noise: i32) -> (i32, i32) {
        if self.noise.at_membrane { (0, noise) } else { (noise, 0) }
    }
}

impl Dynamics<i32, 1, 3, 3, 1> for Compartment<Membrane, i32> {
    const GRADED: [bool; 1] = [false];

    fn step(
        &self,
        at: At,
        [input]: [i32; 1],
        [vth, period, bias]: [i32; 3],
        [u, v, remaining]: &mut [i32; 3],
        left: &mut u32,
    ) -> [i32; 1] {
        let (membrane, i) = (&self.membrane, at.local);
        let (at_current, at_membrane) = self.split(self.noise.register(at));
        *u = membrane.current(i, *u, input, at_current, left);
        let sum = membrane.voltage(i, *v, *u, [bias, at_membrane], left);
        let clamped = membrane.within(sum, self.limits[0][i], self.limits[1][i], left);
        *v = self.dead.held(*remaining, *v, clamped);
        let fire = membrane.fires(*v, vth);
        *remaining = self.dead.next(fire, period, *remaining);
        if fire {
            *v = 0;
        }
        [i32::from(fire)]
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &self.membrane.noted
    }

    fn driven(&self, local: usize, [_, _, bias]: [i32; 3]) -> bool {
        bias != 0 || self.noise.enabled.at(local) != 0
    }

    fn draws(&self, local: usize) -> u64 {
        u64::from(self.noise.enabled.at(local) != 0)
    }
}

impl Dynamics<f64, 1, 3, 3, 1> for Compartment<RealMembrane, f64> {
    const GRADED: [bool; 1] = [false];

    fn step(
        &self,
        at: At,
        [input]: [f64; 1],
        [vth, period, bias]: [f64; 3],
        [u, v, remaining]: &mut [f64; 3],
        _left: &mut u32,
    ) -> [f64; 1] {
        let (membrane, i, noise) = (&self.membrane, at.local, self.noise.real(at));
        *u = membrane.current(i, *u, input);
        let drive = match self.noise.at_membrane {
            true => bias + noise,
            false => {
                *u += noise;
                bias
            }
        };
        let sum = membrane.voltage(i, *v, *u, drive);
        *v = self.dead.held(*remaining, *v, sum.clamp(self.limits[0][i], self.limits[1][i]));
        let fire = membrane.fires(*v, vth);
        *remaining = self.dead.next(fire, period, *remaining);
        if fire {
            *v = 0.0;
        }
        [f64::from(u8::from(fire))]
    }
}

impl Neuron for CubaLif {
    const IN: &'static [(&'static str, Kind)] = &[("a_in", Kind::Activation)];
    const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Spike)];
    const VARS: &'static [&'static str] = &["u", "v", "refractory", "vth", "refractory_period", "bias"];
    type Fixed = Population<Compartment<Membrane, i32>, i32, 1, 3, 3, 1>;
    type Float = Population<Compartment<RealMembrane, f64>, f64, 1, 3, 3, 1>;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn decays(&self) -> Vec<(&'static str, &crate::Decay)> {
        vec![("du", &self.du), ("dv", &self.dv)]
    }

    fn registers(&self, setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
        let (n, a) = (length(&self.shape), setting.arithmetic);
        let longest = a.refractory_max as i32;
        let state = [
            Column::registers("u", &self.u, n, &cut, super::lif::current_range(a.current))?,
            Column::registers("v", &self.v, n, &cut, STATE)?,
            Column::of("refractory", vec![0; cut.len()], 0..=longest),
        ];
        let period = &self.refractory_period;
        let parameters = [
            Column::registers("vth", &self.vth, n, &cut, 0..=8_388_607)?,
            Column::registers("refractory_period", period, n, &cut, 1..=longest)?,
            Column::registers("bias", &self.bias, n, &cut, BIAS)?,
        ];
        let compartment = Compartment {
            membrane: Membrane::new(a, &self.du, &self.dv, n, &cut)?,
            dead: Dead(a.refractory),
            noise: self.noise(setting, &cut)?,
            limits: self.limits(setting)?.map(|lane| lane.slice(cut.clone()).expand(cut.len())),
        };
        Ok(Population::new(compartment, &cut, state, parameters))
    }

    fn vectors(&self, setting: &Setting<'_>, cut: Range<usize>) -> Result<Option<Box<dyn Bank>>, ModelError> {
        Ok(self.quiet(setting, &cut)?.map(|bank| Box::new(bank) as Box<dyn Bank>))
    }

    fn reals(&self, setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
        let (n, a) = (length(&self.shape), setting.arithmetic);
        let state =
            [Column::reals("u", &self.u, n)?, Column::reals("v", &self.v, n)?, Column::real_zero("refractory", n)];
        let period = lane("refractory_period", &self.refractory_period, n, 1..=i32::MAX)?;
        let period = period.expand(n).into_iter().map(f64::from).collect();
        let parameters = [
            Column::reals("vth", &self.vth, n)?,
            Column::real("refractory_period", period),
            Column::reals("bias", &self.bias, n)?,
        ];
        let limit = |field, given: &Option<PerNeuron>, absent| match given {
            Some(values) => values.values(field, n),
            None => Ok(vec![absent; n]),
        };
        let limits = [limit("vmin", &self.vmin, f64::NEG_INFINITY)?, limit("vmax", &self.vmax, f64::INFINITY)?];
        ordered(limits[0].iter().copied().zip(limits[1].iter().copied()))?;
        let compartment = Compartment {
            membrane: RealMembrane::new(a, &self.du, &self.dv, n)?,
            dead: Dead(a.refractory),
            noise: self.noise(setting, &(0..n))?,
            limits,
        };
        Ok(Population::new(compartment, &(0..length(&self.shape)), state, parameters))
    }
}

#[cfg(test)]
mod tests;
