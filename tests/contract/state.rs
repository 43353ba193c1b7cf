//! Reset is fresh, a snapshot resumes bit for bit, equal inputs give equal images.

use pumice::Snapshot;
use pumice::compile::{Hardware, compile};
use pumice::models::connection::random::{Choice, Random};
use pumice::models::connection::topology::Topology;
use pumice::prelude::*;

use crate::network::{recurrent, simulate};

#[test]
fn a_reset_simulation_is_a_fresh_one() {
    for backend in [Backend::Chip, Backend::Fixed, Backend::Float] {
        let config = RunConfig::on(backend).seed(9);
        let (mut used, handles) = simulate(&config, 50);
        let state = used.save();
        assert!(!used.recording(handles.spikes).events().is_empty());
        used.reset().unwrap();
        assert_eq!((used.steps(), used.time_ps().unwrap_or(0)), (0, 0));
        assert_eq!(used.counts(), pumice::meter::Counts::default());
        let (graph, _) = recurrent(300, 5);
        let fresh = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &config).unwrap();
        assert_eq!(used.save(), fresh.save(), "{backend:?}");
        used.run(RunSteps(50)).unwrap();
        assert_eq!(used.save(), state, "{backend:?}");
    }
}

#[test]
fn a_snapshot_resumes_bit_for_bit_on_any_number_of_workers() {
    for backend in [Backend::Chip, Backend::Fixed, Backend::Float] {
        let config = RunConfig::on(backend).seed(9).workers(2);
        let (mut whole, handles) = simulate(&config, 40);
        let bytes = whole.save().to_bytes().unwrap();
        whole.run(RunSteps(40)).unwrap();
        let after: Vec<_> = whole.recording(handles.spikes).events().into_iter().filter(|e| e.0 > 40).collect();
        assert!(after.len() > 100, "{backend:?} must be alive after the snapshot");
        let (graph, same) = recurrent(300, 5);
        let profile = Profile::load("loihi1").unwrap();
        let mut resumed = Simulation::new(graph, &profile, &config.clone().workers(3)).unwrap();
        resumed.load(&Snapshot::from_bytes(&bytes).unwrap()).unwrap();
        resumed.run(RunSteps(40)).unwrap();
        assert_eq!(resumed.recording(same.spikes).events(), after, "{backend:?}");
        assert_eq!(resumed.save(), whole.save(), "{backend:?}");
        assert_eq!(resumed.save().to_bytes().unwrap(), whole.save().to_bytes().unwrap(), "{backend:?}");
        assert_eq!(resumed.time_ps(), whole.time_ps(), "{backend:?}");
        assert_eq!(resumed.bill().unwrap(), whole.bill().unwrap(), "{backend:?}");
    }
}

/// Spikes that drawn delays still hold back are part of a snapshot, whoever takes it back.
#[test]
fn a_snapshot_keeps_spikes_on_their_way_through_drawn_delays() {
    let graph = || {
        let mut graph = Graph::new();
        let biases: Vec<f64> = (0..200).map(|i| f64::from(200 + 40 * (i % 7))).collect();
        let neurons =
            Lif { du: 4095.into(), dv: 0.into(), vth: 40.into(), bias_mant: biases.into(), ..Lif::new(&[200]) };
        let neurons = graph.add("neurons", neurons).unwrap();
        let topology = Topology::FixedInDegree { degree: 20, self_loops: true };
        let mut again = Random::new([200, 200], topology, Choice::Uniform { low: 1.0, high: 6.0 });
        again.delays = Some(Choice::Uniform { low: 0.0, high: 9.0 });
        let again = graph.add("again", again).unwrap();
        graph.connect(neurons.s_out, again.s_in).unwrap();
        graph.connect(again.a_out, neurons.a_in).unwrap();
        let spikes = graph.probe_port(neurons.s_out, Record::Events).unwrap();
        (graph, spikes)
    };
    let simulation = |workers| {
        let (graph, spikes) = graph();
        let config = RunConfig::default().seed(4).workers(workers);
        (Simulation::new(graph, &Profile::load("unlimited").unwrap(), &config).unwrap(), spikes)
    };
    let (mut whole, spikes) = simulation(2);
    for at in [13, 14, 31] {
        whole.run(RunSteps(at - whole.steps())).unwrap();
        let snapshot = whole.save();
        whole.run(RunSteps(25)).unwrap();
        let after = whole.recording(spikes).events().into_iter().filter(|e| e.0 > at + 10).count();
        assert!(after > 100, "{after} spikes");
        for workers in [1, 2, 3] {
            let (mut resumed, _) = simulation(workers);
            resumed.run(RunSteps(5)).unwrap();
            resumed.load(&snapshot).unwrap();
            resumed.run(RunSteps(25)).unwrap();
            assert!(resumed.save() == whole.save(), "from step {at}, {workers} workers");
        }
        whole.load(&snapshot).unwrap();
    }
}

/// Snapshots of an engine alone, as older versions wrote them, can still be read.
#[test]
fn a_snapshot_without_time_is_read() {
    let (mut whole, _) = simulate(&RunConfig::default(), 30);
    let bytes = whole.save().engine.to_bytes().unwrap();
    let old = Snapshot::from_bytes(&bytes).unwrap();
    assert_eq!((old.time_ps, &old.engine), (0, &whole.save().engine));
    whole.load(&old).unwrap();
    assert_eq!((whole.steps(), whole.time_ps(), whole.step_times().len()), (30, Some(0), 0));
    let fault = Snapshot::from_bytes(&bytes[..bytes.len() - 1]).unwrap_err().to_string();
    assert!(fault.contains("it was cut or extended"), "{fault}");
}

#[test]
fn a_snapshot_of_another_network_is_refused() {
    let (chip, _) = simulate(&RunConfig::default(), 1);
    let (mut fixed, _) = simulate(&RunConfig::on(Backend::Fixed), 1);
    let fault = fixed.load(&chip.save()).unwrap_err().to_string();
    assert_eq!(fault, "this snapshot is of another network: it has 1 processes with the host, this network has 6");
}

#[test]
fn equal_inputs_give_equal_images() {
    let hardware = Hardware::from(&Profile::load("loihi1").unwrap());
    let image = |seed| compile(&recurrent(200, seed).0, &hardware, &RunConfig::default()).unwrap();
    assert_eq!(image(1), image(1));
    assert_ne!(image(1), image(2));
}

#[test]
fn a_paused_run_goes_on_where_it_was() {
    let (straight, handles) = simulate(&RunConfig::default().seed(2), 90);
    let (graph, _) = recurrent(300, 5);
    let profile = Profile::load("loihi1").unwrap();
    let simulation = Simulation::new(graph, &profile, &RunConfig::default().seed(2)).unwrap();
    let running = simulation.run_continuous();
    while running.done() < 20 {
        std::thread::yield_now();
    }
    let mut paused = running.pause().unwrap();
    let so_far = paused.steps();
    assert!(so_far >= 20);
    if so_far < 90 {
        paused.run(RunSteps(90 - so_far)).unwrap();
    }
    let until = |s: &Simulation| {
        let events = s.recording(handles.spikes).events();
        events.into_iter().filter(|e| e.0 <= 90).collect::<Vec<_>>()
    };
    assert_eq!(until(&paused), until(&straight));
    assert!(paused.run_continuous().stop().unwrap() >= 90);
}
