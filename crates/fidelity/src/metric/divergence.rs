//! The first place and time at which two recordings of spikes differ.

use std::collections::BTreeSet;

/// The earliest event that only one of two recordings has: step, neuron, and whether the first recording has it.
///
/// Events are `(step, neuron)` in any order. Of several in the same step the lowest neuron counts.
pub fn first_divergence(a: &[(u64, u32)], b: &[(u64, u32)]) -> Option<(u64, u32, bool)> {
    let [a, b] = [a, b].map(|all| all.iter().copied().collect::<BTreeSet<_>>());
    let (step, neuron) = *a.symmetric_difference(&b).next()?;
    Some((step, neuron, a.contains(&(step, neuron))))
}
