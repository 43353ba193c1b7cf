//! Which synapse lies where: by source for delivery, by target for what a target's spike changes.
//!
//! A topology holds the synapses onto a run of targets. Numbers of synapses and of entries in the whole process, which key
//! draws and name overflow, follow from those in the run: see [`Topology::number`] and [`Topology::entry`].

use std::ops::Range;

use crate::{ModelError, Portion};

/// Synapses sorted by source, then by target, with an index by target.
#[derive(Clone, Debug)]
pub(super) struct Topology {
    pub(super) n_in: usize,
    /// Targets of the whole process.
    pub(super) n_out: usize,
    /// The targets of this run; all indices of targets count from its start.
    pub(super) targets: Range<usize>,
    /// Synapses of the whole process.
    pub(super) whole: usize,
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
    /// As which the synapse that lies here was given.
    pub(super) given: Vec<u32>,
    /// Added to the number of a synapse of source `i` for its number in the whole process.
    shift: Vec<u32>,
    /// Added to an entry for its number in the whole process.
    first_entry: u32,
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
    /// From the sources and targets of all synapses, in any order, those onto `targets`.
    ///
    /// # Errors
    /// If there are more than 2^31 synapses.
    pub(super) fn new(
        [n_out, n_in]: [usize; 2],
        sources: &[u32],
        to: &[u32],
        targets: Range<usize>,
    ) -> Result<Self, ModelError> {
        if sources.len() > i32::MAX as usize {
            return Err(ModelError::range("weights", sources.len(), "at most 2^31 - 1 synapses"));
        }
        let mut given: Vec<u32> = (0..sources.len() as u32).collect();
        given.retain(|&k| targets.contains(&(to[k as usize] as usize)));
        given.sort_by_key(|&k| (sources[k as usize], to[k as usize]));
        let target: Vec<u32> = given.iter().map(|&k| to[k as usize] - targets.start as u32).collect();
        let source_of: Vec<u32> = given.iter().map(|&k| sources[k as usize]).collect();
        let mut synapse: Vec<u32> = (0..target.len() as u32).collect();
        synapse.sort_by_key(|&k| target[k as usize]);
        let row = starts(n_in, source_of.iter().copied());
        let mut shift = starts(n_in, sources.iter().copied());
        let mut first_entry = 0;
        for (&i, _) in sources.iter().zip(to).filter(|(_, j)| (**j as usize) < targets.start) {
            shift[i as usize] += 1;
            first_entry += 1;
        }
        shift.iter_mut().zip(&row).for_each(|(whole, own)| *whole -= own);
        Ok(Topology {
            n_in,
            n_out,
            whole: sources.len(),
            column: starts(targets.len(), target.iter().copied()),
            source: synapse.iter().map(|&k| source_of[k as usize]).collect(),
            targets,
            row,
            target,
            synapse,
            given,
            shift,
            first_entry,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.target.len()
    }

    /// Synapses of source `i`.
    pub(super) fn row(&self, i: usize) -> Range<usize> {
        self.row[i] as usize..self.row[i + 1] as usize
    }

    /// Entries of target `j`.
    pub(super) fn column(&self, j: usize) -> Range<usize> {
        self.column[j] as usize..self.column[j + 1] as usize
    }

    /// The source of synapse `k`.
    pub(super) fn source_of(&self, k: usize) -> usize {
        self.row.partition_point(|start| *start as usize <= k) - 1
    }

    /// The number of synapse `k` of source `i` in the whole process: by source, then by target.
    #[inline(always)]
    pub(super) fn number(&self, k: u32, i: u32) -> u32 {
        k + self.shift[i as usize]
    }

    /// The number of an entry in the whole process: by target, then by source.
    #[inline(always)]
    pub(super) fn entry(&self, own: u32) -> u32 {
        own + self.first_entry
    }

    /// Values as they lie, as elements of the order in which the synapses were given.
    pub(super) fn portion<N: Copy + Into<i32>>(&self, lying: &[N]) -> Portion {
        let values = lying.iter().map(|v| (*v).into()).collect();
        Portion { len: self.whole, index: self.given.clone(), values }
    }

    /// Of values in the order in which the synapses were given, those of this run, as they lie.
    pub(super) fn laid<N: Copy>(&self, given: &[N]) -> Vec<N> {
        self.given.iter().map(|&k| given[k as usize]).collect()
    }
}
