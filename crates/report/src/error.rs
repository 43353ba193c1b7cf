use std::path::PathBuf;

use pumice_file::ArrayError;
use thiserror::Error;

/// Why results cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A folder cannot be made, or nothing can be written in it.
    #[error("cannot write into folder `{}`: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file of results cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A folder has no lengths of steps.
    #[error("`{}` has no times of steps, allowed is a folder that `pumice run --out` wrote for a chip whose times are known", path.display())]
    NoTimes {
        /// The folder.
        path: PathBuf,
    },
    /// A file is not what a run writes.
    #[error("`{}` is no file of results: {fault}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// An array cannot be written or read.
    #[error(transparent)]
    Array(#[from] ArrayError),
}
