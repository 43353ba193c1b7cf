//! The neurons of SANA-FE 2.2 (arithmetic `sanafe-2.2`): state in double precision.
//!
//! ```text
//! leaky_integrate_fire                            truenorth
//! V <- cut(V * leak_decay) + noise                V <- V - leak if V > 0, V + leak if V < 0
//! I <- I * input_decay                            V <- V + leak, if not leak_towards_zero
//! unless refractory:
//!   I <- I + input                                V <- (V + bias) + input
//!   V <- (V + bias) + I
//!   spike if V > threshold                        spike if V + random >= threshold
//!   reverse if V < reverse_threshold              else reverse if V + random <= reverse_threshold
//! ```
//!
//! `cut` truncates to 64ths, and what is beyond ±2²⁵ becomes -2²⁵. In the first step the leak only cuts. After a spike V is reset: `hard` to `reset`, `soft` by -threshold, `none` not
//! at all, `saturate` to the threshold by `truenorth`, and not at all by `leaky_integrate_fire`. Below `reverse_threshold` V is
//! reset without a spike: `hard` to `reverse_reset`, `saturate` to that threshold, `soft` by -reverse_threshold, but by
//! +reverse_threshold by `truenorth`. A neuron counts as updated if V was not 0, it has a bias, it received something, it fired,
//! or it is told to; it is computed in any case. `noise` is of a [stream](crate::noise) of its unit; `random` are the bits of
//! `random_mask` of a [number](crate::rand), one for each neuron with a mask and step, needed or not. Written from the behaviour of SANA-FE 2.2.9, to the last bit.

use crate::attributes::Attributes;
use crate::twister::Twister;

/// What to do with V beyond a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reset {
    None,
    Soft,
    Hard,
    Saturate,
}

impl Reset {
    fn named(name: Option<&str>, default: Reset) -> Result<Reset, String> {
        match name {
            None => Ok(default),
            Some("none") => Ok(Reset::None),
            Some("soft") => Ok(Reset::Soft),
            Some("hard") => Ok(Reset::Hard),
            Some("saturate") => Ok(Reset::Saturate),
            Some(other) => Err(format!("there is no reset mode `{other}`, allowed is none, soft, hard or saturate")),
        }
    }
}

/// Which equations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Lif,
    TrueNorth,
}

impl Kind {
    /// Refuses attributes that change nothing in SANA-FE.
    fn has(self, a: &Attributes) -> Result<(), String> {
        let (model, foreign) = match self {
            Kind::Lif => (
                "leaky_integrate_fire",
                vec![
                    ("leak", a.leak.is_some()),
                    ("leak_towards_zero", a.leak_towards_zero.is_some()),
                    ("random_mask", a.random_mask.is_some()),
                ],
            ),
            Kind::TrueNorth => (
                "truenorth",
                vec![
                    ("leak_decay", a.leak_decay.is_some()),
                    ("input_decay", a.input_decay.is_some()),
                    ("potential", a.potential.is_some()),
                    ("refractory_delay", a.refractory_delay.is_some()),
                ],
            ),
        };
        match foreign.into_iter().find(|(_, said)| *said) {
            Some((name, _)) => Err(format!("the soma model `{model}` has no `{name}`, SANA-FE passes over it")),
            None => Ok(()),
        }
    }
}

/// A neuron with its state.
#[derive(Clone, Debug)]
pub(crate) enum Neuron {
    /// Sends spikes by a rule.
    Input(Input),
    /// Integrates.
    Membrane(Box<Membrane>),
}

/// When an input fires.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// A list, once.
    List(Vec<bool>),
    /// Every so many steps; never for 0.
    Every(u64),
    /// With a probability in each step.
    Poisson { probability: f64, draws: Twister },
}

impl Input {
    /// A rate `r` fires in every `floor(1 / r)`th step, as recorded of SANA-FE: 0.4 fires as often as 0.5.
    fn new(a: &Attributes, seed: u32) -> Result<Input, String> {
        match (&a.spikes, a.rate, a.poisson) {
            (None, None, None) => Ok(Input::List(Vec::new())),
            (Some(spikes), None, None) => Ok(Input::List(spikes.iter().map(|s| *s != 0).collect())),
            (None, Some(rate), None) => Ok(Input::Every(if rate > 0.0 { (1.0 / rate) as u64 } else { 0 })),
            (None, None, Some(probability)) => Ok(Input::Poisson { probability, draws: Twister::new(seed) }),
            _ => Err("an input has more than one of `spikes`, `rate` and `poisson`".to_owned()),
        }
    }

    fn fires(&mut self, step: u64) -> bool {
        match self {
            Input::List(spikes) => usize::try_from(step).ok().and_then(|at| spikes.get(at).copied()).unwrap_or(false),
            Input::Every(period) => *period > 0 && (step + 1).is_multiple_of(*period),
            Input::Poisson { probability, draws } => draws.unit() < *probability,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Membrane {
    kind: Kind,
    bias: f64,
    threshold: f64,
    reset: f64,
    mode: Reset,
    reverse_threshold: f64,
    reverse_reset: f64,
    reverse_mode: Reset,
    leak_decay: f64,
    input_decay: f64,
    leak: f64,
    leak_towards_zero: bool,
    random_mask: u32,
    refractory_delay: u32,
    force_update: bool,
    v: f64,
    current: f64,
    refractory: u32,
    started: bool,
}

/// What chance gives to a neuron in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Chance {
    /// From the stream of its unit.
    pub(crate) noise: f64,
    /// The bits of its mask of a random number.
    pub(crate) random: u32,
}

/// What a neuron did in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Did {
    pub(crate) updated: bool,
    pub(crate) fired: bool,
}

impl Neuron {
    /// A neuron of a soma model; `seed` is that of the draws of its unit.
    pub(crate) fn new(model: &str, a: &Attributes, seed: u32) -> Result<Neuron, String> {
        let kind = match model {
            "input" => return Input::new(a, seed).map(Neuron::Input),
            "leaky_integrate_fire" => Kind::Lif,
            "truenorth" => Kind::TrueNorth,
            other => {
                return Err(format!(
                    "the soma model `{other}` is not known, allowed is input, leaky_integrate_fire or truenorth"
                ));
            }
        };
        kind.has(a)?;
        Ok(Neuron::Membrane(Box::new(Membrane {
            kind,
            bias: a.bias.unwrap_or(0.0),
            threshold: a.threshold.unwrap_or(0.0),
            reset: a.reset.unwrap_or(0.0),
            mode: Reset::named(a.reset_mode.as_deref(), Reset::Hard)?,
            reverse_threshold: a.reverse_threshold.unwrap_or(0.0),
            reverse_reset: a.reverse_reset.unwrap_or(0.0),
            reverse_mode: Reset::named(a.reverse_reset_mode.as_deref(), Reset::None)?,
            leak_decay: a.leak_decay.unwrap_or(1.0),
            input_decay: a.input_decay.unwrap_or(0.0),
            leak: a.leak.unwrap_or(0.0),
            leak_towards_zero: a.leak_towards_zero.unwrap_or(true),
            random_mask: a.random_mask.unwrap_or(0),
            refractory_delay: a.refractory_delay.unwrap_or(0),
            force_update: a.force_update.unwrap_or(false),
            v: a.potential.unwrap_or(0.0),
            current: 0.0,
            refractory: 0,
            started: false,
        })))
    }

    /// Which bits of a random number it takes in every step; it draws none for 0.
    pub(crate) fn random_mask(&self) -> u32 {
        match self {
            Neuron::Input(_) => 0,
            Neuron::Membrane(membrane) => membrane.random_mask,
        }
    }

    /// One step with what arrived for it, and what chance gives it.
    pub(crate) fn step(&mut self, step: u64, input: Option<f64>, chance: Chance) -> Did {
        match self {
            Neuron::Input(rule) => {
                let fired = rule.fires(step);
                Did { updated: fired, fired }
            }
            Neuron::Membrane(membrane) => membrane.step(input, chance),
        }
    }

    /// The membrane potential; 0 for inputs.
    pub(crate) fn potential(&self) -> f64 {
        match self {
            Neuron::Input(_) => 0.0,
            Neuron::Membrane(membrane) => membrane.v,
        }
    }
}

impl Membrane {
    fn step(&mut self, input: Option<f64>, chance: Chance) -> Did {
        let asked = self.v != 0.0 || input.is_some() || self.bias != 0.0 || self.force_update;
        let fired = match self.kind {
            Kind::Lif => self.leaky(input.unwrap_or(0.0), chance.noise),
            Kind::TrueNorth => self.truenorth(input.unwrap_or(0.0), f64::from(chance.random)),
        };
        Did { updated: asked || fired, fired }
    }

    fn leaky(&mut self, input: f64, noise: f64) -> bool {
        let decay = if self.started { self.leak_decay } else { 1.0 };
        self.started = true;
        self.v = cut(self.v * decay) + noise;
        self.current *= self.input_decay;
        self.refractory = self.refractory.saturating_sub(1);
        if self.refractory > 0 {
            return false;
        }
        self.current += input;
        self.v = self.v + self.bias + self.current;
        let fired = self.v > self.threshold;
        if fired {
            self.refractory = self.refractory_delay;
            match self.mode {
                Reset::None | Reset::Saturate => {}
                Reset::Soft => self.v -= self.threshold,
                Reset::Hard => self.v = self.reset,
            }
        }
        if self.v < self.reverse_threshold {
            match self.reverse_mode {
                Reset::None => {}
                Reset::Soft => self.v -= self.reverse_threshold,
                Reset::Hard => self.v = self.reverse_reset,
                Reset::Saturate => self.v = self.reverse_threshold,
            }
        }
        fired
    }

    fn truenorth(&mut self, input: f64, random: f64) -> bool {
        self.v += match self.leak_towards_zero {
            true if self.v > 0.0 => -self.leak,
            true if self.v == 0.0 => 0.0,
            _ => self.leak,
        };
        self.v = self.v + self.bias + input;
        let fired = self.v + random >= self.threshold;
        if fired {
            match self.mode {
                Reset::None => {}
                Reset::Soft => self.v -= self.threshold,
                Reset::Hard => self.v = self.reset,
                Reset::Saturate => self.v = self.threshold,
            }
        } else if self.v + random <= self.reverse_threshold {
            match self.reverse_mode {
                Reset::None => {}
                Reset::Soft => self.v += self.reverse_threshold,
                Reset::Hard => self.v = self.reverse_reset,
                Reset::Saturate => self.v = self.reverse_threshold,
            }
        }
        fired
    }
}

/// Cuts to 64ths through 32 bits: what does not fit becomes -2³¹ of them, on the processors that SANA-FE was recorded on.
fn cut(v: f64) -> f64 {
    let parts = (v * 64.0).trunc();
    let fits = (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&parts);
    (if fits { parts } else { f64::from(i32::MIN) }) / 64.0
}

#[cfg(test)]
mod tests;
