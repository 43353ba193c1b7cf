//! `compare`, `check`, `sweep` and `quantise` by hand: what they print, write and refuse.

use serde_json::{Value, json};

use crate::bench::{Bench, SMALL};

/// The small network without its task, driven by a source that never stops, onto a neuron that never forgets.
fn runaway() -> String {
    let text = SMALL.split("[task]").next().unwrap();
    text.replace("full = 4", "full = 4\nvalue = 4")
        .replace("du = 4095", "du = 0\ndv = 0")
        .replace("vth = 100", "vth = 131071")
}

#[test]
fn compare_finds_no_difference_where_nothing_rounds_and_says_so_in_json() {
    let bench = Bench::new();
    bench.write("model.toml", SMALL);
    let run = bench.run(&["compare", "model.toml"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    for words in ["fixed against float", "chip against float", "first divergence  none", "rounding budget   held by"] {
        assert!(run.out.contains(words), "{words}: {}", run.out);
    }
    let json: Value = serde_json::from_str(&bench.run(&["compare", "model.toml", "--json"]).out).unwrap();
    assert!(json["first_divergence"].is_null());
    assert_eq!(json["backends"][0]["agreement"], 1.0);
    assert!(json["float_spikes"].as_u64().unwrap() > 0);
    let metrics = json["backends"][1]["spikes"][0].as_object().unwrap();
    for key in
        ["matched", "mean_lag_steps", "coincidence_factor", "van_rossum", "victor_purpura", "spike_distance", "rate_ks"]
    {
        assert!(metrics.contains_key(key), "{key}");
    }
}

#[test]
fn check_proves_or_writes_the_input_that_overflows() {
    let bench = Bench::new();
    bench.write("model.toml", SMALL);
    let run = bench.run(&["check", "model.toml"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("cannot overflow"), "{}", run.out);
    bench.write("runaway.toml", &runaway());
    let run = bench.run(&["check", "runaway.toml", "--steps", "3000", "--out", "bad/MODEL.toml"]);
    assert_eq!(run.code, Some(1), "{} {}", run.out, run.err);
    assert!(
        run.out.contains("overflows") && run.err.contains("can overflow; the input is in"),
        "{} {}",
        run.out,
        run.err
    );
    let replayed = bench.run(&["run", "bad/MODEL.toml", "--json"]);
    assert_eq!(replayed.code, Some(0), "{}", replayed.err);
    let json: Value = serde_json::from_str(&replayed.out).unwrap();
    assert!(json["overflow"].as_array().is_some_and(|all| !all.is_empty()), "{}", replayed.out);
    let compared = bench.run(&["compare", "bad/MODEL.toml", "--no-knobs"]);
    assert_eq!(compared.code, Some(0), "{}", compared.err);
}

#[test]
fn sweep_and_quantise_write_what_other_commands_read() {
    let bench = Bench::new();
    bench.write("model.toml", SMALL);
    let run = bench.run(&["sweep", "model.toml", "--weight-bits", "3..5", "--decay-bits", "6,12", "--out", "swept"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("2 figures and sweep.csv written into swept"), "{}", run.out);
    let csv = std::fs::read_to_string(bench.path("swept/sweep.csv")).unwrap();
    assert_eq!(csv.lines().count(), 7, "{csv}");
    assert!(csv.lines().all(|line| line.split(',').count() == 12) && csv.contains("true"), "{csv}");
    let run = bench.run(&["quantise", "model.toml", "--out", "small", "--spikes", "0.5", "--budget", "0.5"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    for words in ["weight memory", "norm lost", "to zero", "clipped"] {
        assert!(run.out.contains(words), "{words}: {}", run.out);
    }
    assert!(bench.path("small/MODEL.toml").exists());
    assert_eq!(bench.run(&["run", "small/MODEL.toml", "--quiet"]).code, Some(0));
    let run = bench.run(&["sweep", "model.toml", "--weight-bits", "0..9"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("allowed is 1 to 8"), "{}", run.err);
}

/// Reals are what there is to quantise: a model that names no backend is taken as it is.
#[test]
fn a_network_of_reals_is_quantised_without_a_word_about_backends() {
    let bench = Bench::new();
    let text = r#"
schema = 1
name = "reals"
steps = 40
process = [
    { name = "in", type = "Poisson", shape = [2], probability = 0.5 },
    { name = "w", type = "Dense", weights = [[0.25, -0.03], [0.17, 0.4]] },
    { name = "n", type = "LIF", shape = [2], vth = 1.3, du = { tau = 5 } },
]
connect = [{ from = "in.s_out", to = "w.s_in" }, { from = "w.a_out", to = "n.a_in" }]
"#;
    bench.write("model.toml", text);
    let run = bench.run(&["run", "model.toml"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("allowed is an integer; quantise the weights"), "{}", run.err);
    for text in [text.to_owned(), text.replace("steps = 40", "steps = 40\nbackend = { default = \"fixed\" }")] {
        bench.write("model.toml", &text);
        bench.well(&["quantise", "model.toml", "--out", "whole", "--spikes", "0.5"]);
        assert!(bench.well(&["run", "whole/MODEL.toml"]).contains("arithmetic loihi1"));
    }
}

/// A chip of the user's own, named by its file, is found from wherever a model is written.
#[test]
fn models_that_are_written_open_on_a_profile_beside_the_first() {
    let bench = Bench::new();
    let own = "extends = \"loihi1\"\n[meta]\nname = \"own\"\n[core]\nneurons = 37\n[sources]\ncore = { ev = \"assumed\", src = \"test\" }\n";
    bench.write("own.toml", own);
    let on_own = |text: &str| text.replace("schema = 1", "schema = 1\nprofile = \"own.toml\"");
    bench.write("model.toml", &on_own(SMALL));
    bench.well(&["quantise", "model.toml", "--out", "small", "--spikes", "0.5", "--budget", "0.5"]);
    assert!(bench.well(&["run", "small/MODEL.toml"]).contains("profile own"));
    bench.write("runaway.toml", &on_own(&runaway()));
    let run = bench.run(&["check", "runaway.toml", "--steps", "3000", "--out", "bad/MODEL.toml"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(bench.well(&["run", "bad/MODEL.toml"]).contains("profile own"));
}

/// What cells hold is not what was asked for: that breaks no budget of rounding, and stands beside the chip without cells.
#[test]
fn compare_sets_weights_in_cells_beside_ideal_ones() {
    let bench = Bench::new();
    let text = bench.well(&["compare", "small.toml", "--profile", "hybrid-rram", "--no-knobs"]);
    for heading in ["fixed against float", "chip against float", "rram against float"] {
        assert!(text.contains(heading), "{heading}: {text}");
    }
    assert!(text.contains("rounding budget   held by"), "{text}");
    assert!(
        text.contains("rounding budget   none for `output`: weights lie in cells") && !text.contains("BROKEN"),
        "{text}"
    );
    let json = bench.json(&["compare", "small.toml", "--profile", "hybrid-rram", "--no-knobs", "--json"]);
    let all = json["backends"].as_array().unwrap();
    let of = |key: &str| all.iter().map(|b| b[key].clone()).collect::<Vec<Value>>();
    assert_eq!(of("backend"), ["fixed", "chip", "rram"]);
    assert_eq!(of("weights_in_cells"), [json!([]), json!([]), json!(["output"])]);
    assert_eq!(all[0]["spikes"][0]["spikes"], all[1]["spikes"][0]["spikes"]);
    let energy: Vec<f64> = all[1..].iter().map(|b| b["dynamic_j"].as_f64().unwrap()).collect();
    assert!(energy[0] > 0.0 && energy[0] != energy[1], "{energy:?}");
    let json = bench.json(&["compare", "small.toml", "--no-knobs", "--json"]);
    assert_eq!(json["backends"].as_array().unwrap().len(), 2);
}
