//! Figures: lines, areas, bands, dots and ticks on one pair of axes, alone or in a sheet, as SVG and PNG.
//!
//! Drawn by the `plotters` library, which nothing outside of this module sees. The font of PNG files travels with us, so
//! that figures look the same on a machine without fonts.

mod layer;

use std::path::{Path, PathBuf};
use std::sync::Once;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

pub use layer::Layer;

use crate::{ReportError, write_text};

/// Width and height of a figure `[px]`.
const SIZE: (u32, u32) = (960, 540);
/// Colours that people with any colour vision tell apart (Okabe and Ito, 2008).
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 86, 86),
    RGBColor(86, 180, 233),
];

/// A figure with one pair of axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// Title.
    pub title: String,
    /// Lines under the title: an equation, a source.
    pub notes: Vec<String>,
    /// What the horizontal axis is, with its unit.
    pub x: String,
    /// What the vertical axis is, with its unit.
    pub y: String,
    /// What is drawn, the first at the bottom; each has a colour of its own.
    pub layers: Vec<Layer>,
    /// Lowest value of a logarithmic vertical axis, at which lower ones are drawn; linear if absent.
    pub log_from: Option<f64>,
    /// Rows that the vertical axis counts, each of which is shown, drawn or not; any numbers if absent.
    pub rows: Option<std::ops::Range<u32>>,
    /// The vertical axis is of shares and ends at 1, and the legend lies beside them; any numbers if absent.
    pub shares: Option<Shares>,
    /// The horizontal axis counts: only whole numbers are marked.
    pub counts: bool,
}

/// How shares run along the horizontal axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shares {
    /// From low to high; the axis begins a little below the lowest, with room for the legend.
    Rising,
    /// From high to low, on an axis from 0 to 1; the horizontal axis is of shares too, and does not leave 0 to 1.
    Falling,
}

/// Figures beside and below each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// The figures, row by row.
    pub figures: Vec<Figure>,
    /// Figures in a row, at least 1.
    pub columns: usize,
    /// Width and height of each figure `[px]`.
    pub part: (u32, u32),
}

impl Sheet {
    /// The sheet as the text of an SVG file.
    pub fn svg(&self) -> String {
        svg(self.size(), |area| self.draw(area))
    }

    /// Writes `NAME.svg` and `NAME.png` into a folder and returns their paths.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> Result<[PathBuf; 2], ReportError> {
        write(folder, name, &self.svg(), self.size(), |area| self.draw(area))
    }

    /// Figures in a row and in a column.
    fn grid(&self) -> (usize, usize) {
        let columns = self.columns.clamp(1, self.figures.len().max(1));
        (columns, self.figures.len().div_ceil(columns))
    }

    fn size(&self) -> (u32, u32) {
        let (columns, rows) = self.grid();
        (self.part.0 * columns as u32, self.part.1 * rows as u32)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let (columns, rows) = self.grid();
        area.fill(&WHITE)?;
        let parts = area.split_evenly((rows, columns));
        self.figures.iter().zip(parts).try_for_each(|(figure, part)| figure.draw(&part))
    }
}

/// Draws into `NAME.png` beside `NAME.svg`, whose text is given.
fn write(
    folder: &Path,
    name: &str,
    text: &str,
    size: (u32, u32),
    draw: impl FnOnce(&DrawingArea<BitMapBackend<'_>, Shift>) -> Result<(), DrawingAreaErrorKind<BitMapError>>,
) -> Result<[PathBuf; 2], ReportError> {
    embed_font();
    let (svg, png) = (folder.join(format!("{name}.svg")), folder.join(format!("{name}.png")));
    let failed = |fault: String| ReportError::File { path: png.clone(), source: std::io::Error::other(fault) };
    write_text(&svg, text)?;
    let area = BitMapBackend::new(&png, size).into_drawing_area();
    draw(&area).and_then(|()| area.present()).map_err(|e| failed(e.to_string()))?;
    drop(area);
    Ok([svg, png])
}

type BitMapError = <BitMapBackend<'static> as DrawingBackend>::ErrorType;

/// Draws into the text of an SVG file.
fn svg(
    size: (u32, u32),
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), DrawingAreaErrorKind<std::io::Error>>,
) -> String {
    embed_font();
    let mut text = String::new();
    let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
    draw(&area).and_then(|()| area.present()).expect("a string takes all text");
    drop(area);
    text
}

fn embed_font() {
    static FONT: Once = Once::new();
    // The font is a constant of this crate: a test draws with it.
    FONT.call_once(|| {
        let _ = register_font("sans-serif", FontStyle::Normal, include_bytes!("DejaVuSans-subset.ttf"));
    });
}

impl Figure {
    /// The figure as the text of an SVG file.
    pub fn svg(&self) -> String {
        svg(SIZE, |area| self.draw(area))
    }

    /// Writes `NAME.svg` and `NAME.png` into a folder and returns their paths.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> Result<[PathBuf; 2], ReportError> {
        write(folder, name, &self.svg(), SIZE, |area| self.draw(area))
    }

    /// Lines of the legend.
    fn named(&self) -> usize {
        self.layers.iter().filter(|layer| !layer.name().is_empty()).count()
    }

    /// The ends of both axes, a little beyond what is drawn.
    fn ends(&self) -> [std::ops::Range<f64>; 2] {
        let corners: Vec<(f64, f64)> = self.layers.iter().flat_map(Layer::corners).collect();
        let range = |all: &[f64]| {
            let finite = || all.iter().copied().filter(|x| x.is_finite());
            let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
            match (low <= high, high - low) {
                (false, _) => 0.0..1.0,
                (true, 0.0) => low - 0.5..high + 0.5,
                (true, width) => low - 0.03 * width..high + 0.05 * width,
            }
        };
        let upright = self.layers.iter().filter_map(Layer::upright);
        let x = range(&corners.iter().map(|p| p.0).chain(upright).collect::<Vec<_>>());
        // Room for the legend above what is drawn, or below.
        let room = [0.0, 0.14, 0.22, 0.32, 0.42][self.named().min(4)];
        match self.shares {
            Some(Shares::Rising) => {
                let low = corners.iter().map(|p| p.1).filter(|y| y.is_finite()).fold(0.99, f64::min);
                return [x, (low - (0.1 + room) * (1.0 - low)).max(0.0)..1.0];
            }
            Some(Shares::Falling) => return [x.start.clamp(0.0, 0.99)..x.end.min(1.0), 0.0..1.0],
            None => {}
        }
        let rows = self.rows.iter().flat_map(|rows| [f64::from(rows.start) - 0.4, f64::from(rows.end) - 0.6]);
        let y: Vec<f64> = corners.iter().map(|p| p.1).chain(rows).collect();
        let Some(low) = self.log_from else {
            let y = range(&y);
            return [x, y.start..y.end + room * (y.end - y.start)];
        };
        let high = y.into_iter().filter(|y| y.is_finite()).fold(10.0 * low, f64::max);
        [x, low..low * (1.2 * high / low).powf(1.0 + 1.5 * room)]
    }

    /// What stands at a mark of the horizontal axis.
    fn mark_across(&self, x: f64) -> String {
        if self.counts && x.fract() != 0.0 { String::new() } else { number(x) }
    }

    /// What stands at a mark of the vertical axis.
    fn mark(&self, y: f64) -> String {
        let row =
            |rows: &std::ops::Range<u32>| y.fract() == 0.0 && y >= f64::from(rows.start) && y < f64::from(rows.end);
        if self.rows.as_ref().is_none_or(row) { number(y) } else { String::new() }
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let [x, y] = self.ends();
        match self.log_from {
            None => self.draw_on(area, x, y),
            Some(_) => self.draw_on(area, x, y.log_scale()),
        }
    }

    fn draw_on<B: DrawingBackend, Y>(
        &self,
        area: &DrawingArea<B, Shift>,
        x: std::ops::Range<f64>,
        y: Y,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>>
    where
        Y: AsRangedCoord<Value = f64>,
        Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let [across, up] = self.ends();
        area.fill(&WHITE)?;
        let mut area = area.margin(12, 0, 0, 0).titled(&self.title, ("sans-serif", 20))?;
        for note in &self.notes {
            area = area.titled(note, ("sans-serif", 13))?;
        }
        let mut chart =
            ChartBuilder::on(&area).margin(12).x_label_area_size(46).y_label_area_size(84).build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE.mix(0.0))
            .bold_line_style(BLACK.mix(0.10))
            .x_desc(&self.x)
            .y_desc(&self.y)
            .label_style(("sans-serif", 14))
            .axis_desc_style(("sans-serif", 15))
            .x_label_formatter(&|x| self.mark_across(snap(*x, &across)))
            .y_label_formatter(&|y| self.mark(snap(*y, &up)))
            .y_labels(self.rows.as_ref().map_or(11, |rows| (rows.len() + 1).clamp(3, 11)))
            .draw()?;
        for (k, layer) in self.layers.iter().enumerate() {
            layer.draw(&mut chart, COLOURS[k % COLOURS.len()], (up.start, up.end))?;
        }
        if self.named() > 0 {
            chart
                .configure_series_labels()
                .position(match self.shares {
                    None => SeriesLabelPosition::UpperRight,
                    Some(Shares::Rising) => SeriesLabelPosition::LowerRight,
                    Some(Shares::Falling) => SeriesLabelPosition::LowerLeft,
                })
                .background_style(WHITE.mix(0.85))
                .border_style(BLACK.mix(0.2))
                .label_font(("sans-serif", 14))
                .draw()?;
        }
        Ok(())
    }
}

/// A mark of an axis; one that rounding has left beside 0 is 0.
fn snap(x: f64, axis: &std::ops::Range<f64>) -> f64 {
    if axis.start <= 0.0 && x.abs() < 1e-9 * (axis.end - axis.start) { 0.0 } else { x }
}

/// A number on an axis, without needless digits.
fn number(x: f64) -> String {
    let text = match x.abs() {
        a if a >= 1e6 || (a > 0.0 && a < 1e-3) => format!("{x:.2e}"),
        a if a >= 100.0 => format!("{x:.0}"),
        _ => format!("{x:.3}"),
    };
    if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_a_readable_svg_and_a_png() {
        let folder = tempfile::tempdir().unwrap();
        let figure = Figure {
            title: "A line in a band µ".into(),
            notes: Vec::new(),
            x: "step".into(),
            y: "v [LSB]".into(),
            layers: vec![
                Layer::Band {
                    name: "budget".into(),
                    points: (0..20).map(|k| (f64::from(k), -1.0, f64::from(k))).collect(),
                },
                Layer::Line {
                    name: "float".into(),
                    points: (0..20).map(|k| (f64::from(k), f64::from(k) / 2.0)).collect(),
                },
                Layer::Dots { name: "fixed".into(), points: vec![(3.0, 2.0)] },
                Layer::Ticks { name: String::new(), marks: vec![(4.0, 0.0, 1.0)] },
            ],
            ..Figure::default()
        };
        let [svg, png] = figure.write(folder.path(), "figure").unwrap();
        let text = std::fs::read_to_string(svg).unwrap();
        for word in ["<svg", "A line in a band µ", "v [LSB]", "budget", "float", "fixed", "#0072B2"] {
            assert!(text.contains(word), "{word}");
        }
        let bytes = std::fs::read(png).unwrap();
        assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 4000, "{} bytes", bytes.len());
        // Nothing to draw is no fault, and a folder that does not exist is told.
        Figure::default().write(folder.path(), "empty").unwrap();
        assert!(Figure::default().write(&folder.path().join("none"), "x").is_err());
    }

    #[test]
    fn numbers_on_axes_are_short() {
        let all = [0.0, 0.25, 12.0, 1500.0, 2.5e6, 1e-5].map(number);
        assert_eq!(all, ["0", "0.25", "12", "1500", "2.50e6", "1.00e-5"]);
    }

    /// Shares end at 1, and so does their axis, however many names the legend has.
    #[test]
    fn the_axis_of_shares_ends_at_one() {
        let line = |name: &str| Layer::Line { name: name.into(), points: vec![(0.9, 1.0), (0.97, 0.4), (1.0, 0.0)] };
        let layers: Vec<Layer> = ["a", "b", "c", "d"].map(line).into();
        let free = Figure { layers, ..Figure::default() };
        assert!(free.ends()[1].end > 1.3);
        let falling = Figure { shares: Some(Shares::Falling), ..free.clone() };
        assert_eq!((falling.ends()[0].end, falling.ends()[1].clone()), (1.0, 0.0..1.0));
        let rising = Figure { shares: Some(Shares::Rising), ..free };
        assert_eq!(rising.ends()[1], 0.0..1.0);
        // What lies close together near 1 is told apart, and the legend has room below it.
        let near = Layer::Path { name: "near".into(), points: vec![(2.0, 0.95), (3.0, 0.98)] };
        let near = Figure { layers: vec![near], ..rising.clone() }.ends()[1].clone();
        assert!(near.start > 0.9 && near.start < 0.945 && near.end == 1.0, "{near:?}");
        let svg = rising.svg();
        let on_y = |text: &&str| text.contains("text-anchor=\"end\"");
        let marks: Vec<&str> = svg.split("<text").filter(on_y).filter_map(|text| text.lines().nth(1)).collect();
        assert!(
            marks.contains(&"1") && marks.iter().all(|mark| mark.parse::<f64>().is_ok_and(|y| y <= 1.0)),
            "{marks:?}"
        );
    }

    #[test]
    fn an_axis_that_counts_marks_no_halves() {
        let path = Layer::Path { name: String::new(), points: vec![(2.0, 0.5), (4.0, 0.7)] };
        let figure = Figure { layers: vec![path], x: "bits".into(), ..Figure::default() };
        let marks = |figure: &Figure| -> Vec<String> {
            let svg = figure.svg();
            // Marks of the horizontal axis are centred.
            let on_x = |text: &&str| text.contains("text-anchor=\"middle\"");
            let marks = svg.split("<text").filter(on_x).filter_map(|text| text.lines().nth(1));
            marks.filter(|mark| mark.parse::<f64>().is_ok()).map(str::to_owned).collect()
        };
        assert!(marks(&figure).contains(&"2.2".to_owned()), "{:?}", marks(&figure));
        assert_eq!(marks(&Figure { counts: true, ..figure }), ["2", "3", "4"]);
    }

    /// Of a mean power of 112 mW, for one: -3.47e-18 W at the foot.
    #[test]
    fn the_mark_at_zero_is_zero() {
        for top in [0.1123, 0.117, 3e-9, 7.7e5] {
            let layer = Layer::Ticks { name: "static".into(), marks: vec![(1.0, 0.0, top), (2.0, 0.0, top)] };
            let svg = Figure { layers: vec![layer], ..Figure::default() }.svg();
            let marks: Vec<&str> = svg.split("<text").filter_map(|text| text.lines().nth(1)).collect();
            let beside = |mark: &&str| mark.parse().is_ok_and(|x: f64| x != 0.0 && x.abs() < 1e-6 * top);
            assert!(marks.contains(&"0") && !marks.iter().any(beside), "{top}: {marks:?}");
        }
    }

    /// A raster of one neuron of two shows both, and marks no half of one.
    #[test]
    fn rows_are_whole_and_all_shown() {
        let ticks = Layer::Ticks { name: "float".into(), marks: vec![(4.0, -0.4, 0.4)] };
        let figure = Figure { layers: vec![ticks], rows: Some(0..2), ..Figure::default() };
        let svg = figure.svg();
        // The marks of the vertical axis end at its left; those of the horizontal one are centred.
        let on_y = |text: &&str| text.contains("text-anchor=\"end\"");
        let marks: Vec<&str> = svg.split("<text").filter(on_y).filter_map(|text| text.lines().nth(1)).collect();
        let marks: Vec<&str> = marks.into_iter().filter(|text| !text.is_empty()).collect();
        assert_eq!(marks, ["0", "1"], "{svg}");
    }

    #[test]
    fn a_sheet_shows_every_figure_and_escapes_its_text() {
        let figure = Figure {
            title: "a < b".into(),
            notes: vec!["\"c\" & d".into()],
            x: "x".into(),
            y: "y".into(),
            layers: vec![
                Layer::Line { name: "one".into(), points: vec![(0.0, 1.0), (1.0, -1.0)] },
                Layer::Upright { name: "here".into(), x: 0.5 },
            ],
            ..Figure::default()
        };
        let log = Figure { log_from: Some(0.1), ..figure.clone() };
        let sheet = Sheet { figures: vec![figure, log], columns: 1, part: (480, 320) };
        let svg = sheet.svg();
        assert_eq!(svg.matches("a &lt; b").count(), 2);
        assert!(svg.contains("&quot;c&quot; &amp; d") && svg.contains("height=\"640\""), "{svg}");
        assert_eq!(svg.matches("stroke=\"#0072B2\" stroke-width=\"2\"").count(), 2);
        assert_eq!(svg.matches("here").count(), 2);
        let folder = tempfile::tempdir().unwrap();
        let [_, png] = sheet.write(folder.path(), "sheet").unwrap();
        assert!(std::fs::read(png).unwrap().starts_with(b"\x89PNG"));
    }
}
