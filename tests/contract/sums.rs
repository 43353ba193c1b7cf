//! Sums of inputs that 32 bits do not hold: every connection counts them, with the first neuron and step, on cores and
//! beside them, and what remains is the low bits of the exact sum.

use pumice::models::OverflowKind;
use pumice::models::arithmetic::{OverflowPolicy, Register};
use pumice::models::connection::{conv::Conv, one_to_one::OneToOne, weight::SignMode};
use pumice::models::learning::{LearningDense, LearningRule, PesLearning, PesSynapses};
use pumice::models::source::poisson_input::PoissonInput;
use pumice::prelude::*;

/// The largest payload of 24 bits.
const PAYLOAD: f64 = 8_388_607.0;

/// How many neurons a test has; a core takes three.
const N: usize = 8;

/// How many of the neurons get more than 32 bits hold, and the first of them.
type Lost = Option<(u64, u32)>;

/// Runs `N` neurons that get `payloads`, sent in step 2, by the connections that `connect` makes; gives their currents after
/// the step of arrival, and what was counted besides.
fn run(
    name: &str,
    payloads: &[f64],
    connect: Connect<'_>,
    (backend, policy): (Backend, OverflowPolicy),
) -> Result<(Vec<i64>, Lost), Error> {
    let mut graph = Graph::new();
    let rows = vec![vec![0.0; payloads.len()], payloads.to_vec()];
    let source = graph.add("source", Of::<Graded, RingBuffer>::source(&[payloads.len()], rows))?;
    let cells = graph.add("cells", Lif { vth: 131_071.into(), ..Lif::new(&[N]) })?;
    for out in connect(&mut graph, source.out)? {
        graph.connect(out, cells.a_in)?;
    }
    let mut profile = Profile::load("unlimited")?;
    let a = &mut profile.arithmetic.values;
    *a = Arithmetic::named(name)?;
    let free = Register { bits: 32, overflow: OverflowPolicy::Unbounded };
    (a.align, a.current, a.bias_sum, a.input) = (0, free, free, Register { overflow: policy, ..free });
    profile.core.neurons = Some(3);
    let mut simulation = Simulation::new(graph, &profile, &RunConfig::on(backend).workers(2))?;
    simulation.run(RunSteps(3))?;
    let lost = simulation.overflow().into_iter().find(|(_, record)| record.variable.starts_with("a_"));
    let lost = lost.map(|(path, record)| {
        // A connection beside the cores finds it when the spikes come in; on cores they are summed a step later.
        let place = if record.variable == "a_out" { ("synapses", 2) } else { ("cells", 3) };
        assert_eq!(((&path[..], record.first_step), record.kind), (place, OverflowKind::Wrap));
        (record.count, record.first_index)
    });
    Ok((simulation.get(cells.u)?.iter().map(|u| *u as i64).collect(), lost))
}

/// Makes the connections of a test.
type Connect<'a> = &'a dyn Fn(&mut Graph, OutPort<Graded>) -> Result<Vec<OutPort<Activation>>, Error>;

/// Neurons whose exact input is given get its low bits, and those that lose others are counted.
fn check(what: &str, name: &str, bits: u32, payloads: &[f64], exact: &[i64], connect: Connect<'_>) {
    let low: Vec<i64> = exact.iter().map(|x| x << (64 - bits) >> (64 - bits)).collect();
    let lost: Vec<usize> = (0..N).filter(|k| low[*k] != exact[*k]).collect();
    let lost = lost.first().map(|first| (lost.len() as u64, *first as u32));
    for backend in [Backend::Fixed, Backend::Chip] {
        let found = run(name, payloads, connect, (backend, OverflowPolicy::Unbounded)).unwrap();
        assert_eq!(found, (low.clone(), lost), "{what} under {name} on {backend:?}");
        let stopped = run(name, payloads, connect, (backend, OverflowPolicy::Error)).err();
        let said = stopped.map(|fault| fault.to_string().contains("left its register in step"));
        assert_eq!(said, lost.map(|_| true), "{what} under {name} on {backend:?}");
    }
}

/// Weights of the neurons, even as mixed weights are.
fn weight(k: usize) -> i64 {
    32 * k as i64 - 64
}

/// All to all, times `2^weight_exp`.
fn dense(
    graph: &mut Graph,
    (name, out): (&str, OutPort<Graded>),
    (sources, weight_exp): (usize, i32),
) -> Result<OutPort<Activation>, Error> {
    let weights: Vec<Vec<f64>> = (0..N).map(|k| vec![weight(k) as f64; sources]).collect();
    let dense = Dense { weight_exp, num_message_bits: 24, ..Dense::new(weights) };
    let synapses = graph.add(name, Of::<Graded, _>::new(dense))?;
    graph.connect(out, synapses.s_in)?;
    Ok(synapses.a_out)
}

/// One synapse, its payload 24 bits and its exponent 2, is beyond 32 bits; so are many with none, unless they cancel.
#[test]
fn sums_of_one_connection() {
    for name in Arithmetic::NAMES {
        let times = |factor: i64| (0..N).map(|k| factor * weight(k) * PAYLOAD as i64).collect::<Vec<_>>();
        check("one synapse", name, 32, &[PAYLOAD], &times(4), &|graph, out| {
            Ok(vec![dense(graph, ("synapses", out), (1, 2))?])
        });
        check("700 sources", name, 32, &[PAYLOAD; 700], &times(700), &|graph, out| {
            Ok(vec![dense(graph, ("synapses", out), (700, 0))?])
        });
        let cancel: Vec<f64> = (0..700).map(|i| if i < 350 { PAYLOAD } else { -PAYLOAD }).collect();
        check("sums that cancel", name, 32, &cancel, &[0; N], &|graph, out| {
            Ok(vec![dense(graph, ("synapses", out), (700, 0))?])
        });
    }
}

/// Two connections, each within 32 bits, meet in one in-port.
#[test]
fn sums_of_two_connections() {
    let exact: Vec<i64> = (0..N).map(|k| 2 * weight(k) * PAYLOAD as i64).collect();
    for name in Arithmetic::NAMES {
        check("two connections", name, 32, &[PAYLOAD], &exact, &|graph, out| {
            let first = dense(graph, ("synapses", out), (1, 0))?;
            Ok(vec![first, dense(graph, ("others", out), (1, 0))?])
        });
    }
}

/// Lists of synapses, single ones among them.
#[test]
fn sums_of_other_connections() {
    let payloads: Vec<f64> = (0..N).map(|k| (PAYLOAD / 7.0 * k as f64).round()).collect();
    let each = |factor: i64| payloads.iter().map(|x| factor * *x as i64).collect::<Vec<_>>();
    for name in Arithmetic::NAMES {
        check("one to one", name, 32, &payloads, &each(254 * 4), &|graph, out| {
            let mut synapses = OneToOne::new(&[N], 254.0);
            (synapses.weight_exp, synapses.num_message_bits) = (2, 24);
            synapses.sign_mode = Some(SignMode::Mixed);
            let synapses = graph.add("synapses", Of::<Graded, _>::new(synapses))?;
            graph.connect(out, synapses.s_in)?;
            Ok(vec![synapses.a_out])
        });
        let bits = Arithmetic::named(name).unwrap().conv_sum_bits;
        check("a convolution", name, bits, &payloads, &each(254), &|graph, out| {
            let conv = Conv { num_message_bits: 24, ..Conv::new([N, 1, 1], vec![vec![vec![vec![254.0]]]]) };
            let synapses = graph.add("synapses", Of::<Graded, _>::new(conv))?;
            let to = graph.reshape(out, &[N, 1, 1])?;
            graph.connect(to, synapses.s_in)?;
            Ok(vec![graph.reshape(synapses.a_out, &[N])?])
        });
    }
}

/// Sums that go straight into the neurons, in step 3.
fn straight(graph: &mut Graph, name: &str, sums: &[i64; N]) -> Result<OutPort<Activation>, Error> {
    let sums = sums.iter().map(|x| *x as f64).collect();
    let rows = vec![vec![0.0; N], vec![0.0; N], sums];
    Ok(graph.add(name, Of::<Activation, RingBuffer>::source(&[N], rows))?.out)
}

/// Synapses that learn when their targets are told of spikes, and here they are not.
fn learning(
    graph: &mut Graph,
    out: OutPort<Graded>,
    (sources, weight_exp): (usize, i32),
) -> Result<OutPort<Activation>, Error> {
    let weights = (0..N).map(|k| vec![weight(k) as f64; sources]).collect();
    let rule = LearningRule { dw: Some("y0*x1".into()), ..LearningRule::default() };
    let dense = LearningDense { num_message_bits: 24, weight_exp, ..LearningDense::new(weights, rule) };
    let synapses = graph.add("synapses", Of::<Graded, _>::new(dense))?;
    graph.connect(out, synapses.s_in)?;
    Ok(synapses.a_out)
}

/// The sum of a connection that learns.
#[test]
fn sums_of_a_connection_that_learns() {
    let times = |factor: i64| (0..N).map(|k| factor * weight(k) * PAYLOAD as i64).collect::<Vec<_>>();
    for name in Arithmetic::NAMES {
        check("700 sources", name, 32, &[PAYLOAD; 700], &times(700), &|graph, out| {
            Ok(vec![learning(graph, out, (700, 0))?])
        });
        let cancel: Vec<f64> = (0..700).map(|i| if i < 350 { PAYLOAD } else { -PAYLOAD }).collect();
        check("sums that cancel", name, 32, &cancel, &[0; N], &|graph, out| Ok(vec![learning(graph, out, (700, 0))?]));
    }
}

/// What meets in an in-port need not come through synapses that do not learn, and what cancels is not lost.
#[test]
fn sums_that_meet() {
    let most = i64::from(i32::MAX);
    let up: [i64; N] = std::array::from_fn(|k| most - 3 - 40 * (k % 2) as i64);
    let more: [i64; N] = std::array::from_fn(|k| k as i64);
    let down: [i64; N] = std::array::from_fn(|k| if k < 6 { -most } else { 0 });
    let add = |sums: &[&[i64; N]]| (0..N).map(|k| sums.iter().map(|own| own[k]).sum()).collect::<Vec<i64>>();
    let learned: [i64; N] = std::array::from_fn(|k| weight(k) * PAYLOAD as i64);
    for name in Arithmetic::NAMES {
        check("two straight", name, 32, &[0.0], &add(&[&up, &more]), &|graph, _| {
            Ok(vec![straight(graph, "up", &up)?, straight(graph, "more", &more)?])
        });
        check("three that cancel", name, 32, &[0.0], &add(&[&up, &more, &down]), &|graph, _| {
            let first = [straight(graph, "up", &up)?, straight(graph, "more", &more)?];
            Ok([&first[..], &[straight(graph, "down", &down)?]].concat())
        });
        check("beside synapses", name, 32, &[PAYLOAD], &add(&[&up, &learned, &down]), &|graph, out| {
            let synapses = dense(graph, ("synapses", out), (1, 0))?;
            Ok(vec![straight(graph, "up", &up)?, synapses, straight(graph, "down", &down)?])
        });
        check("beside learning", name, 32, &[PAYLOAD], &add(&[&up, &learned, &down]), &|graph, out| {
            let synapses = learning(graph, out, (1, 0))?;
            Ok(vec![straight(graph, "up", &up)?, synapses, straight(graph, "down", &down)?])
        });
    }
}

/// What sources beside the neurons draw is counted with the rest.
#[test]
fn sums_that_are_drawn() {
    let sums = [1_300_000_000; N];
    let connect = |graph: &mut Graph, _: OutPort<Graded>| -> Result<Vec<OutPort<Activation>>, Error> {
        let drawn = |graph: &mut Graph, name| graph.add(name, PoissonInput::new(&[N], 50.0, 8_388_607.0));
        Ok(vec![drawn(graph, "one")?.a_out, straight(graph, "straight", &sums)?, drawn(graph, "other")?.a_out])
    };
    let found = [Backend::Fixed, Backend::Chip]
        .map(|on| run("loihi2", &[0.0], &connect, (on, OverflowPolicy::Unbounded)).unwrap());
    assert_eq!(found[0], found[1]);
    assert!(found[0].1.is_some_and(|(count, _)| (1..N as u64).contains(&count)), "some, not all: {found:?}");
}

/// nengo-loihi's learning synapses, with more sources than a core has.
#[test]
fn sums_of_prescribed_error_synapses() {
    const SOURCES: usize = 70_000;
    let learning =
        PesLearning { train_epoch: 2, learn_epoch: 4, tracing_tau: 10.0, tracing_mag: 1.0, lr_int: 1, lr_exp: -7 };
    let weights = pumice::models::Matrix(vec![vec![20.0; SOURCES], vec![254.0; SOURCES]]);
    let pes = PesSynapses { weights, weight_exp: 7, num_weight_bits: 8, learning, draws: None };
    for backend in [Backend::Fixed, Backend::Chip] {
        let mut graph = Graph::new();
        let rows = vec![vec![0.0; SOURCES], vec![1.0; SOURCES]];
        let source = graph.add("source", RingBuffer::spikes(&[SOURCES], rows)).unwrap();
        let synapses = graph.add("synapses", pes.clone()).unwrap();
        let cells = graph.add("cells", Lif::new(&[2])).unwrap();
        graph.connect(source.out, synapses.s_in).unwrap();
        graph.connect(synapses.a_out, cells.a_in).unwrap();
        let profile = Profile::load("unlimited").unwrap();
        let mut simulation = Simulation::new(graph, &profile, &RunConfig::on(backend).workers(2)).unwrap();
        simulation.run(RunSteps(2)).unwrap();
        let all = simulation.overflow();
        let lost = all.iter().filter(|(path, _)| path == "synapses").map(|(_, record)| record);
        let lost: Vec<_> = lost.map(|r| (&r.variable[..], r.kind, r.first_step, r.first_index)).collect();
        assert_eq!(lost, [("a_out", OverflowKind::Wrap, 2, 1)], "{backend:?}");
    }
}
