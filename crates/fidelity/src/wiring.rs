//! What a network is made of, as far as budgets and intervals can follow it: LIF populations and the synapses to them.

use std::collections::BTreeMap;

use pumice::models::{Arithmetic, Behaviour, Io, Kernel, Model, Overflow, Rows, Setting};
use pumice::process::{Body, Direction, Graph, Reduce};

use crate::FidelityError;
use crate::lesson::{self, Lesson};

/// Products of sources, targets and delays up to which the real weights of a connection are looked up.
const MOST_RESPONSES: usize = 40_000_000;

/// A synapse whose weight in registers is not the real one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightError {
    /// Sending element.
    pub source: u32,
    /// Delay beyond the one step of every connection `[steps]`.
    pub delay: u8,
    /// Receiving neuron.
    pub target: u32,
    /// How far the weight is off `[weight LSB]`.
    pub error: f64,
}

/// A connection into a population.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Path of the process that sends into it.
    pub from: String,
    /// Its synapses in registers.
    pub rows: Rows,
    /// Weights that are not what the float twin has.
    pub errors: Vec<WeightError>,
}

impl Link {
    /// The longest delay of its synapses `[steps]`.
    pub fn longest_delay(&self) -> u8 {
        self.errors.iter().map(|e| e.delay).max().unwrap_or(0).max(self.rows.longest_delay())
    }

    /// Whether the sum of one step is shifted right, and so rounded once more.
    pub fn rounds_sums(&self) -> bool {
        self.rows.sum_exponent < 0
    }
}

/// A LIF population with its registers.
#[derive(Clone, Debug, PartialEq)]
pub struct Neurons {
    /// Path of the process.
    pub path: String,
    /// Number of neurons.
    pub n: usize,
    /// What the current keeps per step in 1/4096, and what it keeps in the float twin.
    pub keep_u: (Vec<i32>, Vec<f64>),
    /// What the voltage keeps.
    pub keep_v: (Vec<i32>, Vec<f64>),
    /// The bias in registers, and in the float twin `[state LSB]`.
    pub bias: (Vec<i32>, Vec<f64>),
    /// The threshold `[state LSB]`.
    pub threshold: Vec<i32>,
    /// Current and voltage before the first step.
    pub initial: (Vec<f64>, Vec<f64>),
    /// Connections into it.
    pub links: Vec<Link>,
}

/// A network as far as it can be followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Wiring {
    /// LIF populations all of whose input is understood.
    pub populations: Vec<Neurons>,
    /// Connections that learn.
    pub lessons: Vec<Lesson>,
    /// Processes that are not followed, and why.
    pub unknown: Vec<(String, String)>,
}

impl Wiring {
    /// Reads a graph for an arithmetic.
    ///
    /// # Errors
    /// If a process refuses its parameters.
    pub fn new(graph: &Graph, arithmetic: &Arithmetic, seed: u64) -> Result<Self, FidelityError> {
        let mut own = Wiring { populations: Vec::new(), lessons: Vec::new(), unknown: Vec::new() };
        for (k, node) in graph.nodes().iter().enumerate() {
            let setting = Setting { arithmetic, seed, place: k as u32 };
            let Body::Model(model) = &node.body else {
                own.unknown.push((node.path.clone(), "a process of the user".into()));
                continue;
            };
            if lesson::learns(model, &setting) {
                let lesson = lesson::lesson(graph, (k, node), model, arithmetic)?;
                let why = lesson.as_ref().map_or(Some("it learns by a rule that is no text"), |l| l.not_followed);
                own.unknown.extend(why.map(|why| (node.path.clone(), why.to_owned())));
                own.lessons.extend(lesson);
                continue;
            }
            let connection = model.buffered() || model.in_ports().is_empty() || model.out_ports().is_empty();
            match model.as_ref() {
                Model::Lif(lif) => match links(graph, k, arithmetic, seed)? {
                    Ok(links) => own.populations.push(neurons(&node.path, lif, links, &setting)?),
                    Err(why) => own.unknown.push((node.path.clone(), why)),
                },
                _ if connection => {}
                other => own.unknown.push((node.path.clone(), format!("no rule for {}", other.name()))),
            }
        }
        Ok(own)
    }

    /// The population of that path.
    pub fn population(&self, path: &str) -> Option<&Neurons> {
        self.populations.iter().find(|p| p.path == path)
    }
}

fn neurons(
    path: &str,
    lif: &pumice::models::neuron::lif::Lif,
    links: Vec<Link>,
    setting: &Setting<'_>,
) -> Result<Neurons, FidelityError> {
    let (fixed, float, a) = (lif.fixed(setting)?, lif.float(setting)?, setting.arithmetic);
    let n = fixed.get(0).len();
    let keep_u = lif.du.keep("du", n, a.current_decay_offset, a.lowest_current_decay)?.expand(n);
    let keep_v = lif.dv.keep("dv", n, a.voltage_decay_offset, -a.voltage_decay_offset)?.expand(n);
    Ok(Neurons {
        path: path.to_owned(),
        n,
        keep_u: (keep_u, lif.du.keep_real("du", n, a.current_decay_offset)?),
        keep_v: (keep_v, lif.dv.keep_real("dv", n, a.voltage_decay_offset)?),
        bias: (fixed.get(3), float.get(3)),
        threshold: fixed.get(2).into_iter().map(|x| x << a.align).collect(),
        initial: (float.get(0), float.get(1)),
        links,
    })
}

/// The connections into population `k`, or why they cannot be followed.
fn links(graph: &Graph, k: usize, a: &Arithmetic, seed: u64) -> Result<Result<Vec<Link>, String>, FidelityError> {
    let wires = graph.wires();
    let number = |p: pumice::process::ProcessId| p.number() as usize;
    let nodes = graph.nodes();
    let sums = |k: usize| {
        let id = graph.find(&nodes[k].path).map(|id| graph.ports_of(id, Direction::In));
        id.is_ok_and(|ports| ports.iter().all(|port| port.3 == Reduce::Sum))
    };
    if !sums(k) {
        return Ok(Err("its in-port does not sum".into()));
    }
    let mut found = Vec::new();
    for wire in wires.iter().filter(|w| number(w.to.0) == k) {
        let from = number(wire.from.0);
        let setting = Setting { arithmetic: a, seed, place: from as u32 };
        let path = nodes[from].path.clone();
        let Body::Model(model) = &nodes[from].body else { return Ok(Err(format!("`{path}` is no connection"))) };
        let Some(rows) = model.rows(&setting).filter(|_| !lesson::learns(model, &setting)) else {
            return Ok(Err(format!("`{path}` is no connection with fixed weights")));
        };
        let rows = rows?;
        let feeds: Vec<_> = wires.iter().filter(|w| number(w.to.0) == from).collect();
        let whole = wire.pairs.is_none() && feeds.iter().all(|w| w.pairs.is_none());
        if !whole || feeds.len() > 1 || rows.graded || rows.sum_bits < 32 || !sums(from) {
            return Ok(Err(format!("what `{path}` adds cannot be followed")));
        }
        let Some(feed) = feeds.first() else { continue };
        let Some(errors) = weight_errors(model, &rows, &setting)? else {
            return Ok(Err(format!("`{path}` has too many synapses to compare one by one")));
        };
        found.push(Link { from: nodes[number(feed.from.0)].path.clone(), rows, errors });
    }
    Ok(Ok(found))
}

/// Weights in registers that differ from what the float twin answers to single spikes.
fn weight_errors(model: &Model, rows: &Rows, setting: &Setting<'_>) -> Result<Option<Vec<WeightError>>, FidelityError> {
    // A weight that is nothing in registers may still arrive late in the float twin.
    let small = rows.n_in * rows.n_out <= 4096;
    let prompt = matches!(model, Model::Dense(d) if d.delays.is_none()) || matches!(model, Model::Sparse(_));
    let held = if small && !prompt { setting.arithmetic.delay_max as usize } else { usize::from(rows.longest_delay()) };
    let steps = held + 2;
    if rows.n_in.saturating_mul(rows.n_out).saturating_mul(steps) > MOST_RESPONSES {
        return Ok(None);
    }
    let scale = f64::from(rows.sum_exponent).exp2();
    let mut kernel = model.float(setting)?;
    let mut errors = Vec::new();
    let mut overflow = Overflow::default();
    let mut step = 0;
    for source in 0..rows.n_in {
        let mut differs: BTreeMap<(u8, u32), f64> = BTreeMap::new();
        for k in rows.start[source]..rows.start[source + 1] {
            *differs.entry((rows.delay_of(k), rows.target[k])).or_default() += f64::from(rows.weight[k]) * scale;
        }
        for t in 0..steps {
            step += 1;
            let out = respond(&mut *kernel, rows, step, (t == 0).then_some(source), &mut overflow);
            for (target, real) in out.iter().enumerate().filter(|(_, x)| **x != 0.0) {
                *differs.entry((t.saturating_sub(1) as u8, target as u32)).or_default() -= real;
            }
        }
        let own = differs.into_iter().filter(|(_, error)| error.abs() > 1e-9);
        errors.extend(own.map(|((delay, target), e)| WeightError {
            source: source as u32,
            delay,
            target,
            error: e.abs(),
        }));
    }
    Ok(Some(errors))
}

/// One step of a float connection with one spike or none; returns what it adds in this step.
fn respond(
    kernel: &mut dyn Kernel<f64>,
    rows: &Rows,
    step: u64,
    source: Option<usize>,
    overflow: &mut Overflow,
) -> Vec<f64> {
    let mut outputs = vec![vec![0.0; rows.n_out]];
    kernel.emit(step, &mut outputs);
    let mut input = vec![0.0; rows.n_in];
    if let Some(source) = source {
        input[source] = 1.0;
    }
    let sent = outputs[0].clone();
    kernel.step(&mut Io { step, inputs: &[input], outputs: &mut outputs, overflow });
    sent
}
