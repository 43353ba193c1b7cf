//! Rows that are due in a step: known from lists of spikes, so that memory is asked for them before they are needed.

use pumice_num::prefetch;

/// Bytes of a cache line.
const LINE: usize = 64;

/// Rows that are asked for ahead of the one that is added.
const AHEAD: usize = 16;

/// Lines of row starts that are asked for ahead of those that are read.
const STARTS_AHEAD: usize = 32;

/// Cache lines of a row that are asked for; the processor finds the rest by itself.
const LINES_AHEAD: usize = 12;

/// The rows of a table that are due in this step and in later ones, as ranges of its synapses; none is empty.
///
/// The rows of an element follow each other, one for each delay. Their starts are read together when its spike arrives, and
/// not each by itself when it is due.
#[derive(Debug)]
pub(crate) struct Due {
    /// By step, in a ring as long as there are delays.
    steps: Vec<Vec<(u32, u32)>>,
    /// Place of this step.
    now: usize,
}

impl Due {
    /// Nothing is due; rows have `delays` delays from 0 on.
    pub(crate) fn new(delays: usize) -> Self {
        Due { steps: vec![Vec::new(); delays], now: 0 }
    }

    /// Takes the rows of elements whose spikes arrived `age` steps ago, as far as they are still due. Row starts are those of
    /// all elements and delays, with the end of the last row.
    pub(crate) fn add(&mut self, start: &[u32], elements: &[u32], age: usize) {
        let delays = self.steps.len();
        let lines = (size_of::<u32>() * delays).div_ceil(LINE);
        let ahead = STARTS_AHEAD.div_ceil(lines);
        for (k, element) in elements.iter().enumerate() {
            if let Some(later) = elements.get(k + ahead) {
                let first = *later as usize * delays;
                (0..lines).for_each(|line| prefetch(start, first + line * LINE / size_of::<u32>()));
            }
            let first = *element as usize * delays;
            let own = &start[first..=first + delays];
            for (step, ends) in own.windows(2).skip(age).enumerate() {
                if ends[0] < ends[1] {
                    let at = self.now + step;
                    self.steps[if at < delays { at } else { at - delays }].push((ends[0], ends[1]));
                }
            }
        }
    }

    /// The rows that are due now.
    pub(crate) fn now(&self) -> &[(u32, u32)] {
        &self.steps[self.now]
    }

    /// Goes on to the next step.
    pub(crate) fn advance(&mut self) {
        self.steps[self.now].clear();
        self.now = (self.now + 1) % self.steps.len();
    }

    /// Forgets all rows.
    pub(crate) fn clear(&mut self) {
        self.steps.iter_mut().for_each(Vec::clear);
    }
}

/// Rows that are due, looked up in the order of a list; empty ones are left out.
pub(crate) struct Rows<'a> {
    /// Start of each row among the synapses, and the end of the last.
    pub(crate) start: &'a [u32],
    /// Added to the numbers of rows.
    pub(crate) first: usize,
    pub(crate) due: &'a [u32],
}

impl Iterator for Rows<'_> {
    type Item = (u32, u32);

    #[inline(always)]
    fn next(&mut self) -> Option<(u32, u32)> {
        loop {
            let (row, later) = self.due.split_first()?;
            self.due = later;
            if let Some(later) = later.get(STARTS_AHEAD) {
                prefetch(self.start, self.first + *later as usize);
            }
            let row = self.first + *row as usize;
            let (from, to) = (self.start[row], self.start[row + 1]);
            if from < to {
                return Some((from, to));
            }
        }
    }
}

/// Gives each synapse of ranges of them, having asked for those of the next [`AHEAD`] ranges.
#[inline(always)]
pub(crate) fn each<T>(ranges: impl Iterator<Item = (u32, u32)>, synapses: &[T], mut give: impl FnMut(&T)) {
    let per_line = LINE / size_of::<T>();
    let mut ranges = ranges.inspect(|(from, to)| {
        let lines = ((to - from) as usize).div_ceil(per_line).min(LINES_AHEAD);
        (0..lines).for_each(|k| prefetch(synapses, *from as usize + k * per_line));
    });
    let mut ahead = [(0, 0); AHEAD];
    let mut waiting = 0;
    for slot in &mut ahead {
        let Some(range) = ranges.next() else { break };
        *slot = range;
        waiting += 1;
    }
    let mut k = 0;
    while waiting > 0 {
        let (from, to) = ahead[k];
        match ranges.next() {
            Some(range) => ahead[k] = range,
            None => waiting -= 1,
        }
        k = if k + 1 == AHEAD { 0 } else { k + 1 };
        synapses[from as usize..to as usize].iter().for_each(&mut give);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Each row is due its delay after the spike arrived, whether it was taken at once or when some of its time had passed.
        #[test]
        fn rows_are_due_after_their_delay(
            lengths in prop::collection::vec(prop::collection::vec(0..3_u32, 4), 1..9),
            spikes in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..50), 1..12),
            again in 0..12_usize,
        ) {
            let mut start = vec![0];
            lengths.concat().iter().for_each(|n| start.push(start[start.len() - 1] + n));
            let list = |step: usize| spikes.get(step).map_or(Vec::new(), |own| own.iter().map(|i| i.index(lengths.len()) as u32).collect());
            let mut due = Due::new(4);
            for now in 0..spikes.len() + 4 {
                if now == again {
                    due.clear();
                    (1..4.min(now + 1)).for_each(|age| due.add(&start, &list(now - age), age));
                }
                due.add(&start, &list(now), 0);
                let row = |i: u32, delay: usize| (start[i as usize * 4 + delay], start[i as usize * 4 + delay + 1]);
                let arrived = (0..4.min(now + 1)).flat_map(|delay| list(now - delay).into_iter().map(move |i| (i, delay)));
                let mut expected: Vec<_> = arrived.map(|(i, delay)| row(i, delay)).filter(|(from, to)| from < to).collect();
                let mut found = due.now().to_vec();
                expected.sort_unstable();
                found.sort_unstable();
                prop_assert_eq!(found, expected);
                due.advance();
            }
        }
    }
}
