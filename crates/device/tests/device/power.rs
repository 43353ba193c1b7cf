//! The file that survives power-off: a cut at any byte leaves the old state or the new one, damage is
//! always seen, and files of earlier versions stay readable.

use std::io::{self, BufRead, BufReader, Lines, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

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
    /// Foreign bytes, and payloads that were changed and sealed again, give an error or a state that can be read, never a
    /// panic. `PROPTEST_CASES` says how many are tried.
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
            let _ = state.seed_form();
        }
    }
}

/// What no life of cells comes to is refused, though the file is whole.
#[test]
fn an_array_that_cannot_be_is_refused() {
    let refused = |change: fn(&mut pumice_device::ArrayState)| {
        let mut saved = state_of(&life(3, 1)).stores.remove(0);
        saved.open().unwrap();
        change(&mut saved.state.array);
        saved.open().unwrap_err().to_string()
    };
    let error = refused(|array| array.cells[0].verifies = u64::MAX);
    assert!(error.contains("count of a cell"), "{error}");
    let error = refused(|array| array.cells[1].value_us = f64::NAN);
    assert!(error.contains("conductance of a cell"), "{error}");
    let error = refused(|array| array.cells[0].written_ns = u64::MAX);
    assert!(error.contains("time of a write"), "{error}");
    let error = refused(|array| array.ledger.pulse_energy_aj = 1 << 62);
    assert!(error.contains("the ledger of the array is full: pulse_energy_aj"), "{error}");
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

/// Where the victim saves, and the file whose bytes it saves there.
const VICTIM: [&str; 2] = ["PUMICE_POWER_VICTIM", "PUMICE_POWER_STATE"];
/// What the victim says when it begins to save, and when it has saved.
const SAVING: &str = "the victim saves";
const SAVED: &str = "the victim has saved";
/// Bytes per write of the victim: small, so that a save is many writes.
const PART: usize = 512;

/// Not a test of its own: the process that the next tests kill. Saves once, says when, and waits for its end.
#[test]
fn victim() {
    let [Some(path), Some(state)] = VICTIM.map(|name| std::env::var_os(name).map(PathBuf::from)) else {
        return;
    };
    let bytes = std::fs::read(state).unwrap();
    let say = |words: &str| writeln!(io::stdout(), "\n{words}").and_then(|()| io::stdout().flush());
    replace_watched(&path, &bytes, PART, &mut |step| if step == Step::Begin { say(SAVING) } else { Ok(()) }).unwrap();
    say(SAVED).unwrap();
    std::thread::sleep(Duration::from_secs(600));
}

/// A victim that has just begun to save.
struct Victim {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Victim {
    fn start(path: &Path, state: &Path) -> Victim {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["power::victim", "--exact", "--nocapture"])
            .envs([(VICTIM[0], path), (VICTIM[1], state)])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut victim = Victim { process, lines };
        victim.hears(SAVING);
        victim
    }

    fn hears(&mut self, words: &str) {
        assert!(self.lines.any(|line| line.unwrap() == words), "the victim died before it could be killed");
    }

    /// SIGKILL.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// What was found after kills: how often the old state, the new one, and a temporary file beside either.
#[derive(Debug, Default)]
struct Found {
    old: u32,
    new: u32,
    temporary: u32,
}

/// Kills writers in the middle of a save: the moments are spread over one and a half times what a save takes.
fn kill_writers(kills: u32) -> Found {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("weights.nv");
    let states = [state_of(&life(8, 40)), state_of(&life(9, 60))];
    let files = ["one", "two"].map(|name| dir.path().join(name));
    states.iter().zip(&files).for_each(|(state, file)| std::fs::write(file, state.to_bytes()).unwrap());
    let whole = |file: &Path| {
        let mut victim = Victim::start(&path, file);
        let begun = Instant::now();
        victim.hears(SAVED);
        let took = begun.elapsed();
        victim.kill();
        took
    };
    let mut took = [0, 1, 0, 1, 0].map(|k: usize| whole(&files[k]));
    took.sort();
    let (mut holds, mut found) = (0, Found::default());
    for k in 0..kills {
        let victim = Victim::start(&path, &files[1 - holds]);
        // Multiples of the golden ratio fill the span evenly, however many there are.
        std::thread::sleep(took[2].mul_f64(1.5 * (f64::from(k) * 0.618_033_988_749_895).fract()));
        victim.kill();
        found.temporary += u32::from(dir.path().join("weights.nv.tmp").exists());
        let state = NvState::load(&path).unwrap();
        let which = states.iter().position(|own| *own == state).expect("the file holds one of the two states");
        found.old += u32::from(which == holds);
        found.new += u32::from(which != holds);
        holds = which;
    }
    found
}

/// A writer that is killed leaves the old state or the new one.
#[test]
fn a_killed_writer_leaves_old_or_new() {
    let found = kill_writers(12);
    assert_eq!(found.old + found.new, 12, "{found:?}");
}

/// The same, as often as `PUMICE_KILLS` says: `PUMICE_KILLS=10000 cargo test -p pumice-device writers_are_killed -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes"]
fn writers_are_killed_in_the_middle_of_a_save() {
    let kills = std::env::var("PUMICE_KILLS").map_or(1000, |n| n.parse().unwrap());
    let found = kill_writers(kills);
    println!("{kills} kills: {found:?}");
    assert!(
        found.old > 0 && found.new > 0 && found.temporary > 0,
        "kills hit before, in and after the save: {found:?}"
    );
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
