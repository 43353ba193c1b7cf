//! Loading a model file.

use std::path::Path;

use pumice_process::models::{Arithmetic, Setting};
use pumice_process::{Backend, Body, Direction, Graph, Record, RunConfig};
use serde::Deserialize;

use crate::build::{Reader, probe_out, to_array};
use crate::describe;
use crate::error::FileError;
use crate::node::{Node, Step};
use crate::read::Source;
use crate::task::{Classify, Task, classes, rows, try_samples};
use crate::text::{SCHEMA, TaskKind, TaskText, Text};

/// A network as a model file describes it, ready to be run.
#[derive(Debug)]
pub struct ModelFile {
    /// Name of the network.
    pub name: String,
    /// Name of the hardware profile to run on, unless the user says otherwise.
    pub profile: String,
    /// Steps of a run, or of each sample of a task; at least 1.
    pub steps: u64,
    /// Processes, connections and recordings.
    pub graph: Graph,
    /// Backends and seed.
    pub config: RunConfig,
    /// What is asked of the network, if anything.
    pub task: Option<Task>,
}

impl ModelFile {
    /// Reads a model file and the arrays that it names.
    ///
    /// # Errors
    /// If a file cannot be read or something in it is wrong; the message is one sentence.
    pub fn load(path: &Path) -> Result<Self, FileError> {
        Self::load_on(path, None)
    }

    /// Reads a model file of which all processes run on one backend, whatever it says itself; `None` obeys the file.
    ///
    /// # Errors
    /// As [`ModelFile::load`].
    pub fn load_on(path: &Path, backend: Option<Backend>) -> Result<Self, FileError> {
        let read = |source| FileError::Io { path: path.to_owned(), source };
        let bytes = std::fs::read(path).map_err(read)?;
        let text = String::from_utf8(bytes).map_err(|e| {
            let upto = &e.as_bytes()[..e.utf8_error().valid_up_to()];
            let line = 1 + upto.iter().filter(|b| **b == b'\n').count();
            let column = 1 + upto.iter().rev().take_while(|b| **b != b'\n').count();
            FileError::Syntax { path: path.to_owned(), line, column, fault: "it is not UTF-8 text".into() }
        })?;
        Self::read(path, &text, backend)
    }

    /// Reads a model file from its text; `path` names it in errors and says where its arrays are.
    ///
    /// # Errors
    /// As [`ModelFile::load`].
    pub fn from_text(path: &Path, text: &str) -> Result<Self, FileError> {
        Self::read(path, text, None)
    }

    fn read(path: &Path, text: &str, backend: Option<Backend>) -> Result<Self, FileError> {
        let reader = Reader { path };
        let root = parse(path, text)?;
        let text = Text::deserialize(Source::Node(&root))
            .map_err(|fault| reader.fault("the file", &root, &fault, describe::field))?;
        if text.schema != SCHEMA {
            return Err(reader.value("the file", "schema", text.schema.to_string(), SCHEMA.to_string()));
        }
        let config = reader.config(&text, backend)?;
        if text.process.is_empty() {
            return Err(reader.value("the file", "process", "an empty list".into(), "one process or more"));
        }
        let arithmetic = Arithmetic::named(&text.profile).unwrap_or_else(|_| Arithmetic::loihi1());
        let mut graph = Graph::new();
        reader.add_processes(&mut graph, text.process, &config, &arithmetic)?;
        reader.connect(&mut graph, &text.connect)?;
        reader.probe(&mut graph, &text.probe)?;
        let mut file =
            ModelFile { name: text.name, profile: text.profile, steps: text.steps.get(), graph, config, task: None };
        if let Some(task) = text.task {
            file.task = Some(file.read_task(reader, task, &arithmetic)?);
        }
        Ok(file)
    }

    fn read_task(&mut self, reader: Reader<'_>, text: TaskText, arithmetic: &Arithmetic) -> Result<Task, FileError> {
        let TaskKind::Classify = text.kind;
        let place = "the task";
        let (process, name) = reader.split(&self.graph, (place, "input"), &text.input)?;
        let input = self.graph.var::<f64>(process, name).map_err(|e| reader.graph(place, e))?;
        let node = &self.graph.nodes()[process.number() as usize];
        let width = node.vars()[input.index()].shape.iter().product();
        let array = read_array(reader, "samples", text.samples)?;
        let samples = rows(&array, width)
            .map_err(|allowed| reader.value(place, "samples", shape_text(array.shape()), allowed))?;
        if let Body::Model(model) = &node.body {
            let float = self.config.backend_of(&node.path) == Backend::Float;
            let setting = Setting { arithmetic, seed: self.config.seed, place: process.number() };
            try_samples(model, input.index(), &samples, (float, &setting))
                .map_err(|(k, e)| reader.model(&format!("`samples[{k}]` of the task"), e))?;
        }
        let (process, name) = reader.split(&self.graph, (place, "output"), &text.output)?;
        let port = self.graph.port(process, name, Direction::Out).map_err(|e| reader.graph(place, e))?;
        let n_classes = self.graph.shape_of(port).iter().product();
        let labels = self.read_labels(reader, text.labels, (samples.len(), n_classes))?;
        let output = probe_out(&mut self.graph, process, name, Record::Events).map_err(|e| reader.graph(place, e))?;
        let (steps, reset) = (self.steps, text.reset);
        Ok(Task::Classify(Classify { input, output, samples, labels, classes: n_classes, steps, reset }))
    }

    fn read_labels(
        &self,
        reader: Reader<'_>,
        labels: Node,
        (n, n_classes): (usize, usize),
    ) -> Result<Vec<usize>, FileError> {
        let array = read_array(reader, "labels", labels)?;
        if array.shape() != [n] {
            let allowed = format!("shape [{n}], one label per sample");
            return Err(reader.value("the task", "labels", shape_text(array.shape()), allowed));
        }
        classes(&array, n_classes).map_err(|(k, value)| {
            let allowed = format!("an integer in 0..={}, one class per element of `output`", n_classes.max(1) - 1);
            reader.value("the task", &format!("labels[{k}]"), value, allowed)
        })
    }
}

fn shape_text(shape: &[usize]) -> String {
    format!("an array of shape {shape:?}")
}

fn read_array(reader: Reader<'_>, field: &str, node: Node) -> Result<std::sync::Arc<crate::Array>, FileError> {
    let path = Step::Key(field.to_owned());
    let node = reader.resolve("the task", &mut vec![path.clone()], node)?;
    if let Some(at) = node.not_finite() {
        let value = node.at(&at).map_or_else(String::new, |node| node.brief());
        let path: Vec<Step> = std::iter::once(path).chain(at).collect();
        return Err(reader.value("the task", &crate::node::path_text(&path), value, "a finite number"));
    }
    let allowed = "an array of numbers";
    to_array(&node).ok_or_else(|| reader.value("the task", field, node.brief(), allowed))
}

fn parse(path: &Path, text: &str) -> Result<Node, FileError> {
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| {
        let upto = text.get(..e.span().map_or(0, |span| span.start)).unwrap_or("");
        let line = 1 + upto.matches('\n').count();
        let column = 1 + upto.rsplit('\n').next().unwrap_or("").chars().count();
        let fault = e.message().split_whitespace().collect::<Vec<_>>().join(" ");
        FileError::Syntax { path: path.to_owned(), line, column, fault }
    })?;
    Ok(to_node(toml::Value::Table(table)))
}

fn to_node(value: toml::Value) -> Node {
    match value {
        toml::Value::Boolean(x) => Node::Bool(x),
        toml::Value::Integer(x) => Node::Int(x),
        toml::Value::Float(x) => Node::Float(x),
        toml::Value::String(x) => Node::Str(x),
        toml::Value::Datetime(x) => Node::Str(x.to_string()),
        toml::Value::Array(all) => Node::List(all.into_iter().map(to_node).collect()),
        toml::Value::Table(table) => Node::Table(table.into_iter().map(|(key, x)| (key, to_node(x))).collect()),
    }
}
