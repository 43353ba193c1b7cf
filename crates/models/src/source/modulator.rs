//! Levels of neuromodulators: slow signals that act on excitability and on learning.
//!
//! ```text
//! x[0] = b[0],  x[t] = b[t] + (1 - decay/4096) * (x[t-1] - b[t]) + s * sqrt(1 - (1 - decay/4096)^2) * g[t]
//! level_out = clamp(round(x), -128, 127),  a_out = gain * level_out
//! ```
//!
//! `b` is a constant or a recording, `s` the standard deviation around it and `g` a draw with mean 0 and variance 1 (a sum of
//! eight uniform ones, scaled). With `s` above 0 this is an Ornstein-Uhlenbeck process in discrete time (Uhlenbeck and
//! Ornstein, Phys. Rev. 36, 1930; exact update after Gillespie, Phys. Rev. E 54, 1996). `level_out` goes to the third-factor
//! ports of learning connections, where dopamine gates plasticity (Frémaux and Gerstner, Front. Neural Circuits 9, 2016);
//! `a_out` goes to neurons, whose excitability serotonin lowers or noradrenaline raises by the sign of `gain`
//! (Doya, Neural Netw. 15, 2002). The fixed kernel holds x in 1/256 LSB. On a chip the level is made by the host side, as by
//! Loihi's embedded processors.

use pumice_num::{BELL_DEVIATION, Purpose, draw, draw_bell};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Behaviour, Io, Kernel, Kind, ModelError, PortSpec, Setting, Values, VarSpec, integer};

/// Which neuromodulator a level is that of: a name for people; the action is that of the wires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transmitter {
    /// Reward prediction: usually a third factor.
    Dopamine,
    /// Usually lowers excitability.
    Serotonin,
    /// Usually raises excitability.
    Noradrenaline,
}

/// The level of one neuromodulator, the same for all elements of its ports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Neuromodulator {
    /// Shape of one message.
    pub shape: Vec<usize>,
    /// Which one.
    pub transmitter: Transmitter,
    /// Baseline `[trace LSB]`, `-128..=127`: one value for always, or one per step, the last of which stays.
    pub baseline: Vec<f64>,
    /// Part of 4096 of the distance to the baseline that is lost per step, `1..=4096`; 4096 follows it at once.
    #[serde(default = "at_once")]
    pub decay: u32,
    /// Standard deviation around the baseline `[trace LSB]`, `0..=127`; 0 without noise.
    #[serde(default)]
    pub deviation: f64,
    /// Weight of the level in `a_out`, an integer in `-256..=256`.
    #[serde(default)]
    pub gain: f64,
}

fn at_once() -> u32 {
    4096
}

impl Neuromodulator {
    /// A constant level that learning connections read; it does not change excitability.
    pub fn constant(shape: &[usize], transmitter: Transmitter, level: f64) -> Self {
        Self::recorded(shape, transmitter, vec![level])
    }

    /// A level that follows one recorded value per step, and stays at the last.
    pub fn recorded(shape: &[usize], transmitter: Transmitter, levels: Vec<f64>) -> Self {
        Neuromodulator {
            shape: shape.to_vec(),
            transmitter,
            baseline: levels,
            decay: at_once(),
            deviation: 0.0,
            gain: 0.0,
        }
    }

    /// An Ornstein-Uhlenbeck level around a baseline; its correlation falls by `decay / 4096` per step.
    pub fn wandering(shape: &[usize], transmitter: Transmitter, baseline: f64, deviation: f64, decay: u32) -> Self {
        Neuromodulator { deviation, decay, ..Self::constant(shape, transmitter, baseline) }
    }

    fn check(&self) -> Result<i32, ModelError> {
        if self.baseline.is_empty() {
            return Err(ModelError::range("baseline", "empty", "one value or one per step"));
        }
        if let Some(k) = self.baseline.iter().position(|b| !(-128.0..=127.0).contains(b)) {
            return Err(ModelError::range(format!("baseline[{k}]"), self.baseline[k], "a number in -128..=127"));
        }
        if !(1..=4096).contains(&self.decay) {
            return Err(ModelError::range("decay", self.decay, "an integer in 1..=4096"));
        }
        if !(0.0..=127.0).contains(&self.deviation) {
            return Err(ModelError::range("deviation", self.deviation, "a number in 0..=127"));
        }
        integer("gain", self.gain, -256..=256)
    }

    /// The noise that is added per step: its amplitude per unit of [`noise`].
    fn amplitude(&self) -> f64 {
        let keep = 1.0 - f64::from(self.decay) / 4096.0;
        self.deviation * (1.0 - keep * keep).sqrt() / (BELL_DEVIATION / 2.0)
    }
}

/// Values of 1/256 LSB.
const FRACTION: f64 = 256.0;
/// Fraction bits of the fixed kernel's amplitude.
const AMPLITUDE_BITS: u32 = 24;

/// A draw of [`draw_bell`], twice as wide as [`Neuromodulator::amplitude`] takes it: halve it.
fn noise(seed: u64, place: u32, step: u64) -> i64 {
    draw_bell(draw(seed, Purpose::MODULATOR, place, 0, step)).into()
}

/// What both kernels have in common.
#[derive(Debug)]
struct Course {
    seed: u64,
    place: u32,
    gain: i32,
    noisy: bool,
}

impl Course {
    fn noise(&self, step: u64) -> i64 {
        if self.noisy { noise(self.seed, self.place, step) } else { 0 }
    }
}

/// The level in 1/256 LSB.
#[derive(Debug)]
struct Fixed {
    course: Course,
    baseline: Vec<i32>,
    decay: i64,
    amplitude: i64,
    level: i32,
}

fn at<N: Copy>(baseline: &[N], step: u64) -> N {
    baseline[(step as usize).min(baseline.len()) - 1]
}

impl Kernel<i32> for Fixed {
    fn step(&mut self, io: &mut Io<'_, i32>) {
        let base = i64::from(at(&self.baseline, io.step));
        let away = (i64::from(self.level) - base) * (4096 - self.decay);
        let noise = self.course.noise(io.step) * self.amplitude;
        let rounded = |x: i64, bits: u32| (x + (1 << (bits - 1))) >> bits;
        let next = base + rounded(away, 12) + rounded(noise, AMPLITUDE_BITS + 1);
        self.level = next.clamp(-(1 << 20), 1 << 20) as i32;
        let level = ((self.level + 128) >> 8).clamp(-128, 127);
        io.outputs[0].fill(level);
        io.outputs[1].fill(level * self.course.gain);
    }

    fn get(&self, _var: usize) -> Vec<i32> {
        vec![(self.level + 128) >> 8]
    }

    fn set(&mut self, _var: usize, values: &[i32]) -> Result<(), ModelError> {
        if !(-128..=127).contains(&values[0]) {
            return Err(ModelError::range("level", values[0], "an integer in -128..=127"));
        }
        self.level = values[0] << 8;
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        vec![Values::Int(vec![self.level])]
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        self.level = crate::neuron::bank::saved(state, 0, 1)?[0];
        Ok(())
    }
}

/// The level in reals.
#[derive(Debug)]
struct Float {
    course: Course,
    baseline: Vec<f64>,
    keep: f64,
    amplitude: f64,
    level: f64,
}

impl Kernel<f64> for Float {
    fn step(&mut self, io: &mut Io<'_, f64>) {
        let base = at(&self.baseline, io.step);
        self.level = base + (self.level - base) * self.keep + self.amplitude * self.course.noise(io.step) as f64 / 2.0;
        let level = self.level.clamp(-128.0, 127.0);
        io.outputs[0].fill(level);
        io.outputs[1].fill(level * f64::from(self.course.gain));
    }

    fn get(&self, _var: usize) -> Vec<f64> {
        vec![self.level]
    }

    fn set(&mut self, _var: usize, values: &[f64]) -> Result<(), ModelError> {
        self.level = values[0];
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        vec![Values::Real(vec![self.level])]
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        match state {
            [level] if level.len() == 1 => self.level = level.to_real()[0],
            _ => return Err(ModelError::range("saved state", state.len(), "1 level")),
        }
        Ok(())
    }
}

impl Behaviour for Neuromodulator {
    fn in_ports(&self) -> Vec<PortSpec> {
        Vec::new()
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        vec![
            PortSpec::new("level_out", Kind::Graded, &self.shape),
            PortSpec::new("a_out", Kind::Activation, &self.shape),
        ]
    }

    fn vars(&self) -> Vec<VarSpec> {
        vec![VarSpec::new("level", &[1])]
    }

    fn fixed(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        let gain = self.check()?;
        let baseline: Vec<i32> = self.baseline.iter().map(|b| (b * FRACTION).round_ties_even() as i32).collect();
        let amplitude = self.amplitude() * FRACTION * f64::from(1u32 << AMPLITUDE_BITS);
        Ok(Box::new(Fixed {
            course: Course { seed: setting.seed, place: setting.place, gain, noisy: self.deviation > 0.0 },
            level: baseline[0],
            baseline,
            decay: i64::from(self.decay),
            amplitude: amplitude.round_ties_even() as i64,
        }))
    }

    fn float(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        let gain = self.check()?;
        Ok(Box::new(Float {
            course: Course { seed: setting.seed, place: setting.place, gain, noisy: self.deviation > 0.0 },
            level: self.baseline[0],
            baseline: self.baseline.clone(),
            keep: 1.0 - f64::from(self.decay) / 4096.0,
            amplitude: self.amplitude(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Arithmetic, Number, Overflow};
    use proptest::prelude::*;

    /// The level after each of `steps` steps, and both outputs of the last.
    fn levels<N: Number>(mut kernel: Box<dyn Kernel<N>>, steps: u64, scale: f64) -> (Vec<f64>, [f64; 2]) {
        let mut outputs = vec![vec![N::default(); 2], vec![N::default(); 2]];
        let mut all = Vec::new();
        for step in 1..=steps {
            let mut overflow = Overflow::default();
            kernel.step(&mut Io { step, inputs: &[], outputs: &mut outputs, overflow: &mut overflow });
            all.push(kernel.save()[0].to_real()[0] / scale);
        }
        (all, [outputs[0][1].real(), outputs[1][1].real()])
    }

    fn both(process: &Neuromodulator, seed: u64, steps: u64) -> (Vec<f64>, Vec<f64>) {
        let arithmetic = Arithmetic::loihi1();
        let setting = Setting { arithmetic: &arithmetic, seed, place: 2 };
        let fixed = levels(process.fixed(&setting).unwrap(), steps, FRACTION).0;
        (fixed, levels(process.float(&setting).unwrap(), steps, 1.0).0)
    }

    proptest! {
        /// Per step the decay and the noise are rounded by at most 1/2 of 1/256 LSB each, the amplitude by 1/2 of 2^-24 of a sum
        /// of at most 2^18; the baseline is rounded once. What remains of older errors is a geometric sum.
        #[test]
        fn the_fixed_level_stays_within_its_budget(
            levels in prop::collection::vec(-128.0f64..127.0, 1..20), decay in 1u32..=4096, deviation in 0.0f64..127.0,
            seed in any::<u64>(),
        ) {
            let noisy = Neuromodulator::wandering(&[2], Transmitter::Dopamine, 0.0, deviation / 10.0, decay);
            let (fixed, float) = both(&Neuromodulator { baseline: levels, ..noisy }, seed, 60);
            let per_step = 0.5 + 0.5 + 0.01;
            for (t, (a, b)) in fixed.iter().zip(&float).enumerate() {
                let steps = (t as f64 + 1.0).min(4096.0 / f64::from(decay));
                let budget = (steps * per_step + 1.5) / FRACTION;
                prop_assert!((a - b).abs() <= budget, "step {t}: {a} and {b}, budget {budget}");
            }
        }
    }

    /// Mean and variance of the wandering level over 60,000 steps: with a correlation time of 16 steps there are about
    /// 60,000 / 32 independent values, so the mean is within 4 * s / sqrt(1875), the variance within 4 * s^2 * sqrt(2 / 1875).
    #[test]
    fn a_wandering_level_has_its_moments() {
        let process = Neuromodulator::wandering(&[2], Transmitter::Serotonin, 20.0, 12.0, 256);
        let (fixed, float) = both(&process, 5, 60_000);
        for all in [fixed, float] {
            let n = all.len() as f64;
            let mean = all.iter().sum::<f64>() / n;
            let variance = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            assert!((mean - 20.0).abs() < 4.0 * 12.0 / 1875f64.sqrt(), "mean {mean}");
            assert!((variance - 144.0).abs() < 4.0 * 144.0 * (2.0f64 / 1875.0).sqrt(), "variance {variance}");
        }
    }

    #[test]
    fn recorded_levels_are_followed_and_both_ports_carry_them() {
        let arithmetic = Arithmetic::loihi1();
        let setting = Setting { arithmetic: &arithmetic, seed: 0, place: 0 };
        let process = Neuromodulator::recorded(&[2], Transmitter::Noradrenaline, vec![3.0, -7.0, 100.0]);
        let process = Neuromodulator { gain: -4.0, ..process };
        assert_eq!(levels(process.fixed(&setting).unwrap(), 2, FRACTION), (vec![3.0, -7.0], [-7.0, 28.0]));
        assert_eq!(levels(process.float(&setting).unwrap(), 5, 1.0).1, [100.0, -400.0]);
        for (wrong, text) in [
            (Neuromodulator { baseline: vec![], ..process.clone() }, "baseline"),
            (Neuromodulator { baseline: vec![0.0, 128.0], ..process.clone() }, "baseline[1]"),
            (Neuromodulator { decay: 0, ..process.clone() }, "decay"),
            (Neuromodulator { deviation: f64::NAN, ..process.clone() }, "deviation"),
            (Neuromodulator { gain: 0.5, ..process }, "gain"),
        ] {
            assert!(wrong.fixed(&setting).unwrap_err().to_string().contains(text));
            assert!(wrong.float(&setting).is_err());
        }
    }
}
