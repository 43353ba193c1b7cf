//! The walk over blocks of LIF neurons that vectorised kernels update: it finds out how much a block needs to be watched,
//! collects who fired, and says where a register was left.

use std::ops::Range;

use pumice_num::{Level, Task, decay};

use super::bounds::Bounds;
use super::lif::{Rule, kind_of};
use super::registers::{Extent, Inside, Limits, Registers, Sum, UNKNOWN, Watch};
use crate::{BankContext, Fired, Overflow, OverflowKind};

/// Neurons per block: overflow is located inside a block only when its count says so.
pub(super) const BLOCK: usize = 512;

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
    /// Updates a block, and marks who fired in the mask by 1.
    fn block<R: Registers>(&mut self, range: Range<usize>, input: &[i32], registers: R) -> Left;
    /// All currents and voltages.
    fn state(&self) -> [&[i32]; 2];
    /// All state: currents, voltages and what else there is.
    fn registers(&mut self) -> impl Iterator<Item = &mut Vec<i32>>;
    /// What is known of how far currents and voltages are; whoever writes one forgets it.
    fn bounds(&mut self) -> &mut Bounds;
    /// Who fired.
    fn mask(&self) -> &[u8];
    fn rule(&self) -> Rule;
    fn level(&self) -> Level;
    fn limits(&self) -> Limits;
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
    let limits = bank.limits();
    blocks(range).map(|block| update(bank, &limits, block.clone(), context, &input[block], fired)).sum()
}

/// How many neurons of a range are active in a step without input, if it does nothing; see [`Bank::rest`](crate::Bank::rest).
///
/// Each block takes the step, and takes it back where it does something.
pub(super) fn rest<B: Blocks>(bank: &mut B, range: Range<usize>) -> Option<u64> {
    let limits = bank.limits();
    let (mut overflow, mut fired, mut active) = (Overflow::default(), Fired::default(), 0);
    for block in blocks(range) {
        let before: Vec<Vec<i32>> = bank.registers().map(|all| all[block.clone()].to_vec()).collect();
        let mut context = BankContext::new(0, &mut overflow);
        active += update(bank, &limits, block.clone(), &mut context, &[0; BLOCK][..block.len()], &mut fired);
        let mut moved = false;
        for (now, before) in bank.registers().zip(&before) {
            moved |= now[block.clone()] != before[..];
            now[block.clone()].copy_from_slice(before);
        }
        if moved {
            bank.bounds().forget();
        }
        if moved || !fired.index.is_empty() || !overflow.records().is_empty() {
            return None;
        }
    }
    Some(active)
}

/// A range in blocks.
fn blocks(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range.step_by(BLOCK).map(move |start| start..(start + BLOCK).min(end))
}

/// Updates one block; the number of neurons that were active.
#[inline(always)]
fn update<B: Blocks>(
    bank: &mut B,
    limits: &Limits,
    block: Range<usize>,
    context: &mut BankContext<'_>,
    input: &[i32],
    fired: &mut Fired,
) -> u64 {
    let (rule, level) = (bank.rule(), bank.level());
    let [u, v] = bank.bounds().of(&block);
    let mut extent = Extent { input: level.run(Scan(input)), u, v };
    let mut watch = limits.watch(rule, extent);
    if watch != Watch::Close {
        let [u, v] = bank.state().map(|all| level.run(Scan(&all[block.clone()])));
        extent = Extent { u, v, ..extent };
        watch = limits.watch(rule, extent);
    }
    let active = match watch {
        Watch::Close => bank.block(block.clone(), input, Inside::<true>).active,
        Watch::Inside => bank.block(block.clone(), input, Inside::<false>).active,
        Watch::Words | Watch::Sums => watched(bank, block.clone(), input, watch, context),
    };
    let inside = [Watch::Close, Watch::Inside].contains(&watch);
    bank.bounds().set(&block, if inside { limits.next(rule, extent) } else { [UNKNOWN; 2] });
    gather(&bank.mask()[block.clone()], block.start as u32, &mut fired.index);
    active.into()
}

/// Finds how far numbers reach; see [`Extent`].
struct Scan<'a>(&'a [i32]);

impl Task for Scan<'_> {
    type Output = u32;

    #[inline(always)]
    fn run(self) -> u32 {
        self.0.iter().fold(0, |reach, x| reach | (x ^ (x >> 31)) as u32)
    }
}

/// Updates a block in which registers may be left, and notes where they are.
fn watched<B: Blocks>(
    bank: &mut B,
    block: Range<usize>,
    input: &[i32],
    watch: Watch,
    context: &mut BankContext<'_>,
) -> u32 {
    let mut before = [[0; BLOCK]; 2];
    before
        .iter_mut()
        .zip(bank.state())
        .for_each(|(kept, now)| kept[..block.len()].copy_from_slice(&now[block.clone()]));
    let rule = bank.rule();
    let left = match (watch, rule.wraps(), rule.turns()) {
        (Watch::Words, Some(wraps), _) => bank.block(block.clone(), input, wraps),
        (Watch::Words, _, Some(turns)) => bank.block(block.clone(), input, turns),
        _ => bank.block(block.clone(), input, rule),
    };
    if left.by_register != [0; 4] {
        note(bank, left, &before, block, input, context);
    }
    left.active
}

/// Bytes of the mask that are looked at together.
const WORD: usize = 16;

/// Appends `base + i` for every byte `i` of a block's `mask` that is 1 and not 0, in ascending order.
///
/// Who fires cannot be foreseen, so words of the mask that are not empty are found without branches.
fn gather(mask: &[u8], base: u32, index: &mut Vec<u32>) {
    let (words, rest) = mask.as_chunks::<WORD>();
    let mut some = [0; BLOCK / WORD];
    let mut n = 0;
    for (k, word) in words.iter().enumerate() {
        some[n] = k;
        n += usize::from(u128::from_le_bytes(*word) != 0);
    }
    for k in &some[..n] {
        let mut word = u128::from_le_bytes(words[*k]);
        while word != 0 {
            index.push(base + (WORD * k) as u32 + word.trailing_zeros() / 8);
            word &= word - 1;
        }
    }
    let first = base + (WORD * words.len()) as u32;
    index.extend(rest.iter().zip(first..).filter(|(m, _)| **m != 0).map(|(_, i)| i));
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
        let aligned = i64::aligned(input[k], rule.align);
        let q = rule.input(aligned);
        let sum_u = i64::of(decay(before[0][k], membrane.keep[0]), q);
        let u = rule.current(sum_u);
        let sum_b = i64::of(u, membrane.bias);
        let drive = rule.bias_sum(sum_b);
        let sum_v = i64::of(decay(before[1][k], membrane.keep[1]), drive);
        let v = rule.voltage(sum_v, membrane.v_min, membrane.v_max);
        let hits = [(q, aligned), (u, sum_u), (drive, sum_b), (v, sum_v)].map(|(held, sum)| i64::from(held) != sum);
        for (register, name) in ["a_in", "u", "u+bias", "v"].into_iter().enumerate() {
            if hits[register] && !std::mem::replace(&mut seen[register], true) {
                let count = u64::from(left.by_register[register]);
                context.overflow.note(name, kinds[register], count, context.step, i as u32);
            }
        }
    }
}
