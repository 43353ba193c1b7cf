//! What can go wrong with cells, arrays and their file.

use std::io;
use std::path::PathBuf;

/// Why a cell, an array or a file of non-volatile state was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No shipped cell profile has this name.
    #[error("no cell profile `{name}`, the shipped ones are {known}")]
    UnknownProfile {
        /// What was asked for.
        name: String,
        /// The names that exist, separated by commas.
        known: String,
    },
    /// A cell profile is not valid TOML or has a wrong field.
    #[error("the cell profile is not valid")]
    ProfileSyntax(#[from] toml::de::Error),
    /// A value in a profile or a call is out of its range.
    #[error("{what} is {value}, it must be {allowed}")]
    OutOfRange {
        /// The offender.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A number in a cell profile is out of its range.
    #[error("{field} of the cell profile `{profile}` is {value:?}, it must be in {low:?} to {high:?}")]
    Field {
        /// Name of the profile.
        profile: String,
        /// Path of the field.
        field: String,
        /// Its value.
        value: f64,
        /// The lowest value that is allowed.
        low: f64,
        /// The highest value that is allowed.
        high: f64,
    },
    /// Values of a cell profile do not fit together.
    #[error("the cell profile `{profile}` cannot be: {fault}")]
    Profile {
        /// Name of the profile.
        profile: String,
        /// Why.
        fault: String,
    },
    /// A counter of an array is full.
    #[error("the ledger of the array is full: {counter} is {value}, it must stay below 2^61")]
    LedgerFull {
        /// The counter.
        counter: &'static str,
        /// Its value.
        value: u64,
    },
    /// A slice has the wrong length.
    #[error("{what} has length {got}, it must have length {want}")]
    Length {
        /// The offender.
        what: &'static str,
        /// Its length.
        got: usize,
        /// The length it must have.
        want: usize,
    },
    /// A row, column or cell outside the array.
    #[error("{what} {index} does not exist, the array has {count}")]
    OutOfArray {
        /// Row, column or cell.
        what: &'static str,
        /// The index that was given.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// The profile lacks a section that the operation needs.
    #[error("the cell profile `{profile}` has no `{section}` section, {needed_for} needs it")]
    MissingSection {
        /// Name of the profile.
        profile: String,
        /// The absent section.
        section: &'static str,
        /// What was asked.
        needed_for: &'static str,
    },
    /// Ageing away from the reference temperature needs an activation energy, and none is known.
    #[error("ageing at {temperature_k} K needs an activation energy, `{profile}` states none: assume one")]
    UnknownActivationEnergy {
        /// Name of the profile.
        profile: String,
        /// The temperature asked for `[K]`.
        temperature_k: f64,
    },
    /// No spare row is left.
    #[error("row {row} needs a spare, all {spares} are used")]
    OutOfSpares {
        /// The row that fails.
        row: usize,
        /// How many spares the array has.
        spares: usize,
    },
    /// Time would run backwards.
    #[error("time {asked_ns} ns is before {now_ns} ns, the clock of an array never runs back")]
    TimeRunsBack {
        /// The time that was given `[ns]`.
        asked_ns: u64,
        /// The time of the array `[ns]`.
        now_ns: u64,
    },
    /// The nodal system could not be factored.
    #[error("the nodal system of the {rows} by {cols} crossbar could not be factored: {reason}")]
    Nodal {
        /// Rows of the crossbar.
        rows: usize,
        /// Columns of the crossbar.
        cols: usize,
        /// What the solver says.
        reason: &'static str,
    },
    /// The operating system refused to read or write the file.
    #[error("cannot {act} `{path}`", path = path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is damaged or is not what it should be.
    #[error("the non-volatile file is damaged: {0}")]
    Damaged(#[from] Damage),
    /// A file of non-volatile state is damaged.
    #[error("`{path}` is no whole non-volatile file: {fault}; keep a copy, or remove it to program new cells")]
    DamagedFile {
        /// The file.
        path: PathBuf,
        /// How.
        fault: Damage,
    },
    /// Two states of cells cannot be held against each other.
    #[error("{what} differ: {first} in the first, {second} in the second; allowed are two states of the same arrays")]
    NotAlike {
        /// What differs.
        what: &'static str,
        /// The first.
        first: String,
        /// The second.
        second: String,
    },
    /// A JSON text, of reference data or of cells, does not follow its schema.
    #[error("the JSON does not follow its schema: {0}")]
    Reference(#[from] serde_json::Error),
    /// Reference data of a schema that cannot be replayed.
    #[error("reference data of schema `{schema}` is unknown, the known ones are {known}")]
    UnknownSchema {
        /// The schema found.
        schema: String,
        /// The schemas that can be replayed.
        known: String,
    },
}

/// How a file of non-volatile state is damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// Shorter or longer than its header says.
    #[error("it has {got} bytes, its header asks for {want}")]
    Size {
        /// Bytes present.
        got: u64,
        /// Bytes promised.
        want: u64,
    },
    /// It does not begin with the magic bytes.
    #[error("it does not begin with `PUMICENV`")]
    Magic,
    /// A format version that this build cannot read.
    #[error("its format version is {got}, this build reads versions 1 to {newest}")]
    Version {
        /// Version found.
        got: u16,
        /// Newest version this build reads.
        newest: u16,
    },
    /// The layout of the payload is another one.
    #[error("its layout hash is {got:08x}, this build expects {want:08x}")]
    Schema {
        /// Hash found.
        got: u32,
        /// Hash expected.
        want: u32,
    },
    /// The checksum does not match.
    #[error("its checksum is {got:08x}, the bytes give {want:08x}")]
    Checksum {
        /// Checksum stored.
        got: u32,
        /// Checksum of the bytes.
        want: u32,
    },
    /// The checksum matches, but the payload does not decode.
    #[error("its payload does not decode: {0}")]
    Payload(String),
}

impl DeviceError {
    /// The error of a value out of range, unless `ok`.
    pub(crate) fn check(ok: bool, what: &'static str, value: f64, allowed: &'static str) -> Result<(), DeviceError> {
        if ok { Ok(()) } else { Err(DeviceError::OutOfRange { what, value, allowed }) }
    }
}

/// Checks that `slice` has length `want`.
pub(crate) fn check_length<T>(what: &'static str, slice: &[T], want: usize) -> Result<(), DeviceError> {
    if slice.len() == want { Ok(()) } else { Err(DeviceError::Length { what, got: slice.len(), want }) }
}
