//! Drawn synapses as a worker holds them: for each source, one row over all its targets, whatever bank they are of.
//!
//! A synapse takes 2 to 4 bytes ([`Form`]): its place among the worker's accumulators, and its weight. Rows are
//! sorted by delay; the part of a row with delay d is delivered when it is due, d steps after the spike can first arrive.
//! Which rows are due is known from lists of spikes, so memory is asked for them before they are needed.

use std::collections::BTreeSet;
use std::ops::Range;

use pumice_models::Parts;

use crate::balance::Shares;
use crate::block::Block;
use crate::due::Due;
use crate::image::{ChipImage, DrawnProjection, Source};
use crate::record::Form;

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
    /// The shares of worker `w`.
    pub(crate) fn new(image: &ChipImage, shares: &Shares, w: usize) -> Self {
        let mut layout = Layout { shares: Vec::new(), first: Vec::new(), len: 0 };
        for (b, bank) in image.banks.iter().enumerate() {
            let share = shares.range((b, bank.n), w);
            let first = (0..bank.ports).map(|port| layout.len + port * share.len().next_multiple_of(LINE)).collect();
            layout.len += bank.ports * share.len().next_multiple_of(LINE);
            layout.first.push(first);
            layout.shares.push(share);
        }
        layout
    }

    /// Whether a table holds every synapse of a projection, its place and its weight.
    pub(crate) fn holds(&self, p: &DrawnProjection) -> bool {
        Form::of(self.len, p.synapses.weight_range()).is_some()
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
    synapses: Block<u8>,
    form: Form,
    /// A magnitude that no weight exceeds.
    heaviest: i64,
}

impl Table {
    /// Draws and packs the synapses of `source` onto the shares of worker `w`; `None` if there are none. On the way it tells
    /// about how many synapses more are done.
    ///
    /// # Errors
    /// The number of synapses or rows, if it is beyond the 2^32 that a table holds.
    pub fn new(
        image: &ChipImage,
        source: Source,
        (shares, w): (&Shares, usize),
        tell: &dyn Fn(u64),
    ) -> Result<Option<Self>, u64> {
        let layout = Layout::new(image, shares, w);
        let own = held(image, source, &layout);
        let Some((delays, form, heaviest)) = shape(&own, &layout) else { return Ok(None) };
        // Every synapse is drawn twice.
        let done = |p: &DrawnProjection| tell((p.n / shares.workers() / 2) as u64);
        let mut start = count(&own, &layout, (delays, image.size_of(source)), &done)?;
        let n = start[start.len() - 1] as usize;
        let mut synapses = Block::zeroed(n * form.bytes());
        let (next, into): (&mut [u32], &mut [u8]) = (&mut start, &mut synapses);
        for p in &own {
            let share = layout.shares[p.target].clone();
            let place = layout.first[p.target][p.port] as u32;
            let all = Parts { weights: true, delays: true };
            p.synapses.each(share.clone(), all, |source, target, weight, delay| {
                let next = &mut next[source as usize * delays + usize::from(delay)];
                let at = *next as usize * form.bytes();
                form.put(&mut into[at..at + form.bytes()], place + (target - share.start as u32), weight);
                *next += 1;
            });
            done(p);
        }
        // Each start has moved to the end of its row, which is the start of the next.
        let rows = start.len() - 1;
        start.copy_within(..rows, 1);
        start[0] = 0;
        Ok(Some(Table { source, delays, start, synapses, form, heaviest }))
    }

    /// The table of `source` on the shares of worker `w` from its arrays, [`Table::start`] and [`Table::synapses`]; `None`
    /// if they are not those of such a table.
    pub fn from_arrays(
        image: &ChipImage,
        source: Source,
        (shares, w): (&Shares, usize),
        (start, synapses): (Block<u32>, Block<u8>),
    ) -> Option<Self> {
        let layout = Layout::new(image, shares, w);
        let (delays, form, heaviest) = shape(&held(image, source, &layout), &layout)?;
        let rows = image.size_of(source) * delays;
        let whole = start.len() == rows + 1 && start[0] == 0 && start[rows] as usize * form.bytes() == synapses.len();
        let inside = synapses.is_empty() || form.last_place(&synapses) < layout.len;
        (whole && start.is_sorted() && inside).then_some(Table { source, delays, start, synapses, form, heaviest })
    }

    /// The sources that have a table on the shares of worker `w`, in their order.
    pub fn sources(image: &ChipImage, (shares, w): (&Shares, usize)) -> Vec<Source> {
        let layout = Layout::new(image, shares, w);
        image.sources().filter(|source| !held(image, *source, &layout).is_empty()).collect()
    }

    /// What it is a table of.
    pub const fn source(&self) -> Source {
        self.source
    }

    /// The banks and in-ports that it feeds.
    pub(crate) fn targets(&self, image: &ChipImage, layout: &Layout) -> BTreeSet<(usize, usize)> {
        held(image, self.source, layout).into_iter().map(|p| (p.target, p.port)).collect()
    }

    /// Start of each row: by element, then by delay; the last entry is the number of synapses.
    pub fn start(&self) -> &[u32] {
        &self.start
    }

    /// The bytes of the synapses, row after row.
    pub fn synapses(&self) -> &[u8] {
        &self.synapses
    }

    /// Synapses.
    pub fn len(&self) -> usize {
        self.synapses.len() / self.form.bytes()
    }

    /// Whether there is no synapse.
    pub fn is_empty(&self) -> bool {
        self.synapses.is_empty()
    }

    /// Memory in use `[byte]`.
    pub fn bytes(&self) -> usize {
        4 * self.start.len() + self.synapses.len()
    }

    /// Nothing of it is due.
    pub(crate) fn due(&self) -> Due {
        Due::new(self.delays)
    }

    /// Adds rows, ranges of the synapses, to the accumulators; no sum gets farther by it than what is given back.
    pub(crate) fn deliver(&self, rows: &[(u32, u32)], sums: &mut [i32]) -> i64 {
        self.form.add(&self.synapses, rows.iter().copied(), |weight| weight, sums);
        let events: i64 = rows.iter().map(|(from, to)| i64::from(to - from)).sum();
        events.saturating_mul(self.heaviest)
    }

    /// As [`Table::deliver`], to sums that hold everything, of the accumulators `range`.
    pub(crate) fn deliver_exact(&self, rows: &[(u32, u32)], range: &Range<usize>, sums: &mut [i128]) {
        self.form.each(&self.synapses, rows.iter().copied(), i128::from, |place, weight| {
            if range.contains(&place) {
                sums[place - range.start] += weight;
            }
        });
    }
}

/// The projections of a source that a table holds.
fn held<'a>(image: &'a ChipImage, source: Source, layout: &Layout) -> Vec<&'a DrawnProjection> {
    image.drawn.iter().filter(|p| p.source == source && layout.holds(p)).collect()
}

/// How many delays may occur, the form of all synapses, and a magnitude that no weight exceeds; `None` without a projection.
fn shape(own: &[&DrawnProjection], layout: &Layout) -> Option<(usize, Form, i64)> {
    let delays = own.iter().map(|p| usize::from(p.synapses.longest_delay()) + 1).max()?;
    let ranges = own.iter().map(|p| p.synapses.weight_range());
    let range = ranges.reduce(|all, own| (all.0.min(own.0), all.1.max(own.1)))?;
    let heaviest = range.0.unsigned_abs().max(range.1.unsigned_abs());
    Some((delays, Form::of(layout.len, range)?, heaviest.into()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A table of rows of synapses with weights of `low..=high` onto `places` accumulators.
    fn table(rows: &[Vec<(u32, i32)>], places: usize, range: (i32, i32)) -> Table {
        let form = Form::of(places, range).unwrap();
        let mut start = Block::zeroed(rows.len() + 1);
        let mut synapses = Block::zeroed(rows.concat().len() * form.bytes());
        for (into, (place, weight)) in synapses.chunks_exact_mut(form.bytes()).zip(rows.concat()) {
            form.put(into, place, weight);
        }
        (0..rows.len()).for_each(|r| start[r + 1] = start[r] + rows[r].len() as u32);
        let heaviest = range.0.unsigned_abs().max(range.1.unsigned_abs()).into();
        Table { source: Source::Train(0), delays: 1, start, synapses, form, heaviest }
    }

    #[test]
    fn the_shortest_form_is_taken() {
        let form = |places, low, high| Form::of(places, (low, high));
        assert_eq!(form(1 << 16, -9000, -9000), Some(Form::Same(-9000)));
        assert_eq!(form(1 << 16, 0, 255), Some(Form::Up));
        assert_eq!(form(1 << 16, -255, 0), Some(Form::Down));
        assert_eq!(form(7, -128, 127), Some(Form::Signed));
        assert_eq!(form(1 << 16, -1, 128), Some(Form::Word(16)));
        assert_eq!(form((1 << 16) + 1, 5, 5), Some(Form::Word(15)));
        assert_eq!(form(1 << 16, -1, 1 << 15), None);
        assert_eq!(form(1 << 31, 0, 0), Some(Form::Word(1)));
        assert_eq!(form((1 << 31) + 1, 0, 0), None);
    }

    proptest! {
        /// What is delivered is the sum of the synapses, whatever form they take; the last place is found.
        #[test]
        fn rows_add_their_synapses(
            rows in prop::collection::vec(prop::collection::vec((any::<prop::sample::Index>(), any::<u32>()), 0..30), 1..60),
            due in prop::collection::vec(any::<prop::sample::Index>(), 0..150),
            places in prop_oneof![Just(1), 2..3000_usize, Just(1 << 16), Just((1 << 16) + 1), Just(100_000)],
            (low, high) in prop_oneof![
                Just((0, 255)), Just((-255, 0)), Just((-128, 127)), Just((-16_384, 16_383)), (-9000..9000).prop_map(|w| (w, w)),
            ],
        ) {
            let weight = |word: u32| low + (word % (high - low + 1) as u32) as i32;
            let synapse = |(at, word): &(prop::sample::Index, u32)| (at.index(places) as u32, weight(*word));
            let rows: Vec<Vec<(u32, i32)>> = rows.iter().map(|row| row.iter().map(synapse).collect()).collect();
            let table = table(&rows, places, (low, high));
            let elements: Vec<u32> = due.iter().map(|row| row.index(rows.len()) as u32).collect();
            let mut due = table.due();
            due.add(&table.start, &elements, 0);
            let (mut sums, mut expected) = (vec![7; places], vec![7; places]);
            let reach = table.deliver(due.now(), &mut sums);
            for (place, weight) in elements.iter().flat_map(|row| &rows[*row as usize]) {
                expected[*place as usize] += weight;
            }
            prop_assert!(sums == expected);
            prop_assert!(sums.iter().all(|sum| i64::from((sum - 7).abs()) <= reach));
            let part = places / 3..places;
            let mut exact = vec![7; part.len()];
            table.deliver_exact(due.now(), &part, &mut exact);
            prop_assert!(exact.into_iter().eq(sums[part].iter().map(|sum| i128::from(*sum))));
            let last = rows.iter().flatten().map(|(place, _)| *place as usize).max();
            prop_assert_eq!(table.form.last_place(&table.synapses), last.unwrap_or(0));
            prop_assert_eq!(table.len(), rows.iter().map(Vec::len).sum::<usize>());
        }
    }
}
