//! Automatic quantisation within a budget: as few weight bits per connection as keep the network what it was.
//!
//! Scales, exponents and thresholds are chosen by [`pumice::quantise`]. Bits are taken away one connection after the
//! other, the one with most weights first, as long as the quantised network on the chip stays within the budget.

use pumice::file::ModelFile;
use pumice::models::Model;
use pumice::models::connection::dense::{DelayDense, Dense};
use pumice::models::connection::quantise::{Loss, Lost};
use pumice::process::{Backend, Body};
use pumice::profile::Profile;
use pumice::report::text::{count, percent, si};
use serde::Serialize;

use crate::metric::agreement;
use crate::observe::{Emulator, Machine, Observed, Setup, run};
use crate::sweep::{matched, quantised, weight_bits};
use crate::{Document, FidelityError};

/// What must be kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Limits {
    /// Least part of the samples answered as the float model does, `0..=1`; without a task it says nothing.
    pub agreement: f64,
    /// Least part of all spikes with a partner in the float model within 2 steps, `0..=1`.
    pub matched: f64,
    /// Most that the accuracy may lose, `0..=1`.
    pub accuracy_loss: f64,
}

/// One connection, and what quantising it cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// Path of the process.
    pub connection: String,
    /// Number of weights.
    pub weights: u64,
    /// Bits per weight before.
    pub bits_before: u32,
    /// Bits per weight.
    pub bits: u32,
    /// Power of two that scales the weights.
    pub weight_exp: i32,
    /// Factor of the population that it feeds.
    pub scale: f64,
    /// Largest difference between a weight and what acts for it, over the largest weight.
    pub relative_error: f64,
    /// The weight that lost most, as its process names it.
    pub worst: String,
    /// What that weight was and is, why, and how much of all was lost.
    pub lost: Lost,
}

/// What a quantisation came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quantised {
    /// Name of the model.
    pub model: String,
    /// Name of the profile.
    pub profile: String,
    /// By connection.
    pub connections: Vec<Cost>,
    /// Weights times their bits before `[bit]`.
    pub memory_before_bits: u64,
    /// Weights times their bits `[bit]`.
    pub memory_bits: u64,
    /// Answers as the float model gives them.
    pub agreement: Option<f64>,
    /// Accuracy of the float model.
    pub float_accuracy: Option<f64>,
    /// Accuracy.
    pub accuracy: Option<f64>,
    /// Spikes with a partner within 2 steps.
    pub matched: f64,
    /// Dynamic energy `[J]`.
    pub dynamic_j: Option<f64>,
    /// Runs that were needed.
    pub runs: usize,
}

/// Quantises a model; `progress` is told after each run.
///
/// Returns what it came to and the network, ready to be saved.
///
/// # Errors
/// If there is nothing to quantise, a run fails, or even 8 bits are beyond the limits.
pub fn quantise(
    document: &Document,
    profile: &Profile,
    samples: Option<usize>,
    limits: Limits,
    mut progress: impl FnMut(),
) -> Result<(Quantised, ModelFile), FidelityError> {
    let mut setup = Setup { samples, states: false, ..Setup::new(profile, Backend::Float) };
    let float = Emulator.observe(document, &setup)?;
    setup.backend = Backend::Chip;
    let a = profile.arithmetic.values.clone();
    let before = connections(document)?;
    if before.is_empty() {
        return Err(FidelityError::NothingToQuantise { model: document.name().to_owned() });
    }
    let mut bits: Vec<(String, u32)> = before.iter().map(|(path, _, _)| (path.clone(), 8)).collect();
    let mut runs = 0;
    let mut attempt = |bits: &[(String, u32)]| -> Result<Observed, FidelityError> {
        let (file, ..) = quantised(document, &a, |path| bits.iter().find(|b| b.0 == path).map(|b| b.1))?;
        let seen = run(file, &setup);
        runs += 1;
        progress();
        seen
    };
    let mut best = attempt(&bits)?;
    if let Some(over) = beyond(&float, &best, limits) {
        return Err(FidelityError::OverBudget { model: document.name().to_owned(), best: over });
    }
    let mut order: Vec<usize> = (0..before.len()).collect();
    order.sort_by_key(|k| std::cmp::Reverse(before[*k].1));
    for k in order {
        while bits[k].1 > 1 {
            let mut fewer = bits.clone();
            fewer[k].1 -= 1;
            // A network that cannot be run with so few bits is beyond every limit.
            match attempt(&fewer) {
                Ok(seen) if beyond(&float, &seen, limits).is_none() => (bits, best) = (fewer, seen),
                _ => break,
            }
        }
    }
    let (mut file, done, memory_bits) = quantised(document, &a, |path| bits.iter().find(|b| b.0 == path).map(|b| b.1))?;
    file.config.backend = Backend::Chip;
    file.profile = document.profile().to_owned();
    let quantised = Quantised {
        model: document.name().to_owned(),
        profile: profile.meta.name.clone(),
        connections: costs(document, &before, &bits, &done)?,
        memory_before_bits: before.iter().map(|(_, n, bits)| n * u64::from(*bits)).sum(),
        memory_bits,
        agreement: answers_alike(&float, &best),
        float_accuracy: float.accuracy(),
        accuracy: best.accuracy(),
        matched: matched(&float, &best, 2.0),
        dynamic_j: best.dynamic_j,
        runs,
    };
    Ok((quantised, file))
}

/// What each connection costs.
fn costs(
    document: &Document,
    before: &[(String, u64, u32)],
    bits: &[(String, u32)],
    done: &pumice::Quantisation,
) -> Result<Vec<Cost>, FidelityError> {
    let graph = document.model()?.graph;
    let cost = |(k, (path, weights, bits_before)): (usize, &(String, u64, u32))| {
        let own = done.connections.iter().find(|c| c.path == *path)?;
        let node = graph.nodes().iter().find(|node| node.path == *path)?;
        let Body::Model(model) = &node.body else { return None };
        Some(Cost {
            connection: path.clone(),
            weights: *weights,
            bits_before: *bits_before,
            bits: bits[k].1,
            weight_exp: own.weight_exp,
            scale: own.scale,
            relative_error: if own.largest > 0.0 { own.max_error / own.largest } else { 0.0 },
            worst: place(model, own.lost.worst),
            lost: own.lost.clone(),
        })
    };
    Ok(before.iter().enumerate().filter_map(cost).collect())
}

/// The name of a weight: by row and column, or by its place in the list.
fn place(model: &Model, k: usize) -> String {
    match model {
        Model::Dense(Dense { weights, .. }) | Model::DelayDense(DelayDense(Dense { weights, .. })) => {
            let columns = weights.0.first().map_or(1, Vec::len).max(1);
            format!("weights[{}][{}]", k / columns, k % columns)
        }
        _ => format!("weights[{k}]"),
    }
}

/// Connections with weights: path, number of weights, bits.
fn connections(document: &Document) -> Result<Vec<(String, u64, u32)>, FidelityError> {
    let file = document.model()?;
    let mut all = Vec::new();
    for node in file.graph.nodes() {
        let Body::Model(model) = &node.body else { continue };
        if let Some((bits, n)) = weight_bits(&mut model.as_ref().clone()) {
            all.push((node.path.clone(), n, *bits));
        }
    }
    Ok(all)
}

fn answers_alike(float: &Observed, seen: &Observed) -> Option<f64> {
    Some(agreement::agreement(float.answers.as_ref()?, seen.answers.as_ref()?))
}

/// What is beyond the limits, in a few words.
fn beyond(float: &Observed, seen: &Observed, limits: Limits) -> Option<String> {
    let percent = |x: f64| format!("{:.2} %", 100.0 * x);
    let least = |what: &str, found: f64, least: f64| {
        (found < least).then(|| format!("{what} is {}, allowed is {} or more", percent(found), percent(least)))
    };
    let loss = float.accuracy().zip(seen.accuracy()).map(|(a, b)| a - b);
    answers_alike(float, seen)
        .and_then(|found| least("the part of equal answers", found, limits.agreement))
        .or_else(|| least("the part of matched spikes", matched(float, seen, 2.0), limits.matched))
        .or_else(|| {
            loss.filter(|loss| *loss > limits.accuracy_loss).map(|loss| {
                format!("the accuracy loses {}, allowed is {}", percent(loss), percent(limits.accuracy_loss))
            })
        })
}

/// A weight without needless digits.
fn short(x: f64) -> String {
    let text = format!("{x:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Cost {
    /// Two lines: what the format costs, and the weight that lost most.
    fn write(&self, text: &mut String) {
        use std::fmt::Write;
        let _ = writeln!(
            text,
            "  {:<24}{:>10}{:>6}{:>10}{:>10.4}{:>12}{:>10}{:>10}",
            self.connection,
            count(self.weights),
            self.bits,
            self.weight_exp,
            self.scale,
            percent(self.lost.norm),
            percent(self.lost.to_zero),
            percent(self.lost.clipped)
        );
        if self.relative_error == 0.0 {
            return;
        }
        let why = match self.lost.why {
            Loss::Rounded => "rounded to the nearest step",
            Loss::ToZero => "rounded to zero, being below half a step",
            Loss::Clipped => "clipped at the last step; a larger exponent would lose more of the others",
            Loss::Shifted => "low bits shifted out by the exponent",
        };
        let _ = writeln!(
            text,
            "    largest error: {} is {} and acts as {}, off by {} of the largest weight: {why}",
            self.worst,
            short(self.lost.given),
            short(self.lost.acts),
            percent(self.relative_error)
        );
    }
}

impl Quantised {
    /// What `pumice quantise` prints.
    pub fn text(&self) -> String {
        use std::fmt::Write;
        let mut text = format!("{} on {}\n", self.model, self.profile);
        if let (Some(agreement), Some(float), Some(fixed)) = (self.agreement, self.float_accuracy, self.accuracy) {
            let _ = writeln!(
                text,
                "  decisions         {} as in floating point; {} right, {} in floating point",
                percent(agreement),
                percent(fixed),
                percent(float)
            );
        }
        let _ = writeln!(text, "  spikes            {} within 2 steps of floating point", percent(self.matched));
        let _ = writeln!(
            text,
            "  weight memory     {} bit, {} bit before",
            count(self.memory_bits),
            count(self.memory_before_bits)
        );
        if let Some(energy) = self.dynamic_j {
            let _ = writeln!(text, "  dynamic energy    {}", si(energy, "J"));
        }
        let _ = writeln!(
            text,
            "  {:<24}{:>10}{:>6}{:>10}{:>10}{:>12}{:>10}{:>10}",
            "connection", "weights", "bits", "exponent", "scale", "norm lost", "to zero", "clipped"
        );
        self.connections.iter().for_each(|c| c.write(&mut text));
        text
    }
}
