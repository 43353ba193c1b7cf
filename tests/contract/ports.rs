//! Ports: fan-out broadcasts, fan-in sums, views hold on every backend, deadlocks are found.

#![allow(clippy::single_range_in_vec_init)] // one range per axis of a one-dimensional port

use pumice::prelude::*;
use pumice::process::ProbeId;

/// Two sources into one neuron through one connection each, one source into two neurons.
fn fan(backend: Backend) -> (Vec<(u64, u32)>, Vec<Vec<f64>>) {
    let mut graph = Graph::new();
    let a = graph.add("a", RingBuffer::spikes(&[2], vec![vec![1.0, 0.0], vec![0.0, 1.0], vec![0.0, 0.0]])).unwrap();
    let b = graph.add("b", RingBuffer::spikes(&[3], vec![vec![1.0, 1.0, 0.0], vec![0.0, 0.0, 1.0]])).unwrap();
    let cells = graph.add("cells", Lif { du: 4095.into(), vth: 100.into(), ..Lif::new(&[5]) }).unwrap();
    let w = Dense::new((0..5).map(|i| (0..5).map(|j| f64::from(2 * (i * 5 + j))).collect()).collect());
    let w = graph.add("w", w).unwrap();
    let both = graph.concatenate(&[b.out, a.out], 0).unwrap();
    graph.connect(both, w.s_in).unwrap();
    graph.connect(w.a_out, cells.a_in).unwrap();
    let grid = graph.reshape(cells.s_out, &[5, 1]).unwrap();
    let grid = graph.transpose(grid, &[1, 0]).unwrap();
    let part = graph.slice(grid, &[0..1, 1..4]).unwrap();
    let part = graph.flatten(part);
    let back = graph.add("back", Dense::new(vec![vec![-6.0, 4.0, 2.0]])).unwrap();
    graph.connect(part, back.s_in).unwrap();
    let only = graph.slice(cells.a_in, &[2..3]).unwrap();
    graph.connect(back.a_out, only).unwrap();
    let spikes = graph.probe_port(cells.s_out, Record::Events).unwrap();
    let v = graph.probe(cells.v, Record::Dense { stride: 1 }).unwrap();
    let profile = Profile::load("loihi1").unwrap();
    let mut simulation = Simulation::new(graph, &profile, &RunConfig::on(backend).workers(2)).unwrap();
    simulation.run(RunSteps(40)).unwrap();
    (simulation.recording(spikes).events(), simulation.recording(v).rows())
}

#[test]
fn views_and_fan_in_mean_the_same_on_every_backend() {
    let chip = fan(Backend::Chip);
    assert!(chip.0.len() > 20);
    assert_eq!(fan(Backend::Fixed), chip);
    assert_eq!(fan(Backend::Float).0, chip.0, "nothing decays but the current, so nothing is rounded");
}

#[test]
fn in_ports_join_by_sum_largest_or_smallest() {
    let run = |reduce: Option<Reduce>| -> Vec<i32> {
        let mut graph = Graph::new();
        let a = graph.add("a", Of::<Activation, RingBuffer>::source(&[2], vec![vec![5.0, -7.0]])).unwrap();
        let b = graph.add("b", Of::<Activation, RingBuffer>::source(&[2], vec![vec![3.0, -2.0]])).unwrap();
        let sink = graph.add("sink", Of::<Activation, Sink>::sink(&[2], 1)).unwrap();
        graph.connect(a.out, sink.a_in).unwrap();
        graph.connect(b.out, sink.a_in).unwrap();
        if let Some(reduce) = reduce {
            graph.reduce(sink.a_in, reduce);
        }
        let mut simulation =
            Simulation::new(graph, &Profile::load("unlimited").unwrap(), &RunConfig::default()).unwrap();
        simulation.run(RunSteps(2)).unwrap();
        simulation.get(sink.data).unwrap()
    };
    assert_eq!(run(None), [8, -9]);
    assert_eq!(run(Some(Reduce::Max)), [5, -2]);
    assert_eq!(run(Some(Reduce::Min)), [3, -7]);
}

#[derive(Debug)]
struct Mirror;

impl HostProcess for Mirror {
    fn spike(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        let seen = context.receive("s_in")?;
        context.send("a_out", &seen)
    }
}

/// A host process that hears a neuron and feeds it in the same step waits for itself: named, not hung.
#[test]
fn processes_that_wait_for_each_other_are_named() {
    let mut graph = Graph::new();
    let cell = graph.add("cell", Lif::new(&[1])).unwrap();
    let spec = HostSpec::new().input::<Spike>("s_in", &[1]).output::<Activation>("a_out", &[1]);
    let mirror = graph.add_host("mirror", spec, Mirror).unwrap();
    let (hears, says) = (graph.in_port(mirror, "s_in").unwrap(), graph.out_port(mirror, "a_out").unwrap());
    graph.connect(cell.s_out, hears).unwrap();
    graph.connect(says, cell.a_in).unwrap();
    for backend in [Backend::Chip, Backend::Fixed] {
        let (hardware, config) = (Profile::load("loihi1").unwrap(), RunConfig::on(backend));
        let fault = pumice::compile::compile(&graph, &(&hardware).into(), &config).unwrap_err().to_string();
        assert_eq!(
            fault,
            "`cell.a_in`, `mirror.s_in` wait for each other within one step; put a connection between them, or run them on one backend"
        );
    }
}

#[test]
fn neurons_on_a_chip_need_synapses_between_them() {
    let mut graph = Graph::new();
    let a = graph.add("a", Lif::new(&[1])).unwrap();
    let w = graph.add("w", Dense::new(vec![vec![2.0]])).unwrap();
    graph.connect(a.s_out, w.s_in).unwrap();
    graph.connect(a.s_out, w.s_in).unwrap_err();
    let probe: Result<ProbeId, _> = graph.probe_port(w.a_out, Record::Events);
    assert!(probe.is_ok());
}

/// A port with more elements than there are numbers for them is refused before anything is made of it.
#[test]
fn a_port_of_too_many_elements_is_refused() {
    for shape in [vec![1 << 40], vec![1 << 33, 1 << 33], vec![1 << 30, 2]] {
        let fault = Graph::new().add("vast", Lif::new(&shape)).unwrap_err().to_string();
        assert_eq!(fault, format!("`vast.a_in` has shape {shape:?}; allowed are at most 1073741824 elements"));
    }
    Graph::new().add("large", Lif::new(&[1 << 15, 1 << 15])).unwrap();
}
