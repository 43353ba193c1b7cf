//! What can be wrong with a price table or with the counts to be priced.

use std::fmt;

use thiserror::Error;

use crate::Event;

/// A number without its zeros: `81`, `2.5`, `-3e-12`.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.abs() {
            size if size == 0.0 || (1e-3..1e6).contains(&size) || !size.is_finite() => write!(f, "{}", self.0),
            _ => write!(f, "{:e}", self.0),
        }
    }
}

/// Why a table cannot be used, or counts cannot be priced by it.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum MeterError {
    /// A figure is negative, or larger than it can be in its unit.
    #[error("{field}: value {} is not allowed, allowed is {allowed}", Short(*value))]
    ValueOutOfRange {
        /// Path of the figure.
        field: String,
        /// The value found.
        value: f64,
        /// The range, with its unit.
        allowed: &'static str,
    },
    /// A figure lies outside its own bounds.
    #[error(
        "{field}: value {} is not within its bounds [{}, {}], allowed is 0 <= low <= value <= high",
        Short(*value),
        Short(*low),
        Short(*high)
    )]
    BoundsOutOfOrder {
        /// Path of the figure.
        field: String,
        /// The value found.
        value: f64,
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// A figure has an empty source.
    #[error("{field}: src is empty, allowed is a text that names the source")]
    NoSource {
        /// Path of the figure.
        field: String,
    },
    /// A figure is zero and does not say why.
    #[error("{field}: value 0 has no reason, allowed is a zero with a reason, or no entry when the value is unknown")]
    ZeroWithoutReason {
        /// Path of the figure.
        field: String,
    },
    /// A figure explains a zero that it is not.
    #[error("{field}: value {} has a reason, allowed is a reason only for a value of 0 (use note)", Short(*value))]
    ReasonWithoutZero {
        /// Path of the figure.
        field: String,
        /// The value found.
        value: f64,
    },
    /// A duration is no whole number of picoseconds.
    #[error(
        "{seconds:e} s is no whole number of picoseconds, allowed is a multiple of 1e-12 s from 0 to {} s",
        crate::latency::MAX_SECONDS
    )]
    NotPicoseconds {
        /// The duration found `[s]`.
        seconds: f64,
    },
    /// An all-in table has a price for an event that its synaptic price already contains.
    #[error(
        "{field}: event {event} has a price, but scope `all_in` already contains it, allowed is a price for {allowed}"
    )]
    WithinAllIn {
        /// Path of the table.
        field: String,
        /// The event priced twice.
        event: Event,
        /// Events that may have a price.
        allowed: String,
    },
    /// Under the exclusive neuron model, more neurons were updated than visited.
    #[error("neuron_update was counted {updates} times, allowed is at most neuron_access, {accesses} times")]
    MoreUpdatesThanAccesses {
        /// Neuron updates counted.
        updates: u64,
        /// Neuron accesses counted.
        accesses: u64,
    },
    /// A barrier table has no entry, unequal lengths, or is not ascending.
    #[error(
        "tiles {tiles:?} and t ({durations} entries) do not form a table, allowed are equally many entries, at least one, tiles ascending from 1 or more"
    )]
    BarrierTable {
        /// The tile numbers found.
        tiles: Vec<u32>,
        /// Number of durations found.
        durations: usize,
    },
    /// A barrier has both a constant and a table.
    #[error("{field}: barrier and sync_by_tiles are both given, allowed is one of them")]
    TwoBarriers {
        /// Path of the table.
        field: String,
    },
    /// Static power is given for the chip and again for its rails.
    #[error("{field}: chip and rails are both given, allowed is one of them, because rails are the parts of chip")]
    ChipAndRails {
        /// Path of the table.
        field: String,
    },
    /// A term is neither an event nor a static term.
    #[error(
        "unknown term `{name}`, allowed is an event such as `neuron_update` or a static term such as `static.chip`"
    )]
    UnknownTerm {
        /// The name found.
        name: String,
    },
}

impl MeterError {
    /// Path of the field at fault, where the error has one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            MeterError::ValueOutOfRange { field, .. }
            | MeterError::BoundsOutOfOrder { field, .. }
            | MeterError::NoSource { field }
            | MeterError::ZeroWithoutReason { field }
            | MeterError::ReasonWithoutZero { field, .. }
            | MeterError::WithinAllIn { field, .. }
            | MeterError::TwoBarriers { field }
            | MeterError::ChipAndRails { field } => Some(field),
            MeterError::NotPicoseconds { .. }
            | MeterError::MoreUpdatesThanAccesses { .. }
            | MeterError::BarrierTable { .. }
            | MeterError::UnknownTerm { .. } => None,
        }
    }
}
