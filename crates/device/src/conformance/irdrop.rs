//! `rram-irdrop/1`: currents of crossbars with wire resistance, from badcrossbar.

use serde::Deserialize;

use super::Report;
use crate::crossbar::{Nodal, Wires};
use crate::error::DeviceError;

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    rows: usize,
    cols: usize,
    r_word_line_ohm: f64,
    r_bit_line_ohm: f64,
    #[serde(rename = "V")]
    volts: Vec<f64>,
    #[serde(rename = "G_S")]
    siemens: Vec<f64>,
    #[serde(rename = "I_out_A")]
    currents: Vec<f64>,
    #[serde(rename = "device_voltage_min_V")]
    least_voltage: Option<f64>,
}

pub(super) fn replay(text: &str, report: &mut Report) -> Result<(), DeviceError> {
    let file: File = serde_json::from_str(text)?;
    for case in &file.cases {
        let wires = Wires { word_ohm: case.r_word_line_ohm, bit_ohm: case.r_bit_line_ohm };
        let g_us: Vec<f64> = case.siemens.iter().map(|g| g * 1e6).collect();
        let factored = Nodal::new(case.rows, case.cols, wires)?.factor(&g_us)?;
        let got = factored.currents(&case.volts)?;
        crate::error::check_length("recorded currents", &case.currents, case.cols)?;
        let largest = case.currents.iter().fold(0.0f64, |m, i| m.max(i.abs()));
        for (j, (got, want)) in got.iter().zip(&case.currents).enumerate() {
            let what = || format!("{}: column {j}", case.id);
            report.compare(what, *got, *want, 1e-6 * largest);
        }
        if let Some(want) = case.least_voltage {
            let voltages = factored.cell_voltages(&case.volts)?;
            let got = voltages.iter().copied().fold(f64::INFINITY, f64::min);
            let scale = case.volts.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            let what = || format!("{}: least voltage of a cell", case.id);
            report.compare(what, got, want, 1e-6 * scale);
        }
    }
    Ok(())
}
