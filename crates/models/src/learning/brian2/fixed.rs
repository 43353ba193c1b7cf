//! brian2-loihi's synapses in integers; see [`LoihiSynapses`](super::LoihiSynapses) for the equations.

use pumice_num::{Purpose, draw, draw_unit};

use super::text::{Expression, Name};
use super::{LoihiSynapses, RoundingDecisions, kept};
use crate::connection::weight::{MOST, SignMode};
use crate::neuron::bank::saved;
use crate::{Io, Kernel, ModelError, Overflow, OverflowKind, Setting, Values};

/// The running synapses; all numbers are integers, held where a product with a fraction is exact.
#[derive(Debug)]
pub(super) struct Sweep {
    i: Vec<u32>,
    j: Vec<u32>,
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
    updates: u64,
}

impl Sweep {
    pub(super) fn new(p: &LoihiSynapses, rule: Expression, setting: &Setting<'_>) -> Self {
        let mixed = u32::from(p.sign_mode == SignMode::Mixed);
        let precision = f64::from(8 + mixed - p.num_weight_bits).exp2();
        let (traces, n) = (p.traces(), p.w.len());
        let used = traces.map(|(imp, tau)| imp > 0.0 && tau > 0.0);
        let mut sweep = Sweep {
            i: p.i.clone(),
            j: p.j.clone(),
            rule,
            precision,
            scale: f64::from(p.w_exp).exp2(),
            range: p.range(),
            traces: std::array::from_fn(|k| used[k].then(|| (traces[k].0, kept(traces[k].1)))),
            spikes_count: [used[0] || used[1], used[2] || used[3] || used[4]],
            w: p.w.clone(),
            w_act: Vec::new(),
            trace: std::array::from_fn(|_| vec![0.0; n]),
            flags: [vec![false; n], vec![false; n]],
            before: std::array::from_fn(|_| vec![0.0; n]),
            waiting: vec![vec![0.0; p.shape[1]]; p.delay as usize],
            due: vec![0.0; p.shape[0]],
            key: (setting.seed, setting.place),
            decisions: p.draws.clone().unwrap_or_default(),
            updates: 0,
        };
        sweep.w_act = p.w.iter().map(|w| sweep.acting((w / precision).trunc() * precision)).collect();
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
            let away = |x: f64| x.abs().ceil().copysign(x);
            let blind = away(self.dw(k, t, &self.before, false));
            let chance = blind.abs() % self.precision / self.precision;
            let add = self.decide(0, k, t, chance, if blind == 0.0 { 0.0 } else { blind.signum() });
            let moved = self.w[k] + ((away(exact) / self.precision).trunc() + add) * self.precision;
            self.w[k] = moved.clamp(low, high);
            overflow.note("w", OverflowKind::Saturate, u64::from(self.w[k] != moved), step, k as u32);
            self.w_act[k] = self.acting(self.w[k]);
            for n in 0..5 {
                let Some((_, keep)) = self.traces[n] else { continue };
                let decayed = self.trace[n][k] * keep;
                let decision = self.decide(n + 1, k, t, (self.before[n][k] * keep).fract(), 1.0);
                self.trace[n][k] = decayed.trunc() + decision;
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
