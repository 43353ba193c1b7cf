//! Kolmogorov–Smirnov distance of two samples: the largest difference of their distribution functions.

/// The distance, `0..=1`; `None` where a sample is empty.
pub fn ks(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.is_empty() || y.is_empty() {
        return None;
    }
    let [x, y] = [x, y].map(|all| {
        let mut sorted = all.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted
    });
    let below = |all: &[f64], at: f64| all.partition_point(|v| *v <= at) as f64 / all.len() as f64;
    Some(x.iter().chain(&y).map(|at| (below(&x, *at) - below(&y, *at)).abs()).fold(0.0, f64::max))
}
