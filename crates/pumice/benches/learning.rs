//! Nanoseconds per synaptic event with STDP on every synapse.
//!
//! 10,000 neurons with 100 learning synapses each, about 1 % of which fire per step, on one worker of the chip. An event is a
//! spike that reaches a synapse: it is delivered, and the synapse is visited by learning once for its source's spike and
//! once for its target's. `docs/LEARNING.md` has figures.

#![allow(clippy::unwrap_used)] // a bench fails where it unwraps

use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pumice::models::learning::{LearningRule, LearningSparse, library};
use pumice::num::{Draws, Purpose};
use pumice::prelude::*;

const NEURONS: usize = 10_000;
const SYNAPSES: usize = 100;

/// Neurons with a bias that fires each about once in a hundred steps, and synapses that learn by `rule`.
fn chip(rule: LearningRule) -> Simulation {
    let mut draws = Draws::new(1, Purpose::TOPOLOGY, 0, 0);
    let n = NEURONS as u32;
    let synapses: Vec<(u32, u32, f64)> =
        (0..n).flat_map(|i| vec![i; SYNAPSES]).map(|i| (i, draws.below(n), f64::from(draws.below(40)))).collect();
    let mut graph = Graph::new();
    let bias: Vec<i32> = (0..NEURONS).map(|_| 60 + draws.below(8) as i32).collect();
    let start: Vec<i32> = (0..NEURONS).map(|_| draws.below(6_400) as i32).collect();
    let cells =
        Lif { du: 4095.into(), vth: 100.into(), bias_mant: bias.into(), v: start.into(), ..Lif::new(&[NEURONS]) };
    let cells = graph.add("cells", cells).unwrap();
    let again = LearningSparse { weight_exp: -6, ..LearningSparse::new([NEURONS; 2], synapses, rule) };
    let again = graph.add("again", again).unwrap();
    graph.connect(cells.s_out, again.s_in).unwrap();
    graph.connect(cells.s_out, again.s_in_bap).unwrap();
    graph.connect(again.a_out, cells.a_in).unwrap();
    let config = RunConfig::default().workers(1);
    let mut simulation = Simulation::new(graph, &Profile::load("unlimited").unwrap(), &config).unwrap();
    simulation.set_timed(false);
    simulation.run(RunSteps(100)).unwrap();
    simulation
}

/// Ten steps; the throughput is that of synaptic events.
fn stdp(c: &mut Criterion) {
    let mut group = c.benchmark_group("learning");
    for (name, rule) in [
        ("pair_stdp", library::stdp_loihi(1.0, 0.5, -0.5, 20.0, 20.0).rule),
        ("hebb", library::hebb(0.25, 10.0).unwrap().rule),
    ] {
        let mut simulation = chip(rule);
        // Learning changes how much fires, so the same ten steps are run again and again.
        let events = |s: &Simulation| s.counts()[pumice::meter::Event::SynapseReadSparse];
        let (start, before) = (simulation.save(), events(&simulation));
        simulation.run(RunSteps(10)).unwrap();
        let per_ten = events(&simulation) - before;
        assert!((50_000..200_000).contains(&per_ten), "about 1 % must fire: {per_ten} events in ten steps");
        group.throughput(Throughput::Elements(per_ten));
        group.bench_function(name, |b| {
            b.iter_custom(|n| {
                let run = |_| {
                    simulation.load(&start).unwrap();
                    let began = Instant::now();
                    simulation.run(RunSteps(10)).unwrap();
                    began.elapsed()
                };
                (0..n).map(run).sum()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, stdp);
criterion_main!(benches);
