//! Convolution in space: a kernel of weights, shared by all positions.
//!
//! ```text
//! a_out[t][x, y, o] = sum over i, j, c of  s[t-1][x*sx + (kw-1-i)*dx - px, y*sy + (kh-1-j)*dy - py, c + g*cg] * weight[o, i, j, c]
//! size of x:          (W + 2 px - dx (kw - 1) - 1) / sx + 1, rounded down
//! ```
//!
//! This is a true convolution: the kernel is flipped. `g` is the group of output channel o and `cg` the input
//! channels per group; positions outside the input count as zero. Shapes are `(W, H, C)`, in C order. The sum
//! of a step wraps at [`Arithmetic::conv_sum_bits`]; whether weight exponent and bits act is
//! [`Arithmetic::conv_weights`], because Lava ignores them.
//!
//! Source: Lava 0.10 `lava/proc/conv/models.py`, `lava/proc/conv/utils.py`; pinned by recordings.

mod geometry;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rows::{RowFormat, Rows};
use super::synapses::{Held, accumulate, check_message_bits, effective, message_kind, saved_reals};
use super::weight::WeightFormat;
use crate::arithmetic::ConvWeights;
use crate::{
    Arithmetic, Behaviour, Io, Kernel, Kind, ModelError, Overflow, OverflowKind, PortSpec, Setting, Values, VarSpec,
    length,
};
use geometry::{Axis, Geometry, Taps};
use pumice_num::shift;

/// A size in space: one number for both axes, or `[x, y]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Pair {
    /// The same for both axes.
    Both(usize),
    /// `[x, y]`.
    Each([usize; 2]),
}

impl Pair {
    /// `[x, y]`.
    pub const fn xy(self) -> [usize; 2] {
        match self {
            Pair::Both(n) => [n, n],
            Pair::Each(xy) => xy,
        }
    }

    pub(super) const fn zero() -> Self {
        Pair::Both(0)
    }

    pub(super) const fn one() -> Self {
        Pair::Both(1)
    }
}

/// Lava's `Conv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conv {
    /// Weights, `(C_out, W, H, C_in / groups)`.
    pub weight: Vec<Vec<Vec<Vec<f64>>>>,
    /// Power of two that scales all weights, `-8..=7`; see `conv_weights` of the arithmetic.
    #[serde(default)]
    pub weight_exp: i32,
    /// Shape of the input, `(W, H, C)`.
    #[serde(default = "unit")]
    pub input_shape: [usize; 3],
    /// Zeros around the input.
    #[serde(default = "Pair::zero")]
    pub padding: Pair,
    /// Steps between positions of the kernel.
    #[serde(default = "Pair::one")]
    pub stride: Pair,
    /// Steps between elements of the kernel.
    #[serde(default = "Pair::one")]
    pub dilation: Pair,
    /// Groups of channels that do not mix.
    #[serde(default = "one")]
    pub groups: usize,
    /// Bits per weight, `1..=8`; see `conv_weights` of the arithmetic.
    #[serde(default = "super::weight::eight")]
    pub num_weight_bits: u32,
    /// Bits of a spike's payload, `0..=24`; 0 counts every spike as 1.
    #[serde(default)]
    pub num_message_bits: u32,
}

fn unit() -> [usize; 3] {
    [1; 3]
}

fn one() -> usize {
    1
}

impl Conv {
    /// A convolution of an input `(W, H, C)` with a kernel `(C_out, W, H, C_in)`, stride 1, no padding.
    pub fn new(input_shape: [usize; 3], weight: Vec<Vec<Vec<Vec<f64>>>>) -> Self {
        Conv {
            weight,
            weight_exp: 0,
            input_shape,
            padding: Pair::zero(),
            stride: Pair::one(),
            dilation: Pair::one(),
            groups: 1,
            num_weight_bits: 8,
            num_message_bits: 0,
        }
    }

    fn flat(&self) -> Vec<f64> {
        self.weight.concat().concat().concat()
    }

    fn kernel_shape(&self) -> [usize; 4] {
        let first = self.weight.first();
        let second = first.and_then(|w| w.first());
        let third = second.and_then(|w| w.first());
        [self.weight.len(), first.map_or(0, Vec::len), second.map_or(0, Vec::len), third.map_or(0, Vec::len)]
    }

    /// Checks all parameters and lays out the positions.
    pub(super) fn geometry(&self) -> Result<Geometry, ModelError> {
        check_message_bits(self.num_message_bits)?;
        let kernel = self.kernel_shape();
        let n = self.flat().len();
        let ragged = self.weight.iter().any(|w| w.len() != kernel[1] || w.iter().any(|w| w.len() != kernel[2]))
            || self.weight.iter().flatten().flatten().any(|w| w.len() != kernel[3]);
        if n == 0 || ragged {
            let allowed = "four dimensions of equal rows, at least one weight";
            return Err(ModelError::range("weight", format!("{kernel:?}"), allowed));
        }
        let [w, h, channels] = self.input_shape;
        if self.groups == 0 || !channels.is_multiple_of(self.groups) || !kernel[0].is_multiple_of(self.groups) {
            let allowed = format!("a divisor of {channels} and {} channels", kernel[0]);
            return Err(ModelError::range("groups", self.groups, allowed));
        }
        if channels != kernel[3] * self.groups {
            let expected = [kernel[0], kernel[1], kernel[2], channels / self.groups];
            return Err(ModelError::shape("weight", &kernel, &expected));
        }
        let x = self.axis(0, w, kernel[1])?;
        let y = self.axis(1, h, kernel[2])?;
        Ok(Geometry { input: self.input_shape, kernel, groups: self.groups, axes: [x, y] })
    }

    fn axis(&self, axis: usize, size: usize, kernel: usize) -> Result<Axis, ModelError> {
        let [stride, dilation] = [self.stride, self.dilation].map(|pair| pair.xy()[axis]);
        for (field, value) in [("stride", stride), ("dilation", dilation)] {
            if value == 0 {
                return Err(ModelError::range(field, value, "at least 1"));
            }
        }
        let padding = self.padding.xy()[axis];
        let reach = dilation * (kernel - 1) + 1;
        if size + 2 * padding < reach {
            let allowed = format!("at least {} for this kernel", reach.saturating_sub(2 * padding));
            return Err(ModelError::range(format!("input_shape[{axis}]"), size, allowed));
        }
        Ok(Axis { size, kernel, padding, stride, dilation, out: (size + 2 * padding - reach) / stride + 1 })
    }

    fn format(&self) -> Result<WeightFormat, ModelError> {
        let flat = self.flat();
        WeightFormat::new(self.weight_exp, self.num_weight_bits, None, flat.iter().copied())
    }

    pub(super) fn fixed_kernel(&self, a: &Arithmetic, format: Option<WeightFormat>) -> Result<FixedConv, ModelError> {
        let geometry = self.geometry()?;
        let name = |k: usize| format!("weight[{k}]");
        let (weights, clipped) = effective(&self.flat(), format, a, name)?;
        let n_out = length(&geometry.output());
        let mut kernel = FixedConv {
            taps: geometry.taps(),
            weights: vec![0; weights.len()],
            exponent: format.map_or(0, |f| f.sum_exponent(a)),
            sum_bits: a.conv_sum_bits,
            graded: self.num_message_bits > 0,
            due: Held::new(n_out, 1),
            arriving: vec![0; n_out],
            beyond: a.beyond_32_bits(),
            clipped,
            geometry,
        };
        kernel.assign(&weights);
        Ok(kernel)
    }

    pub(super) fn float_kernel(&self, scale: f64) -> Result<FloatConv, ModelError> {
        let geometry = self.geometry()?;
        let weights = self.flat();
        if let Some(k) = weights.iter().position(|w| !w.is_finite()) {
            let allowed = "a finite number";
            return Err(ModelError::range(format!("weight[{k}]"), weights[k], allowed));
        }
        Ok(FloatConv {
            due: vec![0.0; length(&geometry.output())],
            weights: weights.iter().map(|w| w * scale).collect(),
            graded: self.num_message_bits > 0,
            geometry,
        })
    }

    fn applied(&self, a: &Arithmetic) -> Result<Option<WeightFormat>, ModelError> {
        let format = self.format()?;
        Ok((a.conv_weights == ConvWeights::Applied).then_some(format))
    }
}

/// The fixed kernel: each active input is scattered over the positions it reaches.
#[derive(Debug)]
pub(super) struct FixedConv {
    geometry: Geometry,
    taps: Taps,
    /// Effective weights, by [`Geometry::place`].
    weights: Vec<i32>,
    exponent: i32,
    sum_bits: u32,
    graded: bool,
    due: Held<i32>,
    /// Workspace: the sums of this step.
    arriving: Vec<i32>,
    /// What a sum counts as that its bits do not hold.
    beyond: OverflowKind,
    clipped: Overflow,
}

impl FixedConv {
    fn assign(&mut self, weights: &[i32]) {
        let places: Vec<usize> = self.geometry.places().collect();
        for (place, w) in places.into_iter().zip(weights) {
            self.weights[place] = *w;
        }
    }

    fn given(&self) -> Vec<i32> {
        self.geometry.places().map(|k| self.weights[k]).collect()
    }

    /// Calls `f(first target, first weight)` for each run of output channels that input `source` reaches.
    fn reach(&self, source: usize, mut f: impl FnMut(usize, usize)) {
        let [_, h, channels] = self.geometry.input;
        let (x, y, c) = (source / channels / h, source / channels % h, source % channels);
        let [_, h_out, n_out] = self.geometry.output();
        let group = c / self.geometry.kernel[3];
        for (i, x_out) in &self.taps[0][x] {
            for (j, y_out) in &self.taps[1][y] {
                let target = (x_out * h_out + y_out) * n_out + group * self.geometry.per_group();
                f(target, self.geometry.place(*i, *j, c));
            }
        }
    }

    fn deliver(&mut self, source: usize, payload: i32) -> bool {
        let n = self.geometry.per_group();
        let mut sums = std::mem::take(&mut self.arriving);
        let mut lost = false;
        self.reach(source, |target, weight| {
            let weights = &self.weights[weight..weight + n];
            for (sum, w) in sums[target..target + n].iter_mut().zip(weights) {
                lost |= accumulate(sum, *w, payload);
            }
        });
        self.arriving = sums;
        lost
    }

    /// Forms the sums of this step again, for single additions have lost bits, and notes those that do not fit.
    fn look_again(&self, io: &mut Io<'_, i32>) {
        let n = self.geometry.per_group();
        let mut added = vec![0; self.arriving.len()];
        for (source, s) in io.inputs[0].iter().enumerate().filter(|(_, s)| **s != 0) {
            let payload = if self.graded { i128::from(*s) } else { 1 };
            self.reach(source, |target, weight| {
                let weights = &self.weights[weight..weight + n];
                added[target..target + n].iter_mut().zip(weights).for_each(|(sum, w)| *sum += i128::from(*w) * payload);
            });
        }
        io.overflow.note_lost("a_out", self.beyond, io.step, &added, &self.arriving);
    }

    pub(super) fn rows(&self, weight_bits: u32) -> Rows {
        let n = self.geometry.per_group();
        let mut entries = Vec::new();
        for source in 0..length(&self.geometry.input) {
            self.reach(source, |target, weight| {
                let synapse = |o| (source as u32, (target + o) as u32, self.weights[weight + o], 0);
                entries.extend((0..n).map(synapse));
            });
        }
        let n_out = length(&self.geometry.output());
        let mut rows = Rows::from_entries(length(&self.geometry.input), n_out, entries);
        rows.sum_exponent = self.exponent;
        rows.sum_bits = self.sum_bits;
        rows.graded = self.graded;
        rows.format = RowFormat::Conv;
        rows.weight_bits = weight_bits;
        rows.shared_weights = self.weights.len();
        rows.clipped = self.clipped.clone();
        rows
    }

    /// The rows of other weights, in the order in which they are given.
    pub(super) fn rows_with(mut self, weight_bits: u32, weights: &[i32]) -> Result<Rows, ModelError> {
        if weights.len() != self.weights.len() {
            return Err(ModelError::shape("weight", &[weights.len()], &[self.weights.len()]));
        }
        self.assign(weights);
        Ok(self.rows(weight_bits))
    }

    /// Whether no weight acts.
    pub(super) fn is_silent(&self) -> bool {
        self.weights.iter().all(|w| *w == 0)
    }
}

impl Kernel<i32> for FixedConv {
    fn emit(&mut self, _step: u64, outputs: &mut [Vec<i32>]) {
        self.due.take(&mut outputs[0]);
    }

    fn step(&mut self, io: &mut Io<'_, i32>) {
        io.overflow.merge(&std::mem::take(&mut self.clipped), 0);
        let mut lost = false;
        for (source, s) in io.inputs[0].iter().enumerate() {
            if *s != 0 {
                lost |= self.deliver(source, if self.graded { *s } else { 1 });
            }
        }
        if lost {
            self.look_again(io);
        }
        let lost = 32 - self.sum_bits;
        let due = self.due.slot(0).iter_mut().zip(&mut self.arriving);
        for (i, (due, sum)) in due.enumerate() {
            let shifted = shift(*sum, self.exponent);
            *due = (shifted << lost) >> lost;
            if *due != shifted || (self.exponent > 0 && shifted >> self.exponent != *sum) {
                let index = i as u32;
                io.overflow.note("a_out", self.beyond, 1, io.step, index);
            }
            *sum = 0;
        }
    }

    fn get(&self, _var: usize) -> Vec<i32> {
        self.given()
    }

    fn set(&mut self, _var: usize, values: &[i32]) -> Result<(), ModelError> {
        self.assign(values);
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        vec![Values::Int(self.due.save()), Values::Int(self.given())]
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let due = crate::neuron::bank::saved(state, 0, self.due.len())?;
        let weights = crate::neuron::bank::saved(state, 1, self.weights.len())?;
        self.due.load(&due);
        self.assign(&weights);
        Ok(())
    }
}

/// The float twin: each output gathers from the positions it sees.
#[derive(Debug)]
pub(super) struct FloatConv {
    geometry: Geometry,
    /// In the order in which they are given.
    weights: Vec<f64>,
    graded: bool,
    due: Vec<f64>,
}

impl FloatConv {
    fn sum(&self, spikes: &[f64], x: usize, y: usize, o: usize) -> f64 {
        let g = &self.geometry;
        let [_, w, h, cg] = g.kernel;
        let first = o / g.per_group() * cg;
        let mut sum = 0.0;
        for i in 0..w {
            let Some(from_x) = g.axes[0].source(x, i) else {
                continue;
            };
            for j in 0..h {
                let Some(from_y) = g.axes[1].source(y, j) else {
                    continue;
                };
                let from = (from_x * g.input[1] + from_y) * g.input[2] + first;
                let weight = ((o * w + i) * h + j) * cg;
                for (s, w) in spikes[from..from + cg].iter().zip(&self.weights[weight..]) {
                    let payload = if self.graded { *s } else { f64::from(*s != 0.0) };
                    sum += w * payload;
                }
            }
        }
        sum
    }
}

impl Kernel<f64> for FloatConv {
    fn emit(&mut self, _step: u64, outputs: &mut [Vec<f64>]) {
        outputs[0].copy_from_slice(&self.due);
    }

    fn step(&mut self, io: &mut Io<'_, f64>) {
        if io.inputs[0].iter().all(|s| *s == 0.0) {
            self.due.fill(0.0);
            return;
        }
        let [w, h, n_out] = self.geometry.output();
        for x in 0..w {
            for y in 0..h {
                for o in 0..n_out {
                    self.due[(x * h + y) * n_out + o] = self.sum(&io.inputs[0], x, y, o);
                }
            }
        }
    }

    fn get(&self, _var: usize) -> Vec<f64> {
        self.weights.clone()
    }

    fn set(&mut self, _var: usize, values: &[f64]) -> Result<(), ModelError> {
        self.weights.copy_from_slice(values);
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        vec![Values::Real(self.due.clone()), Values::Real(self.weights.clone())]
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let due = saved_reals(state, 0, self.due.len())?;
        self.weights = saved_reals(state, 1, self.weights.len())?;
        self.due = due;
        Ok(())
    }
}

impl Behaviour for Conv {
    fn in_ports(&self) -> Vec<PortSpec> {
        let kind = message_kind(self.num_message_bits);
        vec![PortSpec::new("s_in", kind, &self.input_shape)]
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        let shape = self.geometry().map_or([0; 3], |g| g.output());
        vec![PortSpec::new("a_out", Kind::Activation, &shape)]
    }

    fn vars(&self) -> Vec<VarSpec> {
        vec![VarSpec::new("weight", &self.kernel_shape())]
    }

    fn buffered(&self) -> bool {
        true
    }

    fn fixed(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        let a = setting.arithmetic;
        Ok(Box::new(self.fixed_kernel(a, self.applied(a)?)?))
    }

    fn float(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        let exponent = self.applied(setting.arithmetic)?.map_or(0, |f| f.exponent);
        Ok(Box::new(self.float_kernel(f64::from(exponent).exp2())?))
    }

    fn rows(&self, setting: &Setting<'_>) -> Option<Result<Rows, ModelError>> {
        let a = setting.arithmetic;
        let kernel = self.applied(a).and_then(|f| self.fixed_kernel(a, f));
        Some(kernel.map(|k| k.rows(self.num_weight_bits)))
    }

    fn rows_with(&self, setting: &Setting<'_>, weights: &[i32]) -> Option<Result<Rows, ModelError>> {
        let a = setting.arithmetic;
        let kernel = self.applied(a).and_then(|f| self.fixed_kernel(a, f));
        Some(kernel.and_then(|k| k.rows_with(self.num_weight_bits, weights)))
    }
}
