//! Populations whose dynamics are written for one neuron; this module carries them over all neurons.
//!
//! A model gives [`Dynamics`] once for registers and once for reals, and lists its columns. Stepping,
//! cutting into banks, overflow notes, variables and snapshots are the same for all of them. Columns are
//! arrays per variable (struct of arrays); one call steps a whole range.

use std::fmt::Debug;
use std::ops::{Range, RangeInclusive};

use super::analog::{Analog, Deviation};
use super::circuit::Reach;
use crate::decay::Fractions;
use crate::{
    Bank, BankContext, Behaviour, Decay, Fired, Io, Kernel, Kind, Lane, ModelError, Number, Overflow, OverflowKind,
    PerNeuron, PortSpec, Sent, Setting, Values, VarSpec, lane, length,
};

/// Which neuron is stepped, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    /// Number of the neuron in its process; keys random draws.
    pub(crate) index: u32,
    /// Number of the neuron in its bank; indexes parameters.
    pub(crate) local: usize,
    /// The step, counted from 1.
    pub(crate) step: u64,
}

/// What one neuron does in one step: `I` inputs, `S` state variables, `P` writable parameters, `O` outputs.
pub(crate) trait Dynamics<N, const I: usize, const S: usize, const P: usize, const O: usize>:
    Debug + Send + 'static
{
    /// Which outputs carry payloads; the others are 0 or 1.
    const GRADED: [bool; O];

    /// Advances one neuron. Bit `b` of `left` says that register `b` of [`Dynamics::registers`] overflowed.
    fn step(&self, at: At, input: [N; I], parameter: [N; P], s: &mut [N; S], left: &mut u32) -> [N; O];

    /// The registers whose overflow is noted, by bit.
    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &[]
    }

    /// Whether the neuron works even without input and state.
    fn driven(&self, _local: usize, _parameter: [N; P]) -> bool {
        false
    }

    /// Random numbers that the neuron draws in every step.
    fn draws(&self, _local: usize) -> u64 {
        0
    }

    /// Whether input, parameters and state say all that a step does: it draws nothing and does not ask for its number.
    fn steady(&self) -> bool {
        false
    }

    /// Which state is the voltage, what membranes keep, and the shift of their thresholds, if there is an analog form.
    fn circuit(&mut self) -> Option<(usize, &Lane, &mut Vec<i32>)> {
        None
    }
}

/// What one step makes of one neuron.
struct Stepped<N, const S: usize, const O: usize> {
    state: [N; S],
    out: [N; O],
    /// The registers that were left, by bit.
    left: u32,
    /// Whether the neuron had input, state or a drive of its own.
    active: bool,
}

/// A variable of all neurons, with what its register accepts.
#[derive(Clone, Debug)]
pub(crate) struct Column<N> {
    name: &'static str,
    accepted: RangeInclusive<i32>,
    values: Vec<N>,
}

impl Column<i32> {
    /// A variable in registers: neurons `cut` of `n`.
    ///
    /// # Errors
    /// If a value is not an integer in `accepted`, or the count is not `n`.
    pub(crate) fn registers(
        name: &'static str,
        values: &PerNeuron,
        n: usize,
        cut: &Range<usize>,
        accepted: RangeInclusive<i32>,
    ) -> Result<Self, ModelError> {
        let values = lane(name, values, n, accepted.clone())?.slice(cut.clone()).expand(cut.len());
        Ok(Column { name, accepted, values })
    }

    /// A variable whose registers were computed by the model.
    pub(crate) fn of(name: &'static str, values: Vec<i32>, accepted: RangeInclusive<i32>) -> Self {
        Column { name, accepted, values }
    }
}

impl Column<f64> {
    /// A variable in reals.
    ///
    /// # Errors
    /// If a value is not finite, or the count is not `n`.
    pub(crate) fn reals(name: &'static str, values: &PerNeuron, n: usize) -> Result<Self, ModelError> {
        Ok(Column::real(name, values.values(name, n)?))
    }

    /// A variable whose values were computed by the model.
    pub(crate) fn real(name: &'static str, values: Vec<f64>) -> Self {
        Column { name, accepted: i32::MIN..=i32::MAX, values }
    }

    /// A variable that starts at 0.
    pub(crate) fn real_zero(name: &'static str, n: usize) -> Self {
        Column::real(name, vec![0.0; n])
    }
}

/// What a 24-bit state register holds.
pub(crate) const STATE: RangeInclusive<i32> = -(1 << 23)..=(1 << 23) - 1;

/// What a 32-bit word holds.
pub(crate) const WORD: RangeInclusive<i32> = i32::MIN..=i32::MAX;

/// A running population: dynamics, persistent columns, and nothing else.
#[derive(Debug)]
pub(crate) struct Population<D, N, const I: usize, const S: usize, const P: usize, const O: usize> {
    dynamics: D,
    /// Number of the first neuron in its process.
    base: u32,
    n: usize,
    state: [Column<N>; S],
    parameters: [Column<N>; P],
}

impl<D, N: Number, const I: usize, const S: usize, const P: usize, const O: usize> Population<D, N, I, S, P, O>
where
    D: Dynamics<N, I, S, P, O>,
{
    /// Neurons `cut` of a process; every column has their number of values.
    pub(crate) fn new(dynamics: D, cut: &Range<usize>, state: [Column<N>; S], parameters: [Column<N>; P]) -> Self {
        Population { dynamics, base: cut.start as u32, n: cut.len(), state, parameters }
    }

    fn column(&self, var: usize) -> &Column<N> {
        self.state.get(var).unwrap_or_else(|| &self.parameters[var - S])
    }

    fn column_mut(&mut self, var: usize) -> &mut Column<N> {
        match var < S {
            true => &mut self.state[var],
            false => &mut self.parameters[var - S],
        }
    }

    /// What one step makes of neuron `i`.
    #[inline(always)]
    fn one(&self, i: usize, step: u64, x: [N; I]) -> Stepped<N, S, O> {
        let p: [N; P] = std::array::from_fn(|k| self.parameters[k].values[i]);
        let mut state = self.values(i);
        let active = x.iter().chain(&state).any(|value| *value != N::default()) || self.dynamics.driven(i, p);
        let mut left = 0u32;
        let at = At { index: self.base + i as u32, local: i, step };
        let out = self.dynamics.step(at, x, p, &mut state, &mut left);
        Stepped { state, out, left, active }
    }

    /// The state of neuron `i`.
    #[inline(always)]
    fn values(&self, i: usize) -> [N; S] {
        std::array::from_fn(|k| self.state[k].values[i])
    }

    /// Steps `range`; gives each neuron's outputs to `send` and returns how many neurons were active.
    fn advance(
        &mut self,
        range: Range<usize>,
        step: u64,
        inputs: &[&[N]],
        overflow: &mut Overflow,
        mut send: impl FnMut(usize, [N; O]),
    ) -> u64 {
        let (mut active, mut counts, mut firsts) = (0, [0u64; 32], [0u32; 32]);
        for i in range {
            let Stepped { state, out, mut left, active: own } =
                self.one(i, step, std::array::from_fn(|k| inputs[k][i]));
            active += u64::from(own);
            for (column, value) in self.state.iter_mut().zip(state) {
                column.values[i] = value;
            }
            while left != 0 {
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                if counts[bit] == 0 {
                    firsts[bit] = i as u32;
                }
                counts[bit] += 1;
            }
            send(i, out);
        }
        for (bit, (name, kind)) in self.dynamics.registers().iter().enumerate() {
            overflow.note(name, *kind, counts[bit], step, firsts[bit]);
        }
        active
    }

    /// See [`Bank::rest`].
    fn resting(&self, mut range: Range<usize>) -> Option<u64> {
        if !self.dynamics.steady() {
            return None;
        }
        range.try_fold(0, |active, i| {
            let stepped = self.one(i, 0, [N::default(); I]);
            let rests = stepped.state == self.values(i) && stepped.out == [N::default(); O] && stepped.left == 0;
            rests.then_some(active + u64::from(stepped.active))
        })
    }

    fn write(&mut self, var: usize, values: &[N]) -> Result<(), ModelError> {
        let column = self.column_mut(var);
        let (low, high) = (f64::from(*column.accepted.start()), f64::from(*column.accepted.end()));
        let whole = N::values(Vec::new()) == Values::Int(Vec::new());
        let bad = values.iter().position(|x| match whole {
            true => !(low..=high).contains(&x.real()),
            false => !x.real().is_finite(),
        });
        if let Some(i) = bad {
            let allowed = match whole {
                true => format!("an integer in {low}..={high}"),
                false => "a finite number".into(),
            };
            return Err(ModelError::range(format!("{}[{i}]", column.name), values[i].real(), allowed));
        }
        column.values.copy_from_slice(values);
        Ok(())
    }

    fn snapshot(&self) -> Vec<Values> {
        (0..S + P).map(|var| N::values(self.column(var).values.clone())).collect()
    }

    fn restore(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let n = self.n;
        if state.len() != S + P {
            return Err(ModelError::shape("saved state", &[state.len()], &[S + P]));
        }
        for (var, values) in state.iter().enumerate() {
            if values.len() != n {
                return Err(ModelError::shape("saved state", &[values.len()], &[n]));
            }
            // What ran may be beyond what a person may write: an unbounded arithmetic.
            self.column_mut(var).values = match values {
                Values::Int(all) => all.iter().map(|x| N::from_int(*x)).collect(),
                Values::Real(all) => all.iter().map(|x| N::from_real(*x)).collect(),
            };
        }
        Ok(())
    }
}

impl<D, N: Number, const I: usize, const S: usize, const P: usize, const O: usize> Kernel<N>
    for Population<D, N, I, S, P, O>
where
    D: Dynamics<N, I, S, P, O>,
{
    fn step(&mut self, io: &mut Io<'_, N>) {
        let inputs: Vec<&[N]> = io.inputs.iter().map(Vec::as_slice).collect();
        let outputs = &mut *io.outputs;
        self.advance(0..self.n, io.step, &inputs, io.overflow, |i, out| {
            for (port, value) in outputs.iter_mut().zip(out) {
                port[i] = value;
            }
        });
    }

    fn get(&self, var: usize) -> Vec<N> {
        self.column(var).values.clone()
    }

    fn set(&mut self, var: usize, values: &[N]) -> Result<(), ModelError> {
        self.write(var, values)
    }

    fn save(&self) -> Vec<Values> {
        self.snapshot()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        self.restore(state)
    }
}

/// The trains of a bank leave by its first out-ports, in their order.
impl<D, const I: usize, const S: usize, const P: usize, const O: usize> Bank for Population<D, i32, I, S, P, O>
where
    D: Dynamics<i32, I, S, P, O>,
{
    fn len(&self) -> usize {
        self.n
    }

    fn step(
        &mut self,
        range: Range<usize>,
        context: &mut BankContext<'_>,
        inputs: &[&[i32]],
        fired: &mut [Fired],
    ) -> u64 {
        let step = context.step;
        context.random_numbers += range.clone().map(|i| self.dynamics.draws(i)).sum::<u64>();
        let Some((first, more)) = fired.split_first_mut() else { return 0 };
        let send = |fired: &mut Fired, i: usize, (value, graded): (i32, bool)| {
            if value != 0 {
                fired.index.push(i as u32);
                if graded {
                    fired.payload.push(value);
                }
            }
        };
        self.advance(range, step, inputs, context.overflow, |i, out| {
            send(first, i, (out[0], D::GRADED[0]));
            for (fired, k) in more.iter_mut().zip(1..O) {
                send(fired, i, (out[k], D::GRADED[k]));
            }
        })
    }

    fn rest(&mut self, range: Range<usize>) -> Option<u64> {
        self.resting(range)
    }

    fn get(&self, var: usize) -> Vec<i32> {
        self.column(var).values.clone()
    }

    fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError> {
        self.write(var, values)
    }

    fn save(&self) -> Vec<Values> {
        self.snapshot()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        self.restore(state)
    }

    fn reach(&mut self) -> Option<Reach<'_>> {
        let (voltage, keep, shift) = self.dynamics.circuit()?;
        Some(Reach { v: &mut self.state[voltage].values, keep, shift })
    }
}

/// Parameters of a population whose dynamics are a [`Population`].
pub(crate) trait Neuron: Debug {
    /// In-ports and what they take.
    const IN: &'static [(&'static str, Kind)];
    /// Out-ports and what they send.
    const OUT: &'static [(&'static str, Kind)];
    /// Variables: state first, then writable parameters.
    const VARS: &'static [&'static str];
    /// The running population in registers.
    type Fixed: Bank + Kernel<i32> + 'static;
    /// The running population in reals.
    type Float: Kernel<f64> + 'static;

    /// See [`Behaviour::decays`].
    fn decays(&self) -> Vec<(&'static str, &Decay)> {
        Vec::new()
    }

    /// See [`Behaviour::fractions`].
    fn fractions(&self) -> Result<Vec<Fractions>, ModelError> {
        Ok(Vec::new())
    }

    /// See [`Behaviour::circuit`].
    const CIRCUIT: bool = false;

    /// Shape of the population.
    fn shape(&self) -> &[usize];

    /// Neurons `cut` in registers.
    fn registers(&self, setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError>;

    /// Neurons `cut` in vector registers, if there is such a form of them; it gives the bits of [`Neuron::registers`].
    fn vectors(&self, _setting: &Setting<'_>, _cut: Range<usize>) -> Result<Option<Box<dyn Bank>>, ModelError> {
        Ok(None)
    }

    /// All neurons in reals.
    fn reals(&self, setting: &Setting<'_>) -> Result<Self::Float, ModelError>;

    /// See [`Behaviour::sent_by`].
    fn sent_by(_port: usize) -> Sent {
        Sent::Spikes(0)
    }

    /// See [`Behaviour::analog`].
    fn deviating(&self, _setting: &Setting<'_>, _deviations: &[Deviation]) -> Option<Result<Analog, ModelError>> {
        None
    }
}

impl<T: Neuron> Behaviour for T {
    fn in_ports(&self) -> Vec<PortSpec> {
        T::IN.iter().map(|(name, kind)| PortSpec::new(name, *kind, self.shape())).collect()
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        T::OUT.iter().map(|(name, kind)| PortSpec::new(name, *kind, self.shape())).collect()
    }

    fn vars(&self) -> Vec<VarSpec> {
        T::VARS.iter().map(|name| VarSpec::new(name, self.shape())).collect()
    }

    fn fixed(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        Ok(Box::new(self.registers(setting, 0..length(self.shape()))?))
    }

    fn float(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        Ok(Box::new(self.reals(setting)?))
    }

    fn bank(&self, setting: &Setting<'_>, range: Range<usize>) -> Option<Result<Box<dyn Bank>, ModelError>> {
        let vectors = self.vectors(setting, range.clone()).transpose();
        Some(vectors.unwrap_or_else(|| Ok(Box::new(self.registers(setting, range)?))))
    }

    fn sent_by(&self, port: usize) -> Sent {
        T::sent_by(port)
    }

    fn decays(&self) -> Vec<(&'static str, &Decay)> {
        self.decays()
    }

    fn fractions(&self) -> Result<Vec<Fractions>, ModelError> {
        self.fractions()
    }

    fn circuit(&self) -> bool {
        T::CIRCUIT
    }

    fn analog(&self, setting: &Setting<'_>, deviations: &[Deviation]) -> Option<Result<Analog, ModelError>> {
        self.deviating(setting, deviations)
    }
}

/// The values times `2^exponent`.
pub(crate) fn scaled(values: &PerNeuron, exponent: i32) -> PerNeuron {
    let factor = f64::from(exponent).exp2();
    match values {
        PerNeuron::All(x) => PerNeuron::All(x * factor),
        PerNeuron::Each(all) => PerNeuron::Each(all.iter().map(|x| x * factor).collect()),
    }
}

/// Brings an exact sum or product into a 32-bit register; bit `bit` of `left` says that it did not fit.
#[inline(always)]
pub(crate) fn word(exact: i64, bit: u32, left: &mut u32) -> i32 {
    let held = exact as i32;
    *left |= u32::from(i64::from(held) != exact) << bit;
    held
}

/// Brings an exact value into a range by stopping at its ends; bit `bit` of `left` says that it did not fit.
#[inline(always)]
pub(crate) fn stop(exact: i64, range: (i64, i64), bit: u32, left: &mut u32) -> i32 {
    let held = exact.clamp(range.0, range.1);
    *left |= u32::from(held != exact) << bit;
    held as i32
}
