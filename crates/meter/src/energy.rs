//! Energy per event.
//!
//! A table states two conventions beside its prices. [`Scope`] says whether prices are marginal and
//! add up, or whether the synaptic price stands for all activity. [`NeuronModel`] says how the two
//! neuron prices combine; [`NeuronModel::billed`] is the only place that applies it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::for_each_event;
use crate::figure::JOULES;
use crate::{Counts, Event, MeterError, Price};

/// What the prices of a table contain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every event has its own marginal price, and prices add up.
    #[default]
    PerTerm,
    /// The synaptic price contains routing, neuron and memory activity, which must not be added.
    AllIn,
}

/// How the prices (or latencies) of `neuron_access` and `neuron_update` combine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NeuronModel {
    /// A neuron costs `neuron_access` and, when updated, `neuron_update` on top (SANA-FE).
    #[default]
    Additive,
    /// A neuron costs `neuron_update` when updated and `neuron_access` when not (the "active" and
    /// "inactive" neuron update of Davies et al. 2018, table 2).
    Exclusive,
}

impl NeuronModel {
    /// How often `event` is charged, given what was counted.
    ///
    /// Equals the count, except for `neuron_access` under the exclusive model: the neurons that were
    /// visited but not updated.
    ///
    /// # Errors
    /// [`MeterError::MoreUpdatesThanAccesses`] under the exclusive model.
    pub fn billed(self, event: Event, counts: &Counts) -> Result<u64, MeterError> {
        if self == NeuronModel::Additive || event != Event::NeuronAccess {
            return Ok(counts[event]);
        }
        let (accesses, updates) = (counts[Event::NeuronAccess], counts[Event::NeuronUpdate]);
        accesses.checked_sub(updates).ok_or(MeterError::MoreUpdatesThanAccesses { updates, accesses })
    }
}

macro_rules! define_energy_table {
    ([] $($variant:ident $name:ident $doc:literal;)*) => {
        /// Energy per event `[J]`; an absent price is unknown, not zero.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct EnergyTable {
            /// What the prices contain.
            pub scope: Scope,
            /// How the two neuron prices combine.
            pub neuron_model: NeuronModel,
            $(
                #[doc = concat!("Energy `[J]` when: ", $doc)]
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $name: Option<Price>,
            )*
        }

        impl EnergyTable {
            /// The price of `event` `[J]`, if known.
            #[must_use]
            pub fn get(&self, event: Event) -> Option<&Price> {
                match event { $(Event::$variant => self.$name.as_ref(),)* }
            }

            /// Sets the price of `event` `[J]`.
            pub fn set(&mut self, event: Event, price: Price) {
                match event { $(Event::$variant => self.$name = Some(price),)* }
            }
        }
    };
}
for_each_event!(define_energy_table []);

impl EnergyTable {
    /// A table with no prices.
    #[must_use]
    pub fn new(scope: Scope, neuron_model: NeuronModel) -> Self {
        EnergyTable { scope, neuron_model, ..EnergyTable::default() }
    }

    /// Every known price, in table order.
    pub fn iter(&self) -> impl Iterator<Item = (Event, &Price)> {
        Event::ALL.into_iter().filter_map(|event| Some((event, self.get(event)?)))
    }

    /// Checks every price and the scope; `field` is the path of the table in errors.
    ///
    /// # Errors
    /// The first price that breaks a rule, in table order.
    pub fn check(&self, field: &str) -> Result<(), MeterError> {
        for (event, price) in self.iter() {
            price.check_to(&format!("{field}.{event}"), JOULES)?;
            if self.scope == Scope::AllIn && event.within_all_in() {
                let allowed: Vec<_> =
                    Event::ALL.iter().filter(|event| !event.within_all_in()).map(|event| event.name()).collect();
                let (field, allowed) = (format!("{field}.{event}"), allowed.join(", "));
                return Err(MeterError::WithinAllIn { field, event, allowed });
            }
        }
        Ok(())
    }
}
