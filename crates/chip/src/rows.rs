//! Synapse rows as a worker holds them: one row per source and delay, over all its targets.

use std::ops::Range;

use pumice_models::Fired;

use crate::block::Block;
use crate::dense::Dense;
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

/// Synapses in the smallest form that holds them: whole rows of bits or bytes, or lists of 2 to 4 or 8 bytes each.
#[derive(Debug)]
enum Packed {
    /// A weight for every target.
    Dense(Dense),
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
            Packed::Dense(dense) => dense.bytes(),
            Packed::Narrow { start, synapses, .. } => 4 * start.len() + synapses.len(),
            Packed::Wide { start, words } => 4 * start.len() + 8 * words.len(),
        }
    }

    /// Adds the rows of those who fired at delay number `d`, times their payloads if the synapses are graded.
    pub(crate) fn deliver(&self, d: usize, fired: &Fired, sums: &mut [i32]) {
        let row = |i: u32| d * self.n_in + i as usize;
        match &self.synapses {
            Packed::Dense(dense) if !self.graded => dense.add(row(0), &fired.index, 1 << self.scale, sums),
            Packed::Dense(dense) => {
                let spikes = fired.index.chunks(1).enumerate();
                spikes.for_each(|(k, own)| dense.add(row(0), own, self.gain(fired, k), sums));
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
            Packed::Dense(dense) => dense.each(row, show),
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
        if let Some(dense) = Dense::new(&start, &kept) {
            return Packed::Dense(dense);
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Source;
    use proptest::prelude::*;
    use pumice_models::Rows;

    fn projection(n_in: usize, n_out: usize, entries: Vec<(u32, u32, i32, u8)>) -> Projection {
        let rows = Rows::from_entries(n_in, n_out, entries);
        Projection { process: 0, path: "p".into(), source: Source::Train(0), target: 0, port: 0, rows }
    }

    fn form(table: &RowTable) -> String {
        match &table.synapses {
            Packed::Dense(dense) => format!("{} bits", dense.bits()),
            Packed::Narrow { form, .. } => format!("{form:?}"),
            Packed::Wide { .. } => "wide".into(),
        }
    }

    #[test]
    fn the_smallest_form_is_taken() {
        let list = |weights: &[i32], n: u32| -> Vec<_> {
            let weight = |k: u32| weights[(k * k / 7) as usize % weights.len()];
            (0..8 * n).map(|k| (k / n, k % n, weight(k), 0)).collect()
        };
        let one = |weight: i32| vec![(3, 0, 1, 0), (3, 7, weight, 0)];
        let few = |each: u32| (0..8 * 512).filter(|k| k % each == 0).map(|k| (k / 512, k % 512, 9, 0)).collect();
        for (n, entries, expected) in [
            (8, list(&[-128], 8), "8 bits"),
            (512, list(&[-128], 512), "0 bits"),
            (8, list(&[-128, 126], 8), "8 bits"),
            (8, list(&[-128 << 7, 0, 127 << 7], 8), "8 bits"),
            (8, list(&[255, 0], 8), "8 bits"),
            (8, list(&[700, 800, 955], 8), "8 bits"),
            (8, list(&[-1, 255], 8), "Word(29)"),
            (512, list(&[-7, 7], 512), "1 bits"),
            (512, list(&[-7, 70_000, 0], 512), "2 bits"),
            (512, list(&[-9, -3, 3, 9], 512), "2 bits"),
            (512, list(&[1, 2, 3, -9], 512), "8 bits"),
            (511, list(&[-7, 7], 511), "8 bits"),
            (512, few(15), "1 bits"),
            (512, few(17), "Same(9)"),
            (8, one(2), "Up"),
            (8, one(400), "Word(29)"),
            (8, one(1 << 30), "wide"),
        ] {
            assert_eq!(form(&RowTable::new(&projection(8, n, entries), &(0..n))), expected);
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

        /// The same of wide rows of few weights.
        #[test]
        fn wide_rows_add_their_synapses(
            (n, up) in (400..900usize, 0..32u32),
            weights in prop::collection::vec(any::<i32>(), 1..6),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 3 * 900),
            (graded, each) in (any::<bool>(), 1..4usize),
            spikes in prop_oneof![prop::collection::vec((0..3u32, any::<i32>()), 0..40), prop::collection::vec((0..3u32, Just(1)), 250..600)],
        ) {
            let entry = |k: usize| ((k / n) as u32, (k % n) as u32, picks[k].get(&weights) >> up, 0);
            let entries: Vec<_> = (0..3 * n).step_by(each).map(entry).collect();
            let mut p = projection(3, n, entries.clone());
            p.rows.graded = graded;
            let table = RowTable::new(&p, &(0..n));
            let (index, payload) = spikes.into_iter().unzip();
            let fired = Fired { index, payload };
            let mut expected = vec![7_i128; n];
            for (k, i) in fired.index.iter().enumerate() {
                let gain = if graded { i128::from(fired.payload_of(k)) } else { 1 };
                let own = entries.iter().filter(|e| e.0 == *i);
                own.for_each(|(_, target, w, _)| expected[*target as usize] += i128::from(*w) * gain);
            }
            let (mut sums, mut exact) = (vec![7; n], vec![7; n]);
            table.deliver(0, &fired, &mut sums);
            table.deliver_exact(0, &fired, &mut exact);
            prop_assert!(exact == expected);
            prop_assert!(sums.into_iter().eq(expected.into_iter().map(|sum| sum as i32)));
        }
    }
}
