//! Shows the whole way: describe a network, put it on an emulated Loihi, run it, read spikes, state, energy and time.
//!
//! ```text
//! cargo run --example quick_start
//! ```

use std::time::Instant;

use pumice::prelude::*;

fn main() -> Result<(), Error> {
    // 100 sources fire at random in one of ten steps; each excites ten of 40 neurons and inhibits ten others.
    let mut graph = Graph::new();
    let source = graph.add("source", Poisson::new(&[100], 0.1))?;
    let weight = |target: usize, source: usize| match (source + 4 * target) % 40 {
        0..10 => 48.0,
        20..30 => -40.0,
        _ => 0.0,
    };
    let weights: Vec<Vec<f64>> = (0..40).map(|t| (0..100).map(|s| weight(t, s)).collect()).collect();
    let synapses = graph.add("synapses", Dense::new(weights))?;
    // Currents last one step; voltages lose an eighth per step; a neuron fires above 200.
    let neurons = graph.add("neurons", Lif { du: 4095.into(), dv: 512.into(), vth: 200.into(), ..Lif::new(&[40]) })?;
    graph.connect(source.out, synapses.s_in)?;
    graph.connect(synapses.a_out, neurons.a_in)?;
    let spikes = graph.probe_port(neurons.s_out, Record::Events)?;
    let voltage = graph.probe(neurons.v, Record::Dense { stride: 100 })?;

    let mut simulation = Simulation::new(graph, &Profile::load("loihi1")?, &RunConfig::default().seed(1))?;
    let start = Instant::now();
    simulation.run(RunSteps(1000))?;

    // Steps and neurons that fired, the voltages of every hundredth step, and what it all came to.
    let events = simulation.recording(spikes).events();
    let (step, neuron) = events[0];
    println!("{} spikes, the first in step {step} by neuron {neuron}", events.len());
    println!("{} records of {} voltages\n", simulation.recording(voltage).rows().len(), neurons_of(&simulation));
    let report = simulation.report("quick start", start.elapsed())?;
    print!("{}", report.text());

    assert_eq!(report.spikes, Some(events.len() as u64));
    assert!(
        (1_000..20_000).contains(&events.len()),
        "{} spikes: the network is neither silent nor in a fit",
        events.len()
    );
    assert!(report.energy_per_spike_j.is_some_and(|joules| (1e-12..1e-6).contains(&joules)));
    assert!(report.emulated_time_s.is_some_and(|seconds| seconds > 1e-6));

    // The same seed gives the same spikes, bit for bit.
    simulation.reset()?;
    simulation.run(RunSteps(1000))?;
    assert_eq!(simulation.recording(spikes).events(), events);
    Ok(())
}

fn neurons_of(simulation: &Simulation) -> usize {
    simulation.image().chip.neurons()
}
