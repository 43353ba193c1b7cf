//! LIF neuron that forgets its state at regular steps.
//!
//! Before the update of step t, `u = v = 0` if `t % reset_interval == reset_offset % reset_interval`;
//! the rest is [`lif`](super::lif).
//!
//! Source: Lava 0.10 `lava/proc/lif/models.py` (`PyLifResetModelBitAcc`).

use std::ops::Range;

use super::lif::{Lif, LifBank};
use super::membrane::{lif_family, ten};
use crate::{
    Bank, BankContext, BankKernel, Behaviour, Fired, Io, Kernel, ModelError, PerNeuron, PortSpec, Setting, Values,
    VarSpec, length,
};

lif_family! {
    /// Lava's `LIFReset`.
    LifReset {
        /// Threshold mantissa, `0..=131071`, aligned like a weight.
        vth: PerNeuron = ten(), "ten";
        /// Steps from reset to reset, at least 1.
        reset_interval: u64 = 1, "every_step";
        /// Phase of the resets `[steps]`; its remainder modulo the interval counts.
        reset_offset: u64 = 0, "no_offset";
    }
}

fn every_step() -> u64 {
    1
}

fn no_offset() -> u64 {
    0
}

impl LifReset {
    fn lif(&self) -> Lif {
        let given = self.given();
        Lif {
            shape: self.shape.clone(),
            u: given.u.clone(),
            v: given.v.clone(),
            du: given.du.clone(),
            dv: given.dv.clone(),
            bias_mant: given.bias_mant.clone(),
            bias_exp: given.bias_exp.clone(),
            vth: self.vth.clone(),
        }
    }

    fn clock(&self) -> Result<Clock, ModelError> {
        match self.reset_interval {
            0 => Err(ModelError::range("reset_interval", 0, "at least 1")),
            interval => Ok(Clock { interval, phase: self.reset_offset % interval }),
        }
    }

    fn make_bank(&self, setting: &Setting<'_>, range: Range<usize>) -> Result<Forgetful<LifBank>, ModelError> {
        Ok(Forgetful { inner: self.lif().make_bank(setting.arithmetic, range)?, clock: self.clock()? })
    }
}

/// When the state is forgotten.
#[derive(Clone, Copy, Debug)]
struct Clock {
    interval: u64,
    phase: u64,
}

impl Clock {
    fn strikes(self, step: u64) -> bool {
        step % self.interval == self.phase
    }
}

/// A population whose state the clock clears; the clock is all that it adds to a snapshot, and it follows from the step.
#[derive(Debug)]
struct Forgetful<K> {
    inner: K,
    clock: Clock,
}

impl Bank for Forgetful<LifBank> {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn step(
        &mut self,
        range: Range<usize>,
        context: &mut BankContext<'_>,
        inputs: &[&[i32]],
        fired: &mut [Fired],
    ) -> u64 {
        if self.clock.strikes(context.step) {
            self.inner.u[range.clone()].fill(0);
            self.inner.v[range.clone()].fill(0);
        }
        self.inner.step(range, context, inputs, fired)
    }

    fn get(&self, var: usize) -> Vec<i32> {
        self.inner.get(var)
    }

    fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError> {
        self.inner.set(var, values)
    }

    fn save(&self) -> Vec<Values> {
        self.inner.save()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        self.inner.load(state)
    }
}

impl Kernel<f64> for Forgetful<Box<dyn Kernel<f64>>> {
    fn step(&mut self, io: &mut Io<'_, f64>) {
        if self.clock.strikes(io.step) {
            for var in [0, 1] {
                let zeros = vec![0.0; self.inner.get(var).len()];
                self.inner.set(var, &zeros).expect("0 is a value of u and of v");
            }
        }
        self.inner.step(io);
    }

    fn get(&self, var: usize) -> Vec<f64> {
        self.inner.get(var)
    }

    fn set(&mut self, var: usize, values: &[f64]) -> Result<(), ModelError> {
        self.inner.set(var, values)
    }

    fn save(&self) -> Vec<Values> {
        self.inner.save()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        self.inner.load(state)
    }
}

impl Behaviour for LifReset {
    fn in_ports(&self) -> Vec<PortSpec> {
        self.lif().in_ports()
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        self.lif().out_ports()
    }

    fn decays(&self) -> Vec<(&'static str, &crate::Decay)> {
        vec![("du", &self.du), ("dv", &self.dv)]
    }

    fn vars(&self) -> Vec<VarSpec> {
        self.lif().vars()
    }

    fn fixed(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        let bank = self.make_bank(setting, 0..length(&self.shape))?;
        Ok(Box::new(BankKernel::new(Box::new(bank))))
    }

    fn float(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        Ok(Box::new(Forgetful { inner: self.lif().float(setting)?, clock: self.clock()? }))
    }

    fn bank(&self, setting: &Setting<'_>, range: Range<usize>) -> Option<Result<Box<dyn Bank>, ModelError>> {
        Some(self.make_bank(setting, range).map(|bank| Box::new(bank) as Box<dyn Bank>))
    }
}

#[cfg(test)]
mod tests;
