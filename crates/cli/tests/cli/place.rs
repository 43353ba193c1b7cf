//! `--place`, `--rates`, `--mapping` and `--chips`.

use crate::bench::Bench;

const TINY: &str = "extends = \"loihi1\"\n[meta]\nname = \"tiny\"\n[topology]\ncores_per_chip = 2\ncores_per_tile = 1\ntile_grid = [2, 1]\n\
    [core]\nneurons = 8\n[sources]\ntopology = { ev = \"assumed\", src = \"test\" }\ncore = { ev = \"assumed\", src = \"test\" }\n";

#[test]
fn a_network_too_large_for_one_chip_runs_on_two() {
    let bench = Bench::new();
    bench.write("tiny.toml", TINY);
    let one = bench.run(&["run", "free.toml", "--profile", "tiny.toml"]);
    assert_eq!(one.code, Some(2));
    assert!(one.err.ends_with("limited by neurons; it would take 2 chips (--chips 2)\n"), "{}", one.err);
    let two = bench.json(&["run", "free.toml", "--profile", "tiny.toml", "--chips", "2", "--json"]);
    assert_eq!((&two["cores_used"], &two["cores_available"]), (&3.into(), &4.into()));
    let wide = bench.json(&["run", "free.toml", "--json"]);
    assert_eq!(two["spikes"], wide["spikes"]);
    assert!(two["spikes"].as_u64().unwrap() > 20, "the network is alive");
    assert!(
        bench
            .well(&["map", "free.toml", "--profile", "tiny.toml", "--chips", "2"])
            .contains("chip 1, mesh of 2 × 1 tiles")
    );
}

#[test]
fn a_mapping_that_map_wrote_is_taken_by_run() {
    let bench = Bench::new();
    let said = bench.well(&["map", "free.toml", "--place", "time", "--write", "mapping.toml"]);
    assert!(said.contains("mapping written to mapping.toml"), "{said}");
    let spread = bench.json(&["run", "free.toml", "--place", "time", "--json"]);
    let mapped = bench.json(&["run", "free.toml", "--mapping", "mapping.toml", "--json"]);
    for key in ["spikes", "counts", "energy_j", "emulated_time_s", "cores_used"] {
        assert_eq!(spread[key], mapped[key], "{key}");
    }
    let packed = bench.json(&["run", "free.toml", "--json"]);
    assert_eq!(packed["spikes"], mapped["spikes"]);
    assert!(mapped["cores_used"].as_u64() > packed["cores_used"].as_u64());
    assert!(mapped["emulated_time_s"].as_f64() < packed["emulated_time_s"].as_f64());
    let table: &[(&str, &str)] = &[
        ("schema = 2\npin = []\n", "mapping file `bad.toml` has schema 2, allowed is 1"),
        ("schema = 1\npin = []\n", "the mapping of `cells` has neuron 0, which lies on no core"),
        (
            "schema = 1\n[[pin]]\nprocess = \"cells\"\nneurons = [0, 20]\ncore = 128\n",
            "the mapping of `cells` lies on core 128, loihi1 has cores 0 to 127",
        ),
        ("schema = ", "mapping file `bad.toml` is no mapping at line 1"),
    ];
    for (text, words) in table {
        bench.write("bad.toml", text);
        let done = bench.run(&["run", "free.toml", "--mapping", "bad.toml"]);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{text}");
        assert!(done.err.contains(words) && done.err.trim_end().lines().count() == 1, "{text} gives {}", done.err);
    }
    assert_eq!(bench.run(&["run", "free.toml", "--mapping", "none.toml"]).code, Some(2));
    assert_eq!(bench.run(&["run", "free.toml", "--mapping", "mapping.toml", "--place", "time"]).code, Some(2));
}

#[test]
fn a_trial_measures_rates_where_none_are_given() {
    let bench = Bench::new();
    let json = |more: &[&str]| bench.json(&[&["run", "free.toml", "--json"], more].concat());
    let (packed, placed) = (json(&[]), json(&["--place", "energy"]));
    assert!(packed["placement"].is_null());
    assert_eq!(packed["spikes"], placed["spikes"]);
    assert!(placed["spikes"].as_u64().unwrap() > 20, "the network is alive");
    let told = &placed["placement"];
    assert_eq!((&told["rates"], &told["rates_steps"], &told["taken"]), (&"measured".into(), &50.into(), &true.into()));
    // The trial was as long as the run, so it measured what the run costs.
    assert_eq!((&told["measured"]["packed"], &told["measured"]["placed"]), (&packed["energy_j"], &placed["energy_j"]));
    assert!(placed["energy_j"].as_f64() < packed["energy_j"].as_f64());
    // A run of any length lies where `map` shows it, by the prices that are asked for.
    let short = json(&["--place", "energy", "--steps", "2"]);
    assert_eq!((&short["cores_used"], &short["placement"]), (&placed["cores_used"], told));
    let fit = json(&["--place", "energy", "--prices", "silicon_fit"]);
    assert_ne!(&fit["placement"], told);
    let text =
        bench.well(&["map", "free.toml", "--place", "energy", "--prices", "silicon_fit", "--write", "there.toml"]);
    let mapped = json(&["--mapping", "there.toml", "--prices", "silicon_fit"]);
    assert_eq!((&mapped["energy_j"], &mapped["placement"]), (&fit["energy_j"], &serde_json::Value::Null));
    for told in [text, bench.well(&["run", "free.toml", "--place", "energy", "--prices", "silicon_fit"])] {
        assert!(told.contains("for energy: ") && told.contains("; rates measured over 50 steps\n"), "{told}");
    }
    let samples = bench.json(&["run", "small.toml", "--place", "energy", "--json"]);
    assert_eq!(samples["placement"]["rates_steps"], 60, "all three samples of 20 steps");
}

#[test]
fn rates_of_a_former_run_weigh_a_placement() {
    let bench = Bench::new();
    bench.write("tiny.toml", TINY);
    let chips = ["run", "free.toml", "--profile", "tiny.toml", "--chips", "2"];
    let run = |more: &[&str]| bench.json(&[&chips, more, &["--json"]].concat());
    let first = run(&["--out", "first"]);
    let second = run(&["--place", "traffic", "--rates", "first"]);
    assert_eq!(first["spikes"], second["spikes"]);
    assert!(second["spikes"].as_u64().unwrap() > 20, "the network is alive");
    let refused = |folder: &str, place: &str, words: &str| {
        let done = bench.run(&["run", "free.toml", "--place", place, "--rates", folder]);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{words}");
        assert!(done.err.contains(words) && done.err.trim_end().lines().count() == 1, "{}", done.err);
    };
    refused("first", "pack", "--rates serves --place energy, time or traffic, not pack");
    refused("none", "time", "cannot read `none/result.json`");
    for steps in ["0", "18446744073709551615"] {
        bench.write("first/result.json", &format!("{{\"steps\": {steps}}}"));
        let words = format!("`first/result.json` is no file of results: `steps` is {steps}, allowed is 1 to 2^32");
        refused("first", "time", &words);
    }
    let other = bench.json(&["run", "small.toml", "--out", "other", "--json"]);
    assert!(other["steps"].as_u64() > Some(0));
    refused("other", "energy", "are missing: they must come from a run of the same network");
    assert_eq!(bench.run(&["run", "free.toml", "--rates", "first"]).code, Some(2), "no --place");
}
