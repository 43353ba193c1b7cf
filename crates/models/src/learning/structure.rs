//! Structural plasticity: synapses grow and vanish towards a target degree.
//!
//! A learning connection that has a [`Structure`] lists *places*: pairs of a source and a target that may hold a synapse. A place
//! whose first weight is 0 is vacant. A vacant place sends nothing, learns nothing and is counted nowhere.
//!
//! ```text
//! after the learning phase of every `period`-th epoch, for each target j:
//!     its synapses of |weight| <= prune_at vanish
//!     degree > target degree:  the synapse of the smallest |weight| vanishes (of equals, that of the lowest source)
//!     degree < target degree:  one of its n vacant places, in order of their sources, holds a synapse of `first_weight`
//!                              place = floor(n * draw(seed, STRUCTURE, process, j, step) / 2^32)
//! ```
//!
//! A place that loses its synapse is not drawn in the same adjustment. A grown synapse begins with tag 0 and the first delay of
//! its place. On cores what grew and finds no room within the limits of the core is withdrawn and counted as refused; see
//! [`Plastic::withdraw`](crate::Plastic::withdraw).
//!
//! Sources: Bogdan, Rowley, Rhodes and Furber, Front. Neurosci. 12, 2018 (rewiring within a fixed number of synapses per
//! neuron, on SpiNNaker); Billaudelle et al., Neural Networks 133, 2021 (weak synapses give their place to drawn sources, on
//! BrainScaleS-2).

use pumice_num::{Purpose, draw, draw_below};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::course;
use super::topology::Topology;
use crate::plastic::{Adjusted, Place};
use crate::{ModelError, Portion, VarSpec};

/// How the synapses of a learning connection grow and vanish.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Structure {
    /// Synapses onto each target that growing and pruning aim at.
    pub degree: u32,
    /// Learning epochs from one adjustment to the next, at least 1.
    #[serde(default = "one")]
    pub period: u32,
    /// Weight of a synapse that grows `[weight LSB]`; its size is above `prune_at`.
    pub first_weight: f64,
    /// A synapse vanishes whose weight is at most this in size `[weight LSB]`, 0 or more.
    #[serde(default)]
    pub prune_at: f64,
    /// Whether every pair of a source and a target is a place. Otherwise those are that the connection lists: a mask, or all
    /// within a distance. A dense connection lists all pairs.
    #[serde(default)]
    pub all_sources: bool,
}

fn one() -> u32 {
    1
}

impl Structure {
    /// Adjustments after every epoch towards `degree`, among the listed places, that prune at weight 0.
    pub fn new(degree: u32, first_weight: f64) -> Self {
        Structure { degree, period: 1, first_weight, prune_at: 0.0, all_sources: false }
    }

    /// Checks what does not depend on a weight format.
    pub(super) fn check(&self) -> Result<(), ModelError> {
        if self.period == 0 {
            return Err(ModelError::range("structure.period", 0, "an integer of at least 1"));
        }
        if !(self.prune_at >= 0.0 && self.prune_at.is_finite()) {
            return Err(ModelError::range("structure.prune_at", self.prune_at, "a finite number, 0 or more"));
        }
        if !(self.first_weight.is_finite() && self.first_weight.abs() > self.prune_at) {
            let allowed = format!("a weight above `prune_at` ({}) in size", self.prune_at);
            return Err(ModelError::range("structure.first_weight", self.first_weight, allowed));
        }
        Ok(())
    }
}

/// How a synaptic variable is held.
pub(super) trait Held: Copy + Default + Into<f64> {
    /// From a number that it can hold.
    fn held(x: f64) -> Self;
}

impl Held for i16 {
    fn held(x: f64) -> Self {
        x as i16
    }
}

impl Held for f64 {
    fn held(x: f64) -> Self {
        x
    }
}

/// Variables of a connection that grows, after those of every learning connection.
pub(super) const VARS: [&str; 5] = ["connected", "degree", "grown", "pruned", "refused"];

/// The specifications of these variables.
pub(super) fn vars(places: &[usize], targets: usize) -> impl Iterator<Item = VarSpec> {
    let shapes = [places.to_vec(), vec![targets], vec![targets], vec![targets], vec![targets]];
    VARS.into_iter().zip(shapes).map(|(name, shape)| VarSpec::new(name, &shape))
}

/// Number of the first of them.
pub(super) const FIRST_VAR: usize = course::FIRST_VAR + course::VARS.len();

/// Which places hold synapses, and what became of each target.
#[derive(Debug)]
pub(super) struct Growth {
    structure: Structure,
    /// Steps from one adjustment to the next.
    every: u64,
    seed: u64,
    process: u32,
    /// Whether the place that lies here holds a synapse.
    connected: Vec<bool>,
    /// First delay of the place that lies here.
    first_delay: Vec<f64>,
    /// Synapses that grew, vanished and were refused, by target.
    counts: [Vec<i32>; 3],
    /// What the last adjustment did, as places lie.
    pruned: Vec<u32>,
    grown: Vec<u32>,
    /// Workspace.
    vacant: Vec<u32>,
}

const GROWN: usize = 0;
const PRUNED: usize = 1;
const REFUSED: usize = 2;

impl Growth {
    /// The first state: a place holds a synapse if its first weight is not 0. First weights and delays are in the order in
    /// which places were given.
    pub(super) fn new(
        structure: &Structure,
        topology: &Topology,
        (weights, delays): (&[f64], &[f64]),
        t_epoch: u64,
        (seed, process): (u64, u32),
    ) -> Self {
        Growth {
            structure: structure.clone(),
            every: u64::from(structure.period) * t_epoch,
            seed,
            process,
            connected: topology.laid(weights).iter().map(|w| *w != 0.0).collect(),
            first_delay: topology.laid(delays),
            counts: std::array::from_fn(|_| vec![0; topology.targets.len()]),
            pruned: Vec::new(),
            grown: Vec::new(),
            vacant: Vec::new(),
        }
    }

    /// Whether the place that lies there holds a synapse.
    pub(super) fn connected(&self) -> &[bool] {
        &self.connected
    }

    /// Forgets what the last adjustment did.
    pub(super) fn forget(&mut self) {
        self.pruned.clear();
        self.grown.clear();
    }

    /// Adjusts all targets after the learning phase of `step`, if it is time; the variables are weight, delay and tag as they
    /// lie.
    pub(super) fn adjust<N: Held>(&mut self, step: u64, topology: &Topology, variables: &mut [Vec<N>; 3]) {
        self.forget();
        if !step.is_multiple_of(self.every) {
            return;
        }
        for j in 0..topology.targets.len() {
            self.adjust_target(step, j, topology, |k| variables[0][k].into().abs());
        }
        vacate(&self.pruned, variables);
        let [weights, delays, tags] = variables;
        for k in self.grown.iter().map(|k| *k as usize) {
            weights[k] = N::held(self.structure.first_weight);
            delays[k] = N::held(self.first_delay[k]);
            tags[k] = N::default();
        }
    }

    fn adjust_target(&mut self, step: u64, j: usize, topology: &Topology, size: impl Fn(usize) -> f64) {
        let places = &topology.synapse[topology.column(j)];
        self.vacant.clear();
        self.vacant.extend(places.iter().filter(|k| !self.connected[**k as usize]));
        let first = self.pruned.len();
        let mut weakest: Option<(f64, u32)> = None;
        for &k in places.iter().filter(|k| self.connected[**k as usize]) {
            let w = size(k as usize);
            if w <= self.structure.prune_at {
                self.pruned.push(k);
            } else if weakest.is_none_or(|(least, _)| w < least) {
                weakest = Some((w, k));
            }
        }
        let degree = places.len() - self.vacant.len() - (self.pruned.len() - first);
        let wanted = self.structure.degree as usize;
        self.pruned.extend(weakest.filter(|_| degree > wanted).map(|(_, k)| k));
        self.pruned[first..].iter().for_each(|k| self.connected[*k as usize] = false);
        self.counts[PRUNED][j] += (self.pruned.len() - first) as i32;
        if degree < wanted && !self.vacant.is_empty() {
            let target = (topology.targets.start + j) as u32;
            let word = draw(self.seed, Purpose::STRUCTURE, self.process, target, step)[0];
            let k = self.vacant[draw_below(word, self.vacant.len() as u32) as usize];
            self.connected[k as usize] = true;
            self.grown.push(k);
            self.counts[GROWN][j] += 1;
        }
    }

    /// The targets, counted from the start of the cut, that drew a place in the last adjustment.
    pub(super) fn drew(&self, topology: &Topology) -> impl Iterator<Item = u32> {
        self.grown.iter().map(|k| topology.target[*k as usize])
    }

    /// Takes back what grew at these places, which are numbered as they were given.
    pub(super) fn withdraw<N: Held>(&mut self, given: &[u32], topology: &Topology, variables: &mut [Vec<N>; 3]) {
        let own = |k: &u32| given.contains(&topology.given[*k as usize]);
        let back: Vec<u32> = self.grown.iter().copied().filter(own).collect();
        for &k in &back {
            let j = topology.target[k as usize] as usize;
            self.connected[k as usize] = false;
            self.counts[GROWN][j] -= 1;
            self.counts[REFUSED][j] += 1;
        }
        vacate(&back, variables);
    }

    /// What the last adjustment did, in numbers of the whole process.
    pub(super) fn adjusted(&self, topology: &Topology) -> Adjusted {
        let place = |k: &u32| Place {
            given: topology.given[*k as usize],
            source: topology.source_of(*k as usize) as u32,
            target: topology.target[*k as usize] + topology.targets.start as u32,
        };
        Adjusted { pruned: self.pruned.iter().map(place).collect(), grown: self.grown.iter().map(place).collect() }
    }

    /// Variable `var` of [`VARS`].
    pub(super) fn get(&self, var: usize, topology: &Topology) -> Portion {
        let whole = |values: Vec<i32>| Portion::run(topology.n_out, topology.targets.start, values);
        match var {
            0 => topology.portion(&self.held()),
            1 => {
                let degree = |j| topology.synapse[topology.column(j)].iter().filter(|k| self.connected[**k as usize]);
                whole((0..topology.targets.len()).map(|j| degree(j).count() as i32).collect())
            }
            _ => whole(self.counts[var - 2].clone()),
        }
    }

    fn held(&self) -> Vec<i32> {
        self.connected.iter().map(|c| i32::from(*c)).collect()
    }

    /// Refuses weights, in the order of places, that are not 0 where there is no synapse.
    pub(super) fn check_weights<N: Copy + PartialEq + Default + ToString>(
        &self,
        weights: &[N],
        topology: &Topology,
    ) -> Result<(), ModelError> {
        let lying = topology.given.iter().zip(&self.connected);
        let mut stray = lying.filter(|(k, connected)| !**connected && weights[**k as usize] != N::default());
        match stray.next() {
            Some((k, _)) => {
                let allowed = "0, because the place holds no synapse";
                Err(ModelError::range(format!("weights[{k}]"), weights[*k as usize], allowed))
            }
            None => Ok(()),
        }
    }

    /// The running state: an array over the places, three over the targets.
    pub(super) fn save(&self, topology: &Topology) -> Vec<Portion> {
        let run = |values: &Vec<i32>| Portion::run(topology.n_out, topology.targets.start, values.clone());
        std::iter::once(topology.portion(&self.held())).chain(self.counts.iter().map(run)).collect()
    }

    /// Takes back whole arrays of the right lengths.
    pub(super) fn load(&mut self, state: &[Vec<i32>], topology: &Topology) -> Result<(), ModelError> {
        if state.iter().flatten().any(|v| *v < 0) || state[0].iter().any(|v| *v > 1) {
            return Err(ModelError::range("saved state", "no count of synapses", "what this process saved"));
        }
        self.connected = topology.given.iter().map(|k| state[0][*k as usize] == 1).collect();
        for (own, whole) in self.counts.iter_mut().zip(&state[1..]) {
            own.copy_from_slice(&whole[topology.targets.clone()]);
        }
        self.forget();
        Ok(())
    }
}

/// Clears the variables of places that lost their synapse.
fn vacate<N: Held>(places: &[u32], [weights, _, tags]: &mut [Vec<N>; 3]) {
    for k in places.iter().map(|k| *k as usize) {
        (weights[k], tags[k]) = (N::default(), N::default());
    }
}

/// The error of a write to a variable of [`VARS`].
pub(super) fn read_only(var: usize) -> ModelError {
    ModelError::range(VARS[var], "written", "only to read it, because synapses grow and vanish by themselves")
}
