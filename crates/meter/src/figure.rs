//! A number with its provenance.
//!
//! Grades of evidence and the difference between a price and an average follow the survey of
//! published energy figures in `hw-profiles/README.md`.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use crate::MeterError;

/// How well a figure is supported, from the strongest grade to the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Measured on silicon, published or in published logs.
    Measured,
    /// Regression on measurements of silicon.
    Fitted,
    /// Arithmetic on published numbers, shown in the source.
    Derived,
    /// Simulated before silicon existed.
    Simulated,
    /// Stated by the makers of the chip or of its software, without a measurement.
    Vendor,
    /// Remembered from the literature and not read again: to be checked before use.
    Recalled,
    /// A placeholder with no source.
    Assumed,
}

impl Evidence {
    /// The name used in files and reports, as in `measured`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Evidence::Measured => "measured",
            Evidence::Fitted => "fitted",
            Evidence::Derived => "derived",
            Evidence::Simulated => "simulated",
            Evidence::Vendor => "vendor",
            Evidence::Recalled => "recalled",
            Evidence::Assumed => "assumed",
        }
    }
}

impl std::fmt::Display for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// Says that a source quotes a figure as one end of an unknown range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The source calls it a minimum: the true value may be larger.
    Min,
    /// The source calls it a maximum: the true value may be smaller.
    Max,
}

/// A non-negative number with its evidence and source; the field that holds it fixes the unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table { v, ev, src }")]
pub struct Figure {
    /// The value, in SI units.
    #[serde(deserialize_with = "number")]
    #[schemars(range(min = 0.0))]
    pub v: f64,
    /// How well it is supported.
    pub ev: Evidence,
    /// Where it comes from.
    pub src: String,
    /// Smallest and largest value the source allows; `v` lies between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<[f64; 2]>,
    /// Present when the source quotes `v` as a minimum or a maximum only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Bound>,
    /// Why the value is zero; required when it is, because absent already means unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A remark for the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Reads a number, and says in its error that units are those of the field.
fn number<'de, D: Deserializer<'de>>(reader: D) -> Result<f64, D::Error> {
    struct Number;

    impl Visitor<'_> for Number {
        type Value = f64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number in SI units (J, s, W), such as 81e-12")
        }

        fn visit_f64<E>(self, v: f64) -> Result<f64, E> {
            Ok(v)
        }

        fn visit_i64<E>(self, v: i64) -> Result<f64, E> {
            Ok(v as f64)
        }

        fn visit_u64<E>(self, v: u64) -> Result<f64, E> {
            Ok(v as f64)
        }
    }

    reader.deserialize_f64(Number)
}

/// The largest figure, and what is allowed in words.
pub(crate) type Limit = (f64, &'static str);

/// No figure is larger, in any unit: sums of figures times counts stay finite.
const LARGEST: Limit = (1e9, "a number of 0 to 1e9");
/// No event costs more `[J]`: a larger number is one in another unit.
pub(crate) const JOULES: Limit = (1.0, "0 to 1 J per event, as in 23.6e-12 for 23.6 pJ");
/// No event takes longer `[s]`: a larger number is one in another unit.
pub(crate) const SECONDS: Limit = (1.0, "0 to 1 s per event, as in 3.5e-9 for 3.5 ns");

/// A figure in joules per event `[J]`.
pub type Price = Figure;

impl Figure {
    /// A figure with no range and no remark.
    pub fn new(v: f64, ev: Evidence, src: impl Into<String>) -> Self {
        Figure { v, ev, src: src.into(), bounds: None, bound: None, reason: None, note: None }
    }

    /// Adds the smallest and the largest value the source allows.
    #[must_use]
    pub fn within(mut self, low: f64, high: f64) -> Self {
        self.bounds = Some([low, high]);
        self
    }

    /// Adds the reason why the value is zero.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// The range that the source allows, or `[v, v]`.
    #[must_use]
    pub fn range(&self) -> [f64; 2] {
        self.bounds.unwrap_or([self.v, self.v])
    }

    /// Checks value, range, source and the reason of a zero; `field` names the figure in the error.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn check(&self, field: &str) -> Result<(), MeterError> {
        self.check_to(field, LARGEST)
    }

    /// As [`Figure::check`], for a figure that cannot be larger than `limit`.
    pub(crate) fn check_to(&self, field: &str, (largest, allowed): Limit) -> Result<(), MeterError> {
        let field = || field.to_owned();
        if !(0.0..=largest).contains(&self.v) {
            return Err(MeterError::ValueOutOfRange { field: field(), value: self.v, allowed });
        }
        if let Some([low, high]) = self.bounds
            && !(low >= 0.0 && low <= self.v && self.v <= high && high <= largest)
        {
            return Err(MeterError::BoundsOutOfOrder { field: field(), value: self.v, low, high });
        }
        if self.src.trim().is_empty() {
            return Err(MeterError::NoSource { field: field() });
        }
        let explained = self.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
        match (self.v == 0.0, explained) {
            (true, false) => Err(MeterError::ZeroWithoutReason { field: field() }),
            (false, true) => Err(MeterError::ReasonWithoutZero { field: field(), value: self.v }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(figure: &Figure) -> String {
        figure.check("energy.hop_east").unwrap_err().to_string()
    }

    #[test]
    fn grades_are_ordered_from_strong_to_weak() {
        assert!(Evidence::Measured < Evidence::Fitted && Evidence::Recalled < Evidence::Assumed);
        assert_eq!(serde_json::to_value(Evidence::Vendor).unwrap(), Evidence::Vendor.name());
    }

    #[test]
    fn faults_are_named() {
        let good = Figure::new(2.0, Evidence::Measured, "paper");
        assert!(good.check("x").is_ok());
        assert!(Figure { v: 0.0, ..good.clone() }.because("no such part").check("x").is_ok());
        assert_eq!(
            sentence(&Figure { v: -1.0, ..good.clone() }),
            "energy.hop_east: value -1 is not allowed, allowed is a number of 0 to 1e9"
        );
        assert_eq!(
            sentence(&good.clone().within(2.5, 3.0)),
            "energy.hop_east: value 2 is not within its bounds [2.5, 3], allowed is 0 <= low <= value <= high"
        );
        assert_eq!(
            sentence(&Figure { src: " ".into(), ..good.clone() }),
            "energy.hop_east: src is empty, allowed is a text that names the source"
        );
        assert_eq!(
            sentence(&Figure { v: 0.0, ..good.clone() }),
            "energy.hop_east: value 0 has no reason, allowed is a zero with a reason, or no entry when the value is unknown"
        );
        assert_eq!(
            sentence(&good.because("no such part")),
            "energy.hop_east: value 2 has a reason, allowed is a reason only for a value of 0 (use note)"
        );
    }
}
