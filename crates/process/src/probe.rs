use crate::port::{PortId, ProcessId};

/// A recording of a graph, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProbeId(pub(crate) u32);

impl ProbeId {
    /// The number; probes are counted from 0 in the order of their addition.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// How a probe keeps what it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// All elements, every `stride` steps, from step `stride` on.
    Dense {
        /// Steps between two records, at least 1.
        stride: u64,
    },
    /// Only elements that are not zero, as (step, element, value), in every step.
    Events,
}

/// What a probe looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeTarget {
    /// A variable of a process, after the step's learning phase.
    Var(ProcessId, usize),
    /// What an out-port sent, or an in-port received (fan-in joined), in the step.
    Port(PortId),
}

/// A recording to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Name in results: path of the process, a dot, name of the variable or port.
    pub name: String,
    /// What to look at.
    pub target: ProbeTarget,
    /// How to keep it.
    pub record: Record,
}
