//! What may be said of a neuron.

use serde::Deserialize;

use crate::yaml::{Fault, Node};

/// What may be said of a neuron, by its group, itself or its mapping. What is not said has SANA-FE's default.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Attributes {
    /// Soma unit of its core; else the first.
    pub soma_hw_name: Option<String>,
    /// Dendrite unit of its core; else the first.
    pub dendrite_hw_name: Option<String>,
    /// Synapse unit of its core that reads the weights of what it receives; else the first.
    pub synapse_hw_name: Option<String>,
    /// Added to V in every step; 0.
    pub bias: Option<f64>,
    /// Threshold of V; 0.
    pub threshold: Option<f64>,
    /// V after a spike, if `reset_mode` is `hard`; 0.
    pub reset: Option<f64>,
    /// What a spike does to V: `none`, `soft`, `hard` or `saturate`; `hard`.
    pub reset_mode: Option<String>,
    /// Lower threshold of V; 0.
    pub reverse_threshold: Option<f64>,
    /// V below the lower threshold, if `reverse_reset_mode` is `hard`; 0.
    pub reverse_reset: Option<f64>,
    /// `none`, `soft`, `hard` or `saturate`; `none`.
    pub reverse_reset_mode: Option<String>,
    /// Factor of V per step; 1.
    pub leak_decay: Option<f64>,
    /// Factor of the input current per step; 0.
    pub input_decay: Option<f64>,
    /// Taken from V > 0 and added to V < 0 in every step, by the `truenorth` model; 0.
    pub leak: Option<f64>,
    /// Whether the leak of the `truenorth` model does that; yes. If not it is always added.
    pub leak_towards_zero: Option<bool>,
    /// Bits of the random number that is added to V where the `truenorth` model compares it with its thresholds; 0.
    pub random_mask: Option<u32>,
    /// Steps after a spike in which nothing is integrated; 0.
    pub refractory_delay: Option<u32>,
    /// V at the beginning; 0.
    pub potential: Option<f64>,
    /// Whether every step counts as an update; no.
    pub force_update: Option<bool>,
    /// Spikes of an input, one per step.
    pub spikes: Option<Vec<u8>>,
    /// Spikes per step of an input: it fires in every `floor(1 / rate)`th step, as in SANA-FE. From 0 to 1.
    pub rate: Option<f64>,
    /// Probability of a spike of an input in each step. From 0 to 1.
    pub poisson: Option<f64>,
    /// Compartments of a dendrite `taps`; 1.
    pub taps: Option<u32>,
    /// Factor of each compartment of a dendrite `taps` per step, one per compartment.
    pub time_constants: Option<Vec<f64>>,
    /// Factors of the flows between compartments of a dendrite `taps`, one fewer.
    pub space_constants: Option<Vec<f64>>,
    /// Whether its membrane potential is wanted; no.
    pub log_potential: Option<bool>,
}

impl Attributes {
    /// These, and those of the group where these are silent.
    pub fn or(&self, group: &Attributes) -> Attributes {
        macro_rules! either {
            ($($name:ident),* $(,)?) => {
                Attributes { $($name: self.$name.clone().or_else(|| group.$name.clone()),)* }
            };
        }
        either!(
            soma_hw_name,
            dendrite_hw_name,
            synapse_hw_name,
            bias,
            threshold,
            reset,
            reset_mode,
            reverse_threshold,
            reverse_reset,
            reverse_reset_mode,
            leak_decay,
            input_decay,
            leak,
            leak_towards_zero,
            random_mask,
            refractory_delay,
            potential,
            force_update,
            spikes,
            rate,
            poisson,
            taps,
            time_constants,
            space_constants,
            log_potential,
        )
    }

    /// Reads `{threshold: 1, soma: {bias: 2}}` or the same as a list.
    pub(crate) fn read(node: &Node) -> Result<Attributes, Fault> {
        let mut all = Attributes::default();
        all.add(node)?;
        Ok(all)
    }

    fn add(&mut self, node: &Node) -> Result<(), Fault> {
        for (key, value) in node.entries()? {
            self.set(key, value)?;
        }
        Ok(())
    }

    fn set(&mut self, key: &Node, value: &Node) -> Result<(), Fault> {
        let number = || value.number().map(Some);
        let name = || value.text().map(|text| Some(text.to_owned()));
        match key.text()? {
            "soma" | "dendrite" | "synapse" => self.add(value)?,
            "soma_hw_name" => self.soma_hw_name = name()?,
            "dendrite_hw_name" => self.dendrite_hw_name = name()?,
            "synapse_hw_name" | "default_synapse_hw_name" => self.synapse_hw_name = name()?,
            "bias" => self.bias = number()?,
            "threshold" => self.threshold = number()?,
            "reset" => self.reset = number()?,
            "reset_mode" => self.reset_mode = name()?,
            "reverse_threshold" => self.reverse_threshold = number()?,
            "reverse_reset" => self.reverse_reset = number()?,
            "reverse_reset_mode" => self.reverse_reset_mode = name()?,
            "leak_decay" => self.leak_decay = number()?,
            "input_decay" => self.input_decay = number()?,
            "leak" => self.leak = number()?,
            "leak_towards_zero" => self.leak_towards_zero = Some(value.flag()?),
            "refractory_delay" => self.refractory_delay = Some(value.whole()?),
            "potential" => self.potential = number()?,
            "force_update" | "force_update_every_timestep" => self.force_update = Some(value.flag()?),
            name @ ("force_soma_update" | "force_potential") => {
                return Err(key.fault(format!("SANA-FE passes over `{name}`, write `force_update` or `potential`")));
            }
            "random_mask" => self.random_mask = Some(mask(value)?),
            "spikes" => {
                let all = value.list()?.iter().map(|spike| spike.flag().map(u8::from));
                self.spikes = Some(all.collect::<Result<_, _>>()?);
            }
            "rate" => self.rate = Some(share(value)?),
            "poisson" => self.poisson = Some(share(value)?),
            "taps" => self.taps = Some(value.whole()?),
            "time_constants" => self.time_constants = Some(numbers(value)?),
            "space_constants" => self.space_constants = Some(numbers(value)?),
            "log_potential" => self.log_potential = Some(value.flag()?),
            // Every spike is written anyway, and currents are in no trace.
            "log_spikes" | "log_u" => _ = value.flag()?,
            other => return Err(key.fault(format!("no neuron has an attribute `{other}`"))),
        }
        Ok(())
    }
}

fn numbers(value: &Node) -> Result<Vec<f64>, Fault> {
    value.list()?.iter().map(Node::number).collect()
}

/// A number of 31 bits, in decimal or as `0xff`.
fn mask(value: &Node) -> Result<u32, Fault> {
    let text = value.text()?;
    let number = text.strip_prefix("0x").map_or_else(|| text.parse(), |digits| u32::from_str_radix(digits, 16));
    let held = number.ok().filter(|mask| *mask <= 0x7fff_ffff);
    held.ok_or_else(|| value.fault(format!("`{text}` is not a whole number from 0 to 2147483647")))
}

/// A number from 0 to 1.
fn share(value: &Node) -> Result<f64, Fault> {
    let number = value.number()?;
    match (0.0..=1.0).contains(&number) {
        true => Ok(number),
        false => Err(value.fault(format!("{number} is not from 0 to 1"))),
    }
}
