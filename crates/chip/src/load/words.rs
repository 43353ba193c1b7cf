//! Words of synaptic memory that a spike fetches: those of its row on every core that it reaches.
//!
//! A row of `n` synapses lies in whole words, see [`SynapseFormat`](crate::SynapseFormat). Dense rows have a place for every neuron of
//! the target on the core; a shared kernel is fetched as the synapses that it stands for.

use pumice_models::{RowFormat, Rows};

use crate::image::{ChipImage, Projection};
use crate::placement::{bits_of_synapse, cores_of_bank};

/// The words of rows, by core.
#[derive(Debug)]
pub(super) struct Words<'a> {
    image: &'a ChipImage,
    /// Synapses of the row that is counted, by core, and the cores that have any.
    here: Vec<u32>,
    touched: Vec<u32>,
}

/// What the memory of the rows of one projection depends on.
#[derive(Debug)]
pub(super) struct RowMemory {
    /// Bits of a synapse.
    bits: u32,
    /// By core: places of a dense row; empty for other rows.
    places: Vec<u32>,
}

impl<'a> Words<'a> {
    pub(super) fn new(image: &'a ChipImage) -> Self {
        Words { image, here: vec![0; image.cores()], touched: Vec::new() }
    }

    /// The memory of the rows of a projection.
    pub(super) fn memory(&self, p: &Projection, rows: &Rows) -> RowMemory {
        let mut places = Vec::new();
        if rows.format == RowFormat::Dense {
            places.resize(self.here.len(), 0);
            let own = self.image.segments.iter().filter(|s| s.bank == p.target);
            own.for_each(|s| places[s.core.0 as usize] += s.len as u32);
        }
        RowMemory { bits: bits_of_synapse(&self.image.limits, rows), places }
    }

    /// Counts a synapse of the row on a core.
    pub(super) fn count(&mut self, core: u32) {
        let n = &mut self.here[core as usize];
        if *n == 0 {
            self.touched.push(core);
        }
        *n += 1;
    }

    /// Shows the words of the row on each core, and forgets it.
    pub(super) fn drain(&mut self, memory: &RowMemory, mut show: impl FnMut(u32, u32)) {
        for core in self.touched.drain(..) {
            let synapses = std::mem::take(&mut self.here[core as usize]);
            let n = memory.places.get(core as usize).copied().unwrap_or(synapses);
            show(core, self.image.limits.words(u64::from(n), memory.bits));
        }
    }
}

/// Words that a spike of each source element fetches for a projection with these rows, on all cores; empty where that is not known.
pub fn fetched_words(image: &ChipImage, p: &Projection, rows: &Rows) -> Vec<u64> {
    if image.limits.synapse_format.is_none() || image.in_cells(p) {
        return Vec::new();
    }
    let mut words = Words::new(image);
    let memory = words.memory(p, rows);
    let place = cores_of_bank(image, p.target);
    let row = |ends: &[usize]| {
        rows.target[ends[0]..ends[1]].iter().for_each(|target| words.count(place[*target as usize]));
        let mut sum = 0;
        words.drain(&memory, |_, n| sum += u64::from(n));
        sum
    };
    rows.start.windows(2).map(row).collect()
}
