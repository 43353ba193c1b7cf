//! Cells that learning writes while the chip runs.
//!
//! The rule changes the weights in the registers of the learning engine. Every change is noted beside its cells
//! ([`WeightStore::change`]); when it is due, at once or when the sum of changes reaches a threshold (mixed precision), the
//! cells of the weight are programmed to what the register holds. Spikes are delivered with what the cells give. A row acts
//! as it was when it was last written, or when the power came on.
//!
//! Writes are made in the order of cores, rows and columns, each with the draws of its cell, so no result depends on workers.

use std::collections::{BTreeMap, BTreeSet};

use pumice_device::crossbar::RowReads;
use pumice_device::nv::SavedStore;
use pumice_device::{Design, WeightStore};
use pumice_meter::{Counts, Event};
use pumice_models::{Behaviour, Cut, Fired, Setting};
use serde::{Deserialize, Serialize};

use super::{Area, CellRow, Cells, CellsError, RowNoise};
use crate::image::{ChipImage, Source};
use crate::mesh::CoreId;
use crate::plastic::{PlasticImage, Teller};
use crate::worker::WorkerError;

/// Changes of weights, or weights: number in the variable of the weights, and value `[weight LSB]`.
pub type Numbered = Vec<(u32, i32)>;

/// A learning synapse in the rows of its projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LearningSynapse {
    pub(super) source: u32,
    pub(super) delay: u8,
    pub(super) target: u32,
    pub(super) weight: i32,
    connection: usize,
    number: u32,
}

/// The learning synapses of one projection.
#[derive(Debug)]
pub(super) struct LearningProjection {
    /// The largest weight that they may learn.
    pub(super) largest: i32,
    /// Power of two by which their weights are scaled after they were read.
    pub(super) exponent: i32,
    /// In the order of rows.
    pub(super) synapses: Vec<LearningSynapse>,
}

/// The learning synapses of a network by projection.
#[derive(Debug, Default)]
pub(super) struct LearningRows {
    pub(super) of: BTreeMap<usize, LearningProjection>,
}

impl LearningRows {
    /// Those onto banks whose synapses lie in cells.
    pub(super) fn new(image: &ChipImage) -> Result<LearningRows, CellsError> {
        let mut rows = LearningRows::default();
        let own = image.plastic.iter().enumerate().filter(|(_, p)| image.bank_in_cells(p.target));
        for (connection, plastic) in own {
            let setting = Setting { arithmetic: &image.arithmetic, seed: image.seed, place: plastic.process };
            let path = || plastic.path.clone();
            let made =
                plastic.model.plastic(&setting, &Cut::ALL).ok_or_else(|| WorkerError::NoBank { path: path() })?;
            let made = made.map_err(|fault| WorkerError::Model { path: path(), fault: Box::new(fault) })?;
            let layout = made.layout();
            let elements = elements(image, plastic);
            for (source, synapse) in layout.synapses.iter().flat_map(|s| elements.get(&s.source).map(|at| (at, s))) {
                let (projection, source) = *source;
                let new =
                    || LearningProjection { largest: layout.largest, exponent: layout.exponent, synapses: Vec::new() };
                rows.of.entry(projection).or_insert_with(new).synapses.push(LearningSynapse {
                    source,
                    delay: synapse.delay,
                    target: synapse.target,
                    weight: synapse.weight,
                    connection,
                    number: synapse.number,
                });
            }
        }
        rows.of.values_mut().for_each(|own| own.synapses.sort_by_key(|s| (s.source, s.delay, s.target)));
        Ok(rows)
    }
}

/// The projection and the element of its source that drive each element of a learning connection.
fn elements(image: &ChipImage, plastic: &PlasticImage) -> BTreeMap<u32, (usize, u32)> {
    let own = image.projections.iter().enumerate().filter(|(_, p)| p.process == plastic.process);
    let feeds = plastic.feeds.iter().filter(|f| f.port == 0 && matches!(f.from, Teller::Spikes(_)));
    let mut elements = BTreeMap::new();
    for ((projection, p), feed) in own.zip(feeds) {
        match &feed.pairs {
            None => elements.extend((0..p.rows.n_in as u32).map(|i| (i, (projection, i)))),
            Some(pairs) => elements.extend(pairs.iter().map(|(from, to)| (*to, (projection, *from)))),
        }
    }
    elements
}

/// Where the cells of a weight are: array, row, column.
type Spot = (usize, usize, usize);

/// An array and one of its rows.
type Row = (usize, usize);

/// A weight of a row: column, connection and number.
type InRow = (usize, usize, u32);

/// Cells whose weights learning changes, while a chip runs.
#[derive(Clone, Debug)]
pub struct CellLearning {
    cells: Cells,
    /// How the cells are read.
    design: Design,
    /// When the power came on, and the time at which rows that were not written since are read `[ns]`.
    born_ns: u64,
    at_ns: u64,
    /// By array; none for arrays that do not learn.
    reads: Vec<Option<RowReads>>,
    /// By connection: where each weight lies.
    spots: BTreeMap<usize, BTreeMap<u32, Spot>>,
    /// By array and row: column, connection and number of each weight.
    rows: BTreeMap<Row, Vec<InRow>>,
    /// By projection.
    sources: Vec<Source>,
    /// Spikes of the sources that drive rows that learn, since the power came on.
    spikes: BTreeMap<Source, Vec<u64>>,
    /// By array and row: spikes whose reads are in the ledger, and when the row was last read to act.
    counted: Vec<Vec<u64>>,
    read_at_ns: Vec<Vec<u64>>,
    /// Steps since the power came on.
    steps: u64,
}

/// Cells that learning has written since the power came on, in a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LearnedCells {
    /// The cells.
    pub stores: Vec<SavedStore>,
    /// By array: changes that have not reached the cells.
    pub pending: Vec<Vec<i32>>,
    /// By array and row: spikes whose reads are in the ledger.
    pub counted: Vec<Vec<u64>>,
    /// By array and row: when the row was last read to act `[ns]`.
    pub read_at_ns: Vec<Vec<u64>>,
    /// Steps since the power came on.
    pub steps: u64,
}

/// What learning did to cells in one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellsWritten {
    /// By connection: weights that act now in place of others.
    pub acting: BTreeMap<usize, Numbered>,
    /// Events by core.
    pub counts: Vec<(CoreId, Counts)>,
}

impl CellLearning {
    /// The cells of a network as they are when the power comes on, read at `at_ns`; none where nothing in cells learns.
    pub(super) fn new(
        image: &ChipImage,
        cells: &Cells,
        design: &Design,
        at_ns: u64,
    ) -> Result<Option<CellLearning>, CellsError> {
        if !cells.areas.iter().any(|area| area.learns) {
            return Ok(None);
        }
        let mut learning = CellLearning {
            design: design.clone(),
            born_ns: cells.now_ns(),
            at_ns,
            reads: Vec::new(),
            spots: BTreeMap::new(),
            rows: BTreeMap::new(),
            sources: image.projections.iter().map(|p| p.source).collect(),
            spikes: BTreeMap::new(),
            counted: cells.areas.iter().map(|area| vec![0; area.rows.len()]).collect(),
            read_at_ns: cells.areas.iter().map(|area| vec![at_ns; area.rows.len()]).collect(),
            cells: cells.clone(),
            steps: 0,
        };
        let synapses = LearningRows::new(image)?;
        for a in 0..learning.cells.areas.len() {
            learning.place(image, a, &synapses);
        }
        learning.read_all()?;
        Ok(Some(learning))
    }

    fn place(&mut self, image: &ChipImage, a: usize, synapses: &LearningRows) {
        let area = &self.cells.areas[a];
        let columns: BTreeMap<(usize, u32), usize> = area.cols.iter().copied().zip(0..).collect();
        let rows: BTreeMap<(usize, u32, u8), usize> =
            area.rows.iter().map(|row| (row.projection, row.source, row.delay)).zip(0..).collect();
        for (projection, own) in &synapses.of {
            let (source, target) = (self.sources[*projection], image.projections[*projection].target);
            self.spikes.entry(source).or_insert_with(|| vec![0; image.size_of(source)]);
            for s in &own.synapses {
                let at = (columns.get(&(target, s.target)), rows.get(&(*projection, s.source, s.delay)));
                let (Some(col), Some(row)) = at else { continue };
                self.spots.entry(s.connection).or_default().insert(s.number, (a, *row, *col));
                self.rows.entry((a, *row)).or_default().push((*col, s.connection, s.number));
            }
        }
    }

    /// Reads every array that learns, each row as it was at its time.
    fn read_all(&mut self) -> Result<(), CellsError> {
        self.reads.clear();
        for (a, (area, store)) in self.cells.areas.iter().zip(&self.cells.stores).enumerate() {
            let Some(cells) = store.as_cells().filter(|_| area.learns) else {
                self.reads.push(None);
                continue;
            };
            let mut reads = cells.reads(self.at_ns, &self.design.periphery)?;
            for (row, at_ns) in self.read_at_ns[a].iter().enumerate().filter(|(_, at)| **at != self.at_ns) {
                reads.reread(cells, row, *at_ns, &self.design.periphery)?;
            }
            self.reads.push(Some(reads));
        }
        Ok(())
    }

    /// The learning connections in cells, by their numbers among those of the chip.
    pub fn connections(&self) -> impl Iterator<Item = usize> + '_ {
        self.spots.keys().copied()
    }

    /// What the cells of a connection were last programmed to: what its registers hold after power-on.
    pub fn wanted(&self, connection: usize) -> Vec<i32> {
        let spots = self.spots.get(&connection);
        let mut all = vec![0; spots.map_or(0, BTreeMap::len)];
        for (number, (a, row, col)) in spots.into_iter().flatten() {
            let cells = self.cells.stores[*a].as_cells();
            let at = row * self.cells.areas[*a].cols.len() + col;
            let wanted = cells.and_then(|cells| cells.wanted().get(at)).copied();
            if let Some(register) = all.get_mut(*number as usize) {
                *register = wanted.unwrap_or(0);
            }
        }
        all
    }

    /// What the cells of a connection give.
    pub fn acting(&self, connection: usize) -> Numbered {
        let spots = self.spots.get(&connection);
        spots.into_iter().flatten().map(|(number, spot)| (*number, self.acts(*spot))).collect()
    }

    fn acts(&self, (a, row, col): Spot) -> i32 {
        let (area, reads) = (&self.cells.areas[a], self.reads[a].as_ref());
        let w_max = self.cells.stores[a].as_cells().map_or(1, |cells| cells.layout().w_max);
        reads.map_or(0, |reads| area.acts(w_max, reads.weight(row, col)))
    }

    /// Forgets what is volatile: changes that have not reached the cells.
    pub fn forget(&mut self) {
        self.cells.stores.iter_mut().for_each(WeightStore::power_cycle);
    }

    /// Counts the spikes of a step.
    pub fn count_spikes(&mut self, fired: impl Fn(Source) -> Fired) {
        self.steps += 1;
        for (source, sums) in &mut self.spikes {
            fired(*source).index.iter().for_each(|i| sums[*i as usize] += 1);
        }
    }

    /// Takes the changes that learning made in a step, `since_ps` after power-on, by connection, and programs what is due.
    ///
    /// # Errors
    /// For what programming needs and the technology lacks.
    pub fn write(
        &mut self,
        since_ps: u64,
        changes: &[(usize, Numbered)],
        mut noise: Option<&mut RowNoise>,
    ) -> Result<CellsWritten, CellsError> {
        let mut due: BTreeSet<Spot> = BTreeSet::new();
        for (connection, own) in changes {
            let Some(spots) = self.spots.get(connection) else { continue };
            for ((a, row, col), change) in own.iter().filter_map(|(k, change)| Some((*spots.get(k)?, *change))) {
                if self.cells.stores[a].change(row, col, change)? {
                    due.insert((a, row, col));
                }
            }
        }
        let mut written = CellsWritten::default();
        let arrays: BTreeSet<usize> = due.iter().map(|(a, ..)| *a).collect();
        for a in arrays {
            let before = self.cells.stores[a].ledger();
            let rows: BTreeSet<usize> = due.range((a, 0, 0)..(a + 1, 0, 0)).map(|(_, row, _)| *row).collect();
            for row in rows {
                let columns = due.range((a, row, 0)..(a, row + 1, 0)).map(|(.., col)| *col);
                self.write_row((a, row), columns, self.born_ns.saturating_add(since_ps / 1000))?;
                self.reread((a, row), noise.as_deref_mut(), &mut written.acting)?;
            }
            let after = self.cells.stores[a].ledger();
            let mut counts = Counts::default();
            let pulses = |ledger: &pumice_device::Ledger| ledger.set_pulses + ledger.reset_pulses;
            counts.add(Event::CellPulse, pulses(&after) - pulses(&before));
            counts.add(Event::CellVerifyRead, after.verify_reads - before.verify_reads);
            written.counts.push((self.cells.areas[a].core, counts));
        }
        Ok(written)
    }

    /// Programs weights of a row; reads of the row until now saw it as it was.
    fn write_row(&mut self, (a, row): Row, columns: impl Iterator<Item = usize>, at_ns: u64) -> Result<(), CellsError> {
        let CellRow { projection, source, .. } = self.cells.areas[a].rows[row];
        let spikes = self.spikes.get(&self.sources[projection]).and_then(|all| all.get(source as usize));
        let store = &mut self.cells.stores[a];
        if let Some(cells) = store.as_cells_mut() {
            let now = cells.array().now_ns();
            cells.array_mut().advance_to(at_ns.max(now))?;
        }
        let times = spikes.copied().unwrap_or(0) - self.counted[a][row];
        self.counted[a][row] += times;
        if times > 0 && self.design.technology.read.is_some() {
            store.count_reads(row, times, at_ns)?;
        }
        for col in columns {
            store.write(row, col)?;
        }
        self.read_at_ns[a][row] = if self.at_ns == self.born_ns { at_ns } else { self.at_ns };
        Ok(())
    }

    /// Reads a row that was written, and gives the weights that act now.
    fn reread(
        &mut self,
        (a, row): Row,
        noise: Option<&mut RowNoise>,
        acting: &mut BTreeMap<usize, Numbered>,
    ) -> Result<(), CellsError> {
        let at_ns = self.read_at_ns[a][row];
        if let (Some(cells), Some(reads)) = (self.cells.stores[a].as_cells(), self.reads[a].as_mut()) {
            reads.reread(cells, row, at_ns, &self.design.periphery)?;
            if let Some(noise) = noise {
                noise.arrays[a].reads.reread(cells, row, at_ns, &self.design.periphery)?;
            }
        }
        for (col, connection, number) in self.rows.get(&(a, row)).into_iter().flatten() {
            acting.entry(*connection).or_default().push((*number, self.acts((a, row, *col))));
        }
        Ok(())
    }

    /// The cells `since_ps` after power-on, with all reads of `spikes` spikes since then counted.
    ///
    /// # Errors
    /// As [`Cells::advance`].
    pub fn after(&self, image: &ChipImage, spikes: &[(Source, Vec<u64>)], since_ps: u64) -> Result<Cells, CellsError> {
        let mut cells = self.cells.clone();
        cells.count_reads_beyond(image, spikes, &self.counted)?;
        cells.advance((self.born_ns.saturating_add(since_ps / 1000)).saturating_sub(cells.now_ns()))?;
        Ok(cells)
    }

    /// What a snapshot keeps.
    pub fn save(&self) -> LearnedCells {
        let pending = |store: &WeightStore| store.as_cells().map_or(Vec::new(), |cells| cells.pending().to_vec());
        LearnedCells {
            stores: self.cells.saved(),
            pending: self.cells.stores.iter().map(pending).collect(),
            counted: self.counted.clone(),
            read_at_ns: self.read_at_ns.clone(),
            steps: self.steps,
        }
    }

    /// Steps since the power came on, those before a reset included.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Takes back what [`CellLearning::save`] gave; `spikes` are those of all sources since power-on.
    ///
    /// # Errors
    /// If it is of another network.
    pub fn load(
        &mut self,
        image: &ChipImage,
        kept: &LearnedCells,
        spikes: &[(Source, Vec<u64>)],
        noise: Option<&mut RowNoise>,
    ) -> Result<(), CellsError> {
        self.cells = Cells::open(image, &self.cells.design, &kept.stores)?;
        for (store, pending) in self.cells.stores.iter_mut().zip(&kept.pending) {
            store.as_cells_mut().map_or(Ok(()), |cells| cells.set_pending(pending))?;
        }
        let rows = |all: &[Vec<u64>], areas: &[Area]| {
            all.len() == areas.len() && all.iter().zip(areas).all(|(own, area)| own.len() == area.rows.len())
        };
        if !rows(&kept.counted, &self.cells.areas) || !rows(&kept.read_at_ns, &self.cells.areas) {
            return Err(CellsError::Kept);
        }
        (self.counted, self.read_at_ns, self.steps) = (kept.counted.clone(), kept.read_at_ns.clone(), kept.steps);
        for (source, own) in spikes {
            self.spikes.entry(*source).and_modify(|sums| sums.clone_from(own));
        }
        self.read_all()?;
        for (array, reads) in noise.into_iter().flat_map(|noise| &mut noise.arrays).zip(&self.reads) {
            if let Some(reads) = reads {
                array.reads = reads.clone();
            }
        }
        Ok(())
    }
}
