//! Recordings of other emulators, replayed by the same code as the `conformance` tool.

#![allow(clippy::unwrap_used)] // a test fails where it unwraps

mod altered;
mod tool;

use std::path::{Path, PathBuf};

use pumice_conformance::{Case, suite};

/// The folder with our copy of a suite's case files.
fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn replay(name: &str, folder: &Path) -> Vec<Case> {
    (suite(name).unwrap().replay)(folder).unwrap()
}

fn all_pass(name: &str, folder: &str, n: usize) {
    let cases = replay(name, &golden(folder));
    let failed: Vec<String> = cases.iter().filter(|case| case.fault.is_some()).map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert_eq!(cases.len(), n);
}

#[test]
fn lava() {
    all_pass("lava", "lava", 118);
}

#[test]
fn lava_in_other_shapes() {
    all_pass("lava", "lava-more", 347);
}

#[test]
fn nengo_loihi() {
    all_pass("nengo-loihi", "nengo-loihi", 56);
}

#[test]
fn nengo_loihi_in_other_formats() {
    all_pass("nengo-loihi", "nengo-loihi-more", 58);
}

#[test]
fn brian2_loihi() {
    all_pass("brian2-loihi", "brian2-loihi", 35);
}

#[test]
fn brian2_loihi_at_other_parameters() {
    all_pass("brian2-loihi", "brian2-loihi-more", 54);
}
