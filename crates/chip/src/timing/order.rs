//! Which of many cores is next: a tree of losers over one time per core.
//!
//! Times and cores share one number, the time above: smaller means earlier, and of equal times the lower core. Each inner node keeps the
//! larger of two numbers and hands the smaller on, so that a change costs one minimum and one maximum per level, without
//! a branch. A time that leaves no room for the core (17 s with a million cores) counts as the largest that does.

/// No packet left.
const NEVER: u64 = u64::MAX;

/// One time per core, the earliest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    /// Losers of the inner nodes; node 0 is unused.
    losers: Vec<u64>,
    leaves: Vec<u64>,
    first: u64,
    bits: u32,
}

impl Order {
    /// Makes room for cores that have no packet.
    pub(super) fn clear(&mut self, cores: usize) {
        let leaves = cores.next_power_of_two().max(2);
        self.bits = leaves.ilog2();
        self.leaves.clear();
        self.leaves.resize(leaves, NEVER);
        self.first = NEVER;
    }

    fn key(&self, core: u32, time: u64) -> u64 {
        // The largest time is kept for "never".
        time.min((NEVER >> self.bits) - 1) << self.bits | u64::from(core)
    }

    /// Gives a core its first time; then [`Order::build`].
    pub(super) fn set(&mut self, core: u32, time: u64) {
        self.leaves[core as usize] = self.key(core, time);
    }

    pub(super) fn build(&mut self) {
        let n = self.leaves.len();
        // Winners from the leaves up; what each node keeps is the other one.
        let mut winners = vec![NEVER; n];
        winners.extend_from_slice(&self.leaves);
        self.losers.clear();
        self.losers.resize(n, NEVER);
        for node in (1..n).rev() {
            let (a, b) = (winners[2 * node], winners[2 * node + 1]);
            (winners[node], self.losers[node]) = (a.min(b), a.max(b));
        }
        self.first = winners[1];
    }

    /// The earliest time and its core.
    #[inline]
    pub(super) fn first(&self) -> Option<(u64, u32)> {
        let core = self.first & ((1 << self.bits) - 1);
        (self.first != NEVER).then_some((self.first >> self.bits, core as u32))
    }

    /// Gives the core that is first its next time, or none.
    #[inline]
    pub(super) fn replace_first(&mut self, time: Option<u64>) {
        let core = (self.first & ((1 << self.bits) - 1)) as u32;
        let mut key = time.map_or(NEVER, |time| self.key(core, time));
        let mut node = (self.losers.len() + core as usize) / 2;
        while node > 0 {
            let other = self.losers[node];
            self.losers[node] = other.max(key);
            key = other.min(key);
            node /= 2;
        }
        self.first = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// As sorting all (time, core) does.
        #[test]
        fn the_earliest_is_always_first(gaps in prop::collection::vec(prop::collection::vec(0u64..5, 0..20), 1..40)) {
            let mut order = Order::default();
            order.clear(gaps.len());
            let mut all = Vec::new();
            for (core, gaps) in gaps.iter().enumerate() {
                let times = gaps.iter().scan(0, |sum, gap| { *sum += gap; Some(*sum) });
                all.extend(times.enumerate().map(|(k, time)| (time, core as u32, k)));
                if let Some(first) = gaps.first() {
                    order.set(core as u32, *first);
                }
            }
            all.sort_unstable();
            order.build();
            let mut next = vec![1; gaps.len()];
            for (time, core, _) in all {
                prop_assert_eq!(order.first(), Some((time, core)));
                let gap = gaps[core as usize].get(next[core as usize]);
                next[core as usize] += 1;
                order.replace_first(gap.map(|gap| time + gap));
            }
            prop_assert_eq!(order.first(), None);
        }
    }
}
