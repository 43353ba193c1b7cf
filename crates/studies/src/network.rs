//! Benchmark networks, one file each, buildable at any scale.
//!
//! All of them are graphs like any other. Their random connections are drawn from the seed while they are laid into
//! memory, the same for any number of workers.

pub mod brunel_delta;
pub mod cuba1ms;
pub mod dense;
pub mod pd14;
pub mod pilotnet;
pub mod recurrent;

use pumice::process::{Graph, GraphError, OutPort, ProcessId, Spike};
use thiserror::Error;

/// Why a network cannot be built.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// There is none of that name.
    #[error("there is no network `{name}`, allowed is one of {}", names().join(", "))]
    Name {
        /// What was asked for.
        name: String,
    },
    /// The scale does not give a network.
    #[error("the scale of `{name}` is {scale}, allowed is {allowed}")]
    Scale {
        /// The network.
        name: &'static str,
        /// What was asked for.
        scale: f64,
        /// What would do.
        allowed: &'static str,
    },
    /// The graph refuses a process or a wire.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// A population of a network.
#[derive(Clone, Debug)]
pub struct Population {
    /// Its name, the path of its process.
    pub name: String,
    /// Its process.
    pub process: ProcessId,
    /// Its spikes.
    pub spikes: OutPort<Spike>,
    /// Neurons.
    pub n: usize,
}

/// A network to be run, and how long it is usually run.
#[derive(Debug)]
pub struct Network {
    /// Its name in [`NETWORKS`].
    pub name: &'static str,
    /// The network.
    pub graph: Graph,
    /// Its neurons.
    pub populations: Vec<Population>,
    /// Model time of a step `[ms]`.
    pub step_ms: f64,
    /// Steps until it has forgotten its first state.
    pub warm: u64,
    /// Steps after that to measure.
    pub steps: u64,
}

/// A kind of network that can be built.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Builds it for a scale and a seed; the seed sets first states, that of the run draws connections.
    pub build: fn(f64, u64) -> Result<Network, NetworkError>,
}

// To add a network: its file, and one line here.
/// All networks.
pub const NETWORKS: &[Kind] = &[
    Kind { name: "cuba1ms", summary: "10,000 LIF x 100, integer CUBA rule, 1 ms", build: cuba1ms::build },
    Kind {
        name: "brunel_delta",
        summary: "balanced, 12,500 LIF x 1,250, delta synapses, 0.1 ms",
        build: brunel_delta::build,
    },
    Kind { name: "recurrent", summary: "10,000 LIF x 100 at about 1 % firing per step", build: recurrent::build },
    Kind {
        name: "scale_free",
        summary: "the same in a graph of Barabasi and Albert, uneven fan-in",
        build: recurrent::build_scale_free,
    },
    Kind { name: "pd14", summary: "cortical microcircuit, 77,169 LIF, 299 M synapses, 0.1 ms", build: pd14::build },
    Kind {
        name: "pd14_dc",
        summary: "the same driven by direct currents, as its published statistics are",
        build: pd14::build_direct,
    },
    Kind { name: "dense", summary: "four all-to-all layers of 1,024, half of the weights zero", build: dense::build },
    Kind { name: "dense_binary", summary: "the same, all weights -49 or 49", build: dense::build_binary },
    Kind { name: "dense_ternary", summary: "the same, weights -69, 0 and 69", build: dense::build_ternary },
    Kind {
        name: "pilotnet",
        summary: "five convolutions and three dense layers, 200 x 66 pixels",
        build: pilotnet::build,
    },
];

/// The names of all networks.
pub fn names() -> Vec<&'static str> {
    NETWORKS.iter().map(|kind| kind.name).collect()
}

/// Builds the network of that name; scale 1 is the size in its summary.
///
/// # Errors
/// If there is none, or the scale gives no network.
pub fn build(name: &str, scale: f64, seed: u64) -> Result<Network, NetworkError> {
    let kind = NETWORKS.iter().find(|kind| kind.name == name);
    let kind = kind.ok_or_else(|| NetworkError::Name { name: name.to_owned() })?;
    (kind.build)(scale, seed)
}

/// A whole number of neurons, in thousandths to thousandfold of `full`.
fn scaled(name: &'static str, full: usize, scale: f64) -> Result<usize, NetworkError> {
    match (0.001..=1000.0).contains(&scale) {
        true => Ok(((full as f64 * scale).round() as usize).max(1)),
        false => Err(NetworkError::Scale { name, scale, allowed: "a number in 0.001..=1000" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pumice::prelude::*;

    /// Every network builds small, has the neurons it names, fires, and does so alike on one and three workers.
    #[test]
    fn networks_live_and_do_not_depend_on_workers() {
        let profile = Profile::load("unlimited").unwrap();
        for kind in NETWORKS {
            let run = |workers| {
                let scale = if kind.name.starts_with("dense") || kind.name == "pd14_dc" { 0.1 } else { 0.02 };
                let network = (kind.build)(scale, 1).unwrap();
                let config = RunConfig::default().seed(3).workers(workers);
                let mut simulation = Simulation::new(network.graph, &profile, &config).unwrap();
                simulation.set_timed(false);
                simulation.run(RunSteps(if network.step_ms < 1.0 { 500 } else { 60 })).unwrap();
                let spikes: Vec<_> =
                    network.populations.iter().map(|p| simulation.spikes(p.process).unwrap()).collect();
                assert!(spikes.iter().zip(&network.populations).all(|(s, p)| s.len() == p.n), "{}", kind.name);
                (spikes, simulation.counts())
            };
            let one = run(1);
            let total: u64 = one.0.iter().flatten().sum();
            assert!(total > 20, "`{}` is silent: {total} spikes", kind.name);
            assert_eq!(run(3), one, "{}", kind.name);
        }
    }

    #[test]
    fn wrong_names_and_scales_are_refused() {
        let error = build("brunel", 1.0, 0).unwrap_err().to_string();
        assert!(error.contains("`brunel`") && error.contains("brunel_delta"), "{error}");
        for kind in NETWORKS {
            for scale in [0.0, -1.0, f64::NAN, 1e9] {
                assert!(matches!((kind.build)(scale, 0), Err(NetworkError::Scale { .. })), "{} {scale}", kind.name);
            }
        }
    }
}
