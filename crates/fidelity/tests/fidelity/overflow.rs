//! The proof that nothing overflows is never contradicted by search, and what search finds replays.

use pumice::process::Backend;
use pumice::profile::Profile;
use pumice_fidelity::interval::{Verdict, check};
use pumice_fidelity::observe::{Emulator, Machine, Setup};
use pumice_fidelity::{Document, Networks, Source, Stimulus};

fn overflows(document: &Document, setup: &Setup) -> bool {
    let run = Emulator.observe(document, setup).unwrap();
    run.overflow.iter().any(|place| place.record.first_step > 0)
}

#[test]
fn five_hundred_proofs_are_not_contradicted_and_overflows_replay() {
    let (mut proven, mut found, mut undecided, mut spikes) = (0, 0, 0, 0);
    for profile in ["loihi1", "loihi2"] {
        let profile = Profile::load(profile).unwrap();
        let setup = Setup { states: false, ..Setup::new(&profile, Backend::Fixed) };
        for seed in 0..250 {
            let space = Networks { populations: 2, neurons: 4, ..Networks::default() };
            let space = if seed % 3 == 0 { space.at_edges() } else { space };
            let plan = space.draw(&profile.arithmetic.values, seed);
            let document = plan.document(&profile.meta.name).unwrap().with_steps(40);
            let source = [Source { name: "input".into(), shape: vec![plan.inputs] }];
            match check(&document, &profile).unwrap().verdict {
                Verdict::CannotOverflow => {
                    proven += 1;
                    for (k, kind) in [Stimulus::Saturating, Stimulus::Any].iter().enumerate() {
                        let played = document.playing(&kind.draw(&source, 40, 1000 * seed + k as u64)).unwrap();
                        let run = Emulator.observe(&played, &setup).unwrap();
                        spikes += run.n_spikes();
                        assert!(run.overflow.iter().all(|p| p.record.first_step == 0), "{}", played.text());
                    }
                }
                Verdict::Overflows { place, spikes } => {
                    found += 1;
                    let played = document.playing(&spikes).unwrap();
                    assert!(overflows(&played, &setup), "{place:?} {}", played.text());
                }
                Verdict::Undecided { .. } => undecided += 1,
            }
        }
    }
    println!("{proven} proven, {found} found, {undecided} undecided");
    assert!(proven > 100 && found > 20, "{proven} proven, {found} found, {undecided} undecided");
    assert!(undecided < 100, "{undecided}");
    assert!(spikes > 1000, "the networks must be alive");
}
