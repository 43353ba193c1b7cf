//! A hundred neurons of DYNAP-SE2 hear the same spikes and answer differently: how mismatch spreads their rates, and what a
//! second of them costs, as far as that is known.
//!
//! `cargo run --example analog_circuits`

use pumice::models::neuron::dpi::Dpi;
use pumice::prelude::*;

const NEURONS: usize = 100;
const STEPS: u64 = 1000; // of 1 ms

fn main() -> Result<(), pumice::Error> {
    let mut graph = Graph::new();
    let source = graph.add("source", Poisson::new(&[8], 0.05))?;
    let synapses = graph.add("synapses", Dense::new(vec![vec![8.0, 4.0, 2.0, 1.0, 8.0, 4.0, 2.0, 1.0]; NEURONS]))?;
    // Ten times the adaptation of rockpool's default [pA].
    let neurons = graph.add("neurons", Dpi { i_w_ahp: 5.0.into(), ..Dpi::new(&[NEURONS]) })?;
    graph.connect(source.out, synapses.s_in)?;
    graph.connect(synapses.a_out, neurons.a_in)?;
    let spikes = graph.probe_port(neurons.s_out, Record::Events)?;
    let membrane = graph.probe(neurons.i_mem, Record::Dense { stride: 100 })?;

    let mut simulation = Simulation::new(graph, &Profile::load("dynapse2")?, &RunConfig::default())?;
    simulation.run(RunSteps(STEPS))?;
    let mut rates = vec![0u32; NEURONS];
    simulation.recording(spikes).events().iter().for_each(|(_, neuron)| rates[*neuron as usize] += 1);
    rates.sort_unstable();
    println!("rates      {} to {} spikes per second, median {}", rates[0], rates[NEURONS - 1], rates[NEURONS / 2]);
    let currents = simulation.recording(membrane).rows();
    let each: Vec<String> = currents.iter().map(|all| format!("{:.1}", all[0] / 1e3)).collect();
    println!("membrane   of neuron 0 every 100 ms [pA]: {}", each.join(" "));
    let bill = simulation.bill()?;
    let unknown: Vec<String> = bill.unpriced.iter().map(|line| format!("{} ({})", line.term, line.count)).collect();
    println!("energy     {:.2} µJ; not priced: {}", bill.dynamic_j * 1e6, unknown.join(", "));
    Ok(())
}
