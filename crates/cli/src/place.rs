//! Options that say how a network is laid on a chip, how many chips there are, and what paces them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pumice::compile::read_mapping;
use pumice::file::{ModelFile, Task};
use pumice::process::{Place, RunConfig};
use pumice::profile::Profile;
use pumice::report::{PlacementReport, read_rates};
use pumice::{Workload, find_places};

use crate::error::CliError;

/// How to lay populations on cores of how many chips, which run at what pace.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    /// How populations are laid on cores: on few, or moved to save energy, time or traffic, after a trial that measures how often sources spike
    #[arg(long, value_enum, value_name = "GOAL", conflicts_with = "mapping")]
    place: Option<Goal>,
    /// Weigh sources by how often they spiked in the run that wrote this folder (`pumice run --out`), without a trial
    #[arg(long, value_name = "FOLDER", requires = "place", conflicts_with = "mapping")]
    rates: Option<PathBuf>,
    /// Lay every neuron where this file says (`pumice map --write` makes one)
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Number of chips; else the profile says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16384))]
    chips: Option<u32>,
    /// Hold every step to at least this time, as 1ms for real time; else the profile says, and a chip with a barrier runs free
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    tick: Option<f64>,
}

/// A time of a step with its unit, in seconds.
fn seconds(text: &str) -> Result<f64, String> {
    // The inverse of each unit is a whole number, so that 100us are the double next to 1e-4.
    let units = [("ns", 1e9), ("us", 1e6), ("µs", 1e6), ("ms", 1e3), ("s", 1.0)];
    let found =
        units.into_iter().find_map(|(unit, parts)| Some((text.strip_suffix(unit)?.parse::<f64>().ok()?, parts)));
    let allowed = "allowed is a number with s, ms, us or ns, as 1ms, from 1ns to 1000s";
    found.map(|(n, parts)| n / parts).filter(|s| (1e-9..=1e3).contains(s)).ok_or_else(|| allowed.into())
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Goal {
    /// On as few cores as the limits allow
    Pack,
    /// Little energy, that of static power over time included
    Energy,
    /// The slowest core is fast
    Time,
    /// Packets cross few links
    Traffic,
}

impl PlaceArgs {
    /// Puts the number of chips and the tick into the profile, finds places, and puts them into the configuration of the model. A trial does
    /// a part of what the model file says, so that runs of any length lie alike.
    pub(crate) fn apply(
        &self,
        profile: &mut Profile,
        prices: Option<&str>,
        file: &mut ModelFile,
    ) -> Result<Option<PlacementReport>, CliError> {
        self.choose(profile, &mut file.config)?;
        let work = match &file.task {
            Some(Task::Classify(task)) => Workload::Samples(task.into()),
            _ => Workload::Steps(file.steps),
        };
        let (config, report) = find_places(&file.graph, profile, &file.config, prices, &work)?;
        file.config = config;
        Ok(report)
    }

    fn choose(&self, profile: &mut Profile, config: &mut RunConfig) -> Result<(), CliError> {
        if let Some(chips) = self.chips {
            profile.topology.chips = chips;
        }
        if let Some(tick) = self.tick {
            profile.timestep.hold(tick).map_err(|fault| CliError::Tick { fault })?;
        }
        config.place = match (&self.mapping, self.place) {
            (Some(path), _) => Place::Pinned(read_mapping(path)?),
            (None, None | Some(Goal::Pack)) => Place::Pack,
            (None, Some(Goal::Energy)) => Place::Energy,
            (None, Some(Goal::Time)) => Place::Time,
            (None, Some(Goal::Traffic)) => Place::Traffic,
        };
        if let Some(folder) = &self.rates {
            if config.place == Place::Pack {
                return Err(CliError::RatesUnused);
            }
            config.rates = Some(read_rates(folder)?);
        }
        Ok(())
    }
}
