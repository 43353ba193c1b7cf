//! Every parameter of every process at values that it may not have: one sentence that names it, never a panic.

use std::path::Path;

use pumice::file::ModelFile;
use pumice::models::Kind;
use pumice::prelude::*;
use pumice::process::Direction;
use serde_json::Value;

use super::library::{TABLE, written};

/// Values as they are written in a model file. A parameter may have some of them.
const VALUES: &[&str] = &[
    "-1",
    "0.5",
    "1e9",
    "-1e9",
    "4294967296",
    "-9223372036854775808",
    "\"x\"",
    "[]",
    "[[]]",
    "[0.5, 0.5, 0.5]",
    "[-1, -1, -1]",
    "[1e9, 1e9, 1e9]",
    "[[1, 2], [3]]",
    "{ tau = 0 }",
    "{ fraction = 2 }",
];

/// Values that no parameter may have.
const NEVER: &[&str] = &["nan", "inf", "[nan, nan, nan]", "[[nan, nan], [nan, nan]]"];

/// A process with every in-port driven, run on a backend; the first sentence that refuses it.
fn run(kind: &str, parameters: &str, backend: Backend) -> Result<(), String> {
    let on = serde_json::to_string(&backend).unwrap();
    let text = format!(
        "schema = 1\nname = \"x\"\nsteps = 2\nbackend = {{ default = {on} }}\n[[process]]\nname = \"p\"\ntype = \"{kind}\"\n{parameters}\n"
    );
    let file = ModelFile::from_text(Path::new("x.toml"), &text).map_err(|fault| fault.to_string())?;
    let mut graph = file.graph;
    let process = graph.find("p").unwrap();
    let ports: Vec<(String, Kind, Vec<usize>)> = graph
        .ports_of(process, Direction::In)
        .iter()
        .map(|port| (port.0.to_string(), port.1, port.2.to_vec()))
        .collect();
    for (name, kind, shape) in ports {
        let n = shape.iter().product();
        let source = RingBuffer { shape, data: vec![vec![1.0; n]; 2], kind };
        let source = graph.add_model(&format!("source-{name}"), source).unwrap();
        let from = if kind == Kind::Activation { "a_out" } else { "s_out" };
        let from = graph.port(source, from, Direction::Out).unwrap();
        let to = graph.port(process, &name, Direction::In).unwrap();
        graph.connect_ports(from, to).unwrap();
    }
    let profile = Profile::load("loihi2").unwrap();
    let mut simulation =
        Simulation::new(graph, &profile, &RunConfig::on(backend)).map_err(|fault| fault.to_string())?;
    simulation.run(RunSteps(2)).map(drop).map_err(|fault| fault.to_string())
}

/// The parameters in a text, without `field`.
fn without(parameters: &str, field: &str) -> String {
    let own = |line: &&str| line.split('=').next().is_none_or(|name| name.trim() != field);
    parameters.lines().filter(own).collect::<Vec<_>>().join("\n")
}

/// The parameters of a process that a person writes.
fn fields(kind: &str) -> Vec<String> {
    let schema = pumice::file::schema();
    let all = schema.pointer("/properties/process/items/oneOf").unwrap().as_array().unwrap().clone();
    let own = all.into_iter().find(|one| one["title"] == kind).unwrap();
    let named = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    named(&own["properties"]).into_iter().filter(|name| !["name", "type"].contains(&name.as_str())).collect()
}

/// Whether a text is one line; a learning rule is shown besides, with a mark below what is wrong.
fn one_sentence(said: &str) -> bool {
    !said.contains('\n') || said.ends_with('^')
}

fn hold(kind: &str, parameters: &str, faults: &mut Vec<String>) {
    let backends = [Backend::Fixed, Backend::Float, Backend::Chip];
    let works: Vec<Backend> = backends.into_iter().filter(|backend| run(kind, parameters, *backend).is_ok()).collect();
    assert!(!works.is_empty(), "{kind}: {:?}", run(kind, parameters, Backend::Float));
    let all = fields(kind);
    // What does not fit together may be named by the other parameter, and what is too large by the port it makes.
    let names_one = |said: &str| {
        said.contains("of process `p` is a ")
            || all.iter().any(|name| said.contains(&format!("`{name}")) || said.contains(&format!("`p.{name}")))
    };
    for field in &all {
        let rest = without(parameters, field);
        for value in VALUES.iter().chain(NEVER) {
            for backend in &works {
                let found = std::panic::catch_unwind(|| run(kind, &format!("{rest}\n{field} = {value}"), *backend));
                let place = format!("{kind} on {backend:?}, {field} = {value}");
                match found {
                    Err(_) => faults.push(format!("{place}: panics")),
                    Ok(Ok(())) if NEVER.contains(value) => faults.push(format!("{place}: taken")),
                    Ok(Ok(())) => {}
                    Ok(Err(said)) if !one_sentence(&said) || !names_one(&said) => {
                        faults.push(format!("{place}: {said}"))
                    }
                    Ok(Err(_)) => {}
                }
            }
        }
    }
}

#[test]
fn every_parameter_is_refused_by_its_name() {
    let mut faults = Vec::new();
    for (kind, parameters, _, _) in TABLE {
        hold(kind, &written(kind, parameters), &mut faults);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
