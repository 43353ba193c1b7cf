use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use thiserror::Error;

use crate::output::complain;

/// Why a command failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum CliError {
    /// A model, a profile or a run.
    #[error(transparent)]
    Pumice(Box<pumice::Error>),
    /// A comparison, check, sweep or quantisation.
    #[error(transparent)]
    Fidelity(Box<pumice_fidelity::FidelityError>),
    /// A check found an input for which a register overflows.
    #[error("`{}` can overflow{}", model.display(), written.as_ref().map_or(String::new(), |path| format!("; the input is in `{}`", path.display())))]
    Overflows {
        /// The model file.
        model: PathBuf,
        /// Where the model with the input was written.
        written: Option<PathBuf>,
    },
    /// The profile that a model file names cannot be read.
    #[error("{}: profile: {source}", model.display())]
    Profile {
        /// The model file.
        model: PathBuf,
        /// Why.
        source: Box<pumice::profile::ProfileError>,
    },
    /// A network does not go onto the chip as it is.
    #[error("{}: {source}", model.display())]
    Compile {
        /// The model file.
        model: PathBuf,
        /// Why.
        source: Box<CliError>,
    },
    /// A benchmark network.
    #[error(transparent)]
    Network(#[from] pumice_studies::NetworkError),
    /// Files of SANA-FE.
    #[error(transparent)]
    Sanafe(#[from] pumice_sanafe::SanafeError),
    /// A network of SANA-FE does not go onto its architecture.
    #[error("`{}` on `{}`: {source}", network.display(), arch.display())]
    Laid {
        /// The file of the network.
        network: PathBuf,
        /// The file of the architecture.
        arch: PathBuf,
        /// Why.
        source: pumice_sanafe::SanafeError,
    },
    /// Something cannot be written where the user wants it.
    #[error(transparent)]
    Output(#[from] pumice::report::ReportError),
    /// A time of a step that cannot be.
    #[error("--tick: {fault}")]
    Tick {
        /// Why.
        fault: pumice::meter::MeterError,
    },
    /// Rates are given where nothing asks for them.
    #[error("--rates serves --place energy, time or traffic, not pack")]
    RatesUnused,
    /// The standard output cannot be written.
    #[error("cannot write to the standard output")]
    Stdout(#[from] io::Error),
    /// More samples are asked for than there are.
    #[error("--samples is {asked}, allowed is 1 to {have}, the number of samples of the model's task")]
    Samples {
        /// Asked for.
        asked: u64,
        /// Available.
        have: usize,
    },
    /// A network of another tool cannot be read.
    #[error("{}: {source}", path.display())]
    Import {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: pumice::nir::ImportError,
    },
    /// A file is of no format that can be imported.
    #[error("`{}` is of no known format, allowed is a lava-dl network (.net)", path.display())]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// The JSON of a file of cells is wrong.
    #[error("`{}` is no JSON of cells as `pumice nv export` prints it: {source}", json.display())]
    NvJson {
        /// The file.
        json: PathBuf,
        /// What is wrong, and where.
        source: pumice::device::DeviceError,
    },
    /// An array in a file of cells cannot be, or cannot do what is asked.
    #[error("`{}`, core {core}: {source}", file.display())]
    NvStore {
        /// The file.
        file: PathBuf,
        /// The core of the array.
        core: u32,
        /// Why.
        source: pumice::device::DeviceError,
    },
    /// Weights without cells cannot be a file of cells.
    #[error("`{}` holds weights without their cells: make cells with `pumice run --nv {}`, then import the weights into them", json.display(), file.display())]
    SeedForm {
        /// The file of weights.
        json: PathBuf,
        /// The file of cells that does not exist.
        file: PathBuf,
    },
    /// Weights do not fit the cells that they are for.
    #[error("`{}` does not fit the file of cells: {source}", json.display())]
    SeedWeights {
        /// The file of weights.
        json: PathBuf,
        /// What does not fit.
        source: pumice::device::DeviceError,
    },
    /// Samples are asked of a model without any.
    #[error("--samples needs a task, and `{}` has none", model.display())]
    NoTask {
        /// The model file.
        model: PathBuf,
    },
    /// A reference of statistics is wrong.
    #[error("`{}` is no reference as `pumice statistics --out` writes it: {fault}", path.display())]
    Reference {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// A model time is no number of steps.
    #[error("{option} is {ms}, allowed is {} to {}", allowed[0], allowed[1])]
    Duration {
        /// Its option.
        option: &'static str,
        /// What was asked for `[ms]`.
        ms: f64,
        /// The shortest and the longest `[ms]`.
        allowed: [f64; 2],
    },
    /// Chips are to be asked for samples with labels, and the model has none.
    #[error("`{}` has no samples with labels for the chips to classify; `pumice yield` needs a [task] of the kind classify", model.display())]
    NoLabels {
        /// The model file.
        model: PathBuf,
    },
    /// The kind of task is not known to this command.
    #[error("the task of `{}` is of a kind that this command cannot run", model.display())]
    OtherTask {
        /// The model file.
        model: PathBuf,
    },
}

impl CliError {
    /// The same, with the file of the network where that does not go onto its chip.
    pub(crate) fn of(self, model: &Path) -> CliError {
        let compile = match &self {
            CliError::Pumice(fault) => matches!(**fault, pumice::Error::Compile(_)),
            CliError::Fidelity(fault) => matches!(
                &**fault,
                pumice_fidelity::FidelityError::Pumice(fault) if matches!(**fault, pumice::Error::Compile(_))
            ),
            _ => false,
        };
        if compile { CliError::Compile { model: model.to_owned(), source: Box::new(self) } } else { self }
    }

    /// Says what is wrong in one sentence, and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        if matches!(self, CliError::Stdout(fault) if fault.kind() == io::ErrorKind::BrokenPipe) {
            return ExitCode::SUCCESS;
        }
        complain(&sentence(self));
        ExitCode::from(self.code())
    }

    /// 1 if the run failed, 2 if the input was wrong.
    fn code(&self) -> u8 {
        match self {
            _ if no_room(self) => 1,
            CliError::Pumice(fault) if !fault.is_input() => 1,
            CliError::Overflows { .. } => 1,
            CliError::Fidelity(fault) if !fault.is_input() => 1,
            CliError::Stdout(_) => 1,
            _ => 2,
        }
    }
}

/// Whether something could not be written for want of room, which is no fault of the command.
fn no_room(error: &(dyn Error + 'static)) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let kind = |fault: &io::Error| matches!(fault.kind(), StorageFull | QuotaExceeded | FileTooLarge);
    error.downcast_ref::<io::Error>().is_some_and(kind) || error.source().is_some_and(no_room)
}

macro_rules! from_parts {
    ($($fault:ty),+) => {
        $(impl From<$fault> for CliError {
            fn from(fault: $fault) -> Self {
                CliError::Pumice(Box::new(fault.into()))
            }
        })+
    };
}

from_parts!(
    pumice::Error,
    pumice::file::FileError,
    pumice::profile::ProfileError,
    pumice::process::GraphError,
    pumice::compile::CompileError
);

impl From<pumice_fidelity::FidelityError> for CliError {
    fn from(fault: pumice_fidelity::FidelityError) -> Self {
        CliError::Fidelity(Box::new(fault))
    }
}

/// An error with its causes, as far as it does not tell them itself, on one line.
fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(fault) = cause {
        let words = fault.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = fault.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use pumice::report::ReportError;

    #[test]
    fn a_full_disk_is_no_wrong_input() {
        let fault = |kind| CliError::Output(ReportError::File { path: "a.json".into(), source: io::Error::from(kind) });
        assert_eq!(fault(io::ErrorKind::StorageFull).code(), 1);
        assert_eq!(fault(io::ErrorKind::NotADirectory).code(), 2);
    }
}
