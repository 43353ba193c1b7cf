//! Derived budgets: how far a LIF population in registers can be from its float twin, step by step.
//!
//! ```text
//! E_u[t] = k_u E_u[t-1] + |k_u - κ_u| |u[t-1]| + r_u + 2^align E_in[t]
//! E_v[t] = k_v E_v[t-1] + |k_v - κ_v| |v[t-1]| + r_v + E_u[t] + |bias - β|
//! E_in[t] = Σ |w - ω| over the spikes that arrive + 1 for every sum that is shifted right
//! ```
//!
//! Latin letters are registers, Greek ones the float twin's; `r` is the rounding of a decay: below 1 LSB unless all or
//! nothing is kept. A spike sets v to 0 in both, so `E_v` starts anew. With constant input the current's error stays
//! below `4096 / d` LSB. As long as no register of a population overflows and it gets the same spikes in both forms, its
//! budget holds; so the first of its neurons to differ must have been within its budget of the threshold. That is checked too.

mod needless;
mod until;

use std::collections::BTreeMap;

use pumice::models::Arithmetic;
use serde::Serialize;

use crate::observe::Observed;
use crate::wiring::{Neurons, Wiring};

/// What a decay loses to rounding in one step `[LSB]`: nothing where all or nothing is kept.
pub fn rounding(keep: i32) -> f64 {
    f64::from(u8::from(keep > 0 && keep < 4096))
}

/// The error of a decaying register after very many steps, if each step adds `step_error` `[LSB]`; `None` if it never
/// decays.
///
/// Source: the geometric series of `E[t] = k E[t-1] + e`: `e * 4096 / d` for a loss of d/4096 per step.
pub fn limit(keep: i32, step_error: f64) -> Option<f64> {
    let step = step_error + rounding(keep);
    match keep {
        4096 if step > 0.0 => None,
        4096 => Some(0.0),
        _ => Some(step * 4096.0 / f64::from(4096 - keep)),
    }
}

/// The worst errors of current and voltage of one neuron `[state LSB]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Budget {
    /// Of the current.
    pub u_lsb: f64,
    /// Of the voltage, before a spike resets it.
    pub v_lsb: f64,
}

impl Budget {
    /// The budget one step later; `input` is the error of what arrives `[state LSB]`, `state` the float twin's before.
    #[must_use]
    pub fn next(self, p: &Neurons, i: usize, input: f64, state: (f64, f64)) -> Budget {
        let drift = |keep: &(Vec<i32>, Vec<f64>), x: f64| (f64::from(keep.0[i]) / 4096.0 - keep.1[i]).abs() * x.abs();
        let kept = |keep: &(Vec<i32>, Vec<f64>), e: f64| f64::from(keep.0[i]) / 4096.0 * e + rounding(keep.0[i]);
        let u_lsb = kept(&p.keep_u, self.u_lsb) + drift(&p.keep_u, state.0) + input;
        let bias = (f64::from(p.bias.0[i]) - p.bias.1[i]).abs();
        Budget { u_lsb, v_lsb: kept(&p.keep_v, self.v_lsb) + drift(&p.keep_v, state.1) + u_lsb + bias }
    }
}

/// A value that is farther from its float twin than it can be by rounding, or does not decay as it must.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Violation {
    /// Path of the process.
    pub process: String,
    /// Neuron.
    pub neuron: u32,
    /// Step, counted from 1.
    pub step: u64,
    /// What is beyond its budget.
    pub variable: &'static str,
    /// The value in registers; where one overflows, its end.
    pub fixed: f64,
    /// The float twin's value, or what it must be below.
    pub float: f64,
    /// How far apart they may be.
    pub budget_lsb: f64,
}

/// How near to its threshold the first neuron was that fired in one form only.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Margin {
    /// Path of the process.
    pub process: String,
    /// Neuron.
    pub neuron: u32,
    /// Step, counted from 1.
    pub step: u64,
    /// Whether the float twin fired.
    pub float_fired: bool,
    /// Distance of the other's voltage to the threshold `[state LSB]`.
    pub distance_lsb: f64,
    /// The budget of the voltage `[state LSB]`.
    pub budget_lsb: f64,
}

impl Margin {
    /// Whether rounding alone can have made the difference.
    pub fn explained(&self) -> bool {
        self.budget_lsb > 0.0 && self.distance_lsb <= self.budget_lsb
    }
}

/// What became of the budgets in one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Held {
    /// Values that were compared with their budget.
    pub checked: u64,
    /// The last step compared; after it registers overflowed or spikes differed in all populations.
    pub until_step: u64,
    /// The largest part of a budget that was used, `0..=1` if all is well.
    pub largest_use: f64,
    /// The largest budget of a voltage `[state LSB]`.
    pub largest_budget_lsb: f64,
    /// The first value beyond its budget.
    pub violation: Option<Violation>,
    /// The first decision that differs.
    pub margin: Option<Margin>,
    /// Error band of the voltage of each recorded neuron: by population, step after step `[state LSB]`.
    #[serde(skip)]
    pub bands: BTreeMap<String, Vec<f64>>,
}

/// Follows the budgets through a float and a fixed run of the same network.
#[derive(Debug)]
pub struct Follower<'a> {
    wiring: &'a Wiring,
    arithmetic: &'a Arithmetic,
    float: &'a Observed,
    fixed: &'a Observed,
    budgets: Vec<Vec<Budget>>,
    /// By population and coming step: error of what arrives, and whether anything does.
    coming: Vec<Vec<Vec<(f64, bool)>>>,
    held: Held,
}

impl<'a> Follower<'a> {
    /// Both runs must have recorded state.
    pub fn new(wiring: &'a Wiring, arithmetic: &'a Arithmetic, float: &'a Observed, fixed: &'a Observed) -> Self {
        let longest = |p: &Neurons| p.links.iter().map(|l| usize::from(l.longest_delay())).max().unwrap_or(0);
        let empty = |p: &Neurons| vec![vec![(0.0, false); p.n]; longest(p) + 2];
        Follower {
            wiring,
            arithmetic,
            float,
            fixed,
            budgets: wiring.populations.iter().map(|p| vec![Budget::default(); p.n]).collect(),
            coming: wiring.populations.iter().map(empty).collect(),
            held: Held::default(),
        }
    }

    /// Goes on until a budget is broken, and with each population until one of its registers overflows, or a spike that it
    /// gets or sends differs; a register may overflow only where what is within its budget can be beyond its ends.
    pub fn follow(mut self) -> Held {
        let untils = until::untils(self.wiring, self.float, self.fixed);
        let end = untils.iter().map(|until| until.overflow.unwrap_or(until.last)).max().unwrap_or(0);
        for step in 1..=end {
            if self.fixed.reset_every.is_some_and(|n| step > 1 && (step - 1).is_multiple_of(n)) {
                let fresh = Follower::new(self.wiring, self.arithmetic, self.float, self.fixed);
                (self.budgets, self.coming) = (fresh.budgets, fresh.coming);
            }
            for (k, until) in untils.iter().enumerate() {
                if step <= until.last {
                    self.population(k, step);
                    self.held.until_step = step;
                } else if until.overflow == Some(step) {
                    self.held.violation = self.held.violation.take().or_else(|| self.needless(k, step));
                }
            }
            if self.held.violation.is_some() {
                break;
            }
            self.send(step);
        }
        self.held
    }

    fn population(&mut self, k: usize, step: u64) {
        let p = &self.wiring.populations[k];
        let (slots, align) = (self.coming[k].len() as u64, f64::from(1 << self.arithmetic.align));
        let arriving = std::mem::replace(&mut self.coming[k][(step % slots) as usize], vec![(0.0, false); p.n]);
        let states = |o: &'a Observed| Some((o.state(&p.path, "u")?, o.state(&p.path, "v")?));
        let (Some((fu, fv)), Some((xu, xv))) = (states(self.float), states(self.fixed)) else { return };
        let fresh = step == 1 || self.fixed.reset_every.is_some_and(|n| (step - 1).is_multiple_of(n));
        for (i, (error, arrives)) in arriving.into_iter().enumerate() {
            let before = |s: &crate::observe::State, initial: &[f64]| match fresh {
                true => initial[i],
                false => s.at(step - 1, i).unwrap_or(0.0),
            };
            let state = (before(fu, &p.initial.0), before(fv, &p.initial.1));
            let own = self.budgets[k][i].next(p, i, error * align, state);
            self.budgets[k][i] = own;
            self.held.largest_budget_lsb = self.held.largest_budget_lsb.max(own.v_lsb);
            self.held.bands.entry(p.path.clone()).or_default().push(own.v_lsb);
            let now = |s: &crate::observe::State| s.at(step, i).unwrap_or(0.0);
            let place = Place { process: &p.path, neuron: i as u32, step };
            self.compare(place, "u", (now(xu), now(fu)), own.u_lsb);
            if !fresh && !arrives && p.keep_u.0[i] < 4096 {
                self.fades(place, "u at rest", before(xu, &p.initial.0), now(xu));
                let quiet = now(xu) == 0.0 && p.bias.0[i] == 0 && p.keep_v.0[i] < 4096;
                if quiet && !self.fired(place, self.fixed) {
                    self.fades(place, "v at rest", before(xv, &p.initial.1), now(xv));
                }
            }
            let spikes = (self.fired(place, self.fixed), self.fired(place, self.float));
            if spikes.0 == spikes.1 {
                self.compare(place, "v", (now(xv), now(fv)), own.v_lsb);
            } else {
                let silent = if spikes.1 { now(xv) } else { now(fv) };
                self.decide(place, spikes.1, (f64::from(p.threshold[i]) - silent).abs(), own.v_lsb);
            }
            if spikes.0 {
                self.budgets[k][i].v_lsb = 0.0;
            }
        }
    }

    fn fired(&self, place: Place<'_>, observed: &Observed) -> bool {
        let fired = observed.fired_by(place.process);
        fired.is_some_and(|f| f.events.binary_search(&(place.step, place.neuron)).is_ok())
    }

    fn compare(&mut self, place: Place<'_>, variable: &'static str, (fixed, float): (f64, f64), budget: f64) {
        self.held.checked += 1;
        let error = (fixed - float).abs();
        // Reals round too: at the 53rd bit of what they hold.
        let slack = 1e-9 * (1.0 + float.abs());
        if budget > 0.0 {
            self.held.largest_use = self.held.largest_use.max(error / budget);
        }
        if error > budget + slack {
            self.violate(place, variable, fixed, float, budget);
        }
    }

    /// A register that loses anything loses at least one LSB in every quiet step.
    fn fades(&mut self, place: Place<'_>, variable: &'static str, before: f64, now: f64) {
        self.held.checked += 1;
        if now != 0.0 && now.abs() >= before.abs() {
            self.violate(place, variable, now, before, 0.0);
        }
    }

    fn decide(&mut self, place: Place<'_>, float_fired: bool, distance_lsb: f64, budget_lsb: f64) {
        let Place { process, neuron, step } = place;
        let margin = Margin { process: process.to_owned(), neuron, step, float_fired, distance_lsb, budget_lsb };
        if !margin.explained() {
            let threshold =
                if float_fired { "v at threshold (only float fires)" } else { "v at threshold (only fixed fires)" };
            self.violate(place, threshold, distance_lsb, 0.0, budget_lsb);
        }
        self.held.margin.get_or_insert(margin);
    }

    fn violate(&mut self, place: Place<'_>, variable: &'static str, fixed: f64, float: f64, budget_lsb: f64) {
        let Place { process, neuron, step } = place;
        let violation = Violation { process: process.to_owned(), neuron, step, variable, fixed, float, budget_lsb };
        self.held.violation.get_or_insert(violation);
    }

    /// Puts what the spikes of this step bring into the steps in which it arrives.
    fn send(&mut self, step: u64) {
        for (p, coming) in self.wiring.populations.iter().zip(&mut self.coming) {
            let slots = coming.len() as u64;
            for link in &p.links {
                let Some(fired) = self.float.fired_by(&link.from) else { continue };
                let from = fired.events.partition_point(|e| *e < (step, 0));
                let spikes = fired.events[from..].iter().take_while(|e| e.0 == step);
                let mut rounded = std::collections::BTreeSet::new();
                for (_, source) in spikes {
                    let s = *source as usize;
                    for k in link.rows.start[s]..link.rows.start[s + 1] {
                        let delay = link.rows.delay_of(k);
                        let due = ((step + 1 + u64::from(delay)) % slots) as usize;
                        coming[due][link.rows.target[k] as usize].1 = true;
                        rounded.insert((due, link.rows.target[k] as usize));
                    }
                    let first = link.errors.partition_point(|e| e.source < *source);
                    for e in link.errors[first..].iter().take_while(|e| e.source == *source) {
                        let due = ((step + 1 + u64::from(e.delay)) % slots) as usize;
                        coming[due][e.target as usize].0 += e.error;
                    }
                }
                if link.rounds_sums() {
                    // One sum per step, or several where delays differ; each loses less than one.
                    let sums =
                        if link.rows.delay.is_empty() { 1.0 } else { f64::from(link.rows.longest_delay()) + 1.0 };
                    rounded.into_iter().for_each(|(due, target)| coming[due][target].0 += sums);
                }
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    process: &'a str,
    neuron: u32,
    step: u64,
}

/// The first spike that only one of two runs has: step, process, neuron, whether the first run has it.
///
/// Of several in the same step, the first process in the order of the model counts, and of it the lowest neuron.
pub fn divergence(a: &Observed, b: &Observed) -> Option<(u64, String, u32, bool)> {
    let first = |x: &crate::observe::Fired| {
        let y = b.fired_by(&x.process)?;
        let (step, neuron, own) = crate::metric::divergence::first_divergence(&x.events, &y.events)?;
        Some((step, x.process.clone(), neuron, own))
    };
    a.fired.iter().filter_map(first).min_by_key(|d| d.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However long a register decays, its error stays below the limit, and comes near it.
        #[test]
        fn errors_stay_below_their_limit(keep in 0_i32..4096, step_error in 0.0..50.0_f64) {
            let limit = limit(keep, step_error).unwrap();
            let mut error = 0.0;
            for _ in 0..100_000 {
                error = f64::from(keep) / 4096.0 * error + step_error + rounding(keep);
                prop_assert!(error <= limit * (1.0 + 1e-12));
            }
            prop_assert!(error >= limit * 0.999_999, "{error} of {limit}");
        }
    }

    #[test]
    fn what_never_decays_has_no_limit() {
        assert_eq!((limit(4096, 0.0), limit(4096, 0.1)), (Some(0.0), None));
    }
}
