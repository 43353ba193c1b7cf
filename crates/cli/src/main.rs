//! The `pumice` command: runs model files on emulated chips, and shows maps, profiles and schemas.
//!
//! Exit codes: 0 all is well, 1 the run failed, 2 the input was wrong. An error is one sentence on the standard
//! error output. Each sub-command is one file.

mod arguments;
mod bench;
mod check;
mod compare;
mod completions;
mod error;
mod explain;
mod import;
mod input;
mod map;
mod nv;
mod output;
mod place;
mod profile;
mod progress;
mod quantise;
mod run;
mod sanafe;
mod schema;
mod statistics;
mod sweep;
mod yields;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::CliError;

const EXAMPLES: &str = "\
Examples:
  pumice run examples/digits/digits.toml           classify handwritten digits on an emulated Loihi
  pumice run MODEL.toml --json --out results       for machines: JSON and NumPy arrays
  pumice map MODEL.toml --profile loihi2 --svg map.svg
  pumice profile show loihi1                       every number with its evidence and source

Exit codes: 0 all is well, 1 the run failed, 2 the input was wrong.";

/// A neuromorphic chip on your desk: emulates spiking networks on Loihi-like chips, with every event counted
#[derive(Debug, Parser)]
#[command(name = "pumice", version, after_help = EXAMPLES, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a model file and say what it came to
    Run(run::RunArgs),
    /// Hold a model on the chip against its floating-point twin
    Compare(compare::CompareArgs),
    /// Prove that no register overflows, or find an input for which one does
    Check(check::CheckArgs),
    /// Say why a step took as long as it did
    Explain(explain::ExplainArgs),
    /// Turn a network of another tool into a model file
    Import(import::ImportArgs),
    /// Show what lies on which core, and how full that makes it
    Map(map::MapArgs),
    /// Measure how fast a network runs here
    Bench(bench::BenchArgs),
    /// Hold the rates, irregularity and correlations of a network against a reference
    Statistics(statistics::StatisticsArgs),
    /// List, show, check and compare hardware profiles
    #[command(subcommand)]
    Profile(profile::ProfileCommand),
    /// Show, age and refresh the file of non-volatile cells that `run --nv` keeps
    #[command(subcommand)]
    Nv(nv::NvCommand),
    /// Choose bits, exponents and thresholds for a network of real numbers
    Quantise(quantise::QuantiseArgs),
    /// Run a model in many formats: accuracy and energy against bits
    Sweep(sweep::SweepArgs),
    /// Run a network of SANA-FE on its architecture, with its arithmetic
    Sanafe(sanafe::SanafeArgs),
    /// Ask many chips with weights in cells: how their accuracy spreads, ages, and what costs it
    Yield(yields::YieldArgs),
    /// Print the JSON Schema of a file format
    Schema(schema::SchemaArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionArgs),
}

/// Runs a command on a model file, which its errors name.
fn with(model: &Path, run: impl FnOnce() -> Result<(), CliError>) -> Result<(), CliError> {
    run().map_err(|fault| fault.of(model))
}

impl Command {
    fn run(self) -> Result<(), CliError> {
        match self {
            Command::Run(args) => with(&args.model.clone(), || args.run()),
            Command::Compare(args) => with(&args.model.clone(), || args.run()),
            Command::Check(args) => with(&args.model.clone(), || args.run()),
            Command::Quantise(args) => with(&args.model.clone(), || args.run()),
            Command::Sweep(args) => with(&args.model.clone(), || args.run()),
            Command::Yield(args) => with(&args.model.clone(), || args.run()),
            Command::Explain(args) => args.run(),
            Command::Import(args) => args.run(),
            Command::Map(args) => with(&args.model.clone(), || args.run()),
            Command::Bench(args) => args.run(),
            Command::Statistics(args) => args.run(),
            Command::Profile(command) => command.run(),
            Command::Nv(command) => command.run(),
            Command::Sanafe(args) => args.run(),
            Command::Schema(args) => args.run(),
            Command::Completions(args) => args.run(),
        }
    }
}

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or(String::new(), |place| format!(" ({place})"));
        let message = panic.payload_as_str().unwrap_or("something that cannot happen did");
        output::complain(&format!("this is a bug in pumice: {message}{place}"));
    }));
    let cli = match arguments::parse(std::env::args_os().collect()) {
        Ok(cli) => cli,
        Err(refusal) => return refusal.report(),
    };
    let outcome = std::panic::catch_unwind(|| cli.command.run());
    match outcome {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => error.report(),
        Err(_) => ExitCode::from(1),
    }
}
