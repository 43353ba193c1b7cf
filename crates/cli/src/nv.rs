//! `pumice nv`: the file of non-volatile cells that `pumice run --nv` keeps.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use pumice::device::nv::{NvState, SavedStore, SeedForm, StoreDiff};
use pumice::device::{DeviceError, WeightStore};

use crate::error::CliError;
use crate::output::{emit, emit_json};

/// What to do with a file of cells.
#[derive(Debug, Subcommand)]
pub(crate) enum NvCommand {
    /// Show the arrays, their age and what was done to them
    Show {
        /// The file
        file: PathBuf,
    },
    /// Let time pass without power
    Age {
        /// The file
        file: PathBuf,
        /// How long, as `90d`, `12h` or `1y`
        #[arg(long = "for", value_name = "TIME", value_parser = duration_ns)]
        duration_ns: u64,
        /// At what temperature [°C]
        #[arg(long, default_value_t = 25.0, value_parser = celsius, allow_negative_numbers = true)]
        celsius: f64,
    },
    /// Program all cells again to the weights that they were programmed to (a refresh)
    Reprogram {
        /// The file
        file: PathBuf,
    },
    /// Show what changed from one file to another
    Diff {
        /// The first file
        first: PathBuf,
        /// The second file
        second: PathBuf,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print everything in the file as JSON, or its weights alone
    Export {
        /// The file
        file: PathBuf,
        /// Everything, or the weights in the three lists of `nv_memory.json`
        #[arg(long, value_enum, default_value = "full")]
        format: Format,
    },
    /// Write a file from the JSON that `export` printed; weights in the form of `nv_memory.json` are programmed into the cells
    /// of the file, which must exist
    Import {
        /// The JSON
        json: PathBuf,
        /// The file to write
        file: PathBuf,
    },
}

/// What `export` prints.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// Everything: what `import` takes
    Full,
    /// Neurons and weights as the program that Pumice grew from keeps them
    Seed,
}

/// A time with its unit, as whole nanoseconds; a year has 365 days.
pub(crate) fn duration_ns(text: &str) -> Result<u64, String> {
    let units = [("y", 31_536_000.0), ("d", 86_400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0)];
    let found = units.into_iter().find_map(|(unit, s)| Some((text.strip_suffix(unit)?.trim().parse::<f64>().ok()?, s)));
    match found.map(|(n, seconds)| n * seconds * 1e9) {
        Some(ns) if (0.0..9e18).contains(&ns) => Ok(ns as u64),
        _ => Err("allowed is a number with y, d, h, min or s, as 90d, of at most 285 years".into()),
    }
}

pub(crate) fn celsius(text: &str) -> Result<f64, String> {
    let allowed = || "allowed is -100 to 400 °C".to_owned();
    text.parse().ok().filter(|t| (-100.0..=400.0).contains(t)).ok_or_else(allowed)
}

pub(crate) fn millikelvin(celsius: f64) -> u32 {
    ((celsius + 273.15) * 1000.0).round() as u32
}

impl NvCommand {
    pub(crate) fn run(self) -> Result<(), CliError> {
        match self {
            NvCommand::Show { file } => emit(&text(&load(&file)?, &file)?),
            NvCommand::Age { file, duration_ns, celsius } => {
                change(&file, |store| store.age(duration_ns, millikelvin(celsius)))
            }
            NvCommand::Reprogram { file } => change(&file, |store| match store.as_cells_mut() {
                Some(cells) => cells.refresh().map(drop),
                None => Ok(()),
            }),
            NvCommand::Diff { first, second, json } => {
                let found = load(&first)?.diff(&load(&second)?).map_err(pumice::Error::from)?;
                if json { emit_json(&found) } else { emit(&found.iter().map(changes).collect::<String>()) }
            }
            NvCommand::Export { file, format } => {
                let state = load(&file)?;
                let json = match format {
                    Format::Full => state.to_json(),
                    Format::Seed => state.seed_form().map_err(pumice::Error::from)?.to_json(),
                };
                emit(&(json + "\n"))
            }
            NvCommand::Import { json, file } => {
                let read = |source| DeviceError::Io { act: "read", path: json.clone(), source };
                let text = std::fs::read_to_string(&json).map_err(read).map_err(pumice::Error::from)?;
                match SeedForm::from_json(&text) {
                    Some(_) if !file.exists() => Err(CliError::SeedForm { json, file }),
                    Some(form) => import(&form, &json, &file),
                    None => {
                        let state = NvState::from_json(&text).and_then(|state| {
                            state.stores.iter().try_for_each(|saved| saved.open().map(drop))?;
                            Ok(state)
                        });
                        save(&state.map_err(|source| CliError::NvJson { json, source })?, &file)
                    }
                }
            }
        }
    }
}

pub(crate) fn load(file: &Path) -> Result<NvState, CliError> {
    Ok(NvState::load(file).map_err(pumice::Error::from)?)
}

pub(crate) fn save(state: &NvState, file: &Path) -> Result<(), CliError> {
    Ok(state.save(file).map_err(pumice::Error::from)?)
}

/// Programs the cells of a file to the weights of three lists, and says what of the lists is not kept.
fn import(form: &SeedForm, json: &Path, file: &Path) -> Result<(), CliError> {
    let mut state = load(file)?;
    let taken = state.program(&form.synaptic_weights);
    let taken = taken.map_err(|source| CliError::SeedWeights { json: json.to_owned(), source })?;
    save(&state, file)?;
    emit(&text(&state, file)?)?;
    let weights = form.synaptic_weights.len();
    let (changed, clipped) = (taken.changed, taken.clipped);
    let mut note = format!("{weights} weights programmed, {changed} to other levels than before, {clipped} clipped\n");
    let voltages = form.analog_neurons.len() + form.digital_neurons.len();
    if voltages > 0 {
        note += &format!("{voltages} voltages of neurons are not kept: cells hold weights\n");
    }
    emit(&note)
}

/// Changes every array of a file, shows what came of it, and replaces the file, all or nothing.
fn change(file: &Path, of: impl Fn(&mut WeightStore) -> Result<(), DeviceError>) -> Result<(), CliError> {
    let mut state = load(file)?;
    for saved in &mut state.stores {
        let opened = saved.open().map_err(store_fault(file, saved.core))?;
        let mut store = WeightStore::Cells(Box::new(opened));
        of(&mut store).map_err(store_fault(file, saved.core))?;
        if let Some(cells) = store.as_cells() {
            *saved = SavedStore::new(saved.core, cells);
        }
    }
    save(&state, file)?;
    emit(&text(&state, file)?)
}

/// What is wrong with the array of a core in a file of cells.
fn store_fault(file: &Path, core: u32) -> impl FnOnce(DeviceError) -> CliError {
    move |source| CliError::NvStore { file: file.to_owned(), core, source }
}

fn text(state: &NvState, file: &Path) -> Result<String, CliError> {
    let mut text = format!("cells of {}\n", state.hardware);
    for saved in &state.stores {
        let cells = saved.open().map_err(store_fault(file, saved.core))?;
        let (array, ledger) = (cells.array(), cells.array().ledger());
        let (rows, cols) = array.shape();
        let most = array.state().cells.iter().map(|cell| cell.cycles).max().unwrap_or(0);
        text += &format!(
            "core {}: {rows} rows of {cols} cells, {}, {:.6} days old, {} faults\n  {} pulses, {} verify reads, {} cells refused, {} worn, at most {most} cycles, {:.3} µJ written, {:.3} µJ read\n",
            saved.core,
            array.profile().name,
            array.now_ns() as f64 * 1e-9 / 86_400.0,
            array.state().faults.len(),
            ledger.set_pulses + ledger.reset_pulses,
            ledger.verify_reads,
            ledger.failures,
            ledger.worn,
            (ledger.pulse_energy_aj + ledger.verify_energy_aj) as f64 * 1e-12,
            ledger.read_energy_aj as f64 * 1e-12,
        );
        if array.state().spares > 0 {
            text += &format!("  {} of {} spare rows used\n", array.state().spares_used, array.state().spares);
        }
    }
    Ok(text)
}

fn changes(d: &StoreDiff) -> String {
    if d.is_empty() {
        return format!("core {}: no difference\n", d.core);
    }
    format!(
        "core {}: {} of {} weights asked for differ, {:.6} days later\n  {} of {} cells differ, by {:.3} µS in the root mean square, {:.3} µS at most\n  {:+} pulses, cycles of the most used cell {} -> {}, faults {} -> {}\n",
        d.core,
        d.weights_differ,
        d.weights,
        d.age_s / 86_400.0,
        d.cells_differ,
        d.cells,
        d.rms_us,
        d.largest_us,
        d.pulses,
        d.most_cycles[0],
        d.most_cycles[1],
        d.faults[0],
        d.faults[1],
    )
}
