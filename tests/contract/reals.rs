//! Reals that are sent to integers are cut, and every cut is counted where it was sent.

use pumice::models::OverflowKind::{self, Error as Stop, Saturate, Truncate};
use pumice::models::arithmetic::OverflowPolicy;
use pumice::prelude::*;
use pumice::process::{HostContext, HostError, HostProcess, HostSpec, Message};

/// Sends the same reals in every step.
#[derive(Debug)]
struct Says(Vec<f64>);

impl HostProcess for Says {
    fn spike(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        context.send("out", &self.0)
    }
}

/// Path, kind, count, first step and first element of what an `out` port lost.
type Cut = (String, OverflowKind, u64, u64, u32);

/// Runs two steps of neurons that a host process drives by the kind of message `M`; gives their currents and what was cut.
fn run<M: Message>(
    says: &[f64],
    wire: impl Fn(&mut Graph, OutPort<M>) -> OutPort<Activation>,
    (backend, policy): (Backend, OverflowPolicy),
) -> Result<(Vec<i32>, Vec<Cut>), Error> {
    let mut graph = Graph::new();
    let spec = HostSpec::new().output::<M>("out", &[says.len()]);
    let host = graph.add_host("host", spec, Says(says.to_vec()))?;
    let cells = graph.add("cells", Lif { du: 4095.into(), ..Lif::new(&[2]) })?;
    let out = graph.out_port(host, "out")?;
    let sums = wire(&mut graph, out);
    graph.connect(sums, cells.a_in)?;
    let mut profile = Profile::load("unlimited")?;
    profile.arithmetic.values.input.overflow = policy;
    profile.arithmetic.values.align = 0;
    let mut simulation = Simulation::new(graph, &profile, &RunConfig::on(backend).workers(2))?;
    simulation.run(RunSteps(2))?;
    let all = simulation.overflow().into_iter().filter(|(_, record)| record.variable == "out");
    let cut = all.map(|(path, r)| (path, r.kind, r.count, r.first_step, r.first_index)).collect();
    Ok((simulation.get(cells.u)?, cut))
}

fn host(kind: OverflowKind, count: u64, first: u32) -> Cut {
    ("host".into(), kind, count, 1, first)
}

/// Straight into neurons, on cores and beside them: only what they receive counts.
#[test]
fn sums_of_a_host_process_are_cut_and_counted() {
    for backend in [Backend::Fixed, Backend::Chip] {
        let two = 0..2;
        let some = |graph: &mut Graph, out| graph.slice(out, std::slice::from_ref(&two)).unwrap();
        let on = (backend, OverflowPolicy::Unbounded);
        let found = run::<Activation>(&[3.0, -2.75, 0.5], some, on).unwrap();
        assert_eq!(found, (vec![3, -2], vec![host(Truncate, 2, 1)]), "{backend:?}");
        let found = run::<Activation>(&[3e9, 2.0], |_, out| out, on).unwrap();
        assert_eq!(found.1, [host(Saturate, 2, 0)], "{backend:?}");
        let found = run::<Activation>(&[f64::NEG_INFINITY, 1.5], |_, out| out, on).unwrap();
        assert_eq!(found.1, [host(Saturate, 2, 0), host(Truncate, 2, 1)], "{backend:?}");
        let found = run::<Activation>(&[1.0, -7.0], |_, out| out, on).unwrap();
        assert_eq!(found, (vec![1, -7], vec![]), "{backend:?}");
    }
}

/// Through synapses, whose sources on the chip are whole ports.
#[test]
fn payloads_of_a_host_process_are_cut_and_counted() {
    let wire = |graph: &mut Graph, out| {
        let dense = Dense { num_message_bits: 24, ..Dense::new(vec![vec![2.0, 0.0], vec![0.0, 4.0]]) };
        let synapses = graph.add("synapses", Of::<Graded, _>::new(dense)).unwrap();
        graph.connect(out, synapses.s_in).unwrap();
        synapses.a_out
    };
    for backend in [Backend::Fixed, Backend::Chip] {
        let found = run::<Graded>(&[2.5, -0.5], wire, (backend, OverflowPolicy::Unbounded)).unwrap();
        assert_eq!(found, (vec![4, 0], vec![host(Truncate, 4, 0)]), "{backend:?}");
    }
}

/// What is no number stops the run, and so does what is beyond 32 bits where the policy of `input` says so.
#[test]
fn what_integers_cannot_take_stops_the_run() {
    for backend in [Backend::Fixed, Backend::Chip] {
        let stopped = |says: &[f64], policy| run::<Activation>(says, |_, out| out, (backend, policy)).unwrap_err();
        assert_eq!(
            stopped(&[0.0, f64::NAN], OverflowPolicy::Unbounded).to_string(),
            "`host.out` sent NaN at element 1 in step 1 to a process that computes in integers"
        );
        assert_eq!(
            stopped(&[0.0, -1e10], OverflowPolicy::Error).to_string(),
            "`out` of neuron 1 of `host` (core none) left its register in step 1"
        );
        let cut = run::<Activation>(&[0.5, 0.0], |_, out| out, (backend, OverflowPolicy::Error)).unwrap().1;
        assert_eq!(cut, [host(Truncate, 2, 0)]);
        assert!(!cut.iter().any(|record| record.1 == Stop));
    }
}

/// A process in floating point before one in integers.
#[test]
fn what_a_float_process_sends_is_cut_and_counted() {
    for backend in [Backend::Fixed, Backend::Chip] {
        let mut graph = Graph::new();
        let source = Of::<Activation, RingBuffer>::source(&[2], vec![vec![0.0, 1.25], vec![7.0, 3.0]]);
        let source = graph.add("source", source).unwrap();
        let cells = graph.add("cells", Lif::new(&[2])).unwrap();
        graph.connect(source.out, cells.a_in).unwrap();
        let config = RunConfig::on(backend).except("source", Backend::Float);
        let mut simulation = Simulation::new(graph, &Profile::load("unlimited").unwrap(), &config).unwrap();
        simulation.run(RunSteps(3)).unwrap();
        let all = simulation.overflow();
        let found: Vec<_> =
            all.iter().map(|(path, r)| (&path[..], &r.variable[..], r.kind, r.count, r.first_index)).collect();
        assert_eq!(found, [("source", "a_out", Truncate, 2, 1)], "{backend:?}");
    }
}
