//! Weights of connections on the chip, written while it runs: the bits of the fixed backend, on any number of workers.

use pumice::Snapshot;
use pumice::meter::{Counts, Event};
use pumice::models::connection::conv::{Conv, Pair};
use pumice::models::connection::sparse::DelaySparse;
use pumice::prelude::*;
use pumice::process::ProbeId;

struct Handles {
    delayed: Var<i32>,
    scaled: Var<i32>,
    kernel: Var<i32>,
    spikes: ProbeId,
    v: ProbeId,
}

/// Recurrent delayed synapses, scaled ones behind a slice, and a convolution, all onto one population.
fn graph() -> (Graph, Handles) {
    let mut graph = Graph::new();
    let source = graph.add("source", Poisson::new(&[16], 0.3)).unwrap();
    let lif = Lif { du: 3000.into(), dv: 400.into(), vth: 90.into(), ..Lif::new(&[4, 4, 1]) };
    let neurons = graph.add("neurons", lif).unwrap();
    let n = 32;
    let sparse = Sparse {
        shape: [16, 16],
        sources: (0..n).map(|k| k % 16).collect(),
        targets: (0..n).map(|k| k * 7 % 16).collect(),
        weights: (0..n).map(|k| f64::from(k % 9) - 4.0).collect(),
        weight_exp: 1,
        num_weight_bits: 8,
        sign_mode: None,
        num_message_bits: 0,
        delays: Some((0..n).map(|k| f64::from(k % 5)).collect::<Vec<_>>().into()),
        max_delay: 0,
    };
    let delayed = graph.add("delayed", DelaySparse(sparse)).unwrap();
    // Half of the weights are zero, and so have no place in the rows at first.
    let row = |i: usize| (0..8).map(|j| if (i + j).is_multiple_of(2) { 0.0 } else { 40.0 + j as f64 }).collect();
    let scaled = Dense { weight_exp: -1, ..Dense::new((0..16).map(row).collect()) };
    let scaled = graph.add("scaled", scaled).unwrap();
    let conv = Conv::new([4, 4, 1], vec![vec![vec![vec![2.0]; 3]; 3]]);
    let conv = graph.add("kernel", Conv { padding: Pair::Both(1), ..conv }).unwrap();

    let half = graph.slice(source.out, std::slice::from_ref(&(4..12))).unwrap();
    graph.connect(half, scaled.s_in).unwrap();
    let flat = graph.flatten(neurons.a_in);
    graph.connect(scaled.a_out, flat).unwrap();
    graph.connect(delayed.a_out, flat).unwrap();
    let s = graph.flatten(neurons.s_out);
    graph.connect(s, delayed.s_in).unwrap();
    graph.connect(neurons.s_out, conv.s_in).unwrap();
    graph.connect(conv.a_out, neurons.a_in).unwrap();
    let spikes = graph.probe_port(neurons.s_out, Record::Events).unwrap();
    let v = graph.probe(neurons.v, Record::Dense { stride: 1 }).unwrap();
    (graph, Handles { delayed: delayed.weights, scaled: scaled.weights, kernel: conv.weights, spikes, v })
}

fn simulation(config: &RunConfig) -> (Simulation, Handles) {
    let (graph, handles) = graph();
    let mut profile = Profile::load("loihi1").unwrap();
    profile.core.neurons = Some(5);
    (Simulation::new(graph, &profile, config).unwrap(), handles)
}

/// Writes other weights after some steps; `part` chooses the steps.
fn drive(simulation: &mut Simulation, handles: &Handles, part: std::ops::Range<u64>) {
    for step in part {
        for (k, var) in [handles.delayed, handles.scaled, handles.kernel].into_iter().enumerate() {
            if step > 0 && step % 7 == k as u64 {
                let old = simulation.get(var).unwrap();
                let new = |(i, w): (usize, &i32)| (w + (step as i32 + i as i32) % 11 - 5) * i32::from(i % 13 != 3);
                let new: Vec<i32> = old.iter().enumerate().map(new).collect();
                simulation.set(var, &new).unwrap();
                assert_eq!(simulation.get(var).unwrap(), new);
            }
        }
        simulation.run(RunSteps(1)).unwrap();
    }
}

#[test]
fn written_weights_act_as_on_the_fixed_backend_on_any_number_of_workers() {
    let (mut fixed, handles) = simulation(&RunConfig::on(Backend::Fixed).seed(3));
    drive(&mut fixed, &handles, 0..80);
    let spikes = fixed.recording(handles.spikes).events();
    assert!(spikes.len() > 200, "{} spikes", spikes.len());
    let (mut still, _) = simulation(&RunConfig::on(Backend::Fixed).seed(3));
    still.run(RunSteps(80)).unwrap();
    assert_ne!(still.recording(handles.spikes).events(), spikes, "the weights must matter");
    for workers in [1, 2, 3] {
        let (mut chip, handles) = simulation(&RunConfig::default().seed(3).workers(workers));
        drive(&mut chip, &handles, 0..80);
        assert_eq!(chip.recording(handles.v).rows(), fixed.recording(handles.v).rows(), "{workers} workers");
        assert_eq!(chip.recording(handles.spikes).events(), spikes, "{workers} workers");
    }
}

#[test]
fn snapshots_keep_written_weights_and_spikes_that_are_due_with_older_ones() {
    let config = RunConfig::default().seed(3).workers(2);
    let (mut whole, handles) = simulation(&config);
    drive(&mut whole, &handles, 0..40);
    let bytes = whole.save().to_bytes().unwrap();
    drive(&mut whole, &handles, 40..80);
    let (mut resumed, same) = simulation(&config.clone().workers(3));
    drive(&mut resumed, &same, 0..13);
    resumed.load(&Snapshot::from_bytes(&bytes).unwrap()).unwrap();
    drive(&mut resumed, &same, 40..80);
    assert_eq!(resumed.save(), whole.save());
    assert_eq!(resumed.counts(), whole.counts());
    resumed.reset().unwrap();
    assert_eq!(resumed.save(), simulation(&config).0.save());
    drive(&mut resumed, &same, 0..80);
    assert_eq!(resumed.save(), whole.save());
}

#[test]
fn events_are_counted_with_the_synapses_of_their_time() {
    let (mut chip, handles) = simulation(&RunConfig::default().seed(3));
    chip.set_step_counts(true);
    drive(&mut chip, &handles, 0..60);
    // Step by step from the packets of each spike, and all at once from spikes and tables.
    let sum: Counts = chip.step_counts().iter().sum();
    assert_eq!(sum.synaptic_events(), chip.counts().synaptic_events());
    let parts: Counts = chip.counts_by_process().iter().map(|(_, counts)| counts).sum();
    for (event, n) in parts.iter() {
        assert_eq!(n, chip.loads().iter().map(|load| load[event]).sum::<u64>(), "{event:?}");
        // What goes to the host and barriers are charged to no core.
        let of_no_core = [Event::HostSpikeOut, Event::HostRead, Event::Barrier].contains(&event);
        assert!(of_no_core || n == chip.counts()[event], "{event:?} in all");
    }
    // No synapse, no event.
    for var in [handles.delayed, handles.scaled, handles.kernel] {
        let none = vec![0; chip.get(var).unwrap().len()];
        chip.set(var, &none).unwrap();
    }
    let before = chip.counts().synaptic_events();
    chip.run(RunSteps(20)).unwrap();
    assert!(chip.counts().synaptic_events() == before && before > 1000, "{before}");
}

/// Writes weights in one phase and reads them in another.
#[derive(Debug)]
struct Teacher {
    weights: Var<i32>,
}

impl HostProcess for Teacher {
    fn pre_management(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        let n = context.read(self.weights)?.len();
        context.write(self.weights, &vec![context.step() as f64; n])
    }

    fn post_management(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        assert!(context.read(self.weights)?.iter().all(|w| *w == context.step() as f64));
        Ok(())
    }
}

#[test]
fn a_host_process_writes_weights_while_workers_run() {
    let run = |config: &RunConfig| {
        let (mut graph, handles) = graph();
        graph.add_host("teacher", HostSpec::new(), Teacher { weights: handles.scaled }).unwrap();
        let weights = graph.probe(handles.scaled, Record::Dense { stride: 20 }).unwrap();
        let mut simulation = Simulation::new(graph, &Profile::load("loihi1").unwrap(), config).unwrap();
        simulation.run(RunSteps(40)).unwrap();
        (simulation.recording(handles.spikes).events(), simulation.recording(weights).rows())
    };
    let (spikes, weights) = run(&RunConfig::on(Backend::Fixed));
    assert!(spikes.len() > 50, "{} spikes", spikes.len());
    assert!(weights[0].iter().all(|w| *w == 20.0) && weights.len() == 2);
    for workers in [1, 2] {
        assert_eq!(run(&RunConfig::default().workers(workers)), (spikes.clone(), weights.clone()), "{workers}");
    }
}

/// Takes all synapses away in one step.
#[derive(Debug)]
struct Cutter {
    weights: Var<i32>,
}

impl HostProcess for Cutter {
    fn post_management(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        if context.step() != 20 {
            return Ok(());
        }
        let n = context.read(self.weights)?.len();
        context.write(self.weights, &vec![0.0; n])
    }
}

/// A write in the middle of a run counts as the same write between two runs.
#[test]
fn events_are_counted_with_the_synapses_of_their_time_when_a_host_process_writes() {
    let profile = Profile::load("loihi1").unwrap();
    let (graph, handles) = graph();
    let mut halves = Simulation::new(graph, &profile, &RunConfig::default()).unwrap();
    halves.run(RunSteps(20)).unwrap();
    let n = halves.get(handles.delayed).unwrap().len();
    halves.set(handles.delayed, &vec![0; n]).unwrap();
    let before = halves.counts().synaptic_events();
    halves.run(RunSteps(20)).unwrap();
    assert!(before > 500 && halves.counts().synaptic_events() > before + 500);
    for workers in [1, 2] {
        let (mut graph, handles) = self::graph();
        graph.add_host("cutter", HostSpec::new(), Cutter { weights: handles.delayed }).unwrap();
        let mut whole = Simulation::new(graph, &profile, &RunConfig::default().workers(workers)).unwrap();
        whole.run(RunSteps(40)).unwrap();
        assert_eq!(whole.counts(), halves.counts(), "{workers} workers");
    }
}

#[test]
fn weights_that_do_not_fit_are_refused() {
    let (mut chip, handles) = simulation(&RunConfig::default());
    assert_eq!(
        chip.set(handles.scaled, &[1]).unwrap_err().to_string(),
        "`scaled`: `weights` has shape [1]; expected is [128]"
    );
    let fault = chip.set(handles.scaled.real(), &[0.5; 128]).unwrap_err();
    assert_eq!(fault.to_string(), "`scaled` runs in integers, but a value with a fraction was given");
}

/// Weights beyond their range are told by the chip as by the fixed backend: how many, and which was the first.
#[test]
fn weights_that_are_cut_are_told_on_the_chip_too() {
    let told = |backend: Backend| {
        let mut graph = Graph::new();
        let source = graph.add("source", Poisson::new(&[4], 0.5)).unwrap();
        let neurons = graph.add("neurons", Lif { vth: 1.into(), ..Lif::new(&[3]) }).unwrap();
        let rows = vec![vec![1.0, 2.0, 3.0, 4.0], vec![300.0, 5.0, -400.0, 6.0], vec![7.0, 8.0, 9.0, 255.0]];
        let dense = graph.add("dense", Dense::new(rows)).unwrap();
        // Two ways into one connection: it has two projections, and is told once.
        let mut half = |range| graph.slice(source.out, std::slice::from_ref(&range)).unwrap();
        let (low, high) = (half(0..2), half(2..4));
        let both = graph.concatenate(&[low, high], 0).unwrap();
        graph.connect(both, dense.s_in).unwrap();
        graph.connect(dense.a_out, neurons.a_in).unwrap();
        let config = RunConfig::on(backend);
        let mut simulation = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &config).unwrap();
        simulation.run(RunSteps(3)).unwrap();
        simulation.overflow()
    };
    let on_chip = told(Backend::Chip);
    let [(path, record)] = &on_chip[..] else { panic!("{on_chip:?}") };
    assert_eq!((path.as_str(), record.count, record.first_step), ("dense", 2, 0));
    assert_eq!(on_chip, told(Backend::Fixed));
}
