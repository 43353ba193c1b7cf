//! Files as text.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::SanafeError;

/// More than any architecture or network needs `[bytes]`: what a small packed file could unpack to.
const MOST: u64 = 4 << 30;

/// The text of a file; one that ends in `.gz` is unpacked.
///
/// # Errors
///
/// [`SanafeError::Unreadable`] if the system cannot read it, or it is no UTF-8.
pub fn text(path: &Path) -> Result<String, SanafeError> {
    let unreadable = |fault| SanafeError::Unreadable { path: path.to_path_buf(), fault };
    let file = File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    let packed = path.extension().is_some_and(|extension| extension == "gz");
    let read = if packed {
        flate2::read::GzDecoder::new(file).take(MOST).read_to_string(&mut text)
    } else {
        file.take(MOST).read_to_string(&mut text)
    };
    read.map_err(unreadable)?;
    Ok(text)
}
