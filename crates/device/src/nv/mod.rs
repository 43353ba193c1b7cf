//! The file that survives power-off.
//!
//! ```text
//! offset  bytes  content
//!      0      8  `PUMICENV`
//!      8      2  format version, little-endian, now 1
//!     10      2  zero
//!     12      4  hash of the payload's layout
//!     16      8  length of the payload
//!     24      4  CRC32 of everything before and of the payload
//!     28      …  payload: bincode, legacy configuration
//! ```
//!
//! Nothing is decoded before length and checksum are right. Saving writes a temporary file beside the old
//! one, syncs it, renames it over the old one and syncs the directory: a cut at any moment leaves the old
//! state or the new one. A left-over temporary file is overwritten by the next save and never read.

mod codec;
mod container;
mod diff;
mod disk;
mod seed;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::DeviceError;
use crate::profile::CellProfile;
use crate::store::{CellStore, Layout, StoreState};

pub use diff::StoreDiff;
#[doc(hidden)]
pub use disk::{Step, replace_watched};
pub use seed::{SeedForm, Taken};

/// One store of weights as it is saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedStore {
    /// Core that owns the store.
    pub core: u32,
    /// The cell profile, as TOML: a file can be read without the profile it was made with.
    pub profile: String,
    /// How weights sit in the cells, as TOML.
    pub layout: String,
    /// The cells.
    pub state: StoreState,
}

/// Everything that survives power-off.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NvState {
    /// Name of the hardware profile.
    pub hardware: String,
    /// Fingerprint of the cells' technology; each store has the whole of it, which is what is checked when a file is used.
    pub fingerprint: u32,
    /// The stores, by core.
    pub stores: Vec<SavedStore>,
}

impl SavedStore {
    /// The saved form of a store.
    pub fn new(core: u32, store: &CellStore) -> SavedStore {
        SavedStore {
            core,
            profile: store.array().profile().to_toml(),
            layout: toml::to_string(store.layout()).expect("a layout has only strings and numbers"),
            state: store.state(),
        }
    }

    /// The store again, with the same life.
    ///
    /// # Errors
    /// Fails when profile, layout and state do not fit together.
    pub fn open(&self) -> Result<CellStore, DeviceError> {
        let profile = CellProfile::from_toml(&self.profile)?;
        let layout: Layout = toml::from_str(&self.layout)?;
        CellStore::from_state(profile, layout, self.state.clone())
    }
}

impl NvState {
    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        container::seal(&codec::encode(self))
    }

    /// The state from the bytes of a file.
    ///
    /// # Errors
    /// [`DeviceError::Damaged`] says how the bytes are wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<NvState, DeviceError> {
        let payload = container::open(bytes)?;
        Ok(codec::decode(payload)?)
    }

    /// Replaces the file at `path` by this state, all or nothing.
    ///
    /// # Errors
    /// [`DeviceError::Io`] with what the system refused; the old file is then still there.
    pub fn save(&self, path: &Path) -> Result<(), DeviceError> {
        disk::replace(path, &self.to_bytes())
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`DeviceError::Io`] when it cannot be read and [`DeviceError::DamagedFile`] when it is not whole.
    pub fn load(path: &Path) -> Result<NvState, DeviceError> {
        NvState::from_bytes(&disk::read(path)?).map_err(|error| match error {
            DeviceError::Damaged(fault) => DeviceError::DamagedFile { path: path.to_owned(), fault },
            other => other,
        })
    }

    /// The state as JSON, for people and other tools.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("the state has only strings, numbers and lists")
    }

    /// The state from its JSON.
    ///
    /// # Errors
    /// [`DeviceError::Reference`] for JSON that is not such a state.
    pub fn from_json(text: &str) -> Result<NvState, DeviceError> {
        Ok(serde_json::from_str(text)?)
    }
}
