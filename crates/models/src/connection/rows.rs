//! Synapses as rows: for each source, its targets, weights and delays, in plain tables.

use serde::{Deserialize, Serialize};

use crate::Overflow;

/// How a row lies in synapse memory; formats differ in size and in price per read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowFormat {
    /// All targets in order, no indices.
    Dense,
    /// Index and weight per synapse.
    Sparse,
    /// Weights shared by all positions of a kernel.
    Conv,
}

/// The synapses of one connection that are not zero, sorted by source, then by delay, then by target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Number of sources.
    pub n_in: usize,
    /// Number of targets.
    pub n_out: usize,
    /// Row of source `i` is `start[i]..start[i + 1]`; length `n_in + 1`.
    pub start: Vec<usize>,
    /// Target of each synapse.
    pub target: Vec<u32>,
    /// Weight of each synapse as it is added to the accumulator `[weight LSB]`.
    pub weight: Vec<i32>,
    /// Delay of each synapse beyond the one step of every connection `[steps]`; empty if there is none.
    pub delay: Vec<u8>,
    /// Power of two applied to the sum of one step (and of one delay); 0 if it is in the weights already.
    pub sum_exponent: i32,
    /// Width to which the sum of one step (and of one delay) wraps, after the exponent `[bit]`; 32 for none.
    pub sum_bits: u32,
    /// Whether payloads multiply the weights; otherwise every spike counts as 1.
    pub graded: bool,
    /// How rows lie in memory.
    pub format: RowFormat,
    /// Bits per weight in memory.
    pub weight_bits: u32,
    /// Bits per delay in memory.
    pub delay_bits: u32,
    /// Weights that are stored once and shared (convolution), or 0 if each synapse has its own.
    pub shared_weights: usize,
    /// Bits per tag in memory where synapses learn, 0 if their rule has no tag; `None` where synapses do not learn.
    pub tag_bits: Option<u32>,
    /// Weights that were cut to their range when they were given.
    pub clipped: Overflow,
}

impl Rows {
    /// Builds rows from `(source, target, weight, delay)` entries in any order, leaving out zero weights.
    ///
    /// The remaining fields describe a sparse ungraded connection with 8-bit weights; set them after.
    pub fn from_entries(n_in: usize, n_out: usize, mut entries: Vec<(u32, u32, i32, u8)>) -> Self {
        entries.retain(|e| e.2 != 0);
        Rows::from_all_entries(n_in, n_out, &entries)
    }

    /// The same with zero weights, as synapses that learn have them.
    pub fn from_all_entries(n_in: usize, n_out: usize, entries: &[(u32, u32, i32, u8)]) -> Self {
        let sources: Vec<u32> = entries.iter().map(|e| e.0).collect();
        let targets: Vec<u32> = entries.iter().map(|e| e.1).collect();
        let weights: Vec<i32> = entries.iter().map(|e| e.2).collect();
        let mut delays: Vec<u8> = entries.iter().map(|e| e.3).collect();
        if delays.iter().all(|d| *d == 0) {
            delays.clear();
        }
        Columns::new([n_in, n_out], &sources, &targets, &weights, &delays).into_rows_where(|_| true)
    }

    /// Number of synapses.
    pub fn len(&self) -> usize {
        self.target.len()
    }

    /// Whether there is no synapse.
    pub fn is_empty(&self) -> bool {
        self.target.is_empty()
    }

    /// Shows source and target of every synapse, by source.
    pub fn each(&self, mut show: impl FnMut(u32, u32)) {
        for i in 0..self.n_in {
            self.target[self.start[i]..self.start[i + 1]].iter().for_each(|target| show(i as u32, *target));
        }
    }

    /// The delay of synapse `k`.
    pub fn delay_of(&self, k: usize) -> u8 {
        self.delay.get(k).copied().unwrap_or(0)
    }

    /// The longest delay.
    pub fn longest_delay(&self) -> u8 {
        self.delay.iter().copied().max().unwrap_or(0)
    }
}

/// Synapses in compressed columns, zeros included: sorted by source, then by delay, then by target.
#[derive(Clone, Debug)]
pub(crate) struct Columns<W> {
    n_out: usize,
    /// Column of source `i` is `start[i]..start[i + 1]`.
    pub(crate) start: Vec<usize>,
    pub(crate) target: Vec<u32>,
    pub(crate) weight: Vec<W>,
    /// Empty if there is no delay.
    pub(crate) delay: Vec<u8>,
    /// Which synapse, in the order in which they were given, is at each place.
    given: Vec<u32>,
}

impl<W: Copy + Default> Columns<W> {
    /// Sorts by counting: two or three passes over the synapses, no comparison.
    ///
    /// `[n_in, n_out]` bound the indices; `delays` is empty or has one entry per synapse.
    pub(crate) fn new(
        [n_in, n_out]: [usize; 2],
        sources: &[u32],
        targets: &[u32],
        weights: &[W],
        delays: &[u8],
    ) -> Self {
        let mut given: Vec<u32> = (0..sources.len() as u32).collect();
        if !targets.is_sorted() {
            given = pass(&given, n_out, |k| targets[k as usize] as usize);
        }
        if !delays.is_empty() {
            given = pass(&given, 256, |k| usize::from(delays[k as usize]));
        }
        if !sources.is_sorted() || !delays.is_empty() || !targets.is_sorted() {
            given = pass(&given, n_in, |k| sources[k as usize] as usize);
        }
        let mut start = vec![0; n_in + 1];
        for s in sources {
            start[*s as usize + 1] += 1;
        }
        for i in 0..n_in {
            start[i + 1] += start[i];
        }
        Columns {
            n_out,
            start,
            target: given.iter().map(|k| targets[*k as usize]).collect(),
            weight: given.iter().map(|k| weights[*k as usize]).collect(),
            delay: match delays.is_empty() {
                true => Vec::new(),
                false => given.iter().map(|k| delays[*k as usize]).collect(),
            },
            given,
        }
    }

    /// The weights in the order in which they were given.
    pub(crate) fn weights(&self) -> Vec<W> {
        let mut all = vec![W::default(); self.weight.len()];
        for (k, w) in self.given.iter().zip(&self.weight) {
            all[*k as usize] = *w;
        }
        all
    }

    /// Replaces the weights, in the order in which they were given.
    pub(crate) fn replace(&mut self, values: &[W]) {
        for (k, w) in self.given.iter().zip(&mut self.weight) {
            *w = values[*k as usize];
        }
    }
}

impl Columns<i32> {
    /// The rows of all weights that are not zero.
    pub(crate) fn into_rows(self) -> Rows {
        self.into_rows_where(|w| w != 0)
    }

    /// The rows of all weights that are to be kept.
    pub(crate) fn into_rows_where(self, wanted: impl Fn(i32) -> bool) -> Rows {
        let keep = |k: &usize| wanted(self.weight[*k]);
        let kept = || (0..self.weight.len()).filter(keep);
        let mut start = vec![0; self.start.len()];
        for i in 0..self.start.len() - 1 {
            let column = self.start[i]..self.start[i + 1];
            start[i + 1] = start[i] + column.filter(keep).count();
        }
        let delay: Vec<u8> = match self.delay.is_empty() {
            true => Vec::new(),
            false => kept().map(|k| self.delay[k]).collect(),
        };
        let most = delay.iter().copied().max().unwrap_or(0);
        Rows {
            n_in: self.start.len() - 1,
            n_out: self.n_out,
            start,
            target: kept().map(|k| self.target[k]).collect(),
            weight: kept().map(|k| self.weight[k]).collect(),
            delay: if most == 0 { Vec::new() } else { delay },
            sum_exponent: 0,
            sum_bits: 32,
            graded: false,
            format: RowFormat::Sparse,
            weight_bits: 8,
            delay_bits: u8::BITS - most.leading_zeros(),
            shared_weights: 0,
            tag_bits: None,
            clipped: Overflow::default(),
        }
    }
}

/// One stable counting pass: the same elements, ordered by key.
fn pass(order: &[u32], n_keys: usize, key: impl Fn(u32) -> usize) -> Vec<u32> {
    let mut next = vec![0_usize; n_keys + 1];
    for k in order {
        next[key(*k) + 1] += 1;
    }
    for i in 0..n_keys {
        next[i + 1] += next[i];
    }
    let mut sorted = vec![0; order.len()];
    for k in order {
        let place = &mut next[key(*k)];
        sorted[*place] = *k;
        *place += 1;
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The counting sort gives the order of the comparison sort, and finds the weights again.
        #[test]
        fn columns_are_sorted_by_source_delay_target(
            entries in proptest::collection::vec((0u32..7, 0u32..9, -3i32..4, 0u8..5), 0..80),
            delayed in any::<bool>(),
        ) {
            let entries: Vec<_> = entries.into_iter().map(|e| (e.0, e.1, e.2, if delayed { e.3 } else { 0 })).collect();
            let mut expected = entries.clone();
            expected.retain(|e| e.2 != 0);
            expected.sort_by_key(|e| (e.0, e.3, e.1));
            let rows = Rows::from_entries(7, 9, entries.clone());
            let got: Vec<_> = (0..7)
                .flat_map(|i| (rows.start[i]..rows.start[i + 1]).map(move |k| (i as u32, k)))
                .map(|(i, k)| (i, rows.target[k], rows.weight[k], rows.delay_of(k)))
                .collect();
            prop_assert_eq!(got, expected);
            let split = |f: fn(&(u32, u32, i32, u8)) -> u32| entries.iter().map(f).collect::<Vec<_>>();
            let weights: Vec<i32> = entries.iter().map(|e| e.2).collect();
            let delays: Vec<u8> = entries.iter().map(|e| e.3).collect();
            let mut columns = Columns::new([7, 9], &split(|e| e.0), &split(|e| e.1), &weights, &delays);
            prop_assert_eq!(columns.weights(), weights.clone());
            let doubled: Vec<i32> = weights.iter().map(|w| 2 * w).collect();
            columns.replace(&doubled);
            prop_assert_eq!(columns.weights(), doubled);
        }
    }
}
