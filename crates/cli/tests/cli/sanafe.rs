//! `pumice sanafe`.

use crate::bench::{Bench, root};

fn case(name: &str) -> [String; 2] {
    ["arch.yaml", "snn.yaml"].map(|file| {
        root().join("tests/golden/sanafe").join(name).join(file).to_str().expect("a path of this repository").to_owned()
    })
}

/// What the command says and writes is what SANA-FE recorded for the same files.
#[test]
fn a_network_of_sana_fe_runs_as_recorded() {
    let bench = Bench::new();
    let [arch, snn] = case("f02_conv2d");
    let recorded = std::fs::read_to_string(root().join("tests/golden/sanafe/f02_conv2d/expected.json")).unwrap();
    let recorded: serde_json::Value = serde_json::from_str(&recorded).unwrap();
    let said = bench.well(&["sanafe", &arch, &snn, "40", "--json", "--out", "out"]);
    let result: serde_json::Value = serde_json::from_str(&said).unwrap();
    for name in ["neurons_fired", "neurons_updated", "synaptic_reads", "packets", "hops"] {
        assert_eq!(result[name], recorded["totals"][name], "{name}");
    }
    let near = |own: &serde_json::Value, other: &serde_json::Value| {
        let (own, other) = (own.as_f64().unwrap(), other.as_f64().unwrap());
        (own - other).abs() <= 1e-9 * other
    };
    assert!(near(&result["energy_j"]["total"], &recorded["totals"]["energy"]["total"]), "{result}");
    assert!(near(&result["time"][0]["emulated_time_s"], &recorded["totals"]["sim_time"]["simple"]), "{result}");

    let spikes = std::fs::read_to_string(bench.path("out/spikes.csv")).unwrap();
    let mut own: Vec<(usize, &str)> = spikes
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').map(|(name, step)| (step.parse().unwrap(), name)).unwrap())
        .collect();
    own.sort_unstable();
    let names = recorded["spikes"].as_array().unwrap().iter().zip(1..);
    let expected: Vec<(usize, &str)> = names
        .flat_map(|(names, step)| names.as_array().unwrap().iter().map(move |name| (step, name.as_str().unwrap())))
        .collect();
    assert!(own.len() > 400);
    assert_eq!(own, expected);
    let written = std::fs::read_to_string(bench.path("out/result.json")).unwrap();
    assert_eq!(written, said);
    let steps = std::fs::read_to_string(bench.path("out/steps.csv")).unwrap();
    assert!(steps.starts_with("timestep,fired,updated,packets,hops,synaptic_reads,time_simple_ps,time_queue_ps\n1,"));
    let potentials = std::fs::read_to_string(bench.path("out/potentials.csv")).unwrap();
    assert!(potentials.starts_with("timestep,map.0,map.1,") && potentials.lines().count() == 41);

    let text = bench.well(&["sanafe", &arch, &snn, "40", "--timing", "bound,flit"]);
    for words in ["conv on forms", "arithmetic sanafe-2.2", "408 spikes", "timing model flit", "not priced", "assumed"]
    {
        assert!(text.contains(words), "{words} is not in {text}");
    }
}

#[test]
fn what_cannot_be_run_is_refused_in_one_sentence() {
    let bench = Bench::new();
    let [arch, snn] = case("f01_forms");
    let (good_arch, good) = (std::fs::read_to_string(&arch).unwrap(), std::fs::read_to_string(&snn).unwrap());
    bench.write("typo.yaml", &good.replace("threshold: 4,", "treshold: 4,"));
    bench.write("far.yaml", &good.replace("core: 2.0", "core: 9.0"));
    bench.write("unmapped.yaml", &good.replace("  - 7.3: {core: 2.0}\n", ""));
    bench.write("twice.yaml", &good.replace("  - 7.3: {core: 2.0}\n", "  - 7.2..3: {core: 2.0}\n"));
    bench.write("unit.yaml", &good.replace("soma: slow_cells}\n  - 7.3", "soma: none}\n  - 7.3"));
    bench.write("cut.yaml", &good[..good.len() / 2]);
    bench.write("negative.yaml", &good_arch.replace("energy_message_in: 3.0e-12", "energy_message_in: -3.0e-12"));
    bench.write("key.yaml", &good_arch.replace("energy_message_in", "energy_massage_in"));
    let [trees_arch, trees] = case("f05_taps_and_resets");
    let good_trees = std::fs::read_to_string(&trees).unwrap();
    bench.write("tap.yaml", &good_trees.replace(", tap: 4}", ", tap: 5}"));
    bench.write("delay.yaml", &good_trees.replace(", tap: 4}", ", delay: 4}"));
    bench.write("two.yaml", &good_trees.replace("line[3]", "line[2]"));
    bench.write("constants.yaml", &good_trees.replace("taps: 5", "taps: 6"));
    bench.write("foreign.yaml", &good_trees.replace("leak: 0.4", "leak_decay: 0.4"));
    for (name, from, to) in [
        ("flat.yaml", "width: 2", "width: 0"),
        ("wide.yaml", "width: 2", "width: 4000000000"),
        ("narrow.yaml", "width: 2", "width: 1"),
        ("many.yaml", "tile[0..1]", "tile[0..4000000000]"),
    ] {
        bench.write(name, &std::fs::read_to_string(&trees_arch).unwrap().replace(from, to));
    }
    let table: &[(&[&str], &str)] = &[
        (&["sanafe", "flat.yaml", &trees, "9"], "there are 2 tiles, and a mesh of width 0 and height 1 has room for 0"),
        (&["sanafe", "wide.yaml", &trees, "9"], "the mesh has 8000000000 cores, allowed is at most 4194304"),
        (
            &["sanafe", "narrow.yaml", &trees, "9"],
            "there are 2 tiles, and a mesh of width 1 and height 1 has room for 1",
        ),
        (&["sanafe", "many.yaml", &trees, "9"], "there are 4000000001 tiles"),
        (&["sanafe", &trees_arch, "tap.yaml", "9"], "`tree.3`: there is no tap 5, allowed is 0 to 4"),
        (&["sanafe", &trees_arch, "delay.yaml", "9"], "`tree.3`: a delay of 4 steps is lost"),
        (&["sanafe", &trees_arch, "two.yaml", "9"], "`tree.3` is on unit `line[2]` of core 3, which holds one neuron"),
        (&["sanafe", &trees_arch, "constants.yaml", "9"], "`tree.3`: `time_constants` has 5 numbers, needed are 6"),
        (&["sanafe", &trees_arch, "foreign.yaml", "9"], "`blue.0`: the soma model `truenorth` has no `leak_decay`"),
        (&["sanafe", &arch, "none.yaml", "9"], "cannot read `none.yaml`: No such file"),
        (&["sanafe", &arch, "typo.yaml", "9"], "`typo.yaml`: line 15: no neuron has an attribute `treshold`"),
        (&["sanafe", &arch, "far.yaml", "9"], "`far.yaml` on `"),
        (&["sanafe", &arch, "unmapped.yaml", "9"], "`7.3` is not mapped"),
        (&["sanafe", &arch, "twice.yaml", "9"], "`7.2` is mapped twice"),
        (&["sanafe", &arch, "unit.yaml", "9"], "there is no soma unit `none`"),
        (&["sanafe", &arch, "cut.yaml", "9"], "`cut.yaml`: line "),
        (&["sanafe", "negative.yaml", &snn, "9"], "on `negative.yaml`: energy.packet_in: value -3e-12"),
        (&["sanafe", "key.yaml", &snn, "9"], "energy_massage_in"),
        (&["sanafe", &snn, &arch, "9"], "architecture"),
    ];
    refused(&bench, table);
}

/// Without a seed Poisson inputs draw what was recorded, with one something else.
#[test]
fn a_seed_gives_other_poisson_spikes() {
    let bench = Bench::new();
    let [arch, snn] = case("n04_poisson");
    let spikes = |seed: &str| {
        bench.well(&["sanafe", &arch, &snn, "60", "--seed", seed, "--out", "out"]);
        std::fs::read_to_string(bench.path("out/spikes.csv")).unwrap()
    };
    let [none, one, same, other] = ["0", "1", "1", "2"].map(spikes);
    assert_eq!(one, same);
    assert!(none != one && none != other && one != other);
}

/// Each of these calls is wrong input and says so in one sentence with these words.
fn refused(bench: &Bench, table: &[(&[&str], &str)]) {
    for (args, words) in table {
        let done = bench.run(args);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{args:?}: {}", done.err);
        assert!(done.err.starts_with("error: ") && done.err.contains(words), "{args:?} says: {}", done.err);
        assert_eq!(done.err.trim_end().lines().count(), 1, "{args:?} says: {}", done.err);
        assert!(!done.err.contains("-->"), "no picture of the text: {}", done.err);
    }
}

#[test]
fn what_cannot_be_drawn_is_refused_in_one_sentence() {
    let bench = Bench::new();
    let [chances_arch, chances] = case("n02_random_mask");
    let good_chances = std::fs::read_to_string(&chances).unwrap();
    bench.write("bits.yaml", &good_chances.replace("random_mask: 2147483647", "random_mask: 2147483648"));
    bench.write("leaky.yaml", &good_chances.replace("leak_decay", "random_mask: 3, leak_decay"));
    let [noises_arch, noises] = case("n03_noise");
    let good_noises = std::fs::read_to_string(&noises_arch).unwrap();
    bench.write("lost.yaml", &good_noises);
    bench.write("north.yaml", &good_noises.replacen("leaky_integrate_fire", "truenorth", 1));
    bench.write("half.yaml", &good_noises.replace("short.txt", "half.txt").replace("long.txt", "half.txt"));
    bench.write("half.txt", "3\n0.5\n");
    let table: &[(&[&str], &str)] = &[
        (&["sanafe", &chances_arch, "bits.yaml", "9"], "`2147483648` is not a whole number from 0 to 2147483647"),
        (&["sanafe", &chances_arch, "leaky.yaml", "9"], "the soma model `leaky_integrate_fire` has no `random_mask`"),
        (&["sanafe", "lost.yaml", &noises, "9"], "on `lost.yaml`: cannot read `"),
        (
            &["sanafe", "north.yaml", &noises, "9"],
            "soma unit `first` has `noise`, which SANA-FE passes over in the model `truenorth`",
        ),
        (&["sanafe", "half.yaml", &noises, "9"], "`half.txt`: line 2: `0.5` is not an integer of 64 bits"),
    ];
    refused(&bench, table);
}
