//! NumPy's files: `.npy` (one array) and `.npz` (a zip archive of them).
//!
//! ```text
//! 93 "NUMPY" major minor | length of header (2 bytes in version 1, 4 in 2 and 3) | header | elements
//! header: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
//! ```
//!
//! Source: NumPy 2 `numpy/lib/format.py` (NEP 1). Nothing is allocated on the word of a header: memory grows
//! with the bytes that are really there.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, Write};
use std::path::Path;

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::array::{Array, ArrayError, Data, elements};
use crate::replace::replace;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Longest header that is read `[bytes]`; NumPy's own limit is 10,000.
const LONGEST_HEADER: usize = 1 << 16;
/// Most axes of an array (NumPy 2).
const MOST_AXES: usize = 64;

/// Reads a `.npy` file.
///
/// # Errors
/// If it cannot be read, is not such a file, or holds something other than integers, reals and truth values.
pub fn read_npy(path: &Path) -> Result<Array, ArrayError> {
    let file = File::open(path).map_err(|source| ArrayError::Io { act: "read", path: path.to_owned(), source })?;
    decode(&mut BufReader::new(file), &format!("`{}`", path.display()))
}

/// Reads one array of a `.npz` file.
///
/// # Errors
/// As [`read_npy`], and if there is no such array.
pub fn read_npz(path: &Path, array: &str) -> Result<Array, ArrayError> {
    read_member(&mut open(path)?, path, array)
}

/// Reads all arrays of a `.npz` file, in the order in which they are stored.
///
/// # Errors
/// As [`read_npy`].
pub fn read_npz_all(path: &Path) -> Result<Vec<(String, Array)>, ArrayError> {
    let mut archive = open(path)?;
    let names = names(&archive);
    names.into_iter().map(|name| read_member(&mut archive, path, &name).map(|a| (name, a))).collect()
}

/// The bytes of a `.npy` file; integers are stored as `<i8`, reals as `<f8`, in C order.
pub fn npy_bytes(array: &Array) -> Vec<u8> {
    let shape = match array.shape() {
        [n] => format!("({n},)"),
        axes => format!("({})", axes.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    };
    let descr = if matches!(array.data(), Data::Int(_)) { "<i8" } else { "<f8" };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let start = MAGIC.len() + 4;
    header.push_str(&" ".repeat(63 - (start + header.len()) % 64));
    header.push('\n');
    let mut bytes = [MAGIC.as_slice(), &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes()].concat();
    match array.data() {
        Data::Int(all) => bytes.extend(all.iter().flat_map(|x| x.to_le_bytes())),
        Data::Real(all) => bytes.extend(all.iter().flat_map(|x| x.to_le_bytes())),
    }
    bytes
}

/// Writes a `.npy` file, whole or not at all.
///
/// # Errors
/// If it cannot be written.
pub fn write_npy(path: &Path, array: &Array) -> Result<(), ArrayError> {
    replace(path, &npy_bytes(array)).map_err(|source| ArrayError::Io { act: "write", path: path.to_owned(), source })
}

/// Writes a `.npz` file, whole or not at all; the same arrays give the same bytes.
///
/// # Errors
/// If it cannot be written.
pub fn write_npz(path: &Path, arrays: &[(&str, &Array)]) -> Result<(), ArrayError> {
    let failed = |source| ArrayError::Io { act: "write", path: path.to_owned(), source };
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .large_file(arrays.iter().any(|(_, a)| a.len() >= 1 << 28));
    for (name, array) in arrays {
        archive.start_file(format!("{name}.npy"), options).map_err(|e| failed(e.into()))?;
        archive.write_all(&npy_bytes(array)).map_err(failed)?;
    }
    let bytes = archive.finish().map_err(|e| failed(e.into()))?.into_inner();
    replace(path, &bytes).map_err(failed)
}

fn open(path: &Path) -> Result<ZipArchive<BufReader<File>>, ArrayError> {
    let file = File::open(path).map_err(|source| ArrayError::Io { act: "read", path: path.to_owned(), source })?;
    ZipArchive::new(BufReader::new(file)).map_err(|e| archive_fault(path, &e))
}

fn archive_fault(path: &Path, fault: &ZipError) -> ArrayError {
    ArrayError::Archive { path: path.to_owned(), fault: one_line(&fault.to_string()) }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn names<R: Read + Seek>(archive: &ZipArchive<R>) -> Vec<String> {
    let own = archive.file_names().filter_map(Result::ok);
    own.map(|n| n.strip_suffix(".npy").unwrap_or(&n).to_owned()).collect()
}

fn read_member<R: Read + Seek>(archive: &mut ZipArchive<R>, path: &Path, array: &str) -> Result<Array, ArrayError> {
    let index = archive.index_for_name(&format!("{array}.npy")).or_else(|| archive.index_for_name(array));
    let Some(index) = index else {
        let known: Vec<String> = names(archive).iter().map(|n| format!("`{n}`")).collect();
        let known = if known.is_empty() { "none".into() } else { known.join(", ") };
        return Err(ArrayError::Missing { path: path.to_owned(), array: array.to_owned(), known });
    };
    let mut member = archive.by_index(index).map_err(|e| archive_fault(path, &e))?;
    decode(&mut member, &format!("array `{array}` of `{}`", path.display()))
}

/// Reads an array from the bytes of a `.npy` file; `name` stands for it in errors.
///
/// # Errors
/// If the bytes are not such a file, or hold something other than integers, reals and truth values.
pub fn decode(bytes: &mut impl Read, name: &str) -> Result<Array, ArrayError> {
    let format = |fault: String| ArrayError::Format { array: name.to_owned(), fault };
    let header = read_header(bytes).map_err(format)?;
    let header = parse_header(&header).ok_or_else(|| format("its header cannot be understood".into()))?;
    let element = Element::named(&header.descr)
        .ok_or_else(|| ArrayError::Type { array: name.to_owned(), dtype: header.descr.clone() })?;
    let n = elements(&header.shape).filter(|n| n.checked_mul(element.size).is_some());
    let n = n.ok_or_else(|| format(format!("its shape {:?} is too large", header.shape)))?;
    let mut raw = Vec::new();
    let wanted = (n * element.size) as u64;
    bytes.take(wanted).read_to_end(&mut raw).map_err(|e| format(one_line(&e.to_string())))?;
    if raw.len() as u64 != wanted {
        return Err(format(format!("its shape {:?} needs {wanted} bytes, there are {}", header.shape, raw.len())));
    }
    let more = bytes.read(&mut [0]).map_err(|e| format(one_line(&e.to_string())))?;
    if more > 0 {
        return Err(format(format!("there are more than the {wanted} bytes that its shape {:?} needs", header.shape)));
    }
    let data = element.data(&raw).ok_or_else(|| format("it has an integer beyond 64 bits with sign".into()))?;
    let data = if header.fortran { to_c_order(&data, &header.shape) } else { data };
    Ok(Array::new(&header.shape, data).expect("the number of elements was counted"))
}

fn read_header(bytes: &mut impl Read) -> Result<String, String> {
    let mut exactly = |n: usize| -> Result<Vec<u8>, String> {
        let mut buffer = vec![0; n];
        bytes.read_exact(&mut buffer).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => "it ends within its header".to_owned(),
            _ => one_line(&e.to_string()),
        })?;
        Ok(buffer)
    };
    let start = exactly(8)?;
    if start[..6] != MAGIC[..] {
        return Err("it does not start with `\\x93NUMPY`".into());
    }
    let length = match start[6] {
        1 => exactly(2)?,
        2 | 3 => exactly(4)?,
        version => return Err(format!("its version is {version}; allowed is 1..=3")),
    };
    let length = length.iter().rev().fold(0usize, |n, byte| n << 8 | usize::from(*byte));
    if length > LONGEST_HEADER {
        return Err(format!("its header has {length} bytes; allowed is at most {LONGEST_HEADER}"));
    }
    String::from_utf8(exactly(length)?).map_err(|_| "its header is no text".into())
}

struct Header {
    descr: String,
    fortran: bool,
    shape: Vec<usize>,
}

/// What follows `'key':` in the header.
fn after<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let at = [format!("'{key}'"), format!("\"{key}\"")].into_iter().find_map(|k| Some(header.find(&k)? + k.len()))?;
    header[at..].trim_start().strip_prefix(':').map(str::trim_start)
}

fn parse_header(header: &str) -> Option<Header> {
    let descr = after(header, "descr")?;
    let quote = descr.chars().next().filter(|c| matches!(c, '\'' | '"'));
    let descr = match quote {
        Some(quote) => descr[1..].split(quote).next()?.to_owned(),
        // A record type: a list of fields, not a name.
        None => descr.split(']').next()?.to_owned() + "]",
    };
    let fortran = after(header, "fortran_order")?;
    let fortran = match (fortran.starts_with("True"), fortran.starts_with("False")) {
        (false, false) => return None,
        (yes, _) => yes,
    };
    let shape = after(header, "shape")?.strip_prefix('(')?.split_once(')')?.0;
    let axes = shape.split(',').map(str::trim).filter(|axis| !axis.is_empty());
    let shape: Vec<usize> = axes.map(|axis| axis.trim_end_matches('L').parse().ok()).collect::<Option<_>>()?;
    (shape.len() <= MOST_AXES).then_some(Header { descr, fortran, shape })
}

/// The type of an element.
struct Element {
    big: bool,
    kind: char,
    size: usize,
}

impl Element {
    fn named(descr: &str) -> Option<Self> {
        let mut chars = descr.chars();
        let big = match chars.next()? {
            '>' => true,
            '<' | '|' | '=' => false,
            _ => return None,
        };
        let kind = chars.next()?;
        let size: usize = chars.as_str().parse().ok()?;
        let known = matches!((kind, size), ('i' | 'u', 1 | 2 | 4 | 8) | ('f', 4 | 8) | ('b', 1));
        known.then_some(Element { big, kind, size })
    }

    fn data(&self, raw: &[u8]) -> Option<Data> {
        let words = raw.chunks_exact(self.size).map(|chunk| {
            let push = |word: u64, byte: &u8| word << 8 | u64::from(*byte);
            if self.big { chunk.iter().fold(0, push) } else { chunk.iter().rev().fold(0, push) }
        });
        let unused = 64 - 8 * self.size as u32;
        Some(match (self.kind, self.size) {
            ('f', 4) => Data::Real(words.map(|w| f64::from(f32::from_bits(w as u32))).collect()),
            ('f', _) => Data::Real(words.map(f64::from_bits).collect()),
            ('b', _) => Data::Int(words.map(|w| i64::from(w != 0)).collect()),
            ('i', _) => Data::Int(words.map(|w| (w << unused) as i64 >> unused).collect()),
            _ => Data::Int(words.map(|w| i64::try_from(w).ok()).collect::<Option<_>>()?),
        })
    }
}

fn to_c_order(data: &Data, shape: &[usize]) -> Data {
    // Stride of each axis where the first runs fastest.
    let strides: Vec<usize> = (0..shape.len()).map(|axis| shape[..axis].iter().product()).collect();
    let place = |mut flat: usize| {
        shape.iter().zip(&strides).rev().fold(0, |at, (n, stride)| {
            let index = flat % n;
            flat /= n;
            at + index * stride
        })
    };
    match data {
        Data::Int(all) => Data::Int((0..all.len()).map(|k| all[place(k)]).collect()),
        Data::Real(all) => Data::Real((0..all.len()).map(|k| all[place(k)]).collect()),
    }
}
