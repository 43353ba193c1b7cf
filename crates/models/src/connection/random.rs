//! Connections drawn from a seed: a topology, and distributions of weights and delays.
//!
//! The same process in the same place of a graph has the same synapses in every run with that seed, in fixed and in
//! floating point. Fixed kernels take the drawn weights rounded to integers. The arithmetic is that of
//! [`Dense`](super::dense).

use std::borrow::Cow;

use pumice_num::{Draws, Purpose};
use rand_distr::{Distribution, Normal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::drawn::Drawn;
use super::rows::RowFormat;
use super::sparse::Sparse;
use super::synapses::{Listed, Synapses, behaves_as_listed, check_delays, check_message_bits};
use super::topology::Topology;
use super::weight::{SignMode, WeightFormat};
use crate::{ModelError, PerNeuron, Setting, VarSpec};

/// A number for each synapse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Choice {
    /// The same for all.
    Constant(f64),
    /// Evenly distributed.
    Uniform {
        /// Lowest value.
        low: f64,
        /// End of the range, not reached.
        high: f64,
    },
    /// Normally distributed, drawn again until it lies in a range (at most 1000 times, then cut to it).
    Redrawn {
        /// Mean before the range.
        mean: f64,
        /// Standard deviation before the range.
        std: f64,
        /// Lowest value.
        from: f64,
        /// Highest value.
        to: f64,
    },
    /// Normally distributed, cut to a range.
    Normal {
        /// Mean before the cut.
        mean: f64,
        /// Standard deviation before the cut.
        std: f64,
        /// Lowest value; no limit if absent.
        #[serde(default)]
        min: Option<f64>,
        /// Highest value; no limit if absent.
        #[serde(default)]
        max: Option<f64>,
    },
}

impl From<f64> for Choice {
    fn from(x: f64) -> Self {
        Choice::Constant(x)
    }
}

impl Choice {
    fn check(&self, field: &str) -> Result<(), ModelError> {
        let refuse = |value: String, allowed| Err(ModelError::range(field, value, allowed));
        match *self {
            Choice::Constant(x) if !x.is_finite() => refuse(x.to_string(), "a finite number"),
            Choice::Uniform { low, high } if !(low <= high && low.is_finite() && high.is_finite()) => {
                refuse(format!("{low}..{high}"), "finite, low not above high")
            }
            Choice::Normal { mean, std, .. } if !(mean.is_finite() && std.is_finite() && std >= 0.0) => {
                refuse(format!("{mean} and {std}"), "a finite mean and a finite deviation of at least 0")
            }
            Choice::Redrawn { mean, std, from, to } if !([mean, std, from, to].iter().all(|x| x.is_finite())) => {
                refuse(format!("{mean}, {std}, {from}..{to}"), "finite numbers")
            }
            Choice::Redrawn { std, from, to, .. } if std < 0.0 || from > to => {
                refuse(format!("{std}, {from}..{to}"), "a deviation of at least 0, from not above to")
            }
            Choice::Normal { min: Some(low), max: Some(high), .. } if low.is_nan() || high.is_nan() || low > high => {
                refuse(format!("{low}..{high}"), "min not above max")
            }
            _ => Ok(()),
        }
    }

    /// The smallest and largest value; infinite where there is no limit.
    pub(super) fn bounds(&self) -> (f64, f64) {
        match *self {
            Choice::Constant(x) => (x, x),
            Choice::Uniform { low, high } => (low, high),
            Choice::Redrawn { from, to, .. } => (from, to),
            Choice::Normal { min, max, .. } => (min.unwrap_or(f64::NEG_INFINITY), max.unwrap_or(f64::INFINITY)),
        }
    }

    #[inline]
    pub(super) fn draw(&self, draws: &mut Draws) -> f64 {
        match *self {
            Choice::Constant(x) => x,
            Choice::Uniform { low, high } => low + (high - low) * draws.unit(),
            Choice::Redrawn { mean, std, from, to } => {
                let normal = Normal::new(mean, std).expect("mean and deviation were checked");
                let mut draw = std::iter::repeat_with(|| normal.sample(draws)).take(1000);
                draw.find(|x| (from..=to).contains(x)).unwrap_or(mean.clamp(from, to))
            }
            Choice::Normal { mean, std, min, max } => {
                let normal = Normal::new(mean, std).expect("mean and deviation were checked");
                let x = normal.sample(draws);
                x.max(min.unwrap_or(f64::NEG_INFINITY)).min(max.unwrap_or(f64::INFINITY))
            }
        }
    }
}

/// A sparse connection whose synapses are drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Random {
    /// `[targets, sources]`.
    pub shape: [usize; 2],
    /// Who is connected to whom.
    pub topology: Topology,
    /// Weight of each synapse.
    pub weights: Choice,
    /// Delay of each synapse `[steps]` beyond the one step of every connection, rounded to integers.
    #[serde(default)]
    pub delays: Option<Choice>,
    /// Longest delay to make room for `[steps]`; 0 takes the longest one drawn.
    #[serde(default)]
    pub max_delay: u32,
    /// Seed of the synapses; that of the run if absent.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Power of two that scales all weights, `-8..=7`.
    #[serde(default)]
    pub weight_exp: i32,
    /// Bits per weight, `1..=8`; the sign is one of them in mixed mode.
    #[serde(default = "super::weight::eight")]
    pub num_weight_bits: u32,
    /// Signs; the narrowest that holds the drawn weights if absent.
    #[serde(default)]
    pub sign_mode: Option<SignMode>,
    /// Bits of a spike's payload, `0..=24`; 0 counts every spike as 1.
    #[serde(default)]
    pub num_message_bits: u32,
}

struct Lists {
    sources: Vec<u32>,
    targets: Vec<u32>,
    weights: Vec<f64>,
    delays: Vec<f64>,
}

impl Random {
    /// A connection of `[targets, sources]` with the seed of the run, exponent 0 and 8 bits.
    pub fn new(shape: [usize; 2], topology: Topology, weights: impl Into<Choice>) -> Self {
        Random {
            shape,
            topology,
            weights: weights.into(),
            delays: None,
            max_delay: 0,
            seed: None,
            weight_exp: 0,
            num_weight_bits: 8,
            sign_mode: None,
            num_message_bits: 0,
        }
    }

    pub(super) fn check_choices(&self) -> Result<(), ModelError> {
        self.weights.check("weights")?;
        self.delays.as_ref().map_or(Ok(()), |delays| delays.check("delays"))
    }

    fn lists(&self, setting: &Setting<'_>) -> Result<Lists, ModelError> {
        let seed = self.seed.unwrap_or(setting.seed);
        let wiring = self.topology.wiring(self.shape, seed, setting.place)?;
        self.check_choices()?;
        let mut drawn = Lists { sources: Vec::new(), targets: Vec::new(), weights: Vec::new(), delays: Vec::new() };
        for owner in 0..wiring.n_owners() {
            let mut weight = Draws::new(seed, Purpose::WEIGHT, setting.place, owner);
            let mut delay = Draws::new(seed, Purpose::DELAY, setting.place, owner);
            for (source, target) in wiring.of(owner) {
                drawn.sources.push(source);
                drawn.targets.push(target);
                drawn.weights.push(self.weights.draw(&mut weight));
                if let Some(delays) = &self.delays {
                    drawn.delays.push(delays.draw(&mut delay).round());
                }
            }
        }
        Ok(drawn)
    }

    /// The same connection as an explicit list, with weights as drawn.
    ///
    /// # Errors
    /// If a parameter is out of range.
    pub fn to_sparse(&self, setting: &Setting<'_>) -> Result<Sparse, ModelError> {
        let drawn = self.lists(setting)?;
        Ok(Sparse {
            shape: self.shape,
            sources: drawn.sources,
            targets: drawn.targets,
            weights: drawn.weights,
            weight_exp: self.weight_exp,
            num_weight_bits: self.num_weight_bits,
            sign_mode: self.sign_mode,
            num_message_bits: self.num_message_bits,
            delays: self.delays.is_some().then_some(PerNeuron::Each(drawn.delays)),
            max_delay: self.max_delay,
        })
    }
}

impl Listed for Random {
    fn shapes(&self) -> [Vec<usize>; 2] {
        [vec![self.shape[1]], vec![self.shape[0]]]
    }

    fn message_bits(&self) -> u32 {
        self.num_message_bits
    }

    fn weights(&self) -> Option<VarSpec> {
        None
    }

    fn synapses(&self, setting: &Setting<'_>) -> Result<Synapses<'_>, ModelError> {
        check_message_bits(self.num_message_bits)?;
        let drawn = self.lists(setting)?;
        let name = |k: usize| format!("delays[{k}]");
        let (delays, max_delay) = check_delays(&drawn.delays, self.max_delay, setting.arithmetic.delay_max, name)?;
        let format =
            WeightFormat::new(self.weight_exp, self.num_weight_bits, self.sign_mode, drawn.weights.iter().copied())?;
        let synapses = Synapses {
            n_in: self.shape[1],
            n_out: self.shape[0],
            sources: Cow::Owned(drawn.sources),
            targets: Cow::Owned(drawn.targets),
            weights: Cow::Owned(drawn.weights),
            delays,
            max_delay,
            format,
            as_given: false,
            rounded: true,
            graded: self.num_message_bits > 0,
            layout: RowFormat::Sparse,
        };
        synapses.check()
    }

    fn drawn(&self, setting: &Setting<'_>) -> Option<Result<Drawn, ModelError>> {
        self.to_drawn(setting).transpose()
    }
}

behaves_as_listed!(Random);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::support::{deliver, run_fixed, run_float, setting};
    use crate::{Arithmetic, Behaviour, Model};
    use proptest::prelude::*;

    fn example() -> Random {
        let topology = Topology::FixedInDegree { degree: 6, self_loops: true };
        let weights = Choice::Normal { mean: 40.0, std: 20.0, min: Some(0.0), max: None };
        let mut random = Random::new([30, 20], topology, weights);
        random.delays = Some(Choice::Uniform { low: 0.0, high: 5.0 });
        random
    }

    proptest! {
        /// A drawn connection is its list; its rows deliver the same; the twin is half a unit per synapse away.
        #[test]
        fn a_drawn_connection_is_its_list(
            inputs in proptest::collection::vec(proptest::collection::vec(0i32..=1, 20), 12),
            seed in any::<u64>(),
        ) {
            let a = Arithmetic::lava();
            let random = Random { seed: Some(seed), ..example() };
            let mut sparse = random.to_sparse(&setting(&a)).unwrap();
            let float = run_float(&random, &a, &inputs);
            prop_assert_eq!(&run_float(&sparse, &a, &inputs), &float);
            sparse.weights.iter_mut().for_each(|w| *w = w.round_ties_even());
            let fixed = run_fixed(&random, &a, &inputs);
            prop_assert_eq!(&run_fixed(&sparse, &a, &inputs), &fixed);
            let rows = random.rows(&setting(&a)).unwrap().unwrap();
            prop_assert_eq!(&deliver(&rows, &inputs), &fixed);
            for (x, y) in fixed.iter().flatten().zip(float.iter().flatten()) {
                prop_assert!((f64::from(*x) - y).abs() <= 0.5 * 6.0, "{x} {y}");
            }
            prop_assert!(inputs.iter().flatten().sum::<i32>() < 30 || fixed.iter().flatten().any(|x| *x > 0));
        }
    }

    #[test]
    fn weights_follow_their_distribution() {
        let a = Arithmetic::lava();
        let topology = Topology::AllToAll { self_loops: true };
        let weights = Choice::Normal { mean: 5.0, std: 2.0, min: None, max: None };
        let mut random = Random::new([200, 200], topology, weights);
        random.delays = Some(Choice::Uniform { low: -0.5, high: 3.5 });
        let list = random.to_sparse(&setting(&a)).unwrap();
        let n = list.weights.len() as f64;
        let mean = list.weights.iter().sum::<f64>() / n;
        let variance = list.weights.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / n;
        assert!((mean - 5.0).abs() < 5.0 * 2.0 / n.sqrt(), "{mean}");
        assert!((variance - 4.0).abs() < 5.0 * 4.0 * (2.0 / n).sqrt(), "{variance}");
        let Some(PerNeuron::Each(delays)) = list.delays else { panic!("no delays") };
        for d in 0..4 {
            let share = delays.iter().filter(|x| **x == f64::from(d)).count() as f64 / n;
            assert!((share - 0.25).abs() < 5.0 * (0.1875 / n).sqrt(), "{d}: {share}");
        }
    }

    #[test]
    fn files_can_name_it_and_seeds_matter() {
        let a = Arithmetic::lava();
        let text = serde_json::json!({
            "shape": [50, 50],
            "topology": {"kind": "erdos_renyi", "probability": 0.2},
            "weights": {"low": 1, "high": 100},
        });
        let model = Model::read("Random", text).unwrap().unwrap();
        let rows = |seed, place| model.rows(&Setting { arithmetic: &a, seed, place }).unwrap().unwrap();
        assert_eq!(rows(1, 2), rows(1, 2));
        assert_ne!(rows(1, 2), rows(2, 2));
        assert_ne!(rows(1, 2), rows(1, 3));
        assert!(rows(1, 2).len() > 300);
        let typo = serde_json::json!({
            "shape": [5, 5], "topology": {"kind": "erdos_renyi", "probabilty": 0.2}, "weights": 1,
        });
        assert!(Model::read("Random", typo).unwrap().is_err());
    }
}
