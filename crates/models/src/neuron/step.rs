//! What vectorised updates of LIF neurons share: registers without branches, and parameters as constants or slices.

use super::lif::{Rule, hold};
use crate::Lane;
use crate::arithmetic::{OverflowPolicy, Register};

/// What the three registers of a LIF neuron do at their ends.
pub(super) trait Registers: Copy {
    /// The accumulator of the input.
    fn input(self, x: i32) -> i32;
    /// The current.
    fn current(self, x: i32) -> i32;
    /// The sum of current and bias.
    fn bias_sum(self, x: i32) -> i32;
}

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
const fn wrap(x: i32, lost: u32) -> i32 {
    (x << lost) >> lost
}

impl Registers for Wraps {
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
}

impl Registers for Turns {
    #[inline(always)]
    fn input(self, x: i32) -> i32 {
        self.wraps.input(x)
    }

    #[inline(always)]
    fn current(self, x: i32) -> i32 {
        hold(Register { overflow: OverflowPolicy::WrapOnceUpper, ..self.current }, x)
    }

    #[inline(always)]
    fn bias_sum(self, x: i32) -> i32 {
        self.wraps.bias_sum(x)
    }
}

/// Any other choice.
impl Registers for Rule {
    #[inline(always)]
    fn input(self, x: i32) -> i32 {
        hold(self.input, x)
    }

    #[inline(always)]
    fn current(self, x: i32) -> i32 {
        hold(self.current, x)
    }

    #[inline(always)]
    fn bias_sum(self, x: i32) -> i32 {
        hold(self.bias_sum, x)
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

/// One parameter as the kernel reads it: a constant or a slice.
pub(super) trait Read: Copy {
    fn at(self, i: usize) -> i32;
}

/// The same for all.
#[derive(Clone, Copy)]
pub(super) struct Same(pub(super) i32);

impl Read for Same {
    #[inline(always)]
    fn at(self, _: usize) -> i32 {
        self.0
    }
}

impl Read for &[i32] {
    #[inline(always)]
    fn at(self, i: usize) -> i32 {
        self[i]
    }
}

/// The values of all lanes where each has one for all neurons.
pub(super) fn constants<const N: usize>(lanes: [&Lane; N]) -> Option<[Same; N]> {
    let mut all = [Same(0); N];
    for (one, lane) in all.iter_mut().zip(lanes) {
        match lane {
            Lane::All(x) => *one = Same(*x),
            Lane::Each(_) => return None,
        }
    }
    Some(all)
}

/// The values of a lane for a range of neurons.
pub(super) fn spread(lane: &Lane, range: &std::ops::Range<usize>) -> Vec<i32> {
    match lane {
        Lane::All(x) => vec![*x; range.len()],
        Lane::Each(all) => all[range.clone()].to_vec(),
    }
}
