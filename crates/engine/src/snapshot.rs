//! The whole running state of an engine, independent of the number of workers.

use pumice_chip::PastSpikes;
use pumice_models::{Overflow, Values};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError};
use crate::engine::{Settled, Written};

/// The running state between two steps: everything that a resumed run needs to continue bit for bit.
///
/// Recordings are not in it: they belong to results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Steps done.
    pub step: u64,
    /// State of each unit.
    pub units: Vec<Vec<Values>>,
    /// State of each bank; every array has one entry per neuron.
    pub banks: Vec<Vec<Values>>,
    /// State of each learning connection on the chip, as whole arrays.
    pub plastic: Vec<Vec<Vec<i32>>>,
    /// Spikes that may still be due, the newest step first.
    pub past: Vec<PastSpikes>,
    /// Input spikes of the last step.
    pub inputs: Vec<pumice_models::Fired>,
    /// Spikes per neuron of each train.
    pub spikes: Vec<Vec<u64>>,
    /// Events that neurons caused by themselves, by core.
    pub loads: Vec<pumice_meter::Counts>,
    /// Spikes per element of each input.
    pub input_spikes: Vec<Vec<u64>>,
    /// Overflow by process.
    pub overflow: Vec<Overflow>,
    /// Spikes sent from the chip to units.
    pub host_out: u64,
    /// Values of the chip's state that the host read.
    pub host_reads: u64,
    /// Spikes sent by each unit, if it is one of neurons.
    pub sent: Vec<Option<u64>>,
    /// Weights written into connections on the chip, as far as spikes that are due may need them, in order.
    pub written: Vec<Written>,
    /// Events caused by rows that have changed since.
    pub settled: Settled,
}

const SCHEMA: u64 = codec::schema("snapshot/6");

impl Snapshot {
    /// The snapshot as bytes of a container.
    ///
    /// # Errors
    /// If it cannot be serialised.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CodecError> {
        codec::encode(SCHEMA, self)
    }

    /// Reads a snapshot from bytes.
    ///
    /// # Errors
    /// If the bytes are not a whole snapshot of this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode(SCHEMA, bytes)
    }
}
