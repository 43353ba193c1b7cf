//! The published schema by itself: what it takes and what it refuses, as a validator that knows nothing of profiles sees it.

use std::path::Path;

use pumice_profile::Profile;
use serde_json::{Value, json};

/// The first fault of `value`, by the keywords of JSON Schema that the schema uses; others are an error of this test.
fn fault(value: &Value, schema: &Value, root: &Value) -> Option<String> {
    schema.as_object().into_iter().flatten().find_map(|(keyword, asked)| one(value, (keyword, asked), schema, root))
}

fn one(value: &Value, (keyword, asked): (&str, &Value), schema: &Value, root: &Value) -> Option<String> {
    let fits = |schema: &Value| fault(value, schema, root).is_none();
    let refuse = |holds: bool| (!holds).then(|| format!("{value} breaks {keyword} {asked}"));
    let all = || asked.as_array().unwrap();
    match keyword {
        "$ref" => fault(value, &root["$defs"][asked.as_str().unwrap().rsplit('/').next().unwrap()], root),
        "type" => {
            refuse(asked.as_array().map_or_else(|| is(value, asked), |all| all.iter().any(|kind| is(value, kind))))
        }
        "const" => refuse(value == asked),
        "enum" => refuse(all().contains(value)),
        "anyOf" => refuse(all().iter().any(fits)),
        "oneOf" => refuse(all().iter().filter(|schema| fits(schema)).count() == 1),
        "minimum" => refuse(value.as_f64().is_none_or(|x| x >= asked.as_f64().unwrap())),
        "maximum" => refuse(value.as_f64().is_none_or(|x| x <= asked.as_f64().unwrap())),
        "minItems" => refuse(value.as_array().is_none_or(|all| all.len() as u64 >= asked.as_u64().unwrap())),
        "maxItems" => refuse(value.as_array().is_none_or(|all| all.len() as u64 <= asked.as_u64().unwrap())),
        "required" => {
            refuse(value.as_object().is_none_or(|own| all().iter().all(|x| own.contains_key(x.as_str().unwrap()))))
        }
        "items" => value.as_array().into_iter().flatten().find_map(|item| fault(item, asked, root)),
        "properties" => {
            let own = asked.as_object().unwrap().iter();
            own.filter_map(|(name, schema)| Some((value.get(name)?, schema)))
                .find_map(|(own, schema)| fault(own, schema, root))
        }
        "additionalProperties" => {
            let others = value.as_object().into_iter().flatten();
            let mut others = others.filter(|(name, _)| schema["properties"].get(name).is_none());
            match asked.as_bool() {
                Some(allowed) => others.find(|_| !allowed).map(|(name, _)| format!("`{name}` is unknown")),
                None => others.find_map(|(_, own)| fault(own, asked, root)),
            }
        }
        "if" => schema.get(if fits(asked) { "then" } else { "else" }).and_then(|schema| fault(value, schema, root)),
        "then" | "else" | "$schema" | "$defs" | "title" | "description" | "format" | "default" => None,
        other => panic!("the schema uses `{other}`"),
    }
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the schema uses the type `{other}`"),
    }
}

fn first_fault(text: &str) -> Option<String> {
    let schema = serde_json::to_value(Profile::json_schema()).unwrap();
    fault(&serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap(), &schema, &schema)
}

#[test]
fn every_shipped_profile_is_valid_by_the_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../hw-profiles");
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|end| end == "toml") {
            assert_eq!(first_fault(&std::fs::read_to_string(&file).unwrap()), None, "{}", file.display());
            seen += 1;
        }
    }
    assert!(seen >= 10, "{seen} profiles");
}

#[test]
fn a_file_that_extends_another_states_only_what_differs() {
    let variant = "extends = \"loihi1\"\n[meta]\nname = \"mine\"\n[core]\nneurons = 512\n[energy]\nbarrier = { v = 1e-9, ev = \"assumed\", src = \"x\" }\n\
                   [alt.silicon_fit.energy]\nscope = \"per_term\"\n[sources]\ncore = { ev = \"assumed\", src = \"x\" }\n";
    assert_eq!(first_fault(variant), None);
    for (is, becomes, words) in [
        ("extends = \"loihi1\"\n", "", "breaks required"),
        ("name = \"mine\"", "display = \"Mine\"", "breaks required"),
        ("barrier", "barier", "`barier` is unknown"),
        ("v = 1e-9, ", "", "breaks anyOf"),
        ("v = 1e-9", "v = -1e-9", "breaks anyOf"),
        ("v = 1e-9", "v = \"1 nJ\"", "breaks anyOf"),
        ("barrier = { v = 1e-9, ev = \"assumed\"", "barrier = { v = 1e-9, ev = \"sure\"", "breaks anyOf"),
        ("core = { ev = \"assumed\", src = \"x\" }", "core = { ev = \"assumed\" }", "breaks required"),
    ] {
        assert!(variant.contains(is), "{is}");
        let found = first_fault(&variant.replacen(is, becomes, 1)).unwrap_or_default();
        assert!(found.contains(words), "`{is}` -> `{becomes}`: {found}");
    }
}

/// What is left out of a file that stands alone is missed, in sections and in tables within them.
#[test]
fn a_file_that_stands_alone_is_complete() {
    let whole = serde_json::to_value(toml::from_str::<toml::Table>(include_str!("small.toml")).unwrap()).unwrap();
    let schema = serde_json::to_value(Profile::json_schema()).unwrap();
    assert_eq!(fault(&whole, &schema, &schema), None);
    let mut missed = 0;
    for (section, field) in [
        ("meta", "display"),
        ("topology", "noc"),
        ("arithmetic", "name"),
        ("neuron", "model"),
        ("learning", "rule"),
        ("timestep", "discipline"),
        ("energy", "scope"),
        ("time", "neuron_model"),
    ] {
        let mut less = whole.clone();
        let Some(own) = less[section].as_object_mut() else { continue };
        own.remove(field).unwrap_or_else(|| panic!("{section}.{field} is in the file"));
        let found = fault(&less, &schema, &schema).unwrap_or_default();
        assert!(found.contains("breaks required"), "{section}.{field}: {found}");
        missed += 1;
    }
    assert_eq!(missed, 8);
    let mut less = whole;
    less["alt"] = json!({ "other": { "energy": { "scope": "per_term", "neuron_model": "additive" } } });
    assert!(fault(&less, &schema, &schema).unwrap().contains("\"about\""), "alternatives too");
}
