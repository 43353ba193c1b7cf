//! Rows that are due in a step: known from lists of spikes, so that memory is asked for them before they are needed.

use pumice_num::prefetch;

/// Bytes of a cache line.
const LINE: usize = 64;

/// Rows that are asked for ahead of the one that is added.
const AHEAD: usize = 16;

/// Row starts that are asked for ahead of the row that is asked for.
const STARTS_AHEAD: usize = 32;

/// Cache lines of a row that are asked for; the processor finds the rest by itself.
const LINES_AHEAD: usize = 12;

/// The rows that are due in a step, by number: element times delays plus delay.
#[derive(Debug, Default)]
pub(crate) struct Due(pub(crate) Vec<u32>);

/// Rows that are due: looks them up and asks memory for them.
pub(crate) struct Rows<'a> {
    /// Start of each row among the synapses, and the end of the last.
    pub(crate) start: &'a [u32],
    /// Added to the numbers of rows.
    pub(crate) first: usize,
    pub(crate) due: &'a [u32],
}

impl<'a> Rows<'a> {
    /// Gives each of their synapses.
    #[inline(always)]
    pub(crate) fn each<T>(self, synapses: &'a [T], mut give: impl FnMut(&T)) {
        Ahead { rows: self, synapses, next: 0 }.for_each_row(|row| row.iter().for_each(&mut give));
    }
}

/// The same on their way from memory.
struct Ahead<'a, T> {
    rows: Rows<'a>,
    synapses: &'a [T],
    next: usize,
}

impl<T> Ahead<'_, T> {
    /// Whole synapses of a cache line.
    const PER_LINE: usize = LINE / size_of::<T>();

    /// Gives the synapses of every row that has some, having asked for those of the next [`AHEAD`].
    #[inline(always)]
    fn for_each_row(mut self, mut give: impl FnMut(&[T])) {
        let mut ahead = [(0, 0); AHEAD];
        let mut waiting = 0;
        for slot in &mut ahead {
            let Some(row) = self.next() else { break };
            *slot = row;
            waiting += 1;
        }
        let mut k = 0;
        while waiting > 0 {
            let (from, to) = ahead[k];
            match self.next() {
                Some(row) => ahead[k] = row,
                None => waiting -= 1,
            }
            k = if k + 1 == AHEAD { 0 } else { k + 1 };
            give(&self.synapses[from as usize..to as usize]);
        }
    }
}

impl<T> Iterator for Ahead<'_, T> {
    type Item = (u32, u32);

    #[inline(always)]
    fn next(&mut self) -> Option<(u32, u32)> {
        loop {
            let row = self.rows.first + *self.rows.due.get(self.next)? as usize;
            self.next += 1;
            if let Some(later) = self.rows.due.get(self.next + STARTS_AHEAD) {
                prefetch(self.rows.start, self.rows.first + *later as usize);
            }
            let (from, to) = (self.rows.start[row], self.rows.start[row + 1]);
            if from < to {
                let lines = ((to - from) as usize).div_ceil(Self::PER_LINE).min(LINES_AHEAD);
                (0..lines).for_each(|k| prefetch(self.synapses, from as usize + k * Self::PER_LINE));
                return Some((from, to));
            }
        }
    }
}
