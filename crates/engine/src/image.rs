//! Everything to be run: the placed network, the processes that stay with the host, and what joins them.

use pumice_chip::ChipImage;
use pumice_models::{Arithmetic, Model};
use serde::{Deserialize, Serialize};

use crate::view::View;

/// How an in-port joins what several out-ports send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Join {
    /// Element-wise sum.
    Sum,
    /// Element-wise largest.
    Max,
    /// Element-wise smallest.
    Min,
}

/// What computes a process of the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum UnitBody {
    /// The chip's arithmetic without placement.
    Fixed(Model),
    /// Floating point.
    Float(Model),
    /// A process of the user, behind channels.
    Host,
}

/// A process that stays with the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitImage {
    /// Number of the process in its graph.
    pub process: u32,
    /// Path, for messages.
    pub path: String,
    /// What computes it.
    pub body: UnitBody,
    /// Length of each in-port and how it joins.
    pub inputs: Vec<(usize, Join)>,
    /// Length of each out-port.
    pub outputs: Vec<usize>,
    /// Whether all its outputs are due to earlier steps.
    pub buffered: bool,
}

/// `(element sent, element received)`; `None` joins equal elements of all.
pub type Pairs = Option<Vec<(u32, u32)>>;

/// A connection between two units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitWire {
    /// Sending unit and its out-port.
    pub from: (usize, usize),
    /// Receiving unit and its in-port.
    pub to: (usize, usize),
    /// Which elements.
    pub pairs: Pairs,
}

/// Sums from a unit straight into the in-port of a bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToChip {
    /// Sending unit and its out-port.
    pub from: (usize, usize),
    /// Receiving bank and its in-port.
    pub to: (usize, usize),
    /// Which elements.
    pub pairs: Pairs,
}

/// A train of spikes to a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FromChip {
    /// The train.
    pub train: usize,
    /// Receiving unit and its in-port.
    pub to: (usize, usize),
    /// Which elements.
    pub pairs: Pairs,
}

/// One turn in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// A unit.
    Unit(usize),
    /// All banks of the chip.
    Chip,
}

/// Where a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Where {
    /// With the host, as this unit.
    Unit(usize),
    /// On the chip, as this bank.
    Bank(usize),
    /// On the chip, as synapses.
    Synapses,
}

/// What a probe reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProbeSource {
    /// Variable of a unit.
    UnitVar(usize, usize),
    /// Variable of a bank.
    BankVar(usize, usize),
    /// Variable of a learning connection on the chip.
    PlasticVar(usize, usize),
    /// Elements of ports: `(unit, out-port, element)`.
    UnitOut(Vec<(usize, usize, u32)>),
    /// Elements of ports: `(unit, in-port, element)`.
    UnitIn(Vec<(usize, usize, u32)>),
    /// Spikes: `(train, neuron)`.
    BankOut(Vec<(usize, u32)>),
    /// Weights of the connection with this process number.
    Weights(u32),
}

impl ProbeSource {
    /// Whether the host must read the state of cores for it.
    pub(crate) const fn is_state_of_cores(&self) -> bool {
        matches!(self, ProbeSource::BankVar(..) | ProbeSource::PlasticVar(..) | ProbeSource::Weights(_))
    }
}

/// A recording to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeImage {
    /// Name in results.
    pub name: String,
    /// What to read.
    pub source: ProbeSource,
    /// Shape of one record.
    pub shape: Vec<usize>,
    /// Steps between two records; `None` keeps the elements that are not zero, in every step.
    pub stride: Option<u64>,
}

/// Everything to be run, in plain tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// The placed network.
    pub chip: ChipImage,
    /// Processes of the host.
    pub units: Vec<UnitImage>,
    /// Arithmetic of the fixed units.
    pub arithmetic: Arithmetic,
    /// Connections between units.
    pub wires: Vec<UnitWire>,
    /// Sums from units into banks.
    pub to_chip: Vec<ToChip>,
    /// Units whose out-port feeds each input of the chip, in the order of the inputs.
    pub chip_inputs: Vec<(usize, usize)>,
    /// Trains of spikes to units.
    pub from_chip: Vec<FromChip>,
    /// The turns of a step: every message is sent before it is received.
    pub order: Vec<Task>,
    /// Where each process runs, by its number.
    pub places: Vec<Where>,
    /// Path of each process, by its number.
    pub paths: Vec<String>,
    /// Names of the in-ports of each process, by its number, for messages.
    pub in_ports: Vec<Vec<String>>,
    /// Names of the out-ports of each process, by its number, for messages.
    pub out_ports: Vec<Vec<String>>,
    /// The connections on the chip, whose weights can be read: process number and parameters.
    pub synapses: Vec<(u32, Model)>,
    /// How the connection behind each projection is wired, so that its weights can be written; by projection.
    pub views: Vec<View>,
    /// Recordings.
    pub probes: Vec<ProbeImage>,
}
