//! Time per event, in integer picoseconds.
//!
//! Files give seconds. They are converted once and must be whole picoseconds, so that the time of a
//! step is an integer maximum that does not depend on the order of evaluation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::for_each_event;
use crate::{Counts, Event, Evidence, Figure, MeterError, NeuronModel};

const PICOSECONDS_PER_SECOND: f64 = 1e12;

/// Longest duration of one event `[s]`, so that sums of 10⁹ of them stay exact.
pub(crate) const MAX_SECONDS: f64 = 1e-3 * 1e6;

/// Converts a duration to picoseconds.
///
/// # Errors
/// [`MeterError::NotPicoseconds`] when it is negative, too long, or no whole number of picoseconds
/// (within 10⁻³ ps, which absorbs the binary rounding of decimal text).
pub(crate) fn to_picoseconds(seconds: f64) -> Result<u64, MeterError> {
    let exact = seconds * PICOSECONDS_PER_SECOND;
    let whole = exact.round();
    let representable = (0.0..=MAX_SECONDS).contains(&seconds)
        && (exact - whole).abs() <= 1e-3f64.max(whole * 1e-15);
    if representable {
        Ok(whole as u64)
    } else {
        Err(MeterError::NotPicoseconds { seconds })
    }
}

/// The duration of one event, with its provenance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Figure", into = "Figure")]
pub struct Latency {
    ps: u64,
    figure: Figure,
}

impl Latency {
    /// The duration `[ps]`.
    #[must_use]
    pub fn ps(&self) -> u64 {
        self.ps
    }

    /// The duration as its source gives it `[s]`.
    #[must_use]
    pub fn figure(&self) -> &Figure {
        &self.figure
    }
}

impl TryFrom<Figure> for Latency {
    type Error = MeterError;

    fn try_from(figure: Figure) -> Result<Self, MeterError> {
        Ok(Latency {
            ps: to_picoseconds(figure.v)?,
            figure,
        })
    }
}

impl From<Latency> for Figure {
    fn from(latency: Latency) -> Figure {
        latency.figure
    }
}

/// How to read a barrier table between two of its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Between {
    /// Take the last entry that is not larger (SANA-FE `latency_sync`).
    Step,
    /// Interpolate linearly, rounding down to a picosecond.
    Linear,
}

/// Duration of the barrier by number of used tiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncByTiles {
    /// Numbers of used tiles, ascending.
    pub tiles: Vec<u32>,
    /// Duration `[s]` at each number of tiles.
    pub t: Vec<f64>,
    /// How to read the table between its entries; before the first and after the last it is constant.
    pub between: Between,
    /// How well it is supported.
    pub ev: Evidence,
    /// Where it comes from.
    pub src: String,
    /// A remark for the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl SyncByTiles {
    /// Duration of the barrier `[ps]` with `tiles` used tiles.
    ///
    /// # Errors
    /// [`MeterError::NotPicoseconds`] when an entry is no whole number of picoseconds.
    fn ps(&self, tiles: u32) -> Result<u64, MeterError> {
        let above = self.tiles.partition_point(|&entry| entry <= tiles);
        let at = |place: usize| to_picoseconds(self.t[place]);
        if above == 0 || above == self.tiles.len() || self.between == Between::Step {
            return at(above.saturating_sub(1));
        }
        let (t0, t1) = (at(above - 1)?, at(above)?);
        let (n0, n1) = (
            u64::from(self.tiles[above - 1]),
            u64::from(self.tiles[above]),
        );
        let part = |span: u64| span * (u64::from(tiles) - n0) / (n1 - n0);
        Ok(if t1 >= t0 {
            t0 + part(t1 - t0)
        } else {
            t0 - part(t0 - t1)
        })
    }

    fn check(&self, field: &str) -> Result<(), MeterError> {
        let ascending = self.tiles.windows(2).all(|pair| pair[0] < pair[1]);
        let starts = self.tiles.first().is_some_and(|&first| first >= 1);
        if !(ascending && starts && self.tiles.len() == self.t.len()) {
            let (tiles, durations) = (self.tiles.clone(), self.t.len());
            return Err(MeterError::BarrierTable {
                field: field.to_owned(),
                tiles,
                durations,
            });
        }
        if self.src.trim().is_empty() {
            return Err(MeterError::NoSource {
                field: field.to_owned(),
            });
        }
        self.t
            .iter()
            .try_for_each(|&seconds| to_picoseconds(seconds).map(drop))
    }
}

macro_rules! define_latency_table {
    ([] $($variant:ident $name:ident $doc:literal;)*) => {
        /// Time per event; an absent latency is unknown, not zero.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct LatencyTable {
            /// How the two neuron latencies combine.
            pub neuron_model: NeuronModel,
            /// Duration of the barrier by number of used tiles, instead of a constant `barrier`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub sync_by_tiles: Option<SyncByTiles>,
            $(
                #[doc = concat!("Duration `[s]` when: ", $doc)]
                #[serde(default, skip_serializing_if = "Option::is_none")]
                #[schemars(with = "Option<Figure>")]
                pub $name: Option<Latency>,
            )*
        }

        impl LatencyTable {
            /// The latency of `event`, if known.
            #[must_use]
            pub fn get(&self, event: Event) -> Option<&Latency> {
                match event { $(Event::$variant => self.$name.as_ref(),)* }
            }

            /// Sets the latency of `event`.
            pub fn set(&mut self, event: Event, latency: Latency) {
                match event { $(Event::$variant => self.$name = Some(latency),)* }
            }
        }
    };
}
for_each_event!(define_latency_table []);

impl LatencyTable {
    /// Every known latency, in table order.
    pub fn iter(&self) -> impl Iterator<Item = (Event, &Latency)> {
        Event::ALL
            .into_iter()
            .filter_map(|event| Some((event, self.get(event)?)))
    }

    /// Time `[ps]` that a core spends on `events` one after the other; unknown latencies count as nothing.
    ///
    /// # Errors
    /// [`MeterError::MoreUpdatesThanAccesses`] under the exclusive neuron model.
    pub fn serial_ps(&self, counts: &Counts, events: &[Event]) -> Result<u64, MeterError> {
        events.iter().try_fold(0u64, |sum, &event| {
            let each = self.get(event).map_or(0, Latency::ps);
            Ok(sum.saturating_add(
                self.neuron_model
                    .billed(event, counts)?
                    .saturating_mul(each),
            ))
        })
    }

    /// Duration of the barrier `[ps]` with `tiles` used tiles, if known.
    ///
    /// # Errors
    /// [`MeterError::NotPicoseconds`] when the table was not checked and cannot be represented.
    pub fn barrier_ps(&self, tiles: u32) -> Result<Option<u64>, MeterError> {
        match &self.sync_by_tiles {
            Some(table) => table.ps(tiles).map(Some),
            None => Ok(self.get(Event::Barrier).map(Latency::ps)),
        }
    }

    /// Checks every latency; `field` is the path of the table in errors.
    ///
    /// # Errors
    /// The first latency that breaks a rule, in table order.
    pub fn check(&self, field: &str) -> Result<(), MeterError> {
        for (event, latency) in self.iter() {
            latency.figure.check(&format!("{field}.{event}"))?;
        }
        match (&self.sync_by_tiles, &self.barrier) {
            (Some(_), Some(_)) => Err(MeterError::TwoBarriers {
                field: field.to_owned(),
            }),
            (Some(table), None) => table.check(&format!("{field}.sync_by_tiles")),
            _ => Ok(()),
        }
    }
}
