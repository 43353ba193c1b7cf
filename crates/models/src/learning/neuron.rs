//! The LIF neuron that tells its synapses when it fired.
//!
//! ```text
//! u, v, spikes           as LIF
//! s_out_bap[t] = s_out[t]
//! y1[t], y3[t]           traces of the neuron's own spikes (impulse and time constant of the rule)
//! y2[t] = clamp(a_third_factor_in[t], -128, 127)
//! vth  += raise at a spike, -= lower every `every` steps        (if `excitability` is given)
//! ```
//!
//! The y ports exist in three-factor rules. Lava 0.10 declares these ports and never drives them, so a connection
//! that waits for them stops the run; here they are driven. The use of y1, y2, y3 is that of Lava's tutorial on
//! reward-modulated STDP.
//!
//! The threshold rule settles where `rate = lower / (raise * every)` spikes per step: intrinsic plasticity after
//! Desai, Rutherford and Turrigiano, Nat. Neurosci. 2, 1999, in the form of Diehl and Cook, Front. Comput. Neurosci. 9,
//! 2015.

use std::ops::Range;
use std::slice::from_mut;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::course::keep;
use super::draws::Source;
use super::rule::LearningRule;
use super::traces::Side;
use crate::neuron::bank::saved;
use crate::neuron::lif::Lif;
use crate::{
    Bank, BankContext, Behaviour, Decay, Fired, Io, Kernel, Kind, ModelError, OverflowKind, PerNeuron, PortSpec, Sent,
    Setting, Values, VarSpec, length,
};

/// A threshold that follows the neuron's own rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Excitability {
    /// Added to the threshold mantissa at each spike, `0..=131071`.
    pub raise: i32,
    /// Taken from the threshold mantissa every `every` steps, `0..=131071`.
    pub lower: i32,
    /// Steps between two lowerings, 1 or more.
    pub every: u32,
    /// Lowest threshold mantissa.
    pub min: i32,
    /// Highest threshold mantissa, at most 131071.
    pub max: i32,
}

impl Excitability {
    /// The rate at which the threshold neither rises nor falls on average `[spikes per step]`.
    pub fn target_rate(&self) -> f64 {
        f64::from(self.lower) / (f64::from(self.raise) * f64::from(self.every))
    }

    fn check(&self) -> Result<(), ModelError> {
        for (field, value) in [("raise", self.raise), ("lower", self.lower), ("min", self.min), ("max", self.max)] {
            if !(0..=131_071).contains(&value) {
                return Err(ModelError::range(format!("excitability.{field}"), value, "an integer in 0..=131071"));
            }
        }
        if self.every == 0 || self.min > self.max {
            return Err(ModelError::range(
                "excitability",
                format!("every {}, {}..={}", self.every, self.min, self.max),
                "`every` of 1 or more, and `min` not above `max`",
            ));
        }
        Ok(())
    }

    fn next(&self, vth: f64, fired: bool, step: u64) -> f64 {
        let up = if fired { f64::from(self.raise) } else { 0.0 };
        let down = if step.is_multiple_of(u64::from(self.every)) { f64::from(self.lower) } else { 0.0 };
        (vth + up - down).clamp(f64::from(self.min), f64::from(self.max))
    }
}

/// Lava's `LearningLIF`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearningLif {
    /// Shape of the population.
    pub shape: Vec<usize>,
    /// The rule of the connections that learn from this population.
    pub learning_rule: LearningRule,
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
    /// Mantissa of the bias, `-4096..=4095`.
    #[serde(default = "zero")]
    pub bias_mant: PerNeuron,
    /// Exponent of the bias, `0..=7`; Lava also accepts negative ones, to `-15`.
    #[serde(default = "zero")]
    pub bias_exp: PerNeuron,
    /// Threshold mantissa, `0..=131071`, aligned like a weight.
    #[serde(default = "ten")]
    pub vth: PerNeuron,
    /// A threshold that follows the rate; fixed if absent.
    #[serde(default)]
    pub excitability: Option<Excitability>,
}

fn zero() -> PerNeuron {
    0.into()
}

fn ten() -> PerNeuron {
    10.into()
}

fn no_decay() -> Decay {
    0.into()
}

impl LearningLif {
    /// A population of the given shape with Lava's defaults: no decay, no bias, threshold 10.
    pub fn new(shape: &[usize], learning_rule: LearningRule) -> Self {
        LearningLif {
            shape: shape.to_vec(),
            learning_rule,
            u: zero(),
            v: zero(),
            du: no_decay(),
            dv: no_decay(),
            bias_mant: zero(),
            bias_exp: zero(),
            vth: ten(),
            excitability: None,
        }
    }

    fn lif(&self) -> Lif {
        Lif {
            u: self.u.clone(),
            v: self.v.clone(),
            du: self.du.clone(),
            dv: self.dv.clone(),
            bias_mant: self.bias_mant.clone(),
            bias_exp: self.bias_exp.clone(),
            vth: self.vth.clone(),
            ..Lif::new(&self.shape)
        }
    }

    fn neurons(&self, setting: &Setting<'_>, range: Range<usize>) -> Result<Neurons, ModelError> {
        let (n, lif) = (range.len(), self.lif());
        let engine = &setting.arithmetic.learning;
        self.learning_rule.compile(engine)?;
        self.excitability.iter().try_for_each(Excitability::check)?;
        let bank = lif
            .bank(setting, range.clone())
            .ok_or_else(|| ModelError::range("LearningLIF", "without a bank", "a LIF population"))??;
        let seed = self.learning_rule.rng_seed.unwrap_or(setting.seed);
        Ok(Neurons {
            bank,
            lif_vars: lif.vars().len(),
            first: range.start as u32,
            own: Side::new(n, &self.courses(), engine.impulse_fraction_bits, 1).starting(range.start),
            third: vec![0; n],
            draws: Source::new(seed, setting.place, engine.common_draws, None, 1),
            three_factor: self.learning_rule.three_factor,
            excitability: self.excitability,
        })
    }

    /// Impulse and time constant of y1 and y3.
    fn courses(&self) -> [(f64, f64); 2] {
        let rule = &self.learning_rule;
        [(rule.y1_impulse, rule.y1_tau), (rule.y3_impulse, rule.y3_tau)]
    }
}

/// Index of `vth` in LIF's variables.
const VTH: usize = 2;

impl Behaviour for LearningLif {
    fn in_ports(&self) -> Vec<PortSpec> {
        let mut ports = self.lif().in_ports();
        if self.learning_rule.three_factor {
            ports.push(PortSpec::new("a_third_factor_in", Kind::Activation, &self.shape));
        }
        ports
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        let mut ports = self.lif().out_ports();
        ports.push(PortSpec::new("s_out_bap", Kind::Spike, &self.shape));
        if self.learning_rule.three_factor {
            ports.extend(
                ["s_out_y1", "s_out_y2", "s_out_y3"].map(|name| PortSpec::new(name, Kind::Graded, &self.shape)),
            );
        }
        ports
    }

    fn decays(&self) -> Vec<(&'static str, &crate::Decay)> {
        vec![("du", &self.du), ("dv", &self.dv)]
    }

    fn vars(&self) -> Vec<VarSpec> {
        let mut vars = self.lif().vars();
        vars.extend(["y1", "y2", "y3"].map(|name| VarSpec::new(name, &self.shape)));
        vars
    }

    fn fixed(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        let neurons = self.neurons(setting, 0..length(&self.shape))?;
        Ok(Box::new(Fixed { neurons, fired: Fired::default() }))
    }

    fn bank(&self, setting: &Setting<'_>, range: Range<usize>) -> Option<Result<Box<dyn Bank>, ModelError>> {
        Some(self.neurons(setting, range).map(|neurons| Box::new(neurons) as Box<dyn Bank>))
    }

    fn sent_by(&self, port: usize) -> Sent {
        match port {
            0 | 1 => Sent::Spikes(0),
            _ => Sent::Variable(self.lif().vars().len() + port - 2),
        }
    }

    fn float(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        let (n, lif) = (length(&self.shape), self.lif());
        self.learning_rule.compile(&setting.arithmetic.learning)?;
        self.excitability.iter().try_for_each(Excitability::check)?;
        Ok(Box::new(Float {
            lif: lif.float(setting)?,
            lif_vars: lif.vars().len(),
            courses: self.courses().map(|(impulse, tau)| (impulse, keep(tau))),
            y: [vec![0.0; n], vec![0.0; n], vec![0.0; n]],
            three_factor: self.learning_rule.three_factor,
            excitability: self.excitability,
        }))
    }
}

/// The neurons of a run of the population.
#[derive(Debug)]
struct Neurons {
    bank: Box<dyn Bank>,
    lif_vars: usize,
    /// Number of the first neuron in the population.
    first: u32,
    /// y1 and y3.
    own: Side,
    /// y2.
    third: Vec<i32>,
    draws: Source,
    three_factor: bool,
    excitability: Option<Excitability>,
}

impl Neurons {
    fn adapt(&mut self, rule: Excitability, range: Range<usize>, fired: &[u32], step: u64) {
        if fired.is_empty() && !step.is_multiple_of(u64::from(rule.every)) {
            return;
        }
        let mut vth = self.bank.get(VTH);
        let mut fired = fired.iter().copied().peekable();
        for (i, v) in vth.iter_mut().enumerate().take(range.end).skip(range.start) {
            let spike = fired.next_if_eq(&(i as u32)).is_some();
            *v = rule.next(f64::from(*v), spike, step) as i32;
        }
        self.bank.set(VTH, &vth).expect("the rule keeps thresholds within their register");
    }

    fn trace(&mut self, range: Range<usize>, context: &mut BankContext<'_>, third: &[i32], fired: &[u32]) {
        for i in fired {
            self.own.fire(*i as usize, 1);
        }
        self.own.advance_range(range.clone(), &self.draws.traces(1, context.step), false);
        context.random_numbers += self.own.random_numbers.take();
        self.own.clear_spikes();
        for (trace, i) in self.own.saturated.drain(..) {
            let name = ["y1", "y3"][trace];
            context.overflow.note(name, OverflowKind::Saturate, 1, context.step, i - self.first);
        }
        for i in range {
            self.third[i] = third[i].clamp(-128, 127);
            if self.third[i] != third[i] {
                context.overflow.note("y2", OverflowKind::Saturate, 1, context.step, i as u32);
            }
        }
    }

    fn trace_values(&self, trace: usize) -> Vec<i32> {
        match trace {
            0 => self.own.get(0),
            1 => self.third.clone(),
            _ => self.own.get(1),
        }
    }
}

impl Bank for Neurons {
    fn len(&self) -> usize {
        self.third.len()
    }

    fn step(
        &mut self,
        range: Range<usize>,
        context: &mut BankContext<'_>,
        inputs: &[&[i32]],
        fired: &mut [Fired],
    ) -> u64 {
        let before = fired[0].index.len();
        let active = self.bank.step(range.clone(), context, &inputs[..1], fired);
        let fired = &fired[0].index[before..];
        if self.three_factor {
            self.trace(range.clone(), context, inputs[1], fired);
        }
        if let Some(rule) = self.excitability {
            self.adapt(rule, range, fired, context.step);
        }
        active
    }

    fn get(&self, var: usize) -> Vec<i32> {
        match var.checked_sub(self.lif_vars) {
            None => self.bank.get(var),
            Some(trace) => self.trace_values(trace),
        }
    }

    fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError> {
        let Some(trace) = var.checked_sub(self.lif_vars) else {
            return self.bank.set(var, values);
        };
        let low = if trace == 1 { -128 } else { 0 };
        if let Some(v) = values.iter().find(|v| !(low..=127).contains(*v)) {
            return Err(ModelError::range(["y1", "y2", "y3"][trace], v, format!("an integer in {low}..=127")));
        }
        match trace {
            1 => self.third = values.to_vec(),
            _ => self.own.set(trace / 2, values),
        }
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        let mut state: Vec<Values> = (0..3).map(|trace| Values::Int(self.trace_values(trace))).collect();
        state.extend(self.bank.save());
        state
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let n = self.third.len();
        let [y1, y2, y3] = [saved(state, 0, n)?, saved(state, 1, n)?, saved(state, 2, n)?];
        self.bank.load(&state[3..])?;
        let own: Vec<i32> = y1.into_iter().zip(y3).flat_map(|(y1, y3)| [y1, y3]).collect();
        self.own.load(&own, &vec![0; n]);
        self.third = y2;
        Ok(())
    }
}

/// The whole population, off the chip.
#[derive(Debug)]
struct Fixed {
    neurons: Neurons,
    fired: Fired,
}

impl Kernel<i32> for Fixed {
    fn step(&mut self, io: &mut Io<'_, i32>) {
        self.fired.clear();
        let inputs: Vec<&[i32]> = io.inputs.iter().map(Vec::as_slice).collect();
        let mut context = BankContext::new(io.step, io.overflow);
        self.neurons.step(0..self.neurons.len(), &mut context, &inputs, from_mut(&mut self.fired));
        for i in &self.fired.index {
            io.outputs[0][*i as usize] = 1;
            io.outputs[1][*i as usize] = 1;
        }
        for (trace, out) in io.outputs.iter_mut().skip(2).enumerate() {
            *out = self.neurons.trace_values(trace);
        }
    }

    fn get(&self, var: usize) -> Vec<i32> {
        self.neurons.get(var)
    }

    fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError> {
        self.neurons.set(var, values)
    }

    fn save(&self) -> Vec<Values> {
        self.neurons.save()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        self.neurons.load(state)
    }
}

#[derive(Debug)]
struct Float {
    lif: Box<dyn Kernel<f64>>,
    lif_vars: usize,
    /// `(impulse, kept per step)` of y1 and y3.
    courses: [(f64, f64); 2],
    y: [Vec<f64>; 3],
    three_factor: bool,
    excitability: Option<Excitability>,
}

impl Kernel<f64> for Float {
    fn step(&mut self, io: &mut Io<'_, f64>) {
        let (spikes, others) = io.outputs.split_at_mut(1);
        self.lif.step(&mut Io { step: io.step, inputs: &io.inputs[..1], outputs: spikes, overflow: io.overflow });
        others[0].clone_from(&spikes[0]);
        if self.three_factor {
            for (trace, (impulse, keep)) in [0, 2].into_iter().zip(self.courses) {
                for (y, s) in self.y[trace].iter_mut().zip(&spikes[0]) {
                    *y = *y * keep + impulse * s;
                }
            }
            self.y[1].clone_from(&io.inputs[1]);
            for (out, y) in others[1..].iter_mut().zip(&self.y) {
                out.clone_from(y);
            }
        }
        if let Some(rule) = self.excitability {
            let vth = self.lif.get(VTH);
            let next: Vec<f64> = vth.iter().zip(&spikes[0]).map(|(v, s)| rule.next(*v, *s != 0.0, io.step)).collect();
            self.lif.set(VTH, &next).expect("a float variable takes every number");
        }
    }

    fn get(&self, var: usize) -> Vec<f64> {
        match var.checked_sub(self.lif_vars) {
            None => self.lif.get(var),
            Some(trace) => self.y[trace].clone(),
        }
    }

    fn set(&mut self, var: usize, values: &[f64]) -> Result<(), ModelError> {
        match var.checked_sub(self.lif_vars) {
            None => self.lif.set(var, values)?,
            Some(trace) => self.y[trace] = values.to_vec(),
        }
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        let mut state: Vec<Values> = self.y.iter().map(|y| Values::Real(y.clone())).collect();
        state.extend(self.lif.save());
        state
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let n = self.y[0].len();
        if state.len() < 3 || state[..3].iter().any(|y| y.len() != n) {
            return Err(ModelError::range("saved state", state.len(), format!("3 arrays of {n} and those of LIF")));
        }
        for (y, values) in self.y.iter_mut().zip(state) {
            *y = values.to_real();
        }
        self.lif.load(&state[3..])
    }
}
