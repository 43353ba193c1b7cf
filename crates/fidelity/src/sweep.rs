//! Accuracy and energy against bits: a grid of formats, each point quantised and run, and the front of the best.

use pumice::file::ModelFile;
use pumice::models::{Arithmetic, Model};
use pumice::process::{Backend, Body};
use pumice::profile::Profile;
use pumice::{Quantisation, in_parallel, quantise};
use serde::Serialize;

use crate::compare::total_distance;
use crate::knob::Knob;
use crate::metric::{agreement, coincidence};
use crate::observe::{Emulator, Machine, Observed, Setup, run};
use crate::{Document, FidelityError};

/// A point of the grid; what is absent stays as the model has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Format {
    /// Bits per weight, `1..=8`.
    pub weight_bits: Option<u32>,
    /// Bits of the decays, `1..=12`.
    pub decay_bits: Option<u32>,
    /// Significant bits of the thresholds, `1..=17`.
    pub threshold_bits: Option<u32>,
}

/// What a format came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The format.
    #[serde(flatten)]
    pub format: Format,
    /// Part of the samples answered rightly.
    pub accuracy: Option<f64>,
    /// Part of the samples answered as the float twin of the unchanged model does.
    pub agreement: Option<f64>,
    /// Part of all spikes with a partner in that twin within 2 steps.
    pub matched: f64,
    /// Root of the summed squared van Rossum distances of all neurons to it.
    pub distance: f64,
    /// Spikes of all populations.
    pub spikes: u64,
    /// Dynamic energy `[J]`; `None` where the profile knows no prices.
    pub dynamic_j: Option<f64>,
    /// Weights times their bits `[bit]`.
    pub weight_memory_bits: u64,
    /// Wraps, clips and saturations.
    pub overflows: u64,
    /// Whether no other point is at least as good in everything and better in something.
    pub pareto: bool,
}

impl Point {
    /// The accuracy, where there is none the part of matched spikes.
    pub fn quality(&self) -> f64 {
        self.accuracy.unwrap_or(self.matched)
    }
}

/// All points of a grid; an empty list leaves its format as it is.
pub fn grid(weight: &[u32], decay: &[u32], threshold: &[u32]) -> Vec<Format> {
    let choices = |all: &[u32]| if all.is_empty() { vec![None] } else { all.iter().copied().map(Some).collect() };
    let mut points = Vec::new();
    for weight_bits in choices(weight) {
        for decay_bits in choices(decay) {
            for threshold_bits in choices(threshold) {
                points.push(Format { weight_bits, decay_bits, threshold_bits });
            }
        }
    }
    points
}

/// Sets the bits of every connection for which `bits` has some, and quantises the network.
///
/// # Errors
/// If something does not fit with any scale.
pub(crate) fn quantised(
    document: &Document,
    a: &Arithmetic,
    bits: impl Fn(&str) -> Option<u32>,
) -> Result<(ModelFile, Quantisation, u64), FidelityError> {
    let mut file = document.model()?;
    let mut changed = Vec::new();
    let mut memory = 0;
    for node in file.graph.nodes() {
        let Body::Model(model) = &node.body else { continue };
        let mut own = model.as_ref().clone();
        if let Some((field, n)) = weight_bits(&mut own) {
            *field = bits(&node.path).unwrap_or(*field);
            memory += n * u64::from(*field);
            changed.push((node.path.clone(), own));
        }
    }
    for (path, model) in changed {
        let process = file.graph.find(&path)?;
        file.graph.replace(process, model)?;
    }
    let done = quantise(&mut file.graph, a)?;
    Ok((file, done, memory))
}

/// The bits per weight of a connection, and how many weights it has.
pub(crate) fn weight_bits(model: &mut Model) -> Option<(&mut u32, u64)> {
    let dense = |m: &pumice::models::Matrix| m.0.iter().map(|row| row.len() as u64).sum::<u64>();
    Some(match model {
        Model::Dense(d) => (&mut d.num_weight_bits, dense(&d.weights)),
        Model::DelayDense(d) => (&mut d.0.num_weight_bits, dense(&d.0.weights)),
        Model::Sparse(s) => (&mut s.num_weight_bits, s.weights.len() as u64),
        Model::DelaySparse(s) => (&mut s.0.num_weight_bits, s.0.weights.len() as u64),
        _ => return None,
    })
}

/// Part of all spikes of populations with a partner within `window` steps.
pub(crate) fn matched(a: &Observed, b: &Observed, window: f64) -> f64 {
    let (mut paired, mut all) = (0.0, 0.0);
    for x in a.fired.iter().filter(|f| !f.source) {
        let Some(y) = b.fired_by(&x.process) else { continue };
        for (s, t) in x.trains().iter().zip(&y.trains()) {
            paired += 2.0 * coincidence::pairs(s, t, window).len() as f64;
            all += (s.len() + t.len()) as f64;
        }
    }
    if all > 0.0 { paired / all } else { 1.0 }
}

/// How a sweep is run.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepOptions {
    /// The chip.
    pub profile: Profile,
    /// Samples of a task; all if absent.
    pub samples: Option<usize>,
    /// Threads; 0 takes as many as the machine offers. No result depends on it.
    pub threads: usize,
}

/// Runs every format; `progress` is told after each point. Points come in the order of the formats.
///
/// # Errors
/// The first fault in that order.
pub fn sweep(
    document: &Document,
    options: &SweepOptions,
    formats: &[Format],
    progress: impl Fn() + Sync,
) -> Result<Vec<Point>, FidelityError> {
    let mut setup = Setup::new(&options.profile, Backend::Float);
    (setup.samples, setup.states) = (options.samples, false);
    let float = Emulator.observe(document, &setup)?;
    let setup = setup.on(Backend::Chip);
    let points = in_parallel(formats.len(), options.threads, |k| {
        let point = one(document, &float, &setup, formats[k]);
        progress();
        point
    });
    let mut points = points.into_iter().collect::<Result<Vec<_>, _>>()?;
    mark_front(&mut points);
    Ok(points)
}

fn one(document: &Document, float: &Observed, setup: &Setup, format: Format) -> Result<Point, FidelityError> {
    let a = setup.arithmetic();
    let mut own = document.clone();
    for knob in
        [format.decay_bits.map(Knob::DecayBits), format.threshold_bits.map(Knob::ThresholdBits)].into_iter().flatten()
    {
        own = knob.apply(&own, a)?.0;
    }
    let (file, _, weight_memory_bits) = quantised(&own, a, |_| format.weight_bits)?;
    let seen = run(file, setup)?;
    Ok(Point {
        format,
        accuracy: seen.accuracy(),
        agreement: float.answers.as_ref().zip(seen.answers.as_ref()).map(|(a, b)| agreement::agreement(a, b)),
        matched: matched(float, &seen, 2.0),
        distance: total_distance(float, &seen),
        spikes: seen.n_spikes(),
        dynamic_j: seen.dynamic_j,
        weight_memory_bits,
        overflows: seen.overflow.iter().map(|p| p.record.count).sum(),
        pareto: false,
    })
}

/// Marks the points that nothing beats in quality, energy and memory at once.
fn mark_front(points: &mut [Point]) {
    let beats = |x: &Point, y: &Point| {
        let energy = |p: &Point| p.dynamic_j.unwrap_or(0.0);
        let as_good =
            x.quality() >= y.quality() && energy(x) <= energy(y) && x.weight_memory_bits <= y.weight_memory_bits;
        let better = x.quality() > y.quality() || energy(x) < energy(y) || x.weight_memory_bits < y.weight_memory_bits;
        as_good && better
    };
    let front: Vec<bool> = points.iter().map(|p| !points.iter().any(|other| beats(other, p))).collect();
    points.iter_mut().zip(front).for_each(|(p, front)| p.pareto = front);
}

/// The points as tidy CSV: one row per point, one column per number, empty where there is none.
pub fn csv(points: &[Point]) -> String {
    let mut text = String::from(
        "weight_bits,decay_bits,threshold_bits,accuracy,agreement,matched,distance,spikes,dynamic_j,weight_memory_bits,overflows,pareto\n",
    );
    let maybe = |x: Option<f64>| x.map_or_else(String::new, |x| x.to_string());
    let bits = |x: Option<u32>| x.map_or_else(String::new, |x| x.to_string());
    for p in points {
        let row = [
            bits(p.format.weight_bits),
            bits(p.format.decay_bits),
            bits(p.format.threshold_bits),
            maybe(p.accuracy),
            maybe(p.agreement),
            p.matched.to_string(),
            p.distance.to_string(),
            p.spikes.to_string(),
            maybe(p.dynamic_j),
            p.weight_memory_bits.to_string(),
            p.overflows.to_string(),
            p.pareto.to_string(),
        ];
        text.push_str(&row.join(","));
        text.push('\n');
    }
    text
}
