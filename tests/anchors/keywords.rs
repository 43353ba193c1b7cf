//! Keyword spotting on Loihi 1 (Blouw et al. 2019): static power, and the energy of a further branch.
//!
//! Spikes were not published, so dynamic energy has a range: no spikes at all, to every neuron in every step. Most of the measured
//! dynamic power does not depend on the network (embedded processors and spikes from outside), and no source
//! prices it; the slope over branches is free of it.

use std::path::Path;

use pumice::meter::{Bill, Counts, Event, Usage};
use pumice::profile::Profile;

/// Branches, idle power `[W]` and dynamic energy per inference `[J]` of each run with ten-layer branches.
fn runs() -> Vec<(f64, f64, f64)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/loihi1-kws/loihi_power_summary.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let place = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let (layers, copies, idle, energy) =
        (place("n_layers"), place("n_copies"), place("p_idle_w"), place("e_dyn_j_per_inf"));
    let rows = lines.map(|line| line.split(',').collect::<Vec<_>>()).filter(|row| row[layers] == "10");
    let number = |text: &str| text.parse::<f64>().unwrap();
    rows.map(|row| (number(row[copies]), number(row[idle]), number(row[energy]))).collect()
}

/// Dynamic energy `[J]` of one inference of a branch in which this part of all neurons spikes in a step.
fn branch_j(rate: f64) -> f64 {
    let profile = Profile::load("loihi1").unwrap();
    let (neurons, steps) = (10 * 256, 10);
    let mut counts = Counts::default();
    counts.add(Event::NeuronAccess, neurons * steps);
    counts.add(Event::NeuronUpdate, neurons * steps);
    counts.add(Event::SynapseReadDense, (rate * (neurons * steps * 256) as f64) as u64);
    let prices = profile.prices(None).unwrap();
    Bill::price(&counts, prices.energy, prices.static_power, &Usage::default()).unwrap().dynamic_j
}

/// Idle power of the board is the profile's within 2 % in every run. The profile has the mean over the logs of these runs, so this
/// holds it to its source, and says how far single runs are from it.
#[test]
fn static_power_is_the_idle_chip() {
    let profile = Profile::load("loihi1").unwrap();
    let prices = profile.prices(Some("wolf_mountain_idle")).unwrap();
    let usage = Usage { chips: 1, cores: 0, embedded_cpus: 0, time_ps: Some(1_000_000_000_000) };
    let bill = Bill::price(&Counts::default(), prices.energy, prices.static_power, &usage).unwrap();
    let all = runs();
    assert!(all.len() >= 10, "{} runs", all.len());
    for (_, idle_w, _) in all {
        assert!((bill.static_j / idle_w - 1.0).abs() < 0.02, "{} W against {idle_w} W", bill.static_j);
    }
}

/// A further branch costs 17 µJ per inference: what the prices say if 5 to 15 % of the neurons spike in a step, far from both
/// ends of the range. What does not scale with branches is larger by far, and is not priced.
#[test]
fn dynamic_energy_of_a_branch_is_within_its_range() {
    let all = runs();
    let n = all.len() as f64;
    let mean = |of: fn(&(f64, f64, f64)) -> f64| all.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|run| run.0), mean(|run| run.2));
    let slope = all.iter().map(|run| (run.0 - x) * (run.2 - y)).sum::<f64>()
        / all.iter().map(|run| (run.0 - x) * (run.0 - x)).sum::<f64>();
    assert!((15e-6..19e-6).contains(&slope), "{slope:e}");
    assert!(branch_j(0.05) < slope && slope < branch_j(0.15), "{:e} {slope:e} {:e}", branch_j(0.05), branch_j(0.15));
    assert!(branch_j(0.0) < slope / 5.0 && slope < branch_j(1.0) / 5.0);
    assert!(y - slope * x > 30.0 * slope, "the part that does not scale: {:e}", y - slope * x);
}
