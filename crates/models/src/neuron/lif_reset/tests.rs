use super::*;
use crate::neuron::golden::{self, pair, step};
use crate::{Arithmetic, Overflow};

#[test]
fn lavas_recordings_are_replayed_to_the_bit() {
    assert_eq!(golden::replay_lava("lif_reset", |_| true), 3);
    assert_eq!(golden::replay_lava("fixed_vs_float", |c| c["process"] == "LIFReset"), 1);
}

#[test]
fn lavas_float_model_is_the_float_twin_without_alignment() {
    let all = golden::read("lava/fixed_vs_float.json");
    let case = all["cases"].as_array().unwrap().iter().find(|c| c["process"] == "LIFReset").unwrap();
    let parameters = golden::as_fractions(&case["float_params"], &["du", "dv"]);
    assert!(golden::replay_lava_float(case, &parameters, &case["float_outputs"]) > 100);
}

#[test]
fn the_state_is_gone_at_the_steps_of_the_clock_in_both_forms() {
    let model =
        LifReset { du: (-1).into(), vth: 131_071.into(), reset_interval: 5, reset_offset: 12, ..LifReset::new(&[1]) };
    let (mut fixed, mut float) = pair(&model, &Arithmetic::lava());
    let mut o = Overflow::default();
    for t in 1..=20 {
        step(&mut *fixed, &model, t, &[vec![1]], &mut o);
        step(&mut *float, &model, t, &[vec![1.0]], &mut o);
        let since = if t % 5 == 2 { 1 } else { i32::from(t > 2) * ((t as i32 - 3) % 5 + 2) + i32::from(t < 2) };
        assert_eq!(fixed.get(0), [64 * since], "step {t}");
        assert_eq!(float.get(0), [64.0 * f64::from(since)], "step {t}");
    }
    let never = LifReset { reset_interval: 0, ..LifReset::new(&[1]) };
    let a = Arithmetic::lava();
    let error = never.fixed(&Setting { arithmetic: &a, seed: 0, place: 0 }).unwrap_err();
    assert_eq!(error.to_string(), "`reset_interval` is 0; allowed is at least 1");
}

#[test]
fn a_cut_population_and_a_resumed_one_equal_the_whole() {
    let model = LifReset { vth: 60.into(), du: 800.into(), dv: 300.into(), reset_interval: 7, ..LifReset::new(&[30]) };
    assert!(golden::cut_and_resume(&model, 11, &golden::noise(2, 60, 1, 30, 60)) > 50);
}
