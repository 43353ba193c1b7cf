//! A balanced network of Loihi's integer CUBA neurons at one step per millisecond.
//!
//! ```text
//! u[t] = u[t-1] * 3072/4096 + 64 * sum of weights        E 80 sources of 16, I 20 sources of -96, 2 steps of delay
//! v[t] = v[t-1] * 3896/4096 + u[t] + 64 * 88,  held at 0 for 2 steps after a spike
//! spike if v[t] >= 64 * 900
//! ```
//!
//! The sources of a neuron are drawn with replacement. The shared reference (NEST, GeNN, Brian2 and an independent
//! program, 10,000 neurons, 1,200 steps, one given graph) has 273,453 spikes in floating point, 261,969 in integers.

use pumice::models::connection::random::Random;
use pumice::models::connection::topology::Topology;
use pumice::models::neuron::cuba_lif::CubaLif;
use pumice::process::{Graph, GraphError};

use super::{Network, NetworkError, Population, scaled};

/// Excitatory sources of a neuron.
pub const EXCITATORY: u32 = 80;
/// Inhibitory sources of a neuron.
pub const INHIBITORY: u32 = 20;
/// Weight of an excitatory synapse `[weight LSB]`.
pub const W_EXCITATORY: f64 = 16.0;
/// Weight of an inhibitory synapse `[weight LSB]`.
pub const W_INHIBITORY: f64 = -96.0;
/// Delay beyond the one step of every connection `[steps]`.
pub const DELAY: f64 = 1.0;
/// Threshold `[weight LSB]`.
const THRESHOLD: u32 = 900;

/// 10,000 neurons at scale 1, four in five excitatory.
///
/// # Errors
/// If the scale is not in `0.001..=1000`.
pub fn build(scale: f64, seed: u64) -> Result<Network, NetworkError> {
    let n = scaled("cuba1ms", 10_000, scale)?;
    let sizes = [n * 4 / 5, n - n * 4 / 5];
    let (mut graph, populations) = populations(n, seed)?;
    for (from, degree, weight) in [(0, EXCITATORY, W_EXCITATORY), (1, INHIBITORY, W_INHIBITORY)] {
        for to in 0..2 {
            let mut random = Random::new([sizes[to], sizes[from]], Topology::DrawnInDegree { degree }, weight);
            random.delays = Some(DELAY.into());
            let name = format!("{}to{}", populations[from].name, populations[to].name);
            let synapses = graph.add(&name, random)?;
            graph.connect(populations[from].spikes, synapses.s_in)?;
            let target = graph.in_port(populations[to].process, "a_in")?;
            graph.connect(synapses.a_out, target)?;
        }
    }
    Ok(Network { name: "cuba1ms", graph, populations, step_ms: 1.0, warm: 200, steps: 1000 })
}

/// The excitatory and the inhibitory population of `n` neurons, without synapses, each with an in-port `a_in`.
///
/// # Errors
/// None for `n` of at least 5.
pub fn populations(n: usize, seed: u64) -> Result<(Graph, Vec<Population>), GraphError> {
    let v: Vec<i32> = (0..n as u64).map(|i| below(random(1_000_003 + seed, i), 64 * THRESHOLD)).collect();
    let mut graph = Graph::new();
    let mut populations = Vec::new();
    for (name, range) in [("E", 0..n * 4 / 5), ("I", n * 4 / 5..n)] {
        let neurons = CubaLif {
            v: v[range.clone()].to_vec().into(),
            du: 1023.into(),
            dv: 200.into(),
            bias: (64 * 88).into(),
            refractory_period: 3.into(),
            ..CubaLif::new(&[range.len()], (64 * THRESHOLD as i32 - 1).into())
        };
        let neurons = graph.add(name, neurons)?;
        let (process, spikes) = (neurons.id, neurons.s_out);
        populations.push(Population { name: name.to_owned(), process, spikes, n: range.len() });
    }
    Ok((graph, populations))
}

/// Number `index` of the stream `seed` (splitmix64, Steele, Lea and Flood, OOPSLA 2014), which the reference uses.
pub const fn random(seed: u64, index: u64) -> u64 {
    let x = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// The high half of a random number, scaled to `0..n`.
pub const fn below(random: u64, n: u32) -> i32 {
    (((random >> 32) * n as u64) >> 32) as i32
}
