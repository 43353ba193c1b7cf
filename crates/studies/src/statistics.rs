//! How a population fires: rates, irregularity, correlation; and how far two distributions are apart.
//!
//! The measures are those of the microcircuit's reference (van Albada et al., Front. Neuroinform. 12, 2018): rate of each
//! neuron, coefficient of variation of its intervals, Pearson's correlation of the counts of pairs in bins of 2 ms,
//! compared by the distance of Kolmogorov and Smirnov.

/// How one population fired.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Firing {
    /// Rate of each neuron `[Hz]`.
    pub rates: Vec<f64>,
    /// Coefficient of variation of the intervals of each neuron with at least three spikes.
    pub cvs: Vec<f64>,
    /// Correlation of the binned counts of each pair of up to 200 neurons that fired.
    pub correlations: Vec<f64>,
}

/// Neurons whose pairs are correlated.
const CORRELATED: usize = 200;

impl Firing {
    /// From spikes `(step, neuron)` of `n` neurons in steps `first + 1 ..= last` of `step_ms` each.
    pub fn new(spikes: &[(u64, u32)], n: usize, (first, last): (u64, u64), step_ms: f64) -> Self {
        let mut trains: Vec<Vec<u64>> = vec![Vec::new(); n];
        for (step, neuron) in spikes.iter().filter(|s| (first + 1..=last).contains(&s.0)) {
            trains[*neuron as usize].push(step - first - 1);
        }
        let seconds = (last - first) as f64 * step_ms * 1e-3;
        let bin = ((2.0 / step_ms).round() as u64).max(1);
        Firing {
            rates: trains.iter().map(|train| train.len() as f64 / seconds).collect(),
            cvs: trains.iter().filter(|train| train.len() >= 3).map(|train| variation(train)).collect(),
            correlations: correlations(&trains, bin, (last - first).div_ceil(bin) as usize),
        }
    }

    /// Mean rate `[Hz]`.
    pub fn rate(&self) -> f64 {
        mean(&self.rates)
    }

    /// Mean coefficient of variation.
    pub fn cv(&self) -> f64 {
        mean(&self.cvs)
    }

    /// Mean correlation.
    pub fn correlation(&self) -> f64 {
        mean(&self.correlations)
    }
}

/// The mean; 0 of nothing.
pub fn mean(all: &[f64]) -> f64 {
    all.iter().sum::<f64>() / all.len().max(1) as f64
}

fn variation(train: &[u64]) -> f64 {
    let intervals: Vec<f64> = train.windows(2).map(|two| (two[1] - two[0]) as f64).collect();
    let average = mean(&intervals);
    (intervals.iter().map(|x| (x - average).powi(2)).sum::<f64>() / intervals.len() as f64).sqrt() / average
}

fn correlations(trains: &[Vec<u64>], bin: u64, n_bins: usize) -> Vec<f64> {
    let counts = |train: &Vec<u64>| {
        let mut counts = vec![0.0; n_bins];
        train.iter().for_each(|t| counts[(t / bin) as usize] += 1.0);
        let average = mean(&counts);
        counts.iter_mut().for_each(|x| *x -= average);
        let norm = counts.iter().map(|x| x * x).sum::<f64>().sqrt();
        (norm > 0.0).then(|| counts.into_iter().map(|x| x / norm).collect::<Vec<f64>>())
    };
    let normal: Vec<Vec<f64>> = trains.iter().filter(|t| !t.is_empty()).filter_map(counts).take(CORRELATED).collect();
    let pairs = (0..normal.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    pairs.map(|(i, j)| normal[i].iter().zip(&normal[j]).map(|(a, b)| a * b).sum()).collect()
}

/// The distance of Kolmogorov and Smirnov: the largest difference of the two distribution functions, `0..=1`.
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    let sorted = |all: &[f64]| {
        let mut all = all.to_vec();
        all.sort_by(f64::total_cmp);
        all
    };
    let (a, b) = (sorted(a), sorted(b));
    let (mut i, mut j, mut most) = (0, 0, 0.0_f64);
    while i < a.len() && j < b.len() {
        let x = a[i].min(b[j]);
        i += a[i..].iter().take_while(|y| **y <= x).count();
        j += b[j..].iter().take_while(|y| **y <= x).count();
        most = most.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_trains_have_no_variation_and_equal_trains_correlate() {
        let spikes: Vec<(u64, u32)> = (1..=100).filter(|t| t % 10 == 0).flat_map(|t| [(t, 0), (t, 1)]).collect();
        let firing = Firing::new(&spikes, 3, (0, 100), 1.0);
        assert_eq!(firing.rates, [100.0, 100.0, 0.0]);
        assert_eq!(firing.cvs, [0.0, 0.0]);
        assert_eq!(firing.correlations.len(), 1);
        assert!((firing.correlation() - 1.0).abs() < 1e-12);
        let late = Firing::new(&spikes, 3, (50, 100), 1.0);
        assert_eq!(late.rates, [100.0, 100.0, 0.0]);
    }

    #[test]
    fn distances_are_those_of_the_distribution_functions() {
        assert_eq!(distance(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), 0.0);
        assert_eq!(distance(&[1.0, 2.0], &[3.0, 4.0]), 1.0);
        assert_eq!(distance(&[1.0, 2.0, 3.0, 4.0], &[3.0, 4.0, 5.0, 6.0]), 0.5);
        assert_eq!(distance(&[0.0, 0.0, 1.0], &[0.0, 1.0, 1.0]), 1.0 / 3.0);
    }
}
