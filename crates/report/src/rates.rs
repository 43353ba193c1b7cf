//! How often everything spiked in a run whose results were written.

use std::collections::BTreeMap;
use std::path::Path;

use pumice_file::{Data, read_npz_all};
use pumice_process::Rates;
use serde::Deserialize;

use crate::ReportError;
use crate::write::{RESULT, SPIKES};

/// Steps of a run, at most: neurons times steps are counted in 64 bits.
const MOST_STEPS: u64 = 1 << 32;

#[derive(Deserialize)]
struct Length {
    steps: u64,
}

/// Reads the rates of a run from the folder that it wrote: its steps from `result.json`, spikes from `spikes.npz`. A process with
/// several ports has the spikes of all of them together.
///
/// # Errors
/// If a file is missing or is not what a run writes, or the run has no steps.
pub fn read_rates(folder: &Path) -> Result<Rates, ReportError> {
    let path = folder.join(RESULT);
    let malformed = |path: &Path, fault: String| ReportError::Malformed { path: path.to_owned(), fault };
    let text = std::fs::read_to_string(&path);
    let text = text.map_err(|source| ReportError::Unreadable { path: path.clone(), source })?;
    let length: Length = serde_json::from_str(&text).map_err(|fault| malformed(&path, fault.to_string()))?;
    if !(1..=MOST_STEPS).contains(&length.steps) {
        return Err(malformed(&path, format!("`steps` is {}, allowed is 1 to 2^32", length.steps)));
    }
    let path = folder.join(SPIKES);
    let mut spikes: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (name, array) in read_npz_all(&path)? {
        // Of a port that was recorded twice the first recording counts; the others have a number in their name.
        let Some((process, port)) = name.strip_suffix(".index").and_then(|port| port.rsplit_once('.')) else {
            continue;
        };
        if port.contains('#') {
            continue;
        }
        let Data::Int(index) = array.data() else {
            return Err(malformed(&path, format!("`{name}` has reals, allowed are whole numbers")));
        };
        let own = spikes.entry(process.to_owned()).or_default();
        for i in index {
            let place = usize::try_from(*i).ok().filter(|i| *i < 1 << 28);
            let place = place.ok_or_else(|| malformed(&path, format!("`{name}` has {i}, allowed is 0 to 2^28 - 1")))?;
            own.resize(own.len().max(place + 1), 0);
            own[place] += 1;
        }
    }
    Ok(Rates { steps: length.steps, spikes })
}
