//! Small line charts as SVG: panels in a grid, each with a title, lines of text and curves over one axis.

use std::fmt::Write;

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Name in the legend; none is drawn where it is empty.
    pub name: String,
    /// Points `(x, y)`, in ascending `x`.
    pub points: Vec<(f64, f64)>,
}

/// One chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Title.
    pub title: String,
    /// Lines under the title: an equation, a source.
    pub notes: Vec<String>,
    /// What the horizontal axis shows, with its unit.
    pub x: String,
    /// What the vertical axis shows, with its unit.
    pub y: String,
    /// Curves.
    pub curves: Vec<Curve>,
}

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 280.0;
/// Space left, above, right and below of the curves.
const LEFT: f64 = 56.0;
const TOP: f64 = 76.0;
const RIGHT: f64 = 14.0;
const BOTTOM: f64 = 40.0;
const COLOURS: [&str; 4] = ["#1f6fb4", "#d1590f", "#2f8f4e", "#8350a8"];

/// Draws panels in rows of `columns`, at least one.
pub fn chart_svg(panels: &[Panel], columns: usize) -> String {
    let columns = columns.clamp(1, panels.len().max(1));
    let rows = panels.len().div_ceil(columns);
    let (width, height) = (WIDTH * columns as f64, HEIGHT * rows as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"10\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (k, panel) in panels.iter().enumerate() {
        let (x, y) = (WIDTH * (k % columns) as f64, HEIGHT * (k / columns) as f64);
        put(&mut svg, &format!("<g transform=\"translate({x},{y})\">\n{}</g>\n", panel_svg(panel)));
    }
    svg.push_str("</svg>\n");
    svg
}

fn put(svg: &mut String, text: &str) {
    svg.write_str(text).expect("a string takes all text");
}

fn text(at: (f64, f64), style: &str, content: &str) -> String {
    format!("<text x=\"{:.1}\" y=\"{:.1}\" {style}>{}</text>\n", at.0, at.1, escape(content))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn panel_svg(panel: &Panel) -> String {
    let points = || panel.curves.iter().flat_map(|c| &c.points);
    let (x0, x1, _) = scale(points().map(|p| p.0));
    let (y0, y1, step) = scale(points().map(|p| p.1).chain([0.0]));
    let at = |(x, y): (f64, f64)| {
        let across = LEFT + (x - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT);
        (across, HEIGHT - BOTTOM - (y - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM))
    };
    let mut svg = text((14.0, 20.0), "font-size=\"13\" font-weight=\"bold\"", &panel.title);
    for (k, note) in panel.notes.iter().enumerate() {
        put(&mut svg, &text((14.0, 35.0 + 13.0 * k as f64), "fill=\"#444\"", note));
    }
    for tick in ticks(y0, y1, step) {
        let (x, y) = at((x0, tick));
        let end = WIDTH - RIGHT;
        let colour = if tick == 0.0 { "#777" } else { "#ddd" };
        put(&mut svg, &format!("<path d=\"M{x:.1} {y:.1}H{end:.1}\" stroke=\"{colour}\"/>\n"));
        put(&mut svg, &text((x - 5.0, y + 3.5), "text-anchor=\"end\"", &label(tick)));
    }
    let (_, _, step) = scale(points().map(|p| p.0));
    for tick in ticks(x0, x1, step) {
        let (x, y) = at((tick, y0));
        put(&mut svg, &format!("<path d=\"M{x:.1} {y:.1}v4\" stroke=\"#777\"/>\n"));
        put(&mut svg, &text((x, y + 15.0), "text-anchor=\"middle\"", &label(tick)));
    }
    let middle = (LEFT + WIDTH - RIGHT) / 2.0;
    put(&mut svg, &text((middle, HEIGHT - 9.0), "text-anchor=\"middle\"", &panel.x));
    let up = (TOP + HEIGHT - BOTTOM) / 2.0;
    let turned = format!("text-anchor=\"middle\" transform=\"rotate(-90 14 {up})\"");
    put(&mut svg, &text((14.0, up), &turned, &panel.y));
    for (curve, colour) in panel.curves.iter().zip(COLOURS.iter().cycle()) {
        let line: Vec<String> = curve.points.iter().map(|p| at(*p)).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let line = line.join(" ");
        put(
            &mut svg,
            &format!("<polyline points=\"{line}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>\n"),
        );
    }
    for (k, (curve, colour)) in panel.curves.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let style = format!("text-anchor=\"end\" fill=\"{colour}\"");
        put(&mut svg, &text((WIDTH - RIGHT - 4.0, TOP + 10.0 + 12.0 * k as f64), &style, &curve.name));
    }
    svg
}

/// Ends and step of an axis that holds all finite values: steps of 1, 2 or 5 times a power of ten.
fn scale(values: impl Iterator<Item = f64>) -> (f64, f64, f64) {
    let finite = values.filter(|v| v.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    let (low, high) = if low > high { (0.0, 1.0) } else { (low, high) };
    let (low, high) = if low == high { (low - 1.0, high + 1.0) } else { (low, high) };
    let rough = (high - low) / 4.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough).unwrap_or(rough);
    ((low / step).floor() * step, (high / step).ceil() * step, step)
}

fn ticks(low: f64, high: f64, step: f64) -> impl Iterator<Item = f64> {
    let n = ((high - low) / step).round() as usize;
    (0..=n).map(move |k| (low / step).round() * step + k as f64 * step)
}

/// A tick as short as it can be.
fn label(tick: f64) -> String {
    let short = (tick * 1e6).round() / 1e6;
    format!("{}", if short == 0.0 { 0.0 } else { short })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_hold_all_values_in_round_steps() {
        let (low, high, step) = scale([-3.2, 7.9].into_iter());
        assert_eq!((low, high, step), (-5.0, 10.0, 5.0));
        assert_eq!(ticks(low, high, step).collect::<Vec<_>>(), [-5.0, 0.0, 5.0, 10.0]);
        assert_eq!(scale([2.0].into_iter()), (1.0, 3.0, 0.5));
        assert_eq!(scale(std::iter::empty()).0, 0.0);
    }

    #[test]
    fn a_chart_shows_every_panel_and_escapes_its_text() {
        let panel = Panel {
            title: "a < b".into(),
            notes: vec!["\"c\" & d".into()],
            x: "x".into(),
            y: "y".into(),
            curves: vec![Curve { name: "one".into(), points: vec![(0.0, 1.0), (1.0, -1.0)] }],
        };
        let svg = chart_svg(&[panel.clone(), panel], 1);
        assert_eq!(svg.matches("a &lt; b").count(), 2);
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(svg.contains("&quot;c&quot; &amp; d") && svg.contains("height=\"560\""));
    }
}
