//! The Mersenne Twister, MT19937, whose numbers SANA-FE draws for `poisson` inputs.
//!
//! ```text
//! x[0] = seed, x[i] = 1812433253 (x[i-1] ^ x[i-1] >> 30) + i                          for i < 624
//! y = high bit of x[i-624] | low 31 bits of x[i-623]
//! x[i] = x[i-227] ^ y >> 1 ^ (9908b0df if y is odd)                                    from then on
//! word i: x[i+624], tempered
//! ```
//!
//! Source: Matsumoto and Nishimura, ACM Trans. Model. Comput. Simul. 8(1), 1998, with the seeding of their code of 2002. A number in
//! `[0, 1)` takes two words, the low one first, as the C++ library that SANA-FE is built with does.

/// Words of state.
const N: usize = 624;
/// Words between the two that are joined.
const M: usize = 397;

/// The generator.
#[derive(Clone, Debug)]
pub(crate) struct Twister {
    words: Vec<u32>,
    next: usize,
}

impl Twister {
    /// From the first number on.
    pub(crate) fn new(seed: u32) -> Self {
        let mut words = vec![seed; N];
        for i in 1..N {
            let last = words[i - 1];
            words[i] = 1_812_433_253_u32.wrapping_mul(last ^ last >> 30).wrapping_add(i as u32);
        }
        Twister { words, next: 0 }
    }

    fn word(&mut self) -> u32 {
        let (i, x) = (self.next, &mut self.words);
        let y = x[i] & 0x8000_0000 | x[(i + 1) % N] & 0x7fff_ffff;
        x[i] = x[(i + M) % N] ^ y >> 1 ^ if y & 1 == 0 { 0 } else { 0x9908_b0df };
        let mut word = x[i];
        self.next = (i + 1) % N;
        word ^= word >> 11;
        word ^= word << 7 & 0x9d2c_5680;
        word ^= word << 15 & 0xefc6_0000;
        word ^ word >> 18
    }

    /// The next number in `[0, 1)`.
    pub(crate) fn unit(&mut self) -> f64 {
        let (low, high) = (f64::from(self.word()), f64::from(self.word()));
        let unit = (low + high * 4_294_967_296.0) / 18_446_744_073_709_551_616.0;
        unit.min(1.0 - f64::EPSILON / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The C++ standard names word 10,000 of the default seed (`[rand.predef]`).
    #[test]
    fn words_are_those_of_the_standard() {
        let mut twister = Twister::new(5489);
        let words: Vec<u32> = (0..10_000).map(|_| twister.word()).collect();
        assert_eq!(words[9_999], 4_123_659_995);
        assert_eq!(words[0], 3_499_211_612);
    }

    /// Steps in which an input of probability 0.3 on the first unit fired, as recorded of SANA-FE 2.2.9.
    #[test]
    fn numbers_are_those_that_sana_fe_draws() {
        let mut twister = Twister::new(1);
        let fired: String = (0..60).map(|_| if twister.unit() < 0.3 { 'x' } else { '.' }).collect();
        assert_eq!(fired, "..x.x........x........x....xx....xxx..x..x.xx.x.x.x..x....xx");
    }
}
