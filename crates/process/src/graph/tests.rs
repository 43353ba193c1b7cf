use pumice_models::connection::dense::Dense;
use pumice_models::neuron::lif::Lif;
use pumice_models::source::ring_buffer::RingBuffer;

use super::*;
use crate::{Activation, Graded, Of, Spike};

fn dense(n_out: usize, n_in: usize) -> Dense {
    Dense::new(vec![vec![1.0; n_in]; n_out])
}

#[test]
fn wrong_shapes_name_both_ports_and_shapes() {
    let mut g = Graph::new();
    let a = g.add("a", Lif::new(&[2, 3])).unwrap();
    let w = g.add("w", dense(4, 6)).unwrap();
    let fault = g.connect(a.s_out, w.s_in).unwrap_err().to_string();
    assert_eq!(fault, "`a.s_out` has shape [2, 3], `w.s_in` has shape [6]; connected ports must have the same shape");
    let flat = g.flatten(a.s_out);
    g.connect(flat, w.s_in).unwrap();
    assert_eq!(g.wires()[0].pairs, None, "a flattened port is the port itself");
}

#[test]
fn views_resolve_to_the_elements_behind_them() {
    let mut g = Graph::new();
    let a = g.add("a", Lif::new(&[2, 3])).unwrap();
    let b = g.add("b", Lif::new(&[2])).unwrap();
    let w = g.add("w", dense(1, 8)).unwrap();
    let turned = g.transpose(a.s_out, &[1, 0]).unwrap();
    assert_eq!(g.shape(turned), [3, 2]);
    let turned = g.flatten(turned);
    let both = g.concatenate(&[b.s_out, turned], 0).unwrap();
    g.connect(both, w.s_in).unwrap();
    let wires = g.wires();
    assert_eq!(wires[0].pairs.as_ref().unwrap(), &[(0, 2), (3, 3), (1, 4), (4, 5), (2, 6), (5, 7)]);
    assert_eq!(wires[1].pairs.as_ref().unwrap(), &[(0, 0), (1, 1)]);
    let corner = g.slice(a.s_out, &[1..2, 1..3]).unwrap();
    assert_eq!(g.probed(corner.id()).1.iter().map(|e| e.2).collect::<Vec<_>>(), [4, 5]);
}

#[test]
fn views_that_cannot_be_are_refused() {
    let mut g = Graph::new();
    let a = g.add("a", Lif::new(&[2, 3])).unwrap();
    let b = g.add("b", Lif::new(&[2, 2])).unwrap();
    let faults = [
        g.reshape(a.s_out, &[4]).unwrap_err().to_string(),
        g.transpose(a.s_out, &[0, 0]).unwrap_err().to_string(),
        g.slice(a.s_out, &[0..2, 2..4]).unwrap_err().to_string(),
        g.concatenate(&[a.s_out, b.s_out], 0).unwrap_err().to_string(),
    ];
    assert_eq!(
        faults,
        [
            "cannot reshape `a.s_out` of shape [2, 3]: [4] has 4 elements",
            "cannot transpose `a.s_out` of shape [2, 3]: axes [0, 0] do not name each of its axes once",
            "cannot slice `a.s_out` of shape [2, 3]: [0..2, 2..4] is not one range inside each axis",
            "cannot concatenate `b.s_out` of shape [2, 2]: it does not fit `a.s_out` of shape [2, 3] along axis 0",
        ]
    );
}

#[test]
fn names_kinds_and_duplicates_are_checked() {
    let mut g = Graph::new();
    let a = g.add("a", Lif::new(&[1])).unwrap();
    assert_eq!(g.add("a", Lif::new(&[1])).unwrap_err().to_string(), "two processes are called `a`; names must differ");
    assert!(matches!(g.add("x/y", Lif::new(&[1])), Err(GraphError::BadName { .. })));
    let w = g.add("w", dense(1, 1)).unwrap();
    g.connect(a.s_out, w.s_in).unwrap();
    assert!(matches!(g.connect(a.s_out, w.s_in), Err(GraphError::DuplicateConnection { .. })));
    let fault = g.connect_ports(a.s_out.id(), a.a_in.id()).unwrap_err().to_string();
    assert!(fault.starts_with("`a.s_out` carries spike messages, `a.a_in` carries activation messages"), "{fault}");
    let graded = g.add("g", Of::<Graded, _>::new(dense(1, 1)));
    assert!(
        matches!(graded, Err(GraphError::Kinds { .. })),
        "a dense connection without payload bits takes no payloads"
    );
    let source = g.add("x", Of::<Activation, RingBuffer>::source(&[1], vec![vec![3.0]])).unwrap();
    g.connect(source.out, a.a_in).unwrap();
    assert!(g.out_port::<Spike>(source.id, "a_out").is_err());
}

struct Pair;

impl Composite for Pair {
    type Handle = (crate::InPort<Activation>, crate::OutPort<Spike>);

    fn build(self, graph: &mut Graph) -> Result<Self::Handle, GraphError> {
        let first = graph.add("first", Lif::new(&[1]))?;
        let w = graph.add("w", dense(1, 1))?;
        let second = graph.add("second", Lif::new(&[1]))?;
        graph.connect(first.s_out, w.s_in)?;
        graph.connect(w.a_out, second.a_in)?;
        Ok((first.a_in, second.s_out))
    }
}

#[test]
fn a_composite_forwards_the_ports_of_its_parts() {
    let mut g = Graph::new();
    let (_, out) = g.compose("pair", Pair).unwrap();
    assert_eq!(g.port_name(out.id()), "pair/second.s_out");
    g.compose("other", Pair).unwrap();
    assert_eq!(g.nodes().len(), 6);
    assert!(g.find("other/w").is_ok());
}
