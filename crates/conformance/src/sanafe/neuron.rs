//! The neurons of SANA-FE 2.2 (arithmetic `sanafe-2.2`): state in double precision.
//!
//! ```text
//! leaky_integrate_fire                          truenorth
//! I <- I * input_decay + input                  V <- V + leak + bias + input
//! V <- trunc(V * leak_decay * 64) / 64          spike if V >= threshold
//! V <- V + I + bias      unless refractory
//! spike if V > threshold
//! ```
//!
//! The leak is not applied in the first step. After a spike V is reset: `hard` to `reset`, `soft` by -threshold, `saturate` to
//! the threshold, `none` not at all; below `reverse_threshold` the same without a spike. A neuron counts as updated if
//! V was not 0, it has a bias, it received something or it is told to; it is computed in any case. Written from the
//! behaviour of recordings; how far decays go on while refractory is not recorded.

use super::net::Attributes;

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

    fn apply(self, v: f64, threshold: f64, reset: f64) -> f64 {
        match self {
            Reset::None => v,
            Reset::Soft => v - threshold,
            Reset::Hard => reset,
            Reset::Saturate => threshold,
        }
    }
}

/// Which equations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Lif,
    TrueNorth,
}

/// A neuron with its state.
#[derive(Clone, Debug)]
pub(super) enum Neuron {
    /// Sends a list of spikes once.
    Input { spikes: Vec<bool>, at: usize },
    /// Integrates.
    Membrane(Box<Membrane>),
}

#[derive(Clone, Debug)]
pub(super) struct Membrane {
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
    refractory_delay: u32,
    force_update: bool,
    v: f64,
    current: f64,
    refractory: u32,
    started: bool,
}

/// What a neuron did in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Did {
    pub(super) updated: bool,
    pub(super) fired: bool,
}

impl Neuron {
    /// A neuron of a soma model.
    pub(super) fn new(model: &str, a: &Attributes) -> Result<Neuron, String> {
        let kind = match model {
            "input" => {
                let spikes = a.spikes.as_ref().ok_or("an input without a list of spikes cannot be replayed")?;
                return Ok(Neuron::Input { spikes: spikes.iter().map(|s| *s != 0).collect(), at: 0 });
            }
            "leaky_integrate_fire" => Kind::Lif,
            "truenorth" => Kind::TrueNorth,
            other => return Err(format!("the soma model `{other}` is not known")),
        };
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
            refractory_delay: a.refractory_delay.unwrap_or(0),
            force_update: a.force_update.unwrap_or(false),
            v: a.potential.unwrap_or(0.0),
            current: 0.0,
            refractory: 0,
            started: false,
        })))
    }

    /// One step with what arrived for it.
    pub(super) fn step(&mut self, input: Option<f64>) -> Did {
        match self {
            Neuron::Input { spikes, at } => {
                let fired = spikes.get(*at).copied().unwrap_or(false);
                *at += 1;
                Did { updated: fired, fired }
            }
            Neuron::Membrane(membrane) => membrane.step(input),
        }
    }

    /// The membrane potential; 0 for inputs.
    pub(super) fn potential(&self) -> f64 {
        match self {
            Neuron::Input { .. } => 0.0,
            Neuron::Membrane(membrane) => membrane.v,
        }
    }
}

impl Membrane {
    fn step(&mut self, input: Option<f64>) -> Did {
        let updated = self.v != 0.0 || input.is_some() || self.bias != 0.0 || self.force_update;
        match self.kind {
            Kind::Lif => self.integrate(input.unwrap_or(0.0)),
            Kind::TrueNorth => self.v += self.leak + self.bias + input.unwrap_or(0.0),
        }
        let fired = match self.kind {
            Kind::Lif => self.v > self.threshold,
            Kind::TrueNorth => self.v >= self.threshold,
        };
        if fired {
            self.v = self.mode.apply(self.v, self.threshold, self.reset);
            self.refractory = self.refractory_delay;
        } else if self.v < self.reverse_threshold {
            self.v = self.reverse_mode.apply(self.v, self.reverse_threshold, self.reverse_reset);
        }
        Did { updated, fired }
    }

    fn integrate(&mut self, input: f64) {
        if self.started {
            self.v = (self.v * self.leak_decay * 64.0).trunc() / 64.0;
        }
        self.started = true;
        self.current = self.current * self.input_decay + input;
        self.refractory = self.refractory.saturating_sub(1);
        if self.refractory == 0 {
            self.v += self.current + self.bias;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leak_cuts_to_64ths_after_the_first_step() {
        let attributes =
            Attributes { threshold: Some(10.0), potential: Some(3.0), leak_decay: Some(0.5), ..Attributes::default() };
        let mut neuron = Neuron::new("leaky_integrate_fire", &attributes).unwrap();
        let seen: Vec<(f64, bool)> = (0..10).map(|_| (neuron.step(None), neuron.potential()).into_pair()).collect();
        assert_eq!(seen[0], (3.0, true));
        assert_eq!(seen[6], (0.046_875, true));
        assert_eq!(seen[7], (0.015_625, true));
        assert_eq!(seen[8], (0.0, true));
        assert_eq!(seen[9], (0.0, false));
    }

    trait IntoPair {
        fn into_pair(self) -> (f64, bool);
    }

    impl IntoPair for (Did, f64) {
        fn into_pair(self) -> (f64, bool) {
            (self.1, self.0.updated)
        }
    }

    #[test]
    fn unknown_models_and_modes_are_refused() {
        assert!(Neuron::new("hodgkin_huxley", &Attributes::default()).is_err());
        assert!(Neuron::new("input", &Attributes::default()).is_err());
        let odd = Attributes { reset_mode: Some("firm".into()), ..Attributes::default() };
        assert!(Neuron::new("truenorth", &odd).is_err());
    }
}
