//! Nanoseconds of wall clock per synaptic event of whole runs, without time and with each model of it, on one worker and on two.
//!
//! 10,000 neurons with 100 synapses each on 127 cores of Loihi, about 1 % of them firing in a step: every spike goes to some 70
//! cores. What a model costs is its figure minus that of `off`. `run_metered` says what counting costs. Run with `cargo bench --bench timing`.

#![allow(clippy::unwrap_used)] // a test fails where it unwraps

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pumice::chip::timing::TimingModel;
use pumice::num::{Draws, Purpose};
use pumice::prelude::*;

const N: usize = 10_000;
const SYNAPSES: usize = 100;
const STEPS: u64 = 50;

/// Loihi with room for 79 neurons on a core, and the latencies of silicon.
fn profile() -> Profile {
    let text = "extends = \"loihi1\"\n[meta]\nname = \"spread\"\n[core]\nneurons = 79\nsyn_mem_bits = 100000000\naxon_in = 100000\naxon_out = 100000\n\
        [sources]\ncore = { ev = \"assumed\", src = \"bench\" }\n";
    Profile::from_text("spread.toml", text).expect("a valid profile")
}

fn simulation(workers: usize) -> Simulation {
    let mut draws = Draws::new(1, Purpose::TOPOLOGY, 0, 0);
    let mut synapses = Vec::with_capacity(N * SYNAPSES);
    for source in 0..N as u32 {
        for _ in 0..SYNAPSES {
            synapses.push((source, draws.below(N as u32), f64::from(2 * (draws.below(9) as i32 - 4))));
        }
    }
    let mut graph = Graph::new();
    let bias: Vec<i32> = (0..N).map(|_| 60 + draws.below(8) as i32).collect();
    let start: Vec<i32> = (0..N).map(|_| draws.below(6_400) as i32).collect();
    let cells = Lif { du: 4095.into(), vth: 100.into(), bias_mant: bias.into(), v: start.into(), ..Lif::new(&[N]) };
    let cells = graph.add("cells", cells).expect("a fresh name");
    let again = graph.add("again", Sparse::new([N, N], synapses)).expect("a fresh name");
    graph.connect(cells.s_out, again.s_in).expect("equal shapes");
    graph.connect(again.a_out, cells.a_in).expect("equal shapes");
    let config = RunConfig::default().workers(workers);
    let mut simulation = Simulation::new(graph, &profile(), &config).expect("it fits");
    simulation.set_prices("silicon_fit").expect("tables of Loihi");
    assert_eq!(simulation.image().chip.cores(), 127);
    simulation
}

fn run_timed(c: &mut Criterion) {
    for workers in [1, 2] {
        run_timed_on(c, workers);
    }
}

fn run_timed_on(c: &mut Criterion, workers: usize) {
    let mut simulation = simulation(workers);
    let mut group = c.benchmark_group(format!("run_timed/{workers}"));
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    simulation.set_timed(false);
    simulation.run(RunSteps(STEPS)).expect("nothing can fail");
    let before = simulation.counts().synaptic_events();
    simulation.run(RunSteps(STEPS)).expect("nothing can fail");
    let events = simulation.counts().synaptic_events() - before;
    assert!(events > 100_000, "{events} events");
    group.throughput(Throughput::Elements(events));
    let models = std::iter::once(None).chain(TimingModel::ALL.iter().copied().map(Some));
    for model in models {
        simulation.set_timed(model.is_some());
        if let Some(model) = model {
            simulation.set_timing(model);
        }
        group.bench_function(BenchmarkId::from_parameter(model.map_or("off", TimingModel::name)), |b| {
            b.iter_custom(|n| {
                let mut sum = Duration::ZERO;
                for _ in 0..n {
                    simulation.reset().expect("its own state");
                    simulation.run(RunSteps(STEPS)).expect("nothing can fail");
                    let start = Instant::now();
                    simulation.run(RunSteps(STEPS)).expect("nothing can fail");
                    sum += start.elapsed();
                }
                sum
            });
        });
    }
    group.finish();
}

/// What counting costs: the run by itself, with counts and their bill at its end, with the parts of the bill too, and with the
/// counts of every step.
fn run_metered(c: &mut Criterion) {
    let mut simulation = simulation(1);
    let mut group = c.benchmark_group("run_metered");
    group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(4));
    simulation.set_timed(false);
    simulation.run(RunSteps(STEPS)).expect("nothing can fail");
    group.throughput(Throughput::Elements(simulation.counts().synaptic_events()));
    for case in ["off", "counts", "parts", "steps"] {
        simulation.set_timed(case == "steps");
        simulation.set_timing(TimingModel::Simple);
        simulation.set_step_counts(case == "steps");
        group.bench_function(BenchmarkId::from_parameter(case), |b| {
            b.iter_custom(|n| {
                let mut sum = Duration::ZERO;
                for _ in 0..n {
                    simulation.reset().expect("its own state");
                    let start = Instant::now();
                    simulation.run(RunSteps(10 * STEPS)).expect("nothing can fail");
                    if case != "off" {
                        assert!(simulation.bill().expect("prices of Loihi").dynamic_j > 0.0);
                    }
                    if case == "parts" {
                        assert!(simulation.parts().processes.len() > 1);
                    }
                    sum += start.elapsed();
                }
                sum
            });
        });
    }
    group.finish();
}

criterion_group!(benches, run_timed, run_metered);
criterion_main!(benches);
