//! Groups of neurons, spike generators and synapses, some of which learn.

use std::collections::BTreeMap;

use pumice::models::arithmetic::WeightRounding;
use pumice::models::connection::weight::{SignMode, WeightFormat};
use pumice::models::learning::{LoihiSynapses, RoundingDecisions};
use pumice::models::neuron::cuba_lif::CubaLif;
use pumice::models::{Decay, Kind, Model, ModelError, PerNeuron};
use pumice::prelude::*;
use pumice::process::{Direction, PortId, ProcessId};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::case::Fault;
use crate::compare::Expected;
use crate::emulator::{Recorded, SpikeList, rows};
use crate::replay::{Form, Setup, check};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inputs {
    #[serde(rename = "T")]
    steps: usize,
    groups: Vec<Group>,
    generators: Vec<Generator>,
    synapses: Vec<Synapses>,
    #[serde(default)]
    draws: BTreeMap<usize, RoundingDecisions>,
    /// How much was recorded; `expected` shows it.
    #[serde(rename = "record", default)]
    _record: IgnoredAny,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) n: usize,
    pub(super) refractory: i32,
    pub(super) threshold_v_mant: i32,
    pub(super) decay_v: i32,
    #[serde(rename = "decay_I")]
    pub(super) decay_i: i32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Generator {
    id: String,
    n: usize,
    spikes: SpikeList,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Synapses {
    pub(super) source: String,
    pub(super) target: String,
    pub(super) i: Vec<u32>,
    pub(super) j: Vec<u32>,
    pub(super) w: Vec<i32>,
    pub(super) sign_mode: i64,
    pub(super) delay: i64,
    pub(super) w_exp: i32,
    pub(super) num_weight_bits: i64,
    pub(super) dw: Option<String>,
    #[serde(default)]
    pub(super) traces: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outputs {
    groups: BTreeMap<String, GroupOutputs>,
    synapses: BTreeMap<usize, BTreeMap<String, serde_json::Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupOutputs {
    #[serde(rename = "I")]
    current: Option<Vec<Vec<i64>>>,
    v: Option<Vec<Vec<i64>>>,
    spikes: Option<Vec<Vec<usize>>>,
}

/// One LSB of a weight in the state register.
const WEIGHT_LSB: f64 = 64.0;

/// brian2-loihi's integers, with a voltage decay that counts like that of the current: `decay_v - 1` in the register,
/// so that it reaches the 4096 which the emulator allows.
pub(super) fn arithmetic() -> Arithmetic {
    Arithmetic { voltage_decay_offset: 1, ..Arithmetic::brian2_loihi() }
}

pub(super) fn replay(case: &Recorded) -> Result<Option<Fault>, Fault> {
    let inputs: Inputs = case.inputs()?;
    let outputs: Outputs = case.expected()?;
    let mut generators = Vec::new();
    for generator in &inputs.generators {
        // The first row is step 1, in which nothing arrives yet; so is that of the neurons.
        generators.push((generator, rows(&generator.spikes, generator.n, 0, inputs.steps + 1)?));
    }
    let known = |id: &String| inputs.groups.iter().any(|g| g.id == *id) || generators.iter().any(|g| g.0.id == *id);
    for synapses in &inputs.synapses {
        if !known(&synapses.source) || !inputs.groups.iter().any(|g| g.id == synapses.target) {
            let between = format!("`{}` to `{}`", synapses.source, synapses.target);
            return Err(Fault::Malformed(format!("synapses from {between}, which are not both in the case")));
        }
    }
    let expected = expected(&inputs, &outputs)?;
    let build = |_: Form| build(&inputs, &generators, &outputs);
    Ok(check(&Form::INTEGER, &arithmetic(), &expected, &build))
}

/// Refuses what could not be compared: outputs and draws of what is not in the case, traces of no name, missing steps.
fn complete(inputs: &Inputs, outputs: &Outputs) -> Result<(), Fault> {
    let wrong = |what: String| Err(Fault::Malformed(what));
    let group = |id: &String| inputs.groups.iter().any(|group| group.id == *id);
    if let Some(id) = outputs.groups.keys().find(|id| !group(id)) {
        return wrong(format!("`expected.groups.{id}` is of no group"));
    }
    if let Some(k) = inputs.draws.keys().find(|k| **k >= inputs.synapses.len()) {
        return wrong(format!("`draws.{k}` is of no synapses"));
    }
    let named =
        |name: &str| TRACES.iter().any(|trace| name == format!("imp_{trace}") || name == format!("tau_{trace}"));
    if let Some(name) = inputs.synapses.iter().flat_map(|s| s.traces.keys()).find(|name| !named(name)) {
        return wrong(format!("`traces.{name}` is of no trace"));
    }
    for (id, found) in &outputs.groups {
        let lengths = [found.current.as_ref().map(Vec::len), found.v.as_ref().map(Vec::len)];
        let lengths = lengths.into_iter().chain([found.spikes.as_ref().map(Vec::len)]).flatten();
        if let Some(rows) = lengths.into_iter().find(|rows| *rows != inputs.steps) {
            return wrong(format!("`expected.groups.{id}` has {rows} rows in {} steps", inputs.steps));
        }
    }
    Ok(())
}

/// The traces of synapses.
pub(super) const TRACES: [&str; 5] = ["x1", "x2", "y1", "y2", "y3"];

fn expected(inputs: &Inputs, outputs: &Outputs) -> Result<Vec<Expected>, Fault> {
    complete(inputs, outputs)?;
    let mut all = Vec::new();
    for group in &inputs.groups {
        let Some(found) = outputs.groups.get(&group.id) else { continue };
        for (name, rows) in [("I", &found.current), ("v", &found.v)] {
            all.extend(rows.as_ref().map(|rows| Expected::integers(format!("{}.{name}", group.id), rows)));
        }
        if let Some(fired) = &found.spikes {
            all.push(Expected::spikes(format!("{}.spikes", group.id), group.n, fired)?);
        }
    }
    for (k, found) in &outputs.synapses {
        for (name, value) in found {
            let malformed = |fault| Fault::Malformed(format!("`expected.synapses[{k}].{name}`: {fault}"));
            let rows: Vec<Vec<i64>> = match name.as_str() {
                INITIAL => vec![serde_json::from_value(value.clone()).map_err(malformed)?],
                _ => serde_json::from_value(value.clone()).map_err(malformed)?,
            };
            all.push(Expected::integers(format!("synapses[{k}].{name}"), &rows));
        }
    }
    Ok(all)
}

/// The weights as they act before the first step.
const INITIAL: &str = "w_act_initial";

fn build(inputs: &Inputs, generators: &[(&Generator, Vec<Vec<f64>>)], outputs: &Outputs) -> Result<Setup, Error> {
    let mut setup = Setup { lead: 1, ..Setup::default() };
    let mut ports: BTreeMap<&str, (PortId, usize)> = BTreeMap::new();
    for (generator, rows) in generators {
        let port = setup.source(&generator.id, &[generator.n], Kind::Spike, rows)?;
        ports.insert(&generator.id, (port, generator.n));
    }
    for group in &inputs.groups {
        let process = setup.graph.add_model(&group.id, neurons(group))?;
        ports.insert(&group.id, (setup.graph.port(process, "s_out", Direction::Out)?, group.n));
        let found = outputs.groups.get(&group.id);
        for (output, name, wanted) in [
            ("I", "u", found.is_some_and(|f| f.current.is_some())),
            ("v", "v", found.is_some_and(|f| f.v.is_some())),
            ("spikes", "s_out", found.is_some_and(|f| f.spikes.is_some())),
        ] {
            if wanted {
                setup.watch(&format!("{}.{output}", group.id), process, name)?;
            }
        }
    }
    for (k, synapses) in inputs.synapses.iter().enumerate() {
        let (from, to) = (ports[synapses.source.as_str()], ports[synapses.target.as_str()]);
        let draws = inputs.draws.get(&k);
        let process = setup.graph.add_model(&format!("synapses-{k}"), connection(synapses, [to.1, from.1], draws)?)?;
        let target = setup.graph.find(&synapses.target)?;
        setup.graph.connect_ports(from.0, setup.graph.port(process, "s_in", Direction::In)?)?;
        setup.join((process, "a_out"), (target, "a_in"))?;
        if synapses.dw.is_some() {
            setup.graph.connect_ports(to.0, setup.graph.port(process, "s_in_bap", Direction::In)?)?;
        }
        for name in outputs.synapses.get(&k).into_iter().flat_map(BTreeMap::keys) {
            watch(&mut setup, process, k, name)?;
        }
    }
    Ok(setup)
}

/// A variable of synapses, before the first step or after the learning phase of each.
fn watch(setup: &mut Setup, process: ProcessId, k: usize, name: &str) -> Result<(), Error> {
    let output = format!("synapses[{k}].{name}");
    let scaled = |rows: Vec<Vec<f64>>, scale: f64| -> Vec<Vec<f64>> {
        rows.into_iter().map(|row| row.into_iter().map(|x| x * scale).collect()).collect()
    };
    if name == INITIAL {
        let var = setup.graph.var::<f64>(process, "w_act").or_else(|_| setup.graph.var(process, "weights"))?;
        let start = move |simulation: &Simulation| Ok(scaled(vec![simulation.get(var)?], WEIGHT_LSB));
        setup.starts.push((output, Box::new(start)));
        return Ok(());
    }
    let probe = setup.probe(process, name)?;
    let scale = if name == "w_act" { WEIGHT_LSB } else { 1.0 };
    // The state of t stands after step t + 1, one step before that of the neurons.
    let lead = std::mem::take(&mut setup.lead);
    setup.read(&output, vec![probe], move |rows| scaled(rows, scale));
    setup.lead = lead;
    Ok(())
}

/// A group in the parameters of a compartment.
pub(super) fn neurons(group: &Group) -> CubaLif {
    let threshold = group.threshold_v_mant.saturating_mul(WEIGHT_LSB as i32);
    CubaLif {
        du: Decay::from(group.decay_i - 1),
        dv: Decay::from(group.decay_v - 1),
        refractory_period: group.refractory.into(),
        ..CubaLif::new(&[group.n], threshold.into())
    }
}

/// A rule for weights of no bits, which only learning synapses may have.
const NO_CHANGE: &str = "x0*0";

/// Synapses of `[targets, sources]`; those with a rule learn.
pub(super) fn connection(
    synapses: &Synapses,
    shape: [usize; 2],
    draws: Option<&RoundingDecisions>,
) -> Result<Model, Error> {
    let sign_mode = match synapses.sign_mode {
        1 => SignMode::Mixed,
        2 => SignMode::Excitatory,
        3 => SignMode::Inhibitory,
        other => return Err(ModelError::range("sign_mode", other, "1, 2 or 3").into()),
    };
    let unsigned = |name: &str, value: i64| {
        u32::try_from(value).map_err(|_| Error::from(ModelError::range(name, value, "an integer of 0 or more")))
    };
    let (delay, bits) = (unsigned("delay", synapses.delay)?, unsigned("num_weight_bits", synapses.num_weight_bits)?);
    let format = WeightFormat { exponent: synapses.w_exp, bits, sign: sign_mode };
    // Learning synapses keep every bit of a weight, also of a format that has none.
    let without_bits = bits == 0 && synapses.dw.is_none();
    let stored = |w: &i32| if without_bits { format.truncate(*w, WeightRounding::TowardZero) } else { *w };
    let weights: Vec<f64> = synapses.w.iter().map(|w| f64::from(stored(w))).collect();
    let dw = match &synapses.dw {
        Some(dw) => dw.as_str(),
        None if bits == 0 => NO_CHANGE,
        None => {
            return Ok(Model::from(Sparse {
                sources: synapses.i.clone(),
                targets: synapses.j.clone(),
                weights,
                weight_exp: synapses.w_exp,
                num_weight_bits: bits,
                sign_mode: Some(sign_mode),
                delays: (delay > 0).then_some(PerNeuron::All(f64::from(delay))),
                ..Sparse::new(shape, [])
            }));
        }
    };
    let trace = |name: &str| synapses.traces.get(name).copied().unwrap_or(0.0);
    Ok(Model::from(LoihiSynapses {
        i: synapses.i.clone(),
        j: synapses.j.clone(),
        w: weights,
        delay,
        w_exp: synapses.w_exp,
        sign_mode,
        num_weight_bits: bits,
        imp_x1: trace("imp_x1"),
        tau_x1: trace("tau_x1"),
        imp_x2: trace("imp_x2"),
        tau_x2: trace("tau_x2"),
        imp_y1: trace("imp_y1"),
        tau_y1: trace("tau_y1"),
        imp_y2: trace("imp_y2"),
        tau_y2: trace("tau_y2"),
        imp_y3: trace("imp_y3"),
        tau_y3: trace("tau_y3"),
        draws: draws.cloned(),
        ..LoihiSynapses::new(shape, [], dw)
    }))
}
