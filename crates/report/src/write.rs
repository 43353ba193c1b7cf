//! Results as files: whole or not at all, and readable from NumPy in one line.
//!
//! | file | holds |
//! |---|---|
//! | `result.json` | the [`RunReport`] |
//! | `spikes.npz` | per recorded port `PROCESS.PORT.step` and `PROCESS.PORT.index`, and `.value` where a spike carries one |
//! | `probes.npz` | per recorded variable its records `PROCESS.VARIABLE`, one row per step in `PROCESS.VARIABLE.step` |
//! |  | per `Read` its records since the last reset, `PROCESS.data`, one row per slot of its buffer |
//! | `samples.npz` | per sample of a task `label`, `fixed` and `float` answers, and `time_ps` |
//!
//! Steps are counted from 1; with a task they are counted on over all samples.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use pumice_engine::{Image, ProbeSource, Recorded, Recording};
use pumice_file::{Array, Data, replace, write_npz};
use pumice_models::length;

use crate::run::{Answers, RunReport};
use crate::{ReportError, power, steps};

/// Where the report is.
pub(crate) const RESULT: &str = "result.json";
/// Where recorded spikes are.
pub(crate) const SPIKES: &str = "spikes.npz";
const PROBES: &str = "probes.npz";
const SAMPLES: &str = "samples.npz";

/// What is written beside the report.
#[derive(Debug)]
pub struct Files<'a> {
    /// The network that ran; its probes say what each recording is of.
    pub image: &'a Image,
    /// What was recorded, in the order of the probes.
    pub recordings: &'a [Recording],
    /// What a classification came to.
    pub answers: Option<&'a Answers>,
    /// What was kept by each `Read`.
    pub reads: &'a [ReadRecords],
}

/// What a process `Read` has kept of a variable.
#[derive(Clone, Debug)]
pub struct ReadRecords {
    /// Path of the process.
    pub path: String,
    /// Shape of the variable.
    pub shape: Vec<usize>,
    /// One row per slot of its buffer, values in C order.
    pub rows: Vec<Vec<f64>>,
}

/// Makes a folder if there is none, and tries whether it can be written in: best done before a long run.
///
/// # Errors
/// If it cannot be made or written in.
pub fn prepare(folder: &Path) -> Result<(), ReportError> {
    let failed = |source| ReportError::Folder { path: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let trial = folder.join(format!(".trial.{}", std::process::id()));
    std::fs::write(&trial, b"").map_err(failed)?;
    std::fs::remove_file(&trial).map_err(failed)
}

/// Removes what an earlier run wrote into a folder, the report first, so that no file is taken for one of the next run.
///
/// # Errors
/// If a file cannot be removed.
pub fn clear(folder: &Path) -> Result<(), ReportError> {
    for name in [RESULT, SPIKES, PROBES, SAMPLES, steps::TIMES, steps::CORES, power::ARRAYS, power::DRAWING] {
        match std::fs::remove_file(folder.join(name)) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                return Err(ReportError::File { path: folder.join(name), source });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Writes a text file, whole or not at all.
///
/// # Errors
/// If it cannot be written.
pub fn write_text(path: &Path, text: &str) -> Result<(), ReportError> {
    replace(path, text.as_bytes()).map_err(|source| ReportError::File { path: path.to_owned(), source })
}

/// Writes all results into a folder; `result.json` comes last, so where it is all others are.
///
/// # Errors
/// If the folder cannot be made, or a file cannot be written.
pub fn write_results(folder: &Path, report: &RunReport, files: &Files<'_>) -> Result<Vec<PathBuf>, ReportError> {
    prepare(folder)?;
    let mut written = Vec::new();
    let (mut spikes, mut probes) = (Vec::new(), Vec::new());
    for (recording, probe) in files.recordings.iter().zip(&files.image.probes) {
        let variable = matches!(probe.source, ProbeSource::UnitVar(..) | ProbeSource::BankVar(..));
        let events = matches!(recording.data, Recorded::Events { .. });
        arrays(recording, if events && !variable { &mut spikes } else { &mut probes });
    }
    for own in files.reads {
        push_rows(&own.shape, own.rows.len(), format!("{}.data", own.path), Data::Real(own.rows.concat()), &mut probes);
    }
    let samples = files.answers.map(sample_arrays).unwrap_or_default();
    for (name, arrays) in [(SPIKES, spikes), (PROBES, probes), (SAMPLES, samples)] {
        if name == SAMPLES && arrays.is_empty() {
            continue;
        }
        let path = folder.join(name);
        let named: Vec<(&str, &Array)> = arrays.iter().map(|(name, array)| (name.as_str(), array)).collect();
        write_npz(&path, &named)?;
        written.push(path);
    }
    let path = folder.join(RESULT);
    let json = serde_json::to_string_pretty(report).expect("a report has string keys only");
    write_text(&path, &(json + "\n"))?;
    written.push(path);
    Ok(written)
}

type Named = (String, Array);

fn ints(values: impl IntoIterator<Item = u64>) -> Array {
    Array::ints(values.into_iter().map(|x| i64::try_from(x).unwrap_or(i64::MAX)))
}

/// The arrays of one recording; a second recording of the same thing gets a number.
fn arrays(recording: &Recording, all: &mut Vec<Named>) {
    let taken = |name: &str| all.iter().any(|(own, _)| own == name || own.strip_suffix(".step") == Some(name));
    let numbered = (1..).map(|k| if k == 1 { recording.name.clone() } else { format!("{}#{k}", recording.name) });
    let name = numbered.into_iter().find(|name| !taken(name)).expect("numbers do not end");
    match &recording.data {
        Recorded::Events { step, index, value } => {
            all.push((format!("{name}.step"), ints(step.iter().copied())));
            all.push((format!("{name}.index"), ints(index.iter().map(|i| u64::from(*i)))));
            if value.iter().any(|x| *x != 1.0) {
                all.push((format!("{name}.value"), Array::reals(value.iter().copied())));
            }
        }
        Recorded::Int(values) => {
            push_records(recording, name, Data::Int(values.iter().map(|x| i64::from(*x)).collect()), all);
        }
        Recorded::Real(values) => push_records(recording, name, Data::Real(values.clone()), all),
    }
}

fn push_records(recording: &Recording, name: String, data: Data, all: &mut Vec<Named>) {
    let rows = data.len() / length(&recording.shape).max(1);
    all.push((format!("{name}.step"), ints(recording.steps.iter().copied())));
    push_rows(&recording.shape, rows, name, data, all);
}

fn push_rows(shape: &[usize], rows: usize, name: String, data: Data, all: &mut Vec<Named>) {
    let shape: Vec<usize> = std::iter::once(rows).chain(shape.iter().copied()).collect();
    all.push((name, Array::new(&shape, data).expect("a record has one element per element of its shape")));
}

fn sample_arrays(answers: &Answers) -> Vec<Named> {
    let classes = |all: &[usize]| ints(all.iter().map(|c| *c as u64));
    let mut arrays = vec![("label".to_owned(), classes(&answers.labels))];
    for (name, own) in [("fixed", &answers.fixed), ("float", &answers.float)] {
        arrays.extend(own.iter().map(|own| (name.to_owned(), classes(own))));
    }
    if !answers.time_ps.is_empty() {
        arrays.push(("time_ps".into(), ints(answers.time_ps.iter().copied())));
    }
    arrays
}
