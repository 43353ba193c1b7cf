//! `pumice quantise`: a network of real numbers in as few bits as a budget allows.

use std::path::PathBuf;

use clap::Args;
use pumice::process::Backend;
use pumice::report::prepare;
use pumice_fidelity::Document;
use pumice_fidelity::quantise::{Limits, quantise};

use crate::error::CliError;
use crate::output::{emit, emit_json};
use crate::{input, progress};

/// What to quantise, and what must be kept.
#[derive(Debug, Args)]
pub(crate) struct QuantiseArgs {
    /// The model file (TOML)
    pub(crate) model: PathBuf,
    /// Chip to quantise for: the name of a profile or a path; else the model says
    #[arg(short, long)]
    profile: Option<String>,
    /// Least part of the samples answered as in floating point, 0 to 1
    #[arg(long, value_name = "PART", default_value_t = 0.99, value_parser = part)]
    agreement: f64,
    /// Least part of all spikes within 2 steps of floating point, 0 to 1
    #[arg(long, value_name = "PART", default_value_t = 0.9, value_parser = part)]
    spikes: f64,
    /// Most that the accuracy may lose, 0 to 1
    #[arg(long, value_name = "PART", default_value_t = 0.01, value_parser = part)]
    budget: f64,
    /// Only the first samples of a task
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    samples: Option<u64>,
    /// Write the quantised MODEL.toml and its arrays into a folder
    #[arg(short, long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

fn part(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if (0.0..=1.0).contains(&x) => Ok(x),
        _ => Err("allowed is a number from 0 to 1".to_owned()),
    }
}

impl QuantiseArgs {
    pub(crate) fn run(self) -> Result<(), CliError> {
        let (file, profile) = input::load(&self.model, self.profile.as_deref(), Some(Backend::Float))?;
        if let Some(folder) = &self.out {
            prepare(folder)?;
        }
        let document = Document::load_in_reals(&self.model)?.on(&file.profile);
        let limits = Limits { agreement: self.agreement, matched: self.spikes, accuracy_loss: self.budget };
        let samples = self.samples.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        let bar = progress::bar(!self.json, 0, "runs");
        let done = quantise(&document, &profile, samples, limits, || bar.inc(1));
        bar.finish_and_clear();
        let (quantised, file) = done?;
        if self.json {
            emit_json(&quantised)?;
        } else {
            emit(&quantised.text())?;
        }
        let Some(folder) = &self.out else { return Ok(()) };
        let about = format!("{}, quantised for {} by `pumice quantise`.", quantised.model, quantised.profile);
        let written = file.save(folder, &about)?;
        if self.json {
            return Ok(());
        }
        let names: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
        emit(&format!("  written           {}\n", names.join(", ")))
    }
}
