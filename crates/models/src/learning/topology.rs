//! Which synapse lies where: by source for delivery, by target for what a target's spike changes.

use crate::ModelError;

/// Synapses sorted by source, then by target, with an index by target.
#[derive(Clone, Debug)]
pub(super) struct Topology {
    pub(super) n_in: usize,
    pub(super) n_out: usize,
    /// Synapses of source `i` are `row[i]..row[i + 1]`.
    pub(super) row: Vec<u32>,
    /// Target of each synapse.
    pub(super) target: Vec<u32>,
    /// Entries of target `j` are `column[j]..column[j + 1]` of the next two.
    pub(super) column: Vec<u32>,
    /// Synapse of each entry.
    pub(super) synapse: Vec<u32>,
    /// Source of each entry.
    pub(super) source: Vec<u32>,
    /// Where the synapse that was given as the `k`-th lies.
    pub(super) order: Vec<u32>,
}

fn starts(n: usize, keys: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut start = vec![0; n + 1];
    for key in keys {
        start[key as usize + 1] += 1;
    }
    for i in 0..n {
        start[i + 1] += start[i];
    }
    start
}

impl Topology {
    /// From the sources and targets of all synapses, in any order.
    ///
    /// # Errors
    /// If there are more than 2^31 synapses.
    pub(super) fn new(n_in: usize, n_out: usize, sources: &[u32], targets: &[u32]) -> Result<Self, ModelError> {
        if sources.len() > i32::MAX as usize {
            return Err(ModelError::range("weights", sources.len(), "at most 2^31 - 1 synapses"));
        }
        let mut given: Vec<u32> = (0..sources.len() as u32).collect();
        given.sort_by_key(|&k| (sources[k as usize], targets[k as usize]));
        let mut order = vec![0; given.len()];
        for (at, &k) in given.iter().enumerate() {
            order[k as usize] = at as u32;
        }
        let target: Vec<u32> = given.iter().map(|&k| targets[k as usize]).collect();
        let source_of: Vec<u32> = given.iter().map(|&k| sources[k as usize]).collect();
        let mut synapse: Vec<u32> = (0..target.len() as u32).collect();
        synapse.sort_by_key(|&k| target[k as usize]);
        Ok(Topology {
            n_in,
            n_out,
            row: starts(n_in, source_of.iter().copied()),
            column: starts(n_out, target.iter().copied()),
            source: synapse.iter().map(|&k| source_of[k as usize]).collect(),
            target,
            synapse,
            order,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.target.len()
    }

    /// Synapses of source `i`.
    pub(super) fn row(&self, i: usize) -> std::ops::Range<usize> {
        self.row[i] as usize..self.row[i + 1] as usize
    }

    /// Entries of target `j`.
    pub(super) fn column(&self, j: usize) -> std::ops::Range<usize> {
        self.column[j] as usize..self.column[j + 1] as usize
    }

    /// The source of synapse `k`.
    pub(super) fn source_of(&self, k: usize) -> usize {
        self.row.partition_point(|start| *start as usize <= k) - 1
    }

    /// Values as they lie, in the order in which the synapses were given.
    pub(super) fn given<N: Copy>(&self, lying: &[N]) -> Vec<N> {
        self.order.iter().map(|&at| lying[at as usize]).collect()
    }

    /// Values in the order in which the synapses were given, as they lie.
    pub(super) fn laid<N: Copy + Default>(&self, given: &[N]) -> Vec<N> {
        let mut lying = vec![N::default(); given.len()];
        for (value, &at) in given.iter().zip(&self.order) {
            lying[at as usize] = *value;
        }
        lying
    }
}
