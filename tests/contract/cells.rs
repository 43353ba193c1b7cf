//! Weights in non-volatile cells: same bits on any number of workers, and a life that goes on over power-off.

use pumice::device::nv::NvState;
use pumice::meter::Event;
use pumice::prelude::*;
use pumice::process::CoreKind;
use pumice::{Memory, Snapshot};

const YEAR_NS: u64 = 365 * 86_400_000_000_000;

/// Sources, a hidden layer with recurrent delays of its own kind, and an output layer.
fn network() -> (Graph, pumice::process::ProbeId) {
    let mut graph = Graph::new();
    let source = graph.add("source", Poisson::new(&[12], 0.4)).unwrap();
    let weights = |n_out: i32, n_in: i32| -> Vec<Vec<f64>> {
        let w = |i, k| f64::from((i * 37 + k * 61) % 113 - 40) * 2.0;
        (0..n_out).map(|i| (0..n_in).map(|k| w(i, k)).collect()).collect()
    };
    let first = graph.add("first", Dense::new(weights(9, 12))).unwrap();
    let hidden =
        graph.add("hidden", Lif { du: 4095.into(), dv: 200.into(), vth: 250.into(), ..Lif::new(&[9]) }).unwrap();
    let second = graph.add("second", Dense::new(weights(4, 9))).unwrap();
    let output =
        graph.add("output", Lif { du: 4095.into(), dv: 200.into(), vth: 150.into(), ..Lif::new(&[4]) }).unwrap();
    graph.connect(source.out, first.s_in).unwrap();
    graph.connect(first.a_out, hidden.a_in).unwrap();
    graph.connect(hidden.s_out, second.s_in).unwrap();
    graph.connect(second.a_out, output.a_in).unwrap();
    let probe = graph.probe_port(output.s_out, Record::Events).unwrap();
    (graph, probe)
}

fn run(config: &RunConfig, saved: Option<&NvState>) -> (Simulation, Vec<(u64, u32)>) {
    let profile = Profile::load("hybrid-rram").unwrap();
    let (graph, probe) = network();
    let mut simulation = Simulation::with_nv(graph, &profile, config, saved).unwrap();
    simulation.run(RunSteps(300)).unwrap();
    let events = simulation.recording(probe).events();
    assert!(events.len() > 100, "the network is alive: {}", events.len());
    (simulation, events)
}

#[test]
fn cells_give_the_same_bits_on_any_number_of_workers() {
    let (one, events) = run(&RunConfig::default().workers(1), None);
    let state = one.memory().unwrap().nv();
    for workers in [2, 3, 5] {
        let (other, own) = run(&RunConfig::default().workers(workers), None);
        assert_eq!(own, events, "{workers} workers");
        assert_eq!(other.counts(), one.counts());
        assert!(other.memory().unwrap().nv() == state, "the lives of the cells are the same");
    }
    let counts = one.counts();
    assert_eq!(counts[Event::SynapseReadDense], 0);
    assert!(counts[Event::CrossbarRowRead] > 1000);
    assert!(counts[Event::AdcConversion] >= counts[Event::SynapseReadCell] && counts[Event::SynapseReadCell] > 10_000);
    let (_, other_seed) = run(&RunConfig::default().seed(1), None);
    assert_ne!(other_seed, events);
}

/// A fresh simulation, one that was reset, and one that goes on from a snapshot do the same; read noise is on.
#[test]
fn reset_and_snapshots_draw_the_same_noise() {
    let (mut simulation, events) = run(&RunConfig::default(), None);
    simulation.reset().unwrap();
    simulation.run(RunSteps(150)).unwrap();
    let half = simulation.save();
    simulation.run(RunSteps(150)).unwrap();
    let counts = simulation.counts();
    assert_eq!(simulation.recordings()[0].events(), events);
    let (mut other, _) = run(&RunConfig::default().workers(2), None);
    other.load(&half).unwrap();
    other.run(RunSteps(150)).unwrap();
    assert_eq!(other.counts(), counts);
    let late = events.iter().filter(|event| event.0 > 150).count();
    let after = other.recordings()[0].events();
    assert_eq!(after[after.len() - late..], events[events.len() - late..], "recordings go on, and the same");
}

/// A run that goes on from a snapshot has the cells of the run that was never interrupted: their clock, reads, ledger, and
/// what they cost, whatever cells it had before.
#[test]
fn a_snapshot_keeps_the_lives_of_the_cells() {
    let (mut whole, _) = run(&RunConfig::default(), None);
    whole.reset().unwrap();
    whole.set_noise_origin(7);
    whole.run(RunSteps(120)).unwrap();
    let bytes = whole.save().to_bytes().unwrap();
    let mut aged = whole.memory().unwrap();
    aged.age(YEAR_NS, 328_150).unwrap();
    let (mut resumed, _) = run(&RunConfig::default().workers(3), Some(&aged.nv()));
    let (mut fresh, _) = run(&RunConfig::default().workers(2), None);
    for other in [&mut resumed, &mut fresh] {
        other.load(&Snapshot::from_bytes(&bytes).unwrap()).unwrap();
    }
    let cost = |simulation: &Simulation| {
        let report = simulation.report("cells", std::time::Duration::ZERO).unwrap();
        (report.cells.unwrap(), simulation.bill().unwrap(), simulation.counts(), simulation.time_ps())
    };
    for steps in [130, 40] {
        for simulation in [&mut whole, &mut resumed, &mut fresh] {
            simulation.run(RunSteps(steps)).unwrap();
        }
        for other in [&resumed, &fresh] {
            assert!(
                other.memory().unwrap().nv() == whole.memory().unwrap().nv(),
                "the lives of the cells are the same"
            );
            assert_eq!(cost(other), cost(&whole));
            assert!(other.save() == whole.save());
        }
        [&mut whole, &mut resumed, &mut fresh].into_iter().for_each(|simulation| simulation.reset().unwrap());
    }
    let without = RunConfig::default().on_cores("hidden", CoreKind::Digital).on_cores("output", CoreKind::Digital);
    let (mut digital, _) = run(&without, None);
    let refused = digital.load(&whole.save()).unwrap_err().to_string();
    assert!(refused.contains("it has non-volatile cells"), "{refused}");
    let old = Snapshot::from_bytes(&whole.save().engine.to_bytes().unwrap()).unwrap();
    let refused = whole.load(&old).unwrap_err().to_string();
    assert!(refused.contains("it has no non-volatile cells"), "{refused}");
}

/// Power off, power on: nothing is programmed, time has passed, and the cells go on with their lives.
#[test]
fn cells_go_on_over_power_off() {
    let (simulation, events) = run(&RunConfig::default(), None);
    let memory = simulation.memory().unwrap();
    assert!(memory.programming_counts()[Event::CellPulse] > 500);
    let saved = memory.nv();
    let ledger = memory.cells().ledger();
    assert!(ledger.cell_reads > 1000 && ledger.read_energy_aj > 0);
    let (again, _) = run(&RunConfig::default(), Some(&NvState::from_bytes(&saved.to_bytes()).unwrap()));
    let later = again.memory().unwrap();
    assert!(later.programming_counts().is_empty());
    assert_eq!(later.cells().ledger().set_pulses, ledger.set_pulses);
    assert!(later.cells().now_ns() > memory.cells().now_ns());
    let mut old = memory.clone();
    old.age(YEAR_NS, 328_150).unwrap();
    let (_, aged) = run(&RunConfig::default(), Some(&old.nv()));
    assert_ne!(aged, events, "the cells relaxed");
    // Noise alone would change events: what the cells hold, read without it, must have moved by more than in the runs.
    let held = |memory: &Memory| -> Vec<i64> {
        let now = memory.cells().now_ns();
        memory.cells().stores().flat_map(|(_, store)| store.rows(now, false).unwrap()).collect()
    };
    let moved = |to: &Memory| -> i64 { held(&memory).iter().zip(held(to)).map(|(a, b)| (a - b).abs()).sum() };
    let (by_age, by_use) = (moved(&old), moved(&later));
    assert!(by_age > 0 && by_age > 2 * by_use, "{by_age} by a year, {by_use} by a run");
}

/// Without cells the chip computes as ever, and a process gets the memory that it asks for, or an error.
#[test]
fn a_process_says_where_its_synapses_lie() {
    let all = RunConfig::default().on_cores("hidden", CoreKind::Digital).on_cores("output", CoreKind::Digital);
    let (digital, events) = run(&all, None);
    assert!(digital.memory().is_err());
    let (_, fixed) = run(&RunConfig::on(Backend::Fixed), None);
    assert_eq!(events, fixed);
    let mixed = RunConfig::default().on_cores("hidden", CoreKind::Digital).on_cores("output", CoreKind::Analog);
    let (simulation, _) = run(&mixed, None);
    assert_eq!(simulation.image().chip.cell_cores.len(), 1);
    let counts = simulation.counts();
    assert!(counts[Event::SynapseReadDense] > 1000 && counts[Event::SynapseReadCell] > 1000);
    // A crossbar adds up on its wires.
    assert_eq!(counts[Event::DendriteOperation], counts[Event::SynapseReadDense] + counts[Event::SynapseReadSparse]);
    let loihi = Profile::load("loihi1").unwrap();
    let refused = Simulation::new(network().0, &loihi, &mixed).unwrap_err().to_string();
    assert!(refused.contains("`output`") && refused.contains("no core has cells"), "{refused}");
    let (simulation, _) = run(&RunConfig::default(), None);
    let refused =
        Simulation::with_nv(network().0, simulation.profile(), &mixed, Some(&simulation.memory().unwrap().nv()));
    assert!(refused.unwrap_err().to_string().contains("the file"), "another network");
}
