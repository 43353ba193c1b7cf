use pumice_models::ModelError;
use thiserror::Error;

/// Why a graph cannot be built as asked.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum GraphError {
    /// Two processes have the same name.
    #[error("two processes are called `{name}`; names must differ")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A name is empty or has a character that paths use.
    #[error("`{name}` is no name for a process; allowed are letters, digits, `_`, `-` and `.`")]
    BadName {
        /// The name.
        name: String,
    },
    /// Two ports have different shapes.
    #[error(
        "`{from}` has shape {from_shape:?}, `{to}` has shape {to_shape:?}; connected ports must have the same shape"
    )]
    Shapes {
        /// Sending port.
        from: String,
        /// Its shape.
        from_shape: Vec<usize>,
        /// Receiving port.
        to: String,
        /// Its shape.
        to_shape: Vec<usize>,
    },
    /// A port with more elements than numbers for them.
    #[error("`{port}` has shape {shape:?}; allowed are at most {most} elements")]
    TooLarge {
        /// The port.
        port: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The most there may be.
        most: usize,
    },
    /// Two ports carry different kinds of message.
    #[error(
        "`{from}` carries {from_kind} messages, `{to}` carries {to_kind} messages; connected ports must carry the same kind"
    )]
    Kinds {
        /// One port.
        from: String,
        /// Its kind.
        from_kind: &'static str,
        /// The other port, or the type asked for.
        to: String,
        /// Its kind.
        to_kind: &'static str,
    },
    /// A port is used against its direction.
    #[error("`{port}` is an {is}-port; an {wanted}-port is needed here")]
    Direction {
        /// The port.
        port: String,
        /// `in` or `out`.
        is: &'static str,
        /// `out` or `in`.
        wanted: &'static str,
    },
    /// The same two ports are connected twice.
    #[error("`{from}` and `{to}` are connected already")]
    DuplicateConnection {
        /// Sending port.
        from: String,
        /// Receiving port.
        to: String,
    },
    /// There is no such process, port or variable.
    #[error("there is no {what} `{name}`; there are {known}")]
    Unknown {
        /// `process`, `port` or `variable`.
        what: &'static str,
        /// The name asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// A virtual port cannot be made.
    #[error("cannot {operation} `{port}` of shape {shape:?}: {fault}")]
    View {
        /// `reshape`, `transpose`, `slice` or `concatenate`.
        operation: &'static str,
        /// The port.
        port: String,
        /// Its shape.
        shape: Vec<usize>,
        /// What is wrong.
        fault: String,
    },
    /// A process refuses its parameters.
    #[error("`{path}`: {fault}")]
    Model {
        /// Path of the process.
        path: String,
        /// What it says.
        fault: Box<ModelError>,
    },
    /// A process cannot be replaced.
    #[error("`{path}` cannot become this `{model}`; its ports and variables would not stay as they are")]
    Replaced {
        /// Path of the process.
        path: String,
        /// The process that it was to become.
        model: &'static str,
    },
    /// A probe has a stride of 0.
    #[error("the probe of `{target}` has a stride of 0; allowed is 1 or more")]
    Stride {
        /// What was to be recorded.
        target: String,
    },
}
