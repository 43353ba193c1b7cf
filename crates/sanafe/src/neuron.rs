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

use pumice_num::{Purpose, draw, draw_unit};

use crate::attributes::Attributes;
use crate::network::End;

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
    Poisson { probability: f64, seed: u64, place: End },
}

impl Input {
    /// A rate `r` fires in every `floor(1 / r)`th step, as recorded of SANA-FE: 0.4 fires as often as 0.5.
    fn new(a: &Attributes, (seed, place): (u64, End)) -> Result<Input, String> {
        match (&a.spikes, a.rate, a.poisson) {
            (None, None, None) => Ok(Input::List(Vec::new())),
            (Some(spikes), None, None) => Ok(Input::List(spikes.iter().map(|s| *s != 0).collect())),
            (None, Some(rate), None) => Ok(Input::Every(if rate > 0.0 { (1.0 / rate) as u64 } else { 0 })),
            (None, None, Some(probability)) => Ok(Input::Poisson { probability, seed, place }),
            _ => Err("an input has more than one of `spikes`, `rate` and `poisson`".to_owned()),
        }
    }

    fn fires(&self, step: u64) -> bool {
        match self {
            Input::List(spikes) => usize::try_from(step).ok().and_then(|at| spikes.get(at).copied()).unwrap_or(false),
            Input::Every(period) => *period > 0 && (step + 1).is_multiple_of(*period),
            Input::Poisson { probability, seed, place } => {
                let [a, b, ..] = draw(*seed, Purpose::POISSON, place.group, place.index, step);
                draw_unit([a, b]) < *probability
            }
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
    refractory_delay: u32,
    force_update: bool,
    v: f64,
    current: f64,
    refractory: u32,
    started: bool,
}

/// What a neuron did in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Did {
    pub(crate) updated: bool,
    pub(crate) fired: bool,
}

impl Neuron {
    /// A neuron of a soma model.
    pub(crate) fn new(model: &str, a: &Attributes, draw: (u64, End)) -> Result<Neuron, String> {
        let kind = match model {
            "input" => return Input::new(a, draw).map(Neuron::Input),
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
    pub(crate) fn step(&mut self, step: u64, input: Option<f64>) -> Did {
        match self {
            Neuron::Input(rule) => {
                let fired = rule.fires(step);
                Did { updated: fired, fired }
            }
            Neuron::Membrane(membrane) => membrane.step(input),
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

    const HERE: (u64, End) = (0, End { group: 0, index: 0 });

    #[test]
    fn the_leak_cuts_to_64ths_after_the_first_step() {
        let attributes =
            Attributes { threshold: Some(10.0), potential: Some(3.0), leak_decay: Some(0.5), ..Attributes::default() };
        let mut neuron = Neuron::new("leaky_integrate_fire", &attributes, HERE).unwrap();
        let seen: Vec<(f64, bool)> = (0..10)
            .map(|step| {
                let did = neuron.step(step, None);
                (neuron.potential(), did.updated)
            })
            .collect();
        assert_eq!(seen[0], (3.0, true));
        assert_eq!(seen[6], (0.046_875, true));
        assert_eq!(seen[7], (0.015_625, true));
        assert_eq!(seen[8], (0.0, true));
        assert_eq!(seen[9], (0.0, false));
    }

    /// Steps (from 1) in which an input fires, as recorded of SANA-FE 2.2.9.
    #[test]
    fn rates_fire_as_recorded() {
        for (rate, first) in
            [(0.1, 10), (0.2, 5), (0.25, 4), (0.3, 3), (0.4, 2), (0.5, 2), (0.6, 1), (0.9, 1), (1.0, 1)]
        {
            let attributes = Attributes { rate: Some(rate), ..Attributes::default() };
            let mut input = Neuron::new("input", &attributes, HERE).unwrap();
            let fired: Vec<u64> = (0..24).filter(|step| input.step(*step, None).fired).map(|step| step + 1).collect();
            let expected: Vec<u64> = (1..=24).filter(|step| step % first == 0).collect();
            assert_eq!(fired, expected, "rate {rate}");
        }
        let mut silent = Neuron::new("input", &Attributes { rate: Some(0.0), ..Attributes::default() }, HERE).unwrap();
        assert!((0..24).all(|step| !silent.step(step, None).fired));
    }

    #[test]
    fn poisson_inputs_fire_with_their_probability() {
        let attributes = Attributes { poisson: Some(0.3), ..Attributes::default() };
        let mut input = Neuron::new("input", &attributes, HERE).unwrap();
        let fired = (0..10_000).filter(|step| input.step(*step, None).fired).count();
        assert!((2_800..3_200).contains(&fired), "{fired}");
    }

    #[test]
    fn unknown_models_and_modes_are_refused() {
        assert!(Neuron::new("hodgkin_huxley", &Attributes::default(), HERE).is_err());
        let two = Attributes { rate: Some(0.1), poisson: Some(0.1), ..Attributes::default() };
        assert!(Neuron::new("input", &two, HERE).is_err());
        let odd = Attributes { reset_mode: Some("firm".into()), ..Attributes::default() };
        assert!(Neuron::new("truenorth", &odd, HERE).is_err());
    }
}
