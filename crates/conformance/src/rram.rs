//! Reference data of memory cells, crossbars and analog neurons: statistics, curves, products, wires.
//!
//! A case is one file; its `schema` says what it holds. Exact values are compared within the tolerance that the
//! README of `tests/golden/rram` gives for their schema, statistics within theirs, with draws of a fixed seed.

use std::path::Path;

use pumice_device::conformance::{Report, replay as replay_text, schemas};

use crate::case::{Case, Fault};
use crate::compare::Difference;
use crate::read::{ReadError, json_paths, text};

/// Replays every case file in `folder`.
pub(crate) fn replay(folder: &Path) -> Result<Vec<Case>, ReadError> {
    let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(json_paths(folder)?.iter().map(|path| Case::new(name(path), case(path).unwrap_or_else(Some))).collect())
}

fn case(path: &Path) -> Result<Option<Fault>, Fault> {
    let report = replay_text(&text(path)?).map_err(|fault| Fault::Malformed(fault.to_string()))?;
    Ok(fault(&report))
}

/// The first comparison outside its tolerance, with how many there are.
fn fault(report: &Report) -> Option<Fault> {
    if report.checks == 0 {
        let known = schemas().collect::<Vec<_>>().join(", ");
        return Some(Fault::Malformed(format!("nothing was recorded; the schemas are {known}")));
    }
    let first = report.mismatches.first()?;
    let (failed, checks) = (report.mismatches.len(), report.checks);
    let difference = Difference {
        output: format!("{} ({failed} of {checks} comparisons differ)", first.what),
        step: 0,
        index: 0,
        expected: format!("{} within {}", first.want, first.allowed),
        got: first.got.to_string(),
    };
    Some(Fault::Differs { form: report.schema.clone(), difference })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden(name: &str) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/rram");
        std::fs::read_to_string(folder.join(name)).unwrap()
    }

    /// A changed number is found and named; a folder without cases and an unknown schema are refused.
    #[test]
    fn a_changed_recording_fails() {
        let folder = tempfile::tempdir().unwrap();
        assert!(replay(folder.path()).unwrap_err().to_string().contains("no case files"));
        let file = folder.path().join("curve.json");
        let text = golden("neurosim_nonlinear_update.json");
        std::fs::write(&file, &text).unwrap();
        assert_eq!(replay(folder.path()).unwrap()[0].to_string(), "curve: passed");
        let wrong = text.replacen("-0.9622573899973202", "-0.9622573", 1);
        assert_ne!(wrong, text);
        std::fs::write(&file, wrong).unwrap();
        let line = replay(folder.path()).unwrap()[0].to_string();
        assert!(line.contains("expected -0.9622573 within") && line.contains("comparisons differ"), "{line}");
        std::fs::write(&file, "{\"schema\": \"nothing/1\"}").unwrap();
        let line = replay(folder.path()).unwrap()[0].to_string();
        assert!(line.starts_with("curve: not in the schema") && line.contains("nothing/1"), "{line}");
    }
}
