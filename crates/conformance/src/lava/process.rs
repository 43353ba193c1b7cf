//! Cases of one process: its in-ports are driven by what was recorded, its outputs compared.

use pumice::models::{Behaviour, Kind, Model};
use pumice::prelude::*;

use super::parameters::{arithmetic, process, transparent};
use super::{Inputs, Outputs, Recorded, expected};
use crate::case::Fault;
use crate::compare::Expected;
use crate::replay::{Form, Setup, check};

pub(super) fn replay(case: &Recorded) -> Result<Option<Fault>, Fault> {
    let main = match case.is_float() {
        true => float(&process(case, &case.params, true)?, &case.inputs, &case.outputs),
        false => fixed(&process(case, &case.params, false)?, &case.inputs, &case.outputs),
    };
    if let (None, Some(own), Some(outputs)) = (&main, &case.float_params, &case.float_outputs) {
        let same = own.contains_key("same");
        let twin = process(case, if same { &case.params } else { own }, true)?;
        let scale = case.float_input_scale.unwrap_or(1.0);
        let scaled = |rows: &Vec<Vec<f64>>| rows.iter().map(|row| row.iter().map(|x| x * scale).collect()).collect();
        let inputs = case.inputs.iter().map(|(name, rows)| (name.clone(), scaled(rows))).collect();
        return Ok(float(&twin, &inputs, outputs));
    }
    Ok(main)
}

fn float(model: &Model, inputs: &Inputs, outputs: &Outputs) -> Option<Fault> {
    check(&[Form::Float], &arithmetic(true), &expected(outputs), &|_| setup(model, inputs, outputs))
}

/// Both without placement and on cores. A connection is placed with neurons that show what arrives at them.
fn fixed(model: &Model, inputs: &Inputs, outputs: &Outputs) -> Option<Fault> {
    let mut recorded = expected(outputs);
    for one in recorded.iter_mut().filter(|one| one.output == WEIGHTS) {
        *one = constant(one, outputs);
    }
    let unplaced = |_: Form| setup(model, inputs, outputs);
    let fault = check(&[Form::Fixed], &arithmetic(false), &recorded, &unplaced);
    if fault.is_some() {
        return fault;
    }
    match model.out_ports().iter().any(|port| port.kind == Kind::Activation) {
        false => check(&Form::INTEGER[1..], &arithmetic(false), &recorded, &unplaced),
        true => {
            recorded.retain(|one| one.output == "a_out");
            check(&Form::INTEGER[1..], &transparent(), &recorded, &|_| followed(model, inputs))
        }
    }
}

/// The weights that act; recorded once, and the same in every step.
const WEIGHTS: &str = "effective_weights";

fn constant(weights: &Expected, outputs: &Outputs) -> Expected {
    let steps = outputs.iter().filter(|(name, _)| *name != WEIGHTS).map(|(_, rows)| rows.len()).max().unwrap_or(1);
    Expected::new(WEIGHTS, vec![weights.rows.concat(); steps])
}

fn setup(model: &Model, inputs: &Inputs, outputs: &Outputs) -> Result<Setup, Error> {
    let mut setup = Setup::default();
    let process = setup.graph.add_model("process", model.clone())?;
    for (port, rows) in inputs {
        setup.drive(process, port, rows)?;
    }
    for output in outputs.keys() {
        setup.watch(output, process, if output == WEIGHTS { "weights" } else { output })?;
    }
    Ok(setup)
}

fn followed(model: &Model, inputs: &Inputs) -> Result<Setup, Error> {
    let mut setup = Setup::default();
    let connection = setup.graph.add_model("process", model.clone())?;
    for (port, rows) in inputs {
        setup.drive(connection, port, rows)?;
    }
    let shape = model.out_ports()[0].shape.clone();
    let neurons = setup.graph.add("neurons", Lif { du: 4095.into(), vth: 131_071.into(), ..Lif::new(&shape) })?;
    setup.join((connection, "a_out"), (neurons.id, "a_in"))?;
    setup.watch("a_out", neurons.id, "u")?;
    Ok(setup)
}
