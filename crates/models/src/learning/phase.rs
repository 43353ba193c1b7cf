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

use super::draws::SynapseDraws;
use super::engine::LearningArithmetic;
use super::product::{Dependency, Target};
use super::rule::CompiledRule;
use super::terms::Terms;
use super::topology::Topology;
use super::traces::Side;
use crate::connection::weight::{SignMode, WeightFormat};
use crate::{Arithmetic, Overflow, OverflowKind};

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

    /// Rounds an accumulator into its variable; also whether it was cut.
    #[inline(always)]
    fn round(&self, target: Target, acc: i32, k: u32, draws: &mut SynapseDraws) -> (i32, bool) {
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
            _ => stochastic_shift(one_sided, bits, draws.low(k, bits, at)),
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
    pub(super) ends: Ends,
    /// Weight, delay and tag of each synapse as it lies, by [`Target`].
    pub(super) variables: [Vec<i32>; 3],
    /// Synapses to visit in the next phase whatever fires: a variable is outside what a phase leaves.
    pub(super) unsettled: Vec<u32>,
    /// Workspace: mantissa times one neuron's factors, per term and step of the epoch.
    coefficients: Vec<i32>,
    /// Synapses visited since the beginning.
    pub(super) updates: u64,
}

impl Plasticity {
    pub(super) fn new(rule: &CompiledRule, engine: &LearningArithmetic, ends: Ends, variables: [Vec<i32>; 3]) -> Self {
        let mut plasticity = Plasticity {
            rules: rule.series.iter().map(|s| Terms::new(s, engine)).collect(),
            t_epoch: rule.t_epoch as usize,
            on_x0: rule.depends_on(Dependency::X0),
            on_y0: rule.depends_on(Dependency::Y0),
            on_u: rule.depends_on(Dependency::U),
            ends,
            variables,
            unsettled: Vec::new(),
            coefficients: Vec::new(),
            updates: 0,
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
            let v = self.variables[rule.target as usize][k];
            (low.max(-256)..=high).contains(&v)
        })
    }

    /// Changes the variables of all synapses that the spikes of this epoch, or u_k, call for.
    pub(super) fn learn(&mut self, phase: &mut Phase<'_>) {
        let first = std::mem::take(&mut self.unsettled);
        for &k in &first {
            let i = phase.topology.source_of(k as usize);
            self.coefficients_of(phase.pre, i, true);
            self.visit(k as usize, (i, phase.topology.target[k as usize] as usize), true, false, phase);
        }
        let done = |k: usize| !first.is_empty() && first.binary_search(&(k as u32)).is_ok();
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
        if row.is_empty() {
            return;
        }
        self.coefficients_of(phase.pre, i, true);
        for k in row {
            if !done(k) {
                self.visit(k, (i, phase.topology.target[k] as usize), true, true, phase);
            }
        }
    }

    fn visit_column(&mut self, j: usize, phase: &mut Phase<'_>, done: impl Fn(usize) -> bool) {
        self.coefficients_of(phase.post, j, false);
        for entry in phase.topology.column(j) {
            let (k, i) = (phase.topology.synapse[entry] as usize, phase.topology.source[entry] as usize);
            let by_row = self.on_x0 && phase.pre.spike[i] > 0;
            if !by_row && !done(k) {
                self.visit(k, (i, j), false, true, phase);
            }
        }
    }

    /// Fills the workspace for neuron `n` of `side`, the sources or the targets.
    fn coefficients_of(&mut self, side: &Side, n: usize, sources: bool) {
        self.coefficients.clear();
        for term in self.rules.iter().flat_map(|r| &r.terms) {
            let parts = if sources { &term.pre } else { &term.post };
            for when in 1..=self.t_epoch {
                let factors = parts.iter().map(|p| p.value(side.read(n, p.index, p.flag, when)));
                self.coefficients.push(factors.fold(term.mantissa, i32::wrapping_mul));
            }
        }
    }

    /// Visits synapse `k` from `i` to `j` with the coefficients of `i` (or of `j`); `settled` says it was in range.
    #[inline(always)]
    fn visit(&mut self, k: usize, (i, j): (usize, usize), by_source: bool, settled: bool, phase: &mut Phase<'_>) {
        let (tx, ty) = (usize::from(phase.pre.spike[i]), usize::from(phase.post.spike[j]));
        let own = [self.variables[0][k], self.variables[1][k], self.variables[2][k]];
        let low = self.ends.accumulator_min;
        let mut row = 0;
        self.updates += 1;
        for rule in &self.rules {
            let start = own[rule.target as usize] << 7;
            let mut acc = start;
            for term in &rule.terms {
                let when = match term.dependency {
                    Dependency::X0 => tx,
                    Dependency::Y0 => ty,
                    Dependency::U => self.t_epoch * usize::from(phase.u),
                };
                let mut product = if when == 0 { 0 } else { self.coefficients[row + when - 1] };
                row += self.t_epoch;
                if product != 0 {
                    let (parts, side, n) =
                        if by_source { (&term.post, phase.post, j) } else { (&term.pre, phase.pre, i) };
                    for p in parts {
                        product = product.wrapping_mul(p.value(side.read(n, p.index, p.flag, when)));
                    }
                    product = term.aligned(product, own, low);
                }
                acc = (acc + product).clamp(low, 32_767);
            }
            if acc == start && settled {
                continue;
            }
            let (value, cut) = self.ends.round(rule.target, acc, k as u32, &mut phase.draws);
            self.variables[rule.target as usize][k] = value;
            if value < -256 {
                self.unsettled.push(k as u32);
            }
            if cut {
                phase.overflow.note(name_of(rule.target), OverflowKind::Saturate, 1, phase.step, k as u32);
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
