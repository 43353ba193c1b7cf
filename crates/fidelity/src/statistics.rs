//! The statistics by which simulations of a large network are compared where trains cannot be: how the rates, the
//! irregularity and the pairwise correlations of a population are distributed.
//!
//! Two recurrent networks, or one on two machines, soon fire differently; their distributions stay alike. How alike, the
//! Kolmogorov–Smirnov distances between realisations of the same network say. Source: Dasbach et al., Front. Neurosci.
//! 15:757790, 2021; the analysis is that of `INM-6/microcircuit-PD14-model`, `PyNEST/reference_data`.

mod reference;

pub use reference::{Compared, Distribution, PopulationReference, Reference};

use crate::metric::{correlation, ks, rate};

/// What is measured of a population.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Mean rate of each neuron `[Hz]`.
    Rate,
    /// Coefficient of variation of the inter-spike intervals of each neuron that fired three times or more.
    Cv,
    /// Pearson correlation of the binned spike counts of each pair of a part of the neurons.
    Correlation,
}

impl Statistic {
    /// All of them, in the order of results.
    pub const ALL: [Statistic; 3] = [Statistic::Rate, Statistic::Cv, Statistic::Correlation];

    /// The name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Statistic::Rate => "rate [Hz]",
            Statistic::Cv => "CV",
            Statistic::Correlation => "correlation",
        }
    }
}

/// How statistics are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Method {
    /// Model time of a step `[ms]`.
    pub step_ms: f64,
    /// Steps that were recorded.
    pub steps: u64,
    /// Bins of spike counts `[ms]`.
    pub bin_ms: f64,
    /// At most so many neurons of a population are correlated with each other, evenly spaced.
    pub neurons: usize,
}

/// The samples of one population.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// By neuron `[Hz]`.
    pub rate_hz: Vec<f64>,
    /// Of the neurons that have one.
    pub cv: Vec<f64>,
    /// By pair, where both neurons fired.
    pub correlation: Vec<f64>,
}

impl Statistics {
    /// The statistics of trains; a train is the ascending steps of a neuron's spikes, counted from 1 where the recording begins.
    pub fn of(trains: &[Vec<u32>], method: &Method) -> Self {
        let real = |train: &Vec<u32>| train.iter().map(|t| f64::from(*t)).collect::<Vec<f64>>();
        let length = method.steps as f64;
        let (mut rate_hz, mut cv) = (Vec::with_capacity(trains.len()), Vec::with_capacity(trains.len()));
        for train in trains {
            let train = real(train);
            rate_hz.push(rate::rate(&train, length) * 1e3 / method.step_ms);
            cv.extend(rate::cv(&train));
        }
        let n = method.neurons.min(trains.len());
        let some: Vec<Vec<f64>> = (0..n).map(|k| real(&trains[k * trains.len() / n])).collect();
        let correlation = correlation::coefficients(&some, method.bin_ms / method.step_ms, length, 1.0);
        Statistics { rate_hz, cv, correlation }
    }

    /// One of the samples.
    pub fn sample(&self, statistic: Statistic) -> &[f64] {
        match statistic {
            Statistic::Rate => &self.rate_hz,
            Statistic::Cv => &self.cv,
            Statistic::Correlation => &self.correlation,
        }
    }
}

/// Mean and standard deviation; `None` of nothing.
pub fn mean_sd(sample: impl Iterator<Item = f64> + Clone) -> Option<[f64; 2]> {
    let n = sample.clone().count() as f64;
    let mean = sample.clone().sum::<f64>() / n;
    let variance = sample.map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    (n > 0.0).then(|| [mean, variance.sqrt()])
}

/// Mean and standard deviation of the Kolmogorov–Smirnov distances of all pairs of samples; `None` below two samples.
pub fn between(samples: &[&[f64]]) -> Option<[f64; 2]> {
    let pairs = (0..samples.len()).flat_map(|i| (i + 1..samples.len()).map(move |j| (i, j)));
    let distances: Vec<f64> = pairs.filter_map(|(i, j)| ks::ks(samples[i], samples[j])).collect();
    mean_sd(distances.iter().copied())
}

#[cfg(test)]
mod tests;
