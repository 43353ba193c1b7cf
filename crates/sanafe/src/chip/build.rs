//! Lays a network on an architecture: classes of units, the image that routes are made of, the first state.

use std::collections::HashSet;

use pumice_chip::timing::{Grid, Network as Links};
use pumice_chip::{BankImage, ChipImage, CoreId, CoreLimits, Mesh, Projection, Routes, Segment, Source};
use pumice_meter::{Between, Evidence, SyncByTiles, SyncEntry};
use pumice_models::neuron::lif::Lif;
use pumice_models::{Arithmetic, Overflow, RowFormat, Rows};

use super::dendrite::{DELAYS, Dendrite};
use super::{Chip, Place, Setup, Synapse};
use crate::arch::{self, Architecture, Sync};
use crate::attributes::Attributes;
use crate::network::{End, Network};
use crate::neuron::Neuron;
use crate::prices::{self, Class, SomaTimes};

/// The number of each neuron, by group and index.
struct Numbers(Vec<Vec<Option<u32>>>);

impl Numbers {
    fn of(&self, end: End) -> Option<u32> {
        self.0.get(end.group as usize)?.get(end.index as usize).copied().flatten()
    }
}

const FORMATS: [RowFormat; 3] = [RowFormat::Dense, RowFormat::Sparse, RowFormat::Conv];

fn find<'a, A>(units: &'a [arch::Unit<A>], name: Option<&str>, what: &str) -> Result<(&'a str, &'a A), String> {
    let found = match name {
        None => units.first(),
        Some(name) => units.iter().find(|unit| arch::is_called(&unit.name, name)),
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
        let (soma_unit, soma) = find(&definition.soma, a.soma_hw_name.as_deref(), "soma")?;
        let (dendrite_unit, dendrite) = find(&definition.dendrite, a.dendrite_hw_name.as_deref(), "dendrite")?;
        let (_, synapse) = find(&definition.synapse, a.synapse_hw_name.as_deref(), "synapse")?;
        if synapse.model != "current_based" {
            return Err(format!("the synapse model `{}` is not known, allowed is current_based", synapse.model));
        }
        let place = Place {
            core,
            soma: prices::soma(soma)?.share(&mut self.somas),
            dendrite: prices::dendrite(dendrite)?.share(&mut self.dendrites),
            read: prices::read(synapse, dendrite)?.share(&mut self.reads),
        };
        let of = |fault: String| format!("`{name}`: {fault}");
        let neuron = Neuron::new(&soma.model, a, draw).map_err(of)?;
        let dendrite = Dendrite::named(&dendrite.model, a).map_err(of)?;
        if matches!(neuron, Neuron::Input(_)) {
            self.take(core, &name, arch::one_of(soma_unit, a.soma_hw_name.as_deref()))?;
        }
        if matches!(dendrite, Dendrite::Taps(_)) {
            self.take(core, &name, arch::one_of(dendrite_unit, a.dendrite_hw_name.as_deref()))?;
        }
        Ok(Mapped { neuron, dendrite, name, place, logged: a.log_potential == Some(true) })
    }

    /// Takes a unit that holds one neuron: SANA-FE mixes up several.
    fn take(&mut self, core: u32, name: &str, unit: String) -> Result<(), String> {
        let free = self.taken.insert((core, unit.clone()));
        free.then_some(())
            .ok_or_else(|| format!("`{name}` is on unit `{unit}` of core {core}, which holds one neuron and is taken"))
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
                clipped: Overflow::default(),
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
            banks: vec![BankImage {
                process: 0,
                path: "neurons".into(),
                model: Lif::new(&[n]).into(),
                n,
                ports: 1,
                circuits: None,
            }],
            inputs: Vec::new(),
            projections: projections.collect(),
            plastic: Vec::new(),
            drawn: Vec::new(),
            drives: Vec::new(),
            cell_cores: Vec::new(),
            segments: segments(places),
        })
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
    for edge in &net.edges {
        let (from, target) = (number(edge.from)?, number(edge.to)?);
        let end = &mapped[target as usize];
        end.dendrite.receives(edge, inside).map_err(|fault| format!("`{}`: {fault}", end.name))?;
        let (delay, tap) = (edge.delay as u16, edge.tap as u16);
        all[from as usize].push(Synapse { target, weight: edge.weight, delay, tap });
    }
    Ok(all)
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

/// Which neurons lie on which core.
fn segments(places: &[Place]) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for (k, place) in places.iter().enumerate() {
        match segments.last_mut() {
            Some(last) if last.core.0 == place.core => last.len += 1,
            _ => segments.push(Segment { bank: 0, start: k, len: 1, core: CoreId(place.core) }),
        }
    }
    segments
}

impl Chip {
    pub(super) fn build(arch: &Architecture, net: &Network, setup: &Setup) -> Result<Chip, String> {
        let (definitions, per_tile) = arch.cores()?;
        let (somas, dendrites, reads) = (Vec::new(), Vec::new(), Vec::new());
        let mut builder = Builder {
            arch,
            definitions,
            per_tile,
            somas,
            dendrites,
            reads,
            dendrites_buffer: None,
            taken: HashSet::new(),
        };
        let (mapped, numbers) = builder.neurons(net, setup.seed)?;
        let synapses = synapses(net, (&mapped, &numbers), builder.dendrites_buffer == Some(true))?;
        let places: Vec<Place> = mapped.iter().map(|m| m.place).collect();
        let image = builder.image(&places, &synapses)?;
        let mut ways = Vec::new();
        let mut ways_of = Vec::new();
        for (t, c) in builder.definitions.iter().take(image.cores()) {
            let (tile, core) = (&arch.tile[*t], &arch.tile[*t].core[*c]);
            let (out, into) = (*find(&core.axon_out, None, "axon")?.1, *find(&core.axon_in, None, "axon")?.1);
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
            visit: visit(&setup.visits, arch)?,
            dendrites_buffer: dendrites_buffer.unwrap_or(false),
            barrier_ps: barrier_ps(&arch.attributes.latency_sync, image.tiles())?,
            timing: setup.timing.iter().map(|model| model.build(grid.clone(), network)).collect(),
            cores: Vec::new(),
            packets: Vec::new(),
            logged: mapped.iter().enumerate().filter(|(_, m)| m.logged).map(|(k, _)| k).collect(),
            steps: 0,
            names: mapped.iter().map(|m| m.name.clone()).collect(),
            taps: mapped.iter().map(|m| m.dendrite.line()).collect(),
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
}
