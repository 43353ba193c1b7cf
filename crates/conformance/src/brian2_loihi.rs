//! Recordings of brian2-loihi 0.5: one case per file.
//!
//! Index t of a recording is step t + 2 here: a generator's spike of t acts in the same step there, and one
//! step after it was sent here. Learning synapses take it in step t + 1 and have their state of t after that.

mod network;
mod tables;

use std::path::Path;

use crate::case::{Case, Fault};
use crate::emulator::{self, Recorded};
use crate::read::ReadError;

/// Replays every case file in a folder.
pub(crate) fn replay(folder: &Path) -> Result<Vec<Case>, ReadError> {
    emulator::replay(folder, "brian2_loihi", replay_case)
}

fn replay_case(case: &Recorded) -> Result<Option<Fault>, Fault> {
    match case.category.as_str() {
        "weights_table" => tables::weights(case),
        "rule_strings" => tables::rules(case),
        _ => network::replay(case),
    }
}
