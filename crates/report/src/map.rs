//! What lies on which core, and how full that makes it.

use pumice_chip::{ChipImage, CoreId, CoreLimits, CoreUse, Mesh, core_uses};
use pumice_profile::Profile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amount and, where the profile knows a limit, how much of it that is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fill {
    /// How much is used.
    pub used: u64,
    /// The part of the limit, `0..=1`; null without a known limit.
    pub fraction: Option<f64>,
}

/// Neurons of one process on one core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// Path of the process.
    pub process: String,
    /// Its first neuron on the core.
    pub first: u64,
    /// Its neurons on the core.
    pub neurons: u64,
}

/// How full one core is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CoreFill {
    /// Number of the core, over all chips.
    pub core: u32,
    /// Number of its chip.
    pub chip: u32,
    /// Column and row of its tile.
    pub tile: [u32; 2],
    /// Neurons.
    pub neurons: Fill,
    /// Synapses that are not zero.
    pub synapses: u64,
    /// The same against the limit of their number.
    pub synapse_count: Fill,
    /// Synapse memory `[bit]`.
    pub synapse_bits: Fill,
    /// Sources whose packets it receives.
    pub axons_in: Fill,
    /// Pairs of a neuron and a core that receives its packets.
    pub axons_out: Fill,
    /// The most synapses of one of its neurons.
    pub fan_in: Fill,
    /// The most destination cores of one of its neurons.
    pub destinations: Fill,
    /// The largest of the fractions above; null when no limit is known.
    pub fill: Option<f64>,
    /// The limit that `fill` belongs to.
    pub fullest: Option<String>,
    /// What lies on it.
    pub processes: Vec<Part>,
}

/// The limits of one core; null where the profile knows none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LimitTable {
    /// Neurons.
    pub neurons: Option<u64>,
    /// Synapses, where their number is limited.
    pub synapses: Option<u64>,
    /// Synapse memory `[bit]`.
    pub synapse_bits: Option<u64>,
    /// Sources whose packets it receives.
    pub axons_in: Option<u64>,
    /// Pairs of a neuron and a core that receives its packets.
    pub axons_out: Option<u64>,
    /// Synapses of one neuron.
    pub fan_in: Option<u64>,
    /// Destination cores of one neuron.
    pub destinations: Option<u64>,
}

/// Use of one resource over all used cores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Utilisation {
    /// What one core can hold; null where the profile knows no limit.
    pub limit: Option<u64>,
    /// The most that one core holds.
    pub max: u64,
    /// What a used core holds on average.
    pub mean: f64,
    /// `max / limit`.
    pub max_fraction: Option<f64>,
    /// `mean / limit`.
    pub mean_fraction: Option<f64>,
}

/// What lies on which core of a chip, core by core.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Map {
    /// Name of the profile.
    pub profile: String,
    /// Name of the chip for people.
    pub chip: String,
    /// Used cores.
    pub cores_used: u64,
    /// Cores of all chips; null if the profile does not say.
    pub cores_available: Option<u64>,
    /// Used tiles.
    pub tiles_used: u32,
    /// Tiles of one chip along x and y.
    pub tile_grid: [u32; 2],
    /// Cores of one tile.
    pub cores_per_tile: u32,
    /// Cores of one chip.
    pub cores_per_chip: u32,
    /// Neurons of the whole network.
    pub neurons: u64,
    /// Synapses of the whole network.
    pub synapses: u64,
    /// Limits of one core.
    pub limits: LimitTable,
    /// Used cores, in the order of their numbers.
    pub cores: Vec<CoreFill>,
}

impl Map {
    /// The map of a placed network.
    pub fn new(image: &ChipImage, profile: &Profile) -> Self {
        let limits = LimitTable::from(&image.limits);
        let uses = core_uses(image);
        let used = uses.iter().enumerate().filter(|(_, u)| u.neurons > 0);
        let cores: Vec<CoreFill> = used.map(|(core, u)| core_fill(image, &limits, core as u32, u)).collect();
        Map {
            profile: profile.meta.name.clone(),
            chip: profile.meta.display.clone(),
            cores_used: cores.len() as u64,
            cores_available: profile.topology.cores_per_chip.map(|n| u64::from(n) * u64::from(profile.topology.chips)),
            tiles_used: image.tiles(),
            tile_grid: [image.mesh.width, image.mesh.height],
            cores_per_tile: image.mesh.cores_per_tile,
            cores_per_chip: image.mesh.cores_per_chip,
            neurons: image.neurons() as u64,
            synapses: image.synapses() as u64,
            limits,
            cores,
        }
    }

    /// Synapse memory in use on all cores `[bit]`.
    pub(crate) fn synapse_bits(&self) -> u64 {
        self.cores.iter().map(|core| core.synapse_bits.used).sum()
    }

    /// Use of one resource over all used cores.
    pub fn utilisation(&self, limit: Option<u64>, of: impl Fn(&CoreFill) -> u64) -> Utilisation {
        let n = self.cores.len().max(1) as f64;
        let max = self.cores.iter().map(&of).max().unwrap_or(0);
        let mean = self.cores.iter().map(&of).sum::<u64>() as f64 / n;
        let part = |x: f64| limit.map(|limit| x / limit as f64);
        Utilisation { limit, max, mean, max_fraction: part(max as f64), mean_fraction: part(mean) }
    }

    /// The geometry that the map was drawn on; the number of chips is that of the chips in use.
    pub(crate) fn mesh(&self) -> Mesh {
        let [width, height] = self.tile_grid;
        let chips = self.chips().last().map_or(1, |chip| chip + 1);
        Mesh {
            width,
            height,
            cores_per_tile: self.cores_per_tile,
            cores_per_chip: self.cores_per_chip,
            chips,
            chip_columns: chips,
        }
    }

    /// Numbers of the chips in use, ascending.
    pub(crate) fn chips(&self) -> Vec<u32> {
        let mut chips: Vec<u32> = self.cores.iter().map(|c| c.chip).collect();
        chips.dedup();
        chips
    }

    /// Columns and rows of a chip that are drawn: all, or as many as are used when there are more than `most`.
    pub(crate) fn window(&self, most: [u32; 2]) -> [u32; 2] {
        let used = |axis: usize| self.cores.iter().map(|c| c.tile[axis] + 1).max().unwrap_or(1);
        [0, 1].map(|axis| if self.tile_grid[axis] <= most[axis] { self.tile_grid[axis] } else { used(axis) })
    }

    /// The core of that number, if it is used.
    pub(crate) fn core(&self, core: u32) -> Option<&CoreFill> {
        self.cores.binary_search_by_key(&core, |c| c.core).ok().map(|k| &self.cores[k])
    }

    /// Numbers of the cores of a tile that exist.
    pub(crate) fn cores_of_tile(&self, chip: u32, x: u32, y: u32) -> std::ops::Range<u32> {
        let first = (x * self.tile_grid[1] + y).saturating_mul(self.cores_per_tile).min(self.cores_per_chip);
        let end = first.saturating_add(self.cores_per_tile).min(self.cores_per_chip);
        let start = chip * self.cores_per_chip;
        start + first..start + end
    }

    /// Each process with its neurons and the first and last core that holds some, in the order of the cores.
    pub(crate) fn processes(&self) -> Vec<(&str, u64, u32, u32)> {
        let mut all: Vec<(&str, u64, u32, u32)> = Vec::new();
        for (core, part) in self.cores.iter().flat_map(|c| c.processes.iter().map(move |p| (c.core, p))) {
            match all.iter_mut().find(|(path, ..)| *path == part.process) {
                Some((_, neurons, _, last)) => (*neurons, *last) = (*neurons + part.neurons, core),
                None => all.push((&part.process, part.neurons, core, core)),
            }
        }
        all
    }
}

impl From<&CoreLimits> for LimitTable {
    fn from(limits: &CoreLimits) -> Self {
        LimitTable {
            neurons: limits.neurons.map(u64::from),
            synapses: limits.synapses,
            synapse_bits: limits.syn_mem_bits,
            axons_in: limits.axon_in.map(u64::from),
            axons_out: limits.axon_out.map(u64::from),
            fan_in: limits.fan_in.map(u64::from),
            destinations: limits.destinations_per_neuron.map(u64::from),
        }
    }
}

fn core_fill(image: &ChipImage, limits: &LimitTable, core: u32, used: &CoreUse) -> CoreFill {
    let fill = |used: u64, limit: Option<u64>| Fill { used, fraction: limit.map(|n| used as f64 / n as f64) };
    let neurons = fill(used.neurons, limits.neurons);
    let synapse_bits = fill(used.synapse_bits, limits.synapse_bits);
    let axons_in = fill(used.axons_in, limits.axons_in);
    let axons_out = fill(used.axons_out, limits.axons_out);
    let fan_in = fill(used.fan_in, limits.fan_in);
    let synapse_count = fill(used.synapses, limits.synapses);
    let destinations = fill(used.destinations, limits.destinations);
    let all = [
        ("neurons", neurons),
        ("synapses", synapse_count),
        ("synapse memory", synapse_bits),
        ("axons in", axons_in),
        ("axons out", axons_out),
        ("fan-in", fan_in),
        ("destinations", destinations),
    ];
    let known = all.into_iter().filter_map(|(name, fill)| Some((name, fill.fraction?)));
    let fullest = known.max_by(|a, b| a.1.total_cmp(&b.1));
    let here = image.segments.iter().filter(|s| s.core == CoreId(core));
    let part = |s: &pumice_chip::Segment| Part {
        process: image.banks[s.bank].path.clone(),
        first: s.start as u64,
        neurons: s.len as u64,
    };
    let tile = image.mesh.tile(CoreId(core));
    CoreFill {
        core,
        chip: tile.chip,
        tile: [tile.x, tile.y],
        neurons,
        synapses: used.synapses,
        synapse_count,
        synapse_bits,
        axons_in,
        axons_out,
        fan_in,
        destinations,
        fill: fullest.map(|(_, fraction)| fraction),
        fullest: fullest.map(|(name, _)| name.to_owned()),
        processes: here.map(part).collect(),
    }
}
