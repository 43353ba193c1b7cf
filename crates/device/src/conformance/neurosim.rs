//! `neurosim-nonlinear-update/1`: potentiation and depression curves of NeuroSim.

use serde::Deserialize;

use super::Report;
use crate::error::DeviceError;
use crate::update::neurosim::Curve;

#[derive(Deserialize)]
struct File {
    curves: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    #[serde(rename = "NL")]
    label: f64,
    #[serde(rename = "A_normalised")]
    a_norm: f64,
    #[serde(rename = "paramA")]
    a: f64,
    #[serde(rename = "paramB")]
    b: f64,
    max_level: u32,
    w: Vec<f64>,
}

pub(super) fn replay(text: &str, report: &mut Report) -> Result<(), DeviceError> {
    let file: File = serde_json::from_str(text)?;
    for recorded in &file.curves {
        let curve = Curve::new(recorded.a_norm, recorded.max_level);
        let what = |of: &str| format!("NL {}: {of}", recorded.label);
        report.compare(|| what("A"), curve.a(), recorded.a, 1e-9 * recorded.a.abs());
        report.compare(|| what("B"), curve.b(), recorded.b, 1e-9 * recorded.b.abs().max(1.0));
        for (level, want) in recorded.w.iter().enumerate() {
            let got = curve.weight(level as f64);
            report.compare(|| what(&format!("level {level}")), got, *want, 1e-9);
        }
    }
    Ok(())
}
