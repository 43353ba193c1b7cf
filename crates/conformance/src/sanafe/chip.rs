//! A recorded network on a recorded chip: its neurons are computed here; its routes, events, prices and times are Pumice's.

use std::collections::HashMap;

use pumice::chip::timing::{CoreWork, Grid, Network, Packet, Timing, TimingModel, Work};
use pumice::chip::{BankImage, ChipImage, CoreId, CoreLimits, Mesh, Projection, Routes, Segment, Source};
use pumice::meter::{Between, Event, Evidence, SyncByTiles, SyncEntry};
use pumice::models::neuron::lif::Lif;
use pumice::models::{Arithmetic, RowFormat, Rows};

use super::arch::{self, Architecture, Sync};
use super::net::{Attributes, Net};
use super::neuron::Neuron;
use super::prices::{self, Class, SomaTimes, WayTimes};

/// The number of each neuron, by group and index.
type Numbers = HashMap<(String, usize), u32>;

/// Where a neuron lies and what its units cost.
#[derive(Clone, Copy, Debug)]
struct Place {
    core: u32,
    soma: usize,
    dendrite: usize,
    /// Class of reads of its synapses.
    read: usize,
}

/// One synapse.
#[derive(Clone, Copy, Debug)]
struct Synapse {
    target: u32,
    weight: f64,
    delay: usize,
}

/// What happened in a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub(super) fired: u64,
    pub(super) updated: u64,
    pub(super) packets: u64,
    pub(super) hops: u64,
    pub(super) reads: u64,
    /// Length of the step by each model `[ps]`, in the order of [`MODELS`].
    pub(super) time_ps: [u64; 2],
}

/// The models that SANA-FE has too: its `simple` and its `detailed`.
pub(super) const MODELS: [TimingModel; 2] = [TimingModel::Simple, TimingModel::Queue];

/// A chip with its network and state.
#[derive(Debug)]
pub(super) struct Chip {
    names: Vec<String>,
    neurons: Vec<Neuron>,
    places: Vec<Place>,
    image: ChipImage,
    routes: Routes,
    start: Vec<usize>,
    synapses: Vec<Synapse>,
    /// What arrives in this and the next steps, by neuron.
    arriving: Vec<Vec<Option<f64>>>,
    dendrites_buffer: bool,
    barrier_ps: u64,
    timing: Vec<Box<dyn Timing>>,
    ways_of: Vec<usize>,
    somas: Vec<Class<SomaTimes>>,
    dendrites: Vec<Class<u64>>,
    reads: Vec<Class<u64>>,
    ways: Vec<Class<WayTimes>>,
    cores: Vec<CoreWork>,
    packets: Vec<Packet>,
}

const FORMATS: [RowFormat; 3] = [RowFormat::Dense, RowFormat::Sparse, RowFormat::Conv];
/// SANA-FE's delays are 0 to 5 steps.
const DELAYS: usize = 6;

/// The definition of every core of every tile: tile and core in the file.
fn definitions(arch: &Architecture) -> Result<(Vec<(usize, usize)>, u32), String> {
    let mut all = Vec::new();
    let mut per_tile = None;
    for (t, tile) in arch.tile.iter().enumerate() {
        for _ in 0..arch::copies(&tile.name)? {
            let before = all.len();
            for (c, core) in tile.core.iter().enumerate() {
                all.extend((0..arch::copies(&core.name)?).map(|_| (t, c)));
            }
            let cores = (all.len() - before) as u32;
            if *per_tile.get_or_insert(cores) != cores {
                return Err("tiles with different numbers of cores cannot be laid out".to_owned());
            }
        }
    }
    Ok((all, per_tile.filter(|n| *n > 0).ok_or("the architecture has no cores")?))
}

fn find<'a, A>(units: &'a [arch::Unit<A>], name: Option<&str>, what: &str) -> Result<&'a A, String> {
    let found = match name {
        None => units.first(),
        Some(name) => units.iter().find(|unit| arch::is_called(&unit.name, name)),
    };
    found.map(|unit| &unit.attributes).ok_or_else(|| format!("there is no {what} unit `{}`", name.unwrap_or("any")))
}

fn barrier_ps(sync: &Sync, tiles: u32) -> Result<u64, String> {
    match sync {
        Sync::Fixed(seconds) => prices::ps(*seconds),
        Sync::Table(table) => {
            let entry = SyncEntry {
                tiles: table.keys().copied().collect(),
                t: table.values().copied().collect(),
                between: Between::Step,
                ev: Evidence::Assumed,
                src: "arch.yaml".to_owned(),
                note: None,
            };
            SyncByTiles::try_from(entry).map(|table| table.ps(tiles)).map_err(|fault| fault.to_string())
        }
    }
}

/// A mapped neuron before it has a number.
struct Mapped {
    name: String,
    neuron: Neuron,
    place: Place,
}

/// Builds a chip part by part.
struct Builder<'a> {
    arch: &'a Architecture,
    definitions: Vec<(usize, usize)>,
    per_tile: u32,
    somas: Vec<Class<SomaTimes>>,
    dendrites: Vec<Class<u64>>,
    reads: Vec<Class<u64>>,
    dendrites_buffer: Option<bool>,
}

impl Builder<'_> {
    fn neuron(&mut self, name: String, core: u32, a: &Attributes) -> Result<Mapped, String> {
        let (t, c) = *self.definitions.get(core as usize).ok_or_else(|| format!("`{name}` is mapped to no core"))?;
        let definition = &self.arch.tile[t].core[c];
        let inside = match (definition.attributes.buffer_position.as_str(), definition.attributes.buffer_inside_unit) {
            ("soma", false) => false,
            ("dendrite", true) => true,
            (position, inside) => {
                return Err(format!(
                    "a buffer at {position} (inside: {inside}) cannot be replayed, allowed is before the soma or inside the dendrite"
                ));
            }
        };
        if *self.dendrites_buffer.get_or_insert(inside) != inside {
            return Err("cores with buffers at different places cannot be replayed".to_owned());
        }
        let soma = find(&definition.soma, a.soma_hw_name.as_deref(), "soma")?;
        let dendrite = find(&definition.dendrite, a.dendrite_hw_name.as_deref(), "dendrite")?;
        let synapse = find(&definition.synapse, a.synapse_hw_name.as_deref(), "synapse")?;
        let delays = match dendrite.model.as_str() {
            "accumulator" => false,
            "accumulator_with_delay" => true,
            other => return Err(format!("the dendrite model `{other}` is not known")),
        };
        if delays != inside && (inside || a.dendrite_hw_name.is_some()) {
            return Err(format!("`{}` with the buffer there delivers nothing in SANA-FE", dendrite.model));
        }
        if synapse.model != "current_based" {
            return Err(format!("the synapse model `{}` is not known", synapse.model));
        }
        let place = Place {
            core,
            soma: prices::soma(soma)?.share(&mut self.somas),
            dendrite: prices::dendrite(dendrite)?.share(&mut self.dendrites),
            read: prices::read(synapse, dendrite)?.share(&mut self.reads),
        };
        Ok(Mapped { neuron: Neuron::new(&soma.model, a)?, name, place })
    }

    /// All mapped neurons: by core, in the order of mapping; and the number of each by group and index.
    fn neurons(&mut self, net: &Net) -> Result<(Vec<Mapped>, Numbers), String> {
        let mut all = Vec::with_capacity(net.mapping.len());
        for (group, index, tile, core) in &net.mapping {
            let own = net.groups.iter().find(|g| g.name == *group && *index < g.n);
            let own = own.ok_or_else(|| format!("`{group}.{index}` is mapped but there is no such neuron"))?;
            let attributes = own.own.get(index).map_or_else(|| own.default.clone(), |a| a.or(&own.default));
            let name = format!("{group}.{index}");
            all.push((self.neuron(name, tile * self.per_tile + core, &attributes)?, (group.clone(), *index)));
        }
        all.sort_by_key(|(mapped, _)| mapped.place.core);
        for core in all.chunk_by(|(a, _), (b, _)| a.place.core == b.place.core) {
            let (t, c) = self.definitions[core[0].0.place.core as usize];
            let limit = self.arch.tile[t].core[c].attributes.max_neurons_supported;
            if limit.is_some_and(|limit| core.len() > limit) {
                return Err(format!("core {} has {} neurons, more than it supports", core[0].0.place.core, core.len()));
            }
        }
        let numbers = all.iter().enumerate().map(|(k, (_, key))| (key.clone(), k as u32)).collect();
        Ok((all.into_iter().map(|(mapped, _)| mapped).collect(), numbers))
    }

    fn image(&self, places: &[Place], synapses: &[Vec<Synapse>]) -> Result<ChipImage, String> {
        if self.reads.len() > FORMATS.len() {
            return Err(format!("{} kinds of synapse units are used, at most 3 can be told apart", self.reads.len()));
        }
        let n = places.len();
        let projections = (0..self.reads.len()).map(|class| {
            let mut rows = Rows {
                n_in: n,
                n_out: n,
                start: vec![0],
                target: Vec::new(),
                weight: Vec::new(),
                delay: Vec::new(),
                sum_exponent: 0,
                sum_bits: 32,
                graded: false,
                format: FORMATS[class],
                weight_bits: 0,
                delay_bits: 0,
                shared_weights: 0,
                tag_bits: None,
            };
            for own in synapses {
                let of_class = own.iter().filter(|s| places[s.target as usize].read == class);
                rows.target.extend(of_class.map(|s| s.target));
                rows.start.push(rows.target.len());
            }
            rows.weight = vec![1; rows.target.len()];
            let source = Source::Bank(0);
            Projection { process: 1, path: "edges".into(), source, target: 0, port: 0, rows }
        });
        let mut segments: Vec<Segment> = Vec::new();
        for (k, place) in places.iter().enumerate() {
            match segments.last_mut() {
                Some(last) if last.core.0 == place.core => last.len += 1,
                _ => segments.push(Segment { bank: 0, start: k, len: 1, core: CoreId(place.core) }),
            }
        }
        let attributes = &self.arch.attributes;
        Ok(ChipImage {
            mesh: Mesh {
                width: attributes.width,
                height: attributes.height,
                cores_per_tile: self.per_tile,
                cores_per_chip: attributes.width * attributes.height * self.per_tile,
                chips: 1,
                chip_columns: 1,
            },
            limits: CoreLimits::default(),
            arithmetic: Arithmetic::lava(),
            seed: 0,
            // The neurons are SANA-FE's, computed beside the image; the model here only holds the place.
            banks: vec![BankImage { process: 0, path: "neurons".into(), model: Lif::new(&[n]).into(), n, ports: 1 }],
            inputs: Vec::new(),
            projections: projections.collect(),
            plastic: Vec::new(),
            drawn: Vec::new(),
            drives: Vec::new(),
            cell_cores: Vec::new(),
            segments,
        })
    }
}

impl Chip {
    pub(super) fn new(arch: &Architecture, net: &Net) -> Result<Chip, String> {
        let (definitions, per_tile) = definitions(arch)?;
        let (somas, dendrites, reads) = (Vec::new(), Vec::new(), Vec::new());
        let mut builder = Builder { arch, definitions, per_tile, somas, dendrites, reads, dendrites_buffer: None };
        let (mapped, numbers) = builder.neurons(net)?;
        let mut synapses: Vec<Vec<Synapse>> = vec![Vec::new(); mapped.len()];
        for edge in &net.edges {
            let number = |end: &(String, usize)| {
                numbers.get(end).copied().ok_or_else(|| format!("`{}.{}` is not mapped", end.0, end.1))
            };
            let (from, target) = (number(&edge.from)?, number(&edge.to)?);
            if edge.delay >= DELAYS {
                return Err(format!("a delay of {} steps is too long, allowed is 0 to {}", edge.delay, DELAYS - 1));
            }
            synapses[from as usize].push(Synapse { target, weight: edge.weight, delay: edge.delay });
        }
        let places: Vec<Place> = mapped.iter().map(|m| m.place).collect();
        let image = builder.image(&places, &synapses)?;
        let mut ways = Vec::new();
        let mut ways_of = Vec::new();
        for (t, c) in builder.definitions.iter().take(image.cores()) {
            let (tile, core) = (&arch.tile[*t], &arch.tile[*t].core[*c]);
            let (out, into) = (*find(&core.axon_out, None, "axon")?, *find(&core.axon_in, None, "axon")?);
            ways_of.push(prices::ways(out, into, &tile.attributes)?.share(&mut ways));
        }
        let hops = ways.first().map(|class| class.times.hops).unwrap_or_default();
        let network = Network { link_buffer: arch.attributes.link_buffer_size, hops };
        let grid = Grid::new(&image.mesh, image.cores());
        let mut start = vec![0];
        start.extend(synapses.iter().scan(0, |sum, own| {
            *sum += own.len();
            Some(*sum)
        }));
        let Builder { somas, dendrites, reads, dendrites_buffer, .. } = builder;
        Ok(Chip {
            arriving: vec![vec![None; places.len()]; DELAYS + 1],
            routes: Routes::new(&image),
            dendrites_buffer: dendrites_buffer.unwrap_or(false),
            barrier_ps: barrier_ps(&arch.attributes.latency_sync, image.tiles())?,
            timing: MODELS.iter().map(|model| model.build(grid.clone(), network)).collect(),
            cores: Vec::new(),
            packets: Vec::new(),
            names: mapped.iter().map(|m| m.name.clone()).collect(),
            neurons: mapped.into_iter().map(|m| m.neuron).collect(),
            synapses: synapses.into_iter().flatten().collect(),
            start,
            places,
            image,
            ways_of,
            somas,
            dendrites,
            reads,
            ways,
        })
    }

    /// Names of the neurons, in the order of their numbers.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Membrane potentials, in the order of the neurons' numbers.
    pub(super) fn potentials(&self) -> Vec<f64> {
        self.neurons.iter().map(Neuron::potential).collect()
    }

    /// One step; the numbers of the neurons that fired are left in `fired`.
    pub(super) fn step(&mut self, fired: &mut Vec<usize>) -> Row {
        fired.clear();
        self.cores.clear();
        self.cores.resize(self.image.cores(), CoreWork::default());
        self.packets.clear();
        let mut row = Row::default();
        let arrived = self.arriving.remove(0);
        self.arriving.push(vec![None; arrived.len()]);
        let mut since_packet = 0;
        #[allow(clippy::needless_range_loop)] // several arrays by one index
        for k in 0..self.neurons.len() {
            if k > 0 && self.places[k].core != self.places[k - 1].core {
                since_packet = 0;
            }
            let did = self.neurons[k].step(arrived[k]);
            let place = self.places[k];
            let soma = &mut self.somas[place.soma];
            let times = soma.times;
            let (updated, spiked) = (u64::from(did.updated), u64::from(did.fired));
            soma.counts.add(Event::NeuronAccess, 1);
            soma.counts.add(Event::NeuronUpdate, updated);
            soma.counts.add(Event::NeuronSpike, spiked);
            let mut ps = times.access_ps + updated * times.update_ps + spiked * times.spike_ps;
            if self.dendrites_buffer {
                let dendrite = &mut self.dendrites[place.dendrite];
                dendrite.counts.add(Event::DendriteOperation, 1);
                ps += dendrite.times;
            }
            self.cores[place.core as usize].neurons_ps += ps;
            since_packet += ps;
            row.updated += updated;
            row.fired += spiked;
            if did.fired {
                fired.push(k);
                self.send(k, &mut since_packet, &mut row);
            }
        }
        for k in fired.iter() {
            for synapse in &self.synapses[self.start[*k]..self.start[*k + 1]] {
                let sum = &mut self.arriving[synapse.delay][synapse.target as usize];
                *sum = Some(sum.unwrap_or(0.0) + synapse.weight);
            }
        }
        let work = Work { cores: &self.cores, packets: &self.packets, barrier_ps: self.barrier_ps };
        for (time, model) in row.time_ps.iter_mut().zip(&mut self.timing) {
            *time = model.step(&work).total_ps;
        }
        row
    }

    /// Sends the packets of a spike.
    fn send(&mut self, k: usize, since_packet: &mut u64, row: &mut Row) {
        let Chip { routes, image, ways, ways_of, places, reads, cores, packets, .. } = self;
        let own = &places[k];
        for sent in routes.packets(Source::Bank(0), k) {
            let (from, to) = (CoreId(own.core), sent.to);
            let hops = image.mesh.hops(from, to);
            let sender = &mut ways[ways_of[from.0 as usize]];
            sender.counts.add(Event::PacketOut, 1);
            let out = sender.times;
            let receiver = &mut ways[ways_of[to.0 as usize]];
            receiver.counts.add(Event::PacketIn, 1);
            let by_side = [
                (Event::HopEast, hops.east),
                (Event::HopWest, hops.west),
                (Event::HopNorth, hops.north),
                (Event::HopSouth, hops.south),
            ];
            by_side.into_iter().for_each(|(event, n)| receiver.counts.add(event, u64::from(n)));
            let in_ps = receiver.times.in_ps;
            let mut synapses_ps = 0;
            for (class, n) in [sent.dense, sent.sparse, sent.conv].into_iter().enumerate().filter(|(_, n)| *n > 0) {
                reads[class].counts.add(Event::SynapseReadDense, u64::from(n));
                reads[class].counts.add(Event::DendriteOperation, u64::from(n));
                synapses_ps += u64::from(n) * reads[class].times;
                row.reads += u64::from(n);
            }
            cores[from.0 as usize].sending_ps += out.out_ps;
            cores[to.0 as usize].receiving_ps += in_ps;
            cores[to.0 as usize].synapses_ps += synapses_ps;
            packets.push(Packet {
                from,
                to,
                generation_ps: std::mem::take(since_packet) + out.out_ps,
                flight_ps: out.hops.flight(&image.mesh, from, to),
                processing_ps: in_ps + synapses_ps,
            });
            row.packets += 1;
            row.hops += u64::from(hops.total());
        }
    }
}

const NETWORK: [Event; 6] =
    [Event::PacketOut, Event::PacketIn, Event::HopEast, Event::HopWest, Event::HopNorth, Event::HopSouth];

impl Chip {
    /// Energy of all steps `[J]`: synapses, dendrites, somas, network.
    pub(super) fn energy_j(&self) -> Result<[f64; 4], String> {
        fn sum<T: PartialEq>(classes: &[Class<T>], events: &[Event]) -> Result<f64, String> {
            classes.iter().map(|class| class.energy_j(events)).sum()
        }
        let dendrite = [Event::DendriteOperation];
        Ok([
            sum(&self.reads, &[Event::SynapseReadDense])?,
            sum(&self.reads, &dendrite)? + sum(&self.dendrites, &dendrite)?,
            sum(&self.somas, &[Event::NeuronAccess, Event::NeuronUpdate, Event::NeuronSpike])?,
            sum(&self.ways, &NETWORK)?,
        ])
    }
}
