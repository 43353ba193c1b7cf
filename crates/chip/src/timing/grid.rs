//! The links of a system, numbered, and the way of a packet over them.
//!
//! A way begins at the port of the sending core, then takes the links to each tile along x, then along y
//! (a link belongs to the tile that it enters), over all chips as one mesh; a link over a chip border has a side of its own.

use std::ops::Range;

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
    /// From smaller x, over a chip border.
    ChipWest,
    /// From larger x, over a chip border.
    ChipEast,
    /// From smaller y, over a chip border.
    ChipSouth,
    /// From larger y, over a chip border.
    ChipNorth,
}

impl Side {
    /// All sides, in the order of files.
    pub const ALL: [Side; 9] = [
        Side::East,
        Side::West,
        Side::North,
        Side::South,
        Side::Core,
        Side::ChipWest,
        Side::ChipEast,
        Side::ChipSouth,
        Side::ChipNorth,
    ];
}

/// A link, named by the tile that it enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// Number of the tile over all chips; of the core where `side` says so.
    pub tile: u32,
    /// Where it enters.
    pub side: Side,
}

/// Where a core lies, in the mesh of all chips.
#[derive(Clone, Copy, Debug)]
struct Spot {
    x: u32,
    y: u32,
}

/// The numbered links of the part of a system that is in use.
#[derive(Clone, Debug)]
pub struct Grid {
    spots: Vec<Spot>,
    /// Columns and rows of tiles in use, over all chips.
    columns: usize,
    rows: usize,
    mesh: Mesh,
}

/// Neighbouring links of one direction, by their places on the line of all links of that direction in a row or column of tiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// The line: rows of links east, rows west, columns north, columns south.
    pub(super) line: usize,
    /// Places on it: a column or a row of tiles each.
    pub(super) places: Range<usize>,
}

/// Sides of the links into a tile, in the order of their numbers.
const INNER: [Side; 4] = [Side::West, Side::East, Side::South, Side::North];

impl Grid {
    /// The links between the first `cores` cores.
    pub fn new(mesh: &Mesh, cores: usize) -> Self {
        let spot = |core| {
            let [x, y] = mesh.position(CoreId(core));
            Spot { x, y }
        };
        let spots: Vec<Spot> = (0..cores as u32).map(spot).collect();
        let columns = spots.iter().map(|s| s.x as usize + 1).max().unwrap_or(0);
        let rows = spots.iter().map(|s| s.y as usize + 1).max().unwrap_or(0);
        Grid { spots, columns, rows, mesh: *mesh }
    }

    /// How many cores there are.
    pub(super) fn cores(&self) -> usize {
        self.spots.len()
    }

    /// How many tiles there are, up to the last column and row in use.
    pub(super) fn tiles(&self) -> usize {
        self.columns * self.rows
    }

    /// The number of a core's tile among those.
    pub(super) fn tile(&self, core: CoreId) -> u32 {
        let spot = self.spots[core.0 as usize];
        (spot.x as usize * self.rows + spot.y as usize) as u32
    }

    /// The number of the port of core 0; those of the other cores follow.
    pub(super) fn ports(&self) -> usize {
        self.tiles() * 4
    }

    /// How many lines of links there are.
    pub(super) fn lines(&self) -> usize {
        2 * (self.rows + self.columns)
    }

    /// Links of a line, one per tile.
    pub(super) fn line_length(&self, line: usize) -> usize {
        if line < 2 * self.rows { self.columns } else { self.rows }
    }

    /// Links of the longest line.
    pub(super) fn longest_line(&self) -> usize {
        self.columns.max(self.rows)
    }

    /// The number of the link between tiles at a place on a line.
    pub(super) fn on_line(&self, line: usize, place: usize) -> usize {
        let (side, x, y) = match line.checked_sub(2 * self.rows) {
            None => (line / self.rows, place, line % self.rows),
            Some(column) => (2 + column / self.columns, column % self.columns, place),
        };
        (x * self.rows + y) * 4 + side
    }

    /// The line of a link between tiles, and its place there.
    pub(super) fn place(&self, link: usize) -> (usize, usize) {
        let (side, x, y) = (link % 4, link / 4 / self.rows, link / 4 % self.rows);
        match side.checked_sub(2) {
            None => (side * self.rows + y, x),
            Some(south) => (2 * self.rows + south * self.columns + x, y),
        }
    }

    /// How many links there are, ports of cores included.
    pub fn links(&self) -> usize {
        self.ports() + self.spots.len()
    }

    /// The side of a link into the tile at `x`, `y`: another one where it comes over a chip border.
    fn side(&self, x: u32, y: u32, side: Side) -> Side {
        let (width, height) = (self.mesh.width.max(1), self.mesh.height.max(1));
        match side {
            Side::West if x.is_multiple_of(width) => Side::ChipWest,
            Side::South if y.is_multiple_of(height) => Side::ChipSouth,
            Side::East if (x + 1).is_multiple_of(width) => Side::ChipEast,
            Side::North if (y + 1).is_multiple_of(height) => Side::ChipNorth,
            inner => inner,
        }
    }

    /// The name of a link.
    pub fn link(&self, number: usize) -> Link {
        if let Some(core) = number.checked_sub(self.ports()) {
            return Link { tile: core as u32, side: Side::Core };
        }
        let (x, y) = ((number / 4 / self.rows) as u32, (number / 4 % self.rows) as u32);
        let mesh = &self.mesh;
        let chip = y / mesh.height.max(1) * mesh.chip_columns.max(1) + x / mesh.width.max(1);
        let place = x % mesh.width.max(1) * mesh.height + y % mesh.height.max(1);
        let per_chip = mesh.cores_per_chip.div_ceil(mesh.cores_per_tile.max(1));
        Link { tile: chip * per_chip + place, side: self.side(x, y, INNER[number % 4]) }
    }

    /// Links of a way, the port of the sending core not counted.
    pub fn hops(&self, from: CoreId, to: CoreId) -> u32 {
        let (a, b) = (self.spots[from.0 as usize], self.spots[to.0 as usize]);
        a.x.abs_diff(b.x) + a.y.abs_diff(b.y)
    }

    /// The links of a way, the port of the sending core not counted: along x, then along y; either may be empty.
    #[inline]
    pub(super) fn spans(&self, from: CoreId, to: CoreId) -> [Span; 2] {
        let (a, b) = (self.spots[from.0 as usize], self.spots[to.0 as usize]);
        let places = |a: u32, b: u32| {
            // A link belongs to the tile that it enters: the first tile is left out.
            let entered = u32::from(a <= b);
            (a.min(b) + entered) as usize..(a.max(b) + entered) as usize
        };
        let (west, south) = (usize::from(b.x < a.x), usize::from(b.y < a.y));
        [
            Span { line: west * self.rows + a.y as usize, places: places(a.x, b.x) },
            Span { line: 2 * self.rows + south * self.columns + b.x as usize, places: places(a.y, b.y) },
        ]
    }

    /// Calls `visit` with the number and side of every link of a way, in order, the port of the sending core first.
    #[inline]
    pub fn walk(&self, from: CoreId, to: CoreId, mut visit: impl FnMut(usize, Side)) {
        let (a, b) = (self.spots[from.0 as usize], self.spots[to.0 as usize]);
        visit(self.ports() + from.0 as usize, Side::Core);
        let number = |x: u32, y: u32, k: usize| (x as usize * self.rows + y as usize) * 4 + k;
        for x in a.x + 1..=b.x {
            visit(number(x, a.y, 0), self.side(x, a.y, Side::West));
        }
        for x in (b.x..a.x).rev() {
            visit(number(x, a.y, 1), self.side(x, a.y, Side::East));
        }
        for y in a.y + 1..=b.y {
            visit(number(b.x, y, 2), self.side(b.x, y, Side::South));
        }
        for y in (b.y..a.y).rev() {
            visit(number(b.x, y, 3), self.side(b.x, y, Side::North));
        }
    }
}
