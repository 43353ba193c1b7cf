//! Faults put into a kernel one at a time: each is caught by a shipped property and shrinks to a few neurons and steps.

use pumice::process::Backend;
use pumice::profile::Profile;
use pumice_fidelity::observe::{Emulator, Machine, Setup};
use pumice_fidelity::strategy::{Cases, Subject};
use pumice_fidelity::{Checked, Failure, Networks, Property, Stimulus, networks};

use crate::faulty::{Fault, Faulty};

/// The properties that ship, on networks away from and at the ends of their registers.
fn shipped(edges: bool, fault: Fault) -> Property {
    let space = if edges { Networks::default().at_edges() } else { Networks::default() };
    // Only on Loihi 2 is the exponent applied to the sum, where a kernel can forget it.
    let profile = if fault == Fault::NoExponent { "loihi2" } else { "loihi1" };
    networks(space)
        .on(profile)
        .for_every(Stimulus::Any)
        .steps(60)
        .cases(200)
        .seed(8)
        .run_by(Faulty(fault))
        .stays_in_its_registers()
        .keeps_its_rounding_budget()
}

fn caught(fault: Fault) -> Box<pumice_fidelity::Refuted> {
    for edges in [false, true] {
        match shipped(edges, fault).check() {
            Err(Failure::Refuted(refuted)) => return refuted,
            Err(other) => panic!("{fault:?}: {other}"),
            Ok(_) => {}
        }
    }
    panic!("{fault:?} is not caught")
}

#[test]
fn without_a_fault_the_second_emulator_equals_the_first() {
    for edges in [false, true] {
        let profile = Profile::load("loihi1").unwrap();
        let space = if edges { Networks::default().at_edges() } else { Networks::default() };
        let cases = Cases {
            subject: Subject::Any(space),
            profile: "loihi1".into(),
            arithmetic: profile.arithmetic.values.clone(),
            stimuli: Vec::new(),
            steps: 40,
        };
        let setup = Setup::new(&profile, Backend::Fixed);
        let mut spikes = 0;
        for seed in 0..40 {
            let document = cases.draw(seed).document().unwrap();
            let real = Emulator.observe(&document, &setup).unwrap();
            let second = Faulty(Fault::None).observe(&document, &setup).unwrap();
            assert_eq!(real.fired, second.fired, "seed {seed}");
            for state in &second.states {
                assert_eq!(Some(state), real.state(&state.process, &state.variable), "seed {seed}");
            }
            spikes += real.n_spikes();
        }
        assert!(spikes > 200, "{spikes}");
        let Checked { cases, values, .. } = shipped(edges, Fault::None).cases(60).check().unwrap();
        assert!(cases == 60 && values > 1000, "{values}");
    }
}

#[test]
fn every_fault_is_caught_and_shrinks_to_three_neurons_and_twenty_steps() {
    let faults = [
        Fault::DecayShift,
        Fault::DecayNearest,
        Fault::DecayFloor,
        Fault::SwappedDecays,
        Fault::DecayOffset,
        Fault::NoClip,
        Fault::NoWrap,
        Fault::Align,
        Fault::NoReset,
        Fault::SubtractReset,
        Fault::AtThreshold,
        Fault::DelayOff,
        Fault::BiasTwice,
        Fault::NoExponent,
        Fault::DecayAfter,
        Fault::OldCurrent,
    ];
    for fault in faults {
        let refuted = caught(fault);
        let (neurons, steps) = (refuted.case.neurons().unwrap(), refuted.case.steps().unwrap());
        assert!(neurons <= 3 && steps <= 20, "{fault:?}: {refuted}");
        let written = refuted.written.as_ref().unwrap();
        let again = pumice_fidelity::Document::load(written).unwrap();
        assert_eq!(again.text(), refuted.case.document().unwrap().text());
        println!("{fault:?}: {neurons} neurons, {steps} steps: {}", refuted.reason);
    }
}
