//! Float and fixed side by side: every metric by population, the first divergence with its cause, and what it hangs on.

use pumice::models::Arithmetic;
use pumice::process::Backend;
use pumice::profile::Profile;
use serde::Serialize;

use crate::budget::{Follower, Held, Margin, divergence};
use crate::knob::Knob;
use crate::metric::{agreement, coincidence, correlation, ks, rate, rmse, spike_distance, van_rossum, victor_purpura};
use crate::observe::{Emulator, Fired, Machine, Observed, Place, Setup, moving};
use crate::wiring::Wiring;
use crate::{Document, FidelityError};

/// Time constant of the van Rossum distance `[steps]`.
pub const TAU: f64 = 10.0;
/// Cost of moving a spike by one step in the Victor–Purpura distance.
pub const COST: f64 = 0.1;
/// Width of the bins of the pairwise correlation `[steps]`.
pub const BIN: f64 = 5.0;
/// Neurons whose pairs are correlated, at most.
const MOST_CORRELATED: usize = 100;
/// Spikes of one neuron beyond which the Victor–Purpura distance, whose cost is a product of counts, is left out.
const MOST_PAIRED: usize = 4000;

/// What to compare, and how closely.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The chip.
    pub profile: Profile,
    /// Backends to hold against the float twin.
    pub backends: Vec<Backend>,
    /// Seed of all draws; the model's own if absent.
    pub seed: Option<u64>,
    /// Samples of a task; all if absent.
    pub samples: Option<usize>,
    /// Lag within which spikes belong together `[steps]`.
    pub window: f64,
    /// Whether to try the knobs, each in a run of its own.
    pub knobs: bool,
}

impl Options {
    /// Fixed and chip against float, and the chip with its cells if it has some; a window of 2 steps, all samples, with knobs.
    pub fn new(profile: &Profile) -> Self {
        let backends = vec![Backend::Fixed, Backend::Chip];
        Options { profile: profile.clone(), backends, seed: None, samples: None, window: 2.0, knobs: true }
    }
}

/// The first spike that only one of two runs has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Divergence {
    /// Step, counted from 1, over all samples.
    pub step: u64,
    /// Path of the process.
    pub process: String,
    /// Neuron.
    pub neuron: u32,
    /// Which form fired: `float` or the other backend.
    pub fired: String,
    /// What brought it about, in one sentence.
    pub cause: String,
}

/// How the spikes of one population differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpikeMetrics {
    /// Path of the process.
    pub process: String,
    /// Number of neurons.
    pub neurons: usize,
    /// Spikes of the float twin.
    pub float_spikes: u64,
    /// Spikes of the other.
    pub spikes: u64,
    /// Mean rate of the float twin `[1/step]`.
    pub float_rate: f64,
    /// Mean rate of the other `[1/step]`.
    pub rate: f64,
    /// Rate of the other over the float twin's, less 1; `None` if the float twin is silent.
    pub rate_difference: Option<f64>,
    /// Part of all spikes that have a partner within the window.
    pub matched: f64,
    /// Mean lag of partners `[steps]`; positive where the other is late.
    pub mean_lag_steps: f64,
    /// Largest lag of partners `[steps]`.
    pub largest_lag_steps: f64,
    /// Mean coincidence factor of neurons that fired.
    pub coincidence_factor: Option<f64>,
    /// Mean van Rossum distance.
    pub van_rossum: f64,
    /// Mean Victor–Purpura distance; `None` where trains are too long for it.
    pub victor_purpura: Option<f64>,
    /// Mean SPIKE distance.
    pub spike_distance: f64,
    /// Mean CV of inter-spike intervals of the float twin, of neurons with three spikes or more.
    pub float_cv: Option<f64>,
    /// The other's.
    pub cv: Option<f64>,
    /// Mean pairwise correlation of the float twin.
    pub float_correlation: Option<f64>,
    /// The other's.
    pub correlation: Option<f64>,
    /// Kolmogorov–Smirnov distance of the neurons' rates.
    pub rate_ks: Option<f64>,
    /// Of their CVs.
    pub cv_ks: Option<f64>,
    /// Of the pairwise correlations.
    pub correlation_ks: Option<f64>,
}

/// How one variable of one population differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StateMetrics {
    /// Path of the process.
    pub process: String,
    /// Variable.
    pub variable: String,
    /// Root mean squared difference `[state LSB]`.
    pub rmse: f64,
    /// Largest difference `[state LSB]`.
    pub largest: f64,
    /// Largest magnitude of the float twin `[state LSB]`.
    pub float_largest: f64,
}

/// One backend against the float twin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Against {
    /// Name of the backend, or of the kind of cells that hold the weights on the chip: `fixed`, `chip`, `rram`.
    pub backend: String,
    /// The first spike that differs.
    pub first_divergence: Option<Divergence>,
    /// By population.
    pub spikes: Vec<SpikeMetrics>,
    /// By variable that changes; empty if state was too large to record.
    pub states: Vec<StateMetrics>,
    /// Wraps, clips and saturations, the earliest first.
    pub overflow: Vec<Place>,
    /// Part of the samples that both answer alike.
    pub agreement: Option<f64>,
    /// Part that this one answers rightly.
    pub accuracy: Option<f64>,
    /// Dynamic energy `[J]`.
    pub dynamic_j: Option<f64>,
    /// Populations whose weights lie in non-volatile cells, which hold them only nearly; no rounding budget covers that.
    pub weights_in_cells: Vec<String>,
    /// What became of the derived budgets; `None` where state was not recorded, or no LIF population can be followed.
    pub budget: Option<Held>,
}

/// How much the distance to float changes with one knob.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sensitivity {
    /// The knob and what it was turned to.
    #[serde(flatten)]
    pub knob: Knob,
    /// Processes that changed.
    pub processes: usize,
    /// Root of the summed squared van Rossum distances of all neurons to float.
    pub distance: f64,
    /// The same less that of the unchanged model.
    pub change: f64,
    /// Other ways to turn the weights that give the same spikes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same_as: Vec<Knob>,
}

/// What a comparison came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Name of the model.
    pub model: String,
    /// Name of the profile.
    pub profile: String,
    /// Name of its arithmetic.
    pub arithmetic: String,
    /// Steps of each run, all samples together.
    pub steps: u64,
    /// Lag within which spikes belong together `[steps]`.
    pub window_steps: f64,
    /// Part of the samples that float answers rightly.
    pub float_accuracy: Option<f64>,
    /// Spikes of all populations in float.
    pub float_spikes: u64,
    /// The first divergence of the first backend.
    pub first_divergence: Option<Divergence>,
    /// Each backend against float; where a chip has cells, the chip with weights in static memory and then with weights in them.
    pub backends: Vec<Against>,
    /// Knobs, the one that the difference hangs on most first.
    pub sensitivity: Vec<Sensitivity>,
    /// The float run.
    #[serde(skip)]
    pub float: Observed,
    /// The runs of the backends.
    #[serde(skip)]
    pub runs: Vec<Observed>,
    /// Processes that budgets do not follow, and why.
    pub not_followed: Vec<(String, String)>,
}

/// Compares a model on several backends with its float twin.
///
/// # Errors
/// If the model is wrong or a run fails.
pub fn compare(document: &Document, options: &Options) -> Result<Comparison, FidelityError> {
    let mut setup = Setup::new(&options.profile, Backend::Float);
    (setup.seed, setup.samples) = (options.seed, options.samples);
    let float = Emulator.observe(document, &setup)?;
    let file = document.model()?;
    let seed = setup.seed.unwrap_or(file.config.seed);
    let wiring = Wiring::new(&file.graph, setup.arithmetic(), seed)?;
    let mut own = Comparison {
        model: document.name().to_owned(),
        profile: options.profile.meta.name.clone(),
        arithmetic: setup.arithmetic().name.clone(),
        steps: float.steps,
        window_steps: options.window,
        float_accuracy: float.accuracy(),
        float_spikes: float.n_spikes(),
        first_divergence: None,
        backends: Vec::new(),
        sensitivity: Vec::new(),
        float,
        runs: Vec::new(),
        not_followed: wiring.unknown.clone(),
    };
    for (name, setup) in columns(options, &setup) {
        let run = Emulator.observe(document, &setup)?;
        // A model whose weights lie in no cell has no column of its own for them.
        if !setup.ideal && run.weights_in_cells.is_empty() {
            continue;
        }
        own.backends.push(against(&name, &own.float, &run, &wiring, (setup.arithmetic(), options.window)));
        own.runs.push(run);
    }
    own.first_divergence = own.backends.first().and_then(|b| b.first_divergence.clone());
    if options.knobs && !own.runs.is_empty() {
        let fixed = Setup { states: false, ideal: true, ..setup.on(options.backends[0]) };
        own.sensitivity = sensitivity(document, &own.float, &fixed, total_distance(&own.float, &own.runs[0]))?;
    }
    Ok(own)
}

/// What is held against the float twin: each backend, the chip with ideal weights, and where a chip has cells the chip
/// with its weights in them, under the name of their kind.
fn columns(options: &Options, setup: &Setup) -> Vec<(String, Setup)> {
    let ideal = Setup { ideal: true, ..setup.clone() };
    let cells = setup.profile.cells.as_ref();
    let own = options.backends.iter().map(|backend| (backend.name().to_owned(), ideal.on(*backend)));
    let cells = cells.filter(|_| options.backends.contains(&Backend::Chip));
    let kind = cells.map(|cells| cells.technology.split('-').next().unwrap_or("cells").to_owned());
    own.chain(kind.map(|kind| (kind, setup.on(Backend::Chip)))).collect()
}

/// Holds one run against the float run of the same model.
pub fn against(
    name: &str,
    float: &Observed,
    run: &Observed,
    wiring: &Wiring,
    (arithmetic, window): (&Arithmetic, f64),
) -> Against {
    let recorded = !run.states.is_empty() && !float.states.is_empty();
    let followed = wiring.populations.iter().any(|p| !run.has_in_cells(&p.path));
    let budget = (followed && recorded).then(|| Follower::new(wiring, arithmetic, float, run).follow());
    let pairs = float.fired.iter().filter(|f| !f.source).filter_map(|f| Some((f, run.fired_by(&f.process)?)));
    Against {
        backend: name.to_owned(),
        first_divergence: divergence(float, run).map(|d| Divergence {
            cause: cause(&d, run, budget.as_ref()),
            step: d.0,
            process: d.1,
            neuron: d.2,
            fired: if d.3 { "float".into() } else { name.to_owned() },
        }),
        spikes: pairs.map(|(a, b)| spike_metrics(a, b, float.steps as f64, window)).collect(),
        states: state_metrics(float, run),
        overflow: run.overflow.clone(),
        agreement: float.answers.as_ref().zip(run.answers.as_ref()).map(|(a, b)| agreement::agreement(a, b)),
        accuracy: run.accuracy(),
        dynamic_j: run.dynamic_j,
        weights_in_cells: run.weights_in_cells.clone(),
        budget,
    }
}

fn cause(divergence: &(u64, String, u32, bool), run: &Observed, budget: Option<&Held>) -> String {
    let first = run.overflow.iter().find(|p| p.record.first_step > 0);
    if let Some(place) = first.filter(|p| run.reset_every.is_some() || p.record.first_step <= divergence.0) {
        let r = &place.record;
        let what = format!("{:?}", r.kind).to_lowercase();
        return format!(
            "a register could not hold its value: `{}.{}` of neuron {} had its first {what} in step {}{}",
            place.process,
            r.variable,
            r.first_index,
            r.first_step,
            if run.reset_every.is_some() { " of a sample" } else { "" },
        );
    }
    if run.has_in_cells(&divergence.1) {
        return "weights in cells: those that act are not quite those of the model".into();
    }
    let own =
        |m: &&Margin| (m.step, m.process.as_str(), m.neuron) == (divergence.0, divergence.1.as_str(), divergence.2);
    match budget.and_then(|b| b.margin.as_ref()).filter(own) {
        Some(m) if m.explained() => format!(
            "rounding: the voltage was {:.1} LSB from the threshold, within its budget of {:.1} LSB",
            m.distance_lsb, m.budget_lsb
        ),
        Some(m) => format!(
            "not rounding: the voltage was {:.1} LSB from the threshold, beyond its budget of {:.1} LSB",
            m.distance_lsb, m.budget_lsb
        ),
        None => "not known: budgets do not follow this process".into(),
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0u64), |(sum, n), x| (sum + x, n + 1));
    (n > 0).then(|| sum / n as f64)
}

fn spike_metrics(float: &Fired, other: &Fired, length: f64, window: f64) -> SpikeMetrics {
    let (a, b) = (float.trains(), other.trains());
    let pairs = || a.iter().zip(&b);
    let n = a.len().max(1) as f64;
    let together: Vec<_> = pairs().map(|(x, y)| coincidence::coincidence(x, y, window, length)).collect();
    let weights: Vec<f64> = pairs().map(|(x, y)| (x.len() + y.len()) as f64).collect();
    let all: f64 = weights.iter().sum();
    let weighted = |f: &dyn Fn(&coincidence::Coincidence) -> f64, empty: f64| match all > 0.0 {
        true => together.iter().zip(&weights).map(|(c, w)| f(c) * w).sum::<f64>() / all,
        false => empty,
    };
    let (fa, fb) = (float.events.len() as f64, other.events.len() as f64);
    let rates = |t: &[Vec<f64>]| t.iter().map(|x| rate::rate(x, length)).collect::<Vec<_>>();
    let cvs = |t: &[Vec<f64>]| t.iter().filter_map(|x| rate::cv(x)).collect::<Vec<_>>();
    let few = |t: &[Vec<f64>]| correlation::coefficients(&t[..t.len().min(MOST_CORRELATED)], BIN, length, 1.0);
    let (ca, cb) = (few(&a), few(&b));
    let short = pairs().all(|(x, y)| x.len().max(y.len()) <= MOST_PAIRED);
    SpikeMetrics {
        process: float.process.clone(),
        neurons: float.n,
        float_spikes: float.events.len() as u64,
        spikes: other.events.len() as u64,
        float_rate: fa / n / length,
        rate: fb / n / length,
        rate_difference: (fa > 0.0).then(|| fb / fa - 1.0),
        matched: weighted(&|c| c.matched, 1.0),
        mean_lag_steps: weighted(&|c| c.mean_lag_steps, 0.0),
        largest_lag_steps: together.iter().fold(0.0, |most, c| most.max(c.largest_lag_steps)),
        coincidence_factor: mean(together.iter().filter_map(|c| c.factor)),
        van_rossum: mean(pairs().map(|(x, y)| van_rossum::van_rossum(x, y, TAU))).unwrap_or(0.0),
        victor_purpura: short.then(|| mean(pairs().map(|(x, y)| victor_purpura::victor_purpura(x, y, COST)))).flatten(),
        spike_distance: mean(pairs().map(|(x, y)| spike_distance::spike_distance(x, y, 0.0, length))).unwrap_or(0.0),
        float_cv: mean(cvs(&a).into_iter()),
        cv: mean(cvs(&b).into_iter()),
        float_correlation: mean(ca.iter().copied()),
        correlation: mean(cb.iter().copied()),
        rate_ks: ks::ks(&rates(&a), &rates(&b)),
        cv_ks: ks::ks(&cvs(&a), &cvs(&b)),
        correlation_ks: ks::ks(&ca, &cb),
    }
}

fn state_metrics(float: &Observed, run: &Observed) -> Vec<StateMetrics> {
    let metrics = |((process, variable), (a, b)): ((String, String), (Vec<f64>, Vec<f64>))| StateMetrics {
        process,
        variable,
        rmse: rmse::rmse(&a, &b),
        largest: rmse::largest(&a, &b),
        float_largest: a.iter().fold(0.0, |most, x| most.max(x.abs())),
    };
    moving(float, run).into_iter().map(metrics).collect()
}

/// Root of the summed squared van Rossum distances of all neurons of all populations.
pub fn total_distance(a: &Observed, b: &Observed) -> f64 {
    let mut sum = 0.0;
    for x in a.fired.iter().filter(|f| !f.source) {
        let Some(y) = b.fired_by(&x.process) else { continue };
        for (s, t) in x.trains().iter().zip(&y.trains()) {
            sum += van_rossum::van_rossum(s, t, TAU).powi(2);
        }
    }
    sum.sqrt()
}

/// The smallest steps of each knob, each tried alone.
fn sensitivity(
    document: &Document,
    float: &Observed,
    setup: &Setup,
    base: f64,
) -> Result<Vec<Sensitivity>, FidelityError> {
    let knobs = [
        Knob::WeightBits(7),
        Knob::WeightExponent(1),
        Knob::Decay(1),
        Knob::Decay(-1),
        Knob::Threshold(1),
        Knob::Threshold(-1),
    ];
    let mut all: Vec<Sensitivity> = Vec::new();
    let mut coarse: Option<(usize, Vec<Fired>)> = None;
    for knob in knobs {
        let (changed, processes) = knob.apply(document, setup.arithmetic())?;
        if processes == 0 {
            continue;
        }
        let seen = Emulator.observe(&changed, setup)?;
        // A bit less and an exponent more are often one and the same weight.
        if let (Knob::WeightExponent(_), Some((k, fired))) = (knob, &coarse)
            && *fired == seen.fired
        {
            all[*k].same_as.push(knob);
            continue;
        }
        let distance = total_distance(float, &seen);
        if let Knob::WeightBits(_) = knob {
            coarse = Some((all.len(), seen.fired));
        }
        all.push(Sensitivity { knob, processes, distance, change: distance - base, same_as: Vec::new() });
    }
    all.sort_by(|a, b| b.change.abs().total_cmp(&a.change.abs()));
    Ok(all)
}
