//! Files that appear whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file under a temporary name beside `path`, then renames it; an interruption leaves no half file.
///
/// # Errors
/// Whatever the system says; `path` then has what it had before.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_with(path, |file| file.write_all(bytes))
}

/// As [`replace`], with what `write` writes. The temporary file is there before `write` begins, so that a place where nothing
/// can be written is known before any work is done.
///
/// # Errors
/// Whatever the system or `write` says; `path` then has what it had before.
pub fn replace_with<T, E: From<io::Error>>(path: &Path, write: impl FnOnce(&mut File) -> Result<T, E>) -> Result<T, E> {
    let temporary = beside(path);
    let mut file = File::create(&temporary)?;
    let written = write(&mut file).and_then(|made| {
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        Ok(made)
    });
    if written.is_err() {
        // The first fault is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}
