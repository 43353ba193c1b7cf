//! `pumice map`: what lies on which core.

use std::path::PathBuf;

use clap::Args;
use pumice::compile::{Hardware, compile};
use pumice::report::{Map, write_text};

use crate::error::CliError;
use crate::input;
use crate::output::{emit, emit_json};

/// What to place, and how to show it.
#[derive(Debug, Args)]
pub(crate) struct MapArgs {
    /// The model file (TOML)
    model: PathBuf,
    /// Chip to place it on: the name of a profile or a path; else the model says
    #[arg(short, long)]
    profile: Option<String>,
    /// Draw the mesh into an SVG file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print the map as JSON
    #[arg(long)]
    json: bool,
}

impl MapArgs {
    pub(crate) fn run(self) -> Result<(), CliError> {
        let (file, profile) = input::load(&self.model, self.profile.as_deref())?;
        let image = compile(&file.graph, &Hardware::from(&profile), &file.config)?;
        let map = Map::new(&image.chip, &profile);
        if let Some(path) = &self.svg {
            write_text(path, &map.svg())?;
        }
        if self.json {
            return emit_json(&map);
        }
        emit(&format!("{} on {}", file.name, map.text()))?;
        match &self.svg {
            Some(path) => emit(&format!("\ndrawn in {}\n", path.display())),
            None => Ok(()),
        }
    }
}
