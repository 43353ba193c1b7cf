//! Cycle-to-cycle stochastic RRAM after Hennen et al., Front. Neurosci. 16, 2022: a vector
//! autoregression over the switching cycles of one device.
//!
//! For the features (HRS `[Ω]`, U_SET `[V]`, LRS `[Ω]`, U_RESET `[V]`) of cycle n:
//!
//! ```text
//! x_n = Σ_{i=1..10} A_i x_{n−i} + M ε_n                 within one device
//! y_k = exp(p_k(x_k)) · s_k,   s_k = exp(p_k(L ε)_k − p_k(0))   s drawn once per device
//! ```
//!
//! ε standard normal, p_k a polynomial. x_n is summed from the last `MEMORY` cycles, whose ε are pure
//! functions of the cycle number: any cycle of any device can be asked for without the ones before.
//!
//! As a weight cell, a write makes one cycle: the cell can then be set to any conductance between the
//! HRS and the LRS of that cycle (partial RESET), so a target outside is clipped.

use pumice_num::{Purpose, draw};
use serde::{Deserialize, Serialize};

use super::{Identity, Physics, Written};
use crate::error::DeviceError;
use crate::fate::{Fate, Place, normals};
use crate::profile::Range;

/// Cycles that are summed: the autoregression forgets below 1e-6 within these.
const MEMORY: u64 = 96;

/// The four features of one switching cycle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cycle {
    /// High resistance `[Ω]`.
    pub hrs_ohm: f64,
    /// Voltage of the SET `[V]`.
    pub u_set_v: f64,
    /// Low resistance `[Ω]`.
    pub lrs_ohm: f64,
    /// Voltage of the RESET, as a magnitude `[V]`.
    pub u_reset_v: f64,
}

type Matrix = [[f64; 4]; 4];

/// Parameters of the stochastic cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stochastic {
    /// Coefficients of ln y over x for the four features, descending.
    pub gamma: [Vec<f64>; 4],
    /// Covariance factor between devices.
    pub device_factor: Matrix,
    /// Covariance factor of the innovations of one cycle.
    pub cycle_factor: Matrix,
    /// Autoregression matrices, of lag 1, 2, …
    pub lags: Vec<Matrix>,
}

fn apply(matrix: &Matrix, x: &[f64; 4]) -> [f64; 4] {
    let mut y = [0.0; 4];
    for (y, row) in y.iter_mut().zip(matrix) {
        *y = row.iter().zip(x).map(|(a, b)| a * b).sum();
    }
    y
}

fn four(place: Place, cell: u32, step: u64) -> [f64; 4] {
    let word = |half| draw(place.seed, Purpose::CELL_PROGRAM, place.core, cell, step | half);
    let [a, b] = normals(word(0));
    let [c, d] = normals(word(1));
    [a, b, c, d]
}

/// Flag of the draws of cycles in the steps of `Purpose::CELL_PROGRAM`.
const CYCLE: u64 = 1 << 46;
/// Flag of the draws of devices in the steps of `Purpose::CELL_PROGRAM`.
const DEVICE: u64 = 1 << 45;

impl Stochastic {
    fn ln_feature(&self, k: usize, x: f64) -> f64 {
        self.gamma[k].iter().fold(0.0, |sum, c| sum * x + c)
    }

    /// ln s of the four features of a device.
    fn device(&self, place: Place, cell: u32) -> [f64; 4] {
        let x = apply(&self.device_factor, &four(place, cell, DEVICE));
        let mut s = [0.0; 4];
        for (k, s) in s.iter_mut().enumerate() {
            *s = self.ln_feature(k, x[k]) - self.ln_feature(k, 0.0);
        }
        s
    }

    /// The next state of the autoregression; `past` holds the latest state last.
    fn next(&self, past: &[[f64; 4]], place: Place, cell: u32, n: u64) -> [f64; 4] {
        let mut x = apply(&self.cycle_factor, &four(place, cell, CYCLE | n << 1));
        for (lag, before) in self.lags.iter().zip(past.iter().rev()) {
            for (x, y) in x.iter_mut().zip(apply(lag, before)) {
                *x += y;
            }
        }
        x
    }

    fn features(&self, device: &[f64; 4], x: &[f64; 4]) -> Cycle {
        let y = |k: usize| (self.ln_feature(k, x[k]) + device[k]).exp();
        Cycle { hrs_ohm: y(0), u_set_v: y(1), lrs_ohm: y(2), u_reset_v: y(3) }
    }

    /// Cycle number `n` of `cell`.
    pub fn cycle(&self, place: Place, cell: u32, n: u64) -> Cycle {
        let mut past = Vec::with_capacity(MEMORY as usize + 1);
        for k in n.saturating_sub(MEMORY)..=n {
            let x = self.next(&past, place, cell, k);
            past.push(x);
        }
        self.features(&self.device(place, cell), &past[past.len() - 1])
    }

    /// Cycles `0..n` of `cell`, in one pass.
    pub fn cycles(&self, place: Place, cell: u32, n: u64) -> Vec<Cycle> {
        let device = self.device(place, cell);
        let mut past: Vec<[f64; 4]> = Vec::with_capacity(n as usize);
        for k in 0..n {
            let x = self.next(&past, place, cell, k);
            past.push(x);
        }
        past.iter().map(|x| self.features(&device, x)).collect()
    }
}

impl Physics for Stochastic {
    fn written(&self, _: &Range, target: f64, _: &Fate, cell: &Identity) -> f64 {
        let cycle = self.cycle(cell.place, cell.cell, u64::from(cell.writes));
        let (hrs, lrs) = (1e6 / cycle.hrs_ohm, 1e6 / cycle.lrs_ohm);
        target.max(hrs.min(lrs)).min(lrs.max(hrs))
    }

    fn spread(&self, _: &Range, _: f64) -> f64 {
        0.0
    }

    fn rested(&self, _: &Range, written: &Written, _: &Fate, _: f64) -> f64 {
        written.value
    }

    fn read_sigma(&self, _: &Range, _: &Written, _: f64, _: f64) -> f64 {
        0.0
    }

    fn measured_until_s(&self) -> f64 {
        0.0
    }

    fn check(&self) -> Result<(), DeviceError> {
        let n = self.gamma.iter().map(Vec::len).min().unwrap_or(0);
        DeviceError::check(n >= 1, "length of `gamma`", n as f64, "at least 1")
    }
}
