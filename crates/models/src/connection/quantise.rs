//! From the weights a person has to the weights a chip holds.
//!
//! [`clip_weights`], [`truncate_weights`] and [`optimize_weight_bits`] are Lava's functions of these names
//! (`lava/utils/weightutils.py`); [`float2fixed`] finds the exponent that keeps the most precision of real weights
//! and says what is lost.

use super::dense::Dense;
use super::sparse::Sparse;
use super::weight::{SignMode, WeightFormat};
use crate::arithmetic::WeightRounding;
use crate::{Arithmetic, Matrix, ModelError};
use pumice_num::shift;
use serde::Serialize;

/// The weights cut to what `num_bits` and the sign mode can hold.
///
/// Range: `-2^n..=2^n - 1` mixed, `0..=2^n - 1` excitatory, `-(2^n - 1)..=0` inhibitory.
pub fn clip_weights(weights: &[i32], sign_mode: SignMode, num_bits: u32) -> Vec<i32> {
    let top = shift(1, num_bits.min(31) as i32).wrapping_sub(1);
    let (low, high) = match sign_mode {
        SignMode::Mixed => (-top - 1, top),
        SignMode::Excitatory => (0, top),
        SignMode::Inhibitory => (-top, 0),
    };
    weights.iter().map(|w| (*w).clamp(low, high)).collect()
}

/// The weights without the low bits that `num_weight_bits` of `max_num_weight_bits` lack, as Lava rounds them.
///
/// Floor for mixed and excitatory weights, toward zero for inhibitory ones.
pub fn truncate_weights(
    weights: &[i32],
    sign_mode: SignMode,
    num_weight_bits: u32,
    max_num_weight_bits: u32,
) -> Vec<i32> {
    let bits = (8 + num_weight_bits.min(max_num_weight_bits)).saturating_sub(max_num_weight_bits);
    let format = WeightFormat { exponent: 0, bits, sign: sign_mode };
    weights.iter().map(|w| format.truncate(*w, WeightRounding::Floor)).collect()
}

/// What [`optimize_weight_bits`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptimizedWeights {
    /// The weights moved up to the top of their 8 bits.
    pub weights: Vec<i32>,
    /// Bits per weight that lose nothing.
    pub num_weight_bits: u32,
    /// The power of two that brings the weights back to their size.
    pub weight_exp: i32,
}

/// Moves weights to the top of their 8 bits and counts the bits they need (Lava's function of this name).
///
/// With `loihi2`, weights are given in steps of their format instead. Mixed weights may need 9 bits; Lava says so too.
///
/// # Errors
/// If a weight is outside the range of its sign mode: `-256..=254`, `0..=255` or `-255..=0`. Lava takes a mixed
/// 255 and shifts all weights by -1, for which NumPy gives 0: it loses every weight.
pub fn optimize_weight_bits(
    weights: &[i32],
    sign_mode: SignMode,
    loihi2: bool,
) -> Result<OptimizedWeights, ModelError> {
    let (low, high) = match sign_mode {
        SignMode::Mixed => (-256, 254),
        sign => sign.range(),
    };
    if let Some(k) = weights.iter().position(|w| !(low..=high).contains(w)) {
        let allowed = format!("an integer in {low}..={high}");
        return Err(ModelError::range(format!("weights[{k}]"), weights[k], allowed));
    }
    let mixed = u32::from(sign_mode == SignMode::Mixed);
    let fits = |up: &i32| {
        weights.iter().all(|w| match sign_mode {
            SignMode::Mixed => (-256..=254).contains(&(w << up)),
            _ => (w << up).abs() <= 255,
        })
    };
    let zero = weights.iter().all(|w| *w == 0);
    let up = if zero { 0 } else { (0..=8).rev().find(fits).unwrap_or(0) };
    let unused = weights.iter().map(|w| w.trailing_zeros()).min().unwrap_or(8).min(8);
    let num_weight_bits = (8 + mixed).saturating_sub(up as u32 + unused);
    let moved = weights.iter().map(|w| w << up);
    let per_step = |w: i32| (w / (1 << 8_u32.saturating_sub(num_weight_bits))) / (1 << mixed);
    Ok(OptimizedWeights {
        weights: if loihi2 { moved.map(per_step).collect() } else { moved.collect() },
        num_weight_bits,
        weight_exp: -up,
    })
}

/// Integer weights in place of real ones, and what was lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantised {
    /// Integer weights, multiples of the format's step.
    pub weights: Vec<i32>,
    /// Power of two that scales them back.
    pub weight_exp: i32,
    /// Bits per weight.
    pub num_weight_bits: u32,
    /// Signs.
    pub sign_mode: SignMode,
    /// Largest difference between a real weight and what the chip adds for it `[weight LSB]`.
    pub max_error: f64,
    /// Root of the mean squared difference `[weight LSB]`.
    pub rms_error: f64,
    /// Where most was lost, and how much of all.
    pub lost: Lost,
}

/// Why a weight is not what it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// It was rounded to the nearest step of its format.
    #[default]
    Rounded,
    /// It is nearer to 0 than to the first step.
    ToZero,
    /// It is beyond the last step.
    Clipped,
    /// Its exponent shifts low bits out.
    Shifted,
}

/// What quantising a list of weights lost.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Lost {
    /// Place of the weight that lost most.
    pub worst: usize,
    /// That weight, in the units in which it was given.
    pub given: f64,
    /// What acts for it, in the same units.
    pub acts: f64,
    /// Why that differs.
    pub why: Loss,
    /// Part of the weights that were not 0 and are, `0..=1`.
    pub to_zero: f64,
    /// Part of the weights that are beyond the last step, `0..=1`.
    pub clipped: f64,
    /// Euclidean norm of all differences over that of all weights.
    pub norm: f64,
}

impl Lost {
    /// From weights, what acts for each, which of them are beyond the last step, and the step between two weights.
    pub fn new(given: &[f64], acts: &[f64], clipped: &[bool], step: f64) -> Self {
        let errors: Vec<f64> = given.iter().zip(acts).map(|(w, x)| (w - x).abs()).collect();
        let Some(worst) = (0..errors.len()).rev().max_by(|i, j| errors[*i].total_cmp(&errors[*j])) else {
            return Lost::default();
        };
        let part = |count: usize| count as f64 / given.len() as f64;
        let zeroed = |(w, x): &(&f64, &f64)| **w != 0.0 && **x == 0.0;
        let norm = |all: &[f64]| all.iter().map(|x| x * x).sum::<f64>().sqrt();
        Lost {
            worst,
            given: given[worst],
            acts: acts[worst],
            why: match (clipped[worst], acts[worst] == 0.0) {
                (true, _) => Loss::Clipped,
                (_, true) if errors[worst] > 0.0 => Loss::ToZero,
                _ if errors[worst] > 0.5 * step * (1.0 + 1e-9) => Loss::Shifted,
                _ => Loss::Rounded,
            },
            to_zero: part(given.iter().zip(acts).filter(zeroed).count()),
            clipped: part(clipped.iter().filter(|c| **c).count()),
            norm: if norm(given) > 0.0 { norm(&errors) / norm(given) } else { 0.0 },
        }
    }
}

/// Quantises real weights: of all exponents `-8..=7`, the one with the least error in the mean square.
///
/// The error is that of the weights alone; an exponent that is applied to the sum (Lava) rounds that sum down once
/// more. Of equal errors, the smallest exponent is taken.
///
/// # Errors
/// If a weight is not finite, does not fit with the largest exponent, or has a sign that the mode excludes.
pub fn float2fixed(
    weights: &[f64],
    num_weight_bits: u32,
    sign_mode: Option<SignMode>,
    arithmetic: &Arithmetic,
) -> Result<Quantised, ModelError> {
    let format = WeightFormat::new(0, num_weight_bits, sign_mode, weights.iter().copied())?;
    let (low, high) = format.range(arithmetic);
    let [low, high] = [low, high].map(|x| f64::from(x) * 128.0);
    if let Some(k) = weights.iter().position(|w| !(low..=high).contains(w)) {
        let allowed = format!("a number in {low}..={high}");
        return Err(ModelError::range(format!("weights[{k}]"), weights[k], allowed));
    }
    let best = (-8..=7)
        .map(|exponent| with_exponent(weights, WeightFormat { exponent, ..format }, arithmetic))
        .min_by(|a, b| a.rms_error.total_cmp(&b.rms_error));
    Ok(best.expect("there are sixteen exponents"))
}

fn with_exponent(weights: &[f64], format: WeightFormat, a: &Arithmetic) -> Quantised {
    let step = f64::from(1 << format.lost_bits());
    let (low, high) = format.range(a);
    // The last multiples of a step inside the range; nearest rounding has symmetric ends.
    let top = (f64::from(high) / step).floor() * step;
    let bottom = match a.weight_rounding {
        WeightRounding::Nearest => ((255.0 / step).floor() * -step).max(f64::from(low)),
        _ => (f64::from(low) / step).ceil() * step,
    };
    let scale = f64::from(format.exponent).exp2();
    let sum_scale = f64::from(format.sum_exponent(a)).exp2();
    let (mut square, mut whole) = (0.0, Vec::with_capacity(weights.len()));
    let (mut acts, mut clipped) = (Vec::with_capacity(weights.len()), Vec::with_capacity(weights.len()));
    for w in weights {
        let nearest = (w / scale / step).round_ties_even() * step;
        let integer = nearest.clamp(bottom, top) as i32;
        let own = f64::from(format.effective(integer, a)) * sum_scale;
        square += (own - w).powi(2);
        whole.push(integer);
        acts.push(own);
        clipped.push(!(bottom..=top).contains(&nearest));
    }
    let lost = Lost::new(weights, &acts, &clipped, step * scale);
    Quantised {
        weights: whole,
        weight_exp: format.exponent,
        num_weight_bits: format.bits,
        sign_mode: format.sign,
        max_error: (lost.acts - lost.given).abs(),
        rms_error: (square / weights.len().max(1) as f64).sqrt(),
        lost,
    }
}

impl Dense {
    /// The same connection with integer weights, and what was lost; the exponent given is folded in.
    ///
    /// # Errors
    /// As [`float2fixed`].
    pub fn float2fixed(&self, arithmetic: &Arithmetic) -> Result<(Dense, Quantised), ModelError> {
        let [_, n_in] = self.weights.shape("weights")?;
        let scale = f64::from(self.weight_exp).exp2();
        let weights: Vec<f64> = self.weights.flat().iter().map(|w| w * scale).collect();
        let found = float2fixed(&weights, self.num_weight_bits, self.sign_mode, arithmetic)?;
        let row = |row: &[i32]| row.iter().map(|w| f64::from(*w)).collect();
        let dense = Dense {
            weights: Matrix(found.weights.chunks(n_in).map(row).collect()),
            weight_exp: found.weight_exp,
            sign_mode: Some(found.sign_mode),
            ..self.clone()
        };
        Ok((dense, found))
    }
}

impl Sparse {
    /// The same connection with integer weights, and what was lost; the exponent given is folded in.
    ///
    /// # Errors
    /// As [`float2fixed`].
    pub fn float2fixed(&self, arithmetic: &Arithmetic) -> Result<(Sparse, Quantised), ModelError> {
        let scale = f64::from(self.weight_exp).exp2();
        let weights: Vec<f64> = self.weights.iter().map(|w| w * scale).collect();
        let found = float2fixed(&weights, self.num_weight_bits, self.sign_mode, arithmetic)?;
        let sparse = Sparse {
            weights: found.weights.iter().map(|w| f64::from(*w)).collect(),
            weight_exp: found.weight_exp,
            sign_mode: Some(found.sign_mode),
            ..self.clone()
        };
        Ok((sparse, found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::WeightExponent;
    use crate::connection::support::{golden, integers};
    use proptest::prelude::*;
    use serde_json::Value;

    fn mode(name: &Value) -> SignMode {
        serde_json::from_value(name.clone()).unwrap()
    }

    /// The weight that lost most, why, and what share of all is gone.
    #[test]
    fn what_is_lost_is_named() {
        let lost = float2fixed(&[120.0, 8.0, -1.0, 3.0], 4, None, &Arithmetic::loihi1()).unwrap().lost;
        let found = Lost::new(&[120.0, 8.0, -1.0, 3.0], &[112.0, 8.0, 0.0, 3.0], &[true, false, false, false], 16.0);
        assert_eq!((found.worst, found.why, found.to_zero, found.clipped), (0, Loss::Clipped, 0.25, 0.25));
        assert!((found.norm - (65.0_f64 / 14_474.0).sqrt()).abs() < 1e-12, "{found:?}");
        assert!(lost.norm > 0.0 && lost.norm < 0.1 && lost.why != Loss::Shifted, "{lost:?}");
        let why = |given: f64, acts: f64, step: f64| Lost::new(&[given], &[acts], &[false], step).why;
        assert_eq!(why(0.4, 0.0, 1.0), Loss::ToZero);
        assert_eq!(why(1.4, 1.0, 1.0), Loss::Rounded);
        assert_eq!(why(3.0, 1.0, 1.0), Loss::Shifted);
        assert_eq!(Lost::new(&[], &[], &[], 1.0), Lost::default());
    }

    #[test]
    fn lavas_weight_tables_replay() {
        let file = golden("lava/weightutils.json");
        let rows = file["cases"][0]["rows"].as_array().unwrap();
        let mut optimized = 0;
        for row in rows {
            let (sign, bits) = (mode(&row["sign_mode"]), row["num_weight_bits"].as_u64().unwrap() as u32);
            let clipped = clip_weights(&integers(&row["weights"]), sign, 8);
            assert_eq!(clipped, integers(&row["clipped"]), "{row}");
            assert_eq!(truncate_weights(&clipped, sign, bits, 8), integers(&row["truncated"]), "{row}");
            let Some(expected) = row.get("optimize") else { continue };
            optimized += 1;
            let found = optimize_weight_bits(&integers(&row["optimize_in"]), sign, false).unwrap();
            assert_eq!(found.weights, integers(&expected["weights"]), "{row}");
            assert_eq!(u64::from(found.num_weight_bits), expected["num_weight_bits"].as_u64().unwrap(), "{row}");
            assert_eq!(i64::from(found.weight_exp), expected["weight_exp"].as_i64().unwrap(), "{row}");
        }
        assert!(rows.len() >= 60 && optimized > 20, "{} rows, {optimized} optimized", rows.len());
    }

    #[test]
    fn nengo_loihis_weight_table_replays() {
        let file = golden("nengo-loihi/fn_discretize_weights_0.json");
        let (items, expected) = (&file["inputs"]["items"], &file["expected"]["items"]);
        let mut alive = 0;
        for (item, expected) in items.as_array().unwrap().iter().zip(expected.as_array().unwrap()) {
            let mixed = item["fanout_type"] == 1;
            let format = WeightFormat {
                exponent: item["weight_exp"].as_i64().unwrap() as i32,
                bits: expected["real_weight_bits"].as_u64().unwrap() as u32,
                sign: if mixed { SignMode::Mixed } else { SignMode::Excitatory },
            };
            assert_eq!(u64::from(format.lost_bits()), expected["shift_bits"].as_u64().unwrap());
            let weights: Vec<f64> = item["w"].as_array().unwrap().iter().map(|w| w.as_f64().unwrap()).collect();
            let lossy: Vec<i32> = weights.iter().map(|w| format.discretize(*w, true) << 6).collect();
            assert_eq!(lossy, integers(&expected["lossy"]), "{item}");
            let lossless: Vec<i32> = weights.iter().map(|w| format.discretize(*w, false)).collect();
            assert_eq!(lossless, integers(&expected["lossless"]), "{item}");
            alive += lossy.iter().filter(|w| **w != 0).count();
        }
        assert!(alive > 300, "{alive}");
    }

    #[test]
    fn brian2_loihis_weight_tables_replay() {
        let a = Arithmetic::brian2_loihi();
        let mut alive = 0;
        for seed in 0..2 {
            let file = golden(&format!("brian2-loihi/weights_table_{seed}.json"));
            let (items, expected) = (&file["inputs"]["items"], &file["expected"]["w_act"]);
            for (item, expected) in items.as_array().unwrap().iter().zip(expected.as_array().unwrap()) {
                let modes = [SignMode::Mixed, SignMode::Excitatory, SignMode::Inhibitory];
                let format = WeightFormat {
                    exponent: item["w_exp"].as_i64().unwrap() as i32,
                    bits: item["num_weight_bits"].as_u64().unwrap() as u32,
                    sign: modes[item["sign_mode"].as_u64().unwrap() as usize - 1],
                };
                let acts: Vec<i32> = integers(&item["w"]).iter().map(|w| format.effective(*w, &a) << 6).collect();
                assert_eq!(acts, integers(expected), "{item}");
                alive += acts.iter().filter(|w| **w != 0).count();
            }
        }
        assert!(alive > 500, "{alive}");
    }

    #[test]
    fn a_loihi2_weight_is_counted_in_steps() {
        let found = optimize_weight_bits(&[-8, 0, 6], SignMode::Mixed, true).unwrap();
        assert_eq!((found.num_weight_bits, found.weight_exp), (3, -5));
        assert_eq!(found.weights, [-4, 0, 3]);
        assert!(optimize_weight_bits(&[255, -1], SignMode::Mixed, false).is_err());
        let none = optimize_weight_bits(&[0, 0], SignMode::Excitatory, false).unwrap();
        assert_eq!((none.num_weight_bits, none.weight_exp), (0, 0));
    }

    proptest! {
        /// Moving up loses nothing, and the bits found hold the weights.
        #[test]
        fn optimized_weights_are_exact(weights in proptest::collection::vec(-256i32..255, 1..9)) {
            let found = optimize_weight_bits(&weights, SignMode::Mixed, false).unwrap();
            let back: Vec<i32> = found.weights.iter().map(|w| shift(*w, found.weight_exp)).collect();
            prop_assert_eq!(&back, &weights);
            if found.num_weight_bits <= 8 {
                prop_assert_eq!(truncate_weights(&found.weights, SignMode::Mixed, found.num_weight_bits, 8), found.weights);
            }
        }

        /// The best exponent is at most half a step off where it holds every weight, and what it reports is true.
        #[test]
        fn float2fixed_is_within_half_a_step(
            weights in proptest::collection::vec(-1.0f64..1.0, 1..20),
            size in -7i32..15,
            bits in 2u32..=8,
            k in 0usize..5,
        ) {
            let a = Arithmetic::named(Arithmetic::NAMES[k]).unwrap();
            let weights: Vec<f64> = weights.iter().map(|w| w * f64::from(size).exp2()).collect();
            let dense = Dense { num_weight_bits: bits, ..Dense::new(vec![weights.clone()]) };
            let (fixed, found) = dense.float2fixed(&a).unwrap();
            let most = weights.iter().fold(0.0_f64, |m, w| m.max(w.abs()));
            let format = WeightFormat { exponent: found.weight_exp, bits, sign: found.sign_mode };
            let acts = |w: &i32| f64::from(format.effective(*w, &a)) * f64::from(format.sum_exponent(&a)).exp2();
            let errors: Vec<f64> = found.weights.iter().zip(&weights).map(|(w, x)| (acts(w) - x).abs()).collect();
            prop_assert!(errors.iter().all(|e| *e <= found.max_error));
            prop_assert!(found.rms_error <= found.max_error);
            // The exponent that just holds the largest weight would be half a step off, and one LSB where the
            // arithmetic shifts every weight; the best exponent is no worse in the mean square.
            let step = f64::from(1 << format.lost_bits());
            let range = 256.0 - step;
            let exponent = (most / range).log2().ceil().max(-8.0);
            let shifted = f64::from(a.weight_exponent == WeightExponent::Synapse);
            let budget = 0.5 * step * exponent.exp2() + shifted;
            prop_assert!(exponent > 7.0 || found.rms_error <= budget * 1.0001, "{} {budget}", found.rms_error);
            prop_assert_eq!(fixed.weight_exp, found.weight_exp);
            prop_assert!(fixed.weights.flat().iter().all(|w| w.fract() == 0.0));
        }
    }
}
