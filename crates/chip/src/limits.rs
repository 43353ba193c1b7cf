//! What a core can hold. A limit that is absent is not known for the chip, and is not checked.

use pumice_models::RowFormat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What fits into one core, as a profile states it. An absent limit is no known limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoreLimits {
    /// Neurons (compartments).
    #[serde(default)]
    pub neurons: Option<u32>,
    /// Synapses, where they are counted and not packed into memory.
    #[serde(default)]
    pub synapses: Option<u64>,
    /// Synaptic memory `[bit]`, filled as `synapse_format` says; plain bits without it.
    #[serde(default)]
    pub syn_mem_bits: Option<u64>,
    /// Input axons: sources that may reach the core.
    #[serde(default)]
    pub axon_in: Option<u32>,
    /// Output axons: pairs of a neuron and a destination core, for each kind of packet that it sends.
    #[serde(default)]
    pub axon_out: Option<u32>,
    /// Synapses onto one neuron.
    #[serde(default)]
    pub fan_in: Option<u32>,
    /// Destination cores of one neuron, for each kind of packet that it sends.
    #[serde(default)]
    pub destinations_per_neuron: Option<u32>,
    /// Longest delay `[steps]`.
    #[serde(default)]
    pub delay_max: Option<u32>,
    /// How synapses are packed into `syn_mem_bits`.
    #[serde(default)]
    pub synapse_format: Option<SynapseFormat>,
}

/// How synapses are packed into synaptic memory.
///
/// The synapses of one source on a core are cut into entries. An entry of `n` synapses takes
/// `n * (weight + index + delay + tag) + entry_overhead_bits` bits, rounded up to whole words.
///
/// Source: nengo-loihi 1.1 `block.py` (`SynapseConfig.bits_per_axon`), for Loihi 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SynapseFormat {
    /// Widths a weight may have `[bit]`, ascending.
    pub weight_bits_allowed: Vec<u32>,
    /// Widths a target index may have `[bit]`, ascending; 0 for rows without indices.
    pub index_bits_allowed: Vec<u32>,
    /// Synapses in one entry.
    pub max_synapses_per_entry: u32,
    /// Header of an entry `[bit]`.
    pub entry_overhead_bits: u32,
    /// Word of synaptic memory `[bit]`.
    pub word_bits: u32,
    /// Widest delay field `[bit]`.
    pub delay_bits: u32,
    /// Widest learning tag field `[bit]`.
    pub tag_bits: u32,
}

impl SynapseFormat {
    /// Memory of one axon with `synapses` synapses of `synapse_bits` each `[bit]`.
    pub const fn axon_bits(&self, synapses: u64, synapse_bits: u32) -> u64 {
        let entry = self.max_synapses_per_entry as u64;
        let full = synapses / entry;
        let rest = synapses % entry;
        full * self.entry_bits(entry, synapse_bits) + if rest > 0 { self.entry_bits(rest, synapse_bits) } else { 0 }
    }

    const fn entry_bits(&self, synapses: u64, synapse_bits: u32) -> u64 {
        let bits = synapses * synapse_bits as u64 + self.entry_overhead_bits as u64;
        bits.div_ceil(self.word_bits as u64) * self.word_bits as u64
    }
}

/// Bits of the index of one of `targets` targets: none but in sparse rows.
const fn index_bits(row: RowFormat, targets: usize) -> u32 {
    match row {
        RowFormat::Sparse => usize::BITS - targets.saturating_sub(1).leading_zeros(),
        RowFormat::Dense | RowFormat::Conv => 0,
    }
}

/// The narrowest allowed width that holds `bits`; `bits` itself if none does.
fn wide_enough(allowed: &[u32], bits: u32) -> u32 {
    allowed.iter().copied().find(|width| *width >= bits && (bits == 0 || *width > 0)).unwrap_or(bits)
}

impl CoreLimits {
    /// Bits of one synapse: weight, delay and, in sparse rows, the index of its target among `targets`, each in the narrowest
    /// width that the format allows.
    pub fn synapse_bits(&self, row: RowFormat, weight_bits: u32, delay_bits: u32, targets: usize) -> u32 {
        let index = index_bits(row, targets);
        match &self.synapse_format {
            None => weight_bits + delay_bits + index,
            Some(format) => {
                let weight = wide_enough(&format.weight_bits_allowed, weight_bits);
                weight + delay_bits + wide_enough(&format.index_bits_allowed, index)
            }
        }
    }

    /// Words that hold the synapses of one source on a core; 0 where it is not known how they are packed.
    pub fn words(&self, synapses: u64, synapse_bits: u32) -> u32 {
        let words = |format: &SynapseFormat| format.axon_bits(synapses, synapse_bits) / u64::from(format.word_bits);
        self.synapse_format.as_ref().map_or(0, words) as u32
    }

    /// Memory of the synapses of one source on a core `[bit]`.
    pub fn axon_bits(&self, synapses: u64, synapse_bits: u32) -> u64 {
        match &self.synapse_format {
            Some(format) => format.axon_bits(synapses, synapse_bits),
            None => synapses * u64::from(synapse_bits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loihi() -> CoreLimits {
        let format = SynapseFormat {
            weight_bits_allowed: vec![1, 2, 3, 4, 5, 6, 8],
            index_bits_allowed: vec![0, 6, 7, 8, 9, 10, 11, 12],
            max_synapses_per_entry: 64,
            entry_overhead_bits: 10,
            word_bits: 64,
            delay_bits: 6,
            tag_bits: 3,
        };
        CoreLimits { synapse_format: Some(format), ..CoreLimits::default() }
    }

    /// 64 synapses of 8 bits and 10 bits of overhead fill 9 words; one more synapse opens an entry of one word.
    #[test]
    fn axon_memory_is_padded_to_words_per_entry() {
        let loihi = loihi();
        assert_eq!(loihi.axon_bits(64, 8), 9 * 64);
        assert_eq!(loihi.axon_bits(65, 8), 10 * 64);
        assert_eq!(loihi.words(65, 8), 10);
        assert_eq!(CoreLimits::default().words(65, 8), 0, "not known");
        assert_eq!(loihi.axon_bits(0, 8), 0);
        assert_eq!(CoreLimits::default().axon_bits(65, 8), 520);
    }

    /// A width that the format does not have becomes the next wider one.
    #[test]
    fn fields_have_the_widths_of_the_format() {
        let bits = |row, weight, delay, targets| loihi().synapse_bits(row, weight, delay, targets);
        assert_eq!(bits(RowFormat::Sparse, 8, 0, 1000), 18);
        assert_eq!(bits(RowFormat::Sparse, 7, 0, 2), 14, "7 bits of weight take 8, one bit of index takes 6");
        assert_eq!(bits(RowFormat::Sparse, 8, 0, 1 << 20), 28, "more than any width of the format");
        assert_eq!(bits(RowFormat::Dense, 8, 3, 1000), 11);
        assert_eq!(CoreLimits::default().synapse_bits(RowFormat::Sparse, 7, 1, 3), 10);
    }
}
