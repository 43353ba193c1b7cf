//! A small network as plain numbers: what strategies draw, properties shrink, and model files say.

use std::path::Path;

use pumice::models::connection::dense::{DelayDense, Delays, Dense};
use pumice::models::learning::{LearningDense, LearningLif};
use pumice::models::neuron::lif::Lif;
use pumice::models::{Matrix, Model, PerNeuron};
use toml::{Table, Value};

use crate::rule::Rule;
use crate::{Document, FidelityError};

/// A LIF population; one number for all its neurons where the registers allow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Population {
    /// Number of neurons.
    pub n: usize,
    /// Decay register of the current, `0..=4095`.
    pub du: i32,
    /// Decay register of the voltage, `0..=4095`.
    pub dv: i32,
    /// Mantissa of the bias, `-4096..=4095`.
    pub bias_mant: i32,
    /// Exponent of the bias, `0..=7`.
    pub bias_exp: i32,
    /// Threshold mantissa of each neuron, `0..=131071`.
    pub vth: Vec<i32>,
}

/// Synapses from a source or population to a population.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// 0 is the source, k the population k - 1.
    pub from: usize,
    /// The receiving population.
    pub to: usize,
    /// Weights, one row per receiving neuron.
    pub weights: Vec<Vec<i32>>,
    /// Power of two that scales all weights.
    pub exponent: i32,
    /// Bits per weight.
    pub bits: u32,
    /// Delays of the same shape; empty if there is none.
    pub delays: Vec<Vec<i32>>,
    /// How its weights learn, if they do.
    pub rule: Option<Rule>,
}

/// A source, LIF populations and projections between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Elements of the source.
    pub inputs: usize,
    /// Populations, named `p0`, `p1` and so on.
    pub populations: Vec<Population>,
    /// Projections, named `c0`, `c1` and so on.
    pub projections: Vec<Projection>,
}

impl Plan {
    /// Number of neurons; the source counts none.
    pub fn neurons(&self) -> usize {
        self.populations.iter().map(|p| p.n).sum()
    }

    /// The network as a model file on a profile; the source `input` is silent for one step until it plays something.
    ///
    /// # Errors
    /// If a parameter has no text.
    pub fn document(&self, profile: &str) -> Result<Document, FidelityError> {
        let mut table = Table::new();
        table.insert("schema".into(), Value::Integer(i64::from(pumice::file::SCHEMA)));
        table.insert("name".into(), "case".into());
        table.insert("profile".into(), profile.into());
        table.insert("steps".into(), Value::Integer(1));
        let source =
            pumice::models::source::ring_buffer::RingBuffer::spikes(&[self.inputs], vec![vec![0.0; self.inputs]]);
        let mut models: Vec<(String, Model)> = vec![("input".into(), source.into())];
        models.extend((0..self.populations.len()).map(|k| (format!("p{k}"), self.population(k))));
        models.extend(self.projections.iter().enumerate().map(|(k, p)| (format!("c{k}"), p.model())));
        let taught = self.projections.iter().enumerate().filter_map(|(k, p)| Some((format!("t{k}"), p.teacher()?)));
        models.extend(taught);
        let named = |(name, _): &(String, Model)| {
            Value::Table([("name".to_owned(), name.as_str().into())].into_iter().collect())
        };
        table.insert("process".into(), Value::Array(models.iter().map(named).collect()));
        let wires = self.projections.iter().enumerate().flat_map(|(k, p)| p.wires(k));
        let wire = |(from, to): (String, String)| {
            Value::Table([("from".to_owned(), from.into()), ("to".into(), to.into())].into_iter().collect())
        };
        table.insert("connect".into(), Value::Array(wires.map(wire).collect()));
        let mut document = Document::from_text(Path::new("case.toml"), &table.to_string())?;
        for (name, model) in &models {
            document.set(name, model)?;
        }
        Ok(document)
    }

    /// Population `k` as a process: one that gives its traces where synapses onto it learn by three factors.
    fn population(&self, k: usize) -> Model {
        let lif = self.populations[k].lif();
        let taught = self.projections.iter().find(|p| p.to == k && p.is_taught());
        let Some(rule) = taught.and_then(|p| p.rule.as_ref()) else { return lif.into() };
        LearningLif {
            du: lif.du,
            dv: lif.dv,
            bias_mant: lif.bias_mant,
            bias_exp: lif.bias_exp,
            vth: lif.vth,
            ..LearningLif::new(&lif.shape, rule.learning_rule())
        }
        .into()
    }

    /// The network without population `k` and all that is connected to it.
    #[must_use]
    pub fn without(&self, k: usize) -> Plan {
        let mut own = self.clone();
        own.populations.remove(k);
        own.projections.retain(|p| p.from != k + 1 && p.to != k);
        for p in &mut own.projections {
            p.from -= usize::from(p.from > k + 1);
            p.to -= usize::from(p.to > k);
        }
        own
    }

    /// The network without neuron `i` of population `k`.
    #[must_use]
    pub fn without_neuron(&self, k: usize, i: usize) -> Plan {
        let mut own = self.clone();
        own.populations[k].n -= 1;
        own.populations[k].vth.remove(i);
        for p in &mut own.projections {
            if p.to == k {
                let reward = p.rule.iter_mut().map(|rule| &mut rule.reward);
                for rows in [&mut p.weights, &mut p.delays].into_iter().chain(reward).filter(|rows| !rows.is_empty()) {
                    rows.remove(i);
                }
            }
            if p.from == k + 1 {
                p.remove_source(i);
            }
        }
        own
    }

    /// The network without element `i` of the source.
    #[must_use]
    pub fn without_input(&self, i: usize) -> Plan {
        let mut own = self.clone();
        own.inputs -= 1;
        own.projections.iter_mut().filter(|p| p.from == 0).for_each(|p| p.remove_source(i));
        let rewards = own.projections.iter_mut().filter_map(|p| p.rule.as_mut()).flat_map(|rule| &mut rule.reward);
        rewards.for_each(|row| {
            row.remove(i);
        });
        own
    }
}

impl Population {
    fn lif(&self) -> Lif {
        let same = self.vth.windows(2).all(|w| w[0] == w[1]);
        let vth = match (same, self.vth.first()) {
            (true, Some(x)) => PerNeuron::from(*x),
            _ => PerNeuron::from(self.vth.clone()),
        };
        Lif {
            du: self.du.into(),
            dv: self.dv.into(),
            bias_mant: self.bias_mant.into(),
            bias_exp: self.bias_exp.into(),
            vth,
            ..Lif::new(&[self.n])
        }
    }
}

fn real(all: &[Vec<i32>]) -> Vec<Vec<f64>> {
    all.iter().map(|row| row.iter().map(|x| f64::from(*x)).collect()).collect()
}

impl Projection {
    /// Whether its weights learn by three factors.
    pub fn is_taught(&self) -> bool {
        self.rule.as_ref().is_some_and(|rule| !rule.reward.is_empty())
    }

    fn model(&self) -> Model {
        let (weights, delays) = (real(&self.weights), (!self.delays.is_empty()).then(|| Matrix(real(&self.delays))));
        let (weight_exp, num_weight_bits) = (self.exponent, self.bits);
        if let Some(rule) = &self.rule {
            let own = LearningDense::new(weights, rule.learning_rule());
            return LearningDense { weight_exp, num_weight_bits, delays, ..own }.into();
        }
        let dense = Dense { weight_exp, num_weight_bits, ..Dense::new(weights) };
        match delays {
            None => dense.into(),
            Some(delays) => DelayDense(Dense { delays: Some(Delays::Each(delays)), ..dense }).into(),
        }
    }

    /// What brings the third factor from the source.
    fn teacher(&self) -> Option<Model> {
        let rule = self.rule.as_ref().filter(|rule| !rule.reward.is_empty())?;
        Some(Dense::new(real(&rule.reward)).into())
    }

    /// The wires of projection `k`: from port, to port.
    fn wires(&self, k: usize) -> Vec<(String, String)> {
        let to = self.to;
        let from = if self.from == 0 { "input".to_owned() } else { format!("p{}", self.from - 1) };
        let mut wires =
            vec![(format!("{from}.s_out"), format!("c{k}.s_in")), (format!("c{k}.a_out"), format!("p{to}.a_in"))];
        if self.is_taught() {
            wires.push(("input.s_out".into(), format!("t{k}.s_in")));
            wires.push((format!("t{k}.a_out"), format!("p{to}.a_third_factor_in")));
            wires.push((format!("p{to}.s_out_bap"), format!("c{k}.s_in_bap")));
            wires.extend(["y1", "y2", "y3"].map(|y| (format!("p{to}.s_out_{y}"), format!("c{k}.s_in_{y}"))));
        } else if self.rule.is_some() {
            wires.push((format!("p{to}.s_out"), format!("c{k}.s_in_bap")));
        }
        wires
    }

    fn remove_source(&mut self, i: usize) {
        for row in self.weights.iter_mut().chain(&mut self.delays) {
            row.remove(i);
        }
    }
}
