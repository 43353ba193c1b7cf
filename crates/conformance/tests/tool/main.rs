//! The tool as a person calls it: last line and exit code.

#![allow(clippy::unwrap_used)] // a test fails where it unwraps

use std::path::Path;
use std::process::{Command, Output};

fn conformance(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conformance")).args(arguments).output().expect("the tool was built for this test")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_suite_that_passes_ends_with_its_counts_and_0() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/brian2-loihi");
    let found = conformance(&["brian2-loihi", folder.to_str().unwrap()]);
    assert_eq!((text(&found.stdout).as_str(), found.status.code()), ("35 passed, 0 failed\n", Some(0)));
}

#[test]
fn a_case_that_differs_has_its_line_and_ends_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let case = r#"{"family": "lif", "cases": [{"id": "one", "process": "LIF", "inputs": {"a_in": [[0, 1], [0, 3]]},
        "outputs": {"u": [[0, 64], [0, 250]], "v": [[0, 64], [0, 0]]}}]}"#;
    std::fs::write(folder.path().join("lif.json"), case).unwrap();
    let found = conformance(&["lava", folder.path().to_str().unwrap()]);
    let expected = "one: u first differs at step 1, index 1: expected 250, got 255 (fixed)\n0 passed, 1 failed\n";
    assert_eq!((text(&found.stdout).as_str(), found.status.code()), (expected, Some(1)));
}

#[test]
fn wrong_use_and_folders_without_cases_end_with_2_and_one_sentence() {
    for arguments in [&["lava"][..], &["lavva", "."], &["lava", "/no/such/folder"]] {
        let found = conformance(arguments);
        let said = text(&found.stderr);
        assert_eq!((found.status.code(), said.lines().count(), found.stdout.len()), (Some(2), 1, 0), "{said}");
    }
}
