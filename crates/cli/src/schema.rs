//! `pumice schema`: the JSON Schema of a file format.

use clap::{Args, ValueEnum};
use pumice::profile::Profile;
use pumice::report::{Map, RunReport};
use schemars::schema_for;

use crate::error::CliError;
use crate::output::emit_json;

/// Which schema to print.
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// The format
    #[arg(value_enum, default_value_t = Format::Model)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Model files
    Model,
    /// Hardware profiles
    Profile,
    /// What `pumice run --json` prints
    Result,
    /// What `pumice map --json` prints
    Map,
}

impl SchemaArgs {
    pub(crate) fn run(self) -> Result<(), CliError> {
        match self.format {
            Format::Model => emit_json(&pumice::file::schema()),
            Format::Profile => emit_json(&Profile::json_schema()),
            Format::Result => emit_json(&schema_for!(RunReport)),
            Format::Map => emit_json(&schema_for!(Map)),
        }
    }
}
