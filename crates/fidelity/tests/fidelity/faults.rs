//! Faults put into the shipped kernels one at a time: each is caught by a shipped property, which holds without it, and
//! shrinks to a few neurons and steps.

use pumice::num::fault::{Fault, with};
use pumice::profile::Profile;
use pumice_fidelity::compare::{Options, compare};
use pumice_fidelity::observe::{Emulator, Machine, Observed, Setup};
use pumice_fidelity::shrink::Network;
use pumice_fidelity::{Document, Failure, FidelityError, Networks, Property, Stimulus, networks};

/// The emulator, with a fault in its kernels.
#[derive(Debug)]
struct Faulty(Fault);

impl Machine for Faulty {
    fn observe(&self, document: &Document, setup: &Setup) -> Result<Observed, FidelityError> {
        with(self.0, || Emulator.observe(document, setup))
    }
}

/// LIF networks of a space on a chip.
fn of_neurons(profile: &str, space: Networks) -> Property {
    let property = networks(space).on(profile).for_every(Stimulus::Any).steps(60).cases(150).seed(8);
    property.stays_in_its_registers().keeps_its_rounding_budget()
}

fn usual() -> Property {
    of_neurons("loihi1", Networks::default())
}

fn at_edges() -> Property {
    of_neurons("loihi1", Networks::default().at_edges())
}

/// Only on Loihi 2 is the exponent applied to the sum.
fn of_sums() -> Property {
    of_neurons("loihi2", Networks::default())
}

fn of_synapses() -> Property {
    let space = Networks { populations: 1, neurons: 3, formats: false, ..Networks::default() }.that_learn();
    let property = networks(space).on("loihi1").for_every(Stimulus::Any).steps(20).cases(60).seed(3);
    property.stays_in_its_registers().learns_within_its_rounding_budget().is_the_same_on_cores(&[1])
}

/// The property that is to see a fault.
fn witness(fault: Fault) -> Property {
    match fault {
        Fault::NoWrap | Fault::NoClip | Fault::AtThreshold => at_edges(),
        Fault::NoExponent => of_sums(),
        Fault::TraceDecay | Fault::ProductShift | Fault::FinerWeight | Fault::Forgets => of_synapses(),
        _ => usual(),
    }
}

#[test]
fn without_a_fault_the_properties_hold() -> Result<(), Failure> {
    let mut overflowed = 0;
    for property in [usual(), at_edges(), of_sums(), of_synapses()] {
        let checked = property.check()?;
        assert!(checked.values > 1000 && checked.spikes > 100, "{checked:?}");
        overflowed += checked.overflowed;
    }
    assert!(overflowed > 20, "registers that overflow where they must are right: {overflowed}");
    Ok(())
}

/// As `pumice compare` opens it, without the fault.
fn opens(document: &Document, steps: u64) {
    let profile = Profile::load(document.profile()).unwrap();
    let compared = compare(document, &Options { knobs: false, ..Options::new(&profile) }).unwrap();
    assert_eq!((compared.backends.len(), compared.steps), (2, steps));
}

#[test]
fn every_fault_is_caught_and_shrinks_to_three_neurons_and_twenty_steps() {
    let folder = tempfile::tempdir().unwrap();
    for fault in Fault::ALL {
        let Err(Failure::Refuted(refuted)) = witness(*fault).run_by(Faulty(*fault)).write_to(folder.path()).check()
        else {
            panic!("{fault:?} is not caught")
        };
        let (neurons, steps) = (refuted.case.neurons().unwrap(), refuted.case.steps().unwrap());
        println!("{fault:?}: {neurons} neurons, {steps} steps: {}", refuted.reason);
        assert!(neurons <= 3 && steps <= 20, "{fault:?}: {refuted}");
        let Network::Plan(plan) = &refuted.case.network else { panic!("it was drawn") };
        for rule in plan.projections.iter().filter_map(|p| p.rule.as_ref()) {
            let products: usize = rule.series.iter().map(|s| s.products.len()).sum();
            assert!(products == 1 && rule.reward.is_empty(), "{fault:?}: {refuted}");
        }
        let written = Document::load(refuted.written.as_ref().unwrap()).unwrap();
        assert_eq!(written.text(), refuted.case.document().unwrap().text());
        opens(&written, steps);
    }
}
