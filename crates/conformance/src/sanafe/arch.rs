//! Architecture files of SANA-FE 2.2 (YAML), as far as they are ordinary data.
//!
//! Not read, because they cannot be replayed: plug-ins, noise, and units that SANA-FE itself does not simulate as
//! written (`facts` of the recordings list them). An unknown key is an error.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) architecture: Architecture,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Architecture {
    #[serde(rename = "name")]
    pub(super) _name: String,
    pub(super) attributes: ChipAttributes,
    pub(super) tile: Vec<Tile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChipAttributes {
    #[serde(default, rename = "topology")]
    pub(super) _topology: Option<String>,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) link_buffer_size: u32,
    #[serde(default, rename = "sync_model")]
    pub(super) _sync_model: Option<String>,
    pub(super) latency_sync: Sync,
}

/// The barrier `[s]`: one number, or by the number of mapped tiles.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Sync {
    Fixed(f64),
    Table(BTreeMap<u32, f64>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tile {
    pub(super) name: String,
    pub(super) attributes: HopAttributes,
    pub(super) core: Vec<Core>,
}

/// Energy `[J]` and time `[s]` per hop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HopAttributes {
    pub(super) energy_north_hop: f64,
    pub(super) latency_north_hop: f64,
    pub(super) energy_east_hop: f64,
    pub(super) latency_east_hop: f64,
    pub(super) energy_south_hop: f64,
    pub(super) latency_south_hop: f64,
    pub(super) energy_west_hop: f64,
    pub(super) latency_west_hop: f64,
    #[serde(default, rename = "log_energy")]
    _log_energy: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Core {
    pub(super) name: String,
    pub(super) attributes: CoreAttributes,
    pub(super) axon_in: Vec<Unit<AxonIn>>,
    pub(super) synapse: Vec<Unit<Synapse>>,
    pub(super) dendrite: Vec<Unit<Dendrite>>,
    pub(super) soma: Vec<Unit<Soma>>,
    pub(super) axon_out: Vec<Unit<AxonOut>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CoreAttributes {
    pub(super) buffer_position: String,
    #[serde(default)]
    pub(super) buffer_inside_unit: bool,
    #[serde(default)]
    pub(super) max_neurons_supported: Option<usize>,
    #[serde(default, rename = "log_energy")]
    _log_energy: Option<bool>,
    #[serde(default, rename = "log_latency")]
    _log_latency: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unit<A> {
    pub(super) name: String,
    pub(super) attributes: A,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AxonIn {
    #[serde(rename = "energy_message_in")]
    pub(super) energy: f64,
    #[serde(rename = "latency_message_in")]
    pub(super) latency: f64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AxonOut {
    #[serde(rename = "energy_message_out")]
    pub(super) energy: f64,
    #[serde(rename = "latency_message_out")]
    pub(super) latency: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Synapse {
    pub(super) model: String,
    #[serde(rename = "energy_process_spike")]
    pub(super) energy: f64,
    #[serde(rename = "latency_process_spike")]
    pub(super) latency: f64,
    #[serde(default, rename = "log_energy")]
    _log_energy: Option<bool>,
    #[serde(default, rename = "log_latency")]
    _log_latency: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dendrite {
    pub(super) model: String,
    #[serde(rename = "energy_update")]
    pub(super) energy: f64,
    #[serde(rename = "latency_update")]
    pub(super) latency: f64,
    #[serde(default, rename = "log_energy")]
    _log_energy: Option<bool>,
    #[serde(default, rename = "log_latency")]
    _log_latency: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Soma {
    pub(super) model: String,
    pub(super) energy_access_neuron: f64,
    pub(super) latency_access_neuron: f64,
    pub(super) energy_update_neuron: f64,
    pub(super) latency_update_neuron: f64,
    pub(super) energy_spike_out: f64,
    pub(super) latency_spike_out: f64,
    #[serde(default, rename = "log_energy")]
    _log_energy: Option<bool>,
    #[serde(default, rename = "log_latency")]
    _log_latency: Option<bool>,
}

/// A name with a range stands for several: `core[0..3]`. Returns how many.
pub(super) fn copies(name: &str) -> Result<u32, String> {
    let Some((_, range)) = name.split_once('[') else { return Ok(1) };
    let ends = range.strip_suffix(']').and_then(|range| range.split_once(".."));
    let ends = ends.and_then(|(first, last)| Some((first.parse::<u32>().ok()?, last.parse::<u32>().ok()?)));
    match ends {
        Some((first, last)) if first <= last => Ok(last - first + 1),
        _ => Err(format!("`{name}` has no range like [0..3]")),
    }
}

/// Whether a unit of this name (perhaps with a range) is the one asked for, such as `loihi_inputs[3]`.
pub(super) fn is_called(name: &str, wanted: &str) -> bool {
    let (base, range) = name.split_once('[').unwrap_or((name, ""));
    match wanted.split_once('[') {
        None => name == wanted,
        Some((wanted_base, number)) if !range.is_empty() && base == wanted_base => {
            let ends = range.strip_suffix(']').and_then(|range| range.split_once(".."));
            let ends = ends.and_then(|(a, b)| Some(a.parse::<u32>().ok()?..=b.parse::<u32>().ok()?));
            let number = number.strip_suffix(']').and_then(|number| number.parse::<u32>().ok());
            ends.zip(number).is_some_and(|(ends, number)| ends.contains(&number)) || name == wanted
        }
        Some(_) => name == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_ranges_stand_for_several() {
        assert_eq!(copies("tile[0..31]"), Ok(32));
        assert_eq!(copies("core"), Ok(1));
        assert!(copies("core[3..0]").is_err() && copies("core[x]").is_err());
        assert!(is_called("in[0..7]", "in[3]") && !is_called("in[0..7]", "in[8]") && is_called("lif", "lif"));
        assert!(!is_called("in[0..7]", "other[3]"));
    }
}
