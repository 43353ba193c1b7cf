//! Dendrites as an architecture names them, and what they can receive.

use crate::attributes::Attributes;
use crate::network::Edge;
use crate::taps::Taps;

/// SANA-FE's delays are 0 to 5 steps.
pub(super) const DELAYS: usize = 6;

/// What becomes of the synapses that a neuron receives.
pub(super) enum Dendrite {
    /// `accumulator`.
    Sum,
    /// `accumulator_with_delay`.
    Delays,
    /// `taps`.
    Taps(Box<Taps>),
}

impl Dendrite {
    /// The dendrite of a neuron, by the name of its model.
    pub(super) fn named(model: &str, a: &Attributes) -> Result<Dendrite, String> {
        match model {
            "accumulator" => Ok(Dendrite::Sum),
            "accumulator_with_delay" => Ok(Dendrite::Delays),
            "taps" => Taps::new(a).map(|line| Dendrite::Taps(Box::new(line))),
            other => Err(format!(
                "the dendrite model `{other}` is not known, allowed is accumulator, accumulator_with_delay or taps"
            )),
        }
    }

    /// Its compartments, if it has some.
    pub(super) fn line(&self) -> Option<Box<Taps>> {
        match self {
            Dendrite::Taps(line) => Some(line.clone()),
            _ => None,
        }
    }

    /// Refuses what SANA-FE loses in silence or cannot do: with the buffer `inside` the dendrite, or before the soma.
    pub(super) fn receives(&self, edge: &Edge, inside: bool) -> Result<(), String> {
        let taps = match self {
            Dendrite::Sum if inside => return Err(lost("accumulator", "inside the dendrite")),
            Dendrite::Delays if !inside => return Err(lost("accumulator_with_delay", "before the soma")),
            Dendrite::Sum | Dendrite::Delays => 1,
            Dendrite::Taps(line) => line.len(),
        };
        let delays = if matches!(self, Dendrite::Delays) { DELAYS } else { 1 };
        match edge {
            Edge { delay, .. } if *delay >= DELAYS => {
                Err(format!("a delay of {delay} steps is too long, allowed is 0 to {}", DELAYS - 1))
            }
            Edge { delay, .. } if *delay >= delays => {
                Err(format!("a delay of {delay} steps is lost, only the dendrite `accumulator_with_delay` has delays"))
            }
            Edge { tap, .. } if *tap >= taps => Err(format!("there is no tap {tap}, allowed is 0 to {}", taps - 1)),
            _ => Ok(()),
        }
    }
}

fn lost(model: &str, buffer: &str) -> String {
    format!("the dendrite `{model}` with the buffer {buffer} delivers nothing in SANA-FE")
}
