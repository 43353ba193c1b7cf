//! Mapping files: which neurons lie on which core, as a person writes it and as a placement is kept.
//!
//! ```toml
//! schema = 1
//!
//! [[pin]]
//! process = "cells"
//! neurons = [0, 512] # the first, and the one after the last
//! core = 3
//! ```
//!
//! Every neuron of every population on the chip lies on exactly one core.

use std::fmt::Write;
use std::path::Path;

use pumice_chip::{ChipImage, Segment};
use pumice_process::Pin;
use serde::Deserialize;

use crate::CompileError;

/// Version of the format.
const SCHEMA: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    schema: u32,
    pin: Vec<Pin>,
}

/// Reads a mapping file.
///
/// # Errors
/// If it cannot be read or is no mapping; whether it fits the network is found when that is compiled.
pub fn read_mapping(path: &Path) -> Result<Vec<Pin>, CompileError> {
    let refuse = |fault: String| CompileError::MappingFile { path: path.to_owned(), fault };
    let text = std::fs::read_to_string(path).map_err(|fault| refuse(format!("cannot be read: {fault}")))?;
    let file: Text = toml::from_str(&text).map_err(|fault: toml::de::Error| {
        let line = 1 + text.get(..fault.span().map_or(0, |span| span.start)).unwrap_or("").matches('\n').count();
        let words = fault.message().split_whitespace().collect::<Vec<_>>().join(" ");
        refuse(format!("is no mapping at line {line}: {words}"))
    })?;
    match file.schema {
        SCHEMA => Ok(file.pin),
        other => Err(refuse(format!("has schema {other}, allowed is {SCHEMA}"))),
    }
}

/// Where a placed network lies; [`Place::Pinned`](pumice_process::Place::Pinned) lays it in the same way.
pub fn pins(chip: &ChipImage) -> Vec<Pin> {
    let pin = |s: &Segment| {
        let process = chip.banks[s.bank].path.clone();
        Pin { process, neurons: [s.start, s.start + s.len], core: s.core.0 }
    };
    chip.segments.iter().map(pin).collect()
}

/// The mapping file of a placed network; reading it places the network in the same way.
pub fn mapping_text(chip: &ChipImage) -> String {
    let mut out = format!("schema = {SCHEMA}\n");
    for Pin { process, neurons: [start, end], core } in pins(chip) {
        let process = toml::Value::String(process);
        write!(out, "\n[[pin]]\nprocess = {process}\nneurons = [{start}, {end}]\ncore = {core}\n")
            .expect("writing to a String cannot fail");
    }
    out
}
