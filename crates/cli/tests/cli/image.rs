//! Drawn synapses kept in a file between two runs.

use crate::bench::Bench;

#[test]
fn bench_writes_an_image_and_then_reads_it() {
    let bench = Bench::new();
    let args = ["bench", "recurrent", "--scale", "0.01", "--steps", "20", "--warm", "5", "--repeats", "1", "--json"];
    let with = |image: &[&str]| bench.json(&[&args, image].concat());
    let (plain, first, second) = (with(&[]), with(&["--image", "net.image"]), with(&["--image", "net.image"]));
    let told = [&plain, &first, &second].map(|run| run["image"].as_str());
    assert_eq!(told, [None, Some("written"), Some("read")]);
    for key in ["spikes", "synaptic_events", "synapses", "neuron_updates"] {
        assert!(plain[key].as_u64().unwrap() > 0, "{key}");
        assert_eq!((&first[key], &second[key]), (&plain[key], &plain[key]), "{key}");
    }
    let done = bench.run(&[&args as &[&str], &["--seed", "1", "--image", "net.image"]].concat());
    let expected = "error: the image `net.image` cannot be used: it is of another network, profile or seed\n";
    assert_eq!((done.code, done.err.as_str()), (Some(2), expected));
}

#[test]
fn run_keeps_an_image_too() {
    let bench = Bench::new();
    let args = ["run", "free.toml", "--json", "--image", "free.image"];
    let (first, second) = (bench.json(&args), bench.json(&args));
    assert_eq!(first["counts"], second["counts"]);
    let done = bench.run(&["run", "small.toml", "--image", "free.image"]);
    assert!(done.code == Some(2) && done.err.contains("`free.image` cannot be used"), "{}", done.err);
    let done = bench.run(&["run", "free.toml", "--profile", "hybrid-rram", "--image", "other.image"]);
    assert!(done.code == Some(2) && done.err.contains("lie in non-volatile cells"), "{}", done.err);
}
