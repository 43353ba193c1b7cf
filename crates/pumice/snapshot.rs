//! The whole running state of a simulation: that of its engine, its time, and its non-volatile cells.

use pumice_chip::Source;
use pumice_chip::cells::LearnedCells;
use pumice_device::nv::NvState;
use pumice_engine::codec::{self, CodecError};
use pumice_report::ProgrammingReport;
use serde::{Deserialize, Serialize};

/// The running state between two steps: a run that takes it back goes on bit for bit, on any number of workers, with the
/// same cells.
///
/// Recordings and the times of single steps are not in it: they belong to results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// State of the network.
    pub engine: pumice_engine::Snapshot,
    /// Emulated time since the last reset `[ps]`; 0 where it was not computed.
    pub time_ps: u64,
    /// The non-volatile cells, if synapses lie in some.
    pub cells: Option<KeptCells>,
}

/// Non-volatile cells in a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptCells {
    /// The cells as they were when the power came on.
    pub power_on: NvState,
    /// How they were programmed then, if they were.
    pub programming: Option<ProgrammingReport>,
    /// Spikes of every source since then and before the last reset.
    pub read: Vec<(Source, Vec<u64>)>,
    /// Emulated time since then and before the last reset `[ps]`.
    pub past_ps: u64,
    /// Where noisy reads count their steps from.
    pub noise_origin: u64,
    /// The cells as learning has written them since then, if it writes some.
    pub learned: Option<LearnedCells>,
}

const SCHEMA: u64 = codec::schema("simulation/1");

impl Snapshot {
    /// The snapshot as bytes of a container.
    ///
    /// # Errors
    /// If it cannot be serialised.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CodecError> {
        codec::encode(SCHEMA, self)
    }

    /// Reads a snapshot from bytes. Those of an engine alone, which older versions wrote, are read too: they know neither
    /// time nor cells.
    ///
    /// # Errors
    /// If the bytes are not a whole snapshot.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        match codec::decode(SCHEMA, bytes) {
            Err(CodecError::Schema { .. }) => pumice_engine::Snapshot::from_bytes(bytes).map(Snapshot::from),
            decoded => decoded,
        }
    }
}

impl From<pumice_engine::Snapshot> for Snapshot {
    fn from(engine: pumice_engine::Snapshot) -> Self {
        Snapshot { engine, time_ps: 0, cells: None }
    }
}
