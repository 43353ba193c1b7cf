//! Synapse memory in non-volatile cells.
//!
//! A core with cells has one array: a row for each (connection, source, delay) that reaches the core, a column for each
//! of its neurons. A spike drives its row, and every column is converted. What the cells give differs from what was
//! written; two parts of it are kept apart:
//!
//! * What is frozen while the chip runs (programming, relaxation, drift, faults, wires, converters) makes other weights:
//!   [`Cells::acting`] gives an image with them, which runs as any other.
//! * What is new at every read ([`RowNoise`]) is computed from the spikes of each step and enters the same accumulators.
//!
//! All sums are of integers and every draw is a function of (seed, core, cell, step): no result depends on workers.

use std::collections::{BTreeMap, VecDeque};

use pumice_device::crossbar::RowReads;
use pumice_device::nv::SavedStore;
use pumice_device::{Design, DeviceError, FRACTION_BITS, Layout, Ledger, Place, Programming, WeightStore};
use pumice_models::{Fired, Rows, scaled};
use thiserror::Error;

use crate::batch::PastSpikes;
use crate::image::{ChipImage, Source};
use crate::mesh::CoreId;
use crate::worker::WorkerError;

mod learn;

use learn::LearningRows;
pub use learn::{CellLearning, CellsWritten, LearnedCells, Numbered};

/// Why cells cannot serve a network.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CellsError {
    /// The cells or their file.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A learning connection.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// What a snapshot says of cells that learn does not fit them.
    #[error("the reads of cells that learn are not those of the rows of this network")]
    Kept,
    /// The file holds other arrays than the network needs.
    #[error("the file holds arrays for cores {have}, this network needs cores {need}")]
    Cores {
        /// Cores in the file.
        have: String,
        /// Cores of the network.
        need: String,
    },
    /// An array in the file does not have the shape or the technology that the chip needs.
    #[error("the array of core {core} in the file has {have}, this network on this chip needs {need}")]
    Array {
        /// Core.
        core: u32,
        /// What is in the file.
        have: String,
        /// What is needed.
        need: String,
    },
    /// An array in the file was programmed for other weights.
    #[error("the array of core {core} in the file was programmed for other weights than those of this network")]
    Weights {
        /// Core.
        core: u32,
    },
}

/// One row of an array: a source of a projection, at one delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CellRow {
    projection: usize,
    source: u32,
    delay: u8,
    /// Whether learning changes its weights.
    learns: bool,
    /// Power of two by which its weights are scaled after they were read.
    exponent: i32,
}

/// The array of one core, with the weights of the model.
#[derive(Clone, Debug)]
struct Area {
    core: CoreId,
    rows: Vec<CellRow>,
    /// Bank and neuron of each column.
    cols: Vec<(usize, u32)>,
    /// Weights of the model, row by row `[weight LSB]`.
    weights: Vec<i32>,
    /// The largest magnitude that a weight has or may learn.
    largest: i32,
    /// Whether a row learns.
    learns: bool,
}

/// The cells of a chip, with their lives.
#[derive(Clone, Debug)]
pub struct Cells {
    design: Design,
    areas: Vec<Area>,
    stores: Vec<WeightStore>,
}

/// What the cells make of a network at one moment.
#[derive(Debug)]
pub struct Acting {
    /// The network with the weights that the cells give.
    pub image: ChipImage,
    /// The cells that learning writes, if there are some.
    pub learning: Option<CellLearning>,
    /// What every read adds, if reads are noisy.
    pub noise: Option<RowNoise>,
}

impl Area {
    /// The arrays of all cores with cells, by core.
    fn all(image: &ChipImage) -> Result<Vec<Area>, CellsError> {
        let area = |core: &CoreId| {
            let own = image.segments.iter().filter(|s| s.core == *core);
            let cols = own.flat_map(|s| (s.start..s.start + s.len).map(|i| (s.bank, i as u32))).collect();
            Area { core: *core, rows: Vec::new(), cols, weights: Vec::new(), largest: 1, learns: false }
        };
        let mut areas: Vec<Area> = image.cell_cores.iter().map(area).collect();
        let mut place: BTreeMap<(usize, u32), (usize, usize)> = BTreeMap::new();
        for (a, area) in areas.iter().enumerate() {
            place.extend(area.cols.iter().enumerate().map(|(col, neuron)| (*neuron, (a, col))));
        }
        let learning = LearningRows::new(image)?;
        for (projection, p) in image.projections.iter().enumerate() {
            if let Some(own) = learning.of.get(&projection) {
                let exponent = own.exponent;
                for s in &own.synapses {
                    let Some((a, col)) = place.get(&(p.target, s.target)) else { continue };
                    let row = CellRow { projection, source: s.source, delay: s.delay, learns: true, exponent };
                    areas[*a].add(row, *col, s.weight);
                    (areas[*a].learns, areas[*a].largest) = (true, areas[*a].largest.max(own.largest));
                }
                continue;
            }
            for source in 0..p.rows.n_in {
                for k in p.rows.start[source]..p.rows.start[source + 1] {
                    let Some((a, col)) = place.get(&(p.target, p.rows.target[k])) else { continue };
                    let (source, delay) = (source as u32, p.rows.delay_of(k));
                    let row = CellRow { projection, source, delay, learns: false, exponent: 0 };
                    areas[*a].add(row, *col, p.rows.weight[k]);
                }
            }
        }
        for area in &mut areas {
            let largest = area.weights.iter().map(|w| w.saturating_abs()).max().unwrap_or(0);
            area.largest = area.largest.max(largest);
        }
        areas.retain(|area| !area.rows.is_empty());
        Ok(areas)
    }

    /// How weights lie in the cells. An array that learns stores them in the steps of the learning register: the levels of
    /// the design are those of weights that are only loaded.
    fn layout(&self, design: &Design) -> Layout {
        let layout = design.layout(self.largest);
        if self.learns { Layout { w_max: self.largest, ..layout } } else { layout }
    }

    /// The rows whose weights nobody changes.
    fn loaded<'a>(&'a self, weights: &'a [i32]) -> impl Iterator<Item = &'a [i32]> {
        let rows = weights.chunks(self.cols.len().max(1)).zip(&self.rows);
        rows.filter(|(_, row)| !row.learns).map(|(own, _)| own)
    }

    /// Adds a synapse; rows come in their order.
    fn add(&mut self, row: CellRow, col: usize, weight: i32) {
        let cols = self.cols.len();
        if self.rows.last() != Some(&row) {
            self.rows.push(row);
            self.weights.resize(self.rows.len() * cols, 0);
        }
        let at = (self.rows.len() - 1) * cols + col;
        self.weights[at] = self.weights[at].saturating_add(weight);
    }

    /// The weights as they are stored, in units of the largest over `w_max`, rounded half up.
    fn stored(&self, w_max: i32) -> Vec<i32> {
        let largest = i64::from(self.largest);
        let level = |w: &i32| (2 * i64::from(*w) * i64::from(w_max) + largest).div_euclid(2 * largest) as i32;
        self.weights.iter().map(level).collect()
    }

    /// Whether a weight is stored as another one than it is.
    fn rounds(&self, w_max: i32) -> bool {
        let same =
            |(w, level): (&i32, i32)| i64::from(level) * i64::from(self.largest) == i64::from(*w) * i64::from(w_max);
        !self.weights.iter().zip(self.stored(w_max)).all(same)
    }

    /// The weight that acts for what the cells give, rounded half up.
    fn acts(&self, w_max: i32, fine: i64) -> i32 {
        let one = i128::from(w_max) << FRACTION_BITS;
        let weight = (2 * i128::from(fine) * i128::from(self.largest) + one).div_euclid(2 * one);
        weight.clamp(i128::from(i32::MIN), i128::from(i32::MAX)) as i32
    }
}

impl Cells {
    /// Fresh cells for all cores of `image` that have cells; nothing is programmed.
    ///
    /// # Errors
    /// If the design cannot be made.
    pub fn new(image: &ChipImage, design: &Design) -> Result<Cells, CellsError> {
        design.validate()?;
        let areas = Area::all(image)?;
        let store = |area: &Area| {
            let place = Place { seed: image.seed, core: area.core.0 };
            let (rows, cols) = (area.rows.len() as u32, area.cols.len() as u32);
            WeightStore::cells(design.technology.clone(), place, area.layout(design), rows, cols)
        };
        let stores = areas.iter().map(store).collect::<Result<_, _>>()?;
        Ok(Cells { design: design.clone(), areas, stores })
    }

    /// The cells of `image` as they were saved.
    ///
    /// # Errors
    /// If they are of another network, another technology, or do not fit together.
    pub fn open(image: &ChipImage, design: &Design, saved: &[SavedStore]) -> Result<Cells, CellsError> {
        let mut cells = Cells::new(image, design)?;
        let have: Vec<u32> = saved.iter().map(|s| s.core).collect();
        let need: Vec<u32> = cells.areas.iter().map(|a| a.core.0).collect();
        if have != need {
            return Err(CellsError::Cores { have: list(&have), need: list(&need) });
        }
        for ((area, own), saved) in cells.areas.iter().zip(&mut cells.stores).zip(saved) {
            let opened = WeightStore::Cells(Box::new(saved.open()?));
            let about = |store: &WeightStore| {
                let (rows, cols) = store.shape();
                let name = store.as_cells().map_or("static memory", |cells| &cells.array().profile().name);
                format!("{rows} rows of {cols} weights in {name}")
            };
            let (found, wanted) = (opened.as_cells(), own.as_cells());
            let layout = |cells: Option<&pumice_device::CellStore>| cells.map(|c| *c.layout());
            let profile = |cells: Option<&pumice_device::CellStore>| cells.map(|c| c.array().profile().clone());
            if about(&opened) != about(own) || layout(found) != layout(wanted) || profile(found) != profile(wanted) {
                let alike = about(&opened) == about(own);
                let but = if alike { " of other parameters" } else { "" };
                return Err(CellsError::Array { core: area.core.0, have: about(&opened) + but, need: about(own) });
            }
            let stored = area.stored(area.layout(design).w_max);
            if found.is_some_and(|cells| !area.loaded(cells.wanted()).eq(area.loaded(&stored))) {
                return Err(CellsError::Weights { core: area.core.0 });
            }
            *own = opened;
        }
        Ok(cells)
    }

    /// Whether the levels of the cells make a weight of the model another one.
    pub fn rounds(&self) -> bool {
        self.areas.iter().any(|area| area.rounds(area.layout(&self.design).w_max))
    }

    /// Programs all arrays to the weights of the model, for the first time or again; weights that were learned stay.
    ///
    /// # Errors
    /// For what programming needs and the technology lacks.
    pub fn program(&mut self) -> Result<Programming, CellsError> {
        let mut sum = Programming::default();
        for (area, store) in self.areas.iter().zip(&mut self.stores) {
            let mut weights = area.stored(area.layout(&self.design).w_max);
            if let Some(cells) = store.as_cells().filter(|cells| cells.array().ledger().writes > 0) {
                let cols = area.cols.len();
                for (k, _) in area.rows.iter().enumerate().filter(|(_, row)| row.learns) {
                    weights[k * cols..(k + 1) * cols].copy_from_slice(&cells.wanted()[k * cols..(k + 1) * cols]);
                }
            }
            sum.add(&store.program(&weights)?);
        }
        Ok(sum)
    }

    /// What survives power-off, by core.
    pub fn saved(&self) -> Vec<SavedStore> {
        let stores = self.areas.iter().zip(&self.stores);
        stores.filter_map(|(area, store)| Some(SavedStore::new(area.core.0, store.as_cells()?))).collect()
    }

    /// The stores, by core.
    pub fn stores(&self) -> impl Iterator<Item = (CoreId, &WeightStore)> {
        self.areas.iter().map(|area| area.core).zip(&self.stores)
    }

    /// The stores, to inject faults.
    pub fn stores_mut(&mut self) -> impl Iterator<Item = &mut WeightStore> {
        self.stores.iter_mut()
    }

    /// How the chip uses its cells.
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// Number of weights in cells.
    pub fn weights(&self) -> usize {
        self.areas.iter().map(|area| area.weights.len()).sum()
    }

    /// Time of the cells since they were made `[ns]`.
    pub fn now_ns(&self) -> u64 {
        self.stores.iter().filter_map(WeightStore::as_cells).map(|c| c.array().now_ns()).max().unwrap_or(0)
    }

    /// Lets time pass at the ambient temperature of the arrays, with power `[ns]`.
    ///
    /// # Errors
    /// If that is not 25 °C and no activation energy is assumed.
    pub fn advance(&mut self, duration_ns: u64) -> Result<(), CellsError> {
        for cells in self.stores.iter_mut().filter_map(WeightStore::as_cells_mut) {
            let now = cells.array().now_ns();
            cells.array_mut().advance_to(now.saturating_add(duration_ns))?;
        }
        Ok(())
    }

    /// Lets time pass at a temperature, with or without power `[ns]`, `[mK]`.
    ///
    /// # Errors
    /// If that is not 25 °C and no activation energy is assumed.
    pub fn age(&mut self, duration_ns: u64, temperature_mk: u32) -> Result<(), CellsError> {
        Ok(self.stores.iter_mut().try_for_each(|store| store.age(duration_ns, temperature_mk))?)
    }

    /// The sum of all ledgers.
    pub fn ledger(&self) -> Ledger {
        self.stores.iter().fold(Ledger::default(), |sum, store| sum.plus(&store.ledger()))
    }

    /// Counts the reads of `spikes` spikes of each element of each source: their energy, and the disturb they cause.
    ///
    /// # Errors
    /// None for a technology with a `[read]` section; without one nothing is counted.
    pub fn count_reads(&mut self, image: &ChipImage, spikes: &[(Source, Vec<u64>)]) -> Result<(), CellsError> {
        self.count_reads_beyond(image, spikes, &[])
    }

    /// The same, for rows whose first reads were counted already; by array and row.
    fn count_reads_beyond(
        &mut self,
        image: &ChipImage,
        spikes: &[(Source, Vec<u64>)],
        counted: &[Vec<u64>],
    ) -> Result<(), CellsError> {
        if self.design.technology.read.is_none() {
            return Ok(());
        }
        for (a, (area, store)) in self.areas.iter().zip(&mut self.stores).enumerate() {
            let now = store.as_cells().map_or(0, |cells| cells.array().now_ns());
            for (k, row) in area.rows.iter().enumerate() {
                let source = image.projections[row.projection].source;
                let own = spikes.iter().find(|(of, _)| *of == source);
                let times = own.and_then(|(_, all)| all.get(row.source as usize)).copied().unwrap_or(0);
                let times = times - counted.get(a).map_or(0, |own| own[k]);
                if times > 0 {
                    store.count_reads(k, times, now)?;
                }
            }
        }
        Ok(())
    }

    /// The network with the weights that the cells give at `at_ns`, and the noise of their reads. `design` is how the
    /// cells are read: that of the chip, or one without some cause of error.
    ///
    /// # Errors
    /// For converters and wires that are not possible.
    pub fn acting(&self, image: &ChipImage, design: &Design, at_ns: u64) -> Result<Acting, CellsError> {
        let mut entries: Vec<Vec<(u32, u32, i32, u8)>> = vec![Vec::new(); image.projections.len()];
        let mut touched = vec![false; image.projections.len()];
        let mut noisy = Vec::new();
        for (area, store) in self.areas.iter().zip(&self.stores) {
            let Some(cells) = store.as_cells() else { continue };
            let (reads, w_max) = (cells.reads(at_ns, &design.periphery)?, cells.layout().w_max);
            for (r, row) in area.rows.iter().enumerate().filter(|(_, row)| !row.learns) {
                let target = image.projections[row.projection].target;
                touched[row.projection] = true;
                let columns = area.cols.iter().enumerate().filter(|(_, (bank, _))| *bank == target);
                entries[row.projection].extend(columns.map(|(col, (_, neuron))| {
                    (row.source, *neuron, area.acts(w_max, reads.weight(r, col)), row.delay)
                }));
            }
            noisy.push((area.clone(), reads, w_max));
        }
        let mut acting = image.clone();
        let changed = acting.projections.iter_mut().zip(entries).zip(touched).filter(|(_, touched)| *touched);
        for ((p, entries), _) in changed {
            let rows = Rows::from_entries(p.rows.n_in, p.rows.n_out, entries);
            let (start, target, weight, delay) = (rows.start, rows.target, rows.weight, rows.delay);
            p.rows = Rows { start, target, weight, delay, ..p.rows.clone() };
        }
        let noise = design.periphery.read_noise.then(|| RowNoise::new(image, noisy));
        let learning = CellLearning::new(image, self, design, at_ns)?;
        Ok(Acting { image: acting, learning, noise })
    }
}

fn list(numbers: &[u32]) -> String {
    match numbers.is_empty() {
        true => "none".into(),
        false => numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// A row that a spike drives.
#[derive(Clone, Copy, Debug)]
struct Line {
    array: usize,
    row: usize,
    delay: u8,
    /// Which sums it adds to.
    sums: usize,
}

/// An array whose reads are noisy.
#[derive(Clone, Debug)]
struct NoisyArray {
    area: Area,
    reads: RowReads,
    w_max: i32,
}

/// What noisy reads add to the accumulators, step by step.
#[derive(Clone, Debug)]
pub struct RowNoise {
    arrays: Vec<NoisyArray>,
    /// The rows of each element of each source.
    lines: BTreeMap<Source, Vec<Vec<Line>>>,
    /// Sums by bank and in-port.
    sums: Vec<(usize, usize, Vec<i32>)>,
    history: VecDeque<PastSpikes>,
    depth: usize,
    origin: u64,
}

impl RowNoise {
    fn new(image: &ChipImage, arrays: Vec<(Area, RowReads, i32)>) -> RowNoise {
        let mut sums: Vec<(usize, usize, Vec<i32>)> = Vec::new();
        let mut lines: BTreeMap<Source, Vec<Vec<Line>>> = BTreeMap::new();
        for (array, (area, ..)) in arrays.iter().enumerate() {
            for (row, own) in area.rows.iter().enumerate() {
                let p = &image.projections[own.projection];
                let known = sums.iter().position(|(bank, port, _)| (*bank, *port) == (p.target, p.port));
                let at = known.unwrap_or_else(|| {
                    sums.push((p.target, p.port, vec![0; image.banks[p.target].n]));
                    sums.len() - 1
                });
                let of = lines.entry(p.source).or_insert_with(|| vec![Vec::new(); image.size_of(p.source)]);
                of[own.source as usize].push(Line { array, row, delay: own.delay, sums: at });
            }
        }
        let arrays = arrays.into_iter().map(|(area, reads, w_max)| NoisyArray { area, reads, w_max }).collect();
        let depth = image.longest_delay() + 1;
        RowNoise { arrays, lines, sums, history: VecDeque::new(), depth, origin: 0 }
    }

    /// Counts steps on from `origin`, so that a run that begins again at step 1 draws other noise.
    pub fn set_origin(&mut self, origin: u64) {
        self.origin = origin;
    }

    /// What the reads of `step` add: bank, in-port, one value per neuron. `inputs` are the spikes from outside of the
    /// step before.
    pub fn sums(&mut self, step: u64, inputs: &[Fired]) -> Vec<(usize, usize, Vec<i32>)> {
        if let Some(newest) = self.history.front_mut() {
            newest.inputs = inputs.to_vec();
        }
        let RowNoise { arrays, lines, sums, history, origin, .. } = self;
        let at = origin.wrapping_add(step);
        let mut active = vec![false; sums.len()];
        for (delay, past) in history.iter().enumerate() {
            for (source, rows) in lines.iter() {
                let fired = match source {
                    Source::Train(t) => past.trains.get(*t),
                    Source::Input(i) => past.inputs.get(*i),
                };
                let fired = fired.into_iter().flat_map(|fired| &fired.index);
                let due = fired.flat_map(|i| rows.get(*i as usize).into_iter().flatten());
                for line in due.filter(|line| usize::from(line.delay) == delay) {
                    active[line.sums] = true;
                    let (bank, _, sums) = &mut sums[line.sums];
                    arrays[line.array].add(line.row, *bank, at, sums);
                }
            }
        }
        let used = sums.iter_mut().zip(active).filter(|(_, active)| *active);
        used.map(|((bank, port, own), _)| (*bank, *port, std::mem::replace(own, vec![0; own.len()]))).collect()
    }

    /// Takes the spikes of the step that just ended, by train.
    pub fn receive(&mut self, trains: Vec<Fired>) {
        self.history.push_front(PastSpikes { trains, inputs: Vec::new() });
        self.history.truncate(self.depth);
    }

    /// Takes back spikes that may still be due, the newest step first.
    pub fn recall(&mut self, past: &[PastSpikes]) {
        self.history = past.iter().cloned().collect();
    }
}

impl NoisyArray {
    /// Adds what the noise of one read of a row makes of its weights.
    fn add(&self, row: usize, target: usize, at: u64, sums: &mut [i32]) {
        let exponent = self.area.rows[row].exponent;
        let acts = |fine: i64| match (self.area.acts(self.w_max, fine), exponent) {
            (weight, 0) => weight,
            (weight, exponent) => scaled(weight, exponent),
        };
        for (col, (bank, neuron)) in self.area.cols.iter().enumerate() {
            if *bank == target {
                let seen = acts(self.reads.noisy_weight(row, col, at));
                let rest = acts(self.reads.weight(row, col));
                let sum = &mut sums[*neuron as usize];
                *sum = sum.wrapping_add(seen.wrapping_sub(rest));
            }
        }
    }
}
