//! What profiles and mappings may not say: one sentence and exit code 2, by `run` and by `profile check`.

use crate::bench::Bench;

const HEAD: &str = "extends = \"loihi1\"\n[meta]\nname = \"mine\"\n";

/// What a profile says, and what the answer says.
const WRONG: &[(&str, &str)] = &[
    // An all-in synaptic price contains hops and neurons: charging them again is refused.
    (
        "[energy]\nscope = \"all_in\"\n",
        "energy.neuron_access: event neuron_access has a price, but scope `all_in` already contains it",
    ),
    ("[energy]\nneuron_updat = { v = 1e-12, ev = \"measured\", src = \"x\" }\n", "unknown field `neuron_updat`"),
    (
        "[energy]\nneuron_update = { v = -1e-12, ev = \"measured\", src = \"x\" }\n",
        "energy.neuron_update: value -1e-12 is not allowed, allowed is 0 to 1 J per event, as in 23.6e-12 for 23.6 pJ",
    ),
    // Numbers of a data sheet without their units.
    (
        "[energy]\nneuron_update = { v = 81, ev = \"measured\", src = \"81 pJ\" }\n",
        "energy.neuron_update: value 81 is not allowed, allowed is 0 to 1 J per event, as in 23.6e-12 for 23.6 pJ",
    ),
    (
        "[energy]\nneuron_update = { v = \"81 pJ\", ev = \"measured\", src = \"x\" }\n",
        "energy.neuron_update.v: invalid type: string \"81 pJ\", expected a number in SI units (J, s, W), such as 81e-12",
    ),
    (
        "[time]\nneuron_update = { v = 3.5, ev = \"measured\", src = \"3.5 ns\" }\n",
        "time.neuron_update: value 3.5 is not allowed, allowed is 0 to 1 s per event, as in 3.5e-9 for 3.5 ns",
    ),
    (
        "[energy]\nneuron_update = { v = 1e300, ev = \"measured\", src = \"x\" }\n",
        "energy.neuron_update: value 1e300 is not allowed, allowed is 0 to 1 J per event",
    ),
    (
        "[energy]\nneuron_update = { v = inf, ev = \"measured\", src = \"x\" }\n",
        "energy.neuron_update: value inf is not allowed, allowed is 0 to 1 J per event",
    ),
    (
        "[energy]\nneuron_update = { v = 1e-12, ev = \"guessed\", src = \"x\" }\n",
        "unknown variant `guessed`, expected one of `measured`",
    ),
    ("[energy]\nneuron_update = { v = 1e-12, ev = \"measured\" }\n", "energy.neuron_update"),
    (
        "[energy]\nneuron_update = { v = 1e-12, ev = \"measured\", src = \" \" }\n",
        "energy.neuron_update: src is empty, allowed is a text that names the source",
    ),
    (
        "[energy]\nneuron_update = { v = 0.0, ev = \"measured\", src = \"x\" }\n",
        "energy.neuron_update: value 0 has no reason",
    ),
    (
        "[energy]\nneuron_update = { v = 2e-12, bounds = [3e-12, 4e-12], ev = \"measured\", src = \"x\" }\n",
        "value 2e-12 is not within its bounds [3e-12, 4e-12], allowed is 0 <= low <= value <= high",
    ),
    (
        "[energy]\nneuron_update = 81e-12\n",
        "energy.neuron_update: invalid type: floating point `0.000000000081`, expected a table { v, ev, src }",
    ),
    (
        "[energy]\nneuron_update = { v = \"81 pJ\", ev = \"measured\", src = \"x\" }\n",
        "energy.neuron_update.v: invalid type: string \"81 pJ\", expected a number in SI units (J, s, W), such as 81e-12",
    ),
    ("[time]\nneuron_update = { v = 0.5e-12, ev = \"measured\", src = \"x\" }\n", "is no whole number of picoseconds"),
    ("[facts]\narea = { v = 1.0, ev = \"measured\", src = \"x\" }\n", "facts.area: missing field `unit`"),
    (
        "[facts]\narea = { v = 1.0, unit = \" \", ev = \"measured\", src = \"x\" }\n",
        "facts.area.unit is empty, allowed is a unit, or 1 for a ratio",
    ),
    ("[static.rails]\nvdd = { v = 0.1, ev = \"measured\", src = \"x\" }\n", "chip and rails are both given"),
    (
        "[topology]\nchips = 0\n[sources]\ntopology = { ev = \"assumed\", src = \"x\" }\n",
        "topology.chips is 0, allowed is 1 or more",
    ),
    (
        "[topology]\nchip_columns = 0\n[sources]\ntopology = { ev = \"assumed\", src = \"x\" }\n",
        "topology.chip_columns is 0, allowed is 1 or more",
    ),
    ("[core]\nneurons = 10\n", "core.neurons has no source, allowed is an entry in [sources]"),
];

#[test]
fn a_wrong_price_is_one_sentence_and_code_2() {
    let bench = Bench::new();
    for (text, words) in WRONG {
        bench.write("mine.toml", &format!("{HEAD}{text}"));
        for args in [&["run", "free.toml", "--profile", "mine.toml"][..], &["profile", "check", "mine.toml"]] {
            let done = bench.run(args);
            assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{text}: {}", done.err);
            assert!(done.err.starts_with("error: ") && done.err.contains(words), "{text} gives {}", done.err);
            assert_eq!(done.err.trim_end().lines().count(), 1, "{text} gives {}", done.err);
        }
    }
}

/// A bill of an all-in chip lists what its price contains, and does not charge it.
#[test]
fn an_all_in_price_contains_neurons_and_hops() {
    let bench = Bench::new();
    bench.write(
        "mine.toml",
        "extends = \"odin\"\n[meta]\nname = \"mine\"\n[core]\nfan_in = 1000\n[sources]\n\"core.fan_in\" = { ev = \"assumed\", src = \"test\" }\n",
    );
    let model = std::fs::read_to_string(bench.path("free.toml"))
        .unwrap()
        .replace("free.npy\" }", "free.npy\" }\nnum_weight_bits = 8");
    bench.write("odin.toml", &model);
    let result = bench.json(&["run", "odin.toml", "--profile", "mine.toml", "--json"]);
    let text = bench.well(&["run", "odin.toml", "--profile", "mine.toml"]);
    let included = text.lines().find(|line| line.starts_with("  in that price")).unwrap_or_default();
    assert!(included.contains("neuron_update (") && included.ends_with("(scope all_in)"), "{text}");
    let names = |key: &str| {
        let all = result[key].as_array().unwrap().iter();
        all.map(|line| line["event"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(names("included").contains(&"neuron_access".to_owned()), "{:?}", names("included"));
    assert!(
        names("bill").iter().all(|name| name.starts_with("synapse_read") || name.starts_with("static")),
        "{:?}",
        names("bill")
    );
    assert!(result["energy_dynamic_j"].as_f64().unwrap() > 0.0);
}
