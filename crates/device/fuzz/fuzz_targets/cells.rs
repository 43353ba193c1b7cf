//! Files of cells: whatever the bytes are, reading them gives an error or a state that can be opened, written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pumice_device::nv::NvState;

/// Bytes before the payload; the checksum is in the last four.
const HEADER: usize = 28;

fuzz_target!(|bytes: &[u8]| {
    let _ = NvState::from_bytes(bytes);
    if bytes.len() < HEADER {
        return;
    }
    // The checksum is put right, so that what lies behind it is reached.
    let mut bytes = bytes.to_vec();
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..HEADER - 4]);
    hasher.update(&bytes[HEADER..]);
    bytes[HEADER - 4..HEADER].copy_from_slice(&hasher.finalize().to_le_bytes());
    let Ok(state) = NvState::from_bytes(&bytes) else { return };
    let written = state.to_bytes();
    let again = NvState::from_bytes(&written).map(|state| state.to_bytes());
    assert!(again.is_ok_and(|again| again == written), "what is written is read again");
    let _ = state.seed_form();
    for saved in &state.stores {
        let _ = saved.open();
    }
});
