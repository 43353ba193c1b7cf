//! Replacing a file all or nothing.
//!
//! Order matters: the data must be on the disk before the name points to it, and the name must be on the
//! disk before the caller is told. Writers of one directory wait for each other on a lock of the directory,
//! so that two of them never share a temporary file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::DeviceError;

/// A moment of a save at which a test can cut it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Before anything is written.
    Begin,
    /// The temporary file has this many bytes.
    Wrote(usize),
    /// The temporary file is synced.
    Synced,
    /// The new file has its name.
    Renamed,
}

/// Bytes per write call.
const CHUNK: usize = 1 << 20;

fn refused(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DeviceError {
    let path = path.to_owned();
    move |source| DeviceError::Io { act, path, source }
}

/// The directory of a file, open: on Unix it is the lock, and it is synced after the rename.
struct Directory(Option<File>);

impl Directory {
    fn open(path: &Path) -> Result<Directory, DeviceError> {
        if !cfg!(unix) {
            return Ok(Directory(None));
        }
        let file = File::open(path).map_err(refused("open the directory", path))?;
        match file.lock() {
            Err(error) if error.kind() != io::ErrorKind::Unsupported => Err(refused("lock the directory", path)(error)),
            _ => Ok(Directory(Some(file))),
        }
    }

    fn sync(&self, path: &Path) -> Result<(), DeviceError> {
        match &self.0 {
            Some(file) => file.sync_all().map_err(refused("sync the directory", path)),
            None => Ok(()),
        }
    }
}

fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The name of the temporary file of `path`.
fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    path.with_file_name(name)
}

/// Replaces the file at `path` by `bytes`.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), DeviceError> {
    replace_watched(path, bytes, CHUNK, &mut |_| Ok(()))
}

/// As `replace`, asking `watch` at each step; an error of `watch` is what a failing disk would say.
#[doc(hidden)]
pub fn replace_watched(
    path: &Path,
    bytes: &[u8],
    chunk: usize,
    watch: &mut dyn FnMut(Step) -> io::Result<()>,
) -> Result<(), DeviceError> {
    let parent = directory_of(path);
    let directory = Directory::open(&parent)?;
    let temporary = temporary(path);
    let written = write_temporary(&temporary, bytes, chunk, watch);
    if let Err(error) = written {
        // The old file is untouched; a temporary file that cannot be removed either is harmless.
        let _ = fs::remove_file(&temporary);
        return Err(refused("write", path)(error));
    }
    fs::rename(&temporary, path).map_err(refused("replace", path))?;
    watch(Step::Renamed).map_err(refused("replace", path))?;
    directory.sync(&parent)
}

fn write_temporary(
    temporary: &Path,
    bytes: &[u8],
    chunk: usize,
    watch: &mut dyn FnMut(Step) -> io::Result<()>,
) -> io::Result<()> {
    watch(Step::Begin)?;
    let mut file = File::create(temporary)?;
    let mut written = 0;
    for part in bytes.chunks(chunk.max(1)) {
        file.write_all(part)?;
        written += part.len();
        watch(Step::Wrote(written))?;
    }
    file.sync_all()?;
    watch(Step::Synced)
}

/// The bytes of the file at `path`.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, DeviceError> {
    fs::read(path).map_err(refused("read", path))
}
