//! Where the energy went: by component, layer, process and core, each with its range and what had no price.
//!
//! Every table holds the same dynamic energy, cut in another way; static power belongs to the whole chip and is a component only.

use std::collections::BTreeMap;

use pumice_meter::{Bill, Component, Counts, Evidence, StaticPower, Usage};
use pumice_profile::Prices;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::run::{EnergyRange, EventCount, lines};

/// Events by part of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    /// By population together with the connections that feed it.
    pub layers: Vec<(String, Counts)>,
    /// By process.
    pub processes: Vec<(String, Counts)>,
    /// By core, from core 0 on.
    pub cores: Vec<Counts>,
}

/// Energy of one kind of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComponentRow {
    /// `neurons`, `synapses`, `network`, `learning`, `devices`, `system` or `static`.
    pub component: String,
    /// Energy `[J]`.
    pub energy_j: f64,
    /// Energy with every price at the ends of its range.
    pub range_j: EnergyRange,
    /// The weakest evidence of its prices.
    pub weakest_evidence: Option<Evidence>,
    /// What occurred and has no price.
    pub unpriced: Vec<EventCount>,
}

/// Energy of one part of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PartRow {
    /// Path of the process or of the population of a layer, or the number of a core.
    pub name: String,
    /// Dynamic energy `[J]`.
    pub energy_j: f64,
    /// Energy with every price at the ends of its range.
    pub range_j: EnergyRange,
    /// Energy by component `[J]`; only those that it has.
    pub components_j: BTreeMap<String, f64>,
    /// The weakest evidence of its prices.
    pub weakest_evidence: Option<Evidence>,
    /// What occurred and has no price.
    pub unpriced: Vec<EventCount>,
}

/// Where the energy went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnergyTables {
    /// By kind of work; the rows add up to all energy.
    pub components: Vec<ComponentRow>,
    /// By population together with the connections that feed it; the rows add up to the dynamic energy.
    pub layers: Vec<PartRow>,
    /// By process; the rows add up to the dynamic energy.
    pub processes: Vec<PartRow>,
    /// By core; the rows add up to the dynamic energy, but for events of the chip as a whole.
    pub cores: Vec<PartRow>,
}

impl EnergyTables {
    /// The tables of a run with its bill, by the prices that made the bill.
    pub(crate) fn new(bill: &Bill, parts: &Parts, prices: &Prices<'_>) -> Self {
        let rows =
            |all: &[(String, Counts)]| all.iter().filter_map(|(name, counts)| part(name, counts, prices)).collect();
        let cores = parts.cores.iter().enumerate().filter(|(_, counts)| !counts.is_empty());
        EnergyTables {
            components: Component::ALL.into_iter().filter_map(|c| component(bill, c)).collect(),
            layers: rows(&parts.layers),
            processes: rows(&parts.processes),
            cores: cores.filter_map(|(core, counts)| part(&core.to_string(), counts, prices)).collect(),
        }
    }
}

fn component(bill: &Bill, component: Component) -> Option<ComponentRow> {
    let own = || bill.rows.iter().filter(|row| Component::of(&row.term) == component);
    let unpriced: Vec<_> =
        bill.unpriced.iter().filter(|line| Component::of(&line.term) == component).cloned().collect();
    if own().next().is_none() && unpriced.is_empty() {
        return None;
    }
    let bound = |bound| own().any(|row| row.bound == Some(bound));
    Some(ComponentRow {
        component: component.name().into(),
        energy_j: own().map(|row| row.energy_j).fold(0.0, |sum, j| sum + j),
        range_j: EnergyRange {
            low: own().map(|row| row.range_j[0]).fold(0.0, |sum, j| sum + j),
            high: own().map(|row| row.range_j[1]).fold(0.0, |sum, j| sum + j),
            may_be_lower: bound(pumice_meter::Bound::Max),
            may_be_higher: bound(pumice_meter::Bound::Min),
        },
        weakest_evidence: own().map(|row| row.evidence).max(),
        unpriced: lines(&unpriced),
    })
}

/// The row of a part; parts without events have none. What the table of the whole run allowed it allows its parts.
fn part(name: &str, counts: &Counts, prices: &Prices<'_>) -> Option<PartRow> {
    let bill = Bill::price(counts, prices.energy, &StaticPower::default(), &Usage::default()).ok()?;
    let energy =
        |c: Component| bill.rows.iter().filter(|row| Component::of(&row.term) == c).map(|row| row.energy_j).sum();
    let components = Component::ALL.into_iter().map(|c| (c.name().to_owned(), energy(c)));
    Some(PartRow {
        name: name.to_owned(),
        energy_j: bill.dynamic_j,
        range_j: EnergyRange::from(&bill),
        components_j: components.filter(|(_, j)| *j > 0.0).collect(),
        weakest_evidence: bill.weakest,
        unpriced: lines(&bill.unpriced),
    })
}
