use proptest::prelude::*;

use super::*;
use crate::neuron::golden::{self, pair, step};
use crate::neuron::inv_sqrt::InvSqrt;
use crate::neuron::norm_vec_delay::NormVecDelay;
use crate::neuron::prod_neuron::ProdNeuron;
use crate::{Arithmetic, Behaviour, Overflow};

#[test]
fn lavas_recordings_are_replayed_to_the_bit() {
    assert_eq!(golden::replay_lava("graded", |_| true), 6);
}

#[test]
fn products_that_wrap_are_noted_by_name_and_place() {
    let lava = Arithmetic::lava();
    let (mut fixed, _) = pair(&ProdNeuron::new(&[2]), &lava);
    let mut o = Overflow::default();
    let out = step(&mut *fixed, &ProdNeuron::new(&[2]), 1, &[vec![46_341, 46_340], vec![46_341, 46_340]], &mut o);
    assert_eq!(out[0], [46_341i32.wrapping_mul(46_341), 2_147_395_600]);
    let r = &o.records()[0];
    assert_eq!((r.variable.as_str(), r.kind, r.count, r.first_index), ("v", OverflowKind::Wrap, 1, 0));
    let model = NormVecDelay::new(&[1]);
    let (mut fixed, _) = pair(&model, &lava);
    let mut o = Overflow::default();
    step(&mut *fixed, &model, 1, &[vec![65_536], vec![0]], &mut o);
    step(&mut *fixed, &model, 2, &[vec![0], vec![65_536]], &mut o);
    let names: Vec<_> = o.records().into_iter().map(|r| (r.variable, r.first_step)).collect();
    assert_eq!(names, [("s2_out".into(), 1), ("s_out".into(), 2)]);
    let model = InvSqrt::new(&[3]);
    let (mut fixed, _) = pair(&model, &lava);
    let mut o = Overflow::default();
    let out = step(&mut *fixed, &model, 1, &[vec![0, -5, 1 << 24]], &mut o);
    assert_eq!(out[0][..2], [0, 0]);
    assert_eq!((o.records()[0].variable.as_str(), o.records()[0].first_index), ("a_in", 2));
}

#[test]
fn what_does_not_fit_is_refused_by_name_and_range() {
    let a = Arithmetic::lava();
    let setting = Setting { arithmetic: &a, seed: 0, place: 0 };
    let error = ProdNeuron { exp: 32.into(), ..ProdNeuron::new(&[1]) }.fixed(&setting).unwrap_err().to_string();
    assert_eq!(error, "`exp` is 32; allowed is an integer in 0..=31");
    let error = InvSqrt { fp_base: 15, ..InvSqrt::new(&[1]) }.float(&setting).unwrap_err().to_string();
    assert_eq!(error, "`fp_base` is 15; allowed is an integer in 0..=14");
}

#[test]
fn a_cut_population_equals_the_whole() {
    let one = golden::noise(8, 30, 1, 30, 600);
    let two = golden::noise(9, 30, 2, 30, 600);
    assert!(golden::cut_and_resume(&GradedVec { vth: 100.into(), ..GradedVec::new(&[30]) }, 11, &one) > 100);
    assert!(golden::cut_and_resume(&GradedReluVec { vth: 100.into(), ..GradedReluVec::new(&[30]) }, 11, &one) > 100);
    assert!(golden::cut_and_resume(&ProdNeuron { exp: 3.into(), ..ProdNeuron::new(&[30]) }, 11, &two) > 100);
    assert!(golden::cut_and_resume(&InvSqrt::new(&[30]), 11, &one) > 100);
    assert!(golden::cut_and_resume(&NormVecDelay::new(&[30]), 11, &two) > 100);
}

/// One output of both forms for one input per port.
fn both(model: &dyn Behaviour, inputs: &[i32]) -> (f64, f64) {
    let (mut fixed, mut float) = pair(model, &Arithmetic::lava());
    let ints: Vec<Vec<i32>> = inputs.iter().map(|x| vec![*x]).collect();
    let reals: Vec<Vec<f64>> = inputs.iter().map(|x| vec![f64::from(*x)]).collect();
    let mut o = Overflow::default();
    let s = step(&mut *fixed, model, 1, &ints, &mut o)[0][0];
    (f64::from(s), step(&mut *float, model, 1, &reals, &mut o)[0][0])
}

proptest! {
    /// Gates are exact; a product loses less than one unit, which may also take it below the threshold.
    #[test]
    fn gates_are_exact_and_products_lose_less_than_one(
        a in -40_000i32..40_000, b in -40_000i32..40_000, vth in 0i32..1000, exp in 0i32..12,
    ) {
        let (s, f) = both(&GradedVec { vth: vth.into(), ..GradedVec::new(&[1]) }, &[a]);
        prop_assert_eq!(s, f);
        let (s, f) = both(&GradedReluVec { vth: vth.into(), ..GradedReluVec::new(&[1]) }, &[a]);
        prop_assert_eq!(s, f);
        let (s, f) = both(&ProdNeuron { vth: vth.into(), exp: exp.into(), ..ProdNeuron::new(&[1]) }, &[a, b]);
        let product = f64::from(a) * f64::from(b) / f64::from(1 << exp);
        let at_threshold = (product.abs() - f64::from(vth)).abs() <= 1.0;
        prop_assert!((0.0..1.0).contains(&(f - s)) || at_threshold, "{} {}", s, f);
    }

    /// `y` is cut to an integer in each of five rounds and once at the start, and what was cut grows by at most 1.5 per
    /// later round: below 21. `b` lies above `B / 2` and is cut twice a round, half of which reaches `y`: below
    /// five times `1 / (B / 2)` in all. The table is within a factor of 1.3, from which five rounds leave nothing.
    #[test]
    fn the_inverse_square_root_stays_within_its_budget(x in 1i32..(1 << 24), base in 8i32..=14) {
        let (s, f) = both(&InvSqrt { fp_base: base, ..InvSqrt::new(&[1]) }, &[x]);
        let budget = 21.0 + 5.0 * f / f64::from(1 << (base - 1));
        prop_assert!((s - f).abs() <= budget, "{} for {}, budget {}", s, f, budget);
    }

    /// A zero delay line multiplies what came one step before.
    #[test]
    fn norm_vec_delay_multiplies_by_what_comes_back(a in prop::collection::vec((-30_000i32..30_000, -30_000i32..30_000), 2..20)) {
        let model = NormVecDelay { vth: 0.into(), ..NormVecDelay::new(&[1]) };
        let (mut fixed, mut float) = pair(&model, &Arithmetic::lava());
        let mut o = Overflow::default();
        let mut before = 0;
        for (t, (x, y)) in a.iter().enumerate() {
            let s = step(&mut *fixed, &model, t as u64 + 1, &[vec![*x], vec![*y]], &mut o);
            let f = step(&mut *float, &model, t as u64 + 1, &[vec![f64::from(*x)], vec![f64::from(*y)]], &mut o);
            prop_assert_eq!(s[0][0], before * y);
            prop_assert_eq!(f64::from(s[0][0]), f[0][0]);
            prop_assert_eq!(f64::from(s[1][0]), f[1][0]);
            before = *x;
        }
    }
}
