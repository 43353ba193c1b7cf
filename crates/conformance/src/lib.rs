//! Replays recordings of other emulators through Pumice's public API and says where they differ.
//!
//! A suite is a folder of recorded cases in one schema. Each case is built as a graph, compiled for the
//! arithmetic of its emulator, run step by step on every backend that has it, and compared with what was recorded:
//! integers exactly, real numbers to 1e-9. Function tables are compared with the public function they
//! record. What a suite needs to know about its emulator is in its own file; nothing here knows a model.
//!
//! To add a suite: one file, and one line in [`SUITES`].

mod brian2_loihi;
mod case;
mod compare;
mod emulator;
mod lava;
mod nengo_loihi;
mod pilotnet;
mod read;
mod replay;
mod rram;
mod sanafe;

use std::path::Path;

pub use case::{Case, Fault};
pub use compare::Difference;
pub use read::ReadError;

/// A set of recordings in one schema.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// The name on the command line.
    pub name: &'static str,
    /// Replays every case file in a folder.
    pub replay: fn(&Path) -> Result<Vec<Case>, ReadError>,
}

/// All suites.
pub const SUITES: &[Suite] = &[
    Suite { name: "lava", replay: lava::replay },
    Suite { name: "nengo-loihi", replay: nengo_loihi::replay },
    Suite { name: "brian2-loihi", replay: brian2_loihi::replay },
    Suite { name: "sanafe", replay: sanafe::replay },
    Suite { name: "pilotnet", replay: pilotnet::replay },
    Suite { name: "rram", replay: rram::replay },
];

/// The suite of that name.
///
/// # Errors
/// If there is none; the message lists the names.
pub fn suite(name: &str) -> Result<Suite, ReadError> {
    let found = SUITES.iter().find(|suite| suite.name == name);
    found.copied().ok_or_else(|| ReadError::Suite {
        name: name.to_owned(),
        known: SUITES.iter().map(|suite| suite.name).collect::<Vec<_>>().join(", "),
    })
}
