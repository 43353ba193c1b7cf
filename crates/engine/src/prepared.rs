//! What takes time to make of an image, kept in a file so that a later run starts at once: rows and routes.
//!
//! ```text
//! u64 length, container (crate::codec): fingerprint of the placed network, shares of all workers, sizes of all tables
//! u64 length, container: routes
//! for each table: start of each row (u32 each), CRC-32; synapses (2 to 4 bytes each, see `Form` in `chip`), CRC-32
//! ```
//!
//! All integers are little-endian. The file belongs to one network, profile and seed, which its fingerprint says, and
//! to the shares of some workers. Nothing of it is used before its checksum is found right; and the smallest table is made
//! anew and held against the one in the file, so that a file whose synapses this version would draw otherwise is found too.

use std::io::{self, Read, Write};

use pumice_chip::{Block, ChipImage, Routes, Shares, Source, Table};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::codec::{self, CodecError};
use crate::engine::{build, choose_workers};
use crate::error::EngineError;
use crate::image::Image;
use crate::progress::Progress;

const HEAD: u64 = codec::schema("prepared/5");
const ROUTES: u64 = codec::schema("prepared/4/routes");

/// Why a file does not hold the rows of a network.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PreparedError {
    /// The system cannot read or write it.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is no such file, or damaged.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// It was cut or extended.
    #[error("it was cut or extended")]
    Length,
    /// The bits of a table changed.
    #[error("it is damaged: the checksum of a table is wrong")]
    Damaged,
    /// It is of another network.
    #[error("it is of another network, profile or seed")]
    Foreign,
    /// It was cut for another number of workers.
    #[error("it is for {have} workers, and this run has {want}")]
    Workers {
        /// Workers in the file.
        have: usize,
        /// Workers of the run.
        want: usize,
    },
    /// Its synapses are not those that would be drawn.
    #[error("its synapses are not those that this version draws")]
    Stale,
    /// The network itself cannot be prepared.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// The sizes of a table in the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Size {
    source: Source,
    starts: u64,
    /// Bytes of its synapses.
    bytes: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Head {
    fingerprint: u64,
    shares: Shares,
    /// By worker.
    tables: Vec<Vec<Size>>,
}

/// The rows of drawn synapses of all workers, and what a spike of each neuron sets off where.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) shares: Shares,
    /// By worker, in the order of sources.
    pub(crate) tables: Vec<Vec<Table>>,
    pub(crate) routes: Routes,
}

impl Prepared {
    /// Draws the rows of an image for a number of workers (0 lets the size of the network decide).
    ///
    /// # Errors
    /// If there are more synapses than a worker holds.
    pub fn new(image: &Image, workers: usize, progress: &Progress) -> Result<Self, EngineError> {
        Self::with(image, &image.chip, workers, progress)
    }

    /// The same with the synapses of `acts`.
    pub(crate) fn with(
        image: &Image,
        acts: &ChipImage,
        workers: usize,
        progress: &Progress,
    ) -> Result<Self, EngineError> {
        let workers = match workers {
            0 => choose_workers(image),
            n => n,
        };
        let shares = Shares::new(acts, workers);
        let (tables, routes) = build(&image.chip, acts, &shares, progress)?;
        Ok(Prepared { shares, tables, routes })
    }

    /// Number of workers that the rows are cut for.
    pub fn workers(&self) -> usize {
        self.tables.len()
    }

    /// Writes the rows and routes of `chip`.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, chip: &ChipImage, mut to: impl Write) -> Result<(), PreparedError> {
        let size =
            |t: &Table| Size { source: t.source(), starts: t.start().len() as u64, bytes: t.synapses().len() as u64 };
        let tables = self.tables.iter().map(|own| own.iter().map(size).collect()).collect();
        let head = Head { fingerprint: codec::fingerprint(chip)?, shares: self.shares.clone(), tables };
        for container in [codec::encode(HEAD, &head)?, codec::encode(ROUTES, &self.routes)?] {
            to.write_all(&(container.len() as u64).to_le_bytes())?;
            to.write_all(&container)?;
        }
        for table in self.tables.iter().flatten() {
            write_words(&mut to, table.start())?;
            to.write_all(table.synapses())?;
            to.write_all(&crc32fast::hash(table.synapses()).to_le_bytes())?;
        }
        Ok(())
    }

    /// Reads the rows and routes of `chip` for a number of workers (0 takes those of the file) from `length` bytes.
    ///
    /// # Errors
    /// If the bytes are not whole, or not those of this network, profile and seed and of so many workers.
    pub fn read(chip: &ChipImage, workers: usize, from: impl Read, length: u64) -> Result<Self, PreparedError> {
        let mut from = Bytes { from, left: length };
        let head: Head = codec::decode(HEAD, &from.container()?)?;
        let shares = head.shares;
        if head.fingerprint != codec::fingerprint(chip)? {
            return Err(PreparedError::Foreign);
        }
        let have = head.tables.len();
        if have == 0 || (workers != 0 && workers != have) {
            return Err(PreparedError::Workers { have, want: workers });
        }
        if !shares.fit(chip, have) {
            return Err(PreparedError::Stale);
        }
        let routes: Routes = codec::decode(ROUTES, &from.container()?)?;
        let mut tables = Vec::with_capacity(have);
        for (w, sizes) in head.tables.iter().enumerate() {
            let mut own = Vec::with_capacity(sizes.len());
            for size in sizes {
                let arrays = (from.words(size.starts)?, from.bytes(size.bytes)?);
                let table = Table::from_arrays(chip, size.source, (&shares, w), arrays);
                own.push(table.ok_or(PreparedError::Stale)?);
            }
            tables.push(own);
        }
        if from.left > 0 {
            return Err(PreparedError::Length);
        }
        let prepared = Prepared { shares, tables, routes };
        if prepared.routes.fit(chip) && prepared.is_drawn_so(chip) { Ok(prepared) } else { Err(PreparedError::Stale) }
    }

    /// Whether every source has its table, and the smallest is what would be drawn.
    fn is_drawn_so(&self, chip: &ChipImage) -> bool {
        let shares = &self.shares;
        let whole =
            |(w, own): (usize, &Vec<Table>)| own.iter().map(Table::source).eq(Table::sources(chip, (shares, w)));
        let all = self.tables.iter().enumerate().flat_map(|(w, own)| own.iter().map(move |table| (w, table)));
        let smallest = all.filter(|(_, table)| !table.is_empty()).min_by_key(|(_, table)| table.len());
        let same = |(w, table): (usize, &Table)| {
            Table::new(chip, table.source(), (shares, w), &|_| ()).is_ok_and(|again| again.as_ref() == Some(table))
        };
        self.tables.iter().enumerate().all(whole) && smallest.is_none_or(same)
    }
}

/// Words that are turned into bytes at a time.
const AT_ONCE: usize = 1 << 16;

fn write_words(to: &mut impl Write, words: &[u32]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(4 * AT_ONCE);
    let mut sum = crc32fast::Hasher::new();
    for part in words.chunks(AT_ONCE) {
        bytes.clear();
        bytes.extend(part.iter().flat_map(|word| word.to_le_bytes()));
        sum.update(&bytes);
        to.write_all(&bytes)?;
    }
    to.write_all(&sum.finalize().to_le_bytes())
}

/// Bytes of which it is known how many are left, so that no size in a file asks for more memory than the file has bytes.
struct Bytes<R> {
    from: R,
    left: u64,
}

impl<R: Read> Bytes<R> {
    fn take(&mut self, bytes: &mut [u8]) -> Result<(), PreparedError> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or(PreparedError::Length)?;
        Ok(self.from.read_exact(bytes)?)
    }

    fn container(&mut self) -> Result<Vec<u8>, PreparedError> {
        let mut length = [0; 8];
        self.take(&mut length)?;
        let length = u64::from_le_bytes(length);
        if length > self.left {
            return Err(CodecError::Magic.into());
        }
        let mut bytes = vec![0; length as usize];
        self.take(&mut bytes)?;
        Ok(bytes)
    }

    fn words(&mut self, n: u64) -> Result<Block<u32>, PreparedError> {
        if n.checked_mul(4).is_none_or(|bytes| bytes > self.left) {
            return Err(PreparedError::Length);
        }
        let mut words = Block::zeroed(n as usize);
        let mut bytes = vec![0; 4 * AT_ONCE.min(n as usize)];
        let mut sum = crc32fast::Hasher::new();
        for words in words.chunks_mut(AT_ONCE) {
            let part = &mut bytes[..4 * words.len()];
            self.take(part)?;
            sum.update(part);
            words.iter_mut().zip(part.as_chunks().0).for_each(|(word, bytes)| *word = u32::from_le_bytes(*bytes));
        }
        self.check(sum)?;
        Ok(words)
    }

    fn bytes(&mut self, n: u64) -> Result<Block<u8>, PreparedError> {
        if n > self.left {
            return Err(PreparedError::Length);
        }
        let mut bytes = Block::<u8>::zeroed(n as usize);
        let mut sum = crc32fast::Hasher::new();
        for part in bytes.chunks_mut(AT_ONCE) {
            self.take(part)?;
            sum.update(part);
        }
        self.check(sum)?;
        Ok(bytes)
    }

    /// Compares a checksum with the one that follows.
    fn check(&mut self, sum: crc32fast::Hasher) -> Result<(), PreparedError> {
        let mut want = [0; 4];
        self.take(&mut want)?;
        match u32::from_le_bytes(want) == sum.finalize() {
            true => Ok(()),
            false => Err(PreparedError::Damaged),
        }
    }
}
