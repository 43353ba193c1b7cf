//! Weights in cells that stay after power-off: `run --nv` and `nv`.

use crate::bench::Bench;

const RUN: [&str; 6] = ["run", "small.toml", "--profile", "hybrid-rram", "--nv", "weights.nv"];

#[test]
fn cells_are_programmed_once_age_and_are_refreshed() {
    let bench = Bench::new();
    let first = bench.well(&RUN);
    assert!(first.contains("weights in") && first.contains("rram-neurram-130nm"), "{first}");
    let shown = bench.well(&["nv", "show", "weights.nv"]);
    let pulses = |text: &str| -> u64 {
        let line = text.lines().find(|line| line.contains(" pulses")).unwrap_or_else(|| panic!("{text}"));
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    assert!(pulses(&shown) > 0, "{shown}");
    bench.well(&RUN);
    assert_eq!(pulses(&bench.well(&["nv", "show", "weights.nv"])), pulses(&shown), "a second run programs nothing");
    assert!(bench.well(&["nv", "diff", "weights.nv", "weights.nv"]).ends_with(": no difference\n"));
    std::fs::copy(bench.path("weights.nv"), bench.path("fresh.nv")).unwrap();
    let aged = bench.well(&["nv", "age", "weights.nv", "--for", "1y", "--celsius", "55"]);
    assert!(aged.contains("365."), "{aged}");
    let grown = bench.json(&["nv", "diff", "fresh.nv", "weights.nv", "--json"]);
    assert_eq!((&grown[0]["weights_differ"], &grown[0]["pulses"]), (&0.into(), &0.into()), "{grown}");
    assert_eq!(grown[0]["age_s"], 365.0 * 86_400.0);
    assert!(grown[0]["cells_differ"].as_u64() > Some(0) && grown[0]["largest_us"].as_f64() > Some(0.0), "{grown}");
    let refreshed = bench.well(&["nv", "reprogram", "weights.nv"]);
    assert!(pulses(&refreshed) > pulses(&shown), "{refreshed}");
    let json = bench.well(&["nv", "export", "weights.nv"]);
    bench.write("weights.json", &json);
    bench.well(&["nv", "import", "weights.json", "copy.nv"]);
    assert_eq!(bench.well(&["nv", "export", "copy.nv"]), json);
}

/// The form of `nv_memory.json` has three lists of numbers: weights go out, and come into cells that exist.
#[test]
fn weights_go_out_and_in_as_three_lists() {
    let bench = Bench::new();
    bench.well(&RUN);
    let json = bench.json(&["nv", "export", "weights.nv", "--format", "seed"]);
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["analog_neurons", "digital_neurons", "synaptic_weights"]);
    let weights: Vec<f64> = json["synaptic_weights"].as_array().unwrap().iter().map(|w| w.as_f64().unwrap()).collect();
    // Those of the model are 100, -100, -20, 60, … of at most 100, each to be held in 15 levels.
    for (got, want) in weights.iter().zip([100.0, -100.0, -20.0, 60.0, 30.0, 20.0, 4.0, 80.0]) {
        assert!((got - want * 0.15).abs() < 1.5, "{weights:?}");
    }
    assert_eq!((weights.len(), json["analog_neurons"].as_array().map(Vec::len)), (8, Some(0)));
    // Weights that are given come into cells that had drifted, and the network goes on with them if they are its own.
    let full = bench.json(&["nv", "export", "weights.nv"]);
    let mut given = json.clone();
    given["synaptic_weights"] = full["stores"][0]["state"]["wanted"].clone();
    bench.write("memory.json", &given.to_string());
    bench.well(&["nv", "age", "weights.nv", "--for", "1y", "--celsius", "55"]);
    let told = bench.well(&["nv", "import", "memory.json", "weights.nv"]);
    assert!(told.ends_with("\n8 weights programmed, 0 to other levels than before, 0 clipped\n"), "{told}");
    let again = bench.json(&["nv", "export", "weights.nv", "--format", "seed"]);
    for (a, b) in again["synaptic_weights"].as_array().unwrap().iter().zip(&weights) {
        assert!((a.as_f64().unwrap() - b).abs() < 2.0, "{again}");
    }
    bench.well(&RUN);
    given["synaptic_weights"][1] = 99.into();
    bench.write("memory.json", &given.to_string());
    std::fs::copy(bench.path("weights.nv"), bench.path("other.nv")).unwrap();
    let told = bench.well(&["nv", "import", "memory.json", "other.nv"]);
    assert!(told.ends_with(" 1 to other levels than before, 1 clipped\n"), "{told}");
    let written =
        r#"{"analog_neurons": [-58.9, -56.3], "digital_neurons": [-62.7, -64.2], "synaptic_weights": [1.36, 1.36]}"#;
    bench.write("nv_memory.json", written);
    let done = bench.run(&["nv", "import", "nv_memory.json", "made.nv"]);
    assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{}", done.err);
    assert!(done.err.contains("holds weights without their cells"), "{}", done.err);
    assert!(done.err.contains("make cells with `pumice run --nv made.nv`"), "{}", done.err);
    let before = std::fs::read(bench.path("weights.nv")).unwrap();
    let done = bench.run(&["nv", "import", "nv_memory.json", "weights.nv"]);
    assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{}", done.err);
    assert!(done.err.contains("`synaptic_weights` has length 2, it must have length 8"), "{}", done.err);
    assert_eq!(std::fs::read(bench.path("weights.nv")).unwrap(), before, "nothing was changed");
}

/// At the end of a run there are voltages too; they are told of, and not kept, when the file comes in.
#[test]
fn a_run_leaves_its_memory_in_three_lists() {
    let bench = Bench::new();
    bench.well(&[&RUN[..], &["--memory", "memory.json"]].concat());
    let text = std::fs::read_to_string(bench.path("memory.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let length = |name: &str| json[name].as_array().unwrap().len();
    assert_eq!((length("analog_neurons"), length("synaptic_weights")), (0, 8), "{json}");
    assert!(length("digital_neurons") > 0, "{json}");
    let told = bench.well(&["nv", "import", "memory.json", "weights.nv"]);
    assert!(told.ends_with(" voltages of neurons are not kept: cells hold weights\n"), "{told}");
    let done = bench.run(&["run", "small.toml", "--profile", "loihi1", "--memory", "other.json"]);
    assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{}", done.err);
    assert!(done.err.contains("no synapses of this network lie in non-volatile cells"), "{}", done.err);
    assert!(!bench.path("other.json").exists());
}

/// SIGKILL in the middle of a run: the cells are in the file as they were before it, and a new process goes on with them.
#[test]
fn cells_outlive_a_killed_run() {
    let bench = Bench::new();
    let args = ["run", "free.toml", "--profile", "hybrid-rram", "--nv", "weights.nv", "--steps"];
    let mut process = bench.command(&[&args[..], &["100000000"]].concat()).spawn().unwrap();
    while !bench.path("weights.nv").exists() {
        assert!(process.try_wait().unwrap().is_none(), "the run ended before it could be killed");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    let kept = bench.json(&["nv", "export", "weights.nv"]);
    let pulses = |state: &serde_json::Value| state["stores"][0]["state"]["array"]["ledger"]["set_pulses"].as_u64();
    assert!(pulses(&kept) > Some(0), "{kept}");
    let again = bench.well(&[&args[..], &["50"]].concat());
    assert!(again.contains("weights in"), "{again}");
    assert_eq!(pulses(&bench.json(&["nv", "export", "weights.nv"])), pulses(&kept), "nothing was programmed again");
}

#[test]
fn cells_of_other_networks_are_not_compared() {
    let bench = Bench::new();
    bench.well(&RUN);
    bench.well(&["run", "free.toml", "--profile", "hybrid-rram", "--nv", "free.nv"]);
    let done = bench.run(&["nv", "diff", "weights.nv", "free.nv"]);
    assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{}", done.err);
    assert!(done.err.contains("allowed are two states of the same arrays"), "{}", done.err);
}

#[test]
fn what_is_no_whole_file_is_refused_and_kept() {
    let bench = Bench::new();
    bench.well(&RUN);
    let path = bench.path("weights.nv");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[200] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    for args in [&RUN[..], &["nv", "show", "weights.nv"], &["nv", "age", "weights.nv", "--for", "1d"]] {
        let done = bench.run(args);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{args:?}: {}", done.err);
        assert!(done.err.contains("weights.nv` is no whole non-volatile file: its checksum"), "{}", done.err);
    }
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "a damaged file is left as it is");
}

/// Nobody waits for a run whose cells cannot be kept.
#[test]
fn a_file_that_cannot_be_written_is_told_before_the_run() {
    let bench = Bench::new();
    let done =
        bench.run(&["run", "small.toml", "--profile", "hybrid-rram", "--nv", "no/such/weights.nv", "--out", "results"]);
    assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{}", done.err);
    assert!(done.err.contains("no/such") && done.err.lines().count() == 1, "{}", done.err);
    assert!(!bench.path("results/result.json").exists(), "the run was not made");
}

#[test]
fn json_that_is_no_state_of_cells_is_named() {
    let bench = Bench::new();
    bench.write("bad.json", "{\"hardware\": 3}");
    let done = bench.run(&["nv", "import", "bad.json", "made.nv"]);
    assert_eq!((done.code, done.out.as_str()), (Some(2), ""));
    assert!(done.err.contains("`bad.json` is no JSON of cells"), "{}", done.err);
    bench.well(&RUN);
    let absurd = bench.well(&["nv", "export", "weights.nv"]).replacen("step_v = 0.1", "step_v = 1e-300", 1);
    bench.write("bad.json", &absurd);
    let done = bench.run(&["nv", "import", "bad.json", "made.nv"]);
    assert_eq!((done.code, done.out.as_str()), (Some(2), ""));
    assert!(done.err.contains("write.set.step_v of the cell profile `rram-neurram-130nm` is 1e-300"), "{}", done.err);
    assert!(done.err.contains("it must be in 0.001 to 20.0"), "{}", done.err);
    assert!(!bench.path("made.nv").exists());
}
