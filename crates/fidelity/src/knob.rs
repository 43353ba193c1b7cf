//! What a designer can turn: weight bits, weight exponent, decay and threshold of all processes at once.

use pumice::models::connection::sparse::DelaySparse;
use pumice::models::connection::{dense::DelayDense, quantise::Quantised};
use pumice::models::{Arithmetic, Behaviour, Decay, Lane, Model, ModelError, PerNeuron, length};
use pumice::process::Body;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::{Document, FidelityError};

/// One change of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "knob", content = "value")]
pub enum Knob {
    /// Weights rounded to so many bits, `1..=8`, the exponent chosen anew.
    WeightBits(u32),
    /// Weights halved and rounded, the exponent raised, so many times.
    WeightExponent(u32),
    /// Decays rounded to so many of their 12 bits, `1..=12`.
    DecayBits(u32),
    /// Decay registers changed by so much, within `1..=4095`; no decay stays none.
    Decay(i32),
    /// Thresholds rounded to so many significant bits, `1..=17`.
    ThresholdBits(u32),
    /// Thresholds changed by so much, within `0..=131071`.
    Threshold(i32),
}

impl Knob {
    /// The model with this knob turned in every process that has it, and how many processes have.
    ///
    /// # Errors
    /// If the model is wrong, or a changed process refuses its parameters.
    pub fn apply(self, document: &Document, a: &Arithmetic) -> Result<(Document, usize), FidelityError> {
        let file = document.model()?;
        let (mut own, mut changed) = (document.clone(), 0);
        for node in file.graph.nodes() {
            let Body::Model(model) = &node.body else { continue };
            if let Some(new) = self.turn(model, a)?
                && new != **model
            {
                own.set(&node.path, &new)?;
                changed += 1;
            }
        }
        Ok((own, changed))
    }

    fn turn(self, model: &Model, a: &Arithmetic) -> Result<Option<Model>, FidelityError> {
        Ok(match self {
            Knob::WeightBits(bits) => quantise(model, bits, a)?.map(|(model, _)| model),
            Knob::WeightExponent(up) => coarser(model, up)?,
            Knob::DecayBits(bits) => {
                let unit = f64::from(1 << (12 - bits.clamp(1, 12)));
                decays(model, a, |d| (f64::from(d) / unit).round_ties_even() * unit)?
            }
            Knob::Decay(by) => {
                decays(model, a, |d| if d > 0 { f64::from((d + by).clamp(1, 4095)) } else { f64::from(d) })?
            }
            Knob::ThresholdBits(bits) => thresholds(model, |x| {
                let unit = (x.max(1.0).log2().floor() + 1.0 - f64::from(bits)).max(0.0).exp2();
                (x / unit).round_ties_even() * unit
            })?,
            Knob::Threshold(by) => thresholds(model, |x| x + f64::from(by))?,
        })
    }
}

/// A connection with weights in so many bits, and what was lost; `None` for other processes.
///
/// # Errors
/// If a weight cannot be quantised.
pub fn quantise(model: &Model, bits: u32, a: &Arithmetic) -> Result<Option<(Model, Quantised)>, ModelError> {
    let dense = |dense: &pumice::models::connection::dense::Dense| {
        pumice::models::connection::dense::Dense { num_weight_bits: bits, ..dense.clone() }.float2fixed(a)
    };
    let sparse = |sparse: &pumice::models::connection::sparse::Sparse| {
        pumice::models::connection::sparse::Sparse { num_weight_bits: bits, ..sparse.clone() }.float2fixed(a)
    };
    Ok(match model {
        Model::Dense(own) => Some(dense(own)).transpose()?.map(|(own, lost)| (own.into(), lost)),
        Model::DelayDense(own) => Some(dense(&own.0)).transpose()?.map(|(own, lost)| (DelayDense(own).into(), lost)),
        Model::Sparse(own) => Some(sparse(own)).transpose()?.map(|(own, lost)| (own.into(), lost)),
        Model::DelaySparse(own) => Some(sparse(&own.0)).transpose()?.map(|(own, lost)| (DelaySparse(own).into(), lost)),
        _ => None,
    })
}

/// The parameters of a process as a table, changed, and read again.
fn changed(
    model: &Model,
    change: impl FnOnce(&mut Table) -> Result<bool, ModelError>,
) -> Result<Option<Model>, FidelityError> {
    let fault = |e: String| ModelError::range("parameters", e, format!("the parameters of {}", model.name()));
    let value = Value::try_from(model).map_err(|e| fault(e.to_string()))?;
    let Some(mut table) = value.as_table().and_then(|t| t.values().next()).and_then(Value::as_table).cloned() else {
        return Ok(None);
    };
    if !change(&mut table)? {
        return Ok(None);
    }
    let read = Model::read(model.name(), Value::Table(table));
    Ok(read.transpose().map_err(|e| fault(e.to_string()))?)
}

fn size(model: &Model) -> usize {
    model.out_ports().first().map_or(0, |port| length(&port.shape))
}

/// Decays of current and voltage as registers, changed.
fn decays(model: &Model, a: &Arithmetic, change: impl Fn(i32) -> f64) -> Result<Option<Model>, FidelityError> {
    let n = size(model);
    changed(model, |table| {
        let mut any = false;
        for (field, offset, lowest) in [
            ("du", a.current_decay_offset, a.lowest_current_decay),
            ("dv", a.voltage_decay_offset, -a.voltage_decay_offset),
        ] {
            let Some(decay) = table.get(field).and_then(|v| Decay::deserialize(v.clone()).ok()) else { continue };
            let register = |keep: i32| Value::Float(change(4096 - keep - offset).clamp(0.0, 4095.0));
            let value = match decay.keep(field, n, offset, lowest)? {
                Lane::All(keep) => register(keep),
                Lane::Each(all) => Value::Array(all.into_iter().map(register).collect()),
            };
            table.insert(field.into(), value);
            any = true;
        }
        Ok(any)
    })
}

/// Thresholds, changed and kept within their register.
fn thresholds(model: &Model, change: impl Fn(f64) -> f64) -> Result<Option<Model>, FidelityError> {
    changed(model, |table| {
        let Some(vth) = table.get("vth").and_then(|v| PerNeuron::deserialize(v.clone()).ok()) else { return Ok(false) };
        let one = |x: &f64| Value::Float(change(*x).clamp(0.0, 131_071.0));
        let value = match &vth {
            PerNeuron::All(x) => one(x),
            PerNeuron::Each(all) => Value::Array(all.iter().map(one).collect()),
        };
        table.insert("vth".into(), value);
        Ok(true)
    })
}

/// Weights halved `up` times and rounded to even integers of their format, the exponent raised as often.
fn coarser(model: &Model, up: u32) -> Result<Option<Model>, FidelityError> {
    let halved = |w: f64| (w / f64::from(1 << up.min(8)) / 2.0).round_ties_even() * 2.0;
    changed(model, |table| {
        let exponent = table.get("weight_exp").and_then(Value::as_integer).unwrap_or(0) + i64::from(up);
        let dense = matches!(model, Model::Dense(_) | Model::DelayDense(_) | Model::Sparse(_) | Model::DelaySparse(_));
        if !dense || exponent > 7 {
            return Ok(false);
        }
        if let Some(weights) = table.get_mut("weights") {
            map(weights, &halved);
        }
        table.insert("weight_exp".into(), Value::Integer(exponent));
        Ok(true)
    })
}

fn map(value: &mut Value, f: &impl Fn(f64) -> f64) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|x| map(x, f)),
        Value::Float(x) => *x = f(*x),
        Value::Integer(x) => *value = Value::Float(f(*x as f64)),
        _ => {}
    }
}
