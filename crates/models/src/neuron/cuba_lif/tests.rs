use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::neuron::golden::{self, pair, step};
use crate::{Arithmetic, Behaviour, Overflow};

fn integers(value: &Value) -> Vec<i32> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as i32).collect()
}

/// The compartments of a recorded block; decays, threshold and bias are registers in the recording too.
fn compartments(block: &Value, draws: &Value) -> CubaLif {
    let c = &block["compartment"];
    let each = |name: &str| PerNeuron::from(integers(&c[name]));
    let one = |name: &str| c[name].as_i64().unwrap() as i32;
    let draws = draws.as_array().map(|steps| {
        let row = |s: &Value| integers(&s[0][1]).into_iter().map(f64::from).collect();
        Matrix(steps.iter().map(row).collect())
    });
    CubaLif {
        du: Decay::Register(each("decay_u")),
        dv: Decay::Register(each("decay_v")),
        bias: each("bias"),
        refractory_period: each("refract_delay"),
        vmin: Some(one("vmin").into()),
        vmax: Some(one("vmax").into()),
        enable_noise: each("enable_noise"),
        noise_exp: one("noise_exp"),
        noise_offset: one("noise_offset"),
        noise_at_membrane: one("noise_at_membrane") != 0,
        noise_draws: draws,
        ..CubaLif::new(&[one("n") as usize], each("vth"))
    }
}

/// What arrives at the compartments of a recorded block in step `t`: the weights of spikes listed at `t - 1`.
fn arriving(model: &Value, t: u64, n: usize) -> Vec<i32> {
    let mut sums = vec![0i64; n];
    for source in model["inputs"].as_array().unwrap() {
        let Some(spikes) = source["spikes"].get((t - 1).to_string()) else { continue };
        for axons in source["axons"].as_array().unwrap() {
            let synapses = model["blocks"][0]["synapses"].as_array().unwrap();
            let synapse = synapses.iter().find(|s| s["id"] == axons["target_synapse"]).unwrap();
            for axon in integers(spikes) {
                let (weights, targets) = (&synapse["weights"][axon as usize][0], &synapse["indices"][axon as usize][0]);
                for (w, target) in integers(weights).into_iter().zip(integers(targets)) {
                    sums[target as usize] += i64::from(w);
                }
            }
        }
    }
    sums.into_iter()
        .map(|sum| {
            assert_eq!(sum % 64, 0);
            (sum / 64) as i32
        })
        .collect()
}

/// Every neuron and noise recording: u, v, spikes, and a wrap noted exactly where a warning was recorded.
#[test]
fn nengo_loihis_recordings_are_replayed_to_the_bit() {
    let arithmetic = Arithmetic::nengo_loihi();
    let setting = Setting { arithmetic: &arithmetic, seed: 0, place: 0 };
    let files: Vec<String> = ["neuron_", "noise_"].iter().flat_map(|p| golden::files("nengo-loihi", p)).collect();
    let (mut spikes, mut warned) = (0, 0);
    for file in &files {
        let case = golden::read(file);
        let recorded = &case["inputs"]["model"];
        let model = compartments(&recorded["blocks"][0], &case["inputs"]["draws"]);
        let mut kernel = model.fixed(&setting).unwrap();
        let n = model.shape[0];
        for (k, u) in case["expected"]["u"].as_array().unwrap().iter().enumerate() {
            let t = k as u64 + 1;
            let mut o = Overflow::default();
            let out = step(&mut *kernel, &model, t, &[arriving(recorded, t, n)], &mut o);
            assert_eq!(kernel.get(0), integers(u), "{file}: u at step {t}");
            assert_eq!(kernel.get(1), integers(&case["expected"]["v"][k]), "{file}: v at step {t}");
            let fired: Vec<i32> = (0..n as i32).filter(|i| out[0][*i as usize] != 0).collect();
            assert_eq!(fired, integers(&case["expected"]["s"][k]), "{file}: spikes at step {t}");
            spikes += fired.len();
            let warnings = case["expected"]["warnings"].as_array().unwrap();
            for (text, variable) in
                [("Overflow in q0", "a_in"), ("Overflow in current", "u"), ("Overflow in u2", "u+bias")]
            {
                let want = warnings.iter().any(|w| w[0] == t && w[1] == text);
                let noted = o.records().iter().any(|r| r.variable == variable && r.kind == OverflowKind::Wrap);
                assert_eq!(noted, want, "{file}: {text} at step {t}");
                warned += usize::from(want);
            }
        }
    }
    assert_eq!(files.len(), 26);
    assert!(spikes > 500 && warned > 20, "{spikes} spikes, {warned} warnings");
}

/// The recorded neurons have a generator of positive and one of negative weights, without delay.
#[test]
fn brian2_loihis_recordings_are_replayed_to_the_bit() {
    let arithmetic = Arithmetic::brian2_loihi();
    let setting = Setting { arithmetic: &arithmetic, seed: 0, place: 0 };
    let files = golden::files("brian2-loihi", "neuron_");
    let mut spikes = 0;
    for file in &files {
        let case = golden::read(file);
        let inputs = &case["inputs"];
        let group = &inputs["groups"][0];
        let one = |name: &str| group[name].as_i64().unwrap() as i32;
        let model = CubaLif {
            du: (one("decay_I") - 1).into(),
            dv: one("decay_v").into(),
            refractory_period: one("refractory").into(),
            ..CubaLif::new(&[1], (64 * one("threshold_v_mant")).into())
        };
        let mut kernel = model.fixed(&setting).unwrap();
        for t in 0..inputs["T"].as_u64().unwrap() {
            let mut sum = 0;
            for (k, synapses) in inputs["synapses"].as_array().unwrap().iter().enumerate() {
                let generators = inputs["generators"].as_array().unwrap();
                let source = generators.iter().find(|g| g["id"] == synapses["source"]).unwrap();
                let weights = integers(&case["expected"]["synapses"][k.to_string()]["w_act_initial"]);
                let fired = source["spikes"].get(t.to_string()).map(integers).unwrap_or_default();
                let sources = integers(&synapses["i"]);
                sum += sources.iter().zip(&weights).filter(|(i, _)| fired.contains(i)).map(|(_, w)| w).sum::<i32>();
            }
            assert_eq!(sum % 64, 0);
            let out = step(&mut *kernel, &model, t + 1, &[vec![sum / 64]], &mut Overflow::default());
            let want = &case["expected"]["groups"]["g"];
            let at = t as usize;
            assert_eq!(kernel.get(0), integers(&want["I"][at]), "{file}: I at {t}");
            assert_eq!(kernel.get(1), integers(&want["v"][at]), "{file}: v at {t}");
            assert_eq!(out[0][0] as usize, want["spikes"][at].as_array().unwrap().len(), "{file}: spike at {t}");
            spikes += out[0][0];
        }
    }
    assert_eq!(files.len(), 11);
    assert!(spikes > 100, "{spikes}");
}

fn noisy(n: usize, exp: i32, at_membrane: bool) -> CubaLif {
    CubaLif {
        enable_noise: 1.into(),
        noise_exp: exp,
        noise_at_membrane: at_membrane,
        dv: 200.into(),
        du: 4095.into(),
        ..CubaLif::new(&[n], 8_388_607.into())
    }
}

#[test]
fn noise_is_uniform_and_its_own_for_each_neuron_and_step() {
    let model = noisy(2000, 7, false);
    let (mut fixed, _) = pair(&model, &Arithmetic::loihi1());
    let mut seen = std::collections::BTreeSet::new();
    let mut sum = 0i64;
    for t in 1..=20 {
        step(&mut *fixed, &model, t, &[vec![0; 2000]], &mut Overflow::default());
        let u = fixed.get(0);
        seen.extend(u.iter().copied());
        sum += u.iter().map(|x| i64::from(*x)).sum::<i64>();
    }
    assert_eq!((seen.first(), seen.last(), seen.len()), (Some(&-127), Some(&127), 255));
    // 40,000 draws of variance (255^2 - 1) / 12: five standard deviations of the sum are 73,600.
    assert!(sum.abs() < 73_600, "{sum}");
}

#[test]
fn a_cut_population_and_a_resumed_one_equal_the_whole() {
    for at_membrane in [false, true] {
        let model = CubaLif { vth: 4000.into(), refractory_period: 2.into(), ..noisy(30, 12, at_membrane) };
        assert!(golden::cut_and_resume(&model, 11, &golden::noise(4, 60, 1, 30, 40)) > 50);
    }
}

#[test]
fn what_does_not_fit_is_refused_by_name_and_range() {
    let a = Arithmetic::loihi1();
    let setting = Setting { arithmetic: &a, seed: 0, place: 0 };
    let refused = |model: CubaLif| model.fixed(&setting).unwrap_err().to_string();
    let base = noisy(1, 7, false);
    assert_eq!(
        refused(CubaLif { noise_exp: 24, ..base.clone() }),
        "`noise_exp` is 24; allowed is an integer in 0..=23"
    );
    let crossed = CubaLif { vmin: Some(5.into()), vmax: Some(4.into()), ..base.clone() };
    assert_eq!(crossed.float(&setting).unwrap_err().to_string(), "`vmin` is 5; allowed is at most vmax, here 4");
    assert_eq!(
        refused(CubaLif { vmin: Some(1.into()), ..base.clone() }),
        "`vmin` is 1; allowed is an integer in -2147483647..=0"
    );
    assert_eq!(
        refused(CubaLif { noise_draws: Some(Matrix(vec![vec![128.0]])), ..base.clone() }),
        "`noise_draws[0][0]` is 128; allowed is an integer in -127..=127"
    );
    assert_eq!(
        refused(CubaLif { bias: 600_000.into(), ..base }),
        "`bias` is 600000; allowed is an integer in -524288..=524160"
    );
}

proptest! {
    /// Each decay and the noise lose less than one LSB per step; a clamp only brings the two forms closer.
    #[test]
    fn fixed_stays_within_its_rounding_budget(
        du in 0i32..4096, dv in 0i32..4096, exp in 0i32..14, at_membrane in any::<bool>(),
        input in prop::collection::vec(-200i32..200, 1..60),
    ) {
        let model = CubaLif { du: du.into(), dv: dv.into(), vmin: Some((-1000).into()), ..noisy(1, exp, at_membrane) };
        let (mut fixed, mut float) = pair(&model, &Arithmetic::loihi1());
        let (mut eu, mut ev) = (0.0, 0.0);
        for (t, x) in input.iter().enumerate() {
            let mut o = Overflow::default();
            let s = step(&mut *fixed, &model, t as u64 + 1, &[vec![*x]], &mut o);
            let f = step(&mut *float, &model, t as u64 + 1, &[vec![f64::from(*x)]], &mut Overflow::default());
            if s[0][0] != 0 || f[0][0] != 0.0 || o.records().iter().any(|r| r.kind == OverflowKind::Wrap) {
                break;
            }
            let noise = f64::from(u8::from(exp < 7));
            eu = eu * (1.0 - f64::from(du + 1) / 4096.0) + 1.0 + noise;
            ev = ev * (1.0 - f64::from(dv) / 4096.0) + eu + 1.0 + noise;
            prop_assert!((f64::from(fixed.get(0)[0]) - float.get(0)[0]).abs() <= eu);
            prop_assert!((f64::from(fixed.get(1)[0]) - float.get(1)[0]).abs() <= ev);
        }
    }
}
