//! From the parts of a model file to a graph.

use std::collections::HashSet;
use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;

use pumice_process::models::{Arithmetic, Behaviour, Kind, Model, ModelError, RemoteModel, Setting};
use pumice_process::{
    Activation, Backend, Direction, Graded, Graph, GraphError, InPort, Message, OutPort, Port, ProbeId, ProcessId,
    Record, RunConfig, Spike,
};

use crate::array::{Array, ArrayError, Data, elements};
use crate::error::{FileError, code_list, nearest};
use crate::limit::{self, TooLarge};
use crate::node::{Node, Step, path_text};
use crate::npy::{read_npy, read_npz};
use crate::read::{Fault, Source, Wrong};
use crate::text::{ArrayFile, Connect, Ports, Text, View};
use crate::{describe, text};

/// A process as it was read; one that acts on a variable of another, with what its file says of that variable.
enum Read {
    Model(Box<Model>),
    Remote(RemoteModel, String),
}

/// The key for the variable that a process acts on.
pub(crate) const VARIABLE: &str = "var";

/// The file that is being read: names it in errors, and finds what lies beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) path: &'a Path,
}

impl Reader<'_> {
    pub(crate) fn value(&self, place: &str, field: &str, value: String, allowed: impl Into<Box<str>>) -> FileError {
        FileError::Value {
            path: self.path.to_owned(),
            place: place.to_owned(),
            field: field.to_owned(),
            value: value.into(),
            allowed: allowed.into(),
        }
    }

    pub(crate) fn graph(&self, place: &str, source: GraphError) -> FileError {
        FileError::Graph { path: self.path.to_owned(), place: place.to_owned(), source: Box::new(source) }
    }

    fn too_large(&self, place: &str, fault: TooLarge) -> FileError {
        self.value(place, &path_text(&fault.path), fault.value, fault.allowed)
    }

    /// A fault of reading as an error; `allowed` tells what a field of several forms accepts.
    pub(crate) fn fault(
        &self,
        place: &str,
        root: &Node,
        fault: &Fault,
        allowed: impl Fn(&[&str]) -> Option<String>,
    ) -> FileError {
        let mut path = fault.path();
        let mut wrong = fault.wrong.clone();
        if let (Some(n), Wrong::Value { .. }) = (root.to_array(&path), &wrong) {
            // What is wrong is the shape: the array is named, not an element of it.
            path.truncate(n);
            wrong = Wrong::Untagged { name: "array".into() };
        }
        let (place, shown) = part_of(place, &path);
        let field = path_text(shown);
        let inside = || if shown.is_empty() { place.clone() } else { format!("`{field}` of {place}") };
        let found = root.at(&path).map_or_else(|| "absent".into(), |node| node.brief());
        match wrong {
            Wrong::Unknown { key, known } => FileError::UnknownKey {
                path: self.path.to_owned(),
                place: inside(),
                nearest: nearest(&key, known.iter().map(String::as_str)).map(String::into_boxed_str),
                known: code_list(known.iter().map(String::as_str)).into(),
                key,
            },
            Wrong::Missing { key } => FileError::MissingKey { path: self.path.to_owned(), place: inside(), key },
            Wrong::Value { allowed } => self.value(&place, &field, found, allowed),
            Wrong::Untagged { name } => {
                let keys: Vec<&str> = path.iter().filter_map(Step::key).collect();
                let allowed = allowed(&keys).unwrap_or_else(|| format!("a form of {name}"));
                self.value(&place, &field, found, allowed)
            }
            Wrong::Other(text) => self.value(&place, &field, found, text),
        }
    }

    /// The value with arrays of other files put in where they are named.
    pub(crate) fn resolve(&self, place: &str, field: &mut Vec<Step>, node: Node) -> Result<Node, FileError> {
        match node {
            Node::Table(ref entries) if entries.iter().any(|(key, _)| key == "file") => {
                let at = format!("`{}` of {place}", path_text(field));
                let file: ArrayFile = serde::Deserialize::deserialize(Source::Node(&node))
                    .map_err(|fault| self.fault(&at, &node, &fault, |_| None))?;
                self.check_archive(&at, &node, &file)?;
                self.read_array(&file).map(|array| Node::Array(Arc::new(array))).map_err(|source| FileError::Array {
                    path: self.path.to_owned(),
                    place: place.to_owned(),
                    field: path_text(field),
                    source: Box::new(source),
                })
            }
            Node::Table(entries) => {
                let mut all = Vec::with_capacity(entries.len());
                for (key, node) in entries {
                    field.push(Step::Key(key.clone()));
                    all.push((key, self.resolve(place, field, node)?));
                    field.pop();
                }
                Ok(Node::Table(all))
            }
            Node::List(nodes) => {
                let mut all = Vec::with_capacity(nodes.len());
                for (i, node) in nodes.into_iter().enumerate() {
                    field.push(Step::Index(i));
                    all.push(self.resolve(place, field, node)?);
                    field.pop();
                }
                Ok(Node::List(all))
            }
            other => Ok(other),
        }
    }

    /// An archive needs the name of an array, a single array has none.
    fn check_archive(&self, place: &str, node: &Node, file: &ArrayFile) -> Result<(), FileError> {
        let archive = Path::new(&file.file).extension().is_some_and(|e| e.eq_ignore_ascii_case("npz"));
        match (archive, &file.array) {
            (true, None) => {
                let fault = Fault::from(Wrong::Missing { key: "array".into() });
                Err(self.fault(place, node, &fault, |_| None))
            }
            (false, Some(array)) => {
                Err(self.value(place, "array", format!("{array:?}"), "none where `file` is no `.npz` archive"))
            }
            _ => Ok(()),
        }
    }

    fn read_array(&self, file: &ArrayFile) -> Result<Array, ArrayError> {
        let path = self.path.parent().unwrap_or(Path::new("")).join(&file.file);
        match &file.array {
            Some(array) => read_npz(&path, array),
            None => read_npy(&path),
        }
    }

    /// Adds all processes, in the order of the file.
    pub(crate) fn add_processes(
        &self,
        graph: &mut Graph,
        processes: Vec<Node>,
        config: &RunConfig,
        arithmetic: &Arithmetic,
    ) -> Result<(), FileError> {
        let mut names = HashSet::new();
        for (k, node) in processes.into_iter().enumerate() {
            let (name, read) = self.read_process(k, node)?;
            let place = format!("process `{name}`");
            if !names.insert(name.clone()) {
                return Err(self.graph(&place, GraphError::DuplicateName { name }));
            }
            let model = match read {
                Read::Model(model) => *model,
                Read::Remote(model, variable) => {
                    self.add_remote(graph, &name, model, &variable)?;
                    continue;
                }
            };
            limit::check_model(&model).map_err(|fault| self.too_large(&place, fault))?;
            let setting = Setting { arithmetic, seed: config.seed, place: k as u32 };
            self.try_model(&place, &model, config.backend_of(&name), &setting)?;
            graph.add_model(&name, model).map_err(|e| self.graph(&place, e))?;
        }
        Ok(())
    }

    fn add_remote(&self, graph: &mut Graph, name: &str, model: RemoteModel, target: &str) -> Result<(), FileError> {
        let place = format!("process `{name}`");
        let above = graph.nodes().iter().map(|node| node.path.as_str());
        if target.rsplit_once('.').is_some_and(|(process, _)| !above.clone().any(|own| own == process)) {
            let allowed = format!("a variable of a process above it: {}", code_list(above));
            return Err(self.value(&place, VARIABLE, format!("{target:?}"), allowed));
        }
        let (process, variable) = self.split(graph, (&place, VARIABLE), target)?;
        let added = graph.var::<f64>(process, variable).and_then(|var| graph.add_remote(name, model, var));
        added.map(drop).map_err(|e| self.graph(&place, e))
    }

    fn read_process(&self, k: usize, node: Node) -> Result<(String, Read), FileError> {
        let place = format!("process {}", k + 1);
        let Node::Table(mut entries) = node else {
            return Err(self.value("the file", &format!("process[{k}]"), node.brief(), "a table"));
        };
        let name = self.take_text(&place, &mut entries, "name")?;
        let place = format!("process `{name}`");
        let kind = self.take_text(&place, &mut entries, "type")?;
        let names = || Model::NAMES.iter().chain(RemoteModel::NAMES).copied();
        if !names().any(|own| own == kind) {
            let near = nearest(&kind, names()).map(|n| format!(", perhaps `{n}`"));
            let allowed = format!("one of {}{}", code_list(names()), near.unwrap_or_default());
            return Err(self.value(&place, "type", format!("{kind:?}"), allowed));
        }
        let remote = RemoteModel::NAMES.contains(&kind.as_str());
        let variable = if remote { Some(self.take_text(&place, &mut entries, VARIABLE)?) } else { None };
        let parameters = self.resolve(&place, &mut Vec::new(), Node::Table(entries))?;
        if let Some(path) = parameters.not_finite() {
            let value = parameters.at(&path).map_or_else(String::new, |node| node.brief());
            return Err(self.value(&place, &path_text(&path), value, "a finite number"));
        }
        limit::check_parameters(&parameters).map_err(|fault| self.too_large(&place, fault))?;
        let source = Source::Node(&parameters);
        let read = match variable {
            None => Model::read(&kind, source).map(|model| model.map(|model| Read::Model(Box::new(model)))),
            Some(var) => RemoteModel::read(&kind, source).map(|model| model.map(|model| Read::Remote(model, var))),
        };
        let allowed = |keys: &[&str]| describe::parameter(&kind, keys);
        let read = read.expect("the name is one of those listed");
        Ok((name, read.map_err(|fault| self.fault(&place, &parameters, &fault, allowed))?))
    }

    fn take_text(&self, place: &str, entries: &mut Vec<(String, Node)>, key: &str) -> Result<String, FileError> {
        let Some(k) = entries.iter().position(|(own, _)| own == key) else {
            let path = self.path.to_owned();
            return Err(FileError::MissingKey { path, place: place.to_owned(), key: key.to_owned() });
        };
        match entries.remove(k).1 {
            Node::Str(text) => Ok(text),
            other => Err(self.value(place, key, other.brief(), "a text")),
        }
    }

    fn try_model(&self, place: &str, model: &Model, backend: Backend, setting: &Setting<'_>) -> Result<(), FileError> {
        let tried = match backend {
            Backend::Float => model.float(setting).map(drop),
            Backend::Fixed | Backend::Chip => model.fixed(setting).map(drop),
        };
        tried.map_err(|source| self.model(place, source))
    }

    pub(crate) fn model(&self, place: &str, source: ModelError) -> FileError {
        FileError::Model { path: self.path.to_owned(), place: place.to_owned(), source: Box::new(source) }
    }

    /// `process.name` in its two parts, with the process found.
    pub(crate) fn split<'t>(
        &self,
        graph: &Graph,
        (place, field): (&str, &str),
        target: &'t str,
    ) -> Result<(ProcessId, &'t str), FileError> {
        let Some((process, name)) = target.rsplit_once('.') else {
            return Err(self.value(
                place,
                field,
                format!("{target:?}"),
                "`process.port` or `process.variable`, with a dot",
            ));
        };
        let id = graph.find(process).map_err(|e| self.graph(place, e))?;
        Ok((id, name))
    }

    /// Makes all connections.
    pub(crate) fn connect(&self, graph: &mut Graph, connections: &[Connect]) -> Result<(), FileError> {
        for (k, connection) in connections.iter().enumerate() {
            let place = format!("connection {}", k + 1);
            let from: Vec<&str> = match &connection.from {
                Ports::One(port) => vec![port],
                Ports::Several(ports) => ports.iter().map(String::as_str).collect(),
            };
            let mut ends = Vec::new();
            for port in from {
                ends.push(self.split(graph, (&place, "from"), port)?);
            }
            if ends.is_empty() {
                return Err(self.value(&place, "from", "an empty list".into(), "one port or more"));
            }
            let to = self.split(graph, (&place, "to"), &connection.to)?;
            self.connect_one(graph, &ends, to, connection).map_err(|e| self.graph(&place, e))?;
        }
        Ok(())
    }

    fn connect_one(
        &self,
        graph: &mut Graph,
        from: &[(ProcessId, &str)],
        to: (ProcessId, &str),
        connection: &Connect,
    ) -> Result<(), GraphError> {
        let target = graph.port(to.0, to.1, Direction::In)?;
        let wanted = kind(graph, to, Direction::In);
        for (process, name) in from {
            let source = graph.port(*process, name, Direction::Out)?;
            if kind(graph, (*process, name), Direction::Out) != wanted {
                // Differing kinds never connect; the graph says so in its own words.
                return graph.connect_ports(source, target);
            }
        }
        match wanted {
            Some(Kind::Graded) => connect_as::<Graded>(graph, from, to, connection),
            Some(Kind::Activation) => connect_as::<Activation>(graph, from, to, connection),
            _ => connect_as::<Spike>(graph, from, to, connection),
        }
    }

    /// Adds all recordings.
    pub(crate) fn probe(&self, graph: &mut Graph, records: &[text::Record]) -> Result<(), FileError> {
        for (k, record) in records.iter().enumerate() {
            let place = format!("probe {}", k + 1);
            let how = match (record.every, record.events) {
                (Some(n), true) => {
                    return Err(self.value(&place, "every", n.to_string(), "none beside `events = true`"));
                }
                (None, true) => Record::Events,
                (every, false) => Record::Dense { stride: every.map_or(1, NonZeroU64::get) },
            };
            self.probe_one(graph, &place, &record.target, how)?;
        }
        Ok(())
    }

    fn probe_one(&self, graph: &mut Graph, place: &str, target: &str, how: Record) -> Result<ProbeId, FileError> {
        let (process, name) = self.split(graph, (place, "target"), target)?;
        let node = &graph.nodes()[process.number() as usize];
        let vars: Vec<&str> = node.vars().iter().map(|v| v.name).collect();
        let ports = |direction| graph.ports_of(process, direction).into_iter().map(|p| p.0);
        let known = vars.iter().copied().chain(ports(Direction::Out)).chain(ports(Direction::In));
        if !known.clone().any(|own| own == name) {
            let allowed = format!("one of {} after `{}.`", code_list(known), node.path);
            return Err(self.value(place, "target", format!("{target:?}"), allowed));
        }
        let made = if vars.contains(&name) {
            graph.var::<f64>(process, name).and_then(|var| graph.probe(var, how))
        } else if kind(graph, (process, name), Direction::Out).is_some() {
            probe_out(graph, process, name, how)
        } else {
            probe_in(graph, process, name, how)
        };
        made.map_err(|e| self.graph(place, e))
    }

    /// The run's configuration, on one backend if it is given.
    pub(crate) fn config(&self, text: &Text, all: Option<Backend>) -> Result<RunConfig, FileError> {
        let names: HashSet<&str> = text.process.iter().filter_map(|p| p.get("name")).filter_map(Node::text).collect();
        let mut config = RunConfig::on(all.unwrap_or(text.backend.default)).seed(text.seed);
        let known = |field: &str, name: &str| {
            if names.contains(name) {
                return Ok(());
            }
            let near = nearest(name, names.iter().copied());
            let near = near.map(|n| format!(", perhaps `{n}`")).unwrap_or_default();
            Err(self.value("the file", field, format!("{name:?}"), format!("the name of a process{near}")))
        };
        for (name, backend) in &text.backend.exceptions {
            known("backend.exceptions", name)?;
            if all.is_none() {
                config = config.except(name, *backend);
            }
        }
        for (name, kind) in &text.cores {
            known("cores", name)?;
            config = config.on_cores(name, *kind);
        }
        Ok(config)
    }
}

/// The part of the file that a path leads to, and the rest of the path.
fn part_of<'p>(place: &str, path: &'p [Step]) -> (String, &'p [Step]) {
    match path {
        [Step::Key(list), Step::Index(k), rest @ ..] if list == "connect" => (format!("connection {}", k + 1), rest),
        [Step::Key(list), Step::Index(k), rest @ ..] if list == "probe" => (format!("probe {}", k + 1), rest),
        [Step::Key(table), rest @ ..] if table == "task" => ("the task".into(), rest),
        _ => (place.to_owned(), path),
    }
}

fn kind(graph: &Graph, (process, name): (ProcessId, &str), direction: Direction) -> Option<Kind> {
    graph.ports_of(process, direction).into_iter().find(|p| p.0 == name).map(|p| p.1)
}

macro_rules! probe_any_kind {
    ($function:ident, $port:ident, $direction:expr) => {
        pub(crate) fn $function(
            graph: &mut Graph,
            process: ProcessId,
            name: &str,
            how: Record,
        ) -> Result<ProbeId, GraphError> {
            match kind(graph, (process, name), $direction) {
                Some(Kind::Graded) => graph.$port::<Graded>(process, name).and_then(|p| graph.probe_port(p, how)),
                Some(Kind::Activation) => {
                    graph.$port::<Activation>(process, name).and_then(|p| graph.probe_port(p, how))
                }
                _ => graph.$port::<Spike>(process, name).and_then(|p| graph.probe_port(p, how)),
            }
        }
    };
}

probe_any_kind!(probe_out, out_port, Direction::Out);
probe_any_kind!(probe_in, in_port, Direction::In);

fn connect_as<T: Message>(
    graph: &mut Graph,
    from: &[(ProcessId, &str)],
    to: (ProcessId, &str),
    connection: &Connect,
) -> Result<(), GraphError> {
    let mut ports: Vec<OutPort<T>> = Vec::new();
    for (process, name) in from {
        ports.push(graph.out_port(*process, name)?);
    }
    let mut source = if ports.len() == 1 { ports[0] } else { graph.concatenate(&ports, connection.axis)? };
    let mut target: InPort<T> = graph.in_port(to.0, to.1)?;
    for view in &connection.from_view {
        source = seen(graph, source, view)?;
    }
    for view in &connection.to_view {
        target = seen(graph, target, view)?;
    }
    graph.connect(source, target)
}

fn seen<P: Port>(graph: &mut Graph, port: P, view: &View) -> Result<P, GraphError> {
    match view {
        View::Flatten => Ok(graph.flatten(port)),
        View::Reshape(shape) if elements(shape).is_none() => Err(GraphError::View {
            operation: "reshape",
            port: graph.port_name(port.id()),
            shape: graph.shape(port).to_vec(),
            fault: format!("{shape:?} has too many elements"),
        }),
        View::Reshape(shape) => graph.reshape(port, shape),
        View::Transpose(axes) => graph.transpose(port, axes),
        View::Slice(ranges) => {
            let ranges: Vec<_> = ranges.iter().map(|[start, end]| *start..*end).collect();
            graph.slice(port, &ranges)
        }
    }
}

/// A list of numbers, or of equal lists of numbers, as an array.
pub(crate) fn to_array(node: &Node) -> Option<Arc<Array>> {
    fn collect(node: &Node, depth: usize, shape: &mut Vec<usize>, all: &mut Vec<f64>) -> Option<()> {
        match node {
            Node::List(nodes) => {
                if shape.len() == depth {
                    shape.push(nodes.len());
                }
                (shape[depth] == nodes.len()).then_some(())?;
                nodes.iter().try_for_each(|node| collect(node, depth + 1, shape, all))
            }
            Node::Int(x) => (shape.len() == depth).then(|| all.push(*x as f64)),
            Node::Float(x) => (shape.len() == depth).then(|| all.push(*x)),
            _ => None,
        }
    }
    if let Node::Array(array) = node {
        return Some(array.clone());
    }
    let (mut shape, mut all) = (Vec::new(), Vec::new());
    collect(node, 0, &mut shape, &mut all)?;
    Array::new(&shape, Data::Real(all)).map(Arc::new)
}
