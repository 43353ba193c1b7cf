//! From a failing case to the smallest one that still fails.
//!
//! A case proposes smaller cases, the boldest first: half the steps, without a population, without a neuron, without a
//! learning rule, with half the spikes, then plainer rules and numbers. The first that still fails is taken and proposes anew, until none fails any more
//! (Zeller and Hildebrandt, IEEE TSE 28:183, 2002). As a [`ValueTree`] it does so in any test of `proptest`.

use proptest::strategy::ValueTree;

use crate::plan::{Plan, Population, Projection};
use crate::{Document, FidelityError, Spikes};

/// A network of a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Network {
    /// Drawn, so it can shrink.
    Plan(Plan),
    /// Given; only its stimulus shrinks.
    Model(Box<Document>),
}

/// A network on a profile with a stimulus.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The network.
    pub network: Network,
    /// Name of the profile.
    pub profile: String,
    /// What the sources play; as the model says if absent.
    pub spikes: Option<Spikes>,
}

impl Case {
    /// The case as a model file that every command opens; the stimulus is the data of its sources.
    ///
    /// # Errors
    /// If the model is wrong.
    pub fn document(&self) -> Result<Document, FidelityError> {
        let document = match &self.network {
            Network::Plan(plan) => plan.document(&self.profile)?,
            Network::Model(document) => document.as_ref().clone().on(&self.profile),
        };
        match &self.spikes {
            Some(spikes) => document.playing(spikes),
            None => Ok(document),
        }
    }

    /// Number of neurons, if the network was drawn.
    pub fn neurons(&self) -> Option<usize> {
        match &self.network {
            Network::Plan(plan) => Some(plan.neurons()),
            Network::Model(_) => None,
        }
    }

    /// Number of steps, if a stimulus is played.
    pub fn steps(&self) -> Option<u64> {
        self.spikes.as_ref().map(|s| s.steps)
    }

    /// Smaller cases, the boldest first.
    pub fn smaller(&self) -> Vec<Case> {
        let mut all = Vec::new();
        let spikes = self.spikes.as_ref();
        for spikes in spikes.map(shorter).unwrap_or_default() {
            all.push(Case { spikes: Some(spikes), ..self.clone() });
        }
        if let Network::Plan(plan) = &self.network {
            // What needs many small inputs may need few large ones.
            for spikes in spikes.map(shorter).unwrap_or_default() {
                for up in [1, 2, 4] {
                    all.push(Case { spikes: Some(spikes.clone()), ..self.with(stronger(plan, up)) });
                }
            }
            all.extend(self.with_less(plan));
        }
        for spikes in spikes.map(sparser).unwrap_or_default() {
            all.push(Case { spikes: Some(spikes), ..self.clone() });
        }
        if let Network::Plan(plan) = &self.network {
            all.extend(plainer(plan).into_iter().map(|plan| self.with(plan)));
        }
        all
    }

    fn with(&self, plan: Plan) -> Case {
        Case { network: Network::Plan(plan), ..self.clone() }
    }

    /// Without a population, projection, neuron or input.
    fn with_less(&self, plan: &Plan) -> Vec<Case> {
        let mut all = Vec::new();
        if plan.populations.len() > 1 {
            all.extend((0..plan.populations.len()).rev().map(|k| self.with(plan.without(k))));
        }
        for k in (0..plan.projections.len()).rev() {
            let mut own = plan.clone();
            own.projections.remove(k);
            all.push(self.with(own));
        }
        for k in (0..plan.projections.len()).filter(|k| plan.projections[*k].rule.is_some()) {
            let mut own = plan.clone();
            own.projections[k].rule = None;
            all.push(self.with(own));
        }
        for (k, p) in plan.populations.iter().enumerate().filter(|(_, p)| p.n > 1) {
            let without = || (0..p.n).rev().map(|i| plan.without_neuron(k, i));
            all.extend(without().map(|plan| self.with(plan)));
            all.extend(without().map(|plan| self.with(stronger(&plan, 1))));
        }
        if plan.inputs > 1 {
            all.extend((0..plan.inputs).rev().map(|i| {
                let mut own = self.with(plan.without_input(i));
                if let Some(events) = own.spikes.as_mut().and_then(|s| s.events.first_mut()) {
                    events.retain(|e| e.1 as usize != i);
                    events.iter_mut().for_each(|e| e.1 -= u32::from(e.1 as usize > i));
                }
                own
            }));
        }
        all
    }
}

/// Fewer steps: cut at the end, or the first steps left out.
fn shorter(spikes: &Spikes) -> Vec<Spikes> {
    let n = spikes.steps;
    let cut = |keep: u64| Spikes {
        steps: keep,
        events: spikes.events.iter().map(|e| e.iter().copied().filter(|e| e.0 <= keep).collect()).collect(),
    };
    let skip = |skip: u64| Spikes {
        steps: n - skip,
        events: spikes
            .events
            .iter()
            .map(|e| e.iter().filter(|e| e.0 > skip).map(|e| (e.0 - skip, e.1)).collect())
            .collect(),
    };
    let mut sizes: Vec<u64> =
        [n / 2, n * 3 / 4, n * 7 / 8, n.saturating_sub(1)].into_iter().filter(|k| *k > 0 && *k < n).collect();
    sizes.dedup();
    let ends = sizes.iter().map(|k| cut(*k));
    let starts = sizes.iter().map(|k| skip(n - k));
    ends.chain(starts).collect()
}

/// The network with all weights and biases times `2^up`, as far as their exponents go.
fn stronger(plan: &Plan, up: i32) -> Plan {
    let mut own = plan.clone();
    own.projections.iter_mut().for_each(|p| p.exponent = (p.exponent + up).min(7));
    own.populations.iter_mut().for_each(|p| p.bias_exp = (p.bias_exp + up).min(7));
    own
}

/// Fewer spikes: halves, quarters and so on down to single ones, left out.
fn sparser(spikes: &Spikes) -> Vec<Spikes> {
    let mut all = Vec::new();
    for (k, events) in spikes.events.iter().enumerate() {
        let mut part = events.len();
        while part > 0 {
            for start in (0..events.len()).step_by(part) {
                let mut own = spikes.clone();
                own.events[k].drain(start..(start + part).min(events.len()));
                all.push(own);
            }
            part = if part > 1 { part.div_ceil(2) } else { 0 };
        }
    }
    all
}

/// Plainer numbers: defaults and zeros, then halves.
fn plainer(plan: &Plan) -> Vec<Plan> {
    let mut all = Vec::new();
    for k in 0..plan.populations.len() {
        let p = &plan.populations[k];
        let mut population = |own: Population| {
            if own != *p {
                let mut plan = plan.clone();
                plan.populations[k] = own;
                all.push(plan);
            }
        };
        population(Population { bias_mant: 0, bias_exp: 0, ..p.clone() });
        population(Population { bias_exp: 0, ..p.clone() });
        population(Population { bias_mant: p.bias_mant / 2, ..p.clone() });
        population(Population { du: 0, ..p.clone() });
        // A current of one step is plain too, but less so than none that decays; the order must never turn back.
        if p.du != 0 {
            population(Population { du: 4095, ..p.clone() });
        }
        population(Population { dv: 0, ..p.clone() });
        population(Population { vth: p.vth.iter().map(|x| (x / 2).max(1).min(*x)).collect(), ..p.clone() });
    }
    for k in 0..plan.projections.len() {
        let p = &plan.projections[k];
        let mut projection = |own: Projection| {
            if own != *p {
                let mut plan = plan.clone();
                plan.projections[k] = own;
                all.push(plan);
            }
        };
        for rule in p.rule.iter().flat_map(crate::rule::Rule::smaller) {
            projection(Projection { rule: Some(rule), ..p.clone() });
        }
        projection(Projection { delays: Vec::new(), ..p.clone() });
        projection(Projection { exponent: 0, bits: 8, ..p.clone() });
        projection(Projection { bits: 8, ..p.clone() });
        for (i, j) in (0..p.weights.len()).flat_map(|i| (0..p.weights[i].len()).map(move |j| (i, j))) {
            for w in [0, p.weights[i][j] / 2] {
                let mut own = p.clone();
                own.weights[i][j] = w;
                projection(own);
            }
        }
    }
    all
}

/// A case on its way to the smallest one that fails.
#[derive(Clone, Debug)]
pub struct CaseTree {
    /// The smallest case known to fail, or the first.
    best: Case,
    /// What is tried now.
    current: Case,
    /// What may be tried next, in reverse.
    queue: Vec<Case>,
}

impl CaseTree {
    /// A tree whose first case is the given one.
    pub fn new(case: Case) -> Self {
        CaseTree { best: case.clone(), current: case, queue: Vec::new() }
    }

    fn next(&mut self) -> bool {
        match self.queue.pop() {
            Some(case) => {
                self.current = case;
                true
            }
            None => {
                self.current = self.best.clone();
                false
            }
        }
    }
}

impl ValueTree for CaseTree {
    type Value = Case;

    fn current(&self) -> Case {
        self.current.clone()
    }

    /// The current case fails: it proposes smaller ones.
    fn simplify(&mut self) -> bool {
        self.best = self.current.clone();
        self.queue = self.best.smaller();
        self.queue.reverse();
        self.next()
    }

    /// The current case holds: the next proposal of the last one that fails.
    fn complicate(&mut self) -> bool {
        self.next()
    }
}
