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
//!
//! Packets are taken in batches that cannot touch each other: none leaves the network before the last is sent, and no core sends
//! twice. So who leaves before whom is found once for all ([`Queue::pass`]), and the rules above for ρ, d, early and waiting are
//! arithmetic on whole batches ([`Batch::travel`]).

mod batch;

use std::hint::select_unpredictable;

use pumice_num::{Level, Task};

use super::order::Order;
use super::sky::Sky;
use super::ways::{Lines, LongLines, Part, ShortLines, Ways};
use super::{Busy, CoreWork, Grid, Link, Network, Packet, Resource, Slowest, StepTime, Timing, Work};
use crate::mesh::CoreId;
use batch::{BATCH, Batch, NO_GAP};

/// What one core has sent.
#[derive(Clone, Copy, Debug, Default)]
struct Sender {
    /// Its next packet, and the end of its packets.
    next: u32,
    end: u32,
    sent_ps: u64,
    generated_ps: u64,
    /// Time it waited for room.
    blocked_ps: u64,
    /// The packet that waited for room last.
    blocked: Option<u32>,
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
    packet: u32,
}

/// A packet that was sent.
#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    parts: [Part; 2],
    each: u32,
    from: CoreId,
    processing_ps: u64,
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
    /// All packets that were sent, by number, and how many they were before this batch.
    sent: Vec<Sent>,
    number: usize,
    /// Packets in the network, and the sum of their processing times.
    packets: u64,
    processing_ps: u64,
    /// Densities, by the longest line of the grid.
    up_to_8: ShortLines<8>,
    up_to_16: ShortLines<16>,
    up_to_32: ShortLines<32>,
    longer: LongLines,
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
            sent: Vec::new(),
            number: 0,
            packets: 0,
            processing_ps: 0,
            up_to_8: ShortLines::default(),
            up_to_16: ShortLines::default(),
            up_to_32: ShortLines::default(),
            longer: LongLines::default(),
            grid,
        }
    }

    /// Makes ready for the packets of a step. Returns whether they are so few and so short that the density of all is below 2³², each
    /// product below 2⁶⁴ and all that is divided below 2⁵¹.
    fn start(&mut self, work: &Work<'_>) -> bool {
        self.senders.clear();
        self.senders.resize(work.cores.len(), Sender::default());
        self.receivers.clear();
        self.receivers.resize(work.cores.len(), Receiver::default());
        self.sent.resize(work.packets.len(), Sent::default());
        (self.number, self.packets, self.processing_ps) = (0, 0, 0);
        let busy = |c: &CoreWork| c.generation_ps().max(c.processing_ps());
        self.sky.clear(work.packets.len(), work.cores.iter().map(busy).max().unwrap_or(0));
        self.due.clear(work.cores.len());
        let (mut least_gap, mut longest) = (u64::MAX, 0);
        let mut next = 0;
        for own in work.packets.chunk_by(|a, b| a.from == b.from) {
            let end = next + own.len() as u32;
            longest = own.iter().fold(longest, |longest: u64, p| longest.max(p.processing_ps));
            if own[0].from_host() {
                own.iter().for_each(|p| self.receivers[p.to.0 as usize].free_ps += p.processing_ps);
            } else {
                let generated_ps = own.iter().map(|p| p.generation_ps).sum();
                self.senders[own[0].from.0 as usize] = Sender { next, end, generated_ps, ..Sender::default() };
                self.due.set(own[0].from.0, own[0].generation_ps);
                least_gap = own.get(1).map_or(least_gap, |second| least_gap.min(second.generation_ps));
            }
            next = end;
        }
        self.due.build(least_gap);
        work.packets.len() < 1 << 16 && longest < 1 << 32
    }

    /// Takes the earliest packets together and returns how many: none of them can leave before the last is sent, and none of their
    /// cores can send another before.
    #[inline(always)]
    fn take<L: Lines>(&mut self, batch: &mut Batch<L>, packets: &[Packet]) -> usize {
        let Queue { due, senders, receivers, ways, sent, grid, .. } = self;
        let mut limit = u64::MAX;
        let mut n = 0;
        while n < BATCH {
            let Some((now, core)) = due.take(limit) else { break };
            let sender = &mut senders[core as usize];
            let k = sender.next;
            sender.next += 1;
            let packet = &packets[k as usize];
            let gap_ps = if sender.next < sender.end { packets[k as usize + 1].generation_ps } else { NO_GAP };
            let earliest = receivers[packet.to.0 as usize].free_ps.max(now + packet.flight_ps);
            limit = limit.min(now.saturating_add(gap_ps)).min(earliest).min(due.last());
            let way = ways.of::<L>(grid, packet.from, packet.to);
            sent[self.number + n] =
                Sent { parts: way.parts, each: way.each, from: packet.from, processing_ps: packet.processing_ps };
            batch.packet[n] = k;
            batch.now[n] = now;
            batch.gap_ps[n] = gap_ps;
            batch.links[n] = u64::from(way.links);
            batch.flight_ps[n] = packet.flight_ps;
            n += 1;
        }
        n
    }

    /// Lets these packets into the network and those out that leave before them, one after the other.
    #[inline(always)]
    fn pass<L: Lines>(&mut self, batch: &mut Batch<L>, n: usize, lines: &mut L) {
        let soon = self.sky.soon(batch.now[n - 1]);
        let sent = self.sent.as_slice();
        let (mut k, mut gone) = (0, 0);
        let mut sum = self.processing_ps;
        while k < n {
            let out = &soon[gone];
            // As often as not, so without a branch.
            let leaves = out.taken_ps <= batch.now[k];
            let number = select_unpredictable(leaves, out.number as usize, self.number + k);
            let &Sent { parts, each, from, processing_ps } = &sent[number];
            batch.met[k] = lines.pass(from, parts, each, leaves);
            batch.processing_ps[k] = sum;
            batch.gone[k] = gone as u64;
            sum = sum.wrapping_add(select_unpredictable(leaves, processing_ps.wrapping_neg(), processing_ps));
            gone += usize::from(leaves);
            k += usize::from(!leaves);
        }
        self.processing_ps = sum;
        self.sky.leave(gone);
        self.packets -= gone as u64;
    }

    /// Gives these packets to their receivers, and their cores the times of their next packets. `WAITED` says whether one
    /// had to wait for room.
    #[inline(always)]
    fn send<const WAITED: bool, L: Lines>(&mut self, batch: &Batch<L>, n: usize, packets: &[Packet]) {
        let Queue { sky, senders, receivers, due, .. } = self;
        for i in 0..n {
            let (k, now, early_ps) = (batch.packet[i], batch.now[i], batch.early_ps[i]);
            let packet = &packets[k as usize];
            // Where nobody waited, the next packets need not wait for the arithmetic either.
            let sent_ps = if WAITED { batch.sent_ps[i] } else { now };
            let sender = &mut senders[packet.from.0 as usize];
            if sent_ps > now {
                sender.blocked_ps += sent_ps - now;
                sender.blocked = Some(k);
            }
            sender.sent_ps = sent_ps;
            let receiver = &mut receivers[packet.to.0 as usize];
            // As often as not, so without a branch.
            let waits = early_ps < receiver.free_ps;
            let taken_ps = early_ps.max(receiver.free_ps);
            *receiver = Receiver {
                free_ps: taken_ps + packet.processing_ps,
                since_ps: select_unpredictable(waits, receiver.since_ps, early_ps),
                sent_ps: select_unpredictable(waits, receiver.sent_ps, sent_ps - sender.blocked_ps),
                packet: select_unpredictable(waits, receiver.packet, k),
            };
            sky.add((self.number + i) as u32, taken_ps);
            if batch.gap_ps[i] != NO_GAP {
                due.give(packet.from.0, now, sent_ps, batch.gap_ps[i]);
            }
        }
        self.number += n;
        self.packets += n as u64;
    }

    /// Runs a step on some of its lines, which are taken out meanwhile, so that they and the rest can be changed.
    fn on<L: Lines + Default>(&mut self, work: &Work<'_>, of: fn(&mut Queue) -> &mut L) -> StepTime {
        let mut lines = std::mem::take(of(self));
        let time = self.run(work, &mut lines);
        *of(self) = lines;
        time
    }

    /// Sends all packets of a step and names what set its length.
    fn run<L: Lines>(&mut self, work: &Work<'_>, lines: &mut L) -> StepTime {
        self.ways.start(&self.grid, lines);
        let level = Level::widest();
        level.run(All { queue: self, lines, packets: work.packets, wide: level.has_wide_products() });
        for (own, core) in self.senders.iter_mut().zip(work.cores) {
            own.sent_ps += core.generation_ps().saturating_sub(own.generated_ps);
        }
        let ends = self.senders.iter().zip(&self.receivers).map(|(from, to)| from.sent_ps.max(to.free_ps));
        let mut time = Slowest::of(ends).time();
        self.name(work.packets, lines, &mut time);
        time.with_barrier(work.barrier_ps)
    }

    /// Names what the slowest core was busy with or waiting for.
    fn name(&self, packets: &[Packet], lines: &impl Lines, time: &mut StepTime) {
        let Some(core) = time.core else { return };
        let (sender, receiver) = (self.senders[core as usize], self.receivers[core as usize]);
        if receiver.free_ps == time.work_ps {
            let Receiver { since_ps, sent_ps, packet, .. } = receiver;
            let from = packets[packet as usize].from.0;
            Busy { since_ps, sent_ps, from, link: None }.name(receiver.free_ps, time);
            if time.resource == Resource::Network {
                time.link = Some(self.fullest(lines, &packets[packet as usize]));
            }
        } else if sender.blocked_ps > time.work_ps / 2 {
            time.resource = Resource::Network;
            time.link = sender.blocked.map(|k| self.fullest(lines, &packets[k as usize]));
        } else {
            time.resource = Resource::Generation;
        }
    }

    /// The link of a packet's way on which most packets were at the end.
    fn fullest(&self, lines: &impl Lines, packet: &Packet) -> Link {
        self.grid.link(self.ways.fullest(&self.grid, lines, packet.from, packet.to))
    }
}

/// The sending of all packets of a step.
struct All<'a, L> {
    queue: &'a mut Queue,
    lines: &'a mut L,
    packets: &'a [Packet],
    /// Whether vectors of 64-bit numbers are multiplied in one instruction.
    wide: bool,
}

impl<L: Lines> Task for All<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let All { queue, lines, packets, wide } = self;
        let buffer = queue.buffer.min(packets.len() as u64);
        let mut batch = Batch::EMPTY;
        loop {
            let n = queue.take(&mut batch, packets);
            if n == 0 {
                return;
            }
            let before = queue.packets;
            queue.pass(&mut batch, n, lines);
            let waited =
                if wide { batch.travel::<true>(n, before, buffer) } else { batch.travel::<false>(n, before, buffer) };
            if waited {
                queue.send::<true, L>(&batch, n, packets);
            } else {
                queue.send::<false, L>(&batch, n, packets);
            }
        }
    }
}

impl Timing for Queue {
    fn wants_packets(&self) -> bool {
        true
    }

    fn step(&mut self, work: &Work<'_>) -> StepTime {
        let small = self.start(work);
        match self.grid.longest_line() {
            0..=8 if small => self.on(work, |own| &mut own.up_to_8),
            9..=16 if small => self.on(work, |own| &mut own.up_to_16),
            17..=32 if small => self.on(work, |own| &mut own.up_to_32),
            _ => self.on(work, |own| &mut own.longer),
        }
    }
}

#[cfg(test)]
mod tests;
