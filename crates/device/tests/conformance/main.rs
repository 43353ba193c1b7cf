//! Replays all reference data of `tests/golden/rram`, and proves that a replay can fail.

#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

use pumice_device::conformance::{Report, replay, schemas};

fn text(name: &str) -> String {
    let path = format!("{}/../../tests/golden/rram/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

fn check(name: &str, least: u64) -> Report {
    let report = replay(&text(name)).unwrap();
    let first: Vec<_> = report.mismatches.iter().take(12).collect();
    assert!(report.passed(), "{} of {} checks differ, the first: {first:#?}", report.mismatches.len(), report.checks);
    assert!(report.checks >= least, "only {} checks", report.checks);
    report
}

/// Statistics of cells after programming, relaxation, drift and read.
#[test]
fn noise_models_agree() {
    check("aihwkit_noise_models", 500);
}

#[test]
fn pulsed_updates_agree() {
    check("aihwkit_pulse_response", 900);
}

#[test]
fn devices_agree() {
    check("crosssim_devices", 200);
}

#[test]
fn converters_agree() {
    check("aihwkit_mvm", 500);
    check("crosssim_mvm", 2000);
}

#[test]
fn wires_agree() {
    let report = check("irdrop", 1000);
    assert!(report.worst < 1e-2, "the exact solver is exact: {}", report.worst);
}

#[test]
fn switching_cycles_agree() {
    check("stochastic_synapse", 40);
}

#[test]
fn curves_and_compact_models_agree() {
    check("neurosim_nonlinear_update", 900);
    check("memtorch_compact_models", 200);
}

/// Data that was changed is seen, and unknown schemas are errors.
#[test]
fn a_replay_can_fail() {
    let wrong = text("neurosim_nonlinear_update").replace("-0.9622573899973202", "-0.9622573");
    let report = replay(&wrong).unwrap();
    assert_eq!((report.passed(), report.mismatches.len()), (false, 1));
    assert!(replay("{\"schema\": \"nothing/1\"}").is_err());
    assert_eq!(schemas().count(), 10);
}

#[test]
fn the_analog_neuron_agrees() {
    check("dynapsim", 300);
}
