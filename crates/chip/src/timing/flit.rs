//! Packets through a mesh of links and buffers, one at a time.
//!
//! A packet is one flit: it is stored as a whole before it goes on. Every stage of its way (the port of the sending core,
//! each link along x and then y, the port of the receiving core) is a first-in-first-out buffer of `link_buffer`
//! packets. A packet moves into the next buffer when it is the first of its own, nothing else is moving in there and there
//! is room; moving takes the time of the link (none for ports, the time within a tile for a tile's own packets).
//! Packets that want the same buffer are served in the order in which they began to wait.
//! A core that finds its port full waits; a core takes packets in one after the other.
//!
//! Ways go along x, then y, over all chips as one mesh, so waiting never forms a ring. Events are served in the order of
//! time, then of their making, which depends on nothing but the work. A link carries one packet per hop time: profiles
//! state no bandwidth apart from that, so under load this is pessimistic for links that pipeline.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::{Busy, Grid, Link, Network, Resource, Slowest, StepTime, Timing, Work};

/// Who waits for a buffer: another buffer, or a core that wants to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiter {
    Stage(u32),
    Core(u32),
}

/// A buffer of the way: a link, a core's port out (also a link), or a core's port in.
#[derive(Clone, Debug, Default)]
struct Stage {
    packets: VecDeque<u32>,
    /// A packet is moving in; its place is taken.
    filling: bool,
    /// The first packet is moving out, or is being taken in by the core.
    leaving: bool,
    /// The first packet is with the core (and none from outside).
    serving: bool,
    /// The first packet is on somebody's list of waiters.
    waits: bool,
    waiters: VecDeque<Waiter>,
    /// Time that packets of this buffer waited for the next `[ps]`.
    waited_ps: u64,
    waits_since: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A core has made its next packet.
    Made(u32),
    /// A packet has moved into a stage.
    Moved { packet: u32, into: u32 },
    /// A core has taken in the first packet of its port.
    Taken(u32),
}

#[derive(Clone, Copy, Debug, Default)]
struct Core {
    next: usize,
    end: usize,
    sent_ps: u64,
    generated_ps: u64,
    blocked_ps: u64,
    waits_since: Option<u64>,
    /// When it took in its last packet.
    free_ps: u64,
    busy: Busy,
}

/// Where a packet is on its way.
#[derive(Clone, Copy, Debug, Default)]
struct Trip {
    /// Its stages, in the list of all.
    start: u32,
    end: u32,
    at: u32,
    /// When it would have been sent if its core had never waited for room `[ps]`.
    sent_ps: u64,
}

/// Packets through links and buffers.
#[derive(Debug)]
pub struct Flit {
    grid: Grid,
    network: Network,
    links: usize,
    stages: Vec<Stage>,
    times: Vec<u64>,
    cores: Vec<Core>,
    trips: Vec<Trip>,
    ways: Vec<u32>,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    made: u64,
}

impl Flit {
    pub(super) fn new(grid: Grid, network: Network) -> Self {
        let links = grid.links();
        let times = (0..links).map(|k| network.hops.of(grid.link(k).side)).collect();
        Flit {
            links,
            times,
            stages: Vec::new(),
            cores: Vec::new(),
            trips: Vec::new(),
            ways: Vec::new(),
            events: BinaryHeap::new(),
            made: 0,
            grid,
            network,
        }
    }

    fn start(&mut self, work: &Work<'_>) {
        self.stages.clear();
        self.stages.resize(self.links + work.cores.len(), Stage::default());
        self.cores.clear();
        self.cores.resize(work.cores.len(), Core::default());
        self.trips.clear();
        self.ways.clear();
        self.events.clear();
        self.made = 0;
        for (k, packet) in work.packets.iter().enumerate() {
            let start = self.ways.len() as u32;
            if packet.from_host() {
                self.cores[packet.to.0 as usize].free_ps += packet.processing_ps;
                self.trips.push(Trip::default());
                continue;
            }
            self.grid.walk(packet.from, packet.to, |link, _| self.ways.push(link as u32));
            self.ways.push(self.links as u32 + packet.to.0);
            self.trips.push(Trip { start, end: self.ways.len() as u32, at: start, sent_ps: 0 });
            let own = &mut self.cores[packet.from.0 as usize];
            if own.end == 0 {
                own.next = k;
            }
            own.end = k + 1;
            own.generated_ps += packet.generation_ps;
        }
        for c in 0..self.cores.len() {
            let Core { next, end, free_ps, .. } = self.cores[c];
            if free_ps > 0 {
                // Packets from outside wait at the core; it is busy with them first.
                self.stages[self.links + c].leaving = true;
                self.schedule(free_ps, Event::Taken(c as u32));
            }
            if next < end {
                self.schedule(work.packets[next].generation_ps, Event::Made(c as u32));
            }
        }
    }

    fn schedule(&mut self, at: u64, event: Event) {
        self.events.push(Reverse((at, self.made, event)));
        self.made += 1;
    }

    fn has_room(&self, stage: u32) -> bool {
        let stage = &self.stages[stage as usize];
        !stage.filling && (stage.packets.len() as u64) < u64::from(self.network.link_buffer.max(1))
    }

    /// A core's packet is ready: it goes into the port, or the core waits.
    fn inject(&mut self, work: &Work<'_>, core: u32, now: u64) {
        let k = self.cores[core as usize].next;
        let stage = self.ways[self.trips[k].start as usize];
        if !self.has_room(stage) {
            let own = &mut self.cores[core as usize];
            if own.waits_since.is_none() {
                own.waits_since = Some(now);
                self.stages[stage as usize].waiters.push_back(Waiter::Core(core));
            }
            return;
        }
        let own = &mut self.cores[core as usize];
        own.blocked_ps += now - own.waits_since.take().unwrap_or(now);
        (own.sent_ps, own.next) = (now, k + 1);
        let more = own.next < own.end;
        self.trips[k].sent_ps = now - own.blocked_ps;
        self.stages[stage as usize].packets.push_back(k as u32);
        if more {
            self.schedule(now + work.packets[k + 1].generation_ps, Event::Made(core));
        }
        self.advance(work, stage, now);
    }

    /// Moves the first packet of a stage on, if it can.
    fn advance(&mut self, work: &Work<'_>, stage: u32, now: u64) {
        let own = &self.stages[stage as usize];
        if own.leaving || own.waits {
            return;
        }
        let Some(packet) = own.packets.front().copied() else { return };
        if stage as usize >= self.links {
            return self.take(work, stage, packet, now);
        }
        let trip = self.trips[packet as usize];
        let into = self.ways[trip.at as usize + 1];
        if !self.has_room(into) {
            let own = &mut self.stages[stage as usize];
            (own.waits, own.waits_since) = (true, now);
            self.stages[into as usize].waiters.push_back(Waiter::Stage(stage));
            return;
        }
        self.stages[stage as usize].leaving = true;
        self.stages[into as usize].filling = true;
        let local = trip.end - trip.start == 2;
        let ps = match self.times.get(into as usize) {
            Some(ps) => *ps,
            None if local => work.packets[packet as usize].flight_ps,
            None => 0,
        };
        self.schedule(now + ps, Event::Moved { packet, into });
    }

    /// The receiving core begins with a packet.
    fn take(&mut self, work: &Work<'_>, stage: u32, packet: u32, now: u64) {
        let core = stage - self.links as u32;
        (self.stages[stage as usize].leaving, self.stages[stage as usize].serving) = (true, true);
        let sent = &work.packets[packet as usize];
        let own = &mut self.cores[core as usize];
        if own.free_ps < now {
            let sent_ps = self.trips[packet as usize].sent_ps;
            own.busy = Busy { since_ps: now, sent_ps, from: sent.from.0, link: None };
        }
        self.schedule(now + sent.processing_ps, Event::Taken(core));
    }

    fn moved(&mut self, work: &Work<'_>, packet: u32, into: u32, now: u64) {
        let trip = &mut self.trips[packet as usize];
        let from = self.ways[trip.at as usize];
        trip.at += 1;
        let old = &mut self.stages[from as usize];
        old.packets.pop_front();
        old.leaving = false;
        let new = &mut self.stages[into as usize];
        new.filling = false;
        new.packets.push_back(packet);
        self.advance(work, into, now);
        self.wake(work, into, now);
        self.advance(work, from, now);
        self.wake(work, from, now);
    }

    /// Lets the first waiter of a stage try again while there is room.
    fn wake(&mut self, work: &Work<'_>, stage: u32, now: u64) {
        while self.has_room(stage) {
            match self.stages[stage as usize].waiters.pop_front() {
                Some(Waiter::Stage(waiting)) => {
                    let own = &mut self.stages[waiting as usize];
                    own.waits = false;
                    own.waited_ps += now - own.waits_since;
                    self.advance(work, waiting, now);
                }
                Some(Waiter::Core(core)) => self.inject(work, core, now),
                None => return,
            }
        }
    }

    fn taken(&mut self, work: &Work<'_>, core: u32, now: u64) {
        self.cores[core as usize].free_ps = now;
        let stage = self.links as u32 + core;
        let own = &mut self.stages[stage as usize];
        own.leaving = false;
        if own.serving {
            own.serving = false;
            own.packets.pop_front();
        }
        self.advance(work, stage, now);
        self.wake(work, stage, now);
    }

    /// The link whose packets waited longest, of a packet's way or of all.
    fn slowest_link(&self) -> Option<Link> {
        let links = self.stages[..self.links].iter().enumerate().filter(|(_, s)| s.waited_ps > 0);
        let longest = links.fold(None, |best: Option<(u64, usize)>, (k, s)| match best {
            Some((ps, _)) if ps >= s.waited_ps => best,
            _ => Some((s.waited_ps, k)),
        });
        longest.map(|(_, k)| self.grid.link(k))
    }

    fn name(&self, time: &mut StepTime) {
        let Some(core) = time.core else { return };
        let own = &self.cores[core as usize];
        if own.free_ps == time.work_ps {
            own.busy.name(own.free_ps, time);
        } else if own.blocked_ps > time.work_ps / 2 {
            time.resource = Resource::Network;
        } else {
            time.resource = Resource::Generation;
        }
        if time.resource == Resource::Network {
            time.link = self.slowest_link();
        }
    }
}

impl Timing for Flit {
    fn wants_packets(&self) -> bool {
        true
    }

    fn step(&mut self, work: &Work<'_>) -> StepTime {
        self.start(work);
        while let Some(Reverse((now, _, event))) = self.events.pop() {
            match event {
                Event::Made(core) => self.inject(work, core, now),
                Event::Moved { packet, into } => self.moved(work, packet, into, now),
                Event::Taken(core) => self.taken(work, core, now),
            }
        }
        debug_assert!(self.cores.iter().all(|c| c.next == c.end), "every packet was sent");
        for (own, core) in self.cores.iter_mut().zip(work.cores) {
            own.sent_ps += core.generation_ps().saturating_sub(own.generated_ps);
        }
        let mut time = Slowest::of(self.cores.iter().map(|c| c.sent_ps.max(c.free_ps))).time();
        self.name(&mut time);
        time.with_barrier(work.barrier_ps)
    }
}
