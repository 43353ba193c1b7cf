//! `rram-pulse-golden/1`: weights under trains of pulses, from aihwkit's pulsed devices.

use pumice_num::{Draws, Purpose};
use serde::Deserialize;

use super::{Report, moments, place};
use crate::error::DeviceError;
use crate::fate::normals;
use crate::profile::CellProfile;
use crate::update::{PulsedDevice, Update};

/// Pulses spent on a statistical curve: short trains get more devices.
const PULSES: u64 = 8_000_000;

/// Least and largest number of devices.
const DEVICES: (u64, u64) = (5_000, 60_000);

#[derive(Deserialize)]
struct File {
    curves: Vec<Curve>,
}

#[derive(Deserialize)]
struct Curve {
    device: String,
    variant: String,
    w0: f64,
    schedule: Schedule,
    trace: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Schedule {
    up: u64,
    down: u64,
    cycles: u64,
}

impl Schedule {
    /// Pulse number `n` (from 0) goes up.
    fn up(&self, n: u64) -> bool {
        n % (self.up + self.down).max(1) < self.up
    }

    fn pulses(&self) -> u64 {
        (self.up + self.down) * self.cycles
    }
}

fn update_of(curve: &Curve) -> Result<Update, DeviceError> {
    let name = match curve.device.as_str() {
        "ReRamESPresetDevice" => "rram-gong-exponential",
        "ReRamSBPresetDevice" => "rram-gong-soft-bounds",
        "ReRamArrayOMPresetDevice" => "rram-array-om",
        "ReRamArrayHfO2PresetDevice" => "rram-array-hfo2",
        "EcRamPresetDevice" => "ecram-tang",
        "GokmenVlasovPresetDevice" => "constant-step",
        "PCMPresetDevice" => "pcm-pulsed",
        other => other,
    };
    let profile = CellProfile::shipped(name)?;
    let mut update = profile.need(&profile.update, "update", "pulses")?.clone();
    update.unprogrammable = match curve.variant.rsplit_once("corrupt_") {
        Some((_, share)) => share.parse().unwrap_or(f64::NAN),
        None => 0.0,
    };
    Ok(if curve.variant == "noise_free" { update.noise_free() } else { update })
}

/// One device on its way through a schedule.
struct Train<'a> {
    update: &'a Update,
    device: PulsedDevice,
    draws: Draws,
    spare: Option<f64>,
    hidden: f64,
}

impl Train<'_> {
    fn noise(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let draws = &mut self.draws;
        let [now, later] = normals([draws.word(), draws.word(), draws.word(), draws.word()]);
        self.spare = Some(later);
        now
    }

    fn pulse(&mut self, up: bool) {
        let noise = self.noise();
        self.hidden = self.update.step(&self.device, self.hidden, up, 0.0, noise);
    }

    fn visible(&mut self) -> f64 {
        let noise = self.noise();
        self.update.visible(self.hidden, noise)
    }
}

pub(super) fn replay(text: &str, report: &mut Report) -> Result<(), DeviceError> {
    let file: File = serde_json::from_str(text)?;
    for (group, curve) in file.curves.iter().enumerate() {
        let update = update_of(curve)?;
        let exact = curve.variant == "noise_free";
        let mut samples: Vec<Vec<f64>> = vec![Vec::new(); curve.trace.len()];
        let devices = (PULSES / curve.schedule.pulses().max(1)).clamp(DEVICES.0, DEVICES.1);
        for n in 0..if exact { 1 } else { devices as u32 } {
            let place = place(group);
            let device = update.device(place.response(n));
            let mut train = Train {
                hidden: update.set(&device, curve.w0),
                update: &update,
                device,
                draws: Draws::new(place.seed, Purpose::CELL_PROGRAM, place.core, n),
                spare: None,
            };
            run(&mut train, curve, &mut samples);
        }
        for (row, samples) in curve.trace.iter().zip(&samples) {
            compare(report, curve, row, samples);
        }
    }
    Ok(())
}

fn run(train: &mut Train, curve: &Curve, samples: &mut [Vec<f64>]) {
    let mut n = 0;
    for (row, samples) in curve.trace.iter().zip(samples) {
        let until = row.first().map_or(0, |k| *k as u64).min(curve.schedule.pulses());
        while n < until {
            train.pulse(curve.schedule.up(n));
            n += 1;
        }
        samples.push(train.visible());
    }
}

fn compare(report: &mut Report, curve: &Curve, row: &[f64], samples: &[f64]) {
    let (mean, std) = moments(samples);
    let what = |of: &str| format!("{} {}, pulse {}: {of}", curve.device, curve.variant, row[0]);
    match *row {
        [_, weight] => report.compare(|| what("weight"), mean, weight, 1e-5),
        [_, want_mean, want_std, ..] => {
            // The tolerances of the data, and two standard errors of these samples; a deviation below 1e-3 comes
            // from a handful of devices.
            let n = samples.len() as f64;
            let allowed = 0.01 + 2.0 * want_std / n.sqrt();
            report.compare(|| what("mean"), mean, want_mean, allowed);
            let allowed = want_std * (0.03 + 2.0 / (2.0 * n).sqrt());
            report.compare(|| what("deviation"), std, want_std, allowed.max(1e-3));
        }
        _ => report.compare(|| "columns of a trace".to_owned(), row.len() as f64, 6.0, 0.5),
    }
}
