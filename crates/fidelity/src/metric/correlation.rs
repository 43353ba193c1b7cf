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
///
/// Equal to [`pearson`] of [`binned`] trains; only bins with spikes are looked at.
pub fn coefficients(trains: &[Vec<f64>], bin: f64, length: f64, offset: f64) -> Vec<f64> {
    let n = (length / bin).floor().max(0.0);
    let counts: Vec<Counts> = trains.iter().map(|t| Counts::new(t, bin, n, offset)).collect();
    let pairs = (0..counts.len()).flat_map(|i| (i + 1..counts.len()).map(move |j| (i, j)));
    pairs.filter_map(|(i, j)| counts[i].coefficient(&counts[j], n)).collect()
}

/// The bins of a train that are not empty.
struct Counts {
    /// Number of the bin and spikes in it, ascending.
    occupied: Vec<(u64, f64)>,
    sum: f64,
    /// Number of bins times the sum of squares, less the square of the sum: integers, so nothing is rounded.
    spread: f64,
}

impl Counts {
    fn new(train: &[f64], bin: f64, n: f64, offset: f64) -> Self {
        let mut occupied: Vec<(u64, f64)> = Vec::with_capacity(train.len());
        let mut bins: Vec<f64> = train.iter().map(|t| ((t - offset) / bin).floor()).collect();
        bins.retain(|k| (0.0..n).contains(k));
        bins.sort_by(f64::total_cmp);
        for k in bins {
            match occupied.last_mut() {
                Some((last, count)) if *last == k as u64 => *count += 1.0,
                _ => occupied.push((k as u64, 1.0)),
            }
        }
        let sum: f64 = occupied.iter().map(|(_, count)| count).sum();
        let squares: f64 = occupied.iter().map(|(_, count)| count * count).sum();
        Counts { occupied, sum, spread: n * squares - sum * sum }
    }

    fn coefficient(&self, other: &Counts, n: f64) -> Option<f64> {
        let (a, b) = (&self.occupied, &other.occupied);
        let (mut i, mut j, mut together) = (0, 0, 0.0);
        while i < a.len() && j < b.len() {
            let (x, y) = (a[i].0, b[j].0);
            together += if x == y { a[i].1 * b[j].1 } else { 0.0 };
            i += usize::from(x <= y);
            j += usize::from(y <= x);
        }
        let spread = self.spread * other.spread;
        (spread > 0.0).then(|| (n * together - self.sum * other.sum) / spread.sqrt())
    }
}
