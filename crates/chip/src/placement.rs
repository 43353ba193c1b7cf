//! What lies on which core, and how full that makes it.

use pumice_models::{Parts, RowFormat, Rows};
use serde::{Deserialize, Serialize};

use crate::drawn;
use crate::image::ChipImage;
use crate::limits::CoreLimits;
use crate::mesh::CoreId;

/// A run of neurons of one bank on one core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Bank.
    pub bank: usize,
    /// First neuron.
    pub start: usize,
    /// Neurons.
    pub len: usize,
    /// Core.
    pub core: CoreId,
}

/// How full a core is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CoreUse {
    /// Neurons.
    pub neurons: u64,
    /// Synapses that are not zero.
    pub synapses: u64,
    /// Synapse memory `[bit]`.
    pub synapse_bits: u64,
    /// Sources whose packets it receives.
    pub axons_in: u64,
    /// Pairs of a neuron and a core that receives its packets, those of each train by themselves.
    pub axons_out: u64,
    /// The most synapses of one of its neurons.
    pub fan_in: u64,
    /// The most destination cores of one of its neurons, all its trains together.
    pub destinations: u64,
    /// Banks with neurons on it.
    pub banks: Vec<usize>,
}

/// How full each used core is.
pub fn core_uses(image: &ChipImage) -> Vec<CoreUse> {
    let mut uses = vec![CoreUse::default(); image.cores()];
    let place: Vec<Vec<u32>> = (0..image.banks.len()).map(|b| cores_of_bank(image, b)).collect();
    for s in &image.segments {
        let own = &mut uses[s.core.0 as usize];
        own.neurons += s.len as u64;
        if own.banks.last() != Some(&s.bank) {
            own.banks.push(s.bank);
        }
    }
    for p in &image.projections {
        add_synapses(&image.limits, p, &place[p.target], &mut uses);
    }
    for p in &image.drawn {
        add_drawn(image, p, &mut uses);
    }
    add_fan_in(image, &place, &mut uses);
    add_axons(image, &place, &mut uses);
    uses
}

/// The core of each neuron of a bank.
pub(crate) fn cores_of_bank(image: &ChipImage, bank: usize) -> Vec<u32> {
    let mut cores = vec![0; image.banks[bank].n];
    for s in image.segments.iter().filter(|s| s.bank == bank) {
        cores[s.start..s.start + s.len].fill(s.core.0);
    }
    cores
}

/// Bits of one synapse of these rows, tag included.
pub(crate) fn bits_of_synapse(limits: &CoreLimits, rows: &Rows) -> u32 {
    let bits = limits.synapse_bits(rows.format, rows.weight_bits, rows.delay_bits, rows.n_out);
    bits + rows.tag_bits.unwrap_or(0)
}

/// Adds the synapses of one projection, and their memory, to the cores of their targets.
fn add_synapses(limits: &CoreLimits, p: &crate::image::Projection, place: &[u32], uses: &mut [CoreUse]) {
    let rows = &p.rows;
    let mut targets = vec![0u64; uses.len()];
    for core in place {
        targets[*core as usize] += 1;
    }
    let bits = bits_of_synapse(limits, rows);
    let memory = |n: u64| limits.axon_bits(n, bits);
    let mut here = vec![0u64; uses.len()];
    let mut touched: Vec<usize> = Vec::new();
    for source in 0..rows.n_in {
        for k in rows.start[source]..rows.start[source + 1] {
            let core = place[rows.target[k] as usize] as usize;
            if here[core] == 0 {
                touched.push(core);
            }
            here[core] += 1;
        }
        for core in touched.drain(..) {
            let n = std::mem::take(&mut here[core]);
            uses[core].synapses += n;
            uses[core].synapse_bits += match rows.format {
                RowFormat::Dense => memory(targets[core]),
                RowFormat::Sparse => memory(n),
                RowFormat::Conv => 0,
            };
        }
    }
    if rows.format == RowFormat::Conv {
        for (own, _) in uses.iter_mut().zip(&targets).filter(|(_, n)| **n > 0) {
            own.synapse_bits += memory(rows.shared_weights as u64);
        }
    }
}

/// Adds the drawn synapses of one projection, and their memory, to the cores of their targets.
fn add_drawn(image: &ChipImage, p: &crate::image::DrawnProjection, uses: &mut [CoreUse]) {
    let bits = drawn::bits_of_drawn(&image.limits, &p.synapses);
    for own in drawn::drawn_by_core(image, p) {
        let used = &mut uses[own.core as usize];
        used.synapses += u64::from(own.n);
        used.synapse_bits += image.limits.axon_bits(u64::from(own.n), bits);
    }
}

fn add_fan_in(image: &ChipImage, place: &[Vec<u32>], uses: &mut [CoreUse]) {
    for (bank, cores) in place.iter().enumerate() {
        let mut fan_in = vec![0u64; cores.len()];
        for p in image.projections.iter().filter(|p| p.target == bank) {
            for target in &p.rows.target {
                fan_in[*target as usize] += 1;
            }
        }
        for p in image.drawn.iter().filter(|p| p.target == bank) {
            let bare = Parts { weights: false, delays: false };
            p.synapses.each(0..cores.len(), bare, |_, target, _, _| fan_in[target as usize] += 1);
        }
        for (n, core) in fan_in.iter().zip(cores) {
            let own = &mut uses[*core as usize];
            own.fan_in = own.fan_in.max(*n);
        }
    }
}

fn add_axons(image: &ChipImage, place: &[Vec<u32>], uses: &mut [CoreUse]) {
    let mut seen = vec![u64::MAX; uses.len()];
    let mut stamp = 0;
    let mut reached: Vec<Vec<u64>> = image.banks.iter().map(|bank| vec![0; bank.n]).collect();
    for source in image.sources() {
        let bank = image.sender(source);
        let projections: Vec<_> = image.projections.iter().filter(|p| p.source == source).collect();
        let drawn = drawn::of_source(image, source);
        let mut drawn = drawn.as_slice();
        for i in 0..image.size_of(source) {
            let mut destinations = 0;
            let listed = projections.iter().flat_map(|p| {
                let row = &p.rows.target[p.rows.start[i]..p.rows.start[i + 1]];
                row.iter().map(|target| place[p.target][*target as usize])
            });
            for core in listed.chain(drawn::take(&mut drawn, i).iter().map(|own| own.core)) {
                let core = core as usize;
                if seen[core] != stamp {
                    seen[core] = stamp;
                    uses[core].axons_in += 1;
                    destinations += 1;
                }
            }
            if let Some(b) = bank {
                reached[b][i] += destinations;
                let own = &mut uses[place[b][i] as usize];
                own.axons_out += destinations;
                own.destinations = own.destinations.max(reached[b][i]);
            }
            stamp += 1;
        }
    }
}
