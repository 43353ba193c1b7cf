//! What a report says, and that its figures belong together.

use std::time::Duration;

use pumice_chip::timing::TimingModel;
use pumice_meter::{Bill, Component, Counts, Event, Evidence, Figure, Term, Usage};
use pumice_profile::Profile;
use pumice_report::{Answers, Map, Parts, Run, RunReport, SynapticOperations};

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
    report_of(&profile(), counts(), usage)
}

fn report_of(profile: &Profile, counts: Counts, usage: Usage) -> RunReport {
    let image = image();
    let bill = Bill::price(&counts, &profile.energy, &profile.static_power, &usage).unwrap();
    RunReport::new(&Run {
        model: "tiny",
        image: &image,
        profile,
        prices: "davies2018",
        workers: 1,
        timing: TimingModel::Simple,
        steps: 100,
        counts: &counts,
        spikes_off_chip: None,
        bill: &bill,
        usage: &usage,
        late_steps: None,
        wall: Duration::from_millis(3),
        overflow: &[],
        parts: &Parts {
            layers: vec![("net/cells".into(), counts.clone())],
            processes: vec![("net/cells".into(), counts.clone())],
            cores: vec![counts.clone(), Counts::default()],
        },
        cells: None,
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

energy by component               energy   part  range                     evidence
  neurons                        42.8 nJ    5 %                            simulated, 1 term without a price
  synapses                       21.2 nJ    2 %  or more                   simulated
  network                            0 J    0 %                            no price
  static                          835 nJ   93 %  238 nJ to 835 nJ          derived

dynamic energy by process         energy   part  range                     evidence
  net/cells                      64.0 nJ    7 %  or more                   simulated, 2 terms without a price
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

/// Every table holds the same energy, cut in another way, and says how sure it is.
#[test]
fn tables_of_energy_add_up_and_carry_their_ranges() {
    let report = report(USAGE);
    let total = report.energy_j.unwrap();
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b;
    let tables = &report.energy;
    assert!(close(tables.components.iter().map(|row| row.energy_j).sum(), total));
    assert_eq!(
        tables.components.iter().map(|row| row.component.as_str()).collect::<Vec<_>>(),
        ["neurons", "synapses", "network", "static"]
    );
    for parts in [&tables.layers, &tables.processes, &tables.cores] {
        assert_eq!(parts.len(), 1, "a core without events has no row");
        assert!(close(parts.iter().map(|row| row.energy_j).sum(), report.energy_dynamic_j.unwrap()));
        assert!(close(parts[0].components_j.values().sum(), parts[0].energy_j));
    }
    let of = |name: &str| tables.components.iter().find(|row| row.component == name).unwrap();
    assert!(of("synapses").range_j.may_be_higher, "the price is quoted as a minimum");
    let idle = of("static").range_j;
    assert!(idle.low < idle.high && close(idle.high, of("static").energy_j));
    assert!(of("network").unpriced.iter().any(|line| line.event == "packet_in" && line.count == 300));
    assert_eq!(of("network").weakest_evidence, None);
    let text = report.text();
    for words in ["energy by component", "dynamic energy by process", "or more", "without a price", "no price"] {
        assert!(text.contains(words), "no `{words}` in\n{text}");
    }
}

/// Prices act on their own component, in proportion, and on no other: in the bill and in every table that is made of it.
#[test]
fn doubling_the_prices_of_a_component_doubles_it_and_no_other() {
    let mut all = Counts::default();
    let n = |k: usize| if Event::ALL[k] == Event::NeuronAccess { 10_000 } else { 100 + 7 * k as u64 };
    (0..Event::COUNT).for_each(|k| all.add(Event::ALL[k], n(k)));
    let own = |twice: Option<Component>| {
        let mut profile = profile();
        let factor = |component| if twice == Some(component) { 2.0 } else { 1.0 };
        for (k, event) in Event::ALL.into_iter().enumerate() {
            let price = (k + 1) as f64 * 1e-12 * factor(Component::of(&Term::Event(event)));
            profile.energy.set(event, Figure::new(price, Evidence::Assumed, "test"));
        }
        let watts = |w: f64| Some(Figure::new(w * factor(Component::Static), Evidence::Assumed, "test"));
        (profile.static_power.chip, profile.static_power.core) = (watts(0.25), watts(0.125));
        report_of(&profile, all.clone(), USAGE)
    };
    let before = own(None);
    let rows = &before.energy.components;
    assert_eq!(rows.len(), Component::ALL.len(), "every component has a cost");
    for component in Component::ALL {
        let after = own(Some(component));
        let factor = |name: &str| if name == component.name() { 2.0 } else { 1.0 };
        for (old, new) in rows.iter().zip(&after.energy.components) {
            assert!(old.energy_j > 0.0 && old.component == new.component);
            assert_eq!(
                new.energy_j,
                old.energy_j * factor(&old.component),
                "{} of {}",
                old.component,
                component.name()
            );
        }
        let tables = |report: &RunReport| {
            [&report.energy.layers, &report.energy.processes, &report.energy.cores]
                .map(|table| table[0].components_j.clone())
        };
        for (old, new) in tables(&before).iter().zip(tables(&after)) {
            assert_eq!(old.len(), Component::ALL.len() - 1, "all but static power, which belongs to no part");
            old.iter().for_each(|(name, joules)| assert_eq!(new[name], joules * factor(name), "{name}"));
        }
        let more = after.energy_j.unwrap() - before.energy_j.unwrap();
        let wanted = rows.iter().find(|row| row.component == component.name()).unwrap().energy_j;
        assert!((more / wanted - 1.0).abs() < 1e-9, "{}: {more:e} {wanted:e}", component.name());
    }
}

/// 50 spikes of 6 neurons in 100 steps; 7 of 24 possible synapses; 900 reads.
#[test]
fn neurobench_counts_what_its_words_mean() {
    let own = report(USAGE).neurobench.unwrap();
    let close = |a: Option<f64>, b: f64| a.is_some_and(|a| (a - b).abs() < 1e-12);
    assert!(close(own.connection_sparsity, 1.0 - 7.0 / 24.0));
    assert!(close(own.activation_sparsity, 1.0 - 50.0 / 600.0));
    let SynapticOperations { effective_acs, effective_macs, dense } = own.synaptic_operations;
    assert_eq!((effective_acs, effective_macs, dense), (900.0, 0.0, 2400.0));
    assert_eq!((own.membrane_updates, own.classification_accuracy), (400.0, None));
    assert!(own.footprint * 8 >= 6 * 48, "two registers of 24 bits for each neuron");
    let answers = Answers { labels: vec![0; 4], fixed: Some(vec![0, 0, 1, 0]), ..Answers::default() };
    // The keys are those of NeuroBench's own results.
    let json = serde_json::to_value(report(USAGE).classified(&answers).neurobench).unwrap();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let all = ["ActivationSparsity", "ClassificationAccuracy", "ConnectionSparsity", "Footprint", "MembraneUpdates"];
    assert_eq!(keys, [&all[..], &["SynapticOperations"]].concat());
    let operations = serde_json::json!({ "Effective_ACs": 225.0, "Effective_MACs": 0.0, "Dense": 600.0 });
    assert_eq!((&json["SynapticOperations"], &json["ClassificationAccuracy"]), (&operations, &0.75.into()));
}
