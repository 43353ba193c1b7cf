use std::collections::VecDeque;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::mesh::{CoreId, Mesh};
use crate::timing::HopTimes;
use crate::timing::ways::ONE;

/// With lines of up to 8, 16, 32 links and longer ones.
const MESHES: [Mesh; 4] = [
    Mesh { width: 4, height: 3, cores_per_tile: 2, cores_per_chip: 24, chips: 2, chip_columns: 2 },
    Mesh { width: 6, height: 4, cores_per_tile: 1, cores_per_chip: 24, chips: 2, chip_columns: 2 },
    Mesh { width: 1, height: 24, cores_per_tile: 2, cores_per_chip: 48, chips: 1, chip_columns: 1 },
    Mesh { width: 48, height: 1, cores_per_tile: 1, cores_per_chip: 48, chips: 1, chip_columns: 1 },
];
const HOPS: HopTimes = HopTimes { east: 2000, west: 5000, north: 1000, south: 3000, crossing: 90_000, local: 300 };
const CORES: usize = 48;

/// A packet in the network: its links, when it leaves, its processing.
type Flying = (Vec<usize>, u64, u64);

/// The model as its equations say it, on plain lists: when each core was done.
fn plain(grid: &Grid, buffer: u64, work: &Work<'_>) -> Vec<u64> {
    let mut left = vec![VecDeque::new(); CORES];
    work.packets.iter().for_each(|packet| left[packet.from.0 as usize].push_back(*packet));
    let mut due: Vec<u64> = left.iter().map(|own| own.front().map_or(0, |p: &Packet| p.generation_ps)).collect();
    let rest = work.cores.iter().zip(&left);
    let rest: Vec<u64> =
        rest.map(|(c, own)| c.generation_ps() - own.iter().map(|p| p.generation_ps).sum::<u64>()).collect();
    let (mut sent, mut free) = (vec![0; CORES], vec![0; CORES]);
    let mut flying: Vec<Flying> = Vec::new();
    while let Some((now, core)) = (0..CORES).filter(|c| !left[*c].is_empty()).map(|c| (due[c], c)).min() {
        let packet = left[core].pop_front().unwrap();
        flying.retain(|(_, taken_ps, _)| *taken_ps > now);
        let mut links = Vec::new();
        grid.walk(packet.from, packet.to, |link, _| links.push(link));
        let n = links.len() as u64;
        let of = |(other, ..): &Flying| {
            let shared = other.iter().filter(|link| links.contains(link)).count() as u64;
            shared * (ONE / (other.len() as u64 + 1))
        };
        let met: u64 = flying.iter().map(of).sum();
        let mean = flying.iter().map(|f| f.2).sum::<u64>().checked_div(flying.len() as u64).unwrap_or(0);
        sent[core] = now + met.saturating_sub(n * buffer * ONE) * mean / ONE;
        due[core] = sent[core] + left[core].front().map_or(0, |p| p.generation_ps);
        let to = packet.to.0 as usize;
        free[to] = u64::max(free[to], sent[core] + packet.flight_ps.max(met * mean / (ONE * n)));
        flying.push((links, free[to], packet.processing_ps));
        free[to] += packet.processing_ps;
    }
    (0..CORES).map(|c| free[c].max(sent[c] + rest[c])).collect()
}

/// Sender, receiver, time since the packet before (most often the same), processing.
fn packets() -> impl Strategy<Value = Vec<(u32, u32, u64, u64)>> {
    let gap = prop_oneof![4 => Just(5100), 1 => 0u64..60_000];
    let cores = 0u32..CORES as u32;
    prop::collection::vec((prop_oneof![0u32..4, cores.clone()], cores, gap, 0u64..90_000), 0..250)
}

proptest! {
    /// The picoseconds of the plain model, for any gaps, buffers and congestion, short and long lines, small and large numbers, with
    /// any instructions.
    #[test]
    fn it_is_the_plain_model(
        mut packets in packets(), buffer in 1u32..6, rest in 0u64..200_000, mesh in select(&MESHES), large in any::<bool>(),
        level in select(Level::available()),
    ) {
        packets.sort_by_key(|packet| packet.0);
        let mut cores = vec![CoreWork { neurons_ps: rest, ..CoreWork::default() }; CORES];
        let mut all = Vec::new();
        for (from, to, generation_ps, processing_ps) in packets {
            let processing_ps = if large { processing_ps << 20 } else { processing_ps };
            cores[from as usize].sending_ps += generation_ps;
            cores[to as usize].synapses_ps += processing_ps;
            let (from, to) = (CoreId(from), CoreId(to));
            all.push(Packet { from, to, generation_ps, processing_ps, flight_ps: HOPS.flight(&mesh, from, to) });
        }
        let work = Work { cores: &cores, packets: &all, barrier_ps: 700 };
        let grid = Grid::new(&mesh, CORES);
        let slowest = Slowest::of(plain(&grid, buffer.into(), &work).into_iter()).time();
        level.limit();
        let time = Queue::new(grid, Network { link_buffer: buffer, hops: HOPS }).step(&work);
        prop_assert_eq!((time.work_ps, time.next_core, time.next_ps), (slowest.work_ps, slowest.next_core, slowest.next_ps));
        prop_assert_eq!(time.total_ps, slowest.work_ps + 700);
    }
}
