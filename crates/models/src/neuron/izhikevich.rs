//! Izhikevich's neuron.
//!
//! ```text
//! v' = 0.04 v^2 + 5 v + 140 - u + I      u' = a (b v - u)      I = a_in 2^input_exp
//! if v >= v_peak: spike, v = c, u = u + d
//! ```
//!
//! in mV and ms; `v` and `u` are solved by the midpoint rule, and tested after the step. Variables read in
//! register units of `2^-fraction_bits` in both forms. In registers `0.04 v^2` is `v^2 / 25`, exactly.
//!
//! Sources: Izhikevich, IEEE Trans. Neural Networks 14(6), 2003; fixed-point form after Hopkins & Furber, Neural
//! Computation 27(10), 2015 (see [`ode`](super::ode)).

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ode::{Format, Rounding, UNIT, input_exponent, rate, step_size};
use super::population::{At, Column, Dynamics, Neuron, Population, WORD};
use crate::{Kind, ModelError, OverflowKind, PerNeuron, Setting, length};

/// A population of Izhikevich neurons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Izhikevich {
    /// Shape of the population.
    pub shape: Vec<usize>,
    /// Rate of the recovery `[1/ms]`.
    #[serde(default = "default_a")]
    pub a: PerNeuron,
    /// Sensitivity of the recovery to `v`.
    #[serde(default = "default_b")]
    pub b: PerNeuron,
    /// Voltage after a spike `[mV]`.
    #[serde(default = "default_c")]
    pub c: PerNeuron,
    /// What a spike adds to the recovery `[mV/ms]`.
    #[serde(default = "default_d")]
    pub d: PerNeuron,
    /// Initial voltage `[mV]`.
    #[serde(default = "default_v")]
    pub v: PerNeuron,
    /// Initial recovery `[mV/ms]`.
    #[serde(default = "default_u")]
    pub u: PerNeuron,
    /// Voltage of a spike `[mV]`.
    #[serde(default = "default_peak")]
    pub v_peak: PerNeuron,
    /// Duration of a step `[ms]`, above 0 and at most 1.
    #[serde(default = "one")]
    pub dt: f64,
    /// Power of two that turns the input into a current, `-15..=15`.
    #[serde(default)]
    pub input_exp: i32,
    /// Fraction bits of the state, `8..=20`.
    #[serde(default = "fifteen")]
    pub fraction_bits: i32,
    /// How registers are rounded.
    #[serde(default)]
    pub rounding: Rounding,
}

fn default_a() -> PerNeuron {
    0.02.into()
}

fn default_b() -> PerNeuron {
    0.2.into()
}

fn default_c() -> PerNeuron {
    (-65.0).into()
}

fn default_d() -> PerNeuron {
    8.0.into()
}

fn default_v() -> PerNeuron {
    (-65.0).into()
}

fn default_u() -> PerNeuron {
    (-13.0).into()
}

fn default_peak() -> PerNeuron {
    30.0.into()
}

fn one() -> f64 {
    1.0
}

pub(crate) fn fifteen() -> i32 {
    15
}

impl Izhikevich {
    /// Regular spiking neurons of the given shape, with steps of 1 ms and 15 fraction bits.
    pub fn new(shape: &[usize]) -> Self {
        Izhikevich {
            shape: shape.to_vec(),
            a: default_a(),
            b: default_b(),
            c: default_c(),
            d: default_d(),
            v: default_v(),
            u: default_u(),
            v_peak: default_peak(),
            dt: one(),
            input_exp: 0,
            fraction_bits: fifteen(),
            rounding: Rounding::default(),
        }
    }
}

/// The constants of one neuron in registers.
#[derive(Clone, Copy, Debug)]
struct Constants {
    a: i64,
    b: i64,
    c: i32,
    d: i32,
    peak: i32,
}

/// The equations in registers.
#[derive(Debug)]
pub(crate) struct Equations {
    format: Format,
    input_shift: u32,
    dt: i64,
    neurons: Vec<Constants>,
}

impl Equations {
    /// `x + h x'` of both variables, from the first point with the slope at the second; not yet limited to a register.
    #[inline(always)]
    fn advance(&self, k: &Constants, [from, at]: [[i32; 2]; 2], drive: i128, h: i64, words: [u32; 2]) -> [i64; 2] {
        let [v, u] = at.map(i128::from);
        let (bits, h) = (self.format.bits, i128::from(h));
        let linear = 5 * v + (140i128 << bits) - u;
        let slope_v = v * v / 25 + (linear << bits) + drive;
        let slope_u = i128::from(k.a) * (i128::from(k.b) * v - (u << UNIT));
        let v = (i128::from(from[0]) << (bits + UNIT)) + slope_v * h;
        let u = (i128::from(from[1]) << (3 * UNIT)) + slope_u * h;
        [self.format.round(v, bits + UNIT, words[0]), self.format.round(u, 3 * UNIT, words[1])]
    }
}

impl Dynamics<i32, 1, 2, 0, 1> for Equations {
    const GRADED: [bool; 1] = [false];

    fn step(&self, at: At, [input]: [i32; 1], _: [i32; 0], state: &mut [i32; 2], left: &mut u32) -> [i32; 1] {
        let (k, [w0, w1, w2, w3]) = (&self.neurons[at.local], self.format.words(at));
        let drive = i128::from(input) << self.input_shift;
        let [v, u] = self.advance(k, [*state, *state], drive, self.dt / 2, [w0, w1]);
        let middle = [Format::hold(v, 0, left), Format::hold(u, 1, left)];
        let [v, u] = self.advance(k, [*state, middle], drive, self.dt, [w2, w3]);
        let fire = v >= i64::from(k.peak);
        *state = match fire {
            true => [k.c, Format::hold(u + i64::from(k.d), 1, left)],
            false => [Format::hold(v, 0, left), Format::hold(u, 1, left)],
        };
        [i32::from(fire)]
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &[("v", OverflowKind::Saturate), ("u", OverflowKind::Saturate)]
    }

    fn draws(&self, _local: usize) -> u64 {
        self.format.draws()
    }

    fn steady(&self) -> bool {
        self.format.draws() == 0
    }
}

/// The constants of one neuron.
#[derive(Clone, Copy, Debug)]
struct RealConstants {
    a: f64,
    b: f64,
    c: f64,
    d: f64,
    peak: f64,
}

/// The equations in reals.
#[derive(Debug)]
pub(crate) struct RealEquations {
    scale: f64,
    input_scale: f64,
    dt: f64,
    neurons: Vec<RealConstants>,
}

impl Dynamics<f64, 1, 2, 0, 1> for RealEquations {
    const GRADED: [bool; 1] = [false];

    fn step(&self, at: At, [input]: [f64; 1], _: [f64; 0], state: &mut [f64; 2], _left: &mut u32) -> [f64; 1] {
        let k = self.neurons[at.local];
        let (v, u) = (state[0] / self.scale, state[1] / self.scale);
        let current = input * self.input_scale;
        let slope_v = |v: f64, u: f64| 0.04 * v * v + 5.0 * v + 140.0 - u + current;
        let slope_u = |v: f64, u: f64| k.a * (k.b * v - u);
        let half = self.dt / 2.0;
        let (vm, um) = (v + half * slope_v(v, u), u + half * slope_u(v, u));
        let (v, u) = (v + self.dt * slope_v(vm, um), u + self.dt * slope_u(vm, um));
        let fire = v >= k.peak;
        let (v, u) = if fire { (k.c, u + k.d) } else { (v, u) };
        *state = [v * self.scale, u * self.scale];
        [f64::from(u8::from(fire))]
    }
}

impl Neuron for Izhikevich {
    const IN: &'static [(&'static str, Kind)] = &[("a_in", Kind::Activation)];
    const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Spike)];
    const VARS: &'static [&'static str] = &["v", "u"];
    type Fixed = Population<Equations, i32, 1, 2, 0, 1>;
    type Float = Population<RealEquations, f64, 1, 2, 0, 1>;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn registers(&self, setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
        let n = length(&self.shape);
        let format = Format::new(self.fraction_bits, self.rounding, setting)?;
        let (a, b) = (self.a.values("a", n)?, self.b.values("b", n)?);
        let of = |field, values| format.registers(field, values, n);
        let (c, d, peak) = (of("c", &self.c)?, of("d", &self.d)?, of("v_peak", &self.v_peak)?);
        let constants =
            |i: usize| Ok(Constants { a: rate("a", a[i])?, b: rate("b", b[i])?, c: c[i], d: d[i], peak: peak[i] });
        let equations = Equations {
            format,
            input_shift: format.input_shift(self.input_exp)?,
            dt: rate("dt", step_size(self.dt)?)?,
            neurons: cut.clone().map(constants).collect::<Result<_, ModelError>>()?,
        };
        let column = |name, values| {
            let registers = of(name, values)?[cut.clone()].to_vec();
            Ok::<_, ModelError>(Column::of(name, registers, WORD))
        };
        Ok(Population::new(equations, &cut, [column("v", &self.v)?, column("u", &self.u)?], []))
    }

    fn reals(&self, setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
        let n = length(&self.shape);
        let format = Format::new(self.fraction_bits, self.rounding, setting)?;
        let scale = f64::from(1 << format.bits);
        let of = |field, values: &PerNeuron| values.values(field, n);
        let (a, b, c) = (of("a", &self.a)?, of("b", &self.b)?, of("c", &self.c)?);
        let (d, peak) = (of("d", &self.d)?, of("v_peak", &self.v_peak)?);
        let constants = |i: usize| RealConstants { a: a[i], b: b[i], c: c[i], d: d[i], peak: peak[i] };
        let equations = RealEquations {
            scale,
            input_scale: f64::from(input_exponent(self.input_exp)?).exp2(),
            dt: step_size(self.dt)?,
            neurons: (0..n).map(constants).collect(),
        };
        let column = |name, values| {
            let scaled = of(name, values)?.into_iter().map(|x| x * scale).collect();
            Ok::<_, ModelError>(Column::real(name, scaled))
        };
        Ok(Population::new(equations, &(0..n), [column("v", &self.v)?, column("u", &self.u)?], []))
    }
}

#[cfg(test)]
mod tests;
