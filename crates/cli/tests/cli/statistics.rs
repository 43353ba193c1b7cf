//! Statistics of a network, and references of them.

use crate::bench::{Bench, root};

const NETWORK: [&str; 5] = ["statistics", "recurrent", "--scale", "0.01", "--length-ms"];

#[test]
fn a_run_is_its_own_reference_and_others_are_near() {
    let bench = Bench::new();
    let args = |more: &[&'static str]| [&NETWORK as &[&str], &["300", "--json"], more].concat();
    let own = bench.json(&args(&["--realisations", "3", "--out", "own.json"]));
    assert_eq!((own["realisations"].as_u64(), own["length_ms"].as_f64()), (Some(3), Some(300.0)));
    let lines = own["statistics"].as_array().unwrap();
    assert_eq!(lines.len(), 3, "rate, CV and correlation of one population");
    let rate = lines[0]["ours"][0].as_f64().unwrap();
    assert!((5.0..20.0).contains(&rate), "{rate} Hz");
    assert!(lines.iter().all(|line| line["between"][0].as_f64().unwrap() > 0.0), "{lines:?}");
    // The same three again, and three others; no workers and no parts of the run are in the result.
    let again = bench.json(&args(&["--realisations", "3", "--against", "own.json", "--workers", "2"]));
    let others = bench.json(&args(&["--realisations", "3", "--seed", "9", "--against", "own.json"]));
    assert_eq!(again["statistics"], own["statistics"]);
    let compared = |run: &serde_json::Value, key: &str| -> Vec<serde_json::Value> {
        run["reference"]["compared"].as_array().unwrap().iter().map(|line| line[key].clone()).collect()
    };
    assert!(compared(&again, "within").iter().all(|within| within == true), "{again}");
    let apart = |run| compared(run, "distance").iter().map(|x| x.as_f64().unwrap()).sum::<f64>();
    assert!(apart(&others) > apart(&again), "{others}");
    // Float is near: the same network, one realisation.
    let float = bench.well(&[&NETWORK as &[&str], &["300", "--backend", "float", "--against", "own.json"]].concat());
    assert!(float.contains("of 3 within") && float.contains("reference: pumice"), "{float}");
}

/// Brunel's network on the chip, ten seconds of it, is as NEST's is from seed to seed.
#[test]
fn a_balanced_network_is_that_of_nest() {
    let reference = root().join("tests/golden/balanced/brunel_delta.json");
    let args = ["statistics", "brunel_delta", "--scale", "0.1", "--against", reference.to_str().unwrap()];
    let text = Bench::new().well(&args);
    assert!(text.contains("6 of 6 within") && !text.contains("overflow"), "{text}");
}

/// A microcircuit of a fiftieth, for a tenth of a second, is compared with the reference line by line, and is not like it.
#[test]
fn the_microcircuit_is_held_against_its_reference() {
    let reference = root().join("tests/golden/pd14/statistics.json");
    let reference = reference.to_str().unwrap();
    let args =
        ["statistics", "pd14", "--scale", "0.02", "--transient-ms", "20", "--length-ms", "100", "--against", reference];
    let text = Bench::new().well(&args);
    assert!(text.contains("the reference is `pd14_dc` at scale 1") && text.contains("a shorter recording"), "{text}");
    let lines: Vec<&str> = text.lines().filter(|line| line.ends_with("  yes") || line.ends_with("  NO")).collect();
    assert_eq!(lines.len(), 24, "{text}");
    assert!(lines.iter().filter(|line| line.ends_with("  NO")).count() > 12, "{text}");
}

#[test]
fn wrong_references_and_times_are_refused() {
    let bench = Bench::new();
    bench.write("empty.json", "{}");
    let other = root().join("tests/golden/pd14/statistics.json");
    let text = std::fs::read_to_string(&other).unwrap();
    bench.write("bent.json", &text.replacen("\"below\": [0.0,", "\"below\": [0.9,", 1));
    let table: &[(&[&str], &str)] = &[
        (
            &["--against", "none.json"],
            "`none.json` is no reference as `pumice statistics --out` writes it: No such file",
        ),
        (&["--against", "empty.json"], "missing field `network`"),
        (&["--against", "bent.json"], "rate [Hz] of population `L23E`: `below` does not ascend"),
        (&["--against", other.to_str().unwrap()], "it has none of the populations of `recurrent`, neurons"),
        (&["--length-ms", "0"], "--length-ms is 0, allowed is 1 to 4294967295"),
        (&["--transient-ms", "-3"], "--transient-ms is -3"),
        (&["--length-ms", "NaN"], "--length-ms is NaN"),
    ];
    for (args, expected) in table {
        let all = [&["statistics", "recurrent", "--scale", "0.01"], *args].concat();
        let all: Vec<String> = match all.as_slice() {
            // A negative number would be read as an option.
            [start @ .., name, value] if value.starts_with('-') => {
                start.iter().map(|s| (*s).to_owned()).chain([format!("{name}={value}")]).collect()
            }
            all => all.iter().map(|s| (*s).to_owned()).collect(),
        };
        let done = bench.run(&all.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(done.code, Some(2), "{all:?}: {}", done.err);
        assert!(done.err.contains(expected) && done.err.lines().count() == 1, "{all:?}: {}", done.err);
    }
}
