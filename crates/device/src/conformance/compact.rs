//! `memtorch-compact/1`: compact models under a sine voltage, from MemTorch.

use serde::Deserialize;
use serde_json::Value;

use super::Report;
use crate::compact::{Compact, DataDriven, Stanford, Vteam};
use crate::error::DeviceError;

#[derive(Deserialize)]
struct File {
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    model: String,
    params: Value,
    dt: f64,
    #[serde(rename = "N")]
    steps: usize,
    amplitude: f64,
    frequency: f64,
    #[serde(default)]
    phase: f64,
    t: Vec<f64>,
    v: Vec<f64>,
    i: Vec<f64>,
    g_end: f64,
}

fn device(run: &Run) -> Result<Option<Box<dyn Compact>>, DeviceError> {
    let params = run.params.clone();
    Ok(Some(match run.model.as_str() {
        "VTEAM" => Box::new(serde_json::from_value::<Vteam>(params)?),
        "Stanford_PKU" => Box::new(serde_json::from_value::<Stanford>(params)?),
        "Data_Driven" => Box::new(serde_json::from_value::<DataDriven>(params)?),
        _ => return Ok(None),
    }))
}

pub(super) fn replay(text: &str, report: &mut Report) -> Result<(), DeviceError> {
    let file: File = serde_json::from_str(text)?;
    for run in &file.runs {
        let Some(mut device) = device(run)? else {
            report.compare(|| format!("unknown model {}", run.model), 0.0, 1.0, 0.5);
            continue;
        };
        let omega = 2.0 * std::f64::consts::PI * run.frequency;
        let mut waiting = run.t.iter().zip(run.v.iter().zip(&run.i)).peekable();
        for k in 0..run.steps {
            let t = k as f64 * run.dt;
            let volts = run.amplitude * (omega * t + run.phase).sin();
            let current = device.step(volts, run.dt);
            while let Some((at, (want_v, want_i))) = waiting.next_if(|(at, _)| (*at / run.dt).round() as usize == k) {
                let what = |of: &str| format!("{} at {at} s: {of}", run.model);
                // Next to a zero of the sine the last bits of t count: a share of the amplitude.
                let allowed = 1e-9 * want_v.abs() + 1e-12 * run.amplitude;
                report.compare(|| what("voltage"), volts, *want_v, allowed);
                let slope = (want_i / want_v).abs();
                let near = if slope.is_finite() { 1e-12 * run.amplitude * slope } else { 1e-18 };
                report.compare(|| what("current"), current, *want_i, 1e-9 * want_i.abs() + near);
            }
        }
        let left = waiting.count() as f64;
        report.compare(|| format!("{}: samples not reached", run.model), left, 0.0, 0.5);
        let (got, want) = (device.conductance(), run.g_end);
        report.compare(|| format!("{}: last conductance", run.model), got, want, 1e-9 * want);
    }
    Ok(())
}
