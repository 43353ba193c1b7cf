//! Recordings with one value changed in each output: a replay that does not find it compares nothing.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use pumice_conformance::Fault;

use super::{golden, replay};

/// Fields that are recorded and not compared.
const NOT_COMPARED: [&str; 3] = ["decoded_probe", "decoded_note", "note"];

/// Changes the last number or truth value in a value; false if there is none.
fn alter(value: &mut Value) -> bool {
    match value {
        Value::Number(x) => {
            // An integer stays one: a real number would be refused before it is compared.
            *value = x.as_i64().map_or_else(|| json!(x.as_f64().unwrap() + 1.0), |x| json!(x + 1));
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

/// Cases of a file that are altered; all of them would take minutes.
const CASES: usize = 2;

/// Keeps `n` cases of a file that has more, from all over it.
fn keep(file: &mut Value, n: usize) {
    if let Some(cases) = file.get_mut("cases").and_then(Value::as_array_mut) {
        let stride = cases.len().div_ceil(n);
        *cases = cases.iter().step_by(stride).cloned().collect();
    }
}

/// Whether a place holds a row of numbers for each step.
fn is_a_table(place: &str) -> bool {
    let of_lava = place.starts_with("/outputs/") || place.starts_with("/float_outputs/");
    of_lava && !place.ends_with("effective_weights") || ["/expected/u", "/expected/v", "/expected/q0"].contains(&place)
}

/// Step and index of the last number in a table.
fn last(table: &Value) -> Option<(usize, usize)> {
    let rows = table.as_array()?;
    let number = |row: &Value| row.as_array()?.iter().rposition(Value::is_number);
    (0..rows.len()).rev().find_map(|step| Some((step, number(&rows[step])?)))
}

fn found_at(fault: &Option<Fault>) -> Option<(usize, usize)> {
    match fault {
        Some(Fault::Differs { difference, .. }) => Some((difference.step, difference.index)),
        _ => None,
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

/// The case files of a suite, of each category the first.
fn files(name: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(golden(name)).unwrap().map(|entry| entry.unwrap().path());
    let stem = |path: &PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    let first = |path: &PathBuf| !["_1", "_2"].iter().any(|end| stem(path).ends_with(end));
    all.filter(|path| path.extension().is_some_and(|extension| extension == "json") && first(path)).collect()
}

/// Changes every output of every case in turn, and counts the changes; all must be found.
fn all_are_found(name: &str, cases_of: fn(&mut Value) -> Vec<&mut Value>, roots: &[&str]) -> usize {
    let mut altered = 0;
    for path in files(name) {
        let mut file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        keep(&mut file, CASES);
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
            for ((case, touched), recorded) in replay(name, folder.path()).iter().zip(touched).zip(cases_of(&mut file))
            {
                assert_eq!(case.fault.is_some(), touched, "{place} of {}: {case}", path.display());
                altered += usize::from(touched);
                if touched && is_a_table(&place) {
                    assert_eq!(found_at(&case.fault), last(recorded.pointer(&place).unwrap()), "{place}: {case}");
                }
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
    let n = all_are_found("lava", many, &["outputs", "float_outputs", "effective_params", "rows", "float_to_literal"]);
    assert!(n > 90, "{n}");
}

#[test]
fn changes_in_nengo_loihis_recordings_are_found() {
    let n = all_are_found("nengo-loihi", one, &["expected"]);
    assert!(n > 100, "{n}");
}

#[test]
fn changes_in_brian2_loihis_recordings_are_found() {
    let n = all_are_found("brian2-loihi", one, &["expected"]);
    assert!(n > 80, "{n}");
}

/// Objects whose fields are names that the recorder chose, or words.
const FREE: [&str; 4] = ["meta", "max_abs_diff", "spike_mismatches", "random_draws"];

/// The places of all objects, of lists those in the first element.
fn objects(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(all) => {
            found.push(place.to_owned());
            for (name, value) in all.iter().filter(|(name, _)| !FREE.contains(&name.as_str())) {
                objects(value, &format!("{place}/{name}"), found);
            }
        }
        Value::Array(all) => all.iter().take(1).for_each(|first| objects(first, &format!("{place}/0"), found)),
        _ => {}
    }
}

/// A field that nothing here knows, anywhere in a case, makes it fail: it may be what matters.
#[test]
fn what_is_not_known_is_not_passed_over() {
    let mut added = 0;
    for name in ["lava", "nengo-loihi", "brian2-loihi"] {
        for path in files(name) {
            let mut file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            keep(&mut file, 1);
            let mut places = Vec::new();
            objects(&file, "", &mut places);
            for place in places {
                let mut changed = file.clone();
                changed.pointer_mut(&place).unwrap()["unknown"] = json!([[1]]);
                let folder = tempfile::tempdir().unwrap();
                fs::write(folder.path().join("case.json"), changed.to_string()).unwrap();
                let cases = replay(name, folder.path());
                assert!(cases.iter().all(|case| case.fault.is_some()), "{place} of {}", path.display());
                added += 1;
            }
        }
    }
    assert!(added > 500, "{added}");
}
