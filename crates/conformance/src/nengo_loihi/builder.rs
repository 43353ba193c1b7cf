//! Function tables of the builder: real parameters to registers, and what a core can hold.

use pumice::chip::CoreLimits;
use pumice::models::neuron::cuba_lif::CubaLif;
use pumice::models::neuron::cuba_lif::discretize::{Block, RealBlock, RealNoise, TimeConstants, discretize};
use pumice::models::{Decay, PerNeuron, RowFormat};
use pumice::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::blocks::WEIGHT_BITS;
use super::sizes::POP32;
use super::tables::loihi_format;
use crate::case::Fault;
use crate::compare::{Difference, Expected};
use crate::emulator::{Recorded, differs, same_length, table};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Items<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Real {
    kind: String,
    tau_rc: f64,
    tau_ref: f64,
    tau_s: f64,
    dt: f64,
    vth: f64,
    min_voltage: f64,
    bias: Vec<f32>,
    weights: Vec<Vec<f32>>,
    noise: Option<Noise>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Noise {
    exp: f64,
    offset: f64,
    at_membrane: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Built {
    ok: bool,
    compartment: Option<Map<String, Value>>,
    weight_exp: Option<i64>,
    weights: Option<Vec<Vec<i64>>>,
    info: Option<Info>,
    bits: Option<i64>,
    /// Words of the emulator; what is compared is whether it refuses.
    #[serde(rename = "error", default)]
    _error: IgnoredAny,
    #[serde(rename = "warnings", default)]
    _warnings: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Info {
    w_max: f64,
    w_exp: f64,
    v_scale: f64,
    b_scale: OneOrMany,
    w_scale: OneOrMany,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(f64),
    Many(Vec<f64>),
}

impl OneOrMany {
    fn all(&self) -> Vec<f64> {
        match self {
            OneOrMany::One(x) => vec![*x],
            OneOrMany::Many(all) => all.clone(),
        }
    }
}

impl Real {
    fn block(&self) -> Result<RealBlock, Fault> {
        let times = TimeConstants { dt: self.dt, tau_s: self.tau_s, tau_rc: self.tau_rc, tau_ref: self.tau_ref };
        let (vth, bias) = (self.vth as f32, self.bias.clone());
        let own = match self.kind.as_str() {
            "lif" => RealBlock::lif(times, vth, bias, self.min_voltage),
            "relu" => RealBlock::relu(times, vth, bias),
            "nonspiking" => RealBlock::nonspiking(times, vth, bias),
            other => return Err(Fault::Malformed(format!("compartments of kind `{other}`"))),
        };
        let noise = self.noise.as_ref().map(|noise| RealNoise {
            exponent: noise.exp,
            offset: noise.offset,
            at_membrane: noise.at_membrane != 0,
        });
        Ok(RealBlock { noise, weights: self.weights.clone(), ..own })
    }
}

/// Bits of a weight in the synapse format that the builder uses.
const BITS: u32 = 8;

/// The compartment parameters that are compared, in the order of [`of_neurons`].
const COMPARTMENT: [&str; 11] = [
    "decay_u",
    "decay_v",
    "vth",
    "bias",
    "refract_delay",
    "vmin",
    "vmax",
    "enable_noise",
    "noise_exp",
    "noise_offset",
    "noise_at_membrane",
];

pub(super) fn discretized(case: &Recorded) -> Result<Option<Fault>, Fault> {
    let (inputs, expected): (Items<Real>, Items<Built>) = (case.inputs()?, case.expected()?);
    same_length("items", inputs.items.len(), expected.items.len())?;
    for (step, (real, built)) in inputs.items.iter().zip(&expected.items).enumerate() {
        let got = discretize(&real.block()?, BITS);
        let fault = match (got, built.ok) {
            (Err(_), false) => None,
            (Ok(_), false) => differs(Some(said(step, "refused", "taken"))),
            (Err(fault), true) => differs(Some(said(step, "taken", &fault.to_string()))),
            (Ok(block), true) => compare(step, real, built, &block)?,
        };
        if fault.is_some() {
            return Ok(fault);
        }
    }
    Ok(None)
}

fn said(step: usize, expected: &str, got: &str) -> Difference {
    Difference { output: "block".into(), step, index: 0, expected: expected.into(), got: got.into() }
}

fn compare(step: usize, real: &Real, built: &Built, block: &Block) -> Result<Option<Fault>, Fault> {
    let n = real.bias.len();
    let missing = |what: &str| Fault::Malformed(format!("`items[{step}].{what}` is missing"));
    let compartment = built.compartment.as_ref().ok_or_else(|| missing("compartment"))?;
    let info = built.info.as_ref().ok_or_else(|| missing("info"))?;
    if let Some(name) = compartment.keys().find(|name| *name != "n" && !COMPARTMENT.contains(&name.as_str())) {
        return Err(Fault::Malformed(format!("`items[{step}].compartment.{name}` is no parameter of a compartment")));
    }
    let mut tables =
        vec![(at(step, "n", vec![compartment.get("n").and_then(Value::as_f64)]), at_row(step, vec![n as f64]))];
    for (name, got) in COMPARTMENT.into_iter().zip(of_neurons(&block.neurons, n)) {
        let value = compartment.get(name).ok_or_else(|| missing(name))?;
        let recorded = match value {
            Value::Array(all) => all.iter().map(Value::as_f64).collect(),
            one => vec![one.as_f64(); n],
        };
        tables.push((at(step, name, recorded), at_row(step, got)));
    }
    let weights = built.weights.as_ref().ok_or_else(|| missing("weights"))?.concat();
    let acting = block.weights.concat().into_iter().map(f64::from).collect();
    tables.push((at(step, "weights", weights.into_iter().map(|w| Some(w as f64)).collect()), at_row(step, acting)));
    let format = loihi_format(64);
    let bits = block.weights.iter().map(|row| format.axon_bits(row.len() as u64, BITS)).sum::<u64>();
    let exact = [built.weight_exp, built.bits].map(|x| x.map(|x| x as f64));
    tables.push((at(step, "format", exact.to_vec()), at_row(step, vec![f64::from(block.weight_exp), bits as f64])));
    let scales = block.scales;
    let recorded = [vec![info.w_exp, info.v_scale], info.b_scale.all(), info.w_scale.all()];
    let got = [
        vec![f64::from(scales.weight_exp), scales.v],
        vec![scales.bias; recorded[1].len()],
        vec![scales.weight; recorded[2].len()],
    ];
    tables.push((at(step, "info", recorded.concat().into_iter().map(Some).collect()), at_row(step, got.concat())));
    let w_max = real.weights.iter().flatten().fold(0.0_f32, |most, w| most.max(w.abs()));
    tables.push((at(step, "w_max", vec![Some(info.w_max)]), at_row(step, vec![f64::from(w_max)])));
    Ok(table(tables))
}

/// A recorded row at its place.
fn at(step: usize, output: &str, row: Vec<Option<f64>>) -> Expected {
    let mut rows = vec![Vec::new(); step];
    rows.push(row);
    Expected::new(output, rows)
}

fn at_row(step: usize, row: Vec<f64>) -> Vec<Vec<f64>> {
    let mut rows = vec![Vec::new(); step];
    rows.push(row);
    rows
}

fn of_neurons(own: &CubaLif, n: usize) -> [Vec<f64>; 11] {
    let every = |values: &PerNeuron| (0..n).map(|i| values.at(i)).collect::<Vec<_>>();
    let register = |decay: &Decay| match decay {
        Decay::Register(values) => every(values),
        _ => Vec::new(),
    };
    let limit = |values: &Option<PerNeuron>| values.as_ref().map_or_else(Vec::new, every);
    [
        register(&own.du),
        register(&own.dv),
        every(&own.vth),
        every(&own.bias),
        every(&own.refractory_period),
        limit(&own.vmin),
        limit(&own.vmax),
        every(&own.enable_noise),
        vec![f64::from(own.noise_exp); n],
        vec![f64::from(own.noise_offset); n],
        vec![f64::from(u8::from(own.noise_at_membrane)); n],
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Validated {
    blocks: Vec<Sizes>,
    #[serde(default)]
    synapse_cfgs: Vec<Codes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sizes {
    n_compartments: u64,
    in_axons: u64,
    out_axons: u64,
    pop_type: u64,
    fan: u64,
    weight_bits: usize,
    compression: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Codes {
    idx_bits: i64,
    weight_exp: i64,
    tag_bits: i64,
    delay_bits: i64,
    weight_bits: i64,
    idx_offset: i64,
    idx_mult: i64,
    fanout_type: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verdicts {
    blocks: Vec<Verdict>,
    #[serde(default)]
    synapse_cfgs_ok: Vec<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verdict {
    /// Words of the emulator; what is compared is whether it refuses.
    #[serde(rename = "error", default)]
    _error: IgnoredAny,
    ok: bool,
    utilization: Utilization,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Utilization {
    compartments: i64,
    #[serde(rename = "in-axons")]
    in_axons: i64,
    #[serde(rename = "out-axons")]
    out_axons: i64,
    synapses: i64,
}

/// The limits are those of the shipped profile of the chip.
pub(super) fn validated(case: &Recorded) -> Result<Option<Fault>, Fault> {
    let (inputs, expected): (Validated, Verdicts) = (case.inputs()?, case.expected()?);
    let profile = Profile::load("loihi1").map_err(|fault| Fault::Malformed(fault.to_string()))?;
    let core = &profile.core;
    let within = |need: u64, have: Option<u64>| have.is_none_or(|have| need <= have);
    let (mut used, mut verdicts) = (Vec::new(), Vec::new());
    for block in &inputs.blocks {
        let use_ = block.uses()?;
        let have =
            [core.neurons.map(u64::from), core.axon_in.map(u64::from), core.axon_out.map(u64::from), core.syn_mem_bits];
        let ok = use_.iter().zip(have).all(|(need, have)| within(*need, have));
        used.push(use_.map(|x| x as f64).to_vec());
        verdicts.push(vec![f64::from(u8::from(ok))]);
    }
    let recorded = |of: fn(&Verdict) -> Vec<i64>| expected.blocks.iter().map(of).collect::<Vec<_>>();
    let codes = inputs.synapse_cfgs.iter().map(|codes| f64::from(u8::from(codes.are_valid()))).collect();
    let codes_ok: Vec<i64> = expected.synapse_cfgs_ok.iter().map(|ok| i64::from(*ok)).collect();
    Ok(table(vec![
        (Expected::integers("utilization", &recorded(Verdict::uses)), used),
        (Expected::integers("ok", &recorded(|v| vec![i64::from(v.ok)])), verdicts),
        (Expected::integers("synapse_cfgs_ok", &[codes_ok]), vec![codes]),
    ]))
}

impl Verdict {
    fn uses(&self) -> Vec<i64> {
        let used = &self.utilization;
        vec![used.compartments, used.in_axons, used.out_axons, used.synapses]
    }
}

impl Sizes {
    /// Compartments, input axons, slots of output axons and bits of synapse memory.
    fn uses(&self) -> Result<[u64; 4], Fault> {
        let bits = WEIGHT_BITS.get(self.weight_bits).copied();
        let bits = bits.ok_or_else(|| Fault::Malformed(format!("a weight format {}", self.weight_bits)))?;
        let fan = self.fan.min(self.n_compartments);
        let layout = if self.compression == 0 { RowFormat::Sparse } else { RowFormat::Dense };
        let core = CoreLimits { synapse_format: Some(loihi_format(64)), ..CoreLimits::default() };
        let synapse = core.synapse_bits(layout, bits, 0, fan as usize);
        let slots = if self.pop_type == u64::from(POP32) { 2 } else { 1 };
        let memory = self.in_axons * core.axon_bits(fan, synapse);
        Ok([self.n_compartments, self.in_axons, slots * self.out_axons, memory])
    }
}

impl Codes {
    /// Whether the chip has such a synapse format.
    fn are_valid(&self) -> bool {
        (0..=7).contains(&self.idx_bits)
            && (-7..=7).contains(&self.weight_exp)
            && (0..=3).contains(&self.tag_bits)
            && (0..=7).contains(&self.delay_bits)
            && (1..=7).contains(&self.weight_bits)
            && (0..=15).contains(&self.idx_offset)
            && (0..=15).contains(&self.idx_mult)
            && (1..=3).contains(&self.fanout_type)
    }
}
