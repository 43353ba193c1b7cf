//! Drawn learning rules: the same on the host and on cores, within their registers, and near the float twin.

use pumice::models::Arithmetic;
use pumice::models::learning::product::{Target, Variable};
use pumice::process::Backend;
use pumice::profile::Profile;
use pumice_fidelity::learned::follow;
use pumice_fidelity::observe::{Emulator, Machine, Setup};
use pumice_fidelity::shrink::Network;
use pumice_fidelity::strategy::{Cases, Subject};
use pumice_fidelity::wiring::Wiring;
use pumice_fidelity::{Failure, Networks, Property, Stimulus, networks};

fn cases(few: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(few)
}

fn space() -> Networks {
    Networks { populations: 2, neurons: 4, ..Networks::default() }.that_learn()
}

fn learning(profile: &str, space: Networks) -> Property {
    networks(space).on(profile).for_every(Stimulus::Any).steps(40)
}

/// The host's kernel and the chip are separate code.
#[test]
fn synapses_learn_the_same_on_cores_on_any_number_of_workers() -> Result<(), Failure> {
    for profile in ["loihi1", "loihi2"] {
        for space in [space(), space().at_edges()] {
            let property = learning(profile, space).cases(cases(4)).is_the_same_on_cores(&[1, 3]);
            let checked = property.stays_in_its_registers().check()?;
            assert!(checked.values > 1000, "{checked:?}");
        }
    }
    Ok(())
}

#[test]
fn learned_weights_stay_within_their_rounding_budget() -> Result<(), Failure> {
    for profile in ["loihi1", "loihi2"] {
        for space in [space(), space().at_edges()] {
            let property = learning(profile, space).cases(cases(30)).learns_within_its_rounding_budget();
            let checked = property.check()?;
            assert!(checked.values > 1000, "{checked:?}");
        }
    }
    Ok(())
}

/// Where traces are cleared and products are coarse, no draw rounds: the budget is 0, and both forms learn the same.
#[test]
fn what_no_draw_rounds_is_learned_exactly() {
    let profile = Profile::load("loihi1").unwrap();
    let setup = Setup::new(&profile, Backend::Fixed);
    let (mut exact, mut rounded) = (0, 0);
    for seed in 0..150 {
        let document = drawn(seed).document().unwrap();
        let (float, fixed) = (setup.on(Backend::Float), &setup);
        let [float, fixed] = [&float, fixed].map(|setup| Emulator.observe(&document, setup).unwrap());
        let wiring = Wiring::new(&document.model().unwrap().graph, setup.arithmetic(), 0).unwrap();
        for lesson in wiring.lessons.iter().filter(|lesson| lesson.not_followed.is_none()) {
            let held = follow(lesson, &float, &fixed);
            assert_eq!(held.violation, None, "seed {seed}");
            let weights = fixed.state(&lesson.path, "weights").unwrap();
            let learned = weights.values.chunks(weights.n).any(|row| row != &weights.values[..weights.n]);
            exact += usize::from(learned && held.checked > 0 && held.largest_budget_lsb == 0.0);
            rounded += usize::from(held.largest_budget_lsb > 0.0);
        }
    }
    assert!(exact > 5 && rounded > 30, "{exact} exact, {rounded} rounded");
}

fn drawn(seed: u64) -> pumice_fidelity::shrink::Case {
    let cases = Cases {
        subject: Subject::Any(space()),
        profile: "loihi1".into(),
        arithmetic: Arithmetic::loihi1(),
        stimuli: Vec::new(),
        steps: 40,
    };
    cases.draw(seed)
}

/// The strategy draws all that the grammar has, and nothing that a register would change.
#[test]
fn rules_of_two_and_three_factors_are_drawn_within_their_registers() {
    let (mut taught, mut read, mut changed, mut learned) = (0, [0; 10], [0; 3], 0);
    for seed in 0..200 {
        let case = drawn(seed);
        let Network::Plan(plan) = &case.network else { panic!("it was drawn") };
        for rule in plan.projections.iter().filter_map(|p| p.rule.as_ref()) {
            let compiled = rule.learning_rule().compile(&Arithmetic::loihi1().learning).unwrap();
            assert_eq!((compiled.report.approximations.len(), compiled.report.readings.len()), (0, 0));
            assert_eq!(compiled.series, rule.series, "the text says what was drawn");
            taught += usize::from(compiled.three_factor);
            Variable::ALL.iter().zip(&mut read).for_each(|(v, n)| *n += usize::from(compiled.reads(*v)));
            Target::ALL.iter().zip(&mut changed).for_each(|(t, n)| *n += usize::from(compiled.changes(*t)));
        }
        let setup = Setup::new(&Profile::load("loihi1").unwrap(), Backend::Fixed);
        let seen = Emulator.observe(&case.document().unwrap(), &setup).unwrap();
        let moved = |s: &&pumice_fidelity::observe::State| s.values.chunks(s.n).any(|row| row != &s.values[..s.n]);
        learned += seen.states.iter().filter(|s| s.variable == "weights").filter(moved).count();
    }
    assert!(taught > 20 && read.iter().chain(&changed).all(|n| *n > 10), "{taught} {read:?} {changed:?}");
    assert!(learned > 100, "{learned} connections learned");
}

/// Weights that change can grow: what holds of the first ones proves nothing.
#[test]
fn budgets_and_proofs_do_not_follow_weights_that_learn() {
    let profile = Profile::load("loihi1").unwrap();
    for seed in 0..6 {
        let document = drawn(seed).document().unwrap();
        let checked = pumice_fidelity::interval::check(&document, &profile).unwrap();
        assert_ne!(checked.verdict, pumice_fidelity::interval::Verdict::CannotOverflow, "seed {seed}");
        let wiring = Wiring::new(&document.model().unwrap().graph, &profile.arithmetic.values, 0).unwrap();
        assert!(wiring.population("p0").is_none() && !wiring.lessons.is_empty(), "seed {seed}");
    }
}
