//! Shows what weights in RRAM cells outlive: the digits chip after power-off, a month, a hot year, broken cells and a refresh.
//!
//! ```text
//! cargo run --release --example digits_rram           # the first 60 held-out images at every stage
//! cargo run --release --example digits_rram -- 360    # all of them, a few seconds
//! ```
//!
//! Every stage starts from the same file of cells, as they were after they had been programmed once and asked for all images. The
//! network is that of `examples/digits`; the chip is `hw-profiles/hybrid-rram.toml`, whose numbers have their sources beside them. Read
//! noise is new in every step of a life, so a few answers change even when the cells do not. Only dynamic energy is shown.

use std::path::Path;

use pumice::device::nv::NvState;
use pumice::file::{Classify, ModelFile, Task};
use pumice::prelude::*;
use pumice::report::text::counted;
use pumice::{Memory, classify};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const DAY_NS: u64 = 86_400_000_000_000;
const ROOM_MK: u32 = 298_150;
const HOT_MK: u32 = 328_150;

/// A chip that was asked for all images.
struct Asked {
    simulation: Simulation,
    accuracy: f64,
    answers: Vec<usize>,
    /// Dynamic energy per image `[J]`.
    energy_j: f64,
}

/// Powers a chip on, with cells that were saved or fresh ones; with it all images.
fn power_on(chip: &str, saved: Option<&NvState>) -> Outcome<(Simulation, Classify)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/digits/digits.toml");
    let file = ModelFile::load(&path)?;
    let Some(Task::Classify(task)) = file.task else { return Err("digits.toml has no images".into()) };
    Ok((Simulation::with_nv(file.graph, &Profile::load(chip)?, &file.config, saved)?, task))
}

/// Powers a chip on and asks it for the first images.
fn ask(chip: &str, saved: Option<&NvState>, images: usize) -> Outcome<Asked> {
    let (mut simulation, mut task) = power_on(chip, saved)?;
    task.samples.truncate(images);
    task.labels.truncate(images);
    let found = classify(&mut simulation, &(&task).into(), |_| {})?;
    let energy_j = simulation.bill_of(&found.counts, &found.usage)?.dynamic_j / found.samples.len() as f64;
    Ok(Asked { simulation, accuracy: found.accuracy(), answers: found.answers(), energy_j })
}

/// Energy of programming in a life of cells `[J]`, by V²Gt of the cells hit.
fn programming_j(memory: &Memory) -> f64 {
    let ledger = memory.cells().ledger();
    (ledger.pulse_energy_aj + ledger.verify_energy_aj) as f64 * 1e-18
}

/// What happens to the cells while the chip is off.
type Fate = fn(&mut Memory) -> Result<(), pumice::Error>;

const FATES: [(&str, Fate); 5] = [
    ("power off and on", |_| Ok(())),
    ("a month at 25 °C", |cells| cells.age(30 * DAY_NS, ROOM_MK)),
    ("a year at 55 °C", |cells| cells.age(365 * DAY_NS, HOT_MK)),
    ("1 % of cells stuck", |cells| cells.stick(0.01).map(drop)),
    ("that year, refreshed", |cells| {
        cells.age(365 * DAY_NS, HOT_MK)?;
        cells.program().map(drop)
    }),
];

fn main() -> Outcome<()> {
    let asked = std::env::args().nth(1).map_or(Some(60), |n| n.parse().ok());
    let images = asked.filter(|n| (1..=360).contains(n)).ok_or("allowed is a number of images from 1 to 360")?;
    let digital = ask("loihi1", None, images)?;
    let fresh = ask("hybrid-rram", None, images)?;
    let first = fresh.simulation.memory()?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("digits.nv");
    first.nv().save(&file)?;

    let arrays = counted(first.cells().stores().count() as u64, "array");
    println!("{images} images, {} weights in {arrays}", first.cells().weights());
    println!("{:<22}{:>10}{:>10}{:>16}{:>16}", "", "accuracy", "as fresh", "programming", "per image");
    let row = |name: &str, asked: &Asked, programmed_j: f64| {
        let same = asked.answers.iter().zip(&fresh.answers).filter(|(a, b)| a == b).count();
        println!(
            "{name:<22}{:>8.2} %{:>8.2} %{:>13.3} µJ{:>13.3} µJ",
            100.0 * asked.accuracy,
            100.0 * same as f64 / images as f64,
            programmed_j * 1e6,
            asked.energy_j * 1e6,
        );
    };
    row("digital, loihi1", &digital, 0.0);
    row("fresh", &fresh, programming_j(&first));
    for (name, fate) in FATES {
        let kept = NvState::load(&file)?;
        let mut cells = power_on("hybrid-rram", Some(&kept))?.0.memory()?;
        fate(&mut cells)?;
        let asked = ask("hybrid-rram", Some(&cells.nv()), images)?;
        row(name, &asked, programming_j(&cells) - programming_j(&first));
    }
    Ok(())
}
