//! Warnings of the emulator against what Pumice counts: registers that wrapped and values that were cut, by step.

use std::collections::BTreeMap;

use pumice::prelude::*;

use crate::case::Fault;
use crate::compare::Difference;
use crate::replay::{Form, Setup, start};

/// A kind of warning.
struct Kind {
    /// How it starts.
    message: &'static str,
    /// The variable it is about.
    variable: &'static str,
    /// By how many steps it comes after what Pumice notes.
    later: usize,
    /// Whether it is given for every element, not once for all.
    each: bool,
}

const KINDS: [Kind; 6] = [
    Kind { message: "Overflow in q0", variable: "a_in", later: 0, each: false },
    Kind { message: "Overflow in current", variable: "u", later: 0, each: false },
    Kind { message: "Overflow in u2", variable: "u+bias", later: 0, each: false },
    Kind { message: "Synaptic trace spikes lost", variable: "trace spikes", later: 1, each: true },
    Kind { message: "Clipping synapse trace", variable: "traces", later: 1, each: false },
    Kind { message: "Clipping learning weights", variable: "weights", later: 1, each: false },
];

/// How many warnings of a kind (by its number) were given in a step.
type ByStep = BTreeMap<(usize, usize), u64>;

/// Compares on every backend, each with a setup of its own.
pub(super) fn check(
    build: &dyn Fn() -> Result<Setup, Error>,
    arithmetic: &Arithmetic,
    steps: usize,
    recorded: &[(usize, String)],
) -> Result<Option<Fault>, Fault> {
    let mut expected = ByStep::new();
    for (t, message) in recorded {
        let kind = KINDS.iter().position(|kind| message.starts_with(kind.message));
        let kind = kind.ok_or_else(|| Fault::Malformed(format!("a warning that is not known here: `{message}`")))?;
        *expected.entry((*t, kind)).or_default() += 1;
    }
    for form in Form::INTEGER {
        let stopped = |fault: Error| Fault::Stopped { form: form.name(), reason: fault.to_string() };
        let got = build().and_then(|setup| counted(setup, arithmetic, form, steps)).map_err(stopped)?;
        if let Some(difference) = got.and_then(|got| first(&expected, &got)) {
            return Ok(Some(Fault::Differs { form: form.name(), difference }));
        }
    }
    Ok(None)
}

/// The first kind and step whose numbers are not the same.
fn first(expected: &ByStep, got: &ByStep) -> Option<Difference> {
    let count = |all: &ByStep, at: (usize, usize)| {
        let n = all.get(&at).copied().unwrap_or(0);
        if KINDS[at.1].each { n } else { n.min(1) }
    };
    let mut places: Vec<(usize, usize)> = expected.keys().chain(got.keys()).copied().collect();
    places.sort_unstable();
    let at = places.into_iter().find(|at| count(expected, *at) != count(got, *at))?;
    Some(Difference {
        output: format!("`{}`", KINDS[at.1].message),
        step: at.0.saturating_sub(1),
        index: 0,
        expected: count(expected, at).to_string(),
        got: count(got, at).to_string(),
    })
}

/// What was counted; `None` if a process has no model for the form.
fn counted(setup: Setup, arithmetic: &Arithmetic, form: Form, steps: usize) -> Result<Option<ByStep>, Error> {
    let mut found = ByStep::new();
    let Some(mut simulation) = start(setup.graph, arithmetic, form)? else {
        return Ok(None);
    };
    let mut before: BTreeMap<(String, String), u64> = BTreeMap::new();
    for step in 1..=steps {
        simulation.run(RunSteps(1))?;
        for (path, record) in simulation.overflow() {
            let count = before.insert((path, record.variable.clone()), record.count).unwrap_or(0);
            let kind = KINDS.iter().position(|kind| kind.variable == record.variable);
            let Some(kind) = kind.filter(|_| record.count > count) else { continue };
            let t = step + KINDS[kind].later;
            // What comes after the last recorded step was not recorded.
            if t <= steps {
                *found.entry((t, kind)).or_default() += record.count - count;
            }
        }
    }
    Ok(Some(found))
}
