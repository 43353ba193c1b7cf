//! `rram-golden/1`: statistics of cells after programming and after some time, from aihwkit's noise models.
//!
//! aihwkit draws each time anew; here one cell lives through all times, which changes no statistic of a
//! single time. Its Wan model does not rescale σ for ranges other than 40 µS (a defect); the recorded rows
//! are met by saying that the coefficients were fitted for the recorded range.

use serde::Deserialize;

use super::{Report, Stats, place};
use crate::cell::CellModel;
use crate::error::DeviceError;
use crate::profile::{CellProfile, Range};

/// Cells per row of the data.
const CELLS: u32 = 10_000;

#[derive(Deserialize)]
struct File {
    models: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    name: String,
    g_max: f64,
    g_min: Option<f64>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    g_target: f64,
    programmed: Stats,
    after: Vec<After>,
}

#[derive(Deserialize)]
struct After {
    t_s: f64,
    g: Stats,
    g_drift_only: Option<Stats>,
}

fn profile_of(model: &Model) -> Result<CellProfile, DeviceError> {
    let name = match model.name.as_str() {
        "PCMLikeNoiseModel" => "pcm-generic",
        "HermesNoiseModel(num_devices=1)" => "pcm-hermes-1",
        "HermesNoiseModel(num_devices=2)" => "pcm-hermes-2",
        "StateIndependentNoiseModel" => "pcm-state-independent",
        "ReRamWan2022NoiseModel" => "rram-neurram-130nm",
        "ReRamCMONoiseModel(acceptance_range=0.2)" => "rram-cmo-hfox-tight",
        "ReRamCMONoiseModel(acceptance_range=2)" => "rram-cmo-hfox",
        other => other,
    };
    let mut profile = CellProfile::shipped(name)?;
    profile.range = Range { g_min_us: model.g_min.unwrap_or(0.0), g_max_us: model.g_max };
    if let CellModel::Wan(wan) = &mut profile.cell {
        wan.fitted_g_max_us = model.g_max;
        wan.read_noise = 0.0;
    }
    Ok(profile)
}

pub(super) fn replay(text: &str, report: &mut Report) -> Result<(), DeviceError> {
    let file: File = serde_json::from_str(text)?;
    let mut group = 0;
    for model in &file.models {
        let profile = profile_of(model)?;
        for row in &model.rows {
            replay_row(&profile, model, row, group, report);
            group += 1;
        }
    }
    Ok(())
}

fn replay_row(profile: &CellProfile, model: &Model, row: &Row, group: usize, report: &mut Report) {
    let (cell, range) = (&profile.cell, &profile.range);
    let place = place(group);
    let written: Vec<_> =
        (0..CELLS).map(|n| (cell.write_open_loop(range, row.g_target, place, n, 1), place.fate(n, 1))).collect();
    let slack = 1e-3 * model.g_max;
    let what = format!("{} {} uS", model.name, row.g_target);
    // The CMO model clips what is seen later, not what was programmed.
    let least = if matches!(cell, CellModel::Cmo(_)) { f64::NEG_INFINITY } else { 0.0 };
    let fresh: Vec<f64> = written.iter().map(|(w, _)| w.value.max(least)).collect();
    row.programmed.compare(report, &format!("{what}, programmed"), &fresh, slack);
    for after in &row.after {
        let at_ns = (after.t_s * 1e9) as u64;
        let seen: Vec<f64> = (0..CELLS)
            .zip(&written)
            .map(|(n, (w, fate))| cell.read(range, w, fate, after.t_s, place.read_noise(n, at_ns)))
            .collect();
        let what = format!("{what} after {} s", after.t_s);
        after.g.compare(report, &what, &seen, slack);
        if let Some(stats) = &after.g_drift_only {
            let rested = written.iter().map(|(w, fate)| cell.rested(range, w, fate, after.t_s));
            stats.compare(report, &format!("{what}, at rest"), &rested.collect::<Vec<_>>(), slack);
        }
    }
}
