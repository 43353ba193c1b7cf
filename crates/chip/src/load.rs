//! What a spike sets off where: static tables from which events are counted.

use pumice_meter::{Counts, Event};
use pumice_models::RowFormat;

use crate::image::{ChipImage, Source};
use crate::mesh::CoreId;

/// What one core did in one step, or over a run.
pub type CoreLoad = Counts;

/// One packet of a source: the core it goes to and the synapses it sets off there, by format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Packet {
    core: u32,
    dense: u32,
    sparse: u32,
    conv: u32,
}

/// For every element of every source, the packets it sends per spike.
#[derive(Clone, Debug)]
pub struct Routes {
    /// Per source (banks, then inputs): start of each element's packets; length `n + 1`.
    start: Vec<Vec<usize>>,
    packets: Vec<Vec<Packet>>,
    /// Per bank: core of each neuron.
    place: Vec<Vec<u32>>,
    banks: usize,
}

impl Routes {
    /// The tables of a placed network.
    pub fn new(image: &ChipImage) -> Self {
        let banks = image.banks.len();
        let mut place: Vec<Vec<u32>> = image.banks.iter().map(|b| vec![0; b.n]).collect();
        for s in &image.segments {
            place[s.bank][s.start..s.start + s.len].fill(s.core.0);
        }
        let mut routes = Routes { start: Vec::new(), packets: Vec::new(), place, banks };
        let sources = (0..banks).map(Source::Bank).chain((0..image.inputs.len()).map(Source::Input));
        for source in sources {
            routes.add_source(image, source);
        }
        routes
    }

    fn add_source(&mut self, image: &ChipImage, source: Source) {
        let projections: Vec<_> = image.projections.iter().filter(|p| p.source == source).collect();
        let mut start = vec![0];
        let mut packets: Vec<Packet> = Vec::new();
        let mut slot = vec![usize::MAX; image.cores()];
        for i in 0..image.size_of(source) {
            let first = packets.len();
            for p in &projections {
                for k in p.rows.start[i]..p.rows.start[i + 1] {
                    let core = self.place[p.target][p.rows.target[k] as usize];
                    let at = &mut slot[core as usize];
                    if *at == usize::MAX || *at < first {
                        *at = packets.len();
                        packets.push(Packet { core, ..Packet::default() });
                    }
                    let packet = &mut packets[*at];
                    match p.rows.format {
                        RowFormat::Dense => packet.dense += 1,
                        RowFormat::Sparse => packet.sparse += 1,
                        RowFormat::Conv => packet.conv += 1,
                    }
                }
            }
            packets[first..].sort_unstable_by_key(|p| p.core);
            slot.fill(usize::MAX);
            start.push(packets.len());
        }
        self.start.push(start);
        self.packets.push(packets);
    }

    /// Adds what `spikes` spikes of element `i` of a source set off to the loads of all cores.
    pub fn add(&self, image: &ChipImage, source: Source, i: usize, spikes: u64, loads: &mut [CoreLoad]) {
        let (number, own) = match source {
            Source::Bank(b) => (b, Some(CoreId(self.place[b][i]))),
            Source::Input(k) => (self.banks + k, None),
        };
        if let Some(core) = own {
            loads[core.0 as usize].add(Event::NeuronSpike, spikes);
        }
        for packet in &self.packets[number][self.start[number][i]..self.start[number][i + 1]] {
            let load = &mut loads[packet.core as usize];
            load.add(Event::PacketIn, spikes);
            for (event, n) in [
                (Event::SynapseReadDense, packet.dense),
                (Event::SynapseReadSparse, packet.sparse),
                (Event::SynapseReadConv, packet.conv),
            ] {
                load.add(event, spikes * u64::from(n));
            }
            match own {
                Some(core) => add_way(image, core, CoreId(packet.core), spikes, &mut loads[core.0 as usize]),
                None => load.add(Event::HostSpikeIn, spikes),
            }
        }
    }
}

/// Charges a packet and its hops to the core that sends it.
fn add_way(image: &ChipImage, from: CoreId, to: CoreId, spikes: u64, load: &mut CoreLoad) {
    load.add(Event::PacketOut, spikes);
    let hops = image.mesh.hops(from, to);
    if image.mesh.tile_number(from) == image.mesh.tile_number(to) {
        load.add(Event::PacketLocal, spikes);
    }
    for (event, n) in [
        (Event::HopEast, hops.east),
        (Event::HopWest, hops.west),
        (Event::HopNorth, hops.north),
        (Event::HopSouth, hops.south),
        (Event::ChipCrossing, hops.crossings),
    ] {
        load.add(event, spikes * u64::from(n));
    }
}
