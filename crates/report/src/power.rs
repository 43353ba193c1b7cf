//! Power over time, as arrays and as a drawing.
//!
//! `power.npz` has one number per step in each of `time_s` (when the step ends), `step_s`, `energy_j` and `power_w`, and one row per step in
//! `components_j` with the energy by component, in the order of [`Component::ALL`]. Mean power of a step is its dynamic energy over
//! its length, and static power.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use pumice_file::{Array, Data, write_npz};
use pumice_meter::Component;

use crate::text::si;
use crate::{ReportError, write_text};

/// Power over the steps of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Power {
    /// Length of each step `[s]`.
    pub step_s: Vec<f64>,
    /// Energy of each step by component `[J]`.
    pub components_j: Vec<[f64; 7]>,
}

/// Colours of the components, in their order.
const COLOURS: [&str; 7] = ["#b3365a", "#e8774a", "#541458", "#2a7f62", "#7a6ff0", "#8a8a8a", "#d8cfc0"];
/// Columns of the drawing; steps that fall on one column are averaged.
const COLUMNS: usize = 720;
/// Height of the plot `[px]`.
const HEIGHT: f64 = 240.0;
/// Space to the left and above `[px]`.
const MARGIN: f64 = 64.0;

impl Power {
    fn energy_j(&self, step: usize) -> f64 {
        self.components_j[step].iter().sum()
    }

    /// Mean power of each step `[W]`.
    pub fn power_w(&self) -> Vec<f64> {
        let one = |(k, s): (usize, &f64)| if *s > 0.0 { self.energy_j(k) / s } else { 0.0 };
        self.step_s.iter().enumerate().map(one).collect()
    }

    /// Writes `power.npz` and `power.svg`.
    ///
    /// # Errors
    /// If one cannot be written.
    pub fn write(&self, folder: &Path) -> Result<[PathBuf; 2], ReportError> {
        let (arrays, drawing) = (folder.join("power.npz"), folder.join("power.svg"));
        let ends = self.step_s.iter().scan(0.0, |sum, s| {
            *sum += s;
            Some(*sum)
        });
        let columns = [
            ("time_s", Array::reals(ends)),
            ("step_s", Array::reals(self.step_s.iter().copied())),
            ("energy_j", Array::reals((0..self.step_s.len()).map(|k| self.energy_j(k)))),
            ("power_w", Array::reals(self.power_w())),
        ];
        let shape = [self.components_j.len(), Component::ALL.len()];
        let parts = Array::new(&shape, Data::Real(self.components_j.concat()));
        let parts = parts.expect("every step has one energy per component");
        let mut named: Vec<(&str, &Array)> = columns.iter().map(|(name, array)| (*name, array)).collect();
        named.push(("components_j", &parts));
        write_npz(&arrays, &named)?;
        write_text(&drawing, &self.svg())?;
        Ok([arrays, drawing])
    }

    /// Mean power over time as a drawing: the components on top of each other, static power at the bottom.
    pub fn svg(&self) -> String {
        let mut out = String::new();
        self.draw(&mut out).expect("writing to a String cannot fail");
        out
    }

    /// Power by component of each column `[W]`.
    fn columns(&self) -> Vec<[f64; 7]> {
        let n = self.step_s.len().min(COLUMNS);
        let column = |c: usize| {
            let steps = self.step_s.len() * c / n..self.step_s.len() * (c + 1) / n;
            let seconds: f64 = self.step_s[steps.clone()].iter().sum();
            let mut sums = [0.0; 7];
            for step in &self.components_j[steps] {
                sums.iter_mut().zip(step).for_each(|(sum, j)| *sum += j);
            }
            sums.map(|j| if seconds > 0.0 { j / seconds } else { 0.0 })
        };
        (0..n).map(column).collect()
    }

    fn draw(&self, out: &mut String) -> std::fmt::Result {
        let columns = self.columns();
        let most = columns.iter().map(|c| c.iter().sum::<f64>()).fold(0.0, f64::max);
        let (width, height) = (COLUMNS as f64 + 2.0 * MARGIN, HEIGHT + 2.0 * MARGIN);
        writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">"
        )?;
        writeln!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>")?;
        let steps = self.step_s.len();
        writeln!(
            out,
            "<text x=\"{MARGIN}\" y=\"24\" font-size=\"15\">mean power over {steps} steps, {} emulated</text>",
            si(self.step_s.iter().sum(), "s")
        )?;
        let step = COLUMNS as f64 / columns.len().max(1) as f64;
        let mut base = vec![0.0; columns.len()];
        // Static power lies at the bottom.
        let mut legend = MARGIN;
        for k in (0..Component::ALL.len()).rev().filter(|k| columns.iter().any(|c| c[*k] > 0.0)) {
            write!(out, "<path fill=\"{}\" d=\"", COLOURS[k])?;
            for (c, column) in columns.iter().enumerate() {
                let (x, y) = (MARGIN + c as f64 * step, |w: f64| MARGIN + HEIGHT * (1.0 - w / most));
                let (low, high) = (y(base[c]), y(base[c] + column[k]));
                write!(out, "M{x:.2} {low:.2}V{high:.2}h{step:.2}V{low:.2}Z")?;
                base[c] += column[k];
            }
            writeln!(out, "\"/>")?;
            let name = Component::ALL[k].name();
            writeln!(
                out,
                "<rect x=\"{legend}\" y=\"34\" width=\"12\" height=\"12\" fill=\"{}\"/><text x=\"{}\" y=\"45\">{name}</text>",
                COLOURS[k],
                legend + 16.0
            )?;
            legend += 90.0;
        }
        let bottom = MARGIN + HEIGHT;
        writeln!(out, "<path stroke=\"#333333\" fill=\"none\" d=\"M{MARGIN} {MARGIN}V{bottom}h{COLUMNS}\"/>")?;
        for (part, at) in [(1.0, MARGIN), (0.5, MARGIN + HEIGHT / 2.0)] {
            writeln!(
                out,
                "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                MARGIN - 6.0,
                at + 4.0,
                si(most * part, "W")
            )?;
        }
        writeln!(out, "<text x=\"{MARGIN}\" y=\"{}\">step 1</text>", bottom + 18.0)?;
        writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">step {steps}</text>\n</svg>",
            MARGIN + COLUMNS as f64,
            bottom + 18.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        /// Whatever the steps, the drawing is closed, no coordinate is not a number, and the energy is in the arrays.
        #[test]
        fn any_power_can_be_drawn(steps in prop::collection::vec((0.0..1e-3f64, prop::array::uniform7(0.0..1e-6f64)), 0..2000)) {
            let (step_s, components_j): (Vec<f64>, Vec<[f64; 7]>) = steps.into_iter().unzip();
            let power = Power { step_s: step_s.clone(), components_j };
            let svg = power.svg();
            prop_assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
            prop_assert!(!svg.contains("NaN") && !svg.contains("inf"));
            let energy: f64 = (0..step_s.len()).map(|k| power.energy_j(k)).sum();
            let again: f64 = power.power_w().iter().zip(&step_s).map(|(w, s)| w * s).sum();
            prop_assert!((energy - again).abs() <= 1e-9 * energy);
        }
    }
}
