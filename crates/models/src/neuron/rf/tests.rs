use proptest::prelude::*;

use super::*;
use crate::neuron::golden::{self, pair, step};
use crate::neuron::rf_iz::RfIz;
use crate::neuron::rf_zero::RfZero;
use crate::{Arithmetic, Behaviour, Overflow};

fn is_float(case: &serde_json::Value) -> bool {
    case["tags"].as_array().unwrap().iter().any(|tag| tag == "float")
}

#[test]
fn lavas_recordings_are_replayed_to_the_bit() {
    assert_eq!(golden::replay_lava("rf", |c| !is_float(c)), 8);
    assert_eq!(golden::replay_lava("fixed_vs_float", |c| c["process"] == "RF"), 1);
}

/// The registers that Lava derives from period, decay and frequency are variables here.
#[test]
fn derived_registers_are_lavas() {
    let a = Arithmetic::lava();
    let setting = Setting { arithmetic: &a, seed: 0, place: 0 };
    let all = golden::read("lava/rf.json");
    let mut checked = 0;
    for case in all["cases"].as_array().unwrap().iter().filter(|c| !is_float(c)) {
        let model = golden::process(case, &case["params"]);
        let kernel = model.fixed(&setting).unwrap();
        for (name, want) in case["effective_params"].as_object().unwrap() {
            let var = model.vars().iter().position(|v| v.name == name).unwrap();
            let got = kernel.get(var);
            let want: Vec<i32> = match want.as_array() {
                Some(all) => all.iter().map(|x| x.as_i64().unwrap() as i32).collect(),
                None => vec![want.as_i64().unwrap() as i32; got.len()],
            };
            assert_eq!(got, want, "{}: {name}", case["id"]);
            checked += 1;
        }
    }
    assert_eq!(checked, 6 * 3 + 2 * 2);
}

#[test]
fn lavas_float_model_is_the_float_twin() {
    let all = golden::read("lava/rf.json");
    let case = all["cases"].as_array().unwrap().iter().find(|c| is_float(c)).unwrap();
    assert!(golden::replay_lava_float(case, &case["params"], &case["outputs"]) > 100);
    let all = golden::read("lava/fixed_vs_float.json");
    let case = all["cases"].as_array().unwrap().iter().find(|c| c["process"] == "RF").unwrap();
    assert!(golden::replay_lava_float(case, &case["float_params"], &case["float_outputs"]) > 100);
}

#[test]
fn ends_of_the_state_and_of_the_parameters() {
    let model = Rf { decay_bits: 12, state_exp: 10, ..Rf::new(&[2], 10.into(), 0.into()) };
    let (mut fixed, _) = pair(&model, &Arithmetic::lava());
    let mut o = Overflow::default();
    step(&mut *fixed, &model, 1, &[vec![0, 8192], vec![0, -9000]], &mut o);
    assert_eq!(fixed.get(0), [0, 8_388_607]);
    assert_eq!(fixed.get(1), [0, -8_388_607]);
    let seen: Vec<_> = o.records().into_iter().map(|r| (r.variable, r.kind, r.count, r.first_index)).collect();
    assert_eq!(seen, [("imag".into(), OverflowKind::Saturate, 1, 1), ("real".into(), OverflowKind::Saturate, 1, 1)]);
    let a = Arithmetic::lava();
    let setting = Setting { arithmetic: &a, seed: 0, place: 0 };
    let error = Rf::new(&[1], 10.into(), 0.into()).fixed(&setting).unwrap_err().to_string();
    assert_eq!(error, "`decay_bits` is 0; allowed is an integer in 1..=24");
    let error = Rf::new(&[1], 0.into(), 0.into()).float(&setting).unwrap_err().to_string();
    assert_eq!(error, "`period` is 0; allowed is a positive number of steps");
}

#[test]
fn a_cut_population_and_a_resumed_one_equal_the_whole() {
    let inputs = golden::noise(6, 80, 2, 30, 30);
    let periods: PerNeuron = (0..30).map(|i| 4.5 + f64::from(i)).collect::<Vec<_>>().into();
    let rf = Rf { decay_bits: 12, state_exp: 6, ..Rf::new(&[30], periods.clone(), 0.03.into()) };
    assert!(golden::cut_and_resume(&rf, 11, &inputs) > 50);
    let iz = RfIz { decay_bits: 12, state_exp: 6, vth: 20.into(), ..RfIz::new(&[30], periods, 0.03.into()) };
    assert!(golden::cut_and_resume(&iz, 11, &inputs) > 50);
    let freqs: PerNeuron = (0..30).map(|i| f64::from(20 + 5 * i)).collect::<Vec<_>>().into();
    assert!(golden::cut_and_resume(&RfZero::new(&[30], freqs, 0.1.into()), 11, &inputs) > 50);
}

/// Error of the state after a step: it turns and shrinks with the state; two products lose one LSB each, and the
/// registers of the rotation lose less than `2^-bits`.
fn next(error: f64, kept: f64, state: [f64; 2], bits: i32) -> f64 {
    let loss = 2.0 + (state[0].abs() + state[1].abs()) * f64::from(-bits).exp2();
    error * kept + std::f64::consts::SQRT_2 * loss
}

proptest! {
    #[test]
    fn fixed_stays_within_its_rounding_budget(
        period in 3.0f64..60.0, alpha in 0.0f64..0.3, bits in 8i32..16,
        input in prop::collection::vec((-100i32..100, -100i32..100), 1..100),
    ) {
        let rf = Rf { decay_bits: bits, state_exp: 6, ..Rf::new(&[1], period.into(), alpha.into()) };
        let iz = RfIz { decay_bits: bits, state_exp: 6, vth: 50_000.into(), ..RfIz::new(&[1], period.into(), alpha.into()) };
        let zero = RfZero { dt: 1.0, ..RfZero::new(&[1], (1.0 / period).into(), 20.0.into()) };
        let kept_zero = (-1.0f64 / 20.0).exp();
        let models: [(&dyn Behaviour, f64, i32); 3] = [(&rf, 1.0 - alpha, bits), (&iz, 1.0 - alpha, bits), (&zero, kept_zero, 15)];
        for (model, kept, bits) in models {
            let (mut fixed, mut float) = pair(model, &Arithmetic::lava());
            let (mut o, mut error) = (Overflow::default(), 0.0);
            for (t, (re, im)) in input.iter().enumerate() {
                error = next(error, kept, [float.get(0)[0], float.get(1)[0]], bits);
                step(&mut *fixed, model, t as u64 + 1, &[vec![*re], vec![*im]], &mut o);
                step(&mut *float, model, t as u64 + 1, &[vec![f64::from(*re)], vec![f64::from(*im)]], &mut o);
                prop_assert!(o.records().is_empty());
                for var in [0, 1] {
                    prop_assert!((f64::from(fixed.get(var)[0]) - float.get(var)[0]).abs() <= error, "{:?} {:?} {error}", fixed.get(var), float.get(var));
                }
            }
        }
    }
}
