//! A network in execution, with its chip's prices and clock.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use pumice_chip::cells::CellLearning;
use pumice_chip::timing::{StepTime, TimingModel};
use pumice_chip::{CoreUse, Source, core_uses};
use pumice_compile::{Hardware, compile};
use pumice_device::nv::{NvState, SeedForm};
use pumice_engine::{Control, Engine, EngineError, Image, Observer, Outcome, Phases, Prepared, Progress, Recording};
use pumice_meter::{Bill, Counts, Usage};
use pumice_models::{Behaviour, OverflowRecord, Values};
use pumice_process::host::{HostLink, serve};
use pumice_process::{Graph, HostProcess, HostSpec, ProbeId, ProcessId, RemoteProcess, RunConfig, Var};
use pumice_profile::Profile;
use pumice_report::{CellsReport, Run, RunReport};

use crate::Error;
use crate::Memory;
use crate::clock::Clock;
use crate::image_file;
use crate::snapshot::{KeptCells, Snapshot};

/// Run this many steps (Lava's `RunSteps`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunSteps(pub u64);

/// What a variable can be read and written as.
pub trait Number: Copy {
    /// From the values of a process, or `None` where they are of another type.
    fn from_values(values: Values) -> Option<Vec<Self>>;
    /// To values for a process.
    fn to_values(values: &[Self]) -> Values;
}

impl Number for i32 {
    fn from_values(values: Values) -> Option<Vec<i32>> {
        match values {
            Values::Int(all) => Some(all),
            Values::Real(_) => None,
        }
    }

    fn to_values(values: &[i32]) -> Values {
        Values::Int(values.to_vec())
    }
}

impl Number for f64 {
    fn from_values(values: Values) -> Option<Vec<f64>> {
        Some(values.to_real())
    }

    fn to_values(values: &[f64]) -> Values {
        Values::Real(values.to_vec())
    }
}

/// What a simulation is made with, besides its graph, profile and configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct Making<'a> {
    /// The non-volatile cells of the chip as they were saved.
    pub saved: Option<&'a NvState>,
    /// A file that holds the drawn synapses and the routes: it is read if it exists, and written if it does not.
    pub image: Option<&'a Path>,
    /// Told how many synapses have been laid into memory.
    pub progress: Option<&'a Progress>,
}

/// A network in execution.
#[derive(Debug)]
pub struct Simulation {
    engine: Engine,
    profile: Arc<Profile>,
    prices: Option<String>,
    clock: Clock,
    timed: bool,
    threads: Vec<JoinHandle<()>>,
    /// The non-volatile memory as it was when the run began, and what was read and how long it took before the last reset.
    memory: Option<Memory>,
    read: Vec<(Source, Vec<u64>)>,
    past_ps: u64,
    noise_origin: u64,
    /// The processes that act on a variable of another, by path.
    remotes: Vec<(String, RemoteProcess)>,
}

impl Simulation {
    /// Lays a graph on a chip and makes its running state.
    ///
    /// # Errors
    /// If a process refuses its parameters, the network does not fit, or processes wait for each other.
    pub fn new(graph: Graph, profile: &Profile, config: &RunConfig) -> Result<Self, Error> {
        Self::with_nv(graph, profile, config, None)
    }

    /// As [`Simulation::new`], with the non-volatile cells of the chip as they were saved. Without a saved state, fresh
    /// cells are programmed if the chip has some.
    ///
    /// # Errors
    /// As [`Simulation::new`]; if the cells are of another chip or network; if there is a saved state and no cells.
    pub fn with_nv(
        graph: Graph,
        profile: &Profile,
        config: &RunConfig,
        saved: Option<&NvState>,
    ) -> Result<Self, Error> {
        Self::make(graph, profile, config, &Making { saved, ..Making::default() })
    }

    /// As [`Simulation::new`], with what `making` says.
    ///
    /// # Errors
    /// As [`Simulation::with_nv`]; if workers are to be pinned and cannot be; if there is an image file that is not of this network, profile, seed and number of
    /// workers, or a file that cannot be written, or the chip keeps synapses in cells.
    pub fn make(mut graph: Graph, profile: &Profile, config: &RunConfig, making: &Making<'_>) -> Result<Self, Error> {
        let image = compile(&graph, &Hardware::from(profile), config)?;
        let memory = match making.saved {
            Some(saved) => Some(Memory::open(&image, profile, saved)?),
            None if image.chip.cell_cores.is_empty() => None,
            None => {
                let mut memory = Memory::fresh(&image, profile)?;
                memory.program()?;
                Some(memory)
            }
        };
        let mut simulation = Self::assemble(image, profile, config.workers, (memory, making))?;
        simulation.engine.set_pinned(config.pinned)?;
        simulation.remotes = graph.remotes().map(|(path, remote)| (path.to_owned(), remote.clone())).collect();
        simulation.start(graph.take_hosts());
        Ok(simulation)
    }

    /// The running state of an image that was compiled before, on cells in any state; host processes are not served.
    ///
    /// # Errors
    /// If a process refuses its parameters, or the cells cannot be read.
    pub fn with_memory(image: Image, profile: &Profile, workers: usize, memory: Option<Memory>) -> Result<Self, Error> {
        Self::assemble(image, profile, workers, (memory, &Making::default()))
    }

    fn assemble(
        image: Image,
        profile: &Profile,
        workers: usize,
        (memory, making): (Option<Memory>, &Making<'_>),
    ) -> Result<Self, Error> {
        let engine = match (&memory, making.image) {
            (Some(_), Some(_)) => return Err(Error::ImageOfCells),
            (Some(memory), None) => {
                let acting = memory.acting(&image.chip)?;
                Engine::with_cells(image, workers, Some(acting))?
            }
            (None, Some(path)) => {
                let prepared = image_file::open(path, &image, workers, making.progress)?;
                Engine::with_prepared(image, prepared, None)?
            }
            (None, None) => {
                let nobody = Progress::default();
                let prepared = Prepared::new(&image, workers, making.progress.unwrap_or(&nobody))?;
                Engine::with_prepared(image, prepared, None)?
            }
        };
        let mut simulation = Simulation {
            clock: Clock::new(&engine.image().chip, profile, (TimingModel::Simple, engine.workers()), &profile.time),
            timed: !engine.image().chip.banks.is_empty(),
            engine,
            profile: Arc::new(profile.clone()),
            prices: None,
            threads: Vec::new(),
            memory,
            read: Vec::new(),
            past_ps: 0,
            noise_origin: 0,
            remotes: Vec::new(),
        };
        simulation.set_noise_origin(0);
        Ok(simulation)
    }

    fn start(&mut self, hosts: Vec<(ProcessId, HostSpec, Box<dyn HostProcess>)>) {
        let mut ends = self.engine.open_hosts();
        for (id, spec, process) in hosts {
            let Some(k) = ends.iter().position(|end| end.process == id.number()) else { continue };
            let end = ends.swap_remove(k);
            let link = HostLink { from_engine: end.from_engine, to_engine: end.to_engine };
            self.threads.push(std::thread::spawn(move || serve(&spec, process, &link)));
        }
    }

    /// Prices events by another table of the profile than its main one.
    ///
    /// # Errors
    /// If the profile has no table of that name.
    pub fn set_prices(&mut self, name: &str) -> Result<(), Error> {
        let latency = self.profile.prices(Some(name))?.time;
        self.clock.set(&self.engine.image().chip, &self.profile, self.clock.model(), latency);
        self.prices = Some(name.to_owned());
        Ok(())
    }

    /// Chooses the model of the time of a step; [`TimingModel::Simple`] at first. Steps that were run keep their times.
    pub fn set_timing(&mut self, model: TimingModel) {
        let latency = self.clock.latency().clone();
        self.clock.set(&self.engine.image().chip, &self.profile, model, &latency);
    }

    /// The model of the time of a step.
    pub fn timing(&self) -> TimingModel {
        self.clock.model()
    }

    /// Whether the events of each step are kept while time is computed, for power over time (some 250 bytes per step).
    pub fn set_step_counts(&mut self, keep: bool) {
        self.clock.keep_counts(keep);
    }

    /// Whether emulated time is computed in every step; it costs a walk over the packets of each spike.
    pub fn set_timed(&mut self, timed: bool) {
        self.timed = timed && !self.image().chip.banks.is_empty();
    }

    /// How long a process of the user may take for one phase before the run ends with an error.
    pub fn set_patience(&mut self, patience: Duration) {
        self.engine.set_patience(patience);
    }

    /// Runs a number of steps.
    ///
    /// # Errors
    /// If a process fails.
    pub fn run(&mut self, steps: RunSteps) -> Result<Outcome, Error> {
        self.run_with(Some(steps.0), &Control::default())
    }

    /// Runs until done (`None`: without end) or until somebody asks for a pause.
    ///
    /// # Errors
    /// If a process fails.
    pub fn run_with(&mut self, steps: Option<u64>, control: &Control) -> Result<Outcome, Error> {
        if self.timed {
            self.clock.begin();
        }
        let observer = self.timed.then_some(&mut self.clock as &mut dyn Observer);
        let outcome = self.engine.run(steps, control, observer);
        self.clock.finish();
        let outcome = outcome?;
        self.clock.fault().map_or(Ok(outcome), Err)
    }

    /// Reads a variable, the whole array in C order. One on the chip is read by the host, which is counted (`host_read`).
    ///
    /// # Errors
    /// If it is read as integers but runs in floating point.
    pub fn get<T: Number>(&self, var: Var<T>) -> Result<Vec<T>, Error> {
        let process = var.process().number();
        let values = self.engine.get(process, var.index())?;
        T::from_values(values).ok_or_else(|| Error::NotAnInteger { path: self.image().paths[process as usize].clone() })
    }

    /// Writes a variable, the whole array in C order.
    ///
    /// # Errors
    /// If the length differs or a value does not fit its register.
    pub fn set<T: Number>(&mut self, var: Var<T>, values: &[T]) -> Result<(), Error> {
        Ok(self.engine.set(var.process().number(), var.index(), &T::to_values(values))?)
    }

    /// Back to the state before the first step; counters, clock and recordings too. Cells go on with their lives: weights
    /// that learning wrote into them stay, as over power-off.
    ///
    /// # Errors
    /// If a process refuses its own first state.
    pub fn reset(&mut self) -> Result<(), Error> {
        if self.memory.is_some() {
            (self.read, self.past_ps) = self.since_power_on();
            self.engine.set_past(self.past_ps);
        }
        self.engine.reset()?;
        self.set_noise_origin(0);
        self.clock.reset();
        Ok(())
    }

    /// Lets noisy reads of cells and noisy neurons count their steps on from `origin`, so that a run that begins again after a reset draws
    /// other noise. A fresh simulation, and one that was only reset, counts from 0.
    pub fn set_noise_origin(&mut self, origin: u64) {
        self.noise_origin = origin;
        // Every life of the cells has noise of its own.
        let born = self.memory.as_ref().map_or(0, Memory::noise_origin);
        self.engine.set_noise_origin(born.wrapping_add(origin));
    }

    /// The non-volatile memory after the steps that were run since it was powered on, those before a reset included.
    ///
    /// # Errors
    /// [`Error::NoCells`] if no synapses lie in cells; if the ambient temperature is not 25 °C and no activation energy
    /// is assumed.
    pub fn memory(&self) -> Result<Memory, Error> {
        let Some(memory) = &self.memory else {
            return Err(Error::NoCells { chip: self.profile.meta.name.clone() });
        };
        let (spikes, time_ps) = self.since_power_on();
        let mut later = memory.clone();
        match self.engine.learning() {
            Some(learning) => later.set_cells(learning.after(&self.image().chip, &spikes, time_ps)?),
            None => later.pass(&self.image().chip, &spikes, time_ps)?,
        }
        Ok(later)
    }

    /// Voltages of neurons, analog and digital apart, and the weights that cells give now, as three lists of numbers: by
    /// population in the order of the graph, in register units; the weights as [`NvState::seed_form`] has them.
    ///
    /// # Errors
    /// As [`Simulation::memory`].
    pub fn seed_form(&self) -> Result<SeedForm, Error> {
        let mut form = self.memory()?.nv().seed_form()?;
        for bank in &self.image().chip.banks {
            let Some(v) = bank.model.vars().iter().position(|var| var.name == "v") else { continue };
            let list = if bank.circuits.is_some() { &mut form.analog_neurons } else { &mut form.digital_neurons };
            list.extend(self.engine.peek(bank.process, v)?.to_real());
        }
        Ok(form)
    }

    /// Spikes of every source that feeds cells, and the time that has passed.
    fn since_power_on(&self) -> (Vec<(Source, Vec<u64>)>, u64) {
        let chip = &self.image().chip;
        let mut all = Vec::new();
        for (k, source) in chip.sources().enumerate() {
            let mut spikes = match source {
                Source::Train(train) => self.engine.spikes(train),
                Source::Input(input) => self.engine.input_spikes(input).to_vec(),
            };
            let before = self.read.get(k).map_or(&[] as &[u64], |(_, before)| before);
            spikes.iter_mut().zip(before).for_each(|(sum, n)| *sum += n);
            all.push((source, spikes));
        }
        (all, self.past_ps + self.time_ps().unwrap_or(0))
    }

    /// What happened to the cells since power-on, for a report.
    pub(crate) fn cells_report(&self) -> Result<Option<CellsReport>, Error> {
        let Some(before) = &self.memory else { return Ok(None) };
        let programming = self.bill_of(&before.programming_counts(), &Usage::default())?;
        let billed = (!programming.rows.is_empty()).then_some(programming.dynamic_j);
        let seconds = self.since_power_on().1 as f64 * 1e-12;
        let learned = self.engine.learning().map(|learning| (learning.steps(), seconds));
        Ok(Some(self.memory()?.report(before.cells(), billed, learned)))
    }

    /// The running state, to be resumed bit for bit.
    pub fn save(&self) -> Snapshot {
        let kept = |memory: &Memory| KeptCells {
            power_on: memory.nv(),
            programming: memory.programming().cloned(),
            read: self.read.clone(),
            past_ps: self.past_ps,
            noise_origin: self.noise_origin,
            learned: self.engine.learning().map(CellLearning::save),
        };
        let cells = self.memory.as_ref().map(kept);
        Snapshot { engine: self.engine.save(), time_ps: self.clock.total_ps(), cells }
    }

    /// Takes back a running state of the same network, on any number of workers; cells become those of the snapshot.
    ///
    /// # Errors
    /// If it is of another network.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        self.load_cells(snapshot.cells.as_ref())?;
        self.engine.load(&snapshot.engine)?;
        self.clock.resume(snapshot.time_ps);
        if let Some(learned) = snapshot.cells.as_ref().and_then(|kept| kept.learned.as_ref()) {
            self.engine.load_learned(learned, &self.since_power_on().0)?;
        }
        Ok(())
    }

    fn load_cells(&mut self, kept: Option<&KeptCells>) -> Result<(), Error> {
        let refuse = |fault: String| Error::Engine(EngineError::Snapshot { fault });
        let (kept, own) = match (kept, &self.memory) {
            (Some(kept), Some(own)) => (kept, own),
            (None, None) => return Ok(()),
            (Some(_), None) => return Err(refuse("it has non-volatile cells, this network has none".into())),
            (None, Some(_)) => {
                return Err(refuse("it has no non-volatile cells, this network keeps weights in some".into()));
            }
        };
        let chip = &self.engine.image().chip;
        let memory = own.with_cells(chip, &kept.power_on, kept.programming.clone());
        let memory = memory.map_err(|fault| refuse(fault.to_string()))?;
        if self.engine.learning().is_some() || own.nv() != kept.power_on {
            let acting = memory.acting(chip)?;
            self.engine.set_cells(acting)?;
        }
        self.memory = Some(memory);
        (self.read, self.past_ps) = (kept.read.clone(), kept.past_ps);
        self.engine.set_past(self.past_ps);
        self.set_noise_origin(kept.noise_origin);
        Ok(())
    }

    /// What a probe recorded since the last reset.
    pub fn recording(&self, probe: ProbeId) -> &Recording {
        &self.engine.recordings()[probe.number() as usize]
    }

    /// All recordings, by the number of their probe.
    pub fn recordings(&self) -> &[Recording] {
        self.engine.recordings()
    }

    /// Takes what a probe recorded, and lets it record on from nothing: a long run then needs memory for a part of it only.
    pub fn take_recording(&mut self, probe: ProbeId) -> Recording {
        self.engine.take_recording(probe.number() as usize)
    }

    /// Steps done since the last reset.
    pub fn steps(&self) -> u64 {
        self.engine.steps()
    }

    /// All events since the last reset.
    pub fn counts(&self) -> Counts {
        self.engine.counts()
    }

    /// Events by core since the last reset.
    pub fn loads(&self) -> Vec<Counts> {
        self.engine.loads()
    }

    /// Spikes of each neuron of a process on the chip since the last reset, by all its ports together; `None` if it is not
    /// there.
    pub fn spikes(&self, process: ProcessId) -> Option<Vec<u64>> {
        let chip = &self.image().chip;
        let own = chip.trains().enumerate().filter(|(_, bank)| chip.banks[*bank].process == process.number());
        let spikes = own.map(|(train, _)| self.engine.spikes(train));
        spikes.reduce(|sum, more| sum.iter().zip(more).map(|(sum, n)| sum + n).collect())
    }

    /// Spikes of each element of everything that sends packets on the chip since the last reset, by path: populations, and sources that
    /// feed them from off the chip.
    pub(crate) fn spikes_of_sources(&self) -> Vec<(String, Vec<u64>)> {
        let chip = &self.image().chip;
        let own = |source| match source {
            Source::Train(train) => (chip.banks[chip.bank_of(train)].path.clone(), self.engine.spikes(train)),
            Source::Input(input) => (chip.inputs[input].path.clone(), self.engine.input_spikes(input).to_vec()),
        };
        chip.sources().map(own).collect()
    }

    /// Spikes of all neurons that are not on the chip since the last reset; `None` if there are no such neurons.
    pub fn spikes_off_chip(&self) -> Option<u64> {
        self.engine.spikes_off_chip()
    }

    /// Emulated time since the last reset `[ps]`; `None` if it was not computed or the profile knows no times.
    pub fn time_ps(&self) -> Option<u64> {
        (self.timed && self.clock.knows()).then_some(self.clock.total_ps())
    }

    /// The length of each step since the last reset, and what set it; none if the profile knows no times.
    pub fn step_times(&self) -> &[StepTime] {
        if self.clock.knows() { self.clock.steps() } else { &[] }
    }

    /// Steps since the last reset that lasted longer than the tick of the chip: it cannot keep its pace. `None` if it has no
    /// tick, or times were not computed.
    pub fn late_steps(&self) -> Option<u64> {
        let tick_ps = self.profile.timestep.tick.as_ref()?.ps();
        let late = self.clock.steps().iter().filter(|time| time.total_ps > tick_ps).count();
        self.timed.then_some(late as u64)
    }

    /// The events of each step since the last reset, if they are kept.
    pub fn step_counts(&self) -> &[Counts] {
        self.clock.counts()
    }

    /// The chips, cores and time that static power is charged for.
    pub fn usage(&self) -> Usage {
        let chip = &self.image().chip;
        Usage { chips: chip.used_chips(), cores: chip.used_cores(), embedded_cpus: 0, time_ps: self.time_ps() }
    }

    /// Name of the price tables.
    pub fn prices(&self) -> &str {
        self.prices.as_deref().unwrap_or(&self.profile.meta.prices)
    }

    /// The price of all events since the last reset.
    ///
    /// # Errors
    /// If the profile's table forbids a term.
    pub fn bill(&self) -> Result<Bill, Error> {
        self.bill_of(&self.counts(), &self.usage())
    }

    /// The price of any counts by this simulation's tables.
    ///
    /// # Errors
    /// If the profile's table forbids a term.
    pub fn bill_of(&self, counts: &Counts, usage: &Usage) -> Result<Bill, Error> {
        let prices = self.profile.prices(self.prices.as_deref())?;
        Ok(Bill::price(counts, prices.energy, prices.static_power, usage)?)
    }

    /// Wraps, clips and saturations, and what a `BitCheck` found: each record with the path of its process.
    pub fn overflow(&self) -> Vec<(String, OverflowRecord)> {
        let all = self.engine.overflow().into_iter().zip(&self.image().paths);
        let all = all.flat_map(|(records, path)| records.into_iter().map(move |record| (path.clone(), record)));
        let checked = self.remotes.iter().filter_map(|(path, remote)| Some((path.clone(), remote.overflow()?)));
        all.chain(checked).collect()
    }

    /// The processes that act on a variable of another, with their paths.
    pub fn remotes(&self) -> &[(String, RemoteProcess)] {
        &self.remotes
    }

    /// What all steps since the last reset came to; `wall` is how long they took here.
    ///
    /// # Errors
    /// If the profile's table forbids a term.
    pub fn report(&self, model: &str, wall: Duration) -> Result<RunReport, Error> {
        Ok(RunReport::new(&Run {
            model,
            image: self.image(),
            profile: &self.profile,
            prices: self.prices(),
            workers: self.workers(),
            timing: self.timing(),
            steps: self.steps(),
            counts: &self.counts(),
            spikes_off_chip: self.spikes_off_chip(),
            bill: &self.bill()?,
            usage: &self.usage(),
            late_steps: self.late_steps(),
            wall,
            overflow: &self.overflow(),
            parts: &self.parts(),
            cells: self.cells_report()?,
        }))
    }

    /// How full each core is.
    pub fn core_uses(&self) -> Vec<CoreUse> {
        core_uses(&self.image().chip)
    }

    /// What was placed where.
    pub fn image(&self) -> &Image {
        self.engine.image()
    }

    /// The chip.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Whether the wall time of each phase is taken, from now on and from zero.
    pub fn set_measured(&mut self, on: bool) {
        self.engine.set_measured(on);
    }

    /// The wall time of each phase since measuring began; all zero if it is not taken.
    pub fn phases(&self) -> Phases {
        self.engine.phases()
    }

    /// Bytes of the synapses in execution, of all workers.
    pub fn synapse_bytes(&self) -> usize {
        self.engine.synapse_bytes()
    }

    /// Updates of neurons on the chip since the last reset: neurons with input, bias or state.
    pub fn updates(&self) -> u64 {
        (0..self.image().chip.banks.len()).map(|bank| self.engine.updates(bank)).sum()
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Number of workers.
    pub fn workers(&self) -> usize {
        self.engine.workers()
    }
}
