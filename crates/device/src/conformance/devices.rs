//! `rram-crosssim-device/1`: statistics of one programming or one read, from CrossSim's devices.

use serde::Deserialize;

use super::{Report, Stats, place};
use crate::cell::{CellModel, Generic, Scaling, Shape, Written};
use crate::error::DeviceError;
use crate::profile::CellProfile;

const CELLS: u32 = 10_000;

#[derive(Deserialize)]
struct File {
    devices: Vec<Device>,
}

#[derive(Deserialize)]
struct Device {
    model: String,
    what: String,
    #[serde(rename = "Gmax_uS")]
    g_max_us: Option<f64>,
    #[serde(rename = "Imax_nA")]
    i_max_na: Option<f64>,
    time_days: Option<f64>,
    magnitude: Option<f64>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    target_norm: f64,
    stats_norm: Stats,
}

/// The profile of a CrossSim device that has one here.
pub(super) fn named(model: &str) -> Result<CellProfile, DeviceError> {
    CellProfile::shipped(match model {
        "RRAMMilo" => "rram-milo-hfo2",
        "RRAMWan" => "rram-wan-crosssim",
        "PCMJoshi" => "pcm-joshi",
        "SONOS" => "sonos-40nm",
        other => other,
    })
}

/// The profile and the conductance that CrossSim calls 1.
fn profile_of(device: &Device) -> Result<(CellProfile, f64), DeviceError> {
    let generic = device.model.strip_suffix("Device").and_then(|name| {
        let (shape, rest) = match name.strip_prefix("Normal") {
            Some(rest) => (Shape::Normal, rest),
            None => (Shape::Uniform, name.strip_prefix("Uniform")?),
        };
        let scaling = match rest {
            "Independent" => Scaling::Independent,
            "Proportional" => Scaling::Proportional,
            "InverseProportional" => Scaling::Inverse,
            _ => return None,
        };
        Some((shape, scaling))
    });
    let Some((shape, scaling)) = generic else {
        let profile = named(&device.model)?;
        let unit = match (&profile.cell, device.i_max_na) {
            (CellModel::Sonos(sonos), Some(i_max)) => i_max / sonos.na_per_us,
            _ => device.g_max_us.unwrap_or(profile.range.g_max_us),
        };
        return Ok((profile, unit));
    };
    let mut profile = CellProfile::shipped("ideal")?;
    profile.range.g_max_us = 1.0;
    profile.cell = CellModel::Generic(Generic { shape, scaling, magnitude: device.magnitude.unwrap_or(0.0) });
    Ok((profile, 1.0))
}

pub(super) fn replay(text: &str, report: &mut Report) -> Result<(), DeviceError> {
    let file: File = serde_json::from_str(text)?;
    let mut group = 0;
    for device in &file.devices {
        let (profile, unit) = profile_of(device)?;
        let (cell, range) = (&profile.cell, &profile.range);
        let age_s = device.time_days.unwrap_or(0.0) * 86_400.0;
        for row in &device.rows {
            let place = place(group);
            group += 1;
            let target = row.target_norm * unit;
            let sample = |n: u32| {
                let fate = place.fate(n, 1);
                if device.what.starts_with("read_noise") {
                    let exact = Written { target, value: target, spread: 0.0 };
                    let sigma = cell.physics().read_sigma(range, &exact, target, 0.0);
                    (target + sigma * place.read_noise(n, 0)).max(0.0) / unit
                } else {
                    let written = cell.write_open_loop(range, target, place, n, 1);
                    cell.physics().rested(range, &written, &fate, age_s).max(0.0) / unit
                }
            };
            let values: Vec<f64> = (0..CELLS).map(sample).collect();
            let what = format!(
                "{} {} at {}, day {}",
                device.model,
                device.what,
                row.target_norm,
                device.time_days.unwrap_or(0.0)
            );
            row.stats_norm.compare(report, &what, &values, 1e-4);
        }
    }
    Ok(())
}
