//! Case files.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::case::Fault;

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
    /// A folder cannot be read.
    #[error("cannot read `{}`: {fault}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        fault: std::io::Error,
    },
    /// A folder has no case files.
    #[error("`{}` has no case files (`{name}`)", path.display())]
    Empty {
        /// Which.
        path: PathBuf,
        /// How case files are called.
        name: &'static str,
    },
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
        return Err(ReadError::Empty { path: folder.to_path_buf(), name: "*.json" });
    }
    Ok(paths)
}

/// What the case file at `path` holds. A file that cannot be read, or holds something else, is a failed case.
pub(crate) fn json<T: DeserializeOwned>(path: &Path) -> Result<T, Fault> {
    serde_json::from_str(&text(path)?).map_err(|fault| Fault::Malformed(fault.to_string()))
}

/// The text of the case file at `path`.
pub(crate) fn text(path: &Path) -> Result<String, Fault> {
    std::fs::read_to_string(path).map_err(|fault| Fault::Unreadable(fault.to_string()))
}

/// The name of a file, for cases that have no name of their own.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
