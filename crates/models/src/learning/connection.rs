//! What `LearningDense` and `LearningSparse` share: ports, variables, and the making of their kernels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::course;
use super::draws::{Recording, Source};
use super::engine::LearningArithmetic;
use super::fixed::FixedLearning;
use super::float::FloatLearning;
use super::product::{Target, Variable};
use super::rule::{CompiledRule, LearningRule};
use super::structure::{self, Structure};
use super::topology::Topology;
use crate::connection::rows::Columns;
use crate::connection::weight::WeightFormat;
use crate::plastic::Whole;
use crate::{Arithmetic, Cut, Kernel, Kind, ModelError, PortSpec, RowFormat, Rows, Setting, VarSpec};

/// What the payload of a spike does to the trace `x1` (Lava's `GradedSpikeCfg`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GradedSpikeCfg {
    /// Nothing: the trace grows by `x1_impulse` at every spike.
    #[default]
    UseRegularImpulse,
    /// Half the payload replaces the trace.
    Overwrite,
    /// Half the payload is added, up to 127.
    AddWithSaturation,
    /// Half the payload is added; only a sum above 127 counts as a spike of the source, and only the excess stays.
    AddWithoutSaturation,
}

impl GradedSpikeCfg {
    /// The trace after a spike with a payload, and whether the sum passed 127; `wraps` as Lava, modulo 256.
    pub(super) fn add(self, value: i16, payload: i32, wraps: bool) -> (i16, bool) {
        let half = (f64::from(payload) / 2.0).round_ties_even() as i32;
        let half = if wraps { half & 255 } else { half.clamp(0, 127) };
        let sum = i32::from(value) + half;
        let sum = if wraps { sum & 255 } else { sum };
        let over = sum > 127;
        let after = match self {
            GradedSpikeCfg::UseRegularImpulse => i32::from(value),
            GradedSpikeCfg::Overwrite => half,
            GradedSpikeCfg::AddWithSaturation => sum.min(127),
            GradedSpikeCfg::AddWithoutSaturation if over => sum - if wraps { 127 } else { 128 },
            GradedSpikeCfg::AddWithoutSaturation => sum,
        };
        (after as i16, over)
    }
}

/// A learning connection as a person gave it, laid out.
#[derive(Debug)]
pub(super) struct Parts {
    /// `[targets, sources]`.
    pub(super) shape: [usize; 2],
    /// Source and target of each synapse as given.
    pub(super) sources: Vec<u32>,
    pub(super) targets: Vec<u32>,
    pub(super) row_format: RowFormat,
    pub(super) weights: Vec<f64>,
    pub(super) tag_1: Vec<f64>,
    pub(super) tag_2: Vec<f64>,
    pub(super) delays: Option<Vec<f64>>,
    pub(super) format: WeightFormat,
    pub(super) graded: bool,
    pub(super) payloads: GradedSpikeCfg,
    pub(super) structure: Option<Structure>,
}

impl Parts {
    /// Which synapse of a cut lies where.
    pub(super) fn topology(&self, cut: &Cut) -> Result<Topology, ModelError> {
        Topology::new(self.shape, &self.sources, &self.targets, cut.range(self.shape[0]))
    }

    /// The delays that act at first, as given.
    fn acting_delays(&self, engine: &LearningArithmetic) -> &[f64] {
        match (&self.delays, engine.delays_act) {
            (Some(delays), _) => delays,
            (None, true) => &self.tag_2,
            (None, false) => &[],
        }
    }

    /// How the synapses lie in memory: all of them, those of weight 0 too, because learning may change them; of places those
    /// that `holds` says.
    fn rows(&self, rule: &CompiledRule, arithmetic: &Arithmetic, holds: impl Fn(usize) -> bool) -> Rows {
        let engine = &arithmetic.learning;
        let given = self.acting_delays(engine);
        let delays: Vec<u8> = match given.iter().all(|d| *d == 0.0) {
            true => Vec::new(),
            false => given.iter().map(|d| *d as u8).collect(),
        };
        // Where synapses grow, rows say which places hold one; their weights are those of the running connection.
        let weights: Vec<i32> = match self.structure {
            None => self.weights.iter().map(|w| *w as i32).collect(),
            Some(_) => (0..self.weights.len()).map(|k| i32::from(holds(k))).collect(),
        };
        let rows = Columns::new([self.shape[1], self.shape[0]], &self.sources, &self.targets, &weights, &delays);
        let learned_delay = rule.changes(Target::Delay) || rule.reads(Variable::D);
        let tagged = rule.changes(Target::Tag) || rule.reads(Variable::T);
        let rows = rows.into_rows_where(|w| self.structure.is_none() || w != 0);
        Rows {
            graded: self.graded,
            format: self.row_format,
            weight_bits: self.format.bits,
            delay_bits: if learned_delay { DELAY_BITS } else { rows.delay_bits },
            tag_bits: Some(if tagged { TAG_BITS } else { 0 }),
            ..rows
        }
    }
}

/// A learned delay `[bit]` (Loihi 1: 0 to 62 steps).
const DELAY_BITS: u32 = 6;
/// A tag with its sign `[bit]` (Michaelis, Lehr, Oed and Tetzlaff, Front. Neuroinform. 16, 2022).
const TAG_BITS: u32 = 9;

/// A process whose synapses learn.
pub(super) trait Learns {
    /// `[targets, sources]`.
    fn shape(&self) -> [usize; 2];
    /// Shape of the synaptic variables.
    fn synapses(&self) -> Vec<usize>;
    /// The rule.
    fn rule(&self) -> &LearningRule;
    /// Bits of a payload.
    fn message_bits(&self) -> u32;
    /// How synapses grow and vanish.
    fn structure(&self) -> Option<&Structure>;
    /// Recorded draws.
    fn recording(&self) -> Option<&Recording>;
    /// The synapses, checked.
    fn parts(&self) -> Result<Parts, ModelError>;
}

pub(super) fn in_ports(process: &impl Learns) -> Vec<PortSpec> {
    let [targets, sources] = process.shape();
    let kind = if process.message_bits() > 0 { Kind::Graded } else { Kind::Spike };
    let mut ports = vec![PortSpec::new("s_in", kind, &[sources]), PortSpec::new("s_in_bap", Kind::Spike, &[targets])];
    if process.rule().three_factor {
        ports.extend(["s_in_y1", "s_in_y2", "s_in_y3"].map(|name| PortSpec::new(name, Kind::Graded, &[targets])));
    }
    ports
}

pub(super) fn out_ports(process: &impl Learns) -> Vec<PortSpec> {
    vec![PortSpec::new("a_out", Kind::Activation, &process.shape()[..1])]
}

pub(super) fn vars(process: &impl Learns) -> Vec<VarSpec> {
    let [targets, sources] = process.shape();
    let synapses = process.synapses();
    let mut vars = ["weights", "tag_1", "tag_2"].map(|name| VarSpec::new(name, &synapses)).to_vec();
    vars.extend(["x1", "x2"].map(|name| VarSpec::new(name, &[sources])));
    vars.extend(["y1", "y2", "y3"].map(|name| VarSpec::new(name, &[targets])));
    vars.extend(course::vars());
    if process.structure().is_some() {
        vars.extend(structure::vars(&synapses, targets));
    }
    vars
}

fn prepare(process: &impl Learns, setting: &Setting<'_>) -> Result<(Parts, CompiledRule), ModelError> {
    if process.message_bits() > 24 {
        return Err(ModelError::range("num_message_bits", process.message_bits(), "an integer in 0..=24"));
    }
    let engine = &setting.arithmetic.learning;
    let rule = process.rule().compile(engine)?;
    let parts = process.parts()?;
    parts.structure.as_ref().map_or(Ok(()), Structure::check)?;
    for (field, values) in [("weights", &parts.weights), ("tag_1", &parts.tag_1), ("tag_2", &parts.tag_2)] {
        if values.len() != parts.sources.len() {
            return Err(ModelError::shape(field, &[values.len()], &[parts.sources.len()]));
        }
        if let Some(k) = values.iter().position(|x| !x.is_finite()) {
            return Err(ModelError::range(format!("{field}[{k}]"), values[k], "a finite number"));
        }
    }
    if let Some(delays) = parts.delays.as_ref().filter(|d| d.len() != parts.sources.len()) {
        return Err(ModelError::shape("delays", &[delays.len()], &[parts.sources.len()]));
    }
    if parts.delays.is_some() && engine.delays_act && parts.tag_2.iter().any(|d| *d != 0.0) {
        return Err(ModelError::range(
            "tag_2",
            "given beside `delays`",
            "one of the two, because tag_2 is the delay in this arithmetic",
        ));
    }
    Ok((parts, rule))
}

pub(super) fn fixed(process: &impl Learns, setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
    Ok(Box::new(Whole::new(learning(process, setting, &Cut::ALL)?)))
}

pub(super) fn rows(process: &impl Learns, setting: &Setting<'_>) -> Result<Rows, ModelError> {
    // What the kernel refuses, placement refuses too.
    learning(process, setting, &Cut { targets: Some(0..0), ends: Vec::new() })?;
    let (parts, rule) = prepare(process, setting)?;
    Ok(parts.rows(&rule, setting.arithmetic, |k| parts.weights[k] != 0.0))
}

/// The rows of a connection that grows, from its variable `connected`.
pub(super) fn rows_with(
    process: &impl Learns,
    setting: &Setting<'_>,
    connected: &[i32],
) -> Option<Result<Rows, ModelError>> {
    process.structure()?;
    Some(prepare(process, setting).and_then(|(parts, rule)| match connected.len() == parts.weights.len() {
        true => Ok(parts.rows(&rule, setting.arithmetic, |k| connected[k] != 0)),
        false => Err(ModelError::shape("connected", &[connected.len()], &[parts.weights.len()])),
    }))
}

pub(super) fn learning(process: &impl Learns, setting: &Setting<'_>, cut: &Cut) -> Result<FixedLearning, ModelError> {
    let (parts, rule) = prepare(process, setting)?;
    let recording = process.recording().cloned();
    if let Some(recording) = &recording {
        recording.check()?;
    }
    let seed = process.rule().rng_seed.unwrap_or(setting.seed);
    let draws = Source::new(seed, setting.place, setting.arithmetic.learning.common_draws, recording, rule.t_epoch);
    FixedLearning::new(&parts, &rule, setting.arithmetic, (draws, cut))?.growing(&parts, (seed, setting.place))
}

pub(super) fn unfit_for_cells(process: &impl Learns) -> Option<&'static str> {
    match process.structure() {
        _ if process.rule().dd.is_some() => Some("learns delays, and a cell stays in its row"),
        Some(_) => Some("grows and loses synapses, and cells keep their rows"),
        None => None,
    }
}

pub(super) fn float(process: &impl Learns, setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
    let (parts, rule) = prepare(process, setting)?;
    let seed = process.rule().rng_seed.unwrap_or(setting.seed);
    Ok(Box::new(FloatLearning::new(parts, &rule, setting.arithmetic, (seed, setting.place))?))
}

/// Makes a process of a [`Learns`].
macro_rules! behaves_as_learning {
    ($process:ty) => {
        impl $crate::Behaviour for $process {
            fn in_ports(&self) -> Vec<$crate::PortSpec> {
                $crate::learning::connection::in_ports(self)
            }

            fn out_ports(&self) -> Vec<$crate::PortSpec> {
                $crate::learning::connection::out_ports(self)
            }

            fn vars(&self) -> Vec<$crate::VarSpec> {
                $crate::learning::connection::vars(self)
            }

            fn buffered(&self) -> bool {
                true
            }

            fn fixed(&self, setting: &$crate::Setting<'_>) -> Result<Box<dyn $crate::Kernel<i32>>, $crate::ModelError> {
                $crate::learning::connection::fixed(self, setting)
            }

            fn rows(&self, setting: &$crate::Setting<'_>) -> Option<Result<$crate::Rows, $crate::ModelError>> {
                Some($crate::learning::connection::rows(self, setting))
            }

            fn rows_with(
                &self,
                setting: &$crate::Setting<'_>,
                connected: &[i32],
            ) -> Option<Result<$crate::Rows, $crate::ModelError>> {
                $crate::learning::connection::rows_with(self, setting, connected)
            }

            fn plastic(
                &self,
                setting: &$crate::Setting<'_>,
                cut: &$crate::Cut,
            ) -> Option<Result<Box<dyn $crate::Plastic>, $crate::ModelError>> {
                let made = $crate::learning::connection::learning(self, setting, cut);
                Some(made.map(|synapses| Box::new(synapses) as Box<dyn $crate::Plastic>))
            }

            fn unfit_for_cells(&self) -> Option<&'static str> {
                $crate::learning::connection::unfit_for_cells(self)
            }

            fn float(&self, setting: &$crate::Setting<'_>) -> Result<Box<dyn $crate::Kernel<f64>>, $crate::ModelError> {
                $crate::learning::connection::float(self, setting)
            }
        }
    };
}
pub(super) use behaves_as_learning;
