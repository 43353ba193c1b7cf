//! Price tables, and the choice between them.

use pumice_meter::{EnergyTable, LatencyTable, StaticPower};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Alternative price tables: each one given replaces the main table as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceTables {
    /// What the tables are and when to choose them.
    pub about: String,
    /// Energy per event `[J]`.
    #[serde(default)]
    pub energy: Option<EnergyTable>,
    /// Time per event `[s]`.
    #[serde(default)]
    pub time: Option<LatencyTable>,
    /// Static power `[W]`.
    #[serde(default, rename = "static")]
    pub static_power: Option<StaticPower>,
}

/// The tables that a run is priced with.
#[derive(Clone, Copy, Debug)]
pub struct Prices<'a> {
    /// Name of the choice.
    pub name: &'a str,
    /// Energy per event `[J]`.
    pub energy: &'a EnergyTable,
    /// Time per event `[s]`.
    pub time: &'a LatencyTable,
    /// Static power `[W]`.
    pub static_power: &'a StaticPower,
}
