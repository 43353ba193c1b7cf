//! Mean rate, and how regular a train is: the coefficient of variation of its inter-spike intervals.
//!
//! CV is 0 for a clock and 1 for a Poisson process. Source: Softky and Koch, J Neurosci 13:334, 1993.

/// Spikes per step.
pub fn rate(train: &[f64], length: f64) -> f64 {
    if length > 0.0 { train.len() as f64 / length } else { 0.0 }
}

/// Standard deviation over mean of the inter-spike intervals; `None` below three spikes.
pub fn cv(train: &[f64]) -> Option<f64> {
    let intervals: Vec<f64> = train.windows(2).map(|w| w[1] - w[0]).collect();
    if intervals.len() < 2 {
        return None;
    }
    let n = intervals.len() as f64;
    let mean = intervals.iter().sum::<f64>() / n;
    let variance = intervals.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    Some(variance.sqrt() / mean)
}
