//! Networks of blocks, with noise, population axons and learning.

use pumice::models::arithmetic::{WeightExponent, WeightRounding};
use pumice::models::{Kind, Matrix};
use pumice::num::{decay, wrap_i64};
use pumice::prelude::*;
use pumice::process::{ProbeId, ProcessId};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::blocks::{ALIGN, Axon, Block, Inputs, Synapse};
use super::{sizes, warnings};
use crate::case::Fault;
use crate::compare::Expected;
use crate::emulator::{Recorded, rows};
use crate::replay::{Form, Setup, check};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outputs {
    q0: Option<Vec<Vec<i64>>>,
    u: Option<Vec<Vec<i64>>>,
    v: Option<Vec<Vec<i64>>>,
    v_sum: Option<Vec<i64>>,
    pub(super) s: Vec<Vec<usize>>,
    pub(super) warnings: Option<Vec<(usize, String)>>,
    #[serde(default)]
    traces: Vec<(usize, Vec<Vec<i64>>)>,
    /// By synapse.
    #[serde(default)]
    weights: Vec<(usize, Vec<SynapseWeights>)>,
    /// What a probe of the host decodes, in 32-bit reals behind a filter: not of the chip.
    #[serde(rename = "decoded_probe", default)]
    _decoded_probe: IgnoredAny,
    #[serde(rename = "decoded_note", default)]
    _decoded_note: IgnoredAny,
}

/// Weights by axon and atom.
type SynapseWeights = Vec<Vec<Vec<i64>>>;

/// nengo-loihi's integers. Recorded weights have been through the format, so that nothing is rounded
/// any more, and the exponent can act on their sum; the weight -256, which the format keeps but no rounding gives, stays.
/// Weights have `finer` more bits below their LSB, which exponents have to make up for.
fn arithmetic(finer: i32) -> Arithmetic {
    Arithmetic {
        align: (ALIGN - finer) as u32,
        weight_rounding: WeightRounding::Floor,
        weight_exponent: WeightExponent::Sum,
        ..Arithmetic::nengo_loihi()
    }
}

pub(super) fn replay(case: &Recorded) -> Result<Option<Fault>, Fault> {
    let (inputs, outputs): (Inputs, Outputs) = (case.inputs()?, case.expected()?);
    let plan = Plan::new(&inputs, outputs.s.len())?;
    let expected = outputs.expected(&plan)?;
    if let Some(fault) = sizes::check(plan.blocks)? {
        return Ok(Some(fault));
    }
    let arithmetic = arithmetic(plan.finer);
    let fault = check(&Form::INTEGER, &arithmetic, &expected, &|_| plan.build(&outputs));
    if fault.is_some() {
        return Ok(fault);
    }
    match &outputs.warnings {
        Some(recorded) => warnings::check(&|| plan.build(&outputs), &arithmetic, outputs.s.len(), recorded),
        None => Ok(None),
    }
}

impl Outputs {
    fn expected(&self, plan: &Plan<'_>) -> Result<Vec<Expected>, Fault> {
        let mut all = vec![Expected::spikes("s", plan.compartments(), &self.s)?];
        for (name, rows) in [("q0", &self.q0), ("u", &self.u), ("v", &self.v)] {
            all.extend(rows.as_ref().map(|rows| Expected::integers(name, rows)));
        }
        let sums = self.v_sum.as_ref().map(|sums| sums.iter().map(|x| vec![*x]).collect::<Vec<_>>());
        all.extend(sums.map(|rows| Expected::integers("v_sum", &rows)));
        if let Some(one) = all.iter().find(|one| one.rows.len() != plan.steps) {
            let (rows, steps) = (one.rows.len(), plan.steps);
            return Err(Fault::Malformed(format!("`{}` has {rows} rows in {steps} steps", one.output)));
        }
        for (k, (_, synapse)) in plan.learning().enumerate() {
            let learning = synapse.learning.as_ref().expect("only synapses that learn are asked for");
            let traces = of_learner("traces", k, &self.traces, learning.train_epoch)?;
            let weights = of_learner("weights", k, &self.weights, learning.learn_epoch)?;
            let weights: Vec<Vec<i64>> = weights.into_iter().map(|all| all.concat().concat()).collect();
            let traces: Vec<Vec<i64>> = traces.into_iter().cloned().collect();
            all.push(Expected::integers(format!("traces[{k}]"), &traces));
            all.push(Expected::integers(format!("weights[{k}]"), &weights));
        }
        match (plan.learners(), self.traces.len() + self.weights.len()) {
            (0, 1..) => Err(Fault::Malformed("traces and weights were recorded, but nothing learns".into())),
            _ => Ok(all),
        }
    }
}

/// What was recorded of learner `k` in the steps of its updates: every `epoch`-th.
fn of_learner<'a, T>(name: &str, k: usize, recorded: &'a [(usize, Vec<T>)], epoch: u32) -> Result<Vec<&'a T>, Fault> {
    let due = |(row, (t, all)): (usize, &'a (usize, Vec<T>))| match all.get(k) {
        Some(own) if *t == (row + 1) * epoch as usize => Ok(own),
        Some(_) => Err(Fault::Malformed(format!("`{name}` at {t}, with an update every {epoch} steps"))),
        None => Err(Fault::Malformed(format!("`{name}` at {t} is not of every learner"))),
    };
    recorded.iter().enumerate().map(due).collect()
}

/// A route from a population to a synapse.
struct Route<'a> {
    from: String,
    n: usize,
    axon: &'a Axon,
    block: usize,
    synapse: &'a Synapse,
}

/// A case, checked.
struct Plan<'a> {
    inputs: &'a Inputs,
    blocks: &'a [Block],
    sources: Vec<Vec<Vec<f64>>>,
    routes: Vec<Route<'a>>,
    steps: usize,
    /// Bits below the LSB of a weight that a learned weight with a negative exponent keeps.
    finer: i32,
}

impl<'a> Plan<'a> {
    fn new(inputs: &'a Inputs, steps: usize) -> Result<Self, Fault> {
        let blocks = inputs.model.blocks.as_slice();
        let learners = blocks.iter().flat_map(|block| &block.synapses).filter(|synapse| synapse.learning.is_some());
        let finer = learners.map(|synapse| -synapse.cfg.weight_exp).max().map_or(0, |bits| bits.clamp(0, ALIGN));
        let mut plan = Plan { inputs, blocks, sources: Vec::new(), routes: Vec::new(), steps, finer };
        for (k, input) in inputs.model.inputs.iter().enumerate() {
            plan.sources.push(rows(&input.spikes, input.n, 1, steps)?);
            plan.route(&format!("input-{k}"), input.n, &input.axons)?;
        }
        for (k, block) in blocks.iter().enumerate() {
            plan.route(&format!("block-{k}"), block.compartment.n, &block.axons)?;
        }
        Ok(plan)
    }

    fn route(&mut self, from: &str, n: usize, axons: &'a [Axon]) -> Result<(), Fault> {
        for axon in axons {
            let own = |(k, block): (usize, &'a Block)| {
                block.synapses.iter().find(|s| s.id == axon.target_synapse).map(|s| (k, s))
            };
            let Some((block, synapse)) = self.blocks.iter().enumerate().find_map(own) else {
                return Err(Fault::Malformed(format!(
                    "axons to synapse {}, which is in no block",
                    axon.target_synapse
                )));
            };
            self.routes.push(Route { from: from.to_owned(), n, axon, block, synapse });
        }
        Ok(())
    }

    fn compartments(&self) -> usize {
        self.blocks.iter().map(|block| block.compartment.n).sum()
    }

    fn learning(&self) -> impl Iterator<Item = (usize, &'a Synapse)> {
        self.blocks
            .iter()
            .enumerate()
            .flat_map(|(k, block)| block.synapses.iter().map(move |s| (k, s)))
            .filter(|(_, synapse)| synapse.learning.is_some())
    }

    fn learners(&self) -> usize {
        self.learning().count()
    }

    fn build(&self, outputs: &Outputs) -> Result<Setup, Error> {
        let mut setup = Setup::default();
        for (k, (rows, input)) in self.sources.iter().zip(&self.inputs.model.inputs).enumerate() {
            setup.source(&format!("input-{k}"), &[input.n], Kind::Spike, rows)?;
        }
        let mut populations = Vec::new();
        for (k, block) in self.blocks.iter().enumerate() {
            let process = block.compartment.process(self.noise(k));
            populations.push(setup.graph.add_model(&format!("block-{k}"), process)?);
        }
        let mut learners = Vec::new();
        for (k, (block, synapse)) in self.learning().enumerate() {
            learners.push((synapse.id, self.learner(&mut setup, k, populations[block], synapse)?));
        }
        for (k, route) in self.routes.iter().enumerate() {
            let from = setup.graph.find(&route.from)?;
            match learners.iter().find(|(id, _)| *id == route.synapse.id) {
                Some((_, learner)) => into_learner(&mut setup, from, *learner, route)?,
                None => {
                    let targets = self.blocks[route.block].compartment.n;
                    let sparse =
                        route.synapse.connection(route.axon, route.n, targets, self.finer).map_err(as_error)?;
                    let process = setup.graph.add_model(&format!("synapse-{k}"), sparse)?;
                    setup.join((from, "s_out"), (process, "s_in"))?;
                    setup.join((process, "a_out"), (populations[route.block], "a_in"))?;
                }
            }
        }
        self.watch(&mut setup, &populations, outputs)?;
        Ok(setup)
    }

    /// The recorded draws of the noise of a block, which are drawn for all blocks at once.
    fn noise(&self, block: usize) -> Option<Matrix> {
        let before: usize = self.blocks[..block].iter().map(|b| b.compartment.n).sum();
        let own = before..before + self.blocks[block].compartment.n;
        let calls = self.inputs.draws.iter().filter_map(|step| step.iter().find(|call| call.0 == "noise"));
        let rows: Vec<Vec<f64>> =
            calls.filter_map(|call| call.1.flat().get(own.clone()).map(<[f64]>::to_vec)).collect();
        (!rows.is_empty()).then_some(Matrix(rows))
    }

    /// The recorded draws of the learner `k`: by step, the traces of all learners, then the axons of each.
    fn draws(&self, k: usize) -> Vec<Vec<Vec<f64>>> {
        let all: Vec<&Synapse> = self.learning().map(|(_, synapse)| synapse).collect();
        let step = |(i, calls): (usize, &Vec<super::blocks::Draw>)| {
            let mut calls = calls.iter().filter(|call| call.0 == "rand");
            let due = |epoch: u32| (i as u64 + 1).is_multiple_of(u64::from(epoch.max(1)));
            let mut own = Vec::new();
            for (j, learning) in all.iter().filter_map(|s| s.learning.as_ref()).enumerate() {
                let call = if due(learning.train_epoch) { calls.next() } else { None };
                own.extend(call.filter(|_| j == k).map(|call| call.1.flat()));
            }
            for (j, synapse) in all.iter().enumerate() {
                let learns = synapse.learning.as_ref().is_some_and(|learning| due(learning.learn_epoch));
                for _ in 0..if learns { synapse.n_axons() } else { 0 } {
                    own.extend(calls.next().filter(|_| j == k).map(|call| call.1.flat()));
                }
            }
            own
        };
        self.inputs.draws.iter().enumerate().map(step).collect()
    }

    fn learner(&self, setup: &mut Setup, k: usize, block: ProcessId, synapse: &Synapse) -> Result<ProcessId, Error> {
        let learning = synapse.learning.as_ref().expect("only synapses that learn are asked for");
        let (process, targets) = synapse.learner(learning, self.draws(k), self.finer).map_err(as_error)?;
        let n_errors = targets.len() / 2;
        let process = setup.graph.add_model(&format!("learner-{k}"), process)?;
        // An update of step t takes place here after step t - 1, when the spikes it delivers were sent.
        let error = |t: usize| -> Vec<f64> {
            let row = self.inputs.pes_error.get(t + 1);
            (0..n_errors).map(|i| row.and_then(|row| row.get(i)).map_or(0.0, |e| f64::from(*e))).collect()
        };
        let errors: Vec<Vec<f64>> = (0..self.steps).map(error).collect();
        setup.drive(process, "error_in", &errors)?;
        let (out, into) =
            (setup.graph.out_port::<Activation>(process, "a_out")?, setup.graph.in_port::<Activation>(block, "a_in")?);
        for (j, target) in targets.iter().enumerate() {
            setup.join_elements((out, j), (into, *target))?;
        }
        self.watch_learner(setup, process, (k, synapse))?;
        Ok(process)
    }

    fn watch_learner(
        &self,
        setup: &mut Setup,
        process: ProcessId,
        (k, synapse): (usize, &Synapse),
    ) -> Result<(), Error> {
        let learning = synapse.learning.as_ref().expect("only synapses that learn are asked for");
        let (traces, weights) = (setup.probe(process, "traces")?, setup.probe(process, "weights")?);
        let (train, learn, n_in) = (learning.train_epoch as usize, learning.learn_epoch as usize, synapse.n_axons());
        let (scale, first) = (synapse.scale(), synapse.actual());
        setup.read(&format!("traces[{k}]"), vec![traces], move |rows| at_updates(vec![0.0; n_in], rows, train));
        // From (target, axon) mantissas to actual weights by axon.
        let by_axon = move |row: Vec<f64>| -> Vec<f64> {
            let n_out = row.len() / n_in.max(1);
            (0..row.len()).map(|at| row[at % n_out * n_in + at / n_out] * scale).collect()
        };
        setup.read(&format!("weights[{k}]"), vec![weights], move |rows| {
            at_updates(first.clone(), rows.into_iter().map(by_axon).collect(), learn)
        });
        Ok(())
    }

    fn watch(&self, setup: &mut Setup, populations: &[ProcessId], outputs: &Outputs) -> Result<(), Error> {
        let all = |setup: &mut Setup, name: &str| -> Result<Vec<ProbeId>, Error> {
            populations.iter().map(|population| setup.probe(*population, name)).collect()
        };
        let spikes = all(setup, "s_out")?;
        setup.read("s", spikes, |rows| rows);
        if outputs.u.is_some() || outputs.q0.is_some() {
            let current = all(setup, "u")?;
            let decays: Vec<i32> = self.blocks.iter().flat_map(|block| block.compartment.decay_u.clone()).collect();
            setup.read("q0", current.clone(), move |rows| inputs_of(&rows, &decays));
            setup.read("u", current, |rows| rows);
        }
        if outputs.v.is_some() || outputs.v_sum.is_some() {
            let voltage = all(setup, "v")?;
            setup.read("v", voltage.clone(), |rows| rows);
            setup.read("v_sum", voltage, |rows| rows.into_iter().map(|row| vec![row.iter().sum()]).collect());
        }
        Ok(())
    }
}

/// Rows of the updates of every `epoch`-th step t: they stand after step t - 1, and before the first step as `first`.
fn at_updates(first: Vec<f64>, rows: Vec<Vec<f64>>, epoch: usize) -> Vec<Vec<f64>> {
    let all = std::iter::once(first).chain(rows).zip(1..);
    all.filter(|(_, t)| t % epoch.max(1) == 0).map(|(row, _)| row).collect()
}

/// The input that took a current from one step to the next: `u[t] - decay(u[t-1])`, wrapped to the input's 22 bits.
fn inputs_of(rows: &[Vec<f64>], decays: &[i32]) -> Vec<Vec<f64>> {
    let input = |(u, before, d): (f64, f64, i32)| {
        let kept = decay(before as i32, 4096 - 1 - d);
        f64::from(wrap_i64::<22>(u as i64 - i64::from(kept)))
    };
    let zero = vec![0.0; decays.len()];
    let row = |(t, row): (usize, &Vec<f64>)| {
        let before = if t == 0 { &zero } else { &rows[t - 1] };
        row.iter().zip(before).zip(decays).map(|((u, before), d)| input((*u, *before, *d))).collect()
    };
    rows.iter().enumerate().map(row).collect()
}

/// Spikes of single sources into single axons of a learner.
fn into_learner(setup: &mut Setup, from: ProcessId, learner: ProcessId, route: &Route<'_>) -> Result<(), Error> {
    let out = setup.graph.out_port::<Spike>(from, "s_out")?;
    let into = setup.graph.in_port::<Spike>(learner, "s_in")?;
    for (source, axon, _) in route.axon.routes(route.n).map_err(as_error)? {
        setup.join_elements((out, source), (into, axon))?;
    }
    Ok(())
}

fn as_error(fault: Fault) -> Error {
    let Fault::Malformed(what) = fault else {
        return pumice::models::ModelError::range("case", "incomplete", "what the schema asks for").into();
    };
    pumice::models::ModelError::range("case", what, "what the schema asks for").into()
}
