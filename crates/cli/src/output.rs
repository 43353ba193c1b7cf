//! What goes to the standard outputs.

use std::io::{self, Write};

use serde::Serialize;

use crate::error::CliError;

/// Writes to the standard output.
pub(crate) fn emit(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Writes a value as JSON to the standard output.
pub(crate) fn emit_json(value: &impl Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    emit(&(text + "\n"))
}

/// Writes an error to the standard error output.
pub(crate) fn complain(sentence: &str) {
    // When even the standard error output is closed there is nobody left to tell.
    let _ = writeln!(io::stderr(), "error: {sentence}");
}
