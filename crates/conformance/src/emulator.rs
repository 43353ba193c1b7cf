//! What the recordings of nengo-loihi and brian2-loihi share: one case per file, spikes as lists by step.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::case::{Case, Fault};
use crate::compare::{Difference, Expected, earliest, first};
use crate::read::{ReadError, file_name, json, json_paths};

/// A case file of schema `emu-golden/1`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recorded {
    schema: String,
    suite: String,
    /// What is recorded.
    pub(crate) category: String,
    /// Name of the case.
    pub(crate) name: String,
    /// What went in.
    pub(crate) inputs: Value,
    /// What came out.
    pub(crate) expected: Value,
    #[serde(rename = "seed", default)]
    _seed: IgnoredAny,
    #[serde(rename = "meta", default)]
    _meta: IgnoredAny,
    #[serde(rename = "doc", default)]
    _doc: IgnoredAny,
}

impl Recorded {
    /// Whether this is a case of `suite`.
    fn of(&self, suite: &str) -> Result<(), Fault> {
        match self.schema == SCHEMA && self.suite == suite {
            true => Ok(()),
            false => {
                let own = format!("a case of `{}` in `{}`", self.suite, self.schema);
                Err(Fault::Malformed(format!("{own}; this suite is `{suite}` in `{SCHEMA}`")))
            }
        }
    }

    /// The inputs as `T`.
    pub(crate) fn inputs<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Fault> {
        T::deserialize(&self.inputs).map_err(|fault| Fault::Malformed(format!("`inputs`: {fault}")))
    }

    /// The outputs as `T`.
    pub(crate) fn expected<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Fault> {
        T::deserialize(&self.expected).map_err(|fault| Fault::Malformed(format!("`expected`: {fault}")))
    }
}

/// The schema of case files.
const SCHEMA: &str = "emu-golden/1";

/// Replays every case file in a folder. `suite` is the name that the files give.
pub(crate) fn replay(
    folder: &Path,
    suite: &str,
    one: fn(&Recorded) -> Result<Option<Fault>, Fault>,
) -> Result<Vec<Case>, ReadError> {
    let case = |path: PathBuf| match json::<Recorded>(&path) {
        Ok(case) => Case::new(&case.name, case.of(suite).and_then(|()| one(&case)).unwrap_or_else(Some)),
        Err(fault) => Case::new(file_name(&path), Some(fault)),
    };
    Ok(json_paths(folder)?.into_iter().map(case).collect())
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

/// Refuses a table whose rows that went in and came out are not as many.
pub(crate) fn same_length(what: &str, inputs: usize, expected: usize) -> Result<(), Fault> {
    match inputs == expected {
        true => Ok(()),
        false => Err(Fault::Malformed(format!("{inputs} `{what}` went in and {expected} came out"))),
    }
}

/// A function table: what was recorded of each output, and what the public function gives.
pub(crate) fn table(outputs: Vec<(Expected, Vec<Vec<f64>>)>) -> Option<Fault> {
    differs(earliest(outputs.iter().filter_map(|(expected, got)| first(expected, got))))
}

/// A fault of a function table.
pub(crate) fn differs(difference: Option<Difference>) -> Option<Fault> {
    difference.map(|difference| Fault::Differs { form: "function table".into(), difference })
}
