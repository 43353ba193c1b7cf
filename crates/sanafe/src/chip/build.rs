//! Lays a network on an architecture: classes of units, what spikes reach, the first state.

use std::collections::{HashMap, HashSet};

use pumice_chip::Mesh;
use pumice_chip::timing::{Grid, Network as Links, Timing, TimingModel};
use pumice_meter::{Between, Evidence, SyncByTiles, SyncEntry};

use super::dendrite::{DELAYS, Dendrite};
use super::detailed::Detailed;
use super::reach::Reach;
use super::seeds::Seeds;
use super::{Chip, Place, Setup, Synapse};
use crate::arch::{self, Architecture, Sync};
use crate::attributes::Attributes;
use crate::network::{End, Network};
use crate::neuron::Neuron;
use crate::noise::Streams;
use crate::prices::{self, Class, SomaTimes};
use crate::rand::Rand;
use crate::ranges;

/// The number of each neuron, by group and index.
struct Numbers(Vec<Vec<Option<u32>>>);

impl Numbers {
    fn of(&self, end: End) -> Option<u32> {
        self.0.get(end.group as usize)?.get(end.index as usize).copied().flatten()
    }
}

fn find<'a, A>(units: &'a [arch::Unit<A>], name: Option<&str>, what: &str) -> Result<(&'a str, &'a A), String> {
    let found = match name {
        None => units.first(),
        Some(name) => units.iter().find(|unit| ranges::is_called(&unit.name, name)),
    };
    found
        .map(|unit| (unit.name.as_str(), &unit.attributes))
        .ok_or_else(|| format!("there is no {what} unit `{}`", name.unwrap_or("any")))
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
    dendrite: Dendrite,
    /// Its dendrite unit, and the synapse unit that it receives from.
    units: [String; 2],
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
    /// Cores and units that can hold one neuron, and hold it.
    taken: HashSet<(u32, String)>,
    streams: Streams,
    seeds: Seeds,
}

impl<'a> Builder<'a> {
    fn new(arch: &'a Architecture, seed: u64) -> Result<Self, String> {
        let (definitions, per_tile) = arch.cores()?;
        Ok(Builder {
            seeds: Seeds::new(arch, &definitions, seed)?,
            arch,
            definitions,
            per_tile,
            somas: Vec::new(),
            dendrites: Vec::new(),
            reads: Vec::new(),
            dendrites_buffer: None,
            taken: HashSet::new(),
            streams: Streams::default(),
        })
    }

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
        let seed = self.seeds.of(core, definition, a.soma_hw_name.as_deref())?;
        let (soma_unit, soma) = find(&definition.soma, a.soma_hw_name.as_deref(), "soma")?;
        let (dendrite_unit, dendrite) = find(&definition.dendrite, a.dendrite_hw_name.as_deref(), "dendrite")?;
        let (synapse_unit, synapse) = find(&definition.synapse, a.synapse_hw_name.as_deref(), "synapse")?;
        if synapse.model != "current_based" {
            return Err(format!("the synapse model `{}` is not known, allowed is current_based", synapse.model));
        }
        let place = Place {
            core,
            soma: prices::soma(soma)?.share(&mut self.somas),
            dendrite: prices::dendrite(dendrite)?.share(&mut self.dendrites),
            read: prices::read(synapse, dendrite)?.share(&mut self.reads),
            stream: self.stream(core, ranges::one_of(soma_unit, a.soma_hw_name.as_deref()), soma)?,
        };
        let of = |fault: String| format!("`{name}`: {fault}");
        let neuron = Neuron::new(&soma.model, a, seed).map_err(of)?;
        let dendrite = Dendrite::named(&dendrite.model, a).map_err(of)?;
        if matches!(neuron, Neuron::Input(_)) {
            self.take(core, &name, ranges::one_of(soma_unit, a.soma_hw_name.as_deref()))?;
        }
        if matches!(dendrite, Dendrite::Taps(_)) {
            self.take(core, &name, ranges::one_of(dendrite_unit, a.dendrite_hw_name.as_deref()))?;
        }
        let units = [(dendrite_unit, &a.dendrite_hw_name), (synapse_unit, &a.synapse_hw_name)]
            .map(|(unit, wanted)| ranges::one_of(unit, wanted.as_deref()));
        Ok(Mapped { neuron, dendrite, units, name, place, logged: a.log_potential == Some(true) })
    }

    /// The stream of noise of a soma unit, if it has one.
    fn stream(&mut self, core: u32, unit: String, soma: &arch::Soma) -> Result<Option<usize>, String> {
        let Some(file) = &soma.noise else { return Ok(None) };
        if soma.model != "leaky_integrate_fire" {
            return Err(format!(
                "the soma unit `{unit}` has `noise`, which SANA-FE passes over in the model `{}`, allowed in leaky_integrate_fire",
                soma.model
            ));
        }
        let stream = self.streams.of((core, unit), self.arch.folder.join(file));
        stream.map(Some).map_err(|fault| fault.to_string())
    }

    /// Takes a unit that holds one neuron: SANA-FE mixes up several.
    fn take(&mut self, core: u32, name: &str, unit: String) -> Result<(), String> {
        let free = self.taken.insert((core, unit.clone()));
        free.then_some(())
            .ok_or_else(|| format!("`{name}` is on unit `{unit}` of core {core}, which holds one neuron and is taken"))
    }

    /// All mapped neurons: by core, in the order of mapping; and the number of each by group and index.
    fn neurons(&mut self, net: &Network) -> Result<(Vec<Mapped>, Numbers), String> {
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
            all.push((self.neuron(name, core, &mapping.units.or(&said))?, mapping.neuron));
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

    fn mesh(&self) -> Mesh {
        let attributes = &self.arch.attributes;
        Mesh {
            width: attributes.width,
            height: attributes.height,
            cores_per_tile: self.per_tile,
            cores_per_chip: attributes.width * attributes.height * self.per_tile,
            chips: 1,
            chip_columns: 1,
        }
    }
}

/// The synapses of each neuron, with the buffer `inside` the dendrites or before the somas.
fn synapses(
    net: &Network,
    (mapped, numbers): (&[Mapped], &Numbers),
    inside: bool,
) -> Result<Vec<Vec<Synapse>>, String> {
    let number = |end: End| {
        let missing = || format!("an edge names neuron {} of group {}, which is not there", end.index, end.group);
        numbers.of(end).ok_or_else(missing)
    };
    let mut all = vec![Vec::new(); mapped.len()];
    let mut delayed = Vec::new();
    for edge in &net.edges {
        let (from, target) = (number(edge.from)?, number(edge.to)?);
        let end = &mapped[target as usize];
        end.dendrite.receives(edge, inside).map_err(|fault| format!("`{}`: {fault}", end.name))?;
        if edge.delay > 0 {
            delayed.push(end);
        }
        let (delay, tap) = (edge.delay as u16, edge.tap as u16);
        all[from as usize].push(Synapse { target, weight: edge.weight, delay, tap });
    }
    if !delayed.is_empty() {
        let ends = net.edges.iter().filter_map(|edge| Some(&mapped[numbers.of(edge.to)? as usize]));
        unmixed(&delayed, ends)?;
    }
    Ok(all)
}

/// Refuses delays that SANA-FE mixes up: a dendrite unit keeps them by the numbers of synapses in their unit, and may receive
/// from several.
fn unmixed<'a>(delayed: &[&Mapped], ends: impl Iterator<Item = &'a Mapped>) -> Result<(), String> {
    let mut feeds: HashMap<(u32, &str), HashSet<&str>> = HashMap::new();
    for Mapped { place, units: [dendrite, synapse], .. } in ends {
        feeds.entry((place.core, dendrite)).or_default().insert(synapse);
    }
    for Mapped { name, place, units: [unit, _], .. } in delayed {
        let n = feeds.get(&(place.core, unit.as_str())).map_or(0, HashSet::len);
        if n > 1 {
            return Err(format!(
                "`{name}` has delays in the dendrite unit `{unit}` of core {}, which receives from {n} synapse units: SANA-FE mixes them up; allowed is one",
                place.core
            ));
        }
    }
    Ok(())
}

/// The place of each tile among the destinations of a spike, if the tiles in `visits` come first.
fn visit(visits: &[u32], arch: &Architecture) -> Result<Vec<u32>, String> {
    let tiles = arch.attributes.width * arch.attributes.height;
    let mut visit = vec![u32::MAX; tiles as usize];
    for (k, tile) in visits.iter().enumerate() {
        match visit.get_mut(*tile as usize) {
            None => return Err(format!("the order of visits names tile {tile}, there are {tiles} tiles, from 0")),
            Some(place) if *place < u32::MAX => return Err(format!("the order of visits names tile {tile} twice")),
            Some(place) => *place = k as u32,
        }
    }
    Ok(visit)
}

/// A model of time: for `queue` the form with SANA-FE's order.
fn timing(model: TimingModel, grid: &Grid, network: Links) -> Box<dyn Timing> {
    match model {
        TimingModel::Queue => Box::new(Detailed::new(grid.clone(), network.link_buffer)),
        _ => model.build(grid.clone(), network),
    }
}

impl Chip {
    pub(super) fn build(arch: &Architecture, net: &Network, setup: &Setup) -> Result<Chip, String> {
        let mut builder = Builder::new(arch, setup.seed)?;
        let (mapped, numbers) = builder.neurons(net)?;
        let synapses = synapses(net, (&mapped, &numbers), builder.dendrites_buffer == Some(true))?;
        let places: Vec<Place> = mapped.iter().map(|m| m.place).collect();
        let mesh = builder.mesh();
        // Neurons are in the order of their cores.
        let cores = places.last().map_or(0, |last| last.core as usize + 1);
        let tiles = places.chunk_by(|a, b| a.core / mesh.cores_per_tile == b.core / mesh.cores_per_tile).count() as u32;
        let mut ways = Vec::new();
        let mut ways_of = Vec::new();
        for (t, c) in builder.definitions.iter().take(cores) {
            let (tile, core) = (&arch.tile[*t], &arch.tile[*t].core[*c]);
            let (out, into) = (*find(&core.axon_out, None, "axon")?.1, *find(&core.axon_in, None, "axon")?.1);
            ways_of.push(prices::ways(out, into, &tile.attributes)?.share(&mut ways));
        }
        let hops = ways.first().map(|class| class.times.hops).unwrap_or_default();
        let network = Links { link_buffer: arch.attributes.link_buffer_size, hops };
        let grid = Grid::new(&mesh, cores);
        let mut start = vec![0];
        start.extend(synapses.iter().scan(0, |sum, own| {
            *sum += own.len();
            Some(*sum)
        }));
        let Builder { somas, dendrites, reads, dendrites_buffer, streams, .. } = builder;
        let chip = Chip {
            arriving: vec![vec![None; places.len()]; DELAYS + 1],
            reach: Reach::new(&places, &synapses, &mesh, &visit(&setup.visits, arch)?),
            dendrites_buffer: dendrites_buffer.unwrap_or(false),
            barrier_ps: barrier_ps(&arch.attributes.latency_sync, tiles)?,
            timing: setup.timing.iter().map(|model| timing(*model, &grid, network)).collect(),
            cores: Vec::new(),
            packets: Vec::new(),
            logged: mapped.iter().enumerate().filter(|(_, m)| m.logged).map(|(k, _)| k).collect(),
            steps: 0,
            names: mapped.iter().map(|m| m.name.clone()).collect(),
            taps: mapped.iter().map(|m| m.dendrite.line()).collect(),
            neurons: mapped.into_iter().map(|m| m.neuron).collect(),
            rand: Rand::new(),
            streams,
            synapses: synapses.into_iter().flatten().collect(),
            start,
            places,
            mesh,
            tiles,
            ways_of,
            somas,
            dendrites,
            reads,
            ways,
        };
        chip.sums()?;
        Ok(chip)
    }
}
