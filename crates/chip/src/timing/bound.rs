//! A lower bound of the length of a step: its busiest resource.
//!
//! ```text
//! T >= max( neurons, sending, receiving, synapses, memory of any core; packets * hop of any link ) + barrier
//! ```
//!
//! Every term is a sum that is affine in the events of the step, so the bound is max-affine. It assumes that the
//! units of a core overlap perfectly and that a link carries one packet at a time. Form: Timcheck, Pierro and
//! Shrestha, "A Compute and Communication Runtime Model for Loihi 2", arXiv 2601.10035, 2026.

use super::{Grid, HopTimes, Network, Resource, Slowest, StepTime, Timing, Work};

/// The busiest resource, then the barrier.
#[derive(Debug)]
pub struct Bound {
    grid: Grid,
    hops: HopTimes,
    links: Vec<u64>,
}

impl Bound {
    pub(super) fn new(grid: Grid, network: Network) -> Self {
        Bound { links: vec![0; grid.links()], hops: network.hops, grid }
    }

    /// Time `[ps]` of the heaviest link, and which it is; of equals the one with the lowest number.
    fn heaviest(&mut self, work: &Work<'_>) -> (u64, usize) {
        self.links.fill(0);
        for packet in work.packets.iter().filter(|p| !p.from_host()) {
            self.grid.walk(packet.from, packet.to, |link, side| self.links[link] += self.hops.of(side));
        }
        let mut heaviest = (0, 0);
        for (link, ps) in self.links.iter().enumerate() {
            if *ps > heaviest.0 {
                heaviest = (*ps, link);
            }
        }
        heaviest
    }
}

impl Timing for Bound {
    fn wants_packets(&self) -> bool {
        true
    }

    fn step(&mut self, work: &Work<'_>) -> StepTime {
        let slowest = Slowest::of(work.cores.iter().map(|c| c.busiest().1));
        let mut time = slowest.time();
        if let Some(core) = slowest.core() {
            time.resource = work.cores[core as usize].busiest().0;
        }
        let (ps, link) = self.heaviest(work);
        if ps > time.work_ps {
            (time.next_ps, time.next_core) = (time.work_ps, time.core);
            (time.work_ps, time.core) = (ps, None);
            (time.resource, time.link) = (Resource::Network, Some(self.grid.link(link)));
        }
        time.with_barrier(work.barrier_ps)
    }
}
