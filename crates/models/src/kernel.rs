//! What a process must offer, and how a running one is stepped.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use crate::decay::Fractions;
use crate::{Arithmetic, Bank, Cut, Decay, Drawn, ModelError, Overflow, Plastic, PortSpec, Rows, VarSpec};

/// An array that leaves or enters a process: integers from fixed kernels, reals from float twins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Values {
    /// Registers.
    Int(Vec<i32>),
    /// Real numbers.
    Real(Vec<f64>),
}

impl Values {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Values::Int(all) => all.len(),
            Values::Real(all) => all.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements as reals; exact for integers.
    pub fn to_real(&self) -> Vec<f64> {
        match self {
            Values::Int(all) => all.iter().map(|x| f64::from(*x)).collect(),
            Values::Real(all) => all.clone(),
        }
    }

    /// The elements as integers, or `None` where one is not an integer that 32 bits hold.
    pub fn to_int(&self) -> Option<Vec<i32>> {
        match self {
            Values::Int(all) => Some(all.clone()),
            Values::Real(all) => {
                all.iter().map(|x| (x.fract() == 0.0 && x.abs() <= f64::from(i32::MAX)).then_some(*x as i32)).collect()
            }
        }
    }
}

/// The number type of a kernel: `i32` registers or `f64`.
pub trait Number: Copy + Default + PartialEq + Debug + Send + Sync + 'static {
    /// The sum as the kernel's arithmetic forms it (32-bit wrap for integers).
    fn plus(self, other: Self) -> Self;
    /// How many times `2^32` that sum lost: 1, 0 or -1 for integers, 0 for reals.
    fn carry(self, other: Self) -> i32;
    /// From an integer.
    fn from_int(x: i32) -> Self;
    /// From a real; integers truncate toward zero and saturate at 32 bits.
    fn from_real(x: f64) -> Self;
    /// As a real; exact.
    fn real(self) -> f64;
    /// An array of this type, wrapped.
    fn values(all: Vec<Self>) -> Values;
}

impl Number for i32 {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    #[inline(always)]
    fn carry(self, other: Self) -> i32 {
        let (sum, lost) = self.overflowing_add(other);
        i32::from(lost) * if sum < 0 { 1 } else { -1 }
    }
    fn from_int(x: i32) -> Self {
        x
    }
    fn from_real(x: f64) -> Self {
        x as i32
    }
    fn real(self) -> f64 {
        f64::from(self)
    }
    fn values(all: Vec<Self>) -> Values {
        Values::Int(all)
    }
}

impl Number for f64 {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self + other
    }
    #[inline(always)]
    fn carry(self, _other: Self) -> i32 {
        0
    }
    fn from_int(x: i32) -> Self {
        f64::from(x)
    }
    fn from_real(x: f64) -> Self {
        x
    }
    fn real(self) -> f64 {
        self
    }
    fn values(all: Vec<Self>) -> Values {
        Values::Real(all)
    }
}

/// What a kernel is made for: the arithmetic, and the place its random draws are keyed by.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// The named arithmetic.
    pub arithmetic: &'a Arithmetic,
    /// Seed of the run.
    pub seed: u64,
    /// Number of the process in its graph; keys random draws.
    pub place: u32,
}

/// One step of one process: what came in, what goes out.
#[derive(Debug)]
pub struct Io<'a, N> {
    /// The step, counted from 1.
    pub step: u64,
    /// One array per in-port, in the order of [`Behaviour::in_ports`]; fan-in is already summed.
    pub inputs: &'a [Vec<N>],
    /// One array per out-port, in the order of [`Behaviour::out_ports`], zeroed before each step.
    pub outputs: &'a mut [Vec<N>],
    /// Where wraps, clips and saturations are noted.
    pub overflow: &'a mut Overflow,
}

/// A running process in one number type.
///
/// In every step [`Kernel::emit`] of all buffered processes comes first, then [`Kernel::step`] of all
/// processes, each after those whose unbuffered outputs it receives; then [`Kernel::learn`].
pub trait Kernel<N>: Send + Debug {
    /// Writes the outputs that are due to earlier steps; only called if [`Behaviour::buffered`].
    fn emit(&mut self, _step: u64, _outputs: &mut [Vec<N>]) {}

    /// Takes the inputs of this step and, unless buffered, writes the outputs of this step.
    fn step(&mut self, io: &mut Io<'_, N>);

    /// The learning phase at the end of a step.
    fn learn(&mut self, _step: u64, _overflow: &mut Overflow) {}

    /// Synapses visited by learning since the beginning, so that they can be priced.
    fn synaptic_updates(&self) -> u64 {
        0
    }

    /// Reads variable `var` (index into [`Behaviour::vars`]).
    fn get(&self, var: usize) -> Vec<N>;

    /// Writes variable `var`; `values` has the right length.
    ///
    /// # Errors
    /// If a value does not fit its register.
    fn set(&mut self, var: usize, values: &[N]) -> Result<(), ModelError>;

    /// The whole running state, as arrays in a fixed order.
    fn save(&self) -> Vec<Values>;

    /// Takes back what [`Kernel::save`] gave.
    ///
    /// # Errors
    /// If the arrays do not have the shape this kernel saves.
    fn load(&mut self, state: &[Values]) -> Result<(), ModelError>;
}

/// What a population on a core sends by an out-port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Spikes: those of this one of its trains. Trains are numbered from 0 without a gap; ports of one train send the same packets.
    Spikes(usize),
    /// In every step the value of this variable, which only learning synapses onto the same population can read.
    Variable(usize),
}

/// The parameters of a process, and what can be made of them.
pub trait Behaviour: Debug {
    /// In-ports, in a fixed order.
    fn in_ports(&self) -> Vec<PortSpec>;

    /// Out-ports, in a fixed order.
    fn out_ports(&self) -> Vec<PortSpec>;

    /// Variables, in a fixed order.
    fn vars(&self) -> Vec<VarSpec>;

    /// Whether all outputs are due to earlier steps only (connections): such a process breaks a cycle.
    fn buffered(&self) -> bool {
        false
    }

    /// The kernel in the integer arithmetic of a chip.
    ///
    /// # Errors
    /// If a parameter does not fit its register or shape, or there is no such model.
    fn fixed(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError>;

    /// The kernel in floating point.
    ///
    /// # Errors
    /// If a parameter has the wrong shape or value, or there is no such model.
    fn float(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError>;

    /// The neurons `range` as a bank for a core, or `None` if this is not a population of neurons.
    fn bank(
        &self,
        _setting: &Setting<'_>,
        _range: std::ops::Range<usize>,
    ) -> Option<Result<Box<dyn Bank>, ModelError>> {
        None
    }

    /// The synapses as rows for cores, or `None` if this is not a connection.
    fn rows(&self, _setting: &Setting<'_>) -> Option<Result<Rows, ModelError>> {
        None
    }

    /// The same rows with other weights, as variable 0 of the fixed kernel holds them; `None` if this is not a
    /// connection or its weights cannot be written on a chip. Where synapses grow, the values are those of the variable
    /// `connected`: which places hold a synapse.
    fn rows_with(&self, _setting: &Setting<'_>, _weights: &[i32]) -> Option<Result<Rows, ModelError>> {
        None
    }

    /// The synapses onto some targets, to learn on a core, or `None` if they do not learn. [`Behaviour::rows`] says how
    /// they lie in memory.
    fn plastic(&self, _setting: &Setting<'_>, _cut: &Cut) -> Option<Result<Box<dyn Plastic>, ModelError>> {
        None
    }

    /// Why the weights of synapses that learn cannot lie in non-volatile cells, or `None` if they can.
    fn unfit_for_cells(&self) -> Option<&'static str> {
        Some("learns by a rule that keeps its weights")
    }

    /// The decays of its registers, by the name of the parameter.
    fn decays(&self) -> Vec<(&'static str, &Decay)> {
        Vec::new()
    }

    /// What it takes as fractions or time constants only, as its registers hold it.
    ///
    /// # Errors
    /// If a parameter does not fit its range or the shape.
    fn fractions(&self) -> Result<Vec<Fractions>, ModelError> {
        Ok(Vec::new())
    }

    /// Whether the neurons are analog circuits, which no digital core has.
    fn circuit(&self) -> bool {
        false
    }

    /// The same population as analog neurons with these deviations, one for each; `None` if it has no analog form.
    fn analog(
        &self,
        _setting: &Setting<'_>,
        _deviations: &[crate::neuron::analog::Deviation],
    ) -> Option<Result<crate::neuron::analog::Analog, ModelError>> {
        None
    }

    /// What leaves a population on a core by an out-port.
    fn sent_by(&self, _port: usize) -> Sent {
        Sent::Spikes(0)
    }

    /// How many trains of spikes a population on a core sends: kinds of packets, which are routed and counted apart.
    fn trains(&self) -> usize {
        let train = |port| match self.sent_by(port) {
            Sent::Spikes(train) => Some(train + 1),
            Sent::Variable(_) => None,
        };
        (0..self.out_ports().len()).filter_map(train).max().unwrap_or(0)
    }

    /// The synapses as a function that draws them, or `None` if they must be listed; see [`Behaviour::rows`].
    fn drawn(&self, _setting: &Setting<'_>) -> Option<Result<Drawn, ModelError>> {
        None
    }

    /// The sums for the elements `range` of its only out-port as a core can make them, or `None` if this is not a
    /// source of sums without inputs and state.
    fn drive(
        &self,
        _setting: &Setting<'_>,
        _range: std::ops::Range<usize>,
    ) -> Option<Result<Box<dyn Drive>, ModelError>> {
        None
    }
}

/// A source of sums beside the neurons that it drives.
pub trait Drive: Send + Debug {
    /// Adds what it gives in `step` (counted from 1) to `sums`, one per element of its range.
    fn add(&self, step: u64, sums: &mut [i32]);

    /// Random numbers that each element draws in every step.
    fn draws(&self) -> u64 {
        0
    }

    /// The most that a step adds to the magnitude of a sum.
    fn reach(&self) -> i64;
}
