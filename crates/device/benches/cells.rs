//! Programming per cell, row reads per synaptic event, and the wires of a 256 by 256 crossbar, exactly solved.
//! Motivation and results: `README.md` beside this file.

#![allow(clippy::unwrap_used, reason = "a bench may panic")]
#![allow(missing_docs, reason = "criterion's macros")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pumice_device::crossbar::{GatedRows, Mapping, Nodal, RowPeriphery, Sides, Wires};
use pumice_device::{CellArray, CellProfile, Layout, Learning, Method, Place, WeightStore};

const PLACE: Place = Place { seed: 1, core: 0 };

fn program(c: &mut Criterion) {
    let mut group = c.benchmark_group("program_cells");
    group.throughput(Throughput::Elements(64 * 64));
    let profile = CellProfile::shipped("rram-neurram-130nm").unwrap();
    let targets: Vec<f64> = (0..64 * 64).map(|k| 1.0 + f64::from(k % 40)).collect();
    group.bench_function("verify/cells=4096", |b| {
        b.iter(|| {
            let mut array = CellArray::new(profile.clone(), PLACE, [64, 64, 0]).unwrap();
            array.program_all(&targets).unwrap()
        });
    });
    group.bench_function("open_loop/cells=4096", |b| {
        b.iter(|| {
            let mut array = CellArray::new(profile.clone(), PLACE, [64, 64, 0]).unwrap();
            array.write_all_open_loop(&targets).unwrap()
        });
    });
    group.finish();
}

/// Pairs of cells without spare rows, for weights of at most `w_max`.
fn layout(w_max: i32) -> Layout {
    Layout {
        mapping: Mapping::Pair { sides: Sides::One },
        w_max,
        method: Method::OpenLoop,
        learning: Learning::Direct,
        spare_rows: 0,
    }
}

fn read(c: &mut Criterion) {
    let mut group = c.benchmark_group("read_row");
    group.throughput(Throughput::Elements(1024));
    let profile = CellProfile::shipped("rram-neurram-130nm").unwrap();
    let mut store = WeightStore::cells(profile, PLACE, layout(127), 1, 1024).unwrap();
    store.program(&(0..1024).map(|k| k % 255 - 127).collect::<Vec<_>>()).unwrap();
    for (name, noisy) in [("noise=off", false), ("noise=on", true)] {
        let mut out = Vec::with_capacity(1024);
        let mut at_ns = 0;
        group.bench_function(name, |b| {
            b.iter(|| {
                at_ns += 1_000_000;
                out.clear();
                store.row(0, at_ns, noisy, &mut out).unwrap();
                black_box(out.last().copied())
            });
        });
    }
    group.finish();
}

/// A row as a core of a running chip reads it: its conductances of the moment are kept, only noise is new.
fn read_step(c: &mut Criterion) {
    let mut group = c.benchmark_group("read_step");
    group.throughput(Throughput::Elements(256));
    let profile = CellProfile::shipped("rram-neurram-130nm").unwrap();
    let mut store = WeightStore::cells(profile, PLACE, layout(15), 1, 256).unwrap();
    store.program(&(0..256).map(|k| k % 31 - 15).collect::<Vec<_>>()).unwrap();
    let around = RowPeriphery { adc_bits: Some(8), read_noise: true, ..RowPeriphery::default() };
    let reads = store.as_cells().unwrap().reads(1_000_000, &around).unwrap();
    group.bench_function("noise=off", |b| b.iter(|| (0..256).map(|col| reads.weight(0, col)).sum::<i64>()));
    let mut step = 0;
    group.bench_function("noise=on", |b| {
        b.iter(|| {
            step += 1;
            (0..256).map(|col| reads.noisy_weight(0, col, step)).sum::<i64>()
        });
    });
    group.finish();
}

fn wires(c: &mut Criterion) {
    let mut group = c.benchmark_group("solve_wires");
    group.sample_size(10);
    let n = 256;
    let wires = Wires { word_ohm: 1.0, bit_ohm: 1.0 };
    let g: Vec<f64> = (0..n * n).map(|k| ((k * 7919) % 100) as f64).collect();
    let nodal = Nodal::new(n, n, wires).unwrap();
    let factored = nodal.factor(&g).unwrap();
    let volts = vec![0.2; n];
    group.bench_function("analyse/n=256", |b| b.iter(|| Nodal::new(n, n, wires).unwrap()));
    group.bench_function("factor/n=256", |b| b.iter(|| nodal.factor(&g).unwrap()));
    group.bench_function("solve/n=256", |b| b.iter(|| factored.currents(&volts).unwrap()));
    let active: Vec<_> = (0..n).step_by(16).map(|i| (i, &g[i * n..(i + 1) * n])).collect();
    let gated = GatedRows::new(n, wires, active).unwrap();
    let gated_bracket = gated.bracket(0.2, 1).unwrap();
    let largest = gated_bracket.high.iter().copied().fold(0.0, f64::max);
    println!("gated rows, one sweep: error at most {:.1e} of the largest current", gated_bracket.error() / largest);
    group.bench_function("gated/n=256,active=16", |b| b.iter(|| gated.bracket(0.2, 1).unwrap()));
    group.finish();
}

criterion_group!(benches, program, read, read_step, wires);
criterion_main!(benches);
