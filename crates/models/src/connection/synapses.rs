//! The kernels shared by all connections that list their synapses: columns by source, sums held until due.

use std::borrow::Cow;

use crate::arithmetic::{Arithmetic, WeightExponent, WeightRounding};
use crate::connection::drawn::Drawn;
use crate::connection::rows::{Columns, RowFormat, Rows};
use crate::connection::weight::WeightFormat;
use crate::{Io, Kernel, Kind, ModelError, Number, Overflow, OverflowKind, Setting, Values, VarSpec};
use pumice_num::{faulty, shift};

/// Synapses as a person gave them, every stored one, zeros included.
#[derive(Clone, Debug)]
pub(crate) struct Synapses<'a> {
    pub(crate) n_in: usize,
    pub(crate) n_out: usize,
    pub(crate) sources: Cow<'a, [u32]>,
    pub(crate) targets: Cow<'a, [u32]>,
    pub(crate) weights: Cow<'a, [f64]>,
    /// Empty if there is no delay.
    pub(crate) delays: Vec<u8>,
    /// Steps for which sums can be held beyond the one of every connection, at least the longest delay.
    pub(crate) max_delay: usize,
    pub(crate) format: WeightFormat,
    /// Whether weights act as given, without the format.
    pub(crate) as_given: bool,
    /// Whether fixed kernels take weights rounded to integers; otherwise they refuse fractions.
    pub(crate) rounded: bool,
    pub(crate) graded: bool,
    pub(crate) layout: RowFormat,
}

/// A connection that can list its synapses; [`behaves_as_listed!`] makes it a process.
pub(crate) trait Listed {
    /// Shapes of the messages that come in and go out.
    fn shapes(&self) -> [Vec<usize>; 2];

    /// Bits of a spike's payload; 0 counts every spike as 1.
    fn message_bits(&self) -> u32;

    /// The variable that holds the weights, if it has a known length.
    fn weights(&self) -> Option<VarSpec>;

    /// Lists the synapses.
    fn synapses(&self, setting: &Setting<'_>) -> Result<Synapses<'_>, ModelError>;

    /// The synapses as a function, where that is known to be the same.
    fn drawn(&self, _setting: &Setting<'_>) -> Option<Result<Drawn, ModelError>> {
        None
    }
}

/// Makes a process of a [`Listed`] connection.
macro_rules! behaves_as_listed {
    ($($connection:ty),+) => {$(
        impl $crate::Behaviour for $connection {
            fn in_ports(&self) -> Vec<$crate::PortSpec> {
                let kind = $crate::connection::synapses::message_kind($crate::connection::synapses::Listed::message_bits(self));
                let [shape, _] = $crate::connection::synapses::Listed::shapes(self);
                vec![$crate::PortSpec::new("s_in", kind, &shape)]
            }

            fn out_ports(&self) -> Vec<$crate::PortSpec> {
                let [_, shape] = $crate::connection::synapses::Listed::shapes(self);
                vec![$crate::PortSpec::new("a_out", $crate::Kind::Activation, &shape)]
            }

            fn vars(&self) -> Vec<$crate::VarSpec> {
                $crate::connection::synapses::Listed::weights(self).into_iter().collect()
            }

            fn buffered(&self) -> bool {
                true
            }

            fn fixed(&self, setting: &$crate::Setting<'_>) -> Result<Box<dyn $crate::Kernel<i32>>, $crate::ModelError> {
                let synapses = $crate::connection::synapses::Listed::synapses(self, setting)?;
                Ok(Box::new(synapses.fixed(setting.arithmetic)?))
            }

            fn float(&self, setting: &$crate::Setting<'_>) -> Result<Box<dyn $crate::Kernel<f64>>, $crate::ModelError> {
                Ok(Box::new($crate::connection::synapses::Listed::synapses(self, setting)?.float()))
            }

            fn rows(&self, setting: &$crate::Setting<'_>) -> Option<Result<$crate::Rows, $crate::ModelError>> {
                let synapses = $crate::connection::synapses::Listed::synapses(self, setting);
                Some(synapses.and_then(|s| s.rows(setting.arithmetic)))
            }

            fn rows_with(
                &self,
                setting: &$crate::Setting<'_>,
                weights: &[i32],
            ) -> Option<Result<$crate::Rows, $crate::ModelError>> {
                let synapses = $crate::connection::synapses::Listed::synapses(self, setting);
                Some(synapses.and_then(|s| s.rows_with(setting.arithmetic, weights)))
            }

            fn drawn(&self, setting: &$crate::Setting<'_>) -> Option<Result<$crate::Drawn, $crate::ModelError>> {
                $crate::connection::synapses::Listed::drawn(self, setting)
            }
        }
    )+};
}
pub(crate) use behaves_as_listed;

/// Kind of the spikes a connection takes.
pub(crate) const fn message_kind(bits: u32) -> Kind {
    if bits > 0 { Kind::Graded } else { Kind::Spike }
}

/// The bits of a payload, if a connection can have them.
pub(crate) fn check_message_bits(bits: u32) -> Result<(), ModelError> {
    match bits {
        0..=24 => Ok(()),
        _ => Err(ModelError::range("num_message_bits", bits, "an integer in 0..=24")),
    }
}

/// Delays as bytes, and the number of steps to hold; `longest` is what the arithmetic allows.
///
/// `max_delay` of 0 means as long as the longest delay (Lava).
pub(crate) fn check_delays(
    delays: &[f64],
    max_delay: u32,
    longest: u32,
    name: impl Fn(usize) -> String,
) -> Result<(Vec<u8>, usize), ModelError> {
    if max_delay > longest {
        let allowed = format!("an integer in 0..={longest}");
        return Err(ModelError::range("max_delay", max_delay, allowed));
    }
    let most = if max_delay == 0 { longest } else { max_delay };
    let ok = |d: &f64| d.fract() == 0.0 && (0.0..=f64::from(most)).contains(d);
    if let Some(k) = delays.iter().position(|d| !ok(d)) {
        let allowed = format!("an integer in 0..={most}");
        return Err(ModelError::range(name(k), delays[k], allowed));
    }
    let bytes: Vec<u8> = delays.iter().map(|d| *d as u8).collect();
    let held = bytes.iter().copied().max().unwrap_or(0);
    let bytes = if held == 0 { Vec::new() } else { bytes };
    Ok((bytes, usize::from(held).max(max_delay as usize)))
}

/// The weights as they act on the accumulator, and how many were cut to their range.
///
/// Without a format, weights act as given.
///
/// # Errors
/// If one is not an integer that 24 bits hold, and the arithmetic does not round reals itself.
pub(crate) fn effective(
    weights: &[f64],
    format: Option<WeightFormat>,
    a: &Arithmetic,
    name: impl Fn(usize) -> String,
) -> Result<(Vec<i32>, Overflow), ModelError> {
    let mut clipped = Overflow::default();
    let rounds = a.weight_rounding == WeightRounding::Nearest && a.weight_exponent == WeightExponent::Synapse;
    let mut all = Vec::with_capacity(weights.len());
    for (k, w) in weights.iter().enumerate() {
        if let Some(format) = format.filter(|_| rounds) {
            all.push(format.discretize(*w, true));
            continue;
        }
        if w.fract() != 0.0 || w.abs() > 8_388_607.0 {
            let hint = "an integer; quantise the weights or run this process on the float backend";
            return Err(ModelError::range(name(k), w, hint));
        }
        let whole = *w as i32;
        if format.is_some_and(|f| f.clip(whole, a) != whole) {
            clipped.note("weights", OverflowKind::Clip, 1, 0, k as u32);
        }
        all.push(format.map_or(whole, |f| f.effective(whole, a)));
    }
    Ok((all, clipped))
}

impl Synapses<'_> {
    /// Checks the indices and weights; every other check is that of whoever made them.
    pub(crate) fn check(self) -> Result<Self, ModelError> {
        let n = self.weights.len();
        if u32::try_from(n).is_err() {
            return Err(ModelError::range("weights", n, "at most 2^32 - 1 synapses"));
        }
        for (field, indices, end) in [("sources", &self.sources, self.n_in), ("targets", &self.targets, self.n_out)] {
            if indices.len() != n {
                return Err(ModelError::shape(field, &[indices.len()], &[n]));
            }
            if let Some(k) = indices.iter().position(|i| *i as usize >= end) {
                let allowed = format!("an index below {end}");
                return Err(ModelError::range(format!("{field}[{k}]"), indices[k], allowed));
            }
        }
        match self.weights.iter().position(|w| !w.is_finite()) {
            Some(k) => Err(ModelError::range(self.name(k), self.weights[k], "a finite number")),
            None => Ok(self),
        }
    }

    fn name(&self, k: usize) -> String {
        format!("weights[{}][{}]", self.targets[k], self.sources[k])
    }

    fn effective(&self, a: &Arithmetic) -> Result<(Vec<i32>, Overflow), ModelError> {
        let format = (!self.as_given).then_some(self.format);
        if self.rounded {
            let rounded: Vec<f64> = self.weights.iter().map(|w| w.round_ties_even()).collect();
            return effective(&rounded, format, a, |k| self.name(k));
        }
        effective(&self.weights, format, a, |k| self.name(k))
    }

    fn columns<W: Copy + Default>(&self, weights: &[W]) -> Columns<W> {
        let shape = [self.n_in, self.n_out];
        Columns::new(shape, &self.sources, &self.targets, weights, &self.delays)
    }

    fn exponent(&self, a: &Arithmetic) -> i32 {
        if self.as_given { 0 } else { self.format.sum_exponent(a) }
    }

    pub(crate) fn fixed(&self, a: &Arithmetic) -> Result<FixedSynapses, ModelError> {
        let (weights, clipped) = self.effective(a)?;
        let size = self.n_out * (self.max_delay + 1);
        Ok(FixedSynapses {
            columns: self.columns(&weights),
            exponent: self.exponent(a),
            graded: self.graded,
            n_out: self.n_out,
            due: Held::new(self.n_out, self.max_delay + 1),
            arriving: vec![0; size],
            touched: vec![false; self.max_delay + 1],
            beyond: a.beyond_32_bits(),
            clipped,
        })
    }

    pub(crate) fn float(&self) -> FloatSynapses {
        let exponent = if self.as_given { 0 } else { self.format.exponent };
        let scale = f64::from(exponent).exp2();
        let mut columns = self.columns(&self.weights);
        columns.weight.iter_mut().for_each(|w| *w *= scale);
        FloatSynapses { columns, graded: self.graded, due: Held::new(self.n_out, self.max_delay + 1) }
    }

    pub(crate) fn rows(&self, a: &Arithmetic) -> Result<Rows, ModelError> {
        let (weights, clipped) = self.effective(a)?;
        Ok(Rows { clipped, ..self.rows_with(a, &weights)? })
    }

    /// The rows of weights that act as given, in the order in which the synapses are listed.
    pub(crate) fn rows_with(&self, a: &Arithmetic, weights: &[i32]) -> Result<Rows, ModelError> {
        if weights.len() != self.weights.len() {
            return Err(ModelError::shape("weights", &[weights.len()], &[self.weights.len()]));
        }
        let mut rows = self.columns(weights).into_rows();
        rows.sum_exponent = self.exponent(a);
        rows.graded = self.graded;
        rows.format = self.layout;
        rows.weight_bits = self.format.bits;
        Ok(rows)
    }
}

/// Sums that wait for their step: one slot per delay, in a ring.
#[derive(Clone, Debug)]
pub(crate) struct Held<N> {
    n_out: usize,
    now: usize,
    slots: Vec<N>,
}

impl<N: Copy + Default> Held<N> {
    pub(crate) fn new(n_out: usize, n_slots: usize) -> Self {
        Held { n_out, now: 0, slots: vec![N::default(); n_out * n_slots] }
    }

    fn n_slots(&self) -> usize {
        self.slots.len() / self.n_out.max(1)
    }

    /// Takes what is due now and turns the ring.
    pub(crate) fn take(&mut self, out: &mut [N]) {
        if self.slots.is_empty() {
            return;
        }
        let from = self.now * self.n_out;
        let slot = &mut self.slots[from..from + self.n_out];
        out.copy_from_slice(slot);
        slot.fill(N::default());
        self.now = (self.now + 1) % self.n_slots();
    }

    /// The slot that leaves `delay` steps after the next [`Held::take`]; `delay` is below the number of slots.
    #[inline(always)]
    pub(crate) fn slot(&mut self, delay: usize) -> &mut [N] {
        let from = (self.now + delay) * self.n_out;
        let from = if from < self.slots.len() { from } else { from - self.slots.len() };
        &mut self.slots[from..from + self.n_out]
    }

    /// All slots, the next to leave first.
    pub(crate) fn save(&self) -> Vec<N> {
        let from = self.now * self.n_out;
        [&self.slots[from..], &self.slots[..from]].concat()
    }

    /// Takes back what [`Held::save`] gave.
    pub(crate) fn load(&mut self, slots: &[N]) {
        self.now = 0;
        self.slots.copy_from_slice(slots);
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }
}

/// The fixed kernel: sums of effective weights, then the exponent, then the wait.
#[derive(Debug)]
pub(crate) struct FixedSynapses {
    columns: Columns<i32>,
    exponent: i32,
    graded: bool,
    n_out: usize,
    due: Held<i32>,
    /// Workspace: the sums of this step by delay, before the exponent.
    arriving: Vec<i32>,
    /// Workspace: which delays have sums in this step.
    touched: Vec<bool>,
    /// What a sum counts as that 32 bits do not hold.
    beyond: OverflowKind,
    /// Weights cut when they were loaded, reported with the first step.
    clipped: Overflow,
}

/// Adds `weight * payload`; whether the sum left 32 bits.
#[inline(always)]
pub(crate) fn accumulate(sum: &mut i32, weight: i32, payload: i32) -> bool {
    let (product, lost) = weight.overflowing_mul(payload);
    let (total, carried) = sum.overflowing_add(product);
    *sum = faulty!(total, LastWeight => product);
    lost | carried
}

impl FixedSynapses {
    /// Adds one column to the sums of this step; whether an addition lost bits.
    ///
    /// Without an exponent the sums are those that wait; with one they are kept apart until they are scaled.
    fn deliver(&mut self, source: usize, payload: i32) -> bool {
        let column = self.columns.start[source]..self.columns.start[source + 1];
        let synapses = self.columns.target[column.clone()].iter().zip(&self.columns.weight[column.clone()]);
        let direct = self.exponent == 0;
        let mut lost = false;
        if self.columns.delay.is_empty() {
            self.touched[0] |= !direct && !column.is_empty();
            let sums = if direct { self.due.slot(0) } else { &mut self.arriving[..self.n_out] };
            for (target, w) in synapses {
                lost |= accumulate(&mut sums[*target as usize], *w, payload);
            }
            return lost;
        }
        for ((target, w), delay) in synapses.zip(&self.columns.delay[column]) {
            let delay = usize::from(faulty!(*delay, ShortDelay => delay.saturating_sub(1)));
            let sum = if direct {
                &mut self.due.slot(delay)[*target as usize]
            } else {
                self.touched[delay] = true;
                &mut self.arriving[delay * self.n_out + *target as usize]
            };
            lost |= accumulate(sum, *w, payload);
        }
        lost
    }
}

impl FixedSynapses {
    /// Forms the sums of this step again, for single additions have lost bits, and notes those that do not fit.
    fn look_again(&mut self, io: &mut Io<'_, i32>) {
        let mut added = vec![0; self.arriving.len()];
        for (source, s) in io.inputs[0].iter().enumerate().filter(|(_, s)| **s != 0) {
            let payload = if self.graded { i128::from(*s) } else { 1 };
            for k in self.columns.start[source]..self.columns.start[source + 1] {
                let delay = self.columns.delay.get(k).map_or(0, |d| usize::from(*d));
                added[delay * self.n_out + self.columns.target[k] as usize] +=
                    i128::from(self.columns.weight[k]) * payload;
            }
        }
        for (delay, added) in added.chunks(self.n_out.max(1)).enumerate() {
            let sums = match self.exponent {
                0 => self.due.slot(delay),
                _ => &mut self.arriving[delay * self.n_out..(delay + 1) * self.n_out],
            };
            io.overflow.note_lost("a_out", self.beyond, io.step, added, sums);
        }
    }
}

impl Kernel<i32> for FixedSynapses {
    fn emit(&mut self, _step: u64, outputs: &mut [Vec<i32>]) {
        self.due.take(&mut outputs[0]);
    }

    fn step(&mut self, io: &mut Io<'_, i32>) {
        io.overflow.merge(&std::mem::take(&mut self.clipped), 0);
        let mut lost = false;
        spiking(&io.inputs[0], |source, s| lost |= self.deliver(source, if self.graded { s } else { 1 }));
        if lost {
            self.look_again(io);
        }
        for (delay, touched) in self.touched.iter_mut().enumerate() {
            if !std::mem::take(touched) {
                continue;
            }
            let sums = &mut self.arriving[delay * self.n_out..(delay + 1) * self.n_out];
            for (i, (d, sum)) in self.due.slot(delay).iter_mut().zip(sums).enumerate() {
                let shifted = shift(*sum, faulty!(self.exponent, NoExponent => 0));
                let lost = self.exponent > 0 && shifted >> self.exponent != *sum;
                if accumulate(d, shifted, 1) | lost {
                    let index = i as u32;
                    io.overflow.note("a_out", self.beyond, 1, io.step, index);
                }
                *sum = 0;
            }
        }
    }

    fn get(&self, _var: usize) -> Vec<i32> {
        self.columns.weights()
    }

    fn set(&mut self, _var: usize, values: &[i32]) -> Result<(), ModelError> {
        self.columns.replace(values);
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        vec![Values::Int(self.due.save()), Values::Int(self.columns.weights())]
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let due = crate::neuron::bank::saved(state, 0, self.due.len())?;
        let weights = crate::neuron::bank::saved(state, 1, self.columns.weight.len())?;
        self.due.load(&due);
        self.columns.replace(&weights);
        Ok(())
    }
}

/// Shows the elements that are not 0, a line of memory at a time, for most are.
fn spiking<N: Number>(input: &[N], mut show: impl FnMut(usize, N)) {
    const LINE: usize = 16;
    for (line, values) in input.chunks(LINE).enumerate() {
        if values.iter().fold(false, |any, x| any | (*x != N::default())) {
            let elements = values.iter().enumerate().filter(|(_, x)| **x != N::default());
            elements.for_each(|(k, x)| show(line * LINE + k, *x));
        }
    }
}

/// How many delays are equal to the first.
fn run(delays: &[u8]) -> usize {
    delays.iter().take_while(|d| **d == delays[0]).count()
}

/// The float twin: weights as given, times two to the exponent.
#[derive(Debug)]
pub(crate) struct FloatSynapses {
    columns: Columns<f64>,
    graded: bool,
    due: Held<f64>,
}

impl Kernel<f64> for FloatSynapses {
    fn emit(&mut self, _step: u64, outputs: &mut [Vec<f64>]) {
        self.due.take(&mut outputs[0]);
    }

    fn step(&mut self, io: &mut Io<'_, f64>) {
        let FloatSynapses { columns, graded, due } = self;
        spiking(&io.inputs[0], |source, s| {
            let payload = if *graded { s } else { 1.0 };
            let mut at = columns.start[source];
            let end = columns.start[source + 1];
            while at < end {
                let (delay, until) = match columns.delay.get(at..end) {
                    Some(delays) => (usize::from(delays[0]), at + run(delays)),
                    None => (0, end),
                };
                let sums = due.slot(delay);
                for (target, w) in columns.target[at..until].iter().zip(&columns.weight[at..until]) {
                    sums[*target as usize] += w * payload;
                }
                at = until;
            }
        });
    }

    fn get(&self, _var: usize) -> Vec<f64> {
        self.columns.weights()
    }

    fn set(&mut self, _var: usize, values: &[f64]) -> Result<(), ModelError> {
        self.columns.replace(values);
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        vec![Values::Real(self.due.save()), Values::Real(self.columns.weights())]
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let due = saved_reals(state, 0, self.due.len())?;
        let weights = saved_reals(state, 1, self.columns.weight.len())?;
        self.due.load(&due);
        self.columns.replace(&weights);
        Ok(())
    }
}

/// Takes an array of `n` reals out of a saved state.
pub(crate) fn saved_reals(state: &[Values], k: usize, n: usize) -> Result<Vec<f64>, ModelError> {
    match state.get(k).map(Values::to_real) {
        Some(all) if all.len() == n => Ok(all),
        other => Err(ModelError::range(
            format!("saved state {k}"),
            other.map_or("missing".into(), |v| format!("{} values", v.len())),
            format!("{n} reals"),
        )),
    }
}
