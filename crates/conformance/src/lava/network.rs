//! The recorded recurrent network of five connections and three populations.

use pumice::models::connection::dense::Delays;
use pumice::models::connection::weight::SignMode;
use pumice::models::{Kind, Matrix, Model};
use pumice::prelude::*;
use serde_json::{Value, json};

use super::parameters::{arithmetic, population};
use super::{Parameters, Recorded, expected, field, known};
use crate::case::Fault;
use crate::replay::{Form, Setup, check};

/// Weight matrix, source, target.
const CONNECTIONS: [(&str, &str, &str); 5] =
    [("w_in", "src", "E"), ("w_ee", "E", "E"), ("w_ei", "E", "H"), ("w_ie", "H", "E"), ("w_eo", "E", "O")];

/// Population, and the weight matrix with a row for each of its neurons.
const SIZES: [(&str, &str); 3] = [("E", "w_ee"), ("H", "w_ei"), ("O", "w_eo")];

pub(super) fn replay(case: &Recorded) -> Result<Option<Fault>, Fault> {
    let weights = CONNECTIONS.map(|(name, _, _)| name);
    known(&case.params, &[&["topology", "lif", "sign_modes", "d_eo"], &weights[..]].concat())?;
    let neurons: Parameters = field(&case.params, "lif")?;
    known(&neurons, &SIZES.map(|(name, _)| name))?;
    let wrong = |what: &str| Fault::Malformed(what.to_owned());
    let mut parts = Vec::new();
    for (name, _, _) in CONNECTIONS {
        parts.push(connection(&case.params, name)?);
    }
    let source = case.inputs.get("src").ok_or_else(|| wrong("`inputs.src` is missing"))?;
    let build = |form: Form, float: bool| {
        let mut setup = Setup::default();
        let n = source.first().map_or(0, Vec::len);
        setup.source("src", &[n], Kind::Spike, source)?;
        for (name, weights) in SIZES {
            let own = neurons.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
            let own = if float { unscaled(&own) } else { own };
            let n = case.params[weights].as_array().map_or(0, Vec::len);
            setup.graph.add_model(name, population("LIF", own, n, float)?)?;
        }
        for ((name, from, to), part) in CONNECTIONS.into_iter().zip(&parts) {
            let (from, to) = (setup.graph.find(from)?, setup.graph.find(to)?);
            let part = setup.graph.add_model(name, part.clone())?;
            setup.join((from, "s_out"), (part, "s_in"))?;
            setup.join((part, "a_out"), (to, "a_in"))?;
        }
        for output in case.outputs.keys() {
            let (variable, population) = output.split_once('_').unwrap_or((output, ""));
            let process = setup.graph.find(population)?;
            setup.watch(output, process, if variable == "s" { "s_out" } else { variable })?;
        }
        debug_assert!(float == (form == Form::Float));
        Ok(setup)
    };
    let fixed = check(&Form::INTEGER, &arithmetic(false), &expected(&case.outputs), &|form| build(form, false));
    Ok(fixed.or_else(|| {
        let outputs = expected(case.float_outputs.as_ref()?);
        check(&[Form::Float], &arithmetic(true), &outputs, &|form| build(form, true))
    }))
}

/// The float twin's parameters: `du = (du + 1) / 4096`, `dv = dv / 4096`, bias in weight LSB.
fn unscaled(fixed: &Parameters) -> Parameters {
    let number = |name: &str| fixed.get(name).and_then(Value::as_f64).unwrap_or(0.0);
    let scale = number("bias_exp").exp2() / 64.0;
    let bias = match fixed.get("bias_mant") {
        Some(Value::Array(all)) => all.iter().map(|m| json!(m.as_f64().unwrap_or(0.0) * scale)).collect(),
        _ => json!(number("bias_mant") * scale),
    };
    let own = json!({
        "du": (number("du") + 1.0) / 4096.0, "dv": number("dv") / 4096.0, "vth": number("vth"), "bias_mant": bias,
    });
    own.as_object().cloned().unwrap_or_default()
}

fn connection(params: &Parameters, name: &str) -> Result<Model, Fault> {
    let weights: Vec<Vec<f64>> = field(params, name)?;
    let modes: Parameters = field(params, "sign_modes")?;
    known(&modes, &CONNECTIONS.map(|(name, _, _)| name))?;
    let text: String = field(&modes, name)?;
    let (mode, rest) = text.split_once('(').unwrap_or((&text, ""));
    let sign_mode: SignMode = serde_json::from_value(mode.into()).map_err(|f| Fault::Malformed(f.to_string()))?;
    if rest.starts_with("sparse") {
        let shape = [weights.len(), weights.first().map_or(0, Vec::len)];
        let all = weights.iter().enumerate().flat_map(|(target, row)| {
            row.iter().enumerate().map(move |(source, w)| (source as u32, target as u32, *w))
        });
        let sparse = Sparse::new(shape, all.filter(|synapse| synapse.2 != 0.0));
        return Ok(Sparse { sign_mode: Some(sign_mode), ..sparse }.into());
    }
    let dense = Dense { sign_mode: Some(sign_mode), ..Dense::new(weights) };
    match rest.starts_with("delays") {
        true => {
            let delays = Some(Delays::Each(Matrix(field(params, "d_eo")?)));
            Ok(pumice::models::connection::dense::DelayDense(Dense { delays, ..dense }).into())
        }
        false => Ok(dense.into()),
    }
}
