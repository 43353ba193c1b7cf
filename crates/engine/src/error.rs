use pumice_chip::WorkerError;
use pumice_models::ModelError;
use thiserror::Error;

/// Why an image cannot be run, or a run stopped.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A process refuses its parameters or state.
    #[error("`{path}`: {fault}")]
    Model {
        /// Path of the process.
        path: String,
        /// What it says.
        fault: Box<ModelError>,
    },
    /// A worker cannot be made or cannot take a state.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// A process of the user failed.
    #[error("host process `{path}` failed in step {step}: {fault}")]
    Host {
        /// Path of the process.
        path: String,
        /// Step.
        step: u64,
        /// What it said.
        fault: String,
    },
    /// A process of the user did not answer in time.
    #[error("host process `{path}` did not finish its {phase} phase of step {step} within {patience:?}; {waiting}")]
    Waiting {
        /// Path of the process.
        path: String,
        /// Phase.
        phase: &'static str,
        /// Step.
        step: u64,
        /// How long the engine waited.
        patience: std::time::Duration,
        /// Ports that wait for its messages.
        waiting: String,
    },
    /// A value left a register whose overflow policy is `error`.
    #[error("`{variable}` of neuron {index} of `{path}` (core {core}) left its register in step {step}")]
    Overflow {
        /// Path of the process.
        path: String,
        /// Core, or `none` for an unplaced process.
        core: String,
        /// Variable.
        variable: String,
        /// Neuron.
        index: u32,
        /// Step.
        step: u64,
    },
    /// A process of integers received what is not a number.
    #[error("`{path}.{port}` sent NaN at element {index} in step {step} to a process that computes in integers")]
    NotANumber {
        /// Path of the sender.
        path: String,
        /// Out-port.
        port: String,
        /// Element.
        index: u32,
        /// Step.
        step: u64,
    },
    /// A variable was read or written in a way that it does not allow.
    #[error("{fault}")]
    Variable {
        /// What is wrong.
        fault: String,
    },
    /// A snapshot does not belong to this image.
    #[error("this snapshot is of another network: {fault}")]
    Snapshot {
        /// What differs.
        fault: String,
    },
    /// Cells that learning writes.
    #[error("{fault}")]
    Cells {
        /// What is wrong.
        fault: String,
    },
    /// More pinned workers than processors.
    #[error(
        "{workers} workers cannot be pinned, allowed is 1 to {processors}, the number of processors of this process"
    )]
    Pin {
        /// Workers.
        workers: usize,
        /// Processors that the process may use.
        processors: usize,
    },
    /// The system keeps no thread on a processor.
    #[error("this system does not let a program pin its threads; run without pinning")]
    NoPin,
    /// A worker thread ended.
    #[error("worker {worker} ended unexpectedly in step {step}")]
    Lost {
        /// Worker.
        worker: usize,
        /// Step.
        step: u64,
    },
}
