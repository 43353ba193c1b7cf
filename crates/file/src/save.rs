//! Writing a network as a model file with its arrays beside it.
//!
//! Parameters that have their default are left out, and lists of more than [`INLINE`] numbers go to `arrays.npz`. What is
//! written is read back to the same processes, connections and recordings.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use pumice_process::models::length;
use pumice_process::{Backend, Body, Direction, Graph, ProbeTarget, ProcessId, Record, Reduce, RunConfig, Wire};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::array::{Array, Data};
use crate::build::VARIABLE;
use crate::text::process_schemas;
use crate::{FileError, ModelFile, SCHEMA, Task, replace, write_npz};

/// Numbers of a list that stays in the model file, at most.
const INLINE: usize = 16;
/// The file of arrays.
const ARRAYS: &str = "arrays.npz";

impl ModelFile {
    /// Writes `MODEL.toml` and, if there are long lists, `arrays.npz` into a folder, which is made if there is none; `about`
    /// becomes the comment at the head of the model file. Returns the files written.
    ///
    /// # Errors
    /// If a file cannot be written, or the network has what a model file cannot say: a process of the user, a
    /// connection between parts of ports, or an in-port that joins by another operation than the sum.
    pub fn save(&self, folder: &Path, about: &str) -> Result<Vec<PathBuf>, FileError> {
        let path = folder.join("MODEL.toml");
        let mut writer = Writer { out: String::new(), arrays: Vec::new() };
        writer.model(self, about).map_err(|fault| match fault {
            Fault::Unwritable(what) => FileError::Unwritable { path: path.clone(), what },
            Fault::Text(_) => {
                FileError::Unwritable { path: path.clone(), what: "a text that cannot be formatted".into() }
            }
        })?;
        let Writer { out, arrays } = writer;
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| FileError::Write { path, source }
        };
        std::fs::create_dir_all(folder).map_err(failed(folder))?;
        let mut written = Vec::new();
        if !arrays.is_empty() {
            let file = folder.join(ARRAYS);
            let named: Vec<(&str, &Array)> = arrays.iter().map(|(name, array)| (name.as_str(), array)).collect();
            write_npz(&file, &named).map_err(|source| FileError::Array {
                path: path.clone(),
                place: "the file".into(),
                field: ARRAYS.into(),
                source: Box::new(source),
            })?;
            written.push(file);
        }
        replace(&path, out.as_bytes()).map_err(failed(&path))?;
        written.push(path);
        Ok(written)
    }
}

/// Why a network cannot be said in a model file.
enum Fault {
    Unwritable(String),
    Text(std::fmt::Error),
}

impl From<std::fmt::Error> for Fault {
    fn from(fault: std::fmt::Error) -> Self {
        Fault::Text(fault)
    }
}

struct Writer {
    out: String,
    arrays: Vec<(String, Array)>,
}

/// A path of processes as a name in a model file.
fn name(path: &str) -> String {
    path.replace('/', ".")
}

fn text(value: impl Into<String>) -> toml::Value {
    toml::Value::String(value.into())
}

impl Writer {
    fn model(&mut self, file: &ModelFile, about: &str) -> Result<(), Fault> {
        for line in about.lines() {
            writeln!(self.out, "{}", format!("# {line}").trim_end())?;
        }
        writeln!(self.out, "schema = {SCHEMA}\nname = {}\nprofile = {}", text(&file.name), text(&file.profile))?;
        writeln!(self.out, "steps = {}", file.steps)?;
        if file.config.seed > 0 {
            writeln!(self.out, "seed = {}", file.config.seed)?;
        }
        let schemas = process_schemas();
        for (k, node) in file.graph.nodes().iter().enumerate() {
            let (kind, parameters, variable) = match (&node.body, node.remote()) {
                (Body::Model(model), _) => (model.name(), parameters(model), None),
                (_, Some(remote)) => {
                    let variable = format!("{}.{}", name(&remote.target), remote.variable);
                    (remote.model.name(), parameters(&remote.model), Some(variable))
                }
                _ => return Err(Fault::Unwritable(format!("`{}`, which is a program", node.path))),
            };
            let schema = schemas.iter().find(|(own, _)| *own == kind).map(|(_, schema)| schema.as_value());
            self.process((&name(&node.path), kind), variable, parameters, schema)?;
            let id = id(&file.graph, k);
            if file.graph.ports_of(id, Direction::In).iter().any(|port| port.3 != Reduce::Sum) {
                return Err(Fault::Unwritable(format!(
                    "that `{}` joins its inputs by another operation than the sum",
                    node.path
                )));
            }
        }
        for wire in file.graph.wires() {
            self.connection(&file.graph, &wire)?;
        }
        let output = file.task.as_ref().map(|Task::Classify(task)| task.output.number() as usize);
        for (k, probe) in file.graph.probes().iter().enumerate().filter(|(k, _)| Some(*k) != output) {
            let target = target(&file.graph, k)?;
            let how = match probe.record {
                Record::Events => "events = true".to_owned(),
                Record::Dense { stride } => format!("every = {stride}"),
            };
            writeln!(self.out, "\n[[probe]]\ntarget = {}\n{how}", text(target))?;
        }
        self.backends(&file.config)?;
        self.cores(&file.config)?;
        match &file.task {
            Some(task) => self.task(&file.graph, task),
            None => Ok(()),
        }
    }

    /// A process of a type; `variable` is what it acts on.
    fn process(
        &mut self,
        (name, kind): (&str, &str),
        variable: Option<String>,
        parameters: Map<String, Value>,
        schema: Option<&Value>,
    ) -> Result<(), Fault> {
        writeln!(self.out, "\n[[process]]\nname = {}\ntype = {}", text(name), text(kind))?;
        if let Some(variable) = variable {
            writeln!(self.out, "{VARIABLE} = {}", text(variable))?;
        }
        let default = |key: &str| schema?.get("properties")?.get(key)?.get("default");
        for (key, value) in parameters {
            if value.is_null() || default(&key) == Some(&value) {
                continue;
            }
            let value = self.value(&format!("{name}.{key}"), value);
            writeln!(self.out, "{key} = {value}")?;
        }
        Ok(())
    }

    /// A value as the model file says it: long lists of numbers are put aside.
    fn value(&mut self, place: &str, value: Value) -> toml::Value {
        if let Some(array) = long_list(&value) {
            return self.put_aside(place, array);
        }
        match value {
            Value::Bool(x) => toml::Value::Boolean(x),
            Value::String(x) => text(x),
            Value::Number(x) => number(&x),
            Value::Array(all) => all.into_iter().map(|x| self.value(place, x)).collect::<Vec<_>>().into(),
            Value::Object(all) => {
                let some = all.into_iter().filter(|(_, x)| !x.is_null());
                let table: toml::Table =
                    some.map(|(key, x)| (key.clone(), self.value(&format!("{place}.{key}"), x))).collect();
                toml::Value::Table(table)
            }
            // Nothing that is read has nulls inside.
            Value::Null => text(""),
        }
    }

    fn put_aside(&mut self, place: &str, array: Array) -> toml::Value {
        self.arrays.push((place.to_owned(), array));
        toml::Value::Table([("file".to_owned(), text(ARRAYS)), ("array".to_owned(), text(place))].into_iter().collect())
    }

    fn connection(&mut self, graph: &Graph, wire: &Wire) -> Result<(), Fault> {
        let end = |(process, slot): (ProcessId, usize), direction| {
            let (port, _, shape, _) = graph.ports_of(process, direction)[slot];
            (format!("{}.{port}", name(&graph.nodes()[process.number() as usize].path)), shape.to_vec())
        };
        let (from, sent) = end(wire.from, Direction::Out);
        let (to, taken) = end(wire.to, Direction::In);
        if wire.pairs.is_some() || length(&sent) != length(&taken) {
            return Err(Fault::Unwritable(format!("the connection of a part of `{from}` to `{to}`")));
        }
        writeln!(self.out, "\n[[connect]]\nfrom = {}", text(from))?;
        if sent != taken {
            writeln!(self.out, "from_view = [{{ reshape = {taken:?} }}]")?;
        }
        Ok(writeln!(self.out, "to = {}", text(to))?)
    }

    fn backends(&mut self, config: &RunConfig) -> Result<(), Fault> {
        if config.backend == Backend::Chip && config.exceptions.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "\n[backend]\ndefault = {}", text(config.backend.name()))?;
        if !config.exceptions.is_empty() {
            writeln!(self.out, "[backend.exceptions]")?;
        }
        for (path, backend) in &config.exceptions {
            writeln!(self.out, "{} = {}", text(name(path)), text(backend.name()))?;
        }
        Ok(())
    }

    fn cores(&mut self, config: &RunConfig) -> Result<(), Fault> {
        if !config.cores.is_empty() {
            writeln!(self.out, "\n[cores]")?;
        }
        for (path, kind) in &config.cores {
            writeln!(self.out, "{} = {}", text(name(path)), text(kind.name()))?;
        }
        Ok(())
    }

    fn task(&mut self, graph: &Graph, task: &Task) -> Result<(), Fault> {
        let Task::Classify(task) = task;
        let node = &graph.nodes()[task.input.process().number() as usize];
        let input = format!("{}.{}", name(&node.path), node.vars()[task.input.index()].name);
        let output = target(graph, task.output.number() as usize)?;
        let width = task.samples.first().map_or(0, Vec::len);
        let samples = Array::new(&[task.samples.len(), width], Data::Real(task.samples.concat()));
        let samples = samples.ok_or_else(|| Fault::Unwritable("samples that differ in length".into()))?;
        let samples = self.put_aside("samples", samples);
        let labels = self.put_aside("labels", Array::ints(task.labels.iter().map(|c| *c as i64)));
        writeln!(self.out, "\n[task]\nkind = \"classify\"\ninput = {}\nsamples = {samples}", text(input))?;
        Ok(writeln!(self.out, "labels = {labels}\noutput = {}\nreset = {}", text(output), task.reset)?)
    }
}

fn id(graph: &Graph, k: usize) -> ProcessId {
    graph.find(&graph.nodes()[k].path).expect("every node has its own path")
}

/// What a probe records, as `process.variable` or `process.port`.
fn target(graph: &Graph, probe: usize) -> Result<String, Fault> {
    let probe = &graph.probes()[probe];
    if let ProbeTarget::Port(port) = probe.target {
        let (direction, elements) = graph.probed(port);
        let whole = elements.first().filter(|(process, slot, _)| {
            let n = length(graph.ports_of(*process, direction)[*slot].2);
            elements.len() == n && elements.iter().enumerate().all(|(k, e)| *e == (*process, *slot, k as u32))
        });
        let Some((process, slot, _)) = whole else {
            return Err(Fault::Unwritable(format!("the recording of a part of `{}`", probe.name)));
        };
        let port = graph.ports_of(*process, direction)[*slot].0;
        return Ok(format!("{}.{port}", name(&graph.nodes()[process.number() as usize].path)));
    }
    Ok(name(&probe.name))
}

/// The parameters of a process by name.
fn parameters(model: &impl Serialize) -> Map<String, Value> {
    let all = serde_json::to_value(model).expect("parameters have text keys");
    match all {
        Value::Object(variant) => match variant.into_iter().next() {
            Some((_, Value::Object(parameters))) => parameters,
            _ => Map::new(),
        },
        _ => Map::new(),
    }
}

fn number(x: &serde_json::Number) -> toml::Value {
    match (x.as_i64(), x.as_f64()) {
        (Some(x), _) => toml::Value::Integer(x),
        (None, Some(x)) if x.fract() == 0.0 && x.abs() < 1e15 => toml::Value::Integer(x as i64),
        (None, x) => toml::Value::Float(x.unwrap_or(0.0)),
    }
}

/// A list of numbers, or of equally long lists of numbers, that is too long for the model file.
fn long_list(value: &Value) -> Option<Array> {
    fn collect(value: &Value, depth: usize, shape: &mut Vec<usize>, all: &mut Vec<f64>) -> Option<()> {
        match value {
            Value::Array(list) => {
                if shape.len() == depth {
                    shape.push(list.len());
                }
                (shape[depth] == list.len()).then_some(())?;
                list.iter().try_for_each(|x| collect(x, depth + 1, shape, all))
            }
            Value::Number(x) => (shape.len() == depth).then(|| x.as_f64().map(|x| all.push(x)))?,
            _ => None,
        }
    }
    let (mut shape, mut all) = (Vec::new(), Vec::new());
    collect(value, 0, &mut shape, &mut all)?;
    if all.len() <= INLINE {
        return None;
    }
    let whole = all.iter().all(|x| x.fract() == 0.0 && x.abs() < 9e15);
    let data = if whole { Data::Int(all.iter().map(|x| *x as i64).collect()) } else { Data::Real(all) };
    Array::new(&shape, data)
}
