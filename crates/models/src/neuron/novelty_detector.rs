//! Novelty detector of continually learning prototypes.
//!
//! A signal on `input_aval_in` starts a clock, one on `output_aval_in` stops it; once the clock exceeds `t_wait`
//! steps, `novelty_detected_out` sends one spike.
//!
//! Source: Lava 0.10 `lava/proc/clp/novelty_detector/models.py`. Both forms are the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::machine::{Machine, Running, machine};
use crate::{ModelError, integer};

/// Lava's `NoveltyDetector`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoveltyDetector {
    /// Steps to wait for an output, at least 0.
    pub t_wait: i32,
}

impl NoveltyDetector {
    fn start(&self) -> Result<Running<Clock>, ModelError> {
        let t_wait = integer("t_wait", f64::from(self.t_wait), 0..=i32::MAX)?;
        Ok(Running::new(Clock, vec![vec![t_wait], vec![0], vec![0]]))
    }
}

/// Variables: `t_wait`, whether it is waiting, and since when.
#[derive(Debug)]
struct Clock;

impl Machine for Clock {
    fn step(&self, vars: &mut [Vec<i32>], inputs: &[Vec<i32>], outputs: &mut [Vec<i32>]) {
        let (t_wait, mut waiting, mut passed) = (vars[0][0], vars[1][0], vars[2][0]);
        if inputs[0][0] != 0 {
            (waiting, passed) = (1, 0);
        }
        let mut novel = false;
        if inputs[1][0] != 0 {
            (waiting, passed) = (0, 0);
        } else if passed > t_wait {
            novel = true;
            (waiting, passed) = (0, 0);
        }
        (vars[1][0], vars[2][0]) = (waiting, passed.saturating_add(waiting));
        outputs[0][0] = i32::from(novel);
    }
}

machine!(
    NoveltyDetector, this,
    in [("input_aval_in", Activation, 1), ("output_aval_in", Activation, 1)],
    out [("novelty_detected_out", Spike, 1)],
    vars [("t_wait", 1), ("waiting", 1), ("t_passed", 1)],
    this.start()
);
