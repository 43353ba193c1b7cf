//! Time and temperature of an array.
//!
//! Time is a whole number of nanoseconds since the array was made (584 years fit), so two paths to
//! the same time give the same time. The temperature history is a list of segments; neighbours of
//! equal temperature are one segment. The equivalent age of a cell sums the segments since it was
//! written, each accelerated by Arrhenius' law
//!
//! ```text
//! age = Σ Δt_i · exp(Ea/k · (1/T_ref − 1/T_i))
//! ```
//!
//! with k = 8.617333262e-5 eV/K (CODATA 2018).

use serde::{Deserialize, Serialize};

use crate::error::DeviceError;

/// Boltzmann's constant `[eV/K]` (CODATA 2018).
pub const BOLTZMANN_EV: f64 = 8.617_333_262e-5;

/// The temperature at which the measured statistics of all cell models hold, 25 °C `[mK]`.
pub const REFERENCE_MK: u32 = 298_150;

/// A stretch of constant temperature, up to the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Segment {
    from_ns: u64,
    temperature_mk: u32,
}

/// The clock of an array and the temperatures it went through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    now_ns: u64,
    ambient_mk: u32,
    segments: Vec<Segment>,
}

impl Default for Clock {
    fn default() -> Self {
        Clock { now_ns: 0, ambient_mk: REFERENCE_MK, segments: Vec::new() }
    }
}

impl Clock {
    /// Time since the array was made `[ns]`.
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// The temperature at which time passes while the chip runs `[mK]`; 25 °C unless set.
    pub fn ambient_mk(&self) -> u32 {
        self.ambient_mk
    }

    /// Sets the temperature at which time passes from now on while the chip runs `[mK]`.
    pub fn set_ambient_mk(&mut self, ambient_mk: u32) {
        self.ambient_mk = ambient_mk;
    }

    /// Lets `duration_ns` pass at `temperature_mk`.
    pub fn pass(&mut self, duration_ns: u64, temperature_mk: u32) {
        let before = self.segments.last().map(|s| s.temperature_mk);
        if duration_ns > 0 && before != Some(temperature_mk) {
            self.segments.push(Segment { from_ns: self.now_ns, temperature_mk });
        }
        self.now_ns = self.now_ns.saturating_add(duration_ns);
    }

    /// Moves the clock to `now_ns` at the ambient temperature.
    ///
    /// # Errors
    /// [`DeviceError::TimeRunsBack`] for a time before the present one.
    pub fn advance_to(&mut self, now_ns: u64) -> Result<(), DeviceError> {
        if now_ns < self.now_ns {
            return Err(DeviceError::TimeRunsBack { asked_ns: now_ns, now_ns: self.now_ns });
        }
        self.pass(now_ns - self.now_ns, self.ambient_mk);
        Ok(())
    }

    /// The equivalent age at the reference temperature `[s]` of a cell written at `from_ns`, seen at
    /// `to_ns`; what lies after the present time is spent at the ambient temperature.
    ///
    /// Without an activation energy every second counts as one.
    pub fn age_s(&self, from_ns: u64, to_ns: u64, activation_energy_ev: Option<f64>) -> f64 {
        let to_ns = to_ns.max(from_ns);
        let Some(energy) = activation_energy_ev else {
            return (to_ns - from_ns) as f64 * 1e-9;
        };
        let ahead = Segment { from_ns: self.now_ns, temperature_mk: self.ambient_mk };
        let ends = self.segments.iter().skip(1).map(|s| s.from_ns);
        self.segments
            .iter()
            .chain([&ahead])
            .zip(ends.chain([self.now_ns, u64::MAX]).skip(usize::from(self.segments.is_empty())))
            .map(|(segment, end)| {
                let passed = end.min(to_ns).saturating_sub(segment.from_ns.max(from_ns));
                passed as f64 * 1e-9 * acceleration(energy, segment.temperature_mk)
            })
            .sum()
    }
}

/// How much faster a thermally activated process runs at `temperature_mk` than at 25 °C.
pub fn acceleration(activation_energy_ev: f64, temperature_mk: u32) -> f64 {
    let kelvin = f64::from(temperature_mk.max(1)) * 1e-3;
    let reference = f64::from(REFERENCE_MK) * 1e-3;
    (activation_energy_ev / BOLTZMANN_EV * (1.0 / reference - 1.0 / kelvin)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Acceleration against 25 °C for 1.0, 1.2 and 1.5 eV, to three digits, recomputed by hand from the law.
    #[test]
    fn acceleration_follows_arrhenius() {
        for (energy, celsius, want) in [(1.0, 55, 35.1), (1.2, 85, 2.5e3), (1.5, 125, 2.3e6)] {
            let got = acceleration(energy, 273_150 + celsius * 1000);
            assert!((got / want - 1.0).abs() < 0.03, "{energy} eV at {celsius} C: {got}");
        }
        assert_eq!(acceleration(1.3, REFERENCE_MK), 1.0);
    }

    proptest! {
        /// Cutting a stretch of time into pieces does not change the age, bit for bit.
        #[test]
        fn two_paths_to_one_time_agree(
            a in 0u64..1 << 50, b in 0u64..1 << 50, c in 0u64..1 << 50, hot in 280_000u32..400_000
        ) {
            let mut whole = Clock::default();
            whole.pass(a + b, hot);
            whole.pass(c, REFERENCE_MK);
            let mut pieces = Clock::default();
            pieces.pass(a, hot);
            pieces.pass(b, hot);
            pieces.pass(0, 350_000);
            pieces.pass(c, REFERENCE_MK);
            prop_assert_eq!(&whole, &pieces);
            let from = a / 2;
            let to = whole.now_ns();
            prop_assert_eq!(
                whole.age_s(from, to, Some(1.1)).to_bits(),
                pieces.age_s(from, to, Some(1.1)).to_bits()
            );
            prop_assert!(whole.age_s(from, to, Some(1.1)) >= 0.0);
        }
    }
}
