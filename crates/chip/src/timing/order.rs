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
    pub(super) fn clear(&mut self, cores: usize, gap: u64) {
        let leaves = (cores + 1).next_power_of_two();
        self.bits = leaves.ilog2();
        self.tree.clear();
        self.tree.resize(2 * leaves, NEVER);
        self.row.clear();
        self.row.resize(leaves, NEVER);
        (self.head, self.tail, self.gap) = (0, 0, gap);
    }

    fn key(&self, core: u32, time: u64) -> u64 {
        // The largest time is kept for "never".
        time.min((NEVER >> self.bits) - 1) << self.bits | u64::from(core)
    }

    /// Gives a core its first time; then [`Order::build`].
    pub(super) fn set(&mut self, core: u32, time: u64) {
        let leaf = self.row.len() + core as usize;
        self.tree[leaf] = self.key(core, time);
    }

    pub(super) fn build(&mut self) {
        for node in (1..self.row.len()).rev() {
            self.tree[node] = self.tree[2 * node].min(self.tree[2 * node + 1]);
        }
    }

    /// The earliest time and its core.
    #[inline]
    pub(super) fn first(&self) -> Option<(u64, u32)> {
        let first = self.tree[1].min(self.row[self.head]);
        let core = first & ((1 << self.bits) - 1);
        (first != NEVER).then_some((first >> self.bits, core as u32))
    }

    /// Gives the core that is first its next time, a gap after `sent`, or none.
    #[inline]
    pub(super) fn replace_first(&mut self, sent: u64, gap: Option<u64>) {
        let in_row = self.row[self.head] < self.tree[1];
        let first = self.tree[1].min(self.row[self.head]);
        let core = (first & ((1 << self.bits) - 1)) as u32;
        let steady = gap == Some(self.gap) && sent == first >> self.bits;
        let key = gap.map_or(NEVER, |gap| self.key(core, sent + gap));
        let ring = self.row.len() - 1;
        if in_row {
            self.row[self.head] = NEVER;
            self.head = (self.head + 1) & ring;
        }
        if steady {
            self.row[self.tail] = key;
            self.tail = (self.tail + 1) & ring;
        }
        if !(in_row && steady) {
            self.change(core, if steady { NEVER } else { key });
        }
    }

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
        /// As sorting all (time, core) does.
        #[test]
        fn the_earliest_is_always_first(gaps in prop::collection::vec(prop::collection::vec(0u64..5, 0..20), 1..40), gap in 0u64..5) {
            let mut order = Order::default();
            order.clear(gaps.len(), gap);
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
                order.replace_first(time, gap.copied());
            }
            prop_assert_eq!(order.first(), None);
        }
    }
}
