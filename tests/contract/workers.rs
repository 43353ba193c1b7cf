//! No result depends on the number of workers, or on whether cores are emulated at all.

use pumice::prelude::*;

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
