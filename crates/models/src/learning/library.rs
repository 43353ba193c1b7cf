//! Rules that people use, each with its equation and source, in the constants that the engine can hold.
//!
//! Every function returns the rule with a list of the constants that had to be changed on the way. The engine's
//! constants are `m * 2^e` with m in `-8..=7` and e in `-7..=8`; the nearest is taken, and one that is nearer to zero
//! than to the smallest, or beyond the largest, is refused. Under Loihi arithmetic products of several traces, or of a
//! trace and a synaptic variable, also lose their scale to a shift: see
//! [`LearningArithmetic::product_shift`](super::LearningArithmetic::product_shift).

use std::fmt::Write;

use super::neuron::Excitability;
use super::rule::{Approximation, LearningRule};
use crate::ModelError;

/// A rule from the library, and what its constants became.
#[derive(Clone, Debug, PartialEq)]
pub struct LibraryRule {
    /// The rule.
    pub rule: LearningRule,
    /// Constants that are not held as asked.
    pub approximations: Vec<Approximation>,
}

/// Lava's text for a constant, and the value it stands for.
///
/// `x` becomes `m * 2^e` with `m = max(trunc |x|, 1)` and e rounded: 1.5 reads 2, 10.3 reads 10, 0.3 reads 0.25.
/// Source: Lava 0.10 `lava/magma/core/learning/utils.py` (`float_to_literal`).
pub fn float_to_literal(x: f64) -> (String, f64) {
    if x == 0.0 {
        return ("0".into(), 0.0);
    }
    let mantissa = x.abs().trunc().max(1.0);
    let remainder = x.abs() / mantissa;
    let signed = mantissa.copysign(x);
    if remainder == 1.0 {
        return (format!("({signed})"), signed);
    }
    let exponent = remainder.log2().round_ties_even() + 0.0; // no -0
    (format!("({signed}) * 2 ^ {exponent}"), signed * exponent.exp2())
}

/// The nearest constant of the engine to `x`, as mantissa and exponent.
///
/// # Errors
/// If `x` is not finite, nearer to zero than to `2^-7`, or beyond `7 * 2^8`.
pub fn nearest_constant(name: &str, x: f64) -> Result<(i32, i32), ModelError> {
    let mut best = (0, 0, f64::INFINITY);
    for exponent in -7..=8i32 {
        for mantissa in 1..=7i32 {
            let away = (x.abs() - f64::from(mantissa) * f64::from(exponent).exp2()).abs();
            if away < best.2 {
                best = (mantissa, exponent, away);
            }
        }
    }
    if !(x.abs() >= 0.5f64.powi(8) && x.abs() <= 1792.0) {
        return Err(ModelError::range(name, x, "a constant of 2^-8 to 7 * 2^8 in magnitude"));
    }
    Ok((if x < 0.0 { -best.0 } else { best.0 }, best.1))
}

/// Writes a sum of products and keeps account of its constants.
#[derive(Default)]
struct Writer {
    text: String,
    approximations: Vec<Approximation>,
}

impl Writer {
    fn note(&mut self, name: &str, asked: f64, used: f64) {
        if asked != used {
            self.approximations.push(Approximation { constant: name.into(), asked, used });
        }
    }

    /// Adds `value * factors`.
    fn term(mut self, name: &str, value: f64, factors: &str) -> Result<Self, ModelError> {
        let (mantissa, exponent) = nearest_constant(name, value)?;
        self.note(name, value, f64::from(mantissa) * f64::from(exponent).exp2());
        let sign = match (self.text.is_empty(), mantissa < 0) {
            (true, false) => "",
            (true, true) => "-",
            (false, false) => " + ",
            (false, true) => " - ",
        };
        write!(self.text, "{sign}{}*2^{exponent}*{factors}", mantissa.abs()).expect("a string takes all text");
        Ok(self)
    }

    fn weight(self, make: impl FnOnce(LearningRule) -> LearningRule) -> LibraryRule {
        LibraryRule { rule: make(LearningRule::new(self.text)), approximations: self.approximations }
    }
}

/// Additive growth at each spike of the source: `dw = rate * x0`.
///
/// Source: the demonstration form of D. O. Hebb, The Organization of Behavior, 1949, as published with the project
/// that Pumice succeeds: the weight grows by a constant until it reaches its end.
///
/// # Errors
/// If the engine cannot hold `rate`.
pub fn hebb_additive(rate: f64) -> Result<LibraryRule, ModelError> {
    Ok(Writer::default().term("rate", rate, "x0")?.weight(|r| r))
}

/// Growth with the coincidence of both sides: `dw = rate * y0 * x1`, x1 a trace of `tau` steps with impulse 16.
///
/// Source: Gerstner and Kistler, Spiking Neuron Models, 2002, ch. 10.
///
/// # Errors
/// If the engine cannot hold `rate`.
pub fn hebb(rate: f64, tau: f64) -> Result<LibraryRule, ModelError> {
    Ok(Writer::default().term("rate", rate, "y0*x1")?.weight(|r| r.x1(16.0, tau)))
}

/// Lava's `STDPLoihi`: `dw = learning_rate * (A_minus * x0 * y1 + A_plus * y0 * x1)`, impulses 16.
///
/// The constants go through [`float_to_literal`], as in Lava, and what they become is reported. Sources: Lava 0.10
/// `lava/proc/learning_rules/stdp_learning_rule.py`; Bi and Poo, J. Neurosci. 18(24), 1998.
pub fn stdp_loihi(learning_rate: f64, a_plus: f64, a_minus: f64, tau_plus: f64, tau_minus: f64) -> LibraryRule {
    let mut writer = Writer::default();
    let [rate, plus, minus] =
        [("learning_rate", learning_rate), ("A_plus", a_plus), ("A_minus", a_minus)].map(|(name, x)| {
            let (text, used) = float_to_literal(x);
            writer.note(name, x, used);
            text
        });
    writer.text = format!("{rate} * {minus} * x0 * y1 +{rate} * {plus} * y0 * x1");
    writer.weight(|r| r.x1(16.0, tau_plus).y1(16.0, tau_minus))
}

/// Amplitudes and time constants of [`triplet_stdp`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Triplet {
    /// Growth per pair, post after pre.
    pub a2_plus: f64,
    /// Loss per pair, pre after post.
    pub a2_minus: f64,
    /// Growth per triplet post-pre-post.
    pub a3_plus: f64,
    /// Loss per triplet pre-post-pre.
    pub a3_minus: f64,
    /// Time constant of the fast trace of the source, x1 `[steps]`.
    pub tau_plus: f64,
    /// Time constant of the slow trace of the source, x2 `[steps]`.
    pub tau_x: f64,
    /// Time constant of the fast trace of the target, y1 `[steps]`.
    pub tau_minus: f64,
    /// Time constant of the slow trace of the target, y2 `[steps]`.
    pub tau_y: f64,
}

/// Triplet STDP: `dw = A2+ y0 x1 + A3+ y0 x1 (y2 - 16) - A2- x0 y1 - A3- x0 y1 (x2 - 16)`, impulses 16.
///
/// The slow traces count before their own spike, so its impulse is taken off. Source: Pfister and Gerstner,
/// J. Neurosci. 26(38), 2006, eqs. 2 to 4. Terms with an amplitude of 0 are left out.
///
/// # Errors
/// If the engine cannot hold an amplitude, or all are 0.
pub fn triplet_stdp(p: Triplet) -> Result<LibraryRule, ModelError> {
    let mut writer = Writer::default();
    for (name, value, factors) in [
        ("a2_plus", p.a2_plus, "y0*x1"),
        ("a3_plus", p.a3_plus, "y0*x1*(y2-16)"),
        ("a2_minus", -p.a2_minus, "x0*y1"),
        ("a3_minus", -p.a3_minus, "x0*y1*(x2-16)"),
    ] {
        if value != 0.0 {
            writer = writer.term(name, value, factors)?;
        }
    }
    if writer.text.is_empty() {
        return Err(ModelError::range("a2_plus", 0, "at least one amplitude other than 0"));
    }
    Ok(writer.weight(|r| r.x1(16.0, p.tau_plus).x2(16.0, p.tau_x).y1(16.0, p.tau_minus).y2(16.0, p.tau_y)))
}

/// Bounded growth at each spike of the source: `dw = rate * x0 * (w_max - w)`.
///
/// Source: van Rossum, Bi and Turrigiano, J. Neurosci. 20(23), 2000 (soft bound).
///
/// # Errors
/// If the engine cannot hold `rate`, or `w_max` is not in `1..=255`.
pub fn ltp_bounded(rate: f64, w_max: i32) -> Result<LibraryRule, ModelError> {
    if !(1..=255).contains(&w_max) {
        return Err(ModelError::range("w_max", w_max, "an integer in 1..=255"));
    }
    Ok(Writer::default().term("rate", rate, &format!("x0*({w_max}-w)"))?.weight(|r| r))
}

/// Unbounded growth at each spike of the source: `w *= factor`, that is `dw = (factor - 1) * x0 * w`.
///
/// The usual 1.05 becomes 1 + 6 * 2^-7 = 1.047, and is reported so.
///
/// # Errors
/// If the engine cannot hold `factor - 1`.
pub fn ltp_multiplicative(factor: f64) -> Result<LibraryRule, ModelError> {
    Ok(Writer::default().term("factor - 1", factor - 1.0, "x0*w")?.weight(|r| r))
}

/// Constants of [`reward_modulated_stdp`], under Lava's names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RewardModulatedStdp {
    /// Scale of all changes.
    pub learning_rate: f64,
    /// Scale of growth.
    pub a_plus: f64,
    /// Scale of loss; negative for loss.
    pub a_minus: f64,
    /// Time constant of the trace of the source `[steps]`.
    pub pre_trace_decay_tau: f64,
    /// Time constant of the trace of the target, kept by the neuron `[steps]`.
    pub post_trace_decay_tau: f64,
    /// Impulse of the trace of the source.
    pub pre_trace_kernel_magnitude: f64,
    /// Impulse of the trace of the target, kept by the neuron.
    pub post_trace_kernel_magnitude: f64,
    /// The fraction of the eligibility that is lost per epoch (Lava's name for it says time constant).
    pub eligibility_trace_decay_tau: f64,
}

/// Lava's `RewardModulatedSTDP`: the tag is the eligibility trace, the reward comes by `s_in_y2`.
///
/// ```text
/// dt = learning_rate * (A_minus * x0 * y1 + A_plus * y0 * x1) - u0 * t * decay,  dw = u0 * t * y2
/// ```
///
/// Sources: Lava 0.10 `lava/proc/learning_rules/r_stdp_learning_rule.py`; Frémaux and Gerstner, Front. Neural
/// Circuits 9, 2016.
pub fn reward_modulated_stdp(p: RewardModulatedStdp) -> LibraryRule {
    let mut writer = Writer::default();
    let [rate, plus, minus, decay] = [
        ("learning_rate", p.learning_rate),
        ("A_plus", p.a_plus),
        ("A_minus", p.a_minus),
        ("eligibility_trace_decay_tau", p.eligibility_trace_decay_tau),
    ]
    .map(|(name, x)| {
        let (text, used) = float_to_literal(x);
        writer.note(name, x, used);
        text
    });
    let dt = format!("{rate} * {minus} * x0 * y1 + {rate} * {plus} * y0 * x1 - u0 * t * {decay}");
    writer.text = "u0 * t * y2".into();
    writer.weight(|r| {
        let rule = r
            .x1(p.pre_trace_kernel_magnitude, p.pre_trace_decay_tau)
            .y1(p.post_trace_kernel_magnitude, p.post_trace_decay_tau);
        LearningRule { dt: Some(dt), three_factor: true, ..rule }
    })
}

/// Prescribed error sensitivity as a sum of products: `dw = rate * u_k * x1 * y2`, the error comes by `s_in_y2`.
///
/// For nengo-loihi's own rounding use [`PesSynapses`](super::PesSynapses). Source: MacNeil and Eliasmith, PLoS ONE
/// 6(9), 2011.
///
/// # Errors
/// If the engine cannot hold `rate`, or `k` is above 9.
pub fn pes(rate: f64, tau: f64, k: u32) -> Result<LibraryRule, ModelError> {
    let factors = format!("u{}*x1*y2", decimation(k)?);
    Ok(Writer::default()
        .term("rate", rate, &factors)?
        .weight(|r| LearningRule { three_factor: true, ..r.x1(16.0, tau) }))
}

/// Delta rule at spikes of the source: `dw = rate * x0 * y2`, y2 = wanted minus actual activity, by `s_in_y2`.
///
/// Source: Widrow and Hoff, IRE WESCON Convention Record 4, 1960.
///
/// # Errors
/// If the engine cannot hold `rate`.
pub fn delta_rule(rate: f64) -> Result<LibraryRule, ModelError> {
    Ok(Writer::default().term("rate", rate, "x0*y2")?.weight(|r| LearningRule { three_factor: true, ..r }))
}

/// Homeostatic scaling: `dw = rate * u_k * w * (target - y3)`, y3 a slow trace of the target's spikes.
///
/// A trace with impulse i and time constant tau stands at `i * tau * rate_of_spikes` on average. Source: Turrigiano, Cell
/// 135(3), 2008; van Rossum, Bi and Turrigiano, J. Neurosci. 20(23), 2000, eq. 5 (its proportional part).
///
/// # Errors
/// If the engine cannot hold `rate`, `target` is not in `0..=127`, or `k` is above 9.
pub fn homeostatic_scaling(rate: f64, target: i32, trace: (f64, f64), k: u32) -> Result<LibraryRule, ModelError> {
    if !(0..=127).contains(&target) {
        return Err(ModelError::range("target", target, "an integer in 0..=127"));
    }
    let factors = format!("u{}*w*({target}-y3)", decimation(k)?);
    Ok(Writer::default().term("rate", rate, &factors)?.weight(|r| r.y3(trace.0, trace.1)))
}

/// Weight decay: `dw = -rate * u_k * w`.
///
/// Source: Hanson and Pratt, NIPS 1, 1988.
///
/// # Errors
/// If the engine cannot hold `rate`, or `k` is above 9.
pub fn weight_decay(rate: f64, k: u32) -> Result<LibraryRule, ModelError> {
    let factors = format!("u{}*w", decimation(k)?);
    Ok(Writer::default().term("rate", -rate, &factors)?.weight(|r| r))
}

/// Local normalisation: `dw = rate * y0 * (x1 - w)`, so that weights approach the mean trace at the target's spikes.
///
/// Weights onto a target then sum to the sum of these means. Source: Grossberg, Biol. Cybern. 23, 1976 (instar rule);
/// Oja, J. Math. Biol. 15, 1982, for the same with a decay by the squared activity.
///
/// # Errors
/// If the engine cannot hold `rate`.
pub fn normalisation(rate: f64, impulse: f64, tau: f64) -> Result<LibraryRule, ModelError> {
    let writer = Writer::default().term("rate", rate, "y0*x1")?.term("rate", -rate, "y0*w")?;
    Ok(writer.weight(|r| r.x1(impulse, tau)))
}

/// Intrinsic excitability: a threshold that rises by `raise` at each spike and sinks by 1 every so many steps that the
/// rate settles at `rate` `[spikes per step]`; also the rate that the integers give.
///
/// Source: see [`Excitability`].
///
/// # Errors
/// If `rate` is not in `0..=1` or `raise` not in `1..=131071`.
pub fn intrinsic_excitability(rate: f64, raise: i32) -> Result<(Excitability, f64), ModelError> {
    if !(rate > 0.0 && rate <= 1.0) {
        return Err(ModelError::range("rate", rate, "above 0 and at most 1 spike per step"));
    }
    if !(1..=131_071).contains(&raise) {
        return Err(ModelError::range("raise", raise, "an integer in 1..=131071"));
    }
    let steps = 1.0 / (rate * f64::from(raise));
    // Where one LSB per step is too slow, several are taken in every step.
    let (lower, every) = if steps >= 1.0 { (1, steps.round() as u32) } else { ((1.0 / steps).round() as i32, 1) };
    let rule = Excitability { raise, lower, every, min: 0, max: 131_071 };
    Ok((rule, rule.target_rate()))
}

fn decimation(k: u32) -> Result<u32, ModelError> {
    match k {
        0..=9 => Ok(k),
        _ => Err(ModelError::range("k", k, "an integer in 0..=9")),
    }
}
