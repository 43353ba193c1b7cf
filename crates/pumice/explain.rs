//! Why a step took as long as it did, and where the energy went.

use std::fmt;

use pumice_chip::timing::{Link, Resource, Side, StepTime};
use pumice_chip::{Source, count_updates, drawn_by_core, fetched_words};
use pumice_meter::{Bill, Component, Counts, Event, Term, Usage};

use pumice_report::{Parts, Power};

use crate::{Error, Simulation};

/// What set the length of one step, and what would move it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepExplanation {
    /// The step, counted from 1.
    pub step: u64,
    /// Its length and the cores behind it.
    pub time: StepTime,
    /// The processes with neurons on the core that set the length.
    pub processes: Vec<String>,
    /// The processes with neurons on the next slowest core.
    pub next_processes: Vec<String>,
}

/// Picoseconds as nanoseconds.
fn ns(ps: u64) -> String {
    format!("{}.{:03} ns", ps / 1000, ps % 1000)
}

fn link(link: Link) -> String {
    match link.side {
        Side::East => format!("the link into tile {} from the east", link.tile),
        Side::West => format!("the link into tile {} from the west", link.tile),
        Side::North => format!("the link into tile {} from the north", link.tile),
        Side::South => format!("the link into tile {} from the south", link.tile),
        Side::Core => format!("the port of core {}", link.tile),
        Side::ChipEast => format!("the link between chips into tile {} from the east", link.tile),
        Side::ChipWest => format!("the link between chips into tile {} from the west", link.tile),
        Side::ChipNorth => format!("the link between chips into tile {} from the north", link.tile),
        Side::ChipSouth => format!("the link between chips into tile {} from the south", link.tile),
    }
}

impl StepExplanation {
    fn cause(&self) -> String {
        let core = self.time.core.map_or("no core".to_owned(), |core| format!("core {core}"));
        let what = match self.time.resource {
            Resource::Nothing => return "nothing was done in it".to_owned(),
            Resource::Tick => return "the tick of the chip set it; all work was done earlier".to_owned(),
            Resource::Barrier => return "the barrier set it; it takes longer than the work".to_owned(),
            Resource::Network => {
                let link = self.time.link.map_or("links between tiles".to_owned(), link);
                return match self.time.core {
                    Some(core) => format!("{link} set it; core {core} waited for packets"),
                    None => format!("{link} set it"),
                };
            }
            Resource::Neurons => "updates of neurons",
            Resource::Sending => "sending of packets",
            Resource::Generation => "updates of neurons and sending of packets",
            Resource::Receiving => "taking in of packets",
            Resource::Synapses => "synapses",
            Resource::Memory => "synaptic memory",
            Resource::Processing => "taking in of packets and synapses",
        };
        format!("{what} on {core}{} set it", of(&self.processes))
    }

    /// What would make the step shorter, and by how much.
    fn remedy(&self) -> String {
        let time = &self.time;
        match time.resource {
            Resource::Nothing => String::new(),
            Resource::Tick => {
                format!(
                    "{} of the tick are left; only a shorter tick makes it shorter",
                    ns(time.total_ps - time.work_ps - time.barrier_ps)
                )
            }
            Resource::Barrier => {
                "fewer chips in use, or on one chip fewer tiles, make the barrier shorter, if the profile has it by their number"
                    .to_owned()
            }
            _ => match time.next_core {
                Some(core) => format!(
                    "moving work off it gains at most {}; then core {core}{} is slowest with {}",
                    ns(time.slack_ps()),
                    of(&self.next_processes),
                    ns(time.next_ps)
                ),
                None => {
                    format!("no other core had work; spreading it over more cores gains at most {}", ns(time.work_ps))
                }
            },
        }
    }
}

/// Adds up the counts of equal names, in the order in which they first occur.
pub(crate) fn merge(parts: impl IntoIterator<Item = (String, Counts)>) -> Vec<(String, Counts)> {
    let mut all: Vec<(String, Counts)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for (name, counts) in parts {
        let place = *places.entry(name.clone()).or_insert(all.len());
        match all.get_mut(place) {
            Some((_, sum)) => *sum += &counts,
            None => all.push((name, counts)),
        }
    }
    all
}

fn of(processes: &[String]) -> String {
    match processes {
        [] => String::new(),
        all => format!(" ({})", all.join(", ")),
    }
}

impl fmt::Display for StepExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = &self.time;
        writeln!(
            f,
            "step {} took {}: work {}, barrier {}",
            self.step,
            ns(time.total_ps),
            ns(time.work_ps),
            ns(time.barrier_ps)
        )?;
        writeln!(f, "{}", self.cause())?;
        match self.remedy() {
            text if text.is_empty() => Ok(()),
            text => writeln!(f, "{text}"),
        }
    }
}

/// One row of a table of energy: a process or a core, and what it spent on what.
#[derive(Clone, Debug, PartialEq)]
pub struct EnergyPart {
    /// Path of the process, or `core 3`.
    pub name: String,
    /// Its events.
    pub counts: Counts,
    /// Energy by component `[J]`, in the order of [`Component::ALL`]; static power belongs to no part.
    pub energy_j: [f64; 7],
    /// All of it `[J]`.
    pub total_j: f64,
}

/// Spikes and what they set off before weights were last written such that synapses came or went.
const BEFORE: &str = "before weights changed";

/// Updates of synapses of several learning connections.
const LEARNING: &str = "learning connections";

impl Simulation {
    /// Why a step, counted from 1, took as long as it did.
    ///
    /// # Errors
    /// If the step was not run since the last reset, or its time was not computed.
    pub fn explain_step(&self, step: u64) -> Result<StepExplanation, Error> {
        let times = self.step_times();
        // Steps before a snapshot that was taken back have no times.
        let first = self.steps() + 1 - (times.len() as u64).min(self.steps());
        let place = step.checked_sub(first).and_then(|k| times.get(k as usize));
        let time = *place.ok_or(Error::NoStep { step, first, last: self.steps() })?;
        let on = |core: Option<u32>| core.map_or(Vec::new(), |core| self.processes_on(core));
        Ok(StepExplanation { step, processes: on(time.core), next_processes: on(time.next_core), time })
    }

    fn processes_on(&self, core: u32) -> Vec<String> {
        let chip = &self.image().chip;
        let mut banks: Vec<usize> = chip.segments.iter().filter(|s| s.core.0 == core).map(|s| s.bank).collect();
        banks.sort_unstable();
        banks.dedup();
        banks.into_iter().map(|b| chip.banks[b].path.clone()).collect()
    }

    /// Events by process on the chip: neurons and their packets by population, synapses by connection, spikes from
    /// outside by their source. After a snapshot was taken back, neuron updates and random numbers before it belong to no process.
    pub fn counts_by_process(&self) -> Vec<(String, Counts)> {
        merge(self.counted().into_iter().map(|(process, _, counts)| (process, counts)))
    }

    /// Events by layer: a population with the connections that feed it. What enters from outside is a layer of its source.
    pub fn counts_by_layer(&self) -> Vec<(String, Counts)> {
        merge(self.counted().into_iter().map(|(_, layer, counts)| (layer, counts)))
    }

    /// Updates of learning synapses, the random numbers that they take, writes where they grow, and what programmed them into cells: of the one learning
    /// connection, or of all together, as cores count them.
    fn learned(&self) -> Option<(String, String, Counts)> {
        let loads = self.loads();
        let mut sum = Counts::default();
        for event in [Event::SynapseUpdate, Event::WeightWrite, Event::CellPulse, Event::CellVerifyRead] {
            sum.add(event, loads.iter().map(|load| load[event]).sum());
        }
        sum.add(Event::RandomNumber, self.engine().learned()[Event::RandomNumber]);
        let chip = &self.image().chip;
        let (process, layer) = match &chip.plastic[..] {
            [one] => (one.path.clone(), chip.banks.get(one.target).map_or(one.path.clone(), |bank| bank.path.clone())),
            _ => (LEARNING.to_owned(), LEARNING.to_owned()),
        };
        (!sum.is_empty()).then_some((process, layer, sum))
    }

    /// Process, layer and events of everything that counts.
    fn counted(&self) -> Vec<(String, String, Counts)> {
        let (engine, chip) = (self.engine(), &self.image().chip);
        let mut parts = Vec::new();
        for (b, bank) in chip.banks.iter().enumerate() {
            let mut counts = Counts::default();
            count_updates(bank.circuits.is_some(), &mut counts, bank.n as u64 * engine.steps(), engine.updates(b));
            counts.add(Event::RandomNumber, engine.random_numbers(b));
            for source in chip.sources().filter(|source| chip.sender(*source) == Some(b)) {
                self.add_packets(source, &engine.spikes_since(source), &mut counts);
            }
            parts.push((bank.path.clone(), bank.path.clone(), counts));
        }
        for (k, input) in chip.inputs.iter().enumerate() {
            let mut counts = Counts::default();
            self.add_packets(Source::Input(k), &engine.spikes_since(Source::Input(k)), &mut counts);
            parts.push((input.path.clone(), input.path.clone(), counts));
        }
        let mut connection = |path: &str, target: usize, event: Event, [reads, words]: [u64; 2]| {
            let mut counts = Counts::default();
            counts.add(event, reads);
            counts.add(Event::SynapseMemoryWord, words);
            counts.add(Event::DendriteOperation, if event == Event::SynapseReadCell { 0 } else { reads });
            parts.push((path.to_owned(), chip.banks[target].path.clone(), counts));
        };
        for (k, p) in chip.projections.iter().enumerate() {
            let rows = engine.rows(k);
            let lengths = rows.start.windows(2).map(|ends| (ends[1] - ends[0]) as u64);
            let spikes = engine.spikes_since(p.source);
            let reads = lengths.zip(&spikes).map(|(row, n)| row * n).sum();
            let words = fetched_words(chip, p, rows).iter().zip(&spikes).map(|(words, n)| words * n).sum();
            connection(&p.path, p.target, chip.read_event(p), [reads, words]);
        }
        for p in &chip.drawn {
            let spikes = engine.spikes_since(p.source);
            let fetched = drawn_by_core(chip, p).into_iter().fold([0; 2], |[reads, words], own| {
                let n = spikes[own.source as usize];
                [reads + u64::from(own.n) * n, words + u64::from(own.words) * n]
            });
            connection(&p.path, p.target, Event::SynapseReadSparse, fetched);
        }
        parts.extend(self.learned());
        let settled: Counts = engine.settled().loads.iter().sum();
        if !settled.is_empty() {
            parts.push((BEFORE.to_owned(), BEFORE.to_owned(), settled));
        }
        parts
    }

    /// Adds what spikes of a source set off, its synapses left out.
    fn add_packets(&self, source: Source, spikes: &[u64], counts: &mut Counts) {
        let mut sum = Counts::default();
        for (i, n) in spikes.iter().enumerate().filter(|(_, n)| **n > 0) {
            self.engine().routes().add_to_sum(source, i, *n, &mut sum);
        }
        for (event, n) in sum.iter().filter(|(event, _)| Component::of(&Term::Event(*event)) != Component::Synapses) {
            counts.add(event, n);
        }
    }

    /// Events by layer, process and core, for tables of energy.
    pub fn parts(&self) -> Parts {
        Parts { layers: self.counts_by_layer(), processes: self.counts_by_process(), cores: self.loads() }
    }

    /// Power over the steps whose events were kept.
    ///
    /// # Errors
    /// If the profile's table forbids a term.
    pub fn power(&self) -> Result<Power, Error> {
        let (times, counts) = (self.step_times(), self.step_counts());
        let mut power = Power::default();
        for (time, counts) in times[times.len().saturating_sub(counts.len())..].iter().zip(counts) {
            let bill = self.bill_of(counts, &Usage { time_ps: Some(time.total_ps), ..self.usage() })?;
            power.step_s.push(time.total_ps as f64 * 1e-12);
            power.components_j.push(by_component(&bill));
        }
        Ok(power)
    }

    /// Energy by process on the chip.
    ///
    /// # Errors
    /// If the profile's table forbids a term.
    pub fn energy_by_process(&self) -> Result<Vec<EnergyPart>, Error> {
        self.counts_by_process().into_iter().map(|(name, counts)| self.part(name, counts)).collect()
    }

    /// Energy by core.
    ///
    /// # Errors
    /// If the profile's table forbids a term.
    pub fn energy_by_core(&self) -> Result<Vec<EnergyPart>, Error> {
        let loads = self.loads().into_iter().enumerate();
        loads.map(|(core, counts)| self.part(format!("core {core}"), counts)).collect()
    }

    fn part(&self, name: String, counts: Counts) -> Result<EnergyPart, Error> {
        let bill = self.bill_of(&counts, &Usage::default())?;
        let energy_j = by_component(&bill);
        Ok(EnergyPart { name, counts, energy_j, total_j: bill.dynamic_j })
    }

    /// Mean power of each step whose events were kept `[W]`: static power, and the energy of its events over its length.
    ///
    /// # Errors
    /// If the profile's table forbids a term.
    pub fn power_over_time(&self) -> Result<Vec<f64>, Error> {
        let times = self.step_times();
        let counts = self.step_counts();
        let kept = &times[times.len().saturating_sub(counts.len())..];
        let power = |(time, counts): (&StepTime, &Counts)| {
            let bill = self.bill_of(counts, &Usage { time_ps: Some(time.total_ps), ..self.usage() })?;
            Ok(match time.total_ps {
                0 => 0.0,
                ps => bill.total_j / (ps as f64 * 1e-12),
            })
        };
        kept.iter().zip(counts).map(power).collect()
    }
}

/// The energy of a bill by component `[J]`, in the order of [`Component::ALL`].
fn by_component(bill: &Bill) -> [f64; 7] {
    Component::ALL.map(|c| bill.rows.iter().filter(|row| Component::of(&row.term) == c).map(|row| row.energy_j).sum())
}

/// Energy per spike and per synaptic event `[J]`; absent where there was none.
pub(crate) fn per_event(counts: &Counts, bill: &Bill) -> (Option<f64>, Option<f64>) {
    let each = |n: u64| (n > 0).then(|| bill.total_j / n as f64);
    (each(counts.spikes()), each(counts.synaptic_events()))
}

impl Simulation {
    /// All energy over the number of spikes and over the number of synaptic events `[J]`; absent where there was none.
    ///
    /// # Errors
    /// If the profile's table forbids a term.
    pub fn energy_per_event(&self) -> Result<(Option<f64>, Option<f64>), Error> {
        Ok(per_event(&self.counts(), &self.bill()?))
    }

    /// Energy of the whole run by component `[J]`, in the order of [`Component::ALL`].
    ///
    /// # Errors
    /// If the profile's table forbids a term.
    pub fn energy_by_component(&self) -> Result<[f64; 7], Error> {
        Ok(by_component(&self.bill()?))
    }
}

#[cfg(test)]
mod tests {
    use pumice_chip::timing::TimingModel;

    use super::*;
    use crate::prelude::*;

    /// Two populations on different cores: the first drives itself and the second.
    fn simulation(profile: &str, timing: TimingModel, workers: usize) -> Simulation {
        let mut graph = Graph::new();
        let lif =
            |n: usize, bias: i32| Lif { bias_mant: bias.into(), bias_exp: 6.into(), vth: 100.into(), ..Lif::new(&[n]) };
        let a = graph.add("a", lif(40, 30)).unwrap();
        let b = graph.add("b", lif(20, 0)).unwrap();
        let ab = graph.add("ab", Dense::new(vec![vec![3.0; 40]; 20])).unwrap();
        let aa = graph.add("aa", Dense::new(vec![vec![-1.0; 40]; 40])).unwrap();
        graph.connect(a.s_out, ab.s_in).unwrap();
        graph.connect(ab.a_out, b.a_in).unwrap();
        graph.connect(a.s_out, aa.s_in).unwrap();
        graph.connect(aa.a_out, a.a_in).unwrap();
        let config = RunConfig::default().workers(workers);
        let mut simulation = Simulation::new(graph, &Profile::load(profile).unwrap(), &config).unwrap();
        simulation.set_timing(timing);
        simulation.set_step_counts(true);
        simulation.run(RunSteps(40)).unwrap();
        assert!(simulation.counts()[Event::NeuronSpike] > 100, "the network is alive");
        simulation
    }

    #[test]
    fn the_parts_of_the_energy_are_the_whole() {
        let simulation = simulation("loihi1", TimingModel::Queue, 1);
        let bill = simulation.bill().unwrap();
        let counts: Counts = simulation.counts_by_process().iter().map(|(_, counts)| counts).sum();
        let mut wanted = Counts::default();
        simulation.loads().iter().for_each(|load| wanted += load);
        assert_eq!(counts, wanted);
        for parts in [simulation.energy_by_process().unwrap(), simulation.energy_by_core().unwrap()] {
            let sum: f64 = parts.iter().map(|part| part.total_j).sum();
            assert!((sum / bill.dynamic_j - 1.0).abs() < 1e-12, "{sum:e} {:e}", bill.dynamic_j);
            assert!(parts.iter().any(|part| part.total_j > 0.0));
        }
        let by_component: f64 = simulation.energy_by_component().unwrap().iter().sum();
        assert!((by_component / bill.total_j - 1.0).abs() < 1e-12);
        let (spike, event) = simulation.energy_per_event().unwrap();
        assert!(spike.unwrap() > event.unwrap());
    }

    #[test]
    fn power_times_time_is_the_energy() {
        let simulation = simulation("loihi1", TimingModel::Simple, 1);
        let power = simulation.power_over_time().unwrap();
        assert_eq!(power.len(), 40);
        let times = simulation.step_times().iter().map(|time| time.total_ps as f64 * 1e-12);
        let energy: f64 = power.iter().zip(times).map(|(w, s)| w * s).sum();
        assert!((energy / simulation.bill().unwrap().total_j - 1.0).abs() < 1e-9);
    }

    #[test]
    fn steps_are_explained_alike_by_any_number_of_workers() {
        for model in TimingModel::ALL {
            let one = simulation("loihi1", *model, 1);
            let text: Vec<String> = (1..=40).map(|step| one.explain_step(step).unwrap().to_string()).collect();
            assert!(text.iter().all(|text| text.contains(" set it")), "{model}: {text:?}");
            let three = simulation("loihi1", *model, 3);
            assert_eq!(one.step_times(), three.step_times(), "{model}");
            let error = one.explain_step(41).unwrap_err();
            assert_eq!(error.to_string(), "step 41 has no time; the times of steps 1 to 40 are known");
        }
    }

    /// Whatever is still on its way when a run ends is waited for.
    #[test]
    fn every_pause_knows_its_time_on_any_number_of_workers() {
        let mut all = [1, 2, 3].map(|workers| simulation("loihi1", TimingModel::Flit, workers));
        for steps in [1, 2, 7, 13] {
            let times = all.each_mut().map(|simulation| {
                simulation.run(RunSteps(steps)).unwrap();
                (simulation.time_ps(), simulation.step_times().len() as u64)
            });
            assert_eq!(times[0].1, all[0].steps());
            assert_eq!([&times[1], &times[2]], [&times[0]; 2]);
        }
    }

    #[test]
    fn a_tick_sets_the_time_of_a_throttled_chip() {
        let simulation = simulation("spinnaker1", TimingModel::Simple, 1);
        assert_eq!(simulation.time_ps(), Some(40 * 1_000_000_000));
        let explanation = simulation.explain_step(7).unwrap();
        assert_eq!(explanation.time.resource, Resource::Tick);
        assert!(explanation.to_string().contains("the tick of the chip set it"), "{explanation}");
    }
}
