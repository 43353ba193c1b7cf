//! Drawn synapses as a worker holds them: for each source, one row over all its targets, whatever bank they are of.
//!
//! A synapse takes 4 bytes: its place in the worker's accumulators in the high bits, its weight in the rest. Rows are
//! sorted by delay; the part of a row with delay d is delivered when it is due, d steps after the spike can first arrive.
//! Which rows are due is known from lists of spikes, so memory is asked for them before they are needed.

use std::ops::Range;

use pumice_models::Parts;
use pumice_num::{fits, prefetch};

use crate::block::Block;
use crate::image::{ChipImage, DrawnProjection, Source};

/// Where the accumulators of a worker's share of each bank and in-port lie in its one array of them.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// By bank: the neurons that belong to the worker.
    pub(crate) shares: Vec<Range<usize>>,
    /// By bank and in-port: first accumulator.
    pub(crate) first: Vec<Vec<usize>>,
    /// Number of accumulators.
    pub(crate) len: usize,
}

/// Accumulators per cache line; every in-port starts on a line of its own.
const LINE: usize = 16;

impl Layout {
    /// The share of worker `w` of `workers`.
    pub(crate) fn new(image: &ChipImage, w: usize, workers: usize) -> Self {
        let mut layout = Layout { shares: Vec::new(), first: Vec::new(), len: 0 };
        for bank in &image.banks {
            let share = bank.n * w / workers..bank.n * (w + 1) / workers;
            let first = (0..bank.ports).map(|port| layout.len + port * share.len().next_multiple_of(LINE)).collect();
            layout.len += bank.ports * share.len().next_multiple_of(LINE);
            layout.first.push(first);
            layout.shares.push(share);
        }
        layout
    }

    fn target_bits(&self) -> u32 {
        usize::BITS - self.len.saturating_sub(1).leading_zeros()
    }

    /// Bits of a word that are its weight.
    fn weight_bits(&self) -> u32 {
        32 - self.target_bits().max(1)
    }

    /// Whether 4 bytes hold every synapse of a projection, its place and its weight.
    pub(crate) fn holds(&self, p: &DrawnProjection) -> bool {
        let (low, high) = p.synapses.weight_range();
        let bits = 32_u32.saturating_sub(self.target_bits());
        bits > 0 && [low, high].iter().all(|w| fits(i64::from(*w), bits))
    }
}

/// The drawn synapses of one source onto the targets of one worker.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    pub(crate) source: Source,
    /// Delays `0..delays` may occur.
    pub(crate) delays: usize,
    /// Row of element `i` at delay `d` is `start[i * delays + d]..start[i * delays + d + 1]`.
    start: Block<u32>,
    words: Block<u32>,
    weight_bits: u32,
}

impl Table {
    /// Draws and packs the synapses of `source` onto worker `w` of `workers`; `None` if there are none. On the way it tells
    /// about how many synapses more are done.
    ///
    /// # Errors
    /// The number of synapses or rows, if it is beyond the 2^32 that a table holds.
    pub fn new(
        image: &ChipImage,
        source: Source,
        (w, workers): (usize, usize),
        tell: &dyn Fn(u64),
    ) -> Result<Option<Self>, u64> {
        let layout = Layout::new(image, w, workers);
        let own = held(image, source, &layout);
        let Some(delays) = delays_of(&own) else { return Ok(None) };
        // Every synapse is drawn twice.
        let done = |p: &DrawnProjection| tell((p.n / workers / 2) as u64);
        let mut start = count(&own, &layout, (delays, image.size_of(source)), &done)?;
        let n = start[start.len() - 1] as usize;
        let weight_bits = layout.weight_bits();
        let mut words = Block::zeroed(n);
        let (next, into): (&mut [u32], &mut [u32]) = (&mut start, &mut words);
        let mask = u32::MAX >> (32 - weight_bits);
        for p in &own {
            let share = layout.shares[p.target].clone();
            let place = layout.first[p.target][p.port] as u32;
            let all = Parts { weights: true, delays: true };
            p.synapses.each(share.clone(), all, |source, target, weight, delay| {
                let next = &mut next[source as usize * delays + usize::from(delay)];
                let at = place + (target - share.start as u32);
                into[*next as usize] = at << weight_bits | weight as u32 & mask;
                *next += 1;
            });
            done(p);
        }
        // Each start has moved to the end of its row, which is the start of the next.
        let rows = start.len() - 1;
        start.copy_within(..rows, 1);
        start[0] = 0;
        Ok(Some(Table { source, delays, start, words, weight_bits }))
    }

    /// The table of `source` on worker `w` of `workers` from its arrays, [`Table::start`] and [`Table::words`]; `None` if
    /// they are not those of such a table.
    pub fn from_arrays(
        image: &ChipImage,
        source: Source,
        (w, workers): (usize, usize),
        (start, words): (Block<u32>, Block<u32>),
    ) -> Option<Self> {
        let layout = Layout::new(image, w, workers);
        let delays = delays_of(&held(image, source, &layout))?;
        let weight_bits = layout.weight_bits();
        let rows = image.size_of(source) * delays;
        let whole = start.len() == rows + 1 && start[0] == 0 && start[rows] as usize == words.len();
        let last = words.iter().fold(0, |last, word| last.max(word >> weight_bits));
        let inside = words.is_empty() || (last as usize) < layout.len;
        (whole && start.is_sorted() && inside).then_some(Table { source, delays, start, words, weight_bits })
    }

    /// The sources that have a table on worker `w` of `workers`, in their order.
    pub fn sources(image: &ChipImage, (w, workers): (usize, usize)) -> Vec<Source> {
        let layout = Layout::new(image, w, workers);
        image.sources().filter(|source| !held(image, *source, &layout).is_empty()).collect()
    }

    /// What it is a table of.
    pub const fn source(&self) -> Source {
        self.source
    }

    /// Start of each row: by element, then by delay; the last entry is the number of synapses.
    pub fn start(&self) -> &[u32] {
        &self.start
    }

    /// The synapses, row after row.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// Synapses.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is no synapse.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Memory in use `[byte]`.
    pub fn bytes(&self) -> usize {
        4 * (self.start.len() + self.words.len())
    }

    /// Adds the rows of elements `due`, each with its delay, to the accumulators.
    pub(crate) fn deliver(&self, due: &Due, sums: &mut [i32]) {
        let rows = Rows { start: &self.start, words: &self.words, first: 0, due: &due.0, next: 0 };
        rows.for_each_ahead(|row| self.add(row, sums));
    }

    #[inline(always)]
    fn add(&self, row: &[u32], sums: &mut [i32]) {
        let up = 32 - self.weight_bits;
        for word in row {
            let weight = ((word << up) as i32) >> up;
            let sum = &mut sums[(word >> self.weight_bits) as usize];
            *sum = sum.wrapping_add(weight);
        }
    }
}

/// The projections of a source that a table holds.
fn held<'a>(image: &'a ChipImage, source: Source, layout: &Layout) -> Vec<&'a DrawnProjection> {
    image.drawn.iter().filter(|p| p.source == source && layout.holds(p)).collect()
}

/// How many delays may occur; `None` without a projection.
fn delays_of(own: &[&DrawnProjection]) -> Option<usize> {
    own.iter().map(|p| usize::from(p.synapses.longest_delay()) + 1).max()
}

/// Numbers of synapses of each row, summed up to the row's start; the last entry is the number of all.
fn count(
    own: &[&DrawnProjection],
    layout: &Layout,
    (delays, n_in): (usize, usize),
    done: &dyn Fn(&DrawnProjection),
) -> Result<Block<u32>, u64> {
    if n_in * delays >= u32::MAX as usize {
        return Err((n_in * delays) as u64);
    }
    let mut start = Block::<u32>::zeroed(n_in * delays + 1);
    let mut n = 0_u64;
    for p in own {
        let parts = Parts { weights: false, delays: true };
        p.synapses.each(layout.shares[p.target].clone(), parts, |source, _, _, delay| {
            start[source as usize * delays + usize::from(delay)] += 1;
            n += 1;
        });
        done(p);
    }
    if n > u64::from(u32::MAX) {
        return Err(n);
    }
    let mut sum = 0;
    for own in start.iter_mut() {
        (*own, sum) = (sum, sum + *own);
    }
    Ok(start)
}

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
    /// Start of each row among the words, and the end of the last.
    pub(crate) start: &'a [u32],
    pub(crate) words: &'a [u32],
    /// Added to the numbers of rows.
    pub(crate) first: usize,
    pub(crate) due: &'a [u32],
    pub(crate) next: usize,
}

impl Rows<'_> {
    /// Gives the words of every row that has some, having asked for those of the next [`AHEAD`].
    #[inline(always)]
    pub(crate) fn for_each_ahead(mut self, mut give: impl FnMut(&[u32])) {
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
            give(&self.words[from as usize..to as usize]);
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = (u32, u32);

    #[inline(always)]
    fn next(&mut self) -> Option<(u32, u32)> {
        loop {
            let row = self.first + *self.due.get(self.next)? as usize;
            self.next += 1;
            if let Some(later) = self.due.get(self.next + STARTS_AHEAD) {
                prefetch(self.start, self.first + *later as usize);
            }
            let (from, to) = (self.start[row], self.start[row + 1]);
            if from < to {
                let lines = (to - from).div_ceil(LINE as u32).min(LINES_AHEAD as u32);
                (0..lines).for_each(|k| prefetch(self.words, from as usize + k as usize * LINE));
                return Some((from, to));
            }
        }
    }
}
