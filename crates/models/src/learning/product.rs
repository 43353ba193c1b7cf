//! Learning rules as sums of products: the form in which Loihi's learning engine holds them.
//!
//! ```text
//! z := z + sum over products of  mantissa * 2^exponent * dependency * product of factors
//! factor: a trace, a synaptic variable or a spike flag, plus a constant, or the sign of that
//! ```
//!
//! Source: Davies et al., IEEE Micro 38(1), 2018, "Learning engine"; limits of mantissa and exponent as in
//! Lava 0.10 `lava/magma/core/learning/product_series.py`.

use std::fmt;

/// The synaptic variable that a series changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// `dw`: the weight.
    Weight,
    /// `dd`: the delay (Lava's `tag_2`).
    Delay,
    /// `dt`: the tag (Lava's `tag_1`).
    Tag,
}

impl Target {
    /// All targets, in the order in which they are evaluated.
    pub const ALL: [Target; 3] = [Target::Weight, Target::Delay, Target::Tag];

    /// The name of the rule: `dw`, `dd` or `dt`.
    pub const fn name(self) -> &'static str {
        match self {
            Target::Weight => "dw",
            Target::Delay => "dd",
            Target::Tag => "dt",
        }
    }
}

/// The event without which a product is not evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dependency {
    /// A spike of the source in this epoch.
    X0,
    /// A spike of the target in this epoch.
    Y0,
    /// Every 2^k-th epoch.
    U,
}

impl Dependency {
    /// `x0`, `y0` or `u`.
    pub const fn name(self) -> &'static str {
        match self {
            Dependency::X0 => "x0",
            Dependency::Y0 => "y0",
            Dependency::U => "u",
        }
    }
}

/// What a factor reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variable {
    /// 1 if the source fired in this epoch.
    X0,
    /// 1 if the target fired in this epoch.
    Y0,
    /// First trace of the source.
    X1,
    /// Second trace of the source.
    X2,
    /// First trace of the target.
    Y1,
    /// Second trace of the target.
    Y2,
    /// Third trace of the target.
    Y3,
    /// Weight.
    W,
    /// Delay (Lava's `tag_2`).
    D,
    /// Tag (Lava's `tag_1`).
    T,
}

impl Variable {
    /// All variables.
    pub const ALL: [Variable; 10] = [
        Variable::X0,
        Variable::Y0,
        Variable::X1,
        Variable::X2,
        Variable::Y1,
        Variable::Y2,
        Variable::Y3,
        Variable::W,
        Variable::D,
        Variable::T,
    ];

    /// The name in a rule.
    pub const fn name(self) -> &'static str {
        match self {
            Variable::X0 => "x0",
            Variable::Y0 => "y0",
            Variable::X1 => "x1",
            Variable::X2 => "x2",
            Variable::Y1 => "y1",
            Variable::Y2 => "y2",
            Variable::Y3 => "y3",
            Variable::W => "w",
            Variable::D => "d",
            Variable::T => "t",
        }
    }

    /// Width of the factor in the multiplier `[bit]`: 1 for flags, 7 for traces, 9 for synaptic variables.
    pub const fn bits(self) -> u32 {
        match self {
            Variable::X0 | Variable::Y0 => 1,
            Variable::W | Variable::D | Variable::T => 9,
            _ => 7,
        }
    }

    /// Whether this is one of `x1`, `x2`, `y1`, `y2`, `y3`.
    pub const fn is_trace(self) -> bool {
        self.bits() == 7
    }

    /// Whether this is `w`, `d` or `t`.
    pub const fn is_synaptic(self) -> bool {
        self.bits() == 9
    }
}

/// One factor of a product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factor {
    /// What is read.
    pub variable: Variable,
    /// What is added to it; an integer except where Lava's grammar lets `2^-1` stand in a bracket.
    pub constant: Option<f64>,
    /// Whether only the sign of the sum counts.
    pub sign: bool,
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.variable.name();
        match (self.sign, self.constant) {
            (false, None) => write!(f, "{name}"),
            (true, None) => write!(f, "sgn({name})"),
            (false, Some(c)) => write!(f, "({name}{c:+})"),
            (true, Some(c)) => write!(f, "sgn({name}{c:+})"),
        }
    }
}

/// One product of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// When it is evaluated.
    pub dependency: Dependency,
    /// Mantissa of the scaling constant, `-8..=7`.
    pub mantissa: i32,
    /// Exponent of the scaling constant, `-7..=8`.
    pub exponent: i32,
    /// The factors, in the order of the text.
    pub factors: Vec<Factor>,
}

impl Product {
    /// The scaling constant as a number.
    pub fn scale(&self) -> f64 {
        f64::from(self.mantissa) * f64::from(self.exponent).exp2()
    }

    /// Sum of the widths of the factors `[bit]`.
    pub fn width(&self) -> u32 {
        self.factors.iter().map(|f| f.variable.bits()).sum()
    }
}

/// The rule of one target: a sum of products.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What it changes.
    pub target: Target,
    /// `k` of the dependency `u_k`, if one occurs.
    pub decimate: Option<u32>,
    /// The products, in the order of the text.
    pub products: Vec<Product>,
}

impl Series {
    /// The traces that are read where `dependency` holds, without repetition.
    pub fn traces(&self, dependency: Dependency) -> Vec<Variable> {
        let mut found: Vec<Variable> = Vec::new();
        for product in self.products.iter().filter(|p| p.dependency == dependency) {
            for factor in &product.factors {
                if factor.variable.is_trace() && !found.contains(&factor.variable) {
                    found.push(factor.variable);
                }
            }
        }
        found
    }

    /// Whether a product reads `variable`.
    pub fn reads(&self, variable: Variable) -> bool {
        let mut factors = self.products.iter().flat_map(|p| &p.factors);
        factors.any(|f| f.variable == variable)
    }

    /// Whether a product has this dependency.
    pub fn depends_on(&self, dependency: Dependency) -> bool {
        self.products.iter().any(|p| p.dependency == dependency)
    }
}

/// The series as a rule that reads back to the same series.
impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, p) in self.products.iter().enumerate() {
            let sign = match (k, p.mantissa < 0) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            };
            write!(f, "{sign}{}", p.mantissa.abs())?;
            if p.exponent != 0 {
                write!(f, "*2^{}", p.exponent)?;
            }
            write!(f, "*{}", p.dependency.name())?;
            if let (Dependency::U, Some(decimate)) = (p.dependency, self.decimate) {
                write!(f, "{decimate}")?;
            }
            for factor in &p.factors {
                write!(f, "*{factor}")?;
            }
        }
        Ok(())
    }
}
