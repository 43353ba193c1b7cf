//! Layers of a trained network that were recorded on Loihi 2: `network.net` and `layers.npz`.
//!
//! `network.net` is lava-dl's file of the network. `layers.npz` has spikes `conv_k`, currents `conv_k_u` and voltages
//! `conv_k_v`, of shape (x, y, channel, step), in register units; `conv_k` is layer k + 1 of the network. Each layer that
//! has all three is a case, fed with the recorded spikes of the layer before. State was cleared every 17 steps, one step
//! later from layer to layer. After a spike the voltage register reads 128, the refractory counter; the next step starts from 0.

use std::path::Path;

use pumice::file::{Array, read_npz_all};
use pumice::models::neuron::lif_reset::LifReset;
use pumice::models::{Arithmetic, Kind};
use pumice::nir::netx::{Layer, Netx, Weights};
use pumice::process::Direction;

use crate::case::{Case, Fault};
use crate::compare::Expected;
use crate::read::{ReadError, file_name};
use crate::replay::{Form, Setup, check};

/// Steps from one clearing of the state to the next.
const RESET_INTERVAL: u64 = 17;
/// What the voltage register reads after a spike.
const REFRACTORY: f64 = 128.0;

/// Replays the recorded layers in a folder.
pub(crate) fn replay(folder: &Path) -> Result<Vec<Case>, ReadError> {
    if !folder.join(LAYERS).is_file() {
        return Err(ReadError::Empty { path: folder.to_path_buf(), name: LAYERS });
    }
    Ok(layers(folder).unwrap_or_else(|fault| vec![Case::new(file_name(folder), Some(fault))]))
}

/// The file of recordings.
const LAYERS: &str = "layers.npz";

fn layers(folder: &Path) -> Result<Vec<Case>, Fault> {
    let malformed = |file: &str, fault: &dyn std::fmt::Display| Fault::Malformed(format!("{file}: {fault}"));
    let netx = Netx::open(&folder.join("network.net")).map_err(|fault| malformed("network.net", &fault))?;
    let arrays = read_npz_all(&folder.join(LAYERS)).map_err(|fault| malformed(LAYERS, &fault))?;
    let mut cases = Vec::new();
    for name in arrays.iter().map(|(name, _)| name.as_str()) {
        match place(name) {
            // The input of the first recorded layer.
            Some((0, "")) => {}
            Some((k, "")) => cases.push(Case::new(name, layer(&netx, &arrays, k).unwrap_or_else(Some))),
            Some((k, _)) if arrays.iter().any(|(own, _)| *own == format!("conv_{k}")) => {}
            _ => cases.push(Case::new(name, Some(Fault::Malformed("an array of no recorded layer".into())))),
        }
    }
    match cases.is_empty() {
        true => Err(malformed(LAYERS, &"no layer was recorded; its spikes are `conv_1`, `conv_2` and so on")),
        false => Ok(cases),
    }
}

/// The layer of an array and what it holds of it: `""`, `"u"` or `"v"`.
fn place(name: &str) -> Option<(usize, &str)> {
    let rest = name.strip_prefix("conv_")?;
    let (k, part) = rest.split_once('_').unwrap_or((rest, ""));
    k.parse().ok().filter(|_| ["", "u", "v"].contains(&part)).map(|k| (k, part))
}

fn layer(netx: &Netx, arrays: &[(String, Array)], k: usize) -> Result<Option<Fault>, Fault> {
    let find = |name: String| {
        let found = arrays.iter().find(|(own, _)| *own == name).map(|(_, array)| array);
        let array = found.ok_or_else(|| Fault::Malformed(format!("there is no `{name}`")))?;
        by_step(array).ok_or_else(|| Fault::Malformed(format!("`{name}` is not of shape (x, y, channel, step)")))
    };
    let layer = netx.layers.get(k + 1);
    let layer = layer.ok_or_else(|| Fault::Malformed(format!("the network has no layer {}", k + 1)))?;
    let recorded = [find(format!("conv_{k}"))?, find(format!("conv_{k}_u"))?, find(format!("conv_{k}_v"))?];
    Ok(replay_layer(layer, k + 1, &find(format!("conv_{}", k - 1))?, recorded))
}

/// The values of each step in C order of (x, y, channel).
fn by_step(array: &Array) -> Option<Vec<Vec<f64>>> {
    let [_, _, _, steps] = *array.shape() else { return None };
    let all = array.to_real();
    Some((0..steps).map(|t| all.iter().skip(t).step_by(steps).copied().collect()).collect())
}

fn replay_layer(layer: &Layer, k: usize, input: &[Vec<f64>], recorded: [Vec<Vec<f64>>; 3]) -> Option<Fault> {
    let Weights::Conv(conv) = &layer.weights else {
        return Some(Fault::Malformed(format!("layer {k} of the network is not a convolution")));
    };
    let names = ["spikes", "u", "v"];
    let expected: Vec<Expected> = names
        .into_iter()
        .zip(recorded)
        .map(|(name, rows)| {
            Expected::new(name, rows.into_iter().map(|row| row.into_iter().map(Some).collect()).collect())
        })
        .collect();
    let build = |_: Form| {
        let mut setup = Setup { neurons_per_core: None, ..Setup::default() };
        let synapses = setup.graph.add_model("synapses", conv.as_ref().clone())?;
        let lif = LifReset {
            du: (layer.neurons.current_decay - 1).into(),
            dv: layer.neurons.voltage_decay.into(),
            bias_mant: layer.bias.clone().into(),
            bias_exp: 6.into(),
            vth: layer.neurons.threshold.into(),
            reset_interval: RESET_INTERVAL,
            reset_offset: k as u64 + 1,
            ..LifReset::new(&layer.shape)
        };
        let neurons = setup.graph.add_model("neurons", lif)?;
        let source = setup.source("source", &conv.input_shape, Kind::Spike, input)?;
        let s_in = setup.graph.port(synapses, "s_in", Direction::In)?;
        setup.graph.connect_ports(source, s_in)?;
        setup.join((synapses, "a_out"), (neurons, "a_in"))?;
        setup.watch("u", neurons, "u")?;
        setup.watch("spikes", neurons, "s_out")?;
        let probes = vec![setup.probe(neurons, "v")?, setup.probe(neurons, "s_out")?];
        let n = layer.bias.len();
        setup.read("v", probes, move |rows| {
            let shown = |row: Vec<f64>| {
                let (v, s) = row.split_at(n);
                v.iter().zip(s).map(|(v, s)| if *s == 0.0 { *v } else { REFRACTORY }).collect()
            };
            rows.into_iter().map(shown).collect()
        });
        Ok(setup)
    };
    check(&[Form::Fixed, Form::Chip(2)], &Arithmetic::lava(), &expected, &build)
}
