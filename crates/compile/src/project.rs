//! Connections become projections: rows from each source straight to each bank, virtual ports resolved.

use pumice_chip::{ChipImage, DrawnProjection, DriveImage, InputImage, Projection, Source};
use pumice_engine::{View, Where};
use pumice_models::{Drawn, length};
use pumice_process::{Body, Direction, Graph, Wire};

use crate::{CompileError, Placement, plastic};

/// The unit and out-port behind each input.
type Inputs = Vec<(usize, usize)>;

/// Fills the inputs and projections of `chip`; returns the unit and out-port behind each input, and how each
/// projection is wired.
pub(crate) fn project(
    graph: &Graph,
    placement: &Placement,
    wires: &[Wire],
    chip: &mut ChipImage,
) -> Result<(Inputs, Vec<View>), CompileError> {
    let (mut inputs, mut views) = (Vec::new(), Vec::new());
    for (k, rows) in placement.rows.iter().enumerate() {
        if let Some(drawn) = &placement.drawn[k] {
            project_drawn(graph, (placement, wires), (k, drawn), chip, &mut inputs)?;
        }
        if placement.drives[k] {
            drive(graph, (placement, wires), k, chip);
        }
        let Some(rows) = rows else { continue };
        let sources: Vec<&Wire> = wires.iter().filter(|w| w.to.0.number() as usize == k && w.to.1 == 0).collect();
        // Synapses that learn sum what reaches an element, as they do on the host.
        if rows.tag_bits.is_none() {
            check_shared(graph, k, rows.n_in, &sources)?;
        }
        for source in &sources {
            let from = source_of(graph, placement, source, chip, &mut inputs);
            for target in wires.iter().filter(|w| w.from.0.number() as usize == k) {
                let Where::Bank(bank) = placement.places[target.to.0.number() as usize] else {
                    continue;
                };
                let view = View { source: source.pairs.clone(), target: target.pairs.clone() };
                chip.projections.push(Projection {
                    process: k as u32,
                    path: graph.nodes()[k].path.clone(),
                    source: from,
                    target: bank,
                    port: target.to.1,
                    rows: view.remap(rows, [chip.size_of(from), chip.banks[bank].n]),
                });
                views.push(view);
            }
        }
        if rows.tag_bits.is_some() {
            let own =
                plastic::plastic(graph, placement, wires, k, |w| source_of(graph, placement, w, chip, &mut inputs))?;
            chip.plastic.push(own);
        }
    }
    Ok((inputs, views))
}

/// Projections of a connection whose synapses are drawn; its ports are joined element by element.
fn project_drawn(
    graph: &Graph,
    (placement, wires): (&Placement, &[Wire]),
    (k, drawn): (usize, &Drawn),
    chip: &mut ChipImage,
    inputs: &mut Vec<(usize, usize)>,
) -> Result<(), CompileError> {
    let sources: Vec<&Wire> = wires.iter().filter(|w| w.to.0.number() as usize == k).collect();
    check_shared(graph, k, drawn.n_in(), &sources)?;
    let n = drawn.count();
    for source in &sources {
        let from = source_of(graph, placement, source, chip, inputs);
        for (target, port) in targets(placement, wires, k) {
            chip.drawn.push(DrawnProjection {
                process: k as u32,
                path: graph.nodes()[k].path.clone(),
                source: from,
                target,
                port,
                synapses: drawn.clone(),
                n,
            });
        }
    }
    Ok(())
}

/// The banks and in-ports that a process feeds.
fn targets(placement: &Placement, wires: &[Wire], k: usize) -> Vec<(usize, usize)> {
    let own = wires.iter().filter(|w| w.from.0.number() as usize == k);
    let bank = |w: &Wire| match placement.places[w.to.0.number() as usize] {
        Where::Bank(bank) => Some((bank, w.to.1)),
        Where::Unit(_) | Where::Synapses => None,
    };
    own.filter_map(bank).collect()
}

fn drive(graph: &Graph, (placement, wires): (&Placement, &[Wire]), k: usize, chip: &mut ChipImage) {
    let node = &graph.nodes()[k];
    let Body::Model(model) = &node.body else { return };
    for (target, port) in targets(placement, wires, k) {
        let (path, model) = (node.path.clone(), model.as_ref().clone());
        chip.drives.push(DriveImage { process: k as u32, path, model, target, port });
    }
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
        Where::Bank(bank) => Source::Train(chip.train(bank, port)),
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
