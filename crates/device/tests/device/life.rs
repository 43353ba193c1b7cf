//! One coherent life per cell: looking changes nothing, time and order do not matter, faults stick.

use proptest::prelude::*;
use pumice_device::{
    Assumed, CellArray, CellProfile, DeviceError, Disturb, Fault, Place, REFERENCE_MK, Site, Telegraph,
};

use crate::{array, moments};

const DAY_NS: u64 = 86_400_000_000_000;

/// Profiles whose cells have relaxation, drift or read noise, and open-loop statistics.
const ALIVE: &[&str] = &["rram-neurram-130nm", "rram-cmo-hfox", "pcm-generic", "pcm-hermes-2", "sonos-40nm"];

fn written(profile: &str, seed: u64) -> CellArray {
    let mut array = array(profile, seed, [4, 6, 1]);
    let (low, high) = (array.profile().range.g_min_us, array.profile().range.g_max_us);
    let targets: Vec<f64> = (0..24).map(|k| low + (high - low) * f64::from(k) / 23.0).collect();
    array.write_all_open_loop(&targets).unwrap();
    array
}

fn read_all(array: &CellArray, at_ns: u64) -> Vec<u64> {
    let (rows, cols) = array.shape();
    let mut seen = Vec::new();
    for row in 0..rows {
        for col in 0..cols {
            seen.push(array.read(row, col, at_ns).unwrap().to_bits());
            seen.push(array.conductance(row, col, at_ns).unwrap().to_bits());
        }
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Reads at two times give the same bits in both orders, on several threads, and after a round trip
    /// through the saved state.
    #[test]
    fn looking_changes_nothing(seed in any::<u64>(), t1 in 0..2 * DAY_NS, t2 in 0..60 * DAY_NS, k in 0usize..5) {
        let array = written(ALIVE[k], seed);
        let (first, second) = (read_all(&array, t1), read_all(&array, t2));
        prop_assert_eq!(&read_all(&array, t2), &second);
        prop_assert_eq!(&read_all(&array, t1), &first);
        let loaded =
            CellArray::from_state(array.profile().clone(), array.state().clone()).unwrap();
        prop_assert_eq!(&read_all(&loaded, t1), &first);
        for workers in [2, 3, 5] {
            let results: Vec<Vec<u64>> = std::thread::scope(|scope| {
                let handles: Vec<_> =
                    (0..workers).map(|_| scope.spawn(|| read_all(&array, t2))).collect();
                handles.into_iter().map(|handle| handle.join().unwrap()).collect()
            });
            prop_assert!(results.iter().all(|result| *result == second));
        }
        prop_assert_ne!(first, second, "the cells must be alive");
    }

    /// Ageing in pieces, or by emulated steps, comes to the same state as ageing at once.
    #[test]
    fn two_paths_to_one_time_agree(seed in any::<u64>(), a in 1..30 * DAY_NS, b in 1..30 * DAY_NS, hot in 320_000u32..360_000) {
        let mut profile = CellProfile::shipped("rram-neurram-130nm").unwrap();
        profile.assumed = Some(Assumed { activation_energy_ev: 1.1 });
        let make = || {
            let mut array = CellArray::new(profile.clone(), Place { seed, core: 1 }, [2, 8, 0]).unwrap();
            array.write_all_open_loop(&[20.0; 16]).unwrap();
            array
        };
        let (mut once, mut pieces) = (make(), make());
        once.age(a + b, hot).unwrap();
        once.age(a, REFERENCE_MK).unwrap();
        pieces.age(a, hot).unwrap();
        read_all(&pieces, pieces.now_ns());
        pieces.age(b, hot).unwrap();
        pieces.advance_to(2 * a + b).unwrap();
        prop_assert_eq!(once.state(), pieces.state());
        prop_assert_eq!(read_all(&once, once.now_ns()), read_all(&pieces, pieces.now_ns()));
        prop_assert!(pieces.advance_to(a).is_err());
    }

    /// Cycles, writes and energy never decrease, and a fault that began survives every reprogramming.
    #[test]
    fn faults_stick_and_ledgers_grow(seed in any::<u64>(), targets in prop::collection::vec(1.0f64..40.0, 1..6)) {
        let mut array = array("rram-neurram-130nm", seed, [2, 2, 0]);
        let since = 1_000;
        array.inject(Site::Cell { row: 0, col: 1 }, Fault::StuckHigh, since).unwrap();
        array.inject(Site::WordLine { row: 1, col: 1 }, Fault::Open, since).unwrap();
        prop_assert!(array.conductance(0, 1, since - 1).unwrap() < 40.0);
        array.advance_to(2_000).unwrap();
        let mut before = *array.ledger();
        let mut cycles = 0;
        for target in targets {
            array.program_all(&[target; 4]).unwrap();
            let (now, after) = (array.now_ns(), *array.ledger());
            prop_assert_eq!(array.conductance(0, 1, now).unwrap(), 40.0);
            prop_assert_eq!(array.read(1, 1, now).unwrap(), 0.0);
            prop_assert!(array.cell(0, 0).unwrap().cycles >= cycles);
            prop_assert!(after.pulse_energy_aj >= before.pulse_energy_aj);
            prop_assert_eq!(after.writes, before.writes + 4);
            cycles = array.cell(0, 0).unwrap().cycles;
            before = after;
        }
        prop_assert!(before.set_pulses + before.reset_pulses > 0);
    }
}

/// A cell remembers its own programming error: the state after a day correlates with the fresh one.
#[test]
fn a_cell_keeps_its_own_error() {
    let mut array = array("rram-neurram-130nm", 5, [50, 100, 0]);
    array.write_all_open_loop(&[20.0; 5000]).unwrap();
    let at = |ns| -> Vec<f64> { (0..5000).map(|k| array.conductance(k / 100, k % 100, ns).unwrap()).collect() };
    let (fresh, day) = (at(1_000_000_000), at(DAY_NS));
    let ((m0, s0), (m1, s1)) = (moments(&fresh), moments(&day));
    let product: Vec<f64> = fresh.iter().zip(&day).map(|(a, b)| (a - m0) * (b - m1)).collect();
    let correlation = moments(&product).0 / (s0 * s1);
    // σ(1 s)/σ(1 d) = 2.02/3.91 at half range
    assert!((correlation - 0.517).abs() < 0.05, "{correlation}");
    assert!((s1 - 3.91).abs() < 0.15, "{s1}");
}

/// A narrower range keeps the relative spread of the fitted one.
#[test]
fn spread_scales_with_the_range() {
    for g_max_us in [40.0, 25.0, 10.0] {
        let mut profile = CellProfile::shipped("rram-neurram-130nm").unwrap();
        profile.range.g_max_us = g_max_us;
        profile.range.g_min_us = 0.0;
        let place = Place { seed: 3, core: 0 };
        let mut array = CellArray::new(profile, place, [40, 100, 0]).unwrap();
        array.write_all_open_loop(&[g_max_us / 2.0; 4000]).unwrap();
        let fresh: Vec<f64> = (0..4000).map(|k| array.conductance(k / 100, k % 100, 0).unwrap()).collect();
        let relative = moments(&fresh).1 / g_max_us;
        assert!((relative / 0.0505 - 1.0).abs() < 0.05, "{g_max_us}: {relative}");
    }
}

#[test]
fn heat_needs_an_activation_energy_and_speeds_relaxation() {
    let (shipped, state) = {
        let array = written("rram-neurram-130nm", 9);
        (array.profile().clone(), array.state().clone())
    };
    assert!(shipped.assumed.is_some(), "the shipped file says what it assumes");
    let mut cold = CellArray::from_state(CellProfile { assumed: None, ..shipped }, state).unwrap();
    let error = cold.age(DAY_NS, 328_150).unwrap_err();
    assert!(matches!(error, DeviceError::UnknownActivationEnergy { .. }), "{error}");
    let mut profile = cold.profile().clone();
    profile.assumed = Some(Assumed { activation_energy_ev: 1.0 });
    let mut hot = CellArray::from_state(profile, cold.state().clone()).unwrap();
    hot.age(3_600_000_000_000, 328_150).unwrap();
    cold.age(3_600_000_000_000, REFERENCE_MK).unwrap();
    let moved = |array: &CellArray| -> f64 {
        (0..24)
            .map(|k| {
                let now = array.conductance(k / 6, k % 6, array.now_ns()).unwrap();
                (now - array.cell(k / 6, k % 6).unwrap().value_us).abs()
            })
            .sum()
    };
    assert!(moved(&hot) > moved(&cold) * 1.05, "{} {}", moved(&hot), moved(&cold));
}

/// Telegraph noise spends the right share of time in the upper level and forgets exponentially.
#[test]
fn telegraph_noise_is_a_two_level_markov_process() {
    let mut profile = CellProfile::shipped("ideal").unwrap();
    profile.telegraph = Some(Telegraph { cells: 1.0, amplitude: 0.1, high_s: 3e-3, low_s: 1e-3 });
    let place = Place { seed: 2, core: 0 };
    let mut array = CellArray::new(profile, place, [1, 20, 0]).unwrap();
    array.write_all_open_loop(&[50.0; 20]).unwrap();
    let level = |col, step: u64| f64::from(u8::from(array.conductance(0, col, step * 250_000).unwrap() > 52.5));
    let mut samples = Vec::new();
    let mut products = Vec::new();
    for col in 0..20 {
        let trace: Vec<f64> = (400..4400).map(|step| level(col, step)).collect();
        products.extend(trace.windows(4).map(|w| (w[0] - 0.75) * (w[3] - 0.75)));
        samples.extend(trace);
    }
    assert!((moments(&samples).0 - 0.75).abs() < 0.02, "{}", moments(&samples).0);
    // Lag 0.75 ms at the rate 1/3 + 1/1 per ms: e^-1 of the variance 3/16.
    let correlation = moments(&products).0 / (3.0 / 16.0);
    assert!((correlation - (-1f64).exp()).abs() < 0.05, "{correlation}");
}

#[test]
fn reads_disturb_only_by_their_count() {
    let mut profile = CellProfile::shipped("rram-neurram-130nm").unwrap();
    profile.disturb = Some(Disturb { share_per_read: 1e-6 });
    let mut array = CellArray::new(profile, Place { seed: 2, core: 0 }, [2, 2, 0]).unwrap();
    array.write_all_open_loop(&[10.0; 4]).unwrap();
    let before = array.conductance(0, 0, 10).unwrap();
    array.count_reads(0, 400_000, 10).unwrap();
    array.count_reads(0, 600_000, 10).unwrap();
    let after = array.conductance(0, 0, 10).unwrap();
    let want = before + (40.0 - before) * (1.0 - (-1f64).exp());
    assert!((after - want).abs() < 1e-4, "{before} {after} {want}");
    array.write_open_loop(0, 0, 10.0).unwrap();
    assert!(array.conductance(0, 0, 10).unwrap() < 20.0, "a write ends the disturb");
}
