//! What a run came to.
//!
//! [`RunReport`] is the result as `pumice run --json` prints it and `result.json` holds it. Its keys are stable:
//! they may be added to, but none changes its meaning or its unit, which ends the key (`_j`, `_s`). A key that
//! does not apply is null: nothing on the chip was run, no price is known, there was no task.

use std::collections::BTreeMap;
use std::time::Duration;

use pumice_chip::timing::TimingModel;
use pumice_engine::{Image, UnitBody, Where};
use pumice_meter::{Bill, Bound, Counts, Evidence, Row, Term, Unpriced, Usage};
use pumice_models::OverflowRecord;
use pumice_profile::{Family, Profile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::analog::AnalogReport;
use crate::cells::CellsReport;
use crate::decay::DecayRow;
use crate::energy::{EnergyTables, Parts};
use crate::map::{Map, Utilisation};
use crate::neurobench::NeuroBench;
use crate::placement::PlacementReport;
use crate::text::counted;

/// Everything that a report is made from.
#[derive(Debug)]
pub struct Run<'a> {
    /// Name of the network.
    pub model: &'a str,
    /// What was placed where.
    pub image: &'a Image,
    /// The chip.
    pub profile: &'a Profile,
    /// Name of the price tables.
    pub prices: &'a str,
    /// Number of workers.
    pub workers: usize,
    /// Model of the time of a step.
    pub timing: TimingModel,
    /// Steps of all samples.
    pub steps: u64,
    /// Events of all samples.
    pub counts: &'a Counts,
    /// Spikes of all neurons off the chip, if there are such neurons.
    pub spikes_off_chip: Option<u64>,
    /// Their price.
    pub bill: &'a Bill,
    /// Chips, cores and time of all samples.
    pub usage: &'a Usage,
    /// Steps that lasted longer than the tick of the chip, if it has one and their times are known.
    pub late_steps: Option<u64>,
    /// How long it took here.
    pub wall: Duration,
    /// Wraps, clips and saturations by path of the process.
    pub overflow: &'a [(String, OverflowRecord)],
    /// Events by part.
    pub parts: &'a Parts,
    /// What happened to the non-volatile cells, if the chip has some.
    pub cells: Option<CellsReport>,
}

impl Run<'_> {
    /// Whether neurons lie on the chip.
    fn emulated(&self) -> bool {
        !self.image.chip.banks.is_empty()
    }
}

/// What a classification came to, by sample.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// The right classes.
    pub labels: Vec<usize>,
    /// The classes found in fixed point, on the chip or off it.
    pub fixed: Option<Vec<usize>>,
    /// The classes found in floating point.
    pub float: Option<Vec<usize>>,
    /// Emulated time of each sample `[ps]`; empty if it is not known.
    pub time_ps: Vec<u64>,
    /// How long the floating-point twin took here.
    pub float_wall: Option<Duration>,
}

/// What a run came to: accuracy, events, energy with provenance, time, and how full the chip was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunReport {
    /// Version of Pumice.
    pub version: String,
    /// Name of the network.
    pub model: String,
    /// Name of the profile.
    pub profile: String,
    /// Name of the chip for people.
    pub chip: String,
    /// How the chip computes, in broad terms; `ideal` is no chip at all.
    pub chip_family: Family,
    /// Name of the price tables.
    pub prices: String,
    /// Name of the arithmetic.
    pub arithmetic: String,
    /// Why this is not the chip's own arithmetic; null when it is.
    pub arithmetic_stand_in: Option<String>,
    /// Seed of all random draws.
    pub seed: u64,
    /// Worker threads; no result depends on it.
    pub workers: u64,
    /// Steps of all samples, or of the run without a task.
    pub steps: u64,
    /// What computed each process: `chip`, `fixed`, `float`, or `host` for a process of the user.
    pub backends: Vec<ProcessBackend>,

    /// Samples classified; null without a task.
    pub samples: Option<u64>,
    /// The part of the samples classified rightly in fixed point, `0..=1`.
    pub accuracy_fixed: Option<f64>,
    /// The part of the samples classified rightly by the floating-point twin, `0..=1`.
    pub accuracy_float: Option<f64>,
    /// The part of the samples to which both gave the same answer, right or wrong, `0..=1`.
    pub agreement: Option<f64>,

    /// Neurons on the chip.
    pub neurons: u64,
    /// Synapses on the chip that are not zero.
    pub synapses: u64,
    /// Spikes of all neurons on the chip; spikes of sources are `counts.host_spike_in`.
    pub spikes: Option<u64>,
    /// Spikes of all neurons off the chip; `null` if there are no such neurons.
    pub spikes_off_chip: Option<u64>,
    /// Synapses on the chip that were read and accumulated because of a spike.
    pub synaptic_events: Option<u64>,
    /// How often each event happened; only those that did.
    pub counts: BTreeMap<String, u64>,

    /// Dynamic and static energy of all priced terms `[J]`; null when no price is known.
    pub energy_j: Option<f64>,
    /// Energy of events `[J]`.
    pub energy_dynamic_j: Option<f64>,
    /// Static power times emulated time `[J]`; null when one of them is not known.
    pub energy_static_j: Option<f64>,
    /// `energy_j` with every price at the lower and at the upper end of the range its source gives.
    pub energy_range_j: Option<EnergyRange>,
    /// `energy_j / samples` `[J]`.
    pub energy_per_inference_j: Option<f64>,
    /// `energy_j / spikes` `[J]`: all energy, static too, over all spikes of neurons on the chip.
    pub energy_per_spike_j: Option<f64>,
    /// `energy_j / synaptic_events` `[J]`: all energy, static too.
    pub energy_per_synaptic_event_j: Option<f64>,
    /// The weakest evidence of any price used: `measured`, `fitted`, `derived`, `simulated`, `vendor`, `recalled` or
    /// `assumed`.
    pub weakest_evidence: Option<Evidence>,
    /// The bill: one row for each term that occurred and has a price.
    pub bill: Vec<BillRow>,
    /// Terms that occurred and have no known price: the energy does not contain them.
    pub unpriced: Vec<EventCount>,
    /// Events that occurred and are contained in an all-in synaptic price.
    pub included: Vec<EventCount>,
    /// Where the energy went: by component, layer, process and core.
    pub energy: EnergyTables,
    /// The metrics of NeuroBench; null when nothing was run on the chip.
    pub neurobench: Option<NeuroBench>,

    /// Model of the time of a step: `bound`, `simple`, `queue` or `flit`.
    pub timing: Option<String>,
    /// Emulated time of all samples `[s]`; null when the profile does not tell it.
    pub emulated_time_s: Option<f64>,
    /// Emulated time of one sample `[s]`.
    pub time_per_inference_s: Option<TimePerInference>,
    /// Events that occurred and have no known latency: the emulated time does not contain them.
    pub untimed: Vec<String>,
    /// What every step lasts at least `[s]`; null where the chip runs free.
    #[serde(default)]
    pub tick_s: Option<f64>,
    /// Steps that lasted longer than the tick of the chip, so that it cannot keep its pace; `null` without a tick.
    pub late_steps: Option<u64>,
    /// Time that the run took here `[s]`, without the floating-point twin.
    pub wall_time_s: f64,
    /// Time that the floating-point twin took here `[s]`.
    pub wall_time_float_s: Option<f64>,
    /// `synaptic_events / wall_time_s`.
    pub events_per_second: Option<f64>,

    /// Cores in use.
    pub cores_used: u64,
    /// Cores of all chips; null when the profile does not say.
    pub cores_available: Option<u64>,
    /// Synapse memory in use on all cores `[bit]`.
    pub synapse_memory_bits: u64,
    /// How the network came to its places; null where it was packed or the user laid it.
    #[serde(default)]
    pub placement: Option<PlacementReport>,
    /// How full the used cores are, limit by limit.
    pub utilisation: UtilisationTable,
    /// Decays that were given as fractions or time constants.
    #[serde(default)]
    pub decays: Vec<DecayRow>,
    /// Values that left their registers.
    pub overflow: Vec<OverflowRow>,
    /// What happened to the non-volatile cells; null on a chip without them.
    #[serde(default)]
    pub cells: Option<CellsReport>,
    /// The analog neurons; null where all neurons are digital.
    #[serde(default)]
    pub analog: Option<AnalogReport>,
}

/// What computed a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcessBackend {
    /// Path of the process.
    pub process: String,
    /// `chip`, `fixed`, `float` or `host`.
    pub backend: String,
}

/// One line of a bill: `energy_j = count * price_j`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillRow {
    /// The event, or the term of static power.
    pub event: String,
    /// How often it was charged.
    pub count: u64,
    /// Price of one `[J]`; for static power watts times emulated time.
    pub price_j: f64,
    /// Energy `[J]`.
    pub energy_j: f64,
    /// Energy `[J]` at the ends of the range that the source gives.
    pub range_j: [f64; 2],
    /// `min` or `max` when the source quotes the price as a minimum or maximum only.
    pub bound: Option<Bound>,
    /// How well the price is supported.
    pub evidence: Evidence,
    /// Where the price comes from.
    pub source: String,
}

/// An event and how often it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventCount {
    /// The event, or the term of static power.
    pub event: String,
    /// How often.
    pub count: u64,
}

/// The range of an energy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnergyRange {
    /// Every price at its lower end `[J]`.
    pub low: f64,
    /// Every price at its upper end `[J]`.
    pub high: f64,
    /// True when a price is quoted as a maximum: the energy may be lower than `low`.
    pub may_be_lower: bool,
    /// True when a price is quoted as a minimum: the energy may be higher than `high`.
    pub may_be_higher: bool,
}

/// Emulated time of one sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimePerInference {
    /// Mean over all samples `[s]`.
    pub mean: f64,
    /// The longest `[s]`.
    pub max: f64,
}

/// How full the used cores are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UtilisationTable {
    /// Neurons.
    pub neurons: Utilisation,
    /// Synapses, where their number is limited.
    pub synapses: Utilisation,
    /// Synapse memory `[bit]`.
    pub synapse_bits: Utilisation,
    /// Sources whose packets a core receives.
    pub axons_in: Utilisation,
    /// Pairs of a neuron and a core that receives its packets.
    pub axons_out: Utilisation,
    /// The most synapses of one neuron.
    pub fan_in: Utilisation,
    /// The most destination cores of one neuron.
    pub destinations: Utilisation,
}

/// How often a variable of a process left its register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OverflowRow {
    /// Path of the process.
    pub process: String,
    /// The variable.
    pub variable: String,
    /// `wrap`, `saturate`, `clip`, `exceed` or `truncate`.
    pub kind: String,
    /// How often.
    pub count: u64,
    /// Step of the first time, counted within its sample; 0 is before the first step.
    pub first_step: u64,
    /// Element of the variable where it was the first time.
    pub first_index: u32,
}

impl RunReport {
    /// The report of a run without a task.
    pub fn new(run: &Run<'_>) -> Self {
        let (map, wall, emulated) = (Map::new(&run.image.chip, run.profile), run.wall.as_secs_f64(), run.emulated());
        let [spikes, synaptic] = [run.counts.spikes(), run.counts.synaptic_events()].map(|n| emulated.then_some(n));
        let bill = Some(run.bill).filter(|bill| emulated && !bill.rows.is_empty());
        let (energy, time) = (bill.map(|bill| bill.total_j), run.usage.time_ps.filter(|_| emulated));
        let each = |n: Option<u64>| energy.zip(n.filter(|n| *n > 0)).map(|(j, n)| j / n as f64);
        RunReport {
            version: env!("CARGO_PKG_VERSION").into(),
            model: run.model.into(),
            profile: run.profile.meta.name.clone(),
            chip: run.profile.meta.display.clone(),
            chip_family: run.profile.meta.family,
            prices: run.prices.into(),
            arithmetic: run.image.arithmetic.name.clone(),
            arithmetic_stand_in: run.profile.arithmetic.stand_in.clone(),
            seed: run.image.chip.seed,
            workers: run.workers as u64,
            steps: run.steps,
            backends: backends(run.image),
            samples: None,
            accuracy_fixed: None,
            accuracy_float: None,
            agreement: None,
            neurons: map.neurons,
            synapses: map.synapses,
            spikes,
            spikes_off_chip: run.spikes_off_chip,
            synaptic_events: synaptic,
            counts: counts(run.counts),
            energy_j: energy,
            energy_dynamic_j: bill.map(|bill| bill.dynamic_j),
            energy_static_j: bill.filter(|bill| has_static(bill)).map(|bill| bill.static_j),
            energy_range_j: bill.map(EnergyRange::from),
            energy_per_inference_j: None,
            energy_per_spike_j: each(spikes),
            energy_per_synaptic_event_j: each(synaptic),
            weakest_evidence: bill.and_then(|bill| bill.weakest),
            bill: run.bill.rows.iter().map(BillRow::from).collect(),
            unpriced: if emulated { lines(&run.bill.unpriced) } else { Vec::new() },
            included: lines(&run.bill.included),
            energy: energy_tables(run),
            neurobench: emulated.then(|| NeuroBench::new(run, map.synapse_bits())),
            timing: time.map(|_| run.timing.name().into()),
            emulated_time_s: time.map(seconds),
            time_per_inference_s: None,
            untimed: if time.is_some() { untimed(run) } else { Vec::new() },
            tick_s: run.profile.timestep.tick.as_ref().filter(|_| time.is_some()).map(|tick| seconds(tick.ps())),
            late_steps: run.late_steps,
            wall_time_s: wall,
            wall_time_float_s: None,
            events_per_second: synaptic.filter(|_| wall > 0.0).map(|n| n as f64 / wall),
            cores_used: map.cores_used,
            cores_available: map.cores_available,
            synapse_memory_bits: map.synapse_bits(),
            placement: None,
            utilisation: UtilisationTable::from(&map),
            decays: DecayRow::all(run.image),
            overflow: run.overflow.iter().map(OverflowRow::from).collect(),
            cells: run.cells.clone(),
            analog: AnalogReport::new(&run.image.chip, run.profile),
        }
    }

    /// The same with what a classification came to, and everything by inference.
    #[must_use]
    pub fn classified(mut self, answers: &Answers) -> Self {
        let n = answers.labels.len();
        let same = |a: &[usize], b: &[usize]| {
            let equal = a.iter().zip(b).filter(|(a, b)| a == b).count();
            (n > 0).then(|| equal as f64 / n as f64)
        };
        let right = |own: &Option<Vec<usize>>| own.as_ref().and_then(|own| same(own, &answers.labels));
        self.samples = Some(n as u64);
        self.accuracy_fixed = right(&answers.fixed);
        self.accuracy_float = right(&answers.float);
        self.agreement = answers.fixed.as_ref().zip(answers.float.as_ref()).and_then(|(a, b)| same(a, b));
        self.neurobench = self.neurobench.map(|own| own.per_sample(n as u64, self.accuracy_fixed));
        self.energy_per_inference_j = self.energy_j.filter(|_| n > 0).map(|j| j / n as f64);
        if self.emulated_time_s.is_some() && answers.time_ps.len() == n && n > 0 {
            let sum: u64 = answers.time_ps.iter().sum();
            let max = answers.time_ps.iter().copied().max().unwrap_or(0);
            self.time_per_inference_s = Some(TimePerInference { mean: seconds(sum) / n as f64, max: seconds(max) });
        }
        self.wall_time_float_s = answers.float_wall.map(|wall| wall.as_secs_f64());
        self
    }
}

impl From<&Bill> for EnergyRange {
    fn from(bill: &Bill) -> Self {
        let [low, high] = bill.range_j;
        EnergyRange { low, high, may_be_lower: bill.open_below, may_be_higher: bill.open_above }
    }
}

impl From<&Row> for BillRow {
    fn from(row: &Row) -> Self {
        BillRow {
            event: row.term.to_string(),
            count: row.count,
            price_j: row.price_j,
            energy_j: row.energy_j,
            range_j: row.range_j,
            bound: row.bound,
            evidence: row.evidence,
            source: row.source.clone(),
        }
    }
}

impl From<&Map> for UtilisationTable {
    fn from(map: &Map) -> Self {
        UtilisationTable {
            neurons: map.utilisation(map.limits.neurons, |c| c.neurons.used),
            synapses: map.utilisation(map.limits.synapses, |c| c.synapses),
            synapse_bits: map.utilisation(map.limits.synapse_bits, |c| c.synapse_bits.used),
            axons_in: map.utilisation(map.limits.axons_in, |c| c.axons_in.used),
            axons_out: map.utilisation(map.limits.axons_out, |c| c.axons_out.used),
            fan_in: map.utilisation(map.limits.fan_in, |c| c.fan_in.used),
            destinations: map.utilisation(map.limits.destinations, |c| c.destinations.used),
        }
    }
}

impl OverflowRow {
    /// The row in words.
    pub fn text(&self) -> String {
        let OverflowRow { process, variable, kind, first_step, first_index, .. } = self;
        let n = counted(self.count, "time");
        format!("{process}.{variable}: {kind} {n}, first at element {first_index} in step {first_step}")
    }
}

impl From<&(String, OverflowRecord)> for OverflowRow {
    fn from((process, record): &(String, OverflowRecord)) -> Self {
        OverflowRow {
            process: process.clone(),
            variable: record.variable.clone(),
            kind: format!("{:?}", record.kind).to_lowercase(),
            count: record.count,
            first_step: record.first_step,
            first_index: record.first_index,
        }
    }
}

fn seconds(ps: u64) -> f64 {
    ps as f64 * 1e-12
}

fn has_static(bill: &Bill) -> bool {
    bill.rows.iter().any(|row| !matches!(row.term, Term::Event(_)))
}

fn counts(counts: &Counts) -> BTreeMap<String, u64> {
    counts.iter().filter(|(_, n)| *n > 0).map(|(event, n)| (event.name().to_owned(), n)).collect()
}

fn energy_tables(run: &Run<'_>) -> EnergyTables {
    match run.profile.prices(Some(run.prices)) {
        Ok(prices) if run.emulated() => EnergyTables::new(run.bill, run.parts, &prices),
        _ => EnergyTables::default(),
    }
}

pub(crate) fn lines(lines: &[Unpriced]) -> Vec<EventCount> {
    lines.iter().map(|line| EventCount { event: line.term.to_string(), count: line.count }).collect()
}

fn untimed(run: &Run<'_>) -> Vec<String> {
    let Ok(prices) = run.profile.prices(Some(run.prices)) else {
        return Vec::new();
    };
    let mut untimed: Vec<String> = prices.time.untimed(run.counts).into_iter().map(|e| e.name().to_owned()).collect();
    if run.usage.chips > 1 && prices.time.sync_by_chips.is_none() {
        untimed.push("barrier between chips".into());
    }
    untimed
}

fn backends(image: &Image) -> Vec<ProcessBackend> {
    let one = |(path, place): (&String, &Where)| {
        let backend = match place {
            Where::Bank(_) | Where::Synapses => "chip",
            Where::Unit(unit) => match image.units[*unit].body {
                UnitBody::Fixed(_) => "fixed",
                UnitBody::Float(_) => "float",
                UnitBody::Host => "host",
            },
        };
        ProcessBackend { process: path.clone(), backend: backend.into() }
    };
    image.paths.iter().zip(&image.places).map(one).collect()
}
