//! Places that are tried before a network runs.
//!
//! 1. The network runs for a while, packed on few cores, in a simulation of its own that is thrown away.
//! 2. How often its sources spiked weighs the search for places.
//! 3. The network as placed runs as long. Only if that costs less by the goal is it laid so.
//!
//! A trial lasts a tenth of the work, but 100 steps or 10 samples if there are so many, never more than [`MOST_STEPS`] steps, and ends early
//! after [`MOST_EVENTS`] synaptic events and neuron updates. Cells are read as digital memory, so that places do not depend on their age.

use std::collections::BTreeMap;

use pumice_chip::ChipImage;
use pumice_compile::{Hardware, compile, expected_cost, pins};
use pumice_engine::Image;
use pumice_meter::{Counts, Event, Usage};
use pumice_process::{Body, Graph, Place, Rates, RunConfig};
use pumice_profile::Profile;
use pumice_report::{PlacementCost, PlacementReport, RatesOrigin};

use crate::{Error, RunSteps, Simulation, Task};

/// Steps of a trial, at most.
const MOST_STEPS: u64 = 1000;
/// Synaptic events and neuron updates after which a trial begins no more steps.
const MOST_EVENTS: u64 = 50_000_000;

/// What a network is to do, of which a trial does a part.
#[derive(Clone, Copy, Debug)]
pub enum Workload<'a> {
    /// This many steps.
    Steps(u64),
    /// Samples, of which a trial takes some that lie evenly in their list.
    Samples(Task<'a>),
}

/// Finds places towards the goal of `config` and returns the configuration that lays the network there, with how that was found. Sources are
/// weighed by the rates in `config`; without any they are measured, and the places are taken only if they cost less than packed ones.
///
/// A configuration without a goal is returned as it is, and so is one for a network that has no neurons on the chip. Prices are those of
/// the tables `prices`, or the main ones. Everything is deterministic, and spikes never depend on places.
///
/// # Errors
/// As [`Simulation::new`]; if the profile has no such tables; if the run fails.
pub fn find_places(
    graph: &Graph,
    profile: &Profile,
    config: &RunConfig,
    prices: Option<&str>,
    work: &Workload<'_>,
) -> Result<(RunConfig, Option<PlacementReport>), Error> {
    let tables = profile.prices(prices)?;
    let (energy, time, static_power) = (tables.energy.clone(), tables.time.clone(), tables.static_power.clone());
    let hardware = Hardware { energy, time, static_power, ..Hardware::from(profile) };
    let search = Search { graph, profile, config, prices, hardware };
    let Some(goal) = search.goal() else { return Ok((config.clone(), None)) };
    let packed = search.lay(Place::Pack, None)?;
    if packed.chip.banks.is_empty() {
        return Ok((config.clone(), None));
    }
    let host = graph.nodes().iter().find(|node| matches!(node.body, Body::Host(..)));
    let (place, report) = match (&config.rates, host) {
        (None, None) => search.try_out(goal, packed, work)?,
        (None, Some(node)) => {
            let why = format!("`{}` is a process of the host, which runs once only", node.path);
            search.trust(goal, &packed.chip, Some(why))?
        }
        (Some(_), _) => search.trust(goal, &packed.chip, None)?,
    };
    Ok((RunConfig { place, rates: None, ..config.clone() }, Some(report)))
}

/// A network and what its places are to be good for.
struct Search<'a> {
    graph: &'a Graph,
    profile: &'a Profile,
    config: &'a RunConfig,
    prices: Option<&'a str>,
    hardware: Hardware,
}

impl Search<'_> {
    /// The name of the goal, if there is one.
    fn goal(&self) -> Option<&'static str> {
        match self.config.place {
            Place::Energy => Some("energy"),
            Place::Time => Some("time"),
            Place::Traffic => Some("traffic"),
            Place::Pack | Place::Pinned(_) => None,
        }
    }

    fn lay(&self, place: Place, rates: Option<Rates>) -> Result<Image, Error> {
        Ok(compile(self.graph, &self.hardware, &RunConfig { place, rates, ..self.config.clone() })?)
    }

    fn expected(&self, packed: &ChipImage, placed: &ChipImage, rates: Option<&Rates>) -> Result<PlacementCost, Error> {
        let goal = &self.config.place;
        let unit = if *goal == Place::Time { 1e-12 } else { 1.0 };
        let cost = |chip| expected_cost(chip, &self.hardware, goal, rates).map(|cost| cost * unit);
        Ok(PlacementCost { packed: cost(packed)?, placed: cost(placed)? })
    }

    /// The places that a search finds without a trial.
    fn trust(
        &self,
        goal: &str,
        packed: &ChipImage,
        not_measured: Option<String>,
    ) -> Result<(Place, PlacementReport), Error> {
        let given = self.config.rates.as_ref();
        let placed = self.lay(self.config.place.clone(), given.cloned())?;
        let report = PlacementReport {
            goal: goal.into(),
            rates: if given.is_some() { RatesOrigin::Given } else { RatesOrigin::Assumed },
            rates_steps: given.map(|rates| rates.steps),
            not_measured,
            expected: self.expected(packed, &placed.chip, given)?,
            measured: None,
            taken: true,
        };
        Ok((Place::Pinned(pins(&placed.chip)), report))
    }

    /// The places that a trial finds to be good.
    fn try_out(&self, goal: &str, packed: Image, work: &Workload<'_>) -> Result<(Place, PlacementReport), Error> {
        let (first, packed) = self.run(packed, work)?;
        let before = self.cost(&first, &packed)?;
        let rates = Rates { steps: first.steps, spikes: first.spikes };
        let placed = self.lay(self.config.place.clone(), Some(rates.clone()))?;
        let expected = self.expected(&packed.image().chip, &placed.chip, Some(&rates))?;
        let found = pins(&placed.chip);
        let after = match found == pins(&packed.image().chip) {
            true => before,
            false => {
                drop(packed);
                let (second, placed) = self.run(placed, work)?;
                self.cost(&second, &placed)?
            }
        };
        let report = PlacementReport {
            goal: goal.into(),
            rates: RatesOrigin::Measured,
            rates_steps: Some(rates.steps),
            not_measured: None,
            expected,
            measured: Some(PlacementCost { packed: before.0, placed: after.0 }),
            taken: after < before,
        };
        Ok((if report.taken { Place::Pinned(found) } else { Place::Pack }, report))
    }

    /// Does a part of the work on a fresh simulation.
    fn run(&self, mut image: Image, work: &Workload<'_>) -> Result<(Tally, Simulation), Error> {
        image.probes.clear();
        let mut simulation = Simulation::with_memory(image, self.profile, self.config.workers, None)?;
        if let Some(prices) = self.prices {
            simulation.set_prices(prices)?;
        }
        simulation.set_timed(self.config.place != Place::Traffic);
        let mut tally = Tally::default();
        match work {
            Workload::Steps(steps) => tally.steps(&mut simulation, share(*steps, 100).min(MOST_STEPS))?,
            Workload::Samples(task) => tally.samples(&mut simulation, task)?,
        }
        Ok((tally, simulation))
    }

    /// What was done costs, by the goal and then by the links that packets crossed.
    fn cost(&self, tally: &Tally, simulation: &Simulation) -> Result<(f64, u64), Error> {
        let links = tally.counts.hops() + tally.counts[Event::ChipCrossing];
        let usage = Usage { time_ps: tally.time_ps, ..simulation.usage() };
        let cost = match self.config.place {
            Place::Energy => simulation.bill_of(&tally.counts, &usage)?.total_j,
            Place::Time => tally.time_ps.unwrap_or(0) as f64 * 1e-12,
            _ => links as f64,
        };
        Ok((cost, links))
    }
}

/// A tenth, but `least` if there are so many.
fn share(all: u64, least: u64) -> u64 {
    all.min(least.max(all / 10))
}

/// What happened in a trial.
#[derive(Default)]
struct Tally {
    steps: u64,
    counts: Counts,
    time_ps: Option<u64>,
    spikes: BTreeMap<String, Vec<u64>>,
}

impl Tally {
    /// Runs steps, in parts that double while there is work left for them.
    fn steps(&mut self, simulation: &mut Simulation, steps: u64) -> Result<(), Error> {
        let mut next = 1;
        while next > 0 {
            simulation.run(RunSteps(next))?;
            let (done, spent) = (simulation.steps(), events(&simulation.counts()));
            let bearable = MOST_EVENTS.saturating_sub(spent) / (spent / done).max(1);
            next = done.min(steps - done).min(bearable);
        }
        self.add(simulation);
        Ok(())
    }

    fn samples(&mut self, simulation: &mut Simulation, task: &Task<'_>) -> Result<(), Error> {
        let all = task.samples.len() as u64;
        let n = share(all, 10).min((MOST_STEPS / task.steps.max(1)).max(1));
        for k in 0..n {
            simulation.set(task.input, &task.samples[(k * all / n) as usize])?;
            simulation.run(RunSteps(task.steps))?;
            if task.reset {
                self.add(simulation);
                simulation.reset()?;
                simulation.set_noise_origin(self.steps);
            }
            if events(&self.counts) + events(&simulation.counts()) > MOST_EVENTS {
                break;
            }
        }
        self.add(simulation);
        Ok(())
    }

    /// Adds what happened since the last reset.
    fn add(&mut self, simulation: &Simulation) {
        if simulation.steps() == 0 {
            return;
        }
        self.steps += simulation.steps();
        self.counts += simulation.counts();
        self.time_ps = simulation.time_ps().map(|ps| ps + self.time_ps.unwrap_or(0));
        for (path, spikes) in simulation.spikes_of_sources() {
            let own = self.spikes.entry(path).or_default();
            own.resize(own.len().max(spikes.len()), 0);
            own.iter_mut().zip(spikes).for_each(|(sum, n)| *sum += n);
        }
    }
}

/// What takes time to simulate.
fn events(counts: &Counts) -> u64 {
    counts.synaptic_events() + counts[Event::NeuronUpdate] + counts[Event::AnalogUpdate]
}
