//! How cores are arranged and connected.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The network on the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Noc {
    /// A rectangular mesh of tiles.
    Mesh2d,
    /// A mesh with diagonal links, closed to a torus over chips (SpiNNaker).
    TriangularTorus,
    /// Routers in levels that deliver by tag (DYNAP-SE).
    HierarchicalTags,
    /// None: one core, or cores on one bus.
    Single,
}

/// How a packet finds its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Routing {
    /// All hops along x, then all hops along y.
    XyDimensionOrder,
    /// By tables in the routers.
    RouterTables,
}

/// How a spike reaches several cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Multicast {
    /// One packet per destination core.
    UnicastPerCore,
    /// Routers copy the packet.
    RouterCopies,
    /// Not at all: a neuron has one target.
    SingleTarget,
}

/// How cores are arranged and connected. An absent limit is no known limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// Number of chips.
    pub chips: u32,
    /// Chips of a row, when several chips form one mesh; else as many as rows.
    #[serde(default)]
    pub chip_columns: Option<u32>,
    /// Cores on one chip.
    #[serde(default)]
    pub cores_per_chip: Option<u32>,
    /// Cores that share a router.
    #[serde(default)]
    pub cores_per_tile: Option<u32>,
    /// Tiles of one chip along x and y; the last ones may be empty.
    #[serde(default)]
    pub tile_grid: Option<[u32; 2]>,
    /// The network on the chip.
    pub noc: Noc,
    /// How a packet finds its way.
    #[serde(default)]
    pub routing: Option<Routing>,
    /// How a spike reaches several cores.
    #[serde(default)]
    pub multicast: Option<Multicast>,
    /// Packets that a link can hold.
    #[serde(default)]
    pub link_buffer_packets: Option<u32>,
    /// Size of a spike packet `[bit]`.
    #[serde(default)]
    pub packet_bits: Option<u32>,
    /// Embedded processors on one chip.
    #[serde(default)]
    pub embedded_cpus: Option<u32>,
}
