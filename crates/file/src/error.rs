use std::path::PathBuf;

use pumice_process::GraphError;
use pumice_process::models::ModelError;
use thiserror::Error;

use crate::array::ArrayError;

/// Why a model file cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The operating system says no.
    #[error("cannot read `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A network has something that a model file cannot say.
    #[error("`{}` cannot say {what}", path.display())]
    Unwritable {
        /// The file that was to be written.
        path: PathBuf,
        /// What.
        what: String,
    },
    /// The file is no TOML.
    #[error("{} is no TOML at line {line}, column {column}: {fault}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// Column, counted from 1.
        column: usize,
        /// What is wrong.
        fault: String,
    },
    /// A key means nothing.
    #[error("{}: {place} has the key `{key}`; {}allowed are {known}", path.display(), meant(nearest.as_deref()))]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// Part of the file.
        place: String,
        /// The key.
        key: String,
        /// The key that was probably meant.
        nearest: Option<Box<str>>,
        /// The keys that exist.
        known: Box<str>,
    },
    /// A key is absent.
    #[error("{}: {place} lacks the key `{key}`", path.display())]
    MissingKey {
        /// The file.
        path: PathBuf,
        /// Part of the file.
        place: String,
        /// The key.
        key: String,
    },
    /// A value is not one of those allowed.
    #[error("{}: `{field}` of {place} is {value}; allowed is {allowed}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// Part of the file.
        place: String,
        /// The field, with indices.
        field: String,
        /// What was found.
        value: Box<str>,
        /// What is accepted.
        allowed: Box<str>,
    },
    /// An array cannot be read.
    #[error("{}: `{field}` of {place}: {source}", path.display())]
    Array {
        /// The file.
        path: PathBuf,
        /// Part of the file.
        place: String,
        /// The field.
        field: String,
        /// Why.
        source: Box<ArrayError>,
    },
    /// The parameters of a process do not make one.
    #[error("{}: {place}: {source}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// The process.
        place: String,
        /// Why.
        source: Box<ModelError>,
    },
    /// Processes, connections or recordings do not make a graph.
    #[error("{}: {place}: {source}", path.display())]
    Graph {
        /// The file.
        path: PathBuf,
        /// Part of the file.
        place: String,
        /// Why.
        source: Box<GraphError>,
    },
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map(|key| format!("perhaps `{key}` was meant; ")).unwrap_or_default()
}

/// Names in code spans, in a row.
pub(crate) fn code_list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let all: Vec<String> = names.into_iter().map(|n| format!("`{n}`")).collect();
    if all.is_empty() { "none".into() } else { all.join(", ") }
}

/// The name that is nearest to `wrong`, if one is near: at most a third of its letters differ.
pub(crate) fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let wrong = &wrong.chars().take(64).collect::<String>().to_lowercase();
    let rated = names.into_iter().map(|name| (distance(wrong, &name.to_lowercase()), name));
    let (differ, name) = rated.min_by_key(|(differ, _)| *differ)?;
    let most = (wrong.chars().count().max(name.chars().count()) / 3).max(1);
    (differ <= most).then(|| name.to_owned())
}

/// How many letters must be put in, left out, changed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    table[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        table[i][0] = i;
        for j in 1..=b.len() {
            let changed = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(table[i - 2][j - 2] + 1);
            }
            table[i][j] = least;
        }
    }
    table[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_or_none() {
        assert_eq!(nearest("vht", ["vth", "v", "shape"]).as_deref(), Some("vth"));
        assert_eq!(nearest("lif", ["LIF", "Dense"]).as_deref(), Some("LIF"));
        assert_eq!(nearest("weigths", ["weights", "shape"]).as_deref(), Some("weights"));
        assert_eq!(nearest("colour", ["vth", "v", "shape"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
