//! Nanoseconds per packet of the models of time that look at packets, by themselves.
//!
//! Steps of some 7,100 drawn packets between 127 cores on the mesh of Loihi, with the latencies of its `silicon_fit`: as many neurons
//! on each core, of which 1 % fire, and a spike goes to the cores of 100 drawn synapses. Run with `cargo bench -p pumice-chip`.

#![allow(clippy::unwrap_used, reason = "a bench may panic")]
#![allow(missing_docs, reason = "criterion's macros")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pumice_chip::timing::{CoreWork, Grid, HopTimes, Network, Packet, TimingModel, Work};
use pumice_chip::{CoreId, Mesh};
use pumice_num::{Draws, Purpose};

const MESH: Mesh = Mesh { width: 8, height: 4, cores_per_tile: 4, cores_per_chip: 128, chips: 1, chip_columns: 1 };
const HOPS: HopTimes = HopTimes { east: 4100, west: 4100, north: 6500, south: 6500, crossing: 0, local: 0 };
const CORES: u32 = 127;
const NEURONS: u32 = 79;
const SYNAPSES: u32 = 100;
const SPIKES: u32 = 102;
const STEPS: u32 = 16;

/// Latencies `[ps]`: a neuron that is updated, its spike, a packet out and in, a synapse.
const UPDATE: u64 = 9700;
const SPIKE: u64 = 30_000;
const OUT: u64 = 5100;
const IN: u64 = 16_000;
const READ: u64 = 4700;

/// The work of one drawn step.
fn step(number: u32) -> (Vec<CoreWork>, Vec<Packet>) {
    let mut draws = Draws::new(1, Purpose::TOPOLOGY, 0, number);
    let neurons_ps = u64::from(NEURONS) * UPDATE;
    let mut cores = vec![CoreWork { neurons_ps, ..CoreWork::default() }; CORES as usize];
    let mut spikes: Vec<u32> = (0..SPIKES).map(|_| draws.below(CORES * NEURONS)).collect();
    spikes.sort_unstable();
    spikes.dedup();
    let mut packets = Vec::new();
    let mut last = (CORES, 0);
    for spike in spikes {
        let (from, rank) = (spike / NEURONS, spike % NEURONS + 1);
        let before = if last.0 == from { last.1 } else { 0 };
        last = (from, rank);
        cores[from as usize].neurons_ps += SPIKE;
        let mut reads = vec![0; CORES as usize];
        (0..SYNAPSES).for_each(|_| reads[draws.below(CORES) as usize] += 1);
        let mut generation_ps = SPIKE + u64::from(rank - before) * UPDATE + OUT;
        for (to, reads) in (0..CORES).zip(reads).filter(|(_, reads)| *reads > 0) {
            cores[from as usize].sending_ps += OUT;
            cores[to as usize].receiving_ps += IN;
            cores[to as usize].synapses_ps += reads * READ;
            let (from, to) = (CoreId(from), CoreId(to));
            let processing_ps = IN + reads * READ;
            let flight_ps = HOPS.flight(&MESH, from, to);
            packets.push(Packet { from, to, generation_ps, flight_ps, processing_ps });
            generation_ps = OUT;
        }
    }
    (cores, packets)
}

fn steps(c: &mut Criterion) {
    let steps: Vec<_> = (0..STEPS).map(step).collect();
    let packets: usize = steps.iter().map(|(_, packets)| packets.len()).sum();
    let mut group = c.benchmark_group("steps");
    group.sample_size(20).throughput(Throughput::Elements(packets as u64));
    for name in [TimingModel::Bound, TimingModel::Queue, TimingModel::Flit] {
        let mut model = name.build(Grid::new(&MESH, CORES as usize), Network { link_buffer: 16, hops: HOPS });
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| {
                for (cores, packets) in &steps {
                    black_box(model.step(&Work { cores, packets, barrier_ps: 1_800_000 }));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);
