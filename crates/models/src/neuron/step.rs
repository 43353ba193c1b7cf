//! What vectorised updates of LIF neurons share: registers without branches, parameters as constants or slices, and the
//! walk over blocks that says where a register was left.

use std::ops::Range;

use pumice_num::{decay, faulty};

use super::lif::{Rule, gather, hold, kind_of};
use crate::arithmetic::{OverflowPolicy, Register};
use crate::{BankContext, Fired, Lane, OverflowKind};

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
fn wrap(x: i32, lost: u32) -> i32 {
    faulty!((x << lost) >> lost, NoWrap => x)
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
pub(super) fn spread(lane: &Lane, range: &Range<usize>) -> Vec<i32> {
    match lane {
        Lane::All(x) => vec![*x; range.len()],
        Lane::Each(all) => all[range.clone()].to_vec(),
    }
}

/// Neurons per block: overflow is located inside a block only when its count says so.
const BLOCK: usize = 256;

/// How many values left their register in one block of neurons: input, current, sum of current and bias, voltage.
#[derive(Clone, Copy, Default)]
pub(super) struct Left {
    pub(super) by_register: [u32; 4],
    pub(super) active: u32,
}

/// What the membrane of one neuron is made of.
pub(super) struct Membrane {
    pub(super) keep: [i32; 2],
    pub(super) bias: i32,
    pub(super) v_min: i32,
    pub(super) v_max: i32,
}

/// LIF neurons that are updated a block at a time.
pub(super) trait Blocks {
    /// Updates a block, and marks who fired in the mask.
    fn block(&mut self, range: Range<usize>, input: &[i32]) -> Left;
    /// All currents and voltages.
    fn state(&self) -> [&[i32]; 2];
    /// Who fired.
    fn mask(&self) -> &[u8];
    fn rule(&self) -> Rule;
    fn membrane(&self, i: usize) -> Membrane;
}

/// Updates the neurons of a range; the number of those that were active.
pub(super) fn walk<B: Blocks>(
    bank: &mut B,
    range: Range<usize>,
    context: &mut BankContext<'_>,
    input: &[i32],
    fired: &mut Fired,
) -> u64 {
    let mut active = 0;
    let mut before = [[0; BLOCK]; 2];
    let mut start = range.start;
    while start < range.end {
        let block = start..(start + BLOCK).min(range.end);
        let n = block.len();
        before.iter_mut().zip(bank.state()).for_each(|(kept, now)| kept[..n].copy_from_slice(&now[block.clone()]));
        let left = bank.block(block.clone(), &input[block.clone()]);
        active += u64::from(left.active);
        if left.by_register != [0; 4] {
            note(bank, left, &before, block.clone(), input, context);
        }
        start = block.end;
    }
    gather(&bank.mask()[range.clone()], range.start as u32, &mut fired.index);
    active
}

/// Notes what left its registers in a block, finding the first of each by going through the block again.
fn note<B: Blocks>(
    bank: &B,
    left: Left,
    before: &[[i32; BLOCK]; 2],
    range: Range<usize>,
    input: &[i32],
    context: &mut BankContext<'_>,
) {
    let rule = bank.rule();
    let kinds = [kind_of(rule.input), kind_of(rule.current), kind_of(rule.bias_sum), OverflowKind::Saturate];
    let mut seen = [false; 4];
    for (k, i) in range.enumerate() {
        let membrane = bank.membrane(i);
        let aligned = input[i] << rule.align;
        let sum_u = decay(before[0][k], membrane.keep[0]).wrapping_add(rule.input(aligned));
        let u = rule.current(sum_u);
        let sum_b = u.wrapping_add(membrane.bias);
        let sum_v = decay(before[1][k], membrane.keep[1]).wrapping_add(rule.bias_sum(sum_b));
        let hits = [
            rule.input(aligned) != aligned,
            u != sum_u,
            rule.bias_sum(sum_b) != sum_b,
            sum_v.clamp(membrane.v_min, membrane.v_max) != sum_v,
        ];
        for (register, name) in ["a_in", "u", "u+bias", "v"].into_iter().enumerate() {
            if hits[register] && !std::mem::replace(&mut seen[register], true) {
                let count = u64::from(left.by_register[register]);
                context.overflow.note(name, kinds[register], count, context.step, i as u32);
            }
        }
    }
}
