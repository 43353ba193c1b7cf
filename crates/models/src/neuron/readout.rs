//! Readout of continually learning prototypes: turns the winner into a label, and labels into feedback.
//!
//! 1. The first prototype that spikes is the winner. One without a label gets the pseudo-label `-(index + 1)`.
//! 2. With a label of the user, the last winner is judged. A true label that is right gives feedback 1; a wrong
//!    one gives -1 and a spike on `trigger_alloc`. A pseudo-label becomes the user's label, without feedback.
//! 3. `user_output` sends the winner's label, or the one just given; 0 if there is none.
//!
//! Source: Lava 0.10 `lava/proc/clp/nsm/models.py` (`PyReadoutModel`). Both forms are the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::machine::{Machine, Running, machine};
use crate::{ModelError, PerNeuron, lane};

/// Lava's `Readout`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Readout {
    /// Number of prototypes, at least 1.
    pub n_protos: usize,
    /// Labels at the beginning: positive, 0 for none, negative for pseudo-labels; all 0 if absent.
    #[serde(default)]
    pub proto_labels: Option<PerNeuron>,
}

impl Readout {
    fn start(&self) -> Result<Running<Labels>, ModelError> {
        if self.n_protos == 0 {
            return Err(ModelError::range("n_protos", 0, "at least 1"));
        }
        let labels = match &self.proto_labels {
            Some(labels) => lane("proto_labels", labels, self.n_protos, i32::MIN..=i32::MAX)?.expand(self.n_protos),
            None => vec![0; self.n_protos],
        };
        Ok(Running::new(Labels, vec![labels, vec![0]]))
    }
}

/// Variables: the labels, and the last winner.
#[derive(Debug)]
struct Labels;

impl Machine for Labels {
    fn step(&self, vars: &mut [Vec<i32>], inputs: &[Vec<i32>], outputs: &mut [Vec<i32>]) {
        let [labels, last] = vars else { return };
        let user = inputs[1][0];
        let (mut inferred, mut feedback) = (0, 0);
        if let Some(winner) = inputs[0].iter().position(|s| *s != 0) {
            last[0] = winner as i32;
            if labels[winner] == 0 {
                labels[winner] = -(winner as i32 + 1);
            }
            inferred = labels[winner];
        }
        let judged = labels.get_mut(last[0] as usize);
        if let Some(judged) = judged.filter(|_| user != 0) {
            if *judged > 0 {
                feedback = if *judged == user { 1 } else { -1 };
            } else if *judged < 0 {
                *judged = user;
                inferred = user;
            }
        }
        outputs[0][0] = inferred;
        outputs[1][0] = i32::from(feedback < 0);
        outputs[2][0] = feedback;
    }
}

machine!(
    Readout, this,
    in [("inference_in", Spike, this.n_protos), ("label_in", Graded, 1)],
    out [("user_output", Graded, 1), ("trigger_alloc", Spike, 1), ("feedback", Graded, 1)],
    vars [("proto_labels", this.n_protos), ("last_winner_id", 1)],
    this.start()
);
