//! Whole rows of one or two bits for every target, of a connection whose weights take at most four values.
//!
//! A weight is a code of at most two bits: the weight of code 0, and a step for each bit that is set. So the bits of all
//! rows that are due are counted first, and then the counts pass the accumulators once.
//!
//! A row lies in blocks, a block in planes, one for each bit of a code: bit `k` of byte `j` of a plane of `n` bytes is that of
//! target `k n + j` of the block. So a shift and a mask give the bits of `n` targets side by side, one in a byte each.

use std::ops::Range;

use pumice_num::{Level, Task};

use crate::block::Block;

/// Targets of a word.
const TARGETS: usize = u64::BITS as usize;

/// Words of a block at most.
const BLOCK: usize = 32;

/// Rows whose set bits a byte counts.
const COUNTED: usize = 255;

/// Rows that are counted together: as many as four bits count.
const GROUP: usize = 15;

/// As many rows as three bits count, which is half the work.
const HALF: usize = 7;

/// As many rows are added one by one.
const FEW: usize = 2;

/// The weights of a connection by code: 1, 2 or 4 of them. What a bit adds does not depend on the other bit.
#[derive(Debug)]
pub(crate) struct Book(Vec<i32>);

impl Book {
    /// The book of some weights, the first of which has code 0; `None` if they are none, or more than four, or four of which
    /// the smallest and the largest have another sum than the other two.
    pub(crate) fn of(weights: impl Iterator<Item = i32>) -> Option<Self> {
        let mut found: Vec<i32> = Vec::with_capacity(5);
        for weight in weights {
            if !found.contains(&weight) {
                found.push(weight);
            }
            if found.len() > 4 {
                return None;
            }
        }
        let first = *found.first()?;
        found.sort_unstable();
        match found[..] {
            [a, b, c] => found.push(c.wrapping_add(b).wrapping_sub(a)),
            [a, b, c, d] if a.wrapping_add(d) != b.wrapping_add(c) => return None,
            _ => {}
        }
        let first = found.iter().position(|weight| *weight == first)?;
        Some(Book((0..found.len()).map(|code| found[code ^ first]).collect()))
    }

    /// Bits of a code.
    const fn planes(&self) -> usize {
        self.0.len().trailing_zeros() as usize
    }

    /// Bytes of so many rows of so many targets.
    pub(crate) fn bytes(&self, rows: usize, targets: usize) -> usize {
        rows.saturating_mul(targets.div_ceil(TARGETS) * self.planes() * size_of::<u64>())
    }

    /// The code of a weight that it has.
    fn code(&self, weight: i32) -> usize {
        self.0.iter().position(|own| *own == weight).unwrap_or(0)
    }

    /// The weight of code 0, and what each bit adds to it, times a gain.
    fn steps(&self, gain: i32) -> (i32, [i32; 2]) {
        let above =
            |code: usize| self.0.get(code).map_or(0, |weight| weight.wrapping_sub(self.0[0]).wrapping_mul(gain));
        (self.0[0].wrapping_mul(gain), [above(1), above(2)])
    }
}

/// Rows of codes, one for each target.
#[derive(Debug)]
pub(crate) struct Bits {
    book: Book,
    /// Words of a row.
    words: usize,
    /// Rows; one more is without bits.
    rows: usize,
    codes: Block<u64>,
}

impl Bits {
    /// Rows in which every target has the weight of code 0.
    pub(crate) fn new(book: Book, rows: usize, targets: usize) -> Self {
        let words = targets.div_ceil(TARGETS) * book.planes();
        Bits { book, words, rows, codes: Block::zeroed((rows + 1) * words) }
    }

    /// Memory in use `[byte]`.
    pub(crate) fn len(&self) -> usize {
        size_of_val(&*self.codes)
    }

    /// Bits of a weight.
    #[cfg(test)]
    pub(crate) const fn planes(&self) -> usize {
        self.book.planes()
    }

    /// Gives a target that has the weight of code 0 another one of the book.
    pub(crate) fn put(&mut self, row: usize, target: usize, weight: i32) {
        let code = self.book.code(weight);
        for plane in 0..self.book.planes() {
            let (byte, bit) = self.place(row, plane, target);
            bytemuck::cast_slice_mut::<u64, u8>(&mut self.codes)[byte] |= ((code >> plane & 1) as u8) << bit;
        }
    }

    /// The weight of a target.
    pub(crate) fn weight(&self, row: usize, target: usize) -> i32 {
        let bit = |plane: usize| {
            let (byte, bit) = self.place(row, plane, target);
            usize::from(bytemuck::cast_slice::<u64, u8>(&self.codes)[byte] >> bit & 1)
        };
        self.book.0[(0..self.book.planes()).map(|plane| bit(plane) << plane).sum::<usize>()]
    }

    /// The byte and the bit of a target in a plane of a row.
    fn place(&self, row: usize, plane: usize, target: usize) -> (usize, usize) {
        let (block, target) = (target / self.targets(), target % self.targets());
        let own = self.block(block);
        let bytes = own.len() / self.book.planes() * size_of::<u64>();
        ((row * self.words + own.start) * size_of::<u64>() + plane * bytes + target % bytes, target / bytes)
    }

    /// Targets of a whole block.
    #[inline(always)]
    const fn targets(&self) -> usize {
        (BLOCK * TARGETS) >> self.book.planes().saturating_sub(1)
    }

    /// The words of a block in a row.
    #[inline(always)]
    fn block(&self, block: usize) -> Range<usize> {
        block * BLOCK..self.words.min((block + 1) * BLOCK)
    }

    /// Some words of a row.
    #[inline(always)]
    fn row(&self, row: usize, words: &Range<usize>) -> &[u64] {
        &self.codes[row * self.words + words.start..row * self.words + words.end]
    }

    /// Adds rows, numbers counted from `first`, times a gain.
    pub(crate) fn add(&self, first: usize, rows: &[u32], gain: i32, sums: &mut [i32]) {
        let level = Level::widest();
        if self.words == 0 {
            let sum = self.book.0[0].wrapping_mul(gain).wrapping_mul(rows.len() as i32);
            return sums.iter_mut().for_each(|own| *own = own.wrapping_add(sum));
        }
        if rows.len() <= FEW {
            return rows
                .iter()
                .for_each(|row| level.run(AddRow { bits: self, row: first + *row as usize, gain, sums }));
        }
        rows.chunks(COUNTED).for_each(|rows| level.run(AddRows { bits: self, first, rows, gain, sums }));
    }
}

/// Adds one row, times a gain, without counting.
struct AddRow<'a> {
    bits: &'a Bits,
    row: usize,
    gain: i32,
    sums: &'a mut [i32],
}

impl Task for AddRow<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let AddRow { bits, row, gain, sums } = self;
        let (base, steps) = bits.book.steps(gain);
        for (block, sums) in sums.chunks_mut(bits.targets()).enumerate() {
            let codes = bytemuck::cast_slice::<u64, u8>(bits.row(row, &bits.block(block)));
            let n = codes.len() / bits.book.planes();
            // Of one plane, the second step is zero.
            let (ones, twos) = (&codes[..n], &codes[codes.len() - n..]);
            for (k, sums) in sums.chunks_mut(n).enumerate() {
                let where_set = |byte: u8, step: i32| if byte & 1 << k == 0 { 0 } else { step };
                for ((one, two), sum) in ones.iter().zip(twos).zip(sums) {
                    let step = where_set(*one, steps[0]).wrapping_add(where_set(*two, steps[1]));
                    *sum = sum.wrapping_add(base).wrapping_add(step);
                }
            }
        }
    }
}

/// Adds some rows, times a gain.
struct AddRows<'a> {
    bits: &'a Bits,
    first: usize,
    rows: &'a [u32],
    gain: i32,
    sums: &'a mut [i32],
}

impl Task for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let AddRows { bits, first, rows, gain, sums } = self;
        let (base, [one, two]) = bits.book.steps(gain);
        let base = base.wrapping_mul(rows.len() as i32);
        for (block, sums) in sums.chunks_mut(bits.targets()).enumerate() {
            let words = bits.block(block);
            let n = words.len() / bits.book.planes();
            let row = |row: usize| bits.row(row, &words);
            let mut counts = [[0; BLOCK]; 8];
            let (whole, rest) = rows.as_chunks::<GROUP>();
            for rows in whole {
                count(rows.map(|i| row(first + i as usize)), &mut counts);
            }
            let number = |k: usize| rest.get(k).map_or(bits.rows, |i| first + *i as usize);
            match rest.len() {
                0 => {}
                1..=HALF => count_few(std::array::from_fn(|k| row(number(k))), &mut counts),
                _ => count(std::array::from_fn(|k| row(number(k))), &mut counts),
            }
            for (counts, sums) in counts.iter().zip(sums.chunks_mut(n * size_of::<u64>())) {
                match n == words.len() {
                    true => add(&counts[..n], (one, base), sums),
                    false => add_two([&counts[..n], &counts[n..2 * n]], ([one, two], base), sums),
                }
            }
        }
    }
}

/// Adds a base, and counts times a weight.
#[inline(always)]
fn add(counts: &[u64], (weight, base): (i32, i32), sums: &mut [i32]) {
    for (n, sum) in bytemuck::cast_slice::<u64, u8>(counts).iter().zip(sums) {
        *sum = sum.wrapping_add(i32::from(*n).wrapping_mul(weight).wrapping_add(base));
    }
}

/// The same with the counts of two planes.
#[inline(always)]
fn add_two(counts: [&[u64]; 2], (weights, base): ([i32; 2], i32), sums: &mut [i32]) {
    let [ones, twos] = counts.map(bytemuck::cast_slice::<u64, u8>);
    for ((one, two), sum) in ones.iter().zip(twos).zip(sums) {
        let both = i32::from(*one).wrapping_mul(weights[0]).wrapping_add(i32::from(*two).wrapping_mul(weights[1]));
        *sum = sum.wrapping_add(both).wrapping_add(base);
    }
}

/// Counts the bits of rows of words: the digits of the counts of a word first, side by side. Those of the bits `k` of all bytes
/// are the bytes of `counts[k]`.
#[inline(always)]
fn count(rows: [&[u64]; GROUP], counts: &mut [[u64; BLOCK]; 8]) {
    let n = rows[0].len();
    let rows = rows.map(|row| &row[..n]);
    for j in 0..n {
        let [a, b, c, d, e, f, g, h, i, k, l, m, o, p, q] = rows.map(|row| row[j]);
        let (low, high) = (seven([a, b, c, d, e, f, g]), seven([h, i, k, l, m, o, p]));
        let (ones, carry) = sum(low[0], high[0], q);
        let (twos, carry) = sum(low[1], high[1], carry);
        let (fours, eights) = sum(low[2], high[2], carry);
        add_digits([ones, twos, fours, eights], j, counts);
    }
}

/// The same of few rows.
#[inline(always)]
fn count_few(rows: [&[u64]; HALF], counts: &mut [[u64; BLOCK]; 8]) {
    let n = rows[0].len();
    let rows = rows.map(|row| &row[..n]);
    for j in 0..n {
        let [ones, twos, fours] = seven(rows.map(|row| row[j]));
        add_digits([ones, twos, fours, 0], j, counts);
    }
}

/// Adds the numbers whose digits stand in the bits of four words to the counts of word `j`.
#[inline(always)]
fn add_digits([ones, twos, fours, eights]: [u64; 4], j: usize, counts: &mut [[u64; BLOCK]; 8]) {
    const BYTES: u64 = 0x0f0f_0f0f_0f0f_0f0f;
    let ([even, odd], [more_even, more_odd]) = (join::<1>(ones, twos), join::<1>(fours, eights));
    let ([a, c], [b, d]) = (join::<2>(even, more_even), join::<2>(odd, more_odd));
    for (k, four) in [a, b, c, d].into_iter().enumerate() {
        counts[k][j] += four & BYTES;
        counts[k + 4][j] += four >> 4 & BYTES;
    }
}

/// The digits of the sum of three bits, in every bit of the words.
#[inline(always)]
const fn sum(a: u64, b: u64, c: u64) -> (u64, u64) {
    (a ^ b ^ c, a & b | c & (a ^ b))
}

/// The digits of the sum of seven bits.
#[inline(always)]
const fn seven([a, b, c, d, e, f, g]: [u64; 7]) -> [u64; 3] {
    let ((one, two), (other, more)) = (sum(a, b, c), sum(d, e, f));
    let (ones, most) = sum(one, other, g);
    let (twos, fours) = sum(two, more, most);
    [ones, twos, fours]
}

/// Joins digits of N bits each to digits of twice as many: those of even places, then those of odd ones.
#[inline(always)]
const fn join<const N: u32>(low: u64, high: u64) -> [u64; 2] {
    let even = if N == 1 { 0x5555_5555_5555_5555 } else { 0x3333_3333_3333_3333 };
    [low & even | (high & even) << N, low >> N & even | high & !even]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn books_hold_at_most_four_weights_whose_bits_add() {
        let book = |weights: &[i32]| Book::of(weights.iter().copied()).map(|book| book.0);
        assert_eq!(book(&[]), None);
        assert_eq!(book(&[7, 7]), Some(vec![7]));
        assert_eq!(book(&[9, -9, 9]), Some(vec![9, -9]));
        assert_eq!(book(&[0, 5, -5]), Some(vec![0, -5, 10, 5]));
        assert_eq!(book(&[3, -3, 1, -1]), Some(vec![3, 1, -1, -3]));
        assert_eq!(book(&[0, 1, 2, 4]), None);
        assert_eq!(book(&[0, 1, 2, 3, 4]), None);
    }

    proptest! {
        /// What rows add is the sum of the weights that were put, on every instruction set, by few rows and by many.
        #[test]
        fn rows_add_their_weights(
            weights in prop::collection::vec(any::<i32>(), 1..4),
            targets in prop_oneof![4 => 1..300_usize, 1 => 2_000..2_100_usize],
            seed in any::<u64>(),
            spikes in prop_oneof![0..=FEW, 3..40_usize, 240..300_usize].prop_flat_map(|n| prop::collection::vec(0..3_u32, n)),
            gain in -3..100_i32,
        ) {
            let book = Book::of(weights.iter().copied()).unwrap();
            let pick = |row: usize, target: usize| {
                let word = (row * targets + target) as u64 ^ seed;
                weights[(word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize % weights.len()]
            };
            let mut bits = Bits::new(book, 4, targets);
            let all = (1..4).flat_map(|row| (0..targets).map(move |target| (row, target)));
            all.clone().for_each(|(row, target)| bits.put(row, target, pick(row, target)));
            prop_assert!(all.clone().all(|(row, target)| bits.weight(row, target) == pick(row, target)));
            let mut times = [0; 4];
            spikes.iter().for_each(|row| times[*row as usize + 1] += gain);
            let sum = |target| (1..4).fold(7, |sum: i32, row| sum.wrapping_add(pick(row, target).wrapping_mul(times[row])));
            let expected: Vec<i32> = (0..targets).map(sum).collect();
            let mut sums = vec![7; targets];
            bits.add(1, &spikes, gain, &mut sums);
            prop_assert!(sums == expected);
            for level in Level::available().into_iter().filter(|_| bits.words > 0) {
                let mut sums = vec![7; targets];
                for rows in spikes.chunks(COUNTED) {
                    level.run(AddRows { bits: &bits, first: 1, rows, gain, sums: &mut sums });
                }
                prop_assert!(sums == expected, "{}", level.name());
                for row in spikes.iter().take(1) {
                    let mut sums = vec![7; targets];
                    level.run(AddRow { bits: &bits, row: 1 + *row as usize, gain, sums: &mut sums });
                    let own = |target| pick(1 + *row as usize, target).wrapping_mul(gain).wrapping_add(7);
                    prop_assert!(sums.into_iter().eq((0..targets).map(own)), "{}", level.name());
                }
            }
        }
    }
}
