//! Files of cells: whatever the bytes are, reading them gives an error or a state that can be opened, aged, read, refreshed,
//! written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pumice_device::WeightStore;
use pumice_device::nv::{NvState, SavedStore};

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
        live(saved);
    }
});

/// Cells that open live on: they age, are read and refreshed, and what is saved then opens again.
fn live(saved: &SavedStore) {
    let Ok(cells) = saved.open() else { return };
    let mut store = WeightStore::Cells(Box::new(cells));
    let _ = store.age(1 << 45, 328_150);
    let now = store.as_cells().map_or(0, |cells| cells.array().now_ns());
    let _ = store.rows(now, true);
    if store.count_reads(0, 1 << 20, now).is_err() {
        return;
    }
    if let Some(cells) = store.as_cells_mut()
        && cells.refresh().is_ok()
    {
        let again = SavedStore::new(saved.core, cells).open();
        assert!(again.is_ok(), "what was refreshed and saved opens again: {again:?}");
    }
}
