//! A whole network of real numbers in the integers of a chip (Lava's `float2fixed`, for networks).
//!
//! The neurons of the LIF family are homogeneous: if all weights onto a population, its bias, its threshold and its first
//! state are multiplied by the same factor, it fires the same spikes. So each population may have a scale of its own, as
//! large as its registers allow, and each connection then the exponent that loses least:
//!
//! ```text
//! scale * sum |weight| per neuron  <=  half of the narrower of input and current register
//! scale * threshold                <=  an eighth of the highest voltage and of the threshold register
//! scale * bias                     <=  4095 * 2^7
//! ```
//!
//! Populations that share a connection share a scale. A population that something else drives than a connection with
//! plain spikes and constant weights, and every population whose numbers are exact as they are, keeps its scale of 1.

use std::collections::BTreeMap;

use pumice_compile::CompileError;
use pumice_models::arithmetic::{ConvWeights, Register};
use pumice_models::connection::quantise::{Lost, Quantised, float2fixed};
use pumice_models::connection::weight::SignMode;
use pumice_models::{Arithmetic, Decay, Matrix, Model, ModelError, PerNeuron, length};
use pumice_process::{Body, Graph, ProcessId, Wire};

use crate::Error;

/// A connection in integers, and what that cost.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedConnection {
    /// Path of the process.
    pub path: String,
    /// Power of two that scales its weights.
    pub weight_exp: i32,
    /// Factor of the population that it feeds.
    pub scale: f64,
    /// Largest weight, in magnitude, as it was given.
    pub largest: f64,
    /// Largest difference between a weight and what acts for it, in the units in which it was given.
    pub max_error: f64,
    /// Root of the mean squared difference, in the units in which weights were given.
    pub rms_error: f64,
    /// Where most was lost and how much of all, in the units in which weights were given.
    pub lost: Lost,
}

/// A population in integers, and what that cost.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedPopulation {
    /// Path of the process.
    pub path: String,
    /// Its currents, voltages, biases and thresholds are this many times those that were given.
    pub scale: f64,
    /// Largest difference of a threshold, in the units in which it was given.
    pub threshold_error: f64,
    /// Largest difference of a bias `[state LSB]`, in the units in which it was given.
    pub bias_error: f64,
}

/// What [`quantise`] did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quantisation {
    /// Connections, in the order of the graph.
    pub connections: Vec<QuantisedConnection>,
    /// Populations, in the order of the graph.
    pub populations: Vec<QuantisedPopulation>,
}

/// Puts the weights, thresholds, biases and first states of a graph into integers of `arithmetic`, and reports the error.
///
/// Weights of `Dense`, `DelayDense`, `Sparse`, `DelaySparse`, `OneToOne` and `Conv` are quantised with the bits that each
/// connection has; `LIF`, `LIFReset`, `LIFRefractory` and `TernaryLIF` are scaled. Other processes stay as they are.
///
/// # Errors
/// If a weight, threshold or bias does not fit with any scale, or a parameter has the wrong shape.
pub fn quantise(graph: &mut Graph, arithmetic: &Arithmetic) -> Result<Quantisation, Error> {
    let plan = Plan::new(graph)?;
    let mut scales: BTreeMap<usize, f64> = BTreeMap::new();
    for group in plan.groups() {
        let scale = plan.scale(&group, arithmetic)?;
        scales.extend(group.into_iter().map(|p| (p, scale)));
    }
    let (mut done, mut changed) = (Quantisation::default(), Vec::new());
    for (k, weights) in &plan.connections {
        let scale = plan.targets[k].first().map_or(1.0, |p| scales[p]);
        let (found, own) = weights.quantise(scale, arithmetic).map_err(|fault| refuse(graph, *k, fault))?;
        done.connections.push(QuantisedConnection {
            path: graph.nodes()[*k].path.clone(),
            weight_exp: found.weight_exp,
            scale,
            largest: weights.largest(),
            max_error: found.max_error / scale,
            rms_error: found.rms_error / scale,
            lost: Lost { given: found.lost.given / scale, acts: found.lost.acts / scale, ..found.lost },
        });
        changed.push((*k, own));
    }
    for (k, neurons) in &plan.populations {
        let (own, threshold_error, bias_error) = neurons.scaled(scales[k]).map_err(|fault| refuse(graph, *k, fault))?;
        let path = graph.nodes()[*k].path.clone();
        done.populations.push(QuantisedPopulation { path, scale: scales[k], threshold_error, bias_error });
        changed.push((*k, own));
    }
    for (k, model) in changed {
        graph.replace(process(graph, k), model)?;
    }
    Ok(done)
}

fn process(graph: &Graph, k: usize) -> ProcessId {
    graph.find(&graph.nodes()[k].path).expect("every node has its own path")
}

fn refuse(graph: &Graph, k: usize, fault: ModelError) -> Error {
    CompileError::Model { path: graph.nodes()[k].path.clone(), fault: Box::new(fault) }.into()
}

/// What can be quantised, and what feeds what; by number of the process.
struct Plan {
    connections: BTreeMap<usize, Weights>,
    populations: BTreeMap<usize, Neurons>,
    /// Populations that each connection feeds.
    targets: BTreeMap<usize, Vec<usize>>,
    /// Populations whose scale must be 1.
    fixed: Vec<usize>,
}

impl Plan {
    fn new(graph: &Graph) -> Result<Self, Error> {
        let (mut connections, mut populations) = (BTreeMap::new(), BTreeMap::new());
        for (k, node) in graph.nodes().iter().enumerate() {
            let Body::Model(model) = &node.body else { continue };
            if let Some(weights) = Weights::of(model).map_err(|fault| refuse(graph, k, fault))? {
                connections.insert(k, weights);
            } else if let Some(neurons) = Neurons::of(model) {
                populations.insert(k, neurons);
            }
        }
        let mut targets: BTreeMap<usize, Vec<usize>> = connections.keys().map(|k| (*k, Vec::new())).collect();
        let mut fixed = Vec::new();
        for Wire { from, to, .. } in graph.wires() {
            let [from, to] = [from, to].map(|end| end.0.number() as usize);
            let plain = connections.get(&from).is_some_and(|w| !w.graded);
            match populations.contains_key(&to) {
                true if plain => targets.entry(from).or_default().push(to),
                true => fixed.push(to),
                false => {}
            }
        }
        let mut plan = Plan { connections, populations, targets, fixed };
        plan.fix_shared(graph);
        Ok(plan)
    }

    /// A connection that feeds a population and something without a scale keeps the population at 1.
    fn fix_shared(&mut self, graph: &Graph) {
        for wire in graph.wires() {
            let [from, to] = [wire.from, wire.to].map(|end| end.0.number() as usize);
            if !self.populations.contains_key(&to) {
                self.fixed.extend(self.targets.get(&from).into_iter().flatten());
            }
        }
    }

    /// Populations that must have the same scale.
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = self.populations.keys().map(|k| vec![*k]).collect();
        for own in self.targets.values() {
            let (joined, rest): (Vec<_>, Vec<_>) =
                groups.into_iter().partition(|group| group.iter().any(|p| own.contains(p)));
            groups = rest;
            if !joined.is_empty() {
                groups.push(joined.concat());
            }
        }
        groups
    }

    /// The scale of a group: 1 where that loses nothing or must be, else the one with the least error of the weights.
    fn scale(&self, group: &[usize], a: &Arithmetic) -> Result<f64, Error> {
        let own: Vec<&Weights> = self
            .targets
            .iter()
            .filter(|(_, to)| to.iter().any(|p| group.contains(p)))
            .map(|(k, _)| &self.connections[k])
            .collect();
        let exact = group.iter().all(|p| self.populations[p].is_whole()) && own.iter().all(|w| w.loss(1.0, a) == 0.0);
        if exact || group.iter().any(|p| self.fixed.contains(p)) {
            return Ok(1.0);
        }
        let sums: f64 = own.iter().map(|w| w.most_per_target).sum();
        let align = f64::from(a.align).exp2();
        let room = half(a.input, a).min(half(a.current, a)) / align;
        let voltage = f64::from(a.v_max) / align / 8.0;
        let ends = group
            .iter()
            .map(|p| &self.populations[p])
            .flat_map(|n| [voltage.min(131_071.0 / 8.0) / n.largest_threshold(), 4095.0 * 128.0 / n.largest_bias()]);
        let most = ends.fold(room / sums, f64::min);
        let most = if most.is_finite() { most } else { 1.0 };
        // A power of two first: it keeps whole numbers whole. Then eight steps within the octave.
        let candidates =
            std::iter::once(most.log2().floor().exp2()).chain((0..8).map(|j| most * (-f64::from(j) / 8.0).exp2()));
        let loss = |scale: f64| own.iter().map(|w| w.loss(scale, a)).sum::<f64>();
        let best = candidates.map(|scale| (scale, loss(scale))).min_by(|x, y| x.1.total_cmp(&y.1));
        Ok(best.expect("there are nine candidates").0)
    }
}

/// Half of what a register holds `[state LSB]`, of the voltage's if it has no end.
fn half(register: Register, a: &Arithmetic) -> f64 {
    f64::from(register.bits - 2).exp2().min(f64::from(a.v_max) / 2.0)
}

/// The weights of a connection as real numbers, its exponent folded in.
struct Weights {
    model: Model,
    values: Vec<f64>,
    bits: u32,
    sign: Option<SignMode>,
    graded: bool,
    /// Largest sum of magnitudes onto one target.
    most_per_target: f64,
}

impl Weights {
    fn of(model: &Model) -> Result<Option<Self>, ModelError> {
        let largest_row =
            |rows: &[Vec<f64>]| rows.iter().map(|row| row.iter().map(|w| w.abs()).sum()).fold(0.0, f64::max);
        let (values, exp, bits, sign, message, most): (Vec<f64>, _, _, _, _, f64) = match model {
            Model::Dense(p) | Model::DelayDense(pumice_models::connection::dense::DelayDense(p)) => {
                let w = &p.weights;
                w.shape("weights")?;
                (w.flat(), p.weight_exp, p.num_weight_bits, p.sign_mode, p.num_message_bits, largest_row(&w.0))
            }
            Model::Sparse(p) | Model::DelaySparse(pumice_models::connection::sparse::DelaySparse(p)) => {
                let mut sums: BTreeMap<u32, f64> = BTreeMap::new();
                p.targets.iter().zip(&p.weights).for_each(|(i, w)| *sums.entry(*i).or_default() += w.abs());
                let most = sums.into_values().fold(0.0, f64::max);
                (p.weights.clone(), p.weight_exp, p.num_weight_bits, p.sign_mode, p.num_message_bits, most)
            }
            Model::OneToOne(p) => {
                let values = match &p.weights {
                    PerNeuron::All(w) => vec![*w],
                    PerNeuron::Each(all) => all.clone(),
                };
                let most = values.iter().fold(0.0, |m: f64, w| m.max(w.abs()));
                (values, p.weight_exp, p.num_weight_bits, p.sign_mode, p.num_message_bits, most)
            }
            Model::Conv(p) => {
                let rows: Vec<Vec<f64>> = p.weight.iter().map(|kernel| kernel.concat().concat()).collect();
                (rows.concat(), p.weight_exp, p.num_weight_bits, None, p.num_message_bits, largest_row(&rows))
            }
            _ => return Ok(None),
        };
        if let Some(k) = values.iter().position(|w| !w.is_finite()) {
            return Err(ModelError::range(format!("weights[{k}]"), values[k], "a finite number"));
        }
        let scale = f64::from(exp).exp2();
        Ok(Some(Weights {
            model: model.clone(),
            values: values.into_iter().map(|w| w * scale).collect(),
            bits,
            sign,
            graded: message > 0,
            most_per_target: most * scale,
        }))
    }

    fn largest(&self) -> f64 {
        self.values.iter().fold(0.0, |m, w| m.max(w.abs()))
    }

    fn found(&self, scale: f64, a: &Arithmetic) -> Result<Quantised, ModelError> {
        let scaled: Vec<f64> = self.values.iter().map(|w| w * scale).collect();
        match (&self.model, a.conv_weights) {
            (Model::Conv(p), ConvWeights::Ignored) => rounded(&scaled, p.num_weight_bits),
            _ => float2fixed(&scaled, self.bits, self.sign, a),
        }
    }

    /// The mean squared error in parts of the largest weight squared; infinite where a weight does not fit.
    fn loss(&self, scale: f64, a: &Arithmetic) -> f64 {
        let largest = self.largest() * scale;
        match self.found(scale, a) {
            Ok(_) if largest == 0.0 => 0.0,
            Ok(found) => (found.rms_error / largest).powi(2),
            Err(_) => f64::INFINITY,
        }
    }

    fn quantise(&self, scale: f64, a: &Arithmetic) -> Result<(Quantised, Model), ModelError> {
        let found = self.found(scale, a)?;
        let whole: Vec<f64> = found.weights.iter().map(|w| f64::from(*w)).collect();
        let mut model = self.model.clone();
        let (exp, sign) = (found.weight_exp, Some(found.sign_mode));
        match &mut model {
            Model::Dense(p) | Model::DelayDense(pumice_models::connection::dense::DelayDense(p)) => {
                let columns = p.weights.0.first().map_or(1, Vec::len);
                p.weights = Matrix(whole.chunks(columns).map(<[f64]>::to_vec).collect());
                (p.weight_exp, p.sign_mode) = (exp, sign);
            }
            Model::Sparse(p) | Model::DelaySparse(pumice_models::connection::sparse::DelaySparse(p)) => {
                p.weights = whole;
                (p.weight_exp, p.sign_mode) = (exp, sign);
            }
            Model::OneToOne(p) => {
                p.weights = match p.weights {
                    PerNeuron::All(_) => whole[0].into(),
                    PerNeuron::Each(_) => whole.into(),
                };
                (p.weight_exp, p.sign_mode) = (exp, sign);
            }
            Model::Conv(p) => {
                let mut all = whole.into_iter();
                let places = p.weight.iter_mut().flatten().flatten().flatten();
                places.for_each(|w| *w = all.next().unwrap_or(0.0));
                p.weight_exp = exp;
            }
            _ => {}
        }
        Ok((found, model))
    }
}

/// Weights rounded to integers that act as they are (Lava's convolution).
fn rounded(weights: &[f64], bits: u32) -> Result<Quantised, ModelError> {
    if let Some(k) = weights.iter().position(|w| w.abs() > 8_388_607.0) {
        return Err(ModelError::range(format!("weight[{k}]"), weights[k], "at most 2^23 - 1 in magnitude"));
    }
    let whole: Vec<i32> = weights.iter().map(|w| w.round_ties_even() as i32).collect();
    let acts: Vec<f64> = whole.iter().map(|x| f64::from(*x)).collect();
    let squares = weights.iter().zip(&acts).map(|(w, x)| (w - x) * (w - x));
    let lost = Lost::new(weights, &acts, &vec![false; acts.len()], 1.0);
    Ok(Quantised {
        max_error: (lost.acts - lost.given).abs(),
        rms_error: (squares.sum::<f64>() / weights.len().max(1) as f64).sqrt(),
        lost,
        weights: whole,
        weight_exp: 0,
        num_weight_bits: bits,
        sign_mode: SignMode::of(weights.iter().copied()),
    })
}

/// A population that can be scaled.
struct Neurons {
    model: Model,
}

/// The parameters that a scale multiplies.
struct Parts<'a> {
    n: usize,
    state: [&'a mut PerNeuron; 2],
    decays: [&'a mut Decay; 2],
    bias: [&'a mut PerNeuron; 2],
    thresholds: Vec<&'a mut PerNeuron>,
}

fn parts(model: &mut Model) -> Option<Parts<'_>> {
    macro_rules! of {
        ($p:expr, $($vth:ident),+) => {
            Some(Parts {
                n: length(&$p.shape),
                state: [&mut $p.u, &mut $p.v],
                decays: [&mut $p.du, &mut $p.dv],
                bias: [&mut $p.bias_mant, &mut $p.bias_exp],
                thresholds: vec![$(&mut $p.$vth),+],
            })
        };
    }
    match model {
        Model::Lif(p) => of!(p, vth),
        Model::LifReset(p) => of!(p, vth),
        Model::LifRefractory(p) => of!(p, vth),
        Model::TernaryLif(p) => of!(p, vth_hi, vth_lo),
        _ => None,
    }
}

/// Each value with `f` applied; a value for all stays one.
fn map(all: &PerNeuron, f: impl Fn(f64) -> f64) -> PerNeuron {
    match all {
        PerNeuron::All(x) => PerNeuron::All(f(*x)),
        PerNeuron::Each(all) => PerNeuron::Each(all.iter().map(|x| f(*x)).collect()),
    }
}

fn list(all: &PerNeuron) -> &[f64] {
    match all {
        PerNeuron::All(x) => std::slice::from_ref(x),
        PerNeuron::Each(all) => all,
    }
}

/// Mantissa of at most 4095 and the least exponent that makes it so.
fn bias(x: f64) -> (f64, f64) {
    let exponent = (0..=7).find(|e| (x / f64::from(*e).exp2()).round_ties_even().abs() <= 4095.0).unwrap_or(7);
    ((x / f64::from(exponent).exp2()).round_ties_even(), f64::from(exponent))
}

impl Neurons {
    fn of(model: &Model) -> Option<Self> {
        let mut model = model.clone();
        parts(&mut model).is_some().then_some(Neurons { model })
    }

    fn read<T>(&self, f: impl Fn(&Parts<'_>) -> T) -> T {
        let mut model = self.model.clone();
        f(&parts(&mut model).expect("only such populations are kept"))
    }

    /// Whether all that a scale would multiply is whole already.
    fn is_whole(&self) -> bool {
        let whole = |all: &PerNeuron| list(all).iter().all(|x| x.fract() == 0.0);
        self.read(|p| p.state.iter().chain(&p.bias).chain(&p.thresholds).all(|all| whole(all)))
    }

    fn largest_threshold(&self) -> f64 {
        self.read(|p| p.thresholds.iter().flat_map(|all| list(all)).fold(0.0, |m: f64, x| m.max(x.abs())))
    }

    fn largest_bias(&self) -> f64 {
        self.read(|p| {
            let most = |all: &PerNeuron, start: f64| list(all).iter().fold(start, |m, x| m.max(*x));
            let mant = list(p.bias[0]).iter().fold(0.0, |m: f64, x| m.max(x.abs()));
            mant * most(p.bias[1], f64::NEG_INFINITY).exp2()
        })
    }

    /// The same neurons times `scale` in integers, and the largest error of a threshold and a bias before the scale.
    fn scaled(&self, scale: f64) -> Result<(Model, f64, f64), ModelError> {
        let mut model = self.model.clone();
        let Parts { n, state, decays, bias: [mant, exp], thresholds } =
            parts(&mut model).expect("only such populations are kept");
        for all in state {
            *all = map(all, |x| (x * scale).round_ties_even());
        }
        for decay in decays {
            if let Decay::Register(all) = decay {
                *all = map(all, f64::round_ties_even);
            }
        }
        let mut threshold_error = 0.0_f64;
        for all in thresholds {
            let new = map(all, |x| (x * scale).round_ties_even());
            let errors = list(all).iter().zip(list(&new)).map(|(x, y)| (x - y / scale).abs());
            threshold_error = errors.fold(threshold_error, f64::max);
            *all = new;
        }
        let (mants, exps) = (mant.values("bias_mant", n)?, exp.values("bias_exp", n)?);
        let given: Vec<f64> = mants.iter().zip(&exps).map(|(m, e)| m * e.exp2()).collect();
        if scale == 1.0 && mants.iter().chain(&exps).all(|x| x.fract() == 0.0) {
            return Ok((model, threshold_error, 0.0));
        }
        let found: Vec<(f64, f64)> = given.iter().map(|x| bias(x * scale)).collect();
        let errors = given.iter().zip(&found).map(|(x, (m, e))| (x - m * e.exp2() / scale).abs());
        let bias_error = errors.fold(0.0, f64::max);
        *mant = narrow(found.iter().map(|b| b.0).collect());
        *exp = narrow(found.iter().map(|b| b.1).collect());
        Ok((model, threshold_error, bias_error))
    }
}

/// One value for all where all are equal.
fn narrow(all: Vec<f64>) -> PerNeuron {
    match all.first() {
        Some(first) if all.iter().all(|x| x == first) => PerNeuron::All(*first),
        _ => PerNeuron::Each(all),
    }
}
