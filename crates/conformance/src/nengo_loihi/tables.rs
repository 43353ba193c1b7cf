//! Function tables of the emulator.

use pumice::chip::SynapseFormat;
use pumice::models::connection::weight::{SignMode, WeightFormat};
use pumice::models::neuron::cuba_lif::discretize::{
    bias_register, decay_magnitude, error_register, threshold, trace_impulse,
};
use pumice::num::{MantissaExponent, decay, fits, stochastic};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::blocks::{INDEX_BITS, MIXED, WEIGHT_BITS};
use super::builder;
use crate::case::Fault;
use crate::compare::Expected;
use crate::emulator::{Recorded, table};

pub(super) fn replay(case: &Recorded) -> Result<Option<Fault>, Fault> {
    match case.category.as_str() {
        "fn_decay_int" => decays(case),
        "fn_overflow_signed" => overflows(case),
        "fn_discretize_weights" => weights(case),
        "fn_synapse_bits" => synapse_bits(case),
        "learn_stochastic_round" => stochastic_rounds(case),
        "fn_decay_magnitude" => magnitudes(case),
        "fn_mantexp" => registers(case),
        "discretize_block" => builder::discretized(case),
        "validate_block" => builder::validated(case),
        other => Err(Fault::Malformed(format!("there is no function table `{other}`"))),
    }
}

/// One recorded row.
fn row(output: &str, all: &[i64]) -> Expected {
    Expected::integers(output, &[all.to_vec()])
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecayInputs {
    x: Vec<i32>,
    decay: Vec<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecayOutputs {
    offset0: Vec<i64>,
    offset1: Vec<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MagnitudeInputs {
    decay: Vec<i32>,
    x0: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Magnitudes {
    #[serde(rename = "note", default)]
    _note: IgnoredAny,
    offset0: Vec<Option<f64>>,
    offset1: Vec<Option<f64>>,
}

fn magnitudes(case: &Recorded) -> Result<Option<Fault>, Fault> {
    let (inputs, expected): (MagnitudeInputs, Magnitudes) = (case.inputs()?, case.expected()?);
    let got = |offset: i32| vec![inputs.decay.iter().map(|d| decay_magnitude(*d, inputs.x0, offset)).collect()];
    Ok(table(vec![
        (Expected::new("offset0", vec![expected.offset0]), got(0)),
        (Expected::new("offset1", vec![expected.offset1]), got(1)),
    ]))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RealNumbers {
    vth: Vec<f64>,
    bias: Vec<f64>,
    trace_mag: Vec<f64>,
    pes_error: Vec<f64>,
    pes_error_scale: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registers {
    vth_man: Vec<i64>,
    vth_exp: Vec<i64>,
    bias_man: Vec<i64>,
    bias_exp: Vec<i64>,
    trace_mag_int_frac: Vec<Vec<i64>>,
    pes_error_int: Vec<i64>,
}

fn registers(case: &Recorded) -> Result<Option<Fault>, Fault> {
    let (inputs, expected): (RealNumbers, Registers) = (case.inputs()?, case.expected()?);
    let pairs = |mantissas: &[i64], exponents: &[i64]| -> Vec<Vec<i64>> {
        mantissas.iter().zip(exponents).map(|(m, e)| vec![*m, *e]).collect()
    };
    let vth = inputs.vth.iter().map(|x| pair(Some(threshold(*x)))).collect();
    let bias = inputs.bias.iter().map(|x| pair(bias_register(*x))).collect();
    let impulse = |x: &f64| {
        let (whole, parts) = trace_impulse(*x);
        vec![f64::from(whole), f64::from(parts)]
    };
    let error = |x: &f64| f64::from(error_register(*x, inputs.pes_error_scale));
    Ok(table(vec![
        (Expected::integers("vth", &pairs(&expected.vth_man, &expected.vth_exp)), vth),
        (Expected::integers("bias", &pairs(&expected.bias_man, &expected.bias_exp)), bias),
        (
            Expected::integers("trace_mag_int_frac", &expected.trace_mag_int_frac),
            inputs.trace_mag.iter().map(impulse).collect(),
        ),
        (row("pes_error_int", &expected.pes_error_int), vec![inputs.pes_error.iter().map(error).collect()]),
    ]))
}

fn pair(number: Option<MantissaExponent>) -> Vec<f64> {
    number.map_or_else(Vec::new, |n| vec![f64::from(n.mantissa), f64::from(n.exponent)])
}

fn decays(case: &Recorded) -> Result<Option<Fault>, Fault> {
    let (inputs, expected): (DecayInputs, DecayOutputs) = (case.inputs()?, case.expected()?);
    let got = |offset: i32| -> Vec<Vec<f64>> {
        let one = |(x, d): (&i32, &i32)| f64::from(decay(*x, 4096 - offset - d));
        vec![inputs.x.iter().zip(&inputs.decay).map(one).collect()]
    };
    Ok(table(vec![(row("offset0", &expected.offset0), got(0)), (row("offset1", &expected.offset1), got(1))]))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Items<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Register {
    bits: u32,
    x: Vec<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrapped {
    y: Vec<i64>,
    overflowed: Vec<i64>,
}

fn overflows(case: &Recorded) -> Result<Option<Fault>, Fault> {
    let (inputs, expected): (Items<Register>, Items<Wrapped>) = (case.inputs()?, case.expected()?);
    let (mut wrapped, mut overflowed) = (Vec::new(), Vec::new());
    for item in &inputs.items {
        wrapped.push(item.x.iter().map(|x| wrap(*x, item.bits + 1)).collect::<Result<Vec<_>, _>>()?);
        overflowed.push(item.x.iter().map(|x| f64::from(u8::from(!fits(*x, item.bits + 1)))).collect());
    }
    let recorded = |of: fn(&Wrapped) -> Vec<i64>| expected.items.iter().map(of).collect::<Vec<_>>();
    Ok(table(vec![
        (Expected::integers("y", &recorded(|item| item.y.clone())), wrapped),
        (Expected::integers("overflowed", &recorded(|item| item.overflowed.clone())), overflowed),
    ]))
}

/// `x` in a register of `bits` bits with its sign.
fn wrap(x: i64, bits: u32) -> Result<f64, Fault> {
    macro_rules! widths {
        ($($width:literal)+) => {
            match bits {
                $($width => Ok(f64::from(pumice::num::wrap_i64::<$width>(x))),)+
                _ => Err(Fault::Malformed(format!("a register of {bits} bits"))),
            }
        };
    }
    widths!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WeightItem {
    weight_bits: usize,
    weight_exp: i32,
    fanout_type: u32,
    w: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Discretized {
    shift_bits: i64,
    real_weight_bits: i64,
    lossy: Vec<i64>,
    lossless: Vec<i64>,
}

fn weights(case: &Recorded) -> Result<Option<Fault>, Fault> {
    let (inputs, expected): (Items<WeightItem>, Items<Discretized>) = (case.inputs()?, case.expected()?);
    let (mut formats, mut lossy, mut lossless) = (Vec::new(), Vec::new(), Vec::new());
    for item in &inputs.items {
        let bits = WEIGHT_BITS.get(item.weight_bits).copied();
        let bits = bits.ok_or_else(|| Fault::Malformed(format!("a weight format {}", item.weight_bits)))?;
        let sign = if item.fanout_type == MIXED { SignMode::Mixed } else { SignMode::Excitatory };
        let format = WeightFormat { exponent: item.weight_exp, bits, sign };
        formats.push(vec![f64::from(format.lost_bits()), f64::from(bits)]);
        lossy.push(item.w.iter().map(|w| f64::from(format.discretize(*w, true)) * 64.0).collect());
        lossless.push(item.w.iter().map(|w| f64::from(format.discretize(*w, false))).collect());
    }
    let recorded = |of: fn(&Discretized) -> Vec<i64>| expected.items.iter().map(of).collect::<Vec<_>>();
    Ok(table(vec![
        (Expected::integers("format", &recorded(|item| vec![item.shift_bits, item.real_weight_bits])), formats),
        (Expected::integers("lossy", &recorded(|item| item.lossy.clone())), lossy),
        (Expected::integers("lossless", &recorded(|item| item.lossless.clone())), lossless),
    ]))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SynapseItem {
    cfg: SynapseConfig,
    n_weights: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SynapseConfig {
    weight_bits: usize,
    idx_bits: usize,
    delay_bits: u32,
    tag_bits: u32,
    n_synapses: u32,
    compression: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SynapseBits {
    bits_per_axon: Vec<i64>,
}

/// Loihi's synaptic memory with entries of that many synapses.
pub(super) fn loihi_format(max_synapses_per_entry: u32) -> SynapseFormat {
    SynapseFormat {
        weight_bits_allowed: vec![1, 2, 3, 4, 5, 6, 8],
        index_bits_allowed: vec![0, 6, 7, 8, 9, 10, 11, 12],
        max_synapses_per_entry,
        entry_overhead_bits: 10,
        word_bits: 64,
        delay_bits: 6,
        tag_bits: 3,
    }
}

fn synapse_bits(case: &Recorded) -> Result<Option<Fault>, Fault> {
    let (inputs, expected): (Items<SynapseItem>, SynapseBits) = (case.inputs()?, case.expected()?);
    let mut got = Vec::new();
    for item in &inputs.items {
        let cfg = &item.cfg;
        let known = (WEIGHT_BITS.get(cfg.weight_bits), INDEX_BITS.get(cfg.idx_bits));
        let (Some(weight), Some(index)) = known else {
            return Err(Fault::Malformed("a synapse format with unknown codes".into()));
        };
        let index = if cfg.compression == 0 { *index } else { 0 };
        let format = loihi_format(cfg.n_synapses + 1);
        got.push(format.axon_bits(item.n_weights, weight + cfg.delay_bits + cfg.tag_bits + index) as f64);
    }
    Ok(table(vec![(row("bits_per_axon", &expected.bits_per_axon), vec![got])]))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Roundings {
    x: Vec<f64>,
    p: Vec<f64>,
    clip: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rounded {
    y: Vec<i64>,
    y_clipped: Vec<i64>,
}

fn stochastic_rounds(case: &Recorded) -> Result<Option<Fault>, Fault> {
    let (inputs, expected): (Roundings, Rounded) = (case.inputs()?, case.expected()?);
    let got: Vec<f64> = inputs.x.iter().zip(&inputs.p).map(|(x, p)| stochastic(*x, *p)).collect();
    let clipped = got.iter().map(|y| y.clamp(-inputs.clip, inputs.clip)).collect();
    Ok(table(vec![(row("y", &expected.y), vec![got]), (row("y_clipped", &expected.y_clipped), vec![clipped])]))
}
