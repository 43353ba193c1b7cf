//! Whole networks of real numbers in integers: what is reported is true, and the network does what it did.

use proptest::prelude::*;
use pumice::models::connection::conv::Conv;
use pumice::models::neuron::lif_reset::LifReset;
use pumice::models::neuron::rf::Rf;
use pumice::models::neuron::ternary_lif::TernaryLif;
use pumice::num::{Draws, Purpose};
use pumice::prelude::*;
use pumice::process::{Body, ProbeId};
use pumice::{Quantisation, quantise};

/// Two layers with thresholds and weights of about one, a shared recurrent connection and biases.
fn real(size: f64) -> (Graph, ProbeId) {
    let mut graph = Graph::new();
    let mut draws = Draws::new(4, Purpose::TOPOLOGY, 0, 0);
    let mut matrix = |rows: usize, columns: usize, gain: f64| {
        let row = |_| (0..columns).map(|_| (draws.unit() - 0.3) * gain * size).collect();
        Dense::new((0..rows).map(row).collect::<Vec<Vec<f64>>>())
    };
    let source = graph.add("source", Poisson::new(&[40], 0.2)).unwrap();
    let first = graph.add("first", matrix(30, 40, 0.4)).unwrap();
    let lif = Lif {
        du: Decay::Register(4095.into()),
        dv: Decay::Register(410.into()),
        vth: size.into(),
        bias_mant: (0.031 * size).into(),
        ..Lif::new(&[30])
    };
    let hidden = graph.add("hidden", lif).unwrap();
    let again = graph.add("again", matrix(30, 30, 0.1)).unwrap();
    let second = graph.add("second", matrix(10, 30, 0.5)).unwrap();
    let lif = Lif {
        du: Decay::Register(3000.into()),
        dv: Decay::Register(200.into()),
        vth: (2.0 * size).into(),
        ..Lif::new(&[10])
    };
    let out = graph.add("out", lif).unwrap();
    graph.connect(source.out, first.s_in).unwrap();
    graph.connect(first.a_out, hidden.a_in).unwrap();
    graph.connect(hidden.s_out, again.s_in).unwrap();
    graph.connect(again.a_out, hidden.a_in).unwrap();
    graph.connect(hidden.s_out, second.s_in).unwrap();
    graph.connect(second.a_out, out.a_in).unwrap();
    let spikes = graph.probe_port(out.s_out, Record::Events).unwrap();
    (graph, spikes)
}

fn spikes(graph: Graph, probe: ProbeId, a: &Arithmetic, backend: Backend) -> Vec<(u64, u32)> {
    let mut profile = Profile::load("unlimited").unwrap();
    profile.arithmetic.values = a.clone();
    let mut simulation = Simulation::new(graph, &profile, &RunConfig::on(backend)).unwrap();
    simulation.run(RunSteps(200)).unwrap();
    simulation.recording(probe).events()
}

#[test]
fn a_network_of_small_reals_keeps_its_spikes() {
    for a in [Arithmetic::lava(), Arithmetic::loihi1(), Arithmetic::loihi2()] {
        let (graph, probe) = real(1.0);
        let float = spikes(graph, probe, &a, Backend::Float);
        let (mut graph, probe) = real(1.0);
        let found: Quantisation = quantise(&mut graph, &a).unwrap();
        let fixed = spikes(graph, probe, &a, Backend::Chip);
        let same = float.iter().filter(|e| fixed.contains(e)).count();
        assert!(float.len() > 300, "{} spikes", float.len());
        // A spike may come a step early or late where a sum is near the threshold.
        assert!(same * 100 >= float.len() * 85, "{same} of {} spikes, {} in fixed point", float.len(), fixed.len());
        assert!(fixed.len().abs_diff(float.len()) * 100 <= float.len() * 3, "{} {}", float.len(), fixed.len());
        assert!(found.populations.iter().all(|p| p.scale > 500.0), "{found:?}");
        // As it is, no chip takes it.
        let (graph, probe) = real(1.0);
        let profile = Profile::load("unlimited").unwrap();
        assert!(Simulation::new(graph, &profile, &RunConfig::on(Backend::Fixed)).is_err(), "{probe:?}");
    }
}

#[test]
fn a_network_of_whole_numbers_stays_as_it_is() {
    let build = || {
        let mut graph = Graph::new();
        let source = graph.add("source", Poisson::new(&[2], 0.5)).unwrap();
        let synapses = graph.add("synapses", Dense::new(vec![vec![4.0, -200.0], vec![6.0, 8.0]])).unwrap();
        let neurons = graph.add("neurons", Lif { vth: 30.into(), bias_mant: 5.into(), ..Lif::new(&[2]) }).unwrap();
        graph.connect(source.out, synapses.s_in).unwrap();
        graph.connect(synapses.a_out, neurons.a_in).unwrap();
        graph
    };
    let mut graph = build();
    let found = quantise(&mut graph, &Arithmetic::lava()).unwrap();
    assert_eq!((found.populations[0].scale, found.connections[0].max_error), (1.0, 0.0));
    for (old, new) in build().nodes().iter().zip(graph.nodes()) {
        let (Body::Model(old), Body::Model(new)) = (&old.body, &new.body) else { panic!("only models") };
        let same = matches!((&**old, &**new), (pumice::models::Model::Dense(a), pumice::models::Model::Dense(b)) if a.weights == b.weights);
        assert!(old == new || same, "{old:?} {new:?}");
    }
}

#[test]
fn what_other_things_drive_keeps_its_scale() {
    let mut graph = Graph::new();
    let input = Of::<Activation, _>::source(&[2], vec![vec![1.0, 2.0]]);
    let source = graph.add("source", input).unwrap();
    let neurons = graph.add("neurons", TernaryLif::new(&[2])).unwrap();
    let back = graph
        .add("back", Of::<Graded, _>::new(Dense { num_message_bits: 2, ..Dense::new(vec![vec![0.7, 3.2]]) }))
        .unwrap();
    let last = graph.add("last", LifReset { vth: 0.6.into(), ..LifReset::new(&[1]) }).unwrap();
    graph.connect(source.out, neurons.a_in).unwrap();
    graph.connect(neurons.s_out, back.s_in).unwrap();
    graph.connect(back.a_out, last.a_in).unwrap();
    let found = quantise(&mut graph, &Arithmetic::loihi2()).unwrap();
    assert!(found.populations.iter().all(|p| p.scale == 1.0));
    assert!((found.populations[1].threshold_error - 0.4).abs() < 1e-12, "{found:?}");
    assert!((found.connections[0].max_error - 0.2 / 64.0).abs() < 1e-12, "{found:?}");
}

#[test]
fn weights_without_room_are_refused_by_name() {
    let mut graph = Graph::new();
    graph.add("huge", Dense::new(vec![vec![1e9]])).unwrap();
    let fault = quantise(&mut graph, &Arithmetic::lava()).unwrap_err().to_string();
    assert_eq!(fault, "`huge`: `weights[0]` is 1000000000; allowed is a number in 0..=32640");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever the size of the numbers, weights keep seven of their eight bits and the network fits its registers.
    #[test]
    fn any_size_keeps_its_precision(size in -12i32..9, k in 0usize..5) {
        let a = Arithmetic::named(Arithmetic::NAMES[k]).unwrap();
        let size = f64::from(size).exp2() * 1.37;
        let (mut graph, probe) = real(size);
        let found = quantise(&mut graph, &a).unwrap();
        for c in &found.connections {
            prop_assert!(c.rms_error <= c.largest / 128.0, "{c:?}");
        }
        for p in &found.populations {
            prop_assert!(p.threshold_error <= 0.5 / p.scale * 1.0001 && p.bias_error <= 64.0 / p.scale, "{p:?}");
        }
        prop_assert!(spikes(graph, probe, &a, Backend::Fixed).len() > 100);
    }
}

#[test]
fn convolutions_of_lava_are_scaled_too() {
    for a in [Arithmetic::lava(), Arithmetic::loihi2()] {
        let mut graph = Graph::new();
        let source = graph.add("source", Poisson::new(&[5, 5, 1], 0.3)).unwrap();
        let conv = graph.add("conv", Conv::new([5, 5, 1], vec![vec![vec![vec![0.11]; 3]; 3]; 2])).unwrap();
        let neurons = graph.add("neurons", Lif { vth: 0.9.into(), dv: 400.into(), ..Lif::new(&[3, 3, 2]) }).unwrap();
        graph.connect(source.out, conv.s_in).unwrap();
        graph.connect(conv.a_out, neurons.a_in).unwrap();
        let probe = graph.probe_port(neurons.s_out, Record::Events).unwrap();
        let found = quantise(&mut graph, &a).unwrap();
        assert!(found.connections[0].max_error < 0.11 / 100.0, "{found:?}");
        assert!(spikes(graph, probe, &a, Backend::Chip).len() > 100);
    }
}

#[test]
fn the_report_says_which_decays_act() {
    for (backend, rows) in [(Backend::Fixed, 3), (Backend::Chip, 3), (Backend::Float, 0)] {
        let mut graph = Graph::new();
        let tau = Decay::Tau { tau: vec![20.0, 3000.0].into() };
        let cells = Lif { du: Decay::fraction(0.25), dv: tau, ..Lif::new(&[2]) };
        graph.add("cells", cells).unwrap();
        graph.add("whole", Lif { du: 1023.into(), ..Lif::new(&[2]) }).unwrap();
        graph.add("turning", Rf { decay_bits: 4, ..Rf::new(&[2], 4.into(), 0.1.into()) }).unwrap();
        let simulation = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &RunConfig::on(backend)).unwrap();
        let report = simulation.report("decays", std::time::Duration::ZERO).unwrap();
        assert_eq!(report.decays.len(), rows, "{backend:?}");
        let told = [
            "cells.du: 1023 at neuron 0, a time constant of 3.48 steps for 3.48 steps",
            "cells.dv: 1 at neuron 1, a time constant of 4095.50 steps for 3000.00 steps",
            "turning.alpha: 0 at neuron 0, a time constant of 7.49 steps for 9.49 steps",
        ];
        assert!(report.decays.iter().map(|row| row.text()).eq(told.into_iter().take(rows)), "{:?}", report.decays);
        assert!(told.iter().take(rows).all(|words| report.text().contains(words)));
    }
}
