//! `pumice bench`: how fast a network runs here, and how far that is from what the machine can do.

mod limits;
mod report;

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use pumice::num::Level;
use pumice::process::RunConfig;
use pumice::profile::Profile;
use pumice::{Making, RunSteps, Simulation};
use pumice_studies::network::{NETWORKS, build};

use crate::error::CliError;
use crate::output::{emit, emit_json};
use crate::progress;
use limits::Limits;
use report::{BenchReport, Phase};

/// What to measure, and how.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// The network; without one, all are listed
    network: Option<String>,
    /// Size against the full network
    #[arg(short, long, value_name = "S", default_value_t = 1.0)]
    scale: f64,
    /// Worker threads; 0 lets the size of the network decide
    #[arg(short, long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1024))]
    workers: u16,
    /// Keep every worker on one processor (Linux)
    #[arg(long)]
    pin: bool,
    /// Steps to measure; else the network says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
    /// Steps before measuring; else the network says
    #[arg(long, value_name = "N")]
    warm: Option<u64>,
    /// How often to measure; the fastest counts
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    repeats: u16,
    /// Seed of the synapses and all random draws
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Chip: the name of a profile or a path
    #[arg(short, long, default_value = "unlimited")]
    profile: String,
    /// Keep the drawn synapses in a file: it is written if it does not exist, and read if it does
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// Use no wider instructions than these; else the widest that this processor has
    #[arg(long, value_name = "SET", value_parser = instructions())]
    instructions: Option<Level>,
    /// Compute emulated time too
    #[arg(long)]
    timed: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// The names of the instruction sets of this processor.
fn instructions() -> impl TypedValueParser<Value = Level> {
    let level = |name: String| Level::available().into_iter().find(|level| level.name() == name);
    PossibleValuesParser::new(Level::available().iter().map(|level| level.name()))
        .map(move |name| level(name).unwrap_or(Level::PORTABLE))
}

impl BenchArgs {
    pub(crate) fn run(self) -> Result<(), CliError> {
        let Some(name) = &self.network else {
            let line = |kind: &pumice_studies::network::Kind| format!("{:<14}{}\n", kind.name, kind.summary);
            return emit(&NETWORKS.iter().map(line).collect::<String>());
        };
        self.instructions.iter().for_each(|level| level.limit());
        let profile = Profile::load(&self.profile)?;
        let started = Instant::now();
        let network = build(name, self.scale, self.seed)?;
        let (step_ms, warm) = (network.step_ms, self.warm.unwrap_or(network.warm));
        let steps = self.steps.unwrap_or(network.steps);
        let config = RunConfig::default().seed(self.seed).workers(usize::from(self.workers)).pinned(self.pin);
        let image = self.image.as_deref();
        let read = image.is_some_and(Path::exists);
        let mut simulation = progress::build(!self.json, |progress| {
            let making = Making { image, progress: Some(progress), ..Making::default() };
            Simulation::make(network.graph, &profile, &config, &making)
        })?;
        let build_time_s = started.elapsed().as_secs_f64();
        simulation.set_timed(self.timed);
        simulation.run(RunSteps(warm))?;
        let mut best: Option<BenchReport> = None;
        for _ in 0..self.repeats {
            let report = self.measure(&mut simulation, steps, (build_time_s, step_ms))?;
            if best.as_ref().is_none_or(|best| report.wall_time_s < best.wall_time_s) {
                best = Some(report);
            }
        }
        let mut report = best.expect("it is measured at least once");
        report.peak_memory_bytes = limits::peak_memory();
        report.image = image.map(|_| if read { "read" } else { "written" });
        drop(simulation);
        report.limits = Limits::measure(report.workers);
        if self.json { emit_json(&report) } else { emit(&report.text()) }
    }

    fn measure(
        &self,
        simulation: &mut Simulation,
        steps: u64,
        (build_time_s, step_ms): (f64, f64),
    ) -> Result<BenchReport, CliError> {
        let (before, updates) = (simulation.counts(), simulation.updates());
        simulation.set_measured(true);
        let started = Instant::now();
        simulation.run(RunSteps(steps))?;
        let wall = started.elapsed().as_secs_f64();
        let after = simulation.counts();
        let events = after.synaptic_events() - before.synaptic_events();
        let phases = simulation.phases();
        let total = phases.total().as_secs_f64();
        let phase = |(name, time): (&'static str, std::time::Duration)| Phase {
            name,
            share: time.as_secs_f64() / total.max(f64::MIN_POSITIVE),
            time_s: time.as_secs_f64(),
        };
        let chip = &simulation.image().chip;
        Ok(BenchReport {
            network: self.network.clone().unwrap_or_default(),
            scale: self.scale,
            workers: simulation.workers(),
            steps,
            step_ms,
            neurons: chip.neurons() as u64,
            synapses: chip.synapses() as u64,
            spikes: after.spikes() - before.spikes(),
            synaptic_events: events,
            neuron_updates: simulation.updates() - updates,
            build_time_s,
            wall_time_s: wall,
            synapse_bytes: simulation.synapse_bytes() as u64,
            peak_memory_bytes: None,
            phases: phases.each().map(phase).to_vec(),
            limits: Limits::default(),
            ..BenchReport::default()
        }
        .derived())
    }
}
