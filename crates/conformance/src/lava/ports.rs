//! Joined and virtual ports: several sources into one in-port, transposed and reshaped messages.

use pumice::models::Kind;
use pumice::prelude::*;

use super::{Recorded, expected, field, known};
use crate::case::Fault;
use crate::replay::{Form, Setup, check};

pub(super) fn replay(case: &Recorded) -> Result<Option<Fault>, Fault> {
    known(&case.params, if case.process == "fan_in_sum" { &["shape"] } else { &["in_shape", "out_shape", "axes"] })?;
    let shape = if case.process == "fan_in_sum" { "shape" } else { "in_shape" };
    let shape: Vec<usize> = field(&case.params, shape)?;
    let axes = if case.process == "transpose" { field(&case.params, "axes")? } else { Vec::new() };
    let out_shape: Vec<usize> =
        if case.process == "fan_in_sum" { shape.clone() } else { field(&case.params, "out_shape")? };
    let build = |_: Form| {
        let mut setup = Setup::default();
        let sink = setup.graph.add("sink", Of::<Activation, _>::sink(&out_shape, 1))?;
        for (name, rows) in &case.inputs {
            setup.source(name, &shape, Kind::Activation, rows)?;
            let source = setup.graph.out_port::<Activation>(setup.graph.find(name)?, "a_out")?;
            let port = match case.process.as_str() {
                "transpose" => setup.graph.transpose(source, &axes)?,
                "reshape" => setup.graph.reshape(source, &out_shape)?,
                _ => source,
            };
            setup.graph.connect(port, sink.a_in)?;
        }
        let received = setup.graph.probe_port(sink.a_in, Record::Dense { stride: 1 })?;
        setup.read("a_in", vec![received], |rows| rows);
        Ok(setup)
    };
    Ok(check(&[Form::Float, Form::Fixed, Form::Chip(1)], &Arithmetic::lava(), &expected(&case.outputs), &build))
}
