//! The adaptive exponential neuron as the analog circuit of DYNAP-SE2: a differential-pair integrator (DPI) synapse, a membrane
//! and an adaptation, whose states are currents.
//!
//! Equations, source and the meaning of each current are beside the circuit, in
//! [`pumice_device::analog`]; a step of the process is one step of it. `a_in` is the summed weight of the spikes
//! of a step: a weight of 1 is the current `i_w`, and a sum below 0 gives no current. The circuit has no fixed-point form:
//! both forms of the process compute it in double precision, with the same numbers. Variables read in `[fA]`, and none is
//! below `i_0`.
//!
//! As an analog neuron of a chip each circuit has frozen deviations of its own, and thermal noise of the capacitor `c_mem`
//! where the chip has noise:
//!
//! ```text
//! i_w' = f_gain i_w     i_tau_syn' = i_tau_syn / f_tau     i_tau_mem' = i_tau_mem / f_leak     i_ref' = i_ref / f_ref
//! i_threshold' = (f_threshold + o) i_threshold
//! ```
//!
//! Defaults are those of rockpool 3.1 for DYNAP-SE2, and the smallest of its four weights.

use std::ops::{Range, RangeInclusive};

use pumice_device::analog::{DpiCircuit, DpiNeuron, DpiState};
use pumice_num::{BELL_DEVIATION, Purpose, draw, draw_bell};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::analog::{Analog, Deviation, each};
use super::circuit::Seat;
use super::population::Neuron;
use crate::{Bank, BankContext, Fired, Io, Kernel, Kind, ModelError, PerNeuron, Setting, Values, length};

macro_rules! dpi {
    ($($(#[$doc:meta])* $field:ident = $default:literal by $make:ident $name:literal, $allowed:expr, $si:literal;)*) => {
        /// A population of adaptive exponential neurons as analog circuits.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct Dpi {
            /// Shape of the population.
            pub shape: Vec<usize>,
            $($(#[$doc])* #[serde(default = $name)] pub $field: PerNeuron,)*
            /// Duration of a step `[ms]`, 0.001 to 10.
            #[serde(default = "one")]
            pub dt: f64,
        }

        $(fn $make() -> PerNeuron { $default.into() })*

        impl Dpi {
            /// Neurons of the given shape with the defaults of rockpool and steps of 1 ms.
            pub fn new(shape: &[usize]) -> Self {
                Dpi { shape: shape.to_vec(), $($field: $make(),)* dt: one() }
            }

            /// The circuit of every neuron.
            fn circuits(&self) -> Result<Vec<DpiCircuit>, ModelError> {
                let n = length(&self.shape);
                $(let $field = checked(stringify!($field), &self.$field, n, $allowed)?;)*
                Ok((0..n).map(|i| { $(let $field = $field[i] * $si;)* DpiCircuit { $($field,)* } }).collect())
            }
        }
    };
}

fn one() -> f64 {
    1.0
}

/// What a capacitance may be `[pF]`.
const PICOFARADS: RangeInclusive<f64> = 1e-3..=1e6;
/// What a current that biases a circuit may be `[pA]`.
const PICOAMPERES: RangeInclusive<f64> = 1e-3..=1e9;
/// What a current that may be switched off may be `[pA]`.
const OFF_OR_ON: RangeInclusive<f64> = 0.0..=1e9;

dpi! {
    /// Membrane capacitance `[pF]`.
    c_mem = 3.0 by default_c_mem "default_c_mem", PICOFARADS, 1e-12;
    /// Synapse capacitance `[pF]`.
    c_syn = 24.5 by default_c_syn "default_c_syn", PICOFARADS, 1e-12;
    /// Adaptation capacitance `[pF]`.
    c_ahp = 40.0 by default_c_ahp "default_c_ahp", PICOFARADS, 1e-12;
    /// Capacitance of the refractory timer `[pF]`.
    c_ref = 1.5 by default_c_ref "default_c_ref", PICOFARADS, 1e-12;
    /// Capacitance of the pulse extender of the synapse `[pF]`.
    c_pulse = 0.5 by default_c_pulse "default_c_pulse", PICOFARADS, 1e-12;
    /// Capacitance of the pulse extender of the adaptation `[pF]`.
    c_pulse_ahp = 0.5 by default_c_pulse_ahp "default_c_pulse_ahp", PICOFARADS, 1e-12;
    /// Leakage of a transistor that is off, the smallest current `[pA]`.
    i_0 = 0.5 by default_i_0 "default_i_0", 1e-3..=1e6, 1e-12;
    /// Subthreshold slope factor of n transistors.
    kappa_n = 0.75 by default_kappa_n "default_kappa_n", 0.1..=1.0, 1.0;
    /// Subthreshold slope factor of p transistors.
    kappa_p = 0.66 by default_kappa_p "default_kappa_p", 0.1..=1.0, 1.0;
    /// Thermal voltage `[mV]`.
    u_t = 25.0 by default_u_t "default_u_t", 1.0..=100.0, 1e-3;
    /// Threshold voltage of the timers `[mV]`.
    v_th = 700.0 by default_v_th "default_v_th", 1.0..=1e4, 1e-3;
    /// Constant input current `[pA]`.
    i_dc = 0.5 by default_i_dc "default_i_dc", OFF_OR_ON, 1e-12;
    /// Gain current of the membrane `[pA]`.
    i_gain_mem = 21.276_595_744_680_847 by default_i_gain_mem "default_i_gain_mem", PICOAMPERES, 1e-12;
    /// Leak current of the membrane `[pA]`: a time constant of 20 ms.
    i_tau_mem = 5.319_148_936_170_212 by default_i_tau_mem "default_i_tau_mem", PICOAMPERES, 1e-12;
    /// Gain current of the synapse `[pA]`.
    i_gain_syn = 8_687.943_262_411_345 by default_i_gain_syn "default_i_gain_syn", PICOAMPERES, 1e-12;
    /// Leak current of the synapse `[pA]`: a time constant of 10 ms.
    i_tau_syn = 86.879_432_624_113_46 by default_i_tau_syn "default_i_tau_syn", PICOAMPERES, 1e-12;
    /// Gain current of the adaptation `[pA]`.
    i_gain_ahp = 28.368_794_326_241_126 by default_i_gain_ahp "default_i_gain_ahp", PICOAMPERES, 1e-12;
    /// Leak current of the adaptation `[pA]`: a time constant of 50 ms.
    i_tau_ahp = 28.368_794_326_241_126 by default_i_tau_ahp "default_i_tau_ahp", PICOAMPERES, 1e-12;
    /// Weight current of the adaptation `[pA]`.
    i_w_ahp = 0.5 by default_i_w_ahp "default_i_w_ahp", OFF_OR_ON, 1e-12;
    /// Current of the pulse extender of the synapse `[pA]`: pulses of 10 µs.
    i_pulse = 35_000.0 by default_i_pulse "default_i_pulse", PICOAMPERES, 1e-12;
    /// Current of the pulse extender of the adaptation `[pA]`: pulses of 1 µs.
    i_pulse_ahp = 350_000.0 by default_i_pulse_ahp "default_i_pulse_ahp", PICOAMPERES, 1e-12;
    /// Current of the refractory timer `[pA]`: a period of 1 ms.
    i_ref = 1_050.0 by default_i_ref "default_i_ref", PICOAMPERES, 1e-12;
    /// Membrane current at which a spike fires `[pA]`.
    i_threshold = 100_000.0 by default_i_threshold "default_i_threshold", PICOAMPERES, 1e-12;
    /// Current of a synapse of weight 1 `[pA]`.
    i_scale = 1_000.0 by default_i_scale "default_i_scale", OFF_OR_ON, 1e-12;
}

fn checked(field: &str, values: &PerNeuron, n: usize, allowed: RangeInclusive<f64>) -> Result<Vec<f64>, ModelError> {
    let values = values.values(field, n)?;
    match values.iter().find(|x| !allowed.contains(*x)) {
        Some(x) => Err(ModelError::range(field, x, format!("{} to {}", allowed.start(), allowed.end()))),
        None => Ok(values),
    }
}

/// Femtoampere of an ampere.
const FEMTO: f64 = 1e15;

/// Running circuits.
#[derive(Debug)]
pub(crate) struct Running {
    neurons: Vec<DpiNeuron>,
    states: Vec<DpiState>,
    /// Seed and places of the thermal noise; none where membranes are quiet.
    noise: Option<(u64, Vec<Seat>)>,
    origin: u64,
}

impl Running {
    /// Advances neuron `i`; whether it fired.
    fn advance(&mut self, i: usize, weight: f64, step: u64) -> bool {
        let noise = self.noise.as_ref().map_or(0.0, |(seed, seats)| {
            let words = draw(*seed, Purpose::THERMAL, seats[i].core, seats[i].number, self.origin.wrapping_add(step));
            f64::from(draw_bell(words)) / BELL_DEVIATION
        });
        self.neurons[i].advance(&mut self.states[i], weight, noise);
        self.states[i].spiked
    }

    /// Variable `var` in femtoampere.
    fn read(&self, var: usize) -> impl Iterator<Item = f64> + '_ {
        let current = move |state: &DpiState| [state.i_mem, state.i_syn, state.i_ahp][var];
        self.states.iter().map(move |state| current(state) * FEMTO)
    }

    fn write(&mut self, var: usize, values: impl Iterator<Item = f64>) -> Result<(), ModelError> {
        let mut new = self.states.clone();
        for (i, (value, state)) in values.zip(&mut new).enumerate() {
            if !(0.0..=f64::from(i32::MAX)).contains(&value) {
                let (name, most) = (Dpi::VARS[var], i32::MAX);
                return Err(ModelError::range(format!("{name}[{i}]"), value, format!("a current of 0 to {most} fA")));
            }
            let current = (value / FEMTO).max(self.neurons[i].circuit().i_0);
            match var {
                0 => (state.i_mem, state.v_mem) = (current, self.neurons[i].voltage(current)),
                1 => state.i_syn = current,
                _ => state.i_ahp = current,
            }
        }
        self.states = new;
        Ok(())
    }

    fn snapshot(&self) -> Vec<Values> {
        let column = |of: fn(&DpiState) -> f64| Values::Real(self.states.iter().map(of).collect());
        vec![
            column(|s| s.i_mem),
            column(|s| s.i_syn),
            column(|s| s.i_ahp),
            column(|s| s.v_mem),
            column(|s| s.refractory_s),
            column(|s| s.noise_v),
            column(|s| f64::from(u8::from(s.spiked))),
        ]
    }

    fn restore(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let n = self.states.len();
        let columns: Vec<&Vec<f64>> = state
            .iter()
            .filter_map(|values| match values {
                Values::Real(all) if all.len() == n => Some(all),
                _ => None,
            })
            .collect();
        let Ok([mem, syn, ahp, v, refractory, noise, spiked]) = <[&Vec<f64>; 7]>::try_from(columns) else {
            return Err(ModelError::range("saved state", state.len(), format!("7 arrays of {n} reals")));
        };
        for (i, state) in self.states.iter_mut().enumerate() {
            *state = DpiState {
                i_mem: mem[i],
                i_syn: syn[i],
                i_ahp: ahp[i],
                v_mem: v[i],
                refractory_s: refractory[i],
                noise_v: noise[i],
                spiked: spiked[i] != 0.0,
            };
        }
        Ok(())
    }
}

impl Bank for Running {
    fn len(&self) -> usize {
        self.states.len()
    }

    /// Circuits never rest: all are active.
    fn step(
        &mut self,
        range: Range<usize>,
        context: &mut BankContext<'_>,
        inputs: &[&[i32]],
        fired: &mut [Fired],
    ) -> u64 {
        let active = range.len() as u64;
        for i in range {
            if self.advance(i, f64::from(inputs[0][i]), context.step) {
                fired[0].index.push(i as u32);
            }
        }
        active
    }

    fn get(&self, var: usize) -> Vec<i32> {
        self.read(var).map(|x| x.round() as i32).collect()
    }

    fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError> {
        self.write(var, values.iter().map(|x| f64::from(*x)))
    }

    fn save(&self) -> Vec<Values> {
        self.snapshot()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        self.restore(state)
    }

    fn make_noise(&mut self, seed: u64, seats: &[Seat]) -> bool {
        self.noise = Some((seed, seats.to_vec()));
        true
    }

    fn set_noise_origin(&mut self, origin: u64) {
        self.origin = origin;
    }
}

macro_rules! kernel {
    ($($number:ty: $real:expr, $from:expr;)*) => {$(
        impl Kernel<$number> for Running {
            fn step(&mut self, io: &mut Io<'_, $number>) {
                for i in 0..self.states.len() {
                    let fired = self.advance(i, $real(io.inputs[0][i]), io.step);
                    io.outputs[0][i] = u8::from(fired).into();
                }
            }

            fn get(&self, var: usize) -> Vec<$number> {
                self.read(var).map($from).collect()
            }

            fn set(&mut self, var: usize, values: &[$number]) -> Result<(), ModelError> {
                self.write(var, values.iter().map(|x| $real(*x)))
            }

            fn save(&self) -> Vec<Values> {
                self.snapshot()
            }

            fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
                self.restore(state)
            }
        }
    )*};
}

kernel! {
    i32: f64::from, |x: f64| x.round() as i32;
    f64: std::convert::identity, std::convert::identity;
}

impl Dpi {
    fn running(&self, cut: Range<usize>) -> Result<Running, ModelError> {
        if !(1e-3..=10.0).contains(&self.dt) {
            return Err(ModelError::range("dt", self.dt, "0.001 to 10 ms"));
        }
        let neurons: Vec<DpiNeuron> =
            self.circuits()?[cut].iter().map(|circuit| circuit.clone().neuron(self.dt * 1e-3)).collect();
        let states = neurons.iter().map(DpiNeuron::rest).collect();
        Ok(Running { neurons, states, noise: None, origin: 0 })
    }
}

impl Neuron for Dpi {
    const IN: &'static [(&'static str, Kind)] = &[("a_in", Kind::Activation)];
    const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Spike)];
    const VARS: &'static [&'static str] = &["i_mem", "i_syn", "i_ahp"];
    const CIRCUIT: bool = true;
    type Fixed = Running;
    type Float = Running;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn registers(&self, _: &Setting<'_>, cut: Range<usize>) -> Result<Running, ModelError> {
        self.running(cut)
    }

    fn reals(&self, _: &Setting<'_>) -> Result<Running, ModelError> {
        self.running(0..length(&self.shape))
    }

    fn deviating(&self, _: &Setting<'_>, deviations: &[Deviation]) -> Option<Result<Analog, ModelError>> {
        let deviate = || {
            let (n, mut own) = (deviations.len(), self.clone());
            let change = |field: &str, current: &mut PerNeuron, factor: fn(&Deviation) -> f64| {
                // A comparator or a timer that deviates beyond its range stops at the end of it.
                let (low, high) = (*PICOAMPERES.start(), *PICOAMPERES.end());
                let values = current.values(field, n)?;
                *current =
                    each(&values, deviations, |x, d| if x == 0.0 { 0.0 } else { (x * factor(d)).clamp(low, high) });
                Ok::<_, ModelError>(())
            };
            change("i_scale", &mut own.i_scale, |d| d.gain)?;
            change("i_tau_syn", &mut own.i_tau_syn, |d| 1.0 / d.time_constant)?;
            change("i_tau_mem", &mut own.i_tau_mem, |d| 1.0 / d.leak)?;
            change("i_ref", &mut own.i_ref, |d| 1.0 / d.refractory)?;
            change("i_threshold", &mut own.i_threshold, |d| d.threshold + d.offset)?;
            let threshold = self.i_threshold.values("i_threshold", n)?;
            Ok(Analog { model: own.into(), threshold })
        };
        Some(deviate())
    }
}

#[cfg(test)]
mod tests;
