//! Architecture files of SANA-FE 2.2 (YAML), as far as they are ordinary data.
//!
//! Not read: plug-ins, and units that SANA-FE itself does not simulate as written. An unknown key is an error.
//! `update_every_timestep` is read and changes nothing, as in SANA-FE where costs are given in the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::error::SanafeError;
use crate::ranges::copies;
use crate::read;

/// Cores that a mesh may have.
const MOST_CORES: u64 = 1 << 22;

/// A file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    architecture: Architecture,
}

/// A chip as SANA-FE describes it: tiles with cores with units, each with its energies `[J]` and times `[s]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    name: String,
    pub(crate) attributes: ChipAttributes,
    pub(crate) tile: Vec<Tile>,
    /// Where its file lies: paths in it begin there.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

impl Architecture {
    /// Reads a file; one that ends in `.gz` is unpacked.
    ///
    /// # Errors
    ///
    /// [`SanafeError`] if it cannot be read or is no architecture file, with the line.
    pub fn open(path: &Path) -> Result<Architecture, SanafeError> {
        let parsed = Architecture::parse(&read::text(path)?);
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        parsed
            .map(|arch| Architecture { folder, ..arch })
            .map_err(|fault| SanafeError::File { path: path.to_path_buf(), fault })
    }

    /// Reads the text of a file.
    pub(crate) fn parse(text: &str) -> Result<Architecture, String> {
        let file: Result<File, _> = serde_saphyr::from_str(text);
        // The error's own text draws the lines around it.
        file.map(|file| file.architecture).map_err(|fault| fault.without_snippet().to_string())
    }

    /// The definition of every core of every tile (tile and core in the file), and how many cores a tile has.
    pub(crate) fn cores(&self) -> Result<(Vec<(usize, usize)>, u32), String> {
        self.fits()?;
        let mut all = Vec::new();
        let mut per_tile = None;
        for (t, tile) in self.tile.iter().enumerate() {
            for _ in 0..copies(&tile.name)? {
                let before = all.len();
                for (c, core) in tile.core.iter().enumerate() {
                    all.extend((0..copies(&core.name)?).map(|_| (t, c)));
                }
                let cores = (all.len() - before) as u32;
                if *per_tile.get_or_insert(cores) != cores {
                    return Err("tiles with different numbers of cores cannot be laid out".to_owned());
                }
            }
        }
        Ok((all, per_tile.filter(|n| *n > 0).ok_or("the architecture has no cores")?))
    }

    /// Refuses a mesh without room for its tiles, and more cores than anybody means, before they are listed.
    fn fits(&self) -> Result<(), String> {
        let (width, height) = (u64::from(self.attributes.width), u64::from(self.attributes.height));
        let (mut tiles, mut most) = (0, 0);
        for tile in &self.tile {
            tiles += u64::from(copies(&tile.name)?);
            let mut cores = 0;
            for core in &tile.core {
                cores += u64::from(copies(&core.name)?);
            }
            most = most.max(cores);
        }
        let room = width.saturating_mul(height);
        if tiles > room {
            return Err(format!(
                "there are {tiles} tiles, and a mesh of width {width} and height {height} has room for {room}"
            ));
        }
        match room.saturating_mul(most) {
            cores if cores > MOST_CORES => Err(format!("the mesh has {cores} cores, allowed is at most {MOST_CORES}")),
            _ => Ok(()),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChipAttributes {
    #[serde(default, rename = "topology")]
    pub(crate) _topology: Option<String>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) link_buffer_size: u32,
    #[serde(default, rename = "sync_model")]
    pub(crate) _sync_model: Option<String>,
    #[serde(default)]
    pub(crate) latency_sync: Sync,
}

/// The barrier `[s]`: one number, or by the number of mapped tiles.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Sync {
    Fixed(f64),
    Table(BTreeMap<u32, f64>),
}

impl Default for Sync {
    fn default() -> Self {
        Sync::Fixed(0.0)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tile {
    pub(crate) name: String,
    pub(crate) attributes: HopAttributes,
    pub(crate) core: Vec<Core>,
}

/// Energy `[J]` and time `[s]` per hop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HopAttributes {
    pub(crate) energy_north_hop: f64,
    pub(crate) latency_north_hop: f64,
    pub(crate) energy_east_hop: f64,
    pub(crate) latency_east_hop: f64,
    pub(crate) energy_south_hop: f64,
    pub(crate) latency_south_hop: f64,
    pub(crate) energy_west_hop: f64,
    pub(crate) latency_west_hop: f64,
    #[serde(default, rename = "log_energy")]
    _log_energy: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Core {
    pub(crate) name: String,
    pub(crate) attributes: CoreAttributes,
    pub(crate) axon_in: Vec<Unit<AxonIn>>,
    pub(crate) synapse: Vec<Unit<Synapse>>,
    pub(crate) dendrite: Vec<Unit<Dendrite>>,
    pub(crate) soma: Vec<Unit<Soma>>,
    pub(crate) axon_out: Vec<Unit<AxonOut>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CoreAttributes {
    pub(crate) buffer_position: String,
    #[serde(default)]
    pub(crate) buffer_inside_unit: bool,
    #[serde(default)]
    pub(crate) max_neurons_supported: Option<usize>,
    #[serde(default, rename = "log_energy")]
    _log_energy: Option<bool>,
    #[serde(default, rename = "log_latency")]
    _log_latency: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unit<A> {
    pub(crate) name: String,
    pub(crate) attributes: A,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AxonIn {
    #[serde(rename = "energy_message_in")]
    pub(crate) energy: f64,
    #[serde(rename = "latency_message_in")]
    pub(crate) latency: f64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AxonOut {
    #[serde(rename = "energy_message_out")]
    pub(crate) energy: f64,
    #[serde(rename = "latency_message_out")]
    pub(crate) latency: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Synapse {
    pub(crate) model: String,
    #[serde(default, rename = "plugin", deserialize_with = "plugin")]
    _plugin: (),
    #[serde(default, rename = "update_every_timestep")]
    _update_every_timestep: Option<bool>,
    #[serde(rename = "energy_process_spike")]
    pub(crate) energy: f64,
    #[serde(rename = "latency_process_spike")]
    pub(crate) latency: f64,
    #[serde(default, rename = "log_energy")]
    _log_energy: Option<bool>,
    #[serde(default, rename = "log_latency")]
    _log_latency: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dendrite {
    pub(crate) model: String,
    #[serde(default, rename = "plugin", deserialize_with = "plugin")]
    _plugin: (),
    #[serde(default, rename = "update_every_timestep")]
    _update_every_timestep: Option<bool>,
    #[serde(rename = "energy_update")]
    pub(crate) energy: f64,
    #[serde(rename = "latency_update")]
    pub(crate) latency: f64,
    #[serde(default, rename = "log_energy")]
    _log_energy: Option<bool>,
    #[serde(default, rename = "log_latency")]
    _log_latency: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Soma {
    pub(crate) model: String,
    #[serde(default, rename = "plugin", deserialize_with = "plugin")]
    _plugin: (),
    /// File of a stream of noise.
    #[serde(default)]
    pub(crate) noise: Option<PathBuf>,
    #[serde(default, rename = "update_every_timestep")]
    _update_every_timestep: Option<bool>,
    pub(crate) energy_access_neuron: f64,
    pub(crate) latency_access_neuron: f64,
    pub(crate) energy_update_neuron: f64,
    pub(crate) latency_update_neuron: f64,
    pub(crate) energy_spike_out: f64,
    pub(crate) latency_spike_out: f64,
    #[serde(default, rename = "log_energy")]
    _log_energy: Option<bool>,
    #[serde(default, rename = "log_latency")]
    _log_latency: Option<bool>,
}

/// Refuses a plug-in.
fn plugin<'de, D: Deserializer<'de>>(_: D) -> Result<(), D::Error> {
    Err(D::Error::custom(
        "plug-ins are compiled C++ and are not run; allowed are units of the models that SANA-FE has itself",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_run_says_so() {
        let unit = "model: m, energy_update: 0.0, latency_update: 0.0";
        assert!(serde_saphyr::from_str::<Dendrite>(&format!("{{{unit}}}")).is_ok());
        let fault = serde_saphyr::from_str::<Dendrite>(&format!("{{{unit}, plugin: x.so}}")).unwrap_err();
        assert!(fault.without_snippet().to_string().contains("plug-ins are compiled C++"), "{fault}");
    }
}
