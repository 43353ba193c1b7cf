//! Shows processes made of processes: a layer of synapses and neurons, and a network of layers.
//!
//! ```text
//! net ─┬─ hidden ─┬─ synapses      paths: net/hidden/synapses, net/hidden/neurons, ...
//!      │          └─ neurons
//!      └─ readout ─┬─ synapses
//!                  └─ neurons
//! ```
//!
//! A composite is built from parameters and returns the ports that the world outside may use. Its path stands for all
//! its parts: here one run puts all of the network on the chip, another leaves `net/readout` off it.

use pumice::prelude::*;
use pumice::process::GraphError;
use pumice::process::ProbeId;

/// A layer: neurons behind synapses.
struct Layer {
    weights: Vec<Vec<f64>>,
    threshold: i32,
}

/// What a layer shows: its spikes in and out.
struct LayerHandle {
    s_in: InPort<Spike>,
    s_out: OutPort<Spike>,
}

impl Composite for Layer {
    type Handle = LayerHandle;

    fn build(self, graph: &mut Graph) -> Result<LayerHandle, GraphError> {
        let n = self.weights.len();
        let synapses = graph.add("synapses", Dense::new(self.weights))?;
        let vth = self.threshold.into();
        let neurons = graph.add("neurons", Lif { du: 4095.into(), dv: 256.into(), vth, ..Lif::new(&[n]) })?;
        graph.connect(synapses.a_out, neurons.a_in)?;
        Ok(LayerHandle { s_in: synapses.s_in, s_out: neurons.s_out })
    }
}

/// A network of two layers.
struct Network {
    hidden: Layer,
    readout: Layer,
}

impl Composite for Network {
    type Handle = LayerHandle;

    fn build(self, graph: &mut Graph) -> Result<LayerHandle, GraphError> {
        let hidden = graph.compose("hidden", self.hidden)?;
        let readout = graph.compose("readout", self.readout)?;
        graph.connect(hidden.s_out, readout.s_in)?;
        Ok(LayerHandle { s_in: hidden.s_in, s_out: readout.s_out })
    }
}

/// Ten sources, twenty hidden neurons, five that read them out.
fn describe() -> Result<(Graph, ProbeId), Error> {
    let matrix = |rows: usize, columns: usize| -> Vec<Vec<f64>> {
        let weight = |row: usize, column: usize| [60.0, -30.0, 20.0, 0.0][(row + 3 * column) % 4];
        (0..rows).map(|row| (0..columns).map(|column| weight(row, column)).collect()).collect()
    };
    let mut graph = Graph::new();
    let source = graph.add("source", Poisson::new(&[10], 0.3))?;
    let network = Network {
        hidden: Layer { weights: matrix(20, 10), threshold: 90 },
        readout: Layer { weights: matrix(5, 20), threshold: 150 },
    };
    let network = graph.compose("net", network)?;
    graph.connect(source.out, network.s_in)?;
    let probe = graph.probe_port(network.s_out, Record::Events)?;
    Ok((graph, probe))
}

fn run(config: &RunConfig) -> Result<(Simulation, Vec<(u64, u32)>), Error> {
    let (graph, probe) = describe()?;
    let mut simulation = Simulation::new(graph, &Profile::load("loihi1")?, config)?;
    simulation.run(RunSteps(500))?;
    let events = simulation.recording(probe).events();
    Ok((simulation, events))
}

/// Populations on the chip.
fn banks(simulation: &Simulation) -> usize {
    simulation.image().chip.banks.len()
}

fn main() -> Result<(), Error> {
    let (whole, spikes) = run(&RunConfig::default().seed(3))?;
    println!("processes: {}", whole.image().paths.join(", "));
    println!("{} spikes of the readout, all {} populations of the network on the chip", spikes.len(), banks(&whole));
    let (part, same) = run(&RunConfig::default().seed(3).except("net/readout", Backend::Fixed))?;
    println!("{} spikes of the readout, which is left off the chip: {} population", same.len(), banks(&part));

    assert!(spikes.len() > 100, "the network is alive");
    assert_eq!(spikes, same, "where a process runs does not change what it does");
    assert_eq!((banks(&whole), banks(&part)), (2, 1));
    Ok(())
}
