//! The map as text: a table of cores and a drawing of the mesh.

use std::fmt::Write;

use crate::map::{CoreFill, Fill, Map};
use crate::text::{bar, block, count, counted, fullness};

/// Rows of the table before it is cut; JSON has all.
const MOST_ROWS: usize = 256;
/// Columns and rows of tiles that are drawn in full.
const MOST_TILES: [u32; 2] = [16, 16];
/// Characters of one tile.
const MOST_GLYPHS: u32 = 16;

impl Map {
    /// The map as text for people: totals, one line per core, and the mesh.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write_text(&mut out).expect("writing to a String cannot fail");
        out
    }

    fn write_text(&self, out: &mut String) -> std::fmt::Result {
        let of = self.cores_available.map_or(String::new(), |n| format!(" of {}", count(n)));
        writeln!(out, "{} (profile {})", self.chip, self.profile)?;
        let (neurons, synapses) = (counted(self.neurons, "neuron"), counted(self.synapses, "synapse"));
        let cores = if self.cores_available.unwrap_or(self.cores_used) == 1 { "core" } else { "cores" };
        writeln!(out, "{neurons} and {synapses} on {}{of} {cores}\n", count(self.cores_used))?;
        if self.cores.is_empty() {
            return writeln!(out, "nothing lies on the chip");
        }
        self.write_table(out)?;
        self.write_mesh(out)
    }

    fn write_table(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "{:>5}  {:<7} {:<15}  {:>12}  {:>11}  {:>16}  {:>12}  {:>12}  processes",
            "core", "tile", "fullest limit", "neurons", "synapses", "memory [bit]", "axons in", "axons out"
        )?;
        for c in self.cores.iter().take(MOST_ROWS) {
            write!(out, "{:>5}  {:<7} ", c.core, tile_name(c))?;
            match c.fill {
                Some(part) => write!(out, "{} {:>4}  ", bar(part, 10), fullness(part))?,
                None => write!(out, "{:<15}  ", "no known limit")?,
            }
            write!(out, "{}  {:>11}  ", fill(c.neurons, 12), count(c.synapses))?;
            write!(out, "{}  {}  {}  ", fill(c.synapse_bits, 16), fill(c.axons_in, 12), fill(c.axons_out, 12))?;
            writeln!(out, "{}", parts(c))?;
        }
        match self.cores.len().saturating_sub(MOST_ROWS) {
            0 => Ok(()),
            more => writeln!(out, "       and {more} more cores (--json lists all)"),
        }
    }

    fn write_mesh(&self, out: &mut String) -> std::fmt::Result {
        let [width, height] = self.window(MOST_TILES);
        let glyphs = self.cores_per_tile.min(MOST_GLYPHS).min(self.cores_per_chip);
        let [columns, rows] = self.tile_grid;
        let mark = match self.cores_per_mark(glyphs) {
            1 => "core".to_owned(),
            n => format!("{n} cores"),
        };
        let rest = if [width, height] == self.tile_grid { "" } else { ", the rest of the mesh is empty" };
        // Narrow columns have room for every second number only.
        let (step, every) = if glyphs == 1 { (4, 2) } else { (glyphs as usize + 1, 1) };
        for chip in self.chips() {
            let number = if self.mesh().chips > 1 { format!("chip {chip}, ") } else { String::new() };
            writeln!(out, "\n{number}mesh of {columns} × {rows} tiles, one mark per {mark}, · is unused")?;
            for y in (0..height).rev() {
                let tiles: Vec<String> = (0..width).map(|x| self.tile_text(chip, x, y, glyphs)).collect();
                writeln!(out, "{}", format!("{y:>5}  {}", tiles.join(" ")).trim_end())?;
            }
            let numbers: String = (0..width).step_by(every).map(|x| format!("{x:<step$}")).collect();
            writeln!(out, "    y  {numbers}x{rest}")?;
        }
        Ok(())
    }

    fn cores_per_mark(&self, glyphs: u32) -> u32 {
        self.cores_per_tile.min(self.cores_per_chip).div_ceil(glyphs.max(1)).max(1)
    }

    /// One mark per core; several cores share a mark, that of the fullest, when a tile has too many.
    fn tile_text(&self, chip: u32, x: u32, y: u32, glyphs: u32) -> String {
        let cores = self.cores_of_tile(chip, x, y);
        let per_glyph = self.cores_per_mark(glyphs);
        let mark = |k: u32| {
            let start = cores.start + k * per_glyph;
            let range = start..(start + per_glyph).min(cores.end);
            if range.is_empty() {
                return ' ';
            }
            let first = self.cores.partition_point(|c| c.core < range.start);
            let used = self.cores[first..].iter().take_while(|c| c.core < range.end);
            let fullest = used.map(|c| c.fill.unwrap_or(1.0)).max_by(f64::total_cmp);
            fullest.map_or('·', block)
        };
        (0..glyphs).map(mark).collect()
    }
}

fn tile_name(core: &CoreFill) -> String {
    let [x, y] = core.tile;
    if core.chip == 0 { format!("{x},{y}") } else { format!("{}:{x},{y}", core.chip) }
}

/// An amount and its part of the limit, aligned over all rows.
fn fill(fill: Fill, width: usize) -> String {
    let part = fill.fraction.map_or("-".into(), fullness);
    format!("{:>left$} {part:>5}", count(fill.used), left = width - 6)
}

fn parts(core: &CoreFill) -> String {
    let part = |p: &crate::Part| match p.neurons {
        1 => format!("{}[{}]", p.process, p.first),
        n => format!("{}[{}..{}]", p.process, p.first, p.first + n),
    };
    core.processes.iter().map(part).collect::<Vec<_>>().join(", ")
}
