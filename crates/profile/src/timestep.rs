//! What ends a timestep.

use pumice_meter::{Evidence, Figure, Latency, MeterError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What ends a timestep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Discipline {
    /// The slowest core and a barrier: a step is as long as its work.
    Barrier,
    /// A tick for the whole chip: a step is `tick` long.
    GlobalTick,
    /// A timer on each processor: a step is `tick` long, and work that takes longer is late.
    SoftwareTimer,
    /// Nothing: every event is served when it comes.
    EventDriven,
    /// Nothing: circuits run in physical time.
    PhysicalTime,
}

impl Discipline {
    /// True when a step has a fixed duration.
    #[must_use]
    pub const fn needs_tick(self) -> bool {
        matches!(self, Discipline::GlobalTick | Discipline::SoftwareTimer)
    }
}

/// How time is cut into steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timestep {
    /// What ends a timestep.
    pub discipline: Discipline,
    /// Duration of a step `[s]`; present exactly when the discipline needs it.
    #[serde(default)]
    pub tick: Option<Latency>,
    /// Phases of a step, in order, where the makers name them.
    #[serde(default)]
    pub phases: Option<Vec<String>>,
}

impl Timestep {
    /// Holds the chip to a tick `[s]`, whatever ends its steps by itself: a step begins when its tick and its work are over.
    ///
    /// # Errors
    /// If it is no whole number of picoseconds from 0 to 1000 s.
    pub fn hold(&mut self, tick_s: f64) -> Result<(), MeterError> {
        self.tick = Some(Figure::new(tick_s, Evidence::Assumed, "asked for").try_into()?);
        Ok(())
    }
}
