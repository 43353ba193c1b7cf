//! `pumice yield`: many chips, from the command line.

use crate::bench::{Bench, files};

const YIELD: [&str; 9] =
    ["yield", "small.toml", "--profile", "hybrid-rram", "--chips", "3", "--at", "1d,2h", "--refresh"];

#[test]
fn many_chips_are_asked_and_told() {
    let bench = Bench::new();
    let args = [&YIELD[..], &["1h", "--out", "study"]].concat();
    let text = bench.well(&args);
    for words in
        ["3 chips", "good chip", "fresh", "2 h ", "1 d ", "IR drop", "on this chip: mismatch", "refreshed every 1 h"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(files(&bench.path("study")), ["yield.csv", "yield.png", "yield.svg"]);
    let table = std::fs::read_to_string(bench.path("study/yield.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 3 * 9 * 3, "{table}");
    let json = |workers| bench.json(&[&YIELD[..], &["1h", "--json", "--workers", workers, "--stuck", "0.05"]].concat());
    let one = json("1");
    assert_eq!(json("3"), one);
    assert_eq!((&one["samples"], &one["ages"][1]["age_s"]), (&3.into(), &7200.0.into()));
    assert!(one["ages"][2]["refreshed"][0]["refreshing_j"].as_f64() > Some(0.0), "{one}");
}

#[test]
fn what_cannot_be_asked_is_told_in_one_sentence() {
    let bench = Bench::new();
    let cases: [(&[&str], &str); 5] = [
        (&["yield", "free.toml", "--profile", "hybrid-rram"], "has no samples with labels"),
        (&["yield", "small.toml", "--profile", "loihi1"], "non-volatile cells"),
        (&["yield", "small.toml", "--samples", "4"], "allowed is 1 to 3"),
        (&["yield", "small.toml", "--target", "97"], "allowed is 0 to 1"),
        (&["yield", "small.toml", "--refresh", "1s"], "allowed is 1min or more"),
    ];
    for (args, words) in cases {
        let done = bench.run(args);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{args:?}: {}", done.err);
        assert!(done.err.contains(words), "{args:?}: {}", done.err);
    }
}
