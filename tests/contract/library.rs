//! The table of Lava's classes in `docs/LAVA.md` says what there is: every process, every parameter.

use std::collections::{BTreeMap, BTreeSet};

use pumice::models::{Model, RemoteModel};

/// The words between backticks.
fn quoted(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Parameters of each process, from its schema.
fn parameters() -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut generator = schemars::SchemaGenerator::default();
    let mut schemas = Model::schemas(&mut generator);
    schemas.extend(RemoteModel::schemas(&mut generator));
    let definitions = generator.definitions().clone();
    let fields = |schema: &serde_json::Value| -> BTreeSet<String> {
        let own = |value: &serde_json::Value| -> BTreeSet<String> {
            value["properties"].as_object().map(|all| all.keys().cloned().collect()).unwrap_or_default()
        };
        match schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            Some(name) => own(&definitions[name]),
            None => own(schema),
        }
    };
    schemas.into_iter().map(|(name, schema)| (name, fields(schema.as_value()))).collect()
}

#[test]
fn the_table_of_lavas_classes_is_true() {
    let text = include_str!("../../docs/LAVA.md");
    let section = text.split("\n## ").find(|part| part.starts_with("Processes")).expect("there is the section");
    let mut left = parameters();
    let mut faults = Vec::new();
    for line in section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Lava")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [_, ours, same, more, _] = cells[..] else { panic!("five columns: {line}") };
        for name in quoted(ours).into_iter().filter(|name| !name.contains("::")) {
            let Some(have) = left.remove(name.as_str()) else {
                faults.push(format!("`{name}` is no process, or is listed twice"));
                continue;
            };
            let said: BTreeSet<String> = quoted(same).union(&quoted(more)).cloned().collect();
            if said != have {
                let missing: Vec<_> = have.difference(&said).collect();
                let wrong: Vec<_> = said.difference(&have).collect();
                faults.push(format!("`{name}`: not in the table {missing:?}, not in the process {wrong:?}"));
            }
        }
    }
    faults.extend(left.keys().map(|name| format!("`{name}` is not in the table")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
