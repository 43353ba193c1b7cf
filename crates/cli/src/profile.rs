//! `pumice profile`: hardware profiles.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use pumice::chip::UNCOUNTED;
use pumice::meter::Event;
use pumice::profile::{Difference, Profile, diff};
use pumice::report::write_text;
use pumice_sanafe::{Architecture, SanafeError};
use serde::Serialize;

use crate::error::CliError;
use crate::output::{emit, emit_json};

/// What to do with profiles.
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// List the profiles that travel with pumice
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show every number of a profile with its evidence and source, and what is not known
    Show {
        /// Name or path
        profile: String,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Check a profile file
    Check {
        /// Path
        file: String,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show in what two profiles differ
    Diff {
        /// Name or path
        a: String,
        /// Name or path
        b: String,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a profile of an architecture of SANA-FE, so that networks of Pumice run on it
    Import {
        /// The architecture: a file of SANA-FE (YAML, or YAML in .gz)
        arch: PathBuf,
        /// The profile to write
        #[arg(short, long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Print the JSON Schema of profile files
    Schema {
        /// Print as JSON, as it always is
        #[arg(long, hide = true)]
        json: bool,
    },
}

/// One line about a profile.
#[derive(Debug, Serialize)]
struct Summary {
    name: String,
    display: String,
    family: serde_json::Value,
    chips: u32,
    cores_per_chip: Option<u32>,
    neurons_per_core: Option<u32>,
    prices: Vec<String>,
    inferred: Vec<String>,
    uncounted: Vec<String>,
}

/// A difference between two profiles.
#[derive(Debug, Serialize)]
struct Line {
    field: String,
    a: Option<String>,
    b: Option<String>,
}

impl ProfileCommand {
    pub(crate) fn run(self) -> Result<(), CliError> {
        match self {
            ProfileCommand::List { json } => list(json),
            ProfileCommand::Show { profile, json } => {
                let profile = Profile::load(&profile)?;
                if json { emit_json(&profile) } else { emit(&profile.show()) }
            }
            ProfileCommand::Check { file, json } => check(&as_path(&file), json),
            ProfileCommand::Diff { a, b, json } => differences(&a, &b, json),
            ProfileCommand::Import { arch, out } => import(&arch, &out),
            ProfileCommand::Schema { json: _ } => emit_json(&Profile::json_schema()),
        }
    }
}

impl From<&Profile> for Summary {
    fn from(profile: &Profile) -> Self {
        Summary {
            name: profile.meta.name.clone(),
            display: profile.meta.display.clone(),
            family: serde_json::json!(profile.meta.family),
            chips: profile.topology.chips,
            cores_per_chip: profile.topology.cores_per_chip,
            neurons_per_core: profile.core.neurons,
            prices: profile.price_names().into_iter().map(str::to_owned).collect(),
            inferred: profile.inferred().map(|(field, _)| field.to_owned()).collect(),
            uncounted: uncounted(profile),
        }
    }
}

/// What has an energy, a time or a power in some table of prices, and is charged to nothing.
fn uncounted(profile: &Profile) -> Vec<String> {
    let tables: Vec<_> = profile.price_names().into_iter().filter_map(|name| profile.prices(Some(name)).ok()).collect();
    let costs = |event| {
        let energy = tables.iter().any(|prices| prices.energy.get(event).is_some_and(|price| price.v > 0.0));
        energy || tables.iter().any(|prices| prices.time.get(event).is_some_and(|latency| latency.ps() > 0))
    };
    // Where it is not known how synapses are packed, nobody can say how many words are fetched.
    let words = profile.core.synapse_format.is_none().then_some(Event::SynapseMemoryWord);
    let events = UNCOUNTED.into_iter().chain(words).filter(|event| costs(*event)).map(|event| event.name().to_owned());
    let processors = tables.iter().any(|prices| prices.static_power.embedded_cpu.is_some());
    events.chain(processors.then(|| "static.embedded_cpu".to_owned())).collect()
}

fn list(json: bool) -> Result<(), CliError> {
    let mut all = Vec::new();
    for name in Profile::builtin_names() {
        all.push(Summary::from(&Profile::load(name)?));
    }
    if json {
        return emit_json(&all);
    }
    let known = |n: Option<u32>| n.map_or("-".into(), |n| n.to_string());
    let wide = all.iter().map(|s| s.display.chars().count()).max().unwrap_or(0);
    let mut text = format!("{:<14}{:<wide$}  {:>6} {:>13}  prices\n", "name", "chip", "cores", "neurons/core");
    for s in &all {
        let cores = known(s.cores_per_chip.map(|n| n * s.chips));
        let (neurons, prices) = (known(s.neurons_per_core), s.prices.join(", "));
        text += &format!("{:<14}{:<wide$}  {cores:>6} {neurons:>13}  {prices}\n", s.name, s.display);
    }
    emit(&text)
}

/// A file to be checked is a path even when it looks like the name of a built-in profile.
fn as_path(file: &str) -> String {
    let is_path = file.contains(['/', '\\']) || file.ends_with(".toml");
    if is_path { file.to_owned() } else { format!("./{file}") }
}

fn import(arch: &Path, out: &Path) -> Result<(), CliError> {
    let architecture = Architecture::open(arch)?;
    let file = arch.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
    let refused = |fault| SanafeError::File { path: arch.to_owned(), fault };
    let imported = architecture.profile(&file).map_err(refused)?;
    // Before it is written, so that no file is left that is no profile.
    let profile = Profile::from_text(&out.display().to_string(), &imported.text)?;
    write_text(out, &imported.text)?;
    let mut text = format!("{} as profile {}, written to {}\n", architecture.name(), profile.meta.name, out.display());
    imported.left_out.iter().for_each(|part| text += &format!("left out: {part}\n"));
    emit(&text)
}

fn check(file: &str, json: bool) -> Result<(), CliError> {
    let summary = Summary::from(&Profile::load(file)?);
    if json {
        return emit_json(&summary);
    }
    let mut text = format!("{file} is a valid profile: {}, {}\n", summary.name, summary.display);
    text += &format!("prices: {}\n", summary.prices.join(", "));
    if !summary.inferred.is_empty() {
        text += &format!("inferred, not stated by a source: {}\n", summary.inferred.join(", "));
    }
    if !summary.uncounted.is_empty() {
        text += &format!("has a price, but is never counted: {}\n", summary.uncounted.join(", "));
    }
    emit(&text)
}

fn differences(a: &str, b: &str, json: bool) -> Result<(), CliError> {
    let (a, b) = (Profile::load(a)?, Profile::load(b)?);
    let all = diff(&a, &b);
    if json {
        let lines = all.into_iter().map(|Difference { field, a, b }| Line { field, a, b });
        return emit_json(&lines.collect::<Vec<_>>());
    }
    if all.is_empty() {
        return emit("the profiles are equal\n");
    }
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "(not known)".into());
    let mut text = String::new();
    let (a, b) = (&a.meta.name, &b.meta.name);
    let wide = a.chars().count().max(b.chars().count());
    for d in &all {
        text += &format!("{}\n  {a:<wide$}  {}\n  {b:<wide$}  {}\n", d.field, shown(&d.a), shown(&d.b));
    }
    let count = if all.len() == 1 { "1 field differs".into() } else { format!("{} fields differ", all.len()) };
    emit(&format!("{text}{count}\n"))
}
