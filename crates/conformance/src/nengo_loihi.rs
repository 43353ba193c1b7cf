//! Recordings of nengo-loihi 1.1: one case per file.
//!
//! Index t - 1 of a recording is step t, here as there; what is listed at t is delivered in step t + 1. Function
//! tables record single functions of the emulator and of its builder.

mod blocks;
mod builder;
mod network;
mod sizes;
mod tables;
mod warnings;

use std::path::Path;

use crate::case::{Case, Fault};
use crate::emulator::{self, Recorded};
use crate::read::ReadError;

/// Replays every case file in a folder.
pub(crate) fn replay(folder: &Path) -> Result<Vec<Case>, ReadError> {
    emulator::replay(folder, "nengo_loihi", replay_case)
}

fn replay_case(case: &Recorded) -> Result<Option<Fault>, Fault> {
    match case.inputs.get("model") {
        Some(_) => network::replay(case),
        None => tables::replay(case),
    }
}
