//! The random draws of learning: counter-based, or recorded and replayed.
//!
//! Without a recording every draw is a pure function of the seed, the process, the element and the step, so that
//! results do not depend on order or on the number of workers. A [`Recording`] replaces the draws that
//! are common to all elements; [`Recording::of`] writes down the counter-based ones.

use pumice_num::{GROUP, Level, Purpose, Task, draw, draw_below, draw_group, draw_unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ModelError;

/// Draws in the order in which Lava consumed them, one for all neurons or synapses at a time.
///
/// Index `t` of the first five is the step `t + 1`; index `k` of the last is the learning phase `k + 1`.
/// Decays and roundings are in `[0, 1)` and round up where they are below the fraction; impulses are in
/// `0..=127`. After the end of an array the counter-based draws are used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Recording {
    /// Decay of `x1` and `x2` in the learning phase.
    pub x_decay: Vec<f64>,
    /// Fraction of the impulses of `x1` and `x2` in the learning phase.
    pub x_impulse: Vec<i32>,
    /// Decay of `y1`, `y2`, `y3` in the learning phase.
    pub y_decay: Vec<f64>,
    /// Fraction of the impulses of `y1`, `y2`, `y3` in the learning phase.
    pub y_impulse: Vec<i32>,
    /// Fraction of the impulses of `y1`, `y2`, `y3` where a target fires again within an epoch.
    pub y_impulse_at_post_spike: Vec<i32>,
    /// Rounding of all synaptic variables.
    pub syn_var_round: Vec<f64>,
}

/// The streams that draws come from.
#[derive(Clone, Copy, Debug)]
enum Stream {
    XDecay,
    XImpulse,
    YDecay,
    YImpulse,
    YRepeat,
    Round,
}

impl Recording {
    /// The counter-based common draws of `steps` steps with epochs of `t_epoch`, as a recording.
    ///
    /// Replaying it gives what the same process gives without it in an arithmetic with common draws.
    pub fn of(seed: u64, place: u32, steps: u64, t_epoch: u32) -> Self {
        let key = Key { seed, place };
        let units = |stream| (1..=steps).map(|t| key.unit(stream, t)).collect();
        let sevens = |stream| (1..=steps).map(|t| key.seven(stream, t)).collect();
        Recording {
            x_decay: units(Stream::XDecay),
            x_impulse: sevens(Stream::XImpulse),
            y_decay: units(Stream::YDecay),
            y_impulse: sevens(Stream::YImpulse),
            y_impulse_at_post_spike: sevens(Stream::YRepeat),
            syn_var_round: (1..=steps / u64::from(t_epoch.max(1)))
                .map(|k| key.unit(Stream::Round, k * u64::from(t_epoch.max(1))))
                .collect(),
        }
    }

    pub(super) fn check(&self) -> Result<(), ModelError> {
        for (name, all) in
            [("x_decay", &self.x_decay), ("y_decay", &self.y_decay), ("syn_var_round", &self.syn_var_round)]
        {
            if let Some(i) = all.iter().position(|r| !(0.0..1.0).contains(r)) {
                return Err(ModelError::range(format!("draws.{name}[{i}]"), all[i], "a number in 0..1"));
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    seed: u64,
    place: u32,
}

/// Indices of common draws lie above those of any neuron or synapse.
const COMMON: u32 = u32::MAX - 8;

impl Key {
    fn words(self, stream: Stream, step: u64) -> [u32; 4] {
        let purpose = if matches!(stream, Stream::Round) { Purpose::SYNAPSE } else { Purpose::TRACE };
        draw(self.seed, purpose, self.place, COMMON + stream as u32, step)
    }

    fn unit(self, stream: Stream, step: u64) -> f64 {
        let words = self.words(stream, step);
        draw_unit([words[0], words[1]])
    }

    fn seven(self, stream: Stream, step: u64) -> i32 {
        draw_below(self.words(stream, step)[0], 128) as i32
    }
}

/// Where the traces of one side take their draws in one learning phase.
#[derive(Clone, Debug)]
pub(super) enum TraceDraws {
    /// The same for all neurons, traces and steps of the epoch.
    Common { decay: f64, impulse: i32 },
    /// One per neuron, trace and step of the epoch, which began after step `start`.
    Each { key: Key, side: u64, start: u64 },
}

/// A kind of draw takes the bits of the step counter from here up.
const KIND: u32 = 44;

impl TraceDraws {
    /// The draw for the decay of `trace` at step `e` of the epoch, in `[0, 1)`; neighbours share a block.
    #[inline(always)]
    pub(super) fn decay(&self, block: &mut Block, neuron: u32, trace: usize, e: u64) -> f64 {
        match self {
            TraceDraws::Common { decay, .. } => *decay,
            TraceDraws::Each { key, side, start } => {
                let counter = (start + e) | (4 * side + trace as u64) << KIND;
                let word = block.word(*key, Purpose::TRACE, neuron, counter);
                f64::from(word) * (1.0 / 4_294_967_296.0)
            }
        }
    }

    /// The draw for the impulse of `trace` at step `e` of the epoch, in `0..=127`.
    pub(super) fn impulse(&self, neuron: u32, trace: usize, e: u64) -> i32 {
        match self {
            TraceDraws::Common { impulse, .. } => *impulse,
            TraceDraws::Each { key, side, start } => {
                let counter = (start + e) | (8 + side) << KIND;
                let words = draw(key.seed, Purpose::TRACE, key.place, neuron, counter);
                (words[0] >> (7 * trace)) as i32 & 127
            }
        }
    }
}

/// The last group of words drawn: 64 neighbours share it, four to a draw.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    of: (u32, u64),
    words: [u32; GROUP],
}

impl Block {
    pub(super) const fn new() -> Self {
        Block { of: (u32::MAX, u64::MAX), words: [0; GROUP] }
    }

    /// The word of element `index` under `counter`: word `index % 4` of the draw of `index / 4`.
    #[inline(always)]
    fn word(&mut self, key: Key, purpose: Purpose, index: u32, counter: u64) -> u32 {
        let group = index / GROUP as u32;
        if self.of != (group, counter) {
            self.of = (group, counter);
            self.words = Level::widest().run(Draw { key, purpose, group, counter });
        }
        let index = index as usize;
        self.words[index % 4 * (GROUP / 4) + index / 4 % (GROUP / 4)]
    }
}

/// The draw of a group.
struct Draw {
    key: Key,
    purpose: Purpose,
    group: u32,
    counter: u64,
}

impl Task for Draw {
    type Output = [u32; GROUP];

    #[inline(always)]
    fn run(self) -> [u32; GROUP] {
        draw_group(self.key.seed, self.purpose, self.key.place, self.group, self.counter)
    }
}

/// Where synaptic variables take their draws in one learning phase.
#[derive(Clone, Debug)]
pub(super) enum SynapseDraws {
    /// The same for all, in `[0, 1)`.
    Common(f64),
    /// One word per synapse, by its place among those of its source or, in visits by target, of its target.
    Each { key: Key, step: u64, block: Box<Block> },
}

impl SynapseDraws {
    /// What is added below the binary point of `bits` bits before flooring, at bit `at` of the word of a visit.
    #[inline(always)]
    pub(super) fn low(&mut self, visit: Visit, bits: u32, at: u32) -> u32 {
        match self {
            SynapseDraws::Common(r) => (1 << bits) - 1 - (*r * f64::from(1u32 << bits)) as u32,
            SynapseDraws::Each { key, step, block } => {
                let (index, counter) = match visit {
                    Visit::Row(k) => (k, *step),
                    Visit::Column(entry) => (entry, *step | 1 << KIND),
                };
                block.word(*key, Purpose::SYNAPSE, index, counter) >> at & ((1 << bits) - 1)
            }
        }
    }
}

/// How a synapse is visited, with its place in that order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Visit {
    /// By its source.
    Row(u32),
    /// By its target.
    Column(u32),
}

/// All draws of one process.
#[derive(Clone, Debug)]
pub(super) struct Source {
    key: Key,
    common: bool,
    recording: Recording,
    t_epoch: u64,
}

impl Source {
    pub(super) fn new(seed: u64, place: u32, common: bool, recording: Option<Recording>, t_epoch: u32) -> Self {
        Source {
            key: Key { seed, place },
            common: common || recording.is_some(),
            recording: recording.unwrap_or_default(),
            t_epoch: u64::from(t_epoch),
        }
    }

    /// For the learning phase that ends at `step`; `side` is 0 for sources, 1 for targets.
    pub(super) fn traces(&self, side: u64, step: u64) -> TraceDraws {
        if !self.common {
            return TraceDraws::Each { key: self.key, side, start: step - self.t_epoch };
        }
        let (decay, impulse, streams) = match side {
            0 => (&self.recording.x_decay, &self.recording.x_impulse, (Stream::XDecay, Stream::XImpulse)),
            _ => (&self.recording.y_decay, &self.recording.y_impulse, (Stream::YDecay, Stream::YImpulse)),
        };
        let t = step as usize - 1;
        TraceDraws::Common {
            decay: decay.get(t).copied().unwrap_or_else(|| self.key.unit(streams.0, step)),
            impulse: impulse.get(t).copied().unwrap_or_else(|| self.key.seven(streams.1, step)),
        }
    }

    /// For neurons that fire again within an epoch, at `step`.
    pub(super) fn repeats(&self, side: u64, step: u64) -> TraceDraws {
        if !self.common {
            return TraceDraws::Each { key: self.key, side: 2 + side, start: step };
        }
        let recorded = self.recording.y_impulse_at_post_spike.get(step as usize - 1).copied();
        let impulse = match side {
            // Lava rounds every fraction of a source's repeated spike up.
            0 => 0,
            _ => recorded.unwrap_or_else(|| self.key.seven(Stream::YRepeat, step)),
        };
        TraceDraws::Common { decay: 0.0, impulse }
    }

    /// For the synaptic variables of the learning phase at `step`.
    pub(super) fn synapses(&self, step: u64) -> SynapseDraws {
        if self.common {
            let k = (step / self.t_epoch) as usize - 1;
            let recorded = self.recording.syn_var_round.get(k).copied();
            return SynapseDraws::Common(recorded.unwrap_or_else(|| self.key.unit(Stream::Round, step)));
        }
        SynapseDraws::Each { key: self.key, step, block: Box::new(Block::new()) }
    }
}
