//! Evidence for structural fields.

use std::collections::BTreeMap;

use pumice_meter::Evidence;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// Sections whose fields need a source; figures within them carry their own.
const STRUCTURE: [&str; 8] = ["validity", "topology", "core", "cells", "analog", "neuron", "learning", "timestep"];

/// Where a structural field comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// How well it is supported.
    pub ev: Evidence,
    /// Where it comes from.
    pub src: String,
    /// Present when no source states it: how it was concluded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inferred: Option<String>,
}

/// What is wrong with the sources of one file.
#[derive(Debug)]
pub(crate) enum SourceFault {
    /// This field has none.
    Missing(String),
    /// This entry covers nothing.
    Idle(String),
}

/// The source of each structural field of one file: the entry with the longest path that fits.
pub(crate) fn resolve(
    file: &Table,
    entries: &BTreeMap<String, Source>,
) -> Result<BTreeMap<String, Source>, SourceFault> {
    let mut fields = Vec::new();
    for section in STRUCTURE {
        if let Some(value) = file.get(section) {
            leaves(section, value, &mut fields);
        }
    }
    let mut used = BTreeMap::new();
    let mut resolved = BTreeMap::new();
    for field in fields {
        let covers = |entry: &&String| {
            field.strip_prefix(entry.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let Some(entry) = entries.keys().filter(covers).max_by_key(|entry| entry.len()) else {
            return Err(SourceFault::Missing(field));
        };
        used.insert(entry, ());
        resolved.insert(field, entries[entry].clone());
    }
    match entries.keys().find(|entry| !used.contains_key(entry)) {
        Some(idle) => Err(SourceFault::Idle(idle.clone())),
        None => Ok(resolved),
    }
}

/// Appends the paths of all values under `value` that are no table and no figure.
fn leaves(path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Table(table) if table.contains_key("ev") => {}
        Value::Table(table) => table.iter().for_each(|(key, inner)| leaves(&format!("{path}.{key}"), inner, found)),
        _ => found.push(path.to_owned()),
    }
}
