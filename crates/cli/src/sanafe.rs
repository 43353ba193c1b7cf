//! `pumice sanafe`: networks of SANA-FE on its architectures.

mod tables;

use std::io;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use pumice::chip::timing::TimingModel;
use pumice::report::text::{count, counted, si};
use pumice::report::{ReportError, prepare, write_text};
use pumice_sanafe::{Architecture, Chip, Network, Setup, Step};
use serde::Serialize;

use crate::error::CliError;
use crate::output::{emit, emit_json};
use crate::progress;
use tables::Tables;

/// What to run, in SANA-FE's order of arguments.
#[derive(Debug, Args)]
pub(crate) struct SanafeArgs {
    /// The architecture: a file of SANA-FE (YAML, or YAML in .gz)
    arch: PathBuf,
    /// The network with its mapping: a file of SANA-FE (YAML or netlist, or either in .gz)
    network: PathBuf,
    /// Steps of the run
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// Models of emulated time; `simple` and `queue` are SANA-FE's `simple` and `detailed`
    #[arg(long, value_name = "MODELS", value_delimiter = ',', default_value = "simple,queue", value_parser = crate::run::timing_models())]
    timing: Vec<TimingModel>,
    /// Seed of `poisson` inputs; 0 draws what SANA-FE draws
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Tiles in the order in which a spike is sent to them, if not ascending; SANA-FE's differs from process to process
    #[arg(long, value_name = "TILES", value_delimiter = ',')]
    visits: Vec<u32>,
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
        let setup = Setup { timing: self.timing.clone(), seed: self.seed, visits: self.visits.clone() };
        let laid = |source| CliError::Laid { network: self.network.clone(), arch: self.arch.clone(), source };
        let mut chip = Chip::new(&arch, &network, &setup).map_err(laid)?;
        let log = match &self.out {
            None => self.simulate(&mut chip, None)?,
            Some(folder) => {
                prepare(folder)?;
                let failed = |source| pumice::Error::from(ReportError::Folder { path: folder.clone(), source });
                Tables::write(folder, |tables| self.simulate(&mut chip, Some(tables))).map_err(failed)?
            }
        };
        let report = self.report(&arch, &network, (&chip, &log))?;
        let mut written = Vec::new();
        if let Some(folder) = &self.out {
            written.extend(Tables::paths(folder));
            let path = folder.join("result.json");
            let json = serde_json::to_string_pretty(&report).map_err(std::io::Error::from)?;
            write_text(&path, &(json + "\n"))?;
            written.push(path);
        }
        if self.json { emit_json(&report) } else { emit(&report.text(&written)) }
    }

    /// Runs all steps, and writes their lines if somebody wants them.
    fn simulate(&self, chip: &mut Chip, mut tables: Option<&mut Tables<'_>>) -> io::Result<Log> {
        let mut log = Log { time_ps: vec![(0, 0); self.timing.len()], ..Log::default() };
        if let Some(tables) = &mut tables {
            tables.begin(chip, &self.timing)?;
        }
        let bar = progress::bar(!self.json, self.steps, "steps");
        let started = Instant::now();
        let mut fired = Vec::new();
        for step in 1..=self.steps {
            let row = chip.step(&mut fired);
            log.add(&row);
            if let Some(tables) = &mut tables {
                tables.add(step, &row, chip, &fired)?;
            }
            bar.inc(1);
        }
        log.wall_time_s = started.elapsed().as_secs_f64();
        bar.finish_and_clear();
        Ok(log)
    }

    fn report(&self, arch: &Architecture, network: &Network, (chip, log): (&Chip, &Log)) -> Result<Report, CliError> {
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
            wall_time_s: log.wall_time_s,
        })
    }
}

/// What the steps came to.
#[derive(Default)]
struct Log {
    sum: Step,
    /// Sum and longest step of each model `[ps]`.
    time_ps: Vec<(u64, u64)>,
    wall_time_s: f64,
}

impl Log {
    fn add(&mut self, row: &Step) {
        self.sum.fired += row.fired;
        self.sum.updated += row.updated;
        self.sum.packets += row.packets;
        self.sum.hops += row.hops;
        self.sum.synaptic_reads += row.synaptic_reads;
        for ((sum, longest), ps) in self.time_ps.iter_mut().zip(&row.time_ps) {
            *sum += ps;
            *longest = (*longest).max(*ps);
        }
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
