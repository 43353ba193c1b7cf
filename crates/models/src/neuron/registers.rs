//! What the registers of LIF neurons do at their ends, without branches, for vectorised updates.

use pumice_num::{decay, decay_close, decay_near, faulty};

use super::lif::{Rule, hold};
use crate::arithmetic::{OverflowPolicy, Register};

/// A sum of two registers: in 32 bits where they are known to hold it, else in 64.
pub(super) trait Sum: Copy + PartialEq + From<i32> {
    /// The sum.
    fn of(a: i32, b: i32) -> Self;
    /// `x` shifted left.
    fn aligned(x: i32, align: u32) -> Self;
}

impl Sum for i32 {
    #[inline(always)]
    fn of(a: i32, b: i32) -> Self {
        a.wrapping_add(b)
    }

    #[inline(always)]
    fn aligned(x: i32, align: u32) -> Self {
        x << align
    }
}

impl Sum for i64 {
    #[inline(always)]
    fn of(a: i32, b: i32) -> Self {
        i64::from(a) + i64::from(b)
    }

    #[inline(always)]
    fn aligned(x: i32, align: u32) -> Self {
        i64::from(x) << align
    }
}

/// What the registers of a LIF neuron do.
pub(super) trait Registers: Copy {
    /// What they take.
    type Sum: Sum;

    /// The accumulator of the input.
    fn input(self, x: Self::Sum) -> i32;
    /// The current.
    fn current(self, x: Self::Sum) -> i32;
    /// The sum of current and bias.
    fn bias_sum(self, x: Self::Sum) -> i32;
    /// The voltage.
    fn voltage(self, x: Self::Sum, low: i32, high: i32) -> i32;

    /// What a decay leaves of a current or voltage.
    #[inline(always)]
    fn decay(self, x: i32, keep: i32) -> i32 {
        decay(x, keep)
    }
}

/// No value comes near the end of its register, so that nothing is to be held; see [`Limits`]. Where all are `CLOSE` to zero,
/// decays take fewer steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inside<const CLOSE: bool>;

/// All three lose their high bits, or are 32 bits wide: the number of bits that are lost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wraps {
    input: u32,
    current: u32,
    bias_sum: u32,
}

/// As [`Wraps`], but the current makes one turn only (Lava).
#[derive(Clone, Copy, Debug)]
pub(super) struct Turns {
    wraps: Wraps,
    current: Register,
}

#[inline(always)]
fn wrap(x: i32, lost: u32) -> i32 {
    faulty!((x << lost) >> lost, NoWrap => x)
}

impl<const CLOSE: bool> Registers for Inside<CLOSE> {
    type Sum = i32;

    #[inline(always)]
    fn input(self, x: i32) -> i32 {
        x
    }

    #[inline(always)]
    fn current(self, x: i32) -> i32 {
        x
    }

    #[inline(always)]
    fn bias_sum(self, x: i32) -> i32 {
        x
    }

    #[inline(always)]
    fn voltage(self, x: i32, _low: i32, _high: i32) -> i32 {
        x
    }

    #[inline(always)]
    fn decay(self, x: i32, keep: i32) -> i32 {
        if CLOSE { decay_close(x, keep) } else { decay_near(x, keep) }
    }
}

impl Registers for Wraps {
    type Sum = i32;

    #[inline(always)]
    fn input(self, x: i32) -> i32 {
        wrap(x, self.input)
    }

    #[inline(always)]
    fn current(self, x: i32) -> i32 {
        wrap(x, self.current)
    }

    #[inline(always)]
    fn bias_sum(self, x: i32) -> i32 {
        wrap(x, self.bias_sum)
    }

    #[inline(always)]
    fn voltage(self, x: i32, low: i32, high: i32) -> i32 {
        x.clamp(low, high)
    }
}

impl Registers for Turns {
    type Sum = i32;

    #[inline(always)]
    fn input(self, x: i32) -> i32 {
        self.wraps.input(x)
    }

    #[inline(always)]
    fn current(self, x: i32) -> i32 {
        hold(Register { overflow: OverflowPolicy::WrapOnceUpper, ..self.current }, x.into())
    }

    #[inline(always)]
    fn bias_sum(self, x: i32) -> i32 {
        self.wraps.bias_sum(x)
    }

    #[inline(always)]
    fn voltage(self, x: i32, low: i32, high: i32) -> i32 {
        self.wraps.voltage(x, low, high)
    }
}

/// Any choice, and sums of any size.
impl Registers for Rule {
    type Sum = i64;

    #[inline(always)]
    fn input(self, x: i64) -> i32 {
        hold(self.input, x)
    }

    #[inline(always)]
    fn current(self, x: i64) -> i32 {
        hold(self.current, x)
    }

    #[inline(always)]
    fn bias_sum(self, x: i64) -> i32 {
        hold(self.bias_sum, x)
    }

    #[inline(always)]
    fn voltage(self, x: i64, low: i32, high: i32) -> i32 {
        x.clamp(low.into(), high.into()) as i32
    }
}

/// Bits that a register loses, if it only ever loses its high bits or none.
fn lost(register: Register) -> Option<u32> {
    match register.overflow {
        OverflowPolicy::Wrap | OverflowPolicy::Error => Some(32 - register.bits),
        OverflowPolicy::Unbounded => Some(0),
        OverflowPolicy::Saturate | OverflowPolicy::WrapOnceUpper => None,
    }
}

impl Rule {
    /// The registers as [`Wraps`], if that is what they do.
    pub(super) fn wraps(self) -> Option<Wraps> {
        Some(Wraps { input: lost(self.input)?, current: lost(self.current)?, bias_sum: lost(self.bias_sum)? })
    }

    /// The registers as [`Turns`], if that is what they do.
    pub(super) fn turns(self) -> Option<Turns> {
        let turning = self.current.overflow == OverflowPolicy::WrapOnceUpper;
        let wraps = Wraps { input: lost(self.input)?, current: 0, bias_sum: lost(self.bias_sum)? };
        turning.then_some(Turns { wraps, current: self.current })
    }
}

/// An entry of an [`Extent`] that says nothing.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// How far input and state of neurons reach: every magnitude is at most one more than its entry.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extent {
    pub(super) input: u32,
    pub(super) u: u32,
    pub(super) v: u32,
}

/// What the parameters of neurons, taken together, say of their registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The least and the most that a step keeps of current and voltage.
    pub(super) keep: [(i32, i32); 2],
    /// Lowest and highest bias.
    pub(super) bias: (i32, i32),
    /// The highest of all lowest voltages, and the lowest of all highest.
    pub(super) v: (i32, i32),
}

/// How much a step must be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watch {
    /// As [`Watch::Inside`], and currents and voltages are close to zero.
    Close,
    /// Every value stays [`Inside`] its register, and every decay is within one product.
    Inside,
    /// No sum is wider than 32 bits.
    Words,
    /// A sum may be of any size.
    Sums,
}

impl Limits {
    /// How a step from within `extent` must be watched.
    pub(super) fn watch(&self, rule: Rule, extent: Extent) -> Watch {
        let [input, u, v] = extent.most();
        let input = input << rule.align;
        let drive = u + input + self.most_bias();
        if v + drive > i64::from(i32::MAX) {
            return Watch::Sums;
        }
        let fits = |x: i64, register: Register| match register.overflow {
            OverflowPolicy::Unbounded => true,
            _ => x <= i64::from(i32::MAX >> (32 - register.bits)),
        };
        let product = |x: i64, factor: i32| x * i64::from(factor) <= i64::from(i32::MAX) - 4095;
        let near = |x: i64, keep: (i32, i32)| product(x, 4096 - keep.0);
        let close = |x: i64, keep: (i32, i32)| x <= 1 << 20 && product(x, keep.1);
        let inside = near(u, self.keep[0])
            && near(v, self.keep[1])
            && fits(input, rule.input)
            && fits(u + input, rule.current)
            && fits(drive, rule.bias_sum)
            && v + drive <= i64::from(self.v.1).min(-i64::from(self.v.0));
        match inside {
            true if close(u, self.keep[0]) && close(v, self.keep[1]) => Watch::Close,
            true => Watch::Inside,
            false => Watch::Words,
        }
    }

    /// How far current and voltage can be after a step from within `extent` that leaves no register.
    pub(super) fn next(&self, rule: Rule, extent: Extent) -> [u32; 2] {
        let [input, u, v] = extent.most();
        let kept = |x: i64, keep: (i32, i32)| (x * i64::from(keep.1)) >> 12;
        let u = kept(u, self.keep[0]) + (input << rule.align);
        let v = kept(v, self.keep[1]) + u + self.most_bias();
        [u, v].map(|most| most.try_into().unwrap_or(UNKNOWN))
    }

    fn most_bias(&self) -> i64 {
        i64::from(self.bias.0).abs().max(i64::from(self.bias.1).abs())
    }
}

impl Extent {
    /// The largest magnitudes of input, current and voltage.
    fn most(self) -> [i64; 3] {
        [self.input, self.u, self.v].map(|most| i64::from(most) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Arithmetic;
    use proptest::prelude::*;
    use pumice_num::{Purpose, draw};

    proptest! {
        /// From within limits that contain it, no step leaves a register or gets farther than is said, and the short decays are
        /// the decay.
        #[test]
        fn what_limits_contain_is_inside(
            named in 0_usize..5,
            bits in (0_u32..24, 0_u32..24, 0_u32..24),
            keep in (0_i32..=4096, 0_i32..=4096),
            bias in -524_288_i32..524_160,
            narrow in any::<bool>(),
            seed in any::<u64>(),
        ) {
            let rule = Rule::of(&Arithmetic::named(Arithmetic::NAMES[named]).unwrap());
            let most = |bits: u32| (1_u32 << bits) - 1;
            let mut extent = Extent { input: most(bits.0), u: most(bits.1), v: most(bits.2) };
            let v = if narrow { (-1_000_000, 70_000) } else { (rule.v_min, rule.v_max) };
            let limits = Limits { keep: [(keep.0, keep.0), (keep.1, keep.1)], bias: (bias.min(0), bias.max(0)), v };
            let inside = |extent: Extent| [Watch::Inside, Watch::Close].contains(&limits.watch(rule, extent));
            while !inside(extent) && extent.input | extent.u | extent.v != 0 {
                extent = Extent { input: extent.input >> 1, u: extent.u >> 1, v: extent.v >> 1 };
            }
            prop_assert!(inside(extent) || narrow);
            if !inside(extent) {
                return Ok(());
            }
            let close = limits.watch(rule, extent) == Watch::Close;
            let next = limits.next(rule, extent);
            for k in 0..50 {
                let words = draw(seed, Purpose::STIMULUS, 0, k, 0);
                // Now and then an end of the range: -1 - most, or most.
                let within = |word: u32, most: u32| match word % 4 {
                    0 => -1 - most as i32,
                    1 => most as i32,
                    _ => (word as i32) >> (most.leading_zeros() - 1),
                };
                let [u0, v0] = [within(words[0], extent.u), within(words[1], extent.v)];
                for (x, keep) in [(u0, keep.0), (v0, keep.1)] {
                    prop_assert_eq!(Inside::<false>.decay(x, keep), decay(x, keep));
                    prop_assert!(!close || Inside::<true>.decay(x, keep) == decay(x, keep));
                }
                let q = i64::from(within(words[2], extent.input)) << rule.align;
                prop_assert_eq!(i64::from(rule.input(q)), q);
                let u = i64::from(decay(u0, keep.0)) + q;
                prop_assert_eq!(i64::from(rule.current(u)), u);
                let drive = u + i64::from(bias);
                prop_assert_eq!(i64::from(rule.bias_sum(drive)), drive);
                let v = i64::from(decay(v0, keep.1)) + drive;
                prop_assert!((i64::from(limits.v.0)..=i64::from(limits.v.1)).contains(&v));
                prop_assert!(u.abs() <= i64::from(next[0]) && v.abs() <= i64::from(next[1]));
            }
        }
    }

    /// A usual network is inside its registers; one beyond a single register is not.
    #[test]
    fn each_limit_counts() {
        let rule = Rule::of(&Arithmetic::loihi1());
        let (limits, extent) = (
            Limits { keep: [(3072, 3072), (3896, 3896)], bias: (0, 5632), v: (rule.v_min, rule.v_max) },
            Extent { input: 1023, u: 0xF_FFFF, v: 0xF_FFFF },
        );
        assert_eq!(limits.watch(rule, extent), Watch::Inside);
        let others = [
            (Limits { keep: [(0, 0), (3896, 3896)], ..limits }, extent),
            (Limits { keep: [(3072, 3072), (0, 0)], ..limits }, extent),
            (Limits { bias: (-8_000_000, 0), ..limits }, extent),
            (Limits { v: (0, rule.v_max), ..limits }, extent),
            (limits, Extent { input: 0x7FFF, ..extent }),
            (limits, Extent { u: 0x7F_FFFF, ..extent }),
            (limits, Extent { v: 0x7F_FFFF, ..extent }),
        ];
        assert!(others.iter().all(|(limits, extent)| limits.watch(rule, *extent) == Watch::Words));
    }
}
