//! Published measurements that the shipped prices must meet.
//!
//! Each case takes the counts of a published workload from its source and prices them; no chip is
//! emulated here. Sources and arithmetic: `hw-profiles/README.md`, section "Anchors".

use pumice_meter::{Bill, Counts, Event, Usage};
use pumice_profile::Profile;

/// The bill for `counts` in `seconds` on `chips` chips with `cores` cores in use.
fn bill(profile: &str, prices: Option<&str>, counts: &[(Event, u64)], chips: u32, cores: u32, seconds: f64) -> Bill {
    let profile = Profile::load(profile).expect("a shipped profile");
    let prices = profile.prices(prices).expect("a table of the profile");
    let mut sum = Counts::default();
    counts.iter().for_each(|&(event, n)| sum.add(event, n));
    let usage = Usage { chips, cores, embedded_cpus: 0, time_ps: Some((seconds * 1e12) as u64) };
    Bill::price(&sum, prices.energy, prices.static_power, &usage).expect("tables are checked")
}

fn assert_within(value: f64, expected: f64, share: f64) {
    assert!((value / expected - 1.0).abs() <= share, "{value:e} is not within {share} of {expected:e}");
}

/// ODIN: 37.5 MSOP/s at 75 MHz took 477 µW, 650 kSOP/s at 1.3 MHz took 35 µW (Frenkel 2019).
#[test]
fn odin_meets_both_clocks() {
    let fast = bill("odin", None, &[(Event::SynapseReadDense, 37_500_000)], 1, 1, 1.0);
    assert_within(fast.total_j, 477e-6, 0.005);
    let slow = bill("odin", Some("frenkel2019_1_3mhz"), &[(Event::SynapseReadDense, 650_000)], 1, 1, 1.0);
    assert_within(slow.total_j, 35e-6, 0.005);
}

/// TrueNorth: 2^20 neurons with 128 synapses, 68, 71 and 94 mW at 11.58, 20.07 and 95.93 Hz (Akopyan 2015
/// fig. 17); the middle one was not used by the fit.
#[test]
fn truenorth_meets_its_sweep() {
    for (rate, watts, share) in [(11.58, 0.068, 0.001), (20.07, 0.071, 0.006), (95.93, 0.094, 0.001)] {
        let events = (1_048_576.0 * 128.0 * rate) as u64;
        let counts = [(Event::SynapseReadDense, events), (Event::HopEast, events / 6)];
        let bill = bill("truenorth", None, &counts, 1, 4096, 1.0);
        assert_within(bill.total_j, watts, share);
        assert_eq!(bill.included.len(), 1, "hops are inside the price");
        assert!(bill.unpriced.is_empty());
    }
}

/// Loihi 2: PilotNet used 68.35 µJ of dynamic energy per step for 2,290,433 synaptic operations and 158,509
/// neuron updates. The main price was derived from it; the prices of Loihi 1 predict it.
#[test]
fn loihi_2_meets_pilotnet() {
    let counts = [(Event::SynapseReadConv, 2_290_433), (Event::NeuronAccess, 158_509), (Event::NeuronUpdate, 158_509)];
    let fitted = bill("loihi2", None, &counts, 1, 74, 152.845e-6);
    assert_within(fitted.dynamic_j, 68.35e-6, 0.002);
    assert_within(fitted.total_j, 0.679234 * 152.845e-6, 0.002);
    let carried = bill("loihi2", Some("loihi1_carried"), &counts, 1, 74, 152.845e-6);
    assert_within(carried.dynamic_j, 66.9e-6, 0.001);
    assert_within(carried.dynamic_j, 68.35e-6, 0.022);
}

/// SpiNNaker: the cortical microcircuit in real time on 12 boards took 0.601 µJ per synaptic event (2019).
#[test]
fn spinnaker_meets_the_microcircuit() {
    let events = 966_700_000u64;
    let counts = [
        (Event::NeuronAccess, 77_169 * 10_000),
        (Event::NeuronUpdate, 77_169 * 10_000),
        (Event::SynapseReadSparse, events),
    ];
    let bill = bill("spinnaker1", None, &counts, 576, 576 * 18, 1.0);
    let per_event = bill.total_j / events as f64;
    assert!((0.5e-6..=0.65e-6).contains(&per_event), "{per_event:e}");
}

/// Loihi 1: a search among 76,800 patterns took 1.33 mJ in its cores (Frady 2020 table 2). The counts are in
/// the paper, the number of steps is not: 60 and 121 are the two readings.
#[test]
fn loihi_1_lies_above_the_pattern_search_by_what_the_unknown_steps_allow() {
    for (steps, over) in [(60, 1.145), (121, 1.328)] {
        let counts = [(Event::SynapseReadDense, 708 * 76_800), (Event::NeuronAccess, 76_800 * steps)];
        let bill = bill("loihi1", None, &counts, 32, 0, 0.0);
        assert_within(bill.dynamic_j / 1.33e-3, over, 0.005);
    }
}
