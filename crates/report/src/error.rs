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
    /// An array cannot be written.
    #[error(transparent)]
    Array(#[from] ArrayError),
}
