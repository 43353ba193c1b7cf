//! Distance of two recordings of state: root of the mean squared difference, and the largest one.

/// Root of the mean squared difference; 0 for nothing. Compares as many values as both have.
pub fn rmse(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().min(b.len());
    let square: f64 = a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum();
    (square / n.max(1) as f64).sqrt()
}

/// The largest difference.
pub fn largest(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |most, (x, y)| most.max((x - y).abs()))
}
