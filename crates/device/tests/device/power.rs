//! The file that survives power-off: a cut at any byte leaves the old state or the new one, damage is
//! always seen, and files of earlier versions stay readable.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use proptest::prelude::*;
use pumice_device::crossbar::{Mapping, Sides};
use pumice_device::nv::{NvState, SavedStore, Step, replace_watched};
use pumice_device::{
    CellProfile, DeviceError, Fault, Layout, Learning, Method, Place, REFERENCE_MK, Site, WeightStore,
};

const DAY_NS: u64 = 86_400_000_000_000;

/// A small chip with a life: programmed, aged hot and cold, read, one cell stuck.
fn life(seed: u64, cols: u32) -> WeightStore {
    let mut profile = CellProfile::shipped("rram-neurram-130nm").unwrap();
    profile.assumed = Some(pumice_device::Assumed { activation_energy_ev: 1.1 });
    let layout = Layout {
        mapping: Mapping::Pair { sides: Sides::One },
        w_max: 15,
        method: Method::Verify,
        learning: Learning::Accumulate { threshold: 2 },
        spare_rows: 1,
    };
    let place = Place { seed, core: 4 };
    let mut store = WeightStore::cells(profile, place, layout, 2, cols).unwrap();
    let weights: Vec<i32> = (0..2 * cols as i32).map(|k| 7 * k % 31 - 15).collect();
    store.program(&weights).unwrap();
    store.age(DAY_NS, 328_150).unwrap();
    store.count_reads(1, 1000, DAY_NS).unwrap();
    let cells = store.as_cells_mut().unwrap().array_mut();
    cells.inject(Site::Cell { row: 0, col: 1 }, Fault::Short(123.5), 5).unwrap();
    cells.inject(Site::BitLine { row: 0, col: 0 }, Fault::Open, 2 * DAY_NS).unwrap();
    store.age(30 * DAY_NS, REFERENCE_MK).unwrap();
    store
}

fn state_of(store: &WeightStore) -> NvState {
    NvState {
        hardware: "test-chip".to_owned(),
        fingerprint: 77,
        stores: vec![SavedStore::new(4, store.as_cells().unwrap())],
    }
}

/// Loading goes on with the same life, also when time passes before and after.
#[test]
fn a_loaded_store_goes_on_with_its_life() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("weights.nv");
    let mut store = life(1, 8);
    let state = state_of(&store);
    state.save(&path).unwrap();
    let loaded = NvState::load(&path).unwrap();
    assert_eq!(loaded, state);
    assert_eq!(NvState::from_json(&state.to_json()).unwrap(), state);
    let mut opened = WeightStore::Cells(Box::new(loaded.stores[0].open().unwrap()));
    for at in [0, DAY_NS, 31 * DAY_NS, 400 * DAY_NS] {
        let seen = store.multiply(&[1, 1], at, true).unwrap();
        assert_eq!(opened.multiply(&[1, 1], at, true).unwrap(), seen);
        assert!(seen.iter().any(|w| *w != 0));
    }
    for store in [&mut store, &mut opened] {
        store.age(7 * DAY_NS, 340_000).unwrap();
        store.as_cells_mut().unwrap().refresh().unwrap();
    }
    assert_eq!(opened.as_cells().unwrap().state(), store.as_cells().unwrap().state());
}

/// Every truncation and every single bit flip of a small file is seen.
#[test]
fn damage_is_always_seen() {
    let bytes = state_of(&life(2, 1)).to_bytes();
    for length in 0..bytes.len() {
        let error = NvState::from_bytes(&bytes[..length]).unwrap_err();
        assert!(matches!(error, DeviceError::Damaged(_)), "{length}: {error}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(NvState::from_bytes(&longer).is_err());
    let mut flipped = bytes.clone();
    for bit in 0..bytes.len() * 8 {
        flipped[bit / 8] ^= 1 << (bit % 8);
        let error = NvState::from_bytes(&flipped).unwrap_err();
        assert!(matches!(error, DeviceError::Damaged(_)), "{bit}: {error}");
        flipped[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!(flipped, bytes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Foreign bytes, and payloads that were changed and sealed again, give an error or a state, never a panic.
    #[test]
    fn foreign_bytes_never_panic(mut noise in prop::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), value in any::<u8>()) {
        prop_assert!(NvState::from_bytes(&noise).is_err());
        noise.splice(0..0, *b"PUMICENV");
        prop_assert!(NvState::from_bytes(&noise).is_err());
        let mut bytes = state_of(&life(3, 1)).to_bytes();
        let k = 28 + at.index(bytes.len() - 28);
        bytes[k] = value;
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&bytes[..24]);
        hasher.update(&bytes[28..]);
        bytes[24..28].copy_from_slice(&hasher.finalize().to_le_bytes());
        if let Ok(state) = NvState::from_bytes(&bytes) {
            for store in &state.stores {
                let _ = store.open();
            }
        }
    }
}

/// A cut at every step of a save leaves the old state or the new one, and the next save works.
#[test]
fn a_cut_at_any_step_leaves_old_or_new() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("weights.nv");
    let (old, new) = (state_of(&life(4, 1)), state_of(&life(5, 2)));
    let bytes = new.to_bytes();
    let mut steps = Vec::new();
    replace_watched(&path, &bytes, 16, &mut |step| {
        steps.push(step);
        Ok(())
    })
    .unwrap();
    assert!(steps.len() > 50 && steps.contains(&Step::Synced));
    for (cut, step) in steps.iter().enumerate() {
        old.save(&path).unwrap();
        let mut count = 0;
        let dead = catch_unwind(AssertUnwindSafe(|| {
            replace_watched(&path, &bytes, 16, &mut |_| {
                count += 1;
                // Unwinding leaves all files as they are, like a process that dies here.
                if count > cut { std::panic::resume_unwind(Box::new("power cut")) } else { Ok(()) }
            })
        }));
        assert!(dead.is_err());
        let found = NvState::load(&path).unwrap();
        let renamed = *step == Step::Renamed;
        assert_eq!(found, if renamed { new.clone() } else { old.clone() }, "cut at {step:?}");
    }
    new.save(&path).unwrap();
    assert_eq!(NvState::load(&path).unwrap(), new);
}

/// A full disk gives one sentence, keeps the old file and leaves no temporary file.
#[test]
fn a_full_disk_keeps_the_old_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("weights.nv");
    let (old, new) = (state_of(&life(6, 1)), state_of(&life(7, 1)));
    old.save(&path).unwrap();
    let error = replace_watched(&path, &new.to_bytes(), 64, &mut |step| match step {
        Step::Wrote(n) if n > 300 => Err(io::Error::from(io::ErrorKind::StorageFull)),
        _ => Ok(()),
    })
    .unwrap_err();
    assert!(error.to_string().starts_with("cannot write `"), "{error}");
    assert_eq!(NvState::load(&path).unwrap(), old);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    let nowhere = dir.path().join("missing").join("weights.nv");
    assert!(matches!(new.save(&nowhere).unwrap_err(), DeviceError::Io { .. }));
}

const VICTIM: &str = "PUMICE_POWER_VICTIM";

/// Not a test of its own: the process that the next test kills. Saves one of two states for ever.
#[test]
fn victim() {
    let Some(path) = std::env::var_os(VICTIM).map(PathBuf::from) else {
        return;
    };
    let states = [state_of(&life(8, 40)), state_of(&life(9, 60))];
    loop {
        for state in &states {
            state.save(&path).unwrap();
        }
    }
}

fn kill_during_save(path: &Path, after: Duration) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["power::victim", "--exact", "--nocapture"])
        .env(VICTIM, path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A writer that is killed (SIGKILL) leaves one of its two states. `PUMICE_KILLS` sets how often.
#[test]
fn a_killed_writer_leaves_old_or_new() {
    let kills = std::env::var("PUMICE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("weights.nv");
    let states = [state_of(&life(8, 40)), state_of(&life(9, 60))];
    states[0].save(&path).unwrap();
    let mut seen = [0; 2];
    for k in 0..kills {
        kill_during_save(&path, Duration::from_micros(20_000 + 397 * (k % 100)));
        let found = NvState::load(&path).unwrap();
        let which = states.iter().position(|state| *state == found);
        seen[which.expect("the file holds one of the two states")] += 1;
    }
    assert!(kills < 100 || seen.iter().all(|n| *n > 0), "the writer was alive: {seen:?}");
}

/// The file of this version stays readable, and shows the life it was saved with.
#[test]
fn the_file_of_version_one_is_still_read() {
    let bytes = include_bytes!("../fixtures/weights-v1.nv");
    let state = NvState::from_bytes(bytes).unwrap();
    assert_eq!(state.hardware, "test-chip");
    let store = WeightStore::Cells(Box::new(state.stores[0].open().unwrap()));
    // What it showed when it was written: how cells are programmed may change, what a programmed cell shows may not.
    assert_eq!(store.as_cells().unwrap().wanted(), [-15, -8, -1, 6, 13, -11]);
    assert_eq!(store.multiply(&[1, 2], 31 * DAY_NS, false).unwrap(), [-2_544_496, 965_081, -1_575_686]);
    assert_eq!(store.multiply(&[1, 2], 400 * DAY_NS, true).unwrap(), [-2_545_930, 951_800, -1_575_270]);
    let ledger = store.ledger();
    assert_eq!((ledger.set_pulses, ledger.reset_pulses, ledger.verify_reads), (65, 11, 110));
    assert_eq!((ledger.pulse_energy_aj, ledger.read_energy_aj), (4_257_468_216, 30_900_000));
}

/// Writes the fixture; run once per format version: `cargo test -p pumice-device write_fixture -- --ignored`.
#[test]
#[ignore = "writes the fixture of the present format version"]
fn write_fixture() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/weights-v1.nv");
    state_of(&life(10, 3)).save(&path).unwrap();
}
