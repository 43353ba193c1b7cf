//! Analog neurons.

use pumice_device::analog::NeuronSpread;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cells::is_zero;

/// How the analog neurons of the cores with cells differ from each other; a process that asks for `analog` has them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalogNeurons {
    /// Standard deviation of ln gain of the input.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gain_spread: f64,
    /// Standard deviation of ln time constant of the synaptic current.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub time_constant_spread: f64,
    /// Standard deviation of ln time constant of the membrane, which its leak sets.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub leak_spread: f64,
    /// Standard deviation of ln threshold.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub threshold_spread: f64,
    /// Standard deviation of ln refractory period.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refractory_spread: f64,
    /// Standard deviation of the offset of the comparator, as a share of the threshold.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub comparator_offset: f64,
    /// Temperature `[°C]`; time constants are those of the model at 25 °C.
    #[serde(default)]
    pub temperature_c: Option<f64>,
}

impl AnalogNeurons {
    /// The same as the device models take it.
    pub fn spread(&self) -> NeuronSpread {
        let kelvin = self.temperature_c.map_or(0.0, |celsius| celsius + 273.15);
        NeuronSpread {
            gain: self.gain_spread,
            time_constant: self.time_constant_spread,
            leak: self.leak_spread,
            threshold: self.threshold_spread,
            refractory: self.refractory_spread,
            offset: self.comparator_offset,
            temperature_mk: (kelvin * 1000.0).round() as u32,
        }
    }

    /// The spreads by name.
    pub(crate) fn spreads(&self) -> [(&'static str, f64); 6] {
        [
            ("gain_spread", self.gain_spread),
            ("time_constant_spread", self.time_constant_spread),
            ("leak_spread", self.leak_spread),
            ("threshold_spread", self.threshold_spread),
            ("refractory_spread", self.refractory_spread),
            ("comparator_offset", self.comparator_offset),
        ]
    }
}
