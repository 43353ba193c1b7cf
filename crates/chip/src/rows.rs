//! Synapse rows as a worker holds them: one row per source and delay, over all its targets.

use std::ops::Range;

use pumice_models::Fired;
use pumice_num::{Level, Task};

use crate::block::Block;
use crate::due::Rows;
use crate::image::Projection;
use crate::record::Form;

/// The synapses of one projection whose targets belong to one worker.
#[derive(Debug)]
pub(crate) struct RowTable {
    /// Distinct delays, ascending.
    pub(crate) delays: Vec<u8>,
    n_in: usize,
    synapses: Packed,
    /// Left shift of every stored weight.
    scale: u32,
    /// Whether payloads multiply the weights.
    pub(crate) graded: bool,
    /// The most that one row adds to the magnitude of a sum.
    heaviest: i64,
}

/// Synapses in the smallest form that holds them: whole rows of bytes, or lists of 2 to 4 or 8 bytes each.
#[derive(Debug)]
enum Packed {
    /// One weight for every target from `first` on, zeros included; row after row.
    Dense { first: usize, row: usize, weights: Vec<i8> },
    /// Targets and weights in a form; row `r` is `start[r]..start[r + 1]`.
    Narrow { start: Block<u32>, synapses: Block<u8>, form: Form },
    /// Target and weight; rows as before.
    Wide { start: Vec<u32>, words: Vec<(u32, i32)> },
}

impl RowTable {
    /// Cuts the rows of `p` to the targets in `range`, which are then counted from 0.
    ///
    /// Row `d * n_in + i` is that of delay number `d` and source `i`.
    pub(crate) fn new(p: &Projection, range: &Range<usize>) -> Self {
        let rows = &p.rows;
        let scale = rows.weight.iter().fold(31, |z, w| z.min(w.trailing_zeros().min(31)));
        let scale = if rows.is_empty() { 0 } else { scale };
        let mut delays: Vec<u8> = rows.delay.clone();
        delays.sort_unstable();
        delays.dedup();
        if delays.is_empty() {
            delays.push(0);
        }
        let mut start = Vec::with_capacity(delays.len() * rows.n_in + 1);
        let mut kept: Vec<(u32, i32)> = Vec::new();
        for delay in &delays {
            for i in 0..rows.n_in {
                start.push(kept.len() as u32);
                for k in rows.start[i]..rows.start[i + 1] {
                    let target = rows.target[k] as usize;
                    if rows.delay_of(k) == *delay && range.contains(&target) {
                        kept.push(((target - range.start) as u32, rows.weight[k] >> scale));
                    }
                }
            }
        }
        start.push(kept.len() as u32);
        let heaviest = heaviest(&start, &kept) << scale;
        RowTable { delays, n_in: rows.n_in, synapses: Packed::new(start, kept), scale, graded: rows.graded, heaviest }
    }

    /// Memory in use `[byte]`.
    pub(crate) fn bytes(&self) -> usize {
        match &self.synapses {
            Packed::Dense { weights, .. } => weights.len(),
            Packed::Narrow { start, synapses, .. } => 4 * start.len() + synapses.len(),
            Packed::Wide { start, words } => 4 * start.len() + 8 * words.len(),
        }
    }

    /// Adds the rows of those who fired at delay number `d`, times their payloads if the synapses are graded.
    pub(crate) fn deliver(&self, d: usize, fired: &Fired, sums: &mut [i32]) {
        let row = |i: u32| d * self.n_in + i as usize;
        match &self.synapses {
            Packed::Dense { first, row: len, weights } => {
                let rows = |i: u32| &weights[row(i) * len..(row(i) + 1) * len];
                self.add_dense(rows, fired, &mut sums[*first..first + len]);
            }
            Packed::Narrow { start, synapses, form } if !self.graded => {
                let rows = Rows { start, first: row(0), due: &fired.index };
                form.add(synapses, rows, |weight| weight << self.scale, sums);
            }
            Packed::Narrow { start, synapses, form } => {
                for (k, own) in fired.index.chunks(1).enumerate() {
                    let gain = self.gain(fired, k);
                    let rows = Rows { start, first: row(0), due: own };
                    form.add(synapses, rows, |weight| weight.wrapping_mul(gain), sums);
                }
            }
            Packed::Wide { start, words } => {
                for (k, i) in fired.index.iter().enumerate() {
                    let gain = self.gain(fired, k);
                    for (target, w) in &words[start[row(*i)] as usize..start[row(*i) + 1] as usize] {
                        let sum = &mut sums[*target as usize];
                        *sum = sum.wrapping_add(w.wrapping_mul(gain));
                    }
                }
            }
        }
    }

    /// How far from zero the rows of those who fired can bring a sum.
    pub(crate) fn reach(&self, fired: &Fired) -> i64 {
        let payloads = match self.graded && !fired.payload.is_empty() {
            true => fired.payload.iter().map(|x| i64::from(x.unsigned_abs())).sum(),
            false => fired.index.len() as i64,
        };
        payloads.saturating_mul(self.heaviest)
    }

    /// As [`RowTable::deliver`], to sums that hold everything.
    pub(crate) fn deliver_exact(&self, d: usize, fired: &Fired, sums: &mut [i128]) {
        for (k, i) in fired.index.iter().enumerate() {
            let gain = if self.graded { i128::from(fired.payload_of(k)) } else { 1 };
            self.synapses.each(d * self.n_in + *i as usize, |target, w| {
                sums[target] += (i128::from(w) * gain) << self.scale;
            });
        }
    }

    /// What multiplies the stored weights of the source that fired as number `k`.
    fn gain(&self, fired: &Fired, k: usize) -> i32 {
        if self.graded { fired.payload_of(k) << self.scale } else { 1 << self.scale }
    }

    /// Adds whole rows, several at once where all have the same gain.
    fn add_dense<'a>(&self, row: impl Fn(u32) -> &'a [i8], fired: &Fired, sums: &mut [i32]) {
        let level = Level::widest();
        if self.graded {
            for (k, i) in fired.index.iter().enumerate() {
                level.run(AddRows { rows: [row(*i)], gain: self.gain(fired, k), sums });
            }
            return;
        }
        let gain = 1 << self.scale;
        let (eight, rest) = fired.index.as_chunks::<8>();
        let (four, rest) = rest.as_chunks::<4>();
        eight.iter().for_each(|some| level.run(AddRows { rows: some.map(&row), gain, sums }));
        four.iter().for_each(|some| level.run(AddRows { rows: some.map(&row), gain, sums }));
        rest.iter().for_each(|i| level.run(AddRows { rows: [row(*i)], gain, sums }));
    }
}

/// The most that one row adds to the magnitude of a sum; a row may have several synapses onto the same target.
fn heaviest(start: &[u32], kept: &[(u32, i32)]) -> i64 {
    let rows = start.windows(2).map(|ends| &kept[ends[0] as usize..ends[1] as usize]);
    let targets = rows.flat_map(|row| row.chunk_by(|a, b| a.0 == b.0));
    targets.map(|same| same.iter().map(|(_, w)| i64::from(w.unsigned_abs())).sum()).max().unwrap_or(0)
}

impl Packed {
    /// Shows target and weight of every synapse of a row.
    fn each(&self, row: usize, mut show: impl FnMut(usize, i32)) {
        match self {
            Packed::Dense { first, row: len, weights } => {
                let own = &weights[row * len..(row + 1) * len];
                own.iter().enumerate().for_each(|(k, w)| show(first + k, i32::from(*w)));
            }
            Packed::Narrow { start, synapses, form } => {
                let rows = Rows { start, first: row, due: &[0] };
                form.each(synapses, rows, |weight| weight, show);
            }
            Packed::Wide { start, words } => {
                let own = &words[start[row] as usize..start[row + 1] as usize];
                own.iter().for_each(|(target, w)| show(*target as usize, *w));
            }
        }
    }

    fn new(start: Vec<u32>, kept: Vec<(u32, i32)>) -> Self {
        if let Some(dense) = Packed::dense(&start, &kept) {
            return dense;
        }
        let (mut places, mut low, mut high) = (0, i32::MAX, i32::MIN);
        for (target, weight) in &kept {
            (places, low, high) = (places.max(*target as usize + 1), low.min(*weight), high.max(*weight));
        }
        let Some(form) = Form::of(places, (low, high)) else {
            return Packed::Wide { start, words: kept };
        };
        let (mut starts, mut synapses) = (Block::zeroed(start.len()), Block::zeroed(kept.len() * form.bytes()));
        starts.copy_from_slice(&start);
        for (into, (target, weight)) in synapses.chunks_exact_mut(form.bytes()).zip(kept) {
            form.put(into, target, weight);
        }
        Packed::Narrow { start: starts, synapses, form }
    }

    /// Whole rows of bytes, where they hold every weight and take no more memory than lists of 4 bytes.
    ///
    /// Several synapses between the same two neurons become one of their sum, which adds the same.
    fn dense(start: &[u32], kept: &[(u32, i32)]) -> Option<Self> {
        let first = kept.iter().map(|(target, _)| *target).min()? as usize;
        let row = kept.iter().map(|(target, _)| *target).max()? as usize + 1 - first;
        let rows = start.len() - 1;
        if rows.saturating_mul(row) > kept.len().saturating_mul(4) {
            return None;
        }
        let mut weights = vec![0_i8; rows * row];
        for (own, ends) in weights.chunks_exact_mut(row).zip(start.windows(2)) {
            for (target, w) in &kept[ends[0] as usize..ends[1] as usize] {
                let weight = &mut own[*target as usize - first];
                *weight = i8::try_from(i32::from(*weight).checked_add(*w)?).ok()?;
            }
        }
        Some(Packed::Dense { first, row, weights })
    }
}

/// Adds some whole rows, times a gain; their sums pass the accumulators once.
struct AddRows<'a, const N: usize> {
    rows: [&'a [i8]; N],
    gain: i32,
    sums: &'a mut [i32],
}

impl<const N: usize> Task for AddRows<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        // A sum of N bytes fits 16 bits.
        const { assert!(N <= 256) };
        let n = self.sums.len();
        let rows = self.rows.map(|row| &row[..n]);
        for (k, sum) in self.sums.iter_mut().enumerate() {
            let weights = rows.iter().fold(0_i16, |all, row| all.wrapping_add(i16::from(row[k])));
            *sum = sum.wrapping_add(i32::from(weights).wrapping_mul(self.gain));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Source;
    use proptest::prelude::*;
    use pumice_models::Rows;

    fn projection(n_in: usize, n_out: usize, entries: Vec<(u32, u32, i32, u8)>) -> Projection {
        let rows = Rows::from_entries(n_in, n_out, entries);
        Projection { process: 0, path: "p".into(), source: Source::Bank(0), target: 0, port: 0, rows }
    }

    fn form(table: &RowTable) -> &'static str {
        match table.synapses {
            Packed::Dense { .. } => "dense",
            Packed::Narrow { .. } => "narrow",
            Packed::Wide { .. } => "wide",
        }
    }

    #[test]
    fn the_smallest_form_is_taken() {
        let all = |weight: i32| (0..64).map(|k| (k / 8, k % 8, weight, 0)).collect::<Vec<_>>();
        let one = |weight: i32| vec![(3, 0, 1, 0), (3, 7, weight, 0)];
        for (entries, expected) in [
            (all(-128), "dense"),
            (all(127 << 6), "dense"),
            (all(129), "narrow"),
            (one(2), "narrow"),
            (one(400), "narrow"),
            (one(1 << 30), "wide"),
        ] {
            assert_eq!(form(&RowTable::new(&projection(8, 8, entries), &(0..8))), expected);
        }
    }

    proptest! {
        /// What is delivered is the sum of the synapses, whatever form they take.
        #[test]
        fn rows_add_their_synapses(
            entries in prop::collection::vec((0..4u32, 0..12u32, prop_oneof![-128..128i32, -300..300i32], 0..2u8), 0..150),
            (up, graded) in (0..8u32, any::<bool>()),
            spikes in prop::collection::vec((0..4u32, -5..100i32), 0..40),
            (from, to) in (0..6usize, 6..=12usize),
        ) {
            let entries: Vec<_> = entries.into_iter().map(|(s, t, w, d)| (s, t, w << up, d)).collect();
            let mut p = projection(4, 12, entries.clone());
            p.rows.graded = graded;
            let table = RowTable::new(&p, &(from..to));
            let (index, payload) = spikes.into_iter().unzip();
            let fired = Fired { index, payload };
            for (d, delay) in table.delays.iter().enumerate() {
                let (mut sums, mut expected) = (vec![7; to - from], vec![7; to - from]);
                table.deliver(d, &fired, &mut sums);
                for (k, i) in fired.index.iter().enumerate() {
                    let gain = if graded { fired.payload_of(k) } else { 1 };
                    let own = entries.iter().filter(|e| e.0 == *i && e.3 == *delay);
                    for (_, target, w, _) in own.filter(|e| (from..to).contains(&(e.1 as usize))) {
                        expected[*target as usize - from] += w * gain;
                    }
                }
                prop_assert_eq!(&sums, &expected);
                let mut exact = vec![7; to - from];
                table.deliver_exact(d, &fired, &mut exact);
                prop_assert_eq!(exact, sums.iter().map(|sum| i128::from(*sum)).collect::<Vec<_>>());
                let farthest = sums.iter().map(|sum| i64::from((sum - 7).abs())).max();
                prop_assert!(farthest <= Some(table.reach(&fired)));
            }
        }
    }
}
