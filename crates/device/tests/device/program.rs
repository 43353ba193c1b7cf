//! Programming as an algorithm: NeuRRAM's procedure, its pulses, energy, failures; wear and repair.

use pumice_device::{Access, Fault, REFERENCE_MK, Site, energy_aj};

use crate::{array, moments};

/// Write and verify takes about the published 8.5 pulses, lands in the window, and fails as often as the
/// chip's logs say, at the ends of the range only.
#[test]
fn write_and_verify_behaves_like_the_chip() {
    let mut array = array("rram-neurram-130nm", 11, [64, 128, 0]);
    let targets: Vec<f64> = (0..64 * 128).map(|k| 1.0 + 39.0 * f64::from(k * 37 % 128) / 127.0).collect();
    let programming = array.program_all(&targets).unwrap();
    let cells = targets.len() as f64;
    let pulses = (programming.total.set_pulses + programming.total.reset_pulses) as f64
        - programming.failed.iter().map(|&(row, col)| array.cell(row, col).unwrap().pulses as f64).sum::<f64>();
    let mean = pulses / (cells - programming.failed.len() as f64);
    assert!((6.5..10.5).contains(&mean), "{mean} pulses per cell");
    let share = programming.failed.len() as f64 / cells;
    // In a fresh array, which begins at the low end, only the weak cells that cannot reach targets above 37 µS: 2 expected.
    assert!((0.0001..0.01).contains(&share), "{share} of the cells failed");
    let mut errors = Vec::new();
    for (k, &target) in targets.iter().enumerate() {
        let (row, col) = (k / 128, k % 128);
        let error = array.conductance(row, col, array.now_ns()).unwrap() - target;
        if programming.failed.contains(&(row, col)) {
            assert!(!(4.0..35.0).contains(&target), "a cell failed in mid range, at {target} µS");
        } else {
            assert!(error.abs() < 2.5, "{target} {error}");
            errors.push(error);
        }
    }
    assert!(moments(&errors).1 < 0.8, "{}", moments(&errors).1);
    let ledger = array.ledger();
    assert_eq!(ledger.verify_reads, programming.total.verifies);
    assert_eq!(ledger.pulse_energy_aj + ledger.verify_energy_aj, programming.total.energy_aj);
    assert!(ledger.write_time_ns >= (ledger.set_pulses + ledger.reset_pulses) * 1000);
}

/// After write and verify a cell relaxes to the measured spread, not beyond it.
#[test]
fn verified_cells_relax_to_the_measured_spread() {
    let mut array = array("rram-neurram-130nm", 4, [40, 50, 0]);
    array.program_all(&[20.0; 2000]).unwrap();
    let day: Vec<f64> = (0..2000).map(|k| array.conductance(k / 50, k % 50, 86_400_000_000_000).unwrap()).collect();
    assert!((moments(&day).1 - 3.91).abs() < 0.25, "{}", moments(&day).1);
}

#[test]
fn programming_twice_without_need_costs_no_pulse() {
    let mut array = array("rram-neurram-130nm", 3, [1, 1, 0]);
    array.program(0, 0, 20.0).unwrap();
    let life = *array.cell(0, 0).unwrap();
    let again = array.program(0, 0, life.value_us).unwrap();
    assert_eq!((again.set_pulses, again.reset_pulses, again.verifies), (0, 0, 2));
    assert_eq!(array.cell(0, 0).unwrap().written_ns, life.written_ns);
}

/// As the chip's software does, one ladder to its top is enough to give a cell up: 21 rungs and 30 pulses at the top.
#[test]
fn a_cell_that_does_not_move_is_given_up_after_one_ladder() {
    let mut array = array("rram-neurram-130nm", 8, [1, 1, 0]);
    array.inject(Site::Cell { row: 0, col: 0 }, Fault::StuckLow, 0).unwrap();
    let outcome = array.program(0, 0, 25.0).unwrap();
    assert_eq!((outcome.accepted, outcome.set_pulses, outcome.reset_pulses, outcome.verifies), (false, 51, 0, 52));
    assert_eq!(array.cell(0, 0).unwrap().cycles, 1);
}

/// A refresh gives up only cells that cannot come back to the low end, and brings back those that relaxed beyond the
/// high end.
#[test]
fn a_refresh_brings_relaxed_cells_back() {
    let mut array = array("rram-neurram-130nm", 5, [64, 64, 0]);
    let targets: Vec<f64> = (0..64 * 64).map(|k| [1.0, 40.0, 20.0, 40.0][k % 4]).collect();
    array.program_all(&targets).unwrap();
    array.age(365 * 86_400_000_000_000, 328_150).unwrap();
    let error = |array: &pumice_device::CellArray, k: usize| {
        array.conductance(k / 64, k % 64, array.now_ns()).unwrap() - targets[k]
    };
    let beyond: Vec<usize> = (0..targets.len()).filter(|k| targets[*k] == 40.0 && error(&array, *k) > 3.0).collect();
    assert!(beyond.len() > 100, "{} cells relaxed beyond the range", beyond.len());
    let refreshed = array.program_all(&targets).unwrap();
    for k in beyond {
        assert!(error(&array, k).abs() < 2.5 && array.cell(k / 64, k % 64).unwrap().written_ns == array.now_ns());
    }
    assert!(!refreshed.failed.is_empty() && refreshed.failed.len() < 40, "{:?}", refreshed.failed);
    for (row, col) in refreshed.failed {
        let k = row * 64 + col;
        let low = targets[k] == 1.0 && (0.5..2.5).contains(&error(&array, k));
        let high = targets[k] == 40.0 && (-4.5..-1.0).contains(&error(&array, k));
        assert!(low || high, "{} µS by {}", targets[k], error(&array, k));
    }
}

/// A target that the cell meets already costs no pulse, and is still the one that perfect programming gives.
#[test]
fn perfect_programming_gives_what_was_asked_for_last() {
    let mut array = array("rram-neurram-130nm", 3, [1, 2, 0]);
    array.program_all(&[20.0, 30.0]).unwrap();
    array.age(1_000_000_000, REFERENCE_MK).unwrap();
    let asked = [array.conductance(0, 0, array.now_ns()).unwrap(), 30.0];
    assert_eq!(array.program(0, 0, asked[0]).unwrap().set_pulses, 0);
    assert_eq!(array.cell(0, 0).unwrap().target_us, 20.0, "it goes on relaxing around 20");
    let fate = array.cell(0, 0).unwrap().writes;
    array.perfect(&asked).unwrap();
    for (col, asked) in asked.into_iter().enumerate() {
        assert_eq!(array.conductance(0, col, array.now_ns()).unwrap(), asked);
    }
    assert_eq!(array.cell(0, 0).unwrap().writes, fate + 1);
    array.age(86_400_000_000_000, REFERENCE_MK).unwrap();
    assert_ne!(array.conductance(0, 0, array.now_ns()).unwrap(), asked[0], "it relaxes on from there");
}

/// Incremental learning on the cell burns its endurance; the ledger shows it and the cell then keeps still.
#[test]
fn a_cell_wears_out_at_its_endurance() {
    let mut worn = array("rram-neurram-130nm", 6, [1, 1, 0]);
    let mut profile = worn.profile().clone();
    profile.endurance.as_mut().unwrap().cycles = 500.0;
    worn = pumice_device::CellArray::from_state(profile, worn.state().clone()).unwrap();
    for step in 0..600 {
        worn.pulse(0, 0, step % 2 == 0, 1).unwrap();
    }
    assert_eq!(worn.ledger().worn, 1);
    let stuck = worn.conductance(0, 0, worn.now_ns()).unwrap();
    let outcome = worn.program(0, 0, if stuck > 20.0 { 5.0 } else { 35.0 }).unwrap();
    assert!(!outcome.accepted);
    let after = worn.cell(0, 0).unwrap().value_us;
    assert!((after - stuck).abs() < 1e-9, "{stuck} {after}");
    assert!(worn.cell(0, 0).unwrap().cycles > 600);
}

#[test]
fn spare_rows_take_over_rows_that_fail() {
    let mut array = array("rram-neurram-130nm", 8, [4, 8, 2]);
    for col in 0..4 {
        array.inject(Site::Cell { row: 2, col }, Fault::StuckLow, 0).unwrap();
    }
    let targets = vec![25.0; 32];
    let mut programming = array.program_all(&targets).unwrap();
    assert!(programming.failed.len() >= 4);
    let first = programming.clone();
    let moved = array.repair(&targets, &mut programming, 2).unwrap();
    assert_eq!(moved, [2]);
    assert_eq!((programming.cells, programming.failed.len()), (first.cells + 8, first.failed.len() - 4));
    assert!(programming.total.energy_aj > first.total.energy_aj, "moving costs pulses");
    for col in 0..8 {
        let g = array.conductance(2, col, array.now_ns()).unwrap();
        assert!((g - 25.0).abs() < 2.0, "{g}");
    }
    array.remap(0).unwrap();
    assert!(array.remap(1).is_err(), "both spares are used");
}

/// The array presets contain the measured share of cells that do not answer.
#[test]
fn array_presets_have_unprogrammable_cells() {
    for (name, share) in [("rram-array-om", 0.1348), ("rram-array-hfo2", 0.0977)] {
        let mut cells = array(name, 1, [50, 100, 0]);
        let mut dead = 0;
        for k in 0..5000 {
            dead += u32::from(!cells.pulse(k / 100, k % 100, true, 30).unwrap().accepted);
        }
        let got = f64::from(dead) / 5000.0;
        assert!((got - share).abs() < 0.02, "{name}: {got}");
        let up: Vec<f64> = (0..5000).map(|k| cells.conductance(k / 100, k % 100, 0).unwrap()).collect();
        assert!(moments(&up).0 > 0.7, "{name}: the others went up, {}", moments(&up).0);
    }
}

/// Passive arrays pay for half-selected cells, gated ones do not.
#[test]
fn half_selected_cells_cost_energy_in_passive_arrays() {
    let energy = |access| {
        let gated = array("rram-neurram-130nm", 2, [4, 4, 0]);
        let mut profile = gated.profile().clone();
        profile.read.as_mut().unwrap().access = access;
        let mut array = pumice_device::CellArray::from_state(profile, gated.state().clone()).unwrap();
        array.write_all_open_loop(&[20.0; 16]).unwrap();
        array.count_reads(1, 10, 0).unwrap();
        let row: u64 = (0..4).map(|c| energy_aj(0.2, array.conductance(1, c, 0).unwrap(), 10)).sum();
        (array.ledger().read_energy_aj, row * 10, array.ledger().half_selected)
    };
    let (gated, row, half) = energy(Access::Gated);
    assert_eq!((gated, half), (row, 0));
    let (passive, row, half) = energy(Access::Passive);
    assert_eq!(half, 120);
    assert!(passive > row * 16 / 10, "three rows at a quarter of the energy: {passive} {row}");
}
