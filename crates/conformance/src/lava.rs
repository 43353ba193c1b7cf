//! Recordings of Lava 0.10: `<family>.json` with many cases each.
//!
//! Index t of a recording is Lava's step t + 1. A port value is what was sent in that step's spike phase, a variable is
//! read after it. Almost every case is one Lava process under its constructor's arguments; those are the
//! parameters of the Pumice process of the same name, but for the few spellings in [`parameters`].

mod network;
mod parameters;
mod ports;
mod process;
mod rules;
mod tables;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::case::{Case, Fault};
use crate::compare::Expected;
use crate::read::{ReadError, file_name, json, json_paths};

/// A file of cases. The family and the split are labels; what a case is, its `process` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "family")]
    _family: String,
    #[serde(default = "first")]
    schema: u64,
    cases: Vec<Value>,
    #[serde(rename = "split", default)]
    _split: IgnoredAny,
    #[serde(rename = "generator", default)]
    _generator: IgnoredAny,
    #[serde(rename = "seed", default)]
    _seed: IgnoredAny,
}

/// The version of the schema that is read here.
const SCHEMA: u64 = 1;

const fn first() -> u64 {
    SCHEMA
}

type Parameters = Map<String, Value>;
type Inputs = BTreeMap<String, Vec<Vec<f64>>>;
type Outputs = BTreeMap<String, Vec<Vec<Option<f64>>>>;

/// A case. `None` in an output stands for a NaN of Lava's. What Lava's two models differ by (`max_abs_diff`,
/// `spike_mismatches`) follows from the outputs of both and is not compared again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    #[serde(rename = "id")]
    _id: String,
    process: String,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    params: Parameters,
    num_steps: Option<usize>,
    /// Constants that Lava derives from `params`.
    #[serde(default)]
    effective_params: BTreeMap<String, Constant>,
    #[serde(default)]
    inputs: Inputs,
    #[serde(default)]
    outputs: Outputs,
    #[serde(default)]
    random_draws: Option<Value>,
    #[serde(default)]
    float_params: Option<Parameters>,
    #[serde(default)]
    float_input_scale: Option<f64>,
    #[serde(default)]
    float_outputs: Option<Outputs>,
    #[serde(default)]
    rows: Vec<Value>,
    #[serde(default)]
    float_to_literal: Vec<Value>,
    #[serde(rename = "determinism", default)]
    _determinism: IgnoredAny,
    #[serde(rename = "max_abs_diff", default)]
    _max_abs_diff: IgnoredAny,
    #[serde(rename = "spike_mismatches", default)]
    _spike_mismatches: IgnoredAny,
    #[serde(rename = "float_note", default)]
    _float_note: IgnoredAny,
}

/// A number for all neurons, or one each.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Constant {
    All(f64),
    Each(Vec<f64>),
}

impl Recorded {
    /// Whether Lava's float model was recorded.
    fn is_float(&self) -> bool {
        self.model.iter().chain(&self.tags).any(|name| name.ends_with("Float") || name == "float")
    }

    /// Whether every input and output has a row for each step.
    fn lengths(&self) -> Result<(), Fault> {
        let Some(steps) = self.num_steps else { return Ok(()) };
        let inputs = self.inputs.iter().map(|(name, rows)| (name, rows.len()));
        let outputs = self.outputs.iter().chain(self.float_outputs.iter().flatten());
        let outputs = outputs.filter(|(name, _)| *name != WEIGHTS).map(|(name, rows)| (name, rows.len()));
        match inputs.chain(outputs).find(|(_, rows)| *rows != steps) {
            Some((name, rows)) => Err(Fault::Malformed(format!("`{name}` has {rows} rows in {steps} steps"))),
            None => Ok(()),
        }
    }
}

/// Replays every case file in a folder.
pub(crate) fn replay(folder: &Path) -> Result<Vec<Case>, ReadError> {
    Ok(json_paths(folder)?.iter().flat_map(|path| replay_file(path)).collect())
}

fn replay_file(path: &Path) -> Vec<Case> {
    let whole = |fault| vec![Case::new(file_name(path), Some(fault))];
    match json::<File>(path) {
        Err(fault) => whole(fault),
        Ok(file) if file.schema != SCHEMA => {
            whole(Fault::Malformed(format!("schema {}; schema {SCHEMA} is read here", file.schema)))
        }
        Ok(file) if file.cases.is_empty() => whole(Fault::Malformed("there are no cases".into())),
        Ok(file) => file.cases.iter().enumerate().map(|(k, case)| replay_value(path, k, case)).collect(),
    }
}

fn replay_value(path: &Path, k: usize, value: &Value) -> Case {
    let unnamed = || format!("{}, case {k}", file_name(path));
    let name = value.get("id").and_then(Value::as_str).map_or_else(unnamed, str::to_owned);
    let fault = match Recorded::deserialize(value) {
        Ok(case) => case.lengths().map_or_else(Some, |()| replay_case(&case)),
        Err(fault) => Some(Fault::Malformed(fault.to_string())),
    };
    Case::new(name, fault)
}

fn replay_case(case: &Recorded) -> Option<Fault> {
    let result = match case.process.as_str() {
        "lava.utils.weightutils" => tables::weights(&case.rows),
        "lava.magma.core.learning" => rules::replay(&case.rows, &case.float_to_literal),
        "network" => network::replay(case),
        "fan_in_sum" | "transpose" | "reshape" => ports::replay(case),
        _ => process::replay(case),
    };
    result.unwrap_or_else(Some)
}

/// The weights that act; recorded once, and the same in every step.
const WEIGHTS: &str = "effective_weights";

fn expected(outputs: &Outputs) -> Vec<Expected> {
    outputs.iter().map(|(name, rows)| Expected::new(name, rows.clone())).collect()
}

/// Refuses parameters that the cases of a process do not have.
fn known(params: &Parameters, names: &[&str]) -> Result<(), Fault> {
    match params.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(Fault::Malformed(format!("`params.{name}` is none of {}", names.join(", ")))),
        None => Ok(()),
    }
}

/// What a case of the schema must have.
fn field<'a, T: Deserialize<'a>>(params: &'a Parameters, name: &str) -> Result<T, Fault> {
    let value = params.get(name).ok_or_else(|| Fault::Malformed(format!("`params.{name}` is missing")))?;
    T::deserialize(value).map_err(|fault| Fault::Malformed(format!("`params.{name}`: {fault}")))
}
