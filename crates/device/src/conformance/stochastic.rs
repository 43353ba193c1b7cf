//! `rram-stochastic-synapse/1`: statistics of the switching cycles of the vector autoregression.
//!
//! Tolerances are those of the data (3 % for deviations, 2 % for medians, 0.02 for autocorrelations), widened by
//! two standard errors of the recorded sample itself where that sample of devices is small.

use serde::Deserialize;
use std::collections::BTreeMap;

use super::{Report, moments, place};
use crate::cell::Stochastic;
use crate::error::DeviceError;

const LAGS: [usize; 5] = [1, 2, 5, 10, 20];

type Matrix = [[f64; 4]; 4];

#[derive(Deserialize)]
struct File {
    parameters: Parameters,
    devices: u32,
    cycles: u64,
    features: BTreeMap<String, Feature>,
    order: Vec<String>,
    within_device_corr: Matrix,
}

#[derive(Deserialize)]
struct Parameters {
    gamma: [Vec<f64>; 4],
    #[serde(rename = "L")]
    device_factor: Matrix,
    #[serde(rename = "VAR_L")]
    cycle_factor: Matrix,
    #[serde(rename = "A")]
    lags: Vec<Matrix>,
}

#[derive(Deserialize)]
struct Feature {
    median: f64,
    ln_sigma_total: f64,
    ln_sigma_cycle_to_cycle: f64,
    ln_sigma_device_to_device: f64,
    cycle_autocorrelation_lag_1_2_5_10_20: [f64; 5],
}

/// Sums over the cycles of all devices.
struct Sums {
    /// ln of all values, by feature.
    all: [Vec<f64>; 4],
    /// Mean of ln of each device, by feature.
    means: [Vec<f64>; 4],
    /// Covariances within devices.
    within: Matrix,
    /// Autocovariances within devices, by feature and lag.
    lagged: [[f64; 5]; 4],
}

fn gather(model: &Stochastic, devices: u32, cycles: u64) -> Sums {
    let mut sums =
        Sums { all: Default::default(), means: Default::default(), within: [[0.0; 4]; 4], lagged: [[0.0; 5]; 4] };
    for n in 0..devices {
        let cycles = model.cycles(place(0), n, cycles);
        let mut ln: [Vec<f64>; 4] = Default::default();
        for c in &cycles {
            let values = [c.hrs_ohm, c.u_set_v, c.lrs_ohm, c.u_reset_v];
            ln.iter_mut().zip(values).for_each(|(ln, value)| ln.push(value.ln()));
        }
        for (k, ln) in ln.iter_mut().enumerate() {
            let (mean, _) = moments(ln);
            sums.means[k].push(mean);
            sums.all[k].extend(ln.iter());
            ln.iter_mut().for_each(|x| *x -= mean);
        }
        for k in 0..4 {
            for l in 0..4 {
                sums.within[k][l] += ln[k].iter().zip(&ln[l]).map(|(a, b)| a * b).sum::<f64>();
            }
            for (sum, lag) in sums.lagged[k].iter_mut().zip(LAGS) {
                *sum += ln[k].iter().zip(ln[k].iter().skip(lag)).map(|(a, b)| a * b).sum::<f64>();
            }
        }
    }
    sums
}

pub(super) fn replay(text: &str, report: &mut Report) -> Result<(), DeviceError> {
    let file: File = serde_json::from_str(text)?;
    let model = Stochastic {
        gamma: file.parameters.gamma,
        device_factor: file.parameters.device_factor,
        cycle_factor: file.parameters.cycle_factor,
        lags: file.parameters.lags,
    };
    let mut sums = gather(&model, file.devices, file.cycles);
    let devices = f64::from(file.devices);
    let total = devices * file.cycles as f64;
    for (k, name) in file.order.iter().take(4).enumerate() {
        let Some(want) = file.features.get(name) else {
            continue;
        };
        let what = |of: &str| format!("{name}: {of}");
        let (_, all) = moments(&sums.all[k]);
        let (_, between) = moments(&sums.means[k]);
        let within = (sums.within[k][k] / total).sqrt();
        let sampling = 2.0 / (2.0 * devices).sqrt();
        for (of, got, want, share) in [
            ("deviation of all", all, want.ln_sigma_total, 0.03 + sampling / 2.0),
            ("deviation within devices", within, want.ln_sigma_cycle_to_cycle, 0.03),
            ("deviation between devices", between, want.ln_sigma_device_to_device, 0.03 + sampling),
        ] {
            report.compare(|| what(of), got, want, share * want);
        }
        let middle = sums.all[k].len() / 2;
        let (_, median, _) = sums.all[k].select_nth_unstable_by(middle, f64::total_cmp);
        let share = 0.02 + 2.0 * 1.25 * want.ln_sigma_device_to_device / devices.sqrt();
        report.compare(|| what("median"), median.exp(), want.median, share * want.median);
        for (l, lag) in LAGS.iter().enumerate() {
            let pairs = (file.cycles as f64 - *lag as f64) * devices;
            let got = sums.lagged[k][l] / pairs / (within * within);
            let want = want.cycle_autocorrelation_lag_1_2_5_10_20[l];
            report.compare(|| what(&format!("autocorrelation of lag {lag}")), got, want, 0.02);
        }
        for l in 0..k {
            let got = sums.within[k][l] / (sums.within[k][k] * sums.within[l][l]).sqrt();
            let want = file.within_device_corr[k][l];
            report.compare(|| what(&format!("correlation with {}", file.order[l])), got, want, 0.02);
        }
    }
    Ok(())
}
