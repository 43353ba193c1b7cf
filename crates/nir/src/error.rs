use std::path::PathBuf;

use thiserror::Error;

/// Why a network cannot be imported.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file cannot be read.
    #[error("cannot read `{}`: {fault}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        fault: std::io::Error,
    },
    /// The bytes are not HDF5, or damaged.
    #[error("`{item}` cannot be read as HDF5: {fault}")]
    Damaged {
        /// Path in the file.
        item: String,
        /// What the reader says.
        fault: String,
    },
    /// Something is larger than any network that this program can hold.
    #[error("`{item}` has {have} elements, at most {limit} are read")]
    TooLarge {
        /// Path in the file.
        item: String,
        /// Its size.
        have: u64,
        /// The limit.
        limit: u64,
    },
    /// A value is not what the format says.
    #[error("`{item}` is {value}, allowed is {allowed}")]
    Value {
        /// Path in the file.
        item: String,
        /// What it is.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// The graph refuses a process or a connection.
    #[error(transparent)]
    Graph(#[from] pumice_process::GraphError),
}
