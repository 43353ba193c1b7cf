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
use serde_json::{Map, Value};

use crate::case::{Case, Fault};
use crate::compare::Expected;
use crate::read::{ReadError, json_files};

/// A file of cases.
#[derive(Debug, Deserialize)]
struct File {
    #[serde(rename = "family")]
    _family: String,
    cases: Vec<Recorded>,
}

type Parameters = Map<String, Value>;
type Inputs = BTreeMap<String, Vec<Vec<f64>>>;
type Outputs = BTreeMap<String, Vec<Vec<Option<f64>>>>;

/// A case. `None` in an output stands for a NaN of Lava's.
#[derive(Debug, Deserialize)]
struct Recorded {
    id: String,
    process: String,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    params: Parameters,
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
}

impl Recorded {
    /// Whether Lava's float model was recorded.
    fn is_float(&self) -> bool {
        self.model.iter().chain(&self.tags).any(|name| name.ends_with("Float") || name == "float")
    }
}

/// Replays every case file in a folder.
pub(crate) fn replay(folder: &Path) -> Result<Vec<Case>, ReadError> {
    let files: Vec<File> = json_files(folder, "lava")?;
    let cases = files.iter().flat_map(|file| &file.cases);
    Ok(cases.map(|case| Case::new(&case.id, replay_case(case))).collect())
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

fn expected(outputs: &Outputs) -> Vec<Expected> {
    outputs.iter().map(|(name, rows)| Expected::new(name, rows.clone())).collect()
}

/// What a case of the schema must have.
fn field<'a, T: Deserialize<'a>>(params: &'a Parameters, name: &str) -> Result<T, Fault> {
    let value = params.get(name).ok_or_else(|| Fault::Malformed(format!("`params.{name}` is missing")))?;
    T::deserialize(value).map_err(|fault| Fault::Malformed(format!("`params.{name}`: {fault}")))
}
