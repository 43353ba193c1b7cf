//! The engine: one image, its running state, and the loop over steps.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use pumice_chip::cells::{Acting, CellLearning, RowNoise};
use pumice_chip::{
    Batch, ChipImage, CoreLoad, HostBatch, Learned, Room, Routes, Segment, Shares, Source, Table, Traffic, UPDATE,
    Worker, fired,
};
use pumice_meter::{Counts, Event};
use pumice_models::message::{FromHost, Phase, ToHost};
use pumice_models::{Fired, Overflow, OverflowRecord, Rows, Values};

use crate::error::EngineError;
use crate::image::{Image, Task, UnitBody, Where};
use crate::phases::{Phases, Watch};
use crate::pin::Pins;
use crate::pool::Pool;
use crate::prepared::Prepared;
use crate::progress::Progress;
use crate::recording::Recording;
use crate::snapshot::Snapshot;
use crate::unit::{Line, Unit};

mod build;
mod hosts;
mod plastic;
mod probe;
mod reals;
mod state;
mod structure;
mod weights;

pub(crate) use build::build;
pub use weights::{Settled, Written};

/// Pause and stop from another thread, and how far the run is.
#[derive(Debug, Default)]
pub struct Control {
    wish: AtomicU8,
    done: AtomicU64,
}

impl Control {
    /// Asks the run to end after the current step; it can go on later.
    pub fn pause(&self) {
        self.wish.store(1, Ordering::Relaxed);
    }

    /// Forgets an earlier wish.
    pub fn clear(&self) {
        self.wish.store(0, Ordering::Relaxed);
    }

    /// Steps done in the current run.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    fn asked(&self) -> bool {
        self.wish.load(Ordering::Relaxed) != 0
    }
}

/// Why a run ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All steps are done.
    Done,
    /// Somebody asked for a pause.
    Paused,
}

/// Sees the load of every core after each step.
pub trait Observer {
    /// Called once per step, in order; `loads` has one entry per core.
    fn step(&mut self, step: u64, loads: &[CoreLoad]);

    /// As [`Observer::step`], with the packets of the step, which cost nothing until they are asked for.
    fn step_with_packets(&mut self, step: u64, loads: &[CoreLoad], _packets: &Traffic<'_>) {
        self.step(step, loads);
    }

    /// Emulated time since the last reset, if it is known `[ps]`; asked for only where cells learn.
    fn now_ps(&mut self) -> u64 {
        0
    }
}

/// A host process's end of the channels, to be served by a thread of its own.
#[derive(Debug)]
pub struct HostEnd {
    /// Number of the process in its graph.
    pub process: u32,
    /// From the engine.
    pub from_engine: Receiver<ToHost>,
    /// To the engine.
    pub to_engine: Sender<FromHost>,
}

/// A network in execution.
#[derive(Debug)]
pub struct Engine {
    image: Arc<Image>,
    routes: Routes,
    workers: Vec<Worker>,
    units: Vec<Unit>,
    step: u64,
    /// Input spikes of the last step, not yet integrated.
    inputs: Vec<Fired>,
    input_spikes: Vec<Vec<u64>>,
    host_out: u64,
    /// Values of the chip's state that the host read; who reads between steps does not change the run.
    host_reads: AtomicU64,
    overflow: Vec<Overflow>,
    recordings: Vec<Recording>,
    /// By unit: its out-ports of reals that processes of integers receive, and which elements.
    cut: Vec<Vec<(usize, Vec<bool>)>>,
    /// By probe: the train of spikes that it keeps whole.
    whole_trains: Vec<Option<usize>>,
    /// Counters carried over from a snapshot: events by core, spikes by train and neuron.
    base_loads: Vec<Counts>,
    base_spikes: Vec<Vec<u64>>,
    /// Weights written while they are on the chip, in order, and the rows made of them by projection.
    written: Vec<Written>,
    changed: BTreeMap<usize, Rows>,
    /// Banks with variables written in the management phases of this step.
    touched: Vec<usize>,
    /// The weights that recorded connections began with, by process.
    first: BTreeMap<u32, Values>,
    settled: Settled,
    /// What cores have room for, where synapses grow.
    room: Option<Room>,
    /// Steps that the workers have counted.
    counted: u64,
    initial: Option<Snapshot>,
    patience: Duration,
    watch: Watch,
    /// Where workers stay while they run, if anywhere.
    pins: Option<Pins>,
    /// What reads of cells add in every step.
    noise: Option<RowNoise>,
    /// The cells that learning writes, and the emulated time since their power-on at the last reset `[ps]`.
    learning: Option<CellLearning>,
    past_ps: u64,
}

/// By process: its weights that were cut to their range when they were given.
fn clipped(image: &Image) -> Vec<Overflow> {
    let mut all = vec![Overflow::default(); image.paths.len()];
    // A connection has one projection for each population that it reads.
    for (k, p) in image.chip.projections.iter().enumerate() {
        if !image.chip.projections[..k].iter().any(|other| other.process == p.process) {
            all[p.process as usize].merge(&p.rows.clipped, 0);
        }
    }
    all
}

/// The workers of an image, with the synapses of each.
fn workers_with(acts: &ChipImage, shares: &Shares, tables: Vec<Vec<Table>>) -> Result<Vec<Worker>, EngineError> {
    let workers = tables.into_iter().enumerate().map(|(w, tables)| Worker::new(acts, shares, w, tables));
    Ok(workers.collect::<Result<Vec<Worker>, _>>()?)
}

impl Engine {
    /// Makes the running state of an image for a number of workers (0 chooses).
    ///
    /// # Errors
    /// If a process refuses its parameters.
    pub fn new(image: Image, workers: usize) -> Result<Self, EngineError> {
        Self::with_cells(image, workers, None)
    }

    /// As [`Engine::new`], with the weights and the noise that cells make of the image. Events are counted on the image:
    /// a row of cells is driven whatever its cells have become.
    ///
    /// # Errors
    /// If a process refuses its parameters.
    pub fn with_cells(image: Image, workers: usize, acting: Option<Acting>) -> Result<Self, EngineError> {
        let acts = acting.as_ref().map_or(&image.chip, |acting| &acting.image);
        let prepared = Prepared::with(&image, acts, workers, &Progress::default())?;
        Self::with_prepared(image, prepared, acting)
    }

    /// As [`Engine::with_cells`], with rows and routes that were made of the same image before.
    ///
    /// # Errors
    /// If a process refuses its parameters.
    pub fn with_prepared(image: Image, prepared: Prepared, acting: Option<Acting>) -> Result<Self, EngineError> {
        let Prepared { shares, tables, routes } = prepared;
        let chip = &image.chip;
        let acts = acting.as_ref().map_or(chip, |acting| &acting.image);
        let workers = workers_with(acts, &shares, tables)?;
        let unit = |u: &crate::image::UnitImage| {
            let made = Unit::new(u, &image.arithmetic, chip.seed);
            made.map_err(|fault| EngineError::Model { path: u.path.clone(), fault: Box::new(fault) })
        };
        let units: Result<Vec<Unit>, _> = image.units.iter().map(unit).collect();
        let mut engine = Engine {
            routes,
            workers,
            units: units?,
            step: 0,
            inputs: chip.inputs.iter().map(|_| Fired::default()).collect(),
            input_spikes: chip.inputs.iter().map(|i| vec![0; i.n]).collect(),
            host_out: 0,
            host_reads: AtomicU64::new(0),
            overflow: clipped(&image),
            recordings: probe::empty(&image),
            cut: reals::cut(&image),
            whole_trains: probe::whole_trains(&image),
            base_loads: vec![Counts::default(); chip.cores()],
            base_spikes: chip.trains().map(|b| vec![0; chip.banks[b].n]).collect(),
            written: Vec::new(),
            changed: BTreeMap::new(),
            touched: Vec::new(),
            first: BTreeMap::new(),
            settled: Settled::default(),
            room: structure::room(&image),
            counted: 0,
            initial: None,
            patience: Duration::from_secs(30),
            watch: Watch::default(),
            pins: None,
            noise: None,
            learning: None,
            past_ps: 0,
            image: Arc::new(image),
        };
        if let Some(acting) = acting {
            engine.take_cells(acting)?;
        }
        engine.initial = Some(engine.save());
        Ok(engine)
    }

    /// Gives the synapses in cells other weights and other noise, as if the engine had begun with them; the state between
    /// two steps must be loaded after.
    ///
    /// # Errors
    /// If a process refuses its parameters.
    pub fn set_cells(&mut self, acting: Acting) -> Result<(), EngineError> {
        let shares = Shares::new(&acting.image, self.workers.len());
        let (tables, routes) = build::build(&self.image.chip, &acting.image, &shares, &Progress::default())?;
        (self.workers, self.routes) = (workers_with(&acting.image, &shares, tables)?, routes);
        self.take_cells(acting)
    }

    /// The image that runs.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// Steps done since the beginning or the last reset.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// Number of workers.
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// What a spike of each neuron sets off where.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// Updates of the neurons of a bank since the beginning, the last reset or the last snapshot taken back.
    pub fn updates(&self, bank: usize) -> u64 {
        self.workers.iter().flat_map(|worker| worker.active(bank)).sum()
    }

    /// Random numbers that the neurons of a bank, and the sources beside them, drew in the same time.
    pub fn random_numbers(&self, bank: usize) -> u64 {
        self.workers.iter().flat_map(|worker| worker.random_numbers(bank)).sum()
    }

    /// Events that learning synapses caused by themselves in the same time.
    pub fn learned(&self) -> Counts {
        let mut loads = vec![Counts::default(); self.base_loads.len()];
        self.workers.iter().for_each(|worker| worker.add_learned(&mut loads));
        loads.iter().sum()
    }

    /// Whether every worker stays on one processor while it runs, or goes where the system puts it. The thread that calls
    /// [`Engine::run`] is the first worker; it is free again when the run ends.
    ///
    /// # Errors
    /// If there are more workers than processors, or the system does not let threads choose.
    pub fn set_pinned(&mut self, on: bool) -> Result<(), EngineError> {
        self.pins = if on { Some(Pins::new(self.workers.len())?) } else { None };
        Ok(())
    }

    /// Whether the time of each phase is taken, from now on and from zero; it costs some 0.2 µs per step.
    pub fn set_measured(&mut self, on: bool) {
        self.watch.set(on);
    }

    /// The time of each phase since measuring began; all zero if it is not taken.
    pub fn phases(&self) -> Phases {
        self.watch.phases.unwrap_or_default()
    }

    /// Bytes of the synapses of all workers.
    pub fn synapse_bytes(&self) -> usize {
        self.workers.iter().map(Worker::synapse_bytes).sum()
    }

    /// Lets noisy reads and noisy neurons count their steps on from `origin`: a run that begins again at step 1 then draws
    /// other noise.
    pub fn set_noise_origin(&mut self, origin: u64) {
        self.noise.iter_mut().for_each(|noise| noise.set_origin(origin));
        self.workers.iter_mut().for_each(|worker| worker.set_noise_origin(origin));
    }

    /// How long a host process may take for one phase before the run ends with an error; 30 s at first.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Opens the channels to all host processes; each end must be served by a thread.
    pub fn open_hosts(&mut self) -> Vec<HostEnd> {
        let mut ends = Vec::new();
        for (unit, image) in self.units.iter_mut().zip(&self.image.units) {
            if let Unit::Host { line, .. } = unit {
                let ((to, from_engine), (to_engine, from)) = (bounded(1), bounded(1));
                *line = Some(Line { to, from });
                ends.push(HostEnd { process: image.process, from_engine, to_engine });
            }
        }
        ends
    }

    /// Runs `steps` steps, or without end if `None`, until done or asked to pause.
    ///
    /// # Errors
    /// If a process fails; the state is then that of the failing step and should be reset.
    pub fn run(
        &mut self,
        steps: Option<u64>,
        control: &Control,
        observer: Option<&mut dyn Observer>,
    ) -> Result<Outcome, EngineError> {
        let workers = std::mem::take(&mut self.workers);
        let (workers, result) = std::thread::scope(|scope| {
            let mut pool = Pool::new(workers, self.pins.clone(), scope);
            let result = self.run_steps(&mut pool, steps, control, observer);
            (pool.join(), result)
        });
        self.workers = workers?;
        result
    }

    fn run_steps(
        &mut self,
        pool: &mut Pool<'_>,
        steps: Option<u64>,
        control: &Control,
        mut observer: Option<&mut dyn Observer>,
    ) -> Result<Outcome, EngineError> {
        control.done.store(0, Ordering::Relaxed);
        let mut outcome = Outcome::Done;
        let mut done = 0;
        self.watch.start();
        while steps.is_none_or(|n| done < n) {
            if control.asked() {
                outcome = Outcome::Paused;
                break;
            }
            let pause = self.one_step(pool, &mut observer)?;
            done += 1;
            control.done.store(done, Ordering::Relaxed);
            if pause {
                outcome = Outcome::Paused;
                break;
            }
        }
        if done > 0 {
            self.host_phase(pool, Phase::Host)?;
        }
        self.watch.lap(|phases| &mut phases.host);
        Ok(outcome)
    }

    /// One step; returns whether a host process asked for a pause.
    fn one_step(&mut self, pool: &mut Pool<'_>, observer: &mut Option<&mut dyn Observer>) -> Result<bool, EngineError> {
        self.step += 1;
        self.touched.clear();
        let image = self.image.clone();
        let mut direct: Vec<(usize, usize, Vec<i32>)> = Vec::new();
        self.units.iter_mut().for_each(Unit::clear);
        for (u, _) in image.units.iter().enumerate().filter(|(_, unit)| unit.buffered) {
            self.units[u].emit(self.step);
            self.propagate(u, &mut direct)?;
        }
        let mut pause = false;
        let mut batches = Vec::new();
        for task in &image.order {
            match task {
                Task::Unit(u) => {
                    pause |= self.step_unit(*u, pool)?;
                    if !image.units[*u].buffered {
                        self.propagate(*u, &mut direct)?;
                    }
                }
                Task::Chip => batches = self.step_chip(pool, std::mem::take(&mut direct), observer.is_some())?,
            }
        }
        self.collect_inputs();
        pause |= self.host_phase(pool, Phase::PreManagement)?;
        for (unit, u) in self.units.iter_mut().zip(&image.units) {
            unit.learn(self.step, &mut self.overflow[u.process as usize]);
        }
        // Nobody waits for the time of a step who does not need it.
        let asked = observer.as_mut().filter(|_| self.learning.is_some());
        let now_ps = asked.map_or(0, |observer| observer.now_ps());
        let mut learned = self.learn_chip(pool, (&batches, now_ps), observer.is_some())?;
        let changed = self.fit_grown(pool, &mut learned)?;
        if let Some(observer) = observer {
            self.show(*observer, &batches, &learned);
        }
        self.restructure(pool, &changed)?;
        pause |= self.host_phase(pool, Phase::Learning)?;
        pause |= self.host_phase(pool, Phase::PostManagement)?;
        self.record(&batches, pool)?;
        Ok(pause)
    }

    fn step_unit(&mut self, u: usize, pool: &mut Pool<'_>) -> Result<bool, EngineError> {
        let image = self.image.clone();
        let unit = &image.units[u];
        if unit.body == UnitBody::Host {
            let inputs = (0..unit.inputs.len()).map(|p| probe::values(self.units[u].input(p))).collect();
            return self.run_phase(u, pool, Phase::Spike, inputs);
        }
        let overflow = &mut self.overflow[unit.process as usize];
        self.units[u].step(self.step, unit.buffered, overflow);
        match overflow.error() {
            Some(record) => Err(overflow_error(&image, unit.process, None, record)),
            None => Ok(false),
        }
    }

    /// Sends the outputs of a unit along its wires.
    fn propagate(&mut self, u: usize, direct: &mut Vec<(usize, usize, Vec<i32>)>) -> Result<(), EngineError> {
        self.count_cut(u)?;
        let image = self.image.clone();
        for wire in image.wires.iter().filter(|w| w.from.0 == u) {
            let join = image.units[wire.to.0].inputs[wire.to.1].1;
            let (sender, receiver) = pair(&mut self.units, u, wire.to.0);
            match sender {
                Some(sender) => receiver.accept(wire.to.1, join, sender.output(wire.from.1), wire.pairs.as_deref()),
                None => {
                    let own = probe::values(receiver.output(wire.from.1));
                    receiver.accept(wire.to.1, join, probe::slice(&own), wire.pairs.as_deref());
                }
            }
        }
        for wire in image.to_chip.iter().filter(|w| w.from.0 == u) {
            let out = self.units[u].output(wire.from.1);
            let mut values = vec![0; image.chip.banks[wire.to.0].n];
            match &wire.pairs {
                None => values.iter_mut().enumerate().for_each(|(i, x)| *x = out.int(i)),
                Some(pairs) => pairs.iter().for_each(|(i, k)| values[*k as usize] = out.int(*i as usize)),
            }
            direct.push((wire.to.0, wire.to.1, values));
        }
        Ok(())
    }

    fn step_chip(
        &mut self,
        pool: &mut Pool<'_>,
        mut direct: Vec<(usize, usize, Vec<i32>)>,
        loads: bool,
    ) -> Result<Vec<Arc<Batch>>, EngineError> {
        let inputs = std::mem::take(&mut self.inputs);
        if let Some(noise) = &mut self.noise {
            direct.extend(noise.sums(self.step, &inputs));
        }
        let host = HostBatch { step: self.step, inputs, direct, loads, probes: self.due_bank_probes() };
        let batches = pool.step(host, &mut self.watch)?;
        self.counted += 1;
        let image = self.image.clone();
        if let Some(noise) = &mut self.noise {
            noise.receive((0..image.chip.trains().count()).map(|train| fired(&batches, train)).collect());
        }
        for (bank, overflow) in batches.iter().flat_map(|b| &b.overflow) {
            let own = &image.chip.banks[*bank];
            self.overflow[own.process as usize].merge(overflow, 0);
            if let Some(record) = overflow.error() {
                return Err(overflow_error(&image, own.process, Some(*bank), record));
            }
        }
        for wire in &image.from_chip {
            self.deliver_to_unit(wire, &batches);
        }
        Ok(batches)
    }

    /// Shows the step that just ended to an observer.
    fn show(&self, observer: &mut dyn Observer, batches: &[Arc<Batch>], learned: &[Learned]) {
        let inputs: Vec<Vec<u32>> = self.inputs.iter().map(|fired| fired.index.clone()).collect();
        let mut loads = self.loads_of_step(batches, &inputs);
        for own in learned {
            loads.iter_mut().zip(&own.loads).for_each(|(sum, load)| *sum += load);
        }
        observer.step_with_packets(self.step, &loads, &Traffic::new(&self.routes, batches, &inputs));
    }

    fn deliver_to_unit(&mut self, wire: &crate::image::FromChip, batches: &[Arc<Batch>]) {
        let image = &self.image;
        let mut sent = vec![0; image.chip.size_of(Source::Train(wire.train))];
        for fired in batches.iter().map(|b| &b.fired[wire.train]) {
            self.host_out += fired.index.len() as u64;
            for (k, i) in fired.index.iter().enumerate() {
                sent[*i as usize] = fired.payload_of(k);
            }
        }
        let join = image.units[wire.to.0].inputs[wire.to.1].1;
        let from = crate::unit::Slice::Int(&sent);
        self.units[wire.to.0].accept(wire.to.1, join, from, wire.pairs.as_deref());
    }

    fn loads_of_step(&self, batches: &[Arc<Batch>], inputs: &[Vec<u32>]) -> Vec<CoreLoad> {
        let chip = &self.image.chip;
        let mut loads = vec![Counts::default(); chip.cores()];
        for batch in batches {
            for (sum, own) in loads.iter_mut().zip(&batch.loads) {
                *sum += own;
            }
            for (t, fired) in batch.fired.iter().enumerate() {
                fired.index.iter().for_each(|i| self.routes.add(Source::Train(t), *i as usize, 1, &mut loads));
            }
        }
        for (k, spiking) in inputs.iter().enumerate() {
            spiking.iter().for_each(|i| self.routes.add(Source::Input(k), *i as usize, 1, &mut loads));
        }
        loads
    }

    /// Keeps the spikes that enter the chip, to be integrated in the next step.
    fn collect_inputs(&mut self) {
        let image = self.image.clone();
        self.inputs.clear();
        for (k, (unit, port)) in image.chip_inputs.iter().enumerate() {
            let fired = self.units[*unit].output(*port).spikes();
            fired.index.iter().for_each(|i| self.input_spikes[k][*i as usize] += 1);
            self.inputs.push(fired);
        }
    }
}

/// What stops the run: a value of a process, on cores if it is a bank, that left a register whose policy is an error.
fn overflow_error(image: &Image, process: u32, bank: Option<usize>, record: &OverflowRecord) -> EngineError {
    let index = record.first_index as usize;
    let lies = |s: &&Segment| Some(s.bank) == bank && (s.start..s.start + s.len).contains(&index);
    EngineError::Overflow {
        path: image.paths[process as usize].clone(),
        core: image.chip.segments.iter().find(lies).map_or("none".into(), |s| s.core.0.to_string()),
        variable: record.variable.clone(),
        index: record.first_index,
        step: record.first_step,
    }
}

/// The sending unit, or `None` if it is the receiving one too, and the receiving unit.
fn pair(units: &mut [Unit], from: usize, to: usize) -> (Option<&Unit>, &mut Unit) {
    if from == to {
        return (None, &mut units[to]);
    }
    if from < to {
        let (low, high) = units.split_at_mut(to);
        (Some(&low[from]), &mut high[0])
    } else {
        let (low, high) = units.split_at_mut(from);
        (Some(&high[0]), &mut low[to])
    }
}

/// Two workers pay from about this much work per step on (a barrier costs 12 to 36 µs, a synapse 1 ns or so).
const WORTH_A_THREAD: usize = 400_000;

pub(crate) fn choose_workers(image: &Image) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let work = image.chip.neurons() + image.chip.synapses() / UPDATE;
    if work < WORTH_A_THREAD { 1 } else { cores.min(work / WORTH_A_THREAD + 1) }
}

pub(crate) fn no_such(image: &Image, process: u32, fault: &str) -> EngineError {
    let path = image.paths.get(process as usize).map_or("?", String::as_str);
    EngineError::Variable { fault: format!("`{path}` {fault}") }
}

pub(crate) fn place(image: &Image, process: u32) -> Result<Where, EngineError> {
    image.places.get(process as usize).copied().ok_or_else(|| no_such(image, process, "is not in this network"))
}

/// Events of no core: what leaves for the host, and the barrier.
pub(crate) fn host_events(engine: &Engine) -> Counts {
    let mut counts = Counts::default();
    counts.add(Event::HostSpikeOut, engine.host_out);
    counts.add(Event::HostRead, engine.host_reads.load(Ordering::Relaxed));
    counts.add(Event::Barrier, engine.step);
    counts
}
