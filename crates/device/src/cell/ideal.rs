//! The ideal cell: keeps exactly what was asked for, for ever.

use serde::{Deserialize, Serialize};

use super::{Identity, Physics, Written};
use crate::error::DeviceError;
use crate::fate::Fate;
use crate::profile::Range;

/// Parameters of the ideal cell: none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ideal {}

impl Physics for Ideal {
    fn written(&self, _: &Range, target: f64, _: &Fate, _: &Identity) -> f64 {
        target
    }

    fn spread(&self, _: &Range, _: f64) -> f64 {
        0.0
    }

    fn rested(&self, _: &Range, written: &Written, _: &Fate, _: f64) -> f64 {
        written.value
    }

    fn read_sigma(&self, _: &Range, _: &Written, _: f64, _: f64) -> f64 {
        0.0
    }

    fn measured_until_s(&self) -> f64 {
        f64::INFINITY
    }

    fn check(&self) -> Result<(), DeviceError> {
        Ok(())
    }
}
