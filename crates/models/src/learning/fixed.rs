//! The learning connection in integers: delivery, and what spikes do to traces before the learning phase.

use pumice_num::shift;

use super::connection::{GradedSpikeCfg, Parts};
use super::draws::Source;
use super::engine::LearningArithmetic;
use super::phase::{Ends, Phase, Plasticity, name_of};
use super::product::Target;
use super::rule::CompiledRule;
use super::topology::Topology;
use super::traces::Side;
use crate::arithmetic::WeightExponent;
use crate::connection::weight::{MOST, WeightFormat};
use crate::neuron::bank::saved;
use crate::{Arithmetic, Io, Kernel, ModelError, Overflow, OverflowKind, Values};

/// The targets in the order of the variables `weights`, `tag_1`, `tag_2`.
const TARGETS: [Target; 3] = [Target::Weight, Target::Tag, Target::Delay];
const TRACES: [&str; 5] = ["x1", "x2", "y1", "y2", "y3"];

/// The running connection. Overflow is noted with the number of the synapse in order of source, then target.
#[derive(Debug)]
pub(super) struct FixedLearning {
    topology: Topology,
    plasticity: Plasticity,
    pre: Side,
    post: Side,
    draws: Source,
    engine: LearningArithmetic,
    format: WeightFormat,
    decimate: Option<u32>,
    t_epoch: u64,
    three_factor: bool,
    graded: bool,
    payloads: GradedSpikeCfg,
    per_synapse: bool,
    /// Delays that no rule changes, as they lie; empty if `tag_2` acts or nothing is delayed.
    static_delay: Vec<u8>,
    /// `due[0]` leaves in the next step.
    due: Vec<Vec<i32>>,
    /// Workspace: sums of this step by delay, and whether there are any.
    arriving: Vec<Vec<i32>>,
    arrived: Vec<bool>,
    /// Weights cut when they were loaded, reported with the first step.
    clipped: Overflow,
}

/// Brings given numbers into integers of a range.
fn whole(field: &str, given: &[f64], (low, high): (i32, i32)) -> Result<Vec<i32>, ModelError> {
    let fits = |x: f64| x.fract() == 0.0 && x >= f64::from(low) && x <= f64::from(high);
    match given.iter().position(|x| !fits(*x)) {
        Some(k) => Err(ModelError::range(format!("{field}[{k}]"), given[k], format!("an integer in {low}..={high}"))),
        None => Ok(given.iter().map(|x| *x as i32).collect()),
    }
}

/// Integers that are known to fit as they lie in memory.
fn short(values: &[i32]) -> Vec<i16> {
    values.iter().map(|v| *v as i16).collect()
}

fn long(values: &[i16]) -> Vec<i32> {
    values.iter().map(|v| i32::from(*v)).collect()
}

impl FixedLearning {
    pub(super) fn new(
        parts: Parts,
        rule: &CompiledRule,
        arithmetic: &Arithmetic,
        draws: Source,
    ) -> Result<Self, ModelError> {
        let engine = &arithmetic.learning;
        let topology = parts.topology;
        let n_out = topology.n_out;
        let delay_max = if engine.delays_act { arithmetic.delay_max as i32 } else { 255 };
        // Under an arithmetic where tag_2 acts, the delays given are its first values.
        let (tag_2, fixed_delays) = match (&parts.delays, engine.delays_act) {
            (Some(delays), true) => (delays, None),
            (delays, _) => (&parts.tag_2, delays.as_ref()),
        };
        let static_delay = match fixed_delays {
            Some(delays) => topology.laid(&whole("delays", delays, (0, arithmetic.delay_max as i32))?),
            None => Vec::new(),
        };
        let delays = whole("tag_2", tag_2, (0, delay_max))?;
        let longest = match rule.changes(Target::Delay) && engine.delays_act {
            true => delay_max,
            false if engine.delays_act => delays.iter().copied().max().unwrap_or(0),
            false => static_delay.iter().copied().max().unwrap_or(0),
        } as usize;
        // Where no rule changes the delays that act, later writes must stay within what can be held.
        let reach = if engine.delays_act { longest as i32 } else { delay_max };
        let ends = Ends::new(parts.format, arithmetic, reach);
        let (weights, clipped) = load_weights(&parts.weights, parts.format, arithmetic)?;
        let tags = whole("tag_1", &parts.tag_1, (engine.tag_min, 255))?;
        let variables = [&weights, &delays, &tags].map(|v| topology.laid(&short(v)));
        let bits = engine.impulse_fraction_bits;
        let mut courses = rule.pre;
        if parts.payloads != GradedSpikeCfg::UseRegularImpulse {
            courses[0].0 = 0.0;
        }
        let mut post = Side::new(n_out, &rule.post, bits, rule.t_epoch);
        if rule.three_factor && !engine.port_traces_decay {
            post.hold();
        }
        Ok(FixedLearning {
            plasticity: Plasticity::new(rule, engine, ends, variables),
            pre: Side::new(topology.n_in, &courses, bits, rule.t_epoch),
            post,
            topology,
            draws,
            engine: engine.clone(),
            format: parts.format,
            decimate: rule.decimate,
            t_epoch: u64::from(rule.t_epoch),
            three_factor: rule.three_factor,
            graded: parts.graded,
            payloads: parts.payloads,
            per_synapse: arithmetic.weight_exponent == WeightExponent::Synapse,
            static_delay: static_delay.iter().map(|d| *d as u8).collect(),
            due: vec![vec![0; n_out]; longest + 1],
            arriving: vec![vec![0; n_out]; longest + 1],
            arrived: vec![false; longest + 1],
            clipped,
        })
    }

    /// Step within the epoch, `1..=t_epoch`.
    fn within(&self, step: u64) -> u8 {
        ((step - 1) % self.t_epoch) as u8 + 1
    }

    fn deliver(&mut self, spikes: &[i32]) {
        let (per_synapse, exponent) = (self.per_synapse, self.format.exponent);
        let effective = |w: i32| if per_synapse { shift(w, exponent).clamp(-MOST, MOST) } else { w };
        let weights = &self.plasticity.variables[Target::Weight as usize];
        for (i, s) in spikes.iter().enumerate().filter(|(_, s)| **s != 0) {
            let payload = if self.graded { *s } else { 1 };
            let row = self.topology.row(i);
            if self.due.len() == 1 {
                self.arrived[0] |= !row.is_empty();
                let sums = &mut self.arriving[0];
                for (j, w) in self.topology.target[row.clone()].iter().zip(&weights[row]) {
                    let sum = &mut sums[*j as usize];
                    *sum = sum.wrapping_add(effective(i32::from(*w)).wrapping_mul(payload));
                }
                continue;
            }
            for k in row {
                let d = match self.static_delay.get(k) {
                    Some(d) => usize::from(*d),
                    None => self.plasticity.variables[Target::Delay as usize][k] as usize,
                };
                self.arrived[d] = true;
                let sum = &mut self.arriving[d][self.topology.target[k] as usize];
                *sum = sum.wrapping_add(effective(i32::from(weights[k])).wrapping_mul(payload));
            }
        }
        let exponent = if per_synapse { 0 } else { exponent };
        for d in 0..self.due.len() {
            if std::mem::take(&mut self.arrived[d]) {
                for (due, sum) in self.due[d].iter_mut().zip(self.arriving[d].iter_mut()) {
                    *due = due.wrapping_add(shift(std::mem::take(sum), exponent));
                }
            }
        }
    }

    /// What the sources' spikes do to their traces before the learning phase.
    fn note_sources(&mut self, spikes: &[i32], step: u64) {
        let (e, draws) = (self.within(step), self.draws.repeats(0, step));
        if self.payloads == GradedSpikeCfg::AddWithoutSaturation && self.engine.payload_wraps {
            self.turn_over(spikes);
        }
        for (i, s) in spikes.iter().enumerate().filter(|(_, s)| **s != 0) {
            let again = self.pre.spike[i] > 0;
            if self.payloads == GradedSpikeCfg::UseRegularImpulse {
                if again {
                    self.pre.repeat(i, 0, &draws);
                }
                self.pre.fire(i, e);
                continue;
            }
            let value = &mut self.pre.value[2 * i];
            let (sum, over) = self.payloads.add(*value, *s, self.engine.payload_wraps);
            *value = sum;
            self.pre.touch(i);
            if self.payloads != GradedSpikeCfg::AddWithoutSaturation || over {
                if again {
                    self.pre.repeat(i, 1, &draws);
                }
                self.pre.fire(i, e);
            }
        }
    }

    /// Lava carries a trace of 128 over in the next step, spike or not.
    fn turn_over(&mut self, spikes: &[i32]) {
        let over: Vec<usize> = self.pre.active().filter(|i| spikes[*i] == 0 && self.pre.value[2 * i] > 127).collect();
        for i in over {
            self.pre.value[2 * i] -= 127;
        }
    }

    /// What the targets' spikes and ports do to their traces before the learning phase.
    fn note_targets(&mut self, io: &mut Io<'_, i32>) {
        let (e, draws) = (self.within(io.step), self.draws.repeats(1, io.step));
        for (j, _) in io.inputs[1].iter().enumerate().filter(|(_, s)| **s != 0) {
            if self.post.spike[j] > 0 {
                self.post.repeat(j, 0, &draws);
            }
            self.post.fire(j, e);
        }
        if !self.three_factor {
            return;
        }
        let (low, high) = if self.engine.port_traces_decay { (-32_768, 32_767) } else { (-128, 127) };
        for (trace, name) in TRACES[2..].iter().enumerate() {
            for (j, v) in io.inputs[2 + trace].iter().enumerate() {
                let held = (*v).clamp(low, high);
                self.post.value[j * 3 + trace] = held as i16;
                if *v != 0 {
                    self.post.touch(j);
                }
                if held != *v {
                    io.overflow.note(name, OverflowKind::Saturate, 1, io.step, j as u32);
                }
            }
        }
    }

    fn report_traces(&mut self, step: u64, overflow: &mut Overflow) {
        for (names, side) in [(&TRACES[..2], &mut self.pre), (&TRACES[2..], &mut self.post)] {
            for (trace, i) in side.saturated.drain(..) {
                overflow.note(names[trace], OverflowKind::Saturate, 1, step, i);
            }
        }
    }
}

/// Brings the given weights into the format; Lava truncates them but does not clip them.
fn load_weights(
    given: &[f64],
    format: WeightFormat,
    arithmetic: &Arithmetic,
) -> Result<(Vec<i32>, Overflow), ModelError> {
    let mut weights = whole("weights", given, (-32_768, 32_767))?;
    let mut overflow = Overflow::default();
    for (k, w) in weights.iter_mut().enumerate() {
        let clipped = if arithmetic.learning.keeps_low_bits { *w } else { format.clip(*w, arithmetic) };
        overflow.note("weights", OverflowKind::Clip, u64::from(clipped != *w), 0, k as u32);
        *w = format.truncate(clipped, arithmetic.weight_rounding);
    }
    Ok((weights, overflow))
}

impl Kernel<i32> for FixedLearning {
    fn emit(&mut self, _step: u64, outputs: &mut [Vec<i32>]) {
        outputs[0].copy_from_slice(&self.due[0]);
        self.due[0].fill(0);
        self.due.rotate_left(1);
    }

    fn step(&mut self, io: &mut Io<'_, i32>) {
        io.overflow.merge(&std::mem::take(&mut self.clipped), 0);
        self.deliver(&io.inputs[0]);
        self.note_sources(&io.inputs[0], io.step);
        self.note_targets(io);
        self.report_traces(io.step, io.overflow);
    }

    fn learn(&mut self, step: u64, overflow: &mut Overflow) {
        if !step.is_multiple_of(self.t_epoch) {
            return;
        }
        self.pre.advance(&self.draws.traces(0, step), false);
        self.post.advance(&self.draws.traces(1, step), self.three_factor);
        self.report_traces(step, overflow);
        let epoch = step / self.t_epoch;
        self.plasticity.learn(&mut Phase {
            step,
            u: self.decimate.is_some_and(|k| epoch.is_multiple_of(1 << k)),
            topology: &self.topology,
            pre: &self.pre,
            post: &self.post,
            draws: self.draws.synapses(step),
            overflow,
        });
        self.pre.clear_spikes();
        self.post.clear_spikes();
    }

    fn synaptic_updates(&self) -> u64 {
        self.plasticity.updates
    }

    fn get(&self, var: usize) -> Vec<i32> {
        match var {
            0..3 => long(&self.topology.given(&self.plasticity.variables[TARGETS[var] as usize])),
            3 | 4 => self.pre.get(var - 3),
            _ => self.post.get(var - 5),
        }
    }

    fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError> {
        let (name, (low, high)) = match var {
            0..3 => (name_of(TARGETS[var]), self.plasticity.ends.of(TARGETS[var])),
            _ => (TRACES[var - 3], (if self.three_factor && var > 4 { -128 } else { 0 }, 127)),
        };
        if let Some(k) = values.iter().position(|v| !(low..=high).contains(v)) {
            return Err(ModelError::range(format!("{name}[{k}]"), values[k], format!("an integer in {low}..={high}")));
        }
        match var {
            0..3 => {
                self.plasticity.variables[TARGETS[var] as usize] = self.topology.laid(&short(values));
                self.plasticity.find_unsettled();
            }
            3 | 4 => self.pre.set(var - 3, values),
            _ => self.post.set(var - 5, values),
        }
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        let [pre, tx] = self.pre.save();
        let [post, ty] = self.post.save();
        let mut state: Vec<Values> = self.plasticity.variables.iter().map(|v| Values::Int(long(v))).collect();
        state.extend([pre, tx, post, ty, self.due.concat()].map(Values::Int));
        state.push(Values::Real(vec![self.plasticity.updates as f64]));
        state
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let (n, n_in, n_out) = (self.topology.len(), self.topology.n_in, self.topology.n_out);
        let variables = [saved(state, 0, n)?, saved(state, 1, n)?, saved(state, 2, n)?];
        let (pre, tx) = (saved(state, 3, 2 * n_in)?, saved(state, 4, n_in)?);
        let (post, ty) = (saved(state, 5, 3 * n_out)?, saved(state, 6, n_out)?);
        let due = saved(state, 7, n_out * self.due.len())?;
        let Some(updates) = state.get(8).map(Values::to_real).filter(|u| u.len() == 1) else {
            return Err(ModelError::range("saved state 8", "missing", "the number of updates"));
        };
        let held = |target: Target| {
            let reach = if target == Target::Weight { (-32_768, 32_767) } else { self.plasticity.ends.of(target) };
            variables[target as usize].iter().all(|v| (reach.0..=reach.1).contains(v))
        };
        let spikes = tx.iter().chain(&ty).all(|e| (0..=self.t_epoch as i32).contains(e));
        if !Target::ALL.into_iter().all(held) || !spikes {
            return Err(ModelError::range("saved state", "outside its registers", "what this process saved"));
        }
        self.plasticity.variables = variables.map(|v| short(&v));
        self.plasticity.updates = updates[0] as u64;
        self.plasticity.find_unsettled();
        self.pre.load(&pre, &tx);
        self.post.load(&post, &ty);
        for (slot, values) in self.due.iter_mut().zip(due.chunks(n_out)) {
            slot.copy_from_slice(values);
        }
        self.clipped = Overflow::default();
        Ok(())
    }
}
