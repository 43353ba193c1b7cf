//! What a core can hold. A limit that is absent is not known for the chip, and is not checked.

use pumice_models::RowFormat;
use serde::{Deserialize, Serialize};

/// How synapses lie in memory.
///
/// Source: nengo-loihi 1.1 `block.py` (`SynapseConfig.bits_per_axon`): each group of up to
/// `synapses_per_entry` synapses of one axon is an entry of `overhead_bits` more, padded to whole words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SynapseFormat {
    /// Bits of a memory word.
    pub word_bits: u32,
    /// Synapses of one entry, at most.
    pub synapses_per_entry: u32,
    /// Bits of an entry besides its synapses.
    pub overhead_bits: u32,
}

impl SynapseFormat {
    /// Memory of one axon with `synapses` synapses of `synapse_bits` each `[bit]`.
    pub const fn axon_bits(self, synapses: u64, synapse_bits: u32) -> u64 {
        let entry = self.synapses_per_entry as u64;
        let full = synapses / entry;
        let rest = synapses % entry;
        full * self.entry_bits(entry, synapse_bits) + if rest > 0 { self.entry_bits(rest, synapse_bits) } else { 0 }
    }

    const fn entry_bits(self, synapses: u64, synapse_bits: u32) -> u64 {
        let bits = synapses * synapse_bits as u64 + self.overhead_bits as u64;
        bits.div_ceil(self.word_bits as u64) * self.word_bits as u64
    }

    /// Bits of one synapse: weight, delay and, for sparse rows, the index of its target among `targets`.
    ///
    /// Index widths are 6 to 12 bits (nengo-loihi's index encodings).
    pub const fn synapse_bits(format: RowFormat, weight_bits: u32, delay_bits: u32, targets: usize) -> u32 {
        let index = match format {
            RowFormat::Sparse => {
                let bits = usize::BITS - targets.saturating_sub(1).leading_zeros();
                if bits < 6 { 6 } else { bits }
            }
            RowFormat::Dense | RowFormat::Conv => 0,
        };
        weight_bits + delay_bits + index
    }
}

/// The limits of one core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Neurons (compartments).
    pub neurons: Option<u32>,
    /// Synapse memory `[bit]`.
    pub synapse_bits: Option<u64>,
    /// Sources whose packets a core can receive.
    pub axons_in: Option<u32>,
    /// Pairs of a neuron and a core that receives its packets.
    pub axons_out: Option<u32>,
    /// Synapses of one neuron.
    pub fan_in: Option<u32>,
    /// Longest delay `[steps]`.
    pub delay: Option<u32>,
    /// How synapses lie in memory; plain bits without it.
    pub format: Option<SynapseFormat>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOIHI: SynapseFormat = SynapseFormat { word_bits: 64, synapses_per_entry: 64, overhead_bits: 10 };

    /// 64 synapses of 8 bits and 10 bits of overhead fill 9 words; one more synapse opens an entry of one word.
    #[test]
    fn axon_memory_is_padded_to_words_per_entry() {
        assert_eq!(LOIHI.axon_bits(64, 8), 9 * 64);
        assert_eq!(LOIHI.axon_bits(65, 8), 10 * 64);
        assert_eq!(LOIHI.axon_bits(0, 8), 0);
        assert_eq!(SynapseFormat::synapse_bits(RowFormat::Sparse, 8, 0, 1000), 18);
        assert_eq!(SynapseFormat::synapse_bits(RowFormat::Dense, 8, 3, 1000), 11);
    }
}
