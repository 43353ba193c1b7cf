//! Learning connections: what reaches their in-ports, and which wirings cores can serve.

use pumice_chip::{PlasticFeed, PlasticImage, Source, Teller};
use pumice_engine::Where;
use pumice_models::{Behaviour, Model, Sent, length};
use pumice_process::{Body, Direction, Graph, ProcessId, Wire};

use crate::{CompileError, Placement};

fn model(graph: &Graph, process: ProcessId) -> Option<&Model> {
    match &graph.nodes()[process.number() as usize].body {
        Body::Model(model) => Some(model.as_ref()),
        Body::Host(..) => None,
    }
}

fn fault(graph: &Graph, k: usize, fault: &'static str) -> CompileError {
    CompileError::Learning { path: graph.nodes()[k].path.clone(), fault }
}

/// Whether a wire joins equal elements of arrays of `n` and `m`.
fn is_straight(wire: &Wire, n: usize, m: usize) -> bool {
    let equal = |pairs: &Vec<(u32, u32)>| pairs.len() == n && pairs.iter().all(|(a, b)| a == b);
    n == m && wire.pairs.as_ref().is_none_or(equal)
}

fn length_of(graph: &Graph, (process, port): (ProcessId, usize), direction: Direction) -> usize {
    length(graph.ports_of(process, direction)[port].2)
}

/// The single wire from a learning connection to its bank.
fn way_out<'a>(graph: &Graph, wires: &'a [Wire], k: usize) -> Result<&'a Wire, CompileError> {
    let mut out = wires.iter().filter(|w| w.from.0.number() as usize == k);
    let (Some(wire), None) = (out.next(), out.next()) else {
        return Err(fault(graph, k, "learns and feeds several populations, while each synapse on a core has one"));
    };
    let (n, m) = (length_of(graph, wire.from, Direction::Out), length_of(graph, wire.to, Direction::In));
    match is_straight(wire, n, m) {
        true => Ok(wire),
        false => Err(fault(graph, k, "learns and feeds a part of a population, while cores need all of it in order")),
    }
}

/// Refuses wires that carry a variable of a population elsewhere than to synapses that learn onto it.
pub(crate) fn check(graph: &Graph, placement: &Placement, wires: &[Wire]) -> Result<(), CompileError> {
    for wire in wires {
        let from = wire.from.0.number() as usize;
        let on_chip = matches!(placement.places[from], Where::Bank(_));
        let Some(Sent::Variable(_)) = model(graph, wire.from.0).filter(|_| on_chip).map(|m| m.sent_by(wire.from.1))
        else {
            continue;
        };
        let to = wire.to.0.number() as usize;
        let learns = placement.rows[to].as_ref().is_some_and(|rows| rows.tag_bits.is_some());
        let own = learns && way_out(graph, wires, to)?.to.0 == wire.from.0;
        let (n, m) = (length_of(graph, wire.from, Direction::Out), length_of(graph, wire.to, Direction::In));
        if !(own && is_straight(wire, n, m)) {
            return Err(fault(graph, from, "sends a trace elsewhere than to synapses that learn onto itself"));
        }
    }
    Ok(())
}

/// The learning connection with process number `k`; `source` finds the chip's number of what sends spikes.
pub(crate) fn plastic(
    graph: &Graph,
    placement: &Placement,
    wires: &[Wire],
    k: usize,
    mut source: impl FnMut(&Wire) -> Source,
) -> Result<PlasticImage, CompileError> {
    let out = way_out(graph, wires, k)?;
    let (Where::Bank(target), Body::Model(own)) =
        (placement.places[out.to.0.number() as usize], &graph.nodes()[k].body)
    else {
        return Err(fault(graph, k, "learns and feeds no population on the chip"));
    };
    let mut feeds = Vec::new();
    for wire in wires.iter().filter(|w| w.to.0.number() as usize == k) {
        let on_chip = matches!(placement.places[wire.from.0.number() as usize], Where::Bank(_));
        let from = match model(graph, wire.from.0).filter(|_| on_chip).map(|m| m.sent_by(wire.from.1)) {
            Some(Sent::Variable(var)) => Teller::Variable(var),
            _ => Teller::Spikes(source(wire)),
        };
        let (n, m) = (length_of(graph, wire.from, Direction::Out), length_of(graph, wire.to, Direction::In));
        let pairs = if is_straight(wire, n, m) { None } else { wire.pairs.clone() };
        feeds.push(PlasticFeed { port: wire.to.1, from, pairs });
    }
    let node = &graph.nodes()[k];
    Ok(PlasticImage {
        process: k as u32,
        path: node.path.clone(),
        in_ports: own.in_ports().len(),
        model: own.as_ref().clone(),
        target,
        port: out.to.1,
        feeds,
    })
}
