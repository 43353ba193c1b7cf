//! The non-linear potentiation and depression curves of NeuroSim (Chen, Peng, Yu, TCAD 37, 2018).
//!
//! ```text
//! w(x) = B (1 − e^(−x/A)) − 1,   B = 2/(1 − e^(−P/A)),   A = A_norm · P
//! ```
//!
//! with P the number of levels, x the level and w in −1 … 1. A negative A gives the curve of the other
//! curvature. One pulse moves x by one level.

/// One curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    a: f64,
    b: f64,
}

impl Curve {
    /// The curve of `levels` levels with normalised non-linearity `a_norm`, which is not zero.
    pub fn new(a_norm: f64, levels: u32) -> Self {
        let p = f64::from(levels);
        let a = a_norm * p;
        Curve { a, b: 2.0 / (1.0 - (-p / a).exp()) }
    }

    /// Parameter A, in levels.
    pub fn a(&self) -> f64 {
        self.a
    }

    /// Parameter B.
    pub fn b(&self) -> f64 {
        self.b
    }

    /// The weight at level `x`.
    pub fn weight(&self, x: f64) -> f64 {
        self.b * (1.0 - (-x / self.a).exp()) - 1.0
    }

    /// The level of `weight`.
    pub fn level(&self, weight: f64) -> f64 {
        -self.a * (1.0 - (weight + 1.0) / self.b).ln()
    }

    /// The weight after `pulses` more pulses, negative ones going down this curve.
    pub fn step(&self, weight: f64, pulses: f64) -> f64 {
        self.weight(self.level(weight) + pulses).clamp(-1.0, 1.0)
    }
}
