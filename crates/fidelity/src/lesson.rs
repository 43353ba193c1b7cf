//! Connections that learn by a rule as text, as far as budgets can follow them: the rule, the synapses, the registers.

use pumice::models::connection::weight::{SignMode, WeightFormat};
use pumice::models::learning::{CompiledRule, LearningArithmetic, LearningRule};
use pumice::models::{Arithmetic, Behaviour, Cut, Model, Setting};
use pumice::process::{Graph, Node};

use crate::FidelityError;

/// The traces, under the names of their process.
pub(crate) const TRACES: [&str; 5] = ["x1", "x2", "y1", "y2", "y3"];

/// A connection that learns.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// Path of the process.
    pub path: String,
    /// Who sends into it, and whose spikes count as the targets'.
    pub between: [String; 2],
    /// Source and target of each synapse, in the order of its variables.
    pub synapses: Vec<(u32, u32)>,
    /// The rule.
    pub rule: CompiledRule,
    /// Format of its weights.
    pub format: WeightFormat,
    /// The engine.
    pub engine: LearningArithmetic,
    /// Longest delay `[steps]`.
    pub longest_delay: i32,
    /// Why no budget follows it, if none does.
    pub not_followed: Option<&'static str>,
    /// Weight, delay and tag of each synapse before the first step.
    pub(crate) initial: [Vec<f64>; 3],
}

impl Lesson {
    /// The step of the weights `[weight LSB]`.
    pub fn step(&self) -> i32 {
        if self.engine.keeps_low_bits { 1 } else { 1 << self.format.lost_bits() }
    }

    /// What the register of a variable holds: its ends, and the step between two values.
    pub fn register(&self, variable: &str) -> Option<(i32, i32, i32)> {
        let step = self.step();
        let (low, high) = match self.format.sign {
            SignMode::Mixed => (-256, 256 - step),
            SignMode::Excitatory => (0, 256 - step),
            SignMode::Inhibitory => (-256, 0),
        };
        match variable {
            "weights" => Some((low, high, step)),
            "tag_1" => Some((self.engine.tag_min, 255, 1)),
            "tag_2" => Some((0, if self.engine.delays_act { self.longest_delay } else { 255 }, 1)),
            "x1" | "x2" => Some((0, 127, 1)),
            "y1" | "y2" | "y3" => Some((if self.rule.three_factor { -128 } else { 0 }, 127, 1)),
            _ => None,
        }
    }
}

/// Whether synapses of a process change on their own.
pub(crate) fn learns(model: &Model, setting: &Setting<'_>) -> bool {
    model.plastic(setting, &Cut { targets: Some(0..0), ends: Vec::new() }).is_some()
}

/// The parts of a process that learns by a rule as text.
struct Parts<'a> {
    rule: &'a LearningRule,
    synapses: Vec<(u32, u32)>,
    format: WeightFormat,
    graded: bool,
    /// Whether synapses grow and vanish.
    grows: bool,
    initial: [Vec<f64>; 3],
}

fn parts(model: &Model) -> Result<Option<Parts<'_>>, FidelityError> {
    let signed = |sign: Option<SignMode>| Some(sign.unwrap_or(SignMode::Mixed));
    Ok(match model {
        Model::LearningDense(own) => {
            let [n_out, n_in] = own.weights.shape("weights")?;
            let synapses = (0..n_out as u32).flat_map(|j| (0..n_in as u32).map(move |i| (i, j))).collect();
            let flat = |m: Option<&pumice::models::Matrix>| m.map_or_else(|| vec![0.0; n_in * n_out], |m| m.flat());
            let (bits, sign) = (own.num_weight_bits, signed(own.sign_mode));
            let delays = own.delays.as_ref().or(own.tag_2.as_ref());
            let weights = own.weights.flat();
            let format = WeightFormat::new(own.weight_exp, bits, sign, weights.iter().copied())?;
            let graded = own.num_message_bits > 0;
            let initial = [weights, flat(delays), flat(own.tag_1.as_ref())];
            Some(Parts { rule: &own.learning_rule, synapses, format, graded, grows: false, initial })
        }
        Model::LearningSparse(own) => {
            let synapses = own.sources.iter().copied().zip(own.targets.iter().copied()).collect();
            let flat = |m: Option<&Vec<f64>>| m.cloned().unwrap_or_else(|| vec![0.0; own.weights.len()]);
            let (bits, sign) = (own.num_weight_bits, signed(own.sign_mode));
            let format = WeightFormat::new(own.weight_exp, bits, sign, own.weights.iter().copied())?;
            let (delays, graded) = (own.delays.as_ref().or(own.tag_2.as_ref()), own.num_message_bits > 0);
            let initial = [own.weights.clone(), flat(delays), flat(own.tag_1.as_ref())];
            let grows = own.structure.is_some();
            Some(Parts { rule: &own.learning_rule, synapses, format, graded, grows, initial })
        }
        _ => None,
    })
}

/// Process `k` of a graph as a connection that learns; `None` if its rule is no text.
///
/// # Errors
/// If it refuses its parameters.
pub(crate) fn lesson(
    graph: &Graph,
    (k, node): (usize, &Node),
    model: &Model,
    a: &Arithmetic,
) -> Result<Option<Lesson>, FidelityError> {
    let Some(parts) = parts(model)? else { return Ok(None) };
    let rule = parts.rule.compile(&a.learning)?;
    let wires = graph.wires();
    let sender = |port: usize| {
        let mut all = wires.iter().filter(|w| w.to.0.number() as usize == k && w.to.1 == port);
        match (all.next(), all.next()) {
            (Some(wire), None) if wire.pairs.is_none() => {
                Some(graph.nodes()[wire.from.0.number() as usize].path.clone())
            }
            _ => None,
        }
    };
    let between = sender(0).zip(sender(1)).map(|(from, to)| [from, to]);
    let not_followed = match (&between, rule.t_epoch) {
        (None, _) => Some("its spikes come from several processes, or from none"),
        (_, 2..) => Some("its epochs are longer than a step"),
        _ if parts.grows => Some("its synapses grow and vanish"),
        _ if !a.learning.float_keeps_shift || parts.graded => {
            Some("its float twin learns by other products or payloads")
        }
        _ => None,
    };
    Ok(Some(Lesson {
        path: node.path.clone(),
        between: between.unwrap_or_default(),
        synapses: parts.synapses,
        rule,
        format: parts.format,
        engine: a.learning.clone(),
        longest_delay: a.delay_max as i32,
        not_followed,
        initial: parts.initial,
    }))
}
