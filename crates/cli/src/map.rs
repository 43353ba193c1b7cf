//! `pumice map`: what lies on which core.

use std::path::PathBuf;

use clap::Args;
use pumice::compile::{Hardware, compile, mapping_text};
use pumice::report::{Map, write_text};

use crate::error::CliError;
use crate::input;
use crate::output::{emit, emit_json};
use crate::place::PlaceArgs;

/// What to place, and how to show it.
#[derive(Debug, Args)]
pub(crate) struct MapArgs {
    /// The model file (TOML)
    pub(crate) model: PathBuf,
    /// Chip to place it on: the name of a profile or a path; else the model says
    #[arg(short, long)]
    profile: Option<String>,
    /// Price tables of the profile, for `--place energy|time`; else its main ones
    #[arg(long, value_name = "TABLES")]
    prices: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
    /// Write the placement as a mapping file, for `--mapping`
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Seed of the search for places; else the model says
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Draw the mesh into an SVG file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print the map as JSON
    #[arg(long)]
    json: bool,
}

impl MapArgs {
    pub(crate) fn run(self) -> Result<(), CliError> {
        let (mut file, mut profile) = input::load(&self.model, self.profile.as_deref(), None)?;
        file.config.seed = self.seed.unwrap_or(file.config.seed);
        let placement = self.place.apply(&mut profile, self.prices.as_deref(), &mut file)?;
        let image = compile(&file.graph, &Hardware::from(&profile), &file.config)?;
        let map = Map::new(&image.chip, &profile);
        if let Some(path) = &self.svg {
            write_text(path, &map.svg())?;
        }
        if let Some(path) = &self.write {
            write_text(path, &mapping_text(&image.chip))?;
        }
        if self.json {
            return emit_json(&map);
        }
        emit(&format!("{} on {}", file.name, map.text()))?;
        if let Some(placement) = &placement {
            emit(&format!("\nplaced {}\n", placement.text()))?;
        }
        if let Some(path) = &self.write {
            emit(&format!("\nmapping written to {}\n", path.display()))?;
        }
        match &self.svg {
            Some(path) => emit(&format!("\ndrawn in {}\n", path.display())),
            None => Ok(()),
        }
    }
}
