//! How far the state of neurons can be, from what it was and what came since, so that it is not looked at in every step.

use std::ops::Range;

use super::registers::UNKNOWN;
use super::step::BLOCK;

/// For each block of neurons, what no magnitude of a current and of a voltage passes by more than one.
#[derive(Debug)]
pub(super) struct Bounds {
    blocks: Vec<[u32; 2]>,
    n: usize,
}

impl Bounds {
    /// Nothing is known of `n` neurons.
    pub(super) fn new(n: usize) -> Self {
        Bounds { blocks: vec![[UNKNOWN; 2]; n.div_ceil(BLOCK)], n }
    }

    /// Nothing is known any more.
    pub(super) fn forget(&mut self) {
        self.blocks.fill([UNKNOWN; 2]);
    }

    /// What is known of neurons.
    pub(super) fn of(&self, neurons: &Range<usize>) -> [u32; 2] {
        self.blocks[blocks(neurons)].iter().fold([0; 2], |most, own| farther(most, *own))
    }

    /// Neurons were updated; a block of which others were not is as far as before, or farther.
    pub(super) fn set(&mut self, neurons: &Range<usize>, bound: [u32; 2]) {
        for k in blocks(neurons) {
            let whole = neurons.start <= k * BLOCK && self.n.min((k + 1) * BLOCK) <= neurons.end;
            self.blocks[k] = if whole { bound } else { farther(self.blocks[k], bound) };
        }
    }
}

/// The blocks that neurons are of.
fn blocks(neurons: &Range<usize>) -> Range<usize> {
    neurons.start / BLOCK..neurons.end.div_ceil(BLOCK)
}

fn farther(a: [u32; 2], b: [u32; 2]) -> [u32; 2] {
    [a[0].max(b[0]), a[1].max(b[1])]
}
