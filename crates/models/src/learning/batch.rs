//! The synapses of one neuron that a learning phase visits together: their variables, and the products that are added to them.

use super::product::Target;
use super::terms::{Part, Term};
use super::traces::Side;

/// When the traces of a product are read.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    /// After this step of the epoch; 0 means that the dependency does not hold.
    At(usize),
    /// At the last spike of the neuron on the other side, if it fired.
    Theirs,
}

/// The synapses of one neuron that are visited together; all arrays are of one length.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) synapse: Vec<u32>,
    /// The neurons on the other side.
    pub(super) other: Vec<u32>,
    /// Place in the order of the visit, which keys the draws.
    pub(super) place: Vec<u32>,
    /// Weight, delay and tag before the visit, where they are read.
    pub(super) own: [Vec<i32>; 3],
    /// The accumulators, and their lowest value.
    pub(super) sum: Vec<i32>,
    low: i32,
    /// Elements that are to be rounded.
    pub(super) changed: Vec<u32>,
}

impl Batch {
    /// With accumulators of at least `low`.
    pub(super) fn above(low: i32) -> Self {
        Batch { low, ..Batch::default() }
    }

    pub(super) fn clear(&mut self) {
        self.synapse.clear();
        self.other.clear();
        self.place.clear();
    }

    pub(super) fn push(&mut self, synapse: u32, other: u32, place: u32) {
        self.synapse.push(synapse);
        self.other.push(other);
        self.place.push(place);
    }

    /// Takes the synapses of a row or column, whose places count from `first`, without those that `leaves_out` says.
    #[inline(always)]
    pub(super) fn take(
        &mut self,
        synapses: impl Iterator<Item = u32>,
        others: &[u32],
        first: u32,
        leaves_out: impl Fn(u32, u32) -> bool,
    ) {
        let most = others.len();
        self.synapse.resize(most, 0);
        self.other.resize(most, 0);
        self.place.resize(most, 0);
        let (to_synapse, to_other, to_place) = (&mut self.synapse[..], &mut self.other[..], &mut self.place[..]);
        let mut n = 0;
        // Without a branch: each is written, and kept by counting it.
        for ((k, other), place) in synapses.zip(others).zip(first..) {
            (to_synapse[n], to_other[n], to_place[n]) = (k, *other, place);
            n += usize::from(!leaves_out(k, *other));
        }
        self.synapse.truncate(n);
        self.other.truncate(n);
        self.place.truncate(n);
    }

    /// Sets the accumulators to the variable that a rule changes.
    pub(super) fn begin(&mut self, target: Target) {
        self.sum.clear();
        self.sum.extend(self.own[target as usize].iter().map(|v| v << 7));
    }

    /// Lists the elements whose accumulator is not the variable as it was; all where they are not settled.
    pub(super) fn find_changed(&mut self, target: Target, settled: bool) {
        self.changed.resize(self.sum.len(), 0);
        let changed = &mut self.changed[..];
        let mut n = 0;
        for (e, (sum, before)) in (0..).zip(self.sum.iter().zip(&self.own[target as usize])) {
            changed[n] = e;
            n += usize::from(*sum != before << 7 || !settled);
        }
        self.changed.truncate(n);
    }

    /// Adds one product to all accumulators; `coefficient` gives mantissa times the factors of the common neuron.
    pub(super) fn add(
        &mut self,
        term: &Term,
        theirs: &[Part],
        others: &Side,
        (when, settled): (When, bool),
        coefficient: impl Fn(usize) -> i32,
    ) {
        let low = self.low;
        let clip = |sum: i32| sum.clamp(low, 32_767);
        match (when, theirs, &term.own[..]) {
            (When::At(0), ..) => self.sum.iter_mut().for_each(|sum| *sum = clip(*sum)),
            (When::At(when), [], []) => {
                let product = term.aligned(coefficient(when), low);
                self.sum.iter_mut().for_each(|sum| *sum = clip(*sum + product));
            }
            (When::At(when), [part], []) if part.is_plain_trace() => {
                let (c, course) = (coefficient(when), others.course(part.index, when));
                for (sum, n) in self.sum.iter_mut().zip(&self.other) {
                    let v = course.of(*n as usize).clamp(-128, 127);
                    *sum = clip(*sum + term.aligned(c.wrapping_mul(v), low));
                }
            }
            _ => {
                let common = if let When::At(when) = when { coefficient(when) } else { 0 };
                for (e, n) in self.other.iter().enumerate() {
                    let n = *n as usize;
                    let (when, c) = match (when, others.spike[n]) {
                        (When::At(when), _) => (when, common),
                        (When::Theirs, 0) if settled => continue,
                        (When::Theirs, 0) => (0, 0),
                        (When::Theirs, when) => (usize::from(when), coefficient(usize::from(when))),
                    };
                    let mut product = 0;
                    if c != 0 {
                        let factors = theirs.iter().map(|p| p.value(others.read(n, p.index, p.flag, when)));
                        let own = [0, 1, 2].map(|v: usize| self.own[v].get(e).copied().unwrap_or(0));
                        product = term.aligned(term.with_own(factors.fold(c, i32::wrapping_mul), own), low);
                    }
                    self.sum[e] = clip(self.sum[e] + product);
                }
            }
        }
    }
}
