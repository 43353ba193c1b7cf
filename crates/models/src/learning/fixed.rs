//! The learning connection in integers: delivery, and what spikes do to traces before the learning phase.

use pumice_num::shift;

use super::connection::{GradedSpikeCfg, Parts};
use super::course::{self, Course, Courses};
use super::draws::Source;
use super::engine::LearningArithmetic;
use super::phase::{Ends, Phase, Plasticity, name_of};
use super::product::Target;
use super::rule::CompiledRule;
use super::structure::{self, Growth};
use super::topology::Topology;
use super::traces::Side;
use crate::arithmetic::WeightExponent;
use crate::connection::weight::{WeightFormat, scaled};
use crate::plastic::{Adjusted, Tally};
use crate::{
    Arithmetic, Cut, Fired, ModelError, Overflow, OverflowKind, Plastic, PlasticLayout, PlasticSynapse, Portion,
    RandomNumbers,
};

/// The targets in the order of the variables `weights`, `tag_1`, `tag_2`.
const TARGETS: [Target; 3] = [Target::Weight, Target::Tag, Target::Delay];
const TRACES: [&str; 5] = ["x1", "x2", "y1", "y2", "y3"];

/// The running connection. Overflow is noted with the number of the synapse in order of source, then target.
#[derive(Debug)]
pub(super) struct FixedLearning {
    topology: Topology,
    plasticity: Plasticity,
    growth: Option<Growth>,
    pre: Side,
    post: Side,
    courses: Courses,
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
    /// Weights that are delivered in place of those learned.
    acting: Option<Acting>,
    /// `due[0]` leaves in the next step.
    due: Vec<Vec<i32>>,
    /// Workspace: what this step brings, by delay.
    arriving: Vec<Arriving>,
    /// What a sum counts as that 32 bits do not hold; it is noted with the number of the target.
    beyond: OverflowKind,
    /// Weights cut when they were loaded, reported with the first step.
    clipped: Overflow,
}

/// What a memory of cells holds in place of the learned weights.
#[derive(Debug)]
struct Acting {
    /// As they lie.
    weights: Vec<i32>,
    /// Number of each synapse in the variable of the weights, and where it lies; ascending.
    by_number: Vec<(u32, u32)>,
}

/// Exact sums of what one step brings to each target.
#[derive(Clone, Debug)]
struct Arriving {
    sums: Vec<i64>,
    /// Whether anything was added.
    any: bool,
}

/// Brings given numbers into integers of a range.
fn whole(field: &str, given: &[f64], (low, high): (i32, i32)) -> Result<Vec<i32>, ModelError> {
    let fits = |x: f64| x.fract() == 0.0 && x >= f64::from(low) && x <= f64::from(high);
    match given.iter().position(|x| !fits(*x)) {
        Some(k) => Err(ModelError::range(format!("{field}[{k}]"), given[k], format!("an integer in {low}..={high}"))),
        None => Ok(given.iter().map(|x| *x as i32).collect()),
    }
}

impl FixedLearning {
    pub(super) fn new(
        parts: &Parts,
        rule: &CompiledRule,
        arithmetic: &Arithmetic,
        (draws, cut): (Source, &Cut),
    ) -> Result<Self, ModelError> {
        let engine = &arithmetic.learning;
        let topology = parts.topology(cut)?;
        let targets = topology.targets.clone();
        let delay_max = if engine.delays_act { arithmetic.delay_max as i32 } else { 255 };
        // Under an arithmetic where tag_2 acts, the delays given are its first values.
        let (tag_2, fixed_delays) = match (&parts.delays, engine.delays_act) {
            (Some(delays), true) => (delays, None),
            (delays, _) => (&parts.tag_2, delays.as_ref()),
        };
        let static_delay = match fixed_delays {
            Some(delays) => whole("delays", delays, (0, arithmetic.delay_max as i32))?,
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
        let (weights, clipped) = load_weights(&parts.weights, &topology, parts.format, arithmetic)?;
        let tags = whole("tag_1", &parts.tag_1, (engine.tag_min, 255))?;
        let variables = [weights, lay(&topology, &delays), lay(&topology, &tags)];
        let bits = engine.impulse_fraction_bits;
        let mut courses = rule.pre;
        if parts.payloads != GradedSpikeCfg::UseRegularImpulse {
            courses[0].0 = 0.0;
        }
        let n_out = targets.len();
        let mut post = Side::new(n_out, &rule.post, bits, rule.t_epoch).starting(targets.start).counting(cut);
        let held = rule.three_factor && !engine.port_traces_decay;
        if held {
            post.hold();
        }
        Ok(FixedLearning {
            plasticity: Plasticity::new(rule, engine, ends, variables, Tally::new(cut, n_out)),
            growth: None,
            pre: Side::new(topology.n_in, &courses, bits, rule.t_epoch),
            post,
            courses: Courses::new(courses, rule.post, held),
            draws,
            engine: engine.clone(),
            format: parts.format,
            decimate: rule.decimate,
            t_epoch: u64::from(rule.t_epoch),
            three_factor: rule.three_factor,
            graded: parts.graded,
            payloads: parts.payloads,
            per_synapse: arithmetic.weight_exponent == WeightExponent::Synapse,
            static_delay: match static_delay.is_empty() {
                true => Vec::new(),
                false => topology.given.iter().map(|k| static_delay[*k as usize] as u8).collect(),
            },
            topology,
            acting: None,
            due: vec![vec![0; n_out]; longest + 1],
            arriving: vec![Arriving { sums: vec![0; n_out], any: false }; longest + 1],
            beyond: arithmetic.beyond_32_bits(),
            clipped,
        })
    }

    /// Lets synapses grow and vanish, if the connection has a structure; draws are keyed by seed and process.
    pub(super) fn growing(mut self, parts: &Parts, key: (u64, u32)) -> Result<Self, ModelError> {
        let Some(structure) = &parts.structure else { return Ok(self) };
        self.plasticity.ends.check_first(structure.first_weight)?;
        let delays = parts.delays.as_ref().filter(|_| self.engine.delays_act).unwrap_or(&parts.tag_2);
        let first = (&parts.weights[..], &delays[..]);
        self.growth = Some(Growth::new(structure, &self.topology, first, self.t_epoch, key));
        Ok(self)
    }

    /// Gives a trace another impulse and time constant.
    fn set_course(&mut self, trace: usize, course: Course) {
        match trace.checked_sub(2) {
            None => self.pre.set_course(trace, course),
            Some(trace) => self.post.set_course(trace, course),
        }
    }

    /// Step within the epoch, `1..=t_epoch`.
    fn within(&self, step: u64) -> u8 {
        ((step - 1) % self.t_epoch) as u8 + 1
    }

    /// Adds what the synapses of the given spikes bring to what waits for the targets; tells whose sum left 32 bits.
    fn deliver(&mut self, spikes: &Fired, mut lost: impl FnMut(u32)) {
        let mut arriving = std::mem::take(&mut self.arriving);
        let exponent = match &self.acting {
            // What a memory of cells holds is ungraded and has its exponent.
            Some(acting) => {
                self.gather(&mut arriving, spikes, false, |k| acting.weights[k]);
                0
            }
            None => {
                let weights = &self.plasticity.variables[Target::Weight as usize];
                let exponent = self.synapse_exponent();
                let effective = |w: i32| if exponent == 0 { w } else { scaled(w, exponent) };
                self.gather(&mut arriving, spikes, self.graded, |k| effective(i32::from(weights[k])));
                self.format.exponent - exponent
            }
        };
        for (due, arriving) in self.due.iter_mut().zip(&mut arriving) {
            if !std::mem::take(&mut arriving.any) {
                continue;
            }
            for (j, (due, sum)) in due.iter_mut().zip(&mut arriving.sums).enumerate() {
                let sum = std::mem::take(sum);
                // Lava shifts what 32 bits keep of the sum.
                let exact = i64::from(*due) + if exponent < 0 { sum >> -exponent } else { sum << exponent };
                *due = due.wrapping_add(shift(sum as i32, exponent));
                if i64::from(*due) != exact {
                    lost(j as u32);
                }
            }
        }
        self.arriving = arriving;
    }

    /// Sums the weights of the given spikes by delay and target, exactly.
    fn gather(&self, arriving: &mut [Arriving], spikes: &Fired, graded: bool, weight: impl Fn(usize) -> i32) {
        for (e, i) in spikes.index.iter().enumerate() {
            let payload = i64::from(if graded { spikes.payload_of(e) } else { 1 });
            for k in self.topology.row(*i as usize) {
                let arriving = &mut arriving[self.delay_of(k)];
                arriving.any = true;
                arriving.sums[self.topology.target[k] as usize] += i64::from(weight(k)) * payload;
            }
        }
    }

    /// The exponent that is applied per synapse.
    fn synapse_exponent(&self) -> i32 {
        if self.per_synapse { self.format.exponent } else { 0 }
    }

    /// The delay with which synapse `k` acts.
    fn delay_of(&self, k: usize) -> usize {
        match self.static_delay.get(k) {
            Some(d) => usize::from(*d),
            None if self.due.len() == 1 => 0,
            None => self.plasticity.variables[Target::Delay as usize][k] as usize,
        }
    }

    /// What the sources' spikes do to their traces before the learning phase.
    fn note_sources(&mut self, spikes: &Fired, step: u64) {
        let (e, draws) = (self.within(step), self.draws.repeats(0, step));
        if self.payloads == GradedSpikeCfg::AddWithoutSaturation && self.engine.payload_wraps {
            self.turn_over(spikes);
        }
        for (k, i) in spikes.index.iter().enumerate() {
            let (i, payload) = (*i as usize, spikes.payload_of(k));
            let again = self.pre.spike[i] > 0;
            if self.payloads == GradedSpikeCfg::UseRegularImpulse {
                if again {
                    self.pre.repeat(i, 0, &draws);
                }
                self.pre.fire(i, e);
                continue;
            }
            let value = &mut self.pre.value[2 * i];
            let (sum, over) = self.payloads.add(*value, payload, self.engine.payload_wraps);
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
    fn turn_over(&mut self, spikes: &Fired) {
        let silent = |i: &usize| spikes.index.binary_search(&(*i as u32)).is_err();
        let over: Vec<usize> = self.pre.active().filter(|i| self.pre.value[2 * i] > 127).filter(silent).collect();
        for i in over {
            self.pre.value[2 * i] -= 127;
        }
    }

    /// The elements of a port of targets that belong to this cut, counted from its start.
    fn own<'a>(&self, arrivals: &'a Fired) -> impl Iterator<Item = (usize, i32)> + 'a {
        let (start, end) = (self.topology.targets.start as u32, self.topology.targets.end as u32);
        let first = arrivals.index.partition_point(|j| *j < start);
        let last = arrivals.index.partition_point(|j| *j < end);
        (first..last).map(move |k| ((arrivals.index[k] - start) as usize, arrivals.payload_of(k)))
    }

    /// What the targets' spikes and ports do to their traces before the learning phase.
    fn note_targets(&mut self, step: u64, arrivals: &[Fired], overflow: &mut Overflow) {
        let (e, draws) = (self.within(step), self.draws.repeats(1, step));
        for (j, _) in self.own(&arrivals[1]) {
            if self.post.spike[j] > 0 {
                self.post.repeat(j, 0, &draws);
            }
            self.post.fire(j, e);
        }
        if !self.three_factor {
            return;
        }
        let (low, high) = if self.engine.port_traces_decay { (-32_768, 32_767) } else { (-128, 127) };
        self.post.clear_values();
        for (trace, name) in TRACES[2..].iter().enumerate() {
            for (j, v) in self.own(&arrivals[2 + trace]) {
                let held = v.clamp(low, high);
                self.post.value[j * 3 + trace] = held as i16;
                self.post.touch(j);
                if held != v {
                    let number = (self.topology.targets.start + j) as u32;
                    overflow.note(name, OverflowKind::Saturate, 1, step, number);
                }
            }
        }
    }

    /// Every cut has all sources; the one with the first target speaks for them.
    fn report_traces(&mut self, step: u64, overflow: &mut Overflow) {
        if !self.topology.targets.contains(&0) {
            self.pre.saturated.clear();
        }
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
    topology: &Topology,
    format: WeightFormat,
    arithmetic: &Arithmetic,
) -> Result<(Vec<i16>, Overflow), ModelError> {
    let mut weights = whole("weights", given, (-32_768, 32_767))?;
    let mut overflow = Overflow::default();
    for k in &topology.given {
        let w = &mut weights[*k as usize];
        let clipped = if arithmetic.learning.keeps_low_bits { *w } else { format.clip(*w, arithmetic) };
        overflow.note("weights", OverflowKind::Clip, u64::from(clipped != *w), 0, *k);
        *w = format.truncate(clipped, arithmetic.weight_rounding);
    }
    Ok((lay(topology, &weights), overflow))
}

/// Integers that are known to fit, of the synapses of this cut, as they lie in memory.
fn lay(topology: &Topology, given: &[i32]) -> Vec<i16> {
    topology.given.iter().map(|k| given[*k as usize] as i16).collect()
}

impl Plastic for FixedLearning {
    fn emit(&mut self, _step: u64, sums: &mut [i32]) {
        for (sum, due) in sums.iter_mut().zip(&mut self.due[0]) {
            *sum = sum.wrapping_add(std::mem::take(due));
        }
        self.due.rotate_left(1);
    }

    fn step(&mut self, step: u64, arrivals: &[Fired], overflow: &mut Overflow) {
        overflow.merge(&std::mem::take(&mut self.clipped), 0);
        let (first, beyond) = (self.topology.targets.start as u32, self.beyond);
        self.deliver(&arrivals[0], |j| overflow.note("a_out", beyond, 1, step, first + j));
        self.note_sources(&arrivals[0], step);
        self.note_targets(step, arrivals, overflow);
        self.report_traces(step, overflow);
    }

    fn learn(&mut self, step: u64, overflow: &mut Overflow) {
        self.growth.iter_mut().for_each(Growth::forget);
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
            connected: self.growth.as_ref().map(Growth::connected),
            draws: self.draws.synapses(step),
            overflow,
        });
        if let Some(growth) = &mut self.growth {
            growth.adjust(step, &self.topology, &mut self.plasticity.variables);
            growth.drew(&self.topology).for_each(|j| self.post.random_numbers.onto(j, 1));
        }
        self.pre.clear_spikes();
        self.post.clear_spikes();
    }

    fn adjusted(&self) -> Adjusted {
        self.growth.as_ref().map(|growth| growth.adjusted(&self.topology)).unwrap_or_default()
    }

    fn withdraw(&mut self, given: &[u32]) {
        if let Some(growth) = &mut self.growth {
            growth.withdraw(given, &self.topology, &mut self.plasticity.variables);
        }
    }

    fn layout(&self) -> PlasticLayout {
        let (low, high) = self.plasticity.ends.of(Target::Weight);
        let weights = &self.plasticity.variables[Target::Weight as usize];
        let synapse = |(i, k): (usize, usize)| PlasticSynapse {
            number: self.topology.given[k],
            source: i as u32,
            target: self.topology.target[k] + self.topology.targets.start as u32,
            delay: self.delay_of(k) as u8,
            weight: i32::from(weights[k]),
        };
        let all = (0..self.topology.n_in).flat_map(|i| self.topology.row(i).map(move |k| (i, k)));
        let largest = high.max(low.saturating_abs());
        PlasticLayout { largest, exponent: self.synapse_exponent(), synapses: all.map(synapse).collect() }
    }

    fn act(&mut self, weights: &[(u32, i32)]) {
        let exponent = self.synapse_exponent();
        let (given, learned) = (&self.topology.given, &self.plasticity.variables[Target::Weight as usize]);
        let acting = self.acting.get_or_insert_with(|| {
            let mut by_number: Vec<(u32, u32)> = given.iter().copied().zip(0..).collect();
            by_number.sort_unstable();
            Acting { weights: learned.iter().map(|w| scaled(i32::from(*w), exponent)).collect(), by_number }
        });
        for (number, weight) in weights {
            if let Ok(at) = acting.by_number.binary_search_by_key(number, |(number, _)| *number) {
                acting.weights[acting.by_number[at].1 as usize] = scaled(*weight, exponent);
            }
        }
    }

    fn updates(&self) -> &[u64] {
        self.plasticity.updates.counts()
    }

    fn random_numbers(&self) -> RandomNumbers {
        let by_visit = self.plasticity.roundings();
        let parts = self.updates().iter().zip(self.post.random_numbers.counts());
        RandomNumbers {
            parts: parts.map(|(visits, traces)| visits * by_visit + traces).collect(),
            sources: self.pre.random_numbers.counts().iter().sum(),
        }
    }

    fn clear_counts(&mut self) {
        self.plasticity.updates.clear();
        self.pre.random_numbers.clear();
        self.post.random_numbers.clear();
    }

    fn get(&self, var: usize) -> Portion {
        match var {
            0..3 => self.topology.portion(&self.plasticity.variables[TARGETS[var] as usize]),
            3 | 4 => Portion::whole(self.pre.get(var - 3)),
            course::FIRST_VAR..structure::FIRST_VAR => {
                Portion::whole(vec![self.courses.get(var - course::FIRST_VAR) as i32])
            }
            structure::FIRST_VAR.. => match &self.growth {
                Some(growth) => growth.get(var - structure::FIRST_VAR, &self.topology),
                None => Portion::whole(Vec::new()),
            },
            _ => Portion::run(self.topology.n_out, self.topology.targets.start, self.post.get(var - 5)),
        }
    }

    fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError> {
        if var >= structure::FIRST_VAR {
            return Err(structure::read_only(var - structure::FIRST_VAR));
        }
        if let Some(var) = var.checked_sub(course::FIRST_VAR) {
            let (trace, course) = self.courses.set(var, f64::from(values[0]))?;
            self.set_course(trace, course);
            return Ok(());
        }
        let (name, (low, high)) = match var {
            0..3 => (name_of(TARGETS[var]), self.plasticity.ends.of(TARGETS[var])),
            _ => (TRACES[var - 3], (if self.three_factor && var > 4 { -128 } else { 0 }, 127)),
        };
        if let Some(k) = values.iter().position(|v| !(low..=high).contains(v)) {
            return Err(ModelError::range(format!("{name}[{k}]"), values[k], format!("an integer in {low}..={high}")));
        }
        if let Some(growth) = self.growth.as_ref().filter(|_| var == 0) {
            growth.check_weights(values, &self.topology)?;
        }
        match var {
            0..3 => {
                self.plasticity.variables[TARGETS[var] as usize] = lay(&self.topology, values);
                self.plasticity.find_unsettled();
            }
            3 | 4 => self.pre.set(var - 3, values),
            _ => self.post.set(var - 5, &values[self.topology.targets.clone()]),
        }
        Ok(())
    }

    fn save(&self) -> Vec<Portion> {
        let (n_out, first) = (self.topology.n_out, self.topology.targets.start);
        let mut state: Vec<Portion> = self.plasticity.variables.iter().map(|v| self.topology.portion(v)).collect();
        let [pre, tx] = self.pre.save();
        let [post, ty] = self.post.save();
        let due = self.due.iter().enumerate().map(|(d, slot)| (d * n_out + first, slot));
        let index = due.clone().flat_map(|(at, slot)| at as u32..(at + slot.len()) as u32).collect();
        state.extend([
            Portion::whole(pre),
            Portion::whole(tx),
            Portion::run(3 * n_out, 3 * first, post),
            Portion::run(n_out, first, ty),
            Portion { len: n_out * self.due.len(), index, values: due.flat_map(|(_, slot)| slot.clone()).collect() },
            Portion::whole(self.courses.save_words()),
        ]);
        state.extend(self.growth.iter().flat_map(|growth| growth.save(&self.topology)));
        state
    }

    fn load(&mut self, state: &[Vec<i32>]) -> Result<(), ModelError> {
        let (n, n_in, n_out) = (self.topology.whole, self.topology.n_in, self.topology.n_out);
        let mut lengths = vec![n, n, n, 2 * n_in, n_in, 3 * n_out, n_out, n_out * self.due.len(), course::WORDS];
        if self.growth.is_some() {
            lengths.extend([n, n_out, n_out, n_out]);
        }
        let found: Vec<usize> = state.iter().map(Vec::len).collect();
        if found != lengths {
            return Err(ModelError::shape("saved state", &found, &lengths));
        }
        let held = |target: Target| {
            let reach = if target == Target::Weight { (-32_768, 32_767) } else { self.plasticity.ends.of(target) };
            state[target as usize].iter().all(|v| (reach.0..=reach.1).contains(v))
        };
        let spikes = state[4].iter().chain(&state[6]).all(|e| (0..=self.t_epoch as i32).contains(e));
        if !Target::ALL.into_iter().all(held) || !spikes {
            return Err(ModelError::range("saved state", "outside its registers", "what this process saved"));
        }
        self.courses.load_words(&state[8])?;
        (0..TRACES.len()).for_each(|trace| self.set_course(trace, self.courses.of(trace)));
        self.plasticity.variables = [0, 1, 2].map(|v| lay(&self.topology, &state[v]));
        self.plasticity.find_unsettled();
        let own = self.topology.targets.clone();
        self.pre.load(&state[3], &state[4]);
        self.post.load(&state[5][3 * own.start..3 * own.end], &state[6][own.clone()]);
        for (slot, values) in self.due.iter_mut().zip(state[7].chunks(n_out.max(1))) {
            slot.copy_from_slice(&values[own.clone()]);
        }
        self.clipped = Overflow::default();
        match &mut self.growth {
            Some(growth) => growth.load(&state[9..], &self.topology),
            None => Ok(()),
        }
    }
}
