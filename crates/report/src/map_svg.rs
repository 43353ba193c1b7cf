//! The map as a drawing: the mesh with its cores coloured by how full they are.

use std::fmt::Write;

use crate::map::{CoreFill, Map};
use crate::text::{counted, fullness};

/// Columns and rows of tiles that are drawn in full.
const MOST_TILES: [u32; 2] = [64, 64];
/// Most cores that are drawn per tile.
const MOST_CORES: u32 = 256;
/// Cores up to which unused ones are drawn too.
const MOST_UNUSED: u64 = 20_000;
/// Processes that are listed below the mesh.
const MOST_PROCESSES: usize = 12;
/// Space around the drawing `[px]`.
const MARGIN: f64 = 24.0;
/// Colours of an empty and of a full core, and between them, light to dark.
const RAMP: [[f64; 3]; 5] =
    [[253.0, 237.0, 194.0], [247.0, 186.0, 108.0], [232.0, 119.0, 74.0], [180.0, 54.0, 88.0], [84.0, 20.0, 88.0]];

/// Sizes that the whole drawing shares.
struct Layout {
    columns: u32,
    rows: u32,
    /// Cores along one side of a tile.
    side: u32,
    core: f64,
    tile: f64,
    step: f64,
    width: f64,
    /// Whether unused cores are drawn.
    unused: bool,
}

impl Layout {
    fn new(map: &Map) -> Self {
        let [columns, rows] = map.window(MOST_TILES);
        let cores = map.cores_per_tile.min(map.cores_per_chip).min(MOST_CORES);
        let side = (1..=cores.max(1)).find(|n| n * n >= cores).unwrap_or(1);
        let across = f64::from(columns.max(rows) * side);
        let core = (880.0 / across).clamp(5.0, 26.0);
        let pad = if side > 1 { 3.0 } else { 0.0 };
        let tile = core * f64::from(side) + 2.0 * pad;
        let step = tile + (core / 6.0).max(1.0);
        let width = (step * f64::from(columns) + 2.0 * MARGIN + 16.0).max(460.0);
        let unused = u64::from(columns) * u64::from(rows) * u64::from(cores) <= MOST_UNUSED;
        Layout { columns, rows, side, core, tile, step, width, unused }
    }

    fn mesh_height(&self) -> f64 {
        self.step * f64::from(self.rows)
    }
}

impl Map {
    /// The map as an SVG drawing; each core says what lies on it when it is pointed at.
    pub fn svg(&self) -> String {
        let mut out = String::new();
        self.write_svg(&mut out).expect("writing to a String cannot fail");
        out
    }

    fn write_svg(&self, out: &mut String) -> std::fmt::Result {
        let layout = Layout::new(self);
        let chips = self.chips();
        let processes = self.processes();
        let panel = layout.mesh_height() + 44.0;
        let listed = processes.len().min(MOST_PROCESSES + 1) as f64;
        let height = 78.0 + panel * chips.len() as f64 + 58.0 + 18.0 * listed + MARGIN;
        let (w, h) = (layout.width, height);
        writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w:.0}\" height=\"{h:.0}\" viewBox=\"0 0 {w:.0} {h:.0}\" \
             font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"#333\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>"
        )?;
        let of = self.cores_available.map_or(String::new(), |n| format!(" of {n}"));
        let totals = format!("{} and {}", counted(self.neurons, "neuron"), counted(self.synapses, "synapse"));
        text(out, [MARGIN, 34.0], "font-size=\"17\" font-weight=\"bold\"", &self.chip)?;
        let cores = if self.cores_available.unwrap_or(self.cores_used) == 1 { "core" } else { "cores" };
        text(out, [MARGIN, 54.0], "", &format!("{totals} on {}{of} {cores}", self.cores_used))?;
        let mut top = 78.0;
        for chip in &chips {
            self.write_chip(out, &layout, *chip, top)?;
            top += panel;
        }
        legend(out, top + 6.0)?;
        write_processes(out, &processes, top + 58.0)?;
        writeln!(out, "</svg>")
    }

    fn write_chip(&self, out: &mut String, layout: &Layout, chip: u32, top: f64) -> std::fmt::Result {
        let left = MARGIN + 16.0;
        let label = if layout.step < 14.0 { 8 } else { 1 };
        for y in 0..layout.rows {
            let at = top + f64::from(layout.rows - 1 - y) * layout.step;
            if y % label == 0 {
                let middle = [left - 8.0, at + layout.tile / 2.0 + 4.0];
                text(out, middle, "font-size=\"10\" text-anchor=\"end\" fill=\"#888\"", &y.to_string())?;
            }
            for x in 0..layout.columns {
                self.write_tile(out, layout, (chip, x, y), [left + f64::from(x) * layout.step, at])?;
            }
        }
        let below = top + layout.mesh_height() + 12.0;
        for x in (0..layout.columns).filter(|x| x % label == 0) {
            let middle = left + f64::from(x) * layout.step + layout.tile / 2.0;
            text(out, [middle, below], "font-size=\"10\" text-anchor=\"middle\" fill=\"#888\"", &x.to_string())?;
        }
        let cut = [layout.columns, layout.rows] != self.tile_grid;
        let rest = if cut { "; the rest of the mesh is empty" } else { "" };
        let caption = match self.mesh().chips {
            1 => format!("tiles by column and row{rest}"),
            _ => format!("chip {chip}: tiles by column and row{rest}"),
        };
        text(out, [left, below + 16.0], "font-size=\"10\" fill=\"#888\"", &caption)
    }

    fn write_tile(
        &self,
        out: &mut String,
        layout: &Layout,
        (chip, x, y): (u32, u32, u32),
        at: [f64; 2],
    ) -> std::fmt::Result {
        let cores = self.cores_of_tile(chip, x, y);
        if cores.is_empty() {
            return Ok(());
        }
        if layout.side > 1 {
            rect(out, at, layout.tile, "rx=\"3\" fill=\"#f4f4f2\" stroke=\"#d8d8d4\"")?;
            writeln!(out, "</rect>")?;
        }
        let pad = (layout.tile - layout.core * f64::from(layout.side)) / 2.0;
        for (k, core) in cores.take(MOST_CORES as usize).enumerate() {
            let (column, row) = (k as u32 % layout.side, k as u32 / layout.side);
            let corner = [at[0] + pad + f64::from(column) * layout.core, at[1] + pad + f64::from(row) * layout.core];
            self.write_core(out, layout, core, corner)?;
        }
        Ok(())
    }

    fn write_core(&self, out: &mut String, layout: &Layout, core: u32, at: [f64; 2]) -> std::fmt::Result {
        let gap = (layout.core / 16.0).min(1.0);
        let inner = layout.core - 2.0 * gap;
        let corner = [at[0] + gap, at[1] + gap];
        let Some(used) = self.core(core) else {
            if !layout.unused {
                return Ok(());
            }
            rect(out, corner, inner, "rx=\"1.5\" fill=\"#ffffff\" stroke=\"#e0e0dc\" stroke-width=\"0.6\"")?;
            return writeln!(out, "</rect>");
        };
        let part = used.fill.unwrap_or(1.0);
        rect(out, corner, inner, &format!("rx=\"1.5\" fill=\"{}\"", colour(part)))?;
        writeln!(out, "<title>{}</title></rect>", escape(&tooltip(used)))?;
        if layout.core >= 20.0 {
            let fill = if part > 0.45 { "#ffffff" } else { "#333333" };
            let style = format!("font-size=\"9\" text-anchor=\"middle\" pointer-events=\"none\" fill=\"{fill}\"");
            let middle = [at[0] + layout.core / 2.0, at[1] + layout.core / 2.0 + 3.0];
            text(out, middle, &style, &core.to_string())?;
        }
        Ok(())
    }
}

fn write_processes(out: &mut String, processes: &[(&str, u64, u32, u32)], top: f64) -> std::fmt::Result {
    for (k, (path, neurons, first, last)) in processes.iter().take(MOST_PROCESSES).enumerate() {
        let cores = if first == last { format!("core {first}") } else { format!("cores {first} to {last}") };
        let line = format!("{path}: {} on {cores}", counted(*neurons, "neuron"));
        text(out, [MARGIN + 16.0, top + 18.0 * k as f64], "", &line)?;
    }
    match processes.len().saturating_sub(MOST_PROCESSES) {
        0 => Ok(()),
        more => {
            let at = [MARGIN + 16.0, top + 18.0 * MOST_PROCESSES as f64];
            text(out, at, "fill=\"#888\"", &format!("and {more} more"))
        }
    }
}

fn legend(out: &mut String, top: f64) -> std::fmt::Result {
    const STEPS: u32 = 40;
    const WIDTH: f64 = 4.0;
    let left = MARGIN + 16.0;
    for k in 0..STEPS {
        let (x, fill) = (left + f64::from(k) * WIDTH, colour(f64::from(k) / f64::from(STEPS - 1)));
        writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"10\" fill=\"{fill}\"/>",
            WIDTH + 0.3
        )?;
    }
    let right = left + f64::from(STEPS) * WIDTH;
    text(out, [left, top + 24.0], "font-size=\"10\" fill=\"#888\"", "0 %")?;
    text(out, [right, top + 24.0], "font-size=\"10\" text-anchor=\"end\" fill=\"#888\"", "100 %")?;
    text(out, [right + 14.0, top + 9.0], "", "how full, by its fullest limit; white is unused")
}

fn tooltip(core: &CoreFill) -> String {
    let amount = |name: &str, fill: crate::Fill| {
        let part = fill.fraction.map_or(String::new(), |part| format!(" ({})", fullness(part)));
        format!("{name} {}{part}", fill.used)
    };
    let on: Vec<String> =
        core.processes.iter().map(|p| format!("{}[{}..{}]", p.process, p.first, p.first + p.neurons)).collect();
    let lines = [
        format!("core {}: {}", core.core, on.join(", ")),
        amount("neurons", core.neurons),
        format!("synapses {}", core.synapses),
        amount("synapse bits", core.synapse_bits),
        amount("axons in", core.axons_in),
        amount("axons out", core.axons_out),
    ];
    lines.join("\n")
}

fn rect(out: &mut String, [x, y]: [f64; 2], size: f64, style: &str) -> std::fmt::Result {
    write!(out, "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{size:.1}\" height=\"{size:.1}\" {style}>")
}

fn text(out: &mut String, [x, y]: [f64; 2], style: &str, words: &str) -> std::fmt::Result {
    writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" {style}>{}</text>", escape(words))
}

/// The colour of a core that is full to this part, as `#rrggbb`.
fn colour(part: f64) -> String {
    let at = part.clamp(0.0, 1.0) * (RAMP.len() - 1) as f64;
    let k = (at as usize).min(RAMP.len() - 2);
    let mix = |c: usize| (RAMP[k][c] + (RAMP[k + 1][c] - RAMP[k][c]) * (at - k as f64)).round() as u8;
    format!("#{:02x}{:02x}{:02x}", mix(0), mix(1), mix(2))
}

fn escape(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
