//! What each probe of the graph reads in the image.

use pumice_chip::ChipImage;
use pumice_engine::{ProbeImage, ProbeSource, Where};
use pumice_models::{Behaviour, Sent};
use pumice_process::{Body, Direction, Graph, Probe, ProbeTarget, Record};

use crate::{CompileError, Placement};

pub(crate) fn probes(graph: &Graph, placement: &Placement, chip: &ChipImage) -> Result<Vec<ProbeImage>, CompileError> {
    graph.probes().iter().map(|probe| one(graph, (placement, chip), probe)).collect()
}

fn one(graph: &Graph, (placement, chip): (&Placement, &ChipImage), probe: &Probe) -> Result<ProbeImage, CompileError> {
    let refuse = |fault| CompileError::Probe { name: probe.name.clone(), fault };
    let (source, shape) = match probe.target {
        ProbeTarget::Var(process, var) => {
            let shape = graph.nodes()[process.number() as usize].vars()[var].shape.clone();
            let source = match placement.places[process.number() as usize] {
                Where::Unit(unit) => ProbeSource::UnitVar(unit, var),
                Where::Bank(bank) => ProbeSource::BankVar(bank, var),
                Where::Synapses => match chip.plastic.iter().position(|p| p.process == process.number()) {
                    Some(connection) => ProbeSource::PlasticVar(connection, var),
                    None => ProbeSource::Weights(process.number()),
                },
            };
            (source, shape)
        }
        ProbeTarget::Port(port) => {
            let (direction, elements) = graph.probed(port);
            if direction == Direction::Out && elements.iter().any(|element| is_variable(graph, placement, element)) {
                return Err(refuse("synapses on a core read it where it is; probe the variable instead"));
            }
            (port_source((placement, chip), direction, &elements).map_err(refuse)?, graph.shape_of(port).to_vec())
        }
    };
    let stride = match probe.record {
        Record::Dense { stride } => Some(stride),
        Record::Events => None,
    };
    Ok(ProbeImage { name: probe.name.clone(), source, shape, stride })
}

type Element = (pumice_process::ProcessId, usize, u32);

/// Whether an element of an out-port on a core is no packet, but a variable that is read where it is.
fn is_variable(graph: &Graph, placement: &Placement, (process, port, _): &Element) -> bool {
    let process = process.number() as usize;
    match (&graph.nodes()[process].body, placement.places[process]) {
        (Body::Model(model), Where::Bank(_)) => matches!(model.sent_by(*port), Sent::Variable(_)),
        _ => false,
    }
}

fn port_source(
    (placement, chip): (&Placement, &ChipImage),
    direction: Direction,
    elements: &[Element],
) -> Result<ProbeSource, &'static str> {
    let mut units = Vec::new();
    let mut trains = Vec::new();
    for (process, port, index) in elements {
        match (placement.places[process.number() as usize], direction) {
            (Where::Unit(unit), _) => units.push((unit, *port, *index)),
            (Where::Bank(bank), Direction::Out) => trains.push((chip.train(bank, *port), *index)),
            (Where::Bank(_), Direction::In) => {
                return Err("sums inside a core leave no trace; run the process fixed");
            }
            (Where::Synapses, _) => {
                return Err("sums of synapses leave no trace; run the connection fixed");
            }
        }
    }
    match (units.is_empty(), direction) {
        (true, _) => Ok(ProbeSource::BankOut(trains)),
        (false, _) if !trains.is_empty() => {
            Err("a concatenation of ports on the chip and off it; probe each by itself")
        }
        (false, Direction::Out) => Ok(ProbeSource::UnitOut(units)),
        (false, Direction::In) => Ok(ProbeSource::UnitIn(units)),
    }
}
