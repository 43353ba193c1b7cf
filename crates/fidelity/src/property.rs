//! A property as a sentence: *for every stimulus of this kind, my model on this chip does as its float twin does*.
//!
//! ```
//! use pumice_fidelity::{Networks, Stimulus, networks};
//!
//! networks(Networks { populations: 1, neurons: 2, ..Networks::default() })
//!     .on("loihi1")
//!     .for_every(Stimulus::poisson(0.2))
//!     .steps(40)
//!     .cases(8)
//!     .keeps_its_rounding_budget()
//!     .check()?;
//! # Ok::<(), pumice_fidelity::Failure>(())
//! ```

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestCaseError, TestError, TestRunner};
use pumice::process::Backend;
use pumice::profile::Profile;

use crate::claim::{Claim, Evidence};
use crate::observe::{Emulator, Machine, Setup};
use crate::refuted::{self, Refuted};
use crate::shrink::Case;
use crate::strategy::{Cases, Networks, Stimulus, Subject};
use crate::wiring::Wiring;
use crate::{Document, FidelityError};

/// A property of one model file.
pub fn model(path: impl AsRef<Path>) -> Property {
    let subject = Document::load(path.as_ref()).and_then(|document| {
        let sources = document.sources()?;
        Ok(Subject::Model(Box::new(document), sources))
    });
    Property::of(subject)
}

/// A property of a model that was made or changed in the program.
pub fn document(document: Document) -> Property {
    let subject = document.sources().map(|sources| Subject::Model(Box::new(document), sources));
    Property::of(subject)
}

/// A property of every network of a space.
pub fn networks(space: Networks) -> Property {
    Property::of(Ok(Subject::Any(space)))
}

/// What must hold, of what, on which chip, for which stimuli.
#[derive(Debug)]
#[must_use = "a property does nothing until it is checked"]
pub struct Property {
    subject: Result<Subject, FidelityError>,
    profile: Option<String>,
    backend: Backend,
    machine: Arc<dyn Machine>,
    stimuli: Vec<Stimulus>,
    steps: Option<u64>,
    samples: Option<usize>,
    cases: Option<u32>,
    seed: Option<u64>,
    claims: Vec<Claim>,
    folder: PathBuf,
}

/// What a property that holds was checked with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Cases that were run.
    pub cases: u64,
    /// Spikes of all populations of the float twins; 0 would say that nothing was alive.
    pub spikes: u64,
    /// Values of registers that were compared: with a budget, with their twin, or with the ends of their register.
    pub values: u64,
    /// Cases in which a register overflowed; budgets were compared up to there.
    pub overflowed: u64,
}

/// Why a property does not hold.
#[non_exhaustive]
pub enum Failure {
    /// A case contradicts a claim.
    Refuted(Box<Refuted>),
    /// The model is wrong or a run fails.
    Broken(FidelityError),
    /// A claim is about registers, and not one value of any was compared; such a property says nothing.
    Empty {
        /// What it would compare.
        about: &'static str,
        /// Cases that were run.
        cases: u64,
    },
    /// There is no claim; such a property says nothing.
    Unclaimed,
    /// No float twin fired a single spike; such a property says nothing.
    Silent {
        /// Cases that were run.
        cases: u64,
    },
}

impl Property {
    fn of(subject: Result<Subject, FidelityError>) -> Self {
        Property {
            subject,
            profile: None,
            backend: Backend::Fixed,
            machine: Arc::new(Emulator),
            stimuli: Vec::new(),
            steps: None,
            samples: None,
            cases: None,
            seed: None,
            claims: Vec::new(),
            folder: refuted::folder(),
        }
    }

    /// The chip, by the name or path of its profile; else the model says, and `loihi1` where there is none.
    pub fn on(mut self, profile: &str) -> Self {
        self.profile = Some(profile.to_owned());
        self
    }

    /// Runs the fixed form placed on cores instead of the chip's arithmetic alone.
    pub fn placed(mut self) -> Self {
        self.backend = Backend::Chip;
        self
    }

    /// Runs the fixed form on another machine than this emulator.
    pub fn run_by(mut self, machine: impl Machine + 'static) -> Self {
        self.machine = Arc::new(machine);
        self
    }

    /// One kind of stimulus; said again, one of all is drawn for each case. Without any it is [`Stimulus::Any`].
    pub fn for_every(mut self, stimulus: Stimulus) -> Self {
        self.stimuli.push(stimulus);
        self
    }

    /// The model's own sources and task, once.
    pub fn as_it_is(self) -> Self {
        self.for_every(Stimulus::Own).cases(1)
    }

    /// Steps of each run; else the model says, and 100 for networks of a space.
    pub fn steps(mut self, steps: u64) -> Self {
        self.steps = Some(steps);
        self
    }

    /// The first samples of a task only.
    pub fn samples(mut self, samples: usize) -> Self {
        self.samples = Some(samples);
        self
    }

    /// Number of cases; else `proptest` says, whose variable `PROPTEST_CASES` counts.
    pub fn cases(mut self, cases: u32) -> Self {
        self.cases = Some(cases);
        self
    }

    /// Draws the same cases in every run; else every run draws new ones.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Where the smallest failing case is written, in a folder named after the thread, which in a test is the test; else
    /// `tmp/fidelity` in cargo's target folder, or the system's folder for such files.
    pub fn write_to(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }

    /// At least a part of all spikes, `0..=1`, has a partner in the float twin within so many steps.
    pub fn spikes_within(self, steps: u32, part: f64) -> Self {
        self.claims(Claim::SpikesWithin { steps, part })
    }

    /// The rate of every population differs by at most this part of the float twin's, or by one spike.
    pub fn rate_within(self, part: f64) -> Self {
        self.claims(Claim::RateWithin { part })
    }

    /// Currents and voltages stay within the derived rounding budget until a register overflows or a spike differs, a
    /// register overflows only where it cannot hold what the float twin needs, a spike differs only where rounding can
    /// have decided, and quiet registers come to rest. Where nothing may overflow, say so: [`Property::never_overflows`].
    pub fn keeps_its_rounding_budget(self) -> Self {
        self.claims(Claim::Budget)
    }

    /// Learned weights, tags, delays and traces stay within the derived budget of their rounding until one leaves its
    /// register or a spike differs; see [`learned`](crate::learned).
    pub fn learns_within_its_rounding_budget(self) -> Self {
        self.claims(Claim::LearningBudget)
    }

    /// Spikes, state and overflow are bit for bit those of the emulated chip, with each number of workers.
    pub fn is_the_same_on_cores(self, workers: &[usize]) -> Self {
        self.claims(Claim::SameOnCores { workers: workers.to_vec() })
    }

    /// Every value of current, voltage and what synapses learn is one that its register can hold.
    pub fn stays_in_its_registers(self) -> Self {
        self.claims(Claim::Registers)
    }

    /// No register overflows.
    pub fn never_overflows(self) -> Self {
        self.claims(Claim::NoOverflow)
    }

    /// The voltage differs from the float twin's by at most so much in the root mean square `[state LSB]`.
    pub fn membrane_within(self, lsb: f64) -> Self {
        self.claims(Claim::MembraneWithin { lsb })
    }

    /// At least a part of the answers to the samples of the task, `0..=1`, is the same.
    pub fn decides_alike(self, part: f64) -> Self {
        self.claims(Claim::Decisions { part })
    }

    /// Another claim.
    pub fn claims(mut self, claim: Claim) -> Self {
        self.claims.push(claim);
        self
    }

    /// Looks for a case that contradicts a claim.
    ///
    /// # Errors
    /// The smallest such case, or why it could not be looked for.
    pub fn check(self) -> Result<Checked, Failure> {
        let subject = self.subject.map_err(Failure::Broken)?;
        if self.claims.is_empty() {
            return Err(Failure::Unclaimed);
        }
        self.claims.iter().try_for_each(Claim::check).map_err(Failure::Broken)?;
        self.stimuli.iter().try_for_each(Stimulus::check).map_err(Failure::Broken)?;
        let (own_profile, own_steps) = match &subject {
            Subject::Model(document, _) => (Profile::beside(document.path(), document.profile()), document.steps()),
            Subject::Any(_) => ("loihi1".to_owned(), 100),
        };
        let name = Profile::from_anywhere(&self.profile.unwrap_or(own_profile));
        let profile = Profile::load(&name).map_err(|e| Failure::Broken(e.into()))?;
        let cases = Cases {
            subject,
            profile: name,
            arithmetic: profile.arithmetic.values.clone(),
            stimuli: self.stimuli,
            steps: self.steps.unwrap_or(own_steps),
        };
        let mut setup = Setup::new(&profile, self.backend);
        setup.samples = self.samples;
        setup.states = self.claims.iter().any(Claim::needs_states);
        let compared = std::cell::RefCell::new(vec![0; self.claims.len()]);
        let trial = Trial { machine: &*self.machine, setup, claims: &self.claims, compared };
        run(&cases, &trial, config(self.cases, self.seed), &self.folder)
    }
}

fn config(cases: Option<u32>, seed: Option<u64>) -> Config {
    let mut config = Config { failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    config.cases = cases.unwrap_or(config.cases);
    if let Some(seed) = seed {
        (config.rng_seed, config.rng_algorithm) = (RngSeed::Fixed(seed), RngAlgorithm::ChaCha);
    }
    config
}

/// One case at a time.
struct Trial<'a> {
    machine: &'a dyn Machine,
    setup: Setup,
    claims: &'a [Claim],
    /// Register values that each claim compared, over all cases.
    compared: std::cell::RefCell<Vec<u64>>,
}

impl Trial<'_> {
    /// The first claim about registers that compared nothing.
    fn idle(&self) -> Option<&Claim> {
        let compared = self.compared.borrow();
        self.claims.iter().zip(&*compared).find(|(claim, n)| claim.needs_states() && **n == 0).map(|(claim, _)| claim)
    }

    /// What the case shows, and the first claim that it contradicts.
    fn run(&self, case: &Case) -> Result<(Checked, Option<String>), FidelityError> {
        let document = case.document()?;
        let file = document.model()?;
        let wiring = Wiring::new(&file.graph, self.setup.arithmetic(), file.config.seed)?;
        let float = Emulator.observe(&document, &self.setup.on(Backend::Float))?;
        let fixed = self.machine.observe(&document, &self.setup)?;
        let on_cores = |workers: &usize| {
            let setup = Setup { workers: *workers, ..self.setup.on(Backend::Chip) };
            Ok::<_, FidelityError>((*workers, Emulator.observe(&document, &setup)?))
        };
        let placed = self.claims.iter().flat_map(Claim::workers).map(on_cores).collect::<Result<_, _>>()?;
        let mut evidence = Evidence::new(&float, &fixed, &wiring, self.setup.arithmetic()).with_placed(placed);
        let mut compared = self.compared.borrow_mut();
        let refuted = self.claims.iter().zip(&mut *compared).find_map(|(claim, compared)| {
            let (refuted, values) = claim.judged(&mut evidence);
            *compared += values;
            refuted
        });
        let values = evidence.values();
        let overflowed = u64::from(fixed.overflow.iter().any(|place| place.record.first_step > 0));
        let checked = Checked { cases: 1, spikes: float.n_spikes(), values, overflowed };
        Ok((checked, refuted))
    }
}

fn run(cases: &Cases, trial: &Trial<'_>, config: Config, folder: &Path) -> Result<Checked, Failure> {
    let total = std::cell::RefCell::new(Checked::default());
    let broken = std::cell::RefCell::new(None);
    let outcome = TestRunner::new(config).run(cases, |case| match trial.run(&case) {
        Ok((seen, None)) => {
            let mut total = total.borrow_mut();
            *total = Checked {
                cases: total.cases + seen.cases,
                spikes: total.spikes + seen.spikes,
                values: total.values + seen.values,
                overflowed: total.overflowed + seen.overflowed,
            };
            Ok(())
        }
        Ok((_, Some(reason))) => Err(TestCaseError::fail(reason)),
        // What cannot be run is no smaller case; in a first case it ends the check.
        Err(error) => {
            broken.borrow_mut().get_or_insert(error);
            Err(TestCaseError::reject("it cannot be run"))
        }
    });
    match outcome {
        Err(TestError::Fail(_, case)) => {
            let reason = trial.run(&case).ok().and_then(|(_, reason)| reason);
            let reason = reason.unwrap_or_else(|| "it failed once and not again".into());
            Err(Failure::Refuted(Box::new(Refuted::written_to(folder, reason, case))))
        }
        _ => match (broken.into_inner(), total.into_inner()) {
            (Some(error), _) => Err(Failure::Broken(error)),
            (None, total) if total.spikes == 0 && !only_silent(cases) => Err(Failure::Silent { cases: total.cases }),
            (None, total) => match trial.idle() {
                Some(claim) => Err(Failure::Empty { about: claim.about(), cases: total.cases }),
                None => Ok(total),
            },
        },
    }
}

fn only_silent(cases: &Cases) -> bool {
    !cases.stimuli.is_empty() && cases.stimuli.iter().all(|s| *s == Stimulus::Silence)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refuted(refuted) => refuted.fmt(f),
            Failure::Broken(fault) => fault.fmt(f),
            Failure::Empty { about, cases } => write!(
                f,
                "a claim about {about} compared not one value in {cases} cases; allowed is a model with LIF populations, whose state is recorded up to 16 million values"
            ),
            Failure::Unclaimed => f.write_str(
                "a property without a claim says nothing; allowed is at least one, such as spikes_within(2, 0.95)",
            ),
            Failure::Silent { cases } => {
                write!(f, "not one neuron fired in {cases} cases; allowed is a stimulus that makes the model fire")
            }
        }
    }
}

impl fmt::Debug for Failure {
    /// As people read it: a test that ends with `?` prints this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl std::error::Error for Failure {}
