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

use pumice_num::stochastic_shift;

use super::draws::{SynapseDraws, Visit};
use super::engine::LearningArithmetic;
use super::product::{Dependency, Target, Variable};
use super::rule::CompiledRule;
use super::terms::{Part, Term, Terms};
use super::topology::Topology;
use super::traces::Side;
use crate::connection::weight::{SignMode, WeightFormat};
use crate::plastic::Updates;
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

    /// Rounds an accumulator into its variable; also whether it was cut.
    #[inline(always)]
    fn round(&self, target: Target, acc: i32, visit: Visit, draws: &mut SynapseDraws) -> (i32, bool) {
        let one_sided = match (target, self.sign) {
            (Target::Delay, _) | (Target::Weight, SignMode::Excitatory) => acc.max(0),
            (Target::Weight, SignMode::Inhibitory) => acc.min(0),
            _ => acc,
        };
        // Each variable has its own bits of the synapse's word.
        let (bits, at) = match target {
            Target::Weight => (7 + self.lost, 0),
            Target::Delay => (7, 16),
            Target::Tag => (7, 24),
        };
        let whole = match one_sided & ((1 << bits) - 1) {
            0 => one_sided >> bits,
            _ => stochastic_shift(one_sided, bits, draws.low(visit, bits, at)),
        };
        let value = whole << (bits - 7);
        let (low, high) = self.of(target);
        let held = value.clamp(low, high);
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
    pub(super) updates: Updates,
}

impl Plasticity {
    pub(super) fn new(
        rule: &CompiledRule,
        engine: &LearningArithmetic,
        ends: Ends,
        variables: [Vec<i16>; 3],
        updates: Updates,
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
            batch: Batch { low: ends.accumulator_min, ..Batch::default() },
            updates,
        };
        plasticity.find_unsettled();
        plasticity
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
        let connected = phase.connected;
        let vacant = |k: usize| connected.is_some_and(|connected| !connected[k]);
        first.retain(|k| !vacant(*k as usize));
        for &k in &first {
            let i = phase.topology.source_of(k as usize);
            self.batch.clear();
            self.batch.push(k, phase.topology.target[k as usize], phase.topology.number(k, i as u32));
            self.visit::<true>(i, false, phase);
        }
        let done = |k: usize| vacant(k) || !first.is_empty() && first.binary_search(&(k as u32)).is_ok();
        if phase.u && self.on_u {
            for i in 0..phase.topology.n_in {
                self.visit_row(i, phase, done);
            }
        } else {
            if self.on_x0 {
                for &i in &phase.pre.fired {
                    self.visit_row(i as usize, phase, done);
                }
            }
            if self.on_y0 {
                for &j in &phase.post.fired {
                    self.visit_column(j as usize, phase, done);
                }
            }
        }
        self.unsettled.sort_unstable();
    }

    fn visit_row(&mut self, i: usize, phase: &mut Phase<'_>, done: impl Fn(usize) -> bool) {
        let row = phase.topology.row(i);
        self.batch.clear();
        let shift = phase.topology.number(0, i as u32);
        for (k, j) in row.clone().zip(&phase.topology.target[row]) {
            if !done(k) {
                self.batch.push(k as u32, *j, k as u32 + shift);
            }
        }
        self.visit::<true>(i, true, phase);
    }

    fn visit_column(&mut self, j: usize, phase: &mut Phase<'_>, done: impl Fn(usize) -> bool) {
        let column = phase.topology.column(j);
        self.batch.clear();
        for entry in column {
            let (k, i) = (phase.topology.synapse[entry], phase.topology.source[entry]);
            let by_row = self.on_x0 && phase.pre.spike[i as usize] > 0;
            if !by_row && !done(k as usize) {
                self.batch.push(k, i, phase.topology.entry(entry as u32));
            }
        }
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
                    _ => When::Theirs,
                };
                let (mine, theirs) = if BY_SOURCE { (&term.pre, &term.post) } else { (&term.post, &term.pre) };
                let coefficient = |when: usize| {
                    let factors = mine.iter().map(|p| p.value(side.read(n, p.index, p.flag, when)));
                    factors.fold(term.mantissa, i32::wrapping_mul)
                };
                self.batch.add(term, theirs, others, (when, self.t_epoch), coefficient);
            }
            self.store::<BY_SOURCE>(rule.target, n as u32, settled, phase);
        }
        self.rules = rules;
    }

    /// Rounds the accumulators of the batch into their variables.
    fn store<const BY_SOURCE: bool>(&mut self, target: Target, n: u32, settled: bool, phase: &mut Phase<'_>) {
        let variable = &mut self.variables[target as usize];
        for (e, (sum, before)) in self.batch.sum.iter().zip(&self.batch.own[target as usize]).enumerate() {
            if *sum == before << 7 && settled {
                continue;
            }
            let (k, place) = (self.batch.synapse[e], self.batch.place[e]);
            let place = if BY_SOURCE { Visit::Row(place) } else { Visit::Column(place) };
            let (value, cut) = self.ends.round(target, *sum, place, &mut phase.draws);
            variable[k as usize] = value as i16;
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

/// When the traces of a product are read.
#[derive(Clone, Copy, Debug)]
enum When {
    /// After this step of the epoch; 0 means that the dependency does not hold.
    At(usize),
    /// At the last spike of the neuron on the other side, if it fired.
    Theirs,
}

/// The synapses of one neuron that are visited together; all arrays are of one length.
#[derive(Debug, Default)]
struct Batch {
    synapse: Vec<u32>,
    /// The neurons on the other side.
    other: Vec<u32>,
    /// Place in the order of the visit, which keys the draws.
    place: Vec<u32>,
    /// Weight, delay and tag before the visit, where they are read.
    own: [Vec<i32>; 3],
    /// The accumulators, and their lowest value.
    sum: Vec<i32>,
    low: i32,
}

impl Batch {
    fn clear(&mut self) {
        self.synapse.clear();
        self.other.clear();
        self.place.clear();
    }

    fn push(&mut self, synapse: u32, other: u32, place: u32) {
        self.synapse.push(synapse);
        self.other.push(other);
        self.place.push(place);
    }

    /// Sets the accumulators to the variable that a rule changes.
    fn begin(&mut self, target: Target) {
        self.sum.clear();
        self.sum.extend(self.own[target as usize].iter().map(|v| v << 7));
    }

    /// Adds one product to all accumulators; `coefficient` gives mantissa times the factors of the common neuron.
    fn add(
        &mut self,
        term: &Term,
        theirs: &[Part],
        others: &Side,
        (when, t_epoch): (When, usize),
        coefficient: impl Fn(usize) -> i32,
    ) {
        let low = self.low;
        let clip = |sum: i32| sum.clamp(low, 32_767);
        match (when, theirs, &term.own[..]) {
            (When::At(0), ..) => self.sum.iter_mut().for_each(|sum| *sum = clip(*sum)),
            (When::At(when), [], []) => {
                let product = term.aligned(coefficient(when), [0; 3], low);
                self.sum.iter_mut().for_each(|sum| *sum = clip(*sum + product));
            }
            (When::At(when), [part], []) if part.is_plain_trace() => {
                let c = coefficient(when);
                for (sum, n) in self.sum.iter_mut().zip(&self.other) {
                    let v = others.read(*n as usize, part.index, false, when).clamp(-128, 127);
                    *sum = clip(*sum + term.aligned(c.wrapping_mul(v), [0; 3], low));
                }
            }
            _ => {
                let coefficients: Vec<i32> = match when {
                    When::At(when) => vec![coefficient(when)],
                    When::Theirs => (1..=t_epoch).map(coefficient).collect(),
                };
                for (e, n) in self.other.iter().enumerate() {
                    let n = *n as usize;
                    let (when, c) = match when {
                        When::At(when) => (when, coefficients[0]),
                        When::Theirs => match usize::from(others.spike[n]) {
                            0 => (0, 0),
                            when => (when, coefficients[when - 1]),
                        },
                    };
                    let mut product = 0;
                    if c != 0 {
                        let factors = theirs.iter().map(|p| p.value(others.read(n, p.index, p.flag, when)));
                        let own = [0, 1, 2].map(|v: usize| self.own[v].get(e).copied().unwrap_or(0));
                        product = term.aligned(factors.fold(c, i32::wrapping_mul), own, low);
                    }
                    self.sum[e] = clip(self.sum[e] + product);
                }
            }
        }
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
