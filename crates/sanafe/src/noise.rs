//! Streams of noise of `leaky_integrate_fire` units: a file of integers, one to a line.
//!
//! A neuron of the unit takes the next line in every step, in the order of neurons; after the last comes the first. A number gives
//! its lowest seven bits, less 128 if bit 8 is set: so does SANA-FE 2.2.9 with numbers of up to 64 bits. It takes what is no
//! number for 0, and what begins with one for that; here that is an error. Written from its behaviour.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::SanafeError;
use crate::read;

/// A file of noise, and how far it is read.
#[derive(Clone, Debug)]
struct Stream {
    values: Arc<[f64]>,
    next: usize,
}

/// The streams of all units, which read their files each for itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams {
    all: Vec<Stream>,
    /// Number of the stream of a unit of a core.
    of: HashMap<(u32, String), usize>,
    /// What is in a file.
    files: HashMap<PathBuf, Arc<[f64]>>,
}

impl Streams {
    /// The number of the stream of a unit of a core, which reads `path` from its beginning.
    ///
    /// # Errors
    /// If the file cannot be read, has no line, or a line is no integer.
    pub(crate) fn of(&mut self, unit: (u32, String), path: PathBuf) -> Result<usize, SanafeError> {
        if let Some(stream) = self.of.get(&unit) {
            return Ok(*stream);
        }
        let values = match self.files.get(&path) {
            Some(values) => values.clone(),
            None => open(&path)?,
        };
        self.files.insert(path, values.clone());
        self.of.insert(unit, self.all.len());
        self.all.push(Stream { values, next: 0 });
        Ok(self.all.len() - 1)
    }

    /// The noise of the next neuron of a stream.
    pub(crate) fn draw(&mut self, stream: usize) -> f64 {
        let Stream { values, next } = &mut self.all[stream];
        let value = values[*next];
        *next = (*next + 1) % values.len();
        value
    }
}

/// The noise in a file, one number at least.
fn open(path: &Path) -> Result<Arc<[f64]>, SanafeError> {
    parse(&read::text(path)?).map_err(|fault| SanafeError::File { path: path.to_path_buf(), fault })
}

fn parse(text: &str) -> Result<Arc<[f64]>, String> {
    let number = |(k, line): (usize, &str)| {
        let number = line.trim().parse::<i64>();
        number.map(value).map_err(|_| format!("line {}: `{}` is not an integer of 64 bits", k + 1, line.trim()))
    };
    let values: Arc<[f64]> = text.lines().enumerate().map(number).collect::<Result<_, _>>()?;
    if values.is_empty() { Err("there is no line, noise needs one integer at least".to_owned()) } else { Ok(values) }
}

fn value(number: i64) -> f64 {
    let sign = if number & 0x100 == 0 { 0 } else { 128 };
    ((number & 0x7f) - sign) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded of SANA-FE 2.2.9.
    #[test]
    fn numbers_give_seven_bits_and_a_sign() {
        let low = [(5, 5), (-5, -5), (64, 64), (127, 127), (128, 0), (255, 127), (256, -128), (383, -1), (384, -128)];
        let far = [(1000, -24), (-64, -64), (-200, -72), (-256, -128), (-257, 127), (-512, 0)];
        for (number, noise) in low.into_iter().chain(far).chain([(i64::MAX, -1), (i64::MIN, 0)]) {
            assert_eq!(value(number), f64::from(noise), "{number}");
        }
    }

    #[test]
    fn streams_begin_again_each_for_itself_and_files_have_integers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("noise.txt");
        std::fs::write(&path, "1\n +2\n-3 \r\n").unwrap();
        let mut streams = Streams::default();
        let mut of = |core, unit: &str| streams.of((core, unit.to_owned()), path.clone()).unwrap();
        let [a, b, same] = [of(0, "s"), of(1, "s"), of(0, "s")];
        assert_eq!((a, b, same), (0, 1, 0));
        assert_eq!([0; 5].map(|_| streams.draw(a)), [1.0, 2.0, -3.0, 1.0, 2.0]);
        assert_eq!([0; 2].map(|_| streams.draw(b)), [1.0, 2.0]);
        let missing = streams.of((0, "t".to_owned()), folder.path().join("none.txt")).unwrap_err().to_string();
        assert!(missing.starts_with("cannot read `") && missing.contains("none.txt"), "{missing}");
        for (text, fault) in [
            ("", "there is no line, noise needs one integer at least"),
            ("1\n\n2\n", "line 2: `` is not an integer of 64 bits"),
            ("1.5\n", "line 1: `1.5` is not an integer of 64 bits"),
            ("7\n9223372036854775808", "line 2: `9223372036854775808` is not an integer of 64 bits"),
        ] {
            assert_eq!(parse(text).unwrap_err(), fault);
        }
    }
}
