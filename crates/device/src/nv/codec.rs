//! The only place that knows how the payload is encoded: bincode 2.0.1 in its legacy configuration
//! (little-endian, fixed-width integers), which other crates can read too.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Damage;

/// No payload is larger; a decoder never reserves more.
const LIMIT: usize = 1 << 34;

/// The bytes of a value.
pub(super) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    bincode::serde::encode_to_vec(value, bincode::config::legacy())
        .expect("writing to memory does not fail and all lengths are known")
}

/// The value of all of `bytes`.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Damage> {
    let config = bincode::config::legacy().with_limit::<LIMIT>();
    let (value, used) =
        bincode::serde::decode_from_slice(bytes, config).map_err(|error| Damage::Payload(error.to_string()))?;
    if used == bytes.len() {
        Ok(value)
    } else {
        Err(Damage::Payload(format!("{} bytes are left over", bytes.len() - used)))
    }
}
