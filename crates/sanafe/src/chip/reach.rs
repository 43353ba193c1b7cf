//! What a spike of each neuron reaches: one packet for each core with targets, and what it reads there.

use pumice_chip::{CoreId, Mesh};

use super::{Place, Synapse};

/// The cores that spikes reach.
#[derive(Debug)]
pub(super) struct Reach {
    /// First packet of each neuron, and the end of the last.
    start: Vec<usize>,
    packets: Vec<To>,
    /// Classes of reads, and how many of each.
    reads: Vec<(usize, u32)>,
}

/// A packet of a spike.
#[derive(Clone, Copy, Debug)]
struct To {
    core: CoreId,
    /// Where its reads end; they begin where those of the packet before it end.
    end: usize,
}

impl Reach {
    /// The packets of neurons at `places` with these synapses, those to the tiles that `visit` has first, then by cores.
    pub(super) fn new(places: &[Place], synapses: &[Vec<Synapse>], mesh: &Mesh, visit: &[u32]) -> Reach {
        let mut reach = Reach { start: vec![0], packets: Vec::new(), reads: Vec::new() };
        let mut all: Vec<(u32, u32, usize)> = Vec::new();
        for own in synapses {
            let read = |synapse: &Synapse| {
                let Place { core, read, .. } = places[synapse.target as usize];
                (visit[mesh.tile_number(CoreId(core)) as usize], core, read)
            };
            all.clear();
            all.extend(own.iter().map(read));
            all.sort_unstable();
            for packet in all.chunk_by(|a, b| a.1 == b.1) {
                reach.reads.extend(packet.chunk_by(|a, b| a == b).map(|same| (same[0].2, same.len() as u32)));
                reach.packets.push(To { core: CoreId(packet[0].1), end: reach.reads.len() });
            }
            reach.start.push(reach.packets.len());
        }
        reach
    }

    /// The cores that a spike of neuron `k` reaches, and its reads there: their class, and how many.
    pub(super) fn of(&self, k: usize) -> impl Iterator<Item = (CoreId, &[(usize, u32)])> {
        let own = self.start[k]..self.start[k + 1];
        let first = own.start.checked_sub(1).map_or(0, |before| self.packets[before].end);
        self.packets[own].iter().scan(first, |from, to| {
            let reads = &self.reads[*from..to.end];
            *from = to.end;
            Some((to.core, reads))
        })
    }
}
