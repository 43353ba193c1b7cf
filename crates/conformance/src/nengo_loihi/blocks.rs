//! Blocks as they are recorded, and as processes.
//!
//! A block is a population of compartments with synapses that receive and axons that send. A spike of a
//! compartment takes its axon to an axon of the target synapse, whose weights and targets are those of the
//! axon's entry (`axon_to_weight_map`), the spike's atom, and the axon's base (`axon_compartment_bases`).

use std::collections::BTreeMap;

use pumice::models::connection::weight::SignMode;
use pumice::models::learning::{PesLearning, PesSynapses};
use pumice::models::neuron::cuba_lif::CubaLif;
use pumice::models::{Decay, Matrix, PerNeuron};
use pumice::num::shift;
use pumice::prelude::*;
use serde::Deserialize;

use crate::case::Fault;
use crate::emulator::SpikeList;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inputs {
    pub(super) model: Blocks,
    #[serde(default)]
    pub(super) draws: Vec<Vec<Draw>>,
    #[serde(default)]
    pub(super) pes_error: Vec<Vec<i32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Blocks {
    pub(super) blocks: Vec<Block>,
    #[serde(default)]
    pub(super) inputs: Vec<Input>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    pub(super) compartment: Compartments,
    pub(super) synapses: Vec<Synapse>,
    pub(super) axons: Vec<Axon>,
    pub(super) utilization: Option<Utilization>,
}

/// What a core is used for, each with the most there is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Utilization {
    pub(super) compartments: [u64; 2],
    #[serde(rename = "in-axons")]
    pub(super) in_axons: [u64; 2],
    #[serde(rename = "out-axons")]
    pub(super) out_axons: [u64; 2],
    pub(super) synapses: [u64; 2],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Compartments {
    pub(super) n: usize,
    pub(super) decay_u: Vec<i32>,
    decay_v: Vec<i32>,
    vth: Vec<i32>,
    bias: Vec<i32>,
    refract_delay: Vec<i32>,
    vmin: i32,
    vmax: i32,
    enable_noise: Vec<i32>,
    noise_exp: i32,
    noise_offset: i32,
    noise_at_membrane: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Synapse {
    pub(super) id: i64,
    n_axons: usize,
    weights: Vec<Vec<Vec<i32>>>,
    indices: Vec<Vec<Vec<usize>>>,
    axon_to_weight_map: Option<Vec<usize>>,
    axon_compartment_bases: Option<Vec<i64>>,
    pub(super) cfg: Config,
    pub(super) pop_type: u32,
    pub(super) bits: Option<u64>,
    pub(super) learning: Option<PesLearning>,
}

/// A synapse format.
#[derive(Deserialize)]
pub(super) struct Config {
    pub(super) weight_exp: i32,
    pub(super) weight_bits: usize,
    fanout_type: u32,
    pub(super) idx_bits: usize,
    pub(super) tag_bits: u32,
    pub(super) delay_bits: u32,
    pub(super) n_synapses: u32,
    pub(super) compression: u32,
    /// Fields that the emulator does not read.
    #[serde(flatten)]
    rest: BTreeMap<String, i64>,
}

/// The fields of a synapse format that the emulator does not read.
const NOT_READ: [&str; 11] = [
    "weight_limit_mant",
    "weight_limit_exp",
    "disc_max_weight",
    "learning_cfg",
    "reuse_synapse_data",
    "idx_offset",
    "idx_mult",
    "skip_bits",
    "synapse_type",
    "stdp_cfg",
    "ignore_delay",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Axon {
    pub(super) target_synapse: i64,
    pub(super) n_axons: usize,
    compartment_map: Option<Vec<i64>>,
    compartment_atoms: Option<Vec<usize>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    pub(super) n: usize,
    pub(super) axons: Vec<Axon>,
    pub(super) spikes: SpikeList,
}

/// Recorded draws of one call, under the name of what they are for.
#[derive(Deserialize)]
pub(super) struct Draw(pub(super) String, pub(super) Values);

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Values {
    Flat(Vec<f64>),
    Rows(Vec<Vec<f64>>),
}

impl Values {
    pub(super) fn flat(&self) -> Vec<f64> {
        match self {
            Values::Flat(all) => all.clone(),
            Values::Rows(rows) => rows.concat(),
        }
    }
}

/// Bits that a weight is shifted by to align with the state registers.
pub(super) const ALIGN: i32 = 6;

/// Bits of a weight by its code in the synapse format.
pub(super) const WEIGHT_BITS: [u32; 8] = [0, 1, 2, 3, 4, 5, 6, 8];

/// Bits of a target's index by its code in the synapse format.
pub(super) const INDEX_BITS: [u32; 8] = [0, 6, 7, 8, 9, 10, 11, 12];

/// The fan-out type of weights of both signs.
pub(super) const MIXED: u32 = 1;

impl Compartments {
    pub(super) fn process(&self, noise_draws: Option<Matrix>) -> CubaLif {
        CubaLif {
            du: Decay::Register(self.decay_u.clone().into()),
            dv: Decay::Register(self.decay_v.clone().into()),
            bias: self.bias.clone().into(),
            refractory_period: self.refract_delay.clone().into(),
            vmin: Some(self.vmin.into()),
            vmax: Some(self.vmax.into()),
            enable_noise: self.enable_noise.clone().into(),
            noise_exp: self.noise_exp,
            noise_offset: self.noise_offset,
            noise_at_membrane: self.noise_at_membrane != 0,
            noise_draws,
            ..CubaLif::new(&[self.n], PerNeuron::from(self.vth.clone()))
        }
    }
}

impl Axon {
    /// Sending compartment, axon of the synapse and atom of every route.
    pub(super) fn routes(&self, n: usize) -> Result<Vec<(usize, usize, usize)>, Fault> {
        let mut routes = Vec::new();
        for source in 0..n {
            let axon = self.compartment_map.as_ref().map_or(Some(source as i64), |map| map.get(source).copied());
            let atom = self.compartment_atoms.as_ref().map_or(Some(0), |atoms| atoms.get(source).copied());
            let (Some(axon), Some(atom)) = (axon, atom) else {
                return Err(Fault::Malformed("an axon map that is shorter than its block".into()));
            };
            match usize::try_from(axon) {
                Ok(axon) if axon < self.n_axons => routes.push((source, axon, atom)),
                Ok(axon) => return Err(Fault::Malformed(format!("a route to axon {axon} of {}", self.n_axons))),
                Err(_) => {}
            }
        }
        Ok(routes)
    }
}

impl Synapse {
    /// Weights of each axon's entry, over all atoms.
    pub(super) fn entry_sizes(&self) -> impl Iterator<Item = usize> {
        self.weights.iter().map(|row| row.iter().map(Vec::len).sum())
    }

    /// Targets and weights of an axon, for one atom.
    fn entry(&self, axon: usize, atom: usize) -> Result<Vec<(usize, i32)>, Fault> {
        let base = self.axon_compartment_bases.as_ref().map_or(Some(0), |bases| bases.get(axon).copied());
        let row = self.axon_to_weight_map.as_ref().map_or(Some(axon), |map| map.get(axon).copied());
        let found = |base: i64, row: usize| {
            let (weights, indices) = (self.weights.get(row)?.get(atom)?, self.indices.get(row)?.get(atom)?);
            Some(indices.iter().map(|k| base as usize + k).zip(weights.iter().copied()).collect())
        };
        match (base, row) {
            (Some(base), Some(_)) if base < 0 => Ok(Vec::new()),
            (Some(base), Some(row)) => {
                found(base, row).ok_or_else(|| Fault::Malformed(format!("no weights of row {row}, atom {atom}")))
            }
            _ => Err(Fault::Malformed(format!("no entry of axon {axon}"))),
        }
    }

    fn mantissa(&self, weight: i32) -> f64 {
        f64::from(shift(weight, -(ALIGN + self.cfg.weight_exp)))
    }

    fn bits(&self) -> Result<u32, Fault> {
        if let Some(name) = self.cfg.rest.keys().find(|name| !NOT_READ.contains(&name.as_str())) {
            return Err(Fault::Malformed(format!("`cfg.{name}` is in no synapse format")));
        }
        let bits = WEIGHT_BITS.get(self.cfg.weight_bits).copied();
        bits.ok_or_else(|| Fault::Malformed(format!("a weight format {}", self.cfg.weight_bits)))
    }

    /// The connection that the routes of one axon make, from `n` sources to `targets` compartments, whose inputs have `finer`
    /// more bits than weights.
    pub(super) fn connection(&self, axon: &Axon, n: usize, targets: usize, finer: i32) -> Result<Sparse, Fault> {
        let mut synapses = Vec::new();
        for (source, to, atom) in axon.routes(n)? {
            for (target, weight) in self.entry(to, atom)? {
                synapses.push((source as u32, target as u32, self.mantissa(weight)));
            }
        }
        let sign = match self.cfg.fanout_type {
            MIXED => SignMode::Mixed,
            _ if synapses.iter().all(|synapse| synapse.2 >= 0.0) => SignMode::Excitatory,
            _ => SignMode::Inhibitory,
        };
        Ok(Sparse {
            weight_exp: self.cfg.weight_exp + finer,
            num_weight_bits: self.bits()?,
            sign_mode: Some(sign),
            ..Sparse::new([targets, n], synapses)
        })
    }

    /// The learning connection, and the compartments its outputs go to, whose inputs have `finer` more bits than weights.
    pub(super) fn learner(
        &self,
        learning: &PesLearning,
        draws: Vec<Vec<Vec<f64>>>,
        finer: i32,
    ) -> Result<(PesSynapses, Vec<usize>), Fault> {
        let mut columns = Vec::new();
        let mut targets: Option<Vec<usize>> = None;
        for axon in 0..self.n_axons {
            let (own, weights): (Vec<usize>, Vec<i32>) = self.entry(axon, 0)?.into_iter().unzip();
            if targets.get_or_insert_with(|| own.clone()) != &own {
                return Err(Fault::Malformed("axons that learn and differ in their targets".into()));
            }
            columns.push(weights);
        }
        let targets = targets.unwrap_or_default();
        let row = |j: usize| columns.iter().map(|column| self.mantissa(column[j])).collect();
        let process = PesSynapses {
            weights: Matrix((0..targets.len()).map(row).collect()),
            weight_exp: self.cfg.weight_exp + finer,
            num_weight_bits: self.bits()?,
            learning: learning.clone(),
            draws: Some(draws),
        };
        Ok((process, targets))
    }

    /// The actual weights, by axon.
    pub(super) fn actual(&self) -> Vec<f64> {
        self.weights.iter().flatten().flatten().map(|w| f64::from(*w)).collect()
    }

    /// What one mantissa is as an actual weight.
    pub(super) fn scale(&self) -> f64 {
        f64::from(ALIGN + self.cfg.weight_exp).exp2()
    }

    pub(super) const fn n_axons(&self) -> usize {
        self.n_axons
    }
}
