use serde::{Deserialize, Serialize};

/// What a message means; ports connect only to ports of their kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A spike without a payload: 0 or 1 per element and step.
    Spike,
    /// A spike with a signed payload of up to 24 bits; 0 means no spike.
    Graded,
    /// A sum of weighted spikes on its way to a neuron.
    Activation,
}

impl Kind {
    /// The name used in messages and files.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Spike => "spike",
            Kind::Graded => "graded",
            Kind::Activation => "activation",
        }
    }
}

/// A port of a process: its name, what flows through it, and in what shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortSpec {
    /// Lava's name of the port.
    pub name: &'static str,
    /// What a message means.
    pub kind: Kind,
    /// Shape of one message; elements are in C order.
    pub shape: Vec<usize>,
}

impl PortSpec {
    /// A port with the given name, kind and shape.
    pub fn new(name: &'static str, kind: Kind, shape: &[usize]) -> Self {
        PortSpec { name, kind, shape: shape.to_vec() }
    }
}

/// A variable of a process: state or parameter that can be read and written between steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VarSpec {
    /// Lava's name of the variable.
    pub name: &'static str,
    /// Shape; elements are in C order.
    pub shape: Vec<usize>,
}

impl VarSpec {
    /// A variable with the given name and shape.
    pub fn new(name: &'static str, shape: &[usize]) -> Self {
        VarSpec { name, shape: shape.to_vec() }
    }
}

/// Number of elements of a shape.
pub fn length(shape: &[usize]) -> usize {
    shape.iter().product()
}
