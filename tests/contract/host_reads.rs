//! What the host reads of the chip is counted, and nothing else changes by it.

use pumice::meter::{Counts, Event, Term};
use pumice::models::learning::{LearningDense, LearningRule};
use pumice::models::neuron::sigma::Sigma;
use pumice::prelude::*;
use pumice::process::LifHandle;

const NEURONS: usize = 7;
const SOURCES: usize = 5;

/// A population, its learning synapses, and the state of the source, which the host has itself.
struct Parts {
    cells: LifHandle,
    learned: Var<i32>,
    fixed: Var<i32>,
    of_host: Var<i32>,
}

fn network() -> (Graph, Parts) {
    let mut graph = Graph::new();
    let source = graph.add("source", Poisson::new(&[SOURCES], 0.3)).unwrap();
    let rule = LearningRule::new("2^-2*x1*y0").x1(16.0, 5.0);
    let learns = graph.add("learns", LearningDense::new(vec![vec![30.0; SOURCES]; NEURONS], rule)).unwrap();
    let fixed = graph.add("fixed", Dense::new(vec![vec![20.0; SOURCES]; NEURONS])).unwrap();
    let cells = Lif { du: 4095.into(), dv: 300.into(), vth: 60.into(), ..Lif::new(&[NEURONS]) };
    let cells = graph.add("cells", cells).unwrap();
    let host = graph.add("host", Sigma::new(&[NEURONS])).unwrap();
    graph.connect(source.out, learns.s_in).unwrap();
    graph.connect(source.out, fixed.s_in).unwrap();
    graph.connect(learns.a_out, cells.a_in).unwrap();
    graph.connect(fixed.a_out, cells.a_in).unwrap();
    graph.connect(cells.s_out, learns.s_in_bap).unwrap();
    let of_host = graph.var(host.id, "sigma").unwrap();
    (graph, Parts { cells, learned: learns.weights, fixed: fixed.weights, of_host })
}

fn simulation(graph: Graph, workers: usize) -> Simulation {
    let config = RunConfig::default().seed(3).workers(workers).except("host", Backend::Fixed);
    Simulation::new(graph, &Profile::load("loihi1").unwrap(), &config).unwrap()
}

/// Counts without reads, and reads.
fn apart(simulation: &Simulation) -> (Vec<(Event, u64)>, u64) {
    let counts: Counts = simulation.counts();
    (counts.iter().filter(|(event, _)| *event != Event::HostRead).collect(), counts[Event::HostRead])
}

#[test]
fn probes_read_one_value_for_each_neuron_or_synapse_that_they_record() {
    let mut silent = simulation(network().0, 1);
    silent.run(RunSteps(30)).unwrap();
    let (bare, none) = apart(&silent);
    assert_eq!(none, 0);
    for workers in [1, 2] {
        let (mut graph, parts) = network();
        graph.probe(parts.cells.v, Record::Dense { stride: 1 }).unwrap();
        graph.probe(parts.cells.u, Record::Dense { stride: 10 }).unwrap();
        graph.probe(parts.learned, Record::Dense { stride: 15 }).unwrap();
        graph.probe(parts.fixed, Record::Dense { stride: 30 }).unwrap();
        graph.probe(parts.of_host, Record::Dense { stride: 1 }).unwrap();
        graph.probe_port(parts.cells.s_out, Record::Events).unwrap();
        let mut watched = simulation(graph, workers);
        watched.run(RunSteps(30)).unwrap();
        let (counts, reads) = apart(&watched);
        assert_eq!(counts, bare, "{workers} workers");
        assert_eq!(reads as usize, NEURONS * (30 + 3) + NEURONS * SOURCES * (2 + 1), "{workers} workers");
        assert_eq!(watched.time_ps(), silent.time_ps());
        let (bill, before) = (watched.bill().unwrap(), silent.bill().unwrap());
        assert_eq!(bill.total_j, before.total_j);
        assert!(bill.unpriced.iter().any(|own| own.term == Term::Event(Event::HostRead) && own.count == reads));
    }
}

#[test]
fn reads_between_steps_are_counted_kept_and_forgotten() {
    let (graph, parts) = network();
    let mut one = simulation(graph, 2);
    one.run(RunSteps(10)).unwrap();
    let (bare, none) = apart(&one);
    one.get(parts.cells.v).unwrap();
    one.get(parts.learned).unwrap();
    one.get(parts.fixed).unwrap();
    one.get(parts.of_host).unwrap();
    let expected = NEURONS + 2 * NEURONS * SOURCES;
    let (counts, reads) = apart(&one);
    assert_eq!((none, reads as usize, counts), (0, expected, bare));
    let kept = one.save();
    let mut other = simulation(network().0, 1);
    other.load(&kept).unwrap();
    assert_eq!(other.counts(), one.counts());
    one.reset().unwrap();
    assert_eq!(apart(&one).1, 0);
}
