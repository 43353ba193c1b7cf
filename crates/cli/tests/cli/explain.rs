//! `pumice explain`.

use crate::bench::Bench;

#[test]
fn a_step_of_a_written_run_is_explained() {
    let bench = Bench::new();
    for model in ["bound", "simple", "queue", "flit"] {
        bench.well(&["run", "free.toml", "--out", "told", "--timing", model]);
        let text = bench.well(&["explain", "told", "--step", "5"]);
        assert!(text.starts_with("step 5 took ") && text.contains("ns"), "{model}: {text}");
        assert!(text.contains(" set it"), "{model}: {text}");
        let longest = bench.well(&["explain", "told"]);
        assert!(longest.starts_with("step ") && longest.contains("barrier"), "{model}: {longest}");
    }
}

#[test]
fn a_run_without_times_is_not_explained() {
    let bench = Bench::new();
    let refused = |folder: &str| {
        let done = bench.run(&["explain", folder]);
        let words =
            "has no times of steps, allowed is a folder that `pumice run --out` wrote for a chip whose times are known";
        assert_eq!((done.code, done.err), (Some(2), format!("error: `{folder}` {words}\n")));
    };
    bench.well(&["run", "free.toml", "--profile", "unlimited", "--out", "told"]);
    refused("told");
    bench.well(&["run", "free.toml", "--out", "told"]);
    bench.well(&["explain", "told"]);
    bench.well(&["run", "free.toml", "--backend", "float", "--out", "told"]);
    refused("told");
    refused("nowhere");
}

#[test]
fn the_sample_whose_steps_are_explained_is_named() {
    let bench = Bench::new();
    bench.well(&["run", "small.toml", "--out", "told"]);
    let text = bench.well(&["explain", "told", "--step", "5"]);
    assert!(text.starts_with("of 3 samples the last, whose 20 steps are kept:\nstep 5 took "), "{text}");
}
