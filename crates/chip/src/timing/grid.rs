//! The links of a system, numbered, and the way of a packet over them.
//!
//! A way begins at the port of the sending core, then takes the links to each tile along x, then along y
//! (a link belongs to the tile that it enters), then those between chips: chips are a row, and a packet changes chips
//! after it reached the position of its target tile, as [`crate::Mesh::hops`] counts.

use serde::{Deserialize, Serialize};

use crate::mesh::{CoreId, Mesh};

/// Where a link enters its tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// From larger x: packets that go west.
    East,
    /// From smaller x: packets that go east.
    West,
    /// From larger y: packets that go south.
    North,
    /// From smaller y: packets that go north.
    South,
    /// From a core of the tile; `tile` is then the number of the core.
    Core,
    /// From the chip before; `tile` is then the number of the chip.
    ChipBefore,
    /// From the chip after; `tile` is then the number of the chip.
    ChipAfter,
}

impl Side {
    /// All sides, in the order of files.
    pub const ALL: [Side; 7] =
        [Side::East, Side::West, Side::North, Side::South, Side::Core, Side::ChipBefore, Side::ChipAfter];
}

/// A link, named by the tile that it enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// Number of the tile over all chips; of the core or of the chip where `side` says so.
    pub tile: u32,
    /// Where it enters.
    pub side: Side,
}

/// Where a core lies.
#[derive(Clone, Copy, Debug)]
struct Spot {
    chip: u32,
    x: u32,
    y: u32,
}

/// The numbered links of the part of a system that is in use.
#[derive(Clone, Debug)]
pub struct Grid {
    spots: Vec<Spot>,
    height: usize,
    /// Tiles of a chip up to the last column in use.
    tiles: usize,
    /// Tiles of a chip, whether in use or not.
    tiles_per_chip: u32,
    chips: usize,
}

impl Grid {
    /// The links between the first `cores` cores.
    pub fn new(mesh: &Mesh, cores: usize) -> Self {
        let tile = |core| {
            let tile = mesh.tile(CoreId(core));
            Spot { chip: tile.chip, x: tile.x, y: tile.y }
        };
        let spots: Vec<Spot> = (0..cores as u32).map(tile).collect();
        let columns = spots.iter().map(|s| s.x as usize + 1).max().unwrap_or(0);
        let chips = spots.iter().map(|s| s.chip as usize + 1).max().unwrap_or(0);
        let height = mesh.height.max(1) as usize;
        let tiles_per_chip = mesh.cores_per_chip.div_ceil(mesh.cores_per_tile.max(1));
        Grid { spots, height, tiles: columns * height, tiles_per_chip, chips }
    }

    /// How many links there are, ports of cores included.
    pub fn links(&self) -> usize {
        self.chips * self.tiles * 4 + self.spots.len() + self.chips * 2
    }

    /// The name of a link.
    pub fn link(&self, number: usize) -> Link {
        let ports = self.chips * self.tiles * 4;
        if number < ports {
            let (tile, side) = (number / 4, [Side::West, Side::East, Side::South, Side::North][number % 4]);
            let (chip, place) = ((tile / self.tiles) as u32, (tile % self.tiles) as u32);
            return Link { tile: chip * self.tiles_per_chip + place, side };
        }
        match (number - ports).checked_sub(self.spots.len()) {
            None => Link { tile: (number - ports) as u32, side: Side::Core },
            Some(border) => {
                let side = if border % 2 == 0 { Side::ChipBefore } else { Side::ChipAfter };
                Link { tile: (border / 2) as u32, side }
            }
        }
    }

    /// Links of a way, the port of the sending core not counted.
    pub fn hops(&self, from: CoreId, to: CoreId) -> u32 {
        let (a, b) = (self.spots[from.0 as usize], self.spots[to.0 as usize]);
        a.x.abs_diff(b.x) + a.y.abs_diff(b.y) + a.chip.abs_diff(b.chip)
    }

    /// Calls `visit` with the number and side of every link of a way, in order, the port of the sending core first.
    #[inline]
    pub fn walk(&self, from: CoreId, to: CoreId, mut visit: impl FnMut(usize, Side)) {
        let (a, b) = (self.spots[from.0 as usize], self.spots[to.0 as usize]);
        visit(self.chips * self.tiles * 4 + from.0 as usize, Side::Core);
        let column = self.height * 4;
        let mut at = (a.chip as usize * self.tiles + a.x as usize * self.height + a.y as usize) * 4;
        for _ in a.x..b.x {
            at += column;
            visit(at, Side::West);
        }
        for _ in b.x..a.x {
            at -= column;
            visit(at + 1, Side::East);
        }
        for _ in a.y..b.y {
            at += 4;
            visit(at + 2, Side::South);
        }
        for _ in b.y..a.y {
            at -= 4;
            visit(at + 3, Side::North);
        }
        let borders = self.chips * self.tiles * 4 + self.spots.len();
        for chip in a.chip..b.chip {
            visit(borders + (chip as usize + 1) * 2, Side::ChipBefore);
        }
        for chip in (b.chip..a.chip).rev() {
            visit(borders + chip as usize * 2 + 1, Side::ChipAfter);
        }
    }
}

/// A way in a list of ways: where it starts, and its links; the port of the sending core is not in it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way {
    pub(super) start: u32,
    pub(super) len: u32,
}

/// The ways between tiles, each found once. On meshes too large for a table of pairs they are found again in every step.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    /// By pair of tiles in use.
    table: Vec<Way>,
    tiles: usize,
    /// Tile of each core.
    tile: Vec<u32>,
    links: Vec<u32>,
    port: usize,
}

const UNKNOWN: Way = Way { start: u32::MAX, len: 0 };
/// Tiles up to which there is a table of pairs (32 MB).
const TABLE: usize = 2048;

impl Ways {
    pub(super) fn new(grid: &Grid) -> Self {
        let of = |s: &Spot| (s.chip as usize * grid.tiles + s.x as usize * grid.height + s.y as usize) as u32;
        let tiles = grid.chips * grid.tiles;
        let table = if tiles <= TABLE { vec![UNKNOWN; tiles * tiles] } else { Vec::new() };
        Ways { table, tiles, tile: grid.spots.iter().map(of).collect(), links: Vec::new(), port: tiles * 4 }
    }

    /// Forgets what is not in the table.
    pub(super) fn start_step(&mut self) {
        if self.table.is_empty() {
            self.links.clear();
        }
    }

    /// The port of a core.
    pub(super) fn port(&self, core: CoreId) -> usize {
        self.port + core.0 as usize
    }

    /// The way between two cores.
    #[inline]
    pub(super) fn of(&mut self, grid: &Grid, from: CoreId, to: CoreId) -> Way {
        let (a, b) = (self.tile[from.0 as usize], self.tile[to.0 as usize]);
        let pair = a as usize * self.tiles + b as usize;
        match self.table.get(pair) {
            Some(way) if way.start != u32::MAX => *way,
            _ => self.find(grid, from, to, pair),
        }
    }

    #[cold]
    fn find(&mut self, grid: &Grid, from: CoreId, to: CoreId, pair: usize) -> Way {
        let start = self.links.len() as u32;
        let links = &mut self.links;
        grid.walk(from, to, |link, side| {
            if side != Side::Core {
                links.push(link as u32);
            }
        });
        let way = Way { start, len: self.links.len() as u32 - start };
        if let Some(known) = self.table.get_mut(pair) {
            *known = way;
        }
        way
    }

    /// The links of a way.
    #[inline]
    pub(super) fn links(&self, way: Way) -> &[u32] {
        &self.links[way.start as usize..(way.start + way.len) as usize]
    }
}
