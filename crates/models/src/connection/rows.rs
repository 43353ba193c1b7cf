//! Synapses as rows: for each source, its targets, weights and delays, in plain tables.

use serde::{Deserialize, Serialize};

/// How a row lies in synapse memory; formats differ in size and in price per read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowFormat {
    /// All targets in order, no indices.
    Dense,
    /// Index and weight per synapse.
    Sparse,
    /// Weights shared by all positions of a kernel.
    Conv,
}

/// The synapses of one connection that are not zero, sorted by source, then by delay, then by target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Number of sources.
    pub n_in: usize,
    /// Number of targets.
    pub n_out: usize,
    /// Row of source `i` is `start[i]..start[i + 1]`; length `n_in + 1`.
    pub start: Vec<usize>,
    /// Target of each synapse.
    pub target: Vec<u32>,
    /// Weight of each synapse as it is added to the accumulator `[weight LSB]`.
    pub weight: Vec<i32>,
    /// Delay of each synapse beyond the one step of every connection `[steps]`; empty if there is none.
    pub delay: Vec<u8>,
    /// Power of two applied to the sum of one step (and of one delay); 0 if it is in the weights already.
    pub sum_exponent: i32,
    /// Whether payloads multiply the weights; otherwise every spike counts as 1.
    pub graded: bool,
    /// How rows lie in memory.
    pub format: RowFormat,
    /// Bits per weight in memory.
    pub weight_bits: u32,
    /// Bits per delay in memory.
    pub delay_bits: u32,
    /// Weights that are stored once and shared (convolution), or 0 if each synapse has its own.
    pub shared_weights: usize,
}

impl Rows {
    /// Builds rows from `(source, target, weight, delay)` entries in any order, leaving out zero weights.
    ///
    /// The remaining fields describe a sparse ungraded connection with 8-bit weights; set them after.
    pub fn from_entries(n_in: usize, n_out: usize, mut entries: Vec<(u32, u32, i32, u8)>) -> Self {
        entries.retain(|e| e.2 != 0);
        entries.sort_by_key(|e| (e.0, e.3, e.1));
        let mut start = vec![0; n_in + 1];
        for e in &entries {
            start[e.0 as usize + 1] += 1;
        }
        for i in 0..n_in {
            start[i + 1] += start[i];
        }
        let delayed = entries.iter().any(|e| e.3 != 0);
        let most = entries.iter().map(|e| e.3).max().unwrap_or(0);
        Rows {
            n_in,
            n_out,
            start,
            target: entries.iter().map(|e| e.1).collect(),
            weight: entries.iter().map(|e| e.2).collect(),
            delay: if delayed {
                entries.iter().map(|e| e.3).collect()
            } else {
                Vec::new()
            },
            sum_exponent: 0,
            graded: false,
            format: RowFormat::Sparse,
            weight_bits: 8,
            delay_bits: u8::BITS - most.leading_zeros(),
            shared_weights: 0,
        }
    }

    /// Number of synapses.
    pub fn len(&self) -> usize {
        self.target.len()
    }

    /// Whether there is no synapse.
    pub fn is_empty(&self) -> bool {
        self.target.is_empty()
    }

    /// The delay of synapse `k`.
    pub fn delay_of(&self, k: usize) -> u8 {
        self.delay.get(k).copied().unwrap_or(0)
    }

    /// The longest delay.
    pub fn longest_delay(&self) -> u8 {
        self.delay.iter().copied().max().unwrap_or(0)
    }
}
