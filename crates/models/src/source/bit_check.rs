//! A process that looks for values too wide for a register.
//!
//! At the end of every step it reads a variable; a value x fits b bits if `-2^(b-1) <= x < 2^(b-1)`.
//!
//! Source: Lava 0.10 `lava/proc/bit_check/{process,models}.py` (`BitCheck`, which only says that there was one).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::remote::{Access, Remote, RemoteBehaviour, TooWide};
use crate::ModelError;

/// Lava's `BitCheck`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BitCheck {
    /// Bits that every value should fit, sign included, `1..=31`.
    #[serde(default = "register")]
    pub bits: u32,
}

fn register() -> u32 {
    24
}

impl RemoteBehaviour for BitCheck {
    fn start(&self, _n: usize) -> Result<Box<dyn Remote>, ModelError> {
        match self.bits {
            1..=31 => Ok(Box::new(Checker { end: f64::from(self.bits - 1).exp2(), found: None })),
            bits => Err(ModelError::range("bits", bits, "an integer in 1..=31")),
        }
    }
}

#[derive(Debug)]
struct Checker {
    end: f64,
    found: Option<TooWide>,
}

impl Remote for Checker {
    fn access(&self, _step: u64) -> Access {
        Access::Read
    }

    fn receive(&mut self, step: u64, values: &[f64]) {
        for (index, value) in values.iter().copied().enumerate() {
            if value < -self.end || value >= self.end {
                self.found.get_or_insert(TooWide { step, index, value, count: 0 }).count += 1;
            }
        }
    }

    fn overflowed(&self) -> Option<TooWide> {
        self.found
    }

    fn reset(&mut self) {
        self.found = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_every_width_are_found() {
        for bits in 1..=31 {
            let end = f64::from(bits - 1).exp2();
            let mut check = BitCheck { bits }.start(3).unwrap();
            check.receive(3, &[-end, 0.0, end - 1.0]);
            assert_eq!(check.overflowed(), None, "{bits} bits");
            check.receive(4, &[0.0, end]);
            check.receive(5, &[-end - 1.0, 0.0]);
            assert_eq!(check.overflowed(), Some(TooWide { step: 4, index: 1, value: end, count: 2 }));
            check.reset();
            assert_eq!(check.overflowed(), None);
        }
        assert!(BitCheck { bits: 0 }.start(3).is_err() && BitCheck { bits: 32 }.start(3).is_err());
    }
}
