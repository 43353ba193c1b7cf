//! The float twin of brian2-loihi's synapses: the same rule without rounding or ends.
//!
//! ```text
//! w += dw,  x_k = (x_k + imp * spike) * (1 - 1/tau),  a_out = sum of w * 2^w_exp
//! ```

use super::text::{Expression, Name};
use super::{LoihiSynapses, every};
use crate::{Io, Kernel, ModelError, Overflow, Values};

/// The running twin.
#[derive(Debug)]
pub(super) struct Twin {
    ends: Vec<(usize, usize)>,
    rule: Expression,
    scale: f64,
    /// Impulse and kept part of x1, x2, y1, y2, y3; 0 where there is no such trace.
    courses: [(f64, f64); 5],
    /// Whether x0 and y0 are ever set: only beside a trace of their side.
    counts: [bool; 2],
    w: Vec<f64>,
    /// The five traces of each synapse.
    trace: Vec<[f64; 5]>,
    /// x0 and y0 of each synapse.
    spike: Vec<[f64; 2]>,
    /// Spikes on their way, the next to arrive first.
    waiting: Vec<Vec<f64>>,
    due: Vec<f64>,
}

impl Twin {
    pub(super) fn new(p: &LoihiSynapses, rule: Expression) -> Self {
        let courses =
            p.traces().map(|(imp, tau)| if imp > 0.0 && tau > 0.0 { (imp, 1.0 - 1.0 / tau) } else { (0.0, 0.0) });
        let used = |range: std::ops::Range<usize>| courses[range].iter().any(|c| c.0 > 0.0);
        Twin {
            ends: p.i.iter().zip(&p.j).map(|(i, j)| (*i as usize, *j as usize)).collect(),
            rule,
            scale: f64::from(p.w_exp).exp2(),
            counts: [used(0..2), used(2..5)],
            courses,
            w: p.w.clone(),
            trace: vec![[0.0; 5]; p.w.len()],
            spike: vec![[0.0; 2]; p.w.len()],
            waiting: vec![vec![0.0; p.shape[1]]; p.delay as usize],
            due: vec![0.0; p.shape[0]],
        }
    }
}

impl Kernel<f64> for Twin {
    fn emit(&mut self, _step: u64, outputs: &mut [Vec<f64>]) {
        outputs[0].copy_from_slice(&self.due);
        self.due.fill(0.0);
    }

    fn step(&mut self, io: &mut Io<'_, f64>) {
        self.waiting.push(io.inputs[0].clone());
        let arriving = self.waiting.remove(0);
        for (k, (i, j)) in self.ends.iter().enumerate() {
            let spikes = [arriving[*i], io.inputs[1][*j]];
            self.due[*j] += self.w[k] * self.scale * spikes[0];
            for (n, (impulse, _)) in self.courses.iter().enumerate() {
                self.trace[k][n] += impulse * spikes[usize::from(n > 1)];
            }
            self.spike[k] = [0, 1].map(|side: usize| if self.counts[side] { spikes[side] } else { 0.0 });
        }
    }

    fn learn(&mut self, step: u64, _overflow: &mut Overflow) {
        for k in 0..self.w.len() {
            let (trace, spike, w) = (&mut self.trace[k], self.spike[k], self.w[k]);
            self.w[k] += self.rule.value(&|name| match name {
                Name::X0 => spike[0],
                Name::Y0 => spike[1],
                Name::X1 => trace[0],
                Name::X2 => trace[1],
                Name::Y1 => trace[2],
                Name::Y2 => trace[3],
                Name::Y3 => trace[4],
                Name::W => w,
                Name::U(n) => every(n, step - 1),
            });
            for (trace, (_, keep)) in trace.iter_mut().zip(&self.courses) {
                *trace *= keep;
            }
        }
    }

    fn get(&self, var: usize) -> Vec<f64> {
        match var {
            0 => self.w.clone(),
            1 => self.w.iter().map(|w| w * self.scale).collect(),
            _ => self.trace.iter().map(|trace| trace[var - 2]).collect(),
        }
    }

    fn set(&mut self, var: usize, values: &[f64]) -> Result<(), ModelError> {
        match var {
            0 => self.w = values.to_vec(),
            1 => self.w = values.iter().map(|w| w / self.scale).collect(),
            _ => self.trace.iter_mut().zip(values).for_each(|(trace, v)| trace[var - 2] = *v),
        }
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        let parts = [self.w.clone(), self.trace.concat(), self.waiting.concat(), self.due.clone()];
        parts.map(Values::Real).to_vec()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let n_in = self.waiting.first().map_or(0, Vec::len);
        let wanted = [self.w.len(), 5 * self.w.len(), n_in * self.waiting.len(), self.due.len()];
        let found: Vec<usize> = state.iter().map(Values::len).collect();
        if found != wanted {
            return Err(ModelError::shape("saved state", &found, &wanted));
        }
        self.w = state[0].to_real();
        for (trace, values) in self.trace.iter_mut().zip(state[1].to_real().as_chunks::<5>().0) {
            *trace = *values;
        }
        for (slot, values) in self.waiting.iter_mut().zip(state[2].to_real().chunks(n_in.max(1))) {
            slot.copy_from_slice(values);
        }
        self.due = state[3].to_real();
        Ok(())
    }
}
