//! `rram-mvm/1` and `rram-aihwkit-mvm/1`: products of a matrix and vectors through quantised cells and
//! converters, from CrossSim's `AnalogCore` and aihwkit's `AnalogMVM`.

use serde::Deserialize;

use super::{Report, moments, place};
use crate::crossbar::{Adc, AdcRange, Levels, Mapping, Sides, quantise_to_step};
use crate::error::DeviceError;
use crate::profile::Range;

/// CrossSim's default range: 10 kΩ to 1 MΩ, in units of the highest conductance.
const CROSSSIM: Range = Range { g_min_us: 0.01, g_max_us: 1.0 };

#[derive(Deserialize)]
struct File {
    #[serde(rename = "W")]
    w: Vec<Vec<f64>>,
    #[serde(rename = "X")]
    x: Vec<Vec<f64>>,
    cases: Vec<Case>,
    #[serde(default)]
    statistical: Vec<Statistical>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    params: Params,
    y: Vec<Vec<f64>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Params {
    style: Option<String>,
    bal: Option<String>,
    adcbits: Option<u8>,
    adc: Option<String>,
    rng: Option<[f64; 2]>,
    opt: Option<String>,
    dacbits: Option<u8>,
    cell_bits: Option<u8>,
    inp_res: f64,
    out_res: f64,
    inp_bound: Option<f64>,
    out_bound: Option<f64>,
    noise_management: String,
    bound_management: String,
    nm_thres: f64,
}

#[derive(Deserialize)]
struct Statistical {
    model: String,
    style: String,
    balanced: String,
    #[serde(rename = "Rmin")]
    r_min: f64,
    #[serde(rename = "Rmax")]
    r_max: f64,
    trials: usize,
    mvm_rms_error_mean: f64,
    mvm_rms_error_std: f64,
    weight_error_rms: f64,
    weight_error_bias: f64,
}

fn mapping(style: Option<&str>, sides: Option<&str>) -> Mapping {
    match (style, sides) {
        (Some("OFFSET"), _) => Mapping::Offset,
        (_, Some("TWO_SIDED")) => Mapping::Pair { sides: Sides::Two },
        _ => Mapping::Pair { sides: Sides::One },
    }
}

pub(super) fn replay_crosssim(text: &str, report: &mut Report) -> Result<(), DeviceError> {
    let file: File = serde_json::from_str(text)?;
    for case in &file.cases {
        let core = Core::new(&file.w, &case.params)?;
        for (k, x) in file.x.iter().enumerate() {
            for (i, got) in core.multiply(x)?.iter().enumerate() {
                let what = || format!("{}: input {k}, output {i}", case.name);
                let want = case.y[k][i];
                report.compare(what, got.value, want, if got.tie { got.step } else { 1e-5 });
            }
        }
    }
    for (group, recorded) in file.statistical.iter().enumerate() {
        replay_statistics(&file, recorded, group, report)?;
    }
    Ok(())
}

/// An output, and whether it lies so close to a decision of the converter that one step is no difference.
struct Output {
    value: f64,
    tie: bool,
    step: f64,
}

/// A matrix in quantised cells with its converters, in CrossSim's units.
struct Core {
    mapping: Mapping,
    range: Range,
    cells: Vec<Vec<f64>>,
    adc: Option<Adc>,
    dac: Option<Adc>,
}

impl Core {
    fn new(w: &[Vec<f64>], params: &Params) -> Result<Core, DeviceError> {
        let mapping = mapping(params.style.as_deref(), params.bal.as_deref());
        let mut range = CROSSSIM;
        let steps = params.cell_bits.map(|bits| f64::from((1u32 << bits) - 1));
        if let (Mapping::Offset, Some(steps)) = (mapping, steps) {
            // An odd number of levels, so that weight zero is one of them: the lowest level is not used.
            range.g_min_us = range.g_max_us - range.span() * (steps - 1.0) / steps;
        }
        let quantise = |g: &mut f64| {
            let Some(steps) = steps else { return };
            let (low, span) = (CROSSSIM.g_min_us, CROSSSIM.span());
            // CrossSim keeps pairs in single precision, which decides ties.
            let level = match mapping {
                Mapping::Offset => ((*g - low) * steps / span).round_ties_even(),
                _ => f64::from(((*g as f32 - low as f32) * (steps / span) as f32).round_ties_even()),
            };
            *g = low + level / steps * span;
        };
        let cells = w.iter().map(|row| {
            let mut cells = Vec::new();
            row.iter().for_each(|w| mapping.encode(&range, 1.0, *w, &mut cells));
            cells.iter_mut().for_each(quantise);
            cells
        });
        let limits = match (params.opt.as_deref(), params.rng) {
            (Some("MAX"), _) | (_, None) => AdcRange::Full,
            (_, Some([min, max])) => AdcRange::Calibrated { min, max },
        };
        let signed = params.adc.as_deref() == Some("SignMagnitudeADC");
        let levels = if signed { Levels::SignMagnitude } else { Levels::All };
        let rows = w.first().map_or(0, Vec::len);
        let adc = params.adcbits.map(|bits| Adc::new(bits, levels, limits, rows));
        let unit = AdcRange::Calibrated { min: -1.0, max: 1.0 };
        let dac = params.dacbits.map(|bits| Adc::new(bits, Levels::SignMagnitude, unit, rows));
        Ok(Core { cells: cells.collect(), mapping, range, adc: adc.transpose()?, dac: dac.transpose()? })
    }

    fn multiply(&self, x: &[f64]) -> Result<Vec<Output>, DeviceError> {
        let x: Vec<f64> = x.iter().map(|x| self.dac.map_or(*x, |dac| dac.convert(*x))).collect();
        let sum: f64 = x.iter().sum();
        let width = self.mapping.cells();
        let mut outputs = Vec::with_capacity(self.cells.len());
        for row in &self.cells {
            crate::error::check_length("inputs", &x, row.len() / width)?;
            let current: f64 =
                row.chunks_exact(width).zip(&x).map(|(g, x)| x * (g[0] - g.get(1).unwrap_or(&0.0))).sum();
            let seen = self.adc.map_or(current, |adc| adc.convert(current));
            let scale = if width == 1 { 2.0 } else { 1.0 } / self.range.span();
            let offset = if width == 1 { sum * (1.0 + scale * self.range.g_min_us) } else { 0.0 };
            outputs.push(Output {
                value: seen * scale - offset,
                tie: self.adc.is_some_and(|adc| adc.margin(current) < 1e-5),
                step: self.adc.map_or(0.0, |adc| adc.step() * scale) + 1e-5,
            });
        }
        Ok(outputs)
    }
}

/// Errors of weights and products over many programmings, within three standard errors.
fn replay_statistics(
    file: &File,
    recorded: &Statistical,
    group: usize,
    report: &mut Report,
) -> Result<(), DeviceError> {
    let profile = super::devices::named(&recorded.model)?;
    let range = Range { g_min_us: 1e6 / recorded.r_max, g_max_us: 1e6 / recorded.r_min };
    let mapping = mapping(Some(recorded.style.as_str()), Some(recorded.balanced.as_str()));
    let place = place(1000 + group);
    let (mut products, mut errors) = (Vec::new(), Vec::new());
    let mut cell = 0;
    for _ in 0..recorded.trials {
        let mut squares = Vec::new();
        for row in &file.w {
            let mut error = Vec::with_capacity(row.len());
            for w in row {
                let mut cells = Vec::new();
                mapping.encode(&range, 1.0, *w, &mut cells);
                for g in &mut cells {
                    *g = profile.cell.write_open_loop(&range, *g, place, cell, 1).value.max(0.0);
                    cell += 1;
                }
                error.push(mapping.decode(&range, 1.0, &cells) - w);
            }
            for x in &file.x {
                let product: f64 = error.iter().zip(x).map(|(e, x)| e * x).sum();
                squares.push(product * product);
            }
            errors.append(&mut error);
        }
        products.push((squares.iter().sum::<f64>() / squares.len() as f64).sqrt());
    }
    let (bias, deviation) = moments(&errors);
    let rms = (bias * bias + deviation * deviation).sqrt();
    // Both samples are finite: standard errors of differences.
    let both = (2.0 / recorded.trials as f64).sqrt();
    let per_weight = (2.0 / errors.len() as f64).sqrt();
    let what = |of: &str| format!("{} {} {}: {of}", recorded.model, recorded.style, recorded.balanced);
    let allowed = 3.0 * recorded.mvm_rms_error_std * both;
    let mean = moments(&products).0;
    report.compare(|| what("rms error of products"), mean, recorded.mvm_rms_error_mean, allowed);
    let want = recorded.weight_error_rms;
    report.compare(|| what("rms error of weights"), rms, want, want * (0.005 + 3.0 * per_weight));
    let allowed = 3.0 * want * per_weight;
    report.compare(|| what("bias of weights"), bias, recorded.weight_error_bias, allowed);
    Ok(())
}

/// aihwkit's defaults for the bounds of input and output, and for the largest reduction.
const IN_BOUND: f64 = 1.0;
const OUT_BOUND: f64 = 12.0;
const MOST_REDUCTION: f64 = 1000.0;

pub(super) fn replay_aihwkit(text: &str, report: &mut Report) -> Result<(), DeviceError> {
    let file: File = serde_json::from_str(text)?;
    for case in &file.cases {
        let got = multiply_scaled(&file.w, &file.x, &case.params);
        for (k, (got, want)) in got.iter().zip(&case.y).enumerate() {
            for (i, (got, want)) in got.iter().zip(want).enumerate() {
                report.compare(|| format!("{}: input {k}, output {i}", case.name), *got, *want, 1e-9);
            }
        }
    }
    Ok(())
}

/// Scales all inputs into the range of the converters, multiplies, and halves the inputs again and again as
/// long as an output saturates.
fn multiply_scaled(w: &[Vec<f64>], inputs: &[Vec<f64>], params: &Params) -> Vec<Vec<f64>> {
    let managed = |x: &[f64]| match params.noise_management.as_str() {
        "ABS_MAX" => match x.iter().fold(0.0f64, |m, x| m.max(x.abs())) {
            0.0 => 1.0,
            most if params.nm_thres > 0.0 => most.min(params.nm_thres),
            most => most,
        },
        "CONSTANT" if params.nm_thres > 0.0 => params.nm_thres,
        _ => 1.0,
    };
    let in_bound = params.inp_bound.unwrap_or(IN_BOUND);
    let out_bound = params.out_bound.unwrap_or(OUT_BOUND);
    let mut reduction = 1.0;
    loop {
        let mut saturated = false;
        let mut outputs = Vec::with_capacity(inputs.len());
        for x in inputs {
            // The order of these operations decides ties.
            let scale = 1.0 / managed(x) / reduction;
            let x: Vec<f64> = x.iter().map(|x| quantise_to_step(x * scale, in_bound, params.inp_res)).collect();
            let row = w.iter().map(|w| {
                let y: f64 = w.iter().zip(&x).map(|(w, x)| w * x).sum();
                let wide = 2.0 * out_bound * params.out_res;
                saturated |= ((y / wide).round_ties_even() * wide).abs() > out_bound;
                quantise_to_step(y, out_bound, params.out_res) * (1.0 / scale)
            });
            outputs.push(row.collect());
        }
        if !saturated || params.bound_management != "ITERATIVE" || reduction > MOST_REDUCTION {
            return outputs;
        }
        reduction *= 2.0;
    }
}
