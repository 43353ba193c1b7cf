//! A process of the host while it runs: a kernel in its number type, or a channel to the user's thread.

use std::collections::BTreeMap;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use pumice_models::message::{FromHost, Phase, ToHost};
use pumice_models::{
    Arithmetic, Behaviour, Fired, Io, Kernel, Kind, Model, ModelError, Number, Overflow, OverflowKind, Sent, Setting,
    Values,
};

use crate::image::{Join, UnitBody, UnitImage};

/// The engine's end of the channels to a host process.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) to: Sender<ToHost>,
    pub(crate) from: Receiver<FromHost>,
}

/// A kernel with its port arrays.
#[derive(Debug)]
pub(crate) struct Seat<N> {
    pub(crate) kernel: Box<dyn Kernel<N>>,
    pub(crate) inputs: Vec<Vec<N>>,
    pub(crate) outputs: Vec<Vec<N>>,
    /// Whether an in-port has received anything in this step; decides how `Max` and `Min` start.
    touched: Vec<bool>,
    /// By in-port and element: how many times 2^32 its sum has lost in this step.
    lost: BTreeMap<(usize, u32), i32>,
    /// Names of the in-ports.
    ports: Vec<&'static str>,
    /// What such a loss counts as.
    beyond: OverflowKind,
    /// The first out-port of each train of spikes.
    senders: Vec<usize>,
    /// Spikes sent by them, of a process that receives something and sends spikes.
    spikes: Option<u64>,
}

/// A running process of the host.
#[derive(Debug)]
pub(crate) enum Unit {
    Int(Seat<i32>),
    Real(Seat<f64>),
    Host { line: Option<Line>, inputs: Vec<Vec<f64>>, outputs: Vec<Vec<f64>>, touched: Vec<bool> },
}

/// One array of a port, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Slice<'a> {
    Int(&'a [i32]),
    Real(&'a [f64]),
}

impl Slice<'_> {
    pub(crate) fn real(self, i: usize) -> f64 {
        match self {
            Slice::Int(all) => f64::from(all[i]),
            Slice::Real(all) => all[i],
        }
    }

    /// An element for a process of integers: a real is cut, which `Engine::propagate` counts.
    pub(crate) fn int(self, i: usize) -> i32 {
        match self {
            Slice::Int(all) => all[i],
            Slice::Real(all) => all[i] as i32,
        }
    }

    /// The elements that are not 0 as integers, with their values.
    pub(crate) fn spikes(self) -> Fired {
        let index = match self {
            Slice::Int(all) => nonzero(all.iter().copied()),
            Slice::Real(all) => nonzero(all.iter().map(|x| *x as i32)),
        };
        let payload = index.iter().map(|i| self.int(*i as usize)).collect();
        Fired { index, payload }
    }

    pub(crate) fn len(self) -> usize {
        match self {
            Slice::Int(all) => all.len(),
            Slice::Real(all) => all.len(),
        }
    }
}

/// Numbers of the values that are not 0; without branches, for who fires cannot be foreseen.
fn nonzero(values: impl ExactSizeIterator<Item = i32>) -> Vec<u32> {
    let mut index = vec![0; values.len()];
    let mut n = 0;
    for (i, x) in values.enumerate() {
        index[n] = i as u32;
        n += usize::from(x != 0);
    }
    index.truncate(n);
    index
}

/// The values of all of a variable of `n` elements, for something that runs in integers.
pub(crate) fn integers(name: &str, n: usize, values: &Values) -> Result<Vec<i32>, ModelError> {
    if values.len() != n {
        return Err(ModelError::shape(name, &[values.len()], &[n]));
    }
    values.to_int().ok_or_else(|| ModelError::range(name, "a fraction", "integers, unless it runs in floating point"))
}

impl Unit {
    pub(crate) fn new(image: &UnitImage, arithmetic: &Arithmetic, seed: u64) -> Result<Self, ModelError> {
        let setting = Setting { arithmetic, seed, place: image.process };
        let beyond = arithmetic.beyond_32_bits();
        Ok(match &image.body {
            UnitBody::Fixed(model) => Unit::Int(Seat::new(model.fixed(&setting)?, image, (model, beyond))),
            UnitBody::Float(model) => Unit::Real(Seat::new(model.float(&setting)?, image, (model, beyond))),
            UnitBody::Host => Unit::Host {
                line: None,
                inputs: image.inputs.iter().map(|(n, _)| vec![0.0; *n]).collect(),
                outputs: image.outputs.iter().map(|n| vec![0.0; *n]).collect(),
                touched: vec![false; image.inputs.len()],
            },
        })
    }

    pub(crate) fn output(&self, port: usize) -> Slice<'_> {
        match self {
            Unit::Int(seat) => Slice::Int(&seat.outputs[port]),
            Unit::Real(seat) => Slice::Real(&seat.outputs[port]),
            Unit::Host { outputs, .. } => Slice::Real(&outputs[port]),
        }
    }

    pub(crate) fn input(&self, port: usize) -> Slice<'_> {
        match self {
            Unit::Int(seat) => Slice::Int(&seat.inputs[port]),
            Unit::Real(seat) => Slice::Real(&seat.inputs[port]),
            Unit::Host { inputs, .. } => Slice::Real(&inputs[port]),
        }
    }

    /// Joins what a wire brings to an in-port.
    pub(crate) fn accept(&mut self, port: usize, join: Join, from: Slice<'_>, pairs: Option<&[(u32, u32)]>) {
        match self {
            Unit::Int(seat) => match (join, pairs, from) {
                (Join::Sum, None, Slice::Int(all)) => seat.add(port, all),
                _ => seat.accept(port, join, |i| from.int(i), from.len(), pairs),
            },
            Unit::Real(seat) => match (join, pairs, from) {
                (Join::Sum, None, Slice::Real(all)) => seat.add(port, all),
                _ => seat.accept(port, join, |i| from.real(i), from.len(), pairs),
            },
            Unit::Host { inputs, touched, .. } => {
                let first = !std::mem::replace(&mut touched[port], true);
                merge(&mut inputs[port], (join, first), |i| from.real(i), from.len(), pairs, |_, _| {});
            }
        }
    }

    /// Writes the outputs that are due to earlier steps.
    pub(crate) fn emit(&mut self, step: u64) {
        match self {
            Unit::Int(seat) => seat.kernel.emit(step, &mut seat.outputs),
            Unit::Real(seat) => seat.kernel.emit(step, &mut seat.outputs),
            Unit::Host { .. } => {}
        }
    }

    /// Forgets the inputs of the last step.
    pub(crate) fn clear(&mut self) {
        match self {
            Unit::Int(seat) => seat.clear(),
            Unit::Real(seat) => seat.clear(),
            Unit::Host { inputs, touched, .. } => {
                inputs.iter_mut().for_each(|all| all.fill(0.0));
                touched.fill(false);
            }
        }
    }

    /// Takes the inputs of this step; a host process is not stepped here.
    pub(crate) fn step(&mut self, step: u64, buffered: bool, overflow: &mut Overflow) {
        match self {
            Unit::Int(seat) => seat.step(step, buffered, overflow),
            Unit::Real(seat) => seat.step(step, buffered, overflow),
            Unit::Host { .. } => {}
        }
    }

    pub(crate) fn learn(&mut self, step: u64, overflow: &mut Overflow) {
        match self {
            Unit::Int(seat) => seat.kernel.learn(step, overflow),
            Unit::Real(seat) => seat.kernel.learn(step, overflow),
            Unit::Host { .. } => {}
        }
    }

    pub(crate) fn get(&self, var: usize) -> Option<Values> {
        match self {
            Unit::Int(seat) => Some(Values::Int(seat.kernel.get(var))),
            Unit::Real(seat) => Some(Values::Real(seat.kernel.get(var))),
            Unit::Host { .. } => None,
        }
    }

    /// Writes a variable, by its number and name.
    pub(crate) fn set(&mut self, (var, name): (usize, &str), values: &Values) -> Result<(), ModelError> {
        match self {
            Unit::Int(seat) => {
                let all = integers(name, seat.kernel.get(var).len(), values)?;
                seat.kernel.set(var, &all)
            }
            Unit::Real(seat) => match seat.kernel.get(var).len() {
                n if n == values.len() => seat.kernel.set(var, &values.to_real()),
                n => Err(ModelError::shape(name, &[values.len()], &[n])),
            },
            Unit::Host { .. } => Ok(()),
        }
    }

    /// Spikes that it has sent, if it is a process of neurons.
    pub(crate) fn sent(&self) -> Option<u64> {
        match self {
            Unit::Int(seat) => seat.spikes,
            Unit::Real(seat) => seat.spikes,
            Unit::Host { .. } => None,
        }
    }

    pub(crate) fn set_sent(&mut self, spikes: Option<u64>) {
        match self {
            Unit::Int(seat) => seat.spikes = spikes,
            Unit::Real(seat) => seat.spikes = spikes,
            Unit::Host { .. } => {}
        }
    }

    pub(crate) fn save(&self) -> Vec<Values> {
        match self {
            Unit::Int(seat) => seat.kernel.save(),
            Unit::Real(seat) => seat.kernel.save(),
            Unit::Host { .. } => Vec::new(),
        }
    }

    pub(crate) fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        match self {
            Unit::Int(seat) => seat.kernel.load(state),
            Unit::Real(seat) => seat.kernel.load(state),
            Unit::Host { .. } => Ok(()),
        }
    }
}

impl<N: Number> Seat<N> {
    fn new(kernel: Box<dyn Kernel<N>>, image: &UnitImage, (model, beyond): (&Model, OverflowKind)) -> Self {
        let spikes = model.out_ports().first().is_some_and(|port| matches!(port.kind, Kind::Spike | Kind::Graded));
        Seat {
            kernel,
            inputs: image.inputs.iter().map(|(n, _)| vec![N::default(); *n]).collect(),
            outputs: image.outputs.iter().map(|n| vec![N::default(); *n]).collect(),
            touched: vec![false; image.inputs.len()],
            lost: BTreeMap::new(),
            ports: model.in_ports().into_iter().map(|port| port.name).collect(),
            beyond,
            senders: senders(model),
            spikes: (spikes && !image.inputs.is_empty()).then_some(0),
        }
    }

    fn accept(&mut self, port: usize, join: Join, from: impl Fn(usize) -> N, n: usize, pairs: Option<&[(u32, u32)]>) {
        let first = !std::mem::replace(&mut self.touched[port], true);
        let lost = |k, carry| *self.lost.entry((port, k as u32)).or_default() += carry;
        merge(&mut self.inputs[port], (join, first), from, n, pairs, lost);
    }

    /// What [`Seat::accept`] does with sums of whole arrays.
    fn add(&mut self, port: usize, from: &[N]) {
        if add_all(&mut self.inputs[port], from) {
            self.touched[port] = true;
        } else {
            self.accept(port, Join::Sum, |i| from[i], from.len(), None);
        }
    }

    fn clear(&mut self) {
        self.inputs.iter_mut().for_each(|all| all.fill(N::default()));
        self.touched.fill(false);
    }

    fn step(&mut self, step: u64, buffered: bool, overflow: &mut Overflow) {
        if !buffered {
            self.outputs.iter_mut().for_each(|all| all.fill(N::default()));
        }
        // Carries of both signs cancel: the exact sum fits again.
        for ((port, k), _) in std::mem::take(&mut self.lost).into_iter().filter(|(_, carries)| *carries != 0) {
            overflow.note(self.ports[port], self.beyond, 1, step, k);
        }
        self.kernel.step(&mut Io { step, inputs: &self.inputs, outputs: &mut self.outputs, overflow });
        if let Some(spikes) = &mut self.spikes {
            let sent = |port: &usize| self.outputs[*port].iter().map(|x| u64::from(*x != N::default())).sum::<u64>();
            *spikes += self.senders.iter().map(sent).sum::<u64>();
        }
    }
}

/// The first out-port of each train of spikes of a process.
fn senders(model: &Model) -> Vec<usize> {
    let first = |train| (0..model.out_ports().len()).find(|port| model.sent_by(*port) == Sent::Spikes(train));
    (0..model.trains()).filter_map(first).collect()
}

/// Joins `n` elements, or the given pairs of them, to an array, and tells how many times 2^32 sums lose.
fn merge<N: Number>(
    into: &mut [N],
    (join, first): (Join, bool),
    from: impl Fn(usize) -> N,
    n: usize,
    pairs: Option<&[(u32, u32)]>,
    mut lost: impl FnMut(usize, i32),
) {
    let mut one = |i: usize, k: usize| {
        let x = from(i);
        if join == Join::Sum && into[k].carry(x) != 0 {
            lost(k, into[k].carry(x));
        }
        into[k] = match join {
            Join::Sum => into[k].plus(x),
            Join::Max if !first => {
                if into[k].real() >= x.real() {
                    into[k]
                } else {
                    x
                }
            }
            Join::Min if !first => {
                if into[k].real() <= x.real() {
                    into[k]
                } else {
                    x
                }
            }
            Join::Max | Join::Min => x,
        };
    };
    match pairs {
        None => (0..n).for_each(|i| one(i, i)),
        Some(pairs) => pairs.iter().for_each(|(i, k)| one(*i as usize, *k as usize)),
    }
}

/// Adds an array to the beginning of another, in vector registers; does nothing and returns false if a sum loses high bits.
fn add_all<N: Number>(into: &mut [N], from: &[N]) -> bool {
    let fits = into.iter().zip(from).fold(true, |all, (sum, x)| all & (sum.carry(*x) == 0));
    if fits {
        into.iter_mut().zip(from).for_each(|(sum, x)| *sum = sum.plus(*x));
    }
    fits
}

/// What became of a phase of a host process.
pub(crate) enum Answer {
    Done { outputs: Vec<Values>, pause: bool },
    Get { process: u32, variable: usize },
    Set { process: u32, variable: usize, values: Values },
    Failed(String),
    Silent,
    Gone,
}

impl Line {
    pub(crate) fn start(&self, phase: Phase, step: u64, inputs: Vec<Values>) -> bool {
        self.to.send(ToHost::Run { phase, step, inputs }).is_ok()
    }

    pub(crate) fn wait(&self, limit: Duration) -> Answer {
        match self.from.recv_timeout(limit) {
            Ok(FromHost::Done { outputs, pause }) => Answer::Done { outputs, pause },
            Ok(FromHost::Get { process, variable }) => Answer::Get { process, variable },
            Ok(FromHost::Set { process, variable, values }) => Answer::Set { process, variable, values },
            Ok(FromHost::Failed(fault)) => Answer::Failed(fault),
            Err(RecvTimeoutError::Timeout) => Answer::Silent,
            Err(RecvTimeoutError::Disconnected) => Answer::Gone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn word() -> impl Strategy<Value = i32> {
        prop_oneof![-9..9, Just(i32::MAX), Just(i32::MIN), any::<i32>()]
    }

    proptest! {
        /// An array added as a whole is the same added one by one, wherever no sum loses high bits.
        #[test]
        fn whole_arrays_are_added_as_elements_are(sums in prop::collection::vec((word(), word()), 0..20), rest in 0usize..3) {
            let (mut into, from): (Vec<i32>, Vec<i32>) = sums.into_iter().unzip();
            into.extend(vec![7; rest]);
            let (mut single, mut lost) = (into.clone(), false);
            merge(&mut single, (Join::Sum, true), |i| from[i], from.len(), None, |_, _| lost = true);
            let before = into.clone();
            prop_assert_eq!(add_all(&mut into, &from), !lost);
            prop_assert_eq!(into, if lost { before } else { single });
        }
    }
}
