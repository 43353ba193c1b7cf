//! Strategies: networks within a profile's registers, and stimuli for them.
//!
//! A case is drawn as a pure function of a seed and shrinks by [`shrink`](crate::shrink): fewer steps, populations,
//! neurons and spikes first, plainer parameters after.

use proptest::strategy::{NewTree, Strategy};
use proptest::test_runner::TestRunner;
use pumice::models::{Arithmetic, ModelError};
use pumice::num::{Draws, Purpose};
use rand::Rng;

use crate::plan::{Plan, Population, Projection};
use crate::rule::Rule;
use crate::shrink::{Case, CaseTree, Network};
use crate::{Document, FidelityError, Source, Spikes};

/// A kind of stimulus.
#[derive(Clone, Debug, PartialEq)]
pub enum Stimulus {
    /// Every element fires with its own period, `2..=most` steps, and phase.
    Regular {
        /// The longest period `[steps]`.
        most: u64,
    },
    /// Every element fires in each step with a probability `0..=1`.
    Poisson {
        /// Probability.
        probability: f64,
    },
    /// All elements fire together for a few steps, then none does for a while.
    Bursts {
        /// The longest burst `[steps]`.
        most: u64,
    },
    /// No element ever fires.
    Silence,
    /// Every element fires in every step, or half of them do: what drives registers to their ends.
    Saturating,
    /// Any of the above, the last third of the run silent, so that state can come to rest.
    Any,
    /// The model's own sources and task, as they are.
    Own,
}

impl Stimulus {
    /// Poisson spikes of a probability per step.
    pub fn poisson(probability: f64) -> Self {
        Stimulus::Poisson { probability }
    }

    /// Regular spikes with periods of up to `most` steps.
    pub fn regular(most: u64) -> Self {
        Stimulus::Regular { most }
    }

    /// Bursts of up to `most` steps.
    pub fn bursts(most: u64) -> Self {
        Stimulus::Bursts { most }
    }

    /// Whether it can be drawn.
    ///
    /// # Errors
    /// If a probability is not in `0..=1`.
    pub fn check(&self) -> Result<(), FidelityError> {
        match self {
            Stimulus::Poisson { probability } if !(0.0..=1.0).contains(probability) => {
                Err(ModelError::range("probability", probability, "a number in 0..=1").into())
            }
            _ => Ok(()),
        }
    }

    /// Draws spikes of `steps` steps for sources; a pure function of the seed.
    pub fn draw(&self, sources: &[Source], steps: u64, seed: u64) -> Spikes {
        let mut draws = Draws::new(seed, Purpose::STIMULUS, 0, 0);
        let kinds = [
            Stimulus::regular(12),
            Stimulus::poisson(0.05),
            Stimulus::poisson(0.4),
            Stimulus::bursts(6),
            Stimulus::Saturating,
        ];
        let (kind, active) = match self {
            Stimulus::Any => (&kinds[draws.below(5) as usize], steps - steps / 3),
            own => (own, steps),
        };
        let events = sources.iter().enumerate().map(|(k, source)| {
            let mut events = Vec::new();
            let burst = bursts(kind, active, &mut draws);
            for element in 0..source.len() as u32 {
                let mut own = Draws::new(seed, Purpose::STIMULUS, k as u32 + 1, element);
                events.extend(kind.train(active, &burst, &mut own).into_iter().map(|step| (step, element)));
            }
            events.sort_unstable();
            events
        });
        Spikes { steps, events: events.collect() }
    }

    /// The steps in which one element fires.
    fn train(&self, steps: u64, burst: &[bool], draws: &mut Draws) -> Vec<u64> {
        let all = 1..=steps;
        match self {
            Stimulus::Regular { most } => {
                let period = 2 + u64::from(draws.below((*most).clamp(2, 1 << 20) as u32 - 1));
                let phase = u64::from(draws.below(period as u32));
                all.filter(|t| t % period == phase).collect()
            }
            Stimulus::Poisson { probability } => all.filter(|_| draws.unit() < *probability).collect(),
            Stimulus::Bursts { .. } => {
                let part = 0.5 + 0.5 * draws.unit();
                all.filter(|t| burst[*t as usize - 1] && draws.unit() < part).collect()
            }
            Stimulus::Saturating => {
                let on = draws.below(4) > 0;
                all.filter(|_| on).collect()
            }
            Stimulus::Silence | Stimulus::Any | Stimulus::Own => Vec::new(),
        }
    }
}

/// In which steps a burst is on.
fn bursts(kind: &Stimulus, steps: u64, draws: &mut Draws) -> Vec<bool> {
    let Stimulus::Bursts { most } = kind else { return Vec::new() };
    let mut on = Vec::new();
    while (on.len() as u64) < steps {
        let mut run = |value: bool, most: u64| {
            let n = 1 + draws.below(most.clamp(1, 1 << 20) as u32) as usize;
            on.extend(std::iter::repeat_n(value, n));
        };
        run(false, 3 * most);
        run(true, *most);
    }
    on
}

/// A space of networks: LIF populations behind one source, with feed-forward and recurrent projections.
#[derive(Clone, Debug, PartialEq)]
pub struct Networks {
    /// Most populations.
    pub populations: usize,
    /// Most neurons of a population, and most elements of the source.
    pub neurons: usize,
    /// Whether populations project to themselves and back.
    pub recurrent: bool,
    /// Whether synapses have delays.
    pub delays: bool,
    /// Whether bits and exponents of weights differ from 8 and 0.
    pub formats: bool,
    /// Whether every second parameter is taken from the ends of its register.
    pub edges: bool,
    /// Whether synapses learn: those onto the first population, and some of the others.
    pub learning: bool,
}

impl Default for Networks {
    /// Up to 3 populations of 5 neurons with everything but learning, away from the ends.
    fn default() -> Self {
        let (populations, neurons) = (3, 5);
        Networks { populations, neurons, recurrent: true, delays: true, formats: true, edges: false, learning: false }
    }
}

impl Networks {
    /// The same with every second parameter at an end of its register.
    #[must_use]
    pub fn at_edges(self) -> Self {
        Networks { edges: true, ..self }
    }

    /// The same with synapses that learn, by rules of two and three factors.
    #[must_use]
    pub fn that_learn(self) -> Self {
        Networks { learning: true, ..self }
    }

    /// Draws a network for an arithmetic; a pure function of the seed.
    pub fn draw(&self, a: &Arithmetic, seed: u64) -> Plan {
        let mut pen = Pen { draws: Draws::new(seed, Purpose::TOPOLOGY, 0, 0), space: self, a };
        let inputs = pen.between(1, self.neurons as i32) as usize;
        let populations: Vec<Population> =
            (0..pen.between(1, self.populations as i32)).map(|_| pen.population()).collect();
        let mut projections: Vec<Projection> = Vec::new();
        for to in 0..populations.len() {
            // Everything hears the source or the population before it; some hear more.
            let first = if to == 0 || pen.one_in(3) { 0 } else { to };
            for from in 0..=populations.len() {
                let wanted = from == first || (pen.one_in(4) && (from <= to || self.recurrent));
                if wanted {
                    let n_from = if from == 0 { inputs } else { populations[from - 1].n };
                    let mut projection = pen.projection((from, n_from), (to, populations[to].n));
                    if self.learning && (projections.is_empty() || pen.one_in(3)) {
                        // The traces of a neuron go to the synapses of one rule of three factors.
                        let third = projections.iter().all(|p| p.to != to || !p.is_taught()).then_some(inputs);
                        let lost = 9 - projection.bits as i32;
                        // Weights that the format holds, so that both forms begin alike.
                        projection.weights.iter_mut().flatten().for_each(|w| *w = *w >> lost << lost);
                        projection.rule = Some(Rule::draw(&mut pen, populations[to].n, lost, third));
                    }
                    projections.push(projection);
                }
            }
        }
        Plan { inputs, populations, projections }
    }
}

/// Draws numbers within registers.
pub(crate) struct Pen<'a> {
    draws: Draws,
    space: &'a Networks,
    a: &'a Arithmetic,
}

impl Pen<'_> {
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.draws.below((high - low + 1) as u32) as i32
    }

    pub(crate) fn one_in(&mut self, n: u32) -> bool {
        self.draws.below(n) == 0
    }

    /// A number of a usual range, or an end of the register's.
    pub(crate) fn register(&mut self, usual: (i32, i32), ends: (i32, i32)) -> i32 {
        match self.space.edges && self.one_in(2) {
            true => [ends.0, ends.0 + 1, ends.1 - 1, ends.1][self.draws.below(4) as usize],
            false => self.between(usual.0, usual.1),
        }
    }

    fn decay(&mut self) -> i32 {
        // Small decays are where rounding adds up; all sizes are equally likely on a logarithmic scale.
        let size = self.between(0, 12);
        let any = self.between(0, (1 << size) - 1);
        self.register((any, any), (0, 4095))
    }

    fn population(&mut self) -> Population {
        let n = self.between(1, self.space.neurons as i32) as usize;
        let (quiet, reach) = (self.one_in(2), 1 << self.between(3, 11));
        Population {
            n,
            du: self.decay(),
            dv: self.decay(),
            bias_mant: if quiet { 0 } else { self.register((-200, 400), (-4096, 4095)) },
            bias_exp: if quiet { 0 } else { self.register((0, 4), (0, 7)) },
            vth: (0..n).map(|_| self.register((1, reach), (0, 131_071))).collect(),
        }
    }

    fn projection(&mut self, (from, n_from): (usize, usize), (to, n_to): (usize, usize)) -> Projection {
        let delayed = self.space.delays && self.one_in(3);
        let longest = (self.a.delay_max as i32).min(4);
        let formats = self.space.formats && self.one_in(2);
        let (low, high) = if self.one_in(2) { (-256, 255) } else { (0, 255) };
        let mut matrix = |draw: &mut dyn FnMut(&mut Self) -> i32| -> Vec<Vec<i32>> {
            (0..n_to).map(|_| (0..n_from).map(|_| draw(self)).collect()).collect()
        };
        let weights = matrix(&mut |pen| pen.register((low, high), (low, high)));
        let delays = matrix(&mut |pen| pen.between(0, longest));
        Projection {
            from,
            to,
            weights,
            exponent: if formats { self.between(-4, 3) } else { 0 },
            bits: if formats { self.between(1, 8) as u32 } else { 8 },
            delays: if delayed { delays } else { Vec::new() },
            rule: None,
        }
    }
}

/// What cases are drawn from: networks of a space, or one model.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// Any network of a space.
    Any(Networks),
    /// One model file with its sources.
    Model(Box<Document>, Vec<Source>),
}

/// A strategy of cases: a network on a profile with a stimulus.
#[derive(Clone, Debug, PartialEq)]
pub struct Cases {
    /// Networks.
    pub subject: Subject,
    /// Name of the profile.
    pub profile: String,
    /// Its arithmetic.
    pub arithmetic: Arithmetic,
    /// Stimuli, one of which is drawn.
    pub stimuli: Vec<Stimulus>,
    /// Steps of a run.
    pub steps: u64,
}

impl Cases {
    /// The case of a seed.
    pub fn draw(&self, seed: u64) -> Case {
        let mut draws = Draws::new(seed, Purpose::STIMULUS, u32::MAX, 0);
        let any = [Stimulus::Any];
        let stimuli = if self.stimuli.is_empty() { &any[..] } else { &self.stimuli };
        let stimulus = &stimuli[draws.below(stimuli.len() as u32) as usize];
        let (network, sources) = match &self.subject {
            Subject::Any(space) => {
                let plan = space.draw(&self.arithmetic, seed);
                let source = Source { name: "input".into(), shape: vec![plan.inputs] };
                (Network::Plan(plan), vec![source])
            }
            Subject::Model(document, sources) => (Network::Model(document.clone()), sources.clone()),
        };
        let spikes = (*stimulus != Stimulus::Own).then(|| stimulus.draw(&sources, self.steps, seed));
        Case { network, profile: self.profile.clone(), spikes }
    }
}

impl Strategy for Cases {
    type Tree = CaseTree;
    type Value = Case;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        Ok(CaseTree::new(self.draw(runner.rng().next_u64())))
    }
}
