//! Where cores lie and how packets travel.
//!
//! Tiles are numbered column by column (`x = tile / height`, `y = tile % height`, as SANA-FE numbers them); the
//! cores of a tile are consecutive. A packet goes along x first, then along y (dimension-order routing).

use serde::{Deserialize, Serialize};

/// A core of the emulated system, counted over all chips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CoreId(pub u32);

/// Coordinates of a tile in the mesh of its chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Chip.
    pub chip: u32,
    /// Column.
    pub x: u32,
    /// Row.
    pub y: u32,
}

/// Links that one packet crosses, by direction. East is toward larger x, north toward larger y.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hops {
    /// Toward larger x.
    pub east: u32,
    /// Toward smaller x.
    pub west: u32,
    /// Toward larger y.
    pub north: u32,
    /// Toward smaller y.
    pub south: u32,
    /// Chip borders.
    pub crossings: u32,
}

impl Hops {
    /// Links inside chips.
    pub const fn total(self) -> u32 {
        self.east + self.west + self.north + self.south
    }
}

/// The geometry of a system: equal chips, each a mesh of tiles of cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mesh {
    /// Tiles along x.
    pub width: u32,
    /// Tiles along y.
    pub height: u32,
    /// Cores of a tile.
    pub cores_per_tile: u32,
    /// Cores of a chip that exist (a mesh may be larger).
    pub cores_per_chip: u32,
    /// Chips.
    pub chips: u32,
}

impl Mesh {
    /// Cores of the whole system.
    pub const fn cores(self) -> u64 {
        self.cores_per_chip as u64 * self.chips as u64
    }

    /// The tile that holds a core.
    pub const fn tile(self, core: CoreId) -> Tile {
        let tile = core.0 % self.cores_per_chip / self.cores_per_tile;
        Tile { chip: core.0 / self.cores_per_chip, x: tile / self.height, y: tile % self.height }
    }

    /// The links that a packet crosses, x first, then y.
    ///
    /// Between chips the packet is charged the hops between the tiles' positions and the border crossings of
    /// a row of chips; profiles that know better will say so when multi-chip timing is modelled.
    pub const fn hops(self, from: CoreId, to: CoreId) -> Hops {
        let (a, b) = (self.tile(from), self.tile(to));
        Hops {
            east: b.x.saturating_sub(a.x),
            west: a.x.saturating_sub(b.x),
            north: b.y.saturating_sub(a.y),
            south: a.y.saturating_sub(b.y),
            crossings: a.chip.abs_diff(b.chip),
        }
    }

    /// Number of the tile of a core over all chips.
    pub const fn tile_number(self, core: CoreId) -> u32 {
        core.0 / self.cores_per_tile
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LOIHI: Mesh = Mesh { width: 8, height: 4, cores_per_tile: 4, cores_per_chip: 128, chips: 1 };

    #[test]
    fn the_far_corner_is_seven_east_and_three_north() {
        let hops = LOIHI.hops(CoreId(0), CoreId(127));
        assert_eq!((hops.east, hops.north, hops.west, hops.south), (7, 3, 0, 0));
        assert_eq!(LOIHI.hops(CoreId(0), CoreId(3)).total(), 0, "one tile");
        assert_eq!(LOIHI.hops(CoreId(0), CoreId(4)).north, 1, "tiles are numbered column by column");
    }

    proptest! {
        /// The way back is the way there reversed, and its length is the Manhattan distance.
        #[test]
        fn ways_are_symmetric(a in 0u32..128, b in 0u32..128) {
            let (there, back) = (LOIHI.hops(CoreId(a), CoreId(b)), LOIHI.hops(CoreId(b), CoreId(a)));
            prop_assert_eq!((there.east, there.north), (back.west, back.south));
            let (s, t) = (LOIHI.tile(CoreId(a)), LOIHI.tile(CoreId(b)));
            prop_assert_eq!(there.total(), s.x.abs_diff(t.x) + s.y.abs_diff(t.y));
        }
    }
}
