//! Analog circuits that run as banks of digital ones: what is frozen of each, and what never rests.
//!
//! ```text
//! noise   z[t] = k z[t-1] + sqrt(1 - k^2) g[t]     k = what the membrane keeps per step, g = a draw of variance 1
//!         z    = another draw of variance 1        at the first step, and when a spike resets the membrane
//!         spike if v + s z > vth                   s = standard deviation of the thermal noise, sqrt(k_B T / C)
//! droop   |v| loses d per step, down to 0          d = I_leak dt / C
//! ```
//!
//! z is an Ornstein-Uhlenbeck process in discrete time (exact update: Gillespie, Phys. Rev. E 54, 1996), so the noise of a
//! membrane has the variance k_B T / C at every time, and the correlation of the membrane. Between two resets the membrane is
//! linear: its noise may stand beside `v`, and the comparator sees both. `v` itself is what the spikes made of it. A membrane
//! without leak keeps the noise of its last reset. z is held in 1/65536.
//!
//! Draws are functions of (seed, core, number on the core, step): no result depends on workers.

use std::ops::Range;

use pumice_num::{BELL_DEVIATION, Purpose, draw, draw_bell};
use serde::{Deserialize, Serialize};

use super::analog::Deviation;
use super::bank::saved;
use crate::arithmetic::Threshold;
use crate::{Bank, BankContext, Behaviour, Fired, Lane, Model, ModelError, Setting, Values};

/// Where the circuit of a neuron is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Core.
    pub core: u32,
    /// Number among the neurons of the core.
    pub number: u32,
}

/// The circuits of a population of analog neurons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Circuits {
    /// Seed of the chip, from which its noise is drawn.
    pub seed: u64,
    /// Where each neuron is.
    pub seats: Vec<Seat>,
    /// By what each deviates, frozen.
    pub deviations: Vec<Deviation>,
    /// Standard deviation of the thermal noise of the membrane, as a share of the threshold, 0 to 1.
    pub noise: f64,
    /// What the membrane loses per step, as a share of the threshold, 0 to 1.
    pub droop: f64,
}

/// What a circuit reaches of a bank.
#[derive(Debug)]
pub struct Reach<'a> {
    /// Voltages `[state LSB]`.
    pub v: &'a mut [i32],
    /// What membranes keep per step, of 4096.
    pub keep: &'a Lane,
    /// Added to the thresholds, one for each neuron; empty for none `[state LSB]`.
    pub shift: &'a mut Vec<i32>,
}

impl Circuits {
    /// The neurons `range` of a population as these circuits; `None` if it has no analog form.
    pub fn bank(
        &self,
        model: &Model,
        setting: &Setting<'_>,
        range: Range<usize>,
    ) -> Option<Result<Box<dyn Bank>, ModelError>> {
        let analog = match model.analog(setting, &self.deviations)? {
            Ok(analog) => analog,
            Err(fault) => return Some(Err(fault)),
        };
        let mut bank = match analog.model.bank(setting, range.clone())? {
            Ok(bank) => bank,
            Err(fault) => return Some(Err(fault)),
        };
        if self.noise == 0.0 && self.droop == 0.0 {
            return Some(Ok(bank));
        }
        if self.noise > 0.0 && bank.make_noise(self.seed, &self.seats[range.clone()]) {
            return Some(Ok(bank));
        }
        let Some(reach) = bank.reach() else { return Some(Ok(bank)) };
        let volt = f64::from(1 << setting.arithmetic.align);
        let own = |(k, i): (usize, usize)| Own::new(self, reach.keep.at(k), self.seats[i], analog.threshold[i] * volt);
        let own: Vec<Own> = range.enumerate().map(own).collect();
        let at_or_above = setting.arithmetic.threshold == Threshold::AtOrAbove;
        let noisy = self.noise > 0.0;
        let n = own.len();
        let bank = CircuitBank { bank, own, z: vec![0; n], seed: self.seed, origin: 0, noisy, at_or_above };
        Some(Ok(Box::new(bank)))
    }
}

/// Value of z that is one standard deviation.
const ONE: f64 = 65_536.0;
/// Fraction bits of the factor of a draw.
const FACTOR_BITS: u32 = 32;
/// Fraction bits of a deviation in state LSB.
const SIGMA_BITS: u32 = 16;
/// Flag of draws at a reset, in the steps of [`Purpose::THERMAL`].
const RESET: u64 = 1 << 47;
/// Beyond every threshold `[state LSB]`.
const BEYOND: i128 = 1 << 29;

/// The numbers of one circuit.
#[derive(Clone, Copy, Debug)]
struct Own {
    seat: Seat,
    /// What the membrane keeps, of 4096.
    keep: i64,
    /// Factor of a draw in a step.
    factor: i64,
    /// Standard deviation of the noise `[2^-16 state LSB]`.
    sigma: i64,
    /// What the membrane loses per step `[2^-32 state LSB]`.
    droop: u64,
}

impl Own {
    fn new(circuits: &Circuits, keep: i32, seat: Seat, threshold: f64) -> Own {
        let share = f64::from(keep) / 4096.0;
        Own {
            seat,
            keep: keep.into(),
            factor: factor((1.0 - share * share).max(0.0).sqrt()),
            sigma: (circuits.noise * threshold * f64::from(1 << SIGMA_BITS)).round() as i64,
            droop: (circuits.droop * threshold * 2f64.powi(32)).round() as u64,
        }
    }

    /// A draw in a step, in units of z.
    fn draw(&self, seed: u64, step: u64, factor: i64) -> i64 {
        let words = draw(seed, Purpose::THERMAL, self.seat.core, self.seat.number, step);
        round(factor * i64::from(draw_bell(words)), FACTOR_BITS)
    }

    /// What the membrane has lost in the steps until `step`, in whole state LSB.
    fn lost(&self, step: u64) -> i128 {
        (i128::from(self.droop) * i128::from(step)) >> 32
    }
}

/// What makes a draw of [`draw_bell`] have this standard deviation in units of z.
fn factor(deviation: f64) -> i64 {
    (deviation * ONE * f64::from(FACTOR_BITS).exp2() / BELL_DEVIATION).round() as i64
}

fn round(x: i64, bits: u32) -> i64 {
    (x + (1 << (bits - 1))) >> bits
}

/// A bank whose membranes are noisy and droop.
#[derive(Debug)]
struct CircuitBank {
    bank: Box<dyn Bank>,
    own: Vec<Own>,
    /// Noise in standard deviations `[2^-16]`.
    z: Vec<i32>,
    seed: u64,
    origin: u64,
    noisy: bool,
    at_or_above: bool,
}

impl CircuitBank {
    /// The step in the draws of this power-on.
    fn at(&self, step: u64) -> u64 {
        self.origin.wrapping_add(step) & (RESET - 1)
    }

    /// Lets membranes droop and noise move on, and tells the comparators.
    fn unrest(&mut self, range: Range<usize>, step: u64) {
        let at = self.at(step);
        let n = self.own.len();
        let Some(Reach { v, shift, .. }) = self.bank.reach() else { return };
        shift.resize(n, 0);
        for i in range {
            let own = &self.own[i];
            let lost = (own.lost(step) - own.lost(step - 1)).min(BEYOND) as i32;
            v[i] = v[i].signum() * v[i].saturating_abs().saturating_sub(lost).max(0);
            if !self.noisy {
                continue;
            }
            let fresh = step == 1;
            let kept = if fresh { 0 } else { round(i64::from(self.z[i]) * own.keep, 12) };
            let z = kept + own.draw(self.seed, at, if fresh { factor(1.0) } else { own.factor });
            self.z[i] = z as i32;
            let noise = i128::from(own.sigma) * i128::from(z);
            // v + noise > vth for whole v and vth; the rule `at or above` has 1 taken from its threshold.
            let whole = if self.at_or_above { -(noise >> 32) } else { -noise >> 32 };
            shift[i] = whole.clamp(-BEYOND, BEYOND) as i32;
        }
    }
}

impl Bank for CircuitBank {
    fn len(&self) -> usize {
        self.bank.len()
    }

    fn step(
        &mut self,
        range: Range<usize>,
        context: &mut BankContext<'_>,
        inputs: &[&[i32]],
        fired: &mut [Fired],
    ) -> u64 {
        let first = fired[0].index.len();
        self.unrest(range.clone(), context.step);
        let active = self.bank.step(range, context, inputs, fired);
        if self.noisy {
            let at = RESET | self.at(context.step);
            for i in &fired[0].index[first..] {
                self.z[*i as usize] = self.own[*i as usize].draw(self.seed, at, factor(1.0)) as i32;
            }
        }
        active
    }

    fn get(&self, var: usize) -> Vec<i32> {
        self.bank.get(var)
    }

    fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError> {
        self.bank.set(var, values)
    }

    fn save(&self) -> Vec<Values> {
        let mut state = self.bank.save();
        state.push(Values::Int(self.z.clone()));
        state
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let own = state.len().saturating_sub(1);
        self.z = saved(state, own, self.own.len())?;
        self.bank.load(&state[..own])
    }

    fn set_noise_origin(&mut self, origin: u64) {
        self.origin = origin;
    }
}

#[cfg(test)]
mod tests;
