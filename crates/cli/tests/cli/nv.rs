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
    assert!(!bench.path("made.nv").exists());
}
