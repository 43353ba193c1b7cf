//! Sums of inputs that 32 bits do not hold: every connection counts them, with the first neuron and step, on cores and
//! beside them, and what remains is the low bits of the exact sum.

use pumice::models::OverflowKind;
use pumice::models::arithmetic::{OverflowPolicy, Register};
use pumice::models::connection::{conv::Conv, one_to_one::OneToOne, weight::SignMode};
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
