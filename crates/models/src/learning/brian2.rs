//! Synapses that learn as brian2-loihi emulates Loihi 1.
//!
//! ```text
//! t = step - 1, per synapse:
//! on a spike of the source (after `delay`): a_out += w_act, x0 = 1, x_k = clip(x_k + imp, 0, 127); of the target: the same for y
//! dw = sgn(dw) * ceil|dw|,  w = clip(w + (trunc(dw / prec) + add) * prec, lo, hi),  prec = 2^(8 - (bits - mixed))
//! x_k = trunc(x_k * K) + add_k,  K = 1 - 1/tau to 15 digits,  x0 = y0 = 0
//! w_act = clip(floor(w * 2^w_exp), ±(2^15 - 1)) in weight LSB
//! ```
//!
//! `add` are stochastic decisions, taken before the spikes of the step are seen: from the fraction of the trace before
//! its impulse, and from dw with x0 = y0 = 0, so they never fire for terms with x0 or y0. Traces belong to synapses,
//! because each has its own draws. So this process costs every synapse in every step; the engines of
//! [`LearningDense`](super::LearningDense) do not. Source: brian2-loihi 0.5.2 `loihi_synapses.py`, pinned by recordings.

mod fixed;
mod float;
mod text;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connection::rows::Columns;
use crate::connection::weight::SignMode;
use crate::plastic::Whole;
use crate::{Behaviour, Cut, Kernel, Kind, ModelError, Plastic, PortSpec, Rows, Setting, VarSpec};
use text::{Expression, Name};

/// Recorded stochastic decisions, 0 or ±1, `[t][synapse]`; without an entry the counter-based draws decide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RoundingDecisions {
    /// For the weight.
    pub add_or_not: Vec<Vec<i32>>,
    /// For `x1`.
    pub x1_add_or_not: Vec<Vec<i32>>,
    /// For `x2`.
    pub x2_add_or_not: Vec<Vec<i32>>,
    /// For `y1`.
    pub y1_add_or_not: Vec<Vec<i32>>,
    /// For `y2`.
    pub y2_add_or_not: Vec<Vec<i32>>,
    /// For `y3`.
    pub y3_add_or_not: Vec<Vec<i32>>,
}

/// brian2-loihi's `LoihiSynapses` with a learning rule, under its parameter names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoihiSynapses {
    /// `[targets, sources]`.
    pub shape: [usize; 2],
    /// Source of each synapse.
    pub i: Vec<u32>,
    /// Target of each synapse.
    pub j: Vec<u32>,
    /// First weight mantissa of each synapse.
    pub w: Vec<f64>,
    /// The learning rule.
    pub dw: String,
    /// Delay of all synapses `[steps]`, `0..=62`, beyond the one step of every connection.
    #[serde(default)]
    pub delay: u32,
    /// Power of two that scales all weights, `-8..=7`.
    #[serde(default)]
    pub w_exp: i32,
    /// Signs: mixed `-256..=254`, excitatory `0..=255`, inhibitory `-256..=0`.
    #[serde(default = "excitatory")]
    pub sign_mode: SignMode,
    /// Bits per weight, `0..=8`.
    #[serde(default = "eight")]
    pub num_weight_bits: u32,
    /// Impulse of `x1`, `0..=127`; 0 means no such trace.
    #[serde(default)]
    pub imp_x1: f64,
    /// Time constant of `x1` `[steps]`; 0 means no such trace.
    #[serde(default)]
    pub tau_x1: f64,
    /// Impulse of `x2`, `0..=127`; 0 means no such trace.
    #[serde(default)]
    pub imp_x2: f64,
    /// Time constant of `x2` `[steps]`; 0 means no such trace.
    #[serde(default)]
    pub tau_x2: f64,
    /// Impulse of `y1`, `0..=127`; 0 means no such trace.
    #[serde(default)]
    pub imp_y1: f64,
    /// Time constant of `y1` `[steps]`; 0 means no such trace.
    #[serde(default)]
    pub tau_y1: f64,
    /// Impulse of `y2`, `0..=127`; 0 means no such trace.
    #[serde(default)]
    pub imp_y2: f64,
    /// Time constant of `y2` `[steps]`; 0 means no such trace.
    #[serde(default)]
    pub tau_y2: f64,
    /// Impulse of `y3`, `0..=127`; 0 means no such trace.
    #[serde(default)]
    pub imp_y3: f64,
    /// Time constant of `y3` `[steps]`; 0 means no such trace.
    #[serde(default)]
    pub tau_y3: f64,
    /// Recorded decisions.
    #[serde(default)]
    pub draws: Option<RoundingDecisions>,
}

fn excitatory() -> SignMode {
    SignMode::Excitatory
}

fn eight() -> u32 {
    8
}

const TRACES: [(&str, Name); 5] =
    [("x1", Name::X1), ("x2", Name::X2), ("y1", Name::Y1), ("y2", Name::Y2), ("y3", Name::Y3)];

/// `1 - 1/tau`, through the 15 digits that sympy prints.
fn kept(tau: f64) -> f64 {
    let keep = 1.0 - 1.0 / tau;
    format!("{keep:.14e}").parse().unwrap_or(keep)
}

/// `u_k` at time `t`: 1 in every `2^k`-th step, as the emulator finds them. It divides times of 64-bit seconds by a
/// millisecond, so that from step 1001 on some steps (the first that counts is 2002) are no whole number, and u_k is 0 there.
fn every(k: u32, t: u64) -> f64 {
    let steps = t as f64 * 0.001 / 0.001;
    f64::from(u8::from(k == 0 || steps % f64::from(1 << k) == 0.0))
}

impl LoihiSynapses {
    /// Excitatory synapses of 8 bits with exponent 0, without traces.
    pub fn new(shape: [usize; 2], synapses: impl IntoIterator<Item = (u32, u32, f64)>, dw: impl Into<String>) -> Self {
        let (mut i, mut j, mut w) = (Vec::new(), Vec::new(), Vec::new());
        for synapse in synapses {
            i.push(synapse.0);
            j.push(synapse.1);
            w.push(synapse.2);
        }
        LoihiSynapses {
            shape,
            i,
            j,
            w,
            dw: dw.into(),
            delay: 0,
            w_exp: 0,
            sign_mode: SignMode::Excitatory,
            num_weight_bits: 8,
            imp_x1: 0.0,
            tau_x1: 0.0,
            imp_x2: 0.0,
            tau_x2: 0.0,
            imp_y1: 0.0,
            tau_y1: 0.0,
            imp_y2: 0.0,
            tau_y2: 0.0,
            imp_y3: 0.0,
            tau_y3: 0.0,
            draws: None,
        }
    }

    /// How the synapses lie in memory, those of weight 0 too.
    fn laid_out(&self) -> Rows {
        let weights: Vec<i32> = self.w.iter().map(|w| *w as i32).collect();
        let delays = vec![self.delay as u8; if self.delay == 0 { 0 } else { weights.len() }];
        let columns = Columns::new([self.shape[1], self.shape[0]], &self.i, &self.j, &weights, &delays);
        Rows { weight_bits: self.num_weight_bits, tag_bits: Some(0), ..columns.into_rows_where(|_| true) }
    }

    const fn range(&self) -> (i32, i32) {
        match self.sign_mode {
            SignMode::Mixed => (-256, 254),
            SignMode::Excitatory => (0, 255),
            SignMode::Inhibitory => (-256, 0),
        }
    }

    fn traces(&self) -> [(f64, f64); 5] {
        [
            (self.imp_x1, self.tau_x1),
            (self.imp_x2, self.tau_x2),
            (self.imp_y1, self.tau_y1),
            (self.imp_y2, self.tau_y2),
            (self.imp_y3, self.tau_y3),
        ]
    }

    fn check(&self) -> Result<Expression, ModelError> {
        let rule = text::parse(&self.dw).map_err(ModelError::Rule)?;
        let ([n_out, n_in], n) = (self.shape, self.w.len());
        for (field, all, end) in [("i", &self.i, n_in), ("j", &self.j, n_out)] {
            if all.len() != n {
                return Err(ModelError::shape(field, &[all.len()], &[n]));
            }
            if let Some(k) = all.iter().position(|x| *x as usize >= end) {
                return Err(ModelError::range(format!("{field}[{k}]"), all[k], format!("an index below {end}")));
            }
        }
        for (field, value, low, high) in [
            ("delay", i64::from(self.delay), 0, 62),
            ("w_exp", i64::from(self.w_exp), -8, 7),
            ("num_weight_bits", i64::from(self.num_weight_bits), 0, 8),
        ] {
            if !(low..=high).contains(&value) {
                return Err(ModelError::range(field, value, format!("an integer in {low}..={high}")));
            }
        }
        let (low, high) = self.range();
        if let Some(k) = self.w.iter().position(|w| w.fract() != 0.0 || *w < f64::from(low) || *w > f64::from(high)) {
            return Err(ModelError::range(format!("w[{k}]"), self.w[k], format!("an integer in {low}..={high}")));
        }
        for ((name, read), (imp, tau)) in TRACES.into_iter().zip(self.traces()) {
            if imp.fract() != 0.0 || !(0.0..=127.0).contains(&imp) {
                return Err(ModelError::range(format!("imp_{name}"), imp, "an integer in 0..=127"));
            }
            if tau.fract() != 0.0 || tau < 0.0 {
                return Err(ModelError::range(format!("tau_{name}"), tau, "an integer of 0 or more"));
            }
            if rule.reads(read) && (imp == 0.0 || tau == 0.0) {
                return Err(ModelError::range(
                    "dw",
                    &self.dw,
                    format!("a rule without {name}, which has no impulse or no time constant"),
                ));
            }
        }
        Ok(rule)
    }
}

impl Behaviour for LoihiSynapses {
    fn in_ports(&self) -> Vec<PortSpec> {
        vec![
            PortSpec::new("s_in", Kind::Spike, &self.shape[1..]),
            PortSpec::new("s_in_bap", Kind::Spike, &self.shape[..1]),
        ]
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        vec![PortSpec::new("a_out", Kind::Activation, &self.shape[..1])]
    }

    fn vars(&self) -> Vec<VarSpec> {
        ["w", "w_act", "x1", "x2", "y1", "y2", "y3"].map(|name| VarSpec::new(name, &[self.w.len()])).to_vec()
    }

    fn buffered(&self) -> bool {
        true
    }

    fn fixed(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        let rule = self.check()?;
        Ok(Box::new(Whole::new(fixed::Sweep::new(self, rule, setting, &Cut::ALL))))
    }

    fn rows(&self, _setting: &Setting<'_>) -> Option<Result<Rows, ModelError>> {
        Some(self.check().map(|_| self.laid_out()))
    }

    fn plastic(&self, setting: &Setting<'_>, cut: &Cut) -> Option<Result<Box<dyn Plastic>, ModelError>> {
        let made = self.check().map(|rule| fixed::Sweep::new(self, rule, setting, cut));
        Some(made.map(|synapses| Box::new(synapses) as Box<dyn Plastic>))
    }

    fn float(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        let rule = self.check()?;
        Ok(Box::new(float::Twin::new(self, rule)))
    }
}
