//! Recordings of Loihi 2 and of lava-dl's ground truth, replayed through a graph and a run, bit by bit.

use std::path::{Path, PathBuf};

use pumice::file::read_npz;
use pumice::prelude::*;
use pumice_conformance::suite;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Backends that compute in integers, with their workers.
const FORMS: [(Backend, usize); 4] = [(Backend::Fixed, 1), (Backend::Chip, 1), (Backend::Chip, 2), (Backend::Chip, 3)];

/// u, v and spikes of four convolution layers.
#[test]
fn pilotnets_layers_on_loihi_2() {
    let cases = (suite("pilotnet").unwrap().replay)(&golden("loihi2-pilotnet")).unwrap();
    assert_eq!(cases.len(), 4);
    let failed: Vec<String> = cases.iter().filter(|case| case.fault.is_some()).map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Voltage and spikes of one neuron on a Loihi 2 chip in every one of 1,000 steps.
#[test]
fn one_neuron_on_loihi_2() {
    let text = std::fs::read_to_string(golden("loihi2-lif/lif_lava_loihi_fixed.csv")).unwrap();
    let rows = text.lines().map(|line| line.split(',').map(|x| x.parse().unwrap()).collect());
    let rows: Vec<Vec<f64>> = rows.collect();
    assert_eq!((rows.len(), rows.iter().filter(|row| row[2] == 1.0).count()), (1000, 4));
    for (backend, workers) in FORMS {
        let mut graph = Graph::new();
        let input = rows.iter().map(|row| vec![row[0]]).collect();
        let source = graph.add("source", RingBuffer::spikes(&[1], input)).unwrap();
        let synapse = graph.add("synapse", Dense::new(vec![vec![10.0]])).unwrap();
        let lif = Lif { du: 4095.into(), dv: 163.into(), vth: 25.into(), ..Lif::new(&[1]) };
        let neuron = graph.add("neuron", lif).unwrap();
        graph.connect(source.out, synapse.s_in).unwrap();
        graph.connect(synapse.a_out, neuron.a_in).unwrap();
        let v = graph.probe(neuron.v, Record::Dense { stride: 1 }).unwrap();
        let s = graph.probe_port(neuron.s_out, Record::Dense { stride: 1 }).unwrap();
        let config = RunConfig::on(backend).workers(workers);
        let mut simulation = Simulation::new(graph, &Profile::load("loihi2").unwrap(), &config).unwrap();
        simulation.run(RunSteps(1000)).unwrap();
        let (v, s) = (simulation.recording(v).rows().concat(), simulation.recording(s).rows().concat());
        for (t, row) in rows.iter().enumerate() {
            // The chip shows its refractory counter after a spike.
            let own = if s[t] == 1.0 { 128.0 } else { v[t] };
            assert_eq!([own, s[t]], row[1..], "step {t}, {backend:?}, {workers} workers");
        }
    }
}

/// Currents and spikes of 256 trained neurons in 2,000 steps.
#[test]
fn a_trained_dense_block_of_lava_dl() {
    let read = |name: &str| read_npz(&golden("lava-dl/oxford_dense.npz"), name).unwrap().to_real();
    let (weight, spikes_in) = (read("weight"), read("spikes_in"));
    let (current, spikes_out) = (read("current"), read("spikes_out"));
    let step = |all: &[f64], t: usize| all.iter().skip(t).step_by(2000).copied().collect::<Vec<f64>>();
    let mut expected = Vec::new();
    for t in 0..2000 {
        let fired = step(&spikes_out, t).into_iter().enumerate().filter(|(_, s)| *s == 1.0);
        expected.extend(fired.map(|(i, _)| (t as u64 + 1, i as u32)));
    }
    assert_eq!(expected.len(), 1826);
    for (backend, workers) in [FORMS[0], FORMS[1], FORMS[3]] {
        let mut graph = Graph::new();
        let input = (0..2000).map(|t| step(&spikes_in, t)).collect();
        let source = graph.add("source", RingBuffer::spikes(&[200], input)).unwrap();
        let rows = weight.chunks(200).map(<[f64]>::to_vec).collect();
        let synapses = graph.add("synapses", Dense::new(rows)).unwrap();
        let lif = Lif { du: 4095.into(), dv: 415.into(), vth: 6.into(), ..Lif::new(&[256]) };
        let neurons = graph.add("neurons", lif).unwrap();
        graph.connect(source.out, synapses.s_in).unwrap();
        graph.connect(synapses.a_out, neurons.a_in).unwrap();
        let spikes = graph.probe_port(neurons.s_out, Record::Events).unwrap();
        let u = graph.probe(neurons.u, Record::Dense { stride: 1 }).unwrap();
        let config = RunConfig::on(backend).workers(workers);
        let mut simulation = Simulation::new(graph, &Profile::load("loihi2").unwrap(), &config).unwrap();
        simulation.run(RunSteps(2000)).unwrap();
        assert_eq!(simulation.recording(spikes).events(), expected, "{backend:?}, {workers} workers");
        for (t, row) in simulation.recording(u).rows().into_iter().enumerate() {
            let recorded: Vec<f64> = step(&current, t).into_iter().map(|x| x * 64.0).collect();
            assert_eq!(row, recorded, "step {t}, {backend:?}, {workers} workers");
        }
    }
}
