//! Connections become projections: rows from each source straight to each bank, virtual ports resolved.

use pumice_chip::{ChipImage, InputImage, Projection, Source};
use pumice_engine::{View, Where};
use pumice_models::length;
use pumice_process::{Direction, Graph, Wire};

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
        let Some(rows) = rows else { continue };
        let sources: Vec<&Wire> = wires.iter().filter(|w| w.to.0.number() as usize == k && w.to.1 == 0).collect();
        check_shared(graph, k, rows.n_in, &sources)?;
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
