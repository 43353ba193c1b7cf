use proptest::prelude::*;

use super::*;
use crate::neuron::golden::{self, pair, step};
use crate::{Arithmetic, Behaviour, Overflow};

#[test]
fn lavas_float_recordings_are_replayed() {
    let all = golden::read("lava/lif_refractory_float.json");
    let cases = all["cases"].as_array().unwrap();
    for case in cases {
        let parameters = golden::as_fractions(&case["params"], &["du", "dv"]);
        assert!(golden::replay_lava_float(case, &parameters, &case["outputs"]) > 100);
    }
    assert_eq!(cases.len(), 2);
}

/// Steps at which a neuron with a strong bias fires.
fn spike_steps(a: &Arithmetic, period: i32) -> Vec<u64> {
    let model = LifRefractory {
        bias_mant: 1000.into(),
        vth: 10.into(),
        refractory_period: period.into(),
        ..LifRefractory::new(&[1])
    };
    let (mut fixed, mut float) = pair(&model, a);
    let mut o = Overflow::default();
    (1..=12)
        .filter(|t| {
            let s = step(&mut *fixed, &model, *t, &[vec![0]], &mut o)[0][0];
            assert_eq!(f64::from(s), step(&mut *float, &model, *t, &[vec![0.0]], &mut o)[0][0]);
            s == 1
        })
        .collect()
}

#[test]
fn a_period_of_r_is_r_dead_steps_when_frozen_and_one_less_when_held() {
    assert_eq!(spike_steps(&Arithmetic::lava(), 1), [1, 3, 5, 7, 9, 11]);
    assert_eq!(spike_steps(&Arithmetic::lava(), 4), [1, 6, 11]);
    assert_eq!(spike_steps(&Arithmetic::nengo_loihi(), 1), (1..=12).collect::<Vec<_>>());
    assert_eq!(spike_steps(&Arithmetic::nengo_loihi(), 4), [1, 5, 9]);
}

#[test]
fn periods_beyond_the_register_are_refused_by_name_and_range() {
    let a = Arithmetic::nengo_loihi();
    let setting = Setting { arithmetic: &a, seed: 0, place: 0 };
    for period in [0, 64, 201] {
        let model = LifRefractory { refractory_period: period.into(), ..LifRefractory::new(&[1]) };
        let error = model.fixed(&setting).unwrap_err().to_string();
        assert_eq!(error, format!("`refractory_period` is {period}; allowed is an integer in 1..=63"));
    }
}

#[test]
fn a_cut_population_and_a_resumed_one_equal_the_whole() {
    let periods: Vec<i32> = (0..30).map(|i| 1 + i % 9).collect();
    let model = LifRefractory {
        vth: 40.into(),
        du: 800.into(),
        dv: 300.into(),
        refractory_period: periods.into(),
        ..LifRefractory::new(&[30])
    };
    assert!(golden::cut_and_resume(&model, 11, &golden::noise(3, 60, 1, 30, 60)) > 50);
}

proptest! {
    /// From one common state, a single step of both forms differs by at most the LSB that each decay loses, or
    /// they disagree about a spike within that distance of the threshold.
    #[test]
    fn one_step_stays_within_two_lsb(
        du in 0i32..4096, dv in 0i32..4096, u in -100_000i32..100_000, v in -100_000i32..100_000,
        input in -300i32..300, remaining in 0i32..3,
    ) {
        for a in [Arithmetic::lava(), Arithmetic::loihi1()] {
            let model = LifRefractory { du: du.into(), dv: dv.into(), u: u.into(), v: v.into(), vth: 500.into(), refractory_period: 3.into(), ..LifRefractory::new(&[1]) };
            let (mut fixed, mut float) = pair(&model, &a);
            fixed.set(2, &[remaining]).unwrap();
            float.set(2, &[f64::from(remaining)]).unwrap();
            let mut o = Overflow::default();
            let s = step(&mut *fixed, &model, 1, &[vec![input]], &mut o)[0][0];
            let f = step(&mut *float, &model, 1, &[vec![f64::from(input)]], &mut o)[0][0];
            let (v, vf) = (f64::from(fixed.get(1)[0]), float.get(1)[0]);
            prop_assert!((f64::from(fixed.get(0)[0]) - float.get(0)[0]).abs() < 1.0);
            if f64::from(s) == f {
                prop_assert!((v - vf).abs() < 2.0);
                prop_assert_eq!(f64::from(fixed.get(2)[0]), float.get(2)[0]);
            } else {
                prop_assert!((v.max(vf) - 32_000.0).abs() < 2.0, "{} {}", v, vf);
            }
        }
    }
}
