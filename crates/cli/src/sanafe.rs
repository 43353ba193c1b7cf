//! `pumice sanafe`: networks of SANA-FE on its architectures.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use pumice::chip::timing::TimingModel;
use pumice::report::text::{count, counted, si};
use pumice::report::{prepare, write_text};
use pumice_sanafe::{Architecture, Chip, Network, Setup, Step};
use serde::Serialize;

use crate::error::CliError;
use crate::output::{emit, emit_json};
use crate::progress;

/// What to run, in SANA-FE's order of arguments.
#[derive(Debug, Args)]
pub(crate) struct SanafeArgs {
    /// The architecture: a file of SANA-FE (YAML, or YAML in .gz)
    arch: PathBuf,
    /// The network with its mapping: a file of SANA-FE (YAML, or YAML in .gz)
    network: PathBuf,
    /// Steps of the run
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// Models of emulated time; `simple` and `queue` are SANA-FE's `simple` and `detailed`
    #[arg(long, value_name = "MODELS", value_delimiter = ',', default_value = "simple,queue", value_parser = crate::run::timing_models())]
    timing: Vec<TimingModel>,
    /// Seed of `poisson` inputs
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Write result.json, steps.csv, spikes.csv and potentials.csv into a folder
    #[arg(short, long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// What a run came to.
#[derive(Debug, Serialize)]
struct Report {
    architecture: String,
    network: String,
    arithmetic: &'static str,
    evidence: &'static str,
    steps: u64,
    seed: u64,
    neurons: usize,
    synapses: usize,
    cores: usize,
    tiles: usize,
    neurons_fired: u64,
    neurons_updated: u64,
    synaptic_reads: u64,
    packets: u64,
    hops: u64,
    energy_j: EnergyReport,
    time: Vec<TimeReport>,
    wall_time_s: f64,
}

#[derive(Debug, Serialize)]
struct EnergyReport {
    total: f64,
    synapse: f64,
    dendrite: f64,
    soma: f64,
    network: f64,
}

#[derive(Debug, Serialize)]
struct TimeReport {
    model: &'static str,
    emulated_time_s: f64,
    longest_step_s: f64,
}

impl SanafeArgs {
    pub(crate) fn run(self) -> Result<(), CliError> {
        let arch = Architecture::open(&self.arch)?;
        let network = Network::open(&self.network)?;
        let setup = Setup { timing: self.timing.clone(), seed: self.seed };
        let laid = |source| CliError::Laid { network: self.network.clone(), arch: self.arch.clone(), source };
        let mut chip = Chip::new(&arch, &network, &setup).map_err(laid)?;
        if let Some(folder) = &self.out {
            prepare(folder)?;
        }
        let mut log = Log::new(&chip, &self.timing);
        let bar = progress::bar(!self.json, self.steps, "steps");
        let started = Instant::now();
        let mut fired = Vec::new();
        for step in 1..=self.steps {
            let row = chip.step(&mut fired);
            log.add(step, &row, self.out.is_some().then_some((&chip, &fired)));
            bar.inc(1);
        }
        let wall_time_s = started.elapsed().as_secs_f64();
        bar.finish_and_clear();
        let report = self.report(&arch, &network, (&chip, &log), wall_time_s)?;
        let mut written = Vec::new();
        if let Some(folder) = &self.out {
            written = log.write(folder)?;
            let path = folder.join("result.json");
            let json = serde_json::to_string_pretty(&report).map_err(std::io::Error::from)?;
            write_text(&path, &(json + "\n"))?;
            written.push(path);
        }
        if self.json { emit_json(&report) } else { emit(&report.text(&written)) }
    }

    fn report(
        &self,
        arch: &Architecture,
        network: &Network,
        (chip, log): (&Chip, &Log),
        wall_time_s: f64,
    ) -> Result<Report, CliError> {
        let energy = chip.energy()?;
        let (cores, tiles) = chip.used();
        let time = self.timing.iter().zip(&log.time_ps).map(|(model, (sum, longest))| TimeReport {
            model: model.name(),
            emulated_time_s: *sum as f64 * 1e-12,
            longest_step_s: *longest as f64 * 1e-12,
        });
        Ok(Report {
            architecture: arch.name().to_owned(),
            network: network.name.clone(),
            arithmetic: "sanafe-2.2",
            evidence: "assumed",
            steps: self.steps,
            seed: self.seed,
            neurons: chip.names().len(),
            synapses: chip.synapses(),
            cores,
            tiles,
            neurons_fired: log.sum.fired,
            neurons_updated: log.sum.updated,
            synaptic_reads: log.sum.synaptic_reads,
            packets: log.sum.packets,
            hops: log.sum.hops,
            energy_j: EnergyReport {
                total: energy.total(),
                synapse: energy.synapse,
                dendrite: energy.dendrite,
                soma: energy.soma,
                network: energy.network,
            },
            time: time.collect(),
            wall_time_s,
        })
    }
}

/// What is kept of each step.
struct Log {
    sum: Step,
    /// Sum and longest step of each model `[ps]`.
    time_ps: Vec<(u64, u64)>,
    steps: String,
    spikes: String,
    potentials: String,
}

impl Log {
    fn new(chip: &Chip, timing: &[TimingModel]) -> Log {
        let times: String = timing.iter().map(|model| format!(",time_{}_ps", model.name())).collect();
        let logged: String = chip.logged().iter().map(|k| format!(",{}", chip.names()[*k])).collect();
        Log {
            sum: Step::default(),
            time_ps: vec![(0, 0); timing.len()],
            steps: format!("timestep,fired,updated,packets,hops,synaptic_reads{times}\n"),
            spikes: "neuron,timestep\n".to_owned(),
            potentials: format!("timestep{logged}\n"),
        }
    }

    /// Adds a step, and its lines if somebody wants files.
    fn add(&mut self, step: u64, row: &Step, wanted: Option<(&Chip, &Vec<usize>)>) {
        self.sum.fired += row.fired;
        self.sum.updated += row.updated;
        self.sum.packets += row.packets;
        self.sum.hops += row.hops;
        self.sum.synaptic_reads += row.synaptic_reads;
        for ((sum, longest), ps) in self.time_ps.iter_mut().zip(&row.time_ps) {
            *sum += ps;
            *longest = (*longest).max(*ps);
        }
        let Some((chip, fired)) = wanted else { return };
        let Step { fired: spikes, updated, packets, hops, synaptic_reads, time_ps } = row;
        let times: String = time_ps.iter().map(|ps| format!(",{ps}")).collect();
        // Writing into a string cannot fail.
        let _ = writeln!(self.steps, "{step},{spikes},{updated},{packets},{hops},{synaptic_reads}{times}");
        for k in fired {
            let _ = writeln!(self.spikes, "{},{step}", chip.names()[*k]);
        }
        if !chip.logged().is_empty() {
            let all = chip.potentials();
            let own: String = chip.logged().iter().map(|k| format!(",{}", all[*k])).collect();
            let _ = writeln!(self.potentials, "{step}{own}");
        }
    }

    fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, CliError> {
        let mut written = Vec::new();
        for (name, text) in
            [("steps.csv", &self.steps), ("spikes.csv", &self.spikes), ("potentials.csv", &self.potentials)]
        {
            let path = folder.join(name);
            write_text(&path, text)?;
            written.push(path);
        }
        Ok(written)
    }
}

impl Report {
    fn text(&self, written: &[PathBuf]) -> String {
        let e = &self.energy_j;
        let part = |x: f64| format!("{:>10}  {:>3.0} %", si(x, "J"), 100.0 * x / e.total.max(f64::MIN_POSITIVE));
        let per = |n: u64| if n == 0 { "-".to_owned() } else { si(e.total / n as f64, "J") };
        let mut text = format!(
            "{} on {}, as SANA-FE describes them; arithmetic {}\n{} steps of {} and {} on {} of {}\n\n",
            self.network,
            self.architecture,
            self.arithmetic,
            count(self.steps),
            counted(self.neurons as u64, "neuron"),
            counted(self.synapses as u64, "synapse"),
            counted(self.cores as u64, "core"),
            counted(self.tiles as u64, "tile"),
        );
        text += &format!(
            "activity          {}, {}, {}, {}, {}\n",
            counted(self.neurons_fired, "spike"),
            counted(self.synaptic_reads, "synaptic read"),
            counted(self.packets, "packet"),
            counted(self.hops, "hop"),
            counted(self.neurons_updated, "neuron update"),
        );
        text += &format!(
            "energy            {}: {} per spike, {} per synaptic read\n",
            si(e.total, "J"),
            per(self.neurons_fired),
            per(self.synaptic_reads)
        );
        for (name, joules) in
            [("soma", e.soma), ("synapse", e.synapse), ("dendrite", e.dendrite), ("network", e.network)]
        {
            text += &format!("  {name:<16}{}\n", part(joules));
        }
        text += "  evidence        assumed: an architecture file does not say where its numbers come from\n";
        text += "  not priced      static power, barrier, host: an architecture file has no place for them\n";
        for time in &self.time {
            let (sum, longest) = (si(time.emulated_time_s, "s"), si(time.longest_step_s, "s"));
            text += &format!("emulated time     {sum}, {longest} per step at most (timing model {})\n", time.model);
        }
        text += &format!(
            "wall time         {}, {} per synaptic read\n",
            si(self.wall_time_s, "s"),
            si(self.wall_time_s / self.synaptic_reads.max(1) as f64, "s")
        );
        if !written.is_empty() {
            let paths: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
            text += &format!("results           {}\n", paths.join(", "));
        }
        text
    }
}
