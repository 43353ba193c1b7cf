mod behaviour;
mod courses;
mod moments;
mod structure;

use serde_json::Value;

use super::testing::{Bench, fixed, float, golden, goldens, numbers, rows};
use super::*;
use crate::connection::weight::SignMode;
use crate::{Arithmetic, Behaviour, Matrix, Number};

fn sign_mode(text: Option<&Value>) -> Option<SignMode> {
    match text.and_then(Value::as_str).unwrap_or("MIXED") {
        "EXCITATORY" => Some(SignMode::Excitatory),
        "INHIBITORY" => Some(SignMode::Inhibitory),
        _ => Some(SignMode::Mixed),
    }
}

/// The process of a recorded case; `rule` gives the constants, from `params` or `float_params`.
fn process(case: &Value, params: &Value) -> LearningDense {
    let r = &params["learning_rule"];
    let number = |name: &str| r[name].as_f64().unwrap_or(0.0);
    let text = |name: &str| r[name].as_str().map(str::to_owned);
    let rule = LearningRule {
        dw: text("dw"),
        dd: text("dd"),
        dt: text("dt"),
        x1_impulse: number("x1_impulse"),
        x1_tau: number("x1_tau"),
        x2_impulse: number("x2_impulse"),
        x2_tau: number("x2_tau"),
        y1_impulse: number("y1_impulse"),
        y1_tau: number("y1_tau"),
        y2_impulse: number("y2_impulse"),
        y2_tau: number("y2_tau"),
        y3_impulse: number("y3_impulse"),
        y3_tau: number("y3_tau"),
        t_epoch: r["t_epoch"].as_u64().unwrap_or(1) as u32,
        rng_seed: None,
        three_factor: params["three_factor"].as_bool().unwrap_or(false),
    };
    let draws = case.get("random_draws").map(|d| serde_json::from_value(d.clone()).unwrap());
    LearningDense {
        sign_mode: sign_mode(params.get("sign_mode")),
        weight_exp: params["weight_exp"].as_i64().unwrap_or(0) as i32,
        num_weight_bits: params["num_weight_bits"].as_u64().unwrap_or(8) as u32,
        num_message_bits: params["num_message_bits"].as_u64().unwrap_or(0) as u32,
        graded_spike_cfg: match params["graded_spike_cfg"].as_u64().unwrap_or(0) {
            0 => GradedSpikeCfg::UseRegularImpulse,
            1 => GradedSpikeCfg::Overwrite,
            2 => GradedSpikeCfg::AddWithSaturation,
            _ => GradedSpikeCfg::AddWithoutSaturation,
        },
        draws,
        ..LearningDense::new(rows(&params["weights"]), rule)
    }
}

/// Steps a recorded case and compares every recorded output; returns how often a weight changed.
fn replay<N: Number>(case: &Value, process: &LearningDense, mut bench: Bench<N>, outputs: &Value) -> usize {
    let ports: Vec<Vec<Vec<f64>>> = process.in_ports().iter().map(|p| rows(&case["inputs"][p.name])).collect();
    let (mut last, mut changes) = (Vec::new(), 0);
    for t in 0..case["num_steps"].as_u64().unwrap() as usize {
        let inputs: Vec<Vec<N>> = ports.iter().map(|p| p[t].iter().map(|x| N::from_real(*x)).collect()).collect();
        let a_out = bench.run(&inputs);
        for (name, expected) in outputs.as_object().unwrap() {
            let ours = if name == "a_out" { a_out.clone() } else { bench.var(name) };
            for (k, (ours, theirs)) in ours.iter().zip(numbers(&expected[t])).enumerate() {
                // Lava's float model makes NaN of a trace without a time constant; ours stays 0.
                let near = theirs.is_nan() || (ours.real() - theirs).abs() <= 1e-9 * theirs.abs().max(1.0);
                assert!(near, "{} {name}[{t}][{k}]: {ours:?} against {theirs}", case["id"]);
            }
        }
        let weights = bench.var("weights");
        changes += usize::from(t > 0 && weights != last);
        last = weights;
    }
    changes
}

/// All recorded learning cases of Lava, fixed to the bit and float to rounding.
#[test]
fn lavas_recordings_replay() {
    let lava = Arithmetic::lava();
    let mut replayed = 0;
    for family in ["learning_2f", "learning_3f", "learning_graded", "fixed_vs_float"] {
        for case in golden(&format!("lava/{family}.json"))["cases"].as_array().unwrap() {
            if case["process"] != "LearningDense" {
                continue;
            }
            let p = process(case, &case["params"]);
            let is_float = case["tags"].as_array().unwrap().iter().any(|t| t == "float");
            let changes = match is_float {
                true => replay(case, &p, float(&p, &lava), &case["outputs"]),
                false => replay(case, &p, fixed(&p, &lava, 1), &case["outputs"]),
            };
            assert!(changes > 3, "{} is alive", case["id"]);
            if case.get("float_outputs").is_some() {
                assert!(replay(case, &p, float(&p, &lava), &case["float_outputs"]) > 3);
            }
            replayed += 1;
        }
    }
    assert!(replayed >= 20, "{replayed}");
}

/// Spikes per step from a recorded table of `{"t": [indices]}` or `[[indices]]`.
fn spikes_at(table: &Value, t: i64, n: usize) -> Vec<i32> {
    let found = match table {
        Value::Object(steps) => steps.get(&t.to_string()),
        other => usize::try_from(t).ok().and_then(|t| other.get(t)),
    };
    let mut spikes = vec![0; n];
    for i in found.and_then(Value::as_array).into_iter().flatten() {
        spikes[i.as_u64().unwrap() as usize] = 1;
    }
    spikes
}

/// All recorded learning cases of brian2-loihi: weights and traces of every synapse in every step.
#[test]
fn brian2_loihis_recordings_replay() {
    let (mut replayed, mut total) = (0, 0);
    for case in goldens("brian2-loihi", "stdp_").into_iter().chain(goldens("brian2-loihi", "learn_")) {
        let (inputs, name) = (&case["inputs"], case["name"].as_str().unwrap());
        let size = |id: &Value| {
            let all = inputs["groups"].as_array().unwrap().iter().chain(inputs["generators"].as_array().unwrap());
            all.clone().find(|g| g["id"] == *id).unwrap()["n"].as_u64().unwrap() as usize
        };
        for (k, s) in inputs["synapses"].as_array().unwrap().iter().enumerate().filter(|(_, s)| s.get("dw").is_some()) {
            let ints = |field: &str| {
                s[field].as_array().unwrap().iter().map(|x| x.as_u64().unwrap() as u32).collect::<Vec<_>>()
            };
            let trace = |field: &str| s["traces"][field].as_f64().unwrap_or(0.0);
            let mut p = LoihiSynapses::new([size(&s["target"]), size(&s["source"])], [], s["dw"].as_str().unwrap());
            (p.i, p.j, p.w) = (ints("i"), ints("j"), numbers(&s["w"]));
            p.delay = s["delay"].as_u64().unwrap() as u32;
            p.w_exp = s["w_exp"].as_i64().unwrap() as i32;
            p.num_weight_bits = s["num_weight_bits"].as_u64().unwrap() as u32;
            p.sign_mode = [SignMode::Mixed, SignMode::Excitatory, SignMode::Inhibitory]
                [s["sign_mode"].as_u64().unwrap() as usize - 1];
            (p.imp_x1, p.tau_x1, p.imp_x2, p.tau_x2) =
                (trace("imp_x1"), trace("tau_x1"), trace("imp_x2"), trace("tau_x2"));
            (p.imp_y1, p.tau_y1, p.imp_y2, p.tau_y2) =
                (trace("imp_y1"), trace("tau_y1"), trace("imp_y2"), trace("tau_y2"));
            (p.imp_y3, p.tau_y3) = (trace("imp_y3"), trace("tau_y3"));
            p.draws = Some(serde_json::from_value(inputs["draws"][k.to_string()].clone()).unwrap());
            let mut bench = fixed(&p, &Arithmetic::brian2_loihi(), 0);
            let expected = &case["expected"]["synapses"][k.to_string()];
            let source = inputs["generators"].as_array().unwrap().iter().find(|g| g["id"] == s["source"]).unwrap();
            let fired = &case["expected"]["groups"][s["target"].as_str().unwrap()]["spikes"];
            let (mut changes, mut last) = (0, bench.var("w"));
            for t in 0..inputs["T"].as_i64().unwrap() {
                let post = spikes_at(fired, t - 1, p.shape[0]);
                bench.run(&[spikes_at(&source["spikes"], t, p.shape[1]), post]);
                for var in ["w", "x1", "x2", "y1", "y2", "y3"].iter().filter(|v| expected.get(**v).is_some()) {
                    let want: Vec<i32> = numbers(&expected[*var][t as usize]).iter().map(|x| *x as i32).collect();
                    assert_eq!(bench.var(var), want, "{name} {var} at {t}");
                }
                let want: Vec<i32> = numbers(&expected["w_act"][t as usize]).iter().map(|x| *x as i32 / 64).collect();
                assert_eq!(bench.var("w_act"), want, "{name} w_act at {t}");
                changes += usize::from(bench.var("w") != last);
                last = bench.var("w");
            }
            // With 3 bits a weight moves in steps of 32, which no spike of that recording reaches.
            assert!(changes > 0 || p.num_weight_bits == 3, "{name} is alive");
            (replayed, total) = (replayed + 1, total + changes);
        }
    }
    assert!(replayed >= 10 && total > 100, "{replayed} {total}");
}

/// brian2-loihi's table of rule texts: taken or refused, row by row.
#[test]
fn brian2_loihis_rule_texts_are_taken_or_refused_alike() {
    let mut counts = [0, 0];
    for case in goldens("brian2-loihi", "rule_strings") {
        let texts = case["inputs"]["rules"].as_array().unwrap();
        for (text, verdict) in texts.iter().zip(case["expected"]["rules"].as_array().unwrap()) {
            let mut p = LoihiSynapses::new([1, 1], [(0, 0, 1.0)], text.as_str().unwrap());
            (p.imp_x1, p.tau_x1, p.imp_x2, p.tau_x2, p.imp_y1, p.tau_y1) = (1.0, 9.0, 1.0, 9.0, 1.0, 9.0);
            (p.imp_y2, p.tau_y2, p.imp_y3, p.tau_y3) = (1.0, 9.0, 1.0, 9.0);
            let made = p.fixed(&crate::Setting { arithmetic: &Arithmetic::brian2_loihi(), seed: 0, place: 0 });
            assert_eq!(made.is_ok(), verdict == "ok", "{text}: {verdict}, {:?}", made.err());
            counts[usize::from(verdict == "ok")] += 1;
        }
        for row in case["expected"]["parameter_limits"].as_array().unwrap() {
            let (field, value, ok) = (row[0].as_str().unwrap(), row[1].as_i64().unwrap(), row[2].as_bool().unwrap());
            let mut p = LoihiSynapses::new([1, 1], [(0, 0, 0.0)], "x0*1");
            match field {
                "delay" => p.delay = value as u32,
                "w_exp" => p.w_exp = value as i32,
                "num_weight_bits" => p.num_weight_bits = value as u32,
                _ if field.starts_with("w(sign_mode=") => {
                    p.w = vec![value as f64];
                    p.sign_mode = [SignMode::Mixed, SignMode::Excitatory, SignMode::Inhibitory]
                        [field.as_bytes()[12] as usize - 49];
                }
                _ => continue,
            }
            let made = p.fixed(&crate::Setting { arithmetic: &Arithmetic::brian2_loihi(), seed: 0, place: 0 });
            assert_eq!(made.is_ok(), ok, "{row}");
        }
    }
    assert!(counts[0] >= 15 && counts[1] >= 10, "{counts:?}");
}

/// nengo-loihi's recorded PES: traces and weights with its draws.
#[test]
fn nengo_loihis_pes_replays() {
    let mut replayed = 0;
    for case in goldens("nengo-loihi", "learn_pes") {
        let (inputs, name) = (&case["inputs"], case["name"].as_str().unwrap());
        let model = &inputs["model"];
        let synapse = &model["blocks"][0]["synapses"][0];
        let exponent = synapse["cfg"]["weight_exp"].as_i64().unwrap() as i32;
        let bits = [0, 0, 1, 2, 3, 4, 5, 6, 8][synapse["cfg"]["weight_bits"].as_u64().unwrap() as usize + 1];
        let transposed = |weights: &Value| {
            let actual: Vec<Vec<f64>> = weights.as_array().unwrap().iter().map(|axon| numbers(&axon[0])).collect();
            (0..actual[0].len())
                .map(|j| actual.iter().map(|axon| axon[j] / f64::from(1 << (6 + exponent))).collect())
                .collect::<Vec<Vec<f64>>>()
        };
        let draws: Vec<Vec<Vec<f64>>> = inputs["draws"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| {
                step.as_array()
                    .unwrap()
                    .iter()
                    .map(|d| numbers(if d[1][0].is_array() { &d[1][0] } else { &d[1] }))
                    .collect()
            })
            .collect();
        let l = &synapse["learning"];
        let p = PesSynapses {
            weights: Matrix(transposed(&synapse["weights"])),
            weight_exp: exponent,
            num_weight_bits: bits,
            learning: serde_json::from_value(l.clone()).unwrap(),
            draws: Some(draws),
        };
        let mut bench = fixed(&p, &Arithmetic::nengo_loihi(), 0);
        let recorded =
            |table: &Value, t: i64| table.as_array().unwrap().iter().find(|row| row[0] == t).map(|row| row[1].clone());
        let (errors, mut compared, n) = (rows(&inputs["pes_error"]), 0, p.weights.0[0].len());
        for t in 2..=errors.len() as i64 {
            let error = errors[t as usize - 1].iter().map(|e| *e as i32).collect();
            bench.run(&[spikes_at(&model["inputs"][0]["spikes"], t - 1, n), error]);
            if let Some(traces) = recorded(&case["expected"]["traces"], t) {
                let want: Vec<i32> = numbers(&traces[0]).iter().map(|x| *x as i32).collect();
                assert_eq!(bench.var("traces"), want, "{name} traces at {t}");
            }
            if let Some(weights) = recorded(&case["expected"]["weights"], t) {
                let want: Vec<i32> = transposed(&weights[0]).concat().iter().map(|x| *x as i32).collect();
                assert_eq!(bench.var("weights"), want, "{name} weights at {t}");
                compared += 1;
            }
        }
        assert!(compared > 5, "{name}");
        replayed += 1;
    }
    assert_eq!(replayed, goldens("nengo-loihi", "learn_pes").len());
}

#[test]
fn nengo_loihis_stochastic_rounding_replays() {
    let table = golden("nengo-loihi/learn_stochastic_round_0.json");
    assert!(table["inputs"]["x"].as_array().unwrap().len() > 10);
    let (xs, draws) = (numbers(&table["inputs"]["x"]), numbers(&table["inputs"]["p"]));
    for (field, most) in [("y", f64::INFINITY), ("y_clipped", 127.0)] {
        for (k, want) in numbers(&table["expected"][field]).into_iter().enumerate() {
            assert_eq!(f64::from(pes::stochastic_round(xs[k], draws[k], most).0), want, "{field} {k}");
        }
    }
}
