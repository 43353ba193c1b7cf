//! Time per event, in integer picoseconds.
//!
//! Files give seconds. They are converted once and must be whole picoseconds, so that the time of a
//! step is an integer maximum that does not depend on the order of evaluation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::for_each_event;
use crate::figure::SECONDS;
use crate::{Counts, Event, Evidence, Figure, MeterError, NeuronModel};

const PICOSECONDS_PER_SECOND: f64 = 1e12;

/// Longest duration of one event `[s]`: sums of 10⁴ of the longest still fit 64 bits of picoseconds.
pub(crate) const MAX_SECONDS: f64 = 1000.0;

/// Converts a duration to picoseconds.
///
/// # Errors
/// [`MeterError::NotPicoseconds`] when it is negative, too long, or no whole number of picoseconds
/// (within 10⁻³ ps, which absorbs the binary rounding of decimal text).
pub(crate) fn to_picoseconds(seconds: f64) -> Result<u64, MeterError> {
    let exact = seconds * PICOSECONDS_PER_SECOND;
    let whole = exact.round();
    let representable = (0.0..=MAX_SECONDS).contains(&seconds) && (exact - whole).abs() <= 1e-3f64.max(whole * 1e-15);
    if representable { Ok(whole as u64) } else { Err(MeterError::NotPicoseconds { seconds }) }
}

/// The duration of one event, with its provenance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Figure", into = "Figure")]
#[schemars(with = "Figure")]
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
        Ok(Latency { ps: to_picoseconds(figure.v)?, figure })
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
#[serde(try_from = "SyncEntry", into = "SyncEntry")]
#[schemars(with = "SyncEntry")]
pub struct SyncByTiles {
    tiles: Vec<u32>,
    ps: Vec<u64>,
    entry: SyncEntry,
}

/// A barrier table as a file gives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncEntry {
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
    /// The table as its source gives it.
    #[must_use]
    pub fn entry(&self) -> &SyncEntry {
        &self.entry
    }

    /// Duration of the barrier `[ps]` with `tiles` used tiles.
    #[must_use]
    pub fn ps(&self, tiles: u32) -> u64 {
        let above = self.tiles.partition_point(|&entry| entry <= tiles);
        if above == 0 || above == self.tiles.len() || self.entry.between == Between::Step {
            return self.ps[above.saturating_sub(1)];
        }
        let (t0, t1) = (self.ps[above - 1], self.ps[above]);
        let (n0, n1) = (self.tiles[above - 1], self.tiles[above]);
        let part = |span: u64| span * u64::from(tiles - n0) / u64::from(n1 - n0);
        if t1 >= t0 { t0 + part(t1 - t0) } else { t0 - part(t0 - t1) }
    }
}

impl TryFrom<SyncEntry> for SyncByTiles {
    type Error = MeterError;

    fn try_from(entry: SyncEntry) -> Result<Self, MeterError> {
        let ascending = entry.tiles.windows(2).all(|pair| pair[0] < pair[1]);
        let starts = entry.tiles.first().is_some_and(|&first| first >= 1);
        if !(ascending && starts && entry.tiles.len() == entry.t.len()) {
            return Err(MeterError::BarrierTable { tiles: entry.tiles, durations: entry.t.len() });
        }
        let ps = entry.t.iter().map(|&seconds| to_picoseconds(seconds)).collect::<Result<_, _>>()?;
        Ok(SyncByTiles { tiles: entry.tiles.clone(), ps, entry })
    }
}

impl From<SyncByTiles> for SyncEntry {
    fn from(table: SyncByTiles) -> SyncEntry {
        table.entry
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
            /// Duration of the barrier by number of used chips, of two and more; `tiles` of the table are chips here.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub sync_by_chips: Option<SyncByTiles>,
            $(
                #[doc = concat!("Duration `[s]` when: ", $doc)]
                #[serde(default, skip_serializing_if = "Option::is_none")]
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
        Event::ALL.into_iter().filter_map(|event| Some((event, self.get(event)?)))
    }

    /// Time `[ps]` that a core spends on `events` one after the other; unknown latencies count as nothing.
    ///
    /// # Errors
    /// [`MeterError::MoreUpdatesThanAccesses`] under the exclusive neuron model.
    pub fn serial_ps(&self, counts: &Counts, events: &[Event]) -> Result<u64, MeterError> {
        events.iter().try_fold(0u64, |sum, &event| {
            let each = self.get(event).map_or(0, Latency::ps);
            Ok(sum.saturating_add(self.neuron_model.billed(event, counts)?.saturating_mul(each)))
        })
    }

    /// Events that happened and have no known latency: the time of a run may not contain them.
    #[must_use]
    pub fn untimed(&self, counts: &Counts) -> Vec<Event> {
        let known = |event| match event {
            Event::Barrier => self.barrier_ps(1, 1).is_some(),
            _ => self.get(event).is_some(),
        };
        counts.iter().filter(|&(event, n)| n > 0 && !known(event)).map(|(event, _)| event).collect()
    }

    /// Duration of the barrier `[ps]` with `tiles` used tiles on `chips` used chips, if known.
    #[must_use]
    pub fn barrier_ps(&self, tiles: u32, chips: u32) -> Option<u64> {
        if let Some(table) = self.sync_by_chips.as_ref().filter(|_| chips > 1) {
            return Some(table.ps(chips));
        }
        let constant = || self.get(Event::Barrier).map(Latency::ps);
        self.sync_by_tiles.as_ref().map(|table| table.ps(tiles)).or_else(constant)
    }

    /// Checks every latency; `field` is the path of the table in errors.
    ///
    /// # Errors
    /// The first latency that breaks a rule, in table order.
    pub fn check(&self, field: &str) -> Result<(), MeterError> {
        for (event, latency) in self.iter() {
            latency.figure.check_to(&format!("{field}.{event}"), SECONDS)?;
        }
        if self.sync_by_chips.as_ref().is_some_and(|table| table.entry.src.trim().is_empty()) {
            return Err(MeterError::NoSource { field: format!("{field}.sync_by_chips") });
        }
        match (&self.sync_by_tiles, &self.barrier) {
            (Some(_), Some(_)) => Err(MeterError::TwoBarriers { field: field.to_owned() }),
            (Some(table), None) if table.entry.src.trim().is_empty() => {
                Err(MeterError::NoSource { field: format!("{field}.sync_by_tiles") })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(v: f64) -> Latency {
        Latency::try_from(Figure::new(v, Evidence::Measured, "bench")).unwrap()
    }

    fn sync(tiles: &[u32], t: &[f64], between: Between) -> Result<SyncByTiles, MeterError> {
        let (tiles, t) = (tiles.to_vec(), t.to_vec());
        SyncByTiles::try_from(SyncEntry { tiles, t, between, ev: Evidence::Fitted, src: "bench".into(), note: None })
    }

    #[test]
    fn seconds_become_whole_picoseconds() {
        assert_eq!(seconds(3.5e-9).ps(), 3_500);
        assert_eq!(seconds(26.667e-9).ps(), 26_667);
        assert_eq!(seconds(1e-12).ps(), 1);
        assert_eq!(seconds(1e-3).ps(), 1_000_000_000);
        assert_eq!(seconds(1000.0).ps(), 1_000_000_000_000_000);
        for v in [0.5e-12, 0.78125e-9, -1e-9, 1000.1, f64::NAN, f64::INFINITY] {
            assert!(to_picoseconds(v).is_err(), "{v}");
        }
        assert_eq!(
            to_picoseconds(0.78125e-9).unwrap_err().to_string(),
            "7.8125e-10 s is no whole number of picoseconds, allowed is a multiple of 1e-12 s from 0 to 1000 s"
        );
    }

    #[test]
    fn step_table_takes_the_last_entry_that_is_not_larger() {
        let table = sync(&[1, 2, 4, 29], &[0.6e-6, 1.0e-6, 1.4e-6, 1.8e-6], Between::Step).unwrap();
        let us = [0, 1, 2, 3, 4, 28, 29, 32].map(|tiles| table.ps(tiles) / 100_000);
        assert_eq!(us, [6, 6, 10, 10, 14, 14, 18, 18]);
    }

    #[test]
    fn linear_table_meets_its_ends_and_is_constant_outside() {
        let table = sync(&[1, 32], &[113e-9, 465e-9], Between::Linear).unwrap();
        assert_eq!([1, 32, 0, 64].map(|tiles| table.ps(tiles)), [113_000, 465_000, 113_000, 465_000]);
        assert_eq!(table.ps(2), 113_000 + 352_000 / 31);
        let falling = sync(&[1, 3], &[4e-12, 2e-12], Between::Linear).unwrap();
        assert_eq!(falling.ps(2), 3);
    }

    #[test]
    fn tables_that_are_none_are_refused() {
        for (tiles, t) in [(&[][..], &[][..]), (&[0], &[1e-9]), (&[2, 1], &[1e-9, 1e-9]), (&[1, 2], &[1e-9])] {
            assert!(sync(tiles, t, Between::Step).is_err(), "{tiles:?}");
        }
        assert_eq!(
            sync(&[2, 1], &[1e-9], Between::Step).unwrap_err().to_string(),
            "tiles [2, 1] and t (1 entries) do not form a table, allowed are equally many entries, at least one, tiles ascending from 1 or more"
        );
    }

    #[test]
    fn constant_and_table_exclude_each_other() {
        let mut table = LatencyTable::default();
        assert_eq!(table.barrier_ps(1, 1), None);
        table.set(Event::Barrier, seconds(2e-9));
        assert_eq!(table.barrier_ps(9, 1), Some(2_000));
        table.sync_by_tiles = Some(sync(&[1], &[1e-9], Between::Step).unwrap());
        assert_eq!(
            table.check("time").unwrap_err().to_string(),
            "time: barrier and sync_by_tiles are both given, allowed is one of them"
        );
        table.barrier = None;
        assert!(table.check("time").is_ok());
        table.sync_by_chips = Some(sync(&[32, 256], &[5e-6, 14e-6], Between::Linear).unwrap());
        assert_eq!(
            [1, 2, 32, 144, 999].map(|chips| table.barrier_ps(9, chips).unwrap() / 1000),
            [1, 5000, 5000, 9500, 14_000]
        );
        assert_eq!(table.barrier_ps(9, 1), Some(1_000));
    }

    #[test]
    fn serial_time_follows_the_neuron_model() {
        let mut table = LatencyTable::default();
        table.set(Event::NeuronAccess, seconds(5.3e-9));
        table.set(Event::NeuronUpdate, seconds(8.4e-9));
        let mut counts = Counts::default();
        counts.add(Event::NeuronAccess, 10);
        counts.add(Event::NeuronUpdate, 4);
        counts.add(Event::PacketOut, 1);
        let events = [Event::NeuronAccess, Event::NeuronUpdate, Event::PacketOut];
        assert_eq!(table.serial_ps(&counts, &events).unwrap(), 10 * 5_300 + 4 * 8_400);
        table.neuron_model = NeuronModel::Exclusive;
        assert_eq!(table.serial_ps(&counts, &events).unwrap(), 6 * 5_300 + 4 * 8_400);
        assert_eq!(table.untimed(&counts), [Event::PacketOut]);
    }
}
