//! The model file as it is written, and its JSON Schema.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use pumice_process::models::{Model, RemoteModel};
use pumice_process::{Backend, CoreKind};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::json;

use crate::build::VARIABLE;
use crate::node::Node;

/// Version of the format that is read.
pub const SCHEMA: u32 = 1;

/// A network of processes, what to record, and a task for it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    /// Version of the format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub(crate) schema: u32,
    /// Name of the network in reports.
    pub(crate) name: String,
    /// Hardware profile to run on, unless the command says otherwise.
    #[serde(default = "loihi1")]
    pub(crate) profile: String,
    /// Steps of a run, or of each sample of a task.
    pub(crate) steps: NonZeroU64,
    /// Seed of all random draws.
    #[serde(default)]
    pub(crate) seed: u64,
    /// The processes.
    #[schemars(schema_with = "processes")]
    pub(crate) process: Vec<Node>,
    /// The connections between their ports.
    #[serde(default)]
    pub(crate) connect: Vec<Connect>,
    /// What to record.
    #[serde(default)]
    pub(crate) probe: Vec<Record>,
    /// What computes the processes.
    #[serde(default)]
    pub(crate) backend: Backends,
    /// The memory that the synapses of a population ask for, by its name: `auto`, `analog` (cells) or `digital`.
    #[serde(default)]
    #[schemars(schema_with = "cores")]
    pub(crate) cores: BTreeMap<String, CoreKind>,
    /// How samples go in and how answers are read.
    #[serde(default)]
    pub(crate) task: Option<TaskText>,
}

fn loihi1() -> String {
    "loihi1".into()
}

/// A connection between ports.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Connect {
    /// Sending port, `process.port`; several are put side by side.
    pub(crate) from: Ports,
    /// Axis along which several sending ports are put side by side.
    #[serde(default)]
    pub(crate) axis: usize,
    /// Receiving port, `process.port`.
    pub(crate) to: String,
    /// How the sending port is seen, one operation after the other.
    #[serde(default)]
    pub(crate) from_view: Vec<View>,
    /// How the receiving port is seen, one operation after the other.
    #[serde(default)]
    pub(crate) to_view: Vec<View>,
}

/// One port or several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Ports {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// An operation that shows a port in another form.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum View {
    /// As one row, in C order.
    Flatten,
    /// In another shape of as many elements, in C order.
    Reshape(Vec<usize>),
    /// With its axes permuted: axis k of the result is axis `transpose[k]`.
    Transpose(Vec<usize>),
    /// A part: `[start, end]` for each axis, the end not included.
    Slice(Vec<[usize; 2]>),
}

/// A recording.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// Variable or port, `process.variable` or `process.port`.
    pub(crate) target: String,
    /// Records all elements every so many steps; 1 if neither this nor `events` is given.
    #[serde(default)]
    pub(crate) every: Option<NonZeroU64>,
    /// Records only elements that are not zero, in every step.
    #[serde(default)]
    pub(crate) events: bool,
}

/// What computes the processes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Backends {
    /// Of all processes that no exception names.
    #[serde(default)]
    #[schemars(schema_with = "backend")]
    pub(crate) default: Backend,
    /// By name of the process.
    #[serde(default)]
    #[schemars(schema_with = "backends")]
    pub(crate) exceptions: BTreeMap<String, Backend>,
}

/// How samples go in and how answers are read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskText {
    /// What is to be done.
    pub(crate) kind: TaskKind,
    /// Variable that is set to a sample, `process.variable`.
    pub(crate) input: String,
    /// The samples, `(n, inputs)`.
    #[schemars(schema_with = "samples")]
    pub(crate) samples: Node,
    /// The right class of each sample, counted from 0.
    #[schemars(schema_with = "labels")]
    pub(crate) labels: Node,
    /// Out-port whose spikes are counted, one element per class: most spikes win, ties go to the lowest class.
    pub(crate) output: String,
    /// Whether all state goes back to the beginning before each sample.
    #[serde(default = "yes")]
    pub(crate) reset: bool,
}

fn yes() -> bool {
    true
}

/// What a task is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaskKind {
    /// Each sample belongs to one of several classes.
    Classify,
}

/// An array in a file beside the model file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ArrayFile")]
pub(crate) struct ArrayFile {
    /// A `.npy` or `.npz` file; a relative path starts at the folder of the model file.
    pub(crate) file: String,
    /// Which array of a `.npz` file.
    #[serde(default)]
    pub(crate) array: Option<String>,
}

fn backend(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": ["float", "fixed", "chip"] })
}

fn backends(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": { "enum": ["float", "fixed", "chip"] } })
}

fn cores(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": { "enum": ["auto", "analog", "digital"] } })
}

fn samples(generator: &mut SchemaGenerator) -> Schema {
    let lists = json_schema!({ "type": "array", "items": { "type": "array", "items": { "type": "number" } } });
    or_array_file(lists, generator)
}

fn labels(generator: &mut SchemaGenerator) -> Schema {
    or_array_file(json_schema!({ "type": "array", "items": { "type": "integer", "minimum": 0 } }), generator)
}

fn or_array_file(mut schema: Schema, generator: &mut SchemaGenerator) -> Schema {
    let file = generator.subschema_for::<ArrayFile>();
    allow_files(schema.as_object_mut().expect("a schema with keys is an object"), &file);
    schema
}

type Object = serde_json::Map<String, serde_json::Value>;

/// Allows an array in a file wherever a list is allowed.
fn allow_files(schema: &mut Object, file: &Schema) {
    let is_list = schema.get("type").is_some_and(|t| t == "array");
    for value in schema.values_mut() {
        match value {
            serde_json::Value::Object(object) => allow_files(object, file),
            serde_json::Value::Array(all) => {
                all.iter_mut().filter_map(serde_json::Value::as_object_mut).for_each(|s| allow_files(s, file));
            }
            _ => {}
        }
    }
    if is_list {
        let mut own = std::mem::take(schema);
        for key in ["description", "default"] {
            schema.extend(own.remove_entry(key));
        }
        schema.insert("anyOf".into(), json!([own, file]));
    }
}

/// The parameters of every process with inlined parts, by name.
pub(crate) fn process_schemas() -> Vec<(&'static str, Schema)> {
    let settings = SchemaSettings::default().with(|s| s.inline_subschemas = true);
    let mut generator = settings.into_generator();
    let mut all = Model::schemas(&mut generator);
    all.extend(RemoteModel::schemas(&mut generator).into_iter().map(|(name, mut schema)| {
        let text = "Variable that it acts on, `process.variable`, of a process above.";
        require(&mut schema, VARIABLE, json!({ "type": "string", "description": text }));
        (name, schema)
    }));
    all
}

/// Adds a key that a table must have.
fn require(schema: &mut Schema, key: &str, value: serde_json::Value) {
    let object = schema.as_object_mut().expect("parameters are an object");
    if let Some(properties) = object.entry("properties").or_insert_with(|| json!({})).as_object_mut() {
        properties.insert(key.into(), value);
    }
    if let Some(required) = object.entry("required").or_insert_with(|| json!([])).as_array_mut() {
        required.insert(0, key.into());
    }
}

fn processes(generator: &mut SchemaGenerator) -> Schema {
    let file = generator.subschema_for::<ArrayFile>();
    let one = |(name, mut schema): (&'static str, Schema)| {
        allow_files(schema.as_object_mut().expect("parameters are an object"), &file);
        require(&mut schema, "type", json!({ "const": name }));
        let text = "Name: letters, digits, `_`, `-` and `.`.";
        require(&mut schema, "name", json!({ "type": "string", "description": text }));
        schema.insert("title".into(), name.into());
        schema
    };
    let all: Vec<Schema> = process_schemas().into_iter().map(one).collect();
    json_schema!({ "type": "array", "minItems": 1, "items": { "oneOf": all } })
}

/// The JSON Schema of model files.
pub fn schema() -> Schema {
    let mut schema = SchemaGenerator::default().into_root_schema_for::<Text>();
    schema.insert("title".into(), "Pumice model file".into());
    schema
}
