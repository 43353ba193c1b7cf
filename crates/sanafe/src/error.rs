use std::path::PathBuf;

use thiserror::Error;

/// Why an architecture or a network of SANA-FE cannot be run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SanafeError {
    /// A file cannot be read.
    #[error("cannot read `{}`: {fault}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        fault: std::io::Error,
    },
    /// A file is not what SANA-FE describes.
    #[error("`{}`: {fault}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The line where, and what is wrong.
        fault: String,
    },
    /// The network does not go onto the architecture, or needs what is not modelled.
    #[error("{0}")]
    Refused(String),
}
