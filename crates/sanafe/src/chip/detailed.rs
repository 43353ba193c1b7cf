//! SANA-FE's `detailed` time of a step, with its order of messages that are due at the same time.
//!
//! The rules are those of [`Queue`](pumice_chip::timing::Queue), with densities in doubles. The order is another: SANA-FE keeps
//! the next message of each core in a heap that compares nothing but times, so which of several comes first that are due at the same
//! time follows from all that went into the heap and came out before. Here it is laid out as `std::priority_queue` lays it
//! out in the C++ library of GCC. Every core ends with a message for its work after the last packet, if there is any; it is sent
//! nowhere, but it is in the heap.
//!
//! Source: runs of SANA-FE 2.2.9 on 110 random networks, in which ties abound; no other order gives all of their times.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use pumice_chip::CoreId;
use pumice_chip::timing::{Grid, Packet, StepTime, Timing, Work};

/// Messages by their times alone, the earliest on top.
#[derive(Debug, Default)]
struct Heap(Vec<(u64, u32)>);

impl Heap {
    fn push(&mut self, time: u64, core: u32) {
        self.0.push((time, core));
        self.rise(self.0.len() - 1, (time, core));
    }

    /// Lays a message into a free place, or above, where it is earlier.
    fn rise(&mut self, mut free: usize, message: (u64, u32)) {
        while free > 0 && self.0[(free - 1) / 2].0 > message.0 {
            self.0[free] = self.0[(free - 1) / 2];
            free = (free - 1) / 2;
        }
        self.0[free] = message;
    }

    /// Takes the message on top: the free place sinks to the bottom, and the last message rises from there.
    fn pop(&mut self) -> Option<(u64, u32)> {
        let last = self.0.pop()?;
        let Some(top) = self.0.first().copied() else { return Some(last) };
        let n = self.0.len();
        let mut free = 0;
        while 2 * free + 1 < n {
            let (left, right) = (2 * free + 1, 2 * free + 2);
            // Of two at the same time the right one.
            let next = if right < n && self.0[right].0 <= self.0[left].0 { right } else { left };
            self.0[free] = self.0[next];
            free = next;
        }
        self.rise(free, last);
        Some(top)
    }
}

/// What one core sends and takes.
#[derive(Clone, Copy, Debug, Default)]
struct Core {
    /// Its next packet, and the end of its packets.
    next: usize,
    end: usize,
    sent_ps: u64,
    /// Work after its last packet.
    left_ps: u64,
    free_ps: u64,
}

/// The time of a step as SANA-FE's `detailed` gives it; it names no resource.
#[derive(Debug)]
pub(super) struct Detailed {
    grid: Grid,
    /// Packets that a link holds.
    buffer: f64,
    cores: Vec<Core>,
    due: Heap,
    /// By link: the sum of 1/(hops + 2) of the packets on it.
    density: Vec<f64>,
    /// When packets in the network are taken, and which.
    flying: BinaryHeap<Reverse<(u64, usize)>>,
    /// The sum of their processing times.
    processing_ps: u64,
}

impl Detailed {
    pub(super) fn new(grid: Grid, link_buffer: u32) -> Self {
        Detailed {
            buffer: f64::from(link_buffer.max(1)),
            cores: Vec::new(),
            due: Heap::default(),
            density: vec![0.0; grid.links()],
            flying: BinaryHeap::new(),
            processing_ps: 0,
            grid,
        }
    }

    fn start(&mut self, work: &Work<'_>) {
        self.density.fill(0.0);
        self.flying.clear();
        self.processing_ps = 0;
        self.cores.clear();
        self.cores.extend(work.cores.iter().map(|core| Core { left_ps: core.generation_ps(), ..Core::default() }));
        for (k, packet) in work.packets.iter().enumerate() {
            let own = &mut self.cores[packet.from.0 as usize];
            own.next = if own.end == 0 { k } else { own.next };
            own.end = k + 1;
            own.left_ps = own.left_ps.saturating_sub(packet.generation_ps);
        }
        for core in 0..self.cores.len() {
            self.wait(core, work.packets);
        }
    }

    /// Puts the next message of a core into the heap.
    fn wait(&mut self, core: usize, packets: &[Packet]) {
        let own = self.cores[core];
        let gap_ps = if own.next < own.end { packets[own.next].generation_ps } else { own.left_ps };
        if own.next < own.end || gap_ps > 0 {
            self.due.push(own.sent_ps + gap_ps, core as u32);
        }
    }

    /// Takes packets off their ways that are taken by `now`.
    fn leave(&mut self, now: u64, packets: &[Packet]) {
        while let Some(Reverse((taken_ps, k))) = self.flying.peek().copied()
            && taken_ps <= now
        {
            self.flying.pop();
            let packet = &packets[k];
            self.processing_ps -= packet.processing_ps;
            self.add(packet, -1.0);
        }
    }

    fn add(&mut self, packet: &Packet, sign: f64) {
        let each = sign / (f64::from(self.grid.hops(packet.from, packet.to)) + 2.0);
        self.grid.walk(packet.from, packet.to, |link, _| self.density[link] += each);
    }

    /// Sends packet number `k`, which is due at `now`.
    fn send(&mut self, k: usize, now: u64, packets: &[Packet]) {
        self.leave(now, packets);
        let packet = &packets[k];
        let CoreId(from) = packet.from;
        let mut met = 0.0;
        self.grid.walk(packet.from, packet.to, |link, _| met += self.density[link]);
        let links = f64::from(self.grid.hops(packet.from, packet.to)) + 1.0;
        let mean_ps = self.processing_ps as f64 / self.flying.len().max(1) as f64;
        let blocked_ps = (met - links * self.buffer).max(0.0) * mean_ps;
        let sent_ps = now + blocked_ps.round() as u64;
        self.cores[from as usize].sent_ps = sent_ps;
        let early_ps = sent_ps + packet.flight_ps.max((met * mean_ps / links).round() as u64);
        let receiver = &mut self.cores[packet.to.0 as usize];
        let taken_ps = early_ps.max(receiver.free_ps);
        receiver.free_ps = taken_ps + packet.processing_ps;
        self.flying.push(Reverse((taken_ps, k)));
        self.processing_ps += packet.processing_ps;
        self.add(packet, 1.0);
    }
}

impl Timing for Detailed {
    fn wants_packets(&self) -> bool {
        true
    }

    fn step(&mut self, work: &Work<'_>) -> StepTime {
        self.start(work);
        while let Some((now, core)) = self.due.pop() {
            let own = &mut self.cores[core as usize];
            if own.next == own.end {
                own.sent_ps = now;
                continue;
            }
            own.next += 1;
            let k = own.next - 1;
            self.send(k, now, work.packets);
            self.wait(core as usize, work.packets);
        }
        let work_ps = self.cores.iter().map(|core| core.sent_ps.max(core.free_ps)).max().unwrap_or(0);
        let (barrier_ps, total_ps) = (work.barrier_ps, work_ps + work.barrier_ps);
        StepTime { work_ps, barrier_ps, total_ps, ..StepTime::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    use pumice_chip::Mesh;
    use pumice_chip::timing::{CoreWork, HopTimes, Network, TimingModel};

    const MESH: Mesh = Mesh { width: 3, height: 2, cores_per_tile: 2, cores_per_chip: 12, chips: 1, chip_columns: 1 };
    const HOPS: HopTimes = HopTimes { east: 2000, west: 5000, north: 1000, south: 3000, crossing: 0, local: 300 };
    /// Sender, receiver, time since the packet before, processing.
    type Message = (u32, u32, u64, u64);

    /// The time of a step on 12 cores with these messages, by the rules of networks of Pumice and by those here.
    fn times(mut messages: Vec<Message>, buffer: u32) -> [u64; 2] {
        messages.sort_by_key(|message| message.0);
        // Work after the last packet, so that what makes a sender late shows.
        let mut cores = vec![CoreWork { neurons_ps: 10_000_000_000, ..CoreWork::default() }; 12];
        let mut packets = Vec::new();
        for (from, to, generation_ps, processing_ps) in messages {
            cores[from as usize].sending_ps += generation_ps;
            cores[to as usize].synapses_ps += processing_ps;
            let (from, to) = (CoreId(from), CoreId(to));
            packets.push(Packet { from, to, generation_ps, processing_ps, flight_ps: HOPS.flight(&MESH, from, to) });
        }
        let work = Work { cores: &cores, packets: &packets, barrier_ps: 700 };
        let grid = Grid::new(&MESH, 12);
        let ours = TimingModel::Queue.build(grid.clone(), Network { link_buffer: buffer, hops: HOPS }).step(&work);
        [ours, Detailed::new(grid, buffer).step(&work)].map(|time| time.total_ps)
    }

    /// Where no two packets are due at the same time both forms of the rules, this one in reals and that of networks of Pumice in
    /// integers, give one time, but for what rounding a density to 2⁻¹⁶ changes. Once in a great while that is the order of two packets.
    #[test]
    fn without_ties_it_is_the_queue_of_pumice() {
        let message = (0u32..12, 0u32..12, 1u64..40_000_000, 0u64..900_000_000);
        let steps = (prop::collection::vec(message, 0..150), 1u32..4);
        let mut runner = TestRunner::deterministic();
        let near = (0..1000).filter(|_| {
            let (messages, buffer) = steps.new_tree(&mut runner).unwrap().current();
            let [ours, theirs] = times(messages, buffer);
            ours.abs_diff(theirs) as f64 <= 1e-4 * theirs as f64
        });
        assert!(near.count() > 990);
    }

    proptest! {
        /// Times come out in order, and every message once.
        #[test]
        fn the_earliest_is_on_top(times in prop::collection::vec(0u64..9, 0..40), more in prop::collection::vec(0u64..4, 0..40)) {
            let mut heap = Heap::default();
            times.iter().zip(0..).for_each(|(time, core)| heap.push(*time, core));
            let (mut now, mut came, mut put) = (0, Vec::new(), times.len() as u32);
            let mut more = more.into_iter();
            while let Some((time, core)) = heap.pop() {
                prop_assert!(time >= now);
                now = time;
                came.push(core);
                if let Some(gap) = more.next() {
                    heap.push(now + gap, put);
                    put += 1;
                }
            }
            came.sort_unstable();
            prop_assert_eq!(came, (0..put).collect::<Vec<_>>());
        }
    }

    /// What a program prints that g++ 12 makes of the same pushes and pops of a `std::priority_queue` that compares times.
    #[test]
    fn ties_come_as_in_the_library_of_gcc() {
        let mut heap = Heap::default();
        (0..7).for_each(|core| heap.push(5, core));
        let order: Vec<u32> = std::iter::from_fn(|| heap.pop()).map(|(_, core)| core).collect();
        assert_eq!(order, [0, 2, 5, 6, 4, 1, 3]);
        for (core, time) in [3, 1, 3, 2, 1, 3, 2, 1, 3, 3].into_iter().enumerate() {
            heap.push(time, core as u32);
        }
        let (mut order, mut next) = (Vec::new(), 10..16);
        while let Some((time, core)) = heap.pop() {
            order.push(core);
            if let Some(core) = next.next() {
                heap.push(time + 1, core);
            }
        }
        assert_eq!(order, [1, 4, 7, 6, 11, 12, 3, 10, 2, 13, 9, 5, 0, 15, 14, 8]);
    }
}
