//! The counter-example of a property, as a model file.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::shrink::Case;

/// The smallest case found that contradicts a claim.
#[derive(Clone, Debug)]
pub struct Refuted {
    /// The claim and what contradicts it.
    pub reason: String,
    /// The case.
    pub case: Case,
    /// Where it was written as a model file; `None` if it could not be.
    pub written: Option<PathBuf>,
}

/// Where counter-examples are written: in cargo's folder for such files, if this is one of its tests.
pub(crate) fn folder() -> PathBuf {
    let test = std::env::current_exe().ok();
    let target = test
        .as_deref()
        .and_then(Path::parent)
        .filter(|deps| deps.ends_with("deps"))
        .and_then(|deps| deps.ancestors().nth(2));
    target.map_or_else(std::env::temp_dir, |target| target.join("tmp")).join("fidelity")
}

impl Refuted {
    /// Writes a case into a folder of its own, named after the test that runs.
    pub(crate) fn written_to(folder: &Path, reason: String, case: Case) -> Self {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("smallest").replace("::", "-");
        let path = folder.join(name).join("MODEL.toml");
        let written = case.document().and_then(|document| document.write(&path)).is_ok();
        Refuted { reason, case, written: written.then_some(path) }
    }
}

impl fmt::Display for Refuted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.reason)?;
        if let (Some(neurons), Some(steps)) = (self.case.neurons(), self.case.steps()) {
            writeln!(f, "smallest case found: {neurons} neurons, {steps} steps")?;
        }
        if let Some(path) = &self.written {
            writeln!(f, "written to {p}; look at it with\n  pumice compare {p}", p = path.display())?;
        }
        match self.case.document() {
            Ok(document) if document.text().len() < 6000 => write!(f, "\n{}", document.text()),
            _ => Ok(()),
        }
    }
}
