//! Drawn synapses counted by source and core, for placement, metering and time.

use pumice_models::{Drawn, Parts, RowFormat};

use crate::image::{ChipImage, DrawnProjection, Source};
use crate::limits::CoreLimits;

/// How many synapses of one source element lie on one core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnCore {
    /// Number of the source element.
    pub source: u32,
    /// Number of the core.
    pub core: u32,
    /// Synapses.
    pub n: u32,
    /// Words of synaptic memory that hold them.
    pub words: u32,
}

/// Counts that are held at once: sources times cores.
const AT_ONCE: usize = 1 << 24;

/// The synapses of a projection by source, then by core; `place` has the core of each target.
///
/// Targets are taken in runs of few enough cores that the counts fit the memory meant for them.
pub fn drawn_by_core(image: &ChipImage, p: &DrawnProjection) -> Vec<OnCore> {
    let n_in = p.synapses.n_in();
    let segments: Vec<_> = image.segments.iter().filter(|s| s.bank == p.target).collect();
    let mut found = Vec::new();
    for some in segments.chunks((AT_ONCE / n_in.max(1)).max(1)) {
        let mut counts = vec![0_u32; some.len() * n_in];
        let (first, last) = (some[0].start, some[some.len() - 1].start + some[some.len() - 1].len);
        let mut at = vec![0_u32; last - first];
        for (k, segment) in some.iter().enumerate() {
            at[segment.start - first..segment.start - first + segment.len].fill((k * n_in) as u32);
        }
        p.synapses.each(first..last, Parts { weights: false, delays: false }, |source, target, _, _| {
            counts[(at[target as usize - first] + source) as usize] += 1;
        });
        for (k, segment) in some.iter().enumerate() {
            let own = counts[k * n_in..(k + 1) * n_in].iter().enumerate().filter(|(_, n)| **n > 0);
            found.extend(own.map(|(source, n)| OnCore {
                source: source as u32,
                core: segment.core.0,
                n: *n,
                words: 0,
            }));
        }
    }
    found.sort_by_key(|f| (f.source, f.core));
    // A core may hold several runs of neurons of a bank.
    found.dedup_by(|next, own| {
        let same = (next.source, next.core) == (own.source, own.core);
        own.n += if same { next.n } else { 0 };
        same
    });
    let bits = bits_of_drawn(&image.limits, &p.synapses);
    found.iter_mut().for_each(|own| own.words = image.limits.words(u64::from(own.n), bits));
    found
}

/// Bits of one drawn synapse.
pub(crate) fn bits_of_drawn(limits: &CoreLimits, synapses: &Drawn) -> u32 {
    limits.synapse_bits(RowFormat::Sparse, synapses.weight_bits(), synapses.delay_bits(), synapses.n_out())
}

/// The synapses of all drawn projections of a source, by source, then by core; one entry for each projection.
pub(crate) fn of_source(image: &ChipImage, source: Source) -> Vec<OnCore> {
    let own = image.drawn.iter().filter(|p| p.source == source);
    let mut all: Vec<OnCore> = own.flat_map(|p| drawn_by_core(image, p)).collect();
    all.sort_by_key(|f| (f.source, f.core));
    all
}

/// The entries of element `i`, from the front of entries sorted by source.
pub(crate) fn take<'a>(sorted: &mut &'a [OnCore], i: usize) -> &'a [OnCore] {
    let n = sorted.iter().take_while(|f| f.source as usize == i).count();
    let (own, rest) = sorted.split_at(n);
    *sorted = rest;
    own
}
