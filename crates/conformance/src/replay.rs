//! A case as a graph, run on every backend that has it.

use pumice::compile::CompileError;
use pumice::models::Kind;
use pumice::prelude::*;
use pumice::process::{Direction, Message, PortId, ProbeId, ProcessId};

use crate::case::Fault;
use crate::compare::{Expected, earliest, first};

/// Where a case is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// In floating point.
    Float,
    /// In the integers of the chip, without placement.
    Fixed,
    /// On cores of the chip, cut so that every population spans several, on this many workers.
    Chip(usize),
}

impl Form {
    /// The integers of the chip, without and with placement.
    pub(crate) const INTEGER: [Form; 4] = [Form::Fixed, Form::Chip(1), Form::Chip(2), Form::Chip(3)];

    pub(crate) fn name(self) -> String {
        match self {
            Form::Float => "float".into(),
            Form::Fixed => "fixed".into(),
            Form::Chip(1) => "chip, 1 worker".into(),
            Form::Chip(workers) => format!("chip, {workers} workers"),
        }
    }

    pub(crate) fn is_chip(self) -> bool {
        matches!(self, Form::Chip(_))
    }

    fn config(self) -> RunConfig {
        match self {
            Form::Float => RunConfig::on(Backend::Float),
            Form::Fixed => RunConfig::on(Backend::Fixed),
            Form::Chip(workers) => RunConfig::on(Backend::Chip).workers(workers),
        }
    }
}

/// How an output is read from a simulation that has run: one row per recorded step.
type Read = Box<dyn Fn(&Simulation) -> Vec<Vec<f64>>>;

/// How an output is read from a simulation before its first step.
type ReadStart = Box<dyn Fn(&Simulation) -> Result<Vec<Vec<f64>>, Error>>;

/// A graph, and how each output that was recorded is read.
pub(crate) struct Setup {
    pub(crate) graph: Graph,
    pub(crate) outputs: Vec<(String, Read)>,
    /// Outputs that are read before the first step.
    pub(crate) starts: Vec<(String, ReadStart)>,
    /// Steps to run before the first recorded one.
    pub(crate) lead: usize,
    /// The most neurons on one core; so few at first that recorded populations span several.
    pub(crate) neurons_per_core: Option<u32>,
}

impl Default for Setup {
    fn default() -> Self {
        let graph = Graph::default();
        Setup { graph, outputs: Vec::new(), starts: Vec::new(), lead: 0, neurons_per_core: Some(NEURONS_PER_CORE) }
    }
}

impl Setup {
    /// Adds a source that plays `rows` into an in-port.
    pub(crate) fn drive(&mut self, process: ProcessId, port: &str, rows: &[Vec<f64>]) -> Result<(), Error> {
        let name = format!("source-{}-{port}", process.number());
        let to = self.graph.port(process, port, Direction::In)?;
        let (kind, shape) = self.in_port(process, port);
        let from = self.source(&name, &shape, kind, rows)?;
        Ok(self.graph.connect_ports(from, to)?)
    }

    /// Adds a source that plays `rows`; spikes are counted as Lava counts them, any number but 0 as one.
    pub(crate) fn source(
        &mut self,
        name: &str,
        shape: &[usize],
        kind: Kind,
        rows: &[Vec<f64>],
    ) -> Result<PortId, Error> {
        let value = |x: &f64| if kind == Kind::Spike { f64::from(u8::from(*x != 0.0)) } else { *x };
        let data = rows.iter().map(|row| row.iter().map(value).collect()).collect();
        let source = self.graph.add_model(name, RingBuffer { shape: shape.to_vec(), data, kind })?;
        let port = if kind == Kind::Activation { "a_out" } else { "s_out" };
        Ok(self.graph.port(source, port, Direction::Out)?)
    }

    /// Connects two ports by name.
    pub(crate) fn join(&mut self, from: (ProcessId, &str), to: (ProcessId, &str)) -> Result<(), Error> {
        let from = self.graph.port(from.0, from.1, Direction::Out)?;
        let to = self.graph.port(to.0, to.1, Direction::In)?;
        Ok(self.graph.connect_ports(from, to)?)
    }

    /// Connects one element of a flat port to one of another.
    pub(crate) fn join_elements<T: Message>(
        &mut self,
        from: (OutPort<T>, usize),
        to: (InPort<T>, usize),
    ) -> Result<(), Error> {
        let one = |at: usize| std::iter::once(at..at + 1).collect::<Vec<_>>();
        let from = self.graph.slice(from.0, &one(from.1))?;
        let to = self.graph.slice(to.0, &one(to.1))?;
        Ok(self.graph.connect(from, to)?)
    }

    /// Records a variable or, if there is none of that name, an out-port.
    pub(crate) fn probe(&mut self, process: ProcessId, name: &str) -> Result<ProbeId, Error> {
        let every = Record::Dense { stride: 1 };
        let ports = self.graph.ports_of(process, Direction::Out);
        let kind = ports.iter().find(|port| port.0 == name).map(|port| port.1);
        Ok(match kind {
            Some(Kind::Spike) => self.graph.probe_port(self.graph.out_port::<Spike>(process, name)?, every)?,
            Some(Kind::Graded) => self.graph.probe_port(self.graph.out_port::<Graded>(process, name)?, every)?,
            Some(Kind::Activation) => {
                self.graph.probe_port(self.graph.out_port::<Activation>(process, name)?, every)?
            }
            None => self.graph.probe(self.graph.var::<f64>(process, name)?, every)?,
        })
    }

    /// Makes an output of a variable or out-port.
    pub(crate) fn watch(&mut self, output: &str, process: ProcessId, name: &str) -> Result<(), Error> {
        let probe = self.probe(process, name)?;
        self.read(output, vec![probe], |rows| rows);
        Ok(())
    }

    /// Makes an output of the rows of some probes, side by side, without the steps before the first recorded one.
    pub(crate) fn read(
        &mut self,
        output: &str,
        probes: Vec<ProbeId>,
        of: impl Fn(Vec<Vec<f64>>) -> Vec<Vec<f64>> + 'static,
    ) {
        let lead = self.lead;
        let read = move |simulation: &Simulation| of(side_by_side(simulation, &probes).split_off(lead));
        self.outputs.push((output.to_owned(), Box::new(read)));
    }

    fn in_port(&self, process: ProcessId, name: &str) -> (Kind, Vec<usize>) {
        let ports = self.graph.ports_of(process, Direction::In);
        let port = ports.iter().find(|port| port.0 == name).expect("the port was found before");
        (port.1, port.2.to_vec())
    }
}

/// The records of some probes, one behind the other in every step.
fn side_by_side(simulation: &Simulation, probes: &[ProbeId]) -> Vec<Vec<f64>> {
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for (k, probe) in probes.iter().enumerate() {
        let part = simulation.recording(*probe).rows();
        match k {
            0 => rows = part,
            _ => rows.iter_mut().zip(part).for_each(|(row, more)| row.extend(more)),
        }
    }
    rows
}

/// A simulation at step 0; `None` if a process has no model for the form.
pub(crate) fn start(graph: Graph, arithmetic: &Arithmetic, form: Form) -> Result<Option<Simulation>, Error> {
    start_on(graph, arithmetic, form, Some(NEURONS_PER_CORE))
}

fn start_on(
    graph: Graph,
    arithmetic: &Arithmetic,
    form: Form,
    neurons_per_core: Option<u32>,
) -> Result<Option<Simulation>, Error> {
    let mut profile = Profile::load("unlimited")?;
    profile.arithmetic.values = arithmetic.clone();
    profile.core.neurons = neurons_per_core.filter(|_| form.is_chip());
    match Simulation::new(graph, &profile, &form.config()) {
        Ok(mut simulation) => {
            simulation.set_timed(false);
            Ok(Some(simulation))
        }
        Err(Error::Compile(CompileError::NoChipModel { .. } | CompileError::Learning { .. })) if form.is_chip() => {
            Ok(None)
        }
        Err(fault) => Err(fault),
    }
}

/// So few that recorded populations span several cores, so that workers have something to share.
const NEURONS_PER_CORE: u32 = 3;

/// Builds a case in each form, runs it and compares it with its recording.
pub(crate) fn check(
    forms: &[Form],
    arithmetic: &Arithmetic,
    expected: &[Expected],
    build: &dyn Fn(Form) -> Result<Setup, Error>,
) -> Option<Fault> {
    if expected.iter().all(|one| one.rows.is_empty()) {
        return Some(Fault::Malformed("nothing was recorded".into()));
    }
    forms.iter().find_map(|form| {
        let stopped = |fault: Error| Fault::Stopped { form: form.name(), reason: fault.to_string() };
        match build(*form).and_then(|setup| check_one(*form, arithmetic, expected, setup)) {
            Ok(fault) => fault,
            Err(fault) => Some(stopped(fault)),
        }
    })
}

fn check_one(form: Form, arithmetic: &Arithmetic, expected: &[Expected], setup: Setup) -> Result<Option<Fault>, Error> {
    let cores = setup.neurons_per_core;
    let Some(mut simulation) = start_on(setup.graph, arithmetic, form, cores)? else {
        return Ok(None);
    };
    let steps = expected.iter().map(|e| e.rows.len()).max().unwrap_or(0) + setup.lead;
    let mut read = Vec::new();
    for (output, start) in &setup.starts {
        read.push((output, start(&simulation)?));
    }
    simulation.run(RunSteps(steps as u64))?;
    read.extend(setup.outputs.iter().map(|(output, rows)| (output, rows(&simulation))));
    let mut found = Vec::new();
    for one in expected {
        match read.iter().find(|(output, _)| **output == one.output) {
            Some((_, rows)) => found.extend(first(one, rows)),
            None => {
                let reason = format!("the output `{}` was recorded, but nothing here computes it", one.output);
                return Ok(Some(Fault::Stopped { form: form.name(), reason }));
            }
        }
    }
    Ok(earliest(found.into_iter()).map(|difference| Fault::Differs { form: form.name(), difference }))
}
