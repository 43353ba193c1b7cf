//! The numbers of `rand` of the GNU C library in a process that has not seeded it, which SANA-FE draws for `random_mask`.
//!
//! ```text
//! r[0] = 1, r[i] = 16807 r[i-1] mod (2^31 - 1)      for i < 31
//! r[i] = r[i-31]                                    for i < 34
//! r[i] = (r[i-3] + r[i-31]) mod 2^32                from then on
//! number k = r[344 + k] / 2
//! ```
//!
//! An additive feedback generator of degree 31, as the library's manual describes its default; the constants are those of
//! published descriptions of it, and the numbers were compared with the library's.

/// Terms that the recurrence looks back.
const DEGREE: usize = 31;

/// The generator, from its first number on.
#[derive(Clone, Debug)]
pub(crate) struct Rand {
    /// The last terms, the oldest at `next`.
    terms: [u32; DEGREE],
    next: usize,
}

impl Rand {
    /// As in a fresh process.
    pub(crate) fn new() -> Self {
        let mut terms = [1; DEGREE];
        for i in 1..DEGREE {
            terms[i] = (16_807 * u64::from(terms[i - 1]) % 0x7fff_ffff) as u32;
        }
        // r[31..34] repeat r[0..3], so r[3] is the oldest that the recurrence needs.
        let mut rand = Rand { terms, next: 3 };
        (34..344).for_each(|_| _ = rand.term());
        rand
    }

    fn term(&mut self) -> u32 {
        let term = self.terms[(self.next + DEGREE - 3) % DEGREE].wrapping_add(self.terms[self.next]);
        self.terms[self.next] = term;
        self.next = (self.next + 1) % DEGREE;
        term
    }

    /// The next number, below 2^31.
    pub(crate) fn draw(&mut self) -> u32 {
        self.term() >> 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seen of glibc 2.36, `rand()` in a fresh process.
    #[test]
    fn the_numbers_are_those_of_the_library() {
        let mut rand = Rand::new();
        let seen: Vec<u32> = (0..10_000).map(|_| rand.draw()).collect();
        assert_eq!(seen[..5], [1_804_289_383, 846_930_886, 1_681_692_777, 1_714_636_915, 1_957_747_793]);
        assert_eq!(seen[9_999], 1_908_609_430);
    }
}
