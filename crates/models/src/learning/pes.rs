//! Synapses that learn by the prescribed error sensitivity as nengo-loihi emulates it on Loihi 1.
//!
//! ```text
//! t = step + 1                                         (a spike sent at a step is delivered in the next)
//! every train_epoch: trace = sround(exp(-train_epoch / tau) * trace + mag * [fired since the last]), at most 127
//! every learn_epoch: w' = sround((w << 7 + shift(trace * error * lr_int, 7 + lr_exp - 2)) / 2^(7 + lost))
//!                    w  = clip(w', ±(2^(8 - lost) - 1)) << lost
//! sround(x) = sign(x) * (floor|x| + (frac|x| > draw)),  error = [-e, +e] for pairs of targets
//! ```
//!
//! Sources: nengo-loihi 1.1 `emulator/interface.py`, `builder/discretize.py`, pinned by recordings; the rule is
//! MacNeil and Eliasmith, PLoS ONE 6(9), 2011.

use std::ops::Range;

use pumice_num::{Purpose, draw, draw_unit, shift};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connection::rows::Columns;
use crate::connection::weight::{SignMode, WeightFormat};
use crate::plastic::{Tally, Whole};
use crate::{
    Behaviour, Cut, Fired, Io, Kernel, Kind, Matrix, ModelError, Overflow, OverflowKind, Plastic, PortSpec, Portion,
    RandomNumbers, RowFormat, Rows, Setting, Values, VarSpec,
};

/// The constants of the rule, under nengo-loihi's names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PesLearning {
    /// Steps between two updates of the traces, 1 or more.
    #[serde(default = "two")]
    pub train_epoch: u32,
    /// Steps between two updates of the weights, 1 or more.
    #[serde(default = "four")]
    pub learn_epoch: u32,
    /// Time constant of the traces `[steps]`, above 0.
    pub tracing_tau: f64,
    /// What a spike adds to a trace, `0..128`.
    pub tracing_mag: f64,
    /// Mantissa of the learning rate, `-8..=7`.
    #[serde(default = "one")]
    pub lr_int: i32,
    /// Exponent of the learning rate, `-7..=8`; nengo-loihi refuses less, too.
    #[serde(default = "least")]
    pub lr_exp: i32,
}

fn two() -> u32 {
    2
}

fn four() -> u32 {
    4
}

fn one() -> i32 {
    1
}

fn least() -> i32 {
    -7
}

/// nengo-loihi's learning `Synapse`: all-to-all synapses onto pairs of on and off neurons, and a port for the error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PesSynapses {
    /// First weight mantissas, `(targets, sources)`; the number of targets is even: all on neurons, then all off ones.
    pub weights: Matrix,
    /// Power of two that scales all weights, `-6..=7`. A negative one drops the bits below a weight LSB of every synapse;
    /// nengo-loihi keeps them, as an arithmetic does whose `align` is smaller and whose exponents are larger.
    #[serde(default)]
    pub weight_exp: i32,
    /// Bits per weight, `1..=8`; the sign is one of them.
    #[serde(default = "eight")]
    pub num_weight_bits: u32,
    /// The rule.
    pub learning: PesLearning,
    /// Recorded draws in `[0, 1)`: element `t - 1` has one array per update in step `t`, first the traces, then one
    /// array per source; the counter-based draws are used where there is none.
    #[serde(default)]
    pub draws: Option<Vec<Vec<Vec<f64>>>>,
}

fn eight() -> u32 {
    8
}

/// Fraction bits of a weight while it learns.
const FRACTION: i32 = 7;
/// Bits by which a product of two 7-bit factors and a 3-bit mantissa passes 15 bits.
const OVERFLOW: i32 = 2;

/// `sign(x) * (floor|x| + (frac|x| > draw))`, and whether it was cut to `most` in magnitude.
pub(super) fn stochastic_round(x: f64, draw: f64, most: f64) -> (i32, bool) {
    let magnitude = x.abs().floor() + f64::from(u8::from(x.abs().fract() > draw));
    ((magnitude.min(most)).copysign(x) as i32, magnitude > most)
}

impl PesSynapses {
    fn check(&self) -> Result<WeightFormat, ModelError> {
        let l = &self.learning;
        let [n_out, _] = self.weights.shape("weights")?;
        let faults = [
            (n_out % 2 != 0, "weights", n_out.to_string(), "an even number of targets"),
            (!(-6..=7).contains(&self.weight_exp), "weight_exp", self.weight_exp.to_string(), "an integer in -6..=7"),
            (l.train_epoch == 0, "learning.train_epoch", l.train_epoch.to_string(), "1 or more"),
            (l.learn_epoch == 0, "learning.learn_epoch", l.learn_epoch.to_string(), "1 or more"),
            (
                l.tracing_tau.is_nan() || l.tracing_tau <= 0.0,
                "learning.tracing_tau",
                l.tracing_tau.to_string(),
                "a positive number of steps",
            ),
            (
                !(0.0..128.0).contains(&l.tracing_mag),
                "learning.tracing_mag",
                l.tracing_mag.to_string(),
                "a number in 0..128",
            ),
            (!(-8..=7).contains(&l.lr_int), "learning.lr_int", l.lr_int.to_string(), "an integer in -8..=7"),
            (!(-7..=8).contains(&l.lr_exp), "learning.lr_exp", l.lr_exp.to_string(), "an integer in -7..=8"),
        ];
        if let Some((_, field, value, allowed)) = faults.into_iter().find(|f| f.0) {
            return Err(ModelError::range(field, value, allowed));
        }
        let drawn = self.draws.iter().flatten().flatten().flatten();
        if let Some(r) = drawn.into_iter().find(|r| !(0.0..1.0).contains(*r)) {
            return Err(ModelError::range("draws", r, "numbers in 0..1"));
        }
        WeightFormat::new(self.weight_exp, self.num_weight_bits, Some(SignMode::Mixed), std::iter::empty())
    }

    /// The mantissas by source, then target.
    fn mantissas(&self, format: WeightFormat) -> Result<Vec<i32>, ModelError> {
        let [n_out, n_in] = self.weights.shape("weights")?;
        let step = 1 << format.lost_bits();
        let most = 256 - step;
        let mut by_source = Vec::with_capacity(n_in * n_out);
        for i in 0..n_in {
            for (j, row) in self.weights.0.iter().enumerate() {
                let w = row[i];
                if w.fract() != 0.0 || w.abs() > f64::from(most) || (w as i32) % step != 0 {
                    return Err(ModelError::range(
                        format!("weights[{j}][{i}]"),
                        w,
                        format!("a multiple of {step} in {}..={most}", -most),
                    ));
                }
                by_source.push(w as i32);
            }
        }
        Ok(by_source)
    }

    fn cut(&self, setting: &Setting<'_>, cut: &Cut) -> Result<Fixed, ModelError> {
        let format = self.check()?;
        let [n_out, n_in] = self.weights.shape("weights")?;
        let targets = cut.range(n_out);
        let whole = self.mantissas(format)?;
        Ok(Fixed {
            weight: whole.chunks(n_out.max(1)).flat_map(|row| row[targets.clone()].to_vec()).collect(),
            n_out,
            lost: format.lost_bits(),
            exponent: self.weight_exp,
            learning: self.learning.clone(),
            decay: (-f64::from(self.learning.train_epoch) / self.learning.tracing_tau).exp(),
            trace: vec![0; n_in],
            pending: vec![false; n_in],
            error: vec![0; n_out / 2],
            due: vec![0; targets.len()],
            beyond: setting.arithmetic.beyond_32_bits(),
            key: (setting.seed, setting.place),
            recorded: self.draws.clone().unwrap_or_default(),
            updates: Tally::new(cut, targets.len()),
            rounded: 0,
            targets,
        })
    }

    /// How the synapses lie in memory, those of weight 0 too.
    fn laid_out(&self) -> Result<Rows, ModelError> {
        let format = self.check()?;
        let [n_out, n_in] = self.weights.shape("weights")?;
        let sources: Vec<u32> = (0..n_in as u32).flat_map(|i| std::iter::repeat_n(i, n_out)).collect();
        let targets: Vec<u32> = (0..n_in).flat_map(|_| 0..n_out as u32).collect();
        let columns = Columns::new([n_in, n_out], &sources, &targets, &self.mantissas(format)?, &[]);
        Ok(Rows {
            format: RowFormat::Dense,
            weight_bits: self.num_weight_bits,
            tag_bits: Some(0),
            ..columns.into_rows_where(|_| true)
        })
    }
}

impl Behaviour for PesSynapses {
    fn in_ports(&self) -> Vec<PortSpec> {
        let sources = self.weights.0.first().map_or(0, Vec::len);
        vec![
            PortSpec::new("s_in", Kind::Spike, &[sources]),
            PortSpec::new("error_in", Kind::Graded, &[self.weights.0.len() / 2]),
        ]
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        vec![PortSpec::new("a_out", Kind::Activation, &[self.weights.0.len()])]
    }

    fn vars(&self) -> Vec<VarSpec> {
        let sources = self.weights.0.first().map_or(0, Vec::len);
        vec![VarSpec::new("weights", &[self.weights.0.len(), sources]), VarSpec::new("traces", &[sources])]
    }

    fn buffered(&self) -> bool {
        true
    }

    fn fixed(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        Ok(Box::new(Whole::new(self.cut(setting, &Cut::ALL)?)))
    }

    fn rows(&self, _setting: &Setting<'_>) -> Option<Result<Rows, ModelError>> {
        Some(self.laid_out())
    }

    fn plastic(&self, setting: &Setting<'_>, cut: &Cut) -> Option<Result<Box<dyn Plastic>, ModelError>> {
        Some(self.cut(setting, cut).map(|synapses| Box::new(synapses) as Box<dyn Plastic>))
    }

    fn float(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        self.check()?;
        let [n_out, n_in] = self.weights.shape("weights")?;
        let l = &self.learning;
        Ok(Box::new(Float {
            weight: (0..n_in).flat_map(|i| self.weights.0.iter().map(move |row| row[i])).collect(),
            scale: f64::from(self.weight_exp).exp2(),
            rate: f64::from(l.lr_int) * f64::from(l.lr_exp - OVERFLOW).exp2(),
            epochs: (u64::from(l.train_epoch), u64::from(l.learn_epoch)),
            mag: l.tracing_mag,
            decay: (-f64::from(l.train_epoch) / l.tracing_tau).exp(),
            trace: vec![0.0; n_in],
            pending: vec![false; n_in],
            error: vec![0.0; n_out / 2],
            due: vec![0.0; n_out],
        }))
    }
}

#[derive(Debug)]
struct Fixed {
    /// Mantissa from source `i` to target `j` of this cut at `i * targets.len() + j`.
    weight: Vec<i32>,
    /// Targets of the whole process, and those of this cut.
    n_out: usize,
    targets: Range<usize>,
    lost: u32,
    exponent: i32,
    learning: PesLearning,
    decay: f64,
    trace: Vec<i32>,
    /// Sources that fired since the last update of the traces.
    pending: Vec<bool>,
    error: Vec<i32>,
    due: Vec<i32>,
    /// What a sum counts as that 32 bits do not hold.
    beyond: OverflowKind,
    key: (u64, u32),
    recorded: Vec<Vec<Vec<f64>>>,
    updates: Tally,
    /// Roundings of the traces.
    rounded: u64,
}

impl Fixed {
    fn draw(&self, purpose: Purpose, (array, element): (usize, usize), index: usize, t: u64) -> f64 {
        let recorded = self.recorded.get(t as usize - 1).and_then(|step| step.get(array)?.get(element).copied());
        recorded.unwrap_or_else(|| {
            let words = draw(self.key.0, purpose, self.key.1, index as u32, t);
            draw_unit([words[0], words[1]])
        })
    }

    /// Every cut has all sources and errors; the one with the first target speaks for them.
    fn speaks(&self) -> bool {
        self.targets.contains(&0)
    }

    fn update_traces(&mut self, t: u64, overflow: &mut Overflow) {
        for i in 0..self.trace.len() {
            let spike = std::mem::take(&mut self.pending[i]);
            if !spike && self.trace[i] == 0 {
                continue;
            }
            let exact = self.decay * f64::from(self.trace[i]) + if spike { self.learning.tracing_mag } else { 0.0 };
            let (trace, cut) = stochastic_round(exact, self.draw(Purpose::TRACE, (0, i), i, t), 127.0);
            self.trace[i] = trace;
            self.rounded += 1;
            overflow.note("traces", OverflowKind::Saturate, u64::from(cut && self.speaks()), t - 1, i as u32);
        }
    }

    /// A source without a trace changes no weight, so it is not visited.
    fn update_weights(&mut self, t: u64, overflow: &mut Overflow) {
        let n = self.n_out;
        let first = usize::from(t.is_multiple_of(u64::from(self.learning.train_epoch)));
        let (scale, most) = (f64::from(-FRACTION - self.lost as i32).exp2(), f64::from((1 << (8 - self.lost)) - 1));
        for i in (0..self.trace.len()).filter(|i| self.trace[*i] != 0) {
            for j in self.targets.clone() {
                let own = i * self.targets.len() + j - self.targets.start;
                let (k, e) = (i * n + j, self.error[j % (n / 2)] * if j < n / 2 { -1 } else { 1 });
                let product =
                    shift(self.trace[i] * e * self.learning.lr_int, FRACTION + self.learning.lr_exp - OVERFLOW);
                let exact = f64::from((self.weight[own] << FRACTION) + product) * scale;
                let (w, cut) = stochastic_round(exact, self.draw(Purpose::SYNAPSE, (first + i, j), k, t), most);
                self.weight[own] = w << self.lost;
                overflow.note("weights", OverflowKind::Saturate, u64::from(cut), t - 1, k as u32);
            }
            (0..self.targets.len()).for_each(|j| self.updates.onto(j as u32, 1));
        }
    }
}

impl Plastic for Fixed {
    fn emit(&mut self, _step: u64, sums: &mut [i32]) {
        for (sum, due) in sums.iter_mut().zip(&mut self.due) {
            *sum = sum.wrapping_add(std::mem::take(due));
        }
    }

    fn step(&mut self, step: u64, arrivals: &[Fired], overflow: &mut Overflow) {
        let n = self.due.len();
        let mut sums = vec![0_i64; n];
        for (k, i) in arrivals[0].index.iter().map(|i| *i as usize).enumerate() {
            let spikes = arrivals[0].payload_of(k);
            for (sum, w) in sums.iter_mut().zip(&self.weight[i * n..]) {
                *sum += i64::from(shift(*w, self.exponent)) * i64::from(spikes);
            }
            // A second spike within an epoch is lost to the trace, as on the chip.
            let lost = spikes.saturating_sub(i32::from(!self.pending[i]));
            let lost = if self.speaks() { lost.max(0).unsigned_abs() } else { 0 };
            overflow.note("trace spikes", OverflowKind::Clip, lost.into(), step, i as u32);
            self.pending[i] = true;
        }
        for ((due, sum), j) in self.due.iter_mut().zip(sums).zip(self.targets.clone()) {
            let exact = i64::from(*due) + sum;
            *due = exact as i32;
            overflow.note("a_out", self.beyond, u64::from(i64::from(*due) != exact), step, j as u32);
        }
        self.error.fill(0);
        for (k, j) in arrivals[1].index.iter().enumerate() {
            let e = arrivals[1].payload_of(k);
            let held = e.clamp(-127, 127);
            self.error[*j as usize] = held;
            overflow.note("error_in", OverflowKind::Saturate, u64::from(held != e && self.speaks()), step, *j);
        }
    }

    fn learn(&mut self, step: u64, overflow: &mut Overflow) {
        let t = step + 1;
        if t.is_multiple_of(u64::from(self.learning.train_epoch)) {
            self.update_traces(t, overflow);
        }
        if t.is_multiple_of(u64::from(self.learning.learn_epoch)) {
            self.update_weights(t, overflow);
        }
    }

    fn updates(&self) -> &[u64] {
        self.updates.counts()
    }

    fn random_numbers(&self) -> RandomNumbers {
        RandomNumbers { parts: self.updates().to_vec(), sources: self.rounded }
    }

    fn clear_counts(&mut self) {
        self.updates.clear();
        self.rounded = 0;
    }

    fn get(&self, var: usize) -> Portion {
        let (n_in, n) = (self.trace.len(), self.due.len());
        if var == 1 {
            return Portion::whole(self.trace.clone());
        }
        let places = (0..n_in * n).map(|k| (self.targets.start + k / n_in, k % n_in));
        Portion {
            len: n_in * self.n_out,
            index: places.clone().map(|(j, i)| (j * n_in + i) as u32).collect(),
            values: places.map(|(j, i)| self.weight[i * n + j - self.targets.start]).collect(),
        }
    }

    fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError> {
        let (n_in, n, step) = (self.trace.len(), self.due.len(), 1 << self.lost);
        let (name, low, high, step) =
            if var == 0 { ("weights", step - 256, 256 - step, step) } else { ("traces", 0, 127, 1) };
        if let Some(v) = values.iter().find(|v| !(low..=high).contains(*v) || **v % step != 0) {
            return Err(ModelError::range(name, v, format!("a multiple of {step} in {low}..={high}")));
        }
        match var {
            0 => {
                let place = |k: usize| (self.targets.start + k % n) * n_in + k / n;
                self.weight = (0..n_in * n).map(|k| values[place(k)]).collect();
            }
            _ => self.trace = values.to_vec(),
        }
        Ok(())
    }

    fn save(&self) -> Vec<Portion> {
        let pending = self.pending.iter().map(|p| i32::from(*p)).collect();
        let common = [self.trace.clone(), pending, self.error.clone()].map(Portion::whole);
        let due = Portion::run(self.n_out, self.targets.start, self.due.clone());
        [self.get(0)].into_iter().chain(common).chain([due]).collect()
    }

    fn load(&mut self, state: &[Vec<i32>]) -> Result<(), ModelError> {
        let (n_in, n_out) = (self.trace.len(), self.n_out);
        let lengths = [n_in * n_out, n_in, n_in, n_out / 2, n_out];
        let found: Vec<usize> = state.iter().map(Vec::len).collect();
        if found != lengths {
            return Err(ModelError::shape("saved state", &found, &lengths));
        }
        self.set(0, &state[0])?;
        self.set(1, &state[1])?;
        self.pending = state[2].iter().map(|p| *p != 0).collect();
        self.error.clone_from(&state[3]);
        self.due = state[4][self.targets.clone()].to_vec();
        Ok(())
    }
}

/// The float twin: no rounding and no ends.
#[derive(Debug)]
struct Float {
    weight: Vec<f64>,
    scale: f64,
    rate: f64,
    epochs: (u64, u64),
    mag: f64,
    decay: f64,
    trace: Vec<f64>,
    pending: Vec<bool>,
    error: Vec<f64>,
    due: Vec<f64>,
}

impl Kernel<f64> for Float {
    fn emit(&mut self, _step: u64, outputs: &mut [Vec<f64>]) {
        outputs[0].copy_from_slice(&self.due);
        self.due.fill(0.0);
    }

    fn step(&mut self, io: &mut Io<'_, f64>) {
        let n = self.due.len();
        for (i, spikes) in io.inputs[0].iter().enumerate().filter(|(_, s)| **s != 0.0) {
            for (due, w) in self.due.iter_mut().zip(&self.weight[i * n..]) {
                *due += spikes * w * self.scale;
            }
            self.pending[i] = true;
        }
        self.error.clone_from(&io.inputs[1]);
    }

    fn learn(&mut self, step: u64, _overflow: &mut Overflow) {
        let (t, n) = (step + 1, self.due.len());
        if t.is_multiple_of(self.epochs.0) {
            for (trace, pending) in self.trace.iter_mut().zip(&mut self.pending) {
                *trace = *trace * self.decay + if std::mem::take(pending) { self.mag } else { 0.0 };
            }
        }
        if t.is_multiple_of(self.epochs.1) {
            for (k, w) in self.weight.iter_mut().enumerate() {
                let e = self.error[k % n % (n / 2)] * if k % n < n / 2 { -1.0 } else { 1.0 };
                *w += self.rate * self.trace[k / n] * e;
            }
        }
    }

    fn get(&self, var: usize) -> Vec<f64> {
        let (n_in, n_out) = (self.trace.len(), self.due.len());
        match var {
            0 => (0..n_in * n_out).map(|k| self.weight[k % n_in * n_out + k / n_in]).collect(),
            _ => self.trace.clone(),
        }
    }

    fn set(&mut self, var: usize, values: &[f64]) -> Result<(), ModelError> {
        let (n_in, n_out) = (self.trace.len(), self.due.len());
        match var {
            0 => self.weight = (0..n_in * n_out).map(|k| values[k % n_out * n_in + k / n_out]).collect(),
            _ => self.trace = values.to_vec(),
        }
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        let pending = self.pending.iter().map(|p| f64::from(u8::from(*p))).collect();
        [self.get(0), self.trace.clone(), pending, self.error.clone(), self.due.clone()].map(Values::Real).to_vec()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let (n_in, n_out) = (self.trace.len(), self.due.len());
        let found: Vec<usize> = state.iter().map(Values::len).collect();
        let wanted = [n_in * n_out, n_in, n_in, n_out / 2, n_out];
        if found != wanted {
            return Err(ModelError::shape("saved state", &found, &wanted));
        }
        self.set(0, &state[0].to_real())?;
        self.trace = state[1].to_real();
        self.pending = state[2].to_real().iter().map(|p| *p != 0.0).collect();
        (self.error, self.due) = (state[3].to_real(), state[4].to_real());
        Ok(())
    }
}
