//! Series as the integer engine runs them: widths, shifts and clips resolved, factors sorted by what they read.
//!
//! ```text
//! acc = variable << 7
//! for each product whose dependency holds:
//!     p   = mantissa * product of clip(factor, -2^width, 2^width - 1)
//!     p   = clip((p >> max(0, sum of widths + mantissa width - 15)) << (exponent + 7), acc_min, 32767)
//!     acc = clip(acc + p, acc_min, 32767)
//! ```
//!
//! Source: Lava 0.10 `lava/magma/core/learning/learning_rule_applier.py`.

use pumice_num::faulty;

use super::engine::LearningArithmetic;
use super::product::{Dependency, Factor, Product, Series, Target, Variable};

/// One factor, ready to be evaluated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Which trace (`x1` is 0, `y1` is 0) or, for synaptic variables, which of w, d, t; unused for flags.
    pub(super) index: usize,
    pub(super) flag: bool,
    constant: f64,
    sign: bool,
    bits: u32,
}

impl Part {
    fn new(factor: &Factor) -> Self {
        let index = match factor.variable {
            Variable::X0 | Variable::Y0 | Variable::X1 | Variable::Y1 | Variable::W => 0,
            Variable::X2 | Variable::Y2 | Variable::D => 1,
            Variable::Y3 | Variable::T => 2,
        };
        Part {
            index,
            flag: matches!(factor.variable, Variable::X0 | Variable::Y0),
            constant: factor.constant.unwrap_or(0.0),
            sign: factor.sign,
            bits: factor.variable.bits(),
        }
    }

    /// Whether this is a trace as it stands.
    pub(super) fn is_plain_trace(&self) -> bool {
        !self.flag && !self.sign && self.constant == 0.0 && self.bits == 7
    }

    /// The factor for the value `v` of its variable.
    #[inline(always)]
    pub(super) fn value(&self, v: i32) -> i32 {
        let (low, high) = (-(1 << self.bits), (1 << self.bits) - 1);
        if self.constant == 0.0 && !self.sign {
            return v.clamp(low, high);
        }
        let sum = f64::from(v) + self.constant;
        if self.sign {
            return i32::from(sum > 0.0) - i32::from(sum < 0.0);
        }
        sum.clamp(f64::from(low), f64::from(high)) as i32
    }
}

/// One product, ready to be evaluated.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) dependency: Dependency,
    pub(super) mantissa: i32,
    right: u32,
    left: u32,
    /// Factors of the source: x0, x1, x2.
    pub(super) pre: Vec<Part>,
    /// Factors of the target: y0, y1, y2, y3.
    pub(super) post: Vec<Part>,
    /// Factors of the synapse: w, d, t.
    pub(super) own: Vec<Part>,
}

impl Term {
    fn new(product: &Product, engine: &LearningArithmetic) -> Self {
        let pick = |wanted: fn(Variable) -> bool| {
            let chosen = product.factors.iter().filter(|f| wanted(f.variable));
            chosen.map(Part::new).collect::<Vec<_>>()
        };
        Term {
            dependency: product.dependency,
            mantissa: product.mantissa,
            right: engine.product_shift(product.width()),
            left: (product.exponent + 7) as u32,
            pre: pick(|v| matches!(v, Variable::X0 | Variable::X1 | Variable::X2)),
            post: pick(|v| matches!(v, Variable::Y0 | Variable::Y1 | Variable::Y2 | Variable::Y3)),
            own: pick(Variable::is_synaptic),
        }
    }

    /// The product of `coefficient` and the synapse's own factors.
    #[inline(always)]
    pub(super) fn with_own(&self, coefficient: i32, own: [i32; 3]) -> i32 {
        self.own.iter().map(|part| part.value(own[part.index])).fold(coefficient, i32::wrapping_mul)
    }

    /// A product, aligned with the accumulator.
    #[inline(always)]
    pub(super) fn aligned(&self, product: i32, low: i32) -> i32 {
        ((product >> faulty!(self.right, ProductShift => self.right + 1)) << self.left).clamp(low, 32_767)
    }
}

/// The series of one target.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub(super) target: Target,
    pub(super) terms: Vec<Term>,
}

impl Terms {
    pub(super) fn new(series: &Series, engine: &LearningArithmetic) -> Self {
        Terms { target: series.target, terms: series.products.iter().map(|p| Term::new(p, engine)).collect() }
    }
}
