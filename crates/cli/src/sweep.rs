//! `pumice sweep`: accuracy and energy against bits.

use std::path::PathBuf;

use clap::Args;
use pumice::report::text::{count, counted, percent, si};
use pumice::report::{prepare, write_text};
use pumice_fidelity::Document;
use pumice_fidelity::figure::draw_sweep;
use pumice_fidelity::sweep::{Point, SweepOptions, csv, grid, sweep};

use crate::error::CliError;
use crate::output::{emit, emit_json};
use crate::{input, progress};

/// What to vary, and where results go.
#[derive(Debug, Args)]
pub(crate) struct SweepArgs {
    /// The model file (TOML)
    pub(crate) model: PathBuf,
    /// Chip to emulate: the name of a profile or a path; else the model says
    #[arg(short, long)]
    profile: Option<String>,
    /// Bits per weight, as 2..8, 2..=8 or 2,4,8; both ends count
    #[arg(long, value_name = "BITS", value_parser = |text: &str| range(text, 8))]
    weight_bits: Option<Bits>,
    /// Bits of the decays, 1 to 12
    #[arg(long, value_name = "BITS", value_parser = |text: &str| range(text, 12))]
    decay_bits: Option<Bits>,
    /// Significant bits of the thresholds, 1 to 17
    #[arg(long, value_name = "BITS", value_parser = |text: &str| range(text, 17))]
    threshold_bits: Option<Bits>,
    /// Steps of the run, or of each sample; else the model says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
    /// Only the first samples of a task
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    samples: Option<u64>,
    /// Points at a time; 0 takes as many as there are processors
    #[arg(short, long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1024))]
    workers: u16,
    /// Write sweep.csv and figures into a folder
    #[arg(short, long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print the points as JSON
    #[arg(long)]
    json: bool,
}

/// Numbers of bits.
#[derive(Clone, Debug)]
pub(crate) struct Bits(Vec<u32>);

/// `a..b`, `a..=b` or a list, within `1..=most`; both ends of a range count.
fn range(text: &str, most: u32) -> Result<Bits, String> {
    let number = |text: &str| match text.trim().parse::<u32>() {
        Ok(n) if (1..=most).contains(&n) => Ok(n),
        _ => Err(format!("allowed is 1 to {most}, as 2..{most} or 2,4,{most}")),
    };
    let all = match text.split_once("..") {
        Some((low, high)) => {
            let (low, high) = (number(low)?, number(high.trim_start_matches('='))?);
            (low.min(high)..=low.max(high)).collect()
        }
        None => text.split(',').map(number).collect::<Result<_, _>>()?,
    };
    Ok(Bits(all))
}

impl SweepArgs {
    pub(crate) fn run(self) -> Result<(), CliError> {
        let (file, profile) = input::load(&self.model, self.profile.as_deref(), None)?;
        if let Some(folder) = &self.out {
            prepare(folder)?;
        }
        let document = Document::load(&self.model)?.with_steps(self.steps.unwrap_or(file.steps));
        let bits = |all: &Option<Bits>| all.as_ref().map(|bits| bits.0.clone()).unwrap_or_default();
        let formats = grid(&bits(&self.weight_bits), &bits(&self.decay_bits), &bits(&self.threshold_bits));
        let options = SweepOptions {
            profile,
            samples: self.samples.map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
            threads: usize::from(self.workers),
        };
        let bar = progress::bar(!self.json, formats.len() as u64, "formats");
        let points = sweep(&document, &options, &formats, || bar.inc(1));
        bar.finish_and_clear();
        let points = points?;
        let mut written = String::new();
        if let Some(folder) = &self.out {
            write_text(&folder.join("sweep.csv"), &csv(&points))?;
            let figures = draw_sweep(&points, folder)?.len() / 2;
            written =
                format!("\n{} and sweep.csv written into {}\n", counted(figures as u64, "figure"), folder.display());
        }
        if self.json { emit_json(&points) } else { emit(&(text(&points) + &written)) }
    }
}

fn text(points: &[Point]) -> String {
    let mut text = format!(
        "{:>7}{:>7}{:>10}{:>11}{:>11}{:>11}{:>12}{:>12}{:>14}\n",
        "weight", "decay", "threshold", "accuracy", "agreement", "matched", "distance", "energy", "weights [bit]"
    );
    let bits = |x: Option<u32>| x.map_or_else(|| "-".into(), |x| x.to_string());
    let part = |x: Option<f64>| x.map_or_else(|| "-".into(), percent);
    for p in points {
        text += &format!(
            "{:>7}{:>7}{:>10}{:>11}{:>11}{:>11}{:>12.3}{:>12}{:>14}{}\n",
            bits(p.format.weight_bits),
            bits(p.format.decay_bits),
            bits(p.format.threshold_bits),
            part(p.accuracy),
            part(p.agreement),
            percent(p.matched),
            p.distance,
            p.dynamic_j.map_or_else(|| "-".into(), |e| si(e, "J")),
            count(p.weight_memory_bits),
            if p.pareto { "  *" } else { "" }
        );
    }
    text + "* no other format is at least as good in quality, energy and memory and better in one of them\n"
}
