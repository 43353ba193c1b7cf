//! Case files.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use thiserror::Error;

/// Why a suite cannot be replayed at all.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is no such suite.
    #[error("there is no suite `{name}`; there are {known}")]
    Suite {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A folder or file cannot be read.
    #[error("cannot read `{}`: {fault}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        fault: std::io::Error,
    },
    /// A file is not what the suite records.
    #[error("`{}` is not a case file of {suite}: {fault}", path.display())]
    Schema {
        /// Which.
        path: PathBuf,
        /// The suite.
        suite: &'static str,
        /// What is wrong.
        fault: String,
    },
    /// A folder has no case files.
    #[error("`{}` has no case files (`*.{extension}`)", path.display())]
    Empty {
        /// Which.
        path: PathBuf,
        /// How the names of case files end.
        extension: &'static str,
    },
}

/// Reads every JSON file in `folder`, in the order of their names.
pub(crate) fn json_files<T: DeserializeOwned>(folder: &Path, suite: &'static str) -> Result<Vec<T>, ReadError> {
    json_paths(folder)?.into_iter().map(|path| json(path, suite)).collect()
}

/// Every JSON file in `folder`, in the order of their names.
pub(crate) fn json_paths(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let unreadable = |fault| ReadError::Unreadable { path: folder.to_path_buf(), fault };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        return Err(ReadError::Empty { path: folder.to_path_buf(), extension: "json" });
    }
    Ok(paths)
}

fn json<T: DeserializeOwned>(path: PathBuf, suite: &'static str) -> Result<T, ReadError> {
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            serde_json::from_str(&text).map_err(|fault| ReadError::Schema { path, suite, fault: fault.to_string() })
        }
        Err(fault) => Err(ReadError::Unreadable { path, fault }),
    }
}
