//! A lower bound of the length of a step: its busiest resource.
//!
//! ```text
//! T >= max( neurons, sending, receiving, synapses, memory of any core; packets * hop of any link ) + barrier
//! ```
//!
//! Every term is a sum that is affine in the events of the step, so the bound is max-affine. It assumes that the
//! units of a core overlap perfectly and that a link carries one packet at a time. Form: Timcheck, Pierro and
//! Shrestha, "A Compute and Communication Runtime Model for Loihi 2", arXiv 2601.10035, 2026.
//!
//! A packet is not walked along its way: it counts where it enters a line of links and off where it leaves it, and the links
//! of a line are summed once per step.

use super::{Grid, Network, Resource, Slowest, StepTime, Timing, Work};

/// The busiest resource, then the barrier.
#[derive(Debug)]
pub struct Bound {
    grid: Grid,
    /// Time of each link `[ps]`; ports of cores take none.
    hop_ps: Vec<u64>,
    /// Packets that enter a line at a place, less those that left it before; by line, with one place beyond its links.
    changes: Vec<i64>,
    /// Time of each link in this step `[ps]`.
    links: Vec<u64>,
}

impl Bound {
    pub(super) fn new(grid: Grid, network: Network) -> Self {
        let hop_ps = (0..grid.ports()).map(|link| network.hops.of(grid.link(link).side)).collect();
        let changes = vec![0; grid.lines() * (grid.longest_line() + 1)];
        Bound { hop_ps, changes, links: vec![0; grid.ports()], grid }
    }

    /// Time `[ps]` of the heaviest link, and which it is; of equals the one with the lowest number.
    fn heaviest(&mut self, work: &Work<'_>) -> (u64, usize) {
        let Bound { grid, hop_ps, changes, links } = self;
        let line_length = grid.longest_line() + 1;
        changes.fill(0);
        for packet in work.packets.iter().filter(|p| !p.from_host()) {
            for span in grid.spans(packet.from, packet.to) {
                changes[span.line * line_length + span.places.start] += 1;
                changes[span.line * line_length + span.places.end] -= 1;
            }
        }
        for (line, changes) in changes.chunks_exact(line_length).enumerate() {
            let length = grid.line_length(line);
            let mut packets = 0;
            for (place, change) in changes[..length].iter().enumerate() {
                packets += change;
                let link = grid.on_line(line, place);
                links[link] = packets as u64 * hop_ps[link];
            }
        }
        let mut heaviest = (0, 0);
        for (link, ps) in links.iter().enumerate() {
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
