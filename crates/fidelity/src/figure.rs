//! Figures of comparisons and sweeps.

use std::path::{Path, PathBuf};

use pumice::report::figure::{Figure, Layer};
use pumice::report::{ReportError, prepare};

use crate::compare::Comparison;
use crate::metric::rate;
use crate::observe::{Fired, State};
use crate::sweep::Point;

/// Steps that rasters show.
const SHOWN_STEPS: u64 = 300;
/// Steps that traces show.
const TRACED_STEPS: u64 = 60;
/// Neurons that a raster shows.
const SHOWN_NEURONS: u32 = 40;

/// Draws rasters, traces, errors over time and rates of the first backend; returns the files.
///
/// # Errors
/// If a file cannot be written.
pub fn draw(comparison: &Comparison, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    prepare(folder)?;
    let mut files = Vec::new();
    let (Some(run), Some(against)) = (comparison.runs.first(), comparison.backends.first()) else { return Ok(files) };
    for float in comparison.float.fired.iter().filter(|f| !f.source) {
        let Some(other) = run.fired_by(&float.process) else { continue };
        let first = against.first_divergence.as_ref().filter(|d| d.process == float.process).map(|d| d.step);
        let name = float.process.replace('/', "_");
        files.extend(
            raster(float, other, &against.backend, window(first, comparison.steps, SHOWN_STEPS))
                .write(folder, &format!("raster_{name}"))?,
        );
        files.extend(
            rates(float, other, &against.backend, comparison.steps as f64).write(folder, &format!("rate_{name}"))?,
        );
        if let (Some(a), Some(b)) = (comparison.float.state(&float.process, "v"), run.state(&float.process, "v")) {
            let neuron = traced(
                against.first_divergence.as_ref().filter(|d| d.process == float.process).map(|d| d.neuron),
                float,
            );
            let band = against.budget.as_ref().and_then(|b| b.bands.get(&float.process));
            let seen = Traced { a, b, neuron, band, backend: &against.backend };
            files.extend(
                trace(&seen, window(first, comparison.steps, TRACED_STEPS)).write(folder, &format!("trace_{name}"))?,
            );
            files.extend(errors(&seen).write(folder, &format!("error_{name}"))?);
        }
    }
    Ok(files)
}

/// The steps shown: around the first divergence, else the first ones.
fn window(first: Option<u64>, steps: u64, shown: u64) -> (u64, u64) {
    let start = first.map_or(0, |step| step.saturating_sub(shown / 2));
    let end = (start + shown).min(steps);
    (end.saturating_sub(shown), end)
}

/// The neuron of the first divergence, else the one that fired most.
fn traced(first: Option<u32>, fired: &Fired) -> usize {
    let trains = fired.trains();
    let busiest = || (0..trains.len()).max_by_key(|i| trains[*i].len()).unwrap_or(0);
    first.map_or_else(busiest, |neuron| neuron as usize)
}

fn raster(float: &Fired, other: &Fired, backend: &str, (start, end): (u64, u64)) -> Figure {
    let ticks = |fired: &Fired, low: f64, high: f64| {
        let shown = fired.events.iter().filter(|e| e.0 > start && e.0 <= end && e.1 < SHOWN_NEURONS);
        shown.map(|(t, i)| (*t as f64, f64::from(*i) + low, f64::from(*i) + high)).collect()
    };
    Figure {
        title: format!("Spikes of {}: float above, {backend} below", float.process),
        x: "step".into(),
        y: "neuron".into(),
        layers: vec![
            Layer::Ticks { name: "float".into(), marks: ticks(float, 0.02, 0.38) },
            Layer::Ticks { name: backend.into(), marks: ticks(other, -0.38, -0.02) },
        ],
        ..Figure::default()
    }
}

fn rates(float: &Fired, other: &Fired, backend: &str, steps: f64) -> Figure {
    let rates = |f: &Fired| f.trains().iter().map(|t| rate::rate(t, steps)).collect::<Vec<_>>();
    let (a, b) = (rates(float), rates(other));
    let most = a.iter().chain(&b).copied().fold(0.0, f64::max);
    Figure {
        title: format!("Rates of {}, one dot per neuron", float.process),
        x: "float [spikes per step]".into(),
        y: format!("{backend} [spikes per step]"),
        layers: vec![
            Layer::Dots { name: "neurons".into(), points: a.into_iter().zip(b).collect() },
            Layer::Line { name: "equal".into(), points: vec![(0.0, 0.0), (most, most)] },
        ],
        ..Figure::default()
    }
}

/// A neuron whose voltage is shown.
struct Traced<'a> {
    a: &'a State,
    b: &'a State,
    neuron: usize,
    band: Option<&'a Vec<f64>>,
    backend: &'a str,
}

fn trace(seen: &Traced<'_>, (start, end): (u64, u64)) -> Figure {
    let steps = || start + 1..=end;
    let line = |s: &State| steps().filter_map(|t| Some((t as f64, s.at(t, seen.neuron)?))).collect::<Vec<_>>();
    let budget = |t: u64| seen.band?.get((t as usize - 1) * seen.a.n + seen.neuron).copied();
    let band = steps().filter_map(|t| {
        let (v, e) = (seen.a.at(t, seen.neuron)?, budget(t)?);
        Some((t as f64, v - e, v + e))
    });
    let layers = vec![
        Layer::Line { name: "float".into(), points: line(seen.a) },
        Layer::Line { name: seen.backend.into(), points: line(seen.b) },
        Layer::Band { name: "rounding budget".into(), points: band.collect() },
    ];
    Figure {
        title: format!("Voltage of neuron {} of {}", seen.neuron, seen.a.process),
        x: "step".into(),
        y: "v [LSB]".into(),
        layers,
        ..Figure::default()
    }
}

/// Root mean squared and largest error of the voltage over all neurons, step by step, with the largest budget.
fn errors(seen: &Traced<'_>) -> Figure {
    let n = seen.a.n.max(1);
    let rows = || seen.a.values.chunks(n).zip(seen.b.values.chunks(n)).enumerate();
    let series =
        |f: &dyn Fn(&[f64], &[f64]) -> f64| rows().map(|(t, (a, b))| (t as f64 + 1.0, f(a, b))).collect::<Vec<_>>();
    let bands = seen.band.map_or(&[][..], Vec::as_slice).chunks(n).enumerate();
    let budget = bands.map(|(t, row)| (t as f64 + 1.0, row.iter().copied().fold(0.0, f64::max))).collect::<Vec<_>>();
    let until = budget.len().max(2) as f64;
    // What comes after the first divergence is another size; the figure shows the part that rounding explains.
    let cut = |all: Vec<(f64, f64)>| all.into_iter().filter(|p| budget.is_empty() || p.0 < until).collect();
    Figure {
        title: format!("Error of the voltage of {} until the first divergence", seen.a.process),
        x: "step".into(),
        y: "|v fixed - v float| [LSB]".into(),
        layers: vec![
            Layer::Line { name: "root mean square".into(), points: cut(series(&crate::metric::rmse::rmse)) },
            Layer::Line { name: "largest".into(), points: cut(series(&crate::metric::rmse::largest)) },
            Layer::Line { name: "largest budget".into(), points: budget.clone() },
        ],
        ..Figure::default()
    }
}

/// Draws quality and energy of a sweep against the bits of weights, or of what was swept; returns the files.
///
/// # Errors
/// If a file cannot be written.
pub fn draw_sweep(points: &[Point], folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    prepare(folder)?;
    let mut files = Vec::new();
    let what = if points.iter().any(|p| p.accuracy.is_some()) { "accuracy" } else { "matched spikes" };
    let quality: Vec<(f64, &Point)> = points.iter().filter_map(|p| Some((bits(p)?, p))).collect();
    if !quality.is_empty() {
        let figure = Figure {
            title: format!("Quality against bits: {what}"),
            x: "bits".into(),
            y: what.into(),
            layers: vec![Layer::Dots {
                name: String::new(),
                points: quality.iter().map(|(x, p)| (*x, p.quality())).collect(),
            }],
            ..Figure::default()
        };
        files.extend(figure.write(folder, "quality")?);
    }
    let energy = |front: bool| -> Vec<(f64, f64)> {
        let all = points.iter().filter(|p| p.pareto == front);
        let mut all: Vec<(f64, f64)> = all.filter_map(|p| Some((p.dynamic_j? * 1e6, p.quality()))).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        all
    };
    if points.iter().any(|p| p.dynamic_j.is_some()) {
        let figure = Figure {
            title: format!("Quality against energy: {what}, the front joined"),
            x: "dynamic energy [µJ]".into(),
            y: what.into(),
            layers: vec![
                Layer::Dots { name: "beaten".into(), points: energy(false) },
                Layer::Line { name: "front".into(), points: energy(true) },
                Layer::Dots { name: "not beaten".into(), points: energy(true) },
            ],
            ..Figure::default()
        };
        files.extend(figure.write(folder, "front")?);
    }
    Ok(files)
}

/// The bits that were swept: of weights, else of decays, else of thresholds.
fn bits(point: &Point) -> Option<f64> {
    let f = point.format;
    f.weight_bits.or(f.decay_bits).or(f.threshold_bits).map(f64::from)
}
