//! LIF neuron that fires up and down.
//!
//! Currents and voltages are those of [`lif`](super::lif); then
//! `s = +1` if `v > vth_hi << align`, `s = -1` if `v < vth_lo << align`, and `v = 0` where `s` is not 0.
//!
//! Source: Lava 0.10 `lava/proc/lif/models.py` (`PyTernLifModelFixed`).

use std::ops::Range;

use super::membrane::{Membrane, RealMembrane, lif_family, ten};
use super::population::{At, Column, Dynamics, Neuron, Population};
use crate::{Kind, ModelError, OverflowKind, PerNeuron, Setting};

lif_family! {
    /// Lava's `TernaryLIF`.
    TernaryLif {
        /// Upper threshold mantissa, `-131072..=131071`, aligned like a weight.
        vth_hi: PerNeuron = ten(), "ten";
        /// Lower threshold mantissa, at most `vth_hi`.
        vth_lo: PerNeuron = minus_ten(), "minus_ten";
    }
}

fn minus_ten() -> PerNeuron {
    (-10).into()
}

/// What a signed threshold mantissa reaches.
const SIGNED: std::ops::RangeInclusive<i32> = -131_072..=131_071;

impl TernaryLif {
    fn check(&self) -> Result<(), ModelError> {
        let n = crate::length(&self.shape);
        let (hi, lo) = (self.vth_hi.values("vth_hi", n)?, self.vth_lo.values("vth_lo", n)?);
        match hi.iter().zip(&lo).find(|(hi, lo)| lo > hi) {
            Some((hi, lo)) => Err(ModelError::range("vth_lo", lo, format!("at most vth_hi, here {hi}"))),
            None => Ok(()),
        }
    }
}

/// The two-sided threshold on a membrane.
#[derive(Debug)]
pub(crate) struct Ternary<M>(M);

impl Dynamics<i32, 1, 2, 3, 1> for Ternary<Membrane> {
    const GRADED: [bool; 1] = [true];

    fn step(
        &self,
        at: At,
        [input]: [i32; 1],
        [hi, lo, bias]: [i32; 3],
        [u, v]: &mut [i32; 2],
        left: &mut u32,
    ) -> [i32; 1] {
        let membrane = &self.0;
        *u = membrane.current(at.local, *u, input, 0, left);
        *v = membrane.clamp(membrane.voltage(at.local, *v, *u, [bias, 0], left), left);
        let (hi, lo) = (hi << membrane.rule.align, lo << membrane.rule.align);
        let spike = i32::from(membrane.fires(*v, hi)) - i32::from(*v < lo - membrane.rule.extra);
        if spike != 0 {
            *v = 0;
        }
        [spike]
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &self.0.noted
    }

    fn driven(&self, _local: usize, [_, _, bias]: [i32; 3]) -> bool {
        bias != 0
    }

    fn steady(&self) -> bool {
        true
    }
}

impl Dynamics<f64, 1, 2, 3, 1> for Ternary<RealMembrane> {
    const GRADED: [bool; 1] = [true];

    fn step(
        &self,
        at: At,
        [input]: [f64; 1],
        [hi, lo, bias]: [f64; 3],
        [u, v]: &mut [f64; 2],
        _left: &mut u32,
    ) -> [f64; 1] {
        let membrane = &self.0;
        *u = membrane.current(at.local, *u, input);
        *v = membrane.voltage(at.local, *v, *u, bias);
        let up = membrane.fires(*v, hi * membrane.align);
        let down = membrane.fires(-*v, -lo * membrane.align);
        if up || down {
            *v = 0.0;
        }
        [f64::from(u8::from(up)) - f64::from(u8::from(down))]
    }
}

impl Neuron for TernaryLif {
    const IN: &'static [(&'static str, Kind)] = &[("a_in", Kind::Activation)];
    const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Graded)];
    const VARS: &'static [&'static str] = &["u", "v", "vth_hi", "vth_lo", "bias"];
    type Fixed = Population<Ternary<Membrane>, i32, 1, 2, 3, 1>;
    type Float = Population<Ternary<RealMembrane>, f64, 1, 2, 3, 1>;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn decays(&self) -> Vec<(&'static str, &crate::Decay)> {
        vec![("du", &self.du), ("dv", &self.dv)]
    }

    fn registers(&self, setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
        self.check()?;
        let (given, a) = (self.given(), setting.arithmetic);
        let [u, v, bias] = given.columns(a, &cut)?;
        let hi = Column::registers("vth_hi", &self.vth_hi, given.n, &cut, SIGNED)?;
        let lo = Column::registers("vth_lo", &self.vth_lo, given.n, &cut, SIGNED)?;
        Ok(Population::new(Ternary(given.membrane(a, &cut)?), &cut, [u, v], [hi, lo, bias]))
    }

    fn reals(&self, setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
        self.check()?;
        let given = self.given();
        let [u, v, bias] = given.real_columns()?;
        let hi = Column::reals("vth_hi", &self.vth_hi, given.n)?;
        let lo = Column::reals("vth_lo", &self.vth_lo, given.n)?;
        Ok(Population::new(
            Ternary(given.real_membrane(setting.arithmetic)?),
            &(0..crate::length(self.shape())),
            [u, v],
            [hi, lo, bias],
        ))
    }
}

#[cfg(test)]
mod tests;
