//! The slowest core, then the barrier.
//!
//! ```text
//! T = max( max over cores of Σ generation, max over cores of Σ processing ) + barrier
//! ```
//!
//! Sending and receiving overlap within a core. Source: SANA-FE 2.2 (`simple` timing).

use super::{Grid, Network, Resource, Slowest, StepTime, Timing, Work};

/// The slowest core, then the barrier.
#[derive(Debug)]
pub struct Simple;

impl Simple {
    pub(super) fn new(_grid: Grid, _network: Network) -> Self {
        Simple
    }
}

impl Timing for Simple {
    fn wants_packets(&self) -> bool {
        false
    }

    fn step(&mut self, work: &Work<'_>) -> StepTime {
        let slowest = Slowest::of(work.cores.iter().map(|c| c.generation_ps().max(c.processing_ps())));
        let mut time = slowest.time();
        if let Some(core) = slowest.core() {
            let core = &work.cores[core as usize];
            let sends = core.generation_ps() >= core.processing_ps();
            time.resource = if sends { Resource::Generation } else { Resource::Processing };
        }
        time.with_barrier(work.barrier_ps)
    }
}
