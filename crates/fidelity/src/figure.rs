//! Figures of comparisons and sweeps.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pumice::report::figure::{Figure, Layer, Shares, Sheet};
use pumice::report::{ReportError, prepare};

use crate::compare::{Against, Comparison, Divergence};
use crate::metric::rate;
use crate::observe::{Fired, State};
use crate::sweep::{Format, Point};

/// Steps that rasters show.
const SHOWN_STEPS: u64 = 300;
/// Steps that traces show.
const TRACED_STEPS: u64 = 60;
/// Neurons that a raster shows.
const SHOWN_NEURONS: u32 = 40;
/// Errors at and below this one are drawn at the lower end of a logarithmic axis `[LSB]`.
const SMALLEST_ERROR: f64 = 0.1;

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
        let seen = Seen { float, other, against };
        let name = float.process.replace('/', "_");
        files.extend(seen.raster(seen.window(comparison.steps, SHOWN_STEPS)).write(folder, &format!("raster_{name}"))?);
        files.extend(seen.rates(comparison.steps as f64).write(folder, &format!("rate_{name}"))?);
        if let (Some(a), Some(b)) = (comparison.float.state(&float.process, "v"), run.state(&float.process, "v")) {
            let steps = seen.window(comparison.steps, TRACED_STEPS);
            files.extend(seen.trace(a, b, steps).write(folder, &format!("trace_{name}"))?);
            files.extend(seen.errors(a, b).write(folder, &format!("error_{name}"))?);
        }
    }
    Ok(files)
}

/// One population in both forms.
struct Seen<'a> {
    float: &'a Fired,
    other: &'a Fired,
    against: &'a Against,
}

impl Seen<'_> {
    /// The first divergence, if it is in this population.
    fn own(&self) -> Option<&Divergence> {
        self.against.first_divergence.as_ref().filter(|d| d.process == self.float.process)
    }

    /// The steps shown: around the first divergence, else the first ones.
    fn window(&self, steps: u64, shown: u64) -> (u64, u64) {
        let start = self.own().map_or(0, |d| d.step.saturating_sub(shown / 2));
        let end = (start + shown).min(steps);
        (end.saturating_sub(shown), end)
    }

    /// A line at the first divergence, wherever it is, if it is in the steps shown.
    fn divergence(&self, (start, end): (u64, u64)) -> Option<Layer> {
        let d = self.against.first_divergence.as_ref().filter(|d| d.step > start && d.step <= end)?;
        let place = match d.process == self.float.process {
            true => format!("neuron {}", d.neuron),
            false => format!("neuron {} of {}", d.neuron, d.process),
        };
        let name = format!("first divergence, step {}: {place} fires in {} only", d.step, d.fired);
        Some(Layer::Upright { name, x: d.step as f64 })
    }

    fn raster(&self, steps: (u64, u64)) -> Figure {
        // The block of neurons in which the first one differs.
        let first = self.own().map_or(0, |d| d.neuron / SHOWN_NEURONS * SHOWN_NEURONS);
        let last = (first + SHOWN_NEURONS).min(self.float.n as u32);
        let ticks = |fired: &Fired, low: f64, high: f64| {
            let shown = fired.events.iter().filter(|e| e.0 > steps.0 && e.0 <= steps.1 && (first..last).contains(&e.1));
            shown.map(|(t, i)| (*t as f64, f64::from(*i) + low, f64::from(*i) + high)).collect()
        };
        let mut layers = vec![
            Layer::Ticks { name: "float".into(), marks: ticks(self.float, 0.02, 0.38) },
            Layer::Ticks { name: self.against.backend.clone(), marks: ticks(self.other, -0.38, -0.02) },
        ];
        layers.extend(self.divergence(steps));
        let of = match self.float.n as u32 > SHOWN_NEURONS {
            true => format!(", neurons {first} to {} of {}", last - 1, self.float.n),
            false => String::new(),
        };
        Figure {
            title: format!("Spikes of {}{of}: float above, {} below", self.float.process, self.against.backend),
            x: "step".into(),
            y: "neuron".into(),
            layers,
            rows: Some(first..last),
            ..Figure::default()
        }
    }

    fn rates(&self, steps: f64) -> Figure {
        let rates = |f: &Fired| f.trains().iter().map(|t| rate::rate(t, steps)).collect::<Vec<_>>();
        let (a, b) = (rates(self.float), rates(self.other));
        let most = a.iter().chain(&b).copied().fold(0.0, f64::max);
        Figure {
            title: format!("Rates of {}, one dot per neuron", self.float.process),
            x: "float [spikes per step]".into(),
            y: format!("{} [spikes per step]", self.against.backend),
            layers: vec![
                Layer::Line { name: "equal rates".into(), points: vec![(0.0, 0.0), (most, most)] },
                Layer::Dots { name: "neurons".into(), points: a.into_iter().zip(b).collect() },
            ],
            ..Figure::default()
        }
    }

    /// The voltage of the neuron of the first divergence, else of the one that fired most, over its error and budget.
    fn trace(&self, a: &State, b: &State, steps: (u64, u64)) -> Sheet {
        let trains = self.float.trains();
        let busiest = || (0..trains.len()).max_by_key(|i| trains[*i].len()).unwrap_or(0);
        let neuron = self.own().map_or_else(busiest, |d| d.neuron as usize);
        let shown = || steps.0 + 1..=steps.1;
        let line = |s: &State| shown().filter_map(|t| Some((t as f64, s.at(t, neuron)?))).collect::<Vec<_>>();
        let error = shown().filter_map(|t| Some((t as f64, (a.at(t, neuron)? - b.at(t, neuron)?).abs()))).collect();
        let budget = |t: u64| self.band()?.get((t as usize - 1) * a.n + neuron).copied();
        let band: Vec<_> = shown().filter_map(|t| Some((t as f64, 0.0, budget(t)?))).collect();
        let mut voltage = vec![
            Layer::Line { name: "float".into(), points: line(a) },
            Layer::Line { name: self.against.backend.clone(), points: line(b) },
        ];
        voltage.extend(self.divergence(steps));
        let mut below = Vec::new();
        if !band.is_empty() {
            below.push(Layer::Band { name: "rounding budget".into(), points: band });
        }
        below.push(Layer::Line { name: "error".into(), points: error });
        below.extend(self.divergence(steps).map(|line| match line {
            Layer::Upright { x, .. } => Layer::Upright { name: String::new(), x },
            other => other,
        }));
        let voltage = Figure {
            title: format!("Voltage of neuron {neuron} of {}", self.float.process),
            x: "step".into(),
            y: "v [LSB]".into(),
            layers: voltage,
            ..Figure::default()
        };
        let error = Figure {
            title: format!("Its error, {} against float", self.against.backend),
            x: "step".into(),
            y: format!("|error| [LSB], {SMALLEST_ERROR} or less at the foot"),
            layers: below,
            log_from: Some(SMALLEST_ERROR),
            ..Figure::default()
        };
        Sheet { figures: vec![voltage, error], columns: 1, part: (960, 400) }
    }

    fn band(&self) -> Option<&Vec<f64>> {
        self.against.budget.as_ref()?.bands.get(&self.float.process)
    }

    /// Root mean squared and largest error of the voltage over all neurons, step by step, with the largest budget.
    fn errors(&self, a: &State, b: &State) -> Figure {
        let n = a.n.max(1);
        let rows = || a.values.chunks(n).zip(b.values.chunks(n)).enumerate();
        let series =
            |f: &dyn Fn(&[f64], &[f64]) -> f64| rows().map(|(t, (a, b))| (t as f64 + 1.0, f(a, b))).collect::<Vec<_>>();
        let bands = self.band().map_or(&[][..], Vec::as_slice).chunks(n).enumerate();
        let budget: Vec<_> = bands.map(|(t, row)| (t as f64 + 1.0, row.iter().copied().fold(0.0, f64::max))).collect();
        let mut layers = vec![
            Layer::Line { name: "root mean square".into(), points: series(&crate::metric::rmse::rmse) },
            Layer::Line { name: "largest".into(), points: series(&crate::metric::rmse::largest) },
        ];
        if !budget.is_empty() {
            layers.push(Layer::Line { name: "largest rounding budget".into(), points: budget });
        }
        layers.extend(self.divergence((0, rows().count() as u64)));
        Figure {
            title: format!("Error of the voltage over all neurons of {}, {}", self.float.process, self.against.backend),
            x: "step".into(),
            y: format!("|error| [LSB], {SMALLEST_ERROR} or less at the foot"),
            layers,
            log_from: Some(SMALLEST_ERROR),
            ..Figure::default()
        }
    }
}

/// Draws quality against what was swept and against energy; returns the files.
///
/// # Errors
/// If a file cannot be written.
pub fn draw_sweep(points: &[Point], folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    prepare(folder)?;
    let mut files = Vec::new();
    let what = if points.iter().any(|p| p.accuracy.is_some()) { "Accuracy" } else { "Part of matched spikes" };
    let swept = swept(points);
    if let Some((axis, first)) = swept.first() {
        let figure = Figure {
            title: format!("{what} against {axis}"),
            x: (*axis).into(),
            y: what.into(),
            layers: series(points, *first, &swept[1..]),
            shares: Some(Shares::Rising),
            counts: true,
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
            title: format!("{what} against energy"),
            x: "dynamic energy [µJ]".into(),
            y: what.into(),
            layers: vec![
                Layer::Dots { name: "beaten by another format".into(), points: energy(false) },
                Layer::Path { name: "Pareto front in quality, energy and memory".into(), points: energy(true) },
            ],
            shares: Some(Shares::Rising),
            ..Figure::default()
        };
        files.extend(figure.write(folder, "front")?);
    }
    Ok(files)
}

type Axis = (&'static str, fn(Format) -> Option<u32>);

/// What takes more than one value, else what has any.
fn swept(points: &[Point]) -> Vec<Axis> {
    let axes: [Axis; 3] = [
        ("bits per weight", |f| f.weight_bits),
        ("bits of the decays", |f| f.decay_bits),
        ("bits of the thresholds", |f| f.threshold_bits),
    ];
    let values = |axis: &Axis| points.iter().filter_map(|p| axis.1(p.format)).collect::<BTreeSet<u32>>().len();
    let several: Vec<Axis> = axes.into_iter().filter(|axis| values(axis) > 1).collect();
    if several.is_empty() { axes.into_iter().filter(|axis| values(axis) > 0).collect() } else { several }
}

/// The points, one path for each value of the other axes.
fn series(points: &[Point], x: fn(Format) -> Option<u32>, others: &[Axis]) -> Vec<Layer> {
    let mut paths: BTreeMap<Vec<u32>, Vec<(f64, f64)>> = BTreeMap::new();
    for p in points {
        let Some(bits) = x(p.format) else { continue };
        let key = others.iter().filter_map(|axis| axis.1(p.format)).collect();
        paths.entry(key).or_default().push((f64::from(bits), p.quality()));
    }
    let named = |key: &[u32]| {
        let parts = others.iter().zip(key).map(|((axis, _), value)| format!("{value} {axis}"));
        parts.collect::<Vec<_>>().join(", ")
    };
    paths
        .into_iter()
        .map(|(key, mut points)| {
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            Layer::Path { name: named(&key), points }
        })
        .collect()
}
