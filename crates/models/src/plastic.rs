//! Synapses that learn, cut to some of their targets: what a worker of a chip drives, and the host's kernel of all of them.
//!
//! In step t a worker calls [`Plastic::emit`] before its neurons fire, then, when every spike of the step is known,
//! [`Plastic::step`] and [`Plastic::learn`]. These are the turns of [`Kernel`], so that a cut computes what the whole does:
//! draws are keyed by the number of a synapse or neuron in the whole process, never by its place in the cut.

use std::fmt::Debug;
use std::ops::Range;

use crate::neuron::bank::saved;
use crate::{Fired, Io, Kernel, ModelError, Overflow, Values};

/// The targets of one worker, and how they lie on cores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The targets, or `None` for all.
    pub targets: Option<Range<usize>>,
    /// End of each part whose updates are counted together, counted from the first target of the cut; ascending. One part
    /// of all targets where it is empty.
    pub ends: Vec<usize>,
}

impl Cut {
    /// All targets in one part.
    pub const ALL: Cut = Cut { targets: None, ends: Vec::new() };

    /// The targets, of `n` in all.
    pub fn range(&self, n: usize) -> Range<usize> {
        self.targets.clone().unwrap_or(0..n)
    }
}

/// Some elements of an array of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portion {
    /// Length of the whole array.
    pub len: usize,
    /// Which elements.
    pub index: Vec<u32>,
    /// Their values.
    pub values: Vec<i32>,
}

impl Portion {
    /// A whole array.
    pub fn whole(values: Vec<i32>) -> Self {
        Portion { len: values.len(), index: (0..values.len() as u32).collect(), values }
    }

    /// A run of elements that begins at `first`.
    pub fn run(len: usize, first: usize, values: Vec<i32>) -> Self {
        Portion { len, index: (first as u32..(first + values.len()) as u32).collect(), values }
    }

    /// The whole array, with 0 for all other elements.
    pub fn into_whole(self) -> Vec<i32> {
        let mut whole = Vec::new();
        self.put(&mut whole);
        whole
    }

    /// Writes these elements into the whole array, which is made longer where it must be.
    pub fn put(&self, whole: &mut Vec<i32>) {
        whole.resize(self.len, 0);
        for (i, v) in self.index.iter().zip(&self.values) {
            whole[*i as usize] = *v;
        }
    }
}

/// A place for a synapse, by its numbers in the whole process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its number in the order in which places were given.
    pub given: u32,
    /// Element of the in-port.
    pub source: u32,
    /// Element of the out-port.
    pub target: u32,
}

/// Synapses that vanished and grew in one learning phase, each list by target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adjusted {
    /// Places that lost their synapse.
    pub pruned: Vec<Place>,
    /// Places that hold a new synapse.
    pub grown: Vec<Place>,
}

impl Adjusted {
    /// Whether nothing grew or vanished.
    pub fn is_empty(&self) -> bool {
        self.pruned.is_empty() && self.grown.is_empty()
    }
}

/// Where a learning synapse lies, and its weight at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlasticSynapse {
    /// Place in the variable of the weights.
    pub number: u32,
    /// Element of the first in-port that drives it.
    pub source: u32,
    /// Element of the out-port that it adds to.
    pub target: u32,
    /// Delay beyond the one step of every connection `[steps]`.
    pub delay: u8,
    /// Weight `[weight LSB]`.
    pub weight: i32,
}

/// The synapses of a cut, for a memory that keeps their weights by source and target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlasticLayout {
    /// The largest magnitude that learning can give a weight `[weight LSB]`.
    pub largest: i32,
    /// Power of two by which a weight is scaled after it was read; see [`scaled`](crate::scaled).
    pub exponent: i32,
    /// The synapses, by source.
    pub synapses: Vec<PlasticSynapse>,
}

/// Random numbers that learning drew: one for each stochastic rounding, whether an arithmetic gives each rounding a number
/// of its own, the same to all (Lava's), or one of a recording.
///
/// A visit of a synapse rounds each variable that the rule changes. A trace is rounded where its decay has a fraction, in every
/// step in which it is not 0, and at a spike whose impulse has a fraction. A target that lacks a synapse draws its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RandomNumbers {
    /// For synapses and for the traces of targets, by part.
    pub parts: Vec<u64>,
    /// For the traces of all sources, which each core with targets keeps for itself.
    pub sources: u64,
}

/// Learning synapses onto the targets of a [`Cut`].
pub trait Plastic: Send + Debug {
    /// Adds the sums that are due to earlier steps to the accumulators of the cut's targets.
    fn emit(&mut self, step: u64, sums: &mut [i32]);

    /// Takes what reached the in-ports in this step: elements of the whole port, ascending, each once.
    fn step(&mut self, step: u64, arrivals: &[Fired], overflow: &mut Overflow);

    /// The learning phase at the end of a step.
    fn learn(&mut self, step: u64, overflow: &mut Overflow);

    /// What grew and vanished in the last learning phase.
    fn adjusted(&self) -> Adjusted {
        Adjusted::default()
    }

    /// Takes back synapses that grew in the last learning phase, by [`Place::given`]; those of other cuts are left alone.
    fn withdraw(&mut self, _given: &[u32]) {}

    /// Where the synapses lie; none for those whose weights stay with their rule (see
    /// [`Behaviour::unfit_for_cells`](crate::Behaviour::unfit_for_cells)).
    fn layout(&self) -> PlasticLayout {
        PlasticLayout::default()
    }

    /// Delivers other weights than those that were learned, from the spikes of the next step on: what the memory of these
    /// synapses gives. Numbers are those of the variable of the weights; synapses of other cuts are passed over.
    fn act(&mut self, _weights: &[(u32, i32)]) {}

    /// Synapses visited by learning since the beginning or [`Plastic::clear_counts`], by part.
    fn updates(&self) -> &[u64];

    /// Random numbers drawn in the same time.
    fn random_numbers(&self) -> RandomNumbers;

    /// Counts updates and random numbers from zero again.
    fn clear_counts(&mut self);

    /// Reads variable `var`, an index into [`Behaviour::vars`](crate::Behaviour::vars).
    fn get(&self, var: usize) -> Portion;

    /// Writes variable `var` from the values of the whole process, which have the right length.
    ///
    /// # Errors
    /// If a value does not fit its register.
    fn set(&mut self, var: usize, whole: &[i32]) -> Result<(), ModelError>;

    /// The running state, counts excepted, as portions of arrays in a fixed order.
    fn save(&self) -> Vec<Portion>;

    /// Takes back whole arrays, joined from what [`Plastic::save`] gave.
    ///
    /// # Errors
    /// If the arrays do not have the shape or values that this process saves.
    fn load(&mut self, whole: &[Vec<i32>]) -> Result<(), ModelError>;
}

/// What happens to targets, counted by part.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    ends: Vec<u32>,
    counts: Vec<u64>,
}

impl Tally {
    /// For a cut of `n` targets.
    pub(crate) fn new(cut: &Cut, n: usize) -> Self {
        let ends: Vec<u32> = match cut.ends.is_empty() {
            true => vec![n as u32],
            false => cut.ends.iter().map(|e| *e as u32).collect(),
        };
        Tally { counts: vec![0; ends.len()], ends }
    }

    /// Counts `n` at `target`.
    #[inline]
    pub(crate) fn onto(&mut self, target: u32, n: usize) {
        let part = if self.ends.len() == 1 { 0 } else { self.ends.partition_point(|end| *end <= target) };
        self.counts[part] += n as u64;
    }

    /// Counts one at each of `targets`, which ascend.
    #[inline]
    pub(crate) fn onto_each(&mut self, targets: &[u32]) {
        let mut rest = targets;
        for (end, count) in self.ends.iter().zip(&mut self.counts) {
            let here = if self.ends.len() == 1 { rest.len() } else { rest.partition_point(|j| j < end) };
            *count += here as u64;
            rest = &rest[here..];
        }
    }

    pub(crate) fn counts(&self) -> &[u64] {
        &self.counts
    }

    pub(crate) fn clear(&mut self) {
        self.counts.fill(0);
    }

    /// What all parts have counted; they count from zero again.
    pub(crate) fn take(&mut self) -> u64 {
        self.counts.iter_mut().map(std::mem::take).sum()
    }
}

/// All synapses of a process as one kernel of the host.
#[derive(Debug)]
pub(crate) struct Whole<P> {
    synapses: P,
    /// Updates counted before the last load.
    before: u64,
    /// Workspace.
    arrivals: Vec<Fired>,
}

impl<P: Plastic> Whole<P> {
    pub(crate) fn new(synapses: P) -> Self {
        Whole { synapses, before: 0, arrivals: Vec::new() }
    }
}

/// The elements of an array that are not zero.
fn collect(from: &[i32], into: &mut Fired) {
    into.clear();
    for (i, x) in from.iter().enumerate().filter(|(_, x)| **x != 0) {
        into.index.push(i as u32);
        into.payload.push(*x);
    }
}

impl<P: Plastic> Kernel<i32> for Whole<P> {
    fn emit(&mut self, step: u64, outputs: &mut [Vec<i32>]) {
        outputs[0].fill(0);
        self.synapses.emit(step, &mut outputs[0]);
    }

    fn step(&mut self, io: &mut Io<'_, i32>) {
        self.arrivals.resize_with(io.inputs.len(), Fired::default);
        for (from, into) in io.inputs.iter().zip(&mut self.arrivals) {
            collect(from, into);
        }
        self.synapses.step(io.step, &self.arrivals, io.overflow);
    }

    fn learn(&mut self, step: u64, overflow: &mut Overflow) {
        self.synapses.learn(step, overflow);
    }

    fn synaptic_updates(&self) -> u64 {
        self.before + self.synapses.updates().iter().sum::<u64>()
    }

    fn get(&self, var: usize) -> Vec<i32> {
        self.synapses.get(var).into_whole()
    }

    fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError> {
        self.synapses.set(var, values)
    }

    fn save(&self) -> Vec<Values> {
        let array = |portion: Portion| Values::Int(portion.into_whole());
        let mut state: Vec<Values> = self.synapses.save().into_iter().map(array).collect();
        state.push(Values::Real(vec![self.synaptic_updates() as f64]));
        state
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let shapes = self.synapses.save();
        let arrays: Result<Vec<_>, _> = shapes.iter().enumerate().map(|(k, p)| saved(state, k, p.len)).collect();
        let Some(updates) = state.get(shapes.len()).map(Values::to_real).filter(|u| u.len() == 1) else {
            return Err(ModelError::range(format!("saved state {}", shapes.len()), "missing", "the number of updates"));
        };
        self.synapses.load(&arrays?)?;
        self.synapses.clear_counts();
        self.before = updates[0] as u64;
        Ok(())
    }
}
