use proptest::prelude::*;

use super::*;
use crate::neuron::golden::{self, pair, step};
use crate::{Arithmetic, Behaviour, Overflow};

#[test]
fn lavas_recordings_are_replayed_to_the_bit() {
    assert_eq!(golden::replay_lava("ternary_lif", |_| true), 4);
    let ternary = |c: &serde_json::Value| c["process"] == "TernaryLIF";
    assert_eq!(golden::replay_lava("fixed_vs_float", ternary), 1);
}

#[test]
fn lavas_float_model_is_the_float_twin_without_alignment() {
    let all = golden::read("lava/fixed_vs_float.json");
    let case = all["cases"].as_array().unwrap().iter().find(|c| c["process"] == "TernaryLIF").unwrap();
    let parameters = golden::as_fractions(&case["float_params"], &["du", "dv"]);
    assert!(golden::replay_lava_float(case, &parameters, &case["float_outputs"]) > 100);
}

#[test]
fn both_ends_of_the_voltage_register_saturate_and_are_noted() {
    let model = TernaryLif {
        vth_hi: 131_071.into(),
        vth_lo: (-131_072).into(),
        du: (-1).into(),
        u: vec![8_388_607, -8_388_600].into(),
        v: vec![8_388_607, -8_388_607].into(),
        ..TernaryLif::new(&[2])
    };
    let (mut fixed, _) = pair(&model, &Arithmetic::lava());
    let mut o = Overflow::default();
    let out = step(&mut *fixed, &model, 1, &[vec![0, 0]], &mut o);
    assert_eq!(out[0], [1, 0], "2^23 - 1 is above the highest threshold, -2^23 + 1 is not below the lowest");
    assert_eq!(fixed.get(1), [0, -8_388_607]);
    let v = o.records().into_iter().find(|r| r.variable == "v").unwrap();
    assert_eq!((v.kind, v.count, v.first_step, v.first_index), (OverflowKind::Saturate, 2, 1, 0));
    let crossed = TernaryLif { vth_hi: 5.into(), vth_lo: 6.into(), ..TernaryLif::new(&[1]) };
    let a = Arithmetic::lava();
    let error = crossed.fixed(&Setting { arithmetic: &a, seed: 0, place: 0 }).unwrap_err();
    assert_eq!(error.to_string(), "`vth_lo` is 6; allowed is at most vth_hi, here 5");
}

#[test]
fn a_cut_population_and_a_resumed_one_equal_the_whole() {
    let model = TernaryLif {
        vth_hi: 60.into(),
        vth_lo: (-50).into(),
        du: 800.into(),
        dv: 300.into(),
        ..TernaryLif::new(&[30])
    };
    assert!(golden::cut_and_resume(&model, 11, &golden::noise(1, 60, 1, 30, 40)) > 100);
}

proptest! {
    /// Each decay loses less than one LSB per step, so the fixed kernel stays within the derived budget of its twin
    /// until one of them fires.
    #[test]
    fn fixed_stays_within_its_rounding_budget(
        du in 0i32..4096, dv in 0i32..4096, input in prop::collection::vec(-300i32..300, 1..80),
    ) {
        let model = TernaryLif { du: du.into(), dv: dv.into(), vth_hi: 20_000.into(), vth_lo: (-20_000).into(), ..TernaryLif::new(&[1]) };
        let a = Arithmetic::lava();
        let (mut fixed, mut float) = pair(&model, &a);
        let (mut o, mut eu, mut ev) = (Overflow::default(), 0.0, 0.0);
        for (t, x) in input.iter().enumerate() {
            let s = step(&mut *fixed, &model, t as u64 + 1, &[vec![*x]], &mut o);
            let f = step(&mut *float, &model, t as u64 + 1, &[vec![f64::from(*x)]], &mut Overflow::default());
            if !o.records().is_empty() || s[0][0] != 0 || f[0][0] != 0.0 {
                break;
            }
            eu = eu * (1.0 - f64::from(du + 1) / 4096.0) + 1.0;
            ev = ev * (1.0 - f64::from(dv) / 4096.0) + eu + 1.0;
            prop_assert!((f64::from(fixed.get(0)[0]) - float.get(0)[0]).abs() <= eu);
            prop_assert!((f64::from(fixed.get(1)[0]) - float.get(1)[0]).abs() <= ev);
        }
    }
}
