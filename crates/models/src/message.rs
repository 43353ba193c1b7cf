//! What crosses the channel between the engine and a process of the user.

use crate::Values;

/// The phases of one step, in Lava's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Spikes are received and sent.
    Spike,
    /// Before learning: variables may be read and written.
    PreManagement,
    /// Learning.
    Learning,
    /// After learning: variables may be read and written; this is the state that a probe sees.
    PostManagement,
    /// After the last step of a run.
    Host,
}

impl Phase {
    /// The phase as people say it.
    pub const fn name(self) -> &'static str {
        match self {
            Phase::Spike => "spike",
            Phase::PreManagement => "pre-management",
            Phase::Learning => "learning",
            Phase::PostManagement => "post-management",
            Phase::Host => "host",
        }
    }
}

/// From the engine to a host process.
#[derive(Clone, Debug, PartialEq)]
pub enum ToHost {
    /// Run this phase of this step; `inputs` has one array per in-port in [`Phase::Spike`], else none.
    Run {
        /// Phase.
        phase: Phase,
        /// Step, counted from 1.
        step: u64,
        /// What arrived at the in-ports.
        inputs: Vec<Values>,
    },
    /// The answer to [`FromHost::Get`].
    Variable(Result<Values, String>),
    /// The answer to [`FromHost::Set`].
    Written(Result<(), String>),
    /// State goes back to the beginning.
    Reset,
}

/// From a host process to the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum FromHost {
    /// The phase is done; `outputs` has one array per out-port in [`Phase::Spike`], else none.
    Done {
        /// What leaves by the out-ports.
        outputs: Vec<Values>,
        /// Whether the process asks the run to pause after this step.
        pause: bool,
    },
    /// Read a variable; allowed in the management and host phases.
    Get {
        /// Process number.
        process: u32,
        /// Variable number in that process.
        variable: usize,
    },
    /// Write a variable; allowed in the management and host phases.
    Set {
        /// Process number.
        process: u32,
        /// Variable number in that process.
        variable: usize,
        /// New values.
        values: Values,
    },
    /// The process failed.
    Failed(String),
}
