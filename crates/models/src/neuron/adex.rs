//! Adaptive exponential integrate-and-fire neuron.
//!
//! ```text
//! c_m v' = -g_l (v - e_l) + g_l delta_t exp((v - v_th) / delta_t) - w + I      tau_w w' = a (v - e_l) - w
//! if v >= v_peak: spike, v = v_reset, w = w + b                                I = a_in 2^input_exp
//! ```
//!
//! in mV, ms, pF, nS and pA; solved by the midpoint rule, whose midpoint is cut at `v_peak`. Variables read in
//! register units of `2^-fraction_bits` in both forms.
//!
//! Sources: Brette & Gerstner, J. Neurophysiology 94, 2005 (equations and default parameters); fixed-point form
//! after Hopkins & Furber, Neural Computation 27(10), 2015 (see [`ode`](super::ode)).

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ode::{Format, Rounding, UNIT, exp, input_exponent, rate, step_size};
use super::population::{At, Column, Dynamics, Neuron, Population, WORD};
use crate::{Kind, ModelError, OverflowKind, PerNeuron, Setting, length};

macro_rules! adex {
    ($($(#[$doc:meta])* $field:ident = $default:literal by $make:ident $name:literal;)*) => {
        /// A population of adaptive exponential neurons.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct AdEx {
            /// Shape of the population.
            pub shape: Vec<usize>,
            $($(#[$doc])* #[serde(default = $name)] pub $field: PerNeuron,)*
            /// Duration of a step `[ms]`, above 0 and at most 1.
            #[serde(default = "tenth")]
            pub dt: f64,
            /// Power of two that turns the input into a current `[pA]`, `-15..=15`.
            #[serde(default)]
            pub input_exp: i32,
            /// Fraction bits of the state, `8..=20`.
            #[serde(default = "crate::neuron::izhikevich::fifteen")]
            pub fraction_bits: i32,
            /// How registers are rounded.
            #[serde(default)]
            pub rounding: Rounding,
        }

        $(fn $make() -> PerNeuron { $default.into() })*

        impl AdEx {
            /// Neurons of the given shape with the parameters of Brette & Gerstner and steps of 0.1 ms.
            pub fn new(shape: &[usize]) -> Self {
                AdEx {
                    shape: shape.to_vec(),
                    $($field: $make(),)*
                    dt: tenth(),
                    input_exp: 0,
                    fraction_bits: 15,
                    rounding: Rounding::default(),
                }
            }

            /// The constants of neuron `i`.
            fn constants(&self) -> Result<Vec<Constants>, ModelError> {
                let n = length(&self.shape);
                $(let $field = self.$field.values(stringify!($field), n)?;)*
                (0..n).map(|i| Constants { $($field: $field[i],)* dt: step_size(self.dt)? }.checked()).collect()
            }
        }

        /// One neuron's parameters as given.
        #[derive(Clone, Copy, Debug)]
        struct Constants { $($field: f64,)* dt: f64 }
    };
}

fn tenth() -> f64 {
    0.1
}

adex! {
    /// Membrane capacitance `[pF]`, positive.
    c_m = 281.0 by default_c_m "default_c_m";
    /// Leak conductance `[nS]`, positive.
    g_l = 30.0 by default_g_l "default_g_l";
    /// Leak reversal potential `[mV]`.
    e_l = -70.6 by default_e_l "default_e_l";
    /// Threshold of the exponential `[mV]`.
    v_th = -50.4 by default_v_th "default_v_th";
    /// Slope of the exponential `[mV]`, positive and at least a 32nd of `v_peak - v_th`.
    delta_t = 2.0 by default_delta_t "default_delta_t";
    /// Time constant of the adaptation `[ms]`, positive.
    tau_w = 144.0 by default_tau_w "default_tau_w";
    /// Adaptation by voltage `[nS]`.
    a = 4.0 by default_a "default_a";
    /// Adaptation by spikes `[pA]`.
    b = 80.5 by default_b "default_b";
    /// Voltage after a spike `[mV]`.
    v_reset = -70.6 by default_v_reset "default_v_reset";
    /// Voltage of a spike `[mV]`.
    v_peak = 0.0 by default_v_peak "default_v_peak";
    /// Initial voltage `[mV]`.
    v = -70.6 by default_v "default_v";
    /// Initial adaptation `[pA]`.
    w = 0.0 by default_w "default_w";
}

impl Constants {
    fn checked(self) -> Result<Self, ModelError> {
        let positive = [("c_m", self.c_m), ("g_l", self.g_l), ("delta_t", self.delta_t), ("tau_w", self.tau_w)];
        if let Some((field, x)) = positive.into_iter().find(|(_, x)| *x <= 0.0) {
            return Err(ModelError::range(field, x, "a positive number"));
        }
        let least = (self.v_peak - self.v_th) / 32.0;
        match self.delta_t < least {
            true => Err(ModelError::range("delta_t", self.delta_t, format!("at least (v_peak - v_th) / 32 = {least}"))),
            false => Ok(self),
        }
    }
}

/// One neuron's constants in registers.
#[derive(Clone, Copy, Debug)]
struct Registers {
    e_l: i32,
    v_th: i32,
    delta_t: i32,
    per_delta_t: i64,
    v_reset: i32,
    v_peak: i32,
    b: i32,
    /// Rates per half step and per step: of the leak, of a current, of the adaptation by voltage, and of its decay.
    rates: [[i64; 4]; 2],
}

impl Registers {
    fn new(k: &Constants, format: &Format) -> Result<Self, ModelError> {
        let rates = |h: f64| -> Result<[i64; 4], ModelError> {
            Ok([
                rate("g_l", h * k.g_l / k.c_m)?,
                rate("c_m", h / k.c_m)?,
                rate("a", h * k.a / k.tau_w)?,
                rate("tau_w", h / k.tau_w)?,
            ])
        };
        Ok(Registers {
            e_l: format.register("e_l", k.e_l)?,
            v_th: format.register("v_th", k.v_th)?,
            delta_t: format.register("delta_t", k.delta_t)?,
            per_delta_t: (f64::from(1 << UNIT) / k.delta_t).round_ties_even() as i64,
            v_reset: format.register("v_reset", k.v_reset)?,
            v_peak: format.register("v_peak", k.v_peak)?,
            b: format.register("b", k.b)?,
            rates: [rates(k.dt / 2.0)?, rates(k.dt)?],
        })
    }
}

/// The exponents between which the exponential is computed: below it is 0, above the cut at the peak leaves none.
const LOWEST: i128 = -64 << UNIT;
const HIGHEST: i128 = 33 << UNIT;

/// The equations in registers.
#[derive(Debug)]
pub(crate) struct Equations {
    format: Format,
    input_shift: u32,
    neurons: Vec<Registers>,
}

impl Equations {
    /// `x + h x'` of both variables, from the first point with the slope at the second; not yet limited to a register.
    /// `part` 0 is half a step, 1 a step.
    #[inline(always)]
    fn advance(&self, k: &Registers, part: usize, [from, at]: [[i32; 2]; 2], input: i128, words: [u32; 2]) -> [i64; 2] {
        let [leak, current, by_voltage, decay] = k.rates[part].map(i128::from);
        let bits = self.format.bits;
        let [v, w] = at.map(i128::from);
        let above = i128::from(at[0]) - i128::from(k.v_th);
        let exponent = ((above * i128::from(k.per_delta_t)) >> bits).clamp(LOWEST, HIGHEST);
        // With `2 bits` fraction bits, like the drive.
        let exponential = (exp(exponent as i64) * i128::from(k.delta_t)) >> (UNIT - bits);
        let from_rest = v - i128::from(k.e_l);
        let slope_v = leak * (exponential - (from_rest << bits)) + current * (input - (w << bits));
        let slope_w = by_voltage * from_rest - decay * w;
        let v = (i128::from(from[0]) << (UNIT + bits)) + slope_v;
        let w = (i128::from(from[1]) << UNIT) + slope_w;
        [self.format.round(v, UNIT + bits, words[0]), self.format.round(w, UNIT, words[1])]
    }
}

impl Dynamics<i32, 1, 2, 0, 1> for Equations {
    const GRADED: [bool; 1] = [false];

    fn step(&self, at: At, [input]: [i32; 1], _: [i32; 0], state: &mut [i32; 2], left: &mut u32) -> [i32; 1] {
        let (k, [w0, w1, w2, w3]) = (&self.neurons[at.local], self.format.words(at));
        let input = i128::from(input) << self.input_shift;
        let start = [state[0].min(k.v_peak), state[1]];
        let [v, w] = self.advance(k, 0, [*state, start], input, [w0, w1]);
        let middle = [Format::hold(v.min(i64::from(k.v_peak)), 0, left), Format::hold(w, 1, left)];
        let [v, w] = self.advance(k, 1, [*state, middle], input, [w2, w3]);
        let fire = v >= i64::from(k.v_peak);
        *state = match fire {
            true => [k.v_reset, Format::hold(w + i64::from(k.b), 1, left)],
            false => [Format::hold(v, 0, left), Format::hold(w, 1, left)],
        };
        [i32::from(fire)]
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &[("v", OverflowKind::Saturate), ("w", OverflowKind::Saturate)]
    }

    fn draws(&self, _local: usize) -> u64 {
        self.format.draws()
    }

    fn steady(&self) -> bool {
        self.format.draws() == 0
    }
}

/// The equations in reals.
#[derive(Debug)]
pub(crate) struct RealEquations {
    scale: f64,
    input_scale: f64,
    neurons: Vec<Constants>,
}

impl Dynamics<f64, 1, 2, 0, 1> for RealEquations {
    const GRADED: [bool; 1] = [false];

    fn step(&self, at: At, [input]: [f64; 1], _: [f64; 0], state: &mut [f64; 2], _left: &mut u32) -> [f64; 1] {
        let k = self.neurons[at.local];
        let (v, w) = (state[0] / self.scale, state[1] / self.scale);
        let current = input * self.input_scale;
        let slopes = |v: f64, w: f64| {
            let exponential = k.g_l * k.delta_t * ((v - k.v_th) / k.delta_t).exp();
            let v_slope = (k.g_l * (k.e_l - v) + exponential - w + current) / k.c_m;
            (v_slope, (k.a * (v - k.e_l) - w) / k.tau_w)
        };
        let (half, step) = (k.dt / 2.0, k.dt);
        let (dv, dw) = slopes(v.min(k.v_peak), w);
        let (dv, dw) = slopes((v + half * dv).min(k.v_peak), w + half * dw);
        let (v, w) = (v + step * dv, w + step * dw);
        let fire = v >= k.v_peak;
        let (v, w) = if fire { (k.v_reset, w + k.b) } else { (v, w) };
        *state = [v * self.scale, w * self.scale];
        [f64::from(u8::from(fire))]
    }
}

impl Neuron for AdEx {
    const IN: &'static [(&'static str, Kind)] = &[("a_in", Kind::Activation)];
    const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Spike)];
    const VARS: &'static [&'static str] = &["v", "w"];
    type Fixed = Population<Equations, i32, 1, 2, 0, 1>;
    type Float = Population<RealEquations, f64, 1, 2, 0, 1>;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn registers(&self, setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
        let n = length(&self.shape);
        let format = Format::new(self.fraction_bits, self.rounding, setting)?;
        let constants = self.constants()?;
        let neurons = constants[cut.clone()].iter().map(|k| Registers::new(k, &format));
        let equations = Equations {
            format,
            input_shift: format.input_shift(self.input_exp)?,
            neurons: neurons.collect::<Result<_, _>>()?,
        };
        let column = |name, values| {
            let registers = format.registers(name, values, n)?[cut.clone()].to_vec();
            Ok::<_, ModelError>(Column::of(name, registers, WORD))
        };
        Ok(Population::new(equations, &cut, [column("v", &self.v)?, column("w", &self.w)?], []))
    }

    fn reals(&self, setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
        let n = length(&self.shape);
        let scale = f64::from(1 << Format::new(self.fraction_bits, self.rounding, setting)?.bits);
        let input_scale = f64::from(input_exponent(self.input_exp)?).exp2();
        let neurons = self.constants()?;
        let column =
            |name, of: fn(&Constants) -> f64| Column::real(name, neurons.iter().map(|k| of(k) * scale).collect());
        let state = [column("v", |k| k.v), column("w", |k| k.w)];
        Ok(Population::new(RealEquations { scale, input_scale, neurons }, &(0..n), state, []))
    }
}

#[cfg(test)]
mod tests;
