//! Feed-forward networks of all-to-all layers, whose weights differ in how many values they take.

use pumice::models::connection::dense::Dense;
use pumice::models::neuron::lif::Lif;
use pumice::models::source::poisson::Poisson;
use pumice::process::Graph;

use super::cuba1ms::{below, random};
use super::{Network, NetworkError, Population, scaled};

/// Layers after the source.
const LAYERS: u64 = 4;

/// Four layers of 1,024 neurons at scale 1, driven by as many Poisson sources of one spike in ten steps; half of the weights
/// are zero, the others odd and drawn from -119 to 119.
///
/// # Errors
/// If the scale is not in `0.001..=10`.
pub fn build(scale: f64, seed: u64) -> Result<Network, NetworkError> {
    let weight = |drawn: u64| if drawn & 1 == 0 { 0.0 } else { f64::from(2 * below(drawn, 120) - 119) };
    build_with("dense", scale, seed, weight)
}

/// The same with weights of -49 and 49, none zero; sums deviate as far.
///
/// # Errors
/// If the scale is not in `0.001..=10`.
pub fn build_binary(scale: f64, seed: u64) -> Result<Network, NetworkError> {
    build_with("dense_binary", scale, seed, |drawn| if drawn & 2 == 0 { -49.0 } else { 49.0 })
}

/// The same with weights of -69, 0 and 69, half of them zero; sums deviate as far.
///
/// # Errors
/// If the scale is not in `0.001..=10`.
pub fn build_ternary(scale: f64, seed: u64) -> Result<Network, NetworkError> {
    build_with("dense_ternary", scale, seed, |drawn| [0.0, 0.0, -69.0, 69.0][drawn as usize % 4])
}

fn build_with(name: &'static str, scale: f64, seed: u64, weight: impl Fn(u64) -> f64) -> Result<Network, NetworkError> {
    if !(0.001..=10.0).contains(&scale) {
        return Err(NetworkError::Scale { name, scale, allowed: "a number in 0.001..=10" });
    }
    let n = scaled(name, 1024, scale)?;
    let mut graph = Graph::new();
    let mut spikes = graph.add("source", Poisson::new(&[n], 0.1))?.out;
    let mut populations = Vec::new();
    for layer in 1..=LAYERS {
        let weight = |i: usize| weight(random(seed.wrapping_add(layer), i as u64));
        let weights = (0..n).map(|target| (0..n).map(|source| weight(target * n + source)).collect()).collect();
        let synapses = graph.add(&format!("synapses{layer}"), Dense::new(weights))?;
        // A threshold of some deviations of the input keeps layers of every size alive and none saturated.
        let vth = (500.0 * (n as f64 * 0.05).sqrt()).round() as i32;
        let neurons = Lif { du: 2047.into(), dv: 512.into(), vth: vth.into(), ..Lif::new(&[n]) };
        let neurons = graph.add(&format!("layer{layer}"), neurons)?;
        graph.connect(spikes, synapses.s_in)?;
        graph.connect(synapses.a_out, neurons.a_in)?;
        spikes = neurons.s_out;
        populations.push(Population { name: format!("layer{layer}"), process: neurons.id, spikes, n });
    }
    Ok(Network { name, graph, populations, step_ms: 1.0, warm: 50, steps: 500 })
}
