//! What one run of a model shows: spikes, state, overflow, decisions, energy.

use std::collections::BTreeMap;

use pumice::chip::ChipImage;
use pumice::engine::Recorded;
use pumice::file::{ModelFile, Task};
use pumice::models::{Arithmetic, Behaviour, Kind, OverflowRecord, Setting, VarSpec};
use pumice::process::{Backend, Body, Direction, Graph, ProbeId, Record, RunConfig, Spike};
use pumice::profile::Profile;
use pumice::{RunSteps, Simulation, classify};
use serde::Serialize;

use crate::lesson::learns;
use crate::{Document, FidelityError};

/// Values of state that are kept at most; beyond it only spikes are.
const MOST_VALUES: u64 = 16_000_000;

/// How a model is run.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// What computes it.
    pub backend: Backend,
    /// The chip.
    pub profile: Profile,
    /// Whether all neurons are digital and all weights lie in static memory, whatever the model and the chip have.
    pub ideal: bool,
    /// Seed of all random draws; the model's own if absent.
    pub seed: Option<u64>,
    /// Samples of a task; all if absent.
    pub samples: Option<usize>,
    /// Whether state is recorded, not only spikes.
    pub states: bool,
    /// Workers that compute it; 0 lets the size of the network decide. No result depends on it.
    pub workers: usize,
}

impl Setup {
    /// Everything of a model on one backend.
    pub fn new(profile: &Profile, backend: Backend) -> Self {
        Setup { backend, profile: profile.clone(), ideal: false, seed: None, samples: None, states: true, workers: 0 }
    }

    /// The same on another backend.
    #[must_use]
    pub fn on(&self, backend: Backend) -> Self {
        Setup { backend, ..self.clone() }
    }

    /// The arithmetic of its chip.
    pub fn arithmetic(&self) -> &Arithmetic {
        &self.profile.arithmetic.values
    }
}

/// The spikes of one process.
#[derive(Clone, Debug, PartialEq)]
pub struct Fired {
    /// Path of the process.
    pub process: String,
    /// Number of neurons.
    pub n: usize,
    /// `(step, neuron)` in order of time; steps are counted on over the samples of a task.
    pub events: Vec<(u64, u32)>,
    /// Whether it has no in-port: it plays the same on every backend.
    pub source: bool,
}

impl Fired {
    /// The spike times of each neuron `[steps]`.
    pub fn trains(&self) -> Vec<Vec<f64>> {
        let mut trains = vec![Vec::new(); self.n];
        for (step, neuron) in &self.events {
            trains[*neuron as usize].push(*step as f64);
        }
        trains
    }
}

/// One variable of one process over time.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Path of the process.
    pub process: String,
    /// Name of the variable.
    pub variable: String,
    /// Number of elements.
    pub n: usize,
    /// All elements, step after step.
    pub values: Vec<f64>,
}

impl State {
    /// The value of an element after a step, counted from 1.
    pub fn at(&self, step: u64, element: usize) -> Option<f64> {
        self.values.get(usize::try_from(step).ok()?.checked_sub(1)? * self.n + element).copied()
    }
}

/// A wrap, clip or saturation, and where it happened first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Path of the process.
    pub process: String,
    /// What happened, how often, and where first.
    #[serde(flatten)]
    pub record: OverflowRecord,
}

/// What one run shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// Steps of the whole run, all samples together.
    pub steps: u64,
    /// Steps after which all state went back to the beginning, if it did.
    pub reset_every: Option<u64>,
    /// Spikes by process.
    pub fired: Vec<Fired>,
    /// State by process and variable; empty if it was not recorded.
    pub states: Vec<State>,
    /// Paths of populations the weights of whose synapses lie in non-volatile cells, which hold them only nearly.
    pub weights_in_cells: Vec<String>,
    /// Values that left their registers.
    pub overflow: Vec<Place>,
    /// The answers to the samples of a task.
    pub answers: Option<Vec<usize>>,
    /// The right answers.
    pub labels: Option<Vec<usize>>,
    /// Dynamic energy `[J]`, on the chip and where the profile knows prices.
    pub dynamic_j: Option<f64>,
}

impl Observed {
    /// The spikes of a process.
    pub fn fired_by(&self, process: &str) -> Option<&Fired> {
        self.fired.iter().find(|f| f.process == process)
    }

    /// A variable of a process.
    pub fn state(&self, process: &str, variable: &str) -> Option<&State> {
        self.states.iter().find(|s| s.process == process && s.variable == variable)
    }

    /// The part of the samples that were answered rightly.
    pub fn accuracy(&self) -> Option<f64> {
        Some(crate::metric::agreement::agreement(self.answers.as_ref()?, self.labels.as_ref()?))
    }

    /// Whether the synapses onto a population lie in cells.
    pub fn has_in_cells(&self, process: &str) -> bool {
        self.weights_in_cells.iter().any(|path| path == process)
    }

    /// Spikes of all processes that are no sources.
    pub fn n_spikes(&self) -> u64 {
        self.fired.iter().filter(|f| !f.source).map(|f| f.events.len() as u64).sum()
    }
}

/// Anything that runs a model file and shows what happened: the emulator, another one, or a chip.
pub trait Machine: std::fmt::Debug {
    /// Runs a model.
    ///
    /// # Errors
    /// If the model is wrong or the run fails.
    fn observe(&self, document: &Document, setup: &Setup) -> Result<Observed, FidelityError>;
}

/// This emulator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Emulator;

impl Machine for Emulator {
    fn observe(&self, document: &Document, setup: &Setup) -> Result<Observed, FidelityError> {
        run(document.model()?, setup)
    }
}

/// What is recorded of a graph.
#[derive(Debug, Default)]
struct Probes {
    spikes: Vec<(ProbeId, Fired)>,
    states: Vec<(ProbeId, State)>,
}

/// Runs a model file.
///
/// # Errors
/// If the run fails.
pub fn run(mut file: ModelFile, setup: &Setup) -> Result<Observed, FidelityError> {
    let seed = setup.seed.unwrap_or(file.config.seed);
    // Where things lie, and in which memory, stays as the model says.
    let (backend, workers) = (setup.backend, setup.workers);
    let mut config = RunConfig { seed, backend, exceptions: Vec::new(), workers, ..file.config.clone() };
    let mut profile = setup.profile.clone();
    if setup.ideal {
        (profile.cells, config.cores) = (None, Vec::new());
    }
    let n_samples = match &file.task {
        Some(Task::Classify(task)) => setup.samples.unwrap_or(usize::MAX).min(task.samples.len()) as u64,
        _ => 1,
    };
    let probes = Probes::add(&mut file.graph, setup.arithmetic(), setup.states.then_some(file.steps * n_samples))?;
    let task = file.task.take();
    let mut simulation = Simulation::new(file.graph, &profile, &config)?;
    simulation.set_timed(false);
    let mut observed = match task {
        Some(Task::Classify(mut task)) => {
            task.truncate(n_samples as usize);
            let result = classify(&mut simulation, &(&task).into(), |_| {})?;
            let mut own = probes.read(&result.recordings, result.steps);
            own.reset_every = task.reset.then_some(task.steps);
            own.overflow = places(result.overflow.iter().cloned());
            own.dynamic_j = energy(&simulation, setup, simulation.bill_of(&result.counts, &result.usage)?.dynamic_j);
            own.answers = Some(result.answers());
            own.labels = Some(task.labels);
            own
        }
        _ => {
            simulation.run(RunSteps(file.steps))?;
            let mut own = probes.read(simulation.recordings(), file.steps);
            own.overflow = places(simulation.overflow().into_iter());
            own.dynamic_j = energy(&simulation, setup, simulation.bill()?.dynamic_j);
            own
        }
    };
    observed.weights_in_cells = in_cells(&simulation.image().chip);
    observed.overflow.sort_by(|a, b| (a.record.first_step, &a.process).cmp(&(b.record.first_step, &b.process)));
    Ok(observed)
}

fn in_cells(chip: &ChipImage) -> Vec<String> {
    let banks = chip.banks.iter().enumerate().filter(|(k, _)| chip.bank_in_cells(*k));
    banks.map(|(_, bank)| bank.path.clone()).collect()
}

fn energy(simulation: &Simulation, setup: &Setup, dynamic_j: f64) -> Option<f64> {
    let placed = setup.backend == Backend::Chip && !simulation.image().chip.banks.is_empty();
    (placed && dynamic_j > 0.0).then_some(dynamic_j)
}

fn places(all: impl Iterator<Item = (String, OverflowRecord)>) -> Vec<Place> {
    all.map(|(process, record)| Place { process, record }).collect()
}

impl Probes {
    /// Records all plain spikes, and with `steps` the variables of everything that takes sums or learns, as far as they fit.
    fn add(graph: &mut Graph, arithmetic: &Arithmetic, steps: Option<u64>) -> Result<Self, FidelityError> {
        let mut own = Probes::default();
        let (mut wanted, mut learned) = (Vec::new(), Vec::new());
        let nodes: Vec<_> = graph.nodes().iter().map(|node| node.path.clone()).collect();
        for path in nodes {
            let process = graph.find(&path)?;
            let source = graph.ports_of(process, Direction::In).is_empty();
            let outs: Vec<_> = graph
                .ports_of(process, Direction::Out)
                .into_iter()
                // What goes back to the synapses are the same spikes.
                .filter(|port| port.1 == Kind::Spike && port.0 != "s_out_bap")
                .map(|port| (port.0.to_owned(), port.2.iter().product::<usize>()))
                .collect();
            for (name, n) in outs {
                let port = graph.out_port::<Spike>(process, &name)?;
                let fired = Fired { process: path.clone(), n, events: Vec::new(), source };
                own.spikes.push((graph.probe_port(port, Record::Events)?, fired));
            }
            let node = &graph.nodes()[process.number() as usize];
            let Body::Model(model) = &node.body else { continue };
            let size = |v: &VarSpec| v.shape.iter().product::<usize>();
            let vars = || node.vars().iter().map(|v| (process, path.clone(), v.name, size(v)));
            if learns(model, &Setting { arithmetic, seed: 0, place: 0 }) {
                learned.extend(vars());
            } else if !(model.buffered() || source || model.out_ports().is_empty()) {
                wanted.extend(vars());
            }
        }
        let size = |all: &[(_, String, _, usize)]| all.iter().map(|(.., n)| *n as u64).sum::<u64>();
        let fits = |size: u64| steps.is_some_and(|steps| steps.saturating_mul(size) <= MOST_VALUES);
        if fits(size(&wanted) + size(&learned)) {
            wanted.append(&mut learned);
        }
        if fits(size(&wanted)) {
            for (process, path, variable, n) in wanted {
                let probe = graph.probe(graph.var::<f64>(process, variable)?, Record::Dense { stride: 1 })?;
                own.states.push((probe, State { process: path, variable: variable.into(), n, values: Vec::new() }));
            }
        }
        Ok(own)
    }

    fn read(self, recordings: &[pumice::engine::Recording], steps: u64) -> Observed {
        let mut observed = Observed { steps, ..Observed::default() };
        for (probe, mut fired) in self.spikes {
            fired.events = recordings[probe.number() as usize].events();
            observed.fired.push(fired);
        }
        for (probe, mut state) in self.states {
            state.values = match &recordings[probe.number() as usize].data {
                Recorded::Int(all) => all.iter().map(|x| f64::from(*x)).collect(),
                Recorded::Real(all) => all.clone(),
                Recorded::Events { .. } => Vec::new(),
            };
            observed.states.push(state);
        }
        observed
    }
}

/// Removes variables that never change in either of two runs: parameters.
pub(crate) fn moving(a: &Observed, b: &Observed) -> BTreeMap<(String, String), (Vec<f64>, Vec<f64>)> {
    let still = |s: &State| s.values.chunks(s.n.max(1)).all(|row| row == &s.values[..s.n]);
    let pairs = a.states.iter().filter_map(|x| Some((x, b.state(&x.process, &x.variable)?)));
    pairs
        .filter(|(x, y)| !(still(x) && still(y)))
        .map(|(x, y)| ((x.process.clone(), x.variable.clone()), (x.values.clone(), y.values.clone())))
        .collect()
}
