//! What can be drawn on a pair of axes.

use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

/// One thing on the axes.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// Points joined by a line.
    Line {
        /// Name in the legend; none if empty.
        name: String,
        /// Points.
        points: Vec<(f64, f64)>,
    },
    /// The area between two lines, drawn faintly.
    Band {
        /// Name in the legend.
        name: String,
        /// `(x, lower, upper)`.
        points: Vec<(f64, f64, f64)>,
    },
    /// The area between two lines, drawn in full.
    Area {
        /// Name in the legend.
        name: String,
        /// `(x, lower, upper)`.
        points: Vec<(f64, f64, f64)>,
    },
    /// Points joined by a line, with a dot on each.
    Path {
        /// Name in the legend.
        name: String,
        /// Points.
        points: Vec<(f64, f64)>,
    },
    /// An upright line over the whole height.
    Upright {
        /// Name in the legend.
        name: String,
        /// Where.
        x: f64,
    },
    /// Dots.
    Dots {
        /// Name in the legend.
        name: String,
        /// Points.
        points: Vec<(f64, f64)>,
    },
    /// Short upright marks, as of spikes.
    Ticks {
        /// Name in the legend.
        name: String,
        /// `(x, lower end, upper end)`.
        marks: Vec<(f64, f64, f64)>,
    },
}

impl Layer {
    pub(super) fn name(&self) -> &str {
        match self {
            Layer::Line { name, .. }
            | Layer::Band { name, .. }
            | Layer::Area { name, .. }
            | Layer::Path { name, .. }
            | Layer::Upright { name, .. }
            | Layer::Dots { name, .. }
            | Layer::Ticks { name, .. } => name,
        }
    }

    /// All its corners.
    pub(super) fn corners(&self) -> Vec<(f64, f64)> {
        match self {
            Layer::Line { points, .. } | Layer::Path { points, .. } | Layer::Dots { points, .. } => points.clone(),
            Layer::Upright { .. } => Vec::new(),
            Layer::Band { points: all, .. } | Layer::Area { points: all, .. } | Layer::Ticks { marks: all, .. } => {
                all.iter().flat_map(|(x, low, high)| [(*x, *low), (*x, *high)]).collect()
            }
        }
    }

    /// Where an upright line stands.
    pub(super) fn upright(&self) -> Option<f64> {
        if let Layer::Upright { x, .. } = self { Some(*x) } else { None }
    }

    /// Draws it; what is below the `ends` of the vertical axis lies at the lower one.
    pub(super) fn draw<B: DrawingBackend, Y: Ranged<ValueType = f64>>(
        &self,
        chart: &mut ChartContext<'_, B, Cartesian2d<RangedCoordf64, Y>>,
        colour: RGBColor,
        ends: (f64, f64),
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let up = |p: &(f64, f64)| (p.0, p.1.max(ends.0));
        let series = match self {
            Layer::Line { points, .. } => {
                chart.draw_series(LineSeries::new(points.iter().map(up), colour.stroke_width(2)))?
            }
            Layer::Path { points, .. } => {
                chart.draw_series(LineSeries::new(points.iter().map(up), colour.stroke_width(2)).point_size(4))?
            }
            Layer::Upright { x, .. } => {
                let line = vec![(*x, ends.0), (*x, ends.1)];
                chart.draw_series(std::iter::once(PathElement::new(line, colour.stroke_width(1))))?
            }
            Layer::Dots { points, .. } => {
                chart.draw_series(points.iter().map(|p| Circle::new(up(p), 4, colour.mix(0.75).filled())))?
            }
            Layer::Ticks { marks, .. } => chart.draw_series(marks.iter().map(|(x, low, high)| {
                PathElement::new(vec![up(&(*x, *low)), up(&(*x, *high))], colour.stroke_width(2))
            }))?,
            Layer::Band { points, .. } | Layer::Area { points, .. } => {
                let full = matches!(self, Layer::Area { .. });
                let upper = points.iter().map(|(x, _, high)| up(&(*x, *high)));
                let lower = points.iter().rev().map(|(x, low, _)| up(&(*x, *low)));
                let outline: Vec<(f64, f64)> = upper.chain(lower).collect();
                let fill = colour.mix(if full { 0.85 } else { 0.25 }).filled();
                chart.draw_series(std::iter::once(Polygon::new(outline, fill)))?
            }
        };
        if !self.name().is_empty() {
            let mark = move |(x, y): (i32, i32)| Rectangle::new([(x, y - 4), (x + 16, y + 4)], colour.filled());
            series.label(self.name()).legend(mark);
        }
        Ok(())
    }
}
