//! `pumice check`: whether any register can overflow, and for which input.

use std::path::PathBuf;

use clap::Args;
use pumice_fidelity::Document;
use pumice_fidelity::interval::{Verdict, check};

use crate::error::CliError;
use crate::input;
use crate::output::{emit, emit_json};

/// What to check, on what.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The model file (TOML)
    pub(crate) model: PathBuf,
    /// Chip to check for: the name of a profile or a path; else the model says
    #[arg(short, long)]
    profile: Option<String>,
    /// Steps for which it must hold, or those of a sample; else the model says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
    /// Write the model with the input that overflows into a file
    #[arg(short, long, value_name = "MODEL.toml")]
    out: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl CheckArgs {
    pub(crate) fn run(self) -> Result<(), CliError> {
        let (file, profile) = input::load(&self.model, self.profile.as_deref(), None)?;
        input::in_integers(&self.model, &file)?;
        let document = Document::load(&self.model)?.with_steps(self.steps.unwrap_or(file.steps));
        let found = check(&document, &profile)?;
        if self.json {
            emit_json(&found)?;
        } else {
            emit(&found.text())?;
        }
        let Verdict::Overflows { spikes, .. } = &found.verdict else { return Ok(()) };
        if let Some(path) = &self.out {
            document.playing(spikes)?.on(&file.profile).write(path)?;
        }
        Err(CliError::Overflows { model: self.model, written: self.out })
    }
}
