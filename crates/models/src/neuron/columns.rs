//! The parameters of a bank as a vectorised kernel reads them: constants, or slices.

use std::ops::Range;

use crate::Lane;

/// One parameter as the kernel reads it: a constant or a slice.
pub(super) trait Read: Copy {
    /// The value of neuron `i`.
    fn at(self, i: usize) -> i32;
    /// The same parameter for the first `n` neurons, so that the kernel sees how many there are.
    fn first(self, n: usize) -> Self;
}

/// The same for all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Same(i32);

impl Read for Same {
    #[inline(always)]
    fn at(self, _: usize) -> i32 {
        self.0
    }

    #[inline(always)]
    fn first(self, _: usize) -> Self {
        self
    }
}

impl Read for &[i32] {
    #[inline(always)]
    fn at(self, i: usize) -> i32 {
        self[i]
    }

    #[inline(always)]
    fn first(self, n: usize) -> Self {
        &self[..n]
    }
}

/// The parameters of a bank, in the order in which its kernel names them.
#[derive(Debug)]
pub(super) struct Columns<const N: usize> {
    lanes: [Lane; N],
    /// Lowest and highest value of each.
    ends: [(i32, i32); N],
    /// A block of every value that all neurons share, to be read where another parameter is a slice.
    shared: [Vec<i32>; N],
}

impl<const N: usize> Columns<N> {
    /// Columns whose slices are read for at most `block` neurons at once.
    pub(super) fn new(lanes: [Lane; N], block: usize) -> Self {
        let lanes = lanes.map(narrow);
        let shared = lanes.each_ref().map(|lane| vec![any(lane); block]);
        Columns { ends: lanes.each_ref().map(ends), lanes, shared }
    }

    /// Gives column `k` other values.
    pub(super) fn set(&mut self, k: usize, lane: Lane) {
        self.lanes[k] = narrow(lane);
        self.ends[k] = ends(&self.lanes[k]);
        self.shared[k].fill(any(&self.lanes[k]));
    }

    /// Column `k`.
    pub(super) const fn lane(&self, k: usize) -> &Lane {
        &self.lanes[k]
    }

    /// Lowest and highest value of column `k`.
    pub(super) const fn ends(&self, k: usize) -> (i32, i32) {
        self.ends[k]
    }

    /// All columns, if each is the same for all neurons.
    pub(super) fn constants(&self) -> Option<[Same; N]> {
        let constant = self.lanes.iter().all(|lane| matches!(lane, Lane::All(_)));
        constant.then(|| self.lanes.each_ref().map(|lane| Same(any(lane))))
    }

    /// All columns for a range of neurons, no longer than a block.
    pub(super) fn slices(&self, range: &Range<usize>) -> [&[i32]; N] {
        std::array::from_fn(|k| match &self.lanes[k] {
            Lane::All(_) => &self.shared[k][..range.len()],
            Lane::Each(all) => &all[range.clone()],
        })
    }
}

/// One value for all where all are equal, so that the kernel reads a constant.
fn narrow(all: Lane) -> Lane {
    match all {
        Lane::Each(values) if !values.is_empty() && values.iter().all(|x| *x == values[0]) => Lane::All(values[0]),
        other => other,
    }
}

fn ends(lane: &Lane) -> (i32, i32) {
    match lane {
        Lane::All(x) => (*x, *x),
        Lane::Each(all) => all.iter().fold((i32::MAX, i32::MIN), |(low, high), x| (low.min(*x), high.max(*x))),
    }
}

/// The value of the first neuron; 0 if there is none.
fn any(lane: &Lane) -> i32 {
    match lane {
        Lane::All(x) => *x,
        Lane::Each(all) => all.first().copied().unwrap_or(0),
    }
}
