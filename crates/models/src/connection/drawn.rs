//! Synapses that are drawn while they are laid into memory, without a list of them in between.
//!
//! A [`Drawn`] is what [`Random::rows`](crate::Behaviour::rows) would list, as a function: the synapses of any range of
//! targets, in a fixed order, the same each time. So the rows of a network with hundreds of millions of synapses can be
//! counted and then filled in place.

use std::ops::Range;

use pumice_num::{Draws, Purpose};
use serde::{Deserialize, Serialize};

use super::random::{Choice, Random};
use super::topology::Topology;
use super::weight::{SignMode, WeightFormat};
use crate::{Arithmetic, ModelError, Setting};

/// A random connection in one place of a graph, with one arithmetic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drawn {
    random: Random,
    sign: SignMode,
    seed: u64,
    place: u32,
    arithmetic: Arithmetic,
    longest: u8,
}

/// What of a synapse is asked for; what is not comes as 0 and is not drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Its weight. Synapses of weight 0 are left out only if they are known, see [`Drawn::never_zero`].
    pub weights: bool,
    /// Its delay.
    pub delays: bool,
}

impl Random {
    /// The connection as a function, if every weight and delay it can draw is known to be allowed and to need no
    /// second look: signs of one kind or given, bounded values, no exponent on sums, no payloads.
    ///
    /// # Errors
    /// If a parameter is out of range.
    pub fn to_drawn(&self, setting: &Setting<'_>) -> Result<Option<Drawn>, ModelError> {
        self.check_choices()?;
        let a = setting.arithmetic;
        let seed = self.seed.unwrap_or(setting.seed);
        let (low, high) = self.weights.bounds();
        let sign = match self.sign_mode {
            Some(sign) => sign,
            None if low >= 0.0 => SignMode::Excitatory,
            None if high <= 0.0 => SignMode::Inhibitory,
            None => return Ok(None),
        };
        let format = WeightFormat::new(self.weight_exp, self.num_weight_bits, Some(sign), std::iter::empty())?;
        let (first, last) = self.delays.as_ref().map_or((0.0, 0.0), Choice::bounds);
        let most = if self.max_delay == 0 { a.delay_max } else { self.max_delay };
        let known = self.num_message_bits == 0
            && format.sum_exponent(a) == 0
            && low.abs().max(high.abs()).round_ties_even() <= 8_388_607.0
            && (0.0..=f64::from(most)).contains(&first.round())
            && (0.0..=f64::from(most)).contains(&last.round())
            && most <= a.delay_max.min(255);
        if !known {
            return Ok(None);
        }
        self.topology.wiring(self.shape, seed, setting.place)?;
        let longest = last.round() as u8;
        let (random, arithmetic) = (self.clone(), a.clone());
        Ok(Some(Drawn { random, sign, seed, place: setting.place, arithmetic, longest }))
    }
}

impl Drawn {
    /// Number of sources.
    pub const fn n_in(&self) -> usize {
        self.random.shape[1]
    }

    /// Number of targets.
    pub const fn n_out(&self) -> usize {
        self.random.shape[0]
    }

    /// Number of synapses; drawn only where it does not follow from the topology.
    pub fn count(&self) -> usize {
        let [n_out, n_in] = self.random.shape;
        match self.random.topology {
            Topology::FixedInDegree { degree, .. } | Topology::DrawnInDegree { degree } if self.never_zero() => {
                degree as usize * n_out
            }
            Topology::FixedOutDegree { degree, .. } if self.never_zero() => degree as usize * n_in,
            Topology::FixedTotal { synapses } if self.never_zero() => synapses as usize,
            _ => {
                let mut n = 0;
                self.each(0..n_out, Parts { weights: false, delays: false }, |_, _, _, _| n += 1);
                n
            }
        }
    }

    /// Whether every target may have as many synapses as any other.
    pub const fn is_even(&self) -> bool {
        self.random.topology.is_even()
    }

    /// A delay that no synapse exceeds `[steps]`.
    pub const fn longest_delay(&self) -> u8 {
        self.longest
    }

    /// Bits per weight in memory.
    pub const fn weight_bits(&self) -> u32 {
        self.random.num_weight_bits
    }

    /// Bits per delay in memory.
    pub const fn delay_bits(&self) -> u32 {
        u8::BITS - self.longest.leading_zeros()
    }

    /// The smallest and largest weight that can act on an accumulator `[weight LSB]`.
    pub fn weight_range(&self) -> (i32, i32) {
        let (low, high) = self.random.weights.bounds();
        (self.effective(low), self.effective(high))
    }

    /// Whether no synapse can have weight 0, so that all that are drawn exist.
    pub fn never_zero(&self) -> bool {
        let (low, high) = self.weight_range();
        low > 0 || high < 0
    }

    fn effective(&self, w: f64) -> i32 {
        let (exponent, bits) = (self.random.weight_exp, self.random.num_weight_bits);
        WeightFormat { exponent, bits, sign: self.sign }.effective(w.round_ties_even() as i32, &self.arithmetic)
    }

    /// Shows every synapse onto the targets of a range: source, target, weight `[weight LSB]` and delay `[steps]`.
    ///
    /// The order is fixed: by target where targets own their synapses, else by source.
    pub fn each(&self, targets: Range<usize>, parts: Parts, mut show: impl FnMut(u32, u32, i32, u8)) {
        let topology = &self.random.topology;
        let wiring = topology.wiring([self.n_out(), self.n_in()], self.seed, self.place);
        let wiring = wiring.expect("the wiring was made once, when this was");
        let targets = targets.start as u32..targets.end as u32;
        let owners = if wiring.owners_are_targets() { targets.clone() } else { 0..wiring.n_owners() };
        let constant = match self.random.weights {
            Choice::Constant(w) => Some(self.effective(w)),
            _ => None,
        };
        let weighted = parts.weights || !self.never_zero();
        for owner in owners {
            let mut weights = Draws::new(self.seed, Purpose::WEIGHT, self.place, owner);
            let mut delays = Draws::new(self.seed, Purpose::DELAY, self.place, owner);
            for (source, target) in wiring.of(owner) {
                let weight = match constant {
                    Some(w) => w,
                    None if weighted => self.effective(self.random.weights.draw(&mut weights)),
                    None => 1,
                };
                let delay = match &self.random.delays {
                    Some(choice) if parts.delays => choice.draw(&mut delays).round() as u8,
                    _ => 0,
                };
                if weight != 0 && targets.contains(&target) {
                    show(source, target, weight, delay);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Behaviour;
    use crate::connection::support::setting;
    use proptest::prelude::*;

    fn topologies() -> impl Strategy<Value = Topology> {
        prop_oneof![
            (0_u32..15).prop_map(|degree| Topology::FixedInDegree { degree, self_loops: false }),
            (0_u32..40).prop_map(|degree| Topology::DrawnInDegree { degree }),
            (0_u64..600).prop_map(|synapses| Topology::FixedTotal { synapses }),
            (0_u32..15).prop_map(|degree| Topology::FixedOutDegree { degree, self_loops: true }),
            (0.0..0.5).prop_map(|probability| Topology::ErdosRenyi { probability, self_loops: true }),
            (1_u32..4).prop_map(|degree| Topology::BarabasiAlbert { degree, symmetric: true }),
        ]
    }

    fn weights() -> impl Strategy<Value = Choice> {
        prop_oneof![
            (-300.0..300.0).prop_map(Choice::Constant),
            (0.0..40.0).prop_map(|low| Choice::Uniform { low, high: low + 3.0 }),
            (-40.0..40.0).prop_map(|mean| Choice::Normal { mean, std: 9.0, min: Some(-50.0), max: Some(60.0) }),
            (-9.0..40.0).prop_map(|mean| Choice::Redrawn { mean, std: 9.0, from: 0.5, to: 30.0 }),
            (-40.0..-1.0).prop_map(|mean| Choice::Normal { mean, std: 9.0, min: None, max: Some(-1.0) }),
        ]
    }

    proptest! {
        /// A drawn connection shows the rows that it would list, whole and in parts, whatever is asked for.
        #[test]
        fn what_is_drawn_is_what_is_listed(
            topology in topologies(),
            weights in weights(),
            longest in 0_u32..9,
            exponent in -3..4,
            signed in any::<bool>(),
            named in 0_usize..5,
            (seed, cut) in (any::<u64>(), 0_usize..=20),
        ) {
            let a = Arithmetic::named(Arithmetic::NAMES[named]).unwrap();
            let mut random = Random::new([20, 20], topology, weights);
            random.delays = Some(Choice::Uniform { low: 0.0, high: f64::from(longest) });
            random.weight_exp = exponent;
            random.sign_mode = signed.then_some(SignMode::Mixed);
            random.seed = Some(seed);
            let rows = random.rows(&setting(&a)).unwrap();
            let Ok(Some(drawn)) = random.to_drawn(&setting(&a)) else { return Ok(()) };
            let rows = rows.unwrap();
            let mut listed: Vec<_> = (0..20)
                .flat_map(|i| (rows.start[i]..rows.start[i + 1]).map(move |k| (i as u32, k)))
                .map(|(i, k)| (i, rows.target[k], rows.weight[k], rows.delay_of(k)))
                .collect();
            let mut shown = Vec::new();
            let (mut n_bare, mut n_delayed) = (0, 0);
            for range in [0..cut, cut..20] {
                let all = Parts { weights: true, delays: true };
                drawn.each(range.clone(), all, |s, t, w, d| shown.push((s, t, w, d)));
                drawn.each(range.clone(), Parts { weights: false, delays: false }, |_, _, _, _| n_bare += 1);
                drawn.each(range, Parts { weights: false, delays: true }, |_, _, _, d| n_delayed += usize::from(d));
            }
            shown.sort_unstable();
            listed.sort_unstable();
            prop_assert_eq!(&shown, &listed);
            prop_assert_eq!(n_bare, listed.len());
            prop_assert_eq!(drawn.count(), listed.len());
            prop_assert_eq!(n_delayed, listed.iter().map(|s| usize::from(s.3)).sum::<usize>());
            let (low, high) = drawn.weight_range();
            prop_assert!(listed.iter().all(|s| (low..=high).contains(&s.2) && s.3 <= drawn.longest_delay()));
            prop_assert_eq!(drawn.weight_bits(), rows.weight_bits);
        }
    }

    #[test]
    fn what_may_have_to_be_refused_or_scaled_is_listed() {
        let a = Arithmetic::loihi1();
        let topology = Topology::DrawnInDegree { degree: 4 };
        let random = Random::new([9, 9], topology, 30.0);
        assert!(random.to_drawn(&setting(&a)).unwrap().is_some());
        let normal = Choice::Normal { mean: 9.0, std: 1.0, min: None, max: None };
        let wild = Random { weights: normal.clone(), ..random.clone() };
        assert!(wild.to_drawn(&setting(&a)).unwrap().is_none());
        let late = Random { delays: Some(normal), ..random.clone() };
        assert!(late.to_drawn(&setting(&a)).unwrap().is_none());
        let graded = Random { num_message_bits: 8, ..random.clone() };
        assert!(graded.to_drawn(&setting(&a)).unwrap().is_none());
        let scaled = Random { weight_exp: 2, ..random };
        assert!(scaled.to_drawn(&setting(&a)).unwrap().is_some());
        assert!(scaled.to_drawn(&setting(&Arithmetic::lava())).unwrap().is_none());
    }
}
