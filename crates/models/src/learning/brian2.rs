//! Synapses that learn as brian2-loihi emulates Loihi 1.
//!
//! ```text
//! t = step - 1, per synapse:
//! on a spike of the source (after `delay`): a_out += w_act, x0 = 1, x_k = clip(x_k + imp, 0, 127); of the target: the same for y
//! dw = sgn(dw) * ceil|dw|,  w = clip(w + (trunc(dw / prec) + add) * prec, lo, hi),  prec = 2^(8 - (bits - mixed))
//! x_k = trunc(x_k * K) + add_k,  K = 1 - 1/tau to 15 digits,  x0 = y0 = 0
//! w_act = clip(floor(w * 2^w_exp), ±(2^15 - 1)) in weight LSB
//! ```
//!
//! `add` are stochastic decisions, taken before the spikes of the step are seen: from the fraction of the trace before
//! its impulse, and from dw with x0 = y0 = 0, so they never fire for terms with x0 or y0. Traces belong to synapses,
//! because each has its own draws. So this process costs every synapse in every step; the engines of
//! [`LearningDense`](super::LearningDense) do not. Source: brian2-loihi 0.5.2 `loihi_synapses.py`, pinned by recordings.

mod text;

use pumice_num::{Purpose, draw, draw_unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connection::weight::{MOST, SignMode};
use crate::neuron::bank::saved;
use crate::{Behaviour, Io, Kernel, Kind, ModelError, Overflow, OverflowKind, PortSpec, Setting, Values, VarSpec};
use text::{Expression, Name};

/// Recorded stochastic decisions, 0 or ±1, `[t][synapse]`; without an entry the counter-based draws decide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RoundingDecisions {
    /// For the weight.
    pub add_or_not: Vec<Vec<i32>>,
    /// For `x1`.
    pub x1_add_or_not: Vec<Vec<i32>>,
    /// For `x2`.
    pub x2_add_or_not: Vec<Vec<i32>>,
    /// For `y1`.
    pub y1_add_or_not: Vec<Vec<i32>>,
    /// For `y2`.
    pub y2_add_or_not: Vec<Vec<i32>>,
    /// For `y3`.
    pub y3_add_or_not: Vec<Vec<i32>>,
}

/// brian2-loihi's `LoihiSynapses` with a learning rule, under its parameter names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoihiSynapses {
    /// `[targets, sources]`.
    pub shape: [usize; 2],
    /// Source of each synapse.
    pub i: Vec<u32>,
    /// Target of each synapse.
    pub j: Vec<u32>,
    /// First weight mantissa of each synapse.
    pub w: Vec<f64>,
    /// The learning rule.
    pub dw: String,
    /// Delay of all synapses `[steps]`, `0..=62`, beyond the one step of every connection.
    #[serde(default)]
    pub delay: u32,
    /// Power of two that scales all weights, `-8..=7`.
    #[serde(default)]
    pub w_exp: i32,
    /// Signs: mixed `-256..=254`, excitatory `0..=255`, inhibitory `-256..=0`.
    #[serde(default = "excitatory")]
    pub sign_mode: SignMode,
    /// Bits per weight, `0..=8`.
    #[serde(default = "eight")]
    pub num_weight_bits: u32,
    /// Impulse of `x1`, `0..=127`; 0 means no such trace.
    #[serde(default)]
    pub imp_x1: f64,
    /// Time constant of `x1` `[steps]`; 0 means no such trace.
    #[serde(default)]
    pub tau_x1: f64,
    /// Impulse of `x2`, `0..=127`; 0 means no such trace.
    #[serde(default)]
    pub imp_x2: f64,
    /// Time constant of `x2` `[steps]`; 0 means no such trace.
    #[serde(default)]
    pub tau_x2: f64,
    /// Impulse of `y1`, `0..=127`; 0 means no such trace.
    #[serde(default)]
    pub imp_y1: f64,
    /// Time constant of `y1` `[steps]`; 0 means no such trace.
    #[serde(default)]
    pub tau_y1: f64,
    /// Impulse of `y2`, `0..=127`; 0 means no such trace.
    #[serde(default)]
    pub imp_y2: f64,
    /// Time constant of `y2` `[steps]`; 0 means no such trace.
    #[serde(default)]
    pub tau_y2: f64,
    /// Impulse of `y3`, `0..=127`; 0 means no such trace.
    #[serde(default)]
    pub imp_y3: f64,
    /// Time constant of `y3` `[steps]`; 0 means no such trace.
    #[serde(default)]
    pub tau_y3: f64,
    /// Recorded decisions.
    #[serde(default)]
    pub draws: Option<RoundingDecisions>,
}

fn excitatory() -> SignMode {
    SignMode::Excitatory
}

fn eight() -> u32 {
    8
}

const TRACES: [(&str, Name); 5] =
    [("x1", Name::X1), ("x2", Name::X2), ("y1", Name::Y1), ("y2", Name::Y2), ("y3", Name::Y3)];

/// `1 - 1/tau`, through the 15 digits that sympy prints.
fn kept(tau: f64) -> f64 {
    let keep = 1.0 - 1.0 / tau;
    format!("{keep:.14e}").parse().unwrap_or(keep)
}

impl LoihiSynapses {
    /// Excitatory synapses of 8 bits with exponent 0, without traces.
    pub fn new(shape: [usize; 2], synapses: impl IntoIterator<Item = (u32, u32, f64)>, dw: impl Into<String>) -> Self {
        let (mut i, mut j, mut w) = (Vec::new(), Vec::new(), Vec::new());
        for synapse in synapses {
            i.push(synapse.0);
            j.push(synapse.1);
            w.push(synapse.2);
        }
        LoihiSynapses {
            shape,
            i,
            j,
            w,
            dw: dw.into(),
            delay: 0,
            w_exp: 0,
            sign_mode: SignMode::Excitatory,
            num_weight_bits: 8,
            imp_x1: 0.0,
            tau_x1: 0.0,
            imp_x2: 0.0,
            tau_x2: 0.0,
            imp_y1: 0.0,
            tau_y1: 0.0,
            imp_y2: 0.0,
            tau_y2: 0.0,
            imp_y3: 0.0,
            tau_y3: 0.0,
            draws: None,
        }
    }

    const fn range(&self) -> (i32, i32) {
        match self.sign_mode {
            SignMode::Mixed => (-256, 254),
            SignMode::Excitatory => (0, 255),
            SignMode::Inhibitory => (-256, 0),
        }
    }

    fn traces(&self) -> [(f64, f64); 5] {
        [
            (self.imp_x1, self.tau_x1),
            (self.imp_x2, self.tau_x2),
            (self.imp_y1, self.tau_y1),
            (self.imp_y2, self.tau_y2),
            (self.imp_y3, self.tau_y3),
        ]
    }

    fn check(&self) -> Result<Expression, ModelError> {
        let rule = text::parse(&self.dw).map_err(ModelError::Rule)?;
        let ([n_out, n_in], n) = (self.shape, self.w.len());
        for (field, all, end) in [("i", &self.i, n_in), ("j", &self.j, n_out)] {
            if all.len() != n {
                return Err(ModelError::shape(field, &[all.len()], &[n]));
            }
            if let Some(k) = all.iter().position(|x| *x as usize >= end) {
                return Err(ModelError::range(format!("{field}[{k}]"), all[k], format!("an index below {end}")));
            }
        }
        for (field, value, low, high) in [
            ("delay", i64::from(self.delay), 0, 62),
            ("w_exp", i64::from(self.w_exp), -8, 7),
            ("num_weight_bits", i64::from(self.num_weight_bits), 0, 8),
        ] {
            if !(low..=high).contains(&value) {
                return Err(ModelError::range(field, value, format!("an integer in {low}..={high}")));
            }
        }
        let (low, high) = self.range();
        if let Some(k) = self.w.iter().position(|w| w.fract() != 0.0 || *w < f64::from(low) || *w > f64::from(high)) {
            return Err(ModelError::range(format!("w[{k}]"), self.w[k], format!("an integer in {low}..={high}")));
        }
        for ((name, read), (imp, tau)) in TRACES.into_iter().zip(self.traces()) {
            if imp.fract() != 0.0 || !(0.0..=127.0).contains(&imp) {
                return Err(ModelError::range(format!("imp_{name}"), imp, "an integer in 0..=127"));
            }
            if tau.fract() != 0.0 || tau < 0.0 {
                return Err(ModelError::range(format!("tau_{name}"), tau, "an integer of 0 or more"));
            }
            if rule.reads(read) && (imp == 0.0 || tau == 0.0) {
                return Err(ModelError::range(
                    "dw",
                    &self.dw,
                    format!("a rule without {name}, which has no impulse or no time constant"),
                ));
            }
        }
        Ok(rule)
    }

    fn sweep(&self, setting: &Setting<'_>, rounds: bool) -> Result<Sweep, ModelError> {
        let rule = self.check()?;
        let mixed = u32::from(self.sign_mode == SignMode::Mixed);
        let precision = f64::from(8 + mixed - self.num_weight_bits).exp2();
        let traces = self.traces();
        let used = traces.map(|(imp, tau)| imp > 0.0 && tau > 0.0);
        let n = self.w.len();
        let shifted = self.w.iter().map(|w| if rounds { (w / precision).trunc() * precision } else { *w });
        let mut sweep = Sweep {
            i: self.i.clone(),
            j: self.j.clone(),
            rule,
            rounds,
            precision,
            scale: f64::from(self.w_exp).exp2(),
            range: self.range(),
            traces: std::array::from_fn(|k| used[k].then(|| (traces[k].0, kept(traces[k].1)))),
            spikes_count: [used[0] || used[1], used[2] || used[3] || used[4]],
            w: self.w.clone(),
            w_act: Vec::new(),
            trace: std::array::from_fn(|_| vec![0.0; n]),
            flags: [vec![false; n], vec![false; n]],
            before: std::array::from_fn(|_| vec![0.0; n]),
            waiting: vec![vec![0.0; self.shape[1]]; self.delay as usize],
            due: vec![0.0; self.shape[0]],
            key: (setting.seed, setting.place),
            decisions: self.draws.clone().unwrap_or_default(),
            updates: 0,
        };
        sweep.w_act = shifted.map(|w| sweep.acting(w)).collect();
        Ok(sweep)
    }
}

/// The running synapses; all numbers are integers where `rounds` is set.
#[derive(Debug)]
struct Sweep {
    i: Vec<u32>,
    j: Vec<u32>,
    rule: Expression,
    /// Whether values are rounded and cut; the float twin does neither.
    rounds: bool,
    precision: f64,
    scale: f64,
    range: (i32, i32),
    /// Impulse and kept part of x1, x2, y1, y2, y3, where there is such a trace.
    traces: [Option<(f64, f64)>; 5],
    /// Whether x0 and y0 are ever set: only beside a trace of their side.
    spikes_count: [bool; 2],
    w: Vec<f64>,
    /// The weight as it acts `[weight LSB]`.
    w_act: Vec<f64>,
    trace: [Vec<f64>; 5],
    /// x0 and y0.
    flags: [Vec<bool>; 2],
    /// The traces before the spikes of this step.
    before: [Vec<f64>; 5],
    /// Spikes on their way, the next to arrive first.
    waiting: Vec<Vec<f64>>,
    due: Vec<f64>,
    key: (u64, u32),
    decisions: RoundingDecisions,
    updates: u64,
}

impl Sweep {
    fn acting(&self, w: f64) -> f64 {
        match self.rounds {
            true => (w * self.scale).floor().clamp(f64::from(-MOST), f64::from(MOST)),
            false => w * self.scale,
        }
    }

    fn arrive(&mut self, spikes: &[f64], fired: &[f64]) {
        let spikes = match self.waiting.is_empty() {
            true => spikes.to_vec(),
            false => {
                self.waiting.push(spikes.to_vec());
                self.waiting.remove(0)
            }
        };
        self.before.clone_from(&self.trace);
        for k in 0..self.w.len() {
            let (pre, post) = (spikes[self.i[k] as usize] != 0.0, fired[self.j[k] as usize] != 0.0);
            if pre {
                self.due[self.j[k] as usize] += self.w_act[k];
            }
            self.flags[0][k] = pre && self.spikes_count[0];
            self.flags[1][k] = post && self.spikes_count[1];
            for (n, course) in self.traces.iter().enumerate() {
                if let (Some((impulse, _)), true) = (course, if n < 2 { pre } else { post }) {
                    let sum = self.trace[n][k] + impulse;
                    self.trace[n][k] = if self.rounds { sum.clamp(0.0, 127.0) } else { sum };
                }
            }
        }
    }

    /// dw of synapse `k` at time `t` from the given traces, with or without spikes.
    fn dw(&self, k: usize, t: u64, trace: &[Vec<f64>; 5], spikes: bool) -> f64 {
        let flag = |side: usize| f64::from(u8::from(spikes && self.flags[side][k]));
        self.rule.value(&|name| match name {
            Name::X0 => flag(0),
            Name::Y0 => flag(1),
            Name::X1 => trace[0][k],
            Name::X2 => trace[1][k],
            Name::Y1 => trace[2][k],
            Name::Y2 => trace[3][k],
            Name::Y3 => trace[4][k],
            Name::W => self.w[k],
            Name::U(n) => f64::from(u8::from(t.is_multiple_of(1 << n))),
        })
    }

    /// The decision `which` (0 the weight, then the traces) of synapse `k`, with the given chance, and its sign.
    fn decide(&self, which: usize, k: usize, t: u64, chance: f64, sign: f64) -> f64 {
        let d = &self.decisions;
        let all =
            [&d.add_or_not, &d.x1_add_or_not, &d.x2_add_or_not, &d.y1_add_or_not, &d.y2_add_or_not, &d.y3_add_or_not];
        if let Some(recorded) = all[which].get(t as usize).and_then(|row| row.get(k)) {
            return f64::from(*recorded);
        }
        let purpose = if which == 0 { Purpose::SYNAPSE } else { Purpose::TRACE };
        let words = draw(self.key.0, purpose, self.key.1, k as u32, 8 * t + which as u64);
        sign * f64::from(u8::from(chance > draw_unit([words[0], words[1]])))
    }

    fn update(&mut self, step: u64, overflow: &mut Overflow) {
        let t = step - 1;
        let (low, high) = (f64::from(self.range.0), f64::from(self.range.1));
        for k in 0..self.w.len() {
            let exact = self.dw(k, t, &self.trace, true);
            if !self.rounds {
                self.w[k] += exact;
            } else {
                let away = |x: f64| x.abs().ceil().copysign(x);
                let blind = away(self.dw(k, t, &self.before, false));
                let chance = blind.abs() % self.precision / self.precision;
                let add = self.decide(0, k, t, chance, if blind == 0.0 { 0.0 } else { blind.signum() });
                let moved = self.w[k] + ((away(exact) / self.precision).trunc() + add) * self.precision;
                self.w[k] = moved.clamp(low, high);
                overflow.note("w", OverflowKind::Saturate, u64::from(self.w[k] != moved), step, k as u32);
            }
            self.w_act[k] = self.acting(self.w[k]);
            for n in 0..5 {
                let Some((_, keep)) = self.traces[n] else { continue };
                let decayed = self.trace[n][k] * keep;
                self.trace[n][k] = match self.rounds {
                    true => decayed.trunc() + self.decide(n + 1, k, t, (self.before[n][k] * keep).fract(), 1.0),
                    false => decayed,
                };
            }
        }
        self.updates += self.w.len() as u64;
    }

    fn read(&self, var: usize) -> &Vec<f64> {
        match var {
            0 => &self.w,
            1 => &self.w_act,
            _ => &self.trace[var - 2],
        }
    }

    fn write(&mut self, var: usize, values: Vec<f64>) {
        match var {
            0 => {
                self.w_act = values.iter().map(|w| self.acting(*w)).collect();
                self.w = values;
            }
            1 => self.w_act = values,
            _ => self.trace[var - 2] = values,
        }
    }

    fn save_real(&self) -> Vec<Vec<f64>> {
        let mut state: Vec<Vec<f64>> = (0..7).map(|var| self.read(var).clone()).collect();
        state.extend([self.waiting.concat(), self.due.clone(), vec![self.updates as f64]]);
        state
    }

    fn load_real(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let n_in = self.waiting.first().map_or(0, Vec::len);
        let mut wanted = vec![self.w.len(); 7];
        wanted.extend([n_in * self.waiting.len(), self.due.len(), 1]);
        let found: Vec<usize> = state.iter().map(Values::len).collect();
        if found != wanted {
            return Err(ModelError::shape("saved state", &found, &wanted));
        }
        for (var, values) in state[..7].iter().enumerate() {
            self.write(var, values.to_real());
        }
        for (slot, values) in self.waiting.iter_mut().zip(state[7].to_real().chunks(n_in.max(1))) {
            slot.copy_from_slice(values);
        }
        self.due = state[8].to_real();
        self.updates = state[9].to_real()[0] as u64;
        Ok(())
    }
}

const fn as_int(x: f64) -> i32 {
    x as i32
}

impl Kernel<i32> for Sweep {
    fn emit(&mut self, _step: u64, outputs: &mut [Vec<i32>]) {
        for (out, sum) in outputs[0].iter_mut().zip(&mut self.due) {
            *out = as_int(std::mem::take(sum));
        }
    }

    fn step(&mut self, io: &mut Io<'_, i32>) {
        let [spikes, fired] =
            [0, 1].map(|port: usize| io.inputs[port].iter().map(|s| f64::from(*s)).collect::<Vec<_>>());
        self.arrive(&spikes, &fired);
    }

    fn learn(&mut self, step: u64, overflow: &mut Overflow) {
        self.update(step, overflow);
    }

    fn synaptic_updates(&self) -> u64 {
        self.updates
    }

    fn get(&self, var: usize) -> Vec<i32> {
        self.read(var).iter().map(|x| as_int(*x)).collect()
    }

    fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError> {
        let (low, high) = match var {
            0 => self.range,
            1 => (-MOST, MOST),
            _ => (0, 127),
        };
        if let Some(v) = values.iter().find(|v| !(low..=high).contains(*v)) {
            return Err(ModelError::range(
                ["w", "w_act", "x1", "x2", "y1", "y2", "y3"][var],
                v,
                format!("an integer in {low}..={high}"),
            ));
        }
        self.write(var, values.iter().map(|v| f64::from(*v)).collect());
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        let ints = |x: Vec<f64>| Values::Int(x.into_iter().map(as_int).collect());
        let mut state: Vec<Values> = self.save_real()[..9].iter().cloned().map(ints).collect();
        state.push(Values::Real(vec![self.updates as f64]));
        state
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        saved(state, 0, self.w.len())?;
        self.load_real(state)
    }
}

impl Kernel<f64> for Sweep {
    fn emit(&mut self, _step: u64, outputs: &mut [Vec<f64>]) {
        outputs[0].copy_from_slice(&self.due);
        self.due.fill(0.0);
    }

    fn step(&mut self, io: &mut Io<'_, f64>) {
        self.arrive(&io.inputs[0], &io.inputs[1]);
    }

    fn learn(&mut self, step: u64, overflow: &mut Overflow) {
        self.update(step, overflow);
    }

    fn synaptic_updates(&self) -> u64 {
        self.updates
    }

    fn get(&self, var: usize) -> Vec<f64> {
        self.read(var).clone()
    }

    fn set(&mut self, var: usize, values: &[f64]) -> Result<(), ModelError> {
        self.write(var, values.to_vec());
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        self.save_real().into_iter().map(Values::Real).collect()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        self.load_real(state)
    }
}

impl Behaviour for LoihiSynapses {
    fn in_ports(&self) -> Vec<PortSpec> {
        vec![
            PortSpec::new("s_in", Kind::Spike, &self.shape[1..]),
            PortSpec::new("s_in_bap", Kind::Spike, &self.shape[..1]),
        ]
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        vec![PortSpec::new("a_out", Kind::Activation, &self.shape[..1])]
    }

    fn vars(&self) -> Vec<VarSpec> {
        ["w", "w_act", "x1", "x2", "y1", "y2", "y3"].map(|name| VarSpec::new(name, &[self.w.len()])).to_vec()
    }

    fn buffered(&self) -> bool {
        true
    }

    fn fixed(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        Ok(Box::new(self.sweep(setting, true)?))
    }

    fn float(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        Ok(Box::new(self.sweep(setting, false)?))
    }
}
