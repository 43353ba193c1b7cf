//! Leaky integrate-and-fire neuron with current and voltage decay (Loihi's CUBA compartment).
//!
//! ```text
//! q    = input register(sum of weights) << align
//! u[t] = current register(decay(u[t-1], du) + q)
//! v[t] = clamp(decay(v[t-1], dv) + bias register(u[t] + bias))
//! spike if v[t] > vth << align, then v[t] = 0
//! ```
//!
//! Sources: Davies et al., IEEE Micro 38(1), 2018; Lava 0.10 `lava/proc/lif/models.py`; nengo-loihi 1.1
//! `emulator/interface.py`. Which register does what at its ends is the [`Arithmetic`]'s choice.

use std::ops::{Range, RangeInclusive};

use pumice_num::{Level, Task, faulty, shift};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::analog::{Analog, Deviating, Deviation};
use super::bank::saved;
use super::bounds::Bounds;
use super::circuit;
use super::columns::{Columns, Read};
use super::registers::{Limits, Registers, Sum};
use super::step::{BLOCK, Blocks, Left, Membrane, rest, walk};
use crate::arithmetic::{OverflowPolicy, Register, Threshold};
use crate::{
    Arithmetic, Bank, BankContext, BankKernel, Behaviour, Decay, Fired, Io, Kernel, Kind, Lane, ModelError,
    OverflowKind, PerNeuron, PortSpec, Setting, Values, VarSpec, lane, length,
};

/// Lava's `LIF`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lif {
    /// Shape of the population.
    pub shape: Vec<usize>,
    /// Initial current `[state LSB]`.
    #[serde(default = "zero")]
    pub u: PerNeuron,
    /// Initial voltage `[state LSB]`.
    #[serde(default = "zero")]
    pub v: PerNeuron,
    /// Decay of the current.
    #[serde(default = "no_decay")]
    pub du: Decay,
    /// Decay of the voltage.
    #[serde(default = "no_decay")]
    pub dv: Decay,
    /// Mantissa of the bias, `-4096..=4095`.
    #[serde(default = "zero")]
    pub bias_mant: PerNeuron,
    /// Exponent of the bias, `0..=7`; Lava also accepts negative ones, to `-15`.
    #[serde(default = "zero")]
    pub bias_exp: PerNeuron,
    /// Threshold mantissa, `0..=131071`, aligned like a weight.
    #[serde(default = "ten")]
    pub vth: PerNeuron,
}

fn zero() -> PerNeuron {
    0.into()
}

fn ten() -> PerNeuron {
    10.into()
}

fn no_decay() -> Decay {
    0.into()
}

impl Lif {
    /// A population of the given shape with Lava's defaults: no decay, no bias, threshold 10.
    pub fn new(shape: &[usize]) -> Self {
        Lif {
            shape: shape.to_vec(),
            u: zero(),
            v: zero(),
            du: no_decay(),
            dv: no_decay(),
            bias_mant: zero(),
            bias_exp: zero(),
            vth: ten(),
        }
    }

    pub(super) fn make_bank(&self, arithmetic: &Arithmetic, range: Range<usize>) -> Result<LifBank, ModelError> {
        let n = length(&self.shape);
        let cut = |all: Lane| all.slice(range.clone());
        let bias = bias_registers(&self.bias_mant, &self.bias_exp, n)?;
        let ku = self.du.keep("du", n, arithmetic.current_decay_offset, arithmetic.lowest_current_decay)?;
        let kv = self.dv.keep("dv", n, arithmetic.voltage_decay_offset, -arithmetic.voltage_decay_offset)?;
        let vth = lane("vth", &self.vth, n, 0..=131_071)?.map(|x| x << arithmetic.align);
        let rule = Rule::of(arithmetic);
        Ok(LifBank {
            u: cut(lane("u", &self.u, n, current_range(arithmetic.current))?).expand(range.len()),
            v: cut(lane("v", &self.v, n, -(1 << 23)..=(1 << 23) - 1)?).expand(range.len()),
            columns: Columns::new([ku, kv, bias, vth].map(cut), BLOCK.min(range.len())),
            shift: Vec::new(),
            rule,
            bounds: Bounds::new(range.len()),
            mask: vec![0; range.len()],
            level: Level::widest(),
        })
    }
}

/// The bias in registers, `bias_mant * 2^bias_exp`.
pub(super) fn bias_registers(mant: &PerNeuron, exp: &PerNeuron, n: usize) -> Result<Lane, ModelError> {
    let mant = lane("bias_mant", mant, n, -4096..=4095)?;
    let exp = lane("bias_exp", exp, n, -15..=7)?;
    let exp = faulty!(exp, BiasExponent => exp.map(|e| e + 1));
    Ok(match (&mant, &exp) {
        (Lane::All(m), Lane::All(e)) => Lane::All(shift(*m, *e)),
        _ => Lane::Each((0..n).map(|i| shift(mant.at(i), exp.at(i))).collect()),
    })
}

/// What a current may be: what its register holds, and `+2^(bits-1)` where Lava's wrap leaves it.
pub(super) fn current_range(register: Register) -> RangeInclusive<i32> {
    let end = i32::MAX >> (32 - register.bits);
    let beyond = i32::from(register.overflow == OverflowPolicy::WrapOnceUpper);
    -end - 1..=end.saturating_add(beyond)
}

/// What the registers of one arithmetic do, ready for the kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) align: u32,
    pub(super) input: Register,
    pub(super) current: Register,
    pub(super) bias_sum: Register,
    pub(super) v_min: i32,
    pub(super) v_max: i32,
    /// Added to the threshold so that `v > vth + extra` is the rule.
    pub(super) extra: i32,
}

impl Rule {
    pub(super) fn of(a: &Arithmetic) -> Self {
        Rule {
            align: faulty!(a.align, Align => a.align - 1),
            input: a.input,
            current: faulty!(a.current, NarrowCurrent => Register { bits: a.current.bits - 8, ..a.current }),
            bias_sum: a.bias_sum,
            v_min: a.v_min,
            v_max: a.v_max,
            extra: if a.threshold == Threshold::AtOrAbove { -1 } else { faulty!(0, AtThreshold => -1) },
        }
    }
}

/// Brings an exact sum into a register; under the policy `Error` it wraps, and what is noted stops the run.
///
/// What passes 32 bits has lost its high bits before a register wraps or keeps it, as in Lava's 32-bit arrays.
#[inline(always)]
pub(super) fn hold(register: Register, exact: i64) -> i32 {
    let (up, x) = (32 - register.bits, exact as i32);
    let (low, high) = (i32::MIN >> up, i32::MAX >> up);
    match register.overflow {
        OverflowPolicy::Unbounded => x,
        OverflowPolicy::Wrap | OverflowPolicy::Error => (x << up) >> up,
        OverflowPolicy::Saturate => exact.clamp(low.into(), high.into()) as i32,
        OverflowPolicy::WrapOnceUpper => {
            let turn = high.wrapping_sub(low).wrapping_add(1);
            let x = if x > high.wrapping_add(1) { x.wrapping_sub(turn) } else { x };
            if x <= low { x.wrapping_add(turn) } else { x }
        }
    }
}

pub(super) const fn kind_of(register: Register) -> OverflowKind {
    match register.overflow {
        OverflowPolicy::Saturate => OverflowKind::Saturate,
        OverflowPolicy::Error => OverflowKind::Error,
        _ => OverflowKind::Wrap,
    }
}

/// The registers of LIF neurons.
#[derive(Debug)]
pub(crate) struct LifBank {
    pub(crate) u: Vec<i32>,
    pub(crate) v: Vec<i32>,
    columns: Columns<4>,
    /// What an analog circuit adds to the thresholds; empty for nothing.
    shift: Vec<i32>,
    rule: Rule,
    bounds: Bounds,
    mask: Vec<u8>,
    level: Level,
}

/// Columns of a [`LifBank`], as its kernel names them.
const KU: usize = 0;
const KV: usize = 1;
const BIAS: usize = 2;
const VTH: usize = 3;

/// One block of neurons.
struct Step<'a, R, K> {
    registers: R,
    rule: Rule,
    columns: [K; 4],
    state: [&'a mut [i32]; 2],
    input: &'a [i32],
    mask: &'a mut [u8],
}

impl<R: Registers, K: Read> Task for Step<'_, R, K> {
    type Output = Left;

    #[inline(always)]
    fn run(self) -> Left {
        let Step { registers, rule, columns, state: [us, vs], input, mask } = self;
        let n = input.len();
        let (us, vs, mask) = (&mut us[..n], &mut vs[..n], &mut mask[..n]);
        let [ku, kv, bias, vth] = columns.map(|column| column.first(n));
        let (mut idle, mut left) = (0_u32, [0_u32; 4]);
        for i in 0..n {
            let (raw, u0, v0) = (input[i], us[i], vs[i]);
            let bias = bias.at(i);
            idle += u32::from((raw | u0 | v0 | bias) == 0);
            let aligned = R::Sum::aligned(raw, rule.align);
            let q = registers.input(aligned);
            left[0] += u32::from(R::Sum::from(q) != aligned);
            let (ku, kv) = faulty!((ku.at(i), kv.at(i)), SwappedDecays => (kv.at(i), ku.at(i)));
            let sum = faulty!(
                R::Sum::of(registers.decay(u0, ku), q),
                DecayAfter => R::Sum::from(registers.decay(u0.wrapping_add(q), ku))
            );
            let u = registers.current(sum);
            left[1] += u32::from(R::Sum::from(u) != sum);
            let sum = R::Sum::of(faulty!(u, OldCurrent => u0), bias);
            let drive = registers.bias_sum(sum);
            left[2] += u32::from(R::Sum::from(drive) != sum);
            let sum = R::Sum::of(registers.decay(v0, kv), drive);
            let ends = faulty!((rule.v_min, rule.v_max), NoClip => (i32::MIN, i32::MAX));
            let v = registers.voltage(sum, ends.0, ends.1);
            left[3] += u32::from(R::Sum::from(v) != sum);
            let fire = v > vth.at(i).wrapping_add(rule.extra);
            us[i] = u;
            let reset = faulty!(0, NoReset => v, SubtractReset => v.wrapping_sub(vth.at(i)));
            vs[i] = if fire { reset } else { v };
            mask[i] = u8::from(fire);
        }
        Left { by_register: left, active: n as u32 - idle }
    }
}

impl Blocks for LifBank {
    fn block<R: Registers>(&mut self, range: Range<usize>, input: &[i32], registers: R) -> Left {
        let state = [&mut self.u, &mut self.v].map(|all| &mut all[range.clone()]);
        let (rule, mask) = (self.rule, &mut self.mask[range.clone()]);
        match self.columns.constants().filter(|_| self.shift.is_empty()) {
            Some(columns) => self.level.run(Step { registers, rule, columns, state, input, mask }),
            None => {
                let mut columns = self.columns.slices(&range);
                let shift = self.shift.get(range).unwrap_or_default();
                let shifted: Vec<i32> = columns[VTH].iter().zip(shift).map(|(vth, shift)| vth + shift).collect();
                if !shifted.is_empty() {
                    columns[VTH] = &shifted;
                }
                self.level.run(Step { registers, rule, columns, state, input, mask })
            }
        }
    }

    fn state(&self) -> [&[i32]; 2] {
        [&self.u, &self.v]
    }

    fn registers(&mut self) -> impl Iterator<Item = &mut Vec<i32>> {
        [&mut self.u, &mut self.v].into_iter()
    }

    fn bounds(&mut self) -> &mut Bounds {
        &mut self.bounds
    }

    fn mask(&self) -> &[u8] {
        &self.mask
    }

    fn rule(&self) -> Rule {
        self.rule
    }

    fn level(&self) -> Level {
        self.level
    }

    fn limits(&self) -> Limits {
        let keep = [KU, KV].map(|k| self.columns.ends(k));
        Limits { keep, bias: self.columns.ends(BIAS), v: (self.rule.v_min, self.rule.v_max) }
    }

    fn membrane(&self, i: usize) -> Membrane {
        let Rule { v_min, v_max, .. } = self.rule;
        let [ku, kv, bias] = [KU, KV, BIAS].map(|k| self.columns.lane(k).at(i));
        Membrane { keep: [ku, kv], bias, v_min, v_max }
    }
}

impl Bank for LifBank {
    fn len(&self) -> usize {
        self.u.len()
    }

    fn step(
        &mut self,
        range: Range<usize>,
        context: &mut BankContext<'_>,
        inputs: &[&[i32]],
        fired: &mut [Fired],
    ) -> u64 {
        walk(self, range, context, inputs[0], &mut fired[0])
    }

    fn rest(&mut self, range: Range<usize>) -> Option<u64> {
        rest(self, range)
    }

    fn get(&self, var: usize) -> Vec<i32> {
        match var {
            0 => self.u.clone(),
            1 => self.v.clone(),
            2 => self.columns.lane(VTH).map(|x| x >> self.rule.align).expand(self.len()),
            _ => self.columns.lane(BIAS).expand(self.len()),
        }
    }

    fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError> {
        self.bounds.forget();
        let values = PerNeuron::from(values.to_vec());
        let n = self.len();
        match var {
            0 => self.u = lane("u", &values, n, current_range(self.rule.current))?.expand(n),
            1 => self.v = lane("v", &values, n, -(1 << 23)..=(1 << 23) - 1)?.expand(n),
            2 => self.columns.set(VTH, lane("vth", &values, n, 0..=131_071)?.map(|x| x << self.rule.align)),
            _ => self.columns.set(BIAS, lane("bias", &values, n, -524_288..=524_160)?),
        }
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        [0, 1, 2, 3].map(|var| Values::Int(self.get(var))).to_vec()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let n = self.len();
        for var in [2, 3] {
            self.set(var, &saved(state, var, n)?)?;
        }
        self.bounds.forget();
        // What ran may be beyond what a person may write: an unbounded arithmetic.
        (self.u, self.v) = (saved(state, 0, n)?, saved(state, 1, n)?);
        Ok(())
    }

    fn reach(&mut self) -> Option<circuit::Reach<'_>> {
        self.bounds.forget();
        Some(circuit::Reach { v: &mut self.v, keep: self.columns.lane(KV), shift: &mut self.shift })
    }
}

/// The float twin, in the same units as the registers: no rounding, no register ends.
#[derive(Debug)]
struct LifFloat {
    u: Vec<f64>,
    v: Vec<f64>,
    ku: Vec<f64>,
    kv: Vec<f64>,
    bias: Vec<f64>,
    vth: Vec<f64>,
    align: f64,
    at_or_above: bool,
}

impl Kernel<f64> for LifFloat {
    fn step(&mut self, io: &mut Io<'_, f64>) {
        for (i, fired) in io.outputs[0].iter_mut().enumerate() {
            self.u[i] = self.u[i] * self.ku[i] + io.inputs[0][i] * self.align;
            let v = self.v[i] * self.kv[i] + self.u[i] + self.bias[i];
            let fire = v > self.vth[i] || (self.at_or_above && v == self.vth[i]);
            *fired = f64::from(u8::from(fire));
            self.v[i] = if fire { 0.0 } else { v };
        }
    }

    fn get(&self, var: usize) -> Vec<f64> {
        match var {
            0 => self.u.clone(),
            1 => self.v.clone(),
            2 => self.vth.iter().map(|x| x / self.align).collect(),
            _ => self.bias.clone(),
        }
    }

    fn set(&mut self, var: usize, values: &[f64]) -> Result<(), ModelError> {
        match var {
            0 => self.u = values.to_vec(),
            1 => self.v = values.to_vec(),
            2 => self.vth = values.iter().map(|x| x * self.align).collect(),
            _ => self.bias = values.to_vec(),
        }
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        [0, 1, 2, 3].map(|var| Values::Real(self.get(var))).to_vec()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        for (var, values) in state.iter().enumerate() {
            let values = values.to_real();
            if values.len() != self.u.len() {
                return Err(ModelError::shape("saved state", &[values.len()], &[self.u.len()]));
            }
            self.set(var, &values)?;
        }
        Ok(())
    }
}

impl Behaviour for Lif {
    fn in_ports(&self) -> Vec<PortSpec> {
        vec![PortSpec::new("a_in", Kind::Activation, &self.shape)]
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        vec![PortSpec::new("s_out", Kind::Spike, &self.shape)]
    }

    fn decays(&self) -> Vec<(&'static str, &crate::Decay)> {
        vec![("du", &self.du), ("dv", &self.dv)]
    }

    fn vars(&self) -> Vec<VarSpec> {
        ["u", "v", "vth", "bias"].map(|name| VarSpec::new(name, &self.shape)).to_vec()
    }

    fn fixed(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        let bank = self.make_bank(setting.arithmetic, 0..length(&self.shape))?;
        Ok(Box::new(BankKernel::new(Box::new(bank))))
    }

    fn float(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        let n = length(&self.shape);
        let a = setting.arithmetic;
        let align = f64::from(1 << a.align);
        let (mant, exp) = (self.bias_mant.values("bias_mant", n)?, self.bias_exp.values("bias_exp", n)?);
        Ok(Box::new(LifFloat {
            u: self.u.values("u", n)?,
            v: self.v.values("v", n)?,
            ku: self.du.keep_real("du", n, a.current_decay_offset)?,
            kv: self.dv.keep_real("dv", n, a.voltage_decay_offset)?,
            bias: mant.iter().zip(&exp).map(|(m, e)| m * e.exp2()).collect(),
            vth: self.vth.values("vth", n)?.into_iter().map(|x| x * align).collect(),
            align,
            at_or_above: a.threshold == Threshold::AtOrAbove,
        }))
    }

    fn analog(&self, setting: &Setting<'_>, deviations: &[Deviation]) -> Option<Result<Analog, ModelError>> {
        let mut own = self.clone();
        let Lif { du, dv, bias_mant, vth, .. } = &mut own;
        let made = Deviating { du, dv, bias_mant, vth }.deviate(setting.arithmetic, deviations);
        Some(made.map(|threshold| Analog { model: own.into(), threshold }))
    }

    fn bank(&self, setting: &Setting<'_>, range: Range<usize>) -> Option<Result<Box<dyn Bank>, ModelError>> {
        Some(self.make_bank(setting.arithmetic, range).map(|bank| Box::new(bank) as Box<dyn Bank>))
    }
}

#[cfg(test)]
mod tests;
