//! How the rows of a connection lie between a source and a bank, virtual ports resolved.

use std::collections::HashMap;

use pumice_models::Rows;
use serde::{Deserialize, Serialize};

use crate::image::{Image, Pairs};

/// The wires on both sides of the connection behind a projection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// `(element of the source, element of the connection's in-port)`.
    pub source: Pairs,
    /// `(element of the connection's out-port, neuron of the bank)`.
    pub target: Pairs,
}

impl View {
    /// The rows of the connection in indices of the real source and target, which have `n_in` and `n_out` elements.
    pub fn remap(&self, rows: &Rows, [n_in, n_out]: [usize; 2]) -> Rows {
        if self.source.is_none() && self.target.is_none() {
            return rows.clone();
        }
        let mut sources: HashMap<u32, u32> = HashMap::new();
        let mut targets: HashMap<u32, Vec<u32>> = HashMap::new();
        match &self.source {
            None => sources.extend((0..rows.n_in as u32).map(|i| (i, i))),
            Some(pairs) => sources.extend(pairs.iter().map(|(from, to)| (*to, *from))),
        }
        match &self.target {
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
        let mapped = match rows.tag_bits {
            Some(_) => Rows::from_all_entries(n_in, n_out, &entries),
            None => Rows::from_entries(n_in, n_out, entries),
        };
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
}

/// The rows of projection `k` from those of its connection.
pub(crate) fn remap(image: &Image, k: usize, rows: &Rows) -> Rows {
    let p = &image.chip.projections[k];
    image.views[k].remap(rows, [image.chip.size_of(p.source), image.chip.banks[p.target].n])
}
