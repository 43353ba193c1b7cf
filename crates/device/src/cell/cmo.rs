//! Conductive-metal-oxide / HfOx RRAM after Falcone et al. (IBM Zurich), as fitted in aihwkit.
//!
//! ```text
//! program   σ_p = p_0 + p_1 · g_target
//! rest      g(t) = g_p + m · ln t + (r_0 + r_1 · ln t) · ξ     t in s
//! read      σ_r = K · log10(g) · sqrt(ln((t + t_r) / (2 t_r)))
//! visible   g_min … g_max
//! ```
//!
//! ξ is one persistent draw per programming. Before 1 s the spread shrinks to zero and the mean does
//! not move.

use serde::{Deserialize, Serialize};

use super::drift::accumulated;
use super::{Identity, Physics, Written, polynomial};
use crate::error::DeviceError;
use crate::fate::Fate;
use crate::profile::Range;

/// Parameters of the CMO/HfOx cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cmo {
    /// Spread after programming: offset `[µS]` and slope.
    pub program: [f64; 2],
    /// Shift of the mean per ln t `[µS]`.
    pub shift: f64,
    /// Relaxation spread: offset `[µS]` and slope per ln t `[µS]`.
    pub relax: [f64; 2],
    /// Read noise per decade of conductance `[µS]`.
    pub read: f64,
    /// Time of one read `[s]`.
    pub t_read_s: f64,
}

impl Physics for Cmo {
    fn written(&self, range: &Range, target: f64, fate: &Fate, _: &Identity) -> f64 {
        target + self.spread(range, target) * fate.write
    }

    fn spread(&self, _: &Range, target: f64) -> f64 {
        polynomial(&self.program, target).max(0.0)
    }

    fn rested(&self, _: &Range, written: &Written, fate: &Fate, age_s: f64) -> f64 {
        if age_s <= 0.0 {
            return written.value;
        }
        let sigma = polynomial(&self.relax, age_s.ln()).max(0.0);
        written.value + self.shift * age_s.max(1.0).ln() + sigma * fate.relax
    }

    fn read_sigma(&self, _: &Range, _: &Written, now: f64, age_s: f64) -> f64 {
        if age_s <= self.t_read_s {
            return 0.0;
        }
        self.read * now.max(1.0).log10() * accumulated(age_s, self.t_read_s)
    }

    fn visible(&self, range: &Range) -> (f64, f64) {
        (range.g_min_us, range.g_max_us)
    }

    fn measured_until_s(&self) -> f64 {
        0.0
    }

    fn check(&self) -> Result<(), DeviceError> {
        Ok(())
    }
}
