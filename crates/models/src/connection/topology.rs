//! Random and regular wirings, drawn from a seed.
//!
//! The synapses that one target (or one source) owns are a pure function of seed, place and index: they come out
//! the same in any order of evaluation, one by one or all at once. No pair is connected twice, save where the topology
//! says so.

use pumice_num::{Draws, Purpose, draw, draw_unit};
use rand_distr::{Binomial, Distribution};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ModelError;

/// Who is connected to whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields, expecting = "a table with `kind`")]
pub enum Topology {
    /// Every source to every target.
    AllToAll {
        /// Whether element i may connect to element i.
        #[serde(default = "yes")]
        self_loops: bool,
    },
    /// Every source to the target of its own number; as many sources as targets.
    OneToOne,
    /// Every target hears exactly `degree` different sources, all equally likely.
    FixedInDegree {
        /// Sources per target.
        degree: u32,
        /// Whether element i may connect to element i.
        #[serde(default = "yes")]
        self_loops: bool,
    },
    /// Every target draws `degree` sources, each from all of them: a pair may be joined several times, and an element
    /// to itself (NEST's `fixed_indegree` with multapses and autapses).
    DrawnInDegree {
        /// Synapses per target.
        degree: u32,
    },
    /// A number of synapses, each between a source and a target drawn from all (NEST's `fixed_total_number`): a pair may
    /// be joined several times, and an element to itself.
    ///
    /// How many fall to each target is multinomial, found by halving: of the synapses of a range of targets, a binomial
    /// number falls to its lower half. So a target's synapses do not depend on those of the others.
    FixedTotal {
        /// Synapses in all.
        synapses: u64,
    },
    /// Every source reaches exactly `degree` different targets, all equally likely.
    FixedOutDegree {
        /// Targets per source.
        degree: u32,
        /// Whether element i may connect to element i.
        #[serde(default = "yes")]
        self_loops: bool,
    },
    /// Every pair independently with the same probability (Gilbert's form of Erdős and Rényi's graph, 1959).
    ErdosRenyi {
        /// Probability of a synapse, `0..=1`.
        probability: f64,
        /// Whether element i may connect to element i.
        #[serde(default = "yes")]
        self_loops: bool,
    },
    /// A ring in which every source reaches its nearest neighbours, each synapse then moved to a random target with
    /// probability `rewire` (directed form of Watts and Strogatz, Nature 393, 1998). No self loops.
    WattsStrogatz {
        /// Targets per source, even: half on each side.
        degree: u32,
        /// Probability that a synapse is moved, `0..=1`.
        rewire: f64,
    },
    /// Elements join one by one; each hears `degree` earlier ones, chosen in proportion to their degree (Barabási and
    /// Albert, Science 286, 1999). The first `degree + 1` are fully connected. No self loops.
    ///
    /// The choice is the copy model of Batagelj and Brandes (Phys. Rev. E 71, 2005), which needs no shared state
    /// (Sanders and Schulz, 2016); a source chosen twice by one element is drawn again for it.
    BarabasiAlbert {
        /// Earlier elements that each element hears.
        degree: u32,
        /// Whether each of them hears the newcomer too.
        #[serde(default)]
        symmetric: bool,
    },
    /// Every pair independently with a probability that falls with distance on a grid.
    Distance {
        /// Grid of the sources, in C order; a line if absent.
        #[serde(default)]
        source_shape: Option<Vec<usize>>,
        /// Grid of the targets, stretched onto that of the sources; a line if absent.
        #[serde(default)]
        target_shape: Option<Vec<usize>>,
        /// How the probability falls.
        falloff: Falloff,
        /// Probability at distance 0, `0..=1`.
        #[serde(default = "one")]
        peak: f64,
        /// Whether the grid closes on itself.
        #[serde(default)]
        periodic: bool,
        /// Whether element i may connect to element i.
        #[serde(default = "yes")]
        self_loops: bool,
    },
}

/// How a probability falls with distance d, in grid steps of the sources.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Falloff {
    /// `exp(-d² / (2 sigma²))`.
    Gaussian(f64),
    /// `exp(-d / length)`.
    Exponential(f64),
    /// 1 up to the radius, 0 beyond.
    Disc(f64),
}

impl Falloff {
    fn at(self, d: f64) -> f64 {
        match self {
            Falloff::Gaussian(sigma) => (-d * d / (2.0 * sigma * sigma)).exp(),
            Falloff::Exponential(length) => (-d / length).exp(),
            Falloff::Disc(radius) => f64::from(u8::from(d <= radius)),
        }
    }

    fn size(self) -> f64 {
        match self {
            Falloff::Gaussian(x) | Falloff::Exponential(x) | Falloff::Disc(x) => x,
        }
    }
}

fn yes() -> bool {
    true
}

fn one() -> f64 {
    1.0
}

/// A wiring of given size and seed, ready to be asked.
#[derive(Clone, Debug)]
pub struct Wiring<'a> {
    topology: &'a Topology,
    n_out: u32,
    n_in: u32,
    seed: u64,
    place: u32,
    /// Sizes of the grids of sources and targets, axis by axis; empty if distance plays no part.
    axes: Vec<(usize, usize)>,
    /// Synapses of each target, where only their total is given; else empty.
    fan_in: Vec<u32>,
}

impl Topology {
    /// The wiring of `[targets, sources]` for a seed and a place.
    ///
    /// # Errors
    /// If a parameter is out of range or does not suit the sizes.
    pub fn wiring(&self, shape: [usize; 2], seed: u64, place: u32) -> Result<Wiring<'_>, ModelError> {
        let size = |n: usize| u32::try_from(n).map_err(|_| ModelError::range("shape", n, "at most 2^32 - 1 elements"));
        let [n_out, n_in] = [size(shape[0])?, size(shape[1])?];
        self.check(n_out, n_in)?;
        let mut fan_in = Vec::new();
        if let Topology::FixedTotal { synapses } = self {
            fan_in = vec![0; n_out as usize];
            halve(&mut fan_in, *synapses, &mut |node| Draws::new(seed, Purpose::FAN_IN, place, node), 1)?;
        }
        Ok(Wiring { topology: self, n_out, n_in, seed, place, axes: self.axes(n_out, n_in), fan_in })
    }

    /// Whether every target expects as many synapses as any other.
    pub const fn is_even(&self) -> bool {
        !matches!(self, Topology::BarabasiAlbert { .. } | Topology::Distance { .. })
    }

    fn axes(&self, n_out: u32, n_in: u32) -> Vec<(usize, usize)> {
        let Topology::Distance { source_shape, target_shape, .. } = self else {
            return Vec::new();
        };
        let line = |shape: &Option<Vec<usize>>, n: u32| shape.clone().unwrap_or_else(|| vec![n as usize]);
        line(source_shape, n_in).into_iter().zip(line(target_shape, n_out)).collect()
    }

    fn check(&self, n_out: u32, n_in: u32) -> Result<(), ModelError> {
        let probability = |field: &str, p: f64| match (0.0..=1.0).contains(&p) {
            true => Ok(()),
            false => Err(ModelError::range(field, p, "a number in 0..=1")),
        };
        let square = match self {
            Topology::OneToOne | Topology::WattsStrogatz { .. } | Topology::BarabasiAlbert { .. } => true,
            Topology::AllToAll { self_loops }
            | Topology::FixedInDegree { self_loops, .. }
            | Topology::FixedOutDegree { self_loops, .. }
            | Topology::ErdosRenyi { self_loops, .. }
            | Topology::Distance { self_loops, .. } => !self_loops,
            Topology::DrawnInDegree { .. } | Topology::FixedTotal { .. } => false,
        };
        if square && n_out != n_in {
            let allowed = "as many sources as targets for this topology";
            return Err(ModelError::range("shape", format!("[{n_out}, {n_in}]"), allowed));
        }
        let degree = |degree: u32, most: u32| match degree <= most {
            true => Ok(()),
            false => Err(ModelError::range("degree", degree, format!("an integer in 0..={most}"))),
        };
        match self {
            Topology::AllToAll { .. } | Topology::OneToOne => Ok(()),
            Topology::DrawnInDegree { degree: 0 } | Topology::FixedTotal { synapses: 0 } => Ok(()),
            Topology::DrawnInDegree { .. } | Topology::FixedTotal { .. } if n_in == 0 || n_out == 0 => {
                Err(ModelError::range("shape", format!("[{n_out}, {n_in}]"), "sources and targets for the synapses"))
            }
            Topology::DrawnInDegree { .. } | Topology::FixedTotal { .. } => Ok(()),
            Topology::FixedInDegree { degree: d, self_loops } => degree(*d, n_in - u32::from(!self_loops && n_in > 0)),
            Topology::FixedOutDegree { degree: d, self_loops } => {
                degree(*d, n_out - u32::from(!self_loops && n_out > 0))
            }
            Topology::ErdosRenyi { probability: p, .. } => probability("probability", *p),
            Topology::WattsStrogatz { degree: d, .. } if d % 2 != 0 => {
                Err(ModelError::range("degree", d, "an even integer"))
            }
            Topology::WattsStrogatz { degree: d, rewire } => {
                degree(*d, n_in.saturating_sub(1))?;
                probability("rewire", *rewire)
            }
            Topology::BarabasiAlbert { degree: 0, .. } => Err(ModelError::range("degree", 0, "at least 1")),
            Topology::BarabasiAlbert { degree: d, .. } => degree(*d, n_in.saturating_sub(1).min(1 << 20)),
            Topology::Distance { source_shape, target_shape, falloff, peak, .. } => {
                grid("source_shape", source_shape, n_in)?;
                grid("target_shape", target_shape, n_out)?;
                let (s, t) = (source_shape.as_ref().map_or(1, Vec::len), target_shape.as_ref().map_or(1, Vec::len));
                if s != t {
                    let allowed = format!("{s} dimensions, as source_shape");
                    return Err(ModelError::range("target_shape", t, allowed));
                }
                probability("peak", *peak)?;
                match falloff.size() > 0.0 {
                    true => Ok(()),
                    false => Err(ModelError::range("falloff", falloff.size(), "a positive number of grid steps")),
                }
            }
        }
    }
}

/// Shares `synapses` among the targets of `fan_in` by halving; node `k` of the tree has the children `2k` and `2k + 1`.
fn halve(fan_in: &mut [u32], synapses: u64, draws: &mut impl FnMut(u32) -> Draws, node: u32) -> Result<(), ModelError> {
    match fan_in {
        [] => Ok(()),
        [one] => {
            let many = |_| ModelError::range("synapses", synapses, "at most 2^32 - 1 for each target");
            *one = u32::try_from(synapses).map_err(many)?;
            Ok(())
        }
        all => {
            let (low, high) = all.split_at_mut(all.len() / 2);
            let share = low.len() as f64 / (low.len() + high.len()) as f64;
            let binomial = Binomial::new(synapses, share).expect("a share is in 0..=1");
            let below = binomial.sample(&mut draws(node));
            halve(low, below, draws, 2 * node)?;
            halve(high, synapses - below, draws, 2 * node + 1)
        }
    }
}

fn grid(field: &str, shape: &Option<Vec<usize>>, n: u32) -> Result<(), ModelError> {
    match shape {
        Some(shape) if shape.iter().product::<usize>() != n as usize => {
            let allowed = format!("a shape of {n} elements");
            Err(ModelError::range(field, format!("{shape:?}"), allowed))
        }
        _ => Ok(()),
    }
}

impl Wiring<'_> {
    /// Whether the synapses are owned by their sources; otherwise by their targets.
    pub fn by_source(&self) -> bool {
        matches!(self.topology, Topology::FixedOutDegree { .. } | Topology::WattsStrogatz { .. })
    }

    /// Whether every synapse is owned by its target, so that those of some targets can be drawn alone.
    pub fn owners_are_targets(&self) -> bool {
        !self.by_source() && !matches!(self.topology, Topology::BarabasiAlbert { symmetric: true, .. })
    }

    /// How many elements own synapses.
    pub fn n_owners(&self) -> u32 {
        if self.by_source() { self.n_in } else { self.n_out }
    }

    /// The synapses of one owner, `(source, target)`, in a fixed order.
    pub fn of(&self, owner: u32) -> Vec<(u32, u32)> {
        let partners = self.partners(owner);
        if self.by_source() {
            return partners.into_iter().map(|target| (owner, target)).collect();
        }
        if let Topology::BarabasiAlbert { symmetric: true, .. } = self.topology {
            return partners.into_iter().flat_map(|other| [(other, owner), (owner, other)]).collect();
        }
        partners.into_iter().map(|source| (source, owner)).collect()
    }

    /// All synapses, `(source, target)`, owner by owner.
    pub fn all(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        (0..self.n_owners()).flat_map(|owner| self.of(owner))
    }

    fn draws(&self, owner: u32) -> Draws {
        Draws::new(self.seed, Purpose::TOPOLOGY, self.place, owner)
    }

    fn partners(&self, owner: u32) -> Vec<u32> {
        let others = |n: u32, self_loops: bool| (0..n).filter(move |i| self_loops || *i != owner);
        match self.topology {
            Topology::AllToAll { self_loops } => others(self.n_in, *self_loops).collect(),
            Topology::OneToOne => vec![owner],
            Topology::FixedInDegree { degree, self_loops } => {
                self.choose(owner, self.n_in, *degree, (!self_loops).then_some(owner))
            }
            Topology::DrawnInDegree { degree } => self.any(owner, *degree),
            Topology::FixedTotal { .. } => self.any(owner, self.fan_in[owner as usize]),
            Topology::FixedOutDegree { degree, self_loops } => {
                self.choose(owner, self.n_out, *degree, (!self_loops).then_some(owner))
            }
            Topology::ErdosRenyi { probability, self_loops } => {
                let mut hit = self.leap(owner, *probability);
                hit.retain(|i| *self_loops || *i != owner);
                hit
            }
            Topology::WattsStrogatz { degree, rewire } => self.ring(owner, *degree, *rewire),
            Topology::BarabasiAlbert { degree, .. } => self.earlier(owner, *degree),
            Topology::Distance { falloff, peak, periodic, self_loops, .. } => {
                let near = |i: &u32| {
                    let p = peak * falloff.at(self.distance(*i, owner, *periodic));
                    let words = || draw(self.seed, Purpose::TOPOLOGY, self.place, owner, u64::from(*i));
                    p > 0.0 && f64::from(words()[0]) < p * 4_294_967_296.0
                };
                others(self.n_in, *self_loops).filter(near).collect()
            }
        }
    }

    /// `k` sources, each drawn from all.
    fn any(&self, owner: u32, k: u32) -> Vec<u32> {
        let mut draws = self.draws(owner);
        (0..k).map(|_| draws.below(self.n_in)).collect()
    }

    /// `k` different numbers of `0..n` without `skip`, ascending (Floyd's sampling; Bentley, CACM 30(9), 1987).
    fn choose(&self, owner: u32, n: u32, k: u32, skip: Option<u32>) -> Vec<u32> {
        let mut draws = self.draws(owner);
        let n = n - u32::from(skip.is_some());
        let mut chosen: Vec<u32> = Vec::with_capacity(k as usize);
        for last in n - k..n {
            let i = draws.below(last + 1);
            match chosen.binary_search(&i) {
                Ok(_) => chosen.push(last),
                Err(place) => chosen.insert(place, i),
            }
        }
        chosen.into_iter().map(|i| i + u32::from(skip.is_some_and(|s| i >= s))).collect()
    }

    /// Each source with probability `p`, by leaps of geometric length.
    fn leap(&self, owner: u32, p: f64) -> Vec<u32> {
        if p <= 0.0 {
            return Vec::new();
        }
        let mut draws = self.draws(owner);
        let scale = (-p).ln_1p();
        let mut hit = Vec::new();
        let mut next = 0.0;
        loop {
            next += if p < 1.0 { ((-draws.unit()).ln_1p() / scale).floor() } else { 0.0 };
            if next >= f64::from(self.n_in) {
                return hit;
            }
            hit.push(next as u32);
            next += 1.0;
        }
    }

    fn ring(&self, owner: u32, degree: u32, rewire: f64) -> Vec<u32> {
        let n = self.n_in;
        let mut draws = self.draws(owner);
        let around = (1..=degree / 2).flat_map(|step| [(owner + step) % n, (owner + n - step) % n]);
        let mut targets: Vec<u32> = around.collect();
        for k in 0..targets.len() {
            if draws.unit() >= rewire || degree + 1 >= n {
                continue;
            }
            targets[k] = loop {
                let target = draws.below(n);
                if target != owner && !targets.contains(&target) {
                    break target;
                }
            };
        }
        targets
    }

    /// The earlier elements that element `v` hears.
    fn earlier(&self, v: u32, degree: u32) -> Vec<u32> {
        if v <= degree {
            return (0..v).collect();
        }
        let mut chosen: Vec<u32> = Vec::with_capacity(degree as usize);
        for slot in 0..degree {
            let fresh = (0..).map(|attempt| self.copied(v, slot, attempt, degree));
            let pick = fresh.into_iter().find(|u| !chosen.contains(u));
            chosen.push(pick.expect("more earlier elements than slots, each with a positive chance"));
        }
        chosen
    }

    /// One end of a random earlier edge, so that an element comes up in proportion to its degree.
    fn copied(&self, v: u32, slot: u32, attempt: u64, degree: u32) -> u32 {
        let (mut v, mut slot, mut attempt) = (v, slot, attempt);
        loop {
            let step = attempt << 24 | u64::from(slot);
            let words = draw(self.seed, Purpose::TOPOLOGY, self.place, v, step);
            let ends = 2.0 * f64::from(v) * f64::from(degree);
            let end = (draw_unit([words[0], words[1]]) * ends) as u64;
            let edge = end / 2;
            let from = (edge / u64::from(degree)) as u32;
            let of = (edge % u64::from(degree)) as u32;
            if end.is_multiple_of(2) {
                return from;
            }
            if from <= degree {
                return (from + 1 + of) % (degree + 1);
            }
            (v, slot, attempt) = (from, of, 0);
        }
    }

    /// Distance in grid steps of the sources.
    fn distance(&self, source: u32, target: u32, periodic: bool) -> f64 {
        let (mut s, mut t) = (source as usize, target as usize);
        let mut square = 0.0;
        for (n, m) in self.axes.iter().rev() {
            let at = ((t % m) as f64 + 0.5) * (*n as f64 / *m as f64) - 0.5;
            let mut d = (at - (s % n) as f64).abs();
            if periodic {
                d = d.min(*n as f64 - d);
            }
            square += d * d;
            (s, t) = (s / n, t / m);
        }
        square.sqrt()
    }
}

#[cfg(test)]
#[path = "topology/tests.rs"]
mod tests;
