//! What many chips came to, as numbers.

use pumice::device::Cause;
use serde::Serialize;

use super::{Answer, Variant};

/// How a number is distributed over chips.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Distribution {
    /// Mean.
    pub mean: f64,
    /// Standard deviation of a sample; absent for a single chip.
    pub sd: Option<f64>,
    /// Smallest.
    pub min: f64,
    /// A quarter is at most this (linear between order statistics, Hyndman and Fan's type 7, Am. Stat. 50(4), 1996).
    pub q25: f64,
    /// Half is at most this.
    pub median: f64,
    /// Three quarters are at most this.
    pub q75: f64,
    /// Largest.
    pub max: f64,
}

impl Distribution {
    /// Of at least one number.
    pub(super) fn of(mut all: Vec<f64>) -> Distribution {
        all.sort_by(f64::total_cmp);
        let (mean, sd) = moments(&all);
        let at = |share: f64| {
            let place = share * (all.len() - 1) as f64;
            let (below, above) = (all[place.floor() as usize], all[place.ceil() as usize]);
            below + (above - below) * place.fract()
        };
        Distribution { mean, sd, min: at(0.0), q25: at(0.25), median: at(0.5), q75: at(0.75), max: at(1.0) }
    }
}

/// The mean of differences between two variants of the same chips.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Paired {
    /// Mean.
    pub mean: f64,
    /// Its standard error; absent for a single chip.
    pub standard_error: Option<f64>,
}

impl Paired {
    fn of(differences: &[f64]) -> Paired {
        let (mean, sd) = moments(differences);
        Paired { mean, standard_error: sd.map(|sd| sd / (differences.len() as f64).sqrt()) }
    }
}

fn moments(all: &[f64]) -> (f64, Option<f64>) {
    let n = all.len() as f64;
    let mean = all.iter().sum::<f64>() / n;
    let squares: f64 = all.iter().map(|x| (x - mean).powi(2)).sum();
    (mean, (all.len() > 1).then(|| (squares / (n - 1.0)).sqrt()))
}

/// What a cause of error costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Loss {
    /// The cause.
    pub cause: Cause,
    /// Accuracy without it minus accuracy with it, chip by chip.
    pub loss: Paired,
}

/// What refreshing with one period came to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RefreshSummary {
    /// The period `[s]`.
    pub period_s: f64,
    /// Accuracy.
    pub accuracy: Distribution,
    /// Part of the chips at or above the target.
    pub share_at_target: f64,
    /// Accuracy with it minus accuracy without it, chip by chip.
    pub gain: Paired,
    /// Energy of all refreshes so far, the first programming not included, mean over chips `[J]`.
    pub refreshing_j: f64,
    /// Cells that the last programming gave up, mean over chips.
    pub refused: f64,
    /// Cycles of the most used cell of all chips.
    pub most_cycles: u64,
}

/// What all chips came to at one age.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgeSummary {
    /// Age `[s]`.
    pub age_s: f64,
    /// Accuracy of the chips as they were made.
    pub accuracy: Distribution,
    /// Part of the chips at or above the target.
    pub share_at_target: f64,
    /// Energy of programming `[J]`.
    pub programming_j: Distribution,
    /// Cells that programming gave up.
    pub refused: Distribution,
    /// What each cause costs.
    pub losses: Vec<Loss>,
    /// What refreshing brings, by period.
    pub refreshed: Vec<RefreshSummary>,
}

impl AgeSummary {
    pub(super) fn of(answers: &[Answer], variants: &[Variant], age_ns: u64, target: f64) -> AgeSummary {
        let of = |variant: Variant| -> Vec<&Answer> {
            answers.iter().filter(|a| a.age_ns == age_ns && a.variant == variant).collect()
        };
        let as_made = of(Variant::AsMade);
        let paired = |other: &[&Answer]| {
            let differences: Vec<f64> = other.iter().zip(&as_made).map(|(a, b)| a.accuracy - b.accuracy).collect();
            Paired::of(&differences)
        };
        let mut summary = AgeSummary {
            age_s: age_ns as f64 / 1e9,
            accuracy: distribution(&as_made, |a| a.accuracy),
            share_at_target: share(&as_made, target),
            programming_j: distribution(&as_made, |a| a.programming_j),
            refused: distribution(&as_made, |a| a.refused as f64),
            losses: Vec::new(),
            refreshed: Vec::new(),
        };
        for variant in variants {
            let own = of(*variant);
            match variant {
                Variant::AsMade => {}
                Variant::Without(cause) => summary.losses.push(Loss { cause: *cause, loss: paired(&own) }),
                Variant::Refreshed(period_ns) => summary.refreshed.push(RefreshSummary {
                    period_s: *period_ns as f64 / 1e9,
                    accuracy: distribution(&own, |a| a.accuracy),
                    share_at_target: share(&own, target),
                    gain: paired(&own),
                    refreshing_j: distribution(&own, |a| a.programming_j).mean - summary.programming_j.mean,
                    refused: distribution(&own, |a| a.refused as f64).mean,
                    most_cycles: own.iter().map(|a| a.most_cycles).max().unwrap_or(0),
                }),
            }
        }
        summary
    }
}

fn distribution(answers: &[&Answer], number: impl Fn(&Answer) -> f64) -> Distribution {
    Distribution::of(answers.iter().map(|a| number(a)).collect())
}

fn share(answers: &[&Answer], target: f64) -> f64 {
    answers.iter().filter(|a| a.accuracy >= target).count() as f64 / answers.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_and_paired_means_are_those_of_the_textbook() {
        let d = Distribution::of(vec![4.0, 1.0, 3.0, 2.0]);
        assert_eq!((d.mean, d.min, d.q25, d.median, d.q75, d.max), (2.5, 1.0, 1.75, 2.5, 3.25, 4.0));
        assert!((d.sd.unwrap() - (5.0f64 / 3.0).sqrt()).abs() < 1e-15);
        assert_eq!(Distribution::of(vec![7.0]), Distribution { sd: None, ..Distribution::of(vec![7.0, 7.0]) });
        let p = Paired::of(&[0.0, 0.2, 0.4]);
        assert!((p.mean - 0.2).abs() < 1e-15 && (p.standard_error.unwrap() - 0.2 / 3f64.sqrt()).abs() < 1e-15);
        assert_eq!(Paired::of(&[0.5]).standard_error, None);
    }
}
