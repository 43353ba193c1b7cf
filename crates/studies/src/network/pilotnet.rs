//! A convolutional network of the shape of PilotNet (Bojarski et al., arXiv:1604.07316), with random weights.
//!
//! An image of 200 x 66 pixels in three channels, as Poisson spikes; five convolutions (24, 36 and 48 channels of 5 x 5 at
//! every second position, twice 64 of 3 x 3), then layers of 100, 50 and 10.

use pumice::models::connection::conv::{Conv, Pair};
use pumice::models::connection::dense::Dense;
use pumice::models::neuron::lif::Lif;
use pumice::models::source::poisson::Poisson;
use pumice::process::Graph;

use super::cuba1ms::{below, random};
use super::{Network, NetworkError, Population};

/// Channels, width of the kernel and stride of each convolution.
const CONVOLUTIONS: [(usize, usize, usize); 5] = [(24, 5, 2), (36, 5, 2), (48, 5, 2), (64, 3, 1), (64, 3, 1)];

/// The original image at scale 1; sides grow with the root of the scale and are at least 61 pixels.
///
/// # Errors
/// If the scale is not in `0.001..=100`.
pub fn build(scale: f64, seed: u64) -> Result<Network, NetworkError> {
    if !(0.001..=100.0).contains(&scale) {
        return Err(NetworkError::Scale { name: "pilotnet", scale, allowed: "a number in 0.001..=100" });
    }
    let side = |full: f64| ((full * scale.sqrt()).round() as usize).max(61);
    let mut shape = [side(200.0), side(66.0), 3];
    let mut graph = Graph::new();
    let mut spikes = graph.add("image", Poisson::new(&shape, 0.05))?.out;
    let mut populations = Vec::new();
    let mut weights = (0..).map(|i| f64::from(2 * below(random(seed, i), 64) - 56));
    let mut layer = |graph: &mut Graph, k: usize, shape: &[usize], vth: i32| {
        let name = format!("layer{k}");
        let neurons = Lif { du: 2047.into(), dv: 512.into(), vth: vth.into(), ..Lif::new(shape) };
        let neurons = graph.add(&name, neurons)?;
        let n = shape.iter().product();
        populations.push(Population { name, process: neurons.id, spikes: neurons.s_out, n });
        Ok::<_, NetworkError>(neurons)
    };
    for (k, (channels, width, stride)) in CONVOLUTIONS.into_iter().enumerate() {
        let mut take = |n: usize| (0..n).map(|_| weights.next().unwrap_or(0.0)).collect::<Vec<f64>>();
        let kernel = (0..channels).map(|_| (0..width).map(|_| (0..width).map(|_| take(shape[2])).collect()).collect());
        let mut conv = Conv::new(shape, kernel.collect());
        conv.stride = Pair::Both(stride);
        let size = |n: usize| (n - width) / stride + 1;
        shape = [size(shape[0]), size(shape[1]), channels];
        let synapses = graph.add(&format!("conv{}", k + 1), conv)?;
        let neurons = layer(&mut graph, k + 1, &shape, 120)?;
        graph.connect(spikes, synapses.s_in)?;
        graph.connect(synapses.a_out, neurons.a_in)?;
        spikes = neurons.s_out;
    }
    let mut n = shape.iter().product();
    let mut flat = graph.flatten(spikes);
    for (k, width) in [100, 50, 10].into_iter().enumerate() {
        let rows = (0..width).map(|_| (0..n).map(|_| weights.next().unwrap_or(0.0)).collect()).collect();
        let synapses = graph.add(&format!("dense{}", k + 6), Dense::new(rows))?;
        let neurons = layer(&mut graph, k + 6, &[width], 120)?;
        graph.connect(flat, synapses.s_in)?;
        graph.connect(synapses.a_out, neurons.a_in)?;
        (flat, n) = (neurons.s_out, width);
    }
    Ok(Network { name: "pilotnet", graph, populations, step_ms: 1.0, warm: 30, steps: 200 })
}
