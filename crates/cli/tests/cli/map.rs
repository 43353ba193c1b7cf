//! `pumice map`.

use crate::bench::Bench;

#[test]
fn a_map_tells_what_lies_where() {
    let bench = Bench::new();
    let text = bench.well(&["map", "free.toml", "--profile", "loihi1"]);
    for words in
        ["free on Intel Loihi", "20 neurons and ", "on 1 of 128 cores", "cells[0..20]", "mesh of 8 × 4 tiles", "·"]
    {
        assert!(text.contains(words), "no `{words}` in\n{text}");
    }
    let map = bench.json(&["map", "free.toml", "--json"]);
    let core = &map["cores"][0];
    assert_eq!((&core["core"], &core["tile"]), (&0.into(), &serde_json::json!([0, 0])));
    assert_eq!(core["neurons"]["used"], 20);
    assert_eq!(core["axons_in"]["used"], 30);
    assert_eq!(core["synapses"], 514, "one in seven weights is zero");
    assert_eq!(core["processes"], serde_json::json!([{ "process": "cells", "first": 0, "neurons": 20 }]));
    let fill = core["fill"].as_f64().unwrap();
    let most = ["neurons", "synapse_bits", "axons_in", "axons_out"]
        .map(|limit| core[limit]["fraction"].as_f64().unwrap())
        .into_iter()
        .fold(0.0, f64::max);
    assert_eq!(fill, most);
}

/// Parts of a population lie on consecutive cores, and each process is found on the cores that its neurons fill.
#[test]
fn a_population_is_cut_where_a_core_is_full() {
    let bench = Bench::new();
    bench.write("tiny.toml", "extends = \"loihi1\"\n[meta]\nname = \"tiny\"\n[core]\nneurons = 8\n[sources]\n\"core.neurons\" = { ev = \"assumed\", src = \"test\" }\n");
    let map = bench.json(&["map", "free.toml", "--json", "--profile", "tiny.toml"]);
    let cores = map["cores"].as_array().unwrap();
    let neurons: Vec<u64> = cores.iter().map(|core| core["neurons"]["used"].as_u64().unwrap()).collect();
    assert_eq!(neurons.iter().sum::<u64>(), 20);
    assert!(neurons.len() == 3 && neurons.iter().all(|n| *n <= 8), "{neurons:?}");
    let text = bench.well(&["map", "free.toml", "--profile", "tiny.toml"]);
    assert!(
        text.contains("3 of 128 cores") && text.lines().any(|line| line.trim_start().starts_with("2  0,0")),
        "{text}"
    );
}

#[test]
fn every_profile_can_be_drawn() {
    let bench = Bench::new();
    for profile in pumice::profile::Profile::builtin_names() {
        let done = bench.run(&["map", "free.toml", "--profile", profile, "--svg", "map.svg"]);
        // 30 synapses of one neuron or signed weights are too much for some chips; these say so.
        if done.code != Some(0) {
            assert_eq!(done.code, Some(2), "{profile}: {}", done.err);
            continue;
        }
        let svg = std::fs::read_to_string(bench.path("map.svg")).unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{profile}");
        for tag in ["rect", "text", "title"] {
            let (open, close) = (svg.matches(&format!("<{tag}")).count(), svg.matches(&format!("</{tag}>")).count());
            let alone = svg.lines().filter(|line| line.starts_with(&format!("<{tag}")) && line.ends_with("/>")).count();
            assert_eq!(open, close + alone, "{profile}: every {tag} is closed");
        }
        assert!(svg.contains("<title>core 0: cells[0..20]"), "{profile}");
        assert!(svg.len() < 2_000_000, "{profile}: {} bytes", svg.len());
        assert!(done.out.ends_with("drawn in map.svg\n"), "{profile}");
        std::fs::remove_file(bench.path("map.svg")).unwrap();
    }
}
