//! Power that flows whether or not anything happens.
//!
//! In the measured workloads of Loihi most of the energy is of this kind, so it is part of every
//! bill: watts times emulated time.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Figure, MeterError};

/// Static power `[W]`; an absent term is unknown, not zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaticPower {
    /// Power of one chip `[W]`, its unused cores included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip: Option<Figure>,
    /// Power of one chip by supply rail `[W]`: the parts of `chip`, given instead of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rails: BTreeMap<String, Figure>,
    /// Power of one core in use `[W]`, on top of `chip`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core: Option<Figure>,
    /// Power of one running embedded processor `[W]`, on top of `chip`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedded_cpu: Option<Figure>,
}

impl StaticPower {
    /// Checks every figure; `field` is the path of the table in errors.
    ///
    /// # Errors
    /// The first figure that breaks a rule, and chip and rails given together.
    pub fn check(&self, field: &str) -> Result<(), MeterError> {
        let named = [("chip", &self.chip), ("core", &self.core), ("embedded_cpu", &self.embedded_cpu)];
        for (name, figure) in named {
            figure.iter().try_for_each(|figure| figure.check(&format!("{field}.{name}")))?;
        }
        for (name, figure) in &self.rails {
            figure.check(&format!("{field}.rails.{name}"))?;
        }
        if self.chip.is_some() && !self.rails.is_empty() {
            return Err(MeterError::ChipAndRails { field: field.to_owned() });
        }
        Ok(())
    }
}
