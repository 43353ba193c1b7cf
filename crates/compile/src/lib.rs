//! Lays a graph on hardware: graph and profile in, image out.
//!
//! Compiling is a pure function: equal inputs give equal images. It starts no threads and prices nothing.
//!
//! Who runs where: a process whose backend is `chip` goes to the chip if it is a population of neurons, or
//! a connection all of whose targets are populations on the chip. Sources, sinks and processes of the user stay
//! with the host, and so does a connection that feeds one of these. `float` and `fixed` processes always stay
//! with the host.

mod analog;
mod cells;
mod error;
mod fit;
mod mapping;
mod order;
mod place;
mod plastic;
mod probes;
mod project;

use pumice_chip::{ChipImage, CoreLimits, Mesh};
use pumice_device::analog::NeuronDesign;
use pumice_engine::{FromChip, Image, Join, ToChip, UnitBody, UnitImage, UnitWire, Where};
use pumice_meter::{EnergyTable, LatencyTable, StaticPower};
use pumice_models::{Arithmetic, Behaviour};
use pumice_process::{Body, Direction, Graph, ProcessId, Reduce, RunConfig, Wire};

pub use analog::exchange_circuits;
pub use error::CompileError;
pub use fit::expected_cost;
pub use mapping::{mapping_text, pins, read_mapping};
pub use place::Placement;

/// What the compiler needs to know of a chip.
#[derive(Clone, Debug, PartialEq)]
pub struct Hardware {
    /// Name of the profile, for messages.
    pub name: String,
    /// Geometry.
    pub mesh: Mesh,
    /// Limits of a core.
    pub limits: CoreLimits,
    /// Arithmetic.
    pub arithmetic: Arithmetic,
    /// Prices that placement may save.
    pub energy: EnergyTable,
    /// Latencies that placement may save.
    pub time: LatencyTable,
    /// Power that time costs.
    pub static_power: StaticPower,
    /// What a step lasts at least `[ps]`, 0 without a tick.
    pub tick_ps: u64,
    /// Cores whose synapses lie in non-volatile cells, of all chips together.
    pub cell_cores: u64,
    /// How the analog neurons of these cores are made, if they have some.
    pub analog: Option<NeuronDesign>,
}

impl Hardware {
    /// A chip of one core without limits, for simulation as such.
    pub fn unlimited(arithmetic: Arithmetic) -> Self {
        let mesh =
            Mesh { width: 1, height: 1, cores_per_tile: 1 << 20, cores_per_chip: 1 << 20, chips: 1, chip_columns: 1 };
        Hardware {
            name: "unlimited".into(),
            mesh,
            limits: CoreLimits::default(),
            arithmetic,
            energy: EnergyTable::default(),
            time: LatencyTable::default(),
            static_power: StaticPower::default(),
            tick_ps: 0,
            cell_cores: 0,
            analog: None,
        }
    }
}

/// Lays `graph` on `hardware` as `config` says.
///
/// # Errors
/// If a process refuses its parameters or has no form for its backend, the network does not fit the chip, or
/// processes wait for each other within a step.
pub fn compile(graph: &Graph, hardware: &Hardware, config: &RunConfig) -> Result<Image, CompileError> {
    let wires = graph.wires();
    let placement = Placement::new(graph, hardware, config, &wires)?;
    let mut chip = ChipImage {
        mesh: hardware.mesh,
        limits: hardware.limits.clone(),
        arithmetic: hardware.arithmetic.clone(),
        seed: config.seed,
        banks: placement.banks(graph),
        inputs: Vec::new(),
        projections: Vec::new(),
        plastic: Vec::new(),
        drawn: Vec::new(),
        drives: Vec::new(),
        cell_cores: Vec::new(),
        segments: Vec::new(),
    };
    plastic::check(graph, &placement, &wires)?;
    let (inputs, views) = project::project(graph, &placement, &wires, &mut chip)?;
    analog::check(&chip, hardware, config)?;
    fit::fit(&mut chip, hardware, config)?;
    analog::seat(&mut chip, hardware, config)?;
    let units: Vec<UnitImage> = placement.units.iter().map(|p| unit(graph, config, *p)).collect();
    let mut image = Image {
        order: Vec::new(),
        places: placement.places.clone(),
        paths: graph.nodes().iter().map(|n| n.path.clone()).collect(),
        in_ports: port_names(graph, Direction::In),
        out_ports: port_names(graph, Direction::Out),
        arithmetic: hardware.arithmetic.clone(),
        synapses: synapses(graph, &placement),
        views,
        probes: Vec::new(),
        chip_inputs: inputs,
        wires: Vec::new(),
        to_chip: Vec::new(),
        from_chip: Vec::new(),
        chip,
        units,
    };
    join(&placement, &wires, &mut image);
    image.order = order::order(graph, &image)?;
    image.probes = probes::probes(graph, &placement, &image.chip)?;
    Ok(image)
}

fn port_names(graph: &Graph, direction: Direction) -> Vec<Vec<String>> {
    let names = |node: &pumice_process::Node| {
        let id = graph.find(&node.path).expect("every node has its own path");
        graph.ports_of(id, direction).into_iter().map(|port| port.0.to_owned()).collect()
    };
    graph.nodes().iter().map(names).collect()
}

fn unit(graph: &Graph, config: &RunConfig, process: ProcessId) -> UnitImage {
    let node = &graph.nodes()[process.number() as usize];
    let (body, buffered) = match &node.body {
        Body::Host(..) => (UnitBody::Host, false),
        Body::Model(model) => match config.backend_of(&node.path) {
            pumice_process::Backend::Float => (UnitBody::Float(model.as_ref().clone()), model.buffered()),
            _ => (UnitBody::Fixed(model.as_ref().clone()), model.buffered()),
        },
    };
    let ins = graph.ports_of(process, Direction::In);
    let outs = graph.ports_of(process, Direction::Out);
    UnitImage {
        process: process.number(),
        path: node.path.clone(),
        body,
        inputs: ins.iter().map(|(_, _, shape, reduce)| (pumice_models::length(shape), join_of(*reduce))).collect(),
        outputs: outs.iter().map(|(_, _, shape, _)| pumice_models::length(shape)).collect(),
        buffered,
    }
}

const fn join_of(reduce: Reduce) -> Join {
    match reduce {
        Reduce::Sum => Join::Sum,
        Reduce::Max => Join::Max,
        Reduce::Min => Join::Min,
    }
}

fn synapses(graph: &Graph, placement: &Placement) -> Vec<(u32, pumice_models::Model)> {
    let on_chip = placement.places.iter().zip(graph.nodes()).enumerate().filter(|(_, (p, _))| **p == Where::Synapses);
    on_chip
        .filter_map(|(k, (_, node))| match &node.body {
            Body::Model(model) => Some((k as u32, model.as_ref().clone())),
            Body::Host(..) => None,
        })
        .collect()
}

/// Sorts the wires by what they join: units, or a unit and the chip.
fn join(placement: &Placement, wires: &[Wire], image: &mut Image) {
    for wire in wires {
        let (from, to) =
            (placement.places[wire.from.0.number() as usize], placement.places[wire.to.0.number() as usize]);
        let pairs = wire.pairs.clone();
        match (from, to) {
            (Where::Unit(a), Where::Unit(b)) => {
                image.wires.push(UnitWire { from: (a, wire.from.1), to: (b, wire.to.1), pairs });
            }
            (Where::Unit(a), Where::Bank(b)) => {
                image.to_chip.push(ToChip { from: (a, wire.from.1), to: (b, wire.to.1), pairs });
            }
            (Where::Bank(a), Where::Unit(b)) => {
                image.from_chip.push(FromChip { train: image.chip.train(a, wire.from.1), to: (b, wire.to.1), pairs });
            }
            // Synapses are joined by their projections; nothing else can be wired to a bank (checked in placement).
            (Where::Synapses, _) | (_, Where::Synapses) | (Where::Bank(_), Where::Bank(_)) => {}
        }
    }
}

/// Cores of a profile that does not say how many it has.
const PLENTY: u32 = 1 << 20;

impl From<&pumice_profile::Profile> for Hardware {
    /// What a profile says of structure and arithmetic; absent limits are not checked.
    fn from(profile: &pumice_profile::Profile) -> Self {
        let topology = &profile.topology;
        let cores_per_chip = topology.cores_per_chip.unwrap_or(PLENTY);
        let cores_per_tile = topology.cores_per_tile.unwrap_or(1);
        let tiles = cores_per_chip.div_ceil(cores_per_tile);
        let [width, height] = topology.tile_grid.unwrap_or_else(|| square(tiles));
        Hardware {
            name: profile.meta.name.clone(),
            mesh: Mesh {
                width,
                height,
                cores_per_tile,
                cores_per_chip,
                chips: topology.chips,
                chip_columns: topology.chip_columns.unwrap_or_else(|| square(topology.chips)[0]).max(1),
            },
            limits: profile.core.clone(),
            arithmetic: profile.arithmetic.values.clone(),
            energy: profile.energy.clone(),
            time: profile.time.clone(),
            static_power: profile.static_power.clone(),
            tick_ps: profile.timestep.tick.as_ref().map_or(0, |tick| tick.ps()),
            cell_cores: profile.cells.as_ref().map_or(0, |c| u64::from(c.cores) * u64::from(topology.chips)),
            analog: profile.analog.as_ref().map(pumice_profile::AnalogNeurons::design),
        }
    }
}

/// The smallest nearly square grid that holds `tiles` tiles.
fn square(tiles: u32) -> [u32; 2] {
    let width = (1..=tiles.max(1)).find(|w| w * w >= tiles).unwrap_or(1);
    [width, tiles.div_ceil(width)]
}
