//! What a property can claim, and what contradicts it.

use pumice::models::Arithmetic;
use pumice::models::arithmetic::OverflowPolicy;

use crate::budget::{Follower, Held};
use crate::metric::{agreement, coincidence, rmse};
use crate::observe::Observed;
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
    held: Option<Held>,
    /// Values of registers that claims looked at, budgets left out.
    looked_at: u64,
}

impl<'a> Evidence<'a> {
    /// From a float and a fixed run of the same network.
    pub fn new(float: &'a Observed, fixed: &'a Observed, wiring: &'a Wiring, arithmetic: &'a Arithmetic) -> Self {
        Evidence { float, fixed, wiring, arithmetic, held: None, looked_at: 0 }
    }

    fn held(&mut self) -> &Held {
        let follow = || Follower::new(self.wiring, self.arithmetic.align, self.float, self.fixed).follow();
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
        matches!(self, Claim::Budget | Claim::Registers | Claim::MembraneWithin { .. })
    }

    /// What it compares, in a few words.
    pub fn about(&self) -> &'static str {
        match self {
            Claim::SpikesWithin { .. } => "times of spikes",
            Claim::RateWithin { .. } => "rates",
            Claim::Budget => "registers with their rounding budget",
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
            Claim::Registers => registers(evidence),
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

fn membranes(evidence: &mut Evidence<'_>, lsb: f64) -> Option<String> {
    for s in evidence.float.states.iter().filter(|s| s.variable == "v") {
        let Some(other) = evidence.fixed.state(&s.process, "v") else {
            return Some(hidden("voltage", &s.process));
        };
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
    Some(format!(
        "`{}` of neuron {} of `{}` is beyond its rounding budget in step {}: {} in registers, {:.3} in the float twin, budget {:.3} LSB",
        v.variable, v.neuron, v.process, v.step, v.fixed, v.float, v.budget_lsb
    ))
}

fn registers(evidence: &mut Evidence<'_>) -> Option<String> {
    let a = evidence.arithmetic;
    let current = match a.current.overflow {
        OverflowPolicy::Unbounded => (f64::from(i32::MIN), f64::from(i32::MAX)),
        // Lava's wrap leaves the upper end itself in place.
        policy => {
            let end = f64::from(a.current.bits - 1).exp2();
            (-end, end - f64::from(u8::from(policy != OverflowPolicy::WrapOnceUpper)))
        }
    };
    let voltage = (f64::from(a.v_min), f64::from(a.v_max));
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
