//! Allocator of continually learning prototypes.
//!
//! Each trigger sends the number of the next free prototype, counted from 1, as the payload of one spike.
//! Triggers of several processes arrive through connections, whose sums fan in.
//!
//! Source: Lava 0.10 `lava/proc/clp/nsm/models.py` (`PyAllocatorModel`). Both forms are the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::machine::{Machine, Running, machine};
use crate::{ModelError, integer};

/// Lava's `Allocator`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Allocator {
    /// Number of prototypes, at least 1; as in Lava, it does not stop the counting.
    pub n_protos: i32,
    /// The first number given out, at least 1.
    #[serde(default = "first")]
    pub next_alloc_id: i32,
}

fn first() -> i32 {
    1
}

impl Allocator {
    fn start(&self) -> Result<Running<Counter>, ModelError> {
        let n_protos = integer("n_protos", f64::from(self.n_protos), 1..=i32::MAX)?;
        let next = integer("next_alloc_id", f64::from(self.next_alloc_id), 1..=i32::MAX)?;
        Ok(Running::new(Counter, vec![vec![next], vec![n_protos]]))
    }
}

/// Variables: the next number, and the number of prototypes.
#[derive(Debug)]
struct Counter;

impl Machine for Counter {
    fn step(&self, vars: &mut [Vec<i32>], inputs: &[Vec<i32>], outputs: &mut [Vec<i32>]) {
        if inputs[0][0] != 0 {
            outputs[0][0] = vars[0][0];
            vars[0][0] = vars[0][0].wrapping_add(1);
        }
    }
}

machine!(
    Allocator, this,
    in [("trigger_in", Activation, 1)],
    out [("allocate_out", Graded, 1)],
    vars [("next_alloc_id", 1), ("n_protos", 1)],
    this.start()
);
