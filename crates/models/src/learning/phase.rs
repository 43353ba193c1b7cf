//! The learning phase in integers: which synapses are visited, and what a visit does.
//!
//! A phase visits the synapses of sources that fired (if a product depends on x0), those of targets that fired (if
//! one depends on y0), and all of them in epochs where u_k holds; each synapse at most once, with every product
//! whose dependency holds. So cost follows spikes times fan, not the number of synapses. All series read the
//! variables as they were before the phase.
//!
//! ```text
//! acc = what terms.rs says; weights: acc stays on its side of zero by sign mode; delays: acc >= 0
//! variable = clip(((acc + draw) >> (7 + lost)) << lost),  0 <= draw < 2^(7 + lost) uniform
//! ```
//!
//! `lost` are the low bits that the weight format lacks (0 in Lava, which keeps them). Source: Lava 0.10
//! `lava/magma/core/model/py/connection.py`.

use pumice_num::{faulty, prefetch, stochastic_shift};

use super::batch::{Batch, When};
use super::draws::{SynapseDraws, Visit};
use super::engine::LearningArithmetic;
use super::product::{Dependency, Target, Variable};
use super::rule::CompiledRule;
use super::terms::Terms;
use super::topology::Topology;
use super::traces::Side;
use crate::connection::weight::{SignMode, WeightFormat};
use crate::plastic::Tally;
use crate::{Arithmetic, ModelError, Overflow, OverflowKind};

/// The ends of the synaptic variables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    sign: SignMode,
    weight: (i32, i32),
    lost: u32,
    tag_min: i32,
    delay_max: i32,
    accumulator_min: i32,
}

impl Ends {
    pub(super) fn new(format: WeightFormat, arithmetic: &Arithmetic, delay_max: i32) -> Self {
        let engine = &arithmetic.learning;
        let lost = if engine.keeps_low_bits { 0 } else { format.lost_bits() };
        let (low, high) = format.range(arithmetic);
        Ends {
            sign: format.sign,
            weight: (pumice_num::toward_zero(low, lost) << lost, (high >> lost) << lost),
            lost,
            tag_min: engine.tag_min,
            delay_max,
            accumulator_min: engine.accumulator_min,
        }
    }

    /// The smallest and largest value that a phase leaves.
    pub(super) const fn of(&self, target: Target) -> (i32, i32) {
        match target {
            Target::Weight => self.weight,
            Target::Delay => (0, self.delay_max),
            Target::Tag => (self.tag_min, 255),
        }
    }

    /// Refuses a first weight of grown synapses that the format does not hold.
    pub(super) fn check_first(&self, weight: f64) -> Result<(), ModelError> {
        let ((low, high), unit) = (self.weight, 1 << self.lost);
        let held = weight.fract() == 0.0 && (f64::from(low)..=f64::from(high)).contains(&weight);
        if held && weight as i32 % unit == 0 {
            return Ok(());
        }
        let allowed = format!("a multiple of {unit} in {low}..={high}");
        Err(ModelError::range("structure.first_weight", weight, allowed))
    }

    /// How accumulators are rounded into a variable.
    fn rounding(&self, target: Target) -> Rounding {
        let (low, high) = self.of(target);
        // Each variable has its own bits of the synapse's word.
        let (bits, at) = match target {
            Target::Weight => (7 + self.lost, 0),
            Target::Delay => (7, 16),
            Target::Tag => (7, 24),
        };
        let side = match (target, self.sign) {
            (Target::Delay, _) | (Target::Weight, SignMode::Excitatory) => (0, i32::MAX),
            (Target::Weight, SignMode::Inhibitory) => (i32::MIN, 0),
            _ => (i32::MIN, i32::MAX),
        };
        Rounding { side, ends: (low, high), bits, at }
    }
}

/// The way from an accumulator into its variable.
#[derive(Clone, Copy, Debug)]
struct Rounding {
    /// The side of zero that the accumulator stays on.
    side: (i32, i32),
    ends: (i32, i32),
    bits: u32,
    /// First bit of the draw in the synapse's word.
    at: u32,
}

impl Rounding {
    /// The variable, and whether it was cut.
    #[inline(always)]
    fn round(&self, acc: i32, visit: Visit, draws: &mut SynapseDraws) -> (i32, bool) {
        let bits = self.bits;
        let one_sided = acc.clamp(self.side.0, self.side.1);
        let whole = match one_sided & ((1 << bits) - 1) {
            0 => one_sided >> bits,
            _ => stochastic_shift(one_sided, bits, draws.low(visit, bits, self.at)),
        };
        let value = faulty!(whole << (bits - 7), FinerWeight => one_sided >> 7);
        let held = value.clamp(self.ends.0, self.ends.1);
        (held, held != value || one_sided != acc)
    }
}

/// What a learning phase reads besides the synapses.
#[derive(Debug)]
pub(super) struct Phase<'a> {
    pub(super) step: u64,
    /// Whether u_k holds.
    pub(super) u: bool,
    pub(super) topology: &'a Topology,
    pub(super) pre: &'a Side,
    pub(super) post: &'a Side,
    /// Which places hold a synapse; `None` if all do.
    pub(super) connected: Option<&'a [bool]>,
    pub(super) draws: SynapseDraws,
    pub(super) overflow: &'a mut Overflow,
}

/// The synaptic variables and their rules.
#[derive(Debug)]
pub(super) struct Plasticity {
    rules: Vec<Terms>,
    t_epoch: usize,
    on_x0: bool,
    on_y0: bool,
    on_u: bool,
    /// Which of weight, delay and tag a visit reads.
    reads: [bool; 3],
    pub(super) ends: Ends,
    /// Weight, delay and tag of each synapse as it lies, by [`Target`].
    pub(super) variables: [Vec<i16>; 3],
    /// Synapses to visit in the next phase whatever fires: a variable is outside what a phase leaves.
    pub(super) unsettled: Vec<u32>,
    /// Workspace.
    batch: Batch,
    pub(super) updates: Tally,
}

impl Plasticity {
    pub(super) fn new(
        rule: &CompiledRule,
        engine: &LearningArithmetic,
        ends: Ends,
        variables: [Vec<i16>; 3],
        updates: Tally,
    ) -> Self {
        let mut plasticity = Plasticity {
            rules: rule.series.iter().map(|s| Terms::new(s, engine)).collect(),
            t_epoch: rule.t_epoch as usize,
            on_x0: rule.depends_on(Dependency::X0),
            on_y0: rule.depends_on(Dependency::Y0),
            on_u: rule.depends_on(Dependency::U),
            reads: [(Target::Weight, Variable::W), (Target::Delay, Variable::D), (Target::Tag, Variable::T)]
                .map(|(target, variable)| rule.changes(target) || rule.reads(variable)),
            ends,
            variables,
            unsettled: Vec::new(),
            batch: Batch::above(ends.accumulator_min),
            updates,
        };
        plasticity.find_unsettled();
        plasticity
    }

    /// Roundings of a visit: one of each variable that a rule changes.
    pub(super) fn roundings(&self) -> u64 {
        self.rules.len() as u64
    }

    /// Lists the synapses that a phase without any product would change.
    pub(super) fn find_unsettled(&mut self) {
        let n = self.variables[0].len() as u32;
        self.unsettled = (0..n).filter(|k| !self.is_settled(*k as usize)).collect();
    }

    fn is_settled(&self, k: usize) -> bool {
        self.rules.iter().all(|rule| {
            let (low, high) = self.ends.of(rule.target);
            let v = i32::from(self.variables[rule.target as usize][k]);
            (low.max(-256)..=high).contains(&v)
        })
    }

    /// Changes the variables of all synapses that the spikes of this epoch, or u_k, call for.
    pub(super) fn learn(&mut self, phase: &mut Phase<'_>) {
        let mut first = std::mem::take(&mut self.unsettled);
        first.retain(|k| phase.connected.is_none_or(|connected| connected[*k as usize]));
        for &k in &first {
            let i = phase.topology.source_of(k as usize);
            self.batch.clear();
            self.batch.push(k, phase.topology.target[k as usize], phase.topology.number(k, i as u32));
            self.visit::<true>(i, false, phase);
        }
        let left_out = LeftOut { done: &first, connected: phase.connected };
        if phase.u && self.on_u {
            for i in 0..phase.topology.n_in {
                self.visit_row(i, phase, left_out);
            }
        } else {
            if self.on_x0 {
                for &i in &phase.pre.fired {
                    self.visit_row(i as usize, phase, left_out);
                }
            }
            if self.on_y0 {
                for (at, &j) in phase.post.fired.iter().enumerate() {
                    // The synapses of a column lie apart: ask for those of the next while this one is visited.
                    phase.post.fired.get(at + 1).into_iter().for_each(|next| self.expect_column(*next as usize, phase));
                    self.visit_column(j as usize, phase, left_out);
                }
            }
        }
        self.unsettled.sort_unstable();
    }

    fn visit_row(&mut self, i: usize, phase: &mut Phase<'_>, left_out: LeftOut<'_>) {
        let row = phase.topology.row(i);
        let shift = phase.topology.number(0, i as u32);
        let synapses = row.start as u32..row.end as u32;
        self.batch.take(synapses.clone(), &phase.topology.target[row], synapses.start + shift, |k, _| left_out.has(k));
        self.visit::<true>(i, true, phase);
    }

    fn expect_column(&self, j: usize, phase: &Phase<'_>) {
        for k in &phase.topology.synapse[phase.topology.column(j)] {
            prefetch(&self.variables[Target::Weight as usize], *k as usize);
        }
    }

    fn visit_column(&mut self, j: usize, phase: &mut Phase<'_>, left_out: LeftOut<'_>) {
        let column = phase.topology.column(j);
        let entry = phase.topology.entry(column.start as u32);
        let synapses = phase.topology.synapse[column.clone()].iter().copied();
        let by_row = |i: u32| self.on_x0 && phase.pre.spike[i as usize] > 0;
        self.batch.take(synapses, &phase.topology.source[column], entry, |k, i| by_row(i) || left_out.has(k));
        self.visit::<false>(j, true, phase);
    }

    /// Visits the synapses of the batch, all of neuron `n`, a source (or a target); `settled` says they were in range.
    fn visit<const BY_SOURCE: bool>(&mut self, n: usize, settled: bool, phase: &mut Phase<'_>) {
        if BY_SOURCE {
            self.updates.onto_each(&self.batch.other);
        } else {
            self.updates.onto(n as u32, self.batch.synapse.len());
        }
        for (own, (reads, values)) in self.batch.own.iter_mut().zip(self.reads.iter().zip(&self.variables)) {
            own.clear();
            if *reads {
                own.extend(self.batch.synapse.iter().map(|k| i32::from(values[*k as usize])));
            }
        }
        let (side, others) = if BY_SOURCE { (phase.pre, phase.post) } else { (phase.post, phase.pre) };
        let rules = std::mem::take(&mut self.rules);
        for rule in &rules {
            self.batch.begin(rule.target);
            for term in &rule.terms {
                let when = match (term.dependency, BY_SOURCE) {
                    (Dependency::U, _) if phase.u => When::At(self.t_epoch),
                    (Dependency::U, _) => continue,
                    (Dependency::X0, true) | (Dependency::Y0, false) => When::At(usize::from(side.spike[n])),
                    // Synapses whose source fired were visited by it.
                    (Dependency::X0, false) => When::At(0),
                    (Dependency::Y0, true) => When::Theirs,
                };
                // Settled variables lie within the accumulator, so what adds nothing clips nothing.
                if settled && matches!(when, When::At(0)) {
                    continue;
                }
                let (mine, theirs) = if BY_SOURCE { (&term.pre, &term.post) } else { (&term.post, &term.pre) };
                let coefficient = |when: usize| {
                    let factors = mine.iter().map(|p| p.value(side.read(n, p.index, p.flag, when)));
                    factors.fold(term.mantissa, i32::wrapping_mul)
                };
                self.batch.add(term, theirs, others, (when, settled), coefficient);
            }
            self.store::<BY_SOURCE>(rule.target, n as u32, settled, phase);
        }
        self.rules = rules;
    }

    /// Rounds the accumulators of the batch into their variables.
    fn store<const BY_SOURCE: bool>(&mut self, target: Target, n: u32, settled: bool, phase: &mut Phase<'_>) {
        let (variable, rounding) = (&mut self.variables[target as usize], self.ends.rounding(target));
        self.batch.find_changed(target, settled);
        for &e in &self.batch.changed {
            let (e, sum) = (e as usize, self.batch.sum[e as usize]);
            let (k, place) = (self.batch.synapse[e], self.batch.place[e]);
            let place = if BY_SOURCE { Visit::Row(place) } else { Visit::Column(place) };
            let (value, cut) = rounding.round(sum, place, &mut phase.draws);
            variable[k as usize] = faulty!(value as i16, Forgets => variable[k as usize]);
            if value < -256 {
                self.unsettled.push(k);
            }
            if cut {
                let source = if BY_SOURCE { n } else { self.batch.other[e] };
                let number = phase.topology.number(k, source);
                phase.overflow.note(name_of(target), OverflowKind::Saturate, 1, phase.step, number);
            }
        }
    }
}

/// Synapses that a visit leaves out: those visited already, and places that hold none.
#[derive(Clone, Copy, Debug)]
struct LeftOut<'a> {
    /// Ascending.
    done: &'a [u32],
    connected: Option<&'a [bool]>,
}

impl LeftOut<'_> {
    #[inline(always)]
    fn has(&self, k: u32) -> bool {
        (!self.done.is_empty() && self.done.binary_search(&k).is_ok())
            || self.connected.is_some_and(|connected| !connected[k as usize])
    }
}

/// Lava's name of the variable that `target` changes.
pub(super) const fn name_of(target: Target) -> &'static str {
    match target {
        Target::Weight => "weights",
        Target::Delay => "tag_2",
        Target::Tag => "tag_1",
    }
}
