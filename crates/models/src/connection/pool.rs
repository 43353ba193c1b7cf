//! Pooling: the weighted sum or average of the spikes in each window, channel by channel.
//!
//! ```text
//! a_out[t][x, y, c] = weight * sum over the window of s[t-1][x*sx + i - px, y*sy + j - py, c]      (average: / window size)
//! ```
//!
//! The window size counts the padding, as NIR's `AvgPool2d` does. In fixed point the weight (divided by the
//! window size for an average) becomes the nearest `m * 2^e` with m of 8 bits and e in `-8..=7`; a relative
//! error of up to 2⁻⁸ per spike remains unless it is a power of two, and the exponent rounds each sum down.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conv::{Conv, FixedConv, Pair};
use super::rows::Rows;
use super::synapses::message_kind;
use super::weight::{SignMode, WeightFormat};
use crate::{Arithmetic, Behaviour, Kernel, Kind, ModelError, PortSpec, Setting, VarSpec};

/// What a window becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PoolMode {
    /// The sum of the window.
    Sum,
    /// The sum divided by the window size, padding counted in.
    Average,
}

/// A pooling connection (NIR's `SumPool2d` and `AvgPool2d`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Shape of the input, `(W, H, C)`.
    pub input_shape: [usize; 3],
    /// Size of the window.
    pub kernel_size: Pair,
    /// Steps between windows; the size of the window if absent.
    #[serde(default)]
    pub stride: Option<Pair>,
    /// Zeros around the input.
    #[serde(default = "Pair::zero")]
    pub padding: Pair,
    /// What a window becomes.
    pub mode: PoolMode,
    /// Factor on every spike, not zero.
    #[serde(default = "one")]
    pub weight: f64,
    /// Bits of a spike's payload, `0..=24`; 0 counts every spike as 1.
    #[serde(default)]
    pub num_message_bits: u32,
}

fn one() -> f64 {
    1.0
}

impl Pool {
    /// A pool over windows of `kernel_size` that do not overlap.
    pub fn new(input_shape: [usize; 3], kernel_size: Pair, mode: PoolMode) -> Self {
        Pool { input_shape, kernel_size, stride: None, padding: Pair::zero(), mode, weight: 1.0, num_message_bits: 0 }
    }

    fn factor(&self) -> Result<f64, ModelError> {
        let [w, h] = self.kernel_size.xy();
        if w * h == 0 {
            return Err(ModelError::range("kernel_size", 0, "at least 1"));
        }
        if !self.weight.is_finite() || self.weight == 0.0 {
            return Err(ModelError::range("weight", self.weight, "a finite number other than zero"));
        }
        Ok(match self.mode {
            PoolMode::Sum => self.weight,
            PoolMode::Average => self.weight / (w * h) as f64,
        })
    }

    /// The convolution that does the same, all weights `w`.
    fn conv(&self, w: f64) -> Conv {
        let [kw, kh] = self.kernel_size.xy();
        let channels = self.input_shape[2];
        let mut conv = Conv::new(self.input_shape, vec![vec![vec![vec![w]; kh]; kw]; channels]);
        conv.groups = channels;
        conv.stride = self.stride.unwrap_or(self.kernel_size);
        conv.padding = self.padding;
        conv.num_message_bits = self.num_message_bits;
        conv
    }

    fn fixed_kernel(&self, a: &Arithmetic) -> Result<FixedConv, ModelError> {
        let factor = self.factor()?;
        let (mantissa, exponent) = nearest(factor)
            .ok_or_else(|| ModelError::range("weight", self.weight, "at most 255 * 2^7 in magnitude"))?;
        let sign = SignMode::of([factor].into_iter());
        let format = WeightFormat { exponent, bits: 8, sign };
        let kernel = self.conv(f64::from(mantissa)).fixed_kernel(a, Some(format))?;
        match kernel.is_silent() {
            true => Err(ModelError::range(
                "weight",
                self.weight,
                format!("a larger one: under {} this pool is silent", a.name),
            )),
            false => Ok(kernel),
        }
    }
}

/// The mantissa of at most 255 in magnitude and the exponent in `-8..=7` nearest to `x`, or `None` if `x` is too large.
fn nearest(x: f64) -> Option<(i32, i32)> {
    (-8..=7)
        .map(|e: i32| ((x / f64::from(e).exp2()).round_ties_even(), e))
        .find(|(m, _)| m.abs() <= 255.0)
        .map(|(m, e)| (m as i32, e))
}

impl Behaviour for Pool {
    fn in_ports(&self) -> Vec<PortSpec> {
        let kind = message_kind(self.num_message_bits);
        vec![PortSpec::new("s_in", kind, &self.input_shape)]
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        let shape = self.conv(1.0).geometry().map_or([0; 3], |g| g.output());
        vec![PortSpec::new("a_out", Kind::Activation, &shape)]
    }

    fn vars(&self) -> Vec<VarSpec> {
        let [kw, kh] = self.kernel_size.xy();
        vec![VarSpec::new("weight", &[self.input_shape[2], kw, kh, 1])]
    }

    fn buffered(&self) -> bool {
        true
    }

    fn fixed(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        Ok(Box::new(self.fixed_kernel(setting.arithmetic)?))
    }

    fn float(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        Ok(Box::new(self.conv(self.factor()?).float_kernel(1.0)?))
    }

    fn rows(&self, setting: &Setting<'_>) -> Option<Result<Rows, ModelError>> {
        Some(self.fixed_kernel(setting.arithmetic).map(|k| k.rows(8)))
    }

    fn rows_with(&self, setting: &Setting<'_>, weights: &[i32]) -> Option<Result<Rows, ModelError>> {
        Some(self.fixed_kernel(setting.arithmetic).and_then(|k| k.rows_with(8, weights)))
    }
}
