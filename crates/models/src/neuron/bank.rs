//! Neurons in banks: one dispatch per bank and step, struct-of-arrays inside.

use std::fmt::Debug;
use std::ops::Range;
use std::slice::from_mut;

use serde::{Deserialize, Serialize};

use super::circuit::{Reach, Seat};
use crate::{Io, Kernel, ModelError, Overflow, Values};

/// The neurons of a bank that fired in one step, in ascending order: one train of its spikes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    /// Which neurons.
    pub index: Vec<u32>,
    /// Their payloads; empty where all are plain spikes.
    pub payload: Vec<i32>,
}

impl Fired {
    /// Forgets all, keeps the memory.
    pub fn clear(&mut self) {
        self.index.clear();
        self.payload.clear();
    }

    /// Appends the spikes of another part of the bank.
    pub fn append(&mut self, part: &Fired) {
        self.index.extend_from_slice(&part.index);
        self.payload.extend_from_slice(&part.payload);
    }

    /// The payload of entry `k`: 1 for plain spikes.
    #[inline(always)]
    pub fn payload_of(&self, k: usize) -> i32 {
        self.payload.get(k).copied().unwrap_or(1)
    }
}

/// Where and when a bank is stepped.
#[derive(Debug)]
pub struct BankContext<'a> {
    /// The step, counted from 1.
    pub step: u64,
    /// Where overflow is noted; indices are local to the bank.
    pub overflow: &'a mut Overflow,
    /// Random numbers that the neurons drew, since the context was made.
    pub random_numbers: u64,
}

impl<'a> BankContext<'a> {
    /// A step in which nothing has been drawn.
    pub fn new(step: u64, overflow: &'a mut Overflow) -> Self {
        BankContext { step, overflow, random_numbers: 0 }
    }
}

/// A population of neurons, or a part of one, in the integer arithmetic of a chip.
pub trait Bank: Send + Debug {
    /// Number of neurons.
    fn len(&self) -> usize;

    /// Whether there is no neuron.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Advances the neurons `range` by one step.
    ///
    /// `inputs` has one accumulator array of length [`Bank::len`] per in-port. Neurons that fired are appended
    /// to `fired` in ascending order, one list for each train (see [`Sent`](crate::Sent)), and what they drew is added to the
    /// context: a number from a recording is one that the chip drew. Returns how many neurons were active: with input, bias or state.
    fn step(
        &mut self,
        range: Range<usize>,
        context: &mut BankContext<'_>,
        inputs: &[&[i32]],
        fired: &mut [Fired],
    ) -> u64;

    /// How many of the neurons `range` are active in a step without input, if no such step does anything: whatever its
    /// number, it changes no variable, makes nobody fire, draws nothing and leaves no register. Then it need not be taken. `None` if it
    /// does something, or the model cannot tell.
    fn rest(&mut self, _range: Range<usize>) -> Option<u64> {
        None
    }

    /// Reads variable `var`.
    fn get(&self, var: usize) -> Vec<i32>;

    /// Writes variable `var`.
    ///
    /// # Errors
    /// If a value does not fit its register.
    fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError>;

    /// The whole running state; every array has one entry per neuron.
    fn save(&self) -> Vec<Values>;

    /// Takes back what [`Bank::save`] gave.
    ///
    /// # Errors
    /// If the arrays do not have the shape this bank saves.
    fn load(&mut self, state: &[Values]) -> Result<(), ModelError>;

    /// What an analog circuit reaches of these neurons; `None` if they have no analog form.
    fn reach(&mut self) -> Option<Reach<'_>> {
        None
    }

    /// Lets neurons that are circuits themselves draw their thermal noise for a seed and their places; whether they are.
    fn make_noise(&mut self, _seed: u64, _seats: &[Seat]) -> bool {
        false
    }

    /// Lets thermal noise count its steps on from `origin`, so that a run that begins again at step 1 draws other noise.
    fn set_noise_origin(&mut self, _origin: u64) {}
}

/// A bank of one train as an unplaced kernel: its spikes become a dense array.
#[derive(Debug)]
pub struct BankKernel {
    bank: Box<dyn Bank>,
    fired: Fired,
}

impl BankKernel {
    /// Wraps a bank of a whole population.
    pub fn new(bank: Box<dyn Bank>) -> Self {
        BankKernel { bank, fired: Fired::default() }
    }
}

impl Kernel<i32> for BankKernel {
    fn step(&mut self, io: &mut Io<'_, i32>) {
        self.fired.clear();
        let inputs: Vec<&[i32]> = io.inputs.iter().map(Vec::as_slice).collect();
        let mut context = BankContext::new(io.step, io.overflow);
        self.bank.step(0..self.bank.len(), &mut context, &inputs, from_mut(&mut self.fired));
        for (k, i) in self.fired.index.iter().enumerate() {
            io.outputs[0][*i as usize] = self.fired.payload_of(k);
        }
    }

    fn get(&self, var: usize) -> Vec<i32> {
        self.bank.get(var)
    }

    fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError> {
        self.bank.set(var, values)
    }

    fn save(&self) -> Vec<Values> {
        self.bank.save()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        self.bank.load(state)
    }
}

/// Takes an integer array of length `n` out of a saved state.
///
/// # Errors
/// If element `k` is missing, not of integers, or of another length.
pub fn saved(state: &[Values], k: usize, n: usize) -> Result<Vec<i32>, ModelError> {
    match state.get(k) {
        Some(Values::Int(all)) if all.len() == n => Ok(all.clone()),
        other => Err(ModelError::range(
            format!("saved state {k}"),
            other.map_or("missing".into(), |v| format!("{} values", v.len())),
            format!("{n} integers"),
        )),
    }
}
