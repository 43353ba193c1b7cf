//! A small network as plain numbers: what strategies draw, properties shrink, and model files say.

use std::path::Path;

use pumice::models::connection::dense::{DelayDense, Delays, Dense};
use pumice::models::neuron::lif::Lif;
use pumice::models::{Matrix, Model, PerNeuron};
use toml::{Table, Value};

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
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// A source, LIF populations and projections between them.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        models.extend(self.populations.iter().enumerate().map(|(k, p)| (format!("p{k}"), p.model())));
        models.extend(self.projections.iter().enumerate().map(|(k, p)| (format!("c{k}"), p.model())));
        let named = |(name, _): &(String, Model)| {
            Value::Table([("name".to_owned(), name.as_str().into())].into_iter().collect())
        };
        table.insert("process".into(), Value::Array(models.iter().map(named).collect()));
        let sender = |k: usize| if k == 0 { "input".to_owned() } else { format!("p{}", k - 1) };
        let wires = self.projections.iter().enumerate().flat_map(|(k, p)| {
            [
                (format!("{}.s_out", sender(p.from)), format!("c{k}.s_in")),
                (format!("c{k}.a_out"), format!("p{}.a_in", p.to)),
            ]
        });
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
                p.weights.remove(i);
                if !p.delays.is_empty() {
                    p.delays.remove(i);
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
        own
    }
}

impl Population {
    fn model(&self) -> Model {
        let same = self.vth.windows(2).all(|w| w[0] == w[1]);
        let vth = match (same, self.vth.first()) {
            (true, Some(x)) => PerNeuron::from(*x),
            _ => PerNeuron::from(self.vth.clone()),
        };
        Model::Lif(Lif {
            du: self.du.into(),
            dv: self.dv.into(),
            bias_mant: self.bias_mant.into(),
            bias_exp: self.bias_exp.into(),
            vth,
            ..Lif::new(&[self.n])
        })
    }
}

impl Projection {
    fn model(&self) -> Model {
        let real = |all: &[Vec<i32>]| {
            all.iter().map(|row| row.iter().map(|x| f64::from(*x)).collect()).collect::<Vec<Vec<f64>>>()
        };
        let dense = Dense { weight_exp: self.exponent, num_weight_bits: self.bits, ..Dense::new(real(&self.weights)) };
        match self.delays.is_empty() {
            true => dense.into(),
            false => DelayDense(Dense { delays: Some(Delays::Each(Matrix(real(&self.delays)))), ..dense }).into(),
        }
    }

    fn remove_source(&mut self, i: usize) {
        for row in self.weights.iter_mut().chain(&mut self.delays) {
            row.remove(i);
        }
    }
}
