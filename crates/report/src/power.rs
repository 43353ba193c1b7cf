//! Power over time, as arrays and as a drawing. With a task the steps are those of the last sample.
//!
//! `power.npz` has one number per step in each of `time_s` (when the step ends), `step_s`, `energy_j` and `power_w`, and one row per step in
//! `components_j` with the energy by component, in the order of [`Component::ALL`]. Mean power of a step is its dynamic energy over
//! its length, and static power.

use std::path::{Path, PathBuf};

use pumice_file::{Array, Data, write_npz};
use pumice_meter::Component;

use crate::figure::{Figure, Layer};
use crate::text::{count, counted, si};
use crate::{ReportError, write_text};

pub(crate) const ARRAYS: &str = "power.npz";
pub(crate) const DRAWING: &str = "power.svg";

/// Power over the steps of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Power {
    /// Length of each step `[s]`.
    pub step_s: Vec<f64>,
    /// Energy of each step by component `[J]`.
    pub components_j: Vec<[f64; 7]>,
    /// Samples of a task, whose last one the steps are of.
    pub samples: Option<u64>,
}

/// Columns of the drawing; steps that fall on one column are averaged.
const COLUMNS: usize = 720;
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
        let (arrays, drawing) = (folder.join(ARRAYS), folder.join(DRAWING));
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
        let (columns, steps) = (self.columns(), self.step_s.len());
        let ends = |c: usize| [c, c + 1].map(|c| (steps * c / columns.len()) as f64);
        let mut base = vec![0.0; columns.len()];
        let mut layers = Vec::new();
        // Static power lies at the bottom.
        for k in (0..Component::ALL.len()).rev().filter(|k| columns.iter().any(|c| c[*k] > 0.0)) {
            let mut points = Vec::with_capacity(2 * columns.len());
            for (c, (low, column)) in base.iter_mut().zip(&columns).enumerate() {
                points.extend(ends(c).map(|x| (x, *low, *low + column[k])));
                *low += column[k];
            }
            layers.push(Layer::Area { name: Component::ALL[k].name().into(), points });
        }
        let seconds = si(self.step_s.iter().sum(), "s");
        let of = match self.samples {
            Some(n) if n > 1 => format!("the {steps} steps of the last of {} samples", count(n)),
            _ => counted(steps as u64, "step"),
        };
        let title = format!("mean power over {of}, {seconds} emulated");
        Figure { title, x: "step".into(), y: "power [W]".into(), layers, ..Figure::default() }.svg()
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
            let power = Power { step_s: step_s.clone(), components_j, samples: None };
            let svg = power.svg();
            prop_assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
            prop_assert!(!svg.contains("NaN") && !svg.contains("inf"));
            let energy: f64 = (0..step_s.len()).map(|k| power.energy_j(k)).sum();
            let again: f64 = power.power_w().iter().zip(&step_s).map(|(w, s)| w * s).sum();
            prop_assert!((energy - again).abs() <= 1e-9 * energy);
        }
    }

    #[test]
    fn the_drawing_says_of_which_sample_its_steps_are() {
        let one = Power { step_s: vec![1e-6; 3], components_j: vec![[1e-9; 7]; 3], samples: None };
        assert!(one.svg().contains("mean power over 3 steps, 3.00 µs emulated"), "{}", one.svg());
        let last = Power { samples: Some(1200), ..one };
        assert!(last.svg().contains("mean power over the 3 steps of the last of 1,200 samples, 3.00 µs emulated"));
    }
}
