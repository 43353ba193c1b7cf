//! LIF neuron with adaptive threshold and refractoriness.
//!
//! ```text
//! i     = current register((1 - delta_i) i + a_in << align)
//! v     = clamp((1 - delta_v) v + i + bias)
//! theta = (1 - delta_theta) (theta - theta_0) + theta_0
//! r     = (1 - delta_r) r
//! spike if v - r >= theta, then r = r + 2 theta and theta = theta + theta_step; v is not reset
//! ```
//!
//! In registers thresholds are aligned like weights and every decay keeps a 12-bit multiple, rounded toward
//! zero; the current loses one more 4096th per step. Decays are given as fractions, in both forms.
//! Source: Lava 0.10 `lava/proc/atrlif/models.py`; Allen et al., Mexican Int. Conf. on Computer Science, 2018.

use std::ops::Range;

use pumice_num::decay;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lif::{bias_registers, hold, kind_of};
use super::membrane::{BIAS, real_bias, zero};
use super::population::{At, Column, Dynamics, Neuron, Population, STATE, WORD, stop, word};
use crate::arithmetic::Register;
use crate::decay::Fractions;
use crate::{Kind, ModelError, OverflowKind, PerNeuron, Setting, length};

/// Lava's `ATRLIF`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Atrlif {
    /// Shape of the population.
    pub shape: Vec<usize>,
    /// Initial current `[state LSB]`.
    #[serde(default = "zero")]
    pub i: PerNeuron,
    /// Initial voltage `[state LSB]`.
    #[serde(default = "zero")]
    pub v: PerNeuron,
    /// Initial threshold in the float form; in registers it begins at `theta_0`, as in Lava.
    #[serde(default = "five")]
    pub theta: PerNeuron,
    /// Initial refractory state `[state LSB]`.
    #[serde(default = "zero")]
    pub r: PerNeuron,
    /// Initial spikes, 0 or 1: what the variable `s` reads before the first step.
    #[serde(default = "zero")]
    pub s: PerNeuron,
    /// Fraction of the current lost per step, `0..=1`.
    #[serde(default = "two_fifths")]
    pub delta_i: PerNeuron,
    /// Fraction of the voltage lost per step, `0..=1`.
    #[serde(default = "two_fifths")]
    pub delta_v: PerNeuron,
    /// Fraction of the threshold's distance from `theta_0` lost per step, `0..=1`.
    #[serde(default = "fifth")]
    pub delta_theta: PerNeuron,
    /// Fraction of the refractory state lost per step, `0..=1`.
    #[serde(default = "fifth")]
    pub delta_r: PerNeuron,
    /// Resting threshold, aligned like a weight.
    #[serde(default = "five")]
    pub theta_0: PerNeuron,
    /// What a spike adds to the threshold, aligned like a weight.
    #[serde(default = "theta_step")]
    pub theta_step: PerNeuron,
    /// Mantissa of the bias, `-4096..=4095`.
    #[serde(default = "zero")]
    pub bias_mant: PerNeuron,
    /// Exponent of the bias, `0..=7`; Lava also accepts negative ones, to `-15`.
    #[serde(default = "zero")]
    pub bias_exp: PerNeuron,
}

fn five() -> PerNeuron {
    5.into()
}

fn two_fifths() -> PerNeuron {
    0.4.into()
}

fn fifth() -> PerNeuron {
    0.2.into()
}

fn theta_step() -> PerNeuron {
    3.75.into()
}

impl Atrlif {
    /// A population of the given shape with Lava's defaults.
    pub fn new(shape: &[usize]) -> Self {
        Atrlif {
            shape: shape.to_vec(),
            i: zero(),
            v: zero(),
            theta: five(),
            r: zero(),
            s: zero(),
            delta_i: two_fifths(),
            delta_v: two_fifths(),
            delta_theta: fifth(),
            delta_r: fifth(),
            theta_0: five(),
            theta_step: theta_step(),
            bias_mant: zero(),
            bias_exp: zero(),
        }
    }

    /// The fractions lost: of `i`, `v`, `theta`, `r`.
    fn deltas(&self) -> Result<[Vec<f64>; 4], ModelError> {
        let fractions = |field: &str, values: &PerNeuron| {
            let all = values.values(field, length(&self.shape))?;
            match all.iter().find(|x| !(0.0..=1.0).contains(*x)) {
                Some(x) => Err(ModelError::range(field, x, "a fraction in 0..=1")),
                None => Ok(all),
            }
        };
        Ok([
            fractions("delta_i", &self.delta_i)?,
            fractions("delta_v", &self.delta_v)?,
            fractions("delta_theta", &self.delta_theta)?,
            fractions("delta_r", &self.delta_r)?,
        ])
    }

    /// A threshold in registers, toward zero as Lava converts it.
    fn aligned(&self, field: &str, values: &PerNeuron, align: u32) -> Result<PerNeuron, ModelError> {
        let unit = f64::from(1 << align);
        let all = values.values(field, length(&self.shape))?;
        Ok(PerNeuron::Each(all.into_iter().map(|x| (x * unit).trunc()).collect()))
    }
}

/// Decays and registers of one arithmetic.
#[derive(Debug)]
pub(crate) struct Adapting {
    align: u32,
    current: Register,
    v_end: (i64, i64),
    /// 4096ths of the current kept, not an integer: Lava multiplies by a real number.
    keep_i: Vec<f64>,
    /// 4096ths kept of `v`, `theta` and `r`.
    keep: [Vec<i32>; 3],
    noted: [(&'static str, OverflowKind); 5],
}

impl Dynamics<i32, 1, 5, 3, 1> for Adapting {
    const GRADED: [bool; 1] = [false];

    fn step(
        &self,
        at: At,
        [input]: [i32; 1],
        [theta_0, theta_step, bias]: [i32; 3],
        [i, v, theta, r, s]: &mut [i32; 5],
        left: &mut u32,
    ) -> [i32; 1] {
        let k = at.local;
        let kept = (f64::from(*i) * self.keep_i[k]) as i64;
        let kept = kept.signum() * (kept.abs() >> 12);
        let sum = kept + i64::from(word(i64::from(input) << self.align, 4, left));
        *i = hold(self.current, sum);
        *left |= u32::from(i64::from(*i) != sum);
        let sum = i64::from(decay(*v, self.keep[0][k])) + i64::from(*i) + i64::from(bias);
        *v = stop(sum, self.v_end, 1, left);
        let above = word(i64::from(*theta) - i64::from(theta_0), 2, left);
        *theta = word(i64::from(decay(above, self.keep[1][k])) + i64::from(theta_0), 2, left);
        *r = decay(*r, self.keep[2][k]);
        let beyond = word(i64::from(*v) - i64::from(*r), 3, left);
        *s = i32::from(beyond >= *theta);
        if *s != 0 {
            *r = word(i64::from(*r) + 2 * i64::from(*theta), 3, left);
            *theta = word(i64::from(*theta) + i64::from(theta_step), 2, left);
        }
        [*s]
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &self.noted
    }

    fn driven(&self, _local: usize, [_, _, bias]: [i32; 3]) -> bool {
        bias != 0
    }

    fn steady(&self) -> bool {
        true
    }
}

/// The same in reals: register units, exact fractions.
#[derive(Debug)]
pub(crate) struct RealAdapting {
    align: f64,
    deltas: [Vec<f64>; 4],
}

impl Dynamics<f64, 1, 5, 3, 1> for RealAdapting {
    const GRADED: [bool; 1] = [false];

    fn step(
        &self,
        at: At,
        [input]: [f64; 1],
        [theta_0, theta_step, bias]: [f64; 3],
        [i, v, theta, r, s]: &mut [f64; 5],
        _left: &mut u32,
    ) -> [f64; 1] {
        let keep: [f64; 4] = std::array::from_fn(|k| 1.0 - self.deltas[k][at.local]);
        *i = keep[0] * *i + input * self.align;
        *v = keep[1] * *v + *i + bias;
        *theta = keep[2] * (*theta - theta_0) + theta_0;
        *r *= keep[3];
        *s = f64::from(u8::from(*v - *r >= *theta));
        if *s != 0.0 {
            *r += 2.0 * *theta;
            *theta += theta_step;
        }
        [*s]
    }
}

/// What is kept of 4096 where the fraction `lost` is lost.
fn kept(lost: f64) -> i32 {
    (4096.0 - lost * 4096.0) as i32
}

impl Neuron for Atrlif {
    const IN: &'static [(&'static str, Kind)] = &[("a_in", Kind::Activation)];
    const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Spike)];
    const VARS: &'static [&'static str] = &["i", "v", "theta", "r", "s", "theta_0", "theta_step", "bias"];
    type Fixed = Population<Adapting, i32, 1, 5, 3, 1>;
    type Float = Population<RealAdapting, f64, 1, 5, 3, 1>;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn fractions(&self) -> Result<Vec<Fractions>, ModelError> {
        let [current, others @ ..] = self.deltas()?;
        let names = ["delta_v", "delta_theta", "delta_r"];
        let others = names.into_iter().zip(others).map(|(field, given)| {
            let registers: Vec<i32> = given.iter().map(|x| 4096 - kept(*x)).collect();
            let acting = registers.iter().map(|x| f64::from(*x) / 4096.0).collect();
            Fractions { field, given, acting, registers }
        });
        let current = Fractions {
            field: "delta_i",
            // One more 4096th, which is not rounded.
            acting: current.iter().map(|x| (x + 1.0 / 4096.0).min(1.0)).collect(),
            registers: current.iter().map(|x| (x * 4096.0) as i32).collect(),
            given: current,
        };
        Ok(std::iter::once(current).chain(others).collect())
    }

    fn registers(&self, setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
        let (n, a) = (length(&self.shape), setting.arithmetic);
        let theta_0 = self.aligned("theta_0", &self.theta_0, a.align)?;
        let step = self.aligned("theta_step", &self.theta_step, a.align)?;
        let bias = bias_registers(&self.bias_mant, &self.bias_exp, n)?;
        let parameters = [
            Column::registers("theta_0", &theta_0, n, &cut, STATE)?,
            Column::registers("theta_step", &step, n, &cut, STATE)?,
            Column::of("bias", bias.slice(cut.clone()).expand(cut.len()), BIAS),
        ];
        let state = [
            Column::registers("i", &self.i, n, &cut, STATE)?,
            Column::registers("v", &self.v, n, &cut, STATE)?,
            Column::registers("theta", &theta_0, n, &cut, WORD)?,
            Column::registers("r", &self.r, n, &cut, WORD)?,
            Column::registers("s", &self.s, n, &cut, 0..=1)?,
        ];
        let [delta_i, v, theta, r] = self.deltas()?.map(|all| all[cut.clone()].to_vec());
        let keep = [v, theta, r].map(|all| all.into_iter().map(kept).collect());
        let adapting = Adapting {
            align: a.align,
            current: a.current,
            v_end: (a.v_min.into(), a.v_max.into()),
            keep_i: delta_i.iter().map(|x| 4096.0 - (x * 4096.0 + 1.0)).collect(),
            keep,
            noted: [
                ("i", kind_of(a.current)),
                ("v", OverflowKind::Saturate),
                ("theta", OverflowKind::Wrap),
                ("r", OverflowKind::Wrap),
                ("a_in", OverflowKind::Wrap),
            ],
        };
        Ok(Population::new(adapting, &cut, state, parameters))
    }

    fn reals(&self, setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
        let n = length(&self.shape);
        let align = f64::from(1 << setting.arithmetic.align);
        let aligned = |name, values: &PerNeuron| {
            let all = values.values(name, n)?.into_iter().map(|x| x * align).collect();
            Ok::<_, ModelError>(Column::real(name, all))
        };
        let state = [
            Column::reals("i", &self.i, n)?,
            Column::reals("v", &self.v, n)?,
            aligned("theta", &self.theta)?,
            Column::reals("r", &self.r, n)?,
            Column::reals("s", &self.s, n)?,
        ];
        let parameters = [
            aligned("theta_0", &self.theta_0)?,
            aligned("theta_step", &self.theta_step)?,
            Column::real("bias", real_bias(&self.bias_mant, &self.bias_exp, n)?),
        ];
        Ok(Population::new(
            RealAdapting { align, deltas: self.deltas()? },
            &(0..length(&self.shape)),
            state,
            parameters,
        ))
    }
}

#[cfg(test)]
mod tests;
