//! Diagonal state-space neurons: one complex linear equation each.
//!
//! ```text
//! S4d:            x = a x + b a_in                      s_out = Re(2 c x)
//! SigmaS4dDelta:  sigma = sigma + a_in;  x = a x + b sigma;  act = 2 c x;  s_out = Re(delta encoder of act)
//! ```
//!
//! The encoder is that of [`delta`](super::delta) on complex numbers: it compares `|delta|` with
//! `vth 2^state_exp`. Lava has no fixed-point form that is public, so there is none here. `s4_exp` and `inp_exp`
//! are scales of such a form and have no effect.
//!
//! Sources: Lava 0.10 `lava/proc/s4d/models.py`; Gu et al., NeurIPS 2022 (S4D).

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::membrane::zero;
use super::population::{At, Column, Dynamics, Population};
use crate::{Bank, Behaviour, Kernel, Kind, ModelError, PerNeuron, PortSpec, Setting, VarSpec, integer, length};

/// A complex parameter: real, or with both parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Complex {
    /// Real numbers.
    Real(PerNeuron),
    /// Both parts.
    Parts {
        /// Real part.
        re: PerNeuron,
        /// Imaginary part.
        im: PerNeuron,
    },
}

impl From<f64> for Complex {
    fn from(x: f64) -> Self {
        Complex::Real(x.into())
    }
}

impl Complex {
    fn values(&self, field: &str, n: usize) -> Result<Vec<[f64; 2]>, ModelError> {
        let none = zero();
        let (re, im) = match self {
            Complex::Real(re) => (re, &none),
            Complex::Parts { re, im } => (re, im),
        };
        Ok(re.values(field, n)?.into_iter().zip(im.values(field, n)?).map(|(re, im)| [re, im]).collect())
    }
}

fn nothing() -> Complex {
    0.0.into()
}

/// Lava's `S4d`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S4d {
    /// Shape of the population.
    pub shape: Vec<usize>,
    /// Diagonal of the state matrix.
    pub a: Complex,
    /// Diagonal of the input matrix.
    pub b: Complex,
    /// Diagonal of the output matrix.
    pub c: Complex,
    /// Initial state.
    #[serde(default = "nothing")]
    pub s4_state: Complex,
    /// Scale of the state in a fixed-point form; has no effect.
    #[serde(default)]
    pub s4_exp: i32,
    /// Bits of the input in a fixed-point form; has no effect.
    #[serde(default)]
    pub inp_exp: i32,
}

/// Lava's `SigmaS4dDelta`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SigmaS4dDelta {
    /// Shape of the population.
    pub shape: Vec<usize>,
    /// Threshold of the encoder.
    pub vth: PerNeuron,
    /// Diagonal of the state matrix.
    pub a: Complex,
    /// Diagonal of the input matrix.
    pub b: Complex,
    /// Diagonal of the output matrix.
    pub c: Complex,
    /// Power of two of the threshold, `0..=15`.
    #[serde(default)]
    pub state_exp: i32,
    /// Scale of the state in a fixed-point form; has no effect.
    #[serde(default)]
    pub s4_exp: i32,
}

fn times(x: [f64; 2], y: [f64; 2]) -> [f64; 2] {
    [x[0] * y[0] - x[1] * y[1], x[0] * y[1] + x[1] * y[0]]
}

/// The matrices of all neurons.
#[derive(Debug)]
pub(crate) struct Diagonal {
    a: Vec<[f64; 2]>,
    b: Vec<[f64; 2]>,
    c: Vec<[f64; 2]>,
}

impl Diagonal {
    fn new(a: &Complex, b: &Complex, c: &Complex, n: usize) -> Result<Self, ModelError> {
        Ok(Diagonal { a: a.values("a", n)?, b: b.values("b", n)?, c: c.values("c", n)? })
    }

    /// Advances the state and gives `2 c x`.
    fn advance(&self, i: usize, x: [&mut f64; 2], input: f64) -> [f64; 2] {
        let [re, im] = times([*x[0], *x[1]], self.a[i]);
        (*x[0], *x[1]) = (re + input * self.b[i][0], im + input * self.b[i][1]);
        times(self.c[i], [2.0 * *x[0], 2.0 * *x[1]])
    }
}

impl Dynamics<f64, 1, 2, 0, 1> for Diagonal {
    const GRADED: [bool; 1] = [true];

    fn step(&self, at: At, [input]: [f64; 1], _: [f64; 0], [re, im]: &mut [f64; 2], _left: &mut u32) -> [f64; 1] {
        [self.advance(at.local, [re, im], input)[0]]
    }
}

/// Matrices between a decoder and an encoder.
#[derive(Debug)]
pub(crate) struct Coded(Diagonal);

impl Dynamics<f64, 1, 7, 1, 1> for Coded {
    const GRADED: [bool; 1] = [true];

    fn step(
        &self,
        at: At,
        [input]: [f64; 1],
        [vth]: [f64; 1],
        [sigma, re, im, act, act_im, residue, residue_im]: &mut [f64; 7],
        _left: &mut u32,
    ) -> [f64; 1] {
        *sigma += input;
        let now = self.0.advance(at.local, [re, im], *sigma);
        let delta = [now[0] - *act + *residue, now[1] - *act_im + *residue_im];
        let sent = if delta[0].hypot(delta[1]) >= vth { delta } else { [0.0; 2] };
        (*residue, *residue_im) = (delta[0] - sent[0], delta[1] - sent[1]);
        [*act, *act_im] = now;
        [sent[0]]
    }
}

fn no_form(process: &str, form: &str) -> ModelError {
    ModelError::NoForm {
        process: process.into(),
        form: form.into(),
        hint: "; run it in floating point, beside the cores".into(),
    }
}

macro_rules! float_only {
    ($type:ident, $name:literal, $vars:expr, $this:ident => $float:expr) => {
        impl Behaviour for $type {
            fn in_ports(&self) -> Vec<PortSpec> {
                vec![PortSpec::new("a_in", Kind::Activation, &self.shape)]
            }

            fn out_ports(&self) -> Vec<PortSpec> {
                vec![PortSpec::new("s_out", Kind::Graded, &self.shape)]
            }

            fn vars(&self) -> Vec<VarSpec> {
                $vars.map(|name| VarSpec::new(name, &self.shape)).to_vec()
            }

            fn fixed(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
                Err(no_form($name, "fixed"))
            }

            fn float(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
                let $this = self;
                $float
            }

            fn bank(&self, _setting: &Setting<'_>, _range: Range<usize>) -> Option<Result<Box<dyn Bank>, ModelError>> {
                Some(Err(no_form($name, "chip")))
            }
        }
    };
}

float_only!(S4d, "S4d", ["s4_state", "s4_state_im"], this => {
    let n = length(&this.shape);
    let diagonal = Diagonal::new(&this.a, &this.b, &this.c, n)?;
    let x = this.s4_state.values("s4_state", n)?;
    let part = |name, k: usize| Column::real(name, x.iter().map(|x| x[k]).collect());
    Ok(Box::new(Population::new(diagonal, &(0..n), [part("s4_state", 0), part("s4_state_im", 1)], [])))
});

const CODED: [&str; 8] = ["sigma", "s4_state", "s4_state_im", "act", "act_im", "residue", "residue_im", "vth"];

float_only!(SigmaS4dDelta, "SigmaS4dDelta", CODED, this => {
    let n = length(&this.shape);
    let diagonal = Diagonal::new(&this.a, &this.b, &this.c, n)?;
    let scale = integer("state_exp", f64::from(this.state_exp), 0..=15)?;
    let vth = super::population::scaled(&this.vth, scale);
    let state: [_; 7] = std::array::from_fn(|k| Column::real_zero(CODED[k], n));
    Ok(Box::new(Population::new(Coded(diagonal), &(0..n), state, [Column::reals("vth", &vth, n)?])))
});

#[cfg(test)]
mod tests;
