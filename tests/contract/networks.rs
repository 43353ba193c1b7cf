//! The algebra of vectors: matrices, sums, products, normalisation, resonators.

use pumice::models::neuron::s4d::{Complex, SigmaS4dDelta};
use pumice::prelude::*;
use pumice::process::ProbeId;
use pumice::process::networks::{
    GradedDense, GradedSparse, GradedVec, InputVec, LifVec, NormalizeNet, ProductVec, ResFireVec, SigmaS4dDeltaLayer,
};

fn rows(graph: Graph, probe: ProbeId, backend: Backend, steps: u64) -> Vec<Vec<f64>> {
    let profile = Profile::load("loihi2").unwrap();
    let mut simulation = Simulation::new(graph, &profile, &RunConfig::on(backend)).unwrap();
    simulation.run(RunSteps(steps)).unwrap();
    simulation.recording(probe).rows()
}

const EVERY: Record = Record::Dense { stride: 1 };

#[test]
fn matrices_add_up_in_fixed_point() {
    for backend in [Backend::Fixed, Backend::Chip] {
        let mut graph = Graph::new();
        let x = graph.compose("x", InputVec::new(vec![vec![1.5, -2.0], vec![0.25, 4.0]], 6)).unwrap();
        let w = graph.apply("w", GradedDense::new(vec![vec![0.5, 1.25], vec![-1.0, 0.1]]), x).unwrap();
        let twice = GradedSparse { exp: 6, ..GradedSparse::new([2, 2], vec![(0, 1, 1.5)]) };
        let more = graph.apply("more", twice, x).unwrap();
        let y = graph.compose("y", GradedVec::new(&[2])).unwrap();
        graph.feed(y.in_port, &[w, more]).unwrap();
        let probe = graph.probe_port(y.out_port, EVERY).unwrap();
        // x is (96, -128), then (16, 256); weights are 128ths cut toward zero, 0.1 is 12 / 128.
        let first = [(64.0 * 96.0 - 160.0 * 128.0) / 128.0, ((-128.0 * 96.0 - 12.0 * 128.0) / 128.0) + 1.5 * 96.0];
        let second = [(64.0 * 16.0 + 160.0 * 256.0) / 128.0, ((-128.0 * 16.0 + 12.0 * 256.0) / 128.0) + 1.5 * 16.0];
        let got = rows(graph, probe, backend, 3);
        assert_eq!(got, [[0.0, 0.0].to_vec(), first.to_vec(), second.to_vec()], "{backend:?}");
        assert!(got.concat().iter().filter(|x| **x != 0.0).count() == 4);
    }
}

#[test]
fn products_take_two_vectors() {
    for backend in [Backend::Fixed, Backend::Chip] {
        let mut graph = Graph::new();
        let a = graph.compose("a", InputVec::new(vec![vec![1.5, -2.0, 0.0]], 6)).unwrap();
        let b = graph.compose("b", InputVec::new(vec![vec![2.0, 3.0, 9.0]], 6)).unwrap();
        let p = graph.multiply("p", a, b, 6).unwrap();
        let y = graph.compose("y", GradedVec::new(&[3])).unwrap();
        graph.feed(y.in_port, &[p]).unwrap();
        let probe = graph.probe_port(y.out_port, EVERY).unwrap();
        let got = rows(graph, probe, backend, 4);
        assert_eq!(got[1], [0.0; 3], "a product takes two connections");
        assert_eq!(got[2], [3.0 * 64.0, -6.0 * 64.0, 0.0], "{backend:?}");
        // With one factor only, nothing.
        let mut graph = Graph::new();
        let a = graph.compose("a", InputVec::new(vec![vec![1.5]], 6)).unwrap();
        let sums = graph.apply("w", GradedSparse::identity(1), a).unwrap();
        let product = graph.compose("product", ProductVec::new(&[1], 0)).unwrap();
        graph.feed(product.in_port, &[sums]).unwrap();
        let probe = graph.probe_port(product.out_port, EVERY).unwrap();
        assert!(rows(graph, probe, backend, 4).concat().iter().all(|x| *x == 0.0));
    }
}

#[test]
fn a_vector_is_normalised() {
    let results = [Backend::Fixed, Backend::Chip].map(|backend| {
        let mut graph = Graph::new();
        let x = graph.compose("x", InputVec::new(vec![vec![300.0, -400.0, 1200.0]], 0)).unwrap();
        let sums = graph.apply("w", GradedSparse::identity(3), x).unwrap();
        let net = graph.compose("net", NormalizeNet::new(3)).unwrap();
        graph.feed(net.in_port, &[sums]).unwrap();
        let probe = graph.probe_port(net.out_port, EVERY).unwrap();
        rows(graph, probe, backend, 8)
    });
    let [got, on_cores] = results;
    assert_eq!(got, on_cores);
    let last = got.last().unwrap();
    // Base 12: the length of the result is 2^18.
    let expected = [300.0, -400.0, 1200.0].map(|x| x / 1300.0 * 262_144.0);
    for (x, want) in last.iter().zip(expected) {
        assert!((x - want).abs() < want.abs() * 0.01, "{last:?} {expected:?}");
    }
    assert_eq!(got[1], [0.0; 3]);
}

#[test]
fn resonators_and_lif_neurons_are_layers_too() {
    for backend in [Backend::Fixed, Backend::Chip] {
        let mut graph = Graph::new();
        let mut impulse = vec![vec![0.0, 0.0]; 200];
        impulse[0] = vec![500.0, 500.0];
        let x = graph.compose("x", InputVec::new(impulse, 0)).unwrap();
        let sums = graph.apply("w", GradedSparse::identity(2), x).unwrap();
        let ring = graph.compose("ring", ResFireVec::new(&[2], vec![20.0, 50.0], 0.5)).unwrap();
        graph.feed(ring.in_port, &[sums]).unwrap();
        let on = graph.apply("on", GradedDense::new(vec![vec![1.0, 0.0]]), ring.out_port).unwrap();
        let lif = graph.compose("lif", LifVec(Lif { du: 4095.into(), vth: 100.into(), ..Lif::new(&[1]) })).unwrap();
        graph.feed(lif.in_port, &[on]).unwrap();
        let (amplitudes, spikes) = (graph.probe_port(ring.out_port, Record::Events).unwrap(), lif.out_port);
        let spikes = graph.probe_port(spikes, Record::Events).unwrap();
        let profile = Profile::load("loihi2").unwrap();
        let mut simulation = Simulation::new(graph, &profile, &RunConfig::on(backend)).unwrap();
        simulation.run(RunSteps(190)).unwrap();
        let events = simulation.recording(amplitudes).events();
        // 20 Hz and 50 Hz: a turn in 50 and in 20 steps of 1 ms.
        let steps = |i: u32| events.iter().filter(|e| e.1 == i).map(|e| e.0).collect::<Vec<u64>>();
        let (slow, fast) = (steps(0), steps(1));
        assert!((3..=4).contains(&slow.len()) && (8..=10).contains(&fast.len()), "{slow:?} {fast:?}");
        assert!(slow.windows(2).all(|w| (49..=51).contains(&(w[1] - w[0]))), "{slow:?}");
        let fired: Vec<u64> = simulation.recording(spikes).events().iter().map(|e| e.0).collect();
        assert_eq!(fired, slow.iter().map(|t| t + 1).collect::<Vec<_>>(), "{backend:?}");
    }
}

#[test]
fn a_state_space_layer_sums_the_states_of_each_element() {
    let input: Vec<Vec<f64>> = (0..30).map(|t| vec![f64::from(t * t % 7) - 3.0, f64::from(t % 5)]).collect();
    let (a, b, c) = ([0.5, 0.25, -0.5, 0.9], [1.0, 2.0, 0.5, 1.5], [1.0, -0.75, 2.0, 0.125]);
    let real = |x: [f64; 4]| Complex::Real(x.to_vec().into());
    let (vth, shape) = (0.0.into(), vec![4]);
    let neurons = SigmaS4dDelta { shape, vth, a: real(a), b: real(b), c: real(c), state_exp: 0, s4_exp: 0 };
    let mut graph = Graph::new();
    let x = graph.compose("x", InputVec::new(input.clone(), 0)).unwrap();
    let layer = SigmaS4dDeltaLayer { neurons, d_states: 2, num_message_bits: 24 };
    let layer_of_three = SigmaS4dDeltaLayer { d_states: 3, ..layer.clone() };
    let layer = graph.compose("layer", layer).unwrap();
    graph.connect(x, layer.s_in).unwrap();
    let probe = graph.probe_port(layer.a_out, EVERY).unwrap();
    let got = rows(graph, probe, Backend::Float, 30);
    // Inputs are changes, and so are outputs; each passes one connection.
    let (mut sigma, mut state, mut before) = ([0.0; 2], [0.0; 4], [0.0; 2]);
    assert_eq!(got[0], [0.0, 0.0]);
    for (t, row) in input.iter().enumerate().take(28) {
        let mut sum = [0.0; 2];
        for i in 0..4 {
            if i % 2 == 0 {
                sigma[i / 2] += row[i / 2];
            }
            state[i] = state[i] * a[i] + sigma[i / 2] * b[i];
            sum[i / 2] += 2.0 * c[i] * state[i];
        }
        for k in 0..2 {
            assert!((got[t + 2][k] - (sum[k] - before[k])).abs() < 1e-9, "step {t}, element {k}: {:?}", got[t + 2]);
        }
        before = sum;
    }
    assert!(got.concat().iter().filter(|x| **x != 0.0).count() > 40);
    let fault = Graph::new().compose("layer", layer_of_three).unwrap_err().to_string();
    assert_eq!(fault, "`SigmaS4dDeltaLayer`: `d_states` is 3; allowed is a divisor of 4, the number of neurons");
}
