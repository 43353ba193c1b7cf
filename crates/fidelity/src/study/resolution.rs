//! What weight resolution does to the rates of a balanced network.

use pumice::models::connection::sparse::Sparse;
use pumice::num::{Draws, Purpose};
use pumice::prelude::{Backend, Graph, Lif, Poisson, Profile, Record, RunConfig, RunSteps, Simulation};

use crate::FidelityError;
use crate::metric::ks::ks;
use crate::metric::rate::rate;

/// How weights are put on a coarse grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// As drawn.
    Full,
    /// Cut to so many bits of the range from 0 to four times the mean, what falls between lost.
    Cut(u32),
    /// On two to the so many levels that keep mean and standard deviation of each kind of weight.
    Moments(u32),
}

/// A balanced network with weights of one resolution against the same network with full weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Balance {
    /// The resolution.
    pub resolution: Resolution,
    /// Mean rate `[1/step]`.
    pub rate: f64,
    /// Kolmogorov–Smirnov distance of the neurons' rates to full resolution.
    pub rate_ks: f64,
    /// The same distance between two wirings and noises of full resolution.
    pub seed_ks: f64,
}

/// Excitatory and inhibitory neurons, sources of noise, and synapses of each kind per neuron.
const BALANCED: (u32, u32, u32, u32) = (160, 40, 100, 16);

/// Puts weights of one kind on a grid.
fn on_grid(weights: &[f64], resolution: Resolution) -> Vec<f64> {
    let n = weights.len() as f64;
    let mean = weights.iter().sum::<f64>() / n;
    match resolution {
        Resolution::Full => weights.to_vec(),
        Resolution::Cut(bits) => {
            let step = 4.0 * mean.abs() / f64::from(1 << bits);
            weights.iter().map(|w| (w / step).trunc() * step).collect()
        }
        Resolution::Moments(bits) => {
            // As many levels as there are, each for an equal share of the sorted weights; then mean and deviation restored.
            let mut order: Vec<usize> = (0..weights.len()).collect();
            order.sort_by(|i, j| weights[*i].total_cmp(&weights[*j]));
            let share = weights.len().div_ceil(1 << bits);
            let mut coarse = vec![0.0; weights.len()];
            for group in order.chunks(share) {
                let level = group.iter().map(|k| weights[*k]).sum::<f64>() / group.len() as f64;
                group.iter().for_each(|k| coarse[*k] = level);
            }
            let deviation = |all: &[f64]| (all.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / n).sqrt();
            let stretch = deviation(weights) / deviation(&coarse).max(1e-12);
            coarse.iter().map(|w| mean + (w - mean) * stretch).collect()
        }
    }
}

/// A random connection: every target hears `BALANCED.3` sources, with weights around a mean (deviation: a third of it).
fn connection(seed: u64, place: u32, [n_to, n_from]: [u32; 2], mean: f64, resolution: Resolution) -> Sparse {
    let mut draws = Draws::new(seed, Purpose::WEIGHT, place, 0);
    let (mut sources, mut targets, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for target in 0..n_to {
        for _ in 0..BALANCED.3 {
            sources.push(draws.below(n_from));
            targets.push(target);
            // A sum of uniform numbers is near enough to a normal one.
            let normal = (0..12).map(|_| draws.unit()).sum::<f64>() - 6.0;
            weights.push(mean + mean.abs() / 3.0 * normal.clamp(-2.9, 2.9));
        }
    }
    let weights = on_grid(&weights, resolution);
    Sparse { sources, targets, weights, ..Sparse::new([n_to as usize, n_from as usize], []) }
}

/// Rates of all neurons of the balanced network.
fn balanced(seed: u64, steps: u64, resolution: Resolution) -> Result<Vec<f64>, FidelityError> {
    let (n_e, n_i, n_x, _) = BALANCED;
    let mut graph = Graph::new();
    let cells = |n: u32| Lif { du: 4095.into(), dv: 200.into(), vth: 100.into(), ..Lif::new(&[n as usize]) };
    let noise = graph.add("noise", Poisson::new(&[n_x as usize], 0.045))?;
    let (e, i) = (graph.add("e", cells(n_e))?, graph.add("i", cells(n_i))?);
    let ways = [("noise", n_x, 12.0), ("e", n_e, 4.0), ("i", n_i, -24.0)];
    let mut probes = Vec::new();
    for (k, (to, n_to)) in [("e", n_e), ("i", n_i)].into_iter().enumerate() {
        for (m, (from, n_from, mean)) in ways.into_iter().enumerate() {
            let place = (3 * k + m) as u32;
            let own = graph.add(&format!("{from}_{to}"), connection(seed, place, [n_to, n_from], mean, resolution))?;
            graph.connect([noise.out, e.s_out, i.s_out][m], own.s_in)?;
            graph.connect(own.a_out, [e.a_in, i.a_in][k])?;
        }
        probes.push((graph.probe_port([e.s_out, i.s_out][k], Record::Events)?, n_to));
    }
    let config = RunConfig::on(Backend::Float).seed(seed);
    let mut simulation = Simulation::new(graph, &Profile::load("loihi1")?, &config)?;
    simulation.run(RunSteps(steps))?;
    let mut rates = Vec::new();
    for (probe, n) in probes {
        let mut counts = vec![Vec::new(); n as usize];
        for (step, neuron) in simulation.recording(probe).events() {
            counts[neuron as usize].push(step as f64);
        }
        rates.extend(counts.iter().map(|train| rate(train, steps as f64)));
    }
    Ok(rates)
}

/// Weights in 1 to 4 bits, cut or with their moments kept, against full resolution.
///
/// Source: Dasbach, Tetzlaff, Diesmann, Senk, Front Neurosci 15:757790, 2021, on the microcircuit of Potjans and Diesmann;
/// here a network of 200 neurons. A difference inside `seed_ks` is as good as another seed.
///
/// # Errors
/// If a run fails.
pub fn resolution_study(steps: u64) -> Result<Vec<Balance>, FidelityError> {
    let full = balanced(1, steps, Resolution::Full)?;
    let seed_ks = ks(&full, &balanced(2, steps, Resolution::Full)?).unwrap_or(0.0);
    let mut all = Vec::new();
    let bits = [1, 2, 3, 4];
    for resolution in bits.map(Resolution::Moments).into_iter().chain(bits.map(Resolution::Cut)) {
        let rates = balanced(1, steps, resolution)?;
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        all.push(Balance { resolution, rate: mean, rate_ks: ks(&full, &rates).unwrap_or(0.0), seed_ks });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Dasbach et al. 2021: coarse weights do not matter as long as mean and variance are kept.
    #[test]
    fn coarse_weights_do_no_harm_while_their_moments_are_kept() {
        let all = resolution_study(1500).unwrap();
        println!("{all:?}");
        let of = |resolution| all.iter().find(|b| b.resolution == resolution).unwrap();
        for bits in 1..=4 {
            let kept = of(Resolution::Moments(bits));
            assert!(kept.rate_ks <= 1.5 * kept.seed_ks && kept.rate > 0.005, "{kept:?}");
        }
        for bits in 1..=2 {
            assert!(of(Resolution::Cut(bits)).rate_ks > 2.0 * of(Resolution::Moments(bits)).rate_ks, "{all:?}");
        }
    }
}
