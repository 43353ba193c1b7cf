//! Options that say how a network is laid on a chip.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pumice::compile::read_mapping;
use pumice::file::{ModelFile, Task};
use pumice::process::{Place, RunConfig};
use pumice::profile::Profile;
use pumice::report::{PlacementReport, read_rates};
use pumice::{Workload, find_places};

use crate::error::CliError;

/// How to lay populations on cores.
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
    /// Puts the number of chips into the profile, finds places, and puts them into the configuration of the model. A trial does
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
