//! What a spike sets off where: static tables from which events are counted.

mod whole;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pumice_meter::{Counts, Event};
use pumice_models::{RowFormat, Rows};
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::drawn;
use crate::image::{ChipImage, Source};
use crate::mesh::CoreId;
use crate::plastic::Teller;
use whole::Whole;
use words::Words;
pub use words::fetched_words;

/// What one core did in one step, or over a run.
pub type CoreLoad = Counts;

/// Counts the updates of neurons that were visited so often and active so often; an analog one never rests.
pub fn count_updates(analog: bool, load: &mut CoreLoad, visited: u64, active: u64) {
    if analog {
        load.add(Event::AnalogUpdate, visited);
    } else {
        load.add(Event::NeuronAccess, visited);
        load.add(Event::NeuronUpdate, active);
    }
}

/// One packet of a source: the core it goes to and the synapses it sets off there, by format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Packet {
    core: u32,
    dense: u32,
    sparse: u32,
    conv: u32,
    words: u32,
    cells: CellReads,
}

/// What one packet reads in the cells of a core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellReads {
    /// Synapses that are not zero.
    pub synapses: u32,
    /// Rows that are driven.
    pub rows: u32,
    /// Columns that are converted, in all rows together.
    pub conversions: u32,
}

/// For every element of every source, the packets it sends per spike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routes {
    /// Per source (trains, then inputs): start of each element's packets; length `n + 1`.
    start: Vec<Vec<usize>>,
    packets: Vec<Vec<Packet>>,
    /// Per source: the sum over the packets of each element.
    whole: Vec<Vec<Whole>>,
    /// Per train: core of each neuron. Trains have the numbers of their banks, or follow all banks.
    place: Vec<Vec<u32>>,
    /// Per train: place of each neuron on its core, in the order of updates (bank, then neuron).
    rank: Vec<Vec<u32>>,
    /// Per train: whether its neurons are analog.
    analog: Vec<bool>,
    /// Per bank: its trains.
    trains: Vec<Vec<usize>>,
}

fn analog(image: &ChipImage) -> Vec<bool> {
    image.trains().map(|bank| image.banks[bank].circuits.is_some()).collect()
}

fn trains(image: &ChipImage) -> Vec<Vec<usize>> {
    let mut trains = vec![Vec::new(); image.banks.len()];
    image.trains().enumerate().for_each(|(train, bank)| trains[bank].push(train));
    trains
}

impl Routes {
    /// The tables of a placed network.
    pub fn new(image: &ChipImage) -> Self {
        let mut place: Vec<Vec<u32>> = image.banks.iter().map(|b| vec![0; b.n]).collect();
        for s in &image.segments {
            place[s.bank][s.start..s.start + s.len].fill(s.core.0);
        }
        let mut rank = ranks(&place, image.cores());
        for bank in image.trains().skip(image.banks.len()) {
            place.push(place[bank].clone());
            rank.push(rank[bank].clone());
        }
        let (analog, trains) = (analog(image), trains(image));
        let mut routes =
            Routes { start: Vec::new(), packets: Vec::new(), whole: Vec::new(), place, rank, analog, trains };
        let rows: Vec<&Rows> = image.projections.iter().map(|p| &p.rows).collect();
        for source in image.sources() {
            let (start, packets) = routes.of_source(image, source, &rows);
            routes.whole.push(routes.sums(image, source, &start, &packets));
            routes.start.push(start);
            routes.packets.push(packets);
        }
        routes
    }

    /// Whether they can be those of `image`: as many elements, and no core beyond its own.
    pub fn fit(&self, image: &ChipImage) -> bool {
        let cores = image.cores();
        let sizes: Vec<usize> = image.sources().map(|source| image.size_of(source)).collect();
        let inside = |all: &[Vec<u32>], most: usize| all.iter().flatten().all(|x| (*x as usize) < most);
        let by_train = |all: &[Vec<u32>]| image.trains().map(|bank| image.banks[bank].n).eq(all.iter().map(Vec::len));
        let of_source = |(n, (start, packets)): (&usize, (&Vec<usize>, &Vec<Packet>))| {
            let ends = start.first() == Some(&0) && start.last() == Some(&packets.len());
            start.len() == n + 1 && ends && start.is_sorted() && packets.iter().all(|p| (p.core as usize) < cores)
        };
        self.analog == analog(image)
            && self.trains == trains(image)
            && by_train(&self.place)
            && by_train(&self.rank)
            && inside(&self.place, cores)
            && self.start.len() == sizes.len()
            && self.packets.len() == sizes.len()
            && sizes.iter().zip(self.start.iter().zip(&self.packets)).all(of_source)
            && self.whole.iter().map(Vec::len).eq(sizes)
    }

    /// Makes the tables of a source anew; `rows` has the rows of every projection as they are now.
    pub fn update(&mut self, image: &ChipImage, source: Source, rows: &[&Rows]) {
        let (start, packets) = self.of_source(image, source, rows);
        let number = self.number(source);
        self.whole[number] = self.sums(image, source, &start, &packets);
        self.start[number] = start;
        self.packets[number] = packets;
    }

    /// The number of a source: trains, then inputs.
    const fn number(&self, source: Source) -> usize {
        match source {
            Source::Train(train) => train,
            Source::Input(k) => self.place.len() + k,
        }
    }

    /// What each element of a source sets off in all.
    fn sums(&self, image: &ChipImage, source: Source, start: &[usize], packets: &[Packet]) -> Vec<Whole> {
        let of = |(i, ends): (usize, &[usize])| {
            let from = match source {
                Source::Train(t) => Some(CoreId(self.place[t][i])),
                Source::Input(_) => None,
            };
            let mut whole = Whole::default();
            packets[ends[0]..ends[1]].iter().for_each(|packet| whole.add(image, from, packet));
            whole
        };
        start.windows(2).enumerate().map(of).collect()
    }

    fn of_source(&self, image: &ChipImage, source: Source, rows: &[&Rows]) -> (Vec<usize>, Vec<Packet>) {
        let projections: Vec<_> = image.projections.iter().zip(rows).filter(|(p, _)| p.source == source).collect();
        let mut start = vec![0];
        let mut packets: Vec<Packet> = Vec::new();
        let mut slot = vec![usize::MAX; image.cores()];
        let columns = cell_columns(image);
        let mut last_row = vec![(0, 0); image.cores()];
        let drawn = drawn::of_source(image, source);
        let mut drawn = drawn.as_slice();
        let told = self.told(image, source);
        let mut words = Words::new(image);
        let memory: Vec<_> = projections.iter().map(|(p, rows)| words.memory(p, rows)).collect();
        for i in 0..image.size_of(source) {
            let first = packets.len();
            let mut number = |core: u32, packets: &mut Vec<Packet>| {
                let at = &mut slot[core as usize];
                if *at == usize::MAX || *at < first {
                    *at = packets.len();
                    packets.push(Packet { core, ..Packet::default() });
                }
                *at
            };
            for (p_number, (p, rows)) in projections.iter().enumerate() {
                for k in rows.start[i]..rows.start[i + 1] {
                    let core = self.place[p.target][rows.target[k] as usize];
                    let at = number(core, &mut packets);
                    let packet = &mut packets[at];
                    if let Some(columns) = columns[core as usize].get(&p.target) {
                        let row = (p_number, rows.delay_of(k));
                        if packet.cells.rows == 0 || last_row[core as usize] != row {
                            last_row[core as usize] = row;
                            packet.cells.rows += 1;
                            packet.cells.conversions += *columns;
                        }
                        packet.cells.synapses += 1;
                        continue;
                    }
                    *packet.synapses(rows.format) += 1;
                    words.count(core);
                }
                words.drain(&memory[p_number], |core, n| {
                    let at = number(core, &mut packets);
                    packets[at].words += n;
                });
            }
            for own in drawn::take(&mut drawn, i) {
                let at = number(own.core, &mut packets);
                packets[at].sparse += own.n;
                packets[at].words += own.words;
            }
            for (_, core) in told.range((i, 0)..(i + 1, 0)) {
                number(*core, &mut packets);
            }
            packets[first..].sort_unstable_by_key(|p| p.core);
            packets[first..].iter().for_each(|p| slot[p.core as usize] = usize::MAX);
            start.push(packets.len());
        }
        (start, packets)
    }

    /// Elements of an input, and the cores whose learning synapses hear them beside those that they set off: third factors,
    /// teachers, spikes that count as the targets'.
    fn told(&self, image: &ChipImage, source: Source) -> BTreeSet<(usize, u32)> {
        let mut told = BTreeSet::new();
        let heard = image.plastic.iter().flat_map(|p| p.feeds.iter().map(move |feed| (p.target, feed)));
        for (bank, feed) in heard.filter(|(_, feed)| feed.port > 0 && feed.from == Teller::Spikes(source)) {
            let core = |neuron: usize| self.place[bank][neuron];
            match (source, &feed.pairs) {
                (Source::Train(_), _) => {}
                (Source::Input(_), None) => told.extend((0..image.size_of(source)).map(|i| (i, core(i)))),
                (Source::Input(_), Some(pairs)) => {
                    told.extend(pairs.iter().map(|(i, j)| (*i as usize, core(*j as usize))))
                }
            }
        }
        told
    }

    /// The packets that one spike of element `i` of a source sends, in the order of sending (ascending cores).
    pub fn packets(&self, source: Source, i: usize) -> impl Iterator<Item = Sent> + '_ {
        self.spike(source, i).packets()
    }

    /// One spike of element `i` of a source.
    fn spike(&self, source: Source, i: usize) -> Spike<'_> {
        let (from, rank) = match source {
            Source::Train(t) => (Some(CoreId(self.place[t][i])), self.rank[t][i]),
            Source::Input(_) => (None, 0),
        };
        let number = self.number(source);
        Spike { from, rank, packets: &self.packets[number][self.start[number][i]..self.start[number][i + 1]] }
    }

    /// What a spike of a train is counted as.
    fn spike_event(&self, train: usize) -> Event {
        if self.analog[train] { Event::AnalogSpike } else { Event::NeuronSpike }
    }

    /// Adds what `spikes` spikes of element `i` of a source set off to the loads of all cores.
    pub fn add(&self, source: Source, i: usize, spikes: u64, loads: &mut [CoreLoad]) {
        let number = self.number(source);
        if let Source::Train(t) = source {
            let load = &mut loads[self.place[t][i] as usize];
            load.add(self.spike_event(t), spikes);
            self.whole[t][i].add_sending(spikes, load);
        }
        for packet in &self.packets[number][self.start[number][i]..self.start[number][i + 1]] {
            let load = &mut loads[packet.core as usize];
            load.add(Event::PacketIn, spikes);
            if number >= self.place.len() {
                load.add(Event::HostSpikeIn, spikes);
            }
            add_reads(packet.reads().map(u64::from), spikes, load);
        }
    }

    /// Adds the same to a sum over all cores, without a look at single packets.
    pub fn add_to_sum(&self, source: Source, i: usize, spikes: u64, sum: &mut Counts) {
        let whole = &self.whole[self.number(source)][i];
        match source {
            Source::Train(t) => {
                sum.add(self.spike_event(t), spikes);
                whole.add_sending(spikes, sum);
            }
            Source::Input(_) => sum.add(Event::HostSpikeIn, spikes * whole.packets),
        }
        whole.add_receiving(spikes, sum);
    }
}

/// The events of reading.
const READS: [Event; 7] = [
    Event::SynapseReadDense,
    Event::SynapseReadSparse,
    Event::SynapseReadConv,
    Event::SynapseMemoryWord,
    Event::SynapseReadCell,
    Event::CrossbarRowRead,
    Event::AdcConversion,
];

/// Adds what `spikes` spikes read, by event of [`READS`], and what dendrites take in of it.
fn add_reads(reads: [u64; 7], spikes: u64, load: &mut Counts) {
    // Most packets set off synapses of one format.
    for (event, n) in READS.into_iter().zip(reads).filter(|(_, n)| *n > 0) {
        load.add(event, spikes * n);
    }
    let [dense, sparse, conv, ..] = reads;
    load.add(Event::DendriteOperation, spikes * (dense + sparse + conv));
}

impl Packet {
    /// How many synapses of a format it sets off.
    const fn synapses(&mut self, format: RowFormat) -> &mut u32 {
        match format {
            RowFormat::Dense => &mut self.dense,
            RowFormat::Sparse => &mut self.sparse,
            RowFormat::Conv => &mut self.conv,
        }
    }

    /// What it reads, by event of [`READS`].
    const fn reads(&self) -> [u32; 7] {
        let CellReads { synapses, rows, conversions } = self.cells;
        [self.dense, self.sparse, self.conv, self.words, synapses, rows, conversions]
    }
}

/// Columns of each core whose synapses lie in cells, by bank: its neurons. Only those of the bank that a row feeds are
/// converted. Empty for a core without cells.
fn cell_columns(image: &ChipImage) -> Vec<BTreeMap<usize, u32>> {
    let mut columns = vec![BTreeMap::new(); image.cores()];
    for s in image.segments.iter().filter(|s| image.cell_cores.binary_search(&s.core).is_ok()) {
        *columns[s.core.0 as usize].entry(s.bank).or_insert(0) += s.len as u32;
    }
    columns
}

/// The place of each neuron of each bank on its core.
fn ranks(place: &[Vec<u32>], cores: usize) -> Vec<Vec<u32>> {
    let mut seen = vec![0; cores];
    let mut next = |core: &u32| {
        seen[*core as usize] += 1;
        seen[*core as usize] - 1
    };
    place.iter().map(|bank| bank.iter().map(&mut next).collect()).collect()
}

/// A spike and the packets that it sends.
#[derive(Clone, Copy, Debug)]
pub struct Spike<'a> {
    /// The core that sends them; `None` if they come from outside.
    pub from: Option<CoreId>,
    /// Place of the neuron on its core, in the order of updates.
    pub rank: u32,
    packets: &'a [Packet],
}

impl<'a> Spike<'a> {
    /// The packets in the order of sending (ascending cores).
    pub fn packets(self) -> impl ExactSizeIterator<Item = Sent> + 'a {
        self.packets.iter().map(move |p| Sent {
            from: self.from,
            rank: self.rank,
            to: CoreId(p.core),
            dense: p.dense,
            sparse: p.sparse,
            conv: p.conv,
            words: p.words,
            cells: p.cells,
        })
    }
}

/// A packet as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The core that sends it; `None` if it comes from outside.
    pub from: Option<CoreId>,
    /// Place of the neuron on its core, in the order of updates.
    pub rank: u32,
    /// The core that it goes to.
    pub to: CoreId,
    /// Synapses of dense rows that it sets off there.
    pub dense: u32,
    /// Synapses of sparse rows that it sets off there.
    pub sparse: u32,
    /// Synapses of shared kernels that it sets off there.
    pub conv: u32,
    /// Words of synaptic memory that it fetches there.
    pub words: u32,
    /// What it reads there in cells.
    pub cells: CellReads,
}

/// The packets of one step; nothing is computed until they are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Traffic<'a> {
    routes: &'a Routes,
    batches: &'a [Arc<Batch>],
    inputs: &'a [Vec<u32>],
}

impl<'a> Traffic<'a> {
    /// The packets of the spikes of all workers, and of the elements of each input that spiked.
    pub fn new(routes: &'a Routes, batches: &'a [Arc<Batch>], inputs: &'a [Vec<u32>]) -> Self {
        Traffic { routes, batches, inputs }
    }

    /// Shows every spike. Those of one core come in the order of sending: by neuron in the order of updates, then by train. Those
    /// from outside come last.
    pub fn each(&self, mut show: impl FnMut(Spike<'a>)) {
        for trains in &self.routes.trains {
            for batch in self.batches {
                if let [train] = trains[..] {
                    let own = batch.fired[train].index.iter();
                    own.for_each(|i| show(self.routes.spike(Source::Train(train), *i as usize)));
                    continue;
                }
                let own = trains.iter().flat_map(|train| batch.fired[*train].index.iter().map(|i| (*i, *train)));
                let mut own: Vec<(u32, usize)> = own.collect();
                own.sort_unstable();
                own.iter().for_each(|(i, train)| show(self.routes.spike(Source::Train(*train), *i as usize)));
            }
        }
        for (k, spiking) in self.inputs.iter().enumerate() {
            for i in spiking {
                show(self.routes.spike(Source::Input(k), *i as usize));
            }
        }
    }
}

/// The event of reading a synapse of a row.
pub const fn read_event(format: RowFormat) -> Event {
    match format {
        RowFormat::Dense => Event::SynapseReadDense,
        RowFormat::Sparse => Event::SynapseReadSparse,
        RowFormat::Conv => Event::SynapseReadConv,
    }
}
