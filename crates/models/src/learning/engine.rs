//! What the learning engines of Lava and of Loihi do differently, each choice by its name.
//!
//! | choice | `lava-0.10` | `loihi1` | `loihi2` |
//! |---|---|---|---|
//! | draws | one for all neurons, one for all synapses | one each | one each |
//! | fraction of an impulse | 8 bits against a 7-bit draw: counts double | 7 bits | 7 bits |
//! | product of several traces | `>> max(0, width + 4 - 15)` | `>> max(0, width + 3 - 15)` | as Lava |
//! | lowest accumulator, lowest tag | -32769, -257 | -32768, -256 | as Loihi 1 |
//! | learned weight below the format's step | kept | rounded stochastically | as Loihi 1 |
//! | `tag_2` | inert | delays the spike | delays the spike |
//! | y traces from ports | decay with their time constant | are used as they are | as Loihi 1 |
//! | payload in a trace | taken modulo 256 | stops at 127 | stops at 127 |
//!
//! Sources: Lava 0.10 `lava/magma/core/model/py/connection.py`, `lava/magma/core/learning/learning_rule_applier.py`,
//! pinned by recordings; Davies et al., IEEE Micro 38(1), 2018 (7-bit traces, stochastic rounding); nengo-loihi 1.1
//! `builder/discretize.py` (`learn_overflow_bits`: a 3-bit mantissa, compared with the chip by its authors).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One value for every choice of the learning engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearningArithmetic {
    /// Whether texts run that Lava reads otherwise than they are written, and constants are cut to their registers.
    pub lenient: bool,
    /// Whether one draw serves all neurons of a side, and one all synapses.
    pub common_draws: bool,
    /// Bits of the fraction of an impulse.
    pub impulse_fraction_bits: u32,
    /// Whether the fraction of an impulse counts double, up to 1, and a source's repeated spikes round every fraction up.
    pub impulse_doubles_fraction: bool,
    /// Bits of the mantissa that count toward the width of a product, which is shifted right to 15 bits.
    pub product_mantissa_bits: u32,
    /// Whether the float twin scales its products as that shift does.
    pub float_keeps_shift: bool,
    /// Lowest value of the accumulator, whose highest is 32767.
    pub accumulator_min: i32,
    /// Lowest tag, whose highest is 255.
    pub tag_min: i32,
    /// Whether learned weights keep the low bits that their format lacks.
    pub keeps_low_bits: bool,
    /// Whether `tag_2` is the delay of the synapse.
    pub delays_act: bool,
    /// Whether y traces from ports decay within the epoch.
    pub port_traces_decay: bool,
    /// Whether payloads enter traces modulo 256.
    pub payload_wraps: bool,
}

impl LearningArithmetic {
    /// Lava 0.10's fixed-point learning.
    pub fn lava() -> Self {
        LearningArithmetic {
            lenient: true,
            common_draws: true,
            impulse_fraction_bits: 8,
            impulse_doubles_fraction: true,
            product_mantissa_bits: 4,
            float_keeps_shift: false,
            accumulator_min: -32_769,
            tag_min: -257,
            keeps_low_bits: true,
            delays_act: false,
            port_traces_decay: true,
            payload_wraps: true,
        }
    }

    /// Loihi 1 as documented and as nengo-loihi found it.
    pub fn loihi1() -> Self {
        LearningArithmetic {
            lenient: false,
            common_draws: false,
            impulse_fraction_bits: 7,
            impulse_doubles_fraction: false,
            product_mantissa_bits: 3,
            float_keeps_shift: true,
            accumulator_min: -32_768,
            tag_min: -256,
            keeps_low_bits: false,
            delays_act: true,
            port_traces_decay: false,
            payload_wraps: false,
        }
    }

    /// Loihi 2: as Loihi 1, with Lava's width of products, the only public source for it.
    pub fn loihi2() -> Self {
        LearningArithmetic { product_mantissa_bits: 4, ..Self::loihi1() }
    }

    /// Right shift of a product whose factors have `width` bits together.
    pub const fn product_shift(&self, width: u32) -> u32 {
        (width + self.product_mantissa_bits).saturating_sub(15)
    }
}
