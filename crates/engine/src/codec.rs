//! The one place that knows how results and states become bytes.
//!
//! A container holds one value: 8 bytes of magic, format version (u32), schema number (u64), length of the payload
//! (u64), CRC-32 of the payload (u32), all little-endian, then the payload in bincode's `legacy` layout. Of randomly
//! changed payloads many decode silently, so nothing is decoded before the container is found whole.

use bincode::config::{Configuration, Fixint, LittleEndian, NoLimit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

const MAGIC: [u8; 8] = *b"PUMICE\x1a\n";
const VERSION: u32 = 1;
const HEADER: usize = 8 + 4 + 8 + 8 + 4;

/// Why bytes are not the value asked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CodecError {
    /// Not a container at all.
    #[error("this is no Pumice file: its first bytes are not the magic number")]
    Magic,
    /// Shorter or longer than it says.
    #[error("the file has {have} bytes, its header says {want}; it was cut or extended")]
    Length {
        /// Bytes found.
        have: u64,
        /// Bytes expected.
        want: u64,
    },
    /// Written by another version.
    #[error("the file has format version {have}; this program reads version {want}")]
    Version {
        /// Version found.
        have: u32,
        /// Version read here.
        want: u32,
    },
    /// Holds something else.
    #[error("the file holds another kind of value: schema {have:016x}, wanted {want:016x}")]
    Schema {
        /// Schema found.
        have: u64,
        /// Schema wanted.
        want: u64,
    },
    /// Bits changed.
    #[error("the file is damaged: its checksum is {have:08x}, its header says {want:08x}")]
    Checksum {
        /// Checksum of the payload found.
        have: u32,
        /// Checksum in the header.
        want: u32,
    },
    /// The payload is whole but does not describe the value.
    #[error("the payload cannot be {act}: {fault}")]
    Payload {
        /// `read` or `written`.
        act: &'static str,
        /// What the decoder says.
        fault: String,
    },
}

const fn layout() -> Configuration<LittleEndian, Fixint, NoLimit> {
    bincode::config::legacy()
}

/// The schema number of a name, to be changed whenever the layout of the value changes (FNV-1a).
pub const fn schema(name: &str) -> u64 {
    fnv(FNV_OFFSET, name.as_bytes())
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

const fn fnv(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    hash
}

/// A number that two values share only if they are equal, but for one chance in 2^64 (FNV-1a of their bytes).
///
/// # Errors
/// If the value cannot be serialised.
pub fn fingerprint<T: Serialize>(value: &T) -> Result<u64, CodecError> {
    let mut hash = Hash(FNV_OFFSET);
    bincode::serde::encode_into_std_write(value, &mut hash, layout())
        .map_err(|fault| CodecError::Payload { act: "written", fault: fault.to_string() })?;
    Ok(hash.0)
}

struct Hash(u64);

impl std::io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = fnv(self.0, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Writes `value` into a container of the given schema.
///
/// # Errors
/// If the value cannot be serialised.
pub fn encode<T: Serialize>(schema: u64, value: &T) -> Result<Vec<u8>, CodecError> {
    let payload = bincode::serde::encode_to_vec(value, layout())
        .map_err(|fault| CodecError::Payload { act: "written", fault: fault.to_string() })?;
    let mut bytes = Vec::with_capacity(HEADER + payload.len());
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(schema.to_le_bytes());
    bytes.extend((payload.len() as u64).to_le_bytes());
    bytes.extend(crc32fast::hash(&payload).to_le_bytes());
    bytes.extend(payload);
    Ok(bytes)
}

/// Reads the value of a container of the given schema.
///
/// # Errors
/// If the container is not whole, not of this version or schema, or its payload is not such a value.
pub fn decode<T: DeserializeOwned>(wanted: u64, bytes: &[u8]) -> Result<T, CodecError> {
    if bytes.get(..8) != Some(&MAGIC[..]) {
        return Err(CodecError::Magic);
    }
    let Some(header) = bytes.get(8..HEADER) else {
        return Err(CodecError::Length { have: bytes.len() as u64, want: HEADER as u64 });
    };
    let u32_at = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
    let (version, schema, length, checksum) = (u32_at(0), u64_at(4), u64_at(12), u32_at(20));
    if version != VERSION {
        return Err(CodecError::Version { have: version, want: VERSION });
    }
    if schema != wanted {
        return Err(CodecError::Schema { have: schema, want: wanted });
    }
    let payload = &bytes[HEADER..];
    if payload.len() as u64 != length {
        return Err(CodecError::Length { have: bytes.len() as u64, want: length.saturating_add(HEADER as u64) });
    }
    let found = crc32fast::hash(payload);
    if found != checksum {
        return Err(CodecError::Checksum { have: found, want: checksum });
    }
    let refuse = |fault: String| CodecError::Payload { act: "read", fault };
    let (value, used) = bincode::serde::decode_from_slice(payload, layout()).map_err(|e| refuse(e.to_string()))?;
    match used == payload.len() {
        true => Ok(value),
        false => Err(refuse(format!("{} bytes are left over", payload.len() - used))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SCHEMA: u64 = schema("test/1");

    /// The layout, byte by byte: a change of the library behind it must keep this file readable.
    #[test]
    fn the_layout_is_pinned() {
        let bytes = encode(SCHEMA, &(7u16, vec![-1i32], "ab".to_owned())).unwrap();
        assert_eq!(&bytes[..8], b"PUMICE\x1a\n");
        let payload = [7, 0, 1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 2, 0, 0, 0, 0, 0, 0, 0, b'a', b'b'];
        assert_eq!(&bytes[HEADER..], payload);
    }

    proptest! {
        /// Every cut and every flipped bit is found, and nothing panics.
        #[test]
        fn damage_is_found(values in prop::collection::vec(any::<i32>(), 0..50), at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let bytes = encode(SCHEMA, &values).unwrap();
            prop_assert_eq!(&decode::<Vec<i32>>(SCHEMA, &bytes).unwrap(), &values);
            let i = at.index(bytes.len());
            prop_assert!(decode::<Vec<i32>>(SCHEMA, &bytes[..i]).is_err());
            let mut flipped = bytes.clone();
            flipped[i] ^= 1 << bit;
            prop_assert!(decode::<Vec<i32>>(SCHEMA, &flipped).is_err());
        }

        /// Random bytes never panic.
        #[test]
        fn noise_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(decode::<Vec<i32>>(SCHEMA, &bytes).is_err());
        }
    }
}
