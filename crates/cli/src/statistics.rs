//! `pumice statistics`: how the spikes of a network are distributed, against a reference of other simulators.

mod report;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use pumice::process::{Backend, ProbeId, Record, RunConfig};
use pumice::profile::Profile;
use pumice::report::write_text;
use pumice::{Making, RunSteps, Simulation};
use pumice_fidelity::statistics::{Method, Reference, Statistics};
use pumice_studies::network::{Network, build};

use crate::error::CliError;
use crate::output::{emit, emit_json};
use crate::progress;
use report::{Left, StatisticsReport};

/// What to run, for how long, and what to hold it against.
#[derive(Debug, Args)]
pub(crate) struct StatisticsArgs {
    /// The network, one of those that `pumice bench` lists
    network: String,
    /// Size against the full network
    #[arg(short, long, value_name = "S", default_value_t = 1.0)]
    scale: f64,
    /// Realisations of the network, with seeds that follow each other
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    realisations: u16,
    /// Seed of the first
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// What computes the network
    #[arg(long, value_enum, default_value = "chip")]
    backend: Computed,
    /// Model time that is run and forgotten first; else the reference says, or the network
    #[arg(long, value_name = "MS")]
    transient_ms: Option<f64>,
    /// Model time that is recorded; else the reference says, or the network
    #[arg(long, value_name = "MS")]
    length_ms: Option<f64>,
    /// Print the statistics of what was recorded so far each time so much model time has passed
    #[arg(long, value_name = "MS", conflicts_with = "json")]
    every_ms: Option<f64>,
    /// A reference to compare with (JSON)
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Write the distributions as a reference for other runs
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Chip: the name of a profile or a path
    #[arg(short, long, default_value = "unlimited")]
    profile: String,
    /// Worker threads; 0 lets the size of the network decide
    #[arg(short, long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1024))]
    workers: u16,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Computed {
    /// Cores of the emulated chip, in fixed point
    Chip,
    /// Floating point, without a chip
    Float,
}

/// Bins of spike counts where no reference says otherwise `[ms]`; Dasbach et al., 2021.
const BIN_MS: f64 = 2.0;

/// Neurons that are correlated where no reference says otherwise.
const NEURONS: usize = 250;

/// Steps between two looks at what was recorded.
const AT_ONCE: u64 = 5_000;

impl StatisticsArgs {
    pub(crate) fn run(self) -> Result<(), CliError> {
        let reference = self.against.as_deref().map(read).transpose()?;
        let profile = Profile::load(&self.profile)?;
        let mut names = Vec::new();
        let mut times = None;
        let (mut all, mut left) = (Vec::new(), Vec::new());
        for k in 0..u64::from(self.realisations) {
            let seed = self.seed.wrapping_add(k);
            let network = build(&self.network, self.scale, seed)?;
            let (transient, method) = *times.insert(self.method(&network, reference.as_ref())?);
            names = network.populations.iter().map(|p| p.name.clone()).collect::<Vec<String>>();
            self.check(reference.as_ref(), &names)?;
            let so_far = |method: &Method, own: Vec<Statistics>| {
                let own = [own];
                let told = self.told((transient, method), &names, &own);
                emit(&(StatisticsReport::new(&told, reference.as_ref(), &names, &own).text() + "\n"))
            };
            let (own, overflow) = self.realisation(network, &profile, seed, (transient, &method), so_far)?;
            all.push(own);
            left.extend(overflow);
        }
        let (transient, method) = times.expect("there is at least one realisation");
        let own = self.told((transient, &method), &names, &all);
        let report = StatisticsReport::new(&own, reference.as_ref(), &names, &all).with_overflow(left);
        // Before the file, so that one that cannot be written costs nobody an hour.
        if self.json { emit_json(&report) } else { emit(&report.text()) }?;
        let Some(path) = &self.out else { return Ok(()) };
        let text = serde_json::to_string(&own).map_err(std::io::Error::from)?;
        Ok(write_text(path, &(text + "\n"))?)
    }

    /// Realisations as a reference for others.
    fn told(&self, (transient, method): (u64, &Method), names: &[String], all: &[Vec<Statistics>]) -> Reference {
        let transient_ms = transient as f64 * method.step_ms;
        let source = format!("pumice {}, {:?}, seeds from {}", env!("CARGO_PKG_VERSION"), self.backend, self.seed);
        Reference::of((&self.network, self.scale, &source), (transient_ms, method), names, all)
    }

    /// Refuses a reference of other populations before anything is run.
    fn check(&self, reference: Option<&Reference>, names: &[String]) -> Result<(), CliError> {
        let (Some(path), Some(reference)) = (&self.against, reference) else { return Ok(()) };
        if reference.populations.iter().any(|own| names.contains(&own.name)) {
            return Ok(());
        }
        let fault = format!("it has none of the populations of `{}`, {}", self.network, names.join(", "));
        Err(CliError::Reference { path: path.clone(), fault })
    }

    /// Steps to forget, and how to take the statistics of those that follow.
    fn method(&self, network: &Network, reference: Option<&Reference>) -> Result<(u64, Method), CliError> {
        let own_ms = |steps: u64| steps as f64 * network.step_ms;
        let time = |option: &'static str, asked: Option<f64>, theirs: Option<f64>, own: u64, least: u64| {
            let ms = asked.or(theirs).unwrap_or(own_ms(own));
            let steps = (ms / network.step_ms).round();
            // A train counts its steps in 32 bits.
            match (least as f64..=f64::from(u32::MAX)).contains(&steps) {
                true => Ok(steps as u64),
                false => Err(CliError::Duration { option, ms, allowed: [least, u64::from(u32::MAX)].map(own_ms) }),
            }
        };
        let transient = time("--transient-ms", self.transient_ms, reference.map(|r| r.transient_ms), network.warm, 0)?;
        let steps = time("--length-ms", self.length_ms, reference.map(|r| r.length_ms), network.steps, 1)?;
        let (bin_ms, neurons) = reference.map_or((BIN_MS, NEURONS), |r| (r.bin_ms, r.neurons));
        Ok((transient, Method { step_ms: network.step_ms, steps, bin_ms, neurons }))
    }

    /// Runs one realisation and returns the statistics of its populations, and what left its register; shows the statistics
    /// of what there is on the way.
    fn realisation(
        &self,
        mut network: Network,
        profile: &Profile,
        seed: u64,
        (transient, method): (u64, &Method),
        so_far: impl Fn(&Method, Vec<Statistics>) -> Result<(), CliError>,
    ) -> Result<(Vec<Statistics>, Vec<Left>), CliError> {
        let backend = match self.backend {
            Computed::Chip => Backend::Chip,
            Computed::Float => Backend::Float,
        };
        let config = RunConfig::on(backend).seed(seed).workers(usize::from(self.workers));
        let mut trains: Vec<Vec<Vec<u32>>> = network.populations.iter().map(|p| vec![Vec::new(); p.n]).collect();
        let probes = network.populations.iter().map(|p| network.graph.probe_port(p.spikes, Record::Events));
        let probes = probes.collect::<Result<Vec<ProbeId>, _>>()?;
        let mut simulation = progress::build(!self.json, |progress| {
            let making = Making { progress: Some(progress), ..Making::default() };
            Simulation::make(network.graph, profile, &config, &making)
        })?;
        simulation.set_timed(false);
        let bar = progress::bar(!self.json, transient + method.steps, "steps");
        let every = self.every_ms.map_or(u64::MAX, |ms| (ms / method.step_ms).round().max(1.0) as u64);
        let of = |trains: &[Vec<Vec<u32>>], method: &Method| -> Vec<Statistics> {
            trains.iter().map(|own| Statistics::of(own, method)).collect()
        };
        // Parts end where the transient does, and where something is to be shown.
        run_to(&mut simulation, transient, &bar, |_| ())?;
        probes.iter().for_each(|probe| drop(simulation.take_recording(*probe)));
        let mut steps = 0;
        while steps < method.steps {
            steps = steps.saturating_add(every).min(method.steps);
            run_to(&mut simulation, transient + steps, &bar, |simulation| {
                for (probe, trains) in probes.iter().zip(&mut trains) {
                    for (step, neuron) in simulation.take_recording(*probe).events() {
                        trains[neuron as usize].push((step - transient) as u32);
                    }
                }
            })?;
            if steps < method.steps {
                let method = Method { steps, ..*method };
                bar.suspend(|| so_far(&method, of(&trains, &method)))?;
            }
        }
        bar.finish_and_clear();
        let left = simulation.overflow().iter().map(|record| Left { seed, row: record.into() }).collect();
        Ok((of(&trains, method), left))
    }
}

/// Runs to the end of a step, and looks at what was recorded as often as memory asks for.
fn run_to(
    simulation: &mut Simulation,
    end: u64,
    bar: &ProgressBar,
    mut look: impl FnMut(&mut Simulation),
) -> Result<(), CliError> {
    while simulation.steps() < end {
        simulation.run(RunSteps(AT_ONCE.min(end - simulation.steps())))?;
        look(simulation);
        bar.set_position(simulation.steps());
    }
    Ok(())
}

fn read(path: &Path) -> Result<Reference, CliError> {
    let wrong = |fault: String| CliError::Reference { path: path.to_owned(), fault };
    let text = std::fs::read_to_string(path).map_err(|fault| wrong(fault.to_string()))?;
    let reference: Reference = serde_json::from_str(&text).map_err(|fault| wrong(fault.to_string()))?;
    reference.check().map_err(wrong)?;
    Ok(reference)
}
