//! How far the budget of one population can be followed.
//!
//! It hangs on the spikes that the population gets and sends, not on the state of others. So a population beside one that
//! differs is followed on, and so is one behind it, until spikes differ.

use std::collections::BTreeMap;

use crate::metric::divergence::first_divergence;
use crate::observe::Observed;
use crate::wiring::{Neurons, Wiring};

/// The last step in which one population is compared, and the step of its overflow if that alone ends it there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Until {
    pub(super) last: u64,
    pub(super) overflow: Option<u64>,
}

/// That of every population of a wiring; 0 where it is not followed at all.
pub(super) fn untils(wiring: &Wiring, float: &Observed, fixed: &Observed) -> Vec<Until> {
    let differs = float.fired.iter().filter_map(|x| {
        let (step, ..) = first_divergence(&x.events, &fixed.fired_by(&x.process)?.events)?;
        Some((x.process.as_str(), step))
    });
    let differs: BTreeMap<&str, u64> = differs.collect();
    // A sum that a connection cannot hold is of no one population.
    let elsewhere = first_overflow(fixed, |process| wiring.population(process).is_none());
    wiring.populations.iter().map(|p| until(p, fixed, &differs, elsewhere)).collect()
}

fn until(p: &Neurons, fixed: &Observed, differs: &BTreeMap<&str, u64>, elsewhere: Option<u64>) -> Until {
    let own = first_overflow(fixed, |process| process == p.path);
    // What it has in registers is not what the wiring says, or steps of overflow are counted anew in every sample.
    let unknown = fixed.has_in_cells(&p.path) || (fixed.reset_every.is_some() && own.or(elsewhere).is_some());
    if unknown {
        return Until::default();
    }
    let senders = p.links.iter().map(|link| link.from.as_str());
    let spikes = senders.chain([p.path.as_str()]).filter_map(|path| differs.get(path)).min();
    let before = |step: Option<u64>| step.map_or(u64::MAX, |step| step - 1);
    let others = before(elsewhere).min(spikes.copied().unwrap_or(u64::MAX));
    let last = fixed.steps.min(before(own)).min(others);
    Until { last, overflow: own.filter(|step| others >= *step) }
}

fn first_overflow(fixed: &Observed, of: impl Fn(&str) -> bool) -> Option<u64> {
    let own = fixed.overflow.iter().filter(|place| of(&place.process));
    own.map(|place| place.record.first_step).filter(|step| *step > 0).min()
}
