//! The ways of packets as parts of lines of links, and how densely links are used.
//!
//! All links of one direction in a row or column of tiles are a line; a way covers a part of one line along x and a part of one
//! along y. Where lines are short, a line is one vector, and masks say which of its links are covered: the same few instructions
//! for every way ([`ShortLines`]). Other lines are walked ([`LongLines`]).

use std::array;
use std::ops::Range;

use super::grid::{Grid, Side};
use crate::mesh::CoreId;

/// One packet's worth of density.
pub(super) const ONE: u64 = 1 << 16;

/// Neighbouring links of a line, as [`Lines::part`] writes them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part {
    line: u32,
    links: u32,
}

/// A way; the port of the sending core is not in its parts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way {
    pub(super) parts: [Part; 2],
    /// Density of a packet on each link.
    pub(super) each: u32,
    /// Links, the port of the sending core counted.
    pub(super) links: u32,
}

/// The ways between tiles, each found once; on meshes too large for a table of pairs every time.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    /// By pair of tiles in use.
    table: Vec<Way>,
    tiles: usize,
    /// Tile of each core.
    tile: Vec<u32>,
    /// Place of the first link of each line, and the end of all.
    lines: Vec<u32>,
    /// Lines are filled up to a multiple of this many links.
    length: usize,
}

/// Tiles up to which there is a table of pairs (96 MB).
const TABLE: usize = 2048;

impl Ways {
    pub(super) fn new(grid: &Grid) -> Self {
        let tile = (0..grid.cores()).map(|core| grid.tile(CoreId(core as u32))).collect();
        Ways { table: Vec::new(), tiles: grid.tiles(), tile, lines: Vec::new(), length: 0 }
    }

    /// Makes ready for lines of a kind, which are emptied. Ways are forgotten only if the kind is another.
    pub(super) fn start<L: Lines>(&mut self, grid: &Grid, lines: &mut L) {
        if self.length != L::LENGTH {
            self.length = L::LENGTH;
            self.table.clear();
            self.table.resize(if self.tiles <= TABLE { self.tiles * self.tiles } else { 0 }, Way::default());
            self.lines.clear();
            self.lines.push(0);
            let lengths = (0..grid.lines()).map(|line| grid.line_length(line).next_multiple_of(L::LENGTH));
            self.lines.extend(lengths.scan(0, |sum, n| {
                *sum += n as u32;
                Some(*sum)
            }));
        }
        lines.clear(self.lines.last().map_or(0, |end| *end as usize), grid.cores());
    }

    /// The way between two cores.
    #[inline(always)]
    pub(super) fn of<L: Lines>(&mut self, grid: &Grid, from: CoreId, to: CoreId) -> Way {
        let (a, b) = (self.tile[from.0 as usize], self.tile[to.0 as usize]);
        let pair = a as usize * self.tiles + b as usize;
        match self.table.get(pair) {
            Some(way) if way.links > 0 => *way,
            _ => self.find::<L>(grid, from, to, pair),
        }
    }

    #[cold]
    fn find<L: Lines>(&mut self, grid: &Grid, from: CoreId, to: CoreId, pair: usize) -> Way {
        let parts = grid.spans(from, to).map(|span| {
            // An empty part may stand behind the end of its line.
            let places = if span.places.is_empty() { 0..0 } else { span.places };
            L::part(self.lines[span.line] as usize, places)
        });
        let hops = grid.hops(from, to);
        let way = Way { parts, each: (ONE / (u64::from(hops) + 2)) as u32, links: hops + 1 };
        if let Some(known) = self.table.get_mut(pair) {
            *known = way;
        }
        way
    }

    /// The link of a way on which most packets are; of equals the first.
    pub(super) fn fullest(&self, grid: &Grid, lines: &impl Lines, from: CoreId, to: CoreId) -> usize {
        let mut best = (0, 0);
        grid.walk(from, to, |link, side| {
            if side == Side::Core {
                best = (lines.port(from), link);
                return;
            }
            let (line, place) = grid.place(link);
            let density = lines.link(self.lines[line] as usize + place);
            if density > best.0 {
                best = (density, link);
            }
        });
        best.1
    }
}

/// How densely links are used.
pub(super) trait Lines {
    /// What a packet meets, in parts that are summed later.
    type Met: Copy;

    const NOTHING: Self::Met;

    /// Lines are filled up to a multiple of this many links.
    const LENGTH: usize;

    /// Whether they are for steps all of whose numbers are small.
    const SMALL: bool;

    /// Neighbouring places of the line that begins at place `line` of the list of all lines.
    fn part(line: usize, places: Range<usize>) -> Part;

    /// Empties as many links and ports of cores.
    fn clear(&mut self, places: usize, cores: usize);

    /// Adds a packet of core `from` that has density `each` to the links of its way, or takes it off; returns what was there.
    fn pass(&mut self, from: CoreId, parts: [Part; 2], each: u32, leaves: bool) -> Self::Met;

    /// The density that a packet met.
    fn sum(met: &Self::Met) -> u64;

    /// The density of the link at a place in the list of all lines.
    fn link(&self, place: usize) -> u64;

    /// The density of the port of a core.
    fn port(&self, from: CoreId) -> u64;
}

/// Lines of at most `N` links, `N` a power of two, with densities whose sum fits 32 bits.
#[derive(Clone, Debug, Default)]
pub(super) struct ShortLines<const N: usize> {
    lines: Vec<[u32; N]>,
    ports: Vec<u32>,
}

impl<const N: usize> ShortLines<N> {
    /// All ones where a link is covered, by first and last link of the part.
    const MASKS: [[[u32; N]; N]; N] = {
        let mut masks = [[[0; N]; N]; N];
        let mut k = 0;
        while k < N * N * N {
            let (first, last, link) = (k / N / N, k / N % N, k % N);
            if first <= link && link <= last {
                masks[first][last][link] = u32::MAX;
            }
            k += 1;
        }
        masks
    };

    /// Adds to the density of the links of a line that a mask covers: by itself, or vectors of four links become single ones.
    #[inline(always)]
    fn add(line: &mut [u32; N], mask: &[u32; N], each: u32) {
        *line = array::from_fn(|k| line[k].wrapping_add(each & mask[k]));
    }

    /// All ones where a part covers a link.
    #[inline(always)]
    fn mask(part: Part) -> &'static [u32; N] {
        let masks: &'static [[[u32; N]; N]; N] = &Self::MASKS;
        &masks.as_flattened()[part.links as usize % (N * N)]
    }
}

impl<const N: usize> Lines for ShortLines<N> {
    type Met = ([u32; N], u32);

    const NOTHING: Self::Met = ([0; N], 0);

    const LENGTH: usize = N;

    const SMALL: bool = true;

    fn part(line: usize, places: Range<usize>) -> Part {
        // Nothing is from link 1 to link 0.
        let links = if places.is_empty() { N } else { places.start * N + places.end - 1 };
        Part { line: (line / N) as u32, links: links as u32 }
    }

    fn clear(&mut self, places: usize, cores: usize) {
        self.lines.clear();
        self.lines.resize(places / N, [0; N]);
        self.ports.clear();
        self.ports.resize(cores, 0);
    }

    #[inline(always)]
    fn pass(&mut self, from: CoreId, parts: [Part; 2], each: u32, leaves: bool) -> Self::Met {
        let own = if leaves { each.wrapping_neg() } else { each };
        let ShortLines { lines, ports } = self;
        let port = &mut ports[from.0 as usize];
        let before = *port;
        *port = before.wrapping_add(own);
        let (x, y) = (parts[0].line as usize, parts[1].line as usize);
        let (in_x, in_y) = (Self::mask(parts[0]), Self::mask(parts[1]));
        let (on_x, on_y) = (&lines[x], &lines[y]);
        let met = array::from_fn(|k| (on_x[k] & in_x[k]).wrapping_add(on_y[k] & in_y[k]));
        Self::add(&mut lines[x], in_x, own);
        Self::add(&mut lines[y], in_y, own);
        (met, before)
    }

    #[inline(always)]
    fn sum((lines, port): &Self::Met) -> u64 {
        u64::from(lines.iter().fold(*port, |sum, lane| sum.wrapping_add(*lane)))
    }

    fn link(&self, place: usize) -> u64 {
        self.lines[place / N][place % N].into()
    }

    fn port(&self, from: CoreId) -> u64 {
        self.ports[from.0 as usize].into()
    }
}

/// Lines of any length, and any number of packets.
#[derive(Clone, Debug, Default)]
pub(super) struct LongLines {
    links: Vec<u64>,
    ports: Vec<u64>,
}

impl Lines for LongLines {
    type Met = u64;

    const NOTHING: u64 = 0;

    const LENGTH: usize = 1;

    const SMALL: bool = false;

    fn part(line: usize, places: Range<usize>) -> Part {
        Part { line: (line + places.start) as u32, links: places.len() as u32 }
    }

    fn clear(&mut self, places: usize, cores: usize) {
        self.links.clear();
        self.links.resize(places, 0);
        self.ports.clear();
        self.ports.resize(cores, 0);
    }

    #[inline(always)]
    fn pass(&mut self, from: CoreId, parts: [Part; 2], each: u32, leaves: bool) -> u64 {
        let own = if leaves { u64::from(each).wrapping_neg() } else { each.into() };
        let port = &mut self.ports[from.0 as usize];
        let mut met = *port;
        *port = port.wrapping_add(own);
        for Part { line, links } in parts {
            for link in &mut self.links[line as usize..(line + links) as usize] {
                met += *link;
                *link = link.wrapping_add(own);
            }
        }
        met
    }

    #[inline(always)]
    fn sum(met: &u64) -> u64 {
        *met
    }

    fn link(&self, place: usize) -> u64 {
        self.links[place]
    }

    fn port(&self, from: CoreId) -> u64 {
        self.ports[from.0 as usize]
    }
}
