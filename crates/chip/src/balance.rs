//! Who owns which neurons: every worker a run of every bank, so that all have about the same work.

use std::ops::Range;

use pumice_models::Parts;
use serde::{Deserialize, Serialize};

use crate::image::ChipImage;

/// Work of the update of a neuron, in synapses onto it: about one in fifty of its sources fires in a step, and to
/// add a synapse takes about as long as to update a neuron.
pub const UPDATE: usize = 50;

/// The neurons of all banks by worker. No result depends on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    workers: usize,
    /// By bank: the first neuron of every worker but the first.
    borders: Vec<Vec<usize>>,
}

impl Shares {
    /// Cuts all banks for a number of workers, by the synapses that end at each neuron.
    pub fn new(image: &ChipImage, workers: usize) -> Self {
        let work = (0..image.banks.len()).map(|bank| if workers > 1 { work(image, bank) } else { Vec::new() });
        Shares { workers, borders: cut(work, workers) }
    }

    /// Number of workers.
    pub const fn workers(&self) -> usize {
        self.workers
    }

    /// The neurons of worker `w` of a bank of `n`.
    pub fn range(&self, (bank, n): (usize, usize), w: usize) -> Range<usize> {
        let borders = &self.borders[bank];
        let border = |w: usize| if w == 0 { 0 } else { borders.get(w - 1).copied().unwrap_or(n) };
        border(w)..border(w + 1)
    }

    /// Whether they cut every bank of an image for so many workers.
    pub fn fit(&self, image: &ChipImage, workers: usize) -> bool {
        let whole = |(borders, n): (&Vec<usize>, usize)| {
            borders.len() + 1 == workers && borders.is_sorted() && borders.last().is_none_or(|last| *last <= n)
        };
        self.workers == workers
            && self.borders.len() == image.banks.len()
            && self.borders.iter().zip(image.banks.iter().map(|bank| bank.n)).all(whole)
    }
}

/// The work of each neuron of a bank in a step, in synapses: those that end at it, listed, drawn and learning alike, and its
/// update.
///
/// Where a topology gives all targets the same chance of a synapse, nothing is drawn, and each counts its part of all.
fn work(image: &ChipImage, bank: usize) -> Vec<u64> {
    let mut work = vec![UPDATE as u64; image.banks[bank].n];
    for p in image.projections.iter().filter(|p| p.target == bank) {
        p.rows.target.iter().for_each(|target| work[*target as usize] += 1);
    }
    for p in image.drawn.iter().filter(|p| p.target == bank) {
        if p.synapses.is_even() {
            let each = (p.n / work.len().max(1)) as u64;
            work.iter_mut().for_each(|own| *own += each);
        } else {
            let bare = Parts { weights: false, delays: false };
            p.synapses.each(0..work.len(), bare, |_, target, _, _| work[target as usize] += 1);
        }
    }
    work
}

/// Cuts banks, the work of whose neurons is given: each border where it comes nearest to what the workers before it should
/// have of all banks so far. So what one bank gives too much, the next gives less.
fn cut(banks: impl Iterator<Item = Vec<u64>>, workers: usize) -> Vec<Vec<usize>> {
    let workers = workers as i64;
    let mut all = 0;
    // By border: the work before it.
    let mut before = vec![0_i64; workers.max(1) as usize - 1];
    let of_bank = |work: Vec<u64>| {
        all += work.iter().sum::<u64>() as i64;
        let (mut neuron, mut passed) = (0, 0);
        let border = |(w, before): (i64, &mut i64)| {
            let wanted = all * w / workers - *before;
            while let Some(own) = work.get(neuron).filter(|own| 2 * (wanted - passed) > **own as i64) {
                passed += *own as i64;
                neuron += 1;
            }
            *before += passed;
            neuron
        };
        (1..workers).zip(&mut before).map(border).collect()
    };
    banks.map(of_bank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Every worker has its part of the work of all banks, and of each bank, but for some neurons at its borders.
        #[test]
        fn shares_have_even_work(
            banks in prop::collection::vec(prop::collection::vec(prop_oneof![Just(1), 1..100_u64, 1..5_000_u64], 0..60), 1..8),
            workers in 1..9_usize,
        ) {
            let borders = cut(banks.iter().cloned(), workers);
            let heaviest = banks.iter().flatten().max().copied().unwrap_or(0);
            let mut total = vec![0; workers];
            for (work, borders) in banks.iter().zip(&borders) {
                prop_assert_eq!(borders.len() + 1, workers);
                let ends: Vec<usize> = [&[0], borders.as_slice(), &[work.len()]].concat();
                prop_assert!(ends.is_sorted());
                for (own, ends) in total.iter_mut().zip(ends.windows(2)) {
                    let share: u64 = work[ends[0]..ends[1]].iter().sum();
                    prop_assert!(share.abs_diff(work.iter().sum::<u64>() / workers as u64) <= 2 * heaviest, "{borders:?}");
                    *own += share;
                }
            }
            let mean = total.iter().sum::<u64>() / workers as u64;
            prop_assert!(total.iter().all(|own| own.abs_diff(mean) <= 2 * heaviest), "{:?} {}", total, heaviest);
        }
    }
}
