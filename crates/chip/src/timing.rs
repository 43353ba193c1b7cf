//! How long a step takes: the slowest core, then the barrier.
//!
//! ```text
//! T = max( max over cores of Σ generation, max over cores of Σ processing ) + barrier
//! ```
//!
//! Sending and receiving overlap within a core. Source: SANA-FE 2.2 (`simple` timing). Integer picoseconds, so the
//! time does not depend on the number of workers.

use pumice_meter::{Counts, Event, LatencyTable, MeterError};

/// Events that a core spends time on one after the other while it updates neurons and sends.
pub const GENERATION: [Event; 6] = [
    Event::NeuronAccess,
    Event::NeuronUpdate,
    Event::NeuronSpike,
    Event::PacketOut,
    Event::DendriteOperation,
    Event::RandomNumber,
];

/// Events that a core spends time on one after the other while it receives.
pub const PROCESSING: [Event; 7] = [
    Event::PacketIn,
    Event::SynapseReadDense,
    Event::SynapseReadSparse,
    Event::SynapseReadConv,
    Event::SynapseMemoryWord,
    Event::SynapseUpdate,
    Event::CrossbarRowRead,
];

/// The length of one step, and what set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepTime {
    /// Length of the step with its barrier `[ps]`.
    pub total_ps: u64,
    /// The core that set it; `None` if no core did anything.
    pub core: Option<u32>,
    /// Whether it was that core's receiving that took longest.
    pub receiving: bool,
}

/// The length of a step in which cores did `loads`, with `tiles` used tiles; unknown latencies count as nothing.
///
/// # Errors
/// If the loads contradict the table's neuron model.
pub fn simple(loads: &[Counts], latency: &LatencyTable, tiles: u32) -> Result<StepTime, MeterError> {
    let mut longest = StepTime { total_ps: 0, core: None, receiving: false };
    for (core, load) in loads.iter().enumerate() {
        for (events, receiving) in [(&GENERATION[..], false), (&PROCESSING[..], true)] {
            let ps = latency.serial_ps(load, events)?;
            if ps > longest.total_ps {
                longest = StepTime { total_ps: ps, core: Some(core as u32), receiving };
            }
        }
    }
    longest.total_ps += latency.barrier_ps(tiles).unwrap_or(0);
    Ok(longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pumice_meter::{Evidence, Figure, Latency, NeuronModel};

    #[test]
    fn the_slowest_core_and_the_barrier_set_the_step() {
        let mut table = LatencyTable { neuron_model: NeuronModel::Additive, ..LatencyTable::default() };
        let ns = |x: f64| Latency::try_from(Figure::new(x * 1e-9, Evidence::Assumed, "test")).unwrap();
        table.set(Event::NeuronAccess, ns(6.0));
        table.set(Event::SynapseReadDense, ns(4.0));
        table.set(Event::Barrier, ns(100.0));
        let mut loads = vec![Counts::default(); 2];
        loads[0].add(Event::NeuronAccess, 10);
        loads[1].add(Event::SynapseReadDense, 16);
        let time = simple(&loads, &table, 1).unwrap();
        assert_eq!(time, StepTime { total_ps: 164_000, core: Some(1), receiving: true });
        assert_eq!(simple(&[], &table, 1).unwrap().core, None);
    }
}
