//! A network with everything in it that could depend on order: recurrence, delays, both signs, random input.

use pumice::num::{Draws, Purpose};
use pumice::prelude::*;
use pumice::process::{ProbeId, ProcessId};

/// The handles that tests look at.
#[derive(Clone, Copy)]
pub(crate) struct Handles {
    pub(crate) cells: ProcessId,
    pub(crate) voltage: Var<i32>,
    pub(crate) spikes: ProbeId,
    pub(crate) readout: ProbeId,
    pub(crate) v: ProbeId,
}

/// `n` cells with random synapses of random weight and delay, driven by a Poisson source, and ten readout cells.
pub(crate) fn recurrent(n: usize, seed: u64) -> (Graph, Handles) {
    let mut graph = Graph::new();
    let mut draws = Draws::new(seed, Purpose::TOPOLOGY, 0, 0);
    let drive = graph.add("drive", Poisson::new(&[40], 0.2)).unwrap();
    let input = graph.add("input", random([n, 40], 8, 1, &mut draws)).unwrap();
    let cells = Lif { du: 1500.into(), dv: 300.into(), vth: 180.into(), ..Lif::new(&[n]) };
    let cells = graph.add("cells", cells).unwrap();
    let again = graph.add("again", random([n, n], 12, 9, &mut draws)).unwrap();
    let out = graph.add("out", random([10, n], 30, 1, &mut draws)).unwrap();
    let readout = Lif { du: 4095.into(), dv: 100.into(), vth: 400.into(), bias_mant: 3.into(), ..Lif::new(&[10]) };
    let readout = graph.add("readout", readout).unwrap();
    graph.connect(drive.out, input.s_in).unwrap();
    graph.connect(input.a_out, cells.a_in).unwrap();
    graph.connect(cells.s_out, again.s_in).unwrap();
    graph.connect(again.a_out, cells.a_in).unwrap();
    graph.connect(cells.s_out, out.s_in).unwrap();
    graph.connect(out.a_out, readout.a_in).unwrap();
    let handles = Handles {
        cells: cells.id,
        voltage: cells.v,
        spikes: graph.probe_port(cells.s_out, Record::Events).unwrap(),
        readout: graph.probe_port(readout.s_out, Record::Events).unwrap(),
        v: graph.probe(cells.v, Record::Dense { stride: 7 }).unwrap(),
    };
    (graph, handles)
}

/// A connection of `per_target` random sources for each target, one fifth inhibitory, delays below `delays`.
fn random(shape: [usize; 2], per_target: usize, delays: u32, draws: &mut Draws) -> Sparse {
    let mut synapses = Vec::new();
    let mut waits = Vec::new();
    for target in 0..shape[0] as u32 {
        for _ in 0..per_target {
            let source = draws.below(shape[1] as u32);
            let size = f64::from(2 * (8 + draws.below(40)));
            synapses.push((source, target, if draws.below(5) == 0 { -size } else { size }));
            waits.push(f64::from(draws.below(delays)));
        }
    }
    Sparse { delays: Some(waits.into()), ..Sparse::new(shape, synapses) }
}

/// Everything that a run shows, to be compared bit for bit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) spikes: Vec<(u64, u32)>,
    pub(crate) readout: Vec<(u64, u32)>,
    pub(crate) traces: Vec<Vec<f64>>,
    pub(crate) v: Vec<i32>,
}

/// Runs the network for `steps` steps.
pub(crate) fn simulate(config: &RunConfig, steps: u64) -> (Simulation, Handles) {
    let (graph, handles) = recurrent(300, 5);
    let mut simulation = Simulation::new(graph, &Profile::load("loihi1").unwrap(), config).unwrap();
    simulation.run(RunSteps(steps)).unwrap();
    (simulation, handles)
}

/// What a simulation of the network shows.
pub(crate) fn shown(simulation: &Simulation, handles: Handles) -> Shown {
    Shown {
        spikes: simulation.recording(handles.spikes).events(),
        readout: simulation.recording(handles.readout).events(),
        traces: simulation.recording(handles.v).rows(),
        v: simulation.get(handles.voltage).unwrap(),
    }
}
