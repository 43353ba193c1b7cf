//! Where cores lie and how packets travel.
//!
//! Tiles are numbered column by column (`x = tile / height`, `y = tile % height`, as SANA-FE numbers them); the
//! cores of a tile are consecutive. A packet goes along x first, then along y (dimension-order routing).
//!
//! Several chips form one large mesh: chips lie in rows of `chip_columns`, and a link between tiles of different chips is a
//! crossing instead of a hop.

use serde::{Deserialize, Serialize};

/// A core of the emulated system, counted over all chips.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// Chips of a row, at least 1; chip `c` lies in column `c % chip_columns` and row `c / chip_columns`.
    pub chip_columns: u32,
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

    /// Column and row of a chip.
    pub const fn chip_at(self, chip: u32) -> [u32; 2] {
        let columns = if self.chip_columns == 0 { 1 } else { self.chip_columns };
        [chip % columns, chip / columns]
    }

    /// Column and row of a core's tile in the mesh of all chips.
    pub const fn position(self, core: CoreId) -> [u32; 2] {
        let tile = self.tile(core);
        let [x, y] = self.chip_at(tile.chip);
        [x * self.width + tile.x, y * self.height + tile.y]
    }

    /// The links that a packet crosses, x first, then y; those over a chip border are crossings and no hops.
    pub const fn hops(self, from: CoreId, to: CoreId) -> Hops {
        let (a, b) = (self.position(from), self.position(to));
        let (p, q) = (self.chip_at(self.tile(from).chip), self.chip_at(self.tile(to).chip));
        let (across, up) = (p[0].abs_diff(q[0]), p[1].abs_diff(q[1]));
        Hops {
            east: b[0].saturating_sub(a[0]).saturating_sub(across),
            west: a[0].saturating_sub(b[0]).saturating_sub(across),
            north: b[1].saturating_sub(a[1]).saturating_sub(up),
            south: a[1].saturating_sub(b[1]).saturating_sub(up),
            crossings: across + up,
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

    const LOIHI: Mesh = Mesh { width: 8, height: 4, cores_per_tile: 4, cores_per_chip: 128, chips: 6, chip_columns: 3 };

    #[test]
    fn the_far_corner_is_seven_east_and_three_north() {
        let hops = LOIHI.hops(CoreId(0), CoreId(127));
        assert_eq!((hops.east, hops.north, hops.west, hops.south), (7, 3, 0, 0));
        assert_eq!(LOIHI.hops(CoreId(0), CoreId(3)).total(), 0, "one tile");
        assert_eq!(LOIHI.hops(CoreId(0), CoreId(4)).north, 1, "tiles are numbered column by column");
    }

    #[test]
    fn a_chip_border_is_one_crossing() {
        // From the last column of chip 0 to the first of chip 1, and to the row of chips above.
        let (last, next) = (CoreId(28 * 4), CoreId(128));
        assert_eq!(LOIHI.hops(last, next), Hops { crossings: 1, ..Hops::default() });
        let above = LOIHI.hops(CoreId(3 * 4), CoreId(3 * 128));
        assert_eq!(above, Hops { crossings: 1, ..Hops::default() });
        let far = LOIHI.hops(CoreId(0), CoreId(5 * 128 + 127));
        assert_eq!((far.east, far.north, far.crossings), (7 * 3, 3 * 2, 3));
    }

    proptest! {
        /// The way back is the way there reversed, and its length is the Manhattan distance.
        #[test]
        fn ways_are_symmetric(a in 0u32..768, b in 0u32..768) {
            let (there, back) = (LOIHI.hops(CoreId(a), CoreId(b)), LOIHI.hops(CoreId(b), CoreId(a)));
            prop_assert_eq!((there.east, there.north), (back.west, back.south));
            prop_assert_eq!(there.crossings, back.crossings);
            let (s, t) = (LOIHI.position(CoreId(a)), LOIHI.position(CoreId(b)));
            prop_assert_eq!(there.total() + there.crossings, s[0].abs_diff(t[0]) + s[1].abs_diff(t[1]));
        }
    }
}
