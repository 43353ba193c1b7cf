use std::path::PathBuf;

use thiserror::Error;

/// Why a model cannot be compared, checked, swept or quantised.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FidelityError {
    /// The model, its profile or a run of it.
    #[error(transparent)]
    Pumice(Box<pumice::Error>),
    /// A model file is not the table it should be.
    #[error("`{}` cannot be read: {fault}", path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// A file cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A model has no process of this name.
    #[error("there is no process `{name}` in `{}`", path.display())]
    NoProcess {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// A stimulus is asked for, and there is no source to play it.
    #[error(
        "`{model}` has no source of spikes that a stimulus could replace; allowed are RingBuffer, Poisson, RateCode and other processes without in-ports"
    )]
    NoSource {
        /// The model.
        model: String,
    },
    /// Nothing in the model can be quantised.
    #[error(
        "`{model}` has no connection with weights that could be quantised; allowed are Dense, DelayDense, Sparse and DelaySparse"
    )]
    NothingToQuantise {
        /// The model.
        model: String,
    },
    /// No choice of bits stays within the budget.
    #[error("no quantisation of `{model}` is within the budget: {best}")]
    OverBudget {
        /// The model.
        model: String,
        /// What the best one reaches.
        best: String,
    },
}

macro_rules! from_parts {
    ($($fault:ty),+) => {
        $(impl From<$fault> for FidelityError {
            fn from(fault: $fault) -> Self {
                FidelityError::Pumice(Box::new(fault.into()))
            }
        })+
    };
}

from_parts!(
    pumice::Error,
    pumice::file::FileError,
    pumice::profile::ProfileError,
    pumice::process::GraphError,
    pumice::models::ModelError
);

impl FidelityError {
    /// Whether the input was wrong, rather than the run.
    pub fn is_input(&self) -> bool {
        match self {
            FidelityError::Pumice(fault) => fault.is_input(),
            FidelityError::Write { .. } | FidelityError::OverBudget { .. } => false,
            _ => true,
        }
    }
}
