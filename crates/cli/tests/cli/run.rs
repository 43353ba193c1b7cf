//! `pumice run`.

use std::collections::BTreeSet;
use std::process::Stdio;

use pumice::file::read_npz_all;
use serde_json::Value;

use crate::bench::{Bench, files, root};

/// Keys that tell how fast this machine is, not what came out.
const OF_THE_MACHINE: [&str; 4] = ["wall_time_s", "wall_time_float_s", "events_per_second", "workers"];

fn number(result: &Value, key: &str) -> f64 {
    result[key].as_f64().unwrap_or_else(|| panic!("{key} is {}", result[key]))
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

#[test]
fn a_classification_says_what_it_came_to_and_the_figures_agree() {
    let result = Bench::new().json(&["run", "small.toml", "--json"]);
    assert_eq!((&result["model"], &result["profile"]), (&"small".into(), &"loihi1".into()));
    assert_eq!((&result["samples"], &result["steps"]), (&3.into(), &60.into()));
    assert_eq!((number(&result, "accuracy_fixed"), number(&result, "accuracy_float")), (1.0, 1.0));
    assert_eq!(number(&result, "agreement"), 1.0);
    assert!(number(&result, "spikes") > 10.0, "the network is alive");
    let energy = number(&result, "energy_j");
    assert!(close(energy, number(&result, "energy_dynamic_j") + number(&result, "energy_static_j")));
    assert!(close(energy, 3.0 * number(&result, "energy_per_inference_j")));
    assert!(close(energy, number(&result, "spikes") * number(&result, "energy_per_spike_j")));
    assert!(close(energy, number(&result, "synaptic_events") * number(&result, "energy_per_synaptic_event_j")));
    let rows = result["bill"].as_array().unwrap();
    assert!(close(energy, rows.iter().map(|row| number(row, "energy_j")).sum()));
    assert!(rows.iter().all(|row| row["evidence"].is_string() && !row["source"].as_str().unwrap().is_empty()));
    assert!(number(&result["energy_range_j"], "low") <= energy && energy <= number(&result["energy_range_j"], "high"));
    assert_eq!(result["weakest_evidence"], weakest(rows));
    let unpriced: Vec<&str> =
        result["unpriced"].as_array().unwrap().iter().map(|u| u["event"].as_str().unwrap()).collect();
    assert!(unpriced.contains(&"host_spike_in"), "{unpriced:?}");
    assert!(close(number(&result, "emulated_time_s"), 3.0 * number(&result["time_per_inference_s"], "mean")));
    assert!(number(&result["time_per_inference_s"], "mean") <= number(&result["time_per_inference_s"], "max"));
    assert_eq!((&result["cores_used"], &result["cores_available"]), (&1.into(), &128.into()));
    assert_eq!(result["utilisation"]["neurons"]["limit"], 1024);
    assert_eq!(result["backends"][0], serde_json::json!({ "process": "input", "backend": "fixed" }));
    assert_eq!(result["backends"][2], serde_json::json!({ "process": "output", "backend": "chip" }));
    assert!(number(&result, "wall_time_s") > 0.0);
}

/// Neurons tell as many spikes off the chip as on it, in all samples.
#[test]
fn spikes_are_counted_off_the_chip_too() {
    let bench = Bench::new();
    for model in ["small.toml", "free.toml"] {
        let on = bench.json(&["run", model, "--json"]);
        let off = bench.json(&["run", model, "--backend", "fixed", "--json"]);
        assert!(number(&on, "spikes") > 10.0, "the network is alive");
        assert_eq!((&off["spikes_off_chip"], &off["spikes"]), (&on["spikes"], &Value::Null));
        assert_eq!(on["spikes_off_chip"], Value::Null);
    }
    assert!(bench.well(&["run", "small.toml", "--backend", "float"]).contains("spikes off the chip"));
}

/// The last in the order of grades that `pumice_meter::Evidence` defines.
fn weakest(rows: &[Value]) -> &str {
    const GRADES: [&str; 7] = ["measured", "fitted", "derived", "simulated", "vendor", "recalled", "assumed"];
    let grade = |row: &Value| GRADES.iter().position(|g| row["evidence"] == *g).expect("a grade is one of these");
    GRADES[rows.iter().map(grade).max().expect("a bill has rows")]
}

#[test]
fn the_schema_of_results_lists_exactly_their_keys() {
    let bench = Bench::new();
    let schema = bench.json(&["schema", "result"]);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&schema["properties"]), keys(&bench.json(&["run", "small.toml", "--json"])));
    assert_eq!(keys(&schema["properties"]), keys(&bench.json(&["run", "free.toml", "--json"])));
    let undocumented = |fields: &Value| {
        let fields = fields.as_object().unwrap().iter();
        fields.filter(|(_, field)| field["description"].is_null()).map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(undocumented(&schema["properties"]), [""; 0]);
}

#[test]
fn the_text_says_the_same_for_people() {
    let text = Bench::new().well(&["run", "small.toml"]);
    for words in [
        "small on an emulated Intel Loihi",
        "3 samples of 20 steps, profile loihi1, prices davies2018, arithmetic loihi1, seed 7",
        "100.00 % in fixed point on the chip, 100.00 % in floating point",
        "100.00 % of the answers are the same",
        " synaptic events",
        "J per inference: ",
        "per spike",
        "weakest evidence used: ",
        "  not priced      neuron_spike (",
        "1 of 128 cores",
        "fullest core",
        "not on the chip   input (fixed)",
        "energy by event",
        "synapse_read_dense",
    ] {
        assert!(text.contains(words), "no `{words}` in\n{text}");
    }
    assert!(text.lines().all(|line| line.trim_end() == line), "no line ends in spaces:\n{text}");
}

#[test]
fn quiet_is_quiet_and_json_is_json_only() {
    let bench = Bench::new();
    assert_eq!(bench.well(&["run", "small.toml", "-q"]), "");
    let quiet_json = bench.json(&["run", "small.toml", "-q", "--json"]);
    assert_eq!(quiet_json["samples"], 3);
}

#[test]
fn options_change_what_they_say_and_nothing_else() {
    let bench = Bench::new();
    let plain = bench.json(&["run", "small.toml", "--json"]);
    let table: [(&[&str], &str, Value); 9] = [
        (&["--timing", "queue"], "timing", "queue".into()),
        (&["--samples", "2"], "samples", 2.into()),
        (&["--steps", "40"], "steps", 120.into()),
        (&["--seed", "9"], "seed", 9.into()),
        (&["--prices", "silicon_fit"], "prices", "silicon_fit".into()),
        (&["--profile", "loihi2"], "profile", "loihi2".into()),
        (&["--no-float"], "accuracy_float", Value::Null),
        (&["--backend", "fixed"], "energy_j", Value::Null),
        (&["--backend", "float"], "accuracy_fixed", Value::Null),
    ];
    for (args, key, value) in table {
        let result = bench.json(&[&["run", "small.toml", "--json"], args].concat());
        assert_eq!(result[key], value, "{args:?}");
        assert_ne!(result[key], plain[key], "{args:?}");
    }
    let fixed = bench.json(&["run", "small.toml", "--json", "--backend", "fixed"]);
    assert_eq!(fixed["accuracy_fixed"], plain["accuracy_fixed"], "a chip computes what its arithmetic does");
    let float = bench.json(&["run", "small.toml", "--json", "--backend", "float"]);
    assert_eq!(float["accuracy_float"], plain["accuracy_float"]);
}

/// A model of real numbers runs in floating point when the command says so; every other form of it is refused alike.
#[test]
fn a_model_of_real_numbers_runs_on_the_backend_that_is_asked_for() {
    let bench = Bench::new();
    bench.write("real.toml", &crate::bench::SMALL.replace("[[100, -20, 30, 4]", "[[100.5, -20, 30, 4]"));
    let float = bench.json(&["run", "real.toml", "--json", "--backend", "float"]);
    assert!(number(&float, "accuracy_float") > 0.0, "{float}");
    bench.write(
        "float.toml",
        &(crate::bench::SMALL.replace("[[100, -20, 30, 4]", "[[100.5, -20, 30, 4]")
            + "\n[backend]\ndefault = \"float\"\n"),
    );
    bench.well(&["run", "float.toml"]);
    let table: [&[&str]; 6] = [
        &["run", "real.toml"],
        &["run", "real.toml", "--backend", "fixed"],
        &["run", "float.toml", "--backend", "chip"],
        &["run", "float.toml", "--backend", "fixed"],
        &["compare", "float.toml"],
        &["check", "float.toml"],
    ];
    for args in table {
        let done = bench.run(args);
        let words = format!("error: {}: process `synapses`: `weights[0][0]` is 100.5; allowed is an integer", args[1]);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{args:?}");
        assert!(done.err.starts_with(&words) && done.err.lines().count() == 1, "{args:?} says: {}", done.err);
    }
}

#[test]
fn workers_change_no_result() {
    let bench = Bench::new();
    let result = |workers: &str, model: &str| {
        let mut result = bench.json(&["run", model, "--json", "--workers", workers]);
        OF_THE_MACHINE.iter().for_each(|key| drop(result.as_object_mut().unwrap().remove(*key)));
        result
    };
    for model in ["small.toml", "free.toml"] {
        let one = result("1", model);
        assert!(number(&one, "spikes") > 10.0);
        ["2", "3", "5"].into_iter().for_each(|workers| assert_eq!(result(workers, model), one, "{workers} workers"));
        // Anyone who may not pin threads is told so.
        let done = bench.run(&["run", model, "--workers", "1", "--pin"]);
        assert!(done.code == Some(0) || done.err.contains("does not let a program pin"), "{}", done.err);
    }
}

/// A chip with a tick says how often it could not keep it.
#[test]
fn steps_that_outlast_the_tick_are_told() {
    let bench = Bench::new();
    for (tick, late) in [("1e-9", 60), ("1e-3", 0)] {
        let source = "{ ev = \"assumed\", src = \"test\" }";
        let text = format!(
            "extends = \"loihi1\"\n[meta]\nname = \"paced\"\n[timestep]\ndiscipline = \"global_tick\"\n\
             tick = {{ v = {tick}, ev = \"assumed\", src = \"test\" }}\n[sources]\n\"timestep.discipline\" = {source}\n"
        );
        bench.write("paced.toml", &text);
        assert_eq!(bench.json(&["run", "small.toml", "--profile", "paced.toml", "--json"])["late_steps"], late);
        let told = bench.well(&["run", "small.toml", "--profile", "paced.toml"]);
        assert_eq!(told.contains("  not in time     60 steps lasted longer than the tick"), late > 0, "{told}");
    }
    assert_eq!(bench.json(&["run", "small.toml", "--json"])["late_steps"], Value::Null);
}

/// Any chip can be held to a pace: the same work in more time, which costs static power.
#[test]
fn a_tick_throttles_a_chip_that_runs_free() {
    let bench = Bench::new();
    let run = |more: &[&str]| bench.json(&[&["run", "small.toml", "--json"], more].concat());
    let (free, held) = (run(&[]), run(&["--tick", "1ms"]));
    assert_eq!((&free["tick_s"], &held["tick_s"], &held["late_steps"]), (&Value::Null, &1e-3.into(), &0.into()));
    assert_eq!(held["emulated_time_s"], 60e-3);
    assert_eq!((&held["spikes"], &held["energy_dynamic_j"]), (&free["spikes"], &free["energy_dynamic_j"]));
    assert!(held["energy_static_j"].as_f64() > free["energy_static_j"].as_f64());
    // A tick that is shorter than the work changes nothing but what is told.
    let late = run(&["--tick", "1ns"]);
    assert_eq!((&late["emulated_time_s"], &late["late_steps"]), (&free["emulated_time_s"], &60.into()));
    assert_eq!(run(&["--profile", "spinnaker1", "--tick", "100us"])["emulated_time_s"], 6e-3);
    let told = bench.well(&["run", "small.toml", "--tick", "1ms"]);
    assert!(told.contains("(timing model simple, a step each 1.00 ms)"), "{told}");
    for wrong in ["1", "ms", "0s", "nanms", "2000s", "1e-30s"] {
        let done = bench.run(&["run", "small.toml", "--tick", wrong]);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{wrong}");
        let words = "allowed is a number with s, ms, us or ns, as 1ms, from 1ns to 1000s\n";
        assert!(done.err.contains("--tick") && done.err.ends_with(words), "{wrong}: {}", done.err);
    }
}

#[test]
fn a_profile_without_prices_prices_nothing_and_says_so() {
    let bench = Bench::new();
    let result = bench.json(&["run", "small.toml", "--json", "--profile", "unlimited"]);
    for key in
        ["energy_j", "energy_static_j", "energy_per_spike_j", "emulated_time_s", "weakest_evidence", "cores_available"]
    {
        assert_eq!(result[key], Value::Null, "{key}");
    }
    assert!(number(&result, "spikes") > 10.0);
    let text = bench.well(&["run", "small.toml", "--profile", "unlimited"]);
    assert!(text.contains("not known: the profile has no price"), "{text}");
    assert!(text.contains("  not priced      neuron_access ("), "{text}");
}

#[test]
fn results_are_written_whole_and_numpy_can_read_them() {
    let bench = Bench::new();
    let printed = bench.json(&["run", "small.toml", "--json", "--out", "deep/results"]);
    let folder = bench.path("deep/results");
    assert_eq!(
        files(&folder),
        ["cores.json", "power.npz", "power.svg", "probes.npz", "result.json", "samples.npz", "spikes.npz", "steps.npz"]
    );
    let saved: Value = serde_json::from_slice(&std::fs::read(folder.join("result.json")).unwrap()).unwrap();
    assert_eq!(saved, printed);

    let array = |file: &str, name: &str| {
        let all = read_npz_all(&folder.join(file)).unwrap();
        let found = all.iter().find(|(own, _)| own == name);
        found.unwrap_or_else(|| panic!("no {name} among {:?}", all.iter().map(|a| &a.0).collect::<Vec<_>>())).1.clone()
    };
    let steps = array("spikes.npz", "output.s_out.step").to_int().unwrap();
    assert_eq!(steps.len() as f64, number(&printed, "spikes"), "every spike of every sample is there");
    assert!(steps.is_sorted() && steps[0] >= 1 && *steps.last().unwrap() > 40 && *steps.last().unwrap() <= 60);
    assert_eq!(array("spikes.npz", "output.s_out.index").len(), steps.len());
    assert!(array("spikes.npz", "input.s_out.step").len() > 20, "sources are recorded too");
    let voltage = array("probes.npz", "output.v");
    assert_eq!(voltage.shape(), [12, 2]);
    let steps: Vec<i64> = (1..=12).map(|k| 5 * k).collect();
    assert_eq!(array("probes.npz", "output.v.step").to_int().unwrap(), steps);
    assert_eq!(array("samples.npz", "fixed").to_int().unwrap(), [0, 1, 1]);
    assert_eq!(array("samples.npz", "label").to_int().unwrap(), [0, 1, 1]);

    let text = bench.well(&["run", "free.toml", "--out", "deep/results", "--steps", "10"]);
    assert!(text.contains("deep/results/spikes.npz"), "{text}");
    let again = array("spikes.npz", "cells.s_out.step").to_int().unwrap();
    assert!(!again.is_empty() && again.iter().all(|step| (1..=10).contains(step)), "files are replaced");
    let left = files(&folder);
    assert!(left.iter().all(|name| !name.contains("tmp") && !name.starts_with('.')), "{left:?}");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let bench = Bench::new();
    for args in [&["profile", "show", "loihi1"][..], &["schema"], &["run", "free.toml"]] {
        let mut child = bench.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{args:?}");
        assert!(output.status.success(), "{args:?}");
    }
}

/// The main job: held-out handwritten digits on an emulated Loihi 1.
#[test]
fn handwritten_digits_are_read() {
    let model = root().join("examples/digits/digits.toml");
    let result = Bench::new().json(&["run", model.to_str().unwrap(), "--json"]);
    assert_eq!(result["samples"], 360);
    let (fixed, float) = (number(&result, "accuracy_fixed"), number(&result, "accuracy_float"));
    assert!(fixed >= 0.96, "{fixed}");
    assert!((fixed - float).abs() <= 0.01, "{fixed} against {float}");
    assert!(number(&result, "agreement") >= 0.97);
    assert!(number(&result, "synaptic_events") > 1e5);
    assert!(number(&result, "energy_per_inference_j") > 1e-9);
}
