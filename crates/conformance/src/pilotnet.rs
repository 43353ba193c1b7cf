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
use crate::read::ReadError;
use crate::replay::{Form, Setup, check};

/// Steps from one clearing of the state to the next.
const RESET_INTERVAL: u64 = 17;
/// What the voltage register reads after a spike.
const REFRACTORY: f64 = 128.0;

/// Replays the recorded layers in a folder.
pub(crate) fn replay(folder: &Path) -> Result<Vec<Case>, ReadError> {
    let schema = |file: &str, fault: String| ReadError::Schema { path: folder.join(file), suite: "pilotnet", fault };
    let netx = Netx::open(&folder.join("network.net")).map_err(|fault| schema("network.net", fault.to_string()))?;
    let arrays = read_npz_all(&folder.join("layers.npz")).map_err(|fault| schema("layers.npz", fault.to_string()))?;
    let find = |name: String| arrays.iter().find(|(own, _)| *own == name).map(|(_, array)| array);
    let mut cases = Vec::new();
    for (k, layer) in netx.layers.iter().enumerate().skip(2) {
        let parts = ["", "_u", "_v"].map(|part| find(format!("conv_{}{part}", k - 1)));
        let (Some(before), [Some(s), Some(u), Some(v)]) = (find(format!("conv_{}", k - 2)), parts) else { continue };
        let fault = match [before, s, u, v].map(by_step) {
            [Some(before), Some(s), Some(u), Some(v)] => replay_layer(layer, k, &before, [s, u, v]),
            _ => Some(Fault::Malformed("a recorded layer is not of shape (x, y, channel, step)".into())),
        };
        cases.push(Case::new(format!("conv_{}", k - 1), fault));
    }
    match cases.is_empty() {
        true => Err(schema("layers.npz", "it has no `conv_k`, `conv_k_u`, `conv_k_v` and `conv_(k-1)`".into())),
        false => Ok(cases),
    }
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
