//! What a profile is about, where its figures hold, and figures that nothing computes with.

use pumice_meter::{Evidence, Figure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a chip computes, in broad terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Digital without a clock; a clock frequency in the profile is an error.
    DigitalAsynchronous,
    /// Digital with a clock or a global tick.
    DigitalClocked,
    /// Many processors that run software.
    SoftwareManycore,
    /// Neurons are analog circuits that run in physical time.
    Analog,
    /// Digital cores with analog arrays.
    Hybrid,
    /// No chip at all: simulation as such.
    Ideal,
}

/// What the profile is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// Name for commands and reports: lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// Name for people.
    pub display: String,
    /// How the chip computes.
    pub family: Family,
    /// Name of the main price tables (`[energy]`, `[time]`, `[static]`), beside those of `[alt]`.
    pub prices: String,
    /// What a reader must know before trusting the numbers.
    #[serde(default)]
    pub notes: Option<String>,
}

/// The operating point at which the figures hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// Manufacturing process.
    #[serde(default)]
    pub process: Option<String>,
    /// Supply voltage `[V]`.
    #[serde(default)]
    pub supply_v: Option<Figure>,
    /// Lowest and highest supply voltage at which the chip works `[V]`.
    #[serde(default)]
    pub supply_range_v: Option<[f64; 2]>,
    /// Clock frequency `[Hz]`; absent for chips without a clock.
    #[serde(default)]
    pub clock_hz: Option<Figure>,
    /// Temperature `[°C]`.
    #[serde(default)]
    pub temperature_c: Option<f64>,
    /// Model time over physical time, for accelerated analog chips.
    #[serde(default)]
    pub speedup: Option<u32>,
}

/// One number or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number or a list of numbers")]
pub enum Quantity {
    /// One number.
    One(f64),
    /// Several numbers; the note says of what.
    Many(Vec<f64>),
}

impl Quantity {
    /// The numbers.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        match self {
            Quantity::One(v) => std::slice::from_ref(v),
            Quantity::Many(all) => all,
        }
    }
}

/// A published number about the chip that no part of Pumice computes with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// The value.
    pub v: Quantity,
    /// Its unit.
    pub unit: String,
    /// How well it is supported.
    pub ev: Evidence,
    /// Where it comes from.
    pub src: String,
    /// A remark for the reader.
    #[serde(default)]
    pub note: Option<String>,
}
