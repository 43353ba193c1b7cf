//! `pumice profile`, `pumice schema` and `pumice completions`.

use pumice::profile::Profile;

use crate::bench::{Bench, root};

#[test]
fn profiles_are_listed_shown_and_checked() {
    let bench = Bench::new();
    let (text, list) = (bench.well(&["profile", "list"]), bench.json(&["profile", "list", "--json"]));
    let names: Vec<&str> = list.as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, Profile::builtin_names());
    for name in names {
        assert!(text.lines().any(|line| line.starts_with(name)), "{text}");
        assert!(bench.well(&["profile", "show", name]).contains("[topology]"));
        assert_eq!(bench.json(&["profile", "show", name, "--json"])["meta"]["name"], name);
        let file = root().join(format!("hw-profiles/{name}.toml"));
        let text = bench.well(&["profile", "check", file.to_str().unwrap()]);
        assert!(text.contains(&format!("is a valid profile: {name}, ")), "{text}");
    }
}

/// A price that no run charges is told, whether the main table or another has it.
#[test]
fn prices_of_what_is_never_counted_are_told() {
    let bench = Bench::new();
    let file = |name: &str| root().join(format!("hw-profiles/{name}.toml")).display().to_string();
    let told = |path: &str| bench.json(&["profile", "check", path, "--json"])["uncounted"].clone();
    assert_eq!(told(&file("loihi1")), serde_json::json!(["static.embedded_cpu"]));
    assert_eq!(told(&file("odin")), serde_json::json!([]));
    let text = "extends = \"odin\"\n[meta]\nname = \"own\"\n[alt.own]\nabout = \"mine\"\n[alt.own.energy]\nscope = \"per_term\"\nneuron_model = \"additive\"\n\
                synapse_memory_word = { v = 1e-12, ev = \"assumed\", src = \"mine\" }\n\
                embedded_instruction = { v = 1e-12, ev = \"assumed\", src = \"mine\" }\n\
                random_number = { v = 1e-12, ev = \"assumed\", src = \"mine\" }\n";
    bench.write("own.toml", text);
    let told = bench.well(&["profile", "check", "own.toml"]);
    assert!(told.contains("never counted: embedded_instruction, synapse_memory_word\n"), "{told}");
}

#[test]
fn differences_are_told_field_by_field() {
    let bench = Bench::new();
    assert_eq!(bench.well(&["profile", "diff", "loihi1", "loihi1"]), "the profiles are equal\n");
    let text = bench.well(&["profile", "diff", "loihi1", "loihi2"]);
    assert!(text.contains("core.neurons\n  loihi1  1024\n  loihi2  8192\n"), "{text}");
    let all = bench.json(&["profile", "diff", "loihi1", "loihi2", "--json"]);
    let found = all.as_array().unwrap().iter().find(|d| d["field"] == "core.neurons").unwrap();
    assert_eq!((&found["a"], &found["b"]), (&"1024".into(), &"8192".into()));
}

#[test]
fn schemas_and_completions_are_printed() {
    let bench = Bench::new();
    let table: [(&[&str], &str); 5] = [
        (&["schema"], "process"),
        (&["schema", "model"], "connect"),
        (&["schema", "profile"], "extends"),
        (&["profile", "schema"], "extends"),
        (&["schema", "map"], "cores"),
    ];
    for (args, key) in table {
        let schema = bench.json(args);
        assert!(schema["properties"][key].is_object(), "{args:?} has no {key}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = bench.well(&["completions", shell]);
        assert!(script.contains("no-float") && script.contains("completions"), "{shell}");
    }
}

/// SANA-FE's architecture of Loihi has the numbers of `silicon_fit`: energy and time of a run are the same.
#[test]
fn an_architecture_of_sana_fe_becomes_a_profile() {
    let bench = Bench::new();
    let arch = |case: &str| {
        let path = root().join("tests/golden/sanafe").join(case).join("arch.yaml");
        path.to_str().expect("a path of this repository").to_owned()
    };
    let said = bench.well(&["profile", "import", &arch("r01_rnd_64"), "--out", "chip.toml"]);
    assert!(said.starts_with("loihi_like as profile loihi_like, written to chip.toml\n"), "{said}");
    assert!(said.contains("left out: soma `loihi_inputs[0..7]`: `loihi_lif` counts\n"), "{said}");
    assert!(said.contains("left out: dendrite `loihi_dendrites_delay`: `loihi_dendrites` counts\n"), "{said}");
    let own = bench.json(&["run", "free.toml", "--profile", "chip.toml", "--timing", "queue", "--json"]);
    let fit = ["run", "free.toml", "--profile", "loihi1", "--prices", "silicon_fit", "--timing", "queue", "--json"];
    let fit = bench.json(&fit);
    for key in ["cores_available", "emulated_time_s"] {
        assert_eq!(own[key], fit[key], "{key}");
    }
    // An architecture does not say how synapses are packed into words.
    let mut counts = fit["counts"].clone();
    assert!(counts.as_object_mut().unwrap().remove("synapse_memory_word").is_some());
    assert_eq!(own["counts"], counts);
    let joules = |run: &serde_json::Value| run["energy_dynamic_j"].as_f64().unwrap();
    assert!(joules(&own) > 1e-9 && (joules(&own) / joules(&fit) - 1.0).abs() < 1e-12);
    // A read costs its synapse, and its dendrite beside it.
    bench.well(&["profile", "import", &arch("f01_forms"), "--out", "forms.toml"]);
    let shown = bench.well(&["profile", "show", "forms.toml"]);
    for (event, joules) in [("synapse_read_sparse", "20 pJ"), ("dendrite_operation", "1 pJ")] {
        let price = shown.lines().find(|line| line.contains(event)).unwrap();
        assert!(price.contains(joules) && price.contains("assumed"), "{price}");
    }
    for case in ["a01_asym_random", "d01_delays_in_dendrite", "n01_truenorth_like", "f03_dense_delays"] {
        bench.well(&["profile", "import", &arch(case), "--out", "other.toml"]);
        bench.well(&["profile", "check", "other.toml"]);
    }
    let said = bench.well(&["profile", "import", &arch("n03_noise"), "--out", "noise.toml"]);
    assert!(said.contains("left out: soma `first`: its stream of noise `short.txt`\n"), "{said}");
    let text = std::fs::read_to_string(arch("f01_forms")).unwrap();
    bench.write("negative.yaml", &text.replace("energy_message_in: 3.0e-12", "energy_message_in: -3.0e-12"));
    let done = bench.run(&["profile", "import", "negative.yaml", "--out", "none.toml"]);
    assert_eq!((done.code, done.err.trim_end().lines().count()), (Some(2), 1), "{}", done.err);
    assert!(done.err.contains("packet_in: value -3e-12 is not allowed"), "{}", done.err);
    assert!(!bench.path("none.toml").exists());
}
