//! Populations on as few cores as the limits allow.
//!
//! 1. Every population is cut into equal chunks, as few as the limits of a core allow it alone.
//! 2. Chunks are laid on cores in their order, each on the first core on which every limit still holds. What a core with
//!    several chunks uses is bounded by the sum over its chunks; sources that chunks share are counted once.
//! 3. The same with populations that only the number of neurons cuts, filled to the last neuron of a core; the better of both
//!    counts, and of equals the equal chunks.

use pumice_chip::{BankImage, ChipImage, CoreId, CoreLimits, CoreUse, Segment, core_uses, drawn_by_core};

use super::{FAN_IN, broken, too_much};
use crate::{CompileError, Hardware};

/// Bits of all sets of sources, at most (256 MB); beyond it sources that chunks share are counted for each.
const MOST_BITS: u64 = 1 << 31;

/// Packs; banks that are equal in `kinds` may share a core.
pub(super) fn pack(chip: &mut ChipImage, hardware: &Hardware, kinds: &[bool]) -> Result<(), CompileError> {
    if hardware.limits == CoreLimits::default() && !kinds.contains(&true) {
        // Nothing fills a core, so nothing need be counted.
        let whole = |(bank, image): (usize, &BankImage)| Segment { bank, start: 0, len: image.n, core: CoreId(0) };
        chip.segments = chip.banks.iter().enumerate().filter(|(_, image)| image.n > 0).map(whole).collect();
        return Ok(());
    }
    let cuts = cut(chip, hardware)?;
    let equal = lay(chip, hardware, &cuts, kinds);
    let filled = fill_up(chip, hardware, &cuts).map(|cuts| lay(chip, hardware, &cuts, kinds));
    let cores = |segments: &[Segment]| segments.iter().map(|s| u64::from(s.core.0) + 1).max().unwrap_or(0);
    chip.segments = match filled {
        Some(filled) if cores(&filled) < cores(&equal) => filled,
        _ => equal,
    };
    let need = cores(&chip.segments);
    if need > hardware.mesh.cores() {
        return Err(out_of_cores(chip, hardware, &cuts, need));
    }
    Ok(())
}

/// Where each population is cut, and what kept the chunks from being larger.
struct Cuts {
    /// By bank: first neuron of each chunk, and the number of neurons.
    ends: Vec<Vec<usize>>,
    limit: Vec<&'static str>,
}

fn equal_ends(n: usize, parts: usize) -> Vec<usize> {
    (0..=parts).map(|k| n * k / parts.max(1)).collect()
}

/// Every chunk on a core of its own.
fn alone(ends: &[Vec<usize>]) -> Vec<Segment> {
    let chunks = ends.iter().enumerate().flat_map(|(bank, ends)| ends.windows(2).map(move |w| (bank, w[0], w[1])));
    let chunks = chunks.filter(|(_, start, end)| end > start).enumerate();
    chunks
        .map(|(core, (bank, start, end))| Segment { bank, start, len: end - start, core: CoreId(core as u32) })
        .collect()
}

/// Cuts every population into as few equal chunks as a core allows.
fn cut(chip: &mut ChipImage, hardware: &Hardware) -> Result<Cuts, CompileError> {
    let most = hardware.limits.neurons.map_or(usize::MAX, |n| n as usize);
    let mut parts: Vec<usize> = chip.banks.iter().map(|b| b.n.div_ceil(most.min(b.n).max(1)).max(1)).collect();
    let mut limit = vec!["neurons"; parts.len()];
    loop {
        let ends: Vec<Vec<usize>> = chip.banks.iter().zip(&parts).map(|(b, parts)| equal_ends(b.n, *parts)).collect();
        let cuts = Cuts { ends, limit: limit.clone() };
        // Two neighbours of a cut population do not fit on one core: this many cores are needed at the least.
        let cut: u64 = parts.iter().filter(|n| **n > 1).map(|n| *n as u64 / 4).sum();
        if cut > hardware.mesh.cores() {
            return Err(out_of_cores(chip, hardware, &cuts, cut * 4));
        }
        chip.segments = alone(&cuts.ends);
        let mut fits = true;
        for (used, segment) in core_uses(chip).iter().zip(&chip.segments) {
            let (bank, short) = (segment.bank, broken(&hardware.limits, used, false));
            let Some((resource, need, have)) = short else { continue };
            fits = false;
            if used.neurons <= 1 || resource.name == FAN_IN {
                return Err(too_much(chip, hardware, bank, (resource, need, have)));
            }
            // Not by the size of this chunk: the last neurons of a population that does not divide evenly are more.
            let now = cuts.ends[bank].len() - 1;
            let wanted = ((now as u64 * need).div_ceil(have.max(1)) as usize).clamp(now + 1, now * 2);
            parts[bank] = parts[bank].max(wanted.min(chip.banks[bank].n));
            limit[bank] = resource.name;
        }
        if fits {
            return Ok(cuts);
        }
    }
}

/// The cuts with populations that only the number of neurons cuts filled to the last neuron of a core, where this holds all limits.
fn fill_up(chip: &mut ChipImage, hardware: &Hardware, cuts: &Cuts) -> Option<Cuts> {
    let most = hardware.limits.neurons? as usize;
    let full = |ends: &Vec<usize>| -> Vec<usize> {
        let n = ends.last().copied().unwrap_or(0);
        (0..n).step_by(most.max(1)).chain([n]).collect()
    };
    let mut ends = cuts.ends.clone();
    for (own, _) in ends.iter_mut().zip(&cuts.limit).filter(|(own, limit)| own.len() > 2 && **limit == "neurons") {
        *own = full(own);
    }
    if ends == cuts.ends {
        return None;
    }
    chip.segments = alone(&ends);
    for (used, segment) in core_uses(chip).iter().zip(&chip.segments) {
        if broken(&hardware.limits, used, false).is_some() {
            ends[segment.bank] = cuts.ends[segment.bank].clone();
        }
    }
    Some(Cuts { ends, limit: cuts.limit.clone() })
}

/// The sources that reach each chunk, as sets of bits; empty if they would be too large.
fn sources(chip: &ChipImage) -> Vec<Vec<u64>> {
    let mut first = std::collections::BTreeMap::new();
    let mut n = 0;
    for source in chip.sources() {
        first.insert(source, n);
        n += chip.size_of(source);
    }
    let chunks = chip.segments.len();
    if chunks as u64 * n as u64 > MOST_BITS {
        return Vec::new();
    }
    let mut place: Vec<Vec<u32>> = chip.banks.iter().map(|b| vec![0; b.n]).collect();
    for (k, s) in chip.segments.iter().enumerate() {
        place[s.bank][s.start..s.start + s.len].fill(k as u32);
    }
    let mut sets = vec![vec![0u64; n.div_ceil(64)]; chunks];
    for p in &chip.projections {
        for i in 0..p.rows.n_in {
            let bit = first[&p.source] + i;
            for target in &p.rows.target[p.rows.start[i]..p.rows.start[i + 1]] {
                sets[place[p.target][*target as usize] as usize][bit / 64] |= 1 << (bit % 64);
            }
        }
    }
    // Every chunk lies on a core of its own here, of its own number.
    for p in &chip.drawn {
        for own in drawn_by_core(chip, p) {
            let bit = first[&p.source] + own.source as usize;
            sets[own.core as usize][bit / 64] |= 1 << (bit % 64);
        }
    }
    sets
}

/// A core while it is filled.
#[derive(Default)]
struct Open {
    used: CoreUse,
    sources: Vec<u64>,
    kind: bool,
}

impl Open {
    /// What the core would use with one more chunk.
    fn with(&self, chunk: &CoreUse, sources: Option<&Vec<u64>>) -> CoreUse {
        let union = |set: &Vec<u64>| -> u64 {
            let own = self.sources.iter().copied().chain(std::iter::repeat(0));
            set.iter().zip(own).map(|(a, b)| u64::from((a | b).count_ones())).sum()
        };
        CoreUse {
            neurons: self.used.neurons + chunk.neurons,
            synapses: self.used.synapses + chunk.synapses,
            synapse_bits: self.used.synapse_bits + chunk.synapse_bits,
            axons_in: sources.map_or(self.used.axons_in + chunk.axons_in, union),
            axons_out: self.used.axons_out + chunk.axons_out,
            fan_in: self.used.fan_in.max(chunk.fan_in),
            destinations: 0,
            banks: Vec::new(),
        }
    }

    fn take(&mut self, used: CoreUse, sources: Option<&Vec<u64>>) {
        self.used = used;
        if let Some(set) = sources {
            self.sources.resize(set.len(), 0);
            self.sources.iter_mut().zip(set).for_each(|(own, more)| *own |= more);
        }
    }
}

/// Lays chunks on cores, each on the first that has room.
fn lay(chip: &mut ChipImage, hardware: &Hardware, cuts: &Cuts, kinds: &[bool]) -> Vec<Segment> {
    chip.segments = alone(&cuts.ends);
    let (uses, sets) = (core_uses(chip), sources(chip));
    let mut open: Vec<Open> = Vec::new();
    let mut laid: Vec<Segment> = Vec::with_capacity(chip.segments.len());
    // Cores that cannot take one neuron more are not looked at again.
    let mut first = 0;
    let most = hardware.limits.neurons.map_or(u64::MAX, u64::from);
    for (k, (chunk, segment)) in uses.iter().zip(&chip.segments).enumerate() {
        let set = sets.get(k);
        let room = |core: &Open| {
            (core.kind == kinds[segment.bank] && core.used.neurons + chunk.neurons <= most).then_some(())?;
            let used = core.with(chunk, set);
            broken(&hardware.limits, &used, false).is_none().then_some(used)
        };
        while open.get(first).is_some_and(|core| core.used.neurons >= most) {
            first += 1;
        }
        let found = open[first..].iter().enumerate().find_map(|(at, core)| room(core).map(|used| (first + at, used)));
        let (core, used) = found.unwrap_or_else(|| {
            open.push(Open { kind: kinds[segment.bank], ..Open::default() });
            (open.len() - 1, CoreUse { banks: Vec::new(), ..chunk.clone() })
        });
        open[core].take(used, set);
        let core = CoreId(core as u32);
        match laid.last_mut().filter(|s| s.bank == segment.bank && s.core == core) {
            Some(last) => last.len += segment.len,
            None => laid.push(Segment { core, ..*segment }),
        }
    }
    laid
}

fn out_of_cores(chip: &ChipImage, hardware: &Hardware, cuts: &Cuts, need: u64) -> CompileError {
    let parts = |b: usize| cuts.ends[b].len().saturating_sub(1);
    let bank = (0..cuts.ends.len()).max_by_key(|b| parts(*b)).unwrap_or(0);
    CompileError::OutOfCores {
        need,
        have: hardware.mesh.cores(),
        chip: hardware.name.clone(),
        path: chip.banks[bank].path.clone(),
        most: parts(bank) as u64,
        limit: cuts.limit[bank],
        chips: need.div_ceil(u64::from(hardware.mesh.cores_per_chip)),
    }
}
