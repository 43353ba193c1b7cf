//! A profile laid over another.

use std::error::Error;
use std::path::Path;

use pumice_meter::{Event, Evidence};
use pumice_profile::{Profile, ProfileError, diff};

use crate::refused;

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a temporary folder is writable");
    path.display().to_string()
}

const VARIANT: &str = r#"
extends = "loihi1"
[meta]
name = "loihi1-half"
[core]
neurons = 512
[energy]
hop_east = { v = 6e-12, ev = "assumed", src = "what if hops cost twice" }
[sources]
core = { ev = "assumed", src = "what if cores were half" }
"#;

#[test]
fn a_variant_differs_where_it_says_so_and_nowhere_else() {
    let base = Profile::load("loihi1").unwrap();
    let variant = Profile::from_text("half.toml", VARIANT).unwrap();
    let fields: Vec<_> = diff(&base, &variant).into_iter().map(|difference| difference.field).collect();
    let expected = ["core.neurons", "energy.hop_east", "meta.name", "sources.core.neurons"];
    assert_eq!(fields, expected);
    assert_eq!(variant.core.neurons, Some(512));
    assert_eq!(variant.sources["core.neurons"].ev, Evidence::Assumed);
    assert_eq!(variant.sources["core.axon_in"], base.sources["core.axon_in"]);
    assert_ne!(variant.fingerprint(), base.fingerprint());
    assert!(diff(&base, &base.clone()).is_empty());
}

#[test]
fn a_changed_number_never_keeps_the_source_of_the_old_one() {
    let silent = VARIANT.replace("core = {", "meta = {");
    assert_eq!(
        refused(&silent),
        "hw.toml:6: core.neurons has no source, allowed is an entry in [sources] for it or for a section that holds it"
    );
    let bare = VARIANT.replace(r#", ev = "assumed", src = "what if hops cost twice""#, "");
    assert_eq!(refused(&bare), "hw.toml:8: energy.hop_east: missing field `ev`");
}

#[test]
fn a_variant_of_a_variant_by_path() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "half.toml", VARIANT);
    let quarter = "extends = \"half.toml\"\n[meta]\nname = \"quarter\"\n[core]\nneurons = 256\n[sources]\ncore = { ev = \"assumed\", src = \"x\" }\n";
    let profile = Profile::load(&write(folder.path(), "quarter.toml", quarter)).unwrap();
    assert_eq!(profile.core.neurons, Some(256));
    assert_eq!(profile.energy.get(Event::HopEast).unwrap().v, 6e-12);
    assert_eq!(profile.core.axon_in, Some(4096));
}

#[test]
fn another_arithmetic_replaces_the_old_one_whole() {
    let text = "extends = \"truenorth\"\n[meta]\nname = \"x\"\n[arithmetic]\nname = \"loihi2\"\nstand_in = \"test\"\n";
    let profile = Profile::from_text("x.toml", text).unwrap();
    assert_eq!(profile.arithmetic.values, pumice_models::Arithmetic::loihi2());
    let text = text.replace("name = \"loihi2\"\n", "align = 7\n");
    let profile = Profile::from_text("x.toml", &text).unwrap();
    assert_eq!((profile.arithmetic.values.align, profile.arithmetic.values.v_max), (7, 524_287));
}

#[test]
fn faults_in_combination_are_placed_where_the_variant_causes_them() {
    let text = VARIANT.replace("[core]\n", "[topology]\ncores_per_chip = 200\n[core]\n");
    let text = text.replace("[sources]\n", "[sources]\ntopology = { ev = \"assumed\", src = \"x\" }\n");
    assert_eq!(
        refused(&text),
        "loihi1:20: topology.tile_grid is [8, 4], allowed is a grid with room for 200 cores, 4 to a tile"
    );
    let text = VARIANT.replace("neurons = 512", "neurons = 0");
    assert_eq!(
        refused(&text),
        "hw.toml:6: core.neurons is 0, allowed is 1 or more, or no entry when there is no known limit"
    );
}

#[test]
fn circles_and_missing_bases_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let link = |name: &str, base: &str| {
        write(folder.path(), name, &format!("schema = 1\nextends = \"{base}\"\n[meta]\nname = \"x\"\n"))
    };
    let a = link("a.toml", "b.toml");
    let b = link("b.toml", "a.toml");
    let error = Profile::load(&a).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{b}:2: extends forms a circle {a} -> {b} -> {a}, allowed is a chain that ends")
    );
    let own = link("own.toml", "own.toml");
    let error = Profile::load(&own).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{own}:2: extends forms a circle {own} -> {own}, allowed is a chain that ends")
    );

    let lost = link("lost.toml", "loihi9");
    let error = Profile::load(&lost).unwrap_err();
    assert_eq!(error.to_string(), format!("{lost}:2: extends is `loihi9`, which cannot be opened"));
    let allowed = Profile::builtin_names().join(", ");
    assert_eq!(
        error.source().unwrap().to_string(),
        format!("no profile `loihi9`, allowed is a path to a .toml file or one of {allowed}")
    );
    let gone = Profile::load(&link("gone.toml", "nowhere.toml")).unwrap_err();
    assert!(matches!(&gone, ProfileError::Base { source, .. } if matches!(**source, ProfileError::Unreadable { .. })));
}

#[test]
fn names_and_paths_that_lead_nowhere_are_refused() {
    let error = Profile::load("loihi9").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("no profile `loihi9`, allowed is a path to a .toml file or one of unlimited, loihi1,")
    );
    let error = Profile::load("missing/file.toml").unwrap_err();
    assert_eq!(error.to_string(), "profile file missing/file.toml cannot be read");
    assert_eq!(
        refused("extends = 3\n"),
        "hw.toml:1: extends is 3, allowed is the name of a built-in profile or a path to a .toml file"
    );
}

/// A profile may name a file of cells of its own, relative to the profile that names it.
#[test]
fn cells_come_from_a_file_beside_the_profile() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("cells")).unwrap();
    let shipped = include_str!("../../../../hw-profiles/cells/rram-neurram-130nm.toml");
    let narrow = shipped.replace("rram-neurram-130nm", "narrow").replace("window_us = 1.0", "window_us = 0.5");
    let cells = write(folder.path(), "cells/narrow.toml", &narrow);
    let text = r#"
        extends = "hybrid-rram"
        [meta]
        name = "narrow"
        [cells]
        technology = "cells/narrow.toml"
        [sources]
        "cells.technology" = { ev = "assumed", src = "a window of half the width" }
    "#;
    let path = write(folder.path(), "narrow.toml", text);
    let profile = Profile::load(&path).unwrap();
    let technology = profile.cells.as_ref().unwrap().design().unwrap().technology;
    assert_eq!((technology.name.as_str(), technology.write.unwrap().window_us), ("narrow", 0.5));
    let upper = write(folder.path(), "upper.toml", "extends = \"narrow.toml\"\n[meta]\nname = \"upper\"\n");
    let upper = Profile::load(&upper).unwrap();
    assert_eq!(upper.cells, profile.cells);
    assert_ne!(profile.fingerprint(), Profile::load("hybrid-rram").unwrap().fingerprint());
    let again: Profile = serde_json::from_str(&serde_json::to_string(&profile).unwrap()).unwrap();
    assert_eq!(again, profile, "written and read");

    write(folder.path(), "cells/narrow.toml", &narrow.replace("alternations = 50", "alternations = 0"));
    let refused = Profile::load(&path).unwrap_err().to_string();
    assert_eq!(
        refused,
        format!("{cells}: write.alternations of the cell profile `narrow` is 0.0, it must be in 1.0 to 100000.0")
    );
    std::fs::remove_file(&cells).unwrap();
    assert_eq!(Profile::load(&path).unwrap_err().to_string(), format!("profile file {cells} cannot be read"));
}
