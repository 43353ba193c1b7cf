//! Trained networks of lava-dl (`.net` files, HDF5).
//!
//! ```text
//! /layer/i/type             input, conv, dense or flatten
//! /layer/i/shape            (channels, height, width), or (features)
//! /layer/i/weight, bias     conv (out, in, height, width), dense (out, in); already in integers
//! /layer/i/stride, padding, dilation, groups      (height, width)
//! /layer/i/neuron/{type, iDecay, vDecay, vThMant, refDelay}      type LOIHI or CUBA
//! ```
//!
//! Every layer with neurons becomes a population (`layer0`, `layer1`, ...) of LIF neurons with `du = iDecay - 1`,
//! `dv = vDecay`, `vth = vThMant`, bias exponent 6, and its weights a connection (`layer1_synapses`). An input layer is a population
//! without bias: a program writes its bias variable (the file's own weight and bias of that layer describe how lava-dl
//! would scale an image). Axes become (width, height, channels), kernels are turned because `Conv` is a true
//! convolution, and the columns of a dense layer after a flattening are put in our order of elements.
//!
//! Source: lava-dl 0.6 `lava/lib/dl/netx/{hdf5,utils}.py` for what the fields mean; checked bit by bit against the
//! recorded currents, voltages and spikes of a trained network.

use std::path::Path;

use pumice_process::models::connection::conv::{Conv, Pair};
use pumice_process::models::connection::dense::Dense;
use pumice_process::models::neuron::lif::Lif;
use pumice_process::models::neuron::lif_reset::LifReset;
use pumice_process::models::{Behaviour, Model, PerNeuron};
use pumice_process::{Activation, Graph, InPort, OutPort, ProcessId, Spike};

use crate::ImportError;
use crate::hdf5::{Array, Node};

/// Neurons of one layer, at most.
const NEURONS: usize = 1 << 24;
/// Layers, at most.
const LAYERS: usize = 4096;

/// How lava-dl clears the state of neurons between samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    /// Steps from reset to reset, at least 1.
    pub interval: u64,
    /// Phase of the first layer; each further layer is one step later (lava-dl's `reset_offset`, plus one).
    pub offset: u64,
}

/// The neurons of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neurons {
    /// Decay of the current `[1/4096]`, `1..=4096`.
    pub current_decay: i32,
    /// Decay of the voltage `[1/4096]`, `0..=4095`.
    pub voltage_decay: i32,
    /// Mantissa of the threshold.
    pub threshold: i32,
}

/// The weights of a layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Weights {
    /// None: spikes come from biases.
    Input,
    /// A convolution.
    Conv(Box<Conv>),
    /// One row per target, in the order of our elements.
    Dense(Vec<Vec<f64>>),
}

/// A layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// `(width, height, channels)`, or `(features)`.
    pub shape: Vec<usize>,
    /// Its weights.
    pub weights: Weights,
    /// Bias of each neuron `[64 state LSB]`.
    pub bias: Vec<f64>,
    /// Its neurons.
    pub neurons: Neurons,
}

/// A network as the file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Netx {
    /// Layers with neurons, in order.
    pub layers: Vec<Layer>,
}

/// A population that was added to a graph.
#[derive(Clone, Copy, Debug)]
pub struct Population {
    /// The neurons.
    pub neurons: ProcessId,
    /// Their connection from the layer before, if they have one.
    pub synapses: Option<ProcessId>,
    /// Their spikes.
    pub s_out: OutPort<Spike>,
}

/// A network that was added to a graph.
#[derive(Clone, Debug)]
pub struct Added {
    /// Where spikes enter, if the first layer has weights.
    pub s_in: Option<InPort<Spike>>,
    /// By layer.
    pub populations: Vec<Population>,
}

/// What the layers so far leave to the next one.
struct Before {
    shape: Vec<usize>,
    /// Whether the next layer sees features instead of space.
    flat: bool,
}

impl Netx {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is no such network, or uses what is not known here; nothing larger than 2²⁷ numbers is read.
    pub fn open(path: &Path) -> Result<Netx, ImportError> {
        Netx::read(&Node::open(path)?)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// As [`Netx::open`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Netx, ImportError> {
        Netx::read(&Node::from_bytes(bytes)?)
    }

    fn read(root: &Node) -> Result<Netx, ImportError> {
        let all = root.group("layer")?;
        let n = all.groups()?.len();
        if n > LAYERS {
            return Err(all.value("", format!("{n} layers"), format!("{LAYERS} at most")));
        }
        let (mut layers, mut before) = (Vec::new(), None);
        for k in 0..n {
            let node = all.group(&k.to_string())?;
            let kind = node.text("type")?;
            if kind == "flatten" {
                before = before.map(|b| Before { flat: true, ..b });
                continue;
            }
            let layer = layer(&node, &kind, before.as_ref())?;
            before = Some(Before { shape: layer.shape.clone(), flat: false });
            layers.push(layer);
        }
        Ok(Netx { layers })
    }

    /// Adds the network to a graph.
    ///
    /// # Errors
    /// If a name is taken or the layers do not fit each other.
    pub fn add_to(&self, graph: &mut Graph, reset: Option<Reset>) -> Result<Added, ImportError> {
        let mut added = Added { s_in: None, populations: Vec::new() };
        for (k, layer) in self.layers.iter().enumerate() {
            let neurons = graph.add_model(&format!("layer{k}"), layer.model(k as u64, reset))?;
            let synapses = match layer.synapses() {
                None => None,
                Some(model) => {
                    let process = graph.add_model(&format!("layer{k}_synapses"), model)?;
                    let s_in = graph.in_port::<Spike>(process, "s_in")?;
                    match added.populations.last().map(|p: &Population| p.s_out) {
                        None => added.s_in = Some(s_in),
                        Some(from) => {
                            let flat = matches!(layer.weights, Weights::Dense(_));
                            let from = if flat { graph.flatten(from) } else { from };
                            graph.connect(from, s_in)?;
                        }
                    }
                    let a_out = graph.out_port::<Activation>(process, "a_out")?;
                    graph.connect(a_out, graph.in_port::<Activation>(neurons, "a_in")?)?;
                    Some(process)
                }
            };
            let s_out = graph.out_port::<Spike>(neurons, "s_out")?;
            added.populations.push(Population { neurons, synapses, s_out });
        }
        Ok(added)
    }
}

impl Layer {
    fn model(&self, k: u64, reset: Option<Reset>) -> Model {
        let lif = Lif {
            du: (self.neurons.current_decay - 1).into(),
            dv: self.neurons.voltage_decay.into(),
            bias_mant: PerNeuron::from(self.bias.clone()),
            bias_exp: 6.into(),
            vth: self.neurons.threshold.into(),
            ..Lif::new(&self.shape)
        };
        match reset {
            None => lif.into(),
            Some(reset) => LifReset {
                du: lif.du,
                dv: lif.dv,
                bias_mant: lif.bias_mant,
                bias_exp: lif.bias_exp,
                vth: lif.vth,
                reset_interval: reset.interval,
                reset_offset: reset.offset + k,
                ..LifReset::new(&self.shape)
            }
            .into(),
        }
    }

    fn synapses(&self) -> Option<Model> {
        match &self.weights {
            Weights::Input => None,
            Weights::Conv(conv) => Some(conv.as_ref().clone().into()),
            Weights::Dense(rows) => Some(Dense::new(rows.clone()).into()),
        }
    }
}

/// A size in a file, as a size here.
fn size(node: &Node, name: &str, value: f64, range: std::ops::RangeInclusive<usize>) -> Result<usize, ImportError> {
    let (lo, hi) = (*range.start(), *range.end());
    match value.fract() == 0.0 && value >= lo as f64 && value <= hi as f64 {
        true => Ok(value as usize),
        false => Err(node.value(name, value, format!("a whole number from {lo} to {hi}"))),
    }
}

/// `(height, width)` in the file, as `[width, height]`; one number stands for both.
fn pair(node: &Node, name: &str, default: usize, lowest: usize) -> Result<[usize; 2], ImportError> {
    if !node.has(name)? {
        return Ok([default; 2]);
    }
    let array = node.array(name)?;
    let one = |value: f64| size(node, name, value, lowest..=1 << 16);
    match array.data.as_slice() {
        [both] => Ok([one(*both)?; 2]),
        [height, width] => Ok([one(*width)?, one(*height)?]),
        all => Err(node.value(name, format!("{} numbers", all.len()), "one or two numbers")),
    }
}

fn neurons(node: &Node) -> Result<Neurons, ImportError> {
    let neuron = node.group("neuron")?;
    let kind = neuron.text("type")?;
    if !matches!(kind.as_str(), "LOIHI" | "CUBA") {
        return Err(neuron.value("type", kind, "LOIHI or CUBA"));
    }
    let get = |name: &str, range| size(&neuron, name, neuron.number(name)?, range).map(|x| x as i32);
    if neuron.has("refDelay")? && neuron.number("refDelay")? != 1.0 {
        return Err(neuron.value("refDelay", neuron.number("refDelay")?, "1"));
    }
    if neuron.has("wgtExp")? && neuron.number("wgtExp")? != 0.0 {
        return Err(neuron.value("wgtExp", neuron.number("wgtExp")?, "0"));
    }
    if neuron.has("gradedSpike")? && neuron.number("gradedSpike")? != 0.0 {
        return Err(neuron.value("gradedSpike", "TRUE", "FALSE"));
    }
    Ok(Neurons {
        current_decay: get("iDecay", 1..=4096)?,
        voltage_decay: get("vDecay", 0..=4095)?,
        threshold: get("vThMant", 0..=131_071)?,
    })
}

fn layer(node: &Node, kind: &str, before: Option<&Before>) -> Result<Layer, ImportError> {
    let sides = node.array("shape")?;
    let mut shape = Vec::with_capacity(sides.data.len());
    for side in sides.data.iter().rev() {
        shape.push(size(node, "shape", *side, 1..=NEURONS)?);
    }
    let n = shape.iter().try_fold(1usize, |n, side| n.checked_mul(*side).filter(|n| *n <= NEURONS));
    let n = n.ok_or_else(|| node.value("shape", format!("{shape:?}"), format!("{NEURONS} neurons at most")))?;
    let weights = match kind {
        "input" => Weights::Input,
        "conv" => Weights::Conv(Box::new(conv(node, &shape, before)?)),
        "dense" => {
            shape = vec![n];
            Weights::Dense(dense(node, n, before)?)
        }
        other => return Err(node.value("type", other, "input, conv, dense or flatten")),
    };
    let bias = match kind {
        "input" => vec![0.0; n],
        _ if node.has("bias")? => bias(node, n)?,
        _ => vec![0.0; n],
    };
    Ok(Layer { shape, weights, bias, neurons: neurons(node)? })
}

/// The bias of each neuron: channels and features are the last axis, so that values repeat along it.
fn bias(node: &Node, n: usize) -> Result<Vec<f64>, ImportError> {
    let given = node.array("bias")?.data;
    if given.is_empty() || !n.is_multiple_of(given.len()) {
        return Err(node.value("bias", format!("{} numbers", given.len()), "one per channel or feature"));
    }
    Ok(given.iter().map(|b| b.round()).cycle().take(n).collect())
}

fn conv(node: &Node, shape: &[usize], before: Option<&Before>) -> Result<Conv, ImportError> {
    let Array { shape: kernel, data } = node.array("weight")?;
    let [out, channels, height, width] = kernel[..] else {
        return Err(node.value("weight", format!("an array of {} axes", kernel.len()), "one of four axes"));
    };
    let groups = if node.has("groups")? { size(node, "groups", node.number("groups")?, 1..=1 << 16)? } else { 1 };
    let input = match before {
        Some(Before { shape, flat: false }) if shape.len() == 3 => [shape[0], shape[1], shape[2]],
        _ => return Err(node.value("type", "conv", "a layer of features here, because the one before has no space")),
    };
    // The kernel is turned by half a turn: theirs is a correlation.
    let tap = |o: usize, i: usize, j: usize, c: usize| {
        data[((o * channels + c) * height + (height - 1 - j)) * width + (width - 1 - i)].round()
    };
    let column = |o, i, j| (0..channels).map(|c| tap(o, i, j, c)).collect();
    let plane = |o, i| (0..height).map(|j| column(o, i, j)).collect();
    let weight = (0..out).map(|o| (0..width).map(|i| plane(o, i)).collect()).collect();
    let conv = Conv {
        padding: Pair::Each(pair(node, "padding", 0, 0)?),
        stride: Pair::Each(pair(node, "stride", 1, 1)?),
        dilation: Pair::Each(pair(node, "dilation", 1, 1)?),
        groups,
        ..Conv::new(input, weight)
    };
    let made = conv.out_ports().swap_remove(0).shape;
    match made == *shape && channels * groups == input[2] {
        true => Ok(conv),
        false => {
            Err(node.value("shape", format!("{shape:?}"), format!("{made:?}, from its kernel and the layer before")))
        }
    }
}

fn dense(node: &Node, n: usize, before: Option<&Before>) -> Result<Vec<Vec<f64>>, ImportError> {
    let data = node.array("weight")?.data;
    let sources = data.len() / n;
    if sources * n != data.len() || sources == 0 {
        return Err(node.value("weight", format!("{} numbers", data.len()), format!("a multiple of {n}")));
    }
    let shape = match before {
        None => vec![sources],
        Some(before) => before.shape.clone(),
    };
    if shape.iter().product::<usize>() != sources {
        return Err(node.value("weight", format!("{sources} sources"), format!("{shape:?}, as the layer before")));
    }
    // Their features run channel, row, column; our elements column, row, channel.
    let column = |k: usize| match shape[..] {
        [width, height, channels] => {
            let (x, y, c) = (k / (height * channels), k / channels % height, k % channels);
            (c * height + y) * width + x
        }
        _ => k,
    };
    let row = |o: usize| (0..sources).map(|k| data[o * sources + column(k)].round()).collect();
    Ok((0..n).map(row).collect())
}

#[cfg(test)]
mod tests;
