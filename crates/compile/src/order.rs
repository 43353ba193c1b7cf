//! The turns of one step: every message is sent before it is received.

use pumice_engine::{Image, Task};
use pumice_process::{Direction, Graph};

use crate::CompileError;

/// Sorts units and the chip so that all unbuffered messages flow forward.
///
/// # Errors
/// If some of them wait for each other.
pub(crate) fn order(graph: &Graph, image: &Image) -> Result<Vec<Task>, CompileError> {
    let units = image.units.len();
    let chip = units;
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); units + 1];
    let mut waits = vec![0; units + 1];
    let mut edge = |from: usize, to: usize| {
        after[from].push(to);
        waits[to] += 1;
    };
    for wire in image.wires.iter().filter(|w| !image.units[w.from.0].buffered) {
        edge(wire.from.0, wire.to.0);
    }
    for wire in image.to_chip.iter().filter(|w| !image.units[w.from.0].buffered) {
        edge(wire.from.0, chip);
    }
    for wire in &image.from_chip {
        edge(chip, wire.to.0);
    }
    let mut tasks = Vec::with_capacity(units + 1);
    let mut done = vec![false; units + 1];
    while let Some(next) = (0..=units).find(|k| !done[*k] && waits[*k] == 0) {
        done[next] = true;
        tasks.push(if next == chip { Task::Chip } else { Task::Unit(next) });
        for to in &after[next] {
            waits[*to] -= 1;
        }
    }
    if tasks.len() == units + 1 {
        return Ok(tasks);
    }
    let stuck: Vec<usize> = (0..=units).filter(|k| !done[*k]).collect();
    Err(CompileError::Deadlock { ports: ports(graph, image, &stuck) })
}

/// The in-ports of the stuck processes, by name.
fn ports(graph: &Graph, image: &Image, stuck: &[usize]) -> String {
    let mut names: Vec<String> = Vec::new();
    let port = |process: u32, slot: usize| {
        let node = &graph.nodes()[process as usize];
        let id = graph.find(&node.path).expect("every node has its own path");
        format!("`{}.{}`", node.path, graph.ports_of(id, Direction::In)[slot].0)
    };
    for wire in image.wires.iter().filter(|w| stuck.contains(&w.from.0) && stuck.contains(&w.to.0)) {
        names.push(port(image.units[wire.to.0].process, wire.to.1));
    }
    for wire in image.to_chip.iter().filter(|w| stuck.contains(&w.from.0)) {
        names.push(port(image.chip.banks[wire.to.0].process, wire.to.1));
    }
    for wire in image.from_chip.iter().filter(|w| stuck.contains(&w.to.0)) {
        names.push(port(image.units[wire.to.0].process, wire.to.1));
    }
    names.sort();
    names.dedup();
    names.join(", ")
}
