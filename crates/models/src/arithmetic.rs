//! Named arithmetic: every choice in which sources that compute Loihi neurons differ.
//!
//! Lava, nengo-loihi and brian2-loihi agree on values in range and differ at overflow, in the shifting
//! of weights, in refractory periods and in learning. So a profile names its arithmetic; a name stands
//! for one value of every field below.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::learning::LearningArithmetic;
use crate::{ModelError, OverflowKind};

/// What a register does with a value that it cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OverflowPolicy {
    /// The high bits are lost (two's complement).
    Wrap,
    /// One turn of the wrap, into `(-2^(b-1), 2^(b-1)]`, as Lava computes it.
    WrapOnceUpper,
    /// The value stops at the end of the register.
    Saturate,
    /// The run stops with an error that names process, element, step and variable.
    Error,
    /// The value is kept as it is, in 32 bits; beyond them the high bits are lost.
    Unbounded,
}

/// A signed register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Total width with the sign `[bit]`.
    pub bits: u32,
    /// What happens at its ends.
    pub overflow: OverflowPolicy,
}

/// When a neuron fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// `v > vth`.
    Above,
    /// `v >= vth`.
    AtOrAbove,
}

/// What a refractory period of `r` steps does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refractory {
    /// The voltage is held at zero while a counter runs: set to `r` by the spike and lowered in every step,
    /// that of the spike too, so that `r = 1` adds no dead time (nengo-loihi, brian2-loihi).
    HoldCountsSpikeStep,
    /// The voltage keeps its value and is not updated until `r` steps after the spike have passed
    /// (Lava's floating-point `LIFRefractory`).
    Freeze,
}

/// How a weight loses the bits that its format lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WeightRounding {
    /// Toward minus infinity for mixed signs, toward zero for one sign (Lava).
    Floor,
    /// Toward zero (brian2-loihi).
    TowardZero,
    /// To the nearest, ties to even (nengo-loihi).
    Nearest,
}

/// Where the weight exponent is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WeightExponent {
    /// To the sum of all weights that arrive in a step (Lava).
    Sum,
    /// To every weight, rounding down, before the sum (nengo-loihi, brian2-loihi).
    Synapse,
}

/// What a convolution does with its weight exponent and weight bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConvWeights {
    /// Both are ignored; weights act as given (Lava's `Conv` and `ConvInTime`).
    Ignored,
    /// Both act as in `Dense`.
    Applied,
}

/// One value for every choice. Field names are those of the profile's `[arithmetic]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arithmetic {
    /// Name of the arithmetic this is, or started from.
    pub name: String,
    /// Left shift from weights and thresholds to the state registers `[bit]`.
    pub align: u32,
    /// Accumulator of the weighted spikes of one step, before alignment is counted in.
    pub input: Register,
    /// Current `u`.
    pub current: Register,
    /// The sum of current and bias.
    pub bias_sum: Register,
    /// Lowest voltage.
    pub v_min: i32,
    /// Highest voltage.
    pub v_max: i32,
    /// Added to the current's decay register.
    pub current_decay_offset: i32,
    /// Added to the voltage's decay register.
    pub voltage_decay_offset: i32,
    /// Lowest current decay register accepted (Lava accepts -1, which means no decay).
    pub lowest_current_decay: i32,
    /// When a neuron fires.
    pub threshold: Threshold,
    /// What a refractory period does.
    pub refractory: Refractory,
    /// Longest refractory period `[steps]`.
    pub refractory_max: u32,
    /// How weights lose bits.
    pub weight_rounding: WeightRounding,
    /// Where the weight exponent is applied.
    pub weight_exponent: WeightExponent,
    /// Lowest weight of an inhibitory connection (-255 in Lava, -256 in brian2-loihi).
    pub inhibitory_min: i32,
    /// What a convolution does with its weight exponent and weight bits.
    pub conv_weights: ConvWeights,
    /// Width to which the sums of a convolution wrap `[bit]`; 32 where they do not (24 in Lava).
    pub conv_sum_bits: u32,
    /// Longest delay `[steps]`.
    pub delay_max: u32,
    /// The learning engine.
    pub learning: LearningArithmetic,
}

const UNBOUNDED: Register = Register { bits: 32, overflow: OverflowPolicy::Unbounded };
const M: i32 = (1 << 23) - 1;

impl Arithmetic {
    /// What it counts as when the sum of inputs passes the 32 bits of its accumulator.
    pub fn beyond_32_bits(&self) -> OverflowKind {
        match self.input.overflow {
            OverflowPolicy::Error => OverflowKind::Error,
            _ => OverflowKind::Wrap,
        }
    }

    /// Names of the shipped arithmetics.
    pub const NAMES: [&str; 5] = ["lava-0.10", "nengo-loihi-1.1", "brian2-loihi-0.5", "loihi1", "loihi2"];

    /// Lava 0.10's fixed-point models.
    ///
    /// Source: Lava 0.10.0 `lava/proc/lif/models.py`, `lava/utils/weightutils.py`; pinned by recordings.
    pub fn lava() -> Self {
        Arithmetic {
            name: "lava-0.10".into(),
            align: 6,
            input: UNBOUNDED,
            current: Register { bits: 24, overflow: OverflowPolicy::WrapOnceUpper },
            bias_sum: UNBOUNDED,
            v_min: -M,
            v_max: M,
            current_decay_offset: 1,
            voltage_decay_offset: 0,
            lowest_current_decay: -1,
            threshold: Threshold::Above,
            refractory: Refractory::Freeze,
            refractory_max: 63,
            weight_rounding: WeightRounding::Floor,
            weight_exponent: WeightExponent::Sum,
            inhibitory_min: -255,
            conv_weights: ConvWeights::Ignored,
            conv_sum_bits: 24,
            delay_max: 63,
            learning: LearningArithmetic::lava(),
        }
    }

    /// nengo-loihi 1.1's emulator of Loihi 1.
    ///
    /// Source: nengo-loihi `emulator/interface.py`, `builder/discretize.py`; pinned by recordings.
    pub fn nengo_loihi() -> Self {
        Arithmetic {
            name: "nengo-loihi-1.1".into(),
            input: Register { bits: 22, overflow: OverflowPolicy::Wrap },
            current: Register { bits: 24, overflow: OverflowPolicy::Wrap },
            bias_sum: Register { bits: 24, overflow: OverflowPolicy::Wrap },
            lowest_current_decay: 0,
            refractory: Refractory::HoldCountsSpikeStep,
            weight_rounding: WeightRounding::Nearest,
            weight_exponent: WeightExponent::Synapse,
            inhibitory_min: -256,
            conv_weights: ConvWeights::Applied,
            conv_sum_bits: 32,
            learning: LearningArithmetic::loihi1(),
            ..Self::lava()
        }
    }

    /// brian2-loihi 0.5's emulator of Loihi 1.
    ///
    /// Source: brian2-loihi `loihi_neurons.py`, `loihi_synapses.py`; pinned by recordings.
    pub fn brian2_loihi() -> Self {
        Arithmetic {
            name: "brian2-loihi-0.5".into(),
            input: UNBOUNDED,
            current: UNBOUNDED,
            bias_sum: UNBOUNDED,
            v_min: i32::MIN,
            v_max: i32::MAX,
            weight_rounding: WeightRounding::TowardZero,
            refractory_max: 64,
            lowest_current_decay: -1,
            delay_max: 62,
            ..Self::nengo_loihi()
        }
    }

    /// Loihi 1 where the emulators agree: registers as nengo-loihi (hardware-tested by its authors), weights
    /// truncated toward zero as documented by brian2-loihi.
    pub fn loihi1() -> Self {
        Arithmetic {
            name: "loihi1".into(),
            weight_rounding: WeightRounding::TowardZero,
            delay_max: 62,
            ..Self::nengo_loihi()
        }
    }

    /// Loihi 2: Lava's integers, which Loihi 2 recordings follow to the bit.
    pub fn loihi2() -> Self {
        Arithmetic {
            name: "loihi2".into(),
            conv_weights: ConvWeights::Applied,
            current: Register { bits: 24, overflow: OverflowPolicy::Wrap },
            lowest_current_decay: -1,
            refractory: Refractory::HoldCountsSpikeStep,
            learning: LearningArithmetic::loihi2(),
            ..Self::lava()
        }
    }

    /// The arithmetic of that name.
    ///
    /// # Errors
    /// If there is none; the message lists the names.
    pub fn named(name: &str) -> Result<Self, ModelError> {
        Ok(match name {
            "lava-0.10" => Self::lava(),
            "nengo-loihi-1.1" => Self::nengo_loihi(),
            "brian2-loihi-0.5" => Self::brian2_loihi(),
            "loihi1" => Self::loihi1(),
            "loihi2" => Self::loihi2(),
            _ => {
                return Err(ModelError::range("arithmetic.name", name, format!("one of {}", Self::NAMES.join(", "))));
            }
        })
    }
}
