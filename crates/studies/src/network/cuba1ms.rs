//! A balanced network of Loihi's integer CUBA neurons at one step per millisecond.
//!
//! ```text
//! u[t] = u[t-1] * 3072/4096 + 64 * sum of weights        E 80 sources of 16, I 20 sources of -96, 2 steps of delay
//! v[t] = v[t-1] * 3896/4096 + u[t] + 64 * 88,  held at 0 for 2 steps after a spike
//! spike if v[t] > 64 * 900
//! ```
//!
//! The sources of a neuron are drawn with replacement. The shared reference (NEST, GeNN, Brian2 and an independent
//! program, 10,000 neurons, 1,200 steps, one given graph) has 273,453 spikes in floating point, 261,969 in integers. In
//! integers a voltage often lies at the threshold: were it to fire there, they would have 270,302.

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
            ..CubaLif::new(&[range.len()], (64 * THRESHOLD as i32).into())
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

#[cfg(test)]
mod tests {
    use pumice::prelude::*;

    use super::*;

    /// Neurons of the small reference.
    const N: u32 = 500;

    /// The reference's graph: source `k` of neuron `j` is number `100 j + k` of the stream 1.
    fn given() -> (Graph, Vec<Population>) {
        let (mut graph, populations) = populations(N as usize, 1).unwrap();
        let (degree, edge) = (EXCITATORY + INHIBITORY, N * 4 / 5);
        let mut synapses = [[(); 2]; 2].map(|row| row.map(|()| Vec::new()));
        for (j, k) in (0..N).flat_map(|j| (0..degree).map(move |k| (j, k))) {
            let drawn = random(1, u64::from(j * degree + k));
            let to = usize::from(j >= edge);
            let target = j - edge * to as u32;
            match k < EXCITATORY {
                true => synapses[0][to].push((below(drawn, edge) as u32, target, W_EXCITATORY)),
                false => synapses[1][to].push((below(drawn, N - edge) as u32, target, W_INHIBITORY)),
            }
        }
        for (from, row) in synapses.into_iter().enumerate() {
            for (to, synapses) in row.into_iter().enumerate() {
                let shape = [populations[to].n, populations[from].n];
                let sparse = Sparse { delays: Some(DELAY.into()), ..Sparse::new(shape, synapses) };
                let sparse = graph.add(&format!("{from}to{to}"), sparse).unwrap();
                graph.connect(populations[from].spikes, sparse.s_in).unwrap();
                let target = graph.in_port(populations[to].process, "a_in").unwrap();
                graph.connect(sparse.a_out, target).unwrap();
            }
        }
        (graph, populations)
    }

    /// Spikes of 200 steps and of each of the first ten, as a straight-line program in NumPy has them.
    #[test]
    fn the_given_graph_has_the_trains_of_the_reference() {
        let first = [26, 24, 7, 12, 5, 1, 7, 6, 8, 9];
        for (backend, total) in [(Backend::Float, 2163), (Backend::Fixed, 2172), (Backend::Chip, 2172)] {
            let (mut graph, populations) = given();
            let probes: Vec<_> =
                populations.iter().map(|p| graph.probe_port(p.spikes, Record::Events).unwrap()).collect();
            let profile = Profile::load("loihi1").unwrap();
            let mut simulation = Simulation::new(graph, &profile, &RunConfig::on(backend)).unwrap();
            simulation.run(RunSteps(200)).unwrap();
            let mut steps = vec![0; 200];
            for event in probes.iter().flat_map(|probe| simulation.recording(*probe).events()) {
                steps[event.0 as usize - 1] += 1;
            }
            assert_eq!((steps.iter().sum::<u32>(), &steps[..10]), (total, &first[..]), "{backend:?}");
        }
    }
}
