//! Neurons that rest wake by whatever reaches them: on cores, where they are passed over, everything is as beside the
//! cores, where every neuron is updated in every step; and they are counted as if they were.

use pumice::meter::Event;
use pumice::models::connection::random::{Choice, Random};
use pumice::models::connection::topology::Topology;
use pumice::models::connection::weight::SignMode;
use pumice::models::learning::{LearningRule, LearningSparse};
use pumice::num::{Draws, Purpose};
use pumice::prelude::*;
use pumice::process::ProbeId;

/// Neurons of each population.
const N: usize = 24;

/// Steps until the source repeats itself.
const PERIOD: usize = 70;

/// Current and voltage of a population, what is recorded of them, and of its spikes.
#[derive(Clone, Copy)]
struct Cells {
    vars: [Var<i32>; 2],
    state: [ProbeId; 2],
    spikes: ProbeId,
}

/// Adds a population that is soon at rest; its input and its spikes.
fn population(graph: &mut Graph, name: &str, all: &mut Vec<Cells>) -> (InPort<Activation>, OutPort<Spike>) {
    let lif = Lif { du: 3500.into(), dv: 2000.into(), vth: 40.into(), ..Lif::new(&[N]) };
    let cells = graph.add(name, lif).unwrap();
    let every = Record::Dense { stride: 1 };
    let state = [cells.u, cells.v].map(|var| graph.probe(var, every).unwrap());
    let spikes = graph.probe_port(cells.s_out, Record::Events).unwrap();
    all.push(Cells { vars: [cells.u, cells.v], state, spikes });
    (cells.a_in, cells.s_out)
}

/// Populations that are silent for long and reached by drawn, scaled, learning and no synapses, and by each other.
fn network() -> (Graph, Vec<Cells>) {
    let (mut graph, mut all) = (Graph::new(), Vec::new());
    let mut draws = Draws::new(3, Purpose::STIMULUS, 0, 0);
    let loud = |step: usize| [20, 21, 40, 66].contains(&step);
    let mut rows = |n: usize, least: u32, below: u32| -> Vec<Vec<f64>> {
        let one = |step: usize, draws: &mut Draws| f64::from(u32::from(loud(step)) * (least + draws.below(below)));
        (0..PERIOD).map(|step| (0..n).map(|_| one(step, &mut draws)).collect()).collect()
    };
    let source = graph.add("source", RingBuffer::spikes(&[8], rows(8, 0, 2))).unwrap();
    let sums = graph.add("sums", Of::<Activation, RingBuffer>::source(&[N], rows(N, 1, 90))).unwrap();
    let synapses: Vec<(u32, u32, f64)> = (0..N as u32).map(|i| (i % 8, i, 90.0 - 7.0 * f64::from(i))).collect();
    let topology = Topology::FixedInDegree { degree: 3, self_loops: true };
    let random = |sources: usize| {
        let weights = Choice::Uniform { low: -20.0, high: 90.0 };
        // Drawn weights of both signs are not listed where their mode is given.
        Random { sign_mode: Some(SignMode::Mixed), ..Random::new([N, sources], topology.clone(), weights) }
    };
    let drawn = Random { delays: Some(Choice::Uniform { low: 0.0, high: 3.0 }), ..random(8) };
    let drawn = graph.add("drawn", drawn).unwrap();
    let scaled = graph.add("scaled", Sparse { weight_exp: -1, ..Sparse::new([N, 8], synapses.clone()) }).unwrap();
    let rule = LearningRule::new("2^-4*y0*x1").x1(16.0, 9.0).y1(16.0, 12.0);
    let learning = graph.add("learning", LearningSparse::new([N, 8], synapses, rule)).unwrap();
    let next = graph.add("next", random(N)).unwrap();

    let (into, spikes) = population(&mut graph, "a", &mut all);
    graph.connect(source.out, drawn.s_in).unwrap();
    graph.connect(drawn.a_out, into).unwrap();
    graph.connect(spikes, next.s_in).unwrap();
    let (into, _) = population(&mut graph, "b", &mut all);
    graph.connect(next.a_out, into).unwrap();
    let (into, _) = population(&mut graph, "c", &mut all);
    graph.connect(source.out, scaled.s_in).unwrap();
    graph.connect(scaled.a_out, into).unwrap();
    let (into, spikes) = population(&mut graph, "d", &mut all);
    graph.connect(source.out, learning.s_in).unwrap();
    graph.connect(learning.a_out, into).unwrap();
    graph.connect(spikes, learning.s_in_bap).unwrap();
    let (into, _) = population(&mut graph, "e", &mut all);
    graph.connect(sums.out, into).unwrap();
    (graph, all)
}

/// Spikes and states of a population, step by step.
type Shown = Vec<(Vec<(u64, u32)>, [Vec<Vec<f64>>; 2])>;

/// Runs three periods, writes a state, runs on, begins anew, and runs again; everything that is seen on the way, and the
/// neurons that were visited and active in the last part.
fn run(backend: Backend, workers: usize) -> (Vec<Shown>, [u64; 2]) {
    let (graph, all) = network();
    let config = RunConfig::on(backend).workers(workers);
    let mut simulation = Simulation::new(graph, &Profile::load("unlimited").unwrap(), &config).unwrap();
    let seen = |simulation: &Simulation| -> Shown {
        let rows = |probe: ProbeId| simulation.recording(probe).rows();
        all.iter().map(|cells| (simulation.recording(cells.spikes).events(), cells.state.map(rows))).collect()
    };
    let mut shown = Vec::new();
    simulation.run(RunSteps(3 * PERIOD as u64 - 10)).unwrap();
    for cells in &all {
        for var in cells.vars {
            simulation.set(var, &(0..N as i32).map(|i| 300 * i).collect::<Vec<_>>()).unwrap();
        }
    }
    simulation.run(RunSteps(60)).unwrap();
    shown.push(seen(&simulation));
    simulation.reset().unwrap();
    let visits = |simulation: &Simulation| {
        let counts = simulation.counts();
        [counts[Event::NeuronAccess], counts[Event::NeuronUpdate]]
    };
    let listed = simulation.image().chip.projections.len();
    assert!(backend == Backend::Fixed || listed == 2, "only `scaled` and `learning` are listed, not {listed}");
    let before = visits(&simulation);
    simulation.run(RunSteps(2 * PERIOD as u64)).unwrap();
    shown.push(seen(&simulation));
    let after = visits(&simulation);
    (shown, [after[0] - before[0], after[1] - before[1]])
}

/// How many neurons were active in a run from zero: with state before a step, or with a current after it.
fn active(shown: &Shown) -> u64 {
    let population = |(_, [u, v]): &(_, [Vec<Vec<f64>>; 2])| {
        let was = |t: usize, i: usize| t > 0 && (u[t - 1][i], v[t - 1][i]) != (0.0, 0.0);
        (0..u.len()).map(|t| (0..N).filter(|i| u[t][*i] != 0.0 || was(t, *i)).count() as u64).sum::<u64>()
    };
    shown.iter().map(population).sum()
}

#[test]
fn whatever_reaches_neurons_that_rest_wakes_them() {
    let (want, _) = run(Backend::Fixed, 1);
    for (k, (spikes, [_, v])) in want.concat().iter().enumerate() {
        let still = v.iter().filter(|row| row.iter().all(|x| *x == 0.0)).count();
        assert!(!spikes.is_empty() && still > 40, "population {k}: {} spikes, {still} steps of rest", spikes.len());
    }
    for workers in [1, 2, 3] {
        let (got, counts) = run(Backend::Chip, workers);
        assert_eq!(got, want, "{workers} workers");
        assert_eq!(counts, [(5 * N * 2 * PERIOD) as u64, active(&want[1])]);
    }
}
