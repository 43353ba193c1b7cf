//! Reals on their way to integers: what is cut is counted at the out-port that sends it.

use super::{Engine, overflow_error};
use crate::error::EngineError;
use crate::image::{Image, Pairs, UnitBody};
use pumice_models::OverflowKind;

/// By unit: its out-ports of reals that processes of integers receive, and which elements.
pub(super) fn cut(image: &Image) -> Vec<Vec<(usize, Vec<bool>)>> {
    let real = |u: usize| !matches!(image.units[u].body, UnitBody::Fixed(_));
    let all = None::<Vec<(u32, u32)>>;
    let wires = image.wires.iter().filter(|w| matches!(image.units[w.to.0].body, UnitBody::Fixed(_)));
    let wires = wires.map(|w| (w.from, &w.pairs)).chain(image.to_chip.iter().map(|w| (w.from, &w.pairs)));
    // What enters the chip enters whole.
    let wires = wires.chain(image.chip_inputs.iter().map(|from| (*from, &all)));
    let mut cut: Vec<Vec<(usize, Vec<bool>)>> = vec![Vec::new(); image.units.len()];
    for ((u, port), pairs) in wires.filter(|((u, _), _)| real(*u)) {
        let n = image.units[u].outputs[port];
        let k = cut[u].iter().position(|own| own.0 == port).unwrap_or_else(|| {
            cut[u].push((port, vec![false; n]));
            cut[u].len() - 1
        });
        mark(&mut cut[u][k].1, pairs);
    }
    cut
}

fn mark(elements: &mut [bool], pairs: &Pairs) {
    match pairs {
        None => elements.fill(true),
        Some(pairs) => pairs.iter().for_each(|(from, _)| elements[*from as usize] = true),
    }
}

impl Engine {
    /// Counts what processes of integers lose of what a unit sends.
    ///
    /// # Errors
    /// If it sends what is not a number, or a number beyond 32 bits where that is an error.
    pub(super) fn count_cut(&mut self, u: usize) -> Result<(), EngineError> {
        let (image, process) = (&self.image, self.image.units[u].process);
        let overflow = &mut self.overflow[process as usize];
        let beyond = match image.arithmetic.beyond_32_bits() {
            OverflowKind::Error => OverflowKind::Error,
            _ => OverflowKind::Saturate,
        };
        for (port, elements) in &self.cut[u] {
            let (name, out) = (&image.out_ports[process as usize][*port], self.units[u].output(*port));
            let reals = (0..).zip(elements).filter(|(_, cut)| **cut).map(|(i, _)| (i, out.real(i as usize)));
            if let Some(index) = overflow.note_cut(name, beyond, self.step, reals) {
                let (path, port) = (image.units[u].path.clone(), name.clone());
                return Err(EngineError::NotANumber { path, port, index, step: self.step });
            }
        }
        match overflow.error() {
            Some(record) if !self.cut[u].is_empty() => Err(overflow_error(image, process, None, record)),
            _ => Ok(()),
        }
    }
}
