//! Which of many cores is next.
//!
//! Times and cores share one number, the time above: smaller means earlier, and of equal times the lower core. A time that leaves no
//! room for the core (17 s with a million cores) counts as the largest that does.
//!
//! Most packets follow the one before them after the same gap, the time of sending. Cores whose next packet does wait in a row: they enter
//! it in the order in which they were first, all a gap later, so the row is in order by itself. The others are leaves
//! of a tree, each node of which has the smaller of the two below.

/// No packet left.
const NEVER: u64 = u64::MAX;

/// One time per core, the earliest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    /// The tree, its root at 1; node 0 is unused.
    tree: Vec<u64>,
    /// A ring with room for all cores, so that it never closes.
    row: Vec<u64>,
    head: usize,
    tail: usize,
    /// The gap of the row.
    gap: u64,
    bits: u32,
}

impl Order {
    /// Makes room for cores that have no packet.
    pub(super) fn clear(&mut self, cores: usize) {
        let leaves = (cores + 1).next_power_of_two();
        self.bits = leaves.ilog2();
        self.tree.clear();
        self.tree.resize(2 * leaves, NEVER);
        self.row.clear();
        self.row.resize(leaves, NEVER);
        (self.head, self.tail) = (0, 0);
    }

    /// Gives a core its first time; then [`Order::build`].
    pub(super) fn set(&mut self, core: u32, time: u64) {
        let leaf = self.row.len() + core as usize;
        self.tree[leaf] = self.key(core, time);
    }

    /// Brings all first times in order; `gap` is that of the row.
    pub(super) fn build(&mut self, gap: u64) {
        self.gap = gap;
        for node in (1..self.row.len()).rev() {
            self.tree[node] = self.tree[2 * node].min(self.tree[2 * node + 1]);
        }
    }

    /// The number that stands for a core at a time: smaller means earlier.
    #[inline(always)]
    fn key(&self, core: u32, time: u64) -> u64 {
        // The largest time is kept for "never".
        time.min((NEVER >> self.bits) - 1) << self.bits | u64::from(core)
    }

    /// The largest time.
    #[inline(always)]
    pub(super) fn last(&self) -> u64 {
        (NEVER >> self.bits) - 1
    }

    /// The earliest time and its core, which leaves; `None` if none is before `limit`.
    #[inline(always)]
    pub(super) fn take(&mut self, limit: u64) -> Option<(u64, u32)> {
        let (row, tree) = (self.row[self.head], self.tree[1]);
        let first = row.min(tree);
        if first == NEVER || first >> self.bits >= limit {
            return None;
        }
        let core = (first & ((1 << self.bits) - 1)) as u32;
        if row < tree {
            self.row[self.head] = NEVER;
            self.head = (self.head + 1) & (self.row.len() - 1);
        } else {
            self.change(core, NEVER);
        }
        Some((first >> self.bits, core))
    }

    /// Gives a core that was taken at `time` its next time, a gap after `sent`. Cores come in the order in which they were taken.
    #[inline(always)]
    pub(super) fn give(&mut self, core: u32, time: u64, sent: u64, gap: u64) {
        let key = self.key(core, sent + gap);
        if gap == self.gap && sent == time {
            self.row[self.tail] = key;
            self.tail = (self.tail + 1) & (self.row.len() - 1);
        } else {
            self.change(core, key);
        }
    }

    #[inline(never)]
    fn change(&mut self, core: u32, key: u64) {
        let mut node = self.row.len() + core as usize;
        let mut least = key;
        while node > 0 {
            self.tree[node] = least;
            least = least.min(self.tree[node ^ 1]);
            node /= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// As sorting all (time, core) does, taken in batches that end before a core is next again.
        #[test]
        fn the_earliest_is_always_first(gaps in prop::collection::vec(prop::collection::vec(0u64..5, 0..20), 1..40), gap in 0u64..5, most in 1usize..9) {
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
            order.build(gap);
            let mut all = all.into_iter().map(|(time, core, _)| (time, core));
            let mut next = vec![1; gaps.len()];
            loop {
                let mut limit = u64::MAX;
                let mut batch = Vec::new();
                while batch.len() < most && let Some((time, core)) = order.take(limit) {
                    prop_assert_eq!(Some((time, core)), all.next());
                    let gap = gaps[core as usize].get(next[core as usize]).copied();
                    next[core as usize] += 1;
                    limit = limit.min(gap.map_or(u64::MAX, |gap| time + gap));
                    batch.push((time, core, gap));
                }
                if batch.is_empty() {
                    break;
                }
                for (time, core, gap) in batch {
                    if let Some(gap) = gap {
                        order.give(core, time, time, gap);
                    }
                }
            }
            prop_assert_eq!(all.next(), None);
        }
    }
}
