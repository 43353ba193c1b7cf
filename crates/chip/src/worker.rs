//! One worker's step: integrate, fire; and, where synapses learn, the learn phase.
//!
//! A worker owns a share of every bank. In step t it adds the rows of the spikes that are due
//! (those of step t-1-d for synapses with a delay of d) to one accumulator per neuron and in-port, then
//! updates its neurons. Sums of integers do not depend on their order, so no result depends on the shares.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use pumice_meter::{Counts, Event};
use pumice_models::{
    Behaviour, Drive, Fired, ModelError, Overflow, OverflowKind, Parts, Portion, Rows, Setting, Values,
};
use thiserror::Error;

use crate::balance::Shares;
use crate::batch::{Batch, HostBatch, PastSpikes, fired};
use crate::due::Due;
use crate::exact::{MOST, Scaling, farthest};
use crate::image::{ChipImage, DrawnProjection, DriveImage, Projection, Source};
use crate::load::count_updates;
use crate::mesh::CoreId;
use crate::plastic::{LearnBatch, Learned, PlasticShare, append};
use crate::rows::RowTable;
use crate::share::Share;
use crate::table::{Layout, Table};

/// Why a worker cannot be made or cannot take a state.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// A population refuses its parameters or state.
    #[error("`{path}`: {fault}")]
    Model {
        /// Path of the process.
        path: String,
        /// What it says.
        fault: Box<ModelError>,
    },
    /// A process has no form for cores.
    #[error("`{path}` has no chip model; run it on the fixed backend by an exception in the run configuration")]
    NoBank {
        /// Path of the process.
        path: String,
    },
    /// More synapses than a table holds.
    #[error(
        "one source has {synapses} synapses or rows of them on one worker, which holds at most 4294967295; use more workers"
    )]
    Synapses {
        /// How many.
        synapses: u64,
    },
}

/// The synapses of one projection to this worker, and where their sums go.
#[derive(Debug)]
struct Feed {
    /// Number of the projection.
    number: usize,
    source: Source,
    target: usize,
    port: usize,
    /// Tables for the spikes sent after a step, oldest first. There are several only for as long as spikes are due
    /// that were sent before the weights were last written.
    tables: VecDeque<(u64, RowTable)>,
    /// Applied to the sum of one step and delay; the accumulators are then `partial`.
    scaling: Scaling,
    partial: Vec<i32>,
}

/// The spikes of one step, from every peer.
#[derive(Clone, Debug, Default)]
struct Past {
    batches: Vec<Arc<Batch>>,
    inputs: Vec<Fired>,
}

/// A source of sums beside the neurons.
#[derive(Debug)]
struct Driver {
    drive: Box<dyn Drive>,
    target: usize,
    port: usize,
    sums: Range<usize>,
}

/// One worker: a share of every population, with its synapses and its state.
#[derive(Debug)]
pub struct Worker {
    shares: Vec<Share>,
    /// By train of spikes: its bank, and its number there.
    trains: Vec<(usize, usize)>,
    feeds: Vec<Feed>,
    plastic: Vec<PlasticShare>,
    /// Drawn synapses, by source.
    tables: Vec<Table>,
    /// The banks and in-ports that each table feeds, each of them once.
    targets: Vec<BTreeSet<(usize, usize)>>,
    drivers: Vec<Driver>,
    /// Accumulators of all shares.
    sums: Vec<i32>,
    /// What of each table is due, now and later.
    due: Vec<Due>,
    /// Spikes of the last steps, the newest first; as many as the longest delay needs.
    history: VecDeque<Past>,
    depth: usize,
    cores: usize,
    paths: Vec<String>,
    /// What a sum counts as that 32 bits do not hold.
    beyond: OverflowKind,
}

impl Worker {
    /// Worker `w`, with its shares; its tables of drawn synapses are given, in the order of sources.
    ///
    /// # Errors
    /// If a population refuses its parameters, or has no form for cores.
    pub fn new(image: &ChipImage, shares: &Shares, w: usize, tables: Vec<Table>) -> Result<Self, WorkerError> {
        let layout = Layout::new(image, shares, w);
        let mut shares = Vec::with_capacity(image.banks.len());
        for (b, bank) in image.banks.iter().enumerate() {
            let range = layout.shares[b].clone();
            let setting = Setting { arithmetic: &image.arithmetic, seed: image.seed, place: bank.process };
            let path = bank.path.clone();
            let made = bank.bank(&setting, range.clone());
            let made = made.ok_or_else(|| WorkerError::NoBank { path: path.clone() })?;
            let kernel = made.map_err(|fault| WorkerError::Model { path, fault: Box::new(fault) })?;
            let parts =
                image.segments.iter().filter(|s| s.bank == b).filter_map(|s| cut(s.core, s.start, s.len, &range));
            let sums = layout.first[b].iter().map(|first| *first..first + range.len()).collect();
            let ports = bank.model.in_ports().into_iter().map(|port| port.name).collect();
            shares.push(Share::new(
                (kernel, bank.trains),
                range.clone(),
                sums,
                parts.collect(),
                ports,
                bank.circuits.is_some(),
            ));
        }
        let static_rows = image.projections.iter().enumerate().filter(|(_, p)| p.rows.tag_bits.is_none());
        let mut feeds: Vec<Feed> = static_rows.map(|(number, p)| feed(number, p, &shares)).collect();
        for p in image.drawn.iter().filter(|p| !layout.holds(p)) {
            // No projection of the image has this number, so nobody writes its weights.
            feeds.push(feed(usize::MAX, &listed(p, &layout.shares[p.target]), &shares));
        }
        let learning = image.plastic.iter().map(|p| {
            let share = &shares[p.target];
            PlasticShare::new(image, p, share.range.clone(), &share.parts)
        });
        let plastic: Result<Vec<_>, _> = learning.collect();
        let drivers = drivers(image, &shares)?;
        for driver in &drivers {
            shares[driver.target].driven += driver.drive.draws();
        }
        Ok(Worker {
            plastic: plastic?,
            feeds,
            due: tables.iter().map(Table::due).collect(),
            targets: tables.iter().map(|table| table.targets(image, &layout)).collect(),
            tables,
            drivers,
            sums: vec![0; layout.len],
            trains: trains(image),
            shares,
            history: VecDeque::new(),
            depth: image.longest_delay() + 1,
            cores: image.cores(),
            paths: image.banks.iter().map(|b| b.path.clone()).collect(),
            beyond: image.arithmetic.beyond_32_bits(),
        })
    }

    /// Lets the thermal noise of analog neurons count its steps on from `origin`, so that a run that begins again at step 1
    /// draws other noise.
    pub fn set_noise_origin(&mut self, origin: u64) {
        self.shares.iter_mut().for_each(|share| share.set_noise_origin(origin));
    }

    /// Runs one step and returns what the peers must know.
    pub fn step(&mut self, host: &HostBatch) -> Batch {
        self.drive(host);
        self.integrate(host);
        self.fire(host)
    }

    /// First phase of a step: adds what sources beside the neurons and in-ports without synapses receive.
    pub fn drive(&mut self, host: &HostBatch) {
        for driver in &self.drivers {
            driver.drive.add(host.step, &mut self.sums[driver.sums.clone()]);
            self.shares[driver.target].reach[driver.port] += driver.drive.reach();
        }
        for (bank, port, values) in &host.direct {
            let share = &mut self.shares[*bank];
            let values = &values[share.range.clone()];
            add(&mut self.sums[share.sums[*port].clone()], values);
            share.reach[*port] += farthest(values);
        }
    }

    /// Last phase of a step: updates the neurons and returns what the peers must know.
    pub fn fire(&mut self, host: &HostBatch) -> Batch {
        let mut batch = Batch { fired: Vec::with_capacity(self.trains.len()), ..Batch::default() };
        let mut more = Vec::new();
        if host.loads {
            batch.loads = vec![Counts::default(); self.cores];
        }
        for (b, share) in self.shares.iter_mut().enumerate() {
            share.fire(host.step, &mut self.sums, &mut batch.loads);
            let mut fired = share.fired.iter_mut().map(std::mem::take);
            batch.fired.extend(fired.next());
            more.extend(fired);
            if !share.overflow.records().is_empty() {
                let mut whole = Overflow::default();
                whole.merge(&share.overflow, share.range.start as u32);
                share.overflow.clear();
                batch.overflow.push((b, whole));
            }
        }
        batch.fired.append(&mut more);
        for (probe, bank, var) in &host.probes {
            let share = &self.shares[*bank];
            batch.probes.push((*probe, share.range.start, share.bank().get(*var)));
        }
        batch
    }

    /// The learn phase of the step that just ended: every spike of it is known.
    pub fn learn(&mut self, host: &LearnBatch) -> Learned {
        let mut learned = Learned::default();
        let newest = self.history.front();
        let spikes = |source: Source, into: &mut Fired| match (source, newest) {
            (Source::Train(t), Some(past)) => past.batches.iter().for_each(|batch| append(&batch.fired[t], into)),
            (Source::Input(i), _) => host.inputs.get(i).into_iter().for_each(|fired| append(fired, into)),
            (Source::Train(_), None) => {}
        };
        if host.loads {
            learned.loads = vec![Counts::default(); self.cores];
            self.plastic.iter_mut().for_each(PlasticShare::mark);
        }
        for (k, own) in self.plastic.iter_mut().enumerate() {
            let share = &self.shares[own.target];
            own.learn(host.step, spikes, |var| share.bank().get(var), share.range.start);
            learned.overflow.extend(own.take_overflow().map(|overflow| (k, overflow)));
            learned.adjusted.extend(Some((k, own.synapses.adjusted())).filter(|(_, adjusted)| !adjusted.is_empty()));
            learned.changed.extend(own.take_changes().map(|changed| (k, changed)));
            if host.loads {
                own.add_new_counts(&mut learned.loads);
            }
        }
        learned
    }

    /// Takes what all workers sent in the step that just ended, in their order, its own batch included.
    pub fn receive(&mut self, batches: Vec<Arc<Batch>>) {
        self.history.push_front(Past { batches, inputs: Vec::new() });
        self.history.truncate(self.depth);
    }

    /// The spikes that may still be due, the newest step first; the newest has no inputs yet.
    pub fn past(&self) -> Vec<PastSpikes> {
        let trains = self.trains.len();
        let whole = |past: &Past| PastSpikes {
            trains: (0..trains).map(|t| fired(&past.batches, t)).collect(),
            inputs: past.inputs.clone(),
        };
        self.history.iter().map(whole).collect()
    }

    /// Takes back what [`Worker::past`] gave.
    pub fn recall(&mut self, past: &[PastSpikes]) {
        let step = |p: &PastSpikes| Past {
            batches: vec![Arc::new(Batch { fired: p.trains.clone(), ..Batch::default() })],
            inputs: p.inputs.clone(),
        };
        self.history = past.iter().map(step).collect();
        for (table, due) in self.tables.iter().zip(&mut self.due) {
            due.clear();
            // The newest is taken in the next step.
            for (age, past) in self.history.iter().enumerate().take(table.delays).skip(1) {
                past.fired(table.source()).for_each(|fired| due.add(table.start(), &fired.index, age));
            }
        }
    }

    /// Middle phase of a step: adds the rows of all spikes that are due.
    pub fn integrate(&mut self, host: &HostBatch) {
        if let Some(newest) = self.history.front_mut() {
            newest.inputs.clone_from(&host.inputs);
        }
        for ((table, targets), due) in self.tables.iter().zip(&self.targets).zip(&mut self.due) {
            let newest = self.history.front().into_iter().flat_map(|past| past.fired(table.source()));
            newest.for_each(|fired| due.add(table.start(), &fired.index, 0));
            let added = table.deliver(due.now(), &mut self.sums);
            for (bank, port) in targets {
                let reach = &mut self.shares[*bank].reach[*port];
                *reach = reach.saturating_add(added);
            }
        }
        for feed in &mut self.feeds {
            let share = &mut self.shares[feed.target];
            let sums = &mut self.sums[share.sums[feed.port].clone()];
            for (rows, d, past) in due_rows(&feed.tables, &self.history, host.step) {
                let reach = &mut share.reach[feed.port];
                let own = past.fired(feed.source).fold(0, |sum: i64, fired| sum.saturating_add(rows.reach(fired)));
                if own == 0 {
                    continue;
                }
                *reach = reach.saturating_add(feed.scaling.reach(own));
                if feed.scaling.is_none() {
                    past.fired(feed.source).for_each(|fired| rows.deliver(d, fired, sums));
                    continue;
                }
                past.fired(feed.source).for_each(|fired| rows.deliver(d, fired, &mut feed.partial));
                for (k, (sum, partial)) in sums.iter_mut().zip(&mut feed.partial).enumerate() {
                    let (scaled, lost) = feed.scaling.of(std::mem::take(partial));
                    *sum = sum.wrapping_add(scaled);
                    if lost {
                        share.overflow.note(share.ports[feed.port], self.beyond, 1, host.step, k as u32);
                    }
                }
            }
        }
        let mut learned = Vec::with_capacity(self.plastic.len());
        for own in &mut self.plastic {
            let share = &mut self.shares[own.target];
            let mut sent = vec![0; share.range.len()];
            own.synapses.emit(host.step, &mut sent);
            add(&mut self.sums[share.sums[own.port].clone()], &sent);
            let reach = &mut share.reach[own.port];
            *reach = reach.saturating_add(farthest(&sent));
            learned.push(sent);
        }
        self.look_again(host, &learned);
        self.due.iter_mut().for_each(Due::advance);
    }

    /// What reaches an in-port other than from synapses that do not learn: from sources beside the neurons, straight from
    /// the host, and from each connection that learns.
    fn besides(&self, (bank, port): (usize, usize), host: &HostBatch, learned: &[Vec<i32>]) -> Vec<i128> {
        let range = &self.shares[bank].range;
        let mut exact = vec![0; range.len()];
        let mut join = |values: &[i32]| exact.iter_mut().zip(values).for_each(|(sum, x)| *sum += i128::from(*x));
        for driver in self.drivers.iter().filter(|driver| (driver.target, driver.port) == (bank, port)) {
            let mut own = vec![0; range.len()];
            driver.drive.add(host.step, &mut own);
            join(&own);
        }
        let direct = host.direct.iter().filter(|(b, p, _)| (*b, *p) == (bank, port));
        direct.for_each(|(_, _, values)| join(&values[range.clone()]));
        let learning = self.plastic.iter().zip(learned).filter(|(own, _)| (own.target, own.port) == (bank, port));
        learning.for_each(|(_, sent)| join(sent));
        exact
    }

    /// Forms the sums again that may have passed 32 bits, and notes those that have; see [`crate::exact`]. `learned` is what
    /// each connection that learns has sent.
    fn look_again(&mut self, host: &HostBatch, learned: &[Vec<i32>]) {
        let step = host.step;
        for bank in 0..self.shares.len() {
            for port in 0..self.shares[bank].reach.len() {
                let share = &mut self.shares[bank];
                let reach = std::mem::take(&mut share.reach[port]);
                share.touched |= reach > 0;
                if reach <= MOST {
                    continue;
                }
                let mut exact = self.besides((bank, port), host, learned);
                let share = &mut self.shares[bank];
                for (table, due) in self.tables.iter().zip(&self.due) {
                    table.deliver_exact(due.now(), &share.sums[port], &mut exact);
                }
                let (name, kind) = (share.ports[port], self.beyond);
                for feed in self.feeds.iter().filter(|feed| (feed.target, feed.port) == (bank, port)) {
                    for (rows, d, past) in due_rows(&feed.tables, &self.history, step) {
                        if feed.scaling.is_none() {
                            past.fired(feed.source).for_each(|fired| rows.deliver_exact(d, fired, &mut exact));
                            continue;
                        }
                        let mut own = vec![0; share.range.len()];
                        past.fired(feed.source).for_each(|fired| rows.deliver_exact(d, fired, &mut own));
                        for (k, (sum, own)) in exact.iter_mut().zip(own).enumerate() {
                            if i128::from(own as i32) != own {
                                share.overflow.note(name, kind, 1, step, k as u32);
                            }
                            *sum += i128::from(feed.scaling.of(own as i32).0);
                        }
                    }
                }
                share.overflow.note_lost(name, kind, step, &exact, &self.sums[share.sums[port].clone()]);
            }
        }
    }

    /// Adds the events that neurons and learning synapses cause by themselves.
    pub fn add_totals(&self, steps: u64, loads: &mut [Counts]) {
        for share in &self.shares {
            let counted = share.active.iter().zip(&share.random_numbers);
            for ((core, part), (active, drawn)) in share.parts.iter().zip(counted) {
                let load = &mut loads[core.0 as usize];
                count_updates(share.analog, load, part.len() as u64 * steps, *active);
                load.add(Event::RandomNumber, *drawn);
            }
        }
        self.add_learned(loads);
    }

    /// Adds the events that learning synapses cause by themselves.
    pub fn add_learned(&self, loads: &mut [Counts]) {
        self.plastic.iter().for_each(|own| own.add_counts(loads));
    }

    /// Reads a variable of this worker's share of a bank.
    pub fn get(&self, bank: usize, var: usize) -> Vec<i32> {
        self.shares[bank].bank().get(var)
    }

    /// Writes a variable of this worker's share of a bank from the values of the whole bank.
    ///
    /// # Errors
    /// If a value does not fit its register.
    pub fn set(&mut self, bank: usize, var: usize, values: &[i32]) -> Result<(), WorkerError> {
        let written = self.shares[bank].set(var, values);
        written.map_err(|fault| WorkerError::Model { path: self.paths[bank].clone(), fault: Box::new(fault) })
    }

    /// Gives a projection other rows, for the spikes that are sent after `step`; `p` is the projection with its new rows.
    /// Rows for the same step are replaced.
    pub fn set_rows(&mut self, projection: usize, step: u64, p: &Projection) {
        let Some(feed) = self.feeds.iter_mut().find(|f| f.number == projection) else {
            return;
        };
        self.depth = self.depth.max(usize::from(p.rows.longest_delay()) + 1);
        while feed.tables.back().is_some_and(|(after, _)| *after >= step) {
            feed.tables.pop_back();
        }
        feed.tables.push_back((step, RowTable::new(p, &self.shares[feed.target].range)));
        while feed.tables.get(1).is_some_and(|(after, _)| after + self.depth as u64 <= step) {
            feed.tables.pop_front();
        }
    }

    /// The running state of this worker's share of a bank: first neuron and arrays.
    pub fn save(&self, bank: usize) -> (Range<usize>, Vec<Values>) {
        (self.shares[bank].range.clone(), self.shares[bank].bank().save())
    }

    /// Takes back the state of its share of a bank.
    ///
    /// # Errors
    /// If the arrays do not have the shape that the bank saves.
    pub fn load(&mut self, bank: usize, state: &[Values]) -> Result<(), WorkerError> {
        let loaded = self.shares[bank].load(state);
        loaded.map_err(|fault| WorkerError::Model { path: self.paths[bank].clone(), fault: Box::new(fault) })
    }

    /// Reads a variable of this worker's share of a learning connection.
    pub fn get_plastic(&self, connection: usize, var: usize) -> Portion {
        self.plastic[connection].synapses.get(var)
    }

    /// Writes a variable of this worker's share of a learning connection from the values of the whole.
    ///
    /// # Errors
    /// If a value does not fit its register.
    pub fn set_plastic(&mut self, connection: usize, var: usize, values: &[i32]) -> Result<(), ModelError> {
        let written = self.plastic[connection].synapses.set(var, values);
        self.plastic[connection].watch();
        written
    }

    /// Lets synapses of a learning connection deliver what their cells give.
    pub fn act(&mut self, connection: usize, weights: &[(u32, i32)]) {
        self.plastic[connection].synapses.act(weights);
    }

    /// Takes back synapses that grew in the last learn phase and find no room, by the numbers of their places.
    pub fn withdraw(&mut self, connection: usize, places: &[u32]) {
        self.plastic[connection].synapses.withdraw(places);
    }

    /// The running state of this worker's share of a learning connection.
    pub fn save_plastic(&self, connection: usize) -> Vec<Portion> {
        self.plastic[connection].synapses.save()
    }

    /// Takes back the state of its share of a learning connection from whole arrays.
    ///
    /// # Errors
    /// If the arrays are not those of this connection.
    pub fn load_plastic(&mut self, connection: usize, state: &[Vec<i32>]) -> Result<(), ModelError> {
        let loaded = self.plastic[connection].synapses.load(state);
        self.plastic[connection].watch();
        loaded
    }

    /// Bytes of its synapses: tables and lists.
    pub fn synapse_bytes(&self) -> usize {
        let listed: usize = self.feeds.iter().flat_map(|feed| &feed.tables).map(|(_, rows)| rows.bytes()).sum();
        listed + self.tables.iter().map(Table::bytes).sum::<usize>()
    }

    /// Neurons of a bank that belong to this worker.
    pub fn range(&self, bank: usize) -> Range<usize> {
        self.shares[bank].range.clone()
    }

    /// Spikes of a train counted so far, by neuron of its share.
    pub fn spikes(&self, train: usize) -> &[u64] {
        let (bank, number) = self.trains[train];
        &self.shares[bank].spikes[number]
    }

    /// Steps in which neurons of its share of a bank were active, counted so far, by part.
    pub fn active(&self, bank: usize) -> &[u64] {
        &self.shares[bank].active
    }

    /// Random numbers that its share of a bank drew, counted so far, by part.
    pub fn random_numbers(&self, bank: usize) -> &[u64] {
        &self.shares[bank].random_numbers
    }

    /// Sets every counter to zero.
    pub fn clear_counters(&mut self) {
        for share in &mut self.shares {
            share.spikes.iter_mut().for_each(|own| own.fill(0));
            share.active.fill(0);
            share.random_numbers.fill(0);
        }
        self.plastic.iter_mut().for_each(|own| own.synapses.clear_counts());
    }
}

/// Adds to accumulators, which keep their low bits.
fn add(sums: &mut [i32], values: &[i32]) {
    sums.iter_mut().zip(values).for_each(|(sum, x)| *sum = sum.wrapping_add(*x));
}

fn cut(core: CoreId, start: usize, len: usize, range: &Range<usize>) -> Option<(CoreId, Range<usize>)> {
    let (lo, hi) = (start.max(range.start), (start + len).min(range.end));
    (lo < hi).then(|| (core, lo - range.start..hi - range.start))
}

/// The bank of each train, and its number there.
fn trains(image: &ChipImage) -> Vec<(usize, usize)> {
    let mut seen = vec![0; image.banks.len()];
    let number = |bank: usize| {
        seen[bank] += 1;
        (bank, seen[bank] - 1)
    };
    image.trains().map(number).collect()
}

/// The synapses of a listed projection, cut to its share.
fn feed(number: usize, p: &Projection, shares: &[Share]) -> Feed {
    let range = &shares[p.target].range;
    let scaling = Scaling { exponent: p.rows.sum_exponent, bits: p.rows.sum_bits.min(32) };
    Feed {
        number,
        source: p.source,
        target: p.target,
        port: p.port,
        tables: VecDeque::from([(0, RowTable::new(p, range))]),
        scaling,
        partial: if scaling.is_none() { Vec::new() } else { vec![0; range.len()] },
    }
}

/// The synapses of a drawn projection onto a range of targets as a list, for weights that a table does not hold.
fn listed(p: &DrawnProjection, range: &Range<usize>) -> Projection {
    let mut entries = Vec::new();
    let all = Parts { weights: true, delays: true };
    p.synapses.each(range.clone(), all, |source, target, weight, delay| entries.push((source, target, weight, delay)));
    Projection {
        process: p.process,
        path: p.path.clone(),
        source: p.source,
        target: p.target,
        port: p.port,
        rows: Rows::from_entries(p.synapses.n_in(), p.synapses.n_out(), entries),
    }
}

fn drivers(image: &ChipImage, shares: &[Share]) -> Result<Vec<Driver>, WorkerError> {
    let driver = |own: &DriveImage| {
        let share = &shares[own.target];
        let setting = Setting { arithmetic: &image.arithmetic, seed: image.seed, place: own.process };
        let made = own.model.drive(&setting, share.range.clone());
        let made = made.ok_or_else(|| WorkerError::NoBank { path: own.path.clone() })?;
        let drive = made.map_err(|fault| WorkerError::Model { path: own.path.clone(), fault: Box::new(fault) })?;
        Ok(Driver { drive, target: own.target, port: own.port, sums: share.sums[own.port].clone() })
    };
    image.drives.iter().map(driver).collect()
}

/// The rows that are due in a step: their table, the number of their delay, and the spikes of the step in which they were
/// sent.
fn due_rows<'a>(
    tables: &'a VecDeque<(u64, RowTable)>,
    history: &'a VecDeque<Past>,
    step: u64,
) -> impl Iterator<Item = (&'a RowTable, usize, &'a Past)> {
    tables.iter().enumerate().flat_map(move |(k, (after, rows))| {
        let until = tables.get(k + 1).map_or(u64::MAX, |next| next.0);
        rows.delays.iter().enumerate().filter_map(move |(d, delay)| {
            let past = history.get(usize::from(*delay))?;
            let sent = step - 1 - u64::from(*delay);
            (sent > *after && sent <= until).then_some((rows, d, past))
        })
    })
}

impl Past {
    /// The lists of those who fired.
    fn fired(&self, source: Source) -> impl Iterator<Item = &Fired> {
        let (train, input) = match source {
            Source::Train(t) => (Some(t), None),
            Source::Input(i) => (None, self.inputs.get(i)),
        };
        train.into_iter().flat_map(|t| self.batches.iter().map(move |batch| &batch.fired[t])).chain(input)
    }
}
