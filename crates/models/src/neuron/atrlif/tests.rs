use proptest::prelude::*;

use super::*;
use crate::neuron::golden::{self, pair, step};
use crate::{Arithmetic, Behaviour, Overflow};

#[test]
fn lavas_recordings_are_replayed_to_the_bit() {
    assert_eq!(golden::replay_lava("atrlif", |_| true), 2);
}

/// Lava's float equations with its defaults and no alignment, from its own description: a neuron at rest under a
/// constant input of 3.
#[test]
fn the_float_form_follows_the_equations() {
    let model = Atrlif::new(&[1]);
    let a = Arithmetic { align: 0, ..Arithmetic::lava() };
    let (_, mut float) = pair(&model, &a);
    let (mut i, mut v, mut theta, mut r, mut spikes) = (0.0, 0.0, 5.0, 0.0, 0);
    for t in 1..=40 {
        let s = step(&mut *float, &model, t, &[vec![3.0]], &mut Overflow::default())[0][0];
        i = 0.6 * i + 3.0;
        v = 0.6 * v + i;
        theta = 0.8 * (theta - 5.0) + 5.0;
        r *= 0.8;
        let fire = v - r >= theta;
        if fire {
            r += 2.0 * theta;
            theta += 3.75;
            spikes += 1;
        }
        assert_eq!(s, f64::from(u8::from(fire)));
        for (var, want) in [i, v, theta, r].into_iter().enumerate() {
            assert!((float.get(var)[0] - want).abs() < 1e-12);
        }
    }
    assert!(spikes > 3, "{spikes}");
}

#[test]
fn register_ends_are_noted_by_name() {
    let model = Atrlif {
        i: 8_388_607.into(),
        delta_i: 0.into(),
        theta_0: (-131_072).into(),
        r: (-i32::MAX).into(),
        delta_r: 0.into(),
        ..Atrlif::new(&[1])
    };
    let (mut fixed, _) = pair(&model, &Arithmetic::lava());
    let mut o = Overflow::default();
    step(&mut *fixed, &model, 1, &[vec![1 << 17]], &mut o);
    let names: Vec<_> = o.records().into_iter().map(|r| (r.variable, r.kind)).collect();
    assert_eq!(names, [("i".into(), OverflowKind::Wrap), ("r".into(), OverflowKind::Wrap)]);
    let quiet = Atrlif { v: 8_388_607.into(), delta_v: 0.into(), ..Atrlif::new(&[1]) };
    let (mut fixed, _) = pair(&quiet, &Arithmetic::lava());
    let mut o = Overflow::default();
    step(&mut *fixed, &quiet, 1, &[vec![1]], &mut o);
    assert_eq!((o.records()[0].variable.as_str(), o.records()[0].kind), ("v", OverflowKind::Saturate));
    let a = Arithmetic::lava();
    let setting = Setting { arithmetic: &a, seed: 0, place: 0 };
    let error = Atrlif { delta_r: 2.into(), ..Atrlif::new(&[1]) }.fixed(&setting).unwrap_err().to_string();
    assert_eq!(error, "`delta_r` is 2; allowed is a fraction in 0..=1");
}

#[test]
fn a_cut_population_and_a_resumed_one_equal_the_whole() {
    let deltas: PerNeuron = (0..30).map(|i| 0.02 * f64::from(i)).collect::<Vec<_>>().into();
    let model = Atrlif { delta_v: deltas, ..Atrlif::new(&[30]) };
    assert!(golden::cut_and_resume(&model, 11, &golden::noise(7, 60, 1, 30, 20)) > 50);
}

proptest! {
    /// From one common state, one step differs by what the integer decays lose: one LSB and a 4096th of the state,
    /// one more for the current; a spike may then differ only at that distance from the threshold.
    #[test]
    fn one_step_stays_within_its_budget(
        i in -100_000i32..100_000, v in -100_000i32..100_000, r in 0i32..50_000, theta in 0i32..50_000,
        input in -300i32..300, delta in 0.0f64..1.0,
    ) {
        let d = PerNeuron::All(delta);
        let model = Atrlif { delta_i: d.clone(), delta_v: d.clone(), delta_theta: d.clone(), delta_r: d, ..Atrlif::new(&[1]) };
        let (mut fixed, mut float) = pair(&model, &Arithmetic::lava());
        for (var, x) in [i, v, theta, r].into_iter().enumerate() {
            fixed.set(var, &[x]).unwrap();
            float.set(var, &[f64::from(x)]).unwrap();
        }
        let mut o = Overflow::default();
        let s = step(&mut *fixed, &model, 1, &[vec![input]], &mut o)[0][0];
        let f = step(&mut *float, &model, 1, &[vec![f64::from(input)]], &mut o)[0][0];
        let lost = |x: i32| 1.0 + f64::from(x.abs()) / 4096.0;
        let (ei, ev) = (lost(i), lost(i) + lost(v));
        let (et, er) = (lost(theta - 320), lost(r));
        let far = |var: usize| (f64::from(fixed.get(var)[0]) - float.get(var)[0]).abs();
        prop_assert!(far(0) <= ei && far(1) <= ev);
        if f64::from(s) == f {
            prop_assert!(far(2) <= et && far(3) <= er + 2.0 * et);
        } else {
            let keep = 1.0 - delta;
            let margin = float.get(1)[0] - keep * f64::from(r) - (keep * f64::from(theta - 320) + 320.0);
            prop_assert!(margin.abs() <= ev + er + et, "{margin}");
        }
    }
}
