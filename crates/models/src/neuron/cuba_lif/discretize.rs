//! From real parameters to the registers of a Loihi 1 compartment, as nengo-loihi's builder finds them.
//!
//! ```text
//! decay_u = round(4095 fraction - 1), decay_v = round(4095 fraction)
//! v_scale = 255 / w_max * 2^(6 + w_exp) * m(decay_u) * m(decay_v),  bias_scale = v_scale / m(decay_v)
//! ```
//!
//! m is the [decay magnitude](decay_magnitude): what one unit of input adds up to. The largest of the weight
//! exponents 0 to -7 is taken with which thresholds and biases fit. Without weights the largest bias sets the scale.
//! Parameters are single-precision numbers, as they are there; that decides roundings at ties.
//! Source: nengo-loihi 1.1 `builder/discretize.py`, pinned by recordings.

use pumice_num::{MantissaExponent, shift};

use super::CubaLif;
use crate::connection::weight::{SignMode, WeightFormat};
use crate::{Decay, ModelError};

/// Largest mantissa of a threshold.
const VTH_MANTISSA: f64 = 131_071.0;
/// Left shift of a threshold's mantissa.
const VTH_EXPONENT: i32 = 6;
/// Largest mantissa of a bias.
const BIAS_MANTISSA: i32 = 4095;
/// Largest exponent of a bias.
const BIAS_EXPONENT: i32 = 7;
/// Largest threshold and bias in registers.
const VTH_MAX: f64 = VTH_MANTISSA * 64.0;
const BIAS_MAX: f64 = 4095.0 * 128.0;
/// Largest input in registers.
const INPUT_MAX: f64 = 2_097_151.0;
/// Largest decay register.
const DECAY_MAX: f32 = 4095.0;
/// First value whose decay is summed.
const FIRST: f64 = 2_097_152.0;
/// Below this there is nothing to scale by.
const TINY: f64 = 1e-8;
/// Lowest weight exponent of synapses.
const LOWEST_EXPONENT: i32 = -6;

/// What one unit at `first` adds up to while the 12-bit decay brings it to 0, in units of `first`.
///
/// Every step loses a part of the register and, on average, 0.494 LSB to rounding. `decay` is the register in
/// `0..=4095`, `offset` what the chip adds to it.
pub fn decay_magnitude(decay: i32, first: f64, offset: i32) -> f64 {
    const LOST: f64 = 0.494;
    let ratio = f64::from(4096 - offset - decay) / 4096.0;
    if ratio <= 0.0 {
        return 1.0;
    }
    let gone = 1.0 - ratio;
    let steps = -(first * gone / LOST).ln_1p() / ratio.ln();
    let kept = (1.0 - ratio.powf(steps + 1.0)) / gone;
    kept - LOST / (gone * first) * (steps + 1.0 - kept)
}

/// The threshold register nearest to `vth` `[state LSB]`: a mantissa in `1..=131071`, 6 bits to the left.
pub fn threshold(vth: f64) -> MantissaExponent {
    let mantissa = (vth / f64::from(1 << VTH_EXPONENT)).round_ties_even().clamp(1.0, VTH_MANTISSA);
    MantissaExponent { mantissa: mantissa as i32, exponent: VTH_EXPONENT }
}

/// The bias register nearest to `bias` `[state LSB]`: a mantissa in `-4095..=4095` with the least exponent in
/// `0..=7`, or `None` beyond them.
pub fn bias_register(bias: f64) -> Option<MantissaExponent> {
    MantissaExponent::nearest(bias, BIAS_MANTISSA, BIAS_EXPONENT)
}

/// The impulse of a trace as integer and 128ths; the fraction is cut.
pub fn trace_impulse(magnitude: f64) -> (i32, i32) {
    (magnitude.trunc() as i32, (128.0 * magnitude.fract()).trunc() as i32)
}

/// An error as the learning rule takes it: scaled, rounded and cut to `-127..=127`.
pub fn error_register(error: f64, scale: f64) -> i32 {
    (error * scale).round_ties_even().clamp(-127.0, 127.0) as i32
}

/// Noise of a compartment in real parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RealNoise {
    /// Power of ten of its amplitude, in units of the voltage.
    pub exponent: f64,
    /// Its mean, in units of its amplitude.
    pub offset: f64,
    /// Whether it enters at the membrane instead of the current.
    pub at_membrane: bool,
}

/// Compartments in real parameters, and the weights that reach them.
#[derive(Clone, Debug, PartialEq)]
pub struct RealBlock {
    /// Fraction of the current that is lost in a step.
    pub decay_u: f32,
    /// Fraction of the voltage that is lost in a step.
    pub decay_v: f32,
    /// Whether the input is scaled so that the voltage it leads to does not depend on `decay_v`.
    pub scale_v: bool,
    /// Refractory period `[steps]`, at least 1.
    pub refractory_period: i32,
    /// Threshold.
    pub vth: f32,
    /// Bias of each compartment.
    pub bias: Vec<f32>,
    /// Lowest voltage, 0 or less.
    pub vmin: f64,
    /// Noise, if any.
    pub noise: Option<RealNoise>,
    /// Weights, `(sources, compartments)`.
    pub weights: Vec<Vec<f32>>,
}

/// Time constants of a neuron `[s]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeConstants {
    /// Length of a step.
    pub dt: f64,
    /// Of the current; 0 for none.
    pub tau_s: f64,
    /// Of the membrane.
    pub tau_rc: f64,
    /// Refractory period.
    pub tau_ref: f64,
}

impl TimeConstants {
    fn lost(self, tau: f64) -> f32 {
        if tau > 0.0 { -(-self.dt / tau).exp_m1() as f32 } else { 1.0 }
    }

    fn refractory(self) -> i32 {
        (self.tau_ref / self.dt).round_ties_even() as i32 + 1
    }
}

impl RealBlock {
    /// Leaky integrate-and-fire neurons.
    pub fn lif(times: TimeConstants, vth: f32, bias: Vec<f32>, vmin: f64) -> Self {
        RealBlock {
            decay_u: times.lost(times.tau_s),
            decay_v: times.lost(times.tau_rc),
            scale_v: true,
            refractory_period: times.refractory(),
            vth,
            bias,
            vmin,
            noise: None,
            weights: Vec::new(),
        }
    }

    /// Integrators without a leak and without negative voltages, whose rate is a rectified line.
    pub fn relu(times: TimeConstants, vth: f32, bias: Vec<f32>) -> Self {
        RealBlock { decay_v: 0.0, scale_v: false, ..Self::lif(times, vth, bias, 0.0) }
    }

    /// Compartments whose voltage is their input, for reading.
    pub fn nonspiking(times: TimeConstants, vth: f32, bias: Vec<f32>) -> Self {
        RealBlock { decay_v: 1.0, scale_v: false, refractory_period: 1, ..Self::lif(times, vth, bias, 0.0) }
    }

    fn w_max(&self) -> f64 {
        self.weights.iter().flatten().fold(0.0, |most: f32, w| most.max(w.abs())).into()
    }

    fn b_max(&self) -> f64 {
        self.bias.iter().fold(0.0, |most: f32, b| most.max(b.abs())).into()
    }
}

/// How real parameters became registers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scales {
    /// Voltage register per unit of voltage.
    pub v: f64,
    /// Bias register per unit of bias.
    pub bias: f64,
    /// Weight mantissa per unit of weight.
    pub weight: f64,
    /// Exponent of the weights for which these hold.
    pub weight_exp: i32,
}

/// A block in registers.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The compartments.
    pub neurons: CubaLif,
    /// Weights as they act `[state LSB]`, `(sources, compartments)`.
    pub weights: Vec<Vec<i32>>,
    /// Exponent of the weights, -6 or more.
    pub weight_exp: i32,
    /// The scales.
    pub scales: Scales,
}

/// Finds the registers of a block with weights of the given format.
///
/// # Errors
/// If no exponent and scale let thresholds and biases fit their registers.
pub fn discretize(block: &RealBlock, bits: u32) -> Result<Block, ModelError> {
    let decay_u = (block.decay_u * DECAY_MAX - 1.0).clamp(0.0, DECAY_MAX).round_ties_even() as i32;
    let decay_v = (block.decay_v * DECAY_MAX).round_ties_even() as i32;
    let current = decay_magnitude(decay_u, FIRST, 1);
    let voltage = if block.scale_v { decay_magnitude(decay_v, FIRST, 0) } else { 1.0 };
    let scales = scales(block, current, voltage)?;
    let weight_exp = if block.w_max() > TINY * TINY { scales.weight_exp.max(LOWEST_EXPONENT) } else { LOWEST_EXPONENT };
    let format = WeightFormat { exponent: weight_exp, bits, sign: SignMode::Mixed };
    let weight = |w: &f32| shift(format.discretize(f64::from(w * scales.weight as f32), true), VTH_EXPONENT);
    let mut registers = Vec::with_capacity(block.bias.len());
    for b in &block.bias {
        let bias = scaled_bias(*b, scales.bias, block.w_max() > TINY);
        let register =
            bias_register(bias).ok_or_else(|| ModelError::range("bias", b, "a bias that fits its register"))?;
        registers.push(register.value());
    }
    let vth = threshold((f64::from(block.vth) * scales.v).round_ties_even()).value();
    let noise = |of: fn(RealNoise) -> f64| block.noise.map_or(0.0, of);
    let amplitude = (10.0_f64.powf(noise(|n| n.exponent)) * scales.v).log2().round_ties_even();
    Ok(Block {
        neurons: CubaLif {
            du: Decay::from(decay_u),
            dv: Decay::from(decay_v),
            bias: registers.into(),
            refractory_period: block.refractory_period.into(),
            vmin: Some(lowest(scales.v * block.vmin).into()),
            vmax: Some(8_388_607.into()),
            enable_noise: i32::from(block.noise.is_some()).into(),
            noise_exp: amplitude.clamp(1.0, 23.0) as i32,
            noise_offset: (2.0 * noise(|n| n.offset)).round_ties_even() as i32,
            noise_at_membrane: block.noise.is_some_and(|n| n.at_membrane),
            ..CubaLif::new(&[block.bias.len()], vth.into())
        },
        weights: block.weights.iter().map(|row| row.iter().map(weight).collect()).collect(),
        weight_exp,
        scales,
    })
}

/// A scaled bias; where it sets the scale itself, the product is single precision.
fn scaled_bias(bias: f32, scale: f64, by_weights: bool) -> f64 {
    match by_weights {
        true => (f64::from(bias) * scale).round_ties_even(),
        false => f64::from(bias * scale as f32).round_ties_even(),
    }
}

/// The lowest voltage as the chip has it: `1 - 2^e`, e in 5 bits.
fn lowest(vmin: f64) -> i32 {
    let exponent = (1.0 - vmin).log2().round_ties_even().clamp(0.0, 31.0);
    (1.0 - exponent.exp2()) as i32
}

/// `current` and `voltage` are the decay magnitudes that the input is divided by.
fn scales(block: &RealBlock, current: f64, voltage: f64) -> Result<Scales, ModelError> {
    let (w_max, b_max, vth) = (block.w_max(), block.b_max(), f64::from(block.vth));
    let fits = |v: f64| (vth * v).round_ties_even() <= VTH_MAX;
    if w_max > TINY {
        let weight = 255.0 / w_max;
        let found = (-7..=0).rev().find_map(|weight_exp| {
            let v = current * voltage * weight * f64::from(VTH_EXPONENT + weight_exp).exp2();
            let bias = v / voltage;
            let held = block.bias.iter().all(|b| (f64::from(*b) * bias).round_ties_even().abs() <= BIAS_MAX);
            (fits(v) && held).then_some(Scales { v, bias, weight, weight_exp })
        });
        return found
            .ok_or_else(|| ModelError::range("weights", w_max, "weights with an exponent in -7..=0 that fits"));
    }
    if b_max > TINY {
        let mut bias = BIAS_MAX / b_max;
        while bias * b_max > 1.0 {
            let (v, weight) = (bias * voltage, bias / current / f64::from(VTH_EXPONENT).exp2());
            if fits(v) {
                return Ok(Scales { v, bias, weight, weight_exp: 0 });
            }
            bias /= 2.0;
        }
        return Err(ModelError::range("vth", vth, "a threshold that fits beside its bias"));
    }
    let v = VTH_MAX.min(INPUT_MAX) / (vth + 1.0);
    let bias = v / voltage;
    Ok(Scales { v, bias, weight: bias / current / f64::from(VTH_EXPONENT).exp2(), weight_exp: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TIMES: TimeConstants = TimeConstants { dt: 0.001, tau_s: 0.005, tau_rc: 0.02, tau_ref: 0.002 };

    #[test]
    fn registers_at_their_ends() {
        assert_eq!((threshold(1e12).mantissa, threshold(-5.0).mantissa), (131_071, 1));
        assert_eq!(bias_register(524_160.0).map(MantissaExponent::value), Some(524_160));
        assert_eq!(bias_register(600_000.0), None);
        assert_eq!(trace_impulse(127.996), (127, 127));
        assert_eq!((error_register(-9.0, 100.0), error_register(0.125, 100.0)), (-127, 12));
        assert_eq!((lowest(0.0), lowest(-3e7), lowest(-1e12)), (0, -33_554_431, -2_147_483_647));
    }

    #[test]
    fn thresholds_that_fit_nowhere_are_refused() {
        let block = RealBlock { weights: vec![vec![1e-4]], ..RealBlock::lif(TIMES, 9.0, vec![1.0], 0.0) };
        assert!(discretize(&block, 8).unwrap_err().to_string().contains("exponent in -7..=0"));
    }

    proptest! {
        /// The closed form is near the sum that the registers really give.
        #[test]
        fn the_magnitude_is_that_of_the_decay(register in 20i32..4095) {
            let (mut x, mut sum) = (FIRST as i32, 0i64);
            while x != 0 {
                sum += i64::from(x);
                x = pumice_num::decay(x, 4096 - register);
            }
            let exact = sum as f64 / FIRST;
            prop_assert!((decay_magnitude(register, FIRST, 0) - exact).abs() < 0.002 * exact, "{exact}");
        }

        /// What is found keeps the ratio of threshold and bias, and no register leaves its range.
        #[test]
        fn scaled_parameters_keep_their_ratios(vth in 0.5f32..4.0, bias in 0.1f32..2.0, w in 0.01f32..3.0) {
            let block = RealBlock { weights: vec![vec![w, -w]], ..RealBlock::relu(TIMES, vth, vec![bias, -bias]) };
            let Ok(found) = discretize(&block, 8) else { return Ok(()) };
            let (v, b) = (found.neurons.vth.at(0), found.neurons.bias.at(0));
            prop_assert!((v / f64::from(vth) - found.scales.v).abs() <= 33.0 / f64::from(vth));
            prop_assert!((b / f64::from(bias) - found.scales.bias).abs() <= 65.0 / f64::from(bias));
            // The low bits of a weight are cut downward, so that opposite weights may differ by one step.
            prop_assert!((found.weights[0][0] + found.weights[0][1]).abs() <= 64);
            prop_assert!(v <= VTH_MAX && b.abs() <= BIAS_MAX);
        }
    }
}
