//! What a property can claim, and what contradicts it.

use pumice::models::{Arithmetic, ModelError};

use crate::FidelityError;
use crate::budget::{Follower, Held, divergence};
use crate::learned;
use crate::metric::{agreement, coincidence, rmse};
use crate::observe::{Observed, State};
use crate::register::ends;
use crate::wiring::Wiring;

/// One thing that must hold between the fixed form and the float twin.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Claim {
    /// At least a part of all spikes has a partner within so many steps.
    SpikesWithin {
        /// Largest lag `[steps]`.
        steps: u32,
        /// Part of all spikes, `0..=1`.
        part: f64,
    },
    /// The number of spikes of every population differs by at most a part, or by one spike.
    RateWithin {
        /// Part of the float twin's spikes.
        part: f64,
    },
    /// The derived rounding budget holds, and explains every decision that differs.
    Budget,
    /// The derived budget of what synapses learn holds.
    LearningBudget,
    /// The run is bit for bit that on cores, with each number of workers.
    SameOnCores {
        /// Numbers of workers.
        workers: Vec<usize>,
    },
    /// Values are ones that their registers can hold.
    Registers,
    /// Nothing wraps, clips or saturates.
    NoOverflow,
    /// The voltage differs by at most so much in the root mean square.
    MembraneWithin {
        /// Root mean squared difference `[state LSB]`.
        lsb: f64,
    },
    /// At least a part of the answers is the same.
    Decisions {
        /// Part of the samples, `0..=1`.
        part: f64,
    },
}

/// Two runs of the same network, and what follows from its wiring.
#[derive(Debug)]
pub struct Evidence<'a> {
    float: &'a Observed,
    fixed: &'a Observed,
    wiring: &'a Wiring,
    arithmetic: &'a Arithmetic,
    /// Runs on cores, by the number of workers.
    placed: Vec<(usize, Observed)>,
    held: Option<Held>,
    /// Values of registers that claims looked at, budgets left out.
    looked_at: u64,
}

impl<'a> Evidence<'a> {
    /// From a float and a fixed run of the same network.
    pub fn new(float: &'a Observed, fixed: &'a Observed, wiring: &'a Wiring, arithmetic: &'a Arithmetic) -> Self {
        Evidence { float, fixed, wiring, arithmetic, placed: Vec::new(), held: None, looked_at: 0 }
    }

    /// The same with runs on cores, by the number of workers.
    #[must_use]
    pub fn with_placed(self, placed: Vec<(usize, Observed)>) -> Self {
        Evidence { placed, ..self }
    }

    fn held(&mut self) -> &Held {
        let follow = || Follower::new(self.wiring, self.arithmetic, self.float, self.fixed).follow();
        self.held.get_or_insert_with(follow)
    }

    /// Values of registers that were compared so far: with a budget, with their twin, or with the ends of their register.
    pub fn values(&self) -> u64 {
        self.looked_at + self.held.as_ref().map_or(0, |held| held.checked)
    }
}

impl Claim {
    /// Whether it looks at more than spikes.
    pub fn needs_states(&self) -> bool {
        use Claim::{Budget, LearningBudget, MembraneWithin, Registers, SameOnCores};
        matches!(self, Budget | LearningBudget | SameOnCores { .. } | Registers | MembraneWithin { .. })
    }

    /// Whether it can be claimed.
    ///
    /// # Errors
    /// If a part is not in `0..=1`, or a difference is negative or no number.
    pub fn check(&self) -> Result<(), FidelityError> {
        let (name, value, most) = match self {
            Claim::SpikesWithin { part, .. } => ("spikes_within", *part, 1.0),
            Claim::Decisions { part } => ("decides_alike", *part, 1.0),
            Claim::RateWithin { part } => ("rate_within", *part, f64::INFINITY),
            Claim::MembraneWithin { lsb } => ("membrane_within", *lsb, f64::INFINITY),
            _ => return Ok(()),
        };
        if (0.0..=most).contains(&value) {
            return Ok(());
        }
        let allowed = if most == 1.0 { "a part in 0..=1" } else { "a number that is not negative" };
        Err(ModelError::range(name, value, allowed).into())
    }

    /// The numbers of workers with which the case must run on cores.
    pub fn workers(&self) -> &[usize] {
        if let Claim::SameOnCores { workers } = self { workers } else { &[] }
    }

    /// What it compares, in a few words.
    pub fn about(&self) -> &'static str {
        match self {
            Claim::SpikesWithin { .. } => "times of spikes",
            Claim::RateWithin { .. } => "rates",
            Claim::Budget => "registers with their rounding budget",
            Claim::LearningBudget => "learned weights with their rounding budget",
            Claim::SameOnCores { .. } => "state on cores",
            Claim::Registers => "registers with their ends",
            Claim::NoOverflow => "overflow",
            Claim::MembraneWithin { .. } => "membranes",
            Claim::Decisions { .. } => "decisions",
        }
    }

    /// As [`Claim::refuted`], with the number of register values that it compared.
    pub fn judged(&self, evidence: &mut Evidence<'_>) -> (Option<String>, u64) {
        let before = evidence.looked_at;
        let refuted = self.refuted(evidence);
        let values = match self {
            Claim::Budget => evidence.held().checked,
            _ => evidence.looked_at - before,
        };
        (refuted, values)
    }

    /// What contradicts it, in one sentence.
    pub fn refuted(&self, evidence: &mut Evidence<'_>) -> Option<String> {
        match self {
            Claim::SpikesWithin { steps, part } => spikes(evidence, f64::from(*steps), *part),
            Claim::RateWithin { part } => rates(evidence, *part),
            Claim::Budget => budget(evidence),
            Claim::LearningBudget => learning_budget(evidence),
            Claim::SameOnCores { .. } => same_on_cores(evidence),
            Claim::Registers => registers(evidence).or_else(|| learned_registers(evidence)),
            Claim::NoOverflow => evidence.fixed.overflow.first().map(|place| {
                let r = &place.record;
                format!(
                    "`{}.{}` of neuron {} overflows in step {}",
                    place.process, r.variable, r.first_index, r.first_step
                )
            }),
            Claim::MembraneWithin { lsb } => membranes(evidence, *lsb),
            Claim::Decisions { part } => match (&evidence.float.answers, &evidence.fixed.answers) {
                (Some(a), Some(b)) => {
                    let found = agreement::agreement(a, b);
                    (found < *part).then(|| {
                        format!("{:.2} % of the answers are the same, claimed are {:.2} %", 100.0 * found, 100.0 * part)
                    })
                }
                _ => Some("there is no task, so nothing is decided".into()),
            },
        }
    }
}

/// What is said of a machine that does not show what a claim is about.
fn hidden(what: &str, process: &str) -> String {
    format!("the fixed run shows no {what} of `{process}`, so there is nothing to compare")
}

/// What is said of a machine that shows more than the model has.
fn foreign(what: &str, process: &str) -> String {
    format!("the float run shows no {what} of `{process}`, so there is nothing to compare it with")
}

/// Spikes that only the fixed run shows.
fn foreign_spikes(evidence: &Evidence<'_>) -> Option<String> {
    let all = evidence.fixed.fired.iter().filter(|f| !f.source);
    let only = all.clone().find(|f| evidence.float.fired_by(&f.process).is_none())?;
    Some(foreign("spikes", &only.process))
}

fn membranes(evidence: &mut Evidence<'_>, lsb: f64) -> Option<String> {
    let only = |s: &&State| s.variable == "v" && evidence.float.state(&s.process, "v").is_none();
    if let Some(s) = evidence.fixed.states.iter().find(only) {
        return Some(foreign("voltage", &s.process));
    }
    for s in evidence.float.states.iter().filter(|s| s.variable == "v") {
        let Some(other) = evidence.fixed.state(&s.process, "v") else {
            return Some(hidden("voltage", &s.process));
        };
        if s.values.len() != other.values.len() {
            let (float, fixed) = (s.values.len(), other.values.len());
            return Some(format!("`{}.v` has {fixed} values in the fixed run and {float} in the float run", s.process));
        }
        evidence.looked_at += s.values.len() as u64;
        let found = rmse::rmse(&s.values, &other.values);
        if found > lsb {
            return Some(format!("`{}.v` is {found:.3} LSB off in the root mean square, allowed is {lsb}", s.process));
        }
    }
    None
}

fn spikes(evidence: &Evidence<'_>, window: f64, part: f64) -> Option<String> {
    let (mut matched, mut all) = (0.0, 0.0);
    for a in evidence.float.fired.iter().filter(|f| !f.source) {
        let Some(b) = evidence.fixed.fired_by(&a.process) else {
            return Some(hidden("spikes", &a.process));
        };
        for (x, y) in a.trains().iter().zip(&b.trains()) {
            matched += 2.0 * coincidence::pairs(x, y, window).len() as f64;
            all += (x.len() + y.len()) as f64;
        }
    }
    if let Some(only) = foreign_spikes(evidence) {
        return Some(only);
    }
    let found = if all > 0.0 { matched / all } else { 1.0 };
    (found < part).then(|| {
        format!(
            "{:.2} % of the spikes have a partner within {window} steps, claimed are {:.2} %",
            100.0 * found,
            100.0 * part
        )
    })
}

fn rates(evidence: &Evidence<'_>, part: f64) -> Option<String> {
    foreign_spikes(evidence).or_else(|| rates_differ(evidence, part))
}

fn rates_differ(evidence: &Evidence<'_>, part: f64) -> Option<String> {
    evidence.float.fired.iter().filter(|f| !f.source).find_map(|a| {
        let Some(b) = evidence.fixed.fired_by(&a.process) else {
            return Some(hidden("spikes", &a.process));
        };
        let (float, fixed) = (a.events.len() as f64, b.events.len() as f64);
        let allowed = (part * float).max(1.0);
        ((fixed - float).abs() > allowed).then(|| {
            format!(
                "`{}` fires {fixed} times, its float twin {float} times, allowed is a difference of {allowed:.1}",
                a.process
            )
        })
    })
}

fn budget(evidence: &mut Evidence<'_>) -> Option<String> {
    let v = evidence.held().violation.clone()?;
    if v.variable.ends_with("at rest") {
        return Some(format!(
            "neuron {} of `{}` has no input in step {}, and its {} does not decay: {} after {}",
            v.neuron, v.process, v.step, v.variable, v.fixed, v.float
        ));
    }
    if let Some(register) = v.variable.strip_prefix("overflow of ") {
        return Some(format!(
            "`{register}` of neuron {} of `{}` overflows in step {}, though its register ends at {} and the float twin needs {:.3}, budget {:.3} LSB",
            v.neuron, v.process, v.step, v.fixed, v.float, v.budget_lsb
        ));
    }
    Some(format!(
        "`{}` of neuron {} of `{}` is beyond its rounding budget in step {}: {} in registers, {:.3} in the float twin, budget {:.3} LSB",
        v.variable, v.neuron, v.process, v.step, v.fixed, v.float, v.budget_lsb
    ))
}

fn learning_budget(evidence: &mut Evidence<'_>) -> Option<String> {
    evidence.wiring.lessons.iter().filter(|lesson| lesson.not_followed.is_none()).find_map(|lesson| {
        let found = learned::follow(lesson, evidence.float, evidence.fixed);
        evidence.looked_at += found.checked;
        let v = found.violation?;
        Some(format!(
            "`{}.{}` [{}] is beyond its rounding budget in step {}: {} in registers, {:.3} in the float twin, budget {:.3} LSB",
            v.process, v.variable, v.neuron, v.step, v.fixed, v.float, v.budget_lsb
        ))
    })
}

/// The first spike, value or overflow that a run on cores has otherwise.
fn same_on_cores(evidence: &mut Evidence<'_>) -> Option<String> {
    let fixed = evidence.fixed;
    for (workers, placed) in &evidence.placed {
        let on = if *workers == 1 { "1 worker".to_owned() } else { format!("{workers} workers") };
        if let Some((step, process, neuron, _)) = divergence(fixed, placed) {
            return Some(format!("neuron {neuron} of `{process}` does not do the same on cores in step {step}, {on}"));
        }
        for state in &fixed.states {
            let Some(other) = placed.state(&state.process, &state.variable) else {
                return Some(format!("on cores `{}.{}` is not shown, {on}", state.process, state.variable));
            };
            evidence.looked_at += state.values.len() as u64;
            if let Some(k) = state.values.iter().zip(&other.values).position(|(x, y)| x != y) {
                return Some(format!(
                    "`{}.{}` [{}] is {} in step {}, and {} on cores, {on}",
                    state.process,
                    state.variable,
                    k % state.n,
                    state.values[k],
                    k / state.n + 1,
                    other.values[k]
                ));
            }
        }
        // Weights that are clipped when they are loaded are not state.
        let steps =
            |o: &'_ Observed| o.overflow.iter().filter(|p| p.record.first_step > 0).cloned().collect::<Vec<_>>();
        if steps(fixed) != steps(placed) {
            return Some(format!("not the same values leave their registers on cores, {on}"));
        }
    }
    None
}

/// The first learned variable or trace that its register cannot hold.
fn learned_registers(evidence: &mut Evidence<'_>) -> Option<String> {
    for lesson in &evidence.wiring.lessons {
        for state in evidence.fixed.states.iter().filter(|s| s.process == lesson.path) {
            let Some((low, high, step)) = lesson.register(&state.variable) else { continue };
            evidence.looked_at += state.values.len() as u64;
            let held = |x: f64| (f64::from(low)..=f64::from(high)).contains(&x) && x % f64::from(step) == 0.0;
            if let Some(k) = state.values.iter().position(|x| !held(*x)) {
                return Some(format!(
                    "`{}.{}` [{}] is {} in step {}; its register holds {low} to {high} in steps of {step}",
                    lesson.path,
                    state.variable,
                    k % state.n,
                    state.values[k],
                    k / state.n + 1
                ));
            }
        }
    }
    None
}

fn registers(evidence: &mut Evidence<'_>) -> Option<String> {
    let [_, current, _, voltage] = ends(evidence.arithmetic).map(|(low, high)| (low as f64, high as f64));
    let (wiring, fixed, looked_at) = (evidence.wiring, evidence.fixed, &mut evidence.looked_at);
    wiring.populations.iter().find_map(|p| {
        [("u", current), ("v", voltage)].into_iter().find_map(|(name, (low, high))| {
            // Where no state is shown at all, nothing is compared, and the property says so at its end.
            if fixed.states.is_empty() {
                return None;
            }
            let Some(state) = fixed.state(&p.path, name) else {
                return Some(hidden(&format!("`{name}`"), &p.path));
            };
            *looked_at += state.values.len() as u64;
            let k = state.values.iter().position(|x| *x < low || *x > high)?;
            let (neuron, step, value) = (k % state.n, k / state.n + 1, state.values[k]);
            Some(format!(
                "`{}.{name}` of neuron {neuron} is {value} in step {step}; its register holds {low} to {high}",
                p.path
            ))
        })
    })
}
