//! The cortical microcircuit of Potjans and Diesmann (Cereb. Cortex 24, 2014) in fixed point, at 0.1 ms.
//!
//! Eight populations, 77,169 neurons and 299 million synapses at full scale. What comes from outside is Poisson input of
//! each neuron's own, or a direct current of the same mean, the default of the reference implementation. Numbers of synapses, weights and delays are those of the paper's tables 4 and 5 (as in NEST's reference
//! implementation); smaller networks keep the mean input by a direct current and the fluctuations by larger weights
//! (van Albada et al., PLoS Comput. Biol. 11, 2015).
//!
//! In registers: an excitatory synapse is 40 weight LSB, so that all weights are integers of 8 bits; the voltage unit
//! follows from it, such that a synapse moves the same charge. The 12-bit decay makes the membrane 9.94 ms in place of 10.

use pumice::models::connection::random::{Choice, Random};
use pumice::models::connection::topology::Topology;
use pumice::models::neuron::cuba_lif::CubaLif;
use pumice::models::source::poisson_input::PoissonInput;
use pumice::num::{Draws, Purpose};
use pumice::process::{Graph, GraphError};

use super::{Network, NetworkError, Population};

/// Names of the populations.
pub const POPULATIONS: [&str; 8] = ["L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"];
/// Neurons at full scale.
pub const FULL: [usize; 8] = [20_683, 5_834, 21_915, 5_479, 4_850, 1_065, 14_395, 2_948];
/// Probability that a pair is joined; rows are targets, columns sources.
const PROBABILITY: [[f64; 8]; 8] = [
    [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0],
    [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0],
    [0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0],
    [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0],
    [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0],
    [0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0],
    [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
    [0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443],
];
/// Sources outside the network of each neuron.
const OUTSIDE: [f64; 8] = [1600.0, 1500.0, 2100.0, 1900.0, 2000.0, 1900.0, 2900.0, 2100.0];
/// Rate of each of them `[Hz]`.
const OUTSIDE_RATE: f64 = 8.0;
/// Mean rates of the full network in a long run of the reference implementation `[Hz]`.
pub const RATES: [f64; 8] = [0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829];
/// Mean and deviation of first voltages `[mV]`.
const FIRST_V: [(f64, f64); 8] = [
    (-68.28, 5.36),
    (-63.16, 4.57),
    (-63.33, 4.74),
    (-63.45, 4.94),
    (-63.11, 4.94),
    (-61.66, 4.55),
    (-66.72, 5.46),
    (-61.43, 4.48),
];
const STEP_MS: f64 = 0.1;
const REST_MV: f64 = -65.0;
const THRESHOLD_MV: f64 = -50.0;
const CAPACITY_PF: f64 = 250.0;
const TAU_CURRENT_MS: f64 = 0.5;
/// Current of an excitatory synapse: a potential of 0.15 mV `[pA]`.
const CURRENT_PA: f64 = 87.81;
/// What the current keeps per step in units of 1/4096: exp(-0.1 / 0.5), rounded.
const KEEP_U: i32 = 3354;
/// What the voltage keeps per step in units of 1/4096: exp(-0.1 / 10), rounded.
const KEEP_V: i32 = 4055;
/// Dead time of 2 ms, in the chip's count, which includes the step of the spike.
const DEAD: i32 = 21;
/// Weight of an excitatory synapse `[weight LSB]`.
const UNIT: f64 = 40.0;

/// What the neurons get from outside the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// Poisson spikes, drawn for each neuron.
    Poisson,
    /// Their mean, as a direct current.
    Direct,
}

/// The network in numbers.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// Neurons of each population.
    pub n: [usize; 8],
    /// Synapses, by target and source.
    pub synapses: [[u64; 8]; 8],
    /// Root by which weights grow as numbers of synapses shrink.
    growth: f64,
    /// Direct current: the input from outside if it is direct, and what makes up for lost mean input `[pA]`.
    direct_pa: [f64; 8],
    outside: Outside,
}

impl Parameters {
    /// For shares of the full numbers of neurons and of synapses per neuron.
    pub fn new(neurons: f64, synapses: f64, outside: Outside) -> Self {
        let mut own = Parameters {
            n: FULL.map(|n| (n as f64 * neurons).round() as usize),
            synapses: [[0; 8]; 8],
            growth: 1.0 / synapses.sqrt(),
            direct_pa: [0.0; 8],
            outside,
        };
        for target in 0..8 {
            // Currents times rates: pA Hz, a synapse's current lasting for its time constant.
            let driven = CURRENT_PA * OUTSIDE[target] * OUTSIDE_RATE;
            let (mut input, direct) = match outside {
                Outside::Poisson => (driven, 0.0),
                Outside::Direct => (0.0, driven),
            };
            for (source, rate) in RATES.iter().enumerate() {
                let pairs = FULL[target] as f64 * FULL[source] as f64;
                let full = (-PROBABILITY[target][source]).ln_1p() / ((pairs - 1.0) / pairs).ln();
                own.synapses[target][source] = (full * neurons * synapses).round() as u64;
                input += CURRENT_PA * amplitude(target, source) * full / FULL[target] as f64 * rate;
            }
            own.direct_pa[target] = 1e-3 * TAU_CURRENT_MS * (direct + (1.0 - synapses.sqrt()) * input);
        }
        own
    }

    /// Voltage per weight LSB `[mV]`: a synapse of [`UNIT`] moves the charge of the real one.
    fn unit_mv(&self) -> f64 {
        let charge_mv = CURRENT_PA * self.growth * TAU_CURRENT_MS / CAPACITY_PF;
        charge_mv * (1.0 - f64::from(KEEP_U) / 4096.0) / UNIT
    }

    /// A voltage above rest in state LSB.
    fn state(&self, mv: f64) -> f64 {
        (mv / self.unit_mv() * 64.0).round()
    }
}

/// The synapse from a population to another in multiples of the excitatory one: sources L23E .. L6I by turns.
fn amplitude(target: usize, source: usize) -> f64 {
    match (target, source) {
        (0, 2) => 2.0,
        (_, source) if source % 2 == 0 => 1.0,
        _ => -4.0,
    }
}

/// The share `scale` of the neurons, with the same share of synapses per neuron, driven by Poisson spikes.
///
/// # Errors
/// If the scale is not in `0.01..=1`.
pub fn build(scale: f64, seed: u64) -> Result<Network, NetworkError> {
    built("pd14", Outside::Poisson, scale, seed)
}

/// The same driven by direct currents; those of the published reference runs (`docs/STATISTICS.md`).
///
/// Below a scale of about 0.4 some of the currents are less than the rheobase of 375 pA, and rates fall; at a tenth only
/// L6I fires.
///
/// # Errors
/// As of [`build`].
pub fn build_direct(scale: f64, seed: u64) -> Result<Network, NetworkError> {
    built("pd14_dc", Outside::Direct, scale, seed)
}

fn built(name: &'static str, outside: Outside, scale: f64, seed: u64) -> Result<Network, NetworkError> {
    if !(0.01..=1.0).contains(&scale) {
        return Err(NetworkError::Scale { name, scale, allowed: "a number in 0.01..=1" });
    }
    let own = Parameters::new(scale, scale, outside);
    let mut graph = Graph::new();
    let mut populations = Vec::with_capacity(8);
    for k in 0..8 {
        populations.push(population(&mut graph, &own, k, (scale, seed))?);
    }
    for (target, to) in populations.iter().enumerate() {
        for (source, from) in populations.iter().enumerate().filter(|(s, _)| own.synapses[target][*s] > 0) {
            let synapses = graph.add(&format!("{}to{}", from.name, to.name), connection(&own, target, source))?;
            graph.connect(from.spikes, synapses.s_in)?;
            graph.connect(synapses.a_out, graph.in_port(to.process, "a_in")?)?;
        }
    }
    Ok(Network { name, graph, populations, step_ms: STEP_MS, warm: 2000, steps: 2000 })
}

fn population(
    graph: &mut Graph,
    own: &Parameters,
    k: usize,
    (scale, seed): (f64, u64),
) -> Result<Population, GraphError> {
    let n = own.n[k];
    let first = |i: usize| {
        let mut draws = Draws::new(seed, Purpose::INITIAL, k as u32, i as u32);
        // Box and Muller, 1958: a normal number from two uniform ones.
        let (a, b) = (1.0 - draws.unit(), draws.unit());
        let normal = (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos();
        own.state(FIRST_V[k].0 + FIRST_V[k].1 * normal - REST_MV)
    };
    let bias = own.state(own.direct_pa[k] * STEP_MS / CAPACITY_PF);
    let neurons = CubaLif {
        v: (0..n).map(first).collect::<Vec<f64>>().into(),
        du: (4095 - KEEP_U).into(),
        dv: (4096 - KEEP_V).into(),
        bias: bias.into(),
        refractory_period: DEAD.into(),
        ..CubaLif::new(&[n], own.state(THRESHOLD_MV - REST_MV).into())
    };
    let neurons = graph.add(POPULATIONS[k], neurons)?;
    if own.outside == Outside::Poisson {
        let rate_per_step = OUTSIDE_RATE * OUTSIDE[k] * scale * STEP_MS * 1e-3;
        let drive = graph.add(&format!("outside{}", POPULATIONS[k]), PoissonInput::new(&[n], rate_per_step, UNIT))?;
        graph.connect(drive.a_out, neurons.a_in)?;
    }
    Ok(Population { name: POPULATIONS[k].into(), process: neurons.id, spikes: neurons.s_out, n })
}

/// Weights with a deviation of a tenth of their mean, delays of 1.5 or 0.75 ms with half of it.
fn connection(own: &Parameters, target: usize, source: usize) -> Random {
    let weight = UNIT * amplitude(target, source);
    let (from, to) = if weight > 0.0 { (1.0, 255.0) } else { (-255.0, -1.0) };
    let delay = if source.is_multiple_of(2) { 15.0 } else { 7.5 };
    let topology = Topology::FixedTotal { synapses: own.synapses[target][source] };
    let weights = Choice::Redrawn { mean: weight, std: weight.abs() / 10.0, from, to };
    let mut random = Random::new([own.n[target], own.n[source]], topology, weights);
    // At least one step; the chip's longest delay is 5.5 deviations above the mean.
    random.delays = Some(Choice::Redrawn { mean: delay, std: delay / 2.0, from: 0.5, to: 62.0 });
    random
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published totals: 77,169 neurons, 298,880,968 synapses (NEST's reference implementation).
    #[test]
    fn the_full_network_has_the_published_size() {
        let full = Parameters::new(1.0, 1.0, Outside::Poisson);
        assert_eq!(full.n.iter().sum::<usize>(), 77_169);
        assert_eq!(full.synapses.iter().flatten().sum::<u64>(), 298_880_968);
        assert!(full.direct_pa.iter().all(|pa| *pa == 0.0));
        // 1,600 sources of 8 Hz that each give 87.81 pA for 0.5 ms.
        let direct = Parameters::new(1.0, 1.0, Outside::Direct).direct_pa[0];
        assert!((direct - 561.98).abs() < 0.01, "{direct} pA");
        // A postsynaptic potential of 0.15 mV, threshold 15 mV: the impulse response at its peak, from the registers.
        let (mut u, mut v, mut peak) = (UNIT, 0.0, 0.0_f64);
        for _ in 0..100 {
            v = v * f64::from(KEEP_V) / 4096.0 + u;
            u *= f64::from(KEEP_U) / 4096.0;
            peak = peak.max(v);
        }
        let peak = peak * full.unit_mv();
        assert!((peak - 0.15).abs() < 0.003, "{peak} mV");
    }
}
