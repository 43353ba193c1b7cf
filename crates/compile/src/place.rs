//! Which process runs where.

use pumice_chip::BankImage;
use pumice_engine::Where;
use pumice_models::{Behaviour, Drawn, Model, Rows, Setting, length};
use pumice_process::{Backend, Body, Direction, Graph, ProcessId, Reduce, RunConfig, Wire};

use crate::{CompileError, Hardware};

/// Where each process of a graph runs.
#[derive(Debug, Default)]
pub struct Placement {
    /// By process number.
    pub places: Vec<Where>,
    /// Processes of the host, by unit.
    pub units: Vec<ProcessId>,
    /// Populations on the chip, by bank.
    pub populations: Vec<ProcessId>,
    /// Synapses of each connection on the chip, by process number.
    pub(crate) rows: Vec<Option<Rows>>,
    /// Synapses of each connection on the chip that are drawn, by process number.
    pub(crate) drawn: Vec<Option<Drawn>>,
    /// Which processes are sources of sums on the chip, by process number.
    pub(crate) drives: Vec<bool>,
}

/// What a process could be.
enum Form {
    Host,
    Population,
    Connection(Box<Rows>),
    Drawn(Box<Drawn>),
    Drive,
}

impl Form {
    const fn is_beside_neurons(&self) -> bool {
        matches!(self, Form::Connection(_) | Form::Drawn(_) | Form::Drive)
    }
}

impl Placement {
    pub(crate) fn new(
        graph: &Graph,
        hardware: &Hardware,
        config: &RunConfig,
        wires: &[Wire],
    ) -> Result<Self, CompileError> {
        let mut forms = Vec::with_capacity(graph.nodes().len());
        for (k, node) in graph.nodes().iter().enumerate() {
            forms.push(match (&node.body, config.backend_of(&node.path)) {
                (Body::Model(model), Backend::Chip) => {
                    let of = |w: &&Wire| [w.from.0, w.to.0].iter().any(|p| p.number() as usize == k);
                    let whole = wires.iter().filter(of).all(|w| w.pairs.is_none());
                    form(model, whole, hardware, config, (&node.path, k as u32))?
                }
                _ => Form::Host,
            });
        }
        let is_population: Vec<bool> = forms.iter().map(|f| matches!(f, Form::Population)).collect();
        for (k, form) in forms.iter_mut().enumerate() {
            let feeds = |w: &&Wire| w.from.0.number() as usize == k;
            let all = wires.iter().filter(feeds).all(|w| is_population[w.to.0.number() as usize]);
            if form.is_beside_neurons() && !(all && wires.iter().any(|w| feeds(&w))) {
                *form = Form::Host;
            }
        }
        let placement = Self::sort(graph, forms);
        placement.check(graph, wires)?;
        Ok(placement)
    }

    fn sort(graph: &Graph, forms: Vec<Form>) -> Self {
        let mut own =
            Placement { places: Vec::new(), units: Vec::new(), populations: Vec::new(), ..Placement::default() };
        for ((k, form), _) in forms.into_iter().enumerate().zip(graph.nodes()) {
            own.drives.push(matches!(form, Form::Drive));
            own.drawn.push(match &form {
                Form::Drawn(drawn) => Some(drawn.as_ref().clone()),
                _ => None,
            });
            let (place, rows) = match form {
                Form::Host => {
                    own.units.push(id(graph, k));
                    (Where::Unit(own.units.len() - 1), None)
                }
                Form::Population => {
                    own.populations.push(id(graph, k));
                    (Where::Bank(own.populations.len() - 1), None)
                }
                Form::Connection(rows) => (Where::Synapses, Some(*rows)),
                Form::Drawn(_) | Form::Drive => (Where::Synapses, None),
            };
            own.places.push(place);
            own.rows.push(rows);
        }
        own
    }

    fn check(&self, graph: &Graph, wires: &[Wire]) -> Result<(), CompileError> {
        let path = |p: ProcessId| graph.nodes()[p.number() as usize].path.clone();
        for wire in wires {
            let places = (self.places[wire.from.0.number() as usize], self.places[wire.to.0.number() as usize]);
            if let (Where::Bank(_), Where::Bank(_)) = places {
                return Err(CompileError::Unconnected { from: path(wire.from.0), to: path(wire.to.0) });
            }
        }
        for (k, _) in self.places.iter().enumerate().filter(|(_, p)| !matches!(p, Where::Unit(_))) {
            let sums = graph.ports_of(id(graph, k), Direction::In).iter().all(|port| port.3 == Reduce::Sum);
            if !sums {
                return Err(CompileError::Join { path: graph.nodes()[k].path.clone() });
            }
        }
        Ok(())
    }

    pub(crate) fn banks(&self, graph: &Graph) -> Vec<BankImage> {
        let bank = |process: &ProcessId| {
            let node = &graph.nodes()[process.number() as usize];
            let Body::Model(model) = &node.body else {
                return None;
            };
            Some(BankImage {
                process: process.number(),
                path: node.path.clone(),
                n: length(graph.ports_of(*process, Direction::Out)[0].2),
                ports: graph.ports_of(*process, Direction::In).len(),
                trains: model.trains(),
                model: model.as_ref().clone(),
                circuits: None,
            })
        };
        self.populations.iter().filter_map(bank).collect()
    }
}

fn id(graph: &Graph, k: usize) -> ProcessId {
    graph.find(&graph.nodes()[k].path).expect("every node has its own path")
}

/// What a model of the chip becomes; `whole` says that its ports are joined element by element.
fn form(
    model: &Model,
    whole: bool,
    hardware: &Hardware,
    config: &RunConfig,
    (path, process): (&str, u32),
) -> Result<Form, CompileError> {
    let setting = Setting { arithmetic: &hardware.arithmetic, seed: config.seed, place: process };
    let refuse = |fault| CompileError::Model { path: path.to_owned(), fault: Box::new(fault) };
    if whole {
        if let Some(drawn) = model.drawn(&setting) {
            return drawn.map(|drawn| Form::Drawn(Box::new(drawn))).map_err(refuse);
        }
        if let Some(drive) = model.drive(&setting, 0..0) {
            return drive.map(|_| Form::Drive).map_err(refuse);
        }
    }
    if let Some(rows) = model.rows(&setting) {
        return rows.map(|rows| Form::Connection(Box::new(rows))).map_err(refuse);
    }
    if let Some(bank) = model.bank(&setting, 0..0) {
        return bank.map(|_| Form::Population).map_err(refuse);
    }
    let (ins, outs) = (model.in_ports(), model.out_ports());
    match ins.is_empty() || outs.is_empty() {
        true => Ok(Form::Host),
        false => Err(CompileError::NoChipModel { path: path.to_owned(), process: model.name().to_owned() }),
    }
}
