//! No result depends on the number of workers, or on whether cores are emulated at all.

use pumice::chip::{Shares, UPDATE};
use pumice::models::Parts;
use pumice::models::connection::random::{Choice, Random};
use pumice::models::connection::{topology::Topology, weight::SignMode};
use pumice::prelude::*;
use pumice::process::ProcessId;

use crate::network::{shown, simulate};

#[test]
fn results_do_not_depend_on_the_number_of_workers() {
    let config = RunConfig::default().seed(3);
    let (one, handles) = simulate(&config.clone().workers(1), 120);
    let want = shown(&one, handles);
    assert!(want.spikes.len() > 500, "the network must be alive, it fired {} times", want.spikes.len());
    assert!(want.readout.len() > 20, "the readout must be alive, it fired {} times", want.readout.len());
    for workers in [2, 3, 5, 16] {
        let (many, handles) = simulate(&config.clone().workers(workers), 120);
        assert_eq!(many.workers(), workers);
        assert_eq!(shown(&many, handles), want, "{workers} workers");
        assert_eq!(many.loads(), one.loads(), "{workers} workers");
        assert_eq!(many.time_ps(), one.time_ps(), "{workers} workers");
        let (a, b) = (many.bill().unwrap(), one.bill().unwrap());
        assert_eq!(a.total_j.to_bits(), b.total_j.to_bits(), "{workers} workers");
        assert_eq!(many.overflow(), one.overflow(), "{workers} workers");
        assert_eq!(many.save(), one.save(), "{workers} workers");
    }
}

/// The chip and the unplaced kernels are separate programs: one delivers rows from workers' tables, the other sums columns.
#[test]
fn the_chip_computes_what_the_unplaced_kernels_compute() {
    let (chip, handles) = simulate(&RunConfig::on(Backend::Chip).seed(3), 120);
    let (fixed, same) = simulate(&RunConfig::on(Backend::Fixed).seed(3), 120);
    let want = shown(&chip, handles);
    assert!(want.spikes.len() > 500);
    assert_eq!(shown(&fixed, same), want);
    assert!(fixed.image().chip.banks.is_empty() && chip.image().chip.banks.len() == 2);
}

/// Processes may be split between backends in any way; spikes cross the border with the same timing.
#[test]
fn a_border_between_backends_changes_nothing() {
    let (all, handles) = simulate(&RunConfig::default().seed(3), 80);
    let want = shown(&all, handles);
    for outside in ["readout", "out", "cells", "input", "again"] {
        let config = RunConfig::default().seed(3).except(outside, Backend::Fixed).workers(2);
        let (graph, handles) = crate::network::recurrent(300, 5);
        let profile = Profile::load("loihi1").unwrap();
        match Simulation::new(graph, &profile, &config) {
            Ok(mut mixed) => {
                mixed.run(RunSteps(80)).unwrap();
                assert_eq!(shown(&mixed, handles), want, "`{outside}` off the chip");
            }
            Err(fault) => panic!("`{outside}` off the chip: {fault}"),
        }
    }
}

#[test]
fn another_seed_gives_another_run() {
    let (a, handles) = simulate(&RunConfig::default().seed(3), 60);
    let (b, same) = simulate(&RunConfig::default().seed(4), 60);
    assert_ne!(shown(&a, handles), shown(&b, same));
}

/// Neurons of a bank have very different numbers of synapses, drawn and listed; the first have most.
fn uneven(n: usize) -> (Graph, ProcessId) {
    let mut graph = Graph::new();
    let drive = graph.add("drive", Poisson::new(&[30], 0.3)).unwrap();
    let row = |i: usize| (0..n / (i + 1)).map(move |target| (i as u32, target as u32, 60.0));
    let listed: Vec<(u32, u32, f64)> = (0..30).flat_map(row).collect();
    let input = graph.add("input", Sparse::new([n, 30], listed)).unwrap();
    let cells = Lif { du: 1500.into(), dv: 300.into(), vth: 3000.into(), ..Lif::new(&[n]) };
    let cells = graph.add("cells", cells).unwrap();
    let topology = Topology::BarabasiAlbert { degree: 20, symmetric: true };
    let mut again = Random::new([n, n], topology, Choice::Uniform { low: -20.0, high: 30.0 });
    again.sign_mode = Some(SignMode::Mixed);
    again.delays = Some(Choice::Uniform { low: 0.0, high: 6.0 });
    let again = graph.add("again", again).unwrap();
    graph.connect(drive.out, input.s_in).unwrap();
    graph.connect(input.a_out, cells.a_in).unwrap();
    graph.connect(cells.s_out, again.s_in).unwrap();
    graph.connect(again.a_out, cells.a_in).unwrap();
    // So heavy that the currents of some neurons leave their registers.
    let heavy: Vec<(u32, u32, f64)> = (0..40).map(|i| (i, i % 7, 254.0)).collect();
    let heavy = graph.add("heavy", Sparse { weight_exp: 6, ..Sparse::new([n, n], heavy) }).unwrap();
    graph.connect(cells.s_out, heavy.s_in).unwrap();
    graph.connect(heavy.a_out, cells.a_in).unwrap();
    (graph, cells.id)
}

/// Work is cut by synapses, not by neurons; no result tells.
#[test]
fn uneven_banks_are_cut_by_their_synapses() {
    let n = 400;
    let run = |workers| {
        let (graph, cells) = uneven(n);
        let config = RunConfig::default().seed(3).workers(workers);
        let mut simulation = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &config).unwrap();
        simulation.run(RunSteps(60)).unwrap();
        (simulation, cells)
    };
    let (one, cells) = run(1);
    let chip = &one.image().chip;
    let mut work = vec![UPDATE; n];
    chip.projections.iter().for_each(|p| p.rows.each(|_, target| work[target as usize] += 1));
    for p in &chip.drawn {
        let bare = Parts { weights: true, delays: true };
        p.synapses.each(0..n, bare, |_, target, _, _| work[target as usize] += 1);
    }
    let total: usize = work.iter().sum();
    let heaviest = work.iter().max().copied().unwrap();
    assert!(chip.drawn.len() == 1 && work[..n / 2].iter().sum::<usize>() * 9 > total * 5, "it must be uneven");
    for workers in [2, 3, 5] {
        let shares = Shares::new(chip, workers);
        for w in 0..workers {
            let own: usize = work[shares.range((0, n), w)].iter().sum();
            assert!(own.abs_diff(total / workers) <= heaviest, "worker {w} of {workers} has {own} of {total}");
        }
        let (many, same) = run(workers);
        assert_eq!(many.spikes(same).unwrap(), one.spikes(cells).unwrap(), "{workers} workers");
        assert_eq!(many.loads(), one.loads(), "{workers} workers");
        assert_eq!(many.time_ps(), one.time_ps(), "{workers} workers");
        assert_eq!(many.overflow(), one.overflow(), "{workers} workers");
        assert_eq!(many.save(), one.save(), "{workers} workers");
    }
    let spikes: u64 = one.spikes(cells).unwrap().iter().sum();
    assert!(spikes > 500 && !one.overflow().is_empty(), "{spikes} {:?}", one.overflow());
}
