//! Recordings with one value changed in each output: a replay that does not find it compares nothing.

use std::fs;

use serde_json::{Value, json};

use super::{golden, replay};

/// Fields that are recorded and not compared.
const NOT_COMPARED: [&str; 3] = ["decoded_probe", "decoded_note", "effective_params"];

/// Changes the last number or truth value in a value; false if there is none.
fn alter(value: &mut Value) -> bool {
    match value {
        Value::Number(x) => {
            *value = json!(x.as_f64().unwrap() + 1.0);
            true
        }
        Value::Bool(x) => {
            *x = !*x;
            true
        }
        Value::Array(all) => all.iter_mut().rev().any(alter),
        Value::Object(all) => all.values_mut().any(alter),
        Value::Null | Value::String(_) => false,
    }
}

/// The places of all arrays that are reached through objects alone.
fn outputs(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(all) => {
            for (name, value) in all.iter().filter(|(name, _)| !NOT_COMPARED.contains(&name.as_str())) {
                outputs(value, &format!("{place}/{name}"), found);
            }
        }
        Value::Array(_) => found.push(place.to_owned()),
        _ => {}
    }
}

/// Changes every output of every case in turn, and counts the changes; all must be found.
fn all_are_found(name: &str, cases_of: fn(&mut Value) -> Vec<&mut Value>, roots: &[&str]) -> usize {
    let mut altered = 0;
    for entry in fs::read_dir(golden(name)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let mut file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let mut places = Vec::new();
        for case in cases_of(&mut file) {
            for root in roots {
                outputs(case.get(*root).unwrap_or(&Value::Null), &format!("/{root}"), &mut places);
            }
        }
        places.sort();
        places.dedup();
        for place in places {
            let mut changed = file.clone();
            let touched: Vec<bool> =
                cases_of(&mut changed).into_iter().map(|case| case.pointer_mut(&place).is_some_and(alter)).collect();
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("case.json"), changed.to_string()).unwrap();
            for (case, touched) in replay(name, folder.path()).iter().zip(touched) {
                assert_eq!(case.fault.is_some(), touched, "{place} of {}: {case}", path.display());
                altered += usize::from(touched);
            }
        }
    }
    altered
}

fn many(file: &mut Value) -> Vec<&mut Value> {
    file["cases"].as_array_mut().unwrap().iter_mut().collect()
}

fn one(file: &mut Value) -> Vec<&mut Value> {
    vec![file]
}

#[test]
fn changes_in_lavas_recordings_are_found() {
    let n = all_are_found("lava", many, &["outputs", "float_outputs", "rows", "float_to_literal"]);
    assert!(n > 400, "{n}");
}

#[test]
fn changes_in_nengo_loihis_recordings_are_found() {
    let n = all_are_found("nengo-loihi", one, &["expected"]);
    assert!(n > 150, "{n}");
}

#[test]
fn changes_in_brian2_loihis_recordings_are_found() {
    let n = all_are_found("brian2-loihi", one, &["expected"]);
    assert!(n > 100, "{n}");
}
