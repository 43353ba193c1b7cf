//! Properties that hold of the real kernels, on every arithmetic.

use pumice_fidelity::{Failure, Networks, Stimulus, networks};

const PROFILES: [&str; 2] = ["loihi1", "loihi2"];

/// A few cases as a rule, as many as `PROPTEST_CASES` says if it does.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(60)
}

#[test]
fn every_network_keeps_its_budget() -> Result<(), Failure> {
    for profile in PROFILES {
        for space in [Networks::default(), Networks::default().at_edges()] {
            let property = networks(space).on(profile).for_every(Stimulus::Any).steps(60).cases(cases());
            let checked = property.keeps_its_rounding_budget().stays_in_its_registers().check()?;
            assert!(checked.values > 2000 && checked.spikes > 100, "{checked:?}");
        }
    }
    Ok(())
}

#[test]
fn a_property_can_be_refuted_and_says_by_what() {
    let strict = networks(Networks::default()).on("loihi1").for_every(Stimulus::poisson(0.3)).steps(80).cases(300);
    let Err(Failure::Refuted(refuted)) = strict.spikes_within(0, 1.0).check() else {
        panic!("rounding changes some spike of some network")
    };
    assert!(refuted.to_string().contains("have a partner within 0 steps, claimed are 100.00 %"), "{refuted}");
    assert!(refuted.case.neurons().unwrap() <= 3, "{refuted}");
    let silent = networks(Networks::default()).on("loihi1").for_every(Stimulus::Poisson { probability: 0.0 }).cases(3);
    assert!(matches!(silent.never_overflows().seed(1).check(), Ok(_) | Err(Failure::Silent { .. })));
}
