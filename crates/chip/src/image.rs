//! A placed network in plain tables.

use std::ops::Range;

use pumice_models::neuron::circuit::Circuits;
use pumice_models::{Arithmetic, Bank, Behaviour, Drawn, Model, ModelError, Rows, Sent, Setting};
use serde::{Deserialize, Serialize};

use crate::limits::CoreLimits;
use crate::mesh::{CoreId, Mesh};
use crate::placement::Segment;
use crate::plastic::PlasticImage;

/// A population of neurons on the chip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BankImage {
    /// Number of the process in its graph; keys random draws.
    pub process: u32,
    /// Path of the process, for messages and reports.
    pub path: String,
    /// Parameters.
    pub model: Model,
    /// Neurons.
    pub n: usize,
    /// In-ports.
    pub ports: usize,
    /// Trains of its spikes, 1 at least; see [`ChipImage::trains`].
    pub trains: usize,
    /// The circuits of its neurons, if they are analog.
    pub circuits: Option<Circuits>,
}

impl BankImage {
    /// The neurons `range` in execution; `None` if they have no form for cores.
    pub(crate) fn bank(&self, setting: &Setting<'_>, range: Range<usize>) -> Option<Result<Box<dyn Bank>, ModelError>> {
        match &self.circuits {
            Some(circuits) => circuits.bank(&self.model, setting, range),
            None => self.model.bank(setting, range),
        }
    }
}

/// Spikes that enter the chip from outside: an out-port of a process that stays with the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputImage {
    /// Number of the process in its graph.
    pub process: u32,
    /// Its out-port.
    pub port: usize,
    /// Path of the process, for messages and reports.
    pub path: String,
    /// Elements.
    pub n: usize,
}

/// What feeds a projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Source {
    /// A train of spikes of a bank, by its number; see [`ChipImage::trains`].
    Train(usize),
    /// An input, by its number.
    Input(usize),
}

/// The synapses of one connection from one source to one in-port of one bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Projection {
    /// Number of the connection's process in its graph.
    pub process: u32,
    /// Path of the connection's process.
    pub path: String,
    /// What feeds it.
    pub source: Source,
    /// The bank that it feeds.
    pub target: usize,
    /// The in-port of that bank.
    pub port: usize,
    /// Synapses; indices are those of source and target.
    pub rows: Rows,
}

/// A projection whose synapses are drawn by whoever lays them into memory; nobody holds a list of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrawnProjection {
    /// Number of the connection's process in its graph.
    pub process: u32,
    /// Path of the connection's process.
    pub path: String,
    /// What feeds it.
    pub source: Source,
    /// The bank that it feeds.
    pub target: usize,
    /// The in-port of that bank.
    pub port: usize,
    /// The synapses; indices are those of source and target.
    pub synapses: Drawn,
    /// How many there are.
    pub n: usize,
}

/// A source of sums that is made beside the neurons it drives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriveImage {
    /// Number of the process in its graph; keys random draws.
    pub process: u32,
    /// Path of the process, for messages.
    pub path: String,
    /// Parameters.
    pub model: Model,
    /// The bank that it feeds.
    pub target: usize,
    /// The in-port of that bank.
    pub port: usize,
}

/// A placed network: what is where on the chip, and all its tables. The running state is not in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChipImage {
    /// Geometry.
    pub mesh: Mesh,
    /// Limits that the placement obeys.
    pub limits: CoreLimits,
    /// Arithmetic of all banks.
    pub arithmetic: Arithmetic,
    /// Seed of all random draws.
    pub seed: u64,
    /// Populations.
    pub banks: Vec<BankImage>,
    /// Spikes from outside.
    pub inputs: Vec<InputImage>,
    /// Synapses.
    pub projections: Vec<Projection>,
    /// Learning connections; their synapses are among the projections too, marked by their tag bits.
    pub plastic: Vec<PlasticImage>,
    /// Synapses that are drawn.
    pub drawn: Vec<DrawnProjection>,
    /// Sources of sums beside the neurons.
    pub drives: Vec<DriveImage>,
    /// Cores whose synapses lie in non-volatile cells, ascending.
    pub cell_cores: Vec<crate::mesh::CoreId>,
    /// Which neurons lie on which core, by bank, then by first neuron.
    pub segments: Vec<Segment>,
}

impl ChipImage {
    /// Number of elements of a source.
    pub fn size_of(&self, source: Source) -> usize {
        match source {
            Source::Train(train) => self.banks[self.bank_of(train)].n,
            Source::Input(i) => self.inputs[i].n,
        }
    }

    /// The bank of each train of spikes.
    ///
    /// A bank sends a train for each kind of packet, nearly always one. Trains are numbered through: the first trains of all banks
    /// have the numbers of these banks, and all others follow, by bank.
    pub fn trains(&self) -> impl Iterator<Item = usize> + '_ {
        let more = self.banks.iter().enumerate().flat_map(|(b, bank)| (1..bank.trains).map(move |_| b));
        (0..self.banks.len()).chain(more)
    }

    /// The bank that sends the spikes of a source; `None` if they come from outside.
    pub fn sender(&self, source: Source) -> Option<usize> {
        match source {
            Source::Train(train) => Some(self.bank_of(train)),
            Source::Input(_) => None,
        }
    }

    /// The bank of a train of spikes.
    pub fn bank_of(&self, train: usize) -> usize {
        if train < self.banks.len() { train } else { self.trains().nth(train).unwrap_or(train) }
    }

    /// The train of spikes that leaves a bank by an out-port; the first for a port that leaves no spikes.
    pub fn train(&self, bank: usize, port: usize) -> usize {
        match self.banks[bank].model.sent_by(port) {
            Sent::Spikes(0) | Sent::Variable(_) => bank,
            Sent::Spikes(k) => self.trains().enumerate().filter(|(_, of)| *of == bank).nth(k).map_or(bank, |own| own.0),
        }
    }

    /// Synapses of all projections.
    pub fn synapses(&self) -> usize {
        let listed: usize = self.projections.iter().map(|p| p.rows.len()).sum();
        listed + self.drawn.iter().map(|p| p.n).sum::<usize>()
    }

    /// Neurons of all banks.
    pub fn neurons(&self) -> usize {
        self.banks.iter().map(|b| b.n).sum()
    }

    /// Cores up to the last one that holds a neuron: one more than the highest number used.
    pub fn cores(&self) -> usize {
        self.segments.iter().map(|s| s.core.0 as usize + 1).max().unwrap_or(0)
    }

    /// Cores that hold at least one neuron.
    pub fn used_cores(&self) -> u32 {
        self.distinct(|core| core.0)
    }

    /// Tiles that hold at least one used core.
    pub fn tiles(&self) -> u32 {
        self.distinct(|core| self.mesh.tile_number(core))
    }

    /// Chips that hold at least one used core.
    pub fn used_chips(&self) -> u32 {
        self.distinct(|core| core.0 / self.mesh.cores_per_chip)
    }

    fn distinct(&self, of: impl Fn(CoreId) -> u32) -> u32 {
        let mut all: Vec<u32> = self.segments.iter().map(|s| of(s.core)).collect();
        all.sort_unstable();
        all.dedup();
        all.len() as u32
    }

    /// Whether the synapses of a projection lie in non-volatile cells.
    pub fn in_cells(&self, p: &Projection) -> bool {
        self.bank_in_cells(p.target)
    }

    /// Whether the synapses onto a bank lie in non-volatile cells.
    pub fn bank_in_cells(&self, bank: usize) -> bool {
        let core = self.segments.iter().find(|s| s.bank == bank).map(|s| s.core);
        core.is_some_and(|core| self.cell_cores.binary_search(&core).is_ok())
    }

    /// The event of reading a synapse of a projection.
    pub fn read_event(&self, p: &Projection) -> pumice_meter::Event {
        match self.in_cells(p) {
            true => pumice_meter::Event::SynapseReadCell,
            false => crate::load::read_event(p.rows.format),
        }
    }

    /// The longest delay that any synapse may have.
    pub fn longest_delay(&self) -> usize {
        let listed = self.projections.iter().map(|p| p.rows.longest_delay());
        let drawn = self.drawn.iter().map(|p| p.synapses.longest_delay());
        listed.chain(drawn).max().map_or(0, usize::from)
    }

    /// All sources: trains, then inputs.
    pub fn sources(&self) -> impl Iterator<Item = Source> + use<> {
        let (trains, inputs) = (self.trains().count(), self.inputs.len());
        (0..trains).map(Source::Train).chain((0..inputs).map(Source::Input))
    }
}
