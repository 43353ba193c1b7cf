//! Pairwise correlation of binned spike counts (Pearson), as Elephant's `correlation_coefficient`.

/// Spikes per bin of `bin` steps; step t, counted from 1, lies in bin `(t - 1) / bin` for `offset` 1.
pub fn binned(train: &[f64], bin: f64, length: f64, offset: f64) -> Vec<f64> {
    let mut counts = vec![0.0; (length / bin).floor().max(0.0) as usize];
    for t in train {
        let k = ((t - offset) / bin).floor();
        if k >= 0.0 && (k as usize) < counts.len() {
            counts[k as usize] += 1.0;
        }
    }
    counts
}

/// Pearson's coefficient of two series of equal length; `None` where one is constant.
pub fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len().min(y.len()) as f64;
    let mean = |all: &[f64]| all.iter().sum::<f64>() / n;
    let (mx, my) = (mean(x), mean(y));
    let sum = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(a, b)| f(a - mx, b - my)).sum::<f64>();
    let (xx, yy, xy) = (sum(&|a, _| a * a), sum(&|_, b| b * b), sum(&|a, b| a * b));
    (xx > 0.0 && yy > 0.0).then(|| xy / (xx * yy).sqrt())
}

/// The coefficients of all pairs of trains, upper triangle in rows; pairs with a constant member are left out.
pub fn coefficients(trains: &[Vec<f64>], bin: f64, length: f64, offset: f64) -> Vec<f64> {
    let counts: Vec<Vec<f64>> = trains.iter().map(|t| binned(t, bin, length, offset)).collect();
    let pairs = (0..counts.len()).flat_map(|i| (i + 1..counts.len()).map(move |j| (i, j)));
    pairs.filter_map(|(i, j)| pearson(&counts[i], &counts[j])).collect()
}
