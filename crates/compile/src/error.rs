use pumice_models::ModelError;
use thiserror::Error;

/// Why a graph cannot be laid on a chip.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CompileError {
    /// A process refuses its parameters.
    #[error("`{path}`: {fault}")]
    Model {
        /// Path of the process.
        path: String,
        /// What it says.
        fault: Box<ModelError>,
    },
    /// A process cannot be placed on a core.
    #[error(
        "`{path}` ({process}) has no chip model; run it on the fixed backend by an exception in the run configuration: `exceptions = {{ {path} = \"fixed\" }}` of `backend` in a model file, `RunConfig::except` in Rust"
    )]
    NoChipModel {
        /// Path of the process.
        path: String,
        /// Its type.
        process: String,
    },
    /// Two populations on the chip are joined without synapses.
    #[error("`{from}` feeds `{to}` directly; on a chip spikes reach neurons only through a connection")]
    Unconnected {
        /// Sending process.
        from: String,
        /// Receiving process.
        to: String,
    },
    /// The same synapse input is fed by two ports.
    #[error(
        "`{path}.s_in` receives element {element} from two ports; on a chip give each source a connection of its own"
    )]
    SharedInput {
        /// Path of the connection.
        path: String,
        /// Element.
        element: u32,
    },
    /// An in-port on the chip is to be joined by another operation than the sum.
    #[error(
        "`{path}` joins its inputs by another operation than the sum, which the chip has not; run it on the fixed backend"
    )]
    Join {
        /// Path of the process.
        path: String,
    },
    /// One neuron alone needs more than a core has.
    #[error("`{path}` needs {need} {resource} for a single neuron, a core of {chip} has {have}: {remedy}")]
    Neuron {
        /// Path of the process that asked.
        path: String,
        /// What is short.
        resource: &'static str,
        /// How much was needed.
        need: u64,
        /// How much there is.
        have: u64,
        /// Profile.
        chip: String,
        /// What would help.
        remedy: &'static str,
    },
    /// A mapping puts more on a core than it holds.
    #[error(
        "core {core} with {paths} needs {need} {resource}, a core of {chip} has {have}: lay some of it on another core"
    )]
    Core {
        /// The core.
        core: u32,
        /// What is short.
        resource: &'static str,
        /// How much was needed.
        need: u64,
        /// How much there is.
        have: u64,
        /// Profile.
        chip: String,
        /// What lies on it.
        paths: String,
    },
    /// A mapping file cannot be used.
    #[error("mapping file `{}` {fault}", path.display())]
    MappingFile {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// A mapping does not lay every neuron on one core.
    #[error("the mapping of `{path}` {fault}")]
    Pin {
        /// Path of the process.
        path: String,
        /// What is wrong.
        fault: String,
    },
    /// Rates of a former run are not those of this network.
    #[error("the rates of `{path}` {fault}: they must come from a run of the same network")]
    Rates {
        /// Path of the process.
        path: String,
        /// What is wrong.
        fault: String,
    },
    /// More cores are needed than there are.
    #[error(
        "the network needs {need} cores, {chip} has {have}: `{path}` alone asks for {most}, limited by {limit}; it would take {chips} chips (--chips {chips})"
    )]
    OutOfCores {
        /// Cores needed.
        need: u64,
        /// Cores there are.
        have: u64,
        /// Profile.
        chip: String,
        /// Process that asked for most.
        path: String,
        /// How many it asked for.
        most: u64,
        /// What kept its cores from holding more of it.
        limit: &'static str,
        /// Chips with so many cores.
        chips: u64,
    },
    /// A delay is longer than the chip can hold.
    #[error("`{path}` has a delay of {need} steps, {chip} has at most {have}")]
    Delay {
        /// Path of the connection.
        path: String,
        /// Longest delay asked for.
        need: u64,
        /// Longest delay there is.
        have: u64,
        /// Profile.
        chip: String,
    },
    /// A learning connection on the chip is wired in a way that cores cannot be.
    #[error("`{path}` {fault}; run it on the fixed backend by an exception in the run configuration")]
    Learning {
        /// Path of the process.
        path: String,
        /// What is wrong.
        fault: &'static str,
    },
    /// The synapses of a population cannot lie in the memory that it asks for.
    #[error("the synapses of `{path}` cannot lie where they should on {chip}: {fault}")]
    Cells {
        /// Path of the population.
        path: String,
        /// Profile.
        chip: String,
        /// Why not.
        fault: Box<str>,
    },
    /// A population without an analog form asks for analog neurons.
    #[error(
        "`{path}` asks for `analog` neurons, and {process} has no analog form; LIF, LIFRefractory and DPI have one"
    )]
    NoAnalog {
        /// Path of the population.
        path: String,
        /// Its type.
        process: String,
    },
    /// Neurons that are analog circuits lie where there are none.
    #[error(
        "`{path}` is a population of {process}, an analog circuit, and has no place on {chip}; allowed are `analog` or `auto` cores of a chip with an [analog] section, and the backends fixed and float"
    )]
    NoCircuits {
        /// Path of the population.
        path: String,
        /// Its type.
        process: &'static str,
        /// Profile.
        chip: String,
    },
    /// Processes wait for each other within one step.
    #[error("{ports} wait for each other within one step; put a connection between them, or run them on one backend")]
    Deadlock {
        /// The ports in the cycle.
        ports: String,
    },
    /// A probe cannot see what it asks for.
    #[error("`{name}` cannot be probed on the chip: {fault}")]
    Probe {
        /// What was to be recorded.
        name: String,
        /// Why not.
        fault: &'static str,
    },
}
