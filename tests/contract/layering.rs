//! A crate uses only crates of lower floors.

use std::collections::BTreeMap;

/// Floor of each crate; a new crate gets its line here.
const FLOORS: &[(&str, u32)] = &[
    ("pumice-num", 0),
    ("pumice-meter", 1),
    ("pumice-device", 1),
    ("pumice-models", 2),
    ("pumice-chip", 3),
    ("pumice-process", 3),
    ("pumice-profile", 4),
    ("pumice-engine", 4),
    ("pumice-file", 4),
    ("pumice-nir", 4),
    ("pumice-sanafe", 4),
    ("pumice-compile", 5),
    ("pumice-report", 5),
    ("pumice", 6),
    ("pumice-fidelity", 7),
    ("pumice-studies", 7),
    ("pumice-conformance", 7),
    ("pumice-cli", 8),
];

/// Name and dependencies on our own crates of one manifest, development dependencies left out.
fn manifest(path: &std::path::Path) -> (String, Vec<String>) {
    let text = std::fs::read_to_string(path).unwrap();
    let mut section = "";
    let (mut name, mut uses) = (String::new(), Vec::new());
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if section == "[package]" && line.starts_with("name") {
            name = line.split('"').nth(1).unwrap().to_owned();
        } else if section == "[dependencies]" && line.starts_with("pumice") {
            uses.push(line.split(['.', ' ', '=']).next().unwrap().to_owned());
        }
    }
    (name, uses)
}

#[test]
fn crates_use_only_lower_floors() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let floors: BTreeMap<&str, u32> = FLOORS.iter().copied().collect();
    let mut manifests = vec![manifest(&root.join("Cargo.toml"))];
    for entry in std::fs::read_dir(root.join("crates")).unwrap() {
        let path = entry.unwrap().path().join("Cargo.toml");
        if path.exists() {
            manifests.push(manifest(&path));
        }
    }
    assert!(manifests.len() >= 12, "the manifests must have been found");
    let mut checked = 0;
    for (name, uses) in manifests {
        let floor = floors.get(name.as_str()).unwrap_or_else(|| panic!("`{name}` has no floor; give it one"));
        for used in uses {
            let below = floors.get(used.as_str()).unwrap_or_else(|| panic!("`{used}` has no floor"));
            // The profile is composed of sections owned by the crates that they configure; compile lays images for the engine.
            assert!(below < floor, "`{name}` (floor {floor}) uses `{used}` (floor {below})");
            checked += 1;
        }
    }
    assert!(checked > 20);
}

/// The user's kernels and placement hold no floating point: `chip` has no `f64` outside of comments.
#[test]
fn the_chip_holds_no_floating_point() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/chip/src");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            assert!(!code.contains("f64") && !code.contains("f32"), "{} holds floating point", path.display());
        }
    }
}
