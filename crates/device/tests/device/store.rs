//! The weight store: what a core reads, learns and keeps over power-off.

use proptest::prelude::*;
use pumice_device::crossbar::{Adc, AdcRange, Levels, Mapping, Periphery, RowPeriphery, Sides, Wires};
use pumice_device::{CellProfile, CellStore, FRACTION_BITS, Fault, Layout, Learning, Method, Place, Site, WeightStore};

const LAYOUT: Layout = Layout {
    mapping: Mapping::Pair { sides: Sides::One },
    w_max: 127,
    method: Method::OpenLoop,
    learning: Learning::Direct,
    spare_rows: 0,
};

fn cells(profile: &str, layout: Layout, rows: u32, cols: u32) -> WeightStore {
    let profile = CellProfile::shipped(profile).unwrap();
    WeightStore::cells(profile, Place { seed: 3, core: 2 }, layout, rows, cols).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Ideal cells and static memory give back exactly what was written, under every mapping.
    #[test]
    fn ideal_cells_are_as_exact_as_sram(weights in prop::collection::vec(-127i32..=127, 12)) {
        let mut sram = WeightStore::sram(3, 4);
        sram.program(&weights).unwrap();
        for mapping in [
            Mapping::Pair { sides: Sides::One },
            Mapping::Pair { sides: Sides::Two },
            Mapping::Offset,
            Mapping::BitSliced { bits: 3, slices: 3 },
        ] {
            let mut store = cells("ideal", Layout { mapping, ..LAYOUT }, 3, 4);
            store.program(&weights).unwrap();
            for row in 0..3 {
                let (mut a, mut b) = (Vec::new(), Vec::new());
                sram.row(row, 77, true, &mut a).unwrap();
                store.row(row, 77, true, &mut b).unwrap();
                prop_assert_eq!(&a, &b);
                let mut whole = Vec::new();
                store.row_rounded(row, 77, true, &mut whole).unwrap();
                prop_assert_eq!(&whole, &weights[row * 4..row * 4 + 4]);
            }
        }
    }

    /// Adding rows spike by spike in any order gives the sums of one multiplication, bit for bit.
    #[test]
    fn rows_add_up_to_the_product(
        weights in prop::collection::vec(-127i32..=127, 8 * 5),
        x in prop::collection::vec(0i32..4, 8),
        noisy in any::<bool>(),
        at in any::<u32>(),
    ) {
        let mut store = cells("rram-neurram-130nm", LAYOUT, 8, 5);
        store.program(&weights).unwrap();
        let at_ns = u64::from(at) * 1_000;
        let product = store.multiply(&x, at_ns, noisy).unwrap();
        let mut sums = vec![0i64; 5];
        for (row, count) in x.iter().enumerate().rev() {
            for _ in 0..*count {
                let mut w = Vec::new();
                store.row(row, at_ns, noisy, &mut w).unwrap();
                sums.iter_mut().zip(w).for_each(|(sum, w)| *sum += w);
            }
        }
        prop_assert_eq!(product, sums);
    }
}

#[test]
fn power_off_forgets_sram_and_keeps_cells() {
    let weights: Vec<i32> = (0..20).map(|k| 6 * k - 60).collect();
    let mut sram = WeightStore::sram(4, 5);
    let verified = Layout { method: Method::Verify, ..LAYOUT };
    let mut store = cells("rram-neurram-130nm", verified, 4, 5);
    sram.program(&weights).unwrap();
    let programming = store.program(&weights).unwrap();
    assert!(programming.total.set_pulses > 20);
    let before = store.multiply(&[1; 4], 0, false).unwrap();
    sram.power_cycle();
    store.power_cycle();
    assert_eq!(sram.multiply(&[1; 4], 0, false).unwrap(), [0; 5]);
    let kept = store.as_cells().unwrap();
    let loaded = CellStore::from_state(kept.array().profile().clone(), verified, kept.state()).unwrap();
    let mut loaded = WeightStore::Cells(Box::new(loaded));
    assert_eq!(loaded.multiply(&[1; 4], 0, false).unwrap(), before);
    loaded.age(86_400_000_000_000, pumice_device::REFERENCE_MK).unwrap();
    let day = loaded.multiply(&[1; 4], 86_400_000_000_000, false).unwrap();
    assert_ne!(day, before, "the cells relaxed while the power was off");
    loaded.as_cells_mut().unwrap().refresh().unwrap();
    let fresh = loaded.multiply(&[1; 4], 86_400_000_000_000, false).unwrap();
    let error = |sums: &[i64]| -> f64 {
        let exact = |col: usize| (0..4).map(|row| weights[row * 5 + col]).sum::<i32>();
        let lsb = f64::from(1 << FRACTION_BITS);
        sums.iter().enumerate().map(|(c, s)| (*s as f64 / lsb - f64::from(exact(c))).abs()).sum()
    };
    assert!(error(&fresh) < error(&day), "a refresh helps: {} {}", error(&fresh), error(&day));
}

/// Writing the cells at every change burns cycles; an accumulator of threshold 16 saves most of them.
#[test]
fn an_accumulator_spares_the_cells() {
    let mut cycles = Vec::new();
    for learning in [Learning::Direct, Learning::Accumulate { threshold: 16 }] {
        let layout = Layout { method: Method::Verify, learning, ..LAYOUT };
        let mut store = cells("rram-neurram-130nm", layout, 1, 1);
        store.program(&[0]).unwrap();
        for step in 0..600 {
            store.learn(0, 0, if step / 100 % 2 == 0 { 1 } else { -1 }).unwrap();
        }
        let array = store.as_cells().unwrap().array();
        cycles.push(array.cell(0, 0).unwrap().cycles);
        assert!(store.ledger().pulse_energy_aj > 0);
    }
    assert!(cycles[0] > 3 * cycles[1] && cycles[1] > 0, "{cycles:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Without wires and converters the analog product is the digital one; wires lose, converters round.
    #[test]
    fn analog_products_are_digital_ones_with_known_losses(
        weights in prop::collection::vec(-127i32..=127, 6 * 3),
        x in prop::collection::vec(-1.0f64..1.0, 6),
        sliced in any::<bool>(),
    ) {
        let mapping = if sliced { Mapping::BitSliced { bits: 4, slices: 2 } } else { Mapping::Offset };
        let mut store = cells("ideal", Layout { mapping, ..LAYOUT }, 6, 3);
        store.program(&weights).unwrap();
        let store = store.as_cells().unwrap();
        let exact: Vec<f64> = (0..3)
            .map(|c| (0..6).map(|r| x[r] * f64::from(weights[r * 3 + c])).sum())
            .collect();
        let product = |periphery| store.analog(0, false, periphery).unwrap().multiply(&x).unwrap();
        let plain = product(Periphery::default());
        let range = AdcRange::Calibrated { min: -6.0, max: 6.0 };
        let adc = Adc::new(10, Levels::SignMagnitude, range, 6).unwrap();
        let coarse = product(Periphery { adc: Some(adc), ..Periphery::default() });
        // Half a step of each digit, in weight units: pairs have the weight of their digits, an offset cell twice.
        let half = adc.step() / 2.0 * if sliced { 15.0 * 17.0 } else { 2.0 * 127.0 };
        let tiny = Wires { word_ohm: 1e-6, bit_ohm: 1e-6 };
        let wired = product(Periphery { wires: Some(tiny), ..Periphery::default() });
        for c in 0..3 {
            prop_assert!((plain[c] - exact[c]).abs() < 1e-9);
            prop_assert!((coarse[c] - exact[c]).abs() <= half + 1e-9, "{} {} {}", coarse[c], exact[c], half);
            prop_assert!((wired[c] - exact[c]).abs() < 1e-3);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Rows read one at a time: without surroundings they are the rows of the store; the converter errs by half a step,
    /// wires only lose, noise is a function of the step alone.
    #[test]
    fn reads_of_single_rows_have_known_losses(
        weights in prop::collection::vec(-15i32..=15, 5 * 4), offset in any::<bool>(), step in any::<u32>(), at in any::<u32>(),
    ) {
        let mapping = if offset { Mapping::Offset } else { Mapping::Pair { sides: Sides::One } };
        let mut store = cells("rram-neurram-130nm", Layout { mapping, w_max: 15, ..LAYOUT }, 5, 4);
        store.program(&weights).unwrap();
        let at_ns = u64::from(at) * 1_000_000;
        let cells = store.as_cells().unwrap();
        let reads = |around: RowPeriphery| cells.reads(at_ns, &around).unwrap();
        let exact = reads(RowPeriphery::default());
        let coarse = reads(RowPeriphery { adc_bits: Some(6), ..RowPeriphery::default() });
        let wired = reads(RowPeriphery { wires: Some(Wires { word_ohm: 30.0, bit_ohm: 30.0 }), ..RowPeriphery::default() });
        let noisy = reads(RowPeriphery { read_noise: true, ..RowPeriphery::default() });
        let again = reads(RowPeriphery { read_noise: true, ..RowPeriphery::default() });
        let lsb = f64::from(1 << FRACTION_BITS);
        let half = 15.0 / 31.0 / 2.0 * lsb + 1.0;
        let mut moved = 0;
        for row in 0..5 {
            let mut own = Vec::new();
            store.row(row, at_ns, false, &mut own).unwrap();
            for (col, w) in own.iter().enumerate() {
                prop_assert_eq!(exact.weight(row, col), *w);
                let full = (15.0 * lsb) as i64;
                let clipped = (*w).clamp(-full, full);
                let error = (coarse.weight(row, col) - clipped).abs();
                prop_assert!(error as f64 <= half, "{} {}", coarse.weight(row, col), w);
                prop_assert!((wired.weight(row, col) - w).abs() as f64 <= 0.1 * 15.0 * lsb);
                let seen = noisy.noisy_weight(row, col, u64::from(step));
                prop_assert_eq!(seen, again.noisy_weight(row, col, u64::from(step)));
                prop_assert_eq!(noisy.weight(row, col), *w);
                moved += u32::from(seen != *w);
            }
        }
        prop_assert!(moved >= 10, "reads are noisy: {}", moved);
    }
}

/// A larger share of stuck cells sticks the same cells and more, and they stay stuck when they are programmed again.
#[test]
fn stuck_cells_are_drawn_once_and_stay() {
    let stuck = |share| {
        let mut store = cells("ideal", LAYOUT, 30, 30);
        store.program(&[40; 900]).unwrap();
        let array = store.as_cells_mut().unwrap().array_mut();
        let n = array.stick(share, 0).unwrap();
        store.program(&[40; 900]).unwrap();
        let rows = store.rows(0, false).unwrap();
        (n, rows.iter().map(|w| *w != 40 << FRACTION_BITS).collect::<Vec<_>>())
    };
    let ((few, a), (many, b)) = (stuck(0.02), stuck(0.2));
    assert!((10..80).contains(&few) && (240..480).contains(&many), "{few} {many}");
    assert!(a.iter().zip(&b).all(|(a, b)| !*a || *b));
    assert!(a.iter().filter(|a| **a).count() >= 10);
    let mut store = cells("ideal", LAYOUT, 3, 3);
    assert!(store.as_cells_mut().unwrap().array_mut().stick(1.5, 0).is_err());
}

/// Programming moves rows with refused cells onto spare rows, the worst first, once and for all.
#[test]
fn programming_uses_spare_rows() {
    let layout = Layout { method: Method::Verify, spare_rows: 2, ..LAYOUT };
    let mut store = cells("rram-neurram-130nm", layout, 6, 4);
    let stick = |store: &mut WeightStore, row, cols: std::ops::Range<u32>| {
        let array = store.as_cells_mut().unwrap().array_mut();
        for col in cols {
            array.inject(Site::Cell { row, col: 2 * col }, Fault::StuckLow, 0).unwrap();
        }
    };
    stick(&mut store, 1, 0..1);
    stick(&mut store, 3, 0..3);
    stick(&mut store, 4, 0..2);
    let weights = vec![100; 24];
    let done = store.program(&weights).unwrap();
    assert_eq!((done.failed.as_slice(), done.cells), (&[(1, 0)][..], 48 + 2 * 8), "rows 3 and 4 lie on the spares");
    let state = |store: &WeightStore| store.as_cells().unwrap().array().state().clone();
    assert_eq!((state(&store).row_map, state(&store).spares_used), (vec![0, 1, 2, 6, 7, 5], 2));
    let ledger = store.ledger();
    assert_eq!((done.total.set_pulses, done.total.reset_pulses), (ledger.set_pulses, ledger.reset_pulses));
    for row in [3, 4] {
        let mut read = Vec::new();
        store.row_rounded(row, 0, false, &mut read).unwrap();
        assert!(read.iter().all(|w| (94..=106).contains(w)), "{read:?}");
    }
    store.program(&weights).unwrap();
    assert_eq!(state(&store).spares_used, 2, "nothing is left to move to");
}
