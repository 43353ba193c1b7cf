//! Analog neurons.

use pumice_device::analog::{Membrane, NeuronDesign, NeuronSpread, Trim};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cells::is_zero;
use crate::check::{Fault, rule};

/// The analog neurons of the cores with cells; a process that asks for `analog` has them.
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
    /// The capacitor of a membrane; absent where membranes neither are noisy nor droop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membrane: Option<AnalogMembrane>,
    /// Calibration; absent where neurons are left as they were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
}

/// The capacitor of a membrane: thermal noise `sqrt(k_B T / C)`, droop `I_leak / C`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalogMembrane {
    /// Capacitance `[F]`.
    pub capacitance_f: f64,
    /// Voltage that the threshold of a neuron stands for `[V]`.
    pub threshold_v: f64,
    /// Whether the membrane has its thermal noise.
    #[serde(default)]
    pub thermal_noise: bool,
    /// Leakage at 25 °C `[A]`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub leakage_a: f64,
    /// Temperature by which leakage doubles `[K]`; absent where leakage does not change with temperature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leakage_doubling_k: Option<f64>,
    /// Time that passes for the circuit in a step `[s]`.
    pub step_s: f64,
}

/// A trim for every parameter of every neuron, set once by measuring it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Bits of a trim, sign included, 2 to 16.
    pub bits: u32,
    /// The largest correction to either side, in ln of the parameter.
    pub range: f64,
    /// Time of one measurement `[s]`; a trim takes one for each bit.
    pub measure_s: f64,
    /// Energy of one measurement `[J]`; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure_j: Option<f64>,
}

impl AnalogNeurons {
    /// The same as the device models take it.
    pub fn design(&self) -> NeuronDesign {
        let celsius = self.temperature_c.unwrap_or(25.0);
        let membrane = self.membrane.as_ref().map(|own| Membrane {
            capacitance_f: own.capacitance_f,
            threshold_v: own.threshold_v,
            leakage_a: own.leakage_a,
            leakage_doubling_k: own.leakage_doubling_k,
            step_s: own.step_s,
            thermal: own.thermal_noise,
        });
        let trim = self.calibration.as_ref().map(|own| Trim {
            bits: own.bits,
            range: own.range,
            measure_s: own.measure_s,
            measure_j: own.measure_j,
        });
        let spread = NeuronSpread {
            gain: self.gain_spread,
            time_constant: self.time_constant_spread,
            leak: self.leak_spread,
            threshold: self.threshold_spread,
            refractory: self.refractory_spread,
            offset: self.comparator_offset,
        };
        NeuronDesign { spread, temperature_mk: ((celsius + 273.15) * 1000.0).round() as u32, membrane, trim }
    }

    /// Checks that every value is allowed.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let spreads = [
            ("gain_spread", self.gain_spread),
            ("time_constant_spread", self.time_constant_spread),
            ("leak_spread", self.leak_spread),
            ("threshold_spread", self.threshold_spread),
            ("refractory_spread", self.refractory_spread),
            ("comparator_offset", self.comparator_offset),
        ];
        for (name, spread) in spreads {
            rule((0.0..=1.0).contains(&spread), format!("analog.{name}"), spread, "0 to 1")?;
        }
        let celsius = self.temperature_c.unwrap_or(25.0);
        rule((-100.0..=200.0).contains(&celsius), "analog.temperature_c", celsius, "-100 to 200")?;
        self.membrane.as_ref().map_or(Ok(()), |own| own.check(&self.design()))?;
        self.calibration.as_ref().map_or(Ok(()), Calibration::check)
    }
}

/// Checks a value that is finite and above zero.
fn positive(name: &str, x: f64) -> Result<(), Fault> {
    rule(x > 0.0 && x.is_finite(), format!("analog.{name}"), x, "above 0")
}

/// Checks a value that is finite and not below zero.
fn not_negative(name: &str, x: f64) -> Result<(), Fault> {
    rule(x >= 0.0 && x.is_finite(), format!("analog.{name}"), x, "0 or more")
}

impl AnalogMembrane {
    fn check(&self, design: &NeuronDesign) -> Result<(), Fault> {
        positive("membrane.capacitance_f", self.capacitance_f)?;
        positive("membrane.threshold_v", self.threshold_v)?;
        positive("membrane.step_s", self.step_s)?;
        not_negative("membrane.leakage_a", self.leakage_a)?;
        self.leakage_doubling_k.map_or(Ok(()), |k| positive("membrane.leakage_doubling_k", k))?;
        let (noise, droop) = (design.noise(), design.droop());
        let allowed = "a capacitor whose noise and loss per step are no more than the threshold";
        let shares = format!("noise of {noise:.3} and droop of {droop:.3} thresholds");
        rule(noise <= 1.0 && droop <= 1.0, "analog.membrane", shares, allowed)
    }
}

impl Calibration {
    fn check(&self) -> Result<(), Fault> {
        rule((2..=16).contains(&self.bits), "analog.calibration.bits", self.bits, "2 to 16")?;
        positive("calibration.range", self.range)?;
        not_negative("calibration.measure_s", self.measure_s)?;
        self.measure_j.map_or(Ok(()), |j| not_negative("calibration.measure_j", j))
    }
}
