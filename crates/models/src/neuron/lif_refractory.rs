//! LIF neuron with a refractory period.
//!
//! Currents and voltages are those of [`lif`](super::lif). What a period of `r` steps does is the
//! [`Arithmetic`](crate::Arithmetic)'s choice, because the sources differ:
//!
//! ```text
//! freeze:                 v keeps its value in the r steps after a spike            (Lava, float only)
//! hold_counts_spike_step: v is 0 in the r - 1 steps after a spike                   (nengo-loihi, brian2-loihi)
//! ```
//!
//! The current goes on decaying and integrating in both. Sources: Lava 0.10 `lava/proc/lif/models.py`
//! (`PyLifRefractoryModelFloat`); nengo-loihi 1.1 `emulator/interface.py`.

use std::ops::Range;

use super::analog::{Analog, Deviating, Deviation, each};
use super::membrane::{Membrane, RealMembrane, THRESHOLD, lif_family, one, ten};
use super::population::{At, Column, Dynamics, Neuron, Population};
use crate::arithmetic::Refractory;
use crate::{Kind, Lane, ModelError, Number, OverflowKind, PerNeuron, Setting};

lif_family! {
    /// Lava's `LIFRefractory`, also in fixed point.
    LifRefractory {
        /// Threshold mantissa, `0..=131071`, aligned like a weight.
        vth: PerNeuron = ten(), "ten";
        /// Refractory period `[steps]`, at least 1; the arithmetic says what it does and how long it may be.
        refractory_period: PerNeuron = one(), "one";
    }
}

/// The steps that remain of a refractory period: how they begin, pass, and hold the voltage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dead(pub(crate) Refractory);

impl Dead {
    /// The voltage of a neuron with `remaining` dead steps: `integrated`, or what the rule holds.
    #[inline(always)]
    pub(crate) fn held<N: Number>(self, remaining: N, before: N, integrated: N) -> N {
        match self.0 {
            _ if remaining == N::default() => integrated,
            Refractory::HoldCountsSpikeStep => N::default(),
            Refractory::Freeze => before,
        }
    }

    /// The dead steps that remain after this step.
    #[inline(always)]
    pub(crate) fn next<N: Number>(self, fire: bool, period: N, remaining: N) -> N {
        let less = |x: N| match x == N::default() {
            true => x,
            false => x.plus(N::from_int(-1)),
        };
        match (fire, self.0) {
            (false, _) => less(remaining),
            (true, Refractory::HoldCountsSpikeStep) => less(period),
            (true, Refractory::Freeze) => period,
        }
    }
}

/// A membrane that rests after a spike.
#[derive(Debug)]
pub(crate) struct Resting<M>(M, Dead);

impl Dynamics<i32, 1, 3, 3, 1> for Resting<Membrane> {
    const GRADED: [bool; 1] = [false];

    fn step(
        &self,
        at: At,
        [input]: [i32; 1],
        [vth, period, bias]: [i32; 3],
        [u, v, remaining]: &mut [i32; 3],
        left: &mut u32,
    ) -> [i32; 1] {
        let Resting(membrane, dead) = self;
        *u = membrane.current(at.local, *u, input, 0, left);
        let integrated = membrane.voltage(at.local, *v, *u, [bias, 0], left);
        *v = dead.held(*remaining, *v, membrane.clamp(integrated, left));
        let shift = membrane.shift.get(at.local).copied().unwrap_or(0);
        let fire = membrane.fires(*v, (vth << membrane.rule.align) + shift);
        *remaining = dead.next(fire, period, *remaining);
        if fire {
            *v = 0;
        }
        [i32::from(fire)]
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &self.0.noted
    }

    fn driven(&self, _local: usize, [_, _, bias]: [i32; 3]) -> bool {
        bias != 0
    }

    fn circuit(&mut self) -> Option<(usize, &Lane, &mut Vec<i32>)> {
        Some((1, &self.0.kv, &mut self.0.shift))
    }

    fn steady(&self) -> bool {
        true
    }
}

impl Dynamics<f64, 1, 3, 3, 1> for Resting<RealMembrane> {
    const GRADED: [bool; 1] = [false];

    fn step(
        &self,
        at: At,
        [input]: [f64; 1],
        [vth, period, bias]: [f64; 3],
        [u, v, remaining]: &mut [f64; 3],
        _left: &mut u32,
    ) -> [f64; 1] {
        let Resting(membrane, dead) = self;
        *u = membrane.current(at.local, *u, input);
        let integrated = membrane.voltage(at.local, *v, *u, bias);
        *v = dead.held(*remaining, *v, integrated);
        let fire = membrane.fires(*v, vth * membrane.align);
        *remaining = dead.next(fire, period, *remaining);
        if fire {
            *v = 0.0;
        }
        [f64::from(u8::from(fire))]
    }
}

impl Neuron for LifRefractory {
    const IN: &'static [(&'static str, Kind)] = &[("a_in", Kind::Activation)];
    const OUT: &'static [(&'static str, Kind)] = &[("s_out", Kind::Spike)];
    const VARS: &'static [&'static str] = &["u", "v", "refractory", "vth", "refractory_period", "bias"];
    type Fixed = Population<Resting<Membrane>, i32, 1, 3, 3, 1>;
    type Float = Population<Resting<RealMembrane>, f64, 1, 3, 3, 1>;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn decays(&self) -> Vec<(&'static str, &crate::Decay)> {
        vec![("du", &self.du), ("dv", &self.dv)]
    }

    fn registers(&self, setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
        let (given, a) = (self.given(), setting.arithmetic);
        let [u, v, bias] = given.columns(a, &cut)?;
        let longest = a.refractory_max as i32;
        let period = Column::registers("refractory_period", &self.refractory_period, given.n, &cut, 1..=longest)?;
        let remaining = Column::of("refractory", vec![0; cut.len()], 0..=longest);
        let vth = Column::registers("vth", &self.vth, given.n, &cut, THRESHOLD)?;
        let resting = Resting(given.membrane(a, &cut)?, Dead(a.refractory));
        Ok(Population::new(resting, &cut, [u, v, remaining], [vth, period, bias]))
    }

    fn reals(&self, setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
        let (given, a) = (self.given(), setting.arithmetic);
        let [u, v, bias] = given.real_columns()?;
        // Steps are counted, in reals too.
        let period = crate::lane("refractory_period", &self.refractory_period, given.n, 1..=i32::MAX)?;
        let period = period.expand(given.n).into_iter().map(f64::from).collect();
        let period = Column::real("refractory_period", period);
        let vth = Column::reals("vth", &self.vth, given.n)?;
        let resting = Resting(given.real_membrane(a)?, Dead(a.refractory));
        let remaining = Column::real_zero("refractory", given.n);
        Ok(Population::new(resting, &(0..crate::length(self.shape())), [u, v, remaining], [vth, period, bias]))
    }

    fn deviating(&self, setting: &Setting<'_>, deviations: &[Deviation]) -> Option<Result<Analog, ModelError>> {
        let mut own = self.clone();
        let LifRefractory { du, dv, bias_mant, vth, refractory_period, .. } = &mut own;
        let longest = f64::from(setting.arithmetic.refractory_max);
        let periods = refractory_period.values("refractory_period", deviations.len());
        let made = periods.and_then(|all| {
            *refractory_period = each(&all, deviations, |x, d| (x * d.refractory).round().clamp(1.0, longest));
            Deviating { du, dv, bias_mant, vth }.deviate(setting.arithmetic, deviations)
        });
        Some(made.map(|threshold| Analog { model: own.into(), threshold }))
    }
}

#[cfg(test)]
mod tests;
