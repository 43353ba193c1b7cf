//! Constructor arguments of Lava's processes as parameters of Pumice's.
//!
//! Names are the same. What differs: an absent shape is that of the input, `None` is absent, a sparse matrix is a list,
//! Lava's float models take decays as fractions and ignore `bias_exp`, and a learning rule is a process parameter.

use pumice::models::arithmetic::{OverflowPolicy, Register};
use pumice::models::{Arithmetic, Behaviour, Model};
use serde_json::{Value, json};

use super::{Parameters, Recorded};
use crate::case::Fault;

/// Lava's integers; for its float models without the alignment of weights, which only the integers have.
pub(super) fn arithmetic(float: bool) -> Arithmetic {
    match float {
        true => Arithmetic { align: 0, ..Arithmetic::lava() },
        false => Arithmetic::lava(),
    }
}

/// Integers in which a neuron with `du = 4095` shows in `u` what arrives at it.
pub(super) fn transparent() -> Arithmetic {
    let current = Register { bits: 32, overflow: OverflowPolicy::Unbounded };
    Arithmetic { align: 0, current, ..Arithmetic::lava() }
}

/// A population of `n` neurons from Lava's arguments.
pub(super) fn population(process: &str, own: Parameters, n: usize, float: bool) -> Result<Model, pumice::Error> {
    let mut own = own;
    own.entry("shape").or_insert_with(|| json!([n]));
    if float {
        unscaled(&mut own);
    }
    read(process, own).map_err(|fault| {
        let fault = pumice::models::ModelError::range("params", fault, "those of the process of this name");
        pumice::Error::from(fault)
    })
}

/// What Lava's float models make of arguments: decays are fractions, and exponents have no effect but on the threshold
/// and bias that the constructors of sigma-delta neurons and resonators scale.
fn unscaled(own: &mut Parameters) {
    for decay in ["du", "dv"] {
        if let Some(fraction) = own.get_mut(decay).filter(|fraction| !fraction.is_object()) {
            *fraction = json!({ "fraction": fraction });
        }
    }
    let scaled: f64 = ["spike_exp", "state_exp"].iter().filter_map(|name| own.get(*name)?.as_f64()).sum();
    // A resonator's threshold becomes an integer then.
    let whole = own.contains_key("period");
    let scale = |x: f64| if whole { (x * scaled.exp2()).trunc() } else { x * scaled.exp2() };
    if scaled != 0.0 {
        for name in ["vth", "bias"] {
            own.get_mut(name).into_iter().for_each(|value| each(value, &scale));
        }
    }
    for exponent in ["bias_exp", "weight_exp", "spike_exp", "state_exp"] {
        own.remove(exponent);
    }
}

/// Changes a number, or every number in nested lists.
fn each(value: &mut Value, of: &dyn Fn(f64) -> f64) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| each(one, of)),
        one => *one = one.as_f64().map_or(Value::Null, |x| json!(of(x))),
    }
}

/// The process of a case, in integers or as Lava's float model.
pub(super) fn process(case: &Recorded, own: &Parameters, float: bool) -> Result<Model, Fault> {
    let mut own: Parameters = own.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect();
    if let Some(Value::String(mode)) = own.get_mut("sign_mode") {
        mode.truncate(mode.find('(').unwrap_or(mode.len()));
    }
    if float {
        unscaled(&mut own);
    }
    if case.model.iter().chain(&case.tags).any(|name| name.ends_with("Corrected")) {
        own.insert("corrected".into(), json!(true));
    }
    let name = case.process.as_str();
    match name {
        "Dense" | "DelayDense" => {}
        "Conv" => return convolution(own),
        "Sparse" => listed(&mut own)?,
        "DelaySparse" => matrices(&mut own)?,
        "LearningDense" => learning(case, &mut own)?,
        _ => {
            if name == "InvSqrt" {
                // Lava computes with a base of 12, and in reals with none, whatever `fp_base` says.
                own.insert("fp_base".into(), json!(if float { 0 } else { 12 }));
            }
            let n = case.inputs.values().find_map(|rows| rows.first()).map_or(0, Vec::len);
            return population(name, own, n, float).map_err(|fault| Fault::Malformed(fault.to_string()));
        }
    }
    read(name, own).map_err(Fault::Malformed)
}

/// A convolution, whose shape Lava derives.
fn convolution(mut own: Parameters) -> Result<Model, Fault> {
    let recorded = own.remove("output_shape");
    let model = read("Conv", own).map_err(Fault::Malformed)?;
    let shape = json!(model.out_ports()[0].shape);
    match recorded {
        Some(recorded) if recorded != shape => {
            Err(Fault::Malformed(format!("`params.output_shape` is {recorded}, but these parameters give {shape}")))
        }
        _ => Ok(model),
    }
}

fn read(name: &str, own: Parameters) -> Result<Model, String> {
    match Model::read(name, Value::Object(own)) {
        Some(model) => model.map_err(|fault| fault.to_string()),
        None => Err(format!("there is no process `{name}`")),
    }
}

/// `coo`, rows of `[target, source, weight]`, as three lists.
fn listed(own: &mut Parameters) -> Result<(), Fault> {
    let coo = own.remove("coo").and_then(|coo| serde_json::from_value::<Vec<[f64; 3]>>(coo).ok());
    let coo = coo.ok_or_else(|| Fault::Malformed("`params.coo` is no list of [row, column, value]".into()))?;
    put(own, &coo);
    Ok(())
}

/// Matrices of weights and delays as lists of the synapses whose weight is not 0.
fn matrices(own: &mut Parameters) -> Result<(), Fault> {
    let matrix = |own: &mut Parameters, name: &str| {
        let found = own.remove(name).and_then(|m| serde_json::from_value::<Vec<Vec<f64>>>(m).ok());
        found.ok_or_else(|| Fault::Malformed(format!("`params.{name}` is no matrix")))
    };
    let weights = matrix(own, "weights")?;
    let delays = match own.get("delays").and_then(Value::as_f64) {
        Some(all) => vec![vec![all; weights.first().map_or(0, Vec::len)]; weights.len()],
        None => matrix(own, "delays")?,
    };
    let shape = [weights.len(), weights.first().map_or(0, Vec::len)];
    let (mut coo, mut kept) = (Vec::new(), Vec::new());
    for (target, (row, waits)) in weights.iter().zip(&delays).enumerate() {
        for (source, (w, d)) in row.iter().zip(waits).enumerate().filter(|(_, (w, _))| **w != 0.0) {
            coo.push([target as f64, source as f64, *w]);
            kept.push(*d);
        }
    }
    own.insert("shape".into(), json!(shape));
    own.insert("delays".into(), json!(kept));
    put(own, &coo);
    Ok(())
}

fn put(own: &mut Parameters, coo: &[[f64; 3]]) {
    let column = |k: usize| coo.iter().map(move |synapse| synapse[k]);
    own.insert("targets".into(), column(0).map(|x| x as u32).collect());
    own.insert("sources".into(), column(1).map(|x| x as u32).collect());
    own.insert("weights".into(), column(2).collect());
}

const GRADED_SPIKE_CFG: [&str; 4] =
    ["USE_REGULAR_IMPULSE", "OVERWRITE", "ADD_WITH_SATURATION", "ADD_WITHOUT_SATURATION"];

fn learning(case: &Recorded, own: &mut Parameters) -> Result<(), Fault> {
    let three_factor = own.remove("three_factor").unwrap_or(json!(false));
    let rule = own.get_mut("learning_rule").and_then(Value::as_object_mut);
    let rule = rule.ok_or_else(|| Fault::Malformed("`params.learning_rule` is missing".into()))?;
    rule.retain(|_, value| !value.is_null());
    rule.insert("three_factor".into(), three_factor);
    if let Some(choice) = own.get_mut("graded_spike_cfg") {
        let name = choice.as_u64().and_then(|k| GRADED_SPIKE_CFG.get(k as usize));
        *choice = json!(name.ok_or_else(|| Fault::Malformed("`params.graded_spike_cfg` is not in 0..=3".into()))?);
    }
    let weights = own.get("weights").and_then(Value::as_array).cloned().unwrap_or_default();
    let columns = weights.first().and_then(Value::as_array).map_or(0, Vec::len);
    for tag in ["tag_1", "tag_2"] {
        if let Some(number) = own.get(tag).filter(|tag| tag.is_number()).cloned() {
            own.insert(tag.into(), json!(vec![vec![number; columns]; weights.len()]));
        }
    }
    if let Some(draws) = &case.random_draws {
        own.insert("draws".into(), draws.clone());
    }
    Ok(())
}
