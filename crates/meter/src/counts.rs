//! How often each event happened.

use std::collections::BTreeMap;
use std::iter::Sum;
use std::ops::{AddAssign, Index, IndexMut};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Event;

/// How often each event happened.
///
/// Counts are integers, so a sum does not depend on its order, nor on how many workers counted. In
/// files only the events that happened are written, by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(from = "BTreeMap<Event, u64>", into = "BTreeMap<Event, u64>")]
pub struct Counts([u64; Event::COUNT]);

impl Counts {
    /// Adds `n` occurrences of `event`.
    #[inline]
    pub fn add(&mut self, event: Event, n: u64) {
        self.0[event.index()] += n;
    }

    /// Every event with its count, in table order.
    pub fn iter(&self) -> impl Iterator<Item = (Event, u64)> + '_ {
        Event::ALL.into_iter().zip(self.0)
    }

    /// True when nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|&n| n == 0)
    }

    /// Synapses that were read and accumulated, in any row format, in cells or not.
    #[must_use]
    pub fn synaptic_events(&self) -> u64 {
        let rows = self[Event::SynapseReadDense] + self[Event::SynapseReadSparse] + self[Event::SynapseReadConv];
        rows + self[Event::SynapseReadCell]
    }

    /// Neurons that fired, digital and analog ones.
    #[must_use]
    pub fn spikes(&self) -> u64 {
        self[Event::NeuronSpike] + self[Event::AnalogSpike]
    }

    /// Links crossed, in any direction.
    #[must_use]
    pub fn hops(&self) -> u64 {
        self[Event::HopEast] + self[Event::HopWest] + self[Event::HopNorth] + self[Event::HopSouth]
    }
}

impl Default for Counts {
    fn default() -> Self {
        Counts([0; Event::COUNT])
    }
}

impl Index<Event> for Counts {
    type Output = u64;

    #[inline]
    fn index(&self, event: Event) -> &u64 {
        &self.0[event.index()]
    }
}

impl IndexMut<Event> for Counts {
    #[inline]
    fn index_mut(&mut self, event: Event) -> &mut u64 {
        &mut self.0[event.index()]
    }
}

impl AddAssign<&Counts> for Counts {
    fn add_assign(&mut self, other: &Counts) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        *self += &other;
    }
}

impl<'a> Sum<&'a Counts> for Counts {
    fn sum<I: Iterator<Item = &'a Counts>>(all: I) -> Counts {
        all.fold(Counts::default(), |mut sum, counts| {
            sum += counts;
            sum
        })
    }
}

impl From<BTreeMap<Event, u64>> for Counts {
    fn from(map: BTreeMap<Event, u64>) -> Self {
        let mut counts = Counts::default();
        for (event, n) in map {
            counts[event] = n;
        }
        counts
    }
}

impl From<Counts> for BTreeMap<Event, u64> {
    fn from(counts: Counts) -> Self {
        counts.iter().filter(|&(_, n)| n > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_only_what_happened() {
        let mut counts = Counts::default();
        counts.add(Event::HopWest, 3);
        counts.add(Event::HopWest, 4);
        let text = serde_json::to_string(&counts).unwrap();
        assert_eq!(text, r#"{"hop_west":7}"#);
        assert_eq!(serde_json::from_str::<Counts>(&text).unwrap(), counts);
        assert!(serde_json::from_str::<Counts>(r#"{"hop_up":7}"#).is_err());
    }

    #[test]
    fn sums_do_not_depend_on_order() {
        let one = |event, n| {
            let mut counts = Counts::default();
            counts.add(event, n);
            counts
        };
        let parts = [one(Event::Barrier, 5), one(Event::HopEast, 2), one(Event::Barrier, 1)];
        let forward: Counts = parts.iter().sum();
        let backward: Counts = parts.iter().rev().sum();
        assert_eq!(forward, backward);
        assert_eq!(forward[Event::Barrier], 6);
        assert_eq!(forward.hops(), 2);
        assert!(!forward.is_empty());
    }
}
