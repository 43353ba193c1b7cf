//! Whole rows: a weight for every target, zeros included, in a byte or less, which vector instructions add.

use pumice_num::{Level, Task};

use crate::bits::{Bits, Book};
use crate::block::Block;

/// Rows of fewer targets are no faster as bits.
const NARROW: usize = 512;

/// Rows that hold the weights of all targets of a range.
#[derive(Debug)]
pub(crate) struct Dense {
    /// The first target.
    first: usize,
    /// How many targets.
    len: usize,
    weights: Weights,
}

#[derive(Debug)]
enum Weights {
    /// How far each weight is above the lowest; row after row.
    Bytes { lowest: i32, above: Block<u8> },
    /// Weights of a short book.
    Bits(Bits),
}

impl Dense {
    /// The rows of lists of target and weight, each sorted by target: as bits where they take no more memory than lists of 2
    /// bytes, as bytes where they take no more than lists of 4; `None` elsewhere.
    ///
    /// Several synapses between the same two neurons become one of their sum, which adds the same.
    pub(crate) fn new(start: &[u32], kept: &[(u32, i32)]) -> Option<Self> {
        let first = kept.iter().map(|(target, _)| *target).min()? as usize;
        let len = kept.iter().map(|(target, _)| *target).max()? as usize + 1 - first;
        let rows = start.len() - 1;
        let places = rows.saturating_mul(len);
        let no_longer_than = |bytes: usize| kept.len().saturating_mul(bytes);
        // One bit for each place would be longer than the lists.
        if places.div_ceil(8) > no_longer_than(2) {
            return None;
        }
        let all = || pairs(start, kept).map(|(row, target, weight)| (row, target - first, weight));
        let gap = (all().count() < places).then_some(0);
        let weights = || gap.into_iter().chain(all().map(|(_, _, weight)| weight));
        let (lowest, highest) = weights().fold((i64::MAX, i64::MIN), |(low, high), w| (low.min(w), high.max(w)));
        let (lowest, highest) = (i32::try_from(lowest).ok()?, i32::try_from(highest).ok()?);
        let book = if len < NARROW { None } else { Book::of(weights().map(|weight| weight as i32)) };
        let book = book.filter(|book| book.bytes(rows, len) <= no_longer_than(2));
        let weights = if let Some(book) = book {
            let mut bits = Bits::new(book, rows, len);
            all().for_each(|(row, target, weight)| bits.put(row, target, weight as i32));
            Weights::Bits(bits)
        } else {
            if places > no_longer_than(4) || highest.abs_diff(lowest) > u32::from(u8::MAX) {
                return None;
            }
            let mut above = Block::zeroed(places);
            gap.iter().for_each(|_| above.fill(lowest.unsigned_abs() as u8));
            all().for_each(|(row, target, weight)| above[row * len + target] = (weight - i64::from(lowest)) as u8);
            Weights::Bytes { lowest, above }
        };
        Some(Dense { first, len, weights })
    }

    /// Memory in use `[byte]`.
    pub(crate) fn bytes(&self) -> usize {
        match &self.weights {
            Weights::Bytes { above, .. } => above.len(),
            Weights::Bits(bits) => bits.len(),
        }
    }

    /// Adds rows, numbers counted from `from`, times a gain.
    pub(crate) fn add(&self, from: usize, rows: &[u32], gain: i32, sums: &mut [i32]) {
        let sums = &mut sums[self.first..self.first + self.len];
        match &self.weights {
            Weights::Bits(bits) => bits.add(from, rows, gain, sums),
            Weights::Bytes { lowest, above } => {
                let level = Level::widest();
                let row = |i: u32| &above[(from + i as usize) * self.len..][..self.len];
                let (eight, rest) = rows.as_chunks::<8>();
                let (four, rest) = rest.as_chunks::<4>();
                let lowest = *lowest;
                eight.iter().for_each(|some| level.run(AddBytes { rows: some.map(row), lowest, gain, sums }));
                four.iter().for_each(|some| level.run(AddBytes { rows: some.map(row), lowest, gain, sums }));
                rest.iter().for_each(|i| level.run(AddBytes { rows: [row(*i)], lowest, gain, sums }));
            }
        }
    }

    /// Shows every target of a row and its weight.
    pub(crate) fn each(&self, row: usize, mut show: impl FnMut(usize, i32)) {
        for k in 0..self.len {
            let weight = match &self.weights {
                Weights::Bytes { lowest, above } => lowest + i32::from(above[row * self.len + k]),
                Weights::Bits(bits) => bits.weight(row, k),
            };
            show(self.first + k, weight);
        }
    }

    /// Bits of a weight.
    #[cfg(test)]
    pub(crate) const fn bits(&self) -> usize {
        match &self.weights {
            Weights::Bytes { .. } => 8,
            Weights::Bits(bits) => bits.planes(),
        }
    }
}

/// Row, target and weight of every pair of neurons, by row, then by target.
fn pairs(start: &[u32], kept: &[(u32, i32)]) -> impl Iterator<Item = (usize, usize, i64)> {
    start.windows(2).enumerate().flat_map(|(row, ends)| {
        let same = kept[ends[0] as usize..ends[1] as usize].chunk_by(|a, b| a.0 == b.0);
        same.map(move |same| (row, same[0].0 as usize, same.iter().map(|(_, weight)| i64::from(*weight)).sum()))
    })
}

/// Adds some rows of bytes above the lowest weight, times a gain; their sums pass the accumulators once.
struct AddBytes<'a, const N: usize> {
    rows: [&'a [u8]; N],
    lowest: i32,
    gain: i32,
    sums: &'a mut [i32],
}

impl<const N: usize> Task for AddBytes<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        // A sum of N bytes fits 16 bits.
        const { assert!(N <= 256) };
        let n = self.sums.len();
        let rows = self.rows.map(|row| &row[..n]);
        let lowest = self.lowest.wrapping_mul(N as i32);
        for (k, sum) in self.sums.iter_mut().enumerate() {
            let above = rows.iter().fold(0_u16, |all, row| all.wrapping_add(u16::from(row[k])));
            *sum = sum.wrapping_add(i32::from(above).wrapping_add(lowest).wrapping_mul(self.gain));
        }
    }
}
