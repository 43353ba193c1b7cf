//! A model file that can be changed: what properties, sweeps and quantisation run is what they can write.
//!
//! The text stays a TOML table; a run reads it as any model file is read. Arrays in files beside it stay there until
//! a process is replaced or the document is written into another folder.

use std::path::{Path, PathBuf};

use pumice::file::ModelFile;
use pumice::models::{Behaviour, Kind, Model, length};
use pumice::process::{Body, Graph};
use toml::{Table, Value};

use crate::FidelityError;

/// Spikes of one source: ascending `(step, element)`, steps counted from 1.
pub type Events = Vec<(u64, u32)>;

/// A source of spikes of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Name of the process.
    pub name: String,
    /// Shape of its messages.
    pub shape: Vec<usize>,
}

impl Source {
    /// Number of elements.
    pub fn len(&self) -> usize {
        length(&self.shape)
    }

    /// Whether it has no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What each source plays, in place of what the model says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spikes {
    /// Steps of the run.
    pub steps: u64,
    /// By source, in the order of [`Document::sources`].
    pub events: Vec<Events>,
}

impl Spikes {
    /// Number of spikes of all sources.
    pub fn len(&self) -> usize {
        self.events.iter().map(Vec::len).sum()
    }

    /// Whether all sources are silent.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A model file as a table that can be changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    path: PathBuf,
    table: Table,
}

impl Document {
    /// Reads a model file.
    ///
    /// # Errors
    /// If it cannot be read or is no model file.
    pub fn load(path: &Path) -> Result<Self, FidelityError> {
        let document = Self::open(path)?;
        document.model()?;
        Ok(document)
    }

    /// Reads a model file whose weights and thresholds may be real: it computes in floating point, but for the exceptions
    /// of its `backend`.
    ///
    /// # Errors
    /// As [`Document::load`].
    pub fn load_in_reals(path: &Path) -> Result<Self, FidelityError> {
        let mut document = Self::open(path)?;
        let backend = document.table.entry("backend").or_insert_with(|| Value::Table(Table::new()));
        if let Some(backend) = backend.as_table_mut() {
            backend.insert("default".into(), "float".into());
        }
        document.model()?;
        Ok(document)
    }

    fn open(path: &Path) -> Result<Self, FidelityError> {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|e| FidelityError::Document { path: path.to_owned(), fault: e.to_string() })?;
        Self::from_text(path, &text)
    }

    /// A model file from its text; `path` says where its arrays are.
    ///
    /// # Errors
    /// If it is no TOML; what else may be wrong is found by [`Document::model`].
    pub fn from_text(path: &Path, text: &str) -> Result<Self, FidelityError> {
        // The reader of model files says best what is wrong with a text.
        let table = match text.parse() {
            Ok(table) => table,
            Err(e) => {
                ModelFile::from_text(path, text)?;
                return Err(FidelityError::Document { path: path.to_owned(), fault: format!("{e}") });
            }
        };
        Ok(Document { path: path.to_owned(), table })
    }

    /// The file it was read from, or would be written to.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text.
    pub fn text(&self) -> String {
        let mut head = self.table.clone();
        let parts: Vec<(String, Value)> =
            ["process", "connect", "probe"].iter().filter_map(|key| head.remove_entry(*key)).collect();
        let tables: Vec<(String, Value)> =
            ["backend", "task"].iter().filter_map(|key| head.remove_entry(*key)).collect();
        let mut text = head.to_string();
        let filled = |(_, value): &(String, Value)| value.as_array().is_none_or(|all| !all.is_empty());
        for (key, value) in parts.into_iter().chain(tables).filter(filled) {
            let part: Table = std::iter::once((key, value)).collect();
            text.push('\n');
            text.push_str(&part.to_string());
        }
        text
    }

    /// The network, ready to be run.
    ///
    /// # Errors
    /// If something in it is wrong.
    pub fn model(&self) -> Result<ModelFile, FidelityError> {
        Ok(ModelFile::from_text(&self.path, &self.table.to_string())?)
    }

    /// Name of the network.
    pub fn name(&self) -> &str {
        self.table.get("name").and_then(Value::as_str).unwrap_or("model")
    }

    /// Name of its profile.
    pub fn profile(&self) -> &str {
        self.table.get("profile").and_then(Value::as_str).unwrap_or("loihi1")
    }

    /// Steps of a run or of a sample.
    pub fn steps(&self) -> u64 {
        self.table.get("steps").and_then(Value::as_integer).and_then(|n| u64::try_from(n).ok()).unwrap_or(1)
    }

    /// The same on another profile.
    #[must_use]
    pub fn on(mut self, profile: &str) -> Self {
        self.table.insert("profile".into(), profile.into());
        self
    }

    /// The same for another number of steps.
    #[must_use]
    pub fn with_steps(mut self, steps: u64) -> Self {
        self.table.insert("steps".into(), Value::Integer(i64::try_from(steps).unwrap_or(i64::MAX)));
        self
    }

    fn process(&mut self, name: &str) -> Result<&mut Table, FidelityError> {
        let fault = FidelityError::NoProcess { path: self.path.clone(), name: name.to_owned() };
        let all = self.table.get_mut("process").and_then(Value::as_array_mut);
        let named = |value: &&mut Value| value.get("name").and_then(Value::as_str) == Some(name);
        all.and_then(|all| all.iter_mut().find(named)).and_then(Value::as_table_mut).ok_or(fault)
    }

    /// Replaces the parameters of a process; its name and connections stay.
    ///
    /// # Errors
    /// If there is no such process, or the parameters have no text.
    pub fn set(&mut self, name: &str, model: &Model) -> Result<(), FidelityError> {
        let path = self.path.clone();
        let fault = move |fault: String| FidelityError::Document { path: path.clone(), fault };
        let value = Value::try_from(model).map_err(|e| fault(e.to_string()))?;
        let parameters = value.as_table().and_then(|t| t.values().next()).and_then(Value::as_table);
        let parameters = parameters.ok_or_else(|| fault(format!("`{}` has no parameters", model.name())))?;
        let process = self.process(name)?;
        *process = Table::new();
        process.insert("name".into(), name.into());
        process.insert("type".into(), model.name().into());
        process.extend(parameters.iter().map(|(key, value)| (key.clone(), whole(value.clone()))));
        Ok(())
    }

    /// The sources of plain spikes, in the order of the file.
    ///
    /// # Errors
    /// If the model is wrong.
    pub fn sources(&self) -> Result<Vec<Source>, FidelityError> {
        Ok(sources(&self.model()?.graph))
    }

    /// The same with all sources of plain spikes playing the given ones, without a task.
    ///
    /// # Errors
    /// If the model is wrong or has no source.
    pub fn playing(&self, spikes: &Spikes) -> Result<Self, FidelityError> {
        let sources = self.sources()?;
        if sources.is_empty() {
            return Err(FidelityError::NoSource { model: self.name().to_owned() });
        }
        let mut own = self.clone().with_steps(spikes.steps.max(1));
        own.table.remove("task");
        for (source, events) in sources.iter().zip(&spikes.events) {
            own.play(source, events, spikes.steps.max(1))?;
        }
        Ok(own)
    }

    fn play(&mut self, source: &Source, events: &Events, steps: u64) -> Result<(), FidelityError> {
        let mut rows = vec![vec![0i64; source.len()]; steps as usize];
        for (step, element) in events.iter().filter(|(step, _)| (1..=steps).contains(step)) {
            rows[*step as usize - 1][*element as usize] = 1;
        }
        let row = |row: Vec<i64>| Value::Array(row.into_iter().map(Value::Integer).collect());
        let process = self.process(&source.name)?;
        *process = Table::new();
        process.insert("name".into(), source.name.as_str().into());
        process.insert("type".into(), "RingBuffer".into());
        process.insert("shape".into(), Value::Array(source.shape.iter().map(|n| Value::Integer(*n as i64)).collect()));
        process.insert("data".into(), Value::Array(rows.into_iter().map(row).collect()));
        Ok(())
    }

    /// Writes the model to a file; array files that it names are copied beside it.
    ///
    /// # Errors
    /// If something cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), FidelityError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| FidelityError::Write { path, source }
        };
        let (from, to) = (parent(&self.path), parent(path));
        std::fs::create_dir_all(to).map_err(failed(to))?;
        for file in files(&Value::Table(self.table.clone())) {
            let (source, target) = (from.join(&file), to.join(&file));
            let same = source.canonicalize().is_ok_and(|s| target.canonicalize().is_ok_and(|t| s == t));
            if !same && Path::new(&file).is_relative() {
                if let Some(folder) = target.parent() {
                    std::fs::create_dir_all(folder).map_err(failed(folder))?;
                }
                std::fs::copy(&source, &target).map_err(failed(&target))?;
            }
        }
        pumice::file::replace(path, self.text().as_bytes()).map_err(failed(path))
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Names of the array files inside a value.
fn files(value: &Value) -> Vec<String> {
    let mut found: Vec<String> = match value {
        Value::Table(table) => match table.get("file").and_then(Value::as_str) {
            Some(file) => vec![file.to_owned()],
            None => table.values().flat_map(files).collect(),
        },
        Value::Array(all) => all.iter().flat_map(files).collect(),
        _ => Vec::new(),
    };
    found.sort();
    found.dedup();
    found
}

/// Whole numbers as integers, which people read more easily.
fn whole(value: Value) -> Value {
    match value {
        Value::Float(x) if x.fract() == 0.0 && x.abs() < 1e15 => Value::Integer(x as i64),
        Value::Array(all) => Value::Array(all.into_iter().map(whole).collect()),
        Value::Table(table) => Value::Table(table.into_iter().map(|(key, x)| (key, whole(x))).collect()),
        other => other,
    }
}

/// The sources of plain spikes of a graph: models without in-ports and with one out-port of spikes.
pub(crate) fn sources(graph: &Graph) -> Vec<Source> {
    let source = |node: &pumice::process::Node| {
        let Body::Model(model) = &node.body else { return None };
        let outs = model.out_ports();
        let plain = model.in_ports().is_empty() && outs.len() == 1 && outs[0].kind == Kind::Spike;
        (plain && outs[0].name == "s_out").then(|| Source { name: node.path.clone(), shape: outs[0].shape.clone() })
    };
    graph.nodes().iter().filter_map(source).collect()
}
