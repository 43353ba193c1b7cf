//! A network on an architecture: its neurons are computed here; its routes, events, prices and times are Pumice's.

use pumice_chip::timing::{CoreWork, Grid, Network as Links, Packet, Timing, TimingModel, Work};
use pumice_chip::{BankImage, ChipImage, CoreId, CoreLimits, Mesh, Projection, Routes, Segment, Source};
use pumice_meter::{Between, Event, Evidence, SyncByTiles, SyncEntry};
use pumice_models::neuron::lif::Lif;
use pumice_models::{Arithmetic, RowFormat, Rows};

use crate::arch::{self, Architecture, Sync};
use crate::attributes::Attributes;
use crate::error::SanafeError;
use crate::network::{End, Network};
use crate::neuron::Neuron;
use crate::prices::{self, Class, SomaTimes, WayTimes};

/// The number of each neuron, by group and index.
struct Numbers(Vec<Vec<Option<u32>>>);

impl Numbers {
    fn of(&self, end: End) -> Option<u32> {
        self.0.get(end.group as usize)?.get(end.index as usize).copied().flatten()
    }
}

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
pub struct Step {
    /// Spikes.
    pub fired: u64,
    /// Neurons that count as updated: those with a potential, an input or a bias, and those told to.
    pub updated: u64,
    /// Packets, one per spike and core that it reaches.
    pub packets: u64,
    /// Hops of all packets between tiles.
    pub hops: u64,
    /// Synapses read.
    pub synaptic_reads: u64,
    /// Length of the step `[ps]`, by each model of [`Setup::timing`].
    pub time_ps: Vec<u64>,
}

/// Energy of all steps so far `[J]`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Energy {
    /// Synapses read.
    pub synapse: f64,
    /// Dendrites.
    pub dendrite: f64,
    /// Neurons: access, update and spike.
    pub soma: f64,
    /// Packets and hops.
    pub network: f64,
}

impl Energy {
    /// The sum.
    pub fn total(&self) -> f64 {
        self.synapse + self.dendrite + self.soma + self.network
    }
}

/// How a chip is run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Models of time. SANA-FE has `simple` and, under the name `detailed`, `queue`.
    pub timing: Vec<TimingModel>,
    /// Seed of `poisson` inputs.
    pub seed: u64,
}

impl Default for Setup {
    fn default() -> Self {
        Setup { timing: vec![TimingModel::Simple, TimingModel::Queue], seed: 0 }
    }
}

/// An architecture with a network and its state.
#[derive(Debug)]
pub struct Chip {
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
    logged: Vec<usize>,
    steps: u64,
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
    logged: bool,
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
    fn neuron(&mut self, name: String, core: u32, a: &Attributes, draw: (u64, End)) -> Result<Mapped, String> {
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
        let neuron = Neuron::new(&soma.model, a, draw)?;
        Ok(Mapped { neuron, name, place, logged: a.log_potential == Some(true) })
    }

    /// All mapped neurons: by core, in the order of mapping; and the number of each by group and index.
    fn neurons(&mut self, net: &Network, seed: u64) -> Result<(Vec<Mapped>, Numbers), String> {
        let mut numbers = Numbers(net.groups.iter().map(|group| vec![None; group.n]).collect());
        let mut all = Vec::with_capacity(net.mapping.len());
        for mapping in &net.mapping {
            let End { group, index } = mapping.neuron;
            let found = net.groups.get(group as usize).filter(|group| (index as usize) < group.n);
            let own = found.ok_or_else(|| format!("neuron {index} of group {group} is mapped but is not there"))?;
            let name = format!("{}.{index}", own.name);
            if mapping.core >= self.per_tile {
                return Err(format!("`{name}` is mapped to no core"));
            }
            let said = own.own.get(&(index as usize));
            let said = said.map_or_else(|| own.default.clone(), |said| said.or(&own.default));
            let core = mapping.tile.checked_mul(self.per_tile).and_then(|first| first.checked_add(mapping.core));
            let core = core.ok_or_else(|| format!("`{name}` is mapped to no core"))?;
            all.push((self.neuron(name, core, &mapping.units.or(&said), (seed, mapping.neuron))?, mapping.neuron));
        }
        all.sort_by_key(|(mapped, _)| mapped.place.core);
        for core in all.chunk_by(|(a, _), (b, _)| a.place.core == b.place.core) {
            let (t, c) = self.definitions[core[0].0.place.core as usize];
            let limit = self.arch.tile[t].core[c].attributes.max_neurons_supported;
            if limit.is_some_and(|limit| core.len() > limit) {
                return Err(format!("core {} has {} neurons, more than it supports", core[0].0.place.core, core.len()));
            }
        }
        for (k, (mapped, end)) in all.iter().enumerate() {
            let number = &mut numbers.0[end.group as usize][end.index as usize];
            if number.replace(k as u32).is_some() {
                return Err(format!("`{}` is mapped twice", mapped.name));
            }
        }
        for (group, numbers) in net.groups.iter().zip(&numbers.0) {
            if let Some(index) = numbers.iter().position(Option::is_none) {
                return Err(format!("`{}.{index}` is not mapped", group.name));
            }
        }
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
    /// Lays a network on an architecture.
    ///
    /// # Errors
    ///
    /// [`SanafeError::Refused`] if it does not fit, names units that are not there, or needs what is not modelled.
    pub fn new(arch: &Architecture, net: &Network, setup: &Setup) -> Result<Chip, SanafeError> {
        Chip::build(arch, net, setup).map_err(SanafeError::Refused)
    }

    fn build(arch: &Architecture, net: &Network, setup: &Setup) -> Result<Chip, String> {
        let (definitions, per_tile) = definitions(arch)?;
        let (somas, dendrites, reads) = (Vec::new(), Vec::new(), Vec::new());
        let mut builder = Builder { arch, definitions, per_tile, somas, dendrites, reads, dendrites_buffer: None };
        let (mapped, numbers) = builder.neurons(net, setup.seed)?;
        let mut synapses: Vec<Vec<Synapse>> = vec![Vec::new(); mapped.len()];
        for edge in &net.edges {
            let number = |end: End| {
                numbers.of(end).ok_or_else(|| {
                    format!("an edge names neuron {} of group {}, which is not there", end.index, end.group)
                })
            };
            let (from, target) = (number(edge.from)?, number(edge.to)?);
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
        let network = Links { link_buffer: arch.attributes.link_buffer_size, hops };
        let grid = Grid::new(&image.mesh, image.cores());
        let mut start = vec![0];
        start.extend(synapses.iter().scan(0, |sum, own| {
            *sum += own.len();
            Some(*sum)
        }));
        let Builder { somas, dendrites, reads, dendrites_buffer, .. } = builder;
        let chip = Chip {
            arriving: vec![vec![None; places.len()]; DELAYS + 1],
            routes: Routes::new(&image),
            dendrites_buffer: dendrites_buffer.unwrap_or(false),
            barrier_ps: barrier_ps(&arch.attributes.latency_sync, image.tiles())?,
            timing: setup.timing.iter().map(|model| model.build(grid.clone(), network)).collect(),
            cores: Vec::new(),
            packets: Vec::new(),
            logged: mapped.iter().enumerate().filter(|(_, m)| m.logged).map(|(k, _)| k).collect(),
            steps: 0,
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
        };
        chip.sums()?;
        Ok(chip)
    }

    /// Names of the neurons, in the order of their numbers: by core, in the order of the mapping.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Membrane potentials, in the order of the neurons' numbers.
    pub fn potentials(&self) -> Vec<f64> {
        self.neurons.iter().map(Neuron::potential).collect()
    }

    /// Numbers of the neurons with `log_potential`.
    pub fn logged(&self) -> &[usize] {
        &self.logged
    }

    /// Number of synapses.
    pub fn synapses(&self) -> usize {
        self.synapses.len()
    }

    /// Cores with neurons, and tiles with such cores.
    pub fn used(&self) -> (usize, usize) {
        let cores = self.places.chunk_by(|a, b| a.core == b.core).count();
        (cores, self.image.tiles() as usize)
    }

    /// One step; the numbers of the neurons that fired are left in `fired`.
    pub fn step(&mut self, fired: &mut Vec<usize>) -> Step {
        fired.clear();
        self.cores.clear();
        self.cores.resize(self.image.cores(), CoreWork::default());
        self.packets.clear();
        let mut row = Step::default();
        let arrived = self.arriving.remove(0);
        self.arriving.push(vec![None; arrived.len()]);
        let (mut since_packet, mut core) = (0, None);
        for (k, input) in arrived.into_iter().enumerate() {
            let place = self.places[k];
            if core.replace(place.core) != Some(place.core) {
                since_packet = 0;
            }
            let did = self.neurons[k].step(self.steps, input);
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
        row.time_ps = self.timing.iter_mut().map(|model| model.step(&work).total_ps).collect();
        self.steps += 1;
        row
    }

    /// Sends the packets of a spike.
    fn send(&mut self, k: usize, since_packet: &mut u64, row: &mut Step) {
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
                row.synaptic_reads += u64::from(n);
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
    /// Energy of all steps so far.
    ///
    /// # Errors
    ///
    /// [`SanafeError::Refused`] if the architecture has a price that no event can have; [`Chip::new`] has checked that.
    pub fn energy(&self) -> Result<Energy, SanafeError> {
        self.sums().map_err(SanafeError::Refused)
    }

    fn sums(&self) -> Result<Energy, String> {
        fn sum<T: PartialEq>(classes: &[Class<T>], events: &[Event]) -> Result<f64, String> {
            classes.iter().try_fold(0.0, |sum, class| Ok(sum + class.energy_j(events)?))
        }
        let dendrite = [Event::DendriteOperation];
        Ok(Energy {
            synapse: sum(&self.reads, &[Event::SynapseReadDense])?,
            dendrite: sum(&self.reads, &dendrite)? + sum(&self.dendrites, &dendrite)?,
            soma: sum(&self.somas, &[Event::NeuronAccess, Event::NeuronUpdate, Event::NeuronSpike])?,
            network: sum(&self.ways, &NETWORK)?,
        })
    }
}
