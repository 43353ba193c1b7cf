//! What probes kept.

use serde::{Deserialize, Serialize};

/// The records of one probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Recorded {
    /// All elements at each recorded step, C order, of registers.
    Int(Vec<i32>),
    /// All elements at each recorded step, C order, of real numbers.
    Real(Vec<f64>),
    /// Elements that were not zero: their steps, indices and values.
    Events {
        /// Step of each event.
        step: Vec<u64>,
        /// Element of each event.
        index: Vec<u32>,
        /// Value of each event.
        value: Vec<f64>,
    },
}

/// A recording: what one probe saw in all runs since the last reset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// Name of what was recorded.
    pub name: String,
    /// Shape of one record.
    pub shape: Vec<usize>,
    /// The recorded steps (dense recordings only).
    pub steps: Vec<u64>,
    /// The records.
    pub data: Recorded,
}

impl Recording {
    /// The records of a dense recording as reals, one row per recorded step; empty for events.
    pub fn rows(&self) -> Vec<Vec<f64>> {
        let n = self.shape.iter().product::<usize>().max(1);
        let all: Vec<f64> = match &self.data {
            Recorded::Int(all) => all.iter().map(|x| f64::from(*x)).collect(),
            Recorded::Real(all) => all.clone(),
            Recorded::Events { .. } => Vec::new(),
        };
        all.chunks(n).map(<[f64]>::to_vec).collect()
    }

    /// The events of an event recording as `(step, element)`; empty for dense ones.
    pub fn events(&self) -> Vec<(u64, u32)> {
        match &self.data {
            Recorded::Events { step, index, .. } => step.iter().copied().zip(index.iter().copied()).collect(),
            _ => Vec::new(),
        }
    }
}
