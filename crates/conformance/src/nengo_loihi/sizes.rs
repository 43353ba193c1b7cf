//! What a block takes of a core: compartments, axons and bits of synapse memory, with the limits of the shipped chip.

use pumice::prelude::*;

use super::blocks::{Block, INDEX_BITS, Synapse, WEIGHT_BITS};
use super::tables::loihi_format;
use crate::case::Fault;
use crate::compare::Expected;
use crate::emulator::table;

/// The population type whose axons take two slots.
pub(super) const POP32: u32 = 32;

pub(super) fn check(blocks: &[Block]) -> Result<Option<Fault>, Fault> {
    let core = Profile::load("loihi1").map_err(|fault| Fault::Malformed(fault.to_string()))?.core;
    let most =
        [core.neurons.map(u64::from), core.axon_in.map(u64::from), core.axon_out.map(u64::from), core.syn_mem_bits];
    let (mut recorded, mut used) = (Vec::new(), Vec::new());
    for block in blocks {
        let memory = block.synapses.iter().map(bits).collect::<Result<Vec<u64>, Fault>>()?;
        let (mut expected, mut got) = (Vec::new(), Vec::new());
        for (synapse, bits) in block.synapses.iter().zip(&memory) {
            expected.extend(synapse.bits);
            got.extend(synapse.bits.and(Some(*bits)));
        }
        if let Some(all) = &block.utilization {
            let own = [
                block.compartment.n as u64,
                block.synapses.iter().map(|synapse| synapse.n_axons() as u64).sum(),
                slots(block, blocks),
                memory.iter().sum(),
            ];
            expected.extend([all.compartments, all.in_axons, all.out_axons, all.synapses].concat());
            got.extend(own.into_iter().zip(most).flat_map(|(used, most)| [used, most.unwrap_or(u64::MAX)]));
        }
        recorded.push(expected.into_iter().map(|x| Some(x as f64)).collect());
        used.push(got.into_iter().map(|x| x as f64).collect());
    }
    Ok(table(vec![(Expected::new("utilization", recorded), used)]))
}

/// Slots of the output axons of a block.
fn slots(block: &Block, blocks: &[Block]) -> u64 {
    let population = |id: i64| blocks.iter().flat_map(|b| &b.synapses).any(|s| s.id == id && s.pop_type == POP32);
    block.axons.iter().map(|axon| axon.n_axons as u64 * if population(axon.target_synapse) { 2 } else { 1 }).sum()
}

/// Bits of the memory of a synapse: an entry for each row of weights.
fn bits(synapse: &Synapse) -> Result<u64, Fault> {
    let cfg = &synapse.cfg;
    let (Some(weight), Some(index)) = (WEIGHT_BITS.get(cfg.weight_bits), INDEX_BITS.get(cfg.idx_bits)) else {
        return Err(Fault::Malformed("a synapse format with unknown codes".into()));
    };
    let index = if cfg.compression == 0 { *index } else { 0 };
    let format = loihi_format(cfg.n_synapses + 1);
    let each = weight + cfg.delay_bits + cfg.tag_bits + index;
    Ok(synapse.entry_sizes().map(|n| format.axon_bits(n as u64, each)).sum())
}
