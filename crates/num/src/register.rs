//! Registers of a given width: what happens at their ends, and the 12-bit decay.
//!
//! Widths are total widths with the sign bit: the 24-bit register holds `-2^23 ..= 2^23 - 1`.

use crate::faulty;

/// The largest value of a signed register of `BITS` bits.
pub const fn max<const BITS: u32>() -> i32 {
    ((1i64 << (BITS - 1)) - 1) as i32
}

/// The smallest value of a signed register of `BITS` bits.
pub const fn min<const BITS: u32>() -> i32 {
    (-(1i64 << (BITS - 1))) as i32
}

/// Brings `x` back into a `BITS`-bit register by discarding the high bits.
///
/// The result is in `[-2^(BITS-1), 2^(BITS-1))` and congruent to `x` modulo `2^BITS`.
#[inline(always)]
pub const fn wrap<const BITS: u32>(x: i32) -> i32 {
    (x << (32 - BITS)) >> (32 - BITS)
}

/// Brings a 64-bit `x` into a `BITS`-bit register by discarding the high bits.
#[inline(always)]
pub const fn wrap_i64<const BITS: u32>(x: i64) -> i32 {
    ((x << (64 - BITS)) >> (64 - BITS)) as i32
}

/// Brings `x` into a `BITS`-bit register by stopping at its ends.
#[inline(always)]
pub const fn saturate<const BITS: u32>(x: i32) -> i32 {
    if x > max::<BITS>() {
        max::<BITS>()
    } else if x < min::<BITS>() {
        min::<BITS>()
    } else {
        x
    }
}

/// Whether a signed register of `bits` bits holds `x`.
pub const fn fits(x: i64, bits: u32) -> bool {
    let end = 1i64 << (bits - 1);
    x >= -end && x < end
}

/// Keeps `keep / 4096` of `x`, rounding toward zero: `sign(x) * ((|x| * keep) >> 12)`.
///
/// `keep` is in `0..=4096`. Exact for every `x` without a 64-bit product:
/// `(|x| * k) >> 12 == (|x| >> 12) * k + (((|x| & 4095) * k) >> 12)`.
///
/// Source: Lava `lava/proc/lif/models.py` and nengo-loihi `emulator/interface.py` agree; a Loihi 2
/// recording shows that the decay acts on the magnitude.
#[inline(always)]
pub fn decay(x: i32, keep: i32) -> i32 {
    let sign = x >> 31;
    let magnitude = x.unsigned_abs();
    let low = (magnitude & 4095) as i32 * keep;
    let low = faulty!(
        low >> 12,
        DecayShift => low >> 11,
        DecayNearest => (low + 2048) >> 12,
        DecayFloor => (low + (sign & 4095)) >> 12
    );
    let kept = ((magnitude >> 12) * keep as u32 + low as u32) as i32;
    (kept ^ sign).wrapping_sub(sign)
}

/// As [`decay`] by a single product, for `x` of which `|x| * (4096 - keep) <= 2^31 - 4096`.
///
/// `x * keep` is `4096 x` less `x * (4096 - keep)`, so that only what is lost must fit a product; 4095 more before the
/// shift turn a negative `x` toward zero.
#[inline(always)]
pub fn decay_near(x: i32, keep: i32) -> i32 {
    let up = (x >> 31) & 4095;
    let kept = x.wrapping_add(x.wrapping_mul(keep - 4096).wrapping_add(up) >> 12);
    faulty!(
        kept,
        DecayShift => decay(x, keep),
        DecayNearest => decay(x, keep),
        DecayFloor => decay(x, keep)
    )
}

/// As [`decay_near`] in fewer steps, for `x` in `-2^20..2^20` of which `|x| * keep <= 2^31 - 4096`.
///
/// The high 12 bits of such an `x` are all its sign, so that they are 4095 where it is negative.
#[inline(always)]
pub fn decay_close(x: i32, keep: i32) -> i32 {
    let up = (x as u32 >> 20) as i32;
    let kept = x.wrapping_mul(keep).wrapping_add(up) >> 12;
    faulty!(
        kept,
        DecayShift => decay(x, keep),
        DecayNearest => decay(x, keep),
        DecayFloor => decay(x, keep)
    )
}

/// The part of the state that a 12-bit decay register keeps, as a real number.
pub fn decay_fraction(keep: i32) -> f64 {
    f64::from(keep) / 4096.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn registers_behave_at_their_ends() {
        assert_eq!((min::<24>(), max::<24>()), (-8_388_608, 8_388_607));
        assert_eq!((min::<32>(), max::<32>()), (i32::MIN, i32::MAX));
        assert_eq!(wrap::<24>(8_388_608), -8_388_608);
        assert_eq!(wrap::<24>(-8_388_609), 8_388_607);
        assert_eq!(saturate::<24>(i32::MAX), 8_388_607);
        assert_eq!(saturate::<24>(i32::MIN), -8_388_608);
        assert_eq!(wrap::<32>(i32::MIN), i32::MIN);
        assert_eq!(wrap_i64::<22>(1 << 21), -(1 << 21));
        assert!(fits(2_097_151, 22) && !fits(2_097_152, 22));
        assert!(fits(-2_097_152, 22) && !fits(-2_097_153, 22));
    }

    #[test]
    fn decay_at_its_ends_keeps_all_or_nothing() {
        for x in [0, 1, -1, 4095, -4096, 8_388_607, -8_388_608, i32::MAX, i32::MIN] {
            assert_eq!(decay(x, 4096), x);
            assert_eq!(decay(x, 0), 0);
        }
    }

    proptest! {
        /// `wrap` is the remainder modulo the register size, in the signed range.
        #[test]
        fn wrap_is_the_signed_remainder(x in any::<i32>()) {
            let m = 1i64 << 24;
            let want = (i64::from(x) + m / 2).rem_euclid(m) - m / 2;
            prop_assert_eq!(i64::from(wrap::<24>(x)), want);
            prop_assert_eq!(i64::from(wrap_i64::<24>(i64::from(x))), want);
        }

        /// `saturate` is the nearest value of the register.
        #[test]
        fn saturate_is_the_nearest_value(x in any::<i32>()) {
            prop_assert_eq!(saturate::<22>(x), x.clamp(-(1 << 21), (1 << 21) - 1));
        }

        /// The split 32-bit product equals the 64-bit one.
        #[test]
        fn decay_equals_the_wide_product(x in prop_oneof![any::<i32>(), i32::MIN..i32::MIN + 9], keep in 0i32..=4096) {
            let wide = (i64::from(x).abs() * i64::from(keep)) >> 12;
            prop_assert_eq!(i64::from(decay(x, keep)), wide * i64::from(x.signum()));
        }

        /// One product is enough wherever what is lost fits it.
        #[test]
        fn decay_near_equals_decay(x in -i32::MAX..=i32::MAX, keep in 0i32..=4096, close in any::<bool>()) {
            let end = match i64::from(4096 - keep) {
                0 => i64::from(i32::MAX),
                lost => ((1_i64 << 31) - 4096) / lost,
            };
            let x = (i64::from(x) * end.min(i64::from(i32::MAX)) / i64::from(i32::MAX)) as i32;
            let x = if close { x >> 18 } else { x };
            prop_assert_eq!(decay_near(x, keep), decay(x, keep));
        }

        /// The product fits a word wherever it is close to zero.
        #[test]
        fn decay_close_equals_decay(x in -(1 << 20)..1 << 20, keep in 0i32..=4096) {
            let end = ((1_i64 << 31) - 4096) / i64::from(keep.max(1));
            let x = i64::from(x).clamp(-end, end) as i32;
            prop_assert_eq!(decay_close(x, keep), decay(x, keep));
        }

        /// A decay with any loss reaches zero, and never takes more than one LSB too much.
        #[test]
        fn decay_loses_at_most_one_lsb_and_reaches_zero(x in -8_388_607i32..=8_388_607, d in 1i32..=4096) {
            let exact = f64::from(x) * decay_fraction(4096 - d);
            prop_assert!((f64::from(decay(x, 4096 - d)) - exact).abs() < 1.0);
            let mut state = x;
            for _ in 0..80_000 {
                state = decay(state, 4096 - d);
            }
            prop_assert_eq!(state, 0);
        }
    }
}
