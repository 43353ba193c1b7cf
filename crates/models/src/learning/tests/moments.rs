//! Mean and variance of learned weights against the float twin, where rounding is stochastic.
//!
//! Let every product of a rule be a constant times at most one trace, `s_p * dependency * h`, and nothing saturate. With `u` the step of
//! the weight format and `k` what a trace keeps per step,
//!
//! ```text
//! fixed   h[t] = k h[t-1] + impulse + e[t]      e: 0 on the mean whatever was before, in an interval of length 1
//!         w[t] = w[t-1] + sum of s_p h[t] + r[t]    at each visit; r: 0 on the mean whatever was before, in one of length u
//! float   the same with e = r = 0
//! ```
//!
//! because `floor(z + draw)` with a uniform draw is `z` on the mean. No other step rounds: one trace has 7 bits, so no product is
//! shifted right, and exponents from -7 on leave none below the accumulator. Hence
//!
//! ```text
//! w_fixed - w_float = sum of r + sum over steps s of G[s] e[s],   G[s] = sum over visits t >= s of s_p k^(t-s), for each trace
//! ```
//!
//! has mean 0 and, as a sum of martingale differences in intervals, is sub-Gaussian with proxy
//!
//! ```text
//! V = (visits u^2 + sum of G[s]^2) / 4
//! ```
//!
//! (Hoeffding, J. Am. Stat. Assoc. 58, 1963, lemma 1; Azuma, Tohoku Math. J. 19, 1967). So for `n` independent weights the mean errs by
//! more than `8 sqrt(V / n)` with a chance below `2 exp(-32)`, and the mean square of the error is above
//! `V (1 + 2 sqrt(32 / n) + 64 / n)` with one below `exp(-32)` (Hsu, Kakade and Zhang, Electron. Commun. Probab. 17, 2012, theorem 2.1). A
//! rounding that is biased by half a step per visit errs by `visits u / 2`.

use proptest::prelude::*;
use pumice_num::{Purpose, draw};

use super::super::testing::{fixed, float};
use super::super::{LearningRule, LearningSparse};
use crate::{Arithmetic, Number};

const STEPS: usize = 40;
/// Synapses, each with a source and a target of its own; all see the same spikes.
const COPIES: usize = 32;
const SEEDS: u64 = 4;

/// One product: its constant, whether it depends on the source, the target or neither, and the trace it reads.
#[derive(Clone, Debug)]
struct Product {
    negative: bool,
    mantissa: i32,
    exponent: i32,
    dependency: usize,
    /// 0 for none, 1 for x1, 2 for y1.
    trace: usize,
}

impl Product {
    fn scale(&self) -> f64 {
        let size = f64::from(self.mantissa) * f64::from(self.exponent).exp2();
        if self.negative { -size } else { size }
    }

    fn text(&self) -> String {
        let sign = if self.negative { "-" } else { "+" };
        let (dependency, trace) = (["x0", "y0", "u0"][self.dependency], ["", "*x1", "*y1"][self.trace]);
        format!("{sign} {}*2^{}*{dependency}{trace}", self.mantissa, self.exponent)
    }
}

fn product() -> impl Strategy<Value = Product> {
    let parts = (any::<bool>(), 1i32..4, -7i32..-4, 0usize..3, 0usize..3);
    parts.prop_map(|(negative, mantissa, exponent, dependency, trace)| Product {
        negative,
        mantissa,
        exponent,
        dependency,
        trace,
    })
}

/// A rule of such products, its traces (impulse and time constant) and the spikes it sees.
#[derive(Clone, Debug)]
struct Case {
    products: Vec<Product>,
    traces: [(i32, i32); 2],
    seed: u64,
}

impl Case {
    fn rule(&self) -> LearningRule {
        let text: Vec<String> = self.products.iter().map(Product::text).collect();
        let [x, y] = self.traces.map(|(impulse, tau)| (f64::from(impulse), f64::from(tau)));
        LearningRule::new(text.join(" ")).x1(x.0, x.1).y1(y.0, y.1)
    }

    /// Whether the source (0) or the target (1) fires at a step; u_0 (2) always holds.
    fn holds(&self, dependency: usize, step: usize) -> bool {
        dependency == 2 || draw(self.seed, Purpose::STIMULUS, 0, dependency as u32, step as u64)[0].is_multiple_of(4)
    }

    /// The proxy V for a weight format of step `u`.
    fn proxy(&self, u: f64) -> f64 {
        let visited = |t: &usize| self.products.iter().any(|p| self.holds(p.dependency, *t));
        let mut sum = (1..=STEPS).filter(visited).count() as f64 * u * u;
        for trace in 1..=2 {
            let keep = (-1.0 / f64::from(self.traces[trace - 1].1)).exp();
            let own = |t: usize| self.products.iter().filter(move |p| p.trace == trace && self.holds(p.dependency, t));
            let mut g = 0.0;
            for t in (1..=STEPS).rev() {
                g = g * keep + own(t).map(Product::scale).sum::<f64>();
                sum += g * g;
            }
        }
        sum / 4.0
    }

    fn inputs<N: Number>(&self, t: usize) -> Vec<Vec<N>> {
        [0, 1].map(|side| vec![N::from_int(i32::from(self.holds(side, t))); COPIES]).to_vec()
    }
}

fn case() -> impl Strategy<Value = Case> {
    let trace = || (1i32..13, 1i32..9);
    (proptest::collection::vec(product(), 1..5), trace(), trace(), any::<u32>())
        .prop_map(|(products, x, y, seed)| Case { products, traces: [x, y], seed: u64::from(seed) })
}

/// Errors of all weights and traces `x1` and `y1` against the float twin, or `None` if a register came to its end.
fn errors(case: &Case, arithmetic: &Arithmetic, bits: u32, start: f64) -> Option<[Vec<f64>; 3]> {
    let synapses = (0..COPIES as u32).map(|i| (i, i, start));
    let process = LearningSparse { num_weight_bits: bits, ..LearningSparse::new([COPIES; 2], synapses, case.rule()) };
    let mut twin = float(&process, arithmetic);
    (1..=STEPS).for_each(|t| drop(twin.run(&case.inputs(t))));
    let mut errors = [Vec::new(), Vec::new(), Vec::new()];
    for seed in 0..SEEDS {
        let mut bench = fixed(&process, arithmetic, case.seed ^ seed);
        (1..=STEPS).for_each(|t| drop(bench.run(&case.inputs(t))));
        if !bench.overflow.records().is_empty() {
            return None;
        }
        for (all, name) in errors.iter_mut().zip(["weights", "x1", "y1"]) {
            all.extend(bench.var(name).iter().zip(twin.var(name)).map(|(w, real)| f64::from(*w) - real));
        }
    }
    Some(errors)
}

/// Holds independent errors to what a sub-Gaussian proxy allows.
fn check(errors: &[f64], proxy: f64) -> Result<(), String> {
    let n = errors.len() as f64;
    let mean = errors.iter().sum::<f64>() / n;
    let square = errors.iter().map(|e| e * e).sum::<f64>() / n;
    let most = proxy * (1.0 + 2.0 * (32.0 / n).sqrt() + 64.0 / n);
    let held = mean.abs() <= 8.0 * (proxy / n).sqrt() + 1e-6 && square <= most + 1e-6;
    held.then_some(()).ok_or_else(|| format!("mean {mean}, mean square {square}, V {proxy}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The mean over seeds and synapses is the float twin's, and the variance what rounding explains.
    #[test]
    fn moments_are_those_of_the_float_twin(case in case(), second in any::<bool>(), bits in 6u32..9, start in -4i32..5) {
        let arithmetic = if second { Arithmetic::loihi2() } else { Arithmetic::loihi1() };
        let found = errors(&case, &arithmetic, bits, f64::from(8 * start));
        prop_assume!(found.is_some());
        let [weights, x1, y1] = found.unwrap();
        let rule = case.rule().dw.unwrap_or_default();
        check(&weights, case.proxy(f64::from(1 << (9 - bits)))).map_err(|e| TestCaseError::fail(format!("{rule}: {e}")))?;
        // A trace is the sum of k^(T - s) e[s] over all steps s that it was not at rest.
        for (errors, (_, tau)) in [&x1, &y1].into_iter().zip(case.traces) {
            let proxy = 0.25 / (1.0 - (-2.0 / f64::from(tau)).exp());
            check(errors, proxy).map_err(|e| TestCaseError::fail(format!("trace of {tau} steps: {e}")))?;
        }
    }
}

/// A quarter of a step per epoch rounds as a coin of chance 1/4 does: the variance is neither above nor below.
#[test]
fn the_variance_of_a_known_fraction_is_that_of_its_coin() {
    let quarter = Product { negative: false, mantissa: 1, exponent: -1, dependency: 2, trace: 0 };
    let case = Case { products: vec![quarter], traces: [(1, 1); 2], seed: 5 };
    // Steps of 2, so half a unit is a quarter of a step.
    let [errors, ..] = errors(&case, &Arithmetic::loihi1(), 8, 0.0).unwrap();
    let n = errors.len() as f64;
    let mean = errors.iter().sum::<f64>() / n;
    let variance = errors.iter().map(|e| (e - mean) * (e - mean)).sum::<f64>() / (n - 1.0);
    let expected = 4.0 * STEPS as f64 * 0.25 * 0.75;
    assert!(mean.abs() < 4.0 * (expected / n).sqrt(), "{mean}");
    // Four standard deviations of a variance of n normal numbers.
    assert!((variance / expected - 1.0).abs() < 4.0 * (2.0 / (n - 1.0)).sqrt(), "{variance} against {expected}");
}
