//! Connections become projections: rows from each source straight to each bank, virtual ports resolved.

use std::collections::HashMap;

use pumice_chip::{ChipImage, InputImage, Projection, Source};
use pumice_engine::Where;
use pumice_models::{Rows, length};
use pumice_process::{Direction, Graph, Wire};

use crate::{CompileError, Placement};

/// Fills the inputs and projections of `chip`; returns the unit and out-port behind each input.
pub(crate) fn project(
    graph: &Graph,
    placement: &Placement,
    wires: &[Wire],
    chip: &mut ChipImage,
) -> Result<Vec<(usize, usize)>, CompileError> {
    let mut inputs: Vec<(usize, usize)> = Vec::new();
    for (k, rows) in placement.rows.iter().enumerate() {
        let Some(rows) = rows else { continue };
        let sources: Vec<&Wire> = wires.iter().filter(|w| w.to.0.number() as usize == k).collect();
        check_shared(graph, k, rows.n_in, &sources)?;
        for source in &sources {
            let from = source_of(graph, placement, source, chip, &mut inputs);
            for target in wires.iter().filter(|w| w.from.0.number() as usize == k) {
                let Where::Bank(bank) = placement.places[target.to.0.number() as usize] else {
                    continue;
                };
                chip.projections.push(Projection {
                    process: k as u32,
                    path: graph.nodes()[k].path.clone(),
                    source: from,
                    target: bank,
                    port: target.to.1,
                    rows: remap(rows, source, target, (chip.size_of(from), chip.banks[bank].n)),
                });
            }
        }
    }
    Ok(inputs)
}

fn check_shared(graph: &Graph, k: usize, n: usize, sources: &[&Wire]) -> Result<(), CompileError> {
    let mut fed = vec![false; n];
    for wire in sources {
        let elements: Vec<u32> = match &wire.pairs {
            None => (0..n as u32).collect(),
            Some(pairs) => pairs.iter().map(|(_, to)| *to).collect(),
        };
        for element in elements {
            if std::mem::replace(&mut fed[element as usize], true) {
                return Err(CompileError::SharedInput { path: graph.nodes()[k].path.clone(), element });
            }
        }
    }
    Ok(())
}

fn source_of(
    graph: &Graph,
    placement: &Placement,
    wire: &Wire,
    chip: &mut ChipImage,
    inputs: &mut Vec<(usize, usize)>,
) -> Source {
    let (process, port) = wire.from;
    match placement.places[process.number() as usize] {
        Where::Bank(bank) => Source::Bank(bank),
        Where::Unit(unit) => {
            if let Some(k) = inputs.iter().position(|i| *i == (unit, port)) {
                return Source::Input(k);
            }
            inputs.push((unit, port));
            let n = length(graph.ports_of(process, Direction::Out)[port].2);
            let path = graph.nodes()[process.number() as usize].path.clone();
            chip.inputs.push(InputImage { process: process.number(), port, path, n });
            Source::Input(inputs.len() - 1)
        }
        Where::Synapses => {
            unreachable!("a connection's sums never carry the kind of message that another connection takes")
        }
    }
}

/// The rows in indices of the real source and target.
fn remap(rows: &Rows, source: &Wire, target: &Wire, (n_in, n_out): (usize, usize)) -> Rows {
    if source.pairs.is_none() && target.pairs.is_none() {
        return rows.clone();
    }
    let mut sources: HashMap<u32, u32> = HashMap::new();
    let mut targets: HashMap<u32, Vec<u32>> = HashMap::new();
    match &source.pairs {
        None => sources.extend((0..rows.n_in as u32).map(|i| (i, i))),
        Some(pairs) => sources.extend(pairs.iter().map(|(from, to)| (*to, *from))),
    }
    match &target.pairs {
        None => targets.extend((0..rows.n_out as u32).map(|i| (i, vec![i]))),
        Some(pairs) => pairs.iter().for_each(|(from, to)| targets.entry(*from).or_default().push(*to)),
    }
    let mut entries = Vec::new();
    for i in 0..rows.n_in {
        let Some(from) = sources.get(&(i as u32)) else {
            continue;
        };
        for k in rows.start[i]..rows.start[i + 1] {
            for to in targets.get(&rows.target[k]).into_iter().flatten() {
                entries.push((*from, *to, rows.weight[k], rows.delay_of(k)));
            }
        }
    }
    let mapped = Rows::from_entries(n_in, n_out, entries);
    Rows {
        n_in,
        n_out,
        start: mapped.start,
        target: mapped.target,
        weight: mapped.weight,
        delay: mapped.delay,
        ..rows.clone()
    }
}
