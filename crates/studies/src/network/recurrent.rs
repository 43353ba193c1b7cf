//! One population with 100 random sources for each neuron, of which about one in a hundred fires in a step.
//!
//! The case on which Lava, SANA-FE and the Loihi emulators are compared. A bias brings every neuron to its threshold
//! about every hundred steps; weak weights of both signs shift the spikes. Scale 0.1 has 1,000 neurons.

use pumice::models::connection::random::{Choice, Random};
use pumice::models::connection::topology::Topology;
use pumice::models::neuron::lif::Lif;
use pumice::process::Graph;

use super::cuba1ms::{below, random};
use super::{Network, NetworkError, Population, scaled};

/// 10,000 neurons at scale 1.
///
/// # Errors
/// If the scale is not in `0.001..=1000`.
pub fn build(scale: f64, seed: u64) -> Result<Network, NetworkError> {
    let n = scaled("recurrent", 10_000, scale)?;
    build_with("recurrent", n, seed, Topology::FixedInDegree { degree: 100.min(n as u32), self_loops: true })
}

/// The same with as many synapses in a graph without a scale: the first neurons have many, the last have 50.
///
/// # Errors
/// If the scale is not in `0.001..=1000`.
pub fn build_scale_free(scale: f64, seed: u64) -> Result<Network, NetworkError> {
    let n = scaled("scale_free", 10_000, scale)?;
    let degree = 50.min(n as u32 / 2);
    build_with("scale_free", n, seed, Topology::BarabasiAlbert { degree, symmetric: true })
}

fn build_with(name: &'static str, n: usize, seed: u64, topology: Topology) -> Result<Network, NetworkError> {
    let mut graph = Graph::new();
    let v: Vec<i32> = (0..n as u64).map(|i| below(random(seed, i), 64 * 1000)).collect();
    let neurons =
        Lif { v: v.into(), du: 2047.into(), dv: 8.into(), bias_mant: 704.into(), vth: 1000.into(), ..Lif::new(&[n]) };
    let neurons = graph.add("neurons", neurons)?;
    let mut synapses = Random::new([n, n], topology, Choice::Uniform { low: -20.0, high: 20.0 });
    synapses.sign_mode = Some(pumice::models::connection::weight::SignMode::Mixed);
    let synapses = graph.add("synapses", synapses)?;
    graph.connect(neurons.s_out, synapses.s_in)?;
    graph.connect(synapses.a_out, neurons.a_in)?;
    let populations = vec![Population { name: "neurons".into(), process: neurons.id, spikes: neurons.s_out, n }];
    Ok(Network { name, graph, populations, step_ms: 1.0, warm: 200, steps: 1000 })
}
