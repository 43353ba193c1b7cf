use proptest::prelude::*;

use super::*;
use crate::neuron::delta::Delta;
use crate::neuron::golden::{self, pair, step};
use crate::neuron::sigma::Sigma;
use crate::{Arithmetic, Behaviour, Overflow};

fn is_float(case: &serde_json::Value) -> bool {
    case["tags"].as_array().unwrap().iter().any(|tag| tag == "float")
}

#[test]
fn lavas_recordings_are_replayed_to_the_bit() {
    assert_eq!(golden::replay_lava("sigma_delta", |c| !is_float(c)), 8);
    assert_eq!(golden::replay_lava("fixed_vs_float", |c| c["process"] == "SigmaDelta"), 1);
}

#[test]
fn lavas_float_model_is_the_float_twin() {
    let all = golden::read("lava/sigma_delta.json");
    let case = all["cases"].as_array().unwrap().iter().find(|c| is_float(c)).unwrap();
    assert!(golden::replay_lava_float(case, &case["params"], &case["outputs"]) > 100);
    let all = golden::read("lava/fixed_vs_float.json");
    let case = all["cases"].as_array().unwrap().iter().find(|c| c["process"] == "SigmaDelta").unwrap();
    assert!(golden::replay_lava_float(case, &case["float_params"], &case["float_outputs"]) > 100);
}

#[test]
fn sums_wrap_at_32_bits_and_are_noted_by_name() {
    let model = Sigma::new(&[2]);
    let (mut fixed, _) = pair(&model, &Arithmetic::lava());
    fixed.set(0, &[5, i32::MAX]).unwrap();
    let mut o = Overflow::default();
    assert_eq!(step(&mut *fixed, &model, 9, &[vec![1, 1]], &mut o), [[6, i32::MIN]]);
    let r = &o.records()[0];
    assert_eq!((r.variable.as_str(), r.count, r.first_step, r.first_index), ("sigma", 1, 9, 1));
    let model = Delta { spike_exp: 15, state_exp: 15, vth: 0.into(), ..Delta::new(&[1], 0.into()) };
    let (mut fixed, _) = pair(&model, &Arithmetic::lava());
    step(&mut *fixed, &model, 1, &[vec![2]], &mut o);
    assert!(o.records().iter().any(|r| r.variable == "act"));
    let a = Arithmetic::lava();
    let setting = Setting { arithmetic: &a, seed: 0, place: 0 };
    let error = Delta { spike_exp: 16, ..model }.fixed(&setting).unwrap_err();
    assert_eq!(error.to_string(), "`spike_exp` is 16; allowed is an integer in 0..=15");
}

/// Lava's `SigmaDelta` rectifies unless it is told not to.
#[test]
fn the_default_activation_is_lavas() {
    let sent = |act_mode| {
        let model = SigmaDelta { act_mode, ..SigmaDelta::new(&[1], 0.into()) };
        let (mut fixed, _) = pair(&model, &Arithmetic::lava());
        step(&mut *fixed, &model, 1, &[vec![-7]], &mut Overflow::default())[0][0]
    };
    assert_eq!([SigmaDelta::new(&[1], 0.into()).act_mode, ActivationMode::Unit].map(sent), [0, -7]);
    let read: SigmaDelta = serde_json::from_str(r#"{"shape": [1], "vth": 0}"#).unwrap();
    assert_eq!(read, SigmaDelta::new(&[1], 0.into()));
}

/// The bits lost by Lava 0.10 show in the sum of what was sent; the corrected rule loses none for good.
#[test]
fn only_the_corrected_rule_sends_all_that_changed() {
    for (corrected, want) in [(false, 0), (true, 24)] {
        let model = SigmaDelta { state_exp: 3, corrected, ..SigmaDelta::new(&[1], 0.into()) };
        let (mut fixed, _) = pair(&model, &Arithmetic::lava());
        // Seven units of the state per step: less than one unit of the output.
        let sent: i32 =
            (1..=28).map(|t| step(&mut *fixed, &model, t, &[vec![7]], &mut Overflow::default())[0][0]).sum();
        assert_eq!(sent, want, "28 * 7 / 8 = 24.5");
    }
}

#[test]
fn a_cut_population_and_a_resumed_one_equal_the_whole() {
    let inputs = golden::noise(5, 60, 1, 30, 60);
    let model = SigmaDelta {
        act_mode: ActivationMode::Relu,
        cum_error: true,
        state_exp: 2,
        ..SigmaDelta::new(&[30], 20.into())
    };
    assert!(golden::cut_and_resume(&model, 11, &inputs) > 100);
    assert!(golden::cut_and_resume(&Delta::new(&[30], 20.into()), 7, &inputs) > 100);
    assert!(golden::cut_and_resume(&Sigma::new(&[30]), 7, &inputs) > 100);
}

proptest! {
    /// Without a state exponent nothing is rounded: both forms are equal. With one, the state is still equal and
    /// the output differs by the bits below one.
    #[test]
    fn only_the_output_rounds(
        input in prop::collection::vec(-500i32..500, 1..80), vth in 0i32..100, cum_error in any::<bool>(),
        spike_exp in 0i32..4, state_exp in 0i32..4, relu in any::<bool>(),
    ) {
        let act_mode = if relu { ActivationMode::Relu } else { ActivationMode::Unit };
        let models: [Box<dyn Behaviour>; 2] = [
            Box::new(SigmaDelta { act_mode, cum_error, spike_exp, state_exp, bias: 3.into(), ..SigmaDelta::new(&[1], vth.into()) }),
            Box::new(Delta { cum_error, spike_exp, state_exp, ..Delta::new(&[1], vth.into()) }),
        ];
        for model in &models {
            let (mut fixed, mut float) = pair(&**model, &Arithmetic::lava());
            for (t, x) in input.iter().enumerate() {
                let s = step(&mut *fixed, &**model, t as u64 + 1, &[vec![*x]], &mut Overflow::default());
                let f = step(&mut *float, &**model, t as u64 + 1, &[vec![f64::from(*x)]], &mut Overflow::default());
                prop_assert_eq!(f64::from(s[0][0]), f[0][0].floor());
                for var in 0..model.vars().len() {
                    prop_assert_eq!(f64::from(fixed.get(var)[0]), float.get(var)[0]);
                }
            }
        }
    }

    /// The corrected rule carries less than one output unit more than its twin.
    #[test]
    fn the_corrected_rule_stays_within_one_output_unit(
        input in prop::collection::vec(-500i32..500, 1..80), state_exp in 0i32..6,
    ) {
        let act_mode = ActivationMode::Unit;
        let model = SigmaDelta { state_exp, act_mode, corrected: true, ..SigmaDelta::new(&[1], 0.into()) };
        let (mut fixed, mut float) = pair(&model, &Arithmetic::lava());
        for (t, x) in input.iter().enumerate() {
            step(&mut *fixed, &model, t as u64 + 1, &[vec![*x]], &mut Overflow::default());
            step(&mut *float, &model, t as u64 + 1, &[vec![f64::from(*x)]], &mut Overflow::default());
            let lost = float.get(1)[0] - f64::from(fixed.get(1)[0]);
            prop_assert!((0.0..f64::from(1 << state_exp)).contains(&lost), "{}", lost);
        }
    }
}
