//! brian2-loihi's synapses in integers; see [`LoihiSynapses`](super::LoihiSynapses) for the equations.

use std::ops::Range;

use pumice_num::{Purpose, draw, draw_unit};

use super::text::{Expression, Name};
use super::{LoihiSynapses, RoundingDecisions, every, kept};
use crate::connection::weight::{MOST, SignMode};
use crate::plastic::Tally;
use crate::{Cut, Fired, ModelError, Overflow, OverflowKind, Plastic, Portion, RandomNumbers, Setting};

/// The running synapses; all numbers are integers, held where a product with a fraction is exact.
#[derive(Debug)]
pub(super) struct Sweep {
    /// Source and target of each synapse of this cut; targets count from its start.
    i: Vec<u32>,
    j: Vec<u32>,
    /// Number of each synapse in the whole process, and how many there are.
    number: Vec<u32>,
    whole: usize,
    /// Targets of the whole process, and those of this cut.
    n_out: usize,
    targets: Range<usize>,
    n_in: usize,
    rule: Expression,
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
    updates: Tally,
    /// Roundings of weights and traces, which every synapse has for itself.
    rounded: Tally,
}

impl Sweep {
    pub(super) fn new(p: &LoihiSynapses, rule: Expression, setting: &Setting<'_>, cut: &Cut) -> Self {
        let mixed = u32::from(p.sign_mode == SignMode::Mixed);
        let precision = f64::from(8 + mixed - p.num_weight_bits).exp2();
        let targets = cut.range(p.shape[0]);
        let own = |k: &u32| targets.contains(&(p.j[*k as usize] as usize));
        let number: Vec<u32> = (0..p.w.len() as u32).filter(own).collect();
        let (traces, n) = (p.traces(), number.len());
        let used = traces.map(|(imp, tau)| imp > 0.0 && tau > 0.0);
        let mut sweep = Sweep {
            i: number.iter().map(|k| p.i[*k as usize]).collect(),
            j: number.iter().map(|k| p.j[*k as usize] - targets.start as u32).collect(),
            whole: p.w.len(),
            n_out: p.shape[0],
            n_in: p.shape[1],
            rule,
            precision,
            scale: f64::from(p.w_exp).exp2(),
            range: p.range(),
            traces: std::array::from_fn(|k| used[k].then(|| (traces[k].0, kept(traces[k].1)))),
            spikes_count: [used[0] || used[1], used[2] || used[3] || used[4]],
            w: number.iter().map(|k| p.w[*k as usize]).collect(),
            number,
            w_act: Vec::new(),
            trace: std::array::from_fn(|_| vec![0.0; n]),
            flags: [vec![false; n], vec![false; n]],
            before: std::array::from_fn(|_| vec![0.0; n]),
            waiting: vec![vec![0.0; p.shape[1]]; p.delay as usize],
            due: vec![0.0; targets.len()],
            updates: Tally::new(cut, targets.len()),
            rounded: Tally::new(cut, targets.len()),
            targets,
            key: (setting.seed, setting.place),
            decisions: p.draws.clone().unwrap_or_default(),
        };
        sweep.w_act = sweep.w.iter().map(|w| sweep.acting((w / precision).trunc() * precision)).collect();
        sweep
    }

    fn acting(&self, w: f64) -> f64 {
        (w * self.scale).floor().clamp(f64::from(-MOST), f64::from(MOST))
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
                    self.trace[n][k] = sum.clamp(0.0, 127.0);
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
            Name::U(n) => every(n, t),
        })
    }

    /// The decision `which` (0 the weight, then the traces) of synapse `k`, with the given chance, and its sign.
    fn decide(&self, which: usize, k: usize, t: u64, chance: f64, sign: f64) -> f64 {
        let number = self.number[k];
        let d = &self.decisions;
        let all =
            [&d.add_or_not, &d.x1_add_or_not, &d.x2_add_or_not, &d.y1_add_or_not, &d.y2_add_or_not, &d.y3_add_or_not];
        if let Some(recorded) = all[which].get(t as usize).and_then(|row| row.get(number as usize)) {
            return f64::from(*recorded);
        }
        let purpose = if which == 0 { Purpose::SYNAPSE } else { Purpose::TRACE };
        let words = draw(self.key.0, purpose, self.key.1, number, 8 * t + which as u64);
        sign * f64::from(u8::from(chance > draw_unit([words[0], words[1]])))
    }

    fn update(&mut self, step: u64, overflow: &mut Overflow) {
        let t = step - 1;
        let (low, high) = (f64::from(self.range.0), f64::from(self.range.1));
        for k in 0..self.w.len() {
            let exact = self.dw(k, t, &self.trace, true);
            let away = |x: f64| x.abs().ceil().copysign(x);
            let blind = away(self.dw(k, t, &self.before, false));
            let chance = blind.abs() % self.precision / self.precision;
            let add = self.decide(0, k, t, chance, if blind == 0.0 { 0.0 } else { blind.signum() });
            let moved = self.w[k] + ((away(exact) / self.precision).trunc() + add) * self.precision;
            self.w[k] = moved.clamp(low, high);
            overflow.note("w", OverflowKind::Saturate, u64::from(self.w[k] != moved), step, self.number[k]);
            self.w_act[k] = self.acting(self.w[k]);
            let mut rounded = 1;
            for n in 0..5 {
                let Some((_, keep)) = self.traces[n] else { continue };
                rounded += usize::from(self.trace[n][k] != 0.0);
                let decayed = self.trace[n][k] * keep;
                let decision = self.decide(n + 1, k, t, (self.before[n][k] * keep).fract(), 1.0);
                self.trace[n][k] = decayed.trunc() + decision;
            }
            self.rounded.onto(self.j[k], rounded);
        }
        self.j.iter().for_each(|j| self.updates.onto(*j, 1));
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

    fn read_int(&self, var: usize) -> Portion {
        let values = self.read(var).iter().map(|x| as_int(*x)).collect();
        Portion { len: self.whole, index: self.number.clone(), values }
    }
}

const fn as_int(x: f64) -> i32 {
    x as i32
}

/// An array with an element for each spike.
fn dense(n: usize, first: usize, arrivals: &Fired) -> Vec<f64> {
    let mut all = vec![0.0; n];
    for (k, i) in arrivals.index.iter().enumerate() {
        if let Some(x) = (*i as usize).checked_sub(first).and_then(|i| all.get_mut(i)) {
            *x = f64::from(arrivals.payload_of(k));
        }
    }
    all
}

impl Plastic for Sweep {
    fn emit(&mut self, _step: u64, sums: &mut [i32]) {
        for (sum, due) in sums.iter_mut().zip(&mut self.due) {
            *sum = sum.wrapping_add(as_int(std::mem::take(due)));
        }
    }

    fn step(&mut self, _step: u64, arrivals: &[Fired], _overflow: &mut Overflow) {
        let spikes = dense(self.n_in, 0, &arrivals[0]);
        let fired = dense(self.due.len(), self.targets.start, &arrivals[1]);
        self.arrive(&spikes, &fired);
    }

    fn learn(&mut self, step: u64, overflow: &mut Overflow) {
        self.update(step, overflow);
    }

    fn updates(&self) -> &[u64] {
        self.updates.counts()
    }

    fn random_numbers(&self) -> RandomNumbers {
        RandomNumbers { parts: self.rounded.counts().to_vec(), sources: 0 }
    }

    fn clear_counts(&mut self) {
        self.updates.clear();
        self.rounded.clear();
    }

    fn get(&self, var: usize) -> Portion {
        self.read_int(var)
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
        self.write(var, self.number.iter().map(|k| f64::from(values[*k as usize])).collect());
        Ok(())
    }

    fn save(&self) -> Vec<Portion> {
        let ints = |all: &[f64]| all.iter().map(|x| as_int(*x)).collect::<Vec<_>>();
        let mut state: Vec<Portion> = (0..7).map(|var| self.read_int(var)).collect();
        state.push(Portion::whole(ints(&self.waiting.concat())));
        state.push(Portion::run(self.n_out, self.targets.start, ints(&self.due)));
        state
    }

    fn load(&mut self, state: &[Vec<i32>]) -> Result<(), ModelError> {
        let mut wanted = vec![self.whole; 7];
        wanted.extend([self.n_in * self.waiting.len(), self.n_out]);
        let found: Vec<usize> = state.iter().map(Vec::len).collect();
        if found != wanted {
            return Err(ModelError::shape("saved state", &found, &wanted));
        }
        for (var, values) in state[..7].iter().enumerate() {
            self.write(var, self.number.iter().map(|k| f64::from(values[*k as usize])).collect());
        }
        let real = |all: &[i32]| all.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
        for (slot, values) in self.waiting.iter_mut().zip(state[7].chunks(self.n_in.max(1))) {
            *slot = real(values);
        }
        self.due = real(&state[8][self.targets.clone()]);
        Ok(())
    }
}
