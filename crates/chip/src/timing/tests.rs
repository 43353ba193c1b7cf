use proptest::prelude::*;

use super::*;
use crate::mesh::{CoreId, Mesh};

const MESH: Mesh = Mesh { width: 4, height: 3, cores_per_tile: 2, cores_per_chip: 24, chips: 1, chip_columns: 2 };
const HOPS: HopTimes = HopTimes { east: 2000, west: 5000, north: 1000, south: 3000, crossing: 90_000, local: 300 };

fn build(model: TimingModel, link_buffer: u32) -> Box<dyn Timing> {
    model.build(Grid::new(&MESH, 24), Network { link_buffer, hops: HOPS })
}

/// The work of packets given as `(from, to, generation, processing)`, plus `rest` of generation on every core.
fn work(packets: &[(u32, u32, u64, u64)], rest: u64) -> (Vec<CoreWork>, Vec<Packet>) {
    let mut cores = vec![CoreWork { neurons_ps: rest, ..CoreWork::default() }; 24];
    let mut all = Vec::new();
    for (from, to, generation_ps, processing_ps) in packets.iter().copied() {
        cores[from as usize].neurons_ps += generation_ps;
        cores[to as usize].synapses_ps += processing_ps;
        let (from, to) = (CoreId(from), CoreId(to));
        all.push(Packet { from, to, generation_ps, processing_ps, flight_ps: HOPS.flight(&MESH, from, to) });
    }
    all.sort_by_key(|p| p.from);
    (cores, all)
}

fn time(model: TimingModel, packets: &[(u32, u32, u64, u64)], rest: u64, link_buffer: u32) -> StepTime {
    let (cores, packets) = work(packets, rest);
    build(model, link_buffer).step(&Work { cores: &cores, packets: &packets, barrier_ps: 700 })
}

/// Core 0 (tile 0) to core 9 (tile 4: one east, one north): 44,800 + 3,000 + 19,800 + 700.
#[test]
fn one_packet_takes_its_sending_flight_and_processing() {
    let packets = [(0, 9, 44_800, 19_800)];
    for model in [TimingModel::Queue, TimingModel::Flit] {
        let time = time(model, &packets, 0, 4);
        assert_eq!((time.total_ps, time.work_ps), (68_300, 67_600), "{model}");
        assert_eq!((time.resource, time.core), (Resource::Generation, Some(0)), "{model}");
    }
    assert_eq!(time(TimingModel::Simple, &packets, 0, 4).total_ps, 45_500);
    let bound = time(TimingModel::Bound, &packets, 0, 4);
    assert_eq!((bound.total_ps, bound.resource, bound.slack_ps()), (45_500, Resource::Neurons, 25_000));
    assert_eq!(time(TimingModel::Queue, &[(2, 3, 100, 50)], 0, 4).work_ps, 450, "within a tile");
    assert_eq!(time(TimingModel::Flit, &[(2, 3, 100, 50)], 0, 4).work_ps, 450, "within a tile");
}

#[test]
fn nothing_takes_only_the_barrier() {
    for model in TimingModel::ALL {
        let time = time(*model, &[], 0, 4);
        assert_eq!((time.total_ps, time.core, time.resource), (700, None, Resource::Barrier));
    }
}

/// Everybody sends to one core: its processing is the step, whatever the model; a fuller mesh binds in `flit`.
#[test]
fn a_hot_spot_is_named() {
    let packets: Vec<_> = (1..24).flat_map(|c| [(c, 0, 1000, 10_000); 4]).collect();
    for model in [TimingModel::Simple, TimingModel::Queue, TimingModel::Flit, TimingModel::Bound] {
        let time = time(model, &packets, 0, 16);
        assert_eq!(time.core, Some(0), "{model}");
        assert!(time.work_ps >= 920_000, "{model}: {time:?}");
        assert!(matches!(time.resource, Resource::Processing | Resource::Synapses), "{model}: {time:?}");
    }
}

/// All packets cross the link from tile 0 to the north: the network is named, and the link.
#[test]
fn a_heavy_link_is_named() {
    let packets: Vec<_> = (0..400).map(|k| (k % 2, 2 + k % 2, 1, 1)).collect();
    let north = Link { tile: 1, side: Side::South };
    let bound = time(TimingModel::Bound, &packets, 0, 2);
    assert_eq!((bound.work_ps, bound.resource, bound.link), (400_000, Resource::Network, Some(north)));
    let flit = time(TimingModel::Flit, &packets, 0, 2);
    assert!(flit.work_ps >= 400_000 && flit.work_ps < 402_000, "{flit:?}");
    assert_eq!(flit.resource, Resource::Network);
}

#[test]
fn a_tick_holds_a_step() {
    let short = time(TimingModel::Simple, &[(0, 1, 100, 50)], 0, 4);
    let held = short.paced(1_000_000);
    assert_eq!((held.total_ps, held.work_ps, held.resource), (1_000_000, short.work_ps, Resource::Tick));
    assert_eq!(short.paced(10), short);
}

#[test]
fn models_have_names() {
    for model in TimingModel::ALL {
        assert_eq!(model.name().parse(), Ok(*model));
        assert_eq!(serde_name(*model), model.name());
    }
    let error = "fast".parse::<TimingModel>().unwrap_err();
    assert_eq!(error.to_string(), "there is no timing model `fast`, allowed is bound, simple, queue or flit");
}

fn serde_name(model: TimingModel) -> String {
    format!("{model:?}").to_lowercase()
}

/// Every link of every way has its own name, and ways are as long as the mesh says.
#[test]
fn ways_are_chains_of_named_links() {
    let mesh = Mesh { chips: 3, ..MESH };
    let grid = Grid::new(&mesh, 72);
    let names: std::collections::BTreeSet<_> = (0..grid.links()).map(|k| grid.link(k)).collect();
    assert_eq!(names.len(), grid.links());
    for (from, to) in [(0, 71), (71, 0), (30, 5), (12, 40), (60, 30), (3, 3)] {
        let (from, to) = (CoreId(from), CoreId(to));
        let hops = mesh.hops(from, to);
        let mut sides = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        grid.walk(from, to, |link, side| {
            sides.push(side);
            assert_eq!(grid.link(link).side, side);
            assert!(seen.insert(link), "no link twice");
        });
        let count = |side| sides.iter().filter(|s| **s == side).count() as u32;
        let chip = [Side::ChipWest, Side::ChipEast, Side::ChipSouth, Side::ChipNorth].map(count).iter().sum::<u32>();
        let found = [count(Side::West), count(Side::East), count(Side::South), count(Side::North), chip];
        assert_eq!(found, [hops.east, hops.west, hops.north, hops.south, hops.crossings]);
        assert_eq!(sides.len() as u32, grid.hops(from, to) + 1);
    }
}

fn packets() -> impl Strategy<Value = Vec<(u32, u32, u64, u64)>> {
    prop::collection::vec((0u32..24, 0u32..24, 0u64..40_000, 0u64..40_000), 0..300)
}

proptest! {
    /// No model with packets is faster than the slowest core; the mesh is never faster than the bound; all packets arrive.
    #[test]
    fn the_ladder_is_ordered(packets in packets(), rest in 0u64..20_000, buffer in 1u32..5) {
        let of = |model| time(model, &packets, rest, buffer);
        let (bound, simple) = (of(TimingModel::Bound), of(TimingModel::Simple));
        let (queue, flit) = (of(TimingModel::Queue), of(TimingModel::Flit));
        prop_assert!(queue.total_ps >= simple.total_ps);
        prop_assert!(flit.total_ps >= simple.total_ps);
        prop_assert!(flit.total_ps >= bound.total_ps);
        if bound.resource != Resource::Network {
            prop_assert!(bound.total_ps <= simple.total_ps);
        }
    }

    /// The bound of the network is that of the link that packets cross longest, each walked along its way.
    #[test]
    fn the_heaviest_link_binds(packets in prop::collection::vec((0u32..72, 0u32..72), 1..200)) {
        let grid = Grid::new(&Mesh { chips: 3, ..MESH }, 72);
        let mut links = vec![0; grid.links()];
        let packet = |(from, to)| Packet {
            from: CoreId(from), to: CoreId(to), generation_ps: 0, flight_ps: 0, processing_ps: 0,
        };
        let mut packets: Vec<Packet> = packets.into_iter().map(packet).collect();
        packets.sort_by_key(|p| p.from);
        for packet in &packets {
            grid.walk(packet.from, packet.to, |link, side| links[link] += HOPS.of(side));
        }
        let most = links.iter().copied().max().unwrap_or(0);
        let link = links.iter().position(|ps| *ps == most && most > 0).map(|link| grid.link(link));
        let work = Work { cores: &[], packets: &packets, barrier_ps: 0 };
        let time = TimingModel::Bound.build(grid, Network { link_buffer: 1, hops: HOPS }).step(&work);
        prop_assert_eq!((time.work_ps, time.link), (most, link));
    }

    /// A model keeps nothing from one step to the next.
    #[test]
    fn steps_are_independent(a in packets(), b in packets()) {
        for name in TimingModel::ALL {
            let mut model = build(*name, 2);
            let (cores, all) = work(&a, 0);
            model.step(&Work { cores: &cores, packets: &all, barrier_ps: 700 });
            let (cores, all) = work(&b, 0);
            let second = model.step(&Work { cores: &cores, packets: &all, barrier_ps: 700 });
            prop_assert_eq!(second, time(*name, &b, 0, 2));
        }
    }

    /// Larger buffers never block more packets for good: one buffer suffices for all to arrive.
    #[test]
    fn the_mesh_never_jams(packets in packets()) {
        let total: u64 = packets.iter().map(|p| p.2 + p.3 + 20_000).sum();
        prop_assert!(time(TimingModel::Flit, &packets, 0, 1).work_ps <= total);
    }
}
