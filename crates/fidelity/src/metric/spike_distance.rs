//! SPIKE distance: how far apart spikes are, relative to the local intervals; free of parameters.
//!
//! ```text
//! S_n(t) = (Δ_P (t_F - t) + Δ_F (t - t_P)) / x_n        x_n = t_F - t_P
//! S(t)   = (S_1 x_2 + S_2 x_1) / (2 <x>²)               <x> = (x_1 + x_2) / 2
//! D      = mean of S over time
//! ```
//!
//! `t_P` and `t_F` are the spikes of train n before and after t, `Δ` the distance of such a spike to the nearest of the
//! other train. Source: Kreuz, Chicharro, Houghton, Andrzejak, Mormann, J Neurophysiol 109:1457, 2013. At the edges
//! the convention is PySpike's: the first and last interval go on, and an empty train has a spike at either end.

/// One train on its interval, with what lies beyond its ends.
struct Train {
    spikes: Vec<f64>,
    beyond: [f64; 2],
    ends: [f64; 2],
}

/// What a train is between two events.
struct Between {
    before: f64,
    after: f64,
    distance_before: f64,
    distance_after: f64,
    interval: f64,
}

impl Train {
    fn new(spikes: &[f64], ends: [f64; 2]) -> Self {
        let spikes = if spikes.is_empty() { ends.to_vec() } else { spikes.to_vec() };
        let n = spikes.len();
        let beyond = match n {
            1 => ends,
            _ => [ends[0].min(2.0 * spikes[0] - spikes[1]), ends[1].max(2.0 * spikes[n - 1] - spikes[n - 2])],
        };
        Train { spikes, beyond, ends }
    }

    /// Distance from a time to the nearest spike, those beyond the ends included.
    fn distance(&self, t: f64) -> f64 {
        let k = self.spikes.partition_point(|s| *s < t);
        let near = &self.spikes[k.saturating_sub(1)..(k + 1).min(self.spikes.len())];
        near.iter().chain(&self.beyond).map(|s| (s - t).abs()).fold(f64::INFINITY, f64::min)
    }

    /// The state in an open interval between events that starts at `t`.
    fn between(&self, t: f64, other: &Train) -> Between {
        let (s, n) = (&self.spikes, self.spikes.len());
        let k = s.partition_point(|x| *x <= t);
        let gap = |i: usize, j: usize| if n > 1 { s[j] - s[i] } else { 0.0 };
        match k {
            0 => {
                let d = other.distance(s[0]);
                let interval = (s[0] - self.ends[0]).max(gap(0, 1.min(n - 1)));
                Between { before: self.beyond[0], after: s[0], distance_before: d, distance_after: d, interval }
            }
            k if k == n => {
                let d = other.distance(s[n - 1]);
                let interval = (self.ends[1] - s[n - 1]).max(gap(n.saturating_sub(2), n - 1));
                Between { before: s[n - 1], after: self.beyond[1], distance_before: d, distance_after: d, interval }
            }
            k => Between {
                before: s[k - 1],
                after: s[k],
                distance_before: other.distance(s[k - 1]),
                distance_after: other.distance(s[k]),
                interval: s[k] - s[k - 1],
            },
        }
    }
}

impl Between {
    fn at(&self, t: f64) -> f64 {
        if self.distance_before == self.distance_after {
            return self.distance_before;
        }
        (self.distance_before * (self.after - t) + self.distance_after * (t - self.before)) / self.interval
    }
}

/// The distance of two trains on `start..end`, `0..1`.
pub fn spike_distance(a: &[f64], b: &[f64], start: f64, end: f64) -> f64 {
    if end <= start {
        return 0.0;
    }
    let (a, b) = (Train::new(a, [start, end]), Train::new(b, [start, end]));
    let mut events: Vec<f64> = a.spikes.iter().chain(&b.spikes).copied().chain([start, end]).collect();
    events.retain(|t| (start..=end).contains(t));
    events.sort_by(f64::total_cmp);
    events.dedup();
    let mut sum = 0.0;
    for pair in events.windows(2) {
        let (x, y) = (a.between(pair[0], &b), b.between(pair[0], &a));
        let mean = 0.5 * (x.interval + y.interval);
        let value = |t: f64| 0.5 * (x.at(t) * y.interval + y.at(t) * x.interval) / (mean * mean);
        sum += 0.5 * (value(pair[0]) + value(pair[1])) * (pair[1] - pair[0]);
    }
    sum / (end - start)
}
