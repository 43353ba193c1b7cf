//! Model files and the profiles they run on.

use std::path::Path;

use pumice::file::{Classify, ModelFile};
use pumice::models::Kind;
use pumice::process::{Backend, Direction, Graded, Graph, GraphError, Record, Spike};
use pumice::profile::Profile;

use crate::error::CliError;

/// Reads a model file and its profile: the one asked for, or the one that the file names.
///
/// A path in the file is relative to the file; a path on the command line is relative to where the command runs. The
/// file that is returned names the profile that is, so that it opens from anywhere. A `backend` takes the place of those
/// in the file.
pub(crate) fn load(
    model: &Path,
    profile: Option<&str>,
    backend: Option<Backend>,
) -> Result<(ModelFile, Profile), CliError> {
    let mut file = ModelFile::load_on(model, backend)?;
    let name = profile.map_or_else(|| Profile::beside(model, &file.profile), str::to_owned);
    let named = profile.is_none();
    let profile = Profile::load(&name).map_err(|source| match named {
        true => CliError::Profile { model: model.to_owned(), source: Box::new(source) },
        false => source.into(),
    })?;
    file.profile = Profile::from_anywhere(&name);
    Ok((file, profile))
}

/// Refuses what a chip's integers cannot hold, in a model that may be written for floating point.
pub(crate) fn in_integers(model: &Path, file: &ModelFile) -> Result<(), CliError> {
    if file.config.exceptions.is_empty() {
        ModelFile::load_on(model, Some(Backend::Fixed))?;
    }
    Ok(())
}

/// Keeps the first samples of a task, if so many are asked for.
pub(crate) fn first_samples(task: &mut Classify, asked: Option<u64>) -> Result<(), CliError> {
    let have = task.samples.len();
    let n = asked.unwrap_or(have as u64);
    if n > have as u64 {
        return Err(CliError::Samples { asked: n, have });
    }
    task.truncate(n as usize);
    Ok(())
}

/// Records the spikes of every process, where the model does not do so already.
pub(crate) fn record_spikes(graph: &mut Graph) -> Result<(), GraphError> {
    let known: Vec<String> =
        graph.probes().iter().filter(|p| p.record == Record::Events).map(|p| p.name.clone()).collect();
    let paths: Vec<String> = graph.nodes().iter().map(|node| node.path.clone()).collect();
    for path in paths {
        let process = graph.find(&path)?;
        let ports = graph.ports_of(process, Direction::Out);
        let ports: Vec<(String, Kind)> = ports.into_iter().map(|(name, kind, ..)| (name.to_owned(), kind)).collect();
        for (name, kind) in ports.into_iter().filter(|(name, _)| !known.contains(&format!("{path}.{name}"))) {
            match kind {
                Kind::Spike => {
                    let port = graph.out_port::<Spike>(process, &name)?;
                    graph.probe_port(port, Record::Events)?;
                }
                Kind::Graded => {
                    let port = graph.out_port::<Graded>(process, &name)?;
                    graph.probe_port(port, Record::Events)?;
                }
                // Sums are no spikes.
                _ => {}
            }
        }
    }
    Ok(())
}
