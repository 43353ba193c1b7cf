//! Throughput in natural units: neuron updates, synaptic events, spikes exchanged.
//!
//! Criterion prints time per iteration, and elements per second (`thrpt`). Run with `cargo bench`. What the figures mean
//! and how far they are from the limits of the machine is in `docs/PERFORMANCE.md`.

#![allow(clippy::unwrap_used)] // a test fails where it unwraps

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pumice::models::{BankContext, Behaviour, Fired, Overflow, Setting};
use pumice::num::{Draws, Level, Purpose};
use pumice::prelude::*;

/// One update of every neuron of a bank, one in fifty of them with input, with each instruction set of this machine.
fn step_lif(c: &mut Criterion) {
    for level in Level::available() {
        level.limit();
        step_lif_with(level, c);
    }
}

fn step_lif_with(level: Level, c: &mut Criterion) {
    let mut group = c.benchmark_group(format!("step_lif/{}", level.name()));
    for n in [4_096usize, 65_536] {
        for name in ["loihi1", "lava-0.10"] {
            let a = Arithmetic::named(name).expect("a shipped arithmetic");
            let lif = Lif { du: 400.into(), dv: 120.into(), vth: 300.into(), ..Lif::new(&[n]) };
            let setting = Setting { arithmetic: &a, seed: 0, place: 0 };
            let mut bank = lif.bank(&setting, 0..n).expect("a population").expect("valid parameters");
            let input: Vec<i32> = (0..n).map(|i| if i % 50 == 0 { 90 } else { 0 }).collect();
            let (mut fired, mut overflow, mut step) = (Fired::default(), Overflow::default(), 0);
            group.throughput(Throughput::Elements(n as u64));
            group.bench_function(BenchmarkId::new(name, n), |b| {
                b.iter(|| {
                    step += 1;
                    fired.clear();
                    bank.step(
                        0..n,
                        &mut BankContext::new(step, &mut overflow),
                        &[&input],
                        std::slice::from_mut(&mut fired),
                    )
                });
            });
        }
    }
    group.finish();
}

/// A chip of `n` neurons with `k` synapses each, driven so that about 1 % of them fire per step.
fn chip(n: usize, k: usize, workers: usize) -> Simulation {
    let mut draws = Draws::new(1, Purpose::TOPOLOGY, 0, 0);
    let mut synapses = Vec::with_capacity(n * k);
    for source in 0..n as u32 {
        for _ in 0..k {
            synapses.push((source, draws.below(n as u32), f64::from(2 * (draws.below(9) as i32 - 4))));
        }
    }
    let mut graph = Graph::new();
    let bias: Vec<i32> = (0..n).map(|_| 60 + draws.below(8) as i32).collect();
    let start: Vec<i32> = (0..n).map(|_| draws.below(6_400) as i32).collect();
    let cells = Lif { du: 4095.into(), vth: 100.into(), bias_mant: bias.into(), v: start.into(), ..Lif::new(&[n]) };
    let cells = graph.add("cells", cells).expect("a fresh name");
    let again = graph.add("again", Sparse::new([n, n], synapses)).expect("a fresh name");
    graph.connect(cells.s_out, again.s_in).expect("equal shapes");
    graph.connect(again.a_out, cells.a_in).expect("equal shapes");
    let profile = Profile::load("unlimited").expect("a shipped profile");
    let config = RunConfig::default().workers(workers);
    let mut simulation = Simulation::new(graph, &profile, &config).expect("it fits");
    simulation.set_timed(false);
    simulation.run(RunSteps(20)).expect("nothing can fail");
    simulation
}

/// Whole steps, all in: per synaptic event.
fn deliver_rows(c: &mut Criterion) {
    let mut group = c.benchmark_group("deliver_rows");
    group.sample_size(10);
    for (n, k) in [(10_000, 100), (10_000, 1_000)] {
        let mut simulation = chip(n, k, 1);
        let before = simulation.counts().synaptic_events();
        simulation.run(RunSteps(50)).expect("nothing can fail");
        let events = simulation.counts().synaptic_events() - before;
        assert!(events > 50 * (n * k / 500) as u64, "the network must be alive: {events} events in 50 steps");
        group.throughput(Throughput::Elements(events));
        group.bench_function(format!("{n}x{k}/50_steps"), |b| {
            b.iter(|| simulation.run(RunSteps(50)).expect("nothing can fail"));
        });
    }
    group.finish();
}

/// Whole steps of 64 populations of which only some have anything to do: per neuron, at work or not.
fn step_populations(c: &mut Criterion) {
    let (populations, n, steps) = (64, 1_024, 100);
    let mut group = c.benchmark_group(format!("step_populations/{populations}x{n}/{steps}_steps"));
    group.throughput(Throughput::Elements((populations * n * steps) as u64));
    for busy in [64, 1, 0] {
        let mut graph = Graph::new();
        for k in 0..populations {
            let bias = if k < busy { 30 } else { 0 };
            let cells =
                Lif { du: 400.into(), dv: 120.into(), vth: 10.into(), bias_mant: bias.into(), ..Lif::new(&[n]) };
            graph.add(&format!("cells_{k}"), cells).expect("a fresh name");
        }
        let profile = Profile::load("unlimited").expect("a shipped profile");
        let mut simulation = Simulation::new(graph, &profile, &RunConfig::default()).expect("it fits");
        simulation.set_timed(false);
        simulation.run(RunSteps(steps as u64)).expect("nothing can fail");
        let spikes = simulation.counts()[pumice::meter::Event::NeuronSpike];
        assert_eq!(spikes == 0, busy == 0, "the busy populations must be alive: {spikes} spikes");
        group.bench_function(BenchmarkId::new("busy", busy), |b| {
            b.iter(|| simulation.run(RunSteps(steps as u64)).expect("nothing can fail"));
        });
    }
    group.finish();
}

/// The same network on one worker and on two: what exchange costs per spike, or saves.
fn exchange_batch(c: &mut Criterion) {
    let mut group = c.benchmark_group("exchange_batch");
    group.sample_size(10);
    for workers in [1, 2] {
        let mut simulation = chip(10_000, 10, workers);
        let before = simulation.counts()[pumice::meter::Event::NeuronSpike];
        simulation.run(RunSteps(200)).expect("nothing can fail");
        let spikes = simulation.counts()[pumice::meter::Event::NeuronSpike] - before;
        assert!(spikes > 200 * 20, "the network must be alive: {spikes} spikes in 200 steps");
        group.throughput(Throughput::Elements(spikes));
        group.bench_function(BenchmarkId::new("workers", workers), |b| {
            b.iter(|| simulation.run(RunSteps(200)).expect("nothing can fail"));
        });
    }
    group.finish();
}

criterion_group!(benches, step_lif, step_populations, deliver_rows, exchange_batch);
criterion_main!(benches);
