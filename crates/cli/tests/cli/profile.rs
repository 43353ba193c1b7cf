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
