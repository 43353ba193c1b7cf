//! How synapses of rows lie in memory: in as few bytes as hold a place among the accumulators and a weight.

use pumice_num::fits;

use crate::due;

/// The form of all synapses of some rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// 2 bytes: a place. This is the weight of all.
    Same(i32),
    /// 3 bytes: a place of 2, a weight of `0..=255`.
    Up,
    /// 3 bytes: a place of 2, a weight of `-255..=0` without its sign.
    Down,
    /// 3 bytes: a place of 2, a weight of `-128..=127`.
    Signed,
    /// 4 bytes: a place in the high bits, a weight in the low ones, whose number this is.
    Word(u32),
}

/// Places that 2 bytes hold.
const SHORT: usize = 1 << 16;

impl Form {
    /// The shortest form for places below `places` and weights of `low..=high`; `None` if 4 bytes do not hold them.
    pub(crate) fn of(places: usize, (low, high): (i32, i32)) -> Option<Self> {
        let place_bits = (usize::BITS - places.saturating_sub(1).leading_zeros()).max(1);
        let bits = 32_u32.saturating_sub(place_bits);
        if bits == 0 || ![low, high].iter().all(|weight| fits(i64::from(*weight), bits)) {
            return None;
        }
        Some(match (low, high) {
            _ if places > SHORT => Form::Word(bits),
            _ if low == high => Form::Same(low),
            (0.., ..=255) => Form::Up,
            (-255.., ..=0) => Form::Down,
            (-128.., ..=127) => Form::Signed,
            _ => Form::Word(bits),
        })
    }

    /// Bytes of a synapse.
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Form::Same(_) => 2,
            Form::Up | Form::Down | Form::Signed => 3,
            Form::Word(_) => 4,
        }
    }

    /// Writes a synapse into its bytes.
    #[inline]
    pub(crate) fn put(self, into: &mut [u8], place: u32, weight: i32) {
        let short = |byte: i32| (place | (byte as u32) << 16).to_le_bytes();
        let bytes = match self {
            Form::Same(_) => short(0),
            Form::Up | Form::Signed => short(weight),
            Form::Down => short(-weight),
            Form::Word(bits) => (place << bits | weight as u32 & (u32::MAX >> (32 - bits))).to_le_bytes(),
        };
        into.copy_from_slice(&bytes[..self.bytes()]);
    }

    /// The largest place of some synapses; 0 without one.
    pub(crate) fn last_place(self, synapses: &[u8]) -> usize {
        let last = |of: fn(&[u8]) -> usize| synapses.chunks_exact(self.bytes()).map(of).fold(0, usize::max);
        match self {
            Form::Word(bits) => last(|s| u32::from_le_bytes([s[0], s[1], s[2], s[3]]) as usize) >> bits,
            _ => last(|s| usize::from(u16::from_le_bytes([s[0], s[1]]))),
        }
    }

    /// Adds rows, ranges of the synapses, to the accumulators, each weight through `times`.
    pub(crate) fn add(
        self,
        synapses: &[u8],
        rows: impl Iterator<Item = (u32, u32)>,
        times: impl Fn(i32) -> i32,
        sums: &mut [i32],
    ) {
        self.each(synapses, rows, times, |place, weight| {
            let sum = &mut sums[place];
            *sum = sum.wrapping_add(weight);
        });
    }

    /// Gives place and weight of every synapse of rows, each weight through `times`.
    #[inline(always)]
    pub(crate) fn each<W: Copy>(
        self,
        synapses: &[u8],
        rows: impl Iterator<Item = (u32, u32)>,
        times: impl Fn(i32) -> W,
        give: impl FnMut(usize, W),
    ) {
        match self {
            Form::Same(weight) => {
                let weight = times(weight);
                each(synapses, rows, |[a, b]| (place(*a, *b), weight), give);
            }
            Form::Up => each(synapses, rows, |[a, b, w]| (place(*a, *b), times(i32::from(*w))), give),
            Form::Down => each(synapses, rows, |[a, b, w]| (place(*a, *b), times(-i32::from(*w))), give),
            Form::Signed => each(synapses, rows, |[a, b, w]| (place(*a, *b), times(i32::from(*w as i8))), give),
            Form::Word(bits) => {
                let up = 32 - bits;
                let read = |word: &[u8; 4]| {
                    let word = u32::from_le_bytes(*word);
                    ((word >> bits) as usize, times(((word << up) as i32) >> up))
                };
                each(synapses, rows, read, give);
            }
        }
    }
}

/// Gives the synapses of N bytes of rows, which `read` takes apart into place and weight.
#[inline(always)]
fn each<const N: usize, W>(
    synapses: &[u8],
    rows: impl Iterator<Item = (u32, u32)>,
    read: impl Fn(&[u8; N]) -> (usize, W),
    mut give: impl FnMut(usize, W),
) {
    due::each(rows, synapses.as_chunks().0, |synapse| {
        let (place, weight) = read(synapse);
        give(place, weight);
    });
}

/// The place of 2 bytes.
#[inline(always)]
fn place(low: u8, high: u8) -> usize {
    usize::from(u16::from_le_bytes([low, high]))
}
