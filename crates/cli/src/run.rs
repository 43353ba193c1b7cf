//! `pumice run`: a model file on an emulated chip, and what it came to.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use pumice::chip::timing::TimingModel;
use pumice::engine::{Control, Recording};
use pumice::file::{Classify, ModelFile, Task};
use pumice::process::{Backend, RemoteProcess, RunConfig};
use pumice::profile::Profile;
use pumice::report::{Answers, Files, Power, ReadRecords, RunReport, Steps, clear, prepare, write_results, write_text};
use pumice::{Classification, Making, Simulation, classify};

use crate::error::CliError;
use crate::output::{emit, emit_json};
use crate::place::PlaceArgs;
use crate::{input, progress};

/// What to run, on what, and what to print.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The model file (TOML)
    pub(crate) model: PathBuf,
    /// Chip to emulate: the name of a profile or a path; else the model says
    #[arg(short, long)]
    profile: Option<String>,
    /// Price tables of the profile; else its main ones
    #[arg(long, value_name = "TABLES")]
    prices: Option<String>,
    /// Model of emulated time: a bound, the slowest core, congested links, or links and buffers
    #[arg(long, value_name = "MODEL", default_value = "simple", value_parser = timing_models())]
    timing: TimingModel,
    /// What computes all processes; else the model says
    #[arg(long, value_enum)]
    backend: Option<BackendChoice>,
    #[command(flatten)]
    place: PlaceArgs,
    /// Steps of the run, or of each sample; else the model says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
    /// Seed of all random draws; else the model says
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Worker threads; 0 lets the size of the network decide
    #[arg(short, long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1024))]
    workers: u16,
    /// Keep every worker on one processor (Linux)
    #[arg(long)]
    pin: bool,
    /// Keep the non-volatile cells of the chip in a file: they are programmed when it does not exist yet
    #[arg(long, value_name = "FILE")]
    nv: Option<PathBuf>,
    /// Write voltages of neurons and weights of cells into a file at the end, in the three lists of `nv_memory.json`
    #[arg(long, value_name = "FILE")]
    memory: Option<PathBuf>,
    /// Keep drawn synapses and routes in a file: it is written if it does not exist, and read if it does
    #[arg(long, value_name = "FILE", conflicts_with = "nv")]
    image: Option<PathBuf>,
    /// Classify only the first samples
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    samples: Option<u64>,
    /// Write result.json, spikes.npz, probes.npz, samples.npz, steps.npz, power.npz and power.svg into a folder
    #[arg(short, long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Print nothing but errors, and JSON if asked for
    #[arg(short, long)]
    quiet: bool,
    /// Do not run the floating-point twin for comparison
    #[arg(long)]
    no_float: bool,
}

/// Names of models of time.
pub(crate) fn timing_models() -> impl TypedValueParser<Value = TimingModel> {
    PossibleValuesParser::new(TimingModel::ALL.iter().map(|model| model.name())).try_map(|name| name.parse())
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum BackendChoice {
    /// Floating point, without a chip
    Float,
    /// The chip's arithmetic, without a chip
    Fixed,
    /// Cores of the emulated chip
    Chip,
}

impl From<BackendChoice> for Backend {
    fn from(choice: BackendChoice) -> Backend {
        match choice {
            BackendChoice::Float => Backend::Float,
            BackendChoice::Fixed => Backend::Fixed,
            BackendChoice::Chip => Backend::Chip,
        }
    }
}

/// A result before it is printed.
struct Outcome {
    report: RunReport,
    simulation: Simulation,
    recordings: Vec<Recording>,
    answers: Option<Answers>,
}

impl RunArgs {
    pub(crate) fn run(self) -> Result<(), CliError> {
        let (mut file, mut profile) =
            input::load(&self.model, self.profile.as_deref(), self.backend.map(Backend::from))?;
        // Asked for before the run, so that a wrong name costs nobody an hour.
        profile.prices(self.prices.as_deref())?;
        if let Some(folder) = &self.out {
            prepare(folder)?;
            input::record_spikes(&mut file.graph)?;
        }
        file.config = self.config(&file.config);
        let placement = self.place.apply(&mut profile, self.prices.as_deref(), &mut file)?;
        file.steps = self.steps.unwrap_or(file.steps);
        let mut outcome = match file.task.take() {
            Some(Task::Classify(task)) => self.classify(file, &profile, task)?,
            Some(_) => return Err(CliError::OtherTask { model: self.model }),
            None if self.samples.is_some() => return Err(CliError::NoTask { model: self.model }),
            None => self.plain(file, &profile)?,
        };
        outcome.report.placement = placement;
        if let Some(path) = &self.nv {
            crate::nv::save(&outcome.simulation.memory()?.nv(), path)?;
        }
        self.write_memory(&outcome.simulation)?;
        let written = match &self.out {
            Some(folder) => write(folder, &outcome)?,
            None => Vec::new(),
        };
        if self.json {
            return emit_json(&outcome.report);
        }
        if self.quiet {
            return Ok(());
        }
        emit(&outcome.report.text())?;
        if written.is_empty() { Ok(()) } else { emit(&format!("\n{:<18}{}\n", "results", names(&written))) }
    }

    fn config(&self, own: &RunConfig) -> RunConfig {
        let config = own.clone().seed(self.seed.unwrap_or(own.seed));
        config.workers(usize::from(self.workers)).pinned(self.pin)
    }

    fn bar(&self, length: u64, what: &'static str) -> indicatif::ProgressBar {
        progress::bar(!(self.quiet || self.json), length, what)
    }

    fn simulation(&self, file: ModelFile, profile: &Profile) -> Result<Simulation, CliError> {
        let kept = self.nv.as_ref().filter(|path| path.exists());
        let saved = kept.map(|path| crate::nv::load(path)).transpose()?;
        let mut simulation = progress::build(!(self.quiet || self.json), |progress| {
            let making = Making { saved: saved.as_ref(), image: self.image.as_deref(), progress: Some(progress) };
            Simulation::make(file.graph, profile, &file.config, &making)
        })?;
        if let Some(path) = &self.nv {
            // Before the run, so that neither a chip without cells nor a file that cannot be written costs anybody an hour.
            crate::nv::save(&simulation.memory()?.nv(), path)?;
        }
        self.write_memory(&simulation)?;
        simulation.set_timing(self.timing);
        simulation.set_step_counts(self.out.is_some());
        if let Some(prices) = &self.prices {
            simulation.set_prices(prices)?;
        }
        Ok(simulation)
    }

    fn write_memory(&self, simulation: &Simulation) -> Result<(), CliError> {
        let Some(path) = &self.memory else { return Ok(()) };
        let form = simulation.seed_form()?;
        write_text(path, &(form.to_json() + "\n")).map_err(pumice::Error::from)?;
        Ok(())
    }

    fn plain(&self, file: ModelFile, profile: &Profile) -> Result<Outcome, CliError> {
        let (name, steps) = (file.name.clone(), file.steps);
        let mut simulation = self.simulation(file, profile)?;
        let (bar, control, start) = (self.bar(steps, "steps"), Control::default(), Instant::now());
        progress::watch(&bar, &control, || Ok::<_, CliError>(simulation.run_with(Some(steps), &control)?))?;
        let report = simulation.report(&name, start.elapsed())?;
        let recordings = simulation.recordings().to_vec();
        Ok(Outcome { report, simulation, recordings, answers: None })
    }

    fn classify(&self, file: ModelFile, profile: &Profile, mut task: Classify) -> Result<Outcome, CliError> {
        crate::input::first_samples(&mut task, self.samples)?;
        task.steps = file.steps;
        let (name, config) = (file.name.clone(), file.config.clone());
        let float = config.backend == Backend::Float;
        let mut simulation = self.simulation(file, profile)?;
        let start = Instant::now();
        let what = if float { "floating point" } else { "fixed point" };
        let own = self.samples_on(&mut simulation, &task, what)?;
        let wall = start.elapsed();
        let mut answers = Answers { labels: task.labels.clone(), ..Answers::default() };
        answers.time_ps = own.samples.iter().filter_map(|s| s.time_ps).collect();
        match float {
            true => answers.float = Some(own.answers()),
            false => answers.fixed = Some(own.answers()),
        }
        if !(float || self.no_float) {
            let start = Instant::now();
            answers.float = Some(self.twin(profile, &config, &task)?.answers());
            answers.float_wall = Some(start.elapsed());
        }
        let report = own.report(&name, &simulation, &answers, wall)?;
        Ok(Outcome { report, simulation, recordings: own.recordings, answers: Some(answers) })
    }

    /// The same task on the same network in floating point.
    fn twin(&self, profile: &Profile, config: &RunConfig, task: &Classify) -> Result<Classification, CliError> {
        let file = ModelFile::load_on(&self.model, Some(Backend::Float))?;
        let mut simulation = Simulation::new(file.graph, profile, &file.config.seed(config.seed))?;
        self.samples_on(&mut simulation, task, "floating point")
    }

    fn samples_on(
        &self,
        simulation: &mut Simulation,
        task: &Classify,
        what: &'static str,
    ) -> Result<Classification, CliError> {
        let bar = self.bar(task.samples.len() as u64, what);
        let result = classify(simulation, &task.into(), |done| bar.set_position(done as u64));
        bar.finish_and_clear();
        Ok(result?)
    }
}

fn write(folder: &Path, outcome: &Outcome) -> Result<Vec<PathBuf>, CliError> {
    let (recordings, answers) = (&outcome.recordings, outcome.answers.as_ref());
    let kept = |(path, own): &(String, RemoteProcess)| {
        Some(ReadRecords { path: path.clone(), shape: own.shape.clone(), rows: own.data()? })
    };
    let reads: Vec<_> = outcome.simulation.remotes().iter().filter_map(kept).collect();
    let files = Files { image: outcome.simulation.image(), recordings, answers, reads: &reads };
    let samples = answers.map(|all| all.labels.len() as u64);
    let steps = Steps::new(outcome.simulation.step_times(), samples, &outcome.simulation.image().chip);
    // The folder was tried before the run: what fails now is the run, not the input.
    clear(folder).map_err(pumice::Error::from)?;
    let mut written = Vec::new();
    if !steps.times.is_empty() {
        written.extend(steps.write(folder).map_err(pumice::Error::from)?);
        let power = Power { samples, ..outcome.simulation.power()? };
        written.extend(power.write(folder).map_err(pumice::Error::from)?);
    }
    written.extend(write_results(folder, &outcome.report, &files).map_err(pumice::Error::from)?);
    Ok(written)
}

fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
