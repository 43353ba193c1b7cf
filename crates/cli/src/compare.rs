//! `pumice compare`: float and fixed side by side, and what went wrong first.

use std::path::PathBuf;

use clap::Args;
use pumice::report::{prepare, write_text};
use pumice_fidelity::Document;
use pumice_fidelity::compare::{Options, compare};
use pumice_fidelity::figure::draw;

use crate::error::CliError;
use crate::input;
use crate::output::{emit, emit_json};

/// What to compare, on what, and what to print.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// The model file (TOML)
    pub(crate) model: PathBuf,
    /// Chip to emulate: the name of a profile or a path; else the model says
    #[arg(short, long)]
    profile: Option<String>,
    /// Steps of the run, or of each sample; else the model says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
    /// Seed of all random draws; else the model says
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Only the first samples of a task
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    samples: Option<u64>,
    /// Lag within which two spikes belong together, in steps
    #[arg(long, value_name = "STEPS", default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    window: u32,
    /// Do not try which knob the difference hangs on
    #[arg(long)]
    no_knobs: bool,
    /// Draw rasters, traces, errors and rates into a folder, as SVG and PNG, beside compare.json
    #[arg(short, long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print the comparison as JSON
    #[arg(long)]
    json: bool,
}

impl CompareArgs {
    pub(crate) fn run(self) -> Result<(), CliError> {
        let (file, profile) = input::load(&self.model, self.profile.as_deref(), None)?;
        input::in_integers(&self.model, &file)?;
        if let Some(folder) = &self.out {
            prepare(folder)?;
        }
        let document = Document::load(&self.model)?.with_steps(self.steps.unwrap_or(file.steps));
        let mut options = Options::new(&profile);
        options.seed = self.seed;
        options.samples = self.samples.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        options.window = f64::from(self.window);
        options.knobs = !self.no_knobs;
        let comparison = compare(&document, &options)?;
        let files = match &self.out {
            Some(folder) => {
                let files = draw(&comparison, folder)?;
                let json = serde_json::to_string_pretty(&comparison).map_err(std::io::Error::from)?;
                write_text(&folder.join("compare.json"), &(json + "\n"))?;
                files
            }
            None => Vec::new(),
        };
        if self.json {
            return emit_json(&comparison);
        }
        emit(&comparison.text())?;
        match &self.out {
            Some(folder) => {
                emit(&format!("\n{} figures and compare.json written into {}\n", files.len() / 2, folder.display()))
            }
            None => Ok(()),
        }
    }
}
