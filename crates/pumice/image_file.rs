//! Rows and routes of a network in a file, so that a later run starts at once.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;

use pumice_engine::{Image, Prepared, PreparedError, Progress};
use pumice_file::replace_with;

use crate::Error;

/// Bytes that are written at a time.
const AT_ONCE: usize = 1 << 20;

/// Reads what the file holds of an image, or makes it and writes the file if there is none.
pub(crate) fn open(path: &Path, image: &Image, workers: usize, progress: Option<&Progress>) -> Result<Prepared, Error> {
    let wrong = |fault: PreparedError| match fault {
        PreparedError::Engine(fault) => Error::Engine(fault),
        fault => Error::ImageFile { path: path.to_owned(), fault },
    };
    let read = |file: File| {
        let length = file.metadata()?.len();
        Prepared::read(&image.chip, workers, file, length)
    };
    match File::open(path) {
        Ok(file) => read(file).map_err(wrong),
        Err(fault) if fault.kind() == ErrorKind::NotFound => {
            let nobody = Progress::default();
            let made = replace_with(path, |file| {
                let prepared = Prepared::new(image, workers, progress.unwrap_or(&nobody))?;
                let mut to = BufWriter::with_capacity(AT_ONCE, file);
                prepared.write(&image.chip, &mut to)?;
                to.flush()?;
                Ok(prepared)
            });
            made.map_err(wrong)
        }
        Err(fault) => Err(wrong(fault.into())),
    }
}
