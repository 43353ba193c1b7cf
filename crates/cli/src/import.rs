//! `pumice import`: networks of other tools as model files.

use std::path::{Path, PathBuf};

use clap::Args;
use pumice::file::ModelFile;
use pumice::models::Model;
use pumice::nir::netx::{Netx, Reset, Weights};
use pumice::prelude::{Graph, RateCode, Record, RunConfig, Spike};
use pumice::profile::Profile;

use crate::error::CliError;
use crate::output::emit;

/// Gain of an input element that fires in every step.
const FULL: u32 = 255;

/// What to import, and what the model file shall say besides.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The network: a lava-dl file (.net, HDF5)
    file: PathBuf,
    /// The folder for MODEL.toml and its arrays
    #[arg(short, long, value_name = "FOLDER")]
    out: PathBuf,
    /// Chip that the model file names
    #[arg(short, long, default_value = "loihi2")]
    profile: String,
    /// Steps of a run, or of each sample
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// Clear the state of all neurons every N steps, each layer one step later than the one before
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    reset_interval: Option<u64>,
    /// Phase of the first layer's resets
    #[arg(long, value_name = "N", default_value_t = 1, requires = "reset_interval")]
    reset_offset: u64,
}

impl ImportArgs {
    pub(crate) fn run(self) -> Result<(), CliError> {
        if self.file.extension().is_none_or(|e| !e.eq_ignore_ascii_case("net")) {
            return Err(CliError::Format { path: self.file });
        }
        // A wrong name is told before anything is written.
        Profile::load(&self.profile)?;
        let fault = |source| CliError::Import { path: self.file.clone(), source };
        let netx = Netx::open(&self.file).map_err(fault)?;
        let model = self.model(&netx).map_err(fault)?;
        let input = match netx.layers.first().map(|layer| &layer.weights) {
            Some(Weights::Input) => "layer0.bias_mant",
            _ => "input.value",
        };
        let about = about(&self.file, input);
        let written = model.save(&self.out, &about)?;
        let neurons: usize = netx.layers.iter().map(|layer| layer.bias.len()).sum();
        let path = written.last().map(|path| path.display().to_string()).unwrap_or_default();
        emit(&format!(
            "{} layers with {neurons} neurons, written to {path}\ninput is the variable `{input}`; run it with: pumice run {path}\n",
            netx.layers.len()
        ))
    }

    fn model(&self, netx: &Netx) -> Result<ModelFile, pumice::nir::ImportError> {
        let mut graph = Graph::new();
        let reset = self.reset_interval.map(|interval| Reset { interval, offset: self.reset_offset });
        let added = netx.add_to(&mut graph, reset)?;
        if let Some(s_in) = added.s_in {
            let shape = graph.shape(s_in).to_vec();
            let source: Model = RateCode { shape, value: 0.into(), full: FULL }.into();
            let source = graph.add_model("input", source)?;
            let s_out = graph.out_port::<Spike>(source, "s_out")?;
            graph.connect(s_out, s_in)?;
        }
        if let Some(last) = added.populations.last() {
            graph.probe_port(last.s_out, Record::Events)?;
        }
        let name = self.file.file_stem().map_or("network".into(), |stem| stem.to_string_lossy().into_owned());
        let config = RunConfig::default();
        let profile = Profile::from_anywhere(&self.profile);
        Ok(ModelFile { name, profile, steps: self.steps, graph, config, task: None })
    }
}

/// The comment at the head of the model file.
fn about(file: &Path, input: &str) -> String {
    let name = file.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
    let what = match input {
        "layer0.bias_mant" => "the biases of layer0, one number from -4096 to 4095 per neuron".to_owned(),
        _ => format!("the rates of `input`, one whole number from 0 to {FULL} (a spike in every step) per element"),
    };
    format!(
        "Imported from {name} (lava-dl).\nInput is `{input}`: {what}.\nTo classify samples, add a [task] with `input = \"{input}\"` \
         (see `pumice schema model`)."
    )
}
