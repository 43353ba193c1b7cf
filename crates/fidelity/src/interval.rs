//! Interval arithmetic: whether any register can leave its range for any spikes of the sources, and if so, for which.
//!
//! ```text
//! a[t] in [Σ w < 0, Σ w > 0] << align            every sender fires at most once per step
//! u[t] in decay(u[t-1]) + a[t]                   the 12-bit decay is monotone, so ends go to ends
//! v[t] in decay(v'[t-1]) + u[t] + bias           v' is v where it is at most the threshold, and 0 after a spike
//! ```
//!
//! The ends are followed for as many steps as the model runs, or until they no longer move. What stays inside every
//! register is a proof. What does not is looked for: sources that push a neuron one way, by the signs of the weights on
//! all ways to it, and a few stimuli of other kinds. What is found replays; what is not found stays undecided.

use pumice::models::Arithmetic;
use pumice::process::Backend;
use pumice::profile::Profile;
use serde::Serialize;

use crate::observe::{Emulator, Machine, Place, Setup};
use crate::register::{NAMES, ends};
use crate::strategy::Stimulus;
use crate::wiring::{Link, Neurons, Wiring};
use crate::{Document, FidelityError, Source, Spikes};

/// Steps that are followed, and steps of a search, at most.
const MOST_STEPS: u64 = 100_000;
/// Steps of one stimulus of a search, at most.
const SEARCHED_STEPS: u64 = 2000;
/// Neurons whose overflow is looked for, at most.
const MOST_SUSPECTS: usize = 12;

/// The ends of one register over all neurons of a population and all steps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reach {
    /// Path of the process.
    pub process: String,
    /// The register, under the name its model gives it.
    pub variable: &'static str,
    /// The lowest value that could be needed `[state LSB]`.
    pub low: i64,
    /// The highest value that could be needed `[state LSB]`.
    pub high: i64,
    /// What the register holds.
    pub holds: (i64, i64),
    /// The neuron that could leave it first, the step, and whether at the upper end.
    pub leaves: Option<(u32, u64, bool)>,
}

impl Reach {
    /// How much of the register could be needed; above 1 it could overflow.
    pub fn fullness(&self) -> f64 {
        let part = |x: i64, end: i64| if end == 0 { 0.0 } else { x as f64 / end as f64 };
        part(self.low.min(0), self.holds.0).max(part(self.high.max(0), self.holds.1))
    }
}

/// What is known about overflow.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// No spikes of the sources can overflow any register.
    CannotOverflow,
    /// These spikes do.
    Overflows {
        /// What overflows, and where first.
        place: Place,
        /// The spikes, cut after the first overflow.
        #[serde(skip)]
        spikes: Spikes,
    },
    /// Neither was found.
    Undecided {
        /// Why there is no proof.
        why: String,
        /// Stimuli that were tried.
        searched: usize,
    },
}

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// Name of the model.
    pub model: String,
    /// Name of the profile.
    pub profile: String,
    /// Steps for which the verdict holds.
    pub steps: u64,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Every register that was followed.
    pub registers: Vec<Reach>,
    /// Processes that could not be followed, and why.
    pub not_followed: Vec<(String, String)>,
}

/// Checks a model on a profile.
///
/// # Errors
/// If the model is wrong or a run of the search fails.
pub fn check(document: &Document, profile: &Profile) -> Result<Check, FidelityError> {
    let file = document.model()?;
    let a = &profile.arithmetic.values;
    let wiring = Wiring::new(&file.graph, a, file.config.seed)?;
    let steps = if !resets(&file) { MOST_STEPS } else { file.steps.min(MOST_STEPS) };
    let registers: Vec<Reach> = wiring.populations.iter().flat_map(|p| follow(p, a, steps)).collect();
    let proven = wiring.unknown.is_empty() && registers.iter().all(|r| r.leaves.is_none());
    let verdict = match proven {
        true => Verdict::CannotOverflow,
        false => search(document, profile, &wiring, &registers)?,
    };
    Ok(Check {
        model: document.name().to_owned(),
        profile: profile.meta.name.clone(),
        steps,
        verdict,
        registers,
        not_followed: wiring.unknown,
    })
}

fn resets(file: &pumice::file::ModelFile) -> bool {
    match &file.task {
        Some(pumice::file::Task::Classify(task)) => task.reset,
        _ => true,
    }
}

/// `sign(x) (|x| keep >> 12)` beyond 32 bits.
fn decay(x: i64, keep: i32) -> i64 {
    ((x.abs() * i64::from(keep)) >> 12) * x.signum()
}

/// The least and most that can arrive at each neuron in one step `[weight LSB]`.
fn arriving(p: &Neurons) -> Vec<(i64, i64)> {
    let mut all = vec![(0, 0); p.n];
    for link in &p.links {
        for delay in 0..=link.rows.longest_delay() {
            let mut own = vec![(0i64, 0i64); p.n];
            for k in (0..link.rows.len()).filter(|k| link.rows.delay_of(*k) == delay) {
                let (ends, w) = (&mut own[link.rows.target[k] as usize], i64::from(link.rows.weight[k]));
                *ends = (ends.0 + w.min(0), ends.1 + w.max(0));
            }
            let shift = |x: i64| match link.rows.sum_exponent {
                e if e < 0 => x >> -e,
                e => x << e,
            };
            all.iter_mut().zip(own).for_each(|(sum, x)| *sum = (sum.0 + shift(x.0), sum.1 + shift(x.1)));
        }
    }
    all
}

/// Follows the ends of the four registers of all neurons.
fn follow(p: &Neurons, a: &Arithmetic, steps: u64) -> [Reach; 4] {
    let mut reaches =
        NAMES.map(|variable| Reach { process: p.path.clone(), variable, low: 0, high: 0, holds: (0, 0), leaves: None });
    reaches.iter_mut().zip(ends(a)).for_each(|(reach, holds)| reach.holds = holds);
    for (i, raw) in arriving(p).into_iter().enumerate() {
        let start = |all: &[f64]| (all[i] as i64, all[i] as i64);
        let (mut u, mut v) = (start(&p.initial.0), start(&p.initial.1));
        for step in 1..=steps {
            let input = (raw.0 << a.align, raw.1 << a.align);
            let next_u = (decay(u.0, p.keep_u.0[i]) + input.0, decay(u.1, p.keep_u.0[i]) + input.1);
            let bias = i64::from(p.bias.0[i]);
            let drive = (next_u.0 + bias, next_u.1 + bias);
            let sum = (decay(v.0, p.keep_v.0[i]) + drive.0, decay(v.1, p.keep_v.0[i]) + drive.1);
            let mut out = false;
            for (reach, ends) in reaches.iter_mut().zip([input, next_u, drive, sum]) {
                out |= reach.note(ends, i as u32, step);
            }
            let next_v = after_spike(sum, i64::from(p.threshold[i]));
            if out || (next_u, next_v) == (u, v) {
                break;
            }
            (u, v) = (next_u, next_v);
        }
    }
    reaches
}

/// What is left of a voltage after those above the threshold were set to 0.
fn after_spike((low, high): (i64, i64), threshold: i64) -> (i64, i64) {
    match (low > threshold, high > threshold) {
        (false, false) => (low, high),
        (true, _) => (0, 0),
        (false, true) => (low.min(0), threshold.max(0)),
    }
}

impl Reach {
    /// Takes the ends of one neuron in one step; whether they leave the register.
    fn note(&mut self, (low, high): (i64, i64), neuron: u32, step: u64) -> bool {
        (self.low, self.high) = (self.low.min(low), self.high.max(high));
        let (below, above) = (low < self.holds.0, high > self.holds.1);
        if (below || above) && self.leaves.is_none_or(|l| step < l.1) {
            self.leaves = Some((neuron, step, above));
        }
        below || above
    }
}

fn search(
    document: &Document,
    profile: &Profile,
    wiring: &Wiring,
    registers: &[Reach],
) -> Result<Verdict, FidelityError> {
    let sources = document.sources()?;
    let why = match registers.iter().filter(|r| r.leaves.is_some()).max_by(|x, y| x.fullness().total_cmp(&y.fullness()))
    {
        Some(r) => format!(
            "`{}.{}` could need {} to {}, and its register holds {} to {}",
            r.process, r.variable, r.low, r.high, r.holds.0, r.holds.1
        ),
        None => format!("{} processes cannot be followed", wiring.unknown.len()),
    };
    if sources.is_empty() {
        return Ok(Verdict::Undecided { why, searched: 0 });
    }
    let steps = if document.steps() < SEARCHED_STEPS { document.steps() } else { SEARCHED_STEPS };
    let tries = stimuli(wiring, registers, &sources, steps);
    let setup = Setup { states: false, ..Setup::new(profile, Backend::Fixed) };
    for spikes in &tries {
        let run = Emulator.observe(&document.playing(spikes)?, &setup)?;
        if let Some(place) = run.overflow.into_iter().find(|place| place.record.first_step > 0) {
            let last = place.record.first_step;
            let cut = |events: &crate::Events| events.iter().copied().filter(|e| e.0 <= last).collect();
            let spikes = Spikes { steps: last, events: spikes.events.iter().map(cut).collect() };
            return Ok(Verdict::Overflows { place, spikes });
        }
    }
    Ok(Verdict::Undecided { why, searched: tries.len() })
}

/// Stimuli that may overflow something: pushes at suspects first, then others.
fn stimuli(wiring: &Wiring, registers: &[Reach], sources: &[Source], steps: u64) -> Vec<Spikes> {
    let mut all = Vec::new();
    let suspects = registers.iter().filter_map(|r| r.leaves.map(|(neuron, _, up)| (r.process.as_str(), neuron, up)));
    for (process, neuron, up) in suspects.take(MOST_SUSPECTS) {
        let wanted = push(wiring, sources, process, neuron, if up { 1.0 } else { -1.0 });
        all.push(steady(&wanted, steps));
        // A voltage that first sinks can rise farther without a spike, and the other way round.
        let other: Vec<Vec<bool>> = wanted.iter().map(|s| s.iter().map(|on| !on).collect()).collect();
        all.push(joined(&steady(&other, steps / 2), &steady(&wanted, steps - steps / 2)));
    }
    let everything: Vec<Vec<bool>> = sources.iter().map(|s| vec![true; s.len()]).collect();
    all.push(steady(&everything, steps));
    for (k, kind) in
        [Stimulus::bursts(20), Stimulus::poisson(0.5), Stimulus::poisson(0.9), Stimulus::regular(4)].iter().enumerate()
    {
        all.push(kind.draw(sources, steps, k as u64));
    }
    all
}

fn steady(on: &[Vec<bool>], steps: u64) -> Spikes {
    let events = |on: &Vec<bool>| {
        let elements: Vec<u32> = on.iter().enumerate().filter(|(_, on)| **on).map(|(i, _)| i as u32).collect();
        (1..=steps).flat_map(|t| elements.iter().map(move |i| (t, *i))).collect()
    };
    Spikes { steps, events: on.iter().map(events).collect() }
}

fn joined(first: &Spikes, then: &Spikes) -> Spikes {
    let join = |(a, b): (&crate::Events, &crate::Events)| {
        a.iter().copied().chain(b.iter().map(|e| (e.0 + first.steps, e.1))).collect()
    };
    Spikes { steps: first.steps + then.steps, events: first.events.iter().zip(&then.events).map(join).collect() }
}

/// Which elements of the sources push a neuron up (`sign` 1) or down (-1), over all ways of up to four connections.
fn push(wiring: &Wiring, sources: &[Source], process: &str, neuron: u32, sign: f64) -> Vec<Vec<bool>> {
    let mut influence: Vec<Vec<f64>> = sources.iter().map(|s| vec![0.0; s.len()]).collect();
    let mut now = vec![(process.to_owned(), neuron, sign)];
    for _ in 0..4 {
        let mut before: std::collections::BTreeMap<(String, u32), f64> = std::collections::BTreeMap::new();
        for (process, neuron, sign) in &now {
            let Some(p) = wiring.population(process) else { continue };
            for link in &p.links {
                for (source, w) in onto(link, *neuron) {
                    match sources.iter().position(|s| s.name == link.from) {
                        Some(k) => influence[k][source as usize] += sign * w,
                        None => *before.entry((link.from.clone(), source)).or_default() += sign * w,
                    }
                }
            }
        }
        now = before.into_iter().map(|((process, neuron), x)| (process, neuron, x / 256.0)).collect();
    }
    influence.iter().map(|s| s.iter().map(|x| *x > 0.0).collect()).collect()
}

/// The synapses onto one neuron: sender and weight.
fn onto(link: &Link, neuron: u32) -> Vec<(u32, f64)> {
    let row = |s: usize| link.rows.start[s]..link.rows.start[s + 1];
    let synapses = (0..link.rows.n_in).flat_map(|s| row(s).map(move |k| (s as u32, k)));
    let own = synapses.filter(|(_, k)| link.rows.target[*k] == neuron);
    own.map(|(s, k)| (s, f64::from(link.rows.weight[k]))).collect()
}

/// A part in percent with one digit after the point, or two significant ones where that would be none.
fn share(part: f64) -> String {
    let percent = 100.0 * part;
    let digits = if percent > 0.0 { (1.0 - percent.log10().floor()).clamp(1.0, 12.0) as usize } else { 0 };
    format!("{percent:.digits$} %")
}

impl Check {
    /// What `pumice check` prints.
    pub fn text(&self) -> String {
        use std::fmt::Write;
        let mut text = format!("{} on {}, {} steps: ", self.model, self.profile, self.steps);
        let _ = match &self.verdict {
            Verdict::CannotOverflow => writeln!(text, "cannot overflow, whatever its sources play"),
            Verdict::Overflows { place, spikes } => writeln!(
                text,
                "overflows\n  `{}.{}` of neuron {} in step {} for an input of {} spikes",
                place.process,
                place.record.variable,
                place.record.first_index,
                place.record.first_step,
                spikes.len()
            ),
            Verdict::Undecided { why, searched } => {
                writeln!(text, "not decided\n  {why}; none of {searched} stimuli did it")
            }
        };
        let _ = writeln!(text, "\n  {:<28}{:>14}{:>14}{:>12}", "register [LSB]", "lowest", "highest", "fullness");
        for r in &self.registers {
            let name = format!("{}.{}", r.process, r.variable);
            let _ = writeln!(text, "  {name:<28}{:>14}{:>14}{:>12}", r.low, r.high, share(r.fullness()));
        }
        for (process, why) in &self.not_followed {
            let _ = writeln!(text, "  not followed: `{process}`, {why}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_shares_can_be_read() {
        let all = [0.0, 1.2e-5, 0.0004, 0.0312, 0.5, 1.0, 2.25].map(share);
        assert_eq!(all, ["0 %", "0.0012 %", "0.040 %", "3.1 %", "50.0 %", "100.0 %", "225.0 %"]);
    }
}
