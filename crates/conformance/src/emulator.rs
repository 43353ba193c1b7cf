//! What the recordings of nengo-loihi and brian2-loihi share: one case per file, spikes as lists by step.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::case::{Case, Fault};
use crate::compare::{Difference, Expected, earliest, first};
use crate::read::{ReadError, json_files};

/// A case file of schema `emu-golden/1`.
#[derive(Debug, Deserialize)]
pub(crate) struct Recorded {
    #[serde(rename = "schema")]
    _schema: String,
    /// What is recorded.
    pub(crate) category: String,
    /// Name of the case.
    pub(crate) name: String,
    /// What went in.
    pub(crate) inputs: Value,
    /// What came out.
    pub(crate) expected: Value,
}

impl Recorded {
    /// The inputs as `T`.
    pub(crate) fn inputs<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Fault> {
        T::deserialize(&self.inputs).map_err(|fault| Fault::Malformed(format!("`inputs`: {fault}")))
    }

    /// The outputs as `T`.
    pub(crate) fn expected<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Fault> {
        T::deserialize(&self.expected).map_err(|fault| Fault::Malformed(format!("`expected`: {fault}")))
    }
}

/// Replays every case file in a folder.
pub(crate) fn replay(
    folder: &Path,
    suite: &'static str,
    one: fn(&Recorded) -> Result<Option<Fault>, Fault>,
) -> Result<Vec<Case>, ReadError> {
    let files: Vec<Recorded> = json_files(folder, suite)?;
    Ok(files.iter().map(|case| Case::new(&case.name, one(case).unwrap_or_else(Some))).collect())
}

/// Spikes by step: the indices that fired.
pub(crate) type SpikeList = BTreeMap<usize, Vec<usize>>;

/// One row per step from step `from` on, for `steps` steps, of `n` flags.
pub(crate) fn rows(spikes: &SpikeList, n: usize, from: usize, steps: usize) -> Result<Vec<Vec<f64>>, Fault> {
    let mut rows = vec![vec![0.0; n]; steps.max(1)];
    for (t, fired) in spikes {
        let Some(step) = t.checked_sub(from) else {
            return Err(Fault::Malformed(format!("a spike at {t}, which is before the first step")));
        };
        let Some(row) = rows.get_mut(step) else { continue };
        for i in fired {
            match row.get_mut(*i) {
                Some(flag) => *flag = 1.0,
                None => return Err(Fault::Malformed(format!("a spike of {i} among {n}"))),
            }
        }
    }
    Ok(rows)
}

/// A function table: what was recorded of each output, and what the public function gives.
pub(crate) fn table(outputs: Vec<(Expected, Vec<Vec<f64>>)>) -> Option<Fault> {
    differs(earliest(outputs.iter().filter_map(|(expected, got)| first(expected, got))))
}

/// A fault of a function table.
pub(crate) fn differs(difference: Option<Difference>) -> Option<Fault> {
    difference.map(|difference| Fault::Differs { form: "function table".into(), difference })
}
