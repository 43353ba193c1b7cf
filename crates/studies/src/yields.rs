//! Yield: many chips of one kind are programmed, age and are asked, and every cause of error is taken away in turn.
//!
//! ```text
//! chip k        cells and analog neurons whose lives are drawn from (seed, k); network and input are the same for all
//! fresh         right after programming, and then at each age, the reads of earlier questions not counted
//! loss by a     accuracy of the same chip without cause a, minus its accuracy: the draws are the same (paired),
//! cause         so the mean over chips has a small standard error; causes overlap, their losses need not add up
//! refreshed     all cells are verified, and programmed where they left their window, at each multiple of a period
//!               that lies before the age
//! ```
//!
//! Chips and variants are independent pieces of work: no result depends on the number of threads.

mod summary;
mod write;

pub use summary::{AgeSummary, Distribution, Loss, Paired, RefreshSummary};
pub use write::{age_name, csv, draw};

use pumice::compile::{Hardware, compile, exchange_circuits};
use pumice::device::Cause;
use pumice::device::analog::NeuronDesign;
use pumice::engine::Image;
use pumice::file::{Classify, ModelFile, Task};
use pumice::num::{Purpose, draw as draw_words};
use pumice::profile::Profile;
use pumice::{Error, Memory, Simulation, classify, in_parallel};
use serde::Serialize;

/// What is asked of how many chips, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct YieldPlan {
    /// Number of chips, at least 1.
    pub chips: u32,
    /// From which the seeds of the chips are drawn.
    pub seed: u64,
    /// Ages at which chips are asked `[ns]`, in any order; fresh chips are asked too.
    pub ages_ns: Vec<u64>,
    /// Temperature at which they age `[mK]`.
    pub temperature_mk: u32,
    /// Periods of refreshing that are tried, each at least 1 `[ns]`.
    pub refreshes_ns: Vec<u64>,
    /// Share of cells that are stuck from the beginning, 0 to 1.
    pub stuck: f64,
    /// Whether causes are taken away in turn.
    pub causes: bool,
    /// The accuracy that a good chip has; without one, a hundredth below that of the digital chip.
    pub target: Option<f64>,
    /// Threads; 0 takes as many as the machine offers.
    pub threads: usize,
}

/// In what a chip differs from how it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// In nothing.
    AsMade,
    /// It does not have this cause of error.
    Without(Cause),
    /// Its cells are programmed again with this period `[ns]`.
    Refreshed(u64),
}

/// What a chip answered at one age.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// Number of the chip.
    pub chip: u32,
    /// What differs.
    pub variant: Variant,
    /// Age `[ns]`.
    pub age_ns: u64,
    /// Part of the samples that were answered as labelled.
    pub accuracy: f64,
    /// Energy of all pulses and verify reads so far, `V² G t` of each `[J]`.
    pub programming_j: f64,
    /// All pulses so far.
    pub pulses: u64,
    /// Cells that the last programming gave up.
    pub refused: u64,
    /// Cycles of the most used cell so far.
    pub most_cycles: u64,
}

/// What became of all chips.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Yield {
    /// Number of chips.
    pub chips: u32,
    /// Number of samples that each was asked.
    pub samples: u64,
    /// Cells of a chip.
    pub cells: u64,
    /// Accuracy of the digital chip: the same network on the same cores, weights in exact memory, digital neurons.
    pub digital: f64,
    /// The accuracy that a good chip has.
    pub target: f64,
    /// Causes of error that can act: this kind of chip has them, and they meet this model.
    pub present: Vec<Cause>,
    /// Causes that cannot act.
    pub absent: Vec<Cause>,
    /// What happened by age, fresh chips first.
    pub ages: Vec<AgeSummary>,
    /// Every answer: by chip, then by variant, then by age.
    #[serde(skip)]
    pub answers: Vec<Answer>,
}

/// A network on a kind of chip, ready to be asked.
#[derive(Clone, Debug)]
pub struct YieldStudy {
    image: Image,
    profile: Profile,
    task: Classify,
    plan: YieldPlan,
    /// How the analog neurons of the network are made, if it has some.
    neurons: Option<NeuronDesign>,
    /// Fresh and each age once, ascending.
    ages_ns: Vec<u64>,
    present: Vec<Cause>,
    variants: Vec<Variant>,
}

impl YieldStudy {
    /// Lays the network of a model on a kind of chip.
    ///
    /// # Errors
    /// If the model has no samples with labels, or does not fit, or no synapses of it lie in cells.
    pub fn new(file: &ModelFile, profile: &Profile, plan: YieldPlan) -> Result<YieldStudy, Error> {
        let Some(Task::Classify(task)) = &file.task else { return Err(Error::NoTask) };
        let image = compile(&file.graph, &Hardware::from(profile), &file.config)?;
        let design = Memory::design(&image, profile)?;
        let analog = image.chip.banks.iter().any(|bank| bank.circuits.is_some());
        let neurons = profile.analog.as_ref().filter(|_| analog).map(|analog| analog.design());
        let rounds = Memory::fresh(&image, profile)?.cells().rounds();
        let has = |cause: &Cause| match cause {
            Cause::Quantisation => rounds,
            Cause::Faults if plan.stuck > 0.0 => true,
            _ => design.has(*cause) || neurons.is_some_and(|neurons| neurons.has(*cause)),
        };
        let present: Vec<Cause> = Cause::ALL.into_iter().filter(has).collect();
        let causes = present.iter().filter(|_| plan.causes).map(|cause| Variant::Without(*cause));
        let refreshes = plan.refreshes_ns.iter().map(|period| Variant::Refreshed((*period).max(1)));
        let variants = [Variant::AsMade].into_iter().chain(causes).chain(refreshes).collect();
        let mut ages_ns = plan.ages_ns.clone();
        ages_ns.push(0);
        ages_ns.sort_unstable();
        ages_ns.dedup();
        let (profile, task) = (profile.clone(), task.clone());
        Ok(YieldStudy { image, profile, task, plan, neurons, ages_ns, present, variants })
    }

    /// Number of lives of chips: each chip as it was made, and in each variant.
    pub fn lives(&self) -> usize {
        self.plan.chips as usize * self.variants.len()
    }

    /// Lives all of them; `progress` is told after each.
    ///
    /// # Errors
    /// The first fault, by chip.
    pub fn run(&self, progress: impl Fn() + Sync) -> Result<Yield, Error> {
        let lives = in_parallel(self.lives(), self.plan.threads, |k| {
            let answers = self.life((k / self.variants.len()) as u32, self.variants[k % self.variants.len()]);
            progress();
            answers
        });
        let answers = lives.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
        let mut exact = self.image.clone();
        exchange_circuits(&mut exact.chip, None, 0);
        let digital = self.ask(&exact, None)?;
        let target = self.plan.target.unwrap_or(digital - 0.01);
        let absent = Cause::ALL.into_iter().filter(|cause| !self.present.contains(cause)).collect();
        let cells = Memory::fresh(&self.image, &self.profile)?;
        let arrays = cells.cells().stores().filter_map(|(_, store)| store.as_cells());
        Ok(Yield {
            chips: self.plan.chips,
            samples: self.task.samples.len() as u64,
            cells: arrays.map(|cells| cells.array().state().cells.len() as u64).sum(),
            digital,
            target,
            present: self.present.clone(),
            absent,
            ages: self.ages_ns.iter().map(|age_ns| AgeSummary::of(&answers, &self.variants, *age_ns, target)).collect(),
            answers,
        })
    }

    /// One chip from its making to the last age.
    fn life(&self, chip: u32, variant: Variant) -> Result<Vec<Answer>, Error> {
        let words = draw_words(self.plan.seed, Purpose::CHIP, 0, chip, 0);
        let seed = u64::from(words[0]) << 32 | u64::from(words[1]);
        let (without, period_ns) = match variant {
            Variant::AsMade => (None, None),
            Variant::Without(cause) => (Some(cause), None),
            Variant::Refreshed(period_ns) => (None, Some(period_ns)),
        };
        let mut image = self.image.clone();
        let neurons = self.neurons.map(|own| without.map_or(own, |cause| own.without(cause)));
        exchange_circuits(&mut image.chip, neurons.as_ref(), seed);
        let mut memory = Memory::instance(&image, &self.profile, seed, without)?;
        if self.plan.stuck > 0.0 && without != Some(Cause::Faults) {
            memory.stick(self.plan.stuck)?;
        }
        let mut refused = memory.program()?.refused;
        let mut now_ns = 0;
        let mut answers = Vec::with_capacity(self.ages_ns.len());
        for &age_ns in &self.ages_ns {
            let next = |now_ns: u64| period_ns.map(|period| (now_ns / period + 1).saturating_mul(period));
            while let Some(at_ns) = next(now_ns).filter(|at_ns| *at_ns < age_ns) {
                memory.age(at_ns - now_ns, self.plan.temperature_mk)?;
                refused = memory.program()?.refused;
                now_ns = at_ns;
            }
            memory.age(age_ns - now_ns, self.plan.temperature_mk)?;
            now_ns = age_ns;
            let ledger = memory.cells().ledger();
            let cells = memory.cells().stores().filter_map(|(_, store)| store.as_cells());
            answers.push(Answer {
                chip,
                variant,
                age_ns,
                accuracy: self.ask(&image, Some(memory.clone()))?,
                programming_j: (ledger.pulse_energy_aj + ledger.verify_energy_aj) as f64 * 1e-18,
                pulses: ledger.set_pulses + ledger.reset_pulses,
                refused,
                most_cycles: cells.flat_map(|c| &c.array().state().cells).map(|cell| cell.cycles).max().unwrap_or(0),
            });
        }
        Ok(answers)
    }

    /// The accuracy of a chip with these neurons and cells, or with exact memory.
    fn ask(&self, image: &Image, memory: Option<Memory>) -> Result<f64, Error> {
        let mut simulation = Simulation::with_memory(image.clone(), &self.profile, 1, memory)?;
        simulation.set_timed(false);
        Ok(classify(&mut simulation, &(&self.task).into(), |_| {})?.accuracy())
    }
}
