//! Function tables: weights as they act, rule texts and parameters that are taken or refused.

use pumice::models::Model;
use pumice::models::connection::weight::{SignMode, WeightFormat};
use pumice::prelude::*;
use serde::Deserialize;

use super::network::{Group, Synapses, TRACES, arithmetic, connection, neurons};
use crate::case::Fault;
use crate::compare::{Difference, Expected};
use crate::emulator::{Recorded, differs, same_length, table};
use crate::replay::{Form, Setup, start};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Weights {
    items: Vec<WeightItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WeightItem {
    sign_mode: usize,
    num_weight_bits: u32,
    w_exp: i32,
    w: Vec<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActingWeights {
    w_act: Vec<Vec<i64>>,
}

const SIGN_MODES: [SignMode; 3] = [SignMode::Mixed, SignMode::Excitatory, SignMode::Inhibitory];

pub(super) fn weights(case: &Recorded) -> Result<Option<Fault>, Fault> {
    let (inputs, expected): (Weights, ActingWeights) = (case.inputs()?, case.expected()?);
    let mut got = Vec::new();
    for item in &inputs.items {
        let sign = item.sign_mode.checked_sub(1).and_then(|k| SIGN_MODES.get(k)).copied();
        let sign = sign.ok_or_else(|| Fault::Malformed(format!("a sign mode of {}", item.sign_mode)))?;
        let format = WeightFormat { exponent: item.w_exp, bits: item.num_weight_bits, sign };
        let acting = |w: &i32| f64::from(format.effective(*w, &Arithmetic::brian2_loihi())) * 64.0;
        got.push(item.w.iter().map(acting).collect());
    }
    Ok(table(vec![(Expected::integers("w_act", &expected.w_act), got)]))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    rules: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verdicts {
    rules: Vec<String>,
    #[serde(default)]
    parameter_limits: Vec<(String, i64, bool)>,
}

/// A verdict of the emulator that takes a rule.
const TAKEN: &str = "ok";

pub(super) fn rules(case: &Recorded) -> Result<Option<Fault>, Fault> {
    let (inputs, expected): (Rules, Verdicts) = (case.inputs()?, case.expected()?);
    same_length("rules", inputs.rules.len(), expected.rules.len())?;
    for (step, (rule, verdict)) in inputs.rules.iter().zip(&expected.rules).enumerate() {
        let got = built(learning(rule).as_ref());
        if got.is_ok() != (verdict == TAKEN) {
            return Ok(differs(Some(disagreement(format!("rule `{rule}`"), step, verdict.clone(), got))));
        }
    }
    for (step, (name, value, taken)) in expected.parameter_limits.iter().enumerate() {
        let got = built(with(name, *value)?.as_ref());
        if got.is_ok() != *taken {
            let verdict = if *taken { TAKEN } else { "refused" };
            return Ok(differs(Some(disagreement(format!("{name} = {value}"), step, verdict.into(), got))));
        }
    }
    Ok(None)
}

fn disagreement(output: String, step: usize, expected: String, got: Result<(), String>) -> Difference {
    Difference { output, step, index: 0, expected, got: got.map_or_else(|fault| fault, |()| TAKEN.into()) }
}

/// Whether a process can be run, alone but for a source.
fn built(model: Result<&Model, &Error>) -> Result<(), String> {
    let run = |model: Model| {
        let mut setup = Setup::default();
        setup.graph.add_model("process", model)?;
        start(setup.graph, &arithmetic(), Form::Fixed)
    };
    match model {
        Ok(model) => run(model.clone()).map(|_| ()).map_err(|fault| fault.to_string()),
        Err(fault) => Err(fault.to_string()),
    }
}

fn one_synapse() -> Synapses {
    Synapses {
        source: String::new(),
        target: String::new(),
        i: vec![0],
        j: vec![0],
        w: vec![0],
        sign_mode: 2,
        delay: 0,
        w_exp: 0,
        num_weight_bits: 8,
        dw: None,
        traces: TRACES
            .iter()
            .flat_map(|trace| [(format!("imp_{trace}"), 10.0), (format!("tau_{trace}"), 10.0)])
            .collect(),
    }
}

fn learning(rule: &str) -> Result<Model, Error> {
    connection(&Synapses { dw: Some(rule.to_owned()), ..one_synapse() }, [1, 1], None)
}

/// A process with one parameter at a recorded value.
fn with(name: &str, value: i64) -> Result<Result<Model, Error>, Fault> {
    let small = i32::try_from(value).map_err(|_| Fault::Malformed(format!("`{name}` of {value}")))?;
    let mut group = Group { id: String::new(), n: 1, refractory: 1, threshold_v_mant: 1, decay_v: 1, decay_i: 1 };
    let mut synapses = Synapses { dw: Some("x0*1".into()), ..one_synapse() };
    match name {
        "decay_v" => group.decay_v = small,
        "decay_I" => group.decay_i = small,
        "refractory" => group.refractory = small,
        "threshold_v_mant" => group.threshold_v_mant = small,
        "delay" => synapses.delay = value,
        "w_exp" => synapses.w_exp = small,
        "num_weight_bits" => synapses.num_weight_bits = value,
        "sign_mode" => synapses.sign_mode = value,
        _ => match name.strip_prefix("w(sign_mode=").and_then(|rest| rest.strip_suffix(')')) {
            Some(mode) => {
                synapses.sign_mode = mode.parse().map_err(|_| Fault::Malformed(format!("the parameter `{name}`")))?;
                synapses.w = vec![small];
            }
            None if synapses.traces.contains_key(name) => {
                synapses.traces.insert(name.to_owned(), f64::from(small));
            }
            None => return Err(Fault::Malformed(format!("the parameter `{name}`"))),
        },
    }
    let of_a_group = matches!(name, "decay_v" | "decay_I" | "refractory" | "threshold_v_mant");
    Ok(match of_a_group {
        true => Ok(neurons(&group).into()),
        false => connection(&synapses, [1, 1], None),
    })
}
