//! How a network came to its places.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{counted, percent, si};

/// Where the rates of the sources come from, by which a search for places weighs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RatesOrigin {
    /// From a trial before the run.
    Measured,
    /// From the results of a former run.
    Given,
    /// Every source is taken as equally active.
    Assumed,
}

/// What a network costs by the goal of its placement, and in what.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlacementCost {
    /// Packed on few cores: `[J]`, `[s]`, or links that packets cross.
    pub packed: f64,
    /// As the search placed it, in the same unit.
    pub placed: f64,
}

impl PlacementCost {
    /// The part of the cost that the search saves; negative where it costs more.
    pub fn saved(&self) -> f64 {
        if self.packed > 0.0 { 1.0 - self.placed / self.packed } else { 0.0 }
    }
}

/// How populations were laid on cores towards a goal, and what that saves against packing them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlacementReport {
    /// What was to be little: `energy`, `time` or `traffic`.
    pub goal: String,
    /// Where the rates of the sources come from.
    pub rates: RatesOrigin,
    /// Steps over which they were counted; null where they are assumed.
    pub rates_steps: Option<u64>,
    /// Why nothing was measured; null where it was, or was not asked for.
    pub not_measured: Option<String>,
    /// What the search expected, by its own estimate of these steps.
    pub expected: PlacementCost,
    /// What the trial measured in these steps, on both placements; null without a trial.
    pub measured: Option<PlacementCost>,
    /// Whether the search was followed; false where the trial found it no better than packed, so that the network stays packed.
    pub taken: bool,
}

impl PlacementReport {
    /// The report as one line for people.
    pub fn text(&self) -> String {
        let mut out = self.outcome();
        let steps = self.rates_steps.map_or(String::new(), |n| counted(n, "step"));
        let rates = match self.rates {
            RatesOrigin::Measured => format!("; rates measured over {steps}"),
            RatesOrigin::Given => format!("; rates of a former run of {steps}"),
            RatesOrigin::Assumed => "; all sources taken as equally active".to_owned(),
        };
        let why = self.not_measured.as_ref().map_or(String::new(), |why| format!(": {why}"));
        write!(out, "{rates}{why}").expect("writing to a String cannot fail");
        out
    }

    fn outcome(&self) -> String {
        let goal = &self.goal;
        let less = |cost: &PlacementCost| match cost.saved() {
            saved if saved < 0.0 => format!("{} more", percent(-saved)),
            saved => format!("{} less", percent(saved)),
        };
        let expected = less(&self.expected);
        match &self.measured {
            None => format!("for {goal}: {expected} than packed is expected"),
            Some(_) if !self.taken => format!("packed: no places were found that cost less {goal}"),
            Some(cost) => {
                let of = |x: f64| match goal.as_str() {
                    "energy" => si(x, "J"),
                    "time" => si(x, "s"),
                    _ => counted(x as u64, "link"),
                };
                let (placed, packed) = (of(cost.placed), of(cost.packed));
                format!("for {goal}: {placed}, {packed} packed, {} (expected {expected})", less(cost))
            }
        }
    }
}
