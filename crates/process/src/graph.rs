//! The graph: processes, ports, connections, recordings.

use std::collections::{BTreeMap, HashSet};

use pumice_models::{Behaviour, Kind, Model, PortSpec, VarSpec};

use crate::error::GraphError;
use crate::handle::{Added, Process};
use crate::host::{HostProcess, HostSpec};
use crate::port::{Direction, InPort, Message, OutPort, Port, PortId, ProcessId, Reduce, Var};
use crate::probe::{Probe, ProbeId, ProbeTarget, Record};
use crate::reference::RemoteProcess;
use crate::view::Element;

/// What a process is made of.
#[derive(Debug)]
pub enum Body {
    /// A process of the library, by its parameters.
    Model(Box<Model>),
    /// A process of the user, to be taken out when the graph is run.
    Host(HostSpec, Option<Box<dyn HostProcess>>),
}

/// A process in a graph.
#[derive(Debug)]
pub struct Node {
    /// Name with the names of the processes that contain it, joined by `/`.
    pub path: String,
    /// What it is.
    pub body: Body,
    pub(crate) in_ports: Vec<PortId>,
    pub(crate) out_ports: Vec<PortId>,
    vars: Vec<VarSpec>,
}

impl Node {
    /// Its variables.
    pub fn vars(&self) -> &[VarSpec] {
        &self.vars
    }

    /// What it is, if it is a process of the library that acts on a variable of another.
    pub fn remote(&self) -> Option<&RemoteProcess> {
        match &self.body {
            Body::Host(spec, _) => spec.remote.as_ref(),
            Body::Model(_) => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct PortNode {
    pub(crate) process: ProcessId,
    pub(crate) name: String,
    pub(crate) slot: usize,
    pub(crate) kind: Kind,
    pub(crate) direction: Direction,
    pub(crate) shape: Vec<usize>,
    pub(crate) reduce: Reduce,
    /// `None` for a real port, the real elements behind it for a virtual one.
    pub(crate) elements: Option<Vec<Element>>,
}

/// A connection between two real ports, with virtual ports resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// Sending process and its out-port.
    pub from: (ProcessId, usize),
    /// Receiving process and its in-port.
    pub to: (ProcessId, usize),
    /// `(element of the out-port, element of the in-port)`; `None` connects equal elements of all.
    pub pairs: Option<Vec<(u32, u32)>>,
}

/// A process made of processes.
///
/// `build` adds the parts to the graph and returns handles; ports of parts are forwarded by returning them.
pub trait Composite {
    /// What the user of the composite gets to see.
    type Handle;

    /// Adds the parts; their paths start with the name of the composite.
    ///
    /// # Errors
    /// Whatever adding and connecting the parts gives.
    fn build(self, graph: &mut Graph) -> Result<Self::Handle, GraphError>;
}

/// Processes as nodes, connections between their ports, and what to record.
#[derive(Debug, Default)]
pub struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) ports: Vec<PortNode>,
    connections: Vec<(PortId, PortId)>,
    probes: Vec<Probe>,
    scope: Vec<String>,
    names: HashSet<String>,
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a process and returns its ports and variables.
    ///
    /// # Errors
    /// If the name is taken or no name, or a port does not carry the kind of message its handle promises.
    pub fn add<P: Process>(&mut self, name: &str, process: P) -> Result<P::Handle, GraphError> {
        let id = self.add_model(name, process.into_model())?;
        P::handle(&Added { graph: self, process: id })
    }

    /// Adds a process by its untyped parameters.
    ///
    /// # Errors
    /// If the name is taken or no name.
    pub fn add_model(&mut self, name: &str, model: impl Into<Model>) -> Result<ProcessId, GraphError> {
        let model = model.into();
        let (ins, outs, vars) = (model.in_ports(), model.out_ports(), model.vars());
        self.add_node(name, Body::Model(Box::new(model)), owned(ins), owned(outs), vars)
    }

    /// Gives a process of the library other parameters; its ports and variables must stay as they are.
    ///
    /// # Errors
    /// If it is a process of the user, or ports or variables would change.
    pub fn replace(&mut self, process: ProcessId, model: impl Into<Model>) -> Result<(), GraphError> {
        let model = model.into();
        let node = &mut self.nodes[process.0 as usize];
        match &mut node.body {
            Body::Model(old)
                if old.in_ports() == model.in_ports()
                    && old.out_ports() == model.out_ports()
                    && old.vars() == model.vars() =>
            {
                **old = model;
                Ok(())
            }
            _ => Err(GraphError::Replaced { path: node.path.clone(), model: model.name() }),
        }
    }

    /// Adds a process of the user.
    ///
    /// # Errors
    /// If the name is taken or no name.
    pub fn add_host(
        &mut self,
        name: &str,
        spec: HostSpec,
        process: impl HostProcess + 'static,
    ) -> Result<ProcessId, GraphError> {
        let (ins, outs) = (spec.in_ports.clone(), spec.out_ports.clone());
        self.add_node(name, Body::Host(spec, Some(Box::new(process))), ins, outs, Vec::new())
    }

    /// Adds a process made of processes.
    ///
    /// # Errors
    /// If the name is no name, or whatever building the parts gives.
    pub fn compose<C: Composite>(&mut self, name: &str, composite: C) -> Result<C::Handle, GraphError> {
        check_name(name)?;
        self.scope.push(name.to_owned());
        let handle = composite.build(self);
        self.scope.pop();
        handle
    }

    /// Connects two ports; an out-port may feed many in-ports, an in-port joins many out-ports.
    ///
    /// # Errors
    /// If the shapes differ, or the two are connected already.
    pub fn connect<T: Message>(&mut self, from: OutPort<T>, to: InPort<T>) -> Result<(), GraphError> {
        self.connect_ports(from.id, to.id)
    }

    /// Connects two untyped ports.
    ///
    /// # Errors
    /// If directions, kinds or shapes do not fit, or the two are connected already.
    pub fn connect_ports(&mut self, from: PortId, to: PortId) -> Result<(), GraphError> {
        let (a, b) = (&self.ports[from.0 as usize], &self.ports[to.0 as usize]);
        for (id, is, wanted, ok) in
            [(from, "in", "out", a.direction == Direction::Out), (to, "out", "in", b.direction == Direction::In)]
        {
            if !ok {
                return Err(GraphError::Direction { port: self.port_name(id), is, wanted });
            }
        }
        if a.kind != b.kind {
            return Err(self.kinds(from, self.port_name(to), b.kind));
        }
        if a.shape != b.shape {
            return Err(GraphError::Shapes {
                from: self.port_name(from),
                from_shape: a.shape.clone(),
                to: self.port_name(to),
                to_shape: b.shape.clone(),
            });
        }
        if self.connections.contains(&(from, to)) {
            return Err(GraphError::DuplicateConnection { from: self.port_name(from), to: self.port_name(to) });
        }
        self.connections.push((from, to));
        Ok(())
    }

    /// Makes an in-port join what arrives by another operation than the sum.
    pub fn reduce<T>(&mut self, port: InPort<T>, reduce: Reduce) {
        let base = self.elements(port.id).first().map_or(port.id, |e| e.port);
        self.ports[base.0 as usize].reduce = reduce;
    }

    /// Records a variable.
    ///
    /// # Errors
    /// If a stride is 0.
    pub fn probe<T>(&mut self, var: Var<T>, record: Record) -> Result<ProbeId, GraphError> {
        let node = &self.nodes[var.process.0 as usize];
        let name = format!("{}.{}", node.path, node.vars[var.index].name);
        self.add_probe(name, ProbeTarget::Var(var.process, var.index), record)
    }

    /// Records what passes a port.
    ///
    /// # Errors
    /// If a stride is 0.
    pub fn probe_port<P: Port>(&mut self, port: P, record: Record) -> Result<ProbeId, GraphError> {
        self.add_probe(self.port_name(port.id()), ProbeTarget::Port(port.id()), record)
    }

    /// A port by the path of its process and its name, with its type checked.
    ///
    /// # Errors
    /// If there is no such process or port, or it carries another kind of message.
    pub fn out_port<T: Message>(&self, process: ProcessId, name: &str) -> Result<OutPort<T>, GraphError> {
        self.typed(process, name, Direction::Out, T::KIND).map(OutPort::with)
    }

    /// A port by the path of its process and its name, with its type checked.
    ///
    /// # Errors
    /// If there is no such process or port, or it carries another kind of message.
    pub fn in_port<T: Message>(&self, process: ProcessId, name: &str) -> Result<InPort<T>, GraphError> {
        self.typed(process, name, Direction::In, T::KIND).map(InPort::with)
    }

    /// A variable by the number of its process and its name.
    ///
    /// # Errors
    /// If there is no such variable.
    pub fn var<T>(&self, process: ProcessId, name: &str) -> Result<Var<T>, GraphError> {
        let vars = &self.nodes[process.0 as usize].vars;
        match vars.iter().position(|v| v.name == name) {
            Some(index) => Ok(Var::with(process, index)),
            None => Err(self.unknown("variable", process, name, vars.iter().map(|v| v.name))),
        }
    }

    /// A process by its path.
    ///
    /// # Errors
    /// If there is none.
    pub fn find(&self, path: &str) -> Result<ProcessId, GraphError> {
        match self.nodes.iter().position(|n| n.path == path) {
            Some(k) => Ok(ProcessId(k as u32)),
            None => Err(GraphError::Unknown {
                what: "process",
                name: path.to_owned(),
                known: list(self.nodes.iter().map(|n| n.path.as_str())),
            }),
        }
    }

    /// An untyped port by the number of its process and its name.
    ///
    /// # Errors
    /// If there is none.
    pub fn port(&self, process: ProcessId, name: &str, direction: Direction) -> Result<PortId, GraphError> {
        let node = &self.nodes[process.0 as usize];
        let ports = if direction == Direction::In { &node.in_ports } else { &node.out_ports };
        match ports.iter().find(|p| self.ports[p.0 as usize].name == name) {
            Some(id) => Ok(*id),
            None => {
                let names = ports.iter().map(|p| self.ports[p.0 as usize].name.as_str());
                Err(self.unknown("port", process, name, names))
            }
        }
    }

    /// Shape of a port.
    pub fn shape<P: Port>(&self, port: P) -> &[usize] {
        &self.ports[port.id().0 as usize].shape
    }

    /// All processes, in the order of their numbers.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Takes the user's own processes out of the graph, to be run.
    pub fn take_hosts(&mut self) -> Vec<(ProcessId, HostSpec, Box<dyn HostProcess>)> {
        let taken = self.nodes.iter_mut().enumerate().filter_map(|(k, node)| match &mut node.body {
            Body::Host(spec, process) => Some((ProcessId(k as u32), spec.clone(), process.take()?)),
            Body::Model(_) => None,
        });
        taken.collect()
    }

    /// In-ports and out-ports of a process with kind, shape and reduction.
    pub fn ports_of(&self, process: ProcessId, direction: Direction) -> Vec<(&str, Kind, &[usize], Reduce)> {
        let node = &self.nodes[process.0 as usize];
        let ports = if direction == Direction::In { &node.in_ports } else { &node.out_ports };
        let port = |id: &PortId| {
            let p = &self.ports[id.0 as usize];
            (p.name.as_str(), p.kind, p.shape.as_slice(), p.reduce)
        };
        ports.iter().map(port).collect()
    }

    /// Recordings, in the order of their numbers.
    pub fn probes(&self) -> &[Probe] {
        &self.probes
    }

    /// The real elements behind a probed port: direction, then `(process, port, element)` in C order.
    pub fn probed(&self, port: PortId) -> (Direction, Vec<(ProcessId, usize, u32)>) {
        let place = |e: Element| {
            let real = &self.ports[e.port.0 as usize];
            (real.process, real.slot, e.index)
        };
        (self.ports[port.0 as usize].direction, self.elements(port).into_iter().map(place).collect())
    }

    /// Shape of any port.
    pub fn shape_of(&self, port: PortId) -> &[usize] {
        &self.ports[port.0 as usize].shape
    }

    /// All connections between real ports, in the order in which they were made.
    pub fn wires(&self) -> Vec<Wire> {
        self.connections.iter().flat_map(|(from, to)| self.wires_of(*from, *to)).collect()
    }

    fn wires_of(&self, from: PortId, to: PortId) -> Vec<Wire> {
        let (a, b) = (&self.ports[from.0 as usize], &self.ports[to.0 as usize]);
        if a.elements.is_none() && b.elements.is_none() {
            return vec![Wire { from: (a.process, a.slot), to: (b.process, b.slot), pairs: None }];
        }
        let mut joined: BTreeMap<(u32, u32), Vec<(u32, u32)>> = BTreeMap::new();
        for (x, y) in self.elements(from).into_iter().zip(self.elements(to)) {
            joined.entry((x.port.0, y.port.0)).or_default().push((x.index, y.index));
        }
        let wire = |((x, y), pairs): ((u32, u32), Vec<(u32, u32)>)| {
            let (x, y) = (&self.ports[x as usize], &self.ports[y as usize]);
            let n = |p: &PortNode| pumice_models::length(&p.shape);
            let same = pairs.len() == n(x) && n(x) == n(y);
            let identity = same && pairs.iter().enumerate().all(|(k, p)| *p == (k as u32, k as u32));
            Wire { from: (x.process, x.slot), to: (y.process, y.slot), pairs: (!identity).then_some(pairs) }
        };
        joined.into_iter().map(wire).collect()
    }

    /// `process.port` for messages.
    pub fn port_name(&self, id: PortId) -> String {
        let port = &self.ports[id.0 as usize];
        format!("{}.{}", self.nodes[port.process.0 as usize].path, port.name)
    }

    fn add_node(
        &mut self,
        name: &str,
        body: Body,
        ins: Vec<(String, Kind, Vec<usize>)>,
        outs: Vec<(String, Kind, Vec<usize>)>,
        vars: Vec<VarSpec>,
    ) -> Result<ProcessId, GraphError> {
        check_name(name)?;
        let path = self.scope.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("/");
        ins.iter().chain(&outs).try_for_each(|(port, _, shape)| check_size(&path, port, shape))?;
        if !self.names.insert(path.clone()) {
            return Err(GraphError::DuplicateName { name: path });
        }
        let process = ProcessId(self.nodes.len() as u32);
        let in_ports = self.add_ports(process, Direction::In, ins);
        let out_ports = self.add_ports(process, Direction::Out, outs);
        self.nodes.push(Node { path, body, in_ports, out_ports, vars });
        Ok(process)
    }

    fn add_ports(
        &mut self,
        process: ProcessId,
        direction: Direction,
        specs: Vec<(String, Kind, Vec<usize>)>,
    ) -> Vec<PortId> {
        let mut ids = Vec::with_capacity(specs.len());
        for (slot, (name, kind, shape)) in specs.into_iter().enumerate() {
            ids.push(PortId(self.ports.len() as u32));
            let reduce = Reduce::Sum;
            self.ports.push(PortNode { process, name, slot, kind, direction, shape, reduce, elements: None });
        }
        ids
    }

    fn add_probe(&mut self, name: String, target: ProbeTarget, record: Record) -> Result<ProbeId, GraphError> {
        if record == (Record::Dense { stride: 0 }) {
            return Err(GraphError::Stride { target: name });
        }
        self.probes.push(Probe { name, target, record });
        Ok(ProbeId(self.probes.len() as u32 - 1))
    }

    fn typed(&self, process: ProcessId, name: &str, direction: Direction, kind: Kind) -> Result<PortId, GraphError> {
        let id = self.port(process, name, direction)?;
        match self.ports[id.0 as usize].kind == kind {
            true => Ok(id),
            false => Err(self.kinds(id, format!("its handle for `{}`", self.port_name(id)), kind)),
        }
    }

    fn kinds(&self, from: PortId, to: String, to_kind: Kind) -> GraphError {
        let from_kind = self.ports[from.0 as usize].kind.name();
        GraphError::Kinds { from: self.port_name(from), from_kind, to, to_kind: to_kind.name() }
    }

    pub(crate) fn unknown<'a>(
        &self,
        what: &'static str,
        process: ProcessId,
        name: &str,
        known: impl Iterator<Item = &'a str>,
    ) -> GraphError {
        let name = format!("{}.{name}", self.nodes[process.0 as usize].path);
        GraphError::Unknown { what, name, known: list(known) }
    }
}

fn owned(specs: Vec<PortSpec>) -> Vec<(String, Kind, Vec<usize>)> {
    specs.into_iter().map(|p| (p.name.to_owned(), p.kind, p.shape)).collect()
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|n| format!("`{n}`")).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Most elements of a port.
const MOST_ELEMENTS: usize = 1 << 30;

fn check_size(path: &str, port: &str, shape: &[usize]) -> Result<(), GraphError> {
    let n = shape.iter().try_fold(1_usize, |n, axis| n.checked_mul(*axis));
    match n.filter(|n| *n <= MOST_ELEMENTS) {
        Some(_) => Ok(()),
        None => {
            Err(GraphError::TooLarge { port: format!("{path}.{port}"), shape: shape.to_vec(), most: MOST_ELEMENTS })
        }
    }
}

fn check_name(name: &str) -> Result<(), GraphError> {
    let ok = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    match !name.is_empty() && name.chars().all(ok) {
        true => Ok(()),
        false => Err(GraphError::BadName { name: name.to_owned() }),
    }
}

#[cfg(test)]
mod tests;
