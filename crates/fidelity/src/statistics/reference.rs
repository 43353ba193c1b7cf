//! Distributions of another simulation, and how far statistics are from them.

use serde::{Deserialize, Serialize};

use super::{Method, Statistic, Statistics, between, mean_sd};

/// How one statistic is distributed over a population: points of its distribution function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// Mean of the statistic, where it is known.
    pub mean: Option<f64>,
    /// Its standard deviation, where it is known.
    pub sd: Option<f64>,
    /// Values of the statistic, ascending.
    pub at: Vec<f64>,
    /// The part that is smaller than each of them, `0..=1`, ascending.
    pub below: Vec<f64>,
    /// Whether only what lies between the first and the last value is known, as of a histogram that is cut off. The parts
    /// are then of what lies there, and nothing else is compared.
    pub cut: bool,
    /// What each part may be wrong by.
    pub uncertainty: f64,
    /// Kolmogorov–Smirnov distance of two realisations, mean and standard deviation over pairs; `None` if there was one.
    pub between: Option<[f64; 2]>,
}

/// Points that are kept of a sample, at most.
const POINTS: usize = 1001;

impl Distribution {
    /// The distribution of the samples of several realisations, all together.
    pub fn of(samples: &[&[f64]]) -> Self {
        let mut all: Vec<f64> = samples.iter().flat_map(|sample| sample.iter().copied()).collect();
        all.sort_by(f64::total_cmp);
        let n = all.len();
        let mut at: Vec<f64> = match n <= POINTS {
            true => all.clone(),
            false => (0..POINTS).map(|k| all[k * (n - 1) / (POINTS - 1)]).collect(),
        };
        at.dedup();
        let last = at.last().copied();
        // Beside the values, so that one that is rounded in another way elsewhere lies on the same side; and one above all.
        let beside = |x: f64, side: f64| x + side * 1e-9 * x.abs().max(1.0);
        let mut at: Vec<f64> = at.into_iter().map(|x| beside(x, -1.0)).collect();
        at.extend(last.map(|x| beside(x, 1.0)));
        let part = |x: &f64| all.partition_point(|own| own < x) as f64 / n as f64;
        let below = at.iter().map(part).collect();
        let known = mean_sd(all.iter().copied());
        let [mean, sd] = [0, 1].map(|k| known.map(|known| known[k]));
        Distribution { mean, sd, at, below, cut: false, uncertainty: 0.0, between: between(samples) }
    }

    /// The Kolmogorov–Smirnov distance of a sample at the points; `None` if the sample or the distribution is empty.
    pub fn distance(&self, sample: &[f64]) -> Option<f64> {
        let (first, last) = (*self.at.first()?, *self.at.last()?);
        let mut known: Vec<f64> = sample.iter().copied().filter(|x| !self.cut || (first..=last).contains(x)).collect();
        known.sort_by(f64::total_cmp);
        let part = |x: f64| known.partition_point(|own| *own < x) as f64 / known.len() as f64;
        let apart = self.at.iter().zip(&self.below).map(|(x, below)| (part(*x) - below).abs());
        (!known.is_empty()).then(|| apart.fold(0.0, f64::max))
    }

    /// What is wrong with it, if anything is.
    fn fault(&self) -> Option<&'static str> {
        let ascending = |all: &[f64]| all.iter().all(|x| x.is_finite()) && all.is_sorted();
        match () {
            () if self.at.len() != self.below.len() => Some("`at` and `below` differ in length"),
            () if !ascending(&self.at) || self.at.windows(2).any(|w| w[0] == w[1]) => Some("`at` does not ascend"),
            () if !ascending(&self.below) => Some("`below` does not ascend"),
            () if self.below.iter().any(|x| !(0.0..=1.0).contains(x)) => Some("`below` is not within 0..=1"),
            () if !(0.0..=1.0).contains(&self.uncertainty) => Some("`uncertainty` is not within 0..=1"),
            () => None,
        }
    }
}

/// The distributions of one population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PopulationReference {
    /// Its name.
    pub name: String,
    /// Rates `[Hz]`.
    pub rate_hz: Distribution,
    /// Coefficients of variation.
    pub cv: Distribution,
    /// Correlations.
    pub correlation: Distribution,
}

impl PopulationReference {
    fn of(&self, statistic: Statistic) -> &Distribution {
        match statistic {
            Statistic::Rate => &self.rate_hz,
            Statistic::Cv => &self.cv,
            Statistic::Correlation => &self.correlation,
        }
    }
}

/// What a network did in another simulation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The network.
    pub network: String,
    /// Its size against the full network.
    pub scale: f64,
    /// Who ran it, and where the data are from.
    pub source: String,
    /// How many realisations it is of.
    pub realisations: u32,
    /// Model time that was run and forgotten first `[ms]`.
    pub transient_ms: f64,
    /// Model time that was recorded `[ms]`.
    pub length_ms: f64,
    /// Bins of spike counts `[ms]`.
    pub bin_ms: f64,
    /// Neurons of a population that were correlated.
    pub neurons: usize,
    /// By population.
    pub populations: Vec<PopulationReference>,
}

/// One statistic of one population beside its reference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// The population.
    pub population: String,
    /// The statistic.
    pub statistic: &'static str,
    /// Mean of ours, and standard deviation; `None` of an empty sample.
    pub ours: Option<[f64; 2]>,
    /// Mean of the reference.
    pub reference_mean: Option<f64>,
    /// Standard deviation of the reference.
    pub reference_sd: Option<f64>,
    /// Kolmogorov–Smirnov distance from the reference, mean over our realisations; `None` if one of them has no sample.
    pub distance: Option<f64>,
    /// What the reference may be wrong by.
    pub uncertainty: f64,
    /// Distance of two realisations of the reference, mean and standard deviation.
    pub between: Option<[f64; 2]>,
    /// Whether the distance, less the uncertainty, is at most mean plus standard deviation of that of realisations.
    pub within: bool,
}

impl Reference {
    /// The distributions of realisations, which have the same populations with these names.
    pub fn of(
        (network, scale, source): (&str, f64, &str),
        (transient_ms, method): (f64, &Method),
        names: &[String],
        realisations: &[Vec<Statistics>],
    ) -> Self {
        let population = |(k, name): (usize, &String)| {
            let of = |statistic| {
                let samples: Vec<&[f64]> = realisations.iter().map(|own| own[k].sample(statistic)).collect();
                Distribution::of(&samples)
            };
            PopulationReference {
                name: name.clone(),
                rate_hz: of(Statistic::Rate),
                cv: of(Statistic::Cv),
                correlation: of(Statistic::Correlation),
            }
        };
        Reference {
            network: network.to_owned(),
            scale,
            source: source.to_owned(),
            realisations: realisations.len() as u32,
            transient_ms,
            length_ms: method.steps as f64 * method.step_ms,
            bin_ms: method.bin_ms,
            neurons: method.neurons,
            populations: names.iter().enumerate().map(population).collect(),
        }
    }

    /// Looks for values that no reference can have.
    ///
    /// # Errors
    /// What is wrong, as a part of a sentence.
    pub fn check(&self) -> Result<(), String> {
        for (field, ms, least) in [
            ("transient_ms", self.transient_ms, 0.0),
            ("length_ms", self.length_ms, 1e-3),
            ("bin_ms", self.bin_ms, 1e-3),
        ] {
            if !(ms.is_finite() && ms >= least) {
                return Err(format!("`{field}` is {ms}, allowed is a number of at least {least}"));
            }
        }
        for own in &self.populations {
            for statistic in Statistic::ALL {
                if let Some(fault) = own.of(statistic).fault() {
                    return Err(format!("{} of population `{}`: {fault}", statistic.name(), own.name));
                }
            }
        }
        Ok(())
    }

    /// Every statistic of every population that the reference has too, beside it.
    pub fn compare(&self, names: &[String], realisations: &[Vec<Statistics>]) -> Vec<Compared> {
        let mut all = Vec::new();
        for (k, name) in names.iter().enumerate() {
            let Some(reference) = self.populations.iter().find(|own| own.name == *name) else { continue };
            for statistic in Statistic::ALL {
                let samples: Vec<&[f64]> = realisations.iter().map(|own| own[k].sample(statistic)).collect();
                all.push(compare(name, statistic, reference.of(statistic), &samples));
            }
        }
        all
    }
}

fn compare(name: &str, statistic: Statistic, reference: &Distribution, samples: &[&[f64]]) -> Compared {
    let distances: Option<Vec<f64>> = samples.iter().map(|sample| reference.distance(sample)).collect();
    let distance = distances.and_then(|all| mean_sd(all.iter().copied())).map(|[mean, _]| mean);
    let within = match (distance, reference.between) {
        (Some(distance), Some([mean, sd])) => distance - reference.uncertainty <= mean + sd,
        _ => false,
    };
    Compared {
        population: name.to_owned(),
        statistic: statistic.name(),
        ours: mean_sd(samples.iter().flat_map(|sample| sample.iter().copied())),
        reference_mean: reference.mean,
        reference_sd: reference.sd,
        distance,
        uncertainty: reference.uncertainty,
        between: reference.between,
        within,
    }
}
