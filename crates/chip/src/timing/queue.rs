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
//! Densities are multiples of 2⁻¹⁶. Source: SANA-FE 2.2 (`detailed` timing): message by message the same times, but for packets
//! that are due at the same time, of which it sends what its binary heap has on top; here the order is total.

use std::hint::select_unpredictable;

use super::order::Order;
use super::sky::Sky;
use super::ways::{ONE, Ways};
use super::{Busy, CoreWork, Grid, Link, Network, Packet, Resource, Slowest, StepTime, Timing, Work};

/// What one core has sent.
#[derive(Clone, Copy, Debug, Default)]
struct Sender {
    /// Its next packet, and the end of its packets.
    next: usize,
    end: usize,
    sent_ps: u64,
    generated_ps: u64,
    /// Time it waited for room.
    blocked_ps: u64,
    /// The packet that waited for room last.
    blocked: Option<usize>,
}

/// What one core has taken.
#[derive(Clone, Copy, Debug, Default)]
struct Receiver {
    free_ps: u64,
    /// Since when it is busy without a pause `[ps]`.
    since_ps: u64,
    /// When the packet that it waited for then would have been sent if its sender had never waited for room.
    sent_ps: u64,
    /// That packet.
    packet: usize,
}

/// Packets in the order of their sending, with congestion.
#[derive(Debug)]
pub struct Queue {
    grid: Grid,
    ways: Ways,
    buffer: u64,
    senders: Vec<Sender>,
    receivers: Vec<Receiver>,
    sky: Sky,
    /// Time of each core's next packet.
    due: Order,
}

impl Queue {
    pub(super) fn new(grid: Grid, network: Network) -> Self {
        Queue {
            ways: Ways::new(&grid),
            buffer: u64::from(network.link_buffer.max(1)),
            senders: Vec::new(),
            receivers: Vec::new(),
            sky: Sky::default(),
            due: Order::default(),
            grid,
        }
    }

    fn start(&mut self, work: &Work<'_>) {
        self.ways.clear();
        self.senders.clear();
        self.senders.resize(work.cores.len(), Sender::default());
        self.receivers.clear();
        self.receivers.resize(work.cores.len(), Receiver::default());
        let busy = |c: &CoreWork| c.generation_ps().max(c.processing_ps());
        self.sky.clear(work.packets.len(), work.cores.iter().map(busy).max().unwrap_or(0));
        let groups = || work.packets.chunk_by(|a, b| a.from == b.from);
        let gaps = groups().flat_map(|own| own[1..].first()).filter(|p| !p.from_host()).map(|p| p.generation_ps);
        self.due.clear(work.cores.len(), gaps.min().unwrap_or(0));
        let mut next = 0;
        for own in groups() {
            let end = next + own.len();
            if own[0].from_host() {
                own.iter().for_each(|p| self.receivers[p.to.0 as usize].free_ps += p.processing_ps);
            } else {
                self.senders[own[0].from.0 as usize] = Sender { next, end, ..Sender::default() };
                self.due.set(own[0].from.0, own[0].generation_ps);
            }
            next = end;
        }
        self.due.build();
    }

    /// Sends packet number `k`, which is due at `now`, and returns when its sender was done with it.
    #[inline]
    fn send(&mut self, packet: &Packet, k: usize, now: u64) -> u64 {
        let Queue { grid, ways, sky, senders, receivers, .. } = self;
        sky.leave(now, |from, way| ways.leave(from, way));
        let way = ways.of(grid, packet.from, packet.to);
        let met = ways.enter(packet.from, way);
        let links = u64::from(way.links);
        let mean = sky.mean_ps();
        let room = links.saturating_mul(self.buffer).saturating_mul(ONE);
        let sender = &mut senders[packet.from.0 as usize];
        let mut sent_ps = now;
        if met > room {
            let wait = (met - room).saturating_mul(mean) / ONE;
            sent_ps += wait;
            sender.blocked_ps += wait;
            sender.blocked = Some(k);
        }
        sender.sent_ps = sent_ps;
        sender.generated_ps += packet.generation_ps;
        let early = sent_ps + packet.flight_ps.max(met.saturating_mul(mean) / ONE / links);
        let receiver = &mut receivers[packet.to.0 as usize];
        // As often as not, so without a branch.
        let waits = early < receiver.free_ps;
        let taken_ps = early.max(receiver.free_ps);
        *receiver = Receiver {
            free_ps: taken_ps + packet.processing_ps,
            since_ps: select_unpredictable(waits, receiver.since_ps, early),
            sent_ps: select_unpredictable(waits, receiver.sent_ps, sent_ps - sender.blocked_ps),
            packet: select_unpredictable(waits, receiver.packet, k),
        };
        sky.add(packet.from, way, taken_ps, packet.processing_ps);
        sent_ps
    }

    /// Names what the slowest core was busy with or waiting for.
    fn name(&mut self, packets: &[Packet], time: &mut StepTime) {
        let Some(core) = time.core else { return };
        let (sender, receiver) = (self.senders[core as usize], self.receivers[core as usize]);
        if receiver.free_ps == time.work_ps {
            let Receiver { since_ps, sent_ps, packet, .. } = receiver;
            let from = packets[packet].from.0;
            Busy { since_ps, sent_ps, from, link: None }.name(receiver.free_ps, time);
            if time.resource == Resource::Network {
                time.link = Some(self.fullest(&packets[packet]));
            }
        } else if sender.blocked_ps > time.work_ps / 2 {
            time.resource = Resource::Network;
            time.link = sender.blocked.map(|k| self.fullest(&packets[k]));
        } else {
            time.resource = Resource::Generation;
        }
    }

    /// The link of a packet's way on which most packets were at the end.
    fn fullest(&mut self, packet: &Packet) -> Link {
        let way = self.ways.of(&self.grid, packet.from, packet.to);
        self.grid.link(self.ways.fullest(packet.from, way))
    }
}

impl Timing for Queue {
    fn wants_packets(&self) -> bool {
        true
    }

    fn step(&mut self, work: &Work<'_>) -> StepTime {
        self.start(work);
        while let Some((now, core)) = self.due.first() {
            let own = &mut self.senders[core as usize];
            let k = own.next;
            own.next += 1;
            let more = own.next < own.end;
            let sent_ps = self.send(&work.packets[k], k, now);
            self.due.replace_first(sent_ps, more.then(|| work.packets[k + 1].generation_ps));
        }
        for (own, core) in self.senders.iter_mut().zip(work.cores) {
            own.sent_ps += core.generation_ps().saturating_sub(own.generated_ps);
        }
        let ends = self.senders.iter().zip(&self.receivers).map(|(from, to)| from.sent_ps.max(to.free_ps));
        let mut time = Slowest::of(ends).time();
        self.name(work.packets, &mut time);
        time.with_barrier(work.barrier_ps)
    }
}

#[cfg(test)]
mod tests;
