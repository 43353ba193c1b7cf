//! A model of one's own: two neurons that say which way a bar moves.
//!
//! The network is in `turn.toml`; its fidelity, five lines of it, in `tests/fidelity.rs`.

use std::path::PathBuf;

use pumice::file::ModelFile;
use pumice::prelude::{Error, Profile, Record, RunSteps, Simulation, Spike};

/// Where the model file is.
pub fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("turn.toml")
}

/// Spikes of the neurons for right and left while a bar moves to the right again and again.
///
/// # Errors
/// If the model does not run.
pub fn watch() -> Result<[usize; 2], Error> {
    let mut file = ModelFile::load(&path())?;
    let turn = file.graph.find("turn")?;
    let port = file.graph.out_port::<Spike>(turn, "s_out")?;
    let spikes = file.graph.probe_port(port, Record::Events)?;
    let mut simulation = Simulation::new(file.graph, &Profile::load(&file.profile)?, &file.config)?;
    simulation.run(RunSteps(file.steps))?;
    let events = simulation.recording(spikes).events();
    Ok([0, 1].map(|neuron| events.iter().filter(|event| event.1 == neuron).count()))
}
