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

use super::grid::{Way, Ways};
use super::order::Order;
use super::{Busy, Grid, Link, Network, Resource, Slowest, StepTime, Timing, Work};

/// One packet's worth of density.
const ONE: u64 = 1 << 16;

/// A packet in the network, in the list of its bucket.
#[derive(Clone, Copy, Debug)]
struct Flying {
    taken_ps: u64,
    processing_ps: u64,
    way: Way,
    port: u32,
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
    /// The way that it waited for last: links and port.
    blocked_way: Option<(Way, usize)>,
    busy: Busy,
    /// The way of the packet that it waited for.
    busy_way: (Way, usize),
}

/// Packets in the order of their sending, with congestion.
#[derive(Debug)]
pub struct Queue {
    grid: Grid,
    ways: Ways,
    buffer: u64,
    density: Vec<u64>,
    /// Density of a packet on each of its links, by the number of those besides the port.
    each: Vec<u64>,
    cores: Vec<State>,
    sky: Sky,
    /// Time of each core's next packet.
    due: Order,
}

impl Queue {
    pub(super) fn new(grid: Grid, network: Network) -> Self {
        Queue {
            ways: Ways::new(&grid),
            density: vec![0; grid.links()],
            each: Vec::new(),
            buffer: u64::from(network.link_buffer.max(1)),
            cores: Vec::new(),
            sky: Sky::default(),
            due: Order::default(),
            grid,
        }
    }

    fn start(&mut self, work: &Work<'_>) {
        self.density.fill(0);
        self.ways.start_step();
        self.cores.clear();
        self.cores.resize(work.cores.len(), State::default());
        let busy = |c: &super::CoreWork| c.generation_ps().max(c.processing_ps());
        self.sky.clear(work.packets.len(), work.cores.iter().map(busy).max().unwrap_or(0));
        self.due.clear(work.cores.len());
        for (k, packet) in work.packets.iter().enumerate() {
            if packet.from_host() {
                self.cores[packet.to.0 as usize].free_ps += packet.processing_ps;
                continue;
            }
            let own = &mut self.cores[packet.from.0 as usize];
            if own.end == 0 {
                own.next = k;
                self.due.set(packet.from.0, packet.generation_ps);
            }
            own.end = k + 1;
            own.generated_ps += packet.generation_ps;
        }
        self.due.build();
    }

    /// Density of a packet with `hops` links besides its port.
    fn each(all: &mut Vec<u64>, hops: u32) -> u64 {
        while all.len() <= hops as usize {
            all.push(ONE / (all.len() as u64 + 2));
        }
        all[hops as usize]
    }

    /// Sends the packet that is due at `now`, and returns when its sender was done with it.
    fn send(&mut self, packet: &super::Packet, now: u64) -> u64 {
        let Queue { grid, ways, density, each, sky, cores, .. } = self;
        sky.leave(now, |gone| {
            let own = each[gone.way.len as usize];
            density[gone.port as usize] -= own;
            ways.links(gone.way).iter().for_each(|link| density[*link as usize] -= own);
        });
        let way = ways.of(grid, packet.from, packet.to);
        let port = ways.port(packet.from);
        let own = Queue::each(each, way.len);
        let mut sum = density[port];
        density[port] += own;
        for link in ways.links(way) {
            let there = &mut density[*link as usize];
            sum += *there;
            *there += own;
        }
        let links = u64::from(way.len) + 1;
        let mean = sky.mean_ps();
        let room = links.saturating_mul(self.buffer).saturating_mul(ONE);
        let mut sent_ps = now;
        if sum > room {
            let wait = (sum - room).saturating_mul(mean) / ONE;
            sent_ps += wait;
            let sender = &mut cores[packet.from.0 as usize];
            sender.blocked_ps += wait;
            sender.blocked_way = Some((way, port));
        }
        let load = sum.saturating_mul(mean);
        let crowded = load > packet.flight_ps.saturating_mul(ONE * links);
        let early = sent_ps + if crowded { load / (ONE * links) } else { packet.flight_ps };
        let unhindered_ps = sent_ps - cores[packet.from.0 as usize].blocked_ps;
        let receiver = &mut cores[packet.to.0 as usize];
        if early >= receiver.free_ps {
            receiver.free_ps = early;
            receiver.busy = Busy { since_ps: early, sent_ps: unhindered_ps, from: packet.from.0, link: None };
            receiver.busy_way = (way, port);
        }
        let taken_ps = receiver.free_ps;
        receiver.free_ps += packet.processing_ps;
        let processing_ps = packet.processing_ps;
        sky.add(Flying { taken_ps, processing_ps, way, port: port as u32, next: END });
        sent_ps
    }

    /// The link of a way on which most packets were at the end; of equals the first.
    fn fullest(&self, (way, port): (Way, usize)) -> Link {
        let links = self.ways.links(way).iter().map(|link| *link as usize);
        let fullest = links.fold(port, |best, link| if self.density[link] > self.density[best] { link } else { best });
        self.grid.link(fullest)
    }

    /// Names what the slowest core was busy with or waiting for.
    fn name(&self, time: &mut StepTime) {
        let Some(core) = time.core else { return };
        let own = &self.cores[core as usize];
        if own.free_ps == time.work_ps {
            own.busy.name(own.free_ps, time);
            if time.resource == Resource::Network {
                time.link = Some(self.fullest(own.busy_way));
            }
        } else if own.blocked_ps > time.work_ps / 2 {
            (time.resource, time.link) = (Resource::Network, own.blocked_way.map(|way| self.fullest(way)));
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
        while let Some((now, core)) = self.due.first() {
            let next = self.cores[core as usize].next;
            let sent_ps = self.send(&work.packets[next], now);
            let own = &mut self.cores[core as usize];
            own.sent_ps = sent_ps;
            own.next = next + 1;
            let more = (own.next < own.end).then(|| sent_ps + work.packets[next + 1].generation_ps);
            self.due.replace_first(more);
        }
        for (own, core) in self.cores.iter_mut().zip(work.cores) {
            own.sent_ps += core.generation_ps().saturating_sub(own.generated_ps);
        }
        let mut time = Slowest::of(self.cores.iter().map(|c| c.sent_ps.max(c.free_ps))).time();
        self.name(&mut time);
        time.with_barrier(work.barrier_ps)
    }
}
