//! HfOx RRAM after Milo et al., IRPS 2021 (IGVVA-100 programming, 50 to 225 µS).
//!
//! ```text
//! σ = σ_0 + σ_1 · g
//! I = g V + N2 V² + N3 V³,   N_k = Σ_i n_ki L^i,   L = log10(g in S),   |V| ≤ 0.5 V
//! ```

use serde::{Deserialize, Serialize};

use super::{Identity, Physics, Written, polynomial};
use crate::error::DeviceError;
use crate::fate::Fate;
use crate::profile::Range;

/// Parameters of the Milo cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Milo {
    /// Spread after programming: offset `[µS]` and slope.
    pub sigma: [f64; 2],
    /// Coefficients of N2 over log10(g in S), ascending `[A/V²]`.
    pub n2: [f64; 4],
    /// Coefficients of N3 over log10(g in S), ascending `[A/V³]`.
    pub n3: [f64; 3],
}

impl Milo {
    /// The current at `volts` of a cell of conductance `g_us` `[A]`; fitted for |V| ≤ 0.5 V.
    pub fn current(&self, g_us: f64, volts: f64) -> f64 {
        let siemens = g_us.max(f64::MIN_POSITIVE) * 1e-6;
        let l = siemens.log10();
        let volts2 = volts * volts;
        siemens * volts + polynomial(&self.n2, l) * volts2 + polynomial(&self.n3, l) * volts2 * volts
    }
}

impl Physics for Milo {
    fn written(&self, range: &Range, target: f64, fate: &Fate, _: &Identity) -> f64 {
        target + self.spread(range, target) * fate.write
    }

    fn spread(&self, _: &Range, target: f64) -> f64 {
        (self.sigma[0] + self.sigma[1] * target).max(0.0)
    }

    fn rested(&self, _: &Range, written: &Written, _: &Fate, _: f64) -> f64 {
        written.value
    }

    fn read_sigma(&self, _: &Range, _: &Written, _: f64, _: f64) -> f64 {
        0.0
    }

    fn measured_until_s(&self) -> f64 {
        0.0
    }

    fn check(&self) -> Result<(), DeviceError> {
        DeviceError::check(self.sigma[0] >= 0.0, "`sigma`", self.sigma[0], "at least 0")
    }
}
