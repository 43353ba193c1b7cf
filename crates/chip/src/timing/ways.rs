//! The ways of packets as lists of links, and how densely links are used.

use super::grid::{Grid, Side};
use crate::mesh::CoreId;

/// One packet's worth of density.
pub(super) const ONE: u64 = 1 << 16;

/// Links that are added at once: lists of links are filled up to a multiple of them, so that a way of usual length is one round
/// without a branch.
const LANES: usize = 8;

/// A way in the list of all links; the port of the sending core is not in it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way {
    start: u32,
    end: u32,
    /// Links, the port of the sending core counted.
    pub(super) links: u32,
    /// Density of a packet on each of them.
    each: u32,
}

/// The ways between tiles, each found once, and the density on every link. On meshes too large for a table of pairs ways are found
/// again in every step.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    /// By pair of tiles in use.
    table: Vec<Way>,
    tiles: usize,
    /// Tile of each core.
    tile: Vec<u32>,
    links: Vec<u32>,
    port: usize,
    /// By link; then [`LANES`] that stand for none.
    density: Vec<u64>,
}

const UNKNOWN: Way = Way { start: u32::MAX, end: 0, links: 0, each: 0 };
/// Tiles up to which there is a table of pairs (64 MB).
const TABLE: usize = 2048;

impl Ways {
    pub(super) fn new(grid: &Grid) -> Self {
        let tiles = grid.tiles();
        Ways {
            table: if tiles <= TABLE { vec![UNKNOWN; tiles * tiles] } else { Vec::new() },
            tiles,
            tile: (0..grid.cores()).map(|core| grid.tile(CoreId(core as u32))).collect(),
            links: Vec::new(),
            port: grid.ports(),
            density: vec![0; grid.links() + LANES],
        }
    }

    /// Empties all links, and forgets ways that are not in the table.
    pub(super) fn clear(&mut self) {
        self.density.fill(0);
        if self.table.is_empty() {
            self.links.clear();
        }
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
        let start = self.links.len();
        let links = &mut self.links;
        grid.walk(from, to, |link, side| {
            if side != Side::Core {
                links.push(link as u32);
            }
        });
        let n = links.len() - start;
        let none = grid.links();
        links.extend((n..n.next_multiple_of(LANES).max(LANES)).map(|lane| (none + lane % LANES) as u32));
        let each = (ONE / (n as u64 + 2)) as u32;
        let way = Way { start: start as u32, end: links.len() as u32, links: n as u32 + 1, each };
        if let Some(known) = self.table.get_mut(pair) {
            *known = way;
        }
        way
    }

    /// Adds a packet of core `from` to the links of its way, and returns the density that it met there.
    #[inline]
    pub(super) fn enter(&mut self, from: CoreId, way: Way) -> u64 {
        let own = u64::from(way.each);
        let port = &mut self.density[self.port + from.0 as usize];
        let mut met = *port;
        *port += own;
        for lanes in self.links[way.start as usize..way.end as usize].chunks_exact(LANES) {
            for link in lanes {
                let there = &mut self.density[*link as usize];
                met += *there;
                *there += own;
            }
        }
        self.empty_none();
        met
    }

    /// Takes a packet of core `from` off the links of its way.
    #[inline]
    pub(super) fn leave(&mut self, from: CoreId, way: Way) {
        let own = u64::from(way.each);
        self.density[self.port + from.0 as usize] -= own;
        for lanes in self.links[way.start as usize..way.end as usize].chunks_exact(LANES) {
            for link in lanes {
                let there = &mut self.density[*link as usize];
                *there = there.wrapping_sub(own);
            }
        }
        self.empty_none();
    }

    /// Links that stand for none stay empty.
    #[inline]
    fn empty_none(&mut self) {
        if let Some(none) = self.density.last_chunk_mut::<LANES>() {
            *none = [0; LANES];
        }
    }

    /// The link of a way on which most packets are; of equals the first.
    pub(super) fn fullest(&self, from: CoreId, way: Way) -> usize {
        let links = &self.links[way.start as usize..][..way.links as usize - 1];
        let port = self.port + from.0 as usize;
        let fuller = |best: usize, link: usize| if self.density[link] > self.density[best] { link } else { best };
        links.iter().map(|link| *link as usize).fold(port, fuller)
    }
}
