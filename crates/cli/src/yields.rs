//! `pumice yield`: many chips of one kind, and what age, causes of error and refreshing do to their accuracy.

use std::path::PathBuf;

use clap::Args;
use pumice::file::Task;
use pumice::report::prepare;
use pumice::report::text::{count, percent, si};
use pumice_studies::yields::{AgeSummary, Paired, Yield, YieldPlan, YieldStudy, age_name, draw};

use crate::error::CliError;
use crate::nv::{celsius, duration_ns, millikelvin};
use crate::output::{emit, emit_json};
use crate::{input, progress};

/// Which chips, how old, and where results go.
#[derive(Debug, Args)]
pub(crate) struct YieldArgs {
    /// The model file (TOML), with a task of labelled samples
    pub(crate) model: PathBuf,
    /// Chip to emulate: the name of a profile or a path; else the model says
    #[arg(short, long)]
    profile: Option<String>,
    /// Number of chips
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    chips: u32,
    /// Ages at which chips are asked, as 1d,1y; fresh ones are asked too
    #[arg(long, value_name = "TIMES", default_value = "1d,1y", value_delimiter = ',', value_parser = duration_ns)]
    at: Vec<u64>,
    /// At what temperature they age [°C]
    #[arg(long, default_value_t = 25.0, value_parser = celsius, allow_negative_numbers = true)]
    celsius: f64,
    /// Accuracy of a good chip, 0 to 1; else a hundredth below that of the digital chip
    #[arg(long, value_name = "A", value_parser = share)]
    target: Option<f64>,
    /// Periods of refreshing to try, as 30d or 30d,90d
    #[arg(long, value_name = "TIMES", value_delimiter = ',', value_parser = period_ns)]
    refresh: Vec<u64>,
    /// Share of the cells that are stuck from the beginning, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    stuck: f64,
    /// Do not take causes of error away in turn
    #[arg(long)]
    no_causes: bool,
    /// Seed from which those of the chips are drawn; else the model says
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Only the first samples of the task
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    samples: Option<u64>,
    /// Chips at a time; 0 takes as many as there are processors
    #[arg(short, long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1024))]
    workers: u16,
    /// Write yield.csv, and a figure, into a folder
    #[arg(short, long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|x| (0.0..=1.0).contains(x)).ok_or_else(|| "allowed is 0 to 1".into())
}

fn period_ns(text: &str) -> Result<u64, String> {
    let shortest = 60_000_000_000;
    Some(duration_ns(text)?).filter(|ns| *ns >= shortest).ok_or_else(|| "allowed is 1min or more".into())
}

impl YieldArgs {
    pub(crate) fn run(self) -> Result<(), CliError> {
        let (mut file, profile) = input::load(&self.model, self.profile.as_deref(), None)?;
        let Some(Task::Classify(task)) = &mut file.task else { return Err(CliError::NoLabels { model: self.model }) };
        input::first_samples(task, self.samples)?;
        if let Some(folder) = &self.out {
            prepare(folder)?;
        }
        let plan = YieldPlan {
            chips: self.chips,
            seed: self.seed.unwrap_or(file.config.seed),
            ages_ns: self.at,
            temperature_mk: millikelvin(self.celsius),
            refreshes_ns: self.refresh,
            stuck: self.stuck,
            causes: !self.no_causes,
            target: self.target,
            threads: usize::from(self.workers),
        };
        let study = YieldStudy::new(&file, &profile, plan)?;
        let bar = progress::bar(!self.json, study.lives() as u64, "lives of chips");
        let found = study.run(|| bar.inc(1));
        bar.finish_and_clear();
        let found = found?;
        if let Some(folder) = &self.out {
            // The folder was tried before: what fails now is the run, not the input.
            draw(&found, folder).map_err(pumice::Error::from)?;
        }
        if self.json {
            return emit_json(&found);
        }
        let (chips, display) = (count(found.chips.into()), &profile.meta.display);
        emit(&format!("{} on {chips} chips, aged at {} °C: {display}\n", file.name, self.celsius))?;
        emit(&text(&found))
    }
}

fn text(found: &Yield) -> String {
    let fresh = &found.ages[0];
    let mut text = format!(
        "{} samples to each; the digital chip has {}, a good chip {} or more\nprogramming {} ({} to {}) of {} cells, {:.1} refused ({:.0} to {:.0})\n\n",
        count(found.samples),
        percent(found.digital),
        percent(found.target),
        si(fresh.programming_j.mean, "J"),
        si(fresh.programming_j.min, "J"),
        si(fresh.programming_j.max, "J"),
        count(found.cells),
        fresh.refused.mean,
        fresh.refused.min,
        fresh.refused.max,
    );
    text += &format!("{:<22}", "accuracy [%]");
    text += &["mean", "sd", "min", "25 %", "median", "75 %", "max"].map(|name| format!("{name:>8}")).concat();
    text += "      good\n";
    for age in &found.ages {
        let a = &age.accuracy;
        let numbers = [Some(a.mean), a.sd, Some(a.min), Some(a.q25), Some(a.median), Some(a.q75), Some(a.max)];
        text += &format!("{:<22}", name(age));
        text += &numbers.map(|x| x.map_or_else(|| format!("{:>8}", "-"), |x| format!("{:>8.2}", 100.0 * x))).concat();
        text += &format!("{:>10}\n", percent(age.share_at_target));
    }
    text + &losses(found) + &refreshed(found)
}

fn name(age: &AgeSummary) -> String {
    age_name((age.age_s * 1e9).round() as u64)
}

fn points(paired: &Paired) -> String {
    let error = paired.standard_error.map_or_else(|| "-".into(), |e| format!("{:.2}", 100.0 * e));
    format!("{:+.2} ± {error}", 100.0 * paired.mean)
}

fn losses(found: &Yield) -> String {
    if found.ages[0].losses.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{:<22}", "lost by [points]");
    text += &found.ages.iter().map(|age| format!("{:>16}", name(age))).collect::<String>();
    for (k, loss) in found.ages[0].losses.iter().enumerate() {
        text += &format!("\n{:<22}", loss.cause.name());
        text += &found.ages.iter().map(|age| format!("{:>16}", points(&age.losses[k].loss))).collect::<String>();
    }
    text += &format!("\n{:<22}", "all of them");
    let all = |age: &AgeSummary| format!("{:>16}", format!("{:+.2}", 100.0 * (found.digital - age.accuracy.mean)));
    text += &found.ages.iter().map(all).collect::<String>();
    let absent: Vec<&str> = found.absent.iter().map(|cause| cause.name()).collect();
    if !absent.is_empty() {
        text += &format!("\ncannot act in this model on this chip: {}", absent.join(", "));
    }
    text + "\na cause's loss: the same chips with the same draws but without it, mean ± standard error; causes overlap\n"
}

fn refreshed(found: &Yield) -> String {
    let mut text = String::new();
    for (k, first) in found.ages[0].refreshed.iter().enumerate() {
        let period = age_name((first.period_s * 1e9).round() as u64);
        text += &format!(
            "\n{:<22}{:>8}{:>10}{:>16}{:>14}{:>10}{:>13}\n",
            format!("refreshed every {period}"),
            "mean",
            "good",
            "gain [points]",
            "refreshing",
            "refused",
            "most cycles"
        );
        for age in &found.ages {
            let r = &age.refreshed[k];
            text += &format!(
                "{:<22}{:>8.2}{:>10}{:>16}{:>14}{:>10.1}{:>13}\n",
                name(age),
                100.0 * r.accuracy.mean,
                percent(r.share_at_target),
                points(&r.gain),
                si(r.refreshing_j, "J"),
                r.refused,
                count(r.most_cycles),
            );
        }
    }
    text
}
