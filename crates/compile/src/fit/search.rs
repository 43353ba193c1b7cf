//! Better places by local search: seeded, deterministic, and never worse than where it starts.
//!
//! Sources count as often as they spiked in a trial or a former run if its rates are given, else all alike ([`Activity`]).
//!
//! ```text
//! traffic  Σ over packets of links crossed
//! energy   the bill: events * their prices + time * static power; then Σ over packets of (hops * their prices + crossings + local)
//! time     slowest core + steps * barrier, each step at least the tick; then links crossed
//! ```
//!
//! For time and energy [`spread`] splits the slowest cores in halves while that makes the sum smaller and limits hold. [`arrange`] only exchanges the places of whole cores ([`Board`]): all cores are alike, so that no limit can break.

use std::collections::BTreeMap;

use pumice_chip::timing::CoreWork;
use pumice_chip::{ChipImage, CoreId, CoreLoad, Routes, Segment, core_uses};
use pumice_meter::{Bill, Event, Usage};
use pumice_num::{Draws, Purpose};

use super::activity::Activity;
use super::board::{Board, Fares};
use super::broken;
use crate::Hardware;

/// Places that are looked at besides those in use, at most.
const MOST_PLACES: u64 = 4096;
/// Synapses that [`spread`] may walk over, over all its attempts.
const MOST_SYNAPSES: usize = 2_000_000_000;

/// Exchanges the places of cores so that packets cost less: energy if that is the aim and its prices are known, else links.
///
/// With an aim the barrier counts too, which is longer over more tiles: of exchanges among all places and among those of the used
/// tiles, that which costs less by the aim is taken.
pub(super) fn arrange(chip: &mut ChipImage, hardware: &Hardware, activity: &Activity<'_>, aim: Option<Aim>) {
    let used: Vec<u32> = {
        let mut all: Vec<u32> = chip.segments.iter().map(|s| s.core.0).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let Some(last) = used.last().filter(|_| used.len() > 1) else { return };
    let chips = chip.used_chips().max(1);
    let room = (u64::from(hardware.mesh.cores_per_chip) * u64::from(chips)).min(hardware.mesh.cores());
    let room = room.min(MOST_PLACES).max(u64::from(*last) + 1) as u32;
    let tiles = (last + 1).next_multiple_of(hardware.mesh.cores_per_tile.max(1)).min(room);
    let priced = if matches!(aim, Some(Aim::Energy)) { Fares::of(&hardware.energy) } else { None };
    let partners = partners(chip, activity, &used);
    let exchanged = |places: u32| -> Vec<Segment> {
        let mut at = vec![None; places as usize];
        used.iter().enumerate().for_each(|(k, core)| at[*core as usize] = Some(k));
        let fares = priced.unwrap_or(Fares::LINKS);
        let board = Board::new(&hardware.mesh, fares, partners.clone(), used.clone(), at);
        let place = board.best(Draws::new(chip.seed, Purpose::PLACEMENT, 0, 0));
        let moved: BTreeMap<u32, u32> = used.iter().copied().zip(place).collect();
        chip.segments.iter().map(|s| Segment { core: CoreId(moved[&s.core.0]), ..*s }).collect()
    };
    let Some(aim) = aim else {
        chip.segments = exchanged(room);
        return;
    };
    let (near, wide) = (exchanged(tiles), exchanged(room));
    chip.segments = near.clone();
    let (cost, _) = estimate(chip, hardware, activity, aim);
    chip.segments = wide;
    if estimate(chip, hardware, activity, aim).0 >= cost {
        chip.segments = near;
    }
}

/// For every used core the packets to and from others.
fn partners(chip: &ChipImage, activity: &Activity<'_>, used: &[u32]) -> Vec<Vec<(usize, u64, u64)>> {
    let routes = Routes::new(chip);
    let number = |core: CoreId| used.binary_search(&core.0).unwrap_or(0);
    let mut sent: BTreeMap<(usize, usize), [u64; 2]> = BTreeMap::new();
    for source in chip.sources().filter(|source| chip.sender(*source).is_some()) {
        for (i, spikes) in
            (0..chip.size_of(source)).map(|i| (i, activity.spikes(source, i))).filter(|(_, spikes)| *spikes > 0)
        {
            for packet in routes.packets(source, i) {
                let Some(from) = packet.from else { continue };
                let (from, to) = (number(from), number(packet.to));
                sent.entry((from, to)).or_default()[0] += spikes;
                if from != to {
                    sent.entry((to, from)).or_default()[1] += spikes;
                }
            }
        }
    }
    let mut partners = vec![Vec::new(); used.len()];
    sent.into_iter().for_each(|((core, other), [to, from])| partners[core].push((other, to, from)));
    partners
}

/// Links that all packets cross.
pub(super) fn links(chip: &ChipImage, hardware: &Hardware, activity: &Activity<'_>) -> u64 {
    let used: Vec<u32> = (0..chip.cores() as u32).collect();
    let partners = partners(chip, activity, &used);
    let way = |from: usize, to: usize| Fares::LINKS.way(&hardware.mesh, from as u32, to as u32);
    let sent = partners.iter().enumerate().flat_map(|(from, all)| all.iter().map(move |(to, n, _)| n * way(from, *to)));
    sent.sum()
}

/// What splitting cores is to make small.
#[derive(Clone, Copy, Debug)]
pub(super) enum Aim {
    /// The time of all steps.
    Time,
    /// All energy, static too.
    Energy,
}

/// The time of all steps `[ps]` or their energy `[J]`, and the time of each core `[ps]`.
pub(super) fn estimate(chip: &ChipImage, hardware: &Hardware, activity: &Activity<'_>, aim: Aim) -> (f64, Vec<u64>) {
    let routes = Routes::new(chip);
    let mut loads = vec![CoreLoad::default(); chip.cores()];
    for s in &chip.segments {
        loads[s.core.0 as usize].add(Event::NeuronAccess, s.len as u64 * activity.steps);
        loads[s.core.0 as usize].add(Event::NeuronUpdate, s.len as u64 * activity.steps);
    }
    for source in chip.sources() {
        (0..chip.size_of(source)).for_each(|i| routes.add(source, i, activity.spikes(source, i), &mut loads));
    }
    let time = |load: &CoreLoad| {
        let work = CoreWork::of(load, &hardware.time).unwrap_or_default();
        work.generation_ps().max(work.processing_ps())
    };
    let times: Vec<u64> = loads.iter().map(time).collect();
    let barrier = hardware.time.barrier_ps(chip.tiles(), chip.used_chips()).unwrap_or(0);
    let slowest = times.iter().max().copied().unwrap_or(0).saturating_add(activity.steps.saturating_mul(barrier));
    let time_ps = slowest.max(activity.steps.saturating_mul(hardware.tick_ps));
    let cost = match aim {
        Aim::Time => time_ps as f64,
        Aim::Energy => {
            let usage =
                Usage { chips: chip.used_chips(), cores: chip.used_cores(), embedded_cpus: 0, time_ps: Some(time_ps) };
            let bill = Bill::price(&loads.iter().sum(), &hardware.energy, &hardware.static_power, &usage);
            bill.map_or(0.0, |bill| bill.total_j)
        }
    };
    (cost, times)
}

/// Splits the slowest cores while that makes time or energy smaller, on the chips that are in use.
pub(super) fn spread(chip: &mut ChipImage, hardware: &Hardware, activity: &Activity<'_>, aim: Aim) {
    let room = u64::from(hardware.mesh.cores_per_chip) * u64::from(chip.used_chips().max(1));
    let room = room.min(hardware.mesh.cores()) as usize;
    let (mut best, mut times) = estimate(chip, hardware, activity, aim);
    let mut walked = chip.synapses();
    loop {
        let slowest = times.iter().max().copied().unwrap_or(0);
        let mut better = false;
        // Every core that is nearly as slow, or only the slowest ones.
        for least in [slowest / 2 + 1, slowest] {
            walked += 2 * chip.synapses();
            if slowest == 0 || walked > MOST_SYNAPSES {
                return;
            }
            let before = chip.segments.clone();
            let heavy: Vec<u32> = (0..times.len() as u32).filter(|core| times[*core as usize] >= least).collect();
            chip.segments = halved(&before, &heavy);
            let fits =
                chip.cores() <= room && core_uses(chip).iter().all(|u| broken(&hardware.limits, u, true).is_none());
            if fits && chip.segments != before {
                let (cost, all) = estimate(chip, hardware, activity, aim);
                if cost < best {
                    (best, times, better) = (cost, all, true);
                    break;
                }
            }
            chip.segments = before;
        }
        if !better {
            return;
        }
    }
}

/// The second half of the neurons of each of these cores on a new core.
fn halved(segments: &[Segment], heavy: &[u32]) -> Vec<Segment> {
    let mut next = segments.iter().map(|s| s.core.0 + 1).max().unwrap_or(0);
    let mut fresh: BTreeMap<u32, (usize, u32)> = BTreeMap::new();
    for core in heavy {
        let n: usize = segments.iter().filter(|s| s.core.0 == *core).map(|s| s.len).sum();
        if n >= 2 {
            fresh.insert(*core, (n.div_ceil(2), next));
            next += 1;
        }
    }
    let mut all = Vec::with_capacity(segments.len() + fresh.len());
    for s in segments {
        let Some((left, new)) = fresh.get_mut(&s.core.0) else {
            all.push(*s);
            continue;
        };
        let stays = s.len.min(*left);
        *left -= stays;
        if stays > 0 {
            all.push(Segment { len: stays, ..*s });
        }
        if stays < s.len {
            all.push(Segment { start: s.start + stays, len: s.len - stays, core: CoreId(*new), ..*s });
        }
    }
    all
}
