//! Packets in the order of their sending, with congestion as a density on links.
//!
//! ```text
//! every core sends its packets one after the other; the earliest is next (order: time, core, sequence)
//! packets that reached their core leave the network
//! ρ     = Σ density of the links of the way        each packet adds 1/(hops + 2) to each of its hops + 1 links
//! room  = (hops + 1) * buffer                      if ρ > room, the sender waits (ρ - room) * d
//! d     = mean processing time of the packets in the network
//! early = sent + max(flight, ρ * d / (hops + 1))
//! taken = max(early, when the receiver is free), free again after its processing
//! T     = max(last sending, last processing) + barrier
//! ```
//!
//! Densities are multiples of 2⁻¹⁶. Source: SANA-FE 2.2 (`detailed` timing), which breaks ties by the layout of its heap; here
//! the order is total.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::{Busy, Grid, Link, Network, Resource, Slowest, StepTime, Timing, Work};
use crate::mesh::CoreId;

/// One packet's worth of density.
const ONE: u64 = 1 << 16;

/// A packet in the network, in the list of its bucket.
#[derive(Clone, Copy, Debug)]
struct Flying {
    taken_ps: u64,
    processing_ps: u64,
    from: CoreId,
    to: CoreId,
    next: u32,
}

const END: u32 = u32::MAX;

/// The packets in the network, in buckets by the time at which they leave it. A bucket is used again for a time one
/// round later, so a packet is passed over until its own round.
#[derive(Debug, Default)]
struct Sky {
    heads: Vec<u32>,
    flying: Vec<Flying>,
    shift: u32,
    /// The bucket of the last look, counted without rounds.
    at: u64,
    count: u64,
    processing_ps: u64,
}

impl Sky {
    /// Empties it, for about `packets` packets over about `span_ps`.
    fn clear(&mut self, packets: usize, span_ps: u64) {
        let buckets = packets.next_power_of_two().clamp(64, 1 << 16);
        self.heads.clear();
        self.heads.resize(buckets, END);
        self.flying.clear();
        self.shift = (span_ps / buckets as u64).max(1).ilog2();
        (self.at, self.count, self.processing_ps) = (0, 0, 0);
    }

    fn add(&mut self, mut packet: Flying) {
        let buckets = self.heads.len() as u64;
        let head = &mut self.heads[((packet.taken_ps >> self.shift) & (buckets - 1)) as usize];
        packet.next = std::mem::replace(head, self.flying.len() as u32);
        self.count += 1;
        self.processing_ps += packet.processing_ps;
        self.flying.push(packet);
    }

    /// Lets packets that are taken by `now` leave, and shows each.
    fn leave(&mut self, now: u64, mut gone: impl FnMut(&Flying)) {
        let (last, buckets) = (now >> self.shift, self.heads.len() as u64);
        let first = self.at.max((last + 1).saturating_sub(buckets));
        for bucket in first..=last {
            let slot = (bucket & (buckets - 1)) as usize;
            let mut at = std::mem::replace(&mut self.heads[slot], END);
            while at != END {
                let packet = self.flying[at as usize];
                if packet.taken_ps <= now {
                    self.count -= 1;
                    self.processing_ps -= packet.processing_ps;
                    gone(&packet);
                } else {
                    self.flying[at as usize].next = std::mem::replace(&mut self.heads[slot], at);
                }
                at = packet.next;
            }
        }
        self.at = last;
    }

    fn mean_ps(&self) -> u64 {
        self.processing_ps.checked_div(self.count).unwrap_or(0)
    }
}

/// What one core has sent and taken.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// Its next packet, and the end of its packets.
    next: usize,
    end: usize,
    sent_ps: u64,
    generated_ps: u64,
    free_ps: u64,
    /// Time it waited for room.
    blocked_ps: u64,
    blocked_by: Option<Link>,
    busy: Busy,
}

/// Packets in the order of their sending, with congestion.
#[derive(Debug)]
pub struct Queue {
    grid: Grid,
    buffer: u64,
    density: Vec<u64>,
    cores: Vec<State>,
    sky: Sky,
    /// Time and core of each core's next packet.
    due: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Queue {
    pub(super) fn new(grid: Grid, network: Network) -> Self {
        let density = vec![0; grid.links()];
        let buffer = u64::from(network.link_buffer.max(1));
        Queue { grid, buffer, density, cores: Vec::new(), sky: Sky::default(), due: BinaryHeap::new() }
    }

    fn start(&mut self, work: &Work<'_>) {
        self.density.fill(0);
        self.cores.clear();
        self.cores.resize(work.cores.len(), State::default());
        self.due.clear();
        let busy = |c: &super::CoreWork| c.generation_ps().max(c.processing_ps());
        self.sky.clear(work.packets.len(), work.cores.iter().map(busy).max().unwrap_or(0));
        for (k, packet) in work.packets.iter().enumerate() {
            if packet.from_host() {
                self.cores[packet.to.0 as usize].free_ps += packet.processing_ps;
                continue;
            }
            let own = &mut self.cores[packet.from.0 as usize];
            if own.end == 0 {
                own.next = k;
                self.due.push(Reverse((packet.generation_ps, packet.from.0)));
            }
            own.end = k + 1;
            own.generated_ps += packet.generation_ps;
        }
    }

    /// Sends the packet that is due at `now`, and returns when its sender was done with it.
    fn send(&mut self, packet: &super::Packet, now: u64) -> u64 {
        let Queue { grid, density, sky, cores, .. } = self;
        sky.leave(now, |gone| {
            let each = ONE / (u64::from(grid.hops(gone.from, gone.to)) + 2);
            grid.walk(gone.from, gone.to, |link, _| density[link] -= each);
        });
        let links = u64::from(grid.hops(packet.from, packet.to)) + 1;
        let each = ONE / (links + 1);
        let (mut sum, mut fullest) = (0, (0, 0));
        grid.walk(packet.from, packet.to, |link, _| {
            let there = density[link];
            sum += there;
            fullest = if there > fullest.0 { (there, link) } else { fullest };
            density[link] = there + each;
        });
        let mean = sky.mean_ps();
        let room = links * self.buffer * ONE;
        let mut sent_ps = now;
        if sum > room {
            let wait = (sum - room).saturating_mul(mean) / ONE;
            sent_ps += wait;
            let own = &mut cores[packet.from.0 as usize];
            own.blocked_ps += wait;
            own.blocked_by = Some(grid.link(fullest.1));
        }
        let unhindered_ps = sent_ps - cores[packet.from.0 as usize].blocked_ps;
        let early = sent_ps + packet.flight_ps.max(sum.saturating_mul(mean) / (ONE * links));
        let receiver = &mut cores[packet.to.0 as usize];
        if early >= receiver.free_ps {
            receiver.free_ps = early;
            let link = (links > 1 || sum > 0).then(|| grid.link(fullest.1));
            receiver.busy = Busy { since_ps: early, sent_ps: unhindered_ps, from: packet.from.0, link };
        }
        let taken_ps = receiver.free_ps;
        receiver.free_ps += packet.processing_ps;
        let (from, to, processing_ps) = (packet.from, packet.to, packet.processing_ps);
        sky.add(Flying { taken_ps, processing_ps, from, to, next: END });
        sent_ps
    }

    /// Names what the slowest core was busy with or waiting for.
    fn name(&self, time: &mut StepTime) {
        let Some(core) = time.core else { return };
        let own = &self.cores[core as usize];
        if own.free_ps == time.work_ps {
            own.busy.name(own.free_ps, time);
        } else if own.blocked_ps > time.work_ps / 2 {
            (time.resource, time.link) = (Resource::Network, own.blocked_by);
        } else {
            time.resource = Resource::Generation;
        }
    }
}

impl Timing for Queue {
    fn wants_packets(&self) -> bool {
        true
    }

    fn step(&mut self, work: &Work<'_>) -> StepTime {
        self.start(work);
        while let Some(Reverse((now, core))) = self.due.peek().copied() {
            let next = self.cores[core as usize].next;
            let sent_ps = self.send(&work.packets[next], now);
            let own = &mut self.cores[core as usize];
            own.sent_ps = sent_ps;
            own.next = next + 1;
            let more = (own.next < own.end).then(|| sent_ps + work.packets[next + 1].generation_ps);
            let top = self.due.peek_mut();
            match (top, more) {
                (Some(mut top), Some(ps)) => *top = Reverse((ps, core)),
                (Some(top), None) => drop(PeekMut::pop(top)),
                (None, _) => {}
            }
        }
        for (own, core) in self.cores.iter_mut().zip(work.cores) {
            own.sent_ps += core.generation_ps().saturating_sub(own.generated_ps);
        }
        let mut time = Slowest::of(self.cores.iter().map(|c| c.sent_ps.max(c.free_ps))).time();
        self.name(&mut time);
        time.with_barrier(work.barrier_ps)
    }
}
