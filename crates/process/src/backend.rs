use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What computes a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// Floating point: the twin of every model, without rounding and registers.
    Float,
    /// The chip's arithmetic without placement.
    Fixed,
    /// Cores of the emulated chip; sources, sinks and host processes stay with the host.
    #[default]
    Chip,
}

impl Backend {
    /// The name used in messages and files.
    pub const fn name(self) -> &'static str {
        match self {
            Backend::Float => "float",
            Backend::Fixed => "fixed",
            Backend::Chip => "chip",
        }
    }
}

/// Neurons of a process that a user puts on a core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// Path of the process.
    pub process: String,
    /// First neuron, and the one after the last.
    pub neurons: [usize; 2],
    /// Number of the core, over all chips.
    pub core: u32,
}

/// How often the elements of processes spiked in a former run, by which placement weighs their packets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Steps of that run.
    pub steps: u64,
    /// By path of the process: spikes of each element; those after the last in the list are 0.
    pub spikes: BTreeMap<String, Vec<u64>>,
}

/// How populations are laid on cores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// On as few cores as the limits allow, in the order of the processes.
    #[default]
    Pack,
    /// Spread over so many cores, and moved, that all energy, that of static power over time included, is as little as can be found.
    Energy,
    /// Spread over so many cores, and moved, that the slowest core is as fast as can be found.
    Time,
    /// Packed, then moved so that packets cross as few links as can be found.
    Traffic,
    /// As the user says, neuron by neuron.
    Pinned(Vec<Pin>),
}

/// Which kind of core a process asks for, on chips that have analog and digital ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoreKind {
    /// Cells where the chip has them and they can serve, else static memory; neurons are digital.
    #[default]
    Auto,
    /// Cells, and analog neurons where the chip has them; a chip that cannot give cells is an error.
    Analog,
    /// Static memory and digital neurons.
    Digital,
}

impl CoreKind {
    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            CoreKind::Auto => "auto",
            CoreKind::Analog => "analog",
            CoreKind::Digital => "digital",
        }
    }
}

/// How a graph is to be run: one backend for all, with exceptions by process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunConfig {
    /// Backend of every process that no exception names.
    pub backend: Backend,
    /// Path of a process, or of one that contains it, and its backend; the longest path that fits counts.
    pub exceptions: Vec<(String, Backend)>,
    /// Path of a population, or of a process that contains it, and the memory that its synapses ask for; the longest
    /// path that fits counts, and [`CoreKind::Auto`] without one.
    pub cores: Vec<(String, CoreKind)>,
    /// Seed of all random draws.
    pub seed: u64,
    /// Worker threads for the chip; 0 lets the size of the network decide. No result depends on it.
    pub workers: usize,
    /// Whether every worker stays on one processor while it runs.
    pub pinned: bool,
    /// How populations are laid on cores.
    pub place: Place,
    /// How often elements spike; without rates placement takes all sources as equally active (`pumice::find_places` measures them).
    pub rates: Option<Rates>,
}

impl RunConfig {
    /// All processes on one backend, seed 0.
    pub fn on(backend: Backend) -> Self {
        RunConfig { backend, ..Self::default() }
    }

    /// The same with one more exception.
    #[must_use]
    pub fn except(mut self, path: &str, backend: Backend) -> Self {
        self.exceptions.push((path.to_owned(), backend));
        self
    }

    /// The same with the synapses of the population at `path` in memory of this kind.
    #[must_use]
    pub fn on_cores(mut self, path: &str, kind: CoreKind) -> Self {
        self.cores.push((path.to_owned(), kind));
        self
    }

    /// The same with another seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same with a fixed number of workers.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// The same with every worker on one processor while it runs (Linux).
    #[must_use]
    pub fn pinned(mut self, pinned: bool) -> Self {
        self.pinned = pinned;
        self
    }

    /// The same with populations laid on cores in another way.
    #[must_use]
    pub fn place(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// The same with packets weighed by how often elements spiked in a former run.
    #[must_use]
    pub fn rates(mut self, rates: Rates) -> Self {
        self.rates = Some(rates);
        self
    }

    /// The backend of the process at `path`.
    pub fn backend_of(&self, path: &str) -> Backend {
        longest(&self.exceptions, path).unwrap_or(self.backend)
    }

    /// The memory that the synapses of the population at `path` ask for.
    pub fn core_of(&self, path: &str) -> CoreKind {
        longest(&self.cores, path).unwrap_or_default()
    }
}

/// What is said of the longest path that is `path` or contains it.
fn longest<T: Copy>(said: &[(String, T)], path: &str) -> Option<T> {
    let fits = |prefix: &str| path == prefix || path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'));
    let own = said.iter().filter(|(prefix, _)| fits(prefix)).max_by_key(|(prefix, _)| prefix.len());
    own.map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_path_decides() {
        let config = RunConfig::on(Backend::Fixed).except("net", Backend::Float).except("net/out", Backend::Chip);
        let all = ["net/out", "net/out/a", "net/in", "network"].map(|path| config.backend_of(path));
        assert_eq!(all, [Backend::Chip, Backend::Chip, Backend::Float, Backend::Fixed]);
    }
}
