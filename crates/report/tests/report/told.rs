//! What a report says, and that its figures belong together.

use std::time::Duration;

use pumice_chip::timing::TimingModel;
use pumice_meter::{Bill, Counts, Event, Usage};
use pumice_report::{Answers, Map, Run, RunReport};

use crate::placed::{image, profile};

const USAGE: Usage = Usage { chips: 1, cores: 2, embedded_cpus: 0, time_ps: Some(8_000_000) };

fn counts() -> Counts {
    let mut counts = Counts::default();
    let all = [
        (Event::NeuronAccess, 600),
        (Event::NeuronUpdate, 400),
        (Event::NeuronSpike, 50),
        (Event::SynapseReadDense, 900),
        (Event::PacketIn, 300),
    ];
    all.into_iter().for_each(|(event, n)| counts.add(event, n));
    counts
}

fn report(usage: Usage) -> RunReport {
    let (image, profile, counts) = (image(), profile(), counts());
    let bill = Bill::price(&counts, &profile.energy, &profile.static_power, &usage).unwrap();
    RunReport::new(&Run {
        model: "tiny",
        image: &image,
        profile: &profile,
        prices: "davies2018",
        workers: 1,
        timing: TimingModel::Simple,
        steps: 100,
        counts: &counts,
        bill: &bill,
        usage: &usage,
        wall: Duration::from_millis(3),
        overflow: &[],
    })
}

#[test]
fn energy_is_the_bill_and_each_share_is_of_all_of_it() {
    let report = report(USAGE);
    // Davies 2018: 200 inactive and 400 active updates, 900 synaptic operations; 104.4 mW over 8 µs.
    let dynamic = 200.0 * 52e-12 + 400.0 * 81e-12 + 900.0 * 23.6e-12;
    let fixed = 0.1044 * 8e-6;
    let close = |a: Option<f64>, b: f64| a.is_some_and(|a| (a - b).abs() < 1e-12 * b);
    assert!(close(report.energy_dynamic_j, dynamic) && close(report.energy_static_j, fixed));
    assert!(close(report.energy_j, dynamic + fixed));
    assert!(close(report.energy_per_spike_j, (dynamic + fixed) / 50.0));
    assert!(close(report.energy_per_synaptic_event_j, (dynamic + fixed) / 900.0));
    assert_eq!(report.energy_per_inference_j, None, "there was no inference");
    assert!(close(report.events_per_second, 900.0 / 3e-3));
    let range = report.energy_range_j.unwrap();
    assert!(range.may_be_higher && !range.may_be_lower && range.low < range.high);
    let unpriced: Vec<&str> = report.unpriced.iter().map(|line| line.event.as_str()).collect();
    assert_eq!(unpriced, ["neuron_spike", "packet_in"]);
    assert_eq!(report.untimed, ["neuron_spike", "packet_in"]);
}

#[test]
fn without_time_static_energy_is_unknown_and_not_zero() {
    let report = report(Usage { time_ps: None, ..USAGE });
    assert_eq!((report.energy_static_j, report.emulated_time_s), (None, None));
    assert!(report.unpriced.iter().any(|line| line.event == "static.chip"));
    let text = report.text();
    assert!(text.contains("dynamic, not known static") && text.contains("emulated time     not known"), "{text}");
}

#[test]
fn answers_are_compared_with_labels_and_with_each_other() {
    let answers = Answers {
        labels: vec![0, 1, 2, 3],
        fixed: Some(vec![0, 1, 2, 0]),
        float: Some(vec![0, 1, 0, 0]),
        time_ps: vec![1_000_000, 3_000_000, 2_000_000, 2_000_000],
        float_wall: Some(Duration::from_millis(1)),
    };
    let report = report(USAGE).classified(&answers);
    assert_eq!((report.accuracy_fixed, report.accuracy_float, report.agreement), (Some(0.75), Some(0.5), Some(0.75)));
    assert_eq!(report.energy_per_inference_j, report.energy_j.map(|joules| joules / 4.0));
    let time = report.time_per_inference_s.unwrap();
    assert!((time.mean - 2e-6).abs() < 1e-18 && (time.max - 3e-6).abs() < 1e-18);
}

/// The whole text, so that whoever changes it sees it.
#[test]
fn the_text_is_what_people_read() {
    let expected = "\
tiny on an emulated Intel Loihi (2018), 14 nm
100 steps, profile loihi1, prices davies2018, arithmetic loihi1, seed 5

activity          50 spikes, 900 synaptic events
energy            899 nJ: 64.0 nJ dynamic, 835 nJ static
                  18.0 nJ per spike, 999 pJ per synaptic event
                  weakest evidence used: simulated, range 302 nJ to 899 nJ, perhaps more: a price is quoted as a minimum
  not priced      neuron_spike (50), packet_in (300)
emulated time     8.00 µs for the run (timing model simple)
  not timed       neuron_spike, packet_in
wall time         3.00 ms, 300 k synaptic events per second, 1 worker
chip              2 of 128 cores, 7.00 B of synapse memory
  fullest core    neurons 50 % (mean 38 %), axons in 75 % (mean 62 %)

energy by event                    count        each      energy   part  evidence
  neuron_access                      200     52.0 pJ     10.4 nJ    1 %  simulated
  neuron_update                      400     81.0 pJ     32.4 nJ    4 %  simulated
  synapse_read_dense                 900   ≥ 23.6 pJ     21.2 nJ    2 %  simulated
  static.chip                          1      835 nJ      835 nJ   93 %  derived
  total                                                   899 nJ
";
    let mut report = report(USAGE);
    report.synapse_memory_bits = 56;
    assert_eq!(report.text(), expected);
}

#[test]
fn json_keeps_every_figure() {
    let report = report(USAGE);
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<RunReport>(&text).unwrap(), report);
}

#[test]
fn a_map_knows_how_full_cores_are() {
    let map = Map::new(&image().chip, &profile());
    assert_eq!((map.cores_used, map.cores_available, map.tiles_used), (2, Some(128), 2));
    let at: Vec<_> =
        map.cores.iter().map(|core| (core.core, core.tile, core.neurons.used, core.axons_in.used)).collect();
    assert_eq!(at, [(0, [0, 0], 4, 3), (5, [0, 1], 2, 2)]);
    assert_eq!((map.cores[0].fill, map.cores[0].fullest.as_deref()), (Some(0.75), Some("axons in")));
    assert_eq!(map.cores[1].synapse_bits.fraction, None, "this chip has no limit of it");
    let use_ = map.utilisation(map.limits.neurons, |core| core.neurons.used);
    assert_eq!((use_.max, use_.mean, use_.max_fraction, use_.mean_fraction), (4, 3.0, Some(0.5), Some(0.375)));
    let text = map.text();
    assert!(text.contains("net/cells[4..6]"), "{text}");
    assert!(text.contains("    1  ·▄·· ····"), "core 5 is the second of the tile above the first:\n{text}");
}
