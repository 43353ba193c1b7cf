//! Cases of one process: its in-ports are driven by what was recorded, its outputs compared.

use std::collections::BTreeMap;

use pumice::models::{Behaviour, Kind, Model};
use pumice::prelude::*;

use super::parameters::{arithmetic, process, transparent};
use super::{Constant, Inputs, Outputs, Recorded, WEIGHTS, expected};
use crate::case::Fault;
use crate::compare::Expected;
use crate::replay::{Form, Setup, check};

pub(super) fn replay(case: &Recorded) -> Result<Option<Fault>, Fault> {
    let own = |model| Play { model, inputs: &case.inputs, outputs: &case.outputs, constants: &case.effective_params };
    let main = match case.is_float() {
        true => own(process(case, &case.params, true)?).float(),
        false => own(process(case, &case.params, false)?).fixed(),
    };
    match (&main, &case.float_params, &case.float_outputs) {
        (None, Some(params), Some(outputs)) => twin(case, params, outputs),
        (None, Some(_), None) | (None, None, Some(_)) => {
            Err(Fault::Malformed("`float_params` and `float_outputs` are not both there".into()))
        }
        _ => Ok(main),
    }
}

/// The float twin of a case, whose inputs may be scaled.
fn twin(case: &Recorded, params: &super::Parameters, outputs: &Outputs) -> Result<Option<Fault>, Fault> {
    let same = params.contains_key("same");
    let model = process(case, if same { &case.params } else { params }, true)?;
    let scale = case.float_input_scale.unwrap_or(1.0);
    let scaled = |rows: &Vec<Vec<f64>>| rows.iter().map(|row| row.iter().map(|x| x * scale).collect()).collect();
    let inputs = case.inputs.iter().map(|(name, rows)| (name.clone(), scaled(rows))).collect();
    Ok(Play { model, inputs: &inputs, outputs, constants: &BTreeMap::new() }.float())
}

/// A process, what goes in, and what was recorded of it.
struct Play<'a> {
    model: Model,
    inputs: &'a Inputs,
    outputs: &'a Outputs,
    constants: &'a BTreeMap<String, Constant>,
}

impl Play<'_> {
    fn float(&self) -> Option<Fault> {
        check(&[Form::Float], &arithmetic(true), &self.expected(), &|_| self.setup())
    }

    /// Both without placement and on cores. A connection is placed with neurons that show what arrives at them.
    fn fixed(&self) -> Option<Fault> {
        let mut recorded = self.expected();
        let fault = check(&[Form::Fixed], &arithmetic(false), &recorded, &|_| self.setup());
        if fault.is_some() {
            return fault;
        }
        match self.model.out_ports().iter().any(|port| port.kind == Kind::Activation) {
            false => check(&Form::INTEGER[1..], &arithmetic(false), &recorded, &|_| self.setup()),
            true => {
                recorded.retain(|one| one.output == "a_out");
                check(&Form::INTEGER[1..], &transparent(), &recorded, &|_| self.followed())
            }
        }
    }

    /// What was recorded; what stays the same is expected of every step.
    fn expected(&self) -> Vec<Expected> {
        let mut recorded = expected(self.outputs);
        let every = recorded.iter().filter(|one| one.output != WEIGHTS).map(|one| one.rows.len()).max().unwrap_or(1);
        for one in recorded.iter_mut().filter(|one| one.output == WEIGHTS) {
            one.rows = vec![one.rows.concat(); every];
        }
        let n = self.inputs.values().find_map(|rows| rows.first()).map_or(0, Vec::len);
        for (name, value) in self.constants {
            let row = match value {
                Constant::All(x) => vec![Some(*x); n],
                Constant::Each(all) => all.iter().copied().map(Some).collect(),
            };
            recorded.push(Expected::new(derived(name), vec![row; every]));
        }
        recorded
    }

    fn setup(&self) -> Result<Setup, Error> {
        let mut setup = Setup::default();
        let process = setup.graph.add_model("process", self.model.clone())?;
        for (port, rows) in self.inputs {
            setup.drive(process, port, rows)?;
        }
        for output in self.outputs.keys() {
            setup.watch(output, process, if output == WEIGHTS { "weights" } else { output })?;
        }
        for name in self.constants.keys() {
            setup.watch(&derived(name), process, name)?;
        }
        Ok(setup)
    }

    fn followed(&self) -> Result<Setup, Error> {
        let mut setup = Setup::default();
        let connection = setup.graph.add_model("process", self.model.clone())?;
        for (port, rows) in self.inputs {
            setup.drive(connection, port, rows)?;
        }
        let shape = self.model.out_ports()[0].shape.clone();
        let neurons = setup.graph.add("neurons", Lif { du: 4095.into(), vth: 131_071.into(), ..Lif::new(&shape) })?;
        setup.join((connection, "a_out"), (neurons.id, "a_in"))?;
        setup.watch("a_out", neurons.id, "u")?;
        Ok(setup)
    }
}

/// The output of a constant that Lava derives.
fn derived(name: &str) -> String {
    format!("effective_params.{name}")
}
