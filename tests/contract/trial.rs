//! Places that a trial finds before a run: what it measured is what the run then costs, and no goal is followed that is not met.

use proptest::prelude::*;
use pumice::file::Classify;
use pumice::prelude::*;
use pumice::process::{Place, Rates};
use pumice::report::{PlacementReport, RatesOrigin};
use pumice::{Workload, classify, find_places};

use crate::cell_learning;
use crate::network::{recurrent, shown};
use crate::placement::{hops, profile, uneven};

const GOALS: [Place; 3] = [Place::Energy, Place::Time, Place::Traffic];

fn found(graph: &Graph, profile: &Profile, config: &RunConfig, steps: u64) -> (RunConfig, PlacementReport) {
    let (config, report) = find_places(graph, profile, config, None, &Workload::Steps(steps)).unwrap();
    (config, report.unwrap())
}

/// What a run of 40 steps costs by a goal: joules, seconds or links.
fn cost(simulation: &Simulation, goal: &Place) -> f64 {
    match goal {
        Place::Energy => simulation.bill().unwrap().total_j,
        Place::Time => simulation.time_ps().unwrap() as f64 * 1e-12,
        _ => hops(&simulation.counts()) as f64,
    }
}

#[test]
fn a_trial_measures_what_the_run_costs_and_changes_no_spike() {
    let run = |profile: &Profile, config: &RunConfig| {
        let (graph, handles) = recurrent(100, 5);
        let mut simulation = Simulation::new(graph, profile, config).unwrap();
        simulation.run(RunSteps(40)).unwrap();
        (shown(&simulation, handles), simulation)
    };
    let mut own = profile("neurons = 11");
    (own.topology.cores_per_chip, own.topology.tile_grid) = (Some(16), Some([2, 2]));
    for goal in GOALS {
        let config = RunConfig::default().seed(4).place(goal.clone());
        let (places, report) = found(&recurrent(100, 5).0, &own, &config, 40);
        let measured = report.measured.unwrap();
        let (packed, placed) = (run(&own, &RunConfig::default().seed(4)), run(&own, &places));
        assert!(packed.0.spikes.len() > 200, "the network is alive");
        assert_eq!(packed.0, placed.0, "spikes and state, bit for bit");
        assert_eq!((report.rates, report.rates_steps), (RatesOrigin::Measured, Some(40)));
        assert_eq!([measured.packed, measured.placed], [cost(&packed.1, &goal), cost(&placed.1, &goal)], "{goal:?}");
        assert!(measured.placed <= measured.packed && report.taken == (places.place != Place::Pack), "{goal:?}");
        // The search's own estimate is near what is measured.
        assert!((report.expected.saved() - measured.saved()).abs() < 0.1, "{goal:?}: {report:?}");
        let again = found(&recurrent(100, 5).0, &own, &config.clone().workers(3), 40);
        assert_eq!(again, (places.clone().workers(3), report.clone()), "on three workers");
    }
}

#[test]
fn a_trial_brings_those_together_that_fire() {
    let own = profile("neurons = 20");
    let links = |config: RunConfig| {
        let mut simulation = Simulation::new(uneven().0, &own, &config).unwrap();
        simulation.run(RunSteps(150)).unwrap();
        hops(&simulation.counts())
    };
    let config = RunConfig::default().place(Place::Traffic);
    let (places, report) = found(&uneven().0, &own, &config, 150);
    assert_eq!(report.rates_steps, Some(100), "a part of the run");
    let (packed, blind, seeing) = (links(RunConfig::default()), links(config), links(places));
    assert!(seeing > 0 && 4 * seeing < 3 * blind && seeing < packed, "{seeing} hops, {blind} blind, {packed} packed");
}

/// Two populations that are busy by turns: each core would have half of the work if they lay apart, but no step would be shorter.
#[test]
fn what_does_not_save_is_not_taken() {
    let mut graph = Graph::new();
    for turn in 0..2 {
        let spikes = (0..2).map(|step| vec![f64::from(u8::from(step == turn)); 64]).collect();
        let source = graph.add(&format!("source{turn}"), RingBuffer::spikes(&[64], spikes)).unwrap();
        let synapses = graph.add(&format!("synapses{turn}"), Dense::new(vec![vec![1.0; 64]; 8])).unwrap();
        let cells = Lif { du: 4095.into(), vth: 10.into(), ..Lif::new(&[8]) };
        let cells = graph.add(&format!("cells{turn}"), cells).unwrap();
        graph.connect(source.out, synapses.s_in).unwrap();
        graph.connect(synapses.a_out, cells.a_in).unwrap();
    }
    let text = "extends = \"loihi1\"\n[meta]\nname = \"two\"\n[topology]\ncores_per_chip = 2\ncores_per_tile = 2\ntile_grid = [1, 1]\n\
                [sources]\ntopology = { ev = \"assumed\", src = \"test\" }\n";
    let two = Profile::from_text("two.toml", text).unwrap();
    let (places, report) = found(&graph, &two, &RunConfig::default().place(Place::Time), 40);
    assert!(report.expected.saved() > 0.4, "{report:?}");
    assert_eq!((places.place, report.taken, report.measured.unwrap().saved()), (Place::Pack, false, 0.0));
    let text = "packed: no places were found that cost less time; rates measured over 40 steps";
    assert_eq!(report.text(), text);
}

#[test]
fn samples_are_tried_as_they_are_classified() {
    let build = || {
        let mut graph = Graph::new();
        let input = graph.add("input", RateCode { shape: vec![16], value: 0.into(), full: 8 }).unwrap();
        let synapses = graph.add("synapses", Dense::new(vec![vec![6.0; 16]; 40])).unwrap();
        let cells = graph.add("cells", Lif { du: 4095.into(), vth: 100.into(), ..Lif::new(&[40]) }).unwrap();
        graph.connect(input.s_out, synapses.s_in).unwrap();
        graph.connect(synapses.a_out, cells.a_in).unwrap();
        let output = graph.probe_port(cells.s_out, Record::Events).unwrap();
        let task = Classify {
            input: input.value.real(),
            output,
            samples: (0..4).map(|k| vec![f64::from(2 * k); 16]).collect(),
            labels: vec![0, 1, 0, 1],
            classes: 40,
            steps: 20,
            reset: true,
        };
        (graph, task)
    };
    let own = Profile::load("loihi1").unwrap();
    let run = |config: &RunConfig| {
        let (graph, task) = build();
        let mut simulation = Simulation::new(graph, &own, config).unwrap();
        let done = classify(&mut simulation, &(&task).into(), |_| ()).unwrap();
        (simulation.bill_of(&done.counts, &done.usage).unwrap().total_j, done.samples)
    };
    let (graph, task) = build();
    let config = RunConfig::default().place(Place::Energy);
    let (places, report) = find_places(&graph, &own, &config, None, &Workload::Samples((&task).into())).unwrap();
    let report = report.unwrap();
    let ((packed, before), (placed, after)) = (run(&RunConfig::default()), run(&places));
    let measured = report.measured.unwrap();
    assert_eq!(([measured.packed, measured.placed], report.rates_steps), ([packed, placed], Some(80)));
    assert!(2.0 * placed < packed, "{placed} J, {packed} J packed");
    let votes = |samples: &[pumice::Sample]| samples.iter().map(|s| s.votes.clone()).collect::<Vec<_>>();
    assert_eq!(votes(&before), votes(&after));
    assert!(votes(&after)[3].iter().sum::<u64>() > 40, "the network is alive");
}

#[test]
fn what_cannot_be_tried_says_so() {
    #[derive(Debug)]
    struct Idle;
    impl HostProcess for Idle {}
    let own = Profile::load("loihi1").unwrap();
    let (mut graph, _) = recurrent(100, 5);
    graph.add_host("watch", HostSpec::new(), Idle).unwrap();
    let config = RunConfig::default().place(Place::Time);
    let (places, report) = found(&graph, &own, &config, 40);
    assert!(matches!(places.place, Place::Pinned(_)) && report.measured.is_none());
    let text = report.text();
    let end = "less than packed is expected; all sources taken as equally active: `watch` is a process of the host, which runs once only";
    assert!(text.starts_with("for time: ") && text.ends_with(end), "{text}");
    // Rates of a former run need no trial.
    let spikes = ["drive", "cells", "readout"].map(|path| (path.to_owned(), vec![3; 10]));
    let given = config.rates(Rates { steps: 7, spikes: spikes.into() });
    let (_, report) = found(&graph, &own, &given, 40);
    assert!(report.text().ends_with("rates of a former run of 7 steps"), "{}", report.text());
    assert_eq!((report.rates, report.rates_steps, report.measured), (RatesOrigin::Given, Some(7), None));
    // Nothing is asked, or nothing lies on the chip.
    for config in [RunConfig::default(), RunConfig::on(Backend::Fixed).place(Place::Time)] {
        let (same, report) = find_places(&graph, &own, &config, None, &Workload::Steps(40)).unwrap();
        assert_eq!((same, report), (config, None));
    }
}

/// Cells are read as digital memory in a trial, learning ones too, so that a chip lies as it lay when its cells were programmed.
#[test]
fn a_network_in_cells_lies_alike_all_its_life() {
    let own = Profile::load("hybrid-rram").unwrap();
    let build = || cell_learning::network(cell_learning::stdp(), 0);
    for goal in GOALS {
        let places = || found(&build().graph, &own, &RunConfig::default().place(goal.clone()), 60);
        let (config, report) = places();
        let mut young = Simulation::new(build().graph, &own, &config).unwrap();
        young.run(RunSteps(60)).unwrap();
        assert!(young.counts().spikes() > 20, "the network is alive");
        assert!(!young.image().chip.cell_cores.is_empty() && report.measured.is_some());
        let saved = young.memory().unwrap().nv();
        assert_eq!(places(), (config.clone(), report), "{goal:?}");
        let mut old = Simulation::with_nv(build().graph, &own, &config, Some(&saved)).unwrap();
        old.run(RunSteps(60)).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Whatever the limits and the goal: a run as long as its trial never costs more than packed.
    #[test]
    fn no_run_costs_more_than_packed(neurons in 3u32..60, goal in 0usize..3, seed in any::<u64>()) {
        let own = profile(&format!("neurons = {neurons}"));
        let goal = GOALS[goal].clone();
        let run = |config: &RunConfig| {
            let mut simulation = Simulation::new(uneven().0, &own, config).unwrap();
            simulation.run(RunSteps(20)).unwrap();
            (cost(&simulation, &goal), simulation.counts().spikes())
        };
        let config = RunConfig::default().seed(seed);
        let (places, _) = found(&uneven().0, &own, &config.clone().place(goal.clone()), 20);
        let (packed, placed) = (run(&config), run(&places));
        prop_assert!(placed.0 <= packed.0 && placed.1 == packed.1 && packed.1 > 100, "{placed:?} {packed:?}");
    }
}
