use pumice_engine::EngineError;
use thiserror::Error;

/// Anything that can go wrong between a model and its results.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The graph cannot be built.
    #[error(transparent)]
    Graph(#[from] pumice_process::GraphError),
    /// A process refuses its parameters.
    #[error(transparent)]
    Model(#[from] pumice_models::ModelError),
    /// The profile cannot be read.
    #[error(transparent)]
    Profile(#[from] pumice_profile::ProfileError),
    /// The model file cannot be used.
    #[error(transparent)]
    File(#[from] pumice_file::FileError),
    /// A network of another tool cannot be read.
    #[error(transparent)]
    Import(#[from] pumice_nir::ImportError),
    /// The graph cannot be laid on the chip.
    #[error(transparent)]
    Compile(#[from] pumice_compile::CompileError),
    /// The run failed.
    #[error(transparent)]
    Engine(#[from] pumice_engine::EngineError),
    /// Events cannot be priced.
    #[error(transparent)]
    Meter(#[from] pumice_meter::MeterError),
    /// Bytes are not what they should be.
    #[error(transparent)]
    Codec(#[from] pumice_engine::codec::CodecError),
    /// Results cannot be written.
    #[error(transparent)]
    Report(#[from] pumice_report::ReportError),
    /// A variable was read as a type that it does not have on its backend.
    #[error("`{path}` runs in floating point; read its variables as real numbers, with `.real()`")]
    NotAnInteger {
        /// Path of the process.
        path: String,
    },
    /// The non-volatile cells of a chip, or their file.
    #[error(transparent)]
    Cells(Box<pumice_chip::cells::CellsError>),
    /// Cells are asked of a network that has none.
    #[error("no synapses of this network lie in non-volatile cells on {chip}")]
    NoCells {
        /// The chip.
        chip: String,
    },
    /// A file of rows and routes cannot be used.
    #[error("the image `{}` cannot be used: {fault}", path.display())]
    ImageFile {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        fault: pumice_engine::PreparedError,
    },
    /// A file of rows is asked for, and the weights lie in cells.
    #[error("the synapses of this network lie in non-volatile cells, which no image holds; save the cells instead")]
    ImageOfCells,
    /// A file of cells belongs to another chip.
    #[error("the file holds the cells of a chip {have}, this is {need}")]
    OtherChip {
        /// Name of the profile in the file.
        have: String,
        /// Name of the profile that runs.
        need: String,
    },
    /// The model has no task to classify with.
    #[error("the model has no `task`; there is nothing to classify")]
    NoTask,
    /// The time of a step was asked for that was not run, or not timed.
    #[error("step {step} has no time; the times of steps {first} to {last} are known")]
    NoStep {
        /// The step asked for, counted from 1.
        step: u64,
        /// The first step with a time.
        first: u64,
        /// The last step with a time; less than `first` if there is none.
        last: u64,
    },
    /// A thread that was running a simulation is gone.
    #[error("the thread of the simulation ended unexpectedly")]
    Lost,
}

impl From<pumice_chip::cells::CellsError> for Error {
    fn from(fault: pumice_chip::cells::CellsError) -> Self {
        Error::Cells(Box::new(fault))
    }
}

impl From<pumice_device::DeviceError> for Error {
    fn from(fault: pumice_device::DeviceError) -> Self {
        Error::Cells(Box::new(fault.into()))
    }
}

impl Error {
    /// Whether the input was wrong, rather than the run.
    pub fn is_input(&self) -> bool {
        match self {
            Error::Engine(fault) => {
                matches!(
                    fault,
                    EngineError::Model { .. }
                        | EngineError::Variable { .. }
                        | EngineError::Snapshot { .. }
                        | EngineError::Pin { .. }
                        | EngineError::NoPin
                )
            }
            Error::Report(_) | Error::Lost => false,
            _ => true,
        }
    }
}
