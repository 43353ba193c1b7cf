//! Brunel's balanced random network with delta synapses (J. Comput. Neurosci. 8, 2000), at 0.1 ms.
//!
//! Each neuron hears a tenth of all neurons: four in five are excitatory with an amplitude of J = 0.1 mV * 12,500 / N, the
//! rest inhibitory with -5 J; threshold 20 mV, membrane 20 ms, dead time 2 ms, delay 1.5 ms; Poisson input of amplitude J
//! at twice the rate that brings the mean voltage to threshold. J is 32 weight LSB, with the largest exponent that keeps
//! the threshold within 2^19 state LSB: rounding takes little from the voltage, and the register holds 16 thresholds. The
//! chip's 12-bit decay makes the membrane 20.43 ms; the rate of the input is that of the network as it is described.

use pumice::models::connection::random::Random;
use pumice::models::connection::topology::Topology;
use pumice::models::neuron::cuba_lif::CubaLif;
use pumice::models::source::poisson_input::PoissonInput;
use pumice::process::Graph;

use super::cuba1ms::{below, random};
use super::{Network, NetworkError, Population, scaled};

const STEP_MS: f64 = 0.1;
const TAU_MS: f64 = 20.0;
/// What the membrane keeps per step, in units of 1/4096: exp(-0.1 / 20), rounded.
const KEEP: i32 = 4076;
/// Weight of an excitatory synapse `[weight LSB]`.
const J: f64 = 32.0;

/// 12,500 neurons and 15.6 million synapses at scale 1; synapses grow with the square of the scale.
///
/// # Errors
/// If the scale is not in `0.001..=1000`.
pub fn build(scale: f64, seed: u64) -> Result<Network, NetworkError> {
    let n = scaled("brunel_delta", 12_500, scale)?.max(50);
    let sizes = [n * 4 / 5, n - n * 4 / 5];
    let amplitudes = 200.0 * n as f64 / 12_500.0; // threshold / J
    let exponent = (524_288.0 / (amplitudes * 64.0 * J)).log2().floor().clamp(-5.0, 7.0);
    let j = J * exponent.exp2();
    let threshold = (amplitudes * 64.0 * j).round() as i32;
    let mut graph = Graph::new();
    let mut populations = Vec::new();
    let mut first = 0;
    for (name, n) in [("E", sizes[0]), ("I", sizes[1])] {
        let v = (first..first + n as u64).map(|i| below(random(seed, i), threshold as u32)).collect::<Vec<i32>>();
        first += n as u64;
        let neurons = CubaLif {
            v: v.into(),
            du: 4095.into(),
            dv: (4096 - KEEP).into(),
            refractory_period: 21.into(),
            ..CubaLif::new(&[n], (threshold - 1).into())
        };
        let neurons = graph.add(name, neurons)?;
        // eta * threshold / J spikes per membrane time constant.
        let mean = 2.0 * amplitudes * STEP_MS / TAU_MS;
        let drive = graph.add(&format!("drive{name}"), PoissonInput::new(&[n], mean, j))?;
        graph.connect(drive.a_out, neurons.a_in)?;
        populations.push(Population { name: name.to_owned(), process: neurons.id, spikes: neurons.s_out, n });
    }
    for (from, weight) in [(0, J), (1, -5.0 * J)] {
        for to in 0..2 {
            let degree = sizes[from] as u32 / 10;
            let mut random = Random::new([sizes[to], sizes[from]], Topology::DrawnInDegree { degree }, weight);
            random.weight_exp = exponent as i32;
            // A spike of step t acts in step t + 15.
            random.delays = Some(14.0.into());
            let name = format!("{}to{}", populations[from].name, populations[to].name);
            let synapses = graph.add(&name, random)?;
            graph.connect(populations[from].spikes, synapses.s_in)?;
            let target = graph.in_port(populations[to].process, "a_in")?;
            graph.connect(synapses.a_out, target)?;
        }
    }
    Ok(Network { name: "brunel_delta", graph, populations, step_ms: STEP_MS, warm: 1000, steps: 2000 })
}
