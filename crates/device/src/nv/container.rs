//! The header around the payload.

use crate::error::Damage;

const MAGIC: &[u8; 8] = b"PUMICENV";

/// The format version that is written.
const VERSION: u16 = 1;

/// Bytes before the payload.
const HEADER: usize = 28;

/// The layout of the payload in words; its hash is in the header. Change a field, change this text.
const LAYOUT: &str = "NvState{hardware:str,fingerprint:u32,stores:[SavedStore{core:u32,profile:str,\
layout:str,state:{cols:u32,wanted:[i32],array:{place:{seed:u64,core:u32},rows:u32,cols:u32,spares:u32,\
cells:[{target:f64,value:f64,spread:f64,written:u64,writes:u32,pulses:u64,cycles:u64,verifies:u64,\
reads_before:u64,worn:bool}],row_map:[u32],spares_used:u32,row_reads:[u64],faults:[{site:Cell|WordLine|\
BitLine{row:u32,col:u32},fault:StuckLow|StuckHigh|Open|Short(f64),since:u64}],clock:{now:u64,ambient:u32,\
segments:[{from:u64,temperature:u32}]},ledger:[u64;12]}}}]}";

fn layout_hash() -> u32 {
    crc32fast::hash(LAYOUT.as_bytes())
}

fn checksum(head: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head);
    hasher.update(payload);
    hasher.finalize()
}

/// The bytes of a file with this payload.
pub(super) fn seal(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + payload.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0; 2]);
    bytes.extend_from_slice(&layout_hash().to_le_bytes());
    bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    let sum = checksum(&bytes, payload);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut number = [0; N];
    number.copy_from_slice(&bytes[at..at + N]);
    number
}

/// The payload of a whole file.
pub(super) fn open(bytes: &[u8]) -> Result<&[u8], Damage> {
    let got = bytes.len() as u64;
    if !bytes.starts_with(&MAGIC[..bytes.len().min(MAGIC.len())]) || bytes.is_empty() {
        return Err(Damage::Magic);
    }
    if bytes.len() < HEADER {
        let want = HEADER as u64;
        return Err(Damage::Size { got, want });
    }
    let version = u16::from_le_bytes(number(bytes, 8));
    if version == 0 || version > VERSION {
        return Err(Damage::Version { got: version, newest: VERSION });
    }
    let want = (HEADER as u64).saturating_add(u64::from_le_bytes(number(bytes, 16)));
    if want != got {
        return Err(Damage::Size { got, want });
    }
    let (stored, payload) = (u32::from_le_bytes(number(bytes, 24)), &bytes[HEADER..]);
    let sum = checksum(&bytes[..24], payload);
    if sum != stored {
        return Err(Damage::Checksum { got: stored, want: sum });
    }
    let (found, expected) = (u32::from_le_bytes(number(bytes, 12)), layout_hash());
    if found != expected {
        return Err(Damage::Schema { got: found, want: expected });
    }
    Ok(payload)
}
