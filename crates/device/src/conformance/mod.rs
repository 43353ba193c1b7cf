//! Replay of reference data: what other tools compute, against what this crate computes.
//!
//! Each schema has one file here and one line in the table. A replay never fails at the first difference: it
//! counts all comparisons and lists those outside their tolerance. Statistical data is compared by its own
//! tolerances with fixed seeds, so a replay gives the same report every time. Levels, times, seeds and sizes
//! come from the data.

mod compact;
mod devices;
mod irdrop;
mod mvm;
mod neuron;
mod neurosim;
mod noise;
mod pulses;
mod stochastic;

use serde::Deserialize;

use crate::error::DeviceError;
use crate::fate::Place;

/// One comparison outside its tolerance.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// What was compared.
    pub what: String,
    /// What this crate computes.
    pub got: f64,
    /// What the data says.
    pub want: f64,
    /// The largest difference allowed.
    pub allowed: f64,
}

/// What a replay found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Schema of the data.
    pub schema: String,
    /// Number of comparisons.
    pub checks: u64,
    /// The largest difference, in units of its tolerance.
    pub worst: f64,
    /// Comparisons outside their tolerance.
    pub mismatches: Vec<Mismatch>,
}

impl Report {
    /// Something was compared, and nothing differs.
    pub fn passed(&self) -> bool {
        self.checks > 0 && self.mismatches.is_empty()
    }

    /// Compares two numbers; a NaN never agrees.
    fn compare(&mut self, what: impl FnOnce() -> String, got: f64, want: f64, allowed: f64) {
        self.checks += 1;
        let share = (got - want).abs() / allowed;
        self.worst = self.worst.max(share);
        if share.is_nan() || share > 1.0 {
            self.mismatches.push(Mismatch { what: what(), got, want, allowed });
        }
    }
}

#[derive(Deserialize)]
struct Header {
    schema: String,
}

type Replay = fn(&str, &mut Report) -> Result<(), DeviceError>;

// To replay another schema: write `conformance/<name>.rs` and add a line here.
const SCHEMAS: &[(&str, Replay)] = &[
    ("rram-golden/1", noise::replay),
    ("rram-pulse-golden/1", pulses::replay),
    ("rram-crosssim-device/1", devices::replay),
    ("rram-mvm/1", mvm::replay_crosssim),
    ("rram-aihwkit-mvm/1", mvm::replay_aihwkit),
    ("rram-irdrop/1", irdrop::replay),
    ("rram-stochastic-synapse/1", stochastic::replay),
    ("neurosim-nonlinear-update/1", neurosim::replay),
    ("memtorch-compact/1", compact::replay),
    ("analog-neuron-dynapsim/1", neuron::replay),
];

/// The schemas that can be replayed.
pub fn schemas() -> impl Iterator<Item = &'static str> {
    SCHEMAS.iter().map(|(name, _)| *name)
}

/// Replays reference data, the text of a JSON file.
///
/// # Errors
/// [`DeviceError::UnknownSchema`] and [`DeviceError::Reference`] when the data cannot be replayed; data that
/// can be and differs is no error but in the report.
pub fn replay(text: &str) -> Result<Report, DeviceError> {
    let Header { schema } = serde_json::from_str(text)?;
    let Some((_, replay)) = SCHEMAS.iter().find(|(name, _)| *name == schema) else {
        return Err(DeviceError::UnknownSchema { schema, known: schemas().collect::<Vec<_>>().join(", ") });
    };
    let mut report = Report { schema, ..Report::default() };
    replay(text, &mut report)?;
    Ok(report)
}

/// The place of all draws of a replay, one per `group`.
fn place(group: usize) -> Place {
    Place { seed: 20_261_124, core: group as u32 }
}

/// Mean and standard deviation (of the population).
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    (mean, variance.sqrt())
}

/// Recorded moments of a distribution.
#[derive(Deserialize)]
struct Stats {
    mean: f64,
    std: f64,
    /// 3 for a normal distribution; distributions with tails need more samples for a deviation.
    kurtosis: Option<f64>,
}

impl Stats {
    /// Compares samples with the recorded moments: the mean within 4 standard errors and `slack`, the
    /// deviation within 4 standard errors, widened for tails, and 1 %.
    fn compare(&self, report: &mut Report, what: &str, values: &[f64], slack: f64) {
        let n = values.len() as f64;
        let (mean, std) = moments(values);
        let allowed = 4.0 * self.std / n.sqrt() + slack;
        report.compare(|| format!("{what}: mean"), mean, self.mean, allowed);
        let tails = self.kurtosis.unwrap_or(3.0).max(3.0);
        let allowed = self.std * (4.0 * ((tails - 1.0) / (4.0 * n)).sqrt() + 0.01);
        report.compare(|| format!("{what}: deviation"), std, self.std, allowed.max(1e-12));
    }
}
