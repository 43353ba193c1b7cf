//! The parameters of a learning rule, under Lava's names, and their way into an engine's registers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::course;
use super::engine::LearningArithmetic;
use super::parse::{RuleError, parse};
use super::product::{Dependency, Series, Target, Variable};
use crate::ModelError;

/// Lava's `Loihi2FLearningRule`, and with `three_factor` its `Loihi3FLearningRule`.
///
/// The grammar of `dw`, `dd`, `dt` is that of [`parse`](super::parse).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LearningRule {
    /// Change of the weight.
    pub dw: Option<String>,
    /// Change of the delay, `tag_2`.
    pub dd: Option<String>,
    /// Change of the tag, `tag_1`.
    pub dt: Option<String>,
    /// What a spike of the source adds to `x1` `[trace LSB]`, `0..=127`.
    pub x1_impulse: f64,
    /// Time constant of `x1` `[steps]`; 0 clears it every step.
    pub x1_tau: f64,
    /// What a spike of the source adds to `x2` `[trace LSB]`, `0..=127`.
    pub x2_impulse: f64,
    /// Time constant of `x2` `[steps]`; 0 clears it every step.
    pub x2_tau: f64,
    /// What a spike of the target adds to `y1` `[trace LSB]`, `0..=127`.
    pub y1_impulse: f64,
    /// Time constant of `y1` `[steps]`; 0 clears it every step.
    pub y1_tau: f64,
    /// What a spike of the target adds to `y2` `[trace LSB]`, `0..=127`.
    pub y2_impulse: f64,
    /// Time constant of `y2` `[steps]`; 0 clears it every step.
    pub y2_tau: f64,
    /// What a spike of the target adds to `y3` `[trace LSB]`, `0..=127`.
    pub y3_impulse: f64,
    /// Time constant of `y3` `[steps]`; 0 clears it every step.
    pub y3_tau: f64,
    /// Length of a learning epoch `[steps]`, `1..=63`; 0 stands for 1.
    pub t_epoch: u32,
    /// Seed of the random draws of this connection; that of the run if absent.
    pub rng_seed: Option<u64>,
    /// Whether `y1`, `y2`, `y3` come from the ports `s_in_y1`, `s_in_y2`, `s_in_y3` instead of the target's spikes; their
    /// impulses and time constants are then those of the neuron ([`LearningLif`](super::LearningLif)).
    pub three_factor: bool,
}

/// A constant that a format cannot hold, and the one used for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approximation {
    /// What it is.
    pub constant: String,
    /// What was asked for.
    pub asked: f64,
    /// What is used.
    pub used: f64,
}

/// What a compiled rule had to change or reinterpret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RuleReport {
    /// Constants that are not held as asked.
    pub approximations: Vec<Approximation>,
    /// Places where the text is read otherwise than it is written.
    pub readings: Vec<String>,
}

/// A rule in an engine's registers: the series, the traces, and what was changed on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct CompiledRule {
    /// The series of all targets that have one.
    pub series: Vec<Series>,
    /// `k` of `u_k`.
    pub decimate: Option<u32>,
    /// Impulse and time constant of `x1`, `x2`, as asked.
    pub pre: [(f64, f64); 2],
    /// Impulse and time constant of `y1`, `y2`, `y3`, as asked.
    pub post: [(f64, f64); 3],
    /// Length of an epoch `[steps]`.
    pub t_epoch: u32,
    /// Whether the traces of the target come from ports.
    pub three_factor: bool,
    /// What the registers could not hold as asked.
    pub report: RuleReport,
}

impl CompiledRule {
    /// Whether a product of any series has this dependency.
    pub fn depends_on(&self, dependency: Dependency) -> bool {
        self.series.iter().any(|s| s.depends_on(dependency))
    }

    /// Whether a series changes this target.
    pub fn changes(&self, target: Target) -> bool {
        self.series.iter().any(|s| s.target == target)
    }

    /// Whether any series reads this variable.
    pub fn reads(&self, variable: Variable) -> bool {
        self.series.iter().any(|s| s.reads(variable))
    }
}

impl LearningRule {
    /// A two-factor rule with the given change of the weight, no traces, and an epoch of one step.
    pub fn new(dw: impl Into<String>) -> Self {
        LearningRule { dw: Some(dw.into()), t_epoch: 1, ..LearningRule::default() }
    }

    /// Sets impulse and time constant of `x1`.
    pub fn x1(self, impulse: f64, tau: f64) -> Self {
        LearningRule { x1_impulse: impulse, x1_tau: tau, ..self }
    }

    /// Sets impulse and time constant of `x2`.
    pub fn x2(self, impulse: f64, tau: f64) -> Self {
        LearningRule { x2_impulse: impulse, x2_tau: tau, ..self }
    }

    /// Sets impulse and time constant of `y1`.
    pub fn y1(self, impulse: f64, tau: f64) -> Self {
        LearningRule { y1_impulse: impulse, y1_tau: tau, ..self }
    }

    /// Sets impulse and time constant of `y2`.
    pub fn y2(self, impulse: f64, tau: f64) -> Self {
        LearningRule { y2_impulse: impulse, y2_tau: tau, ..self }
    }

    /// Sets impulse and time constant of `y3`.
    pub fn y3(self, impulse: f64, tau: f64) -> Self {
        LearningRule { y3_impulse: impulse, y3_tau: tau, ..self }
    }

    fn texts(&self) -> impl Iterator<Item = (Target, &str)> {
        Target::ALL
            .into_iter()
            .zip([&self.dw, &self.dd, &self.dt])
            .filter_map(|(target, text)| text.as_deref().map(|text| (target, text)))
    }

    /// Parses the texts and checks every constant against the engine's registers.
    ///
    /// # Errors
    /// If no target has a rule, a text has a fault, two targets use different u_k, a number is outside its register,
    /// or the text is one that only Lava accepts and `engine` is not lenient.
    pub fn compile(&self, engine: &LearningArithmetic) -> Result<CompiledRule, ModelError> {
        let mut rule = CompiledRule {
            series: Vec::new(),
            decimate: None,
            pre: [(self.x1_impulse, self.x1_tau), (self.x2_impulse, self.x2_tau)],
            post: [(self.y1_impulse, self.y1_tau), (self.y2_impulse, self.y2_tau), (self.y3_impulse, self.y3_tau)],
            t_epoch: self.t_epoch.max(1),
            three_factor: self.three_factor,
            report: RuleReport::default(),
        };
        if self.three_factor {
            // The y traces are the neuron's; in the connection Lava lets them decay with this time constant.
            rule.post = [(0.0, 65_535.0); 3];
        }
        for (target, text) in self.texts() {
            let series = read(target, text, engine, &mut rule.report)?;
            if let Some(k) = series.decimate {
                if rule.decimate.is_some_and(|other| other != k) {
                    return Err(ModelError::range(
                        format!("learning_rule.{}", target.name()),
                        text,
                        "one and the same u_k in dw, dd and dt",
                    ));
                }
                rule.decimate = Some(k);
            }
            rule.series.push(series);
        }
        if rule.series.is_empty() {
            return Err(ModelError::range("learning_rule", "without dw, dd and dt", "a rule for at least one of them"));
        }
        if rule.t_epoch > 63 {
            return Err(ModelError::range("learning_rule.t_epoch", rule.t_epoch, "an integer in 1..=63"));
        }
        self.check_traces(&mut rule, engine)?;
        Ok(rule)
    }

    fn check_traces(&self, rule: &mut CompiledRule, engine: &LearningArithmetic) -> Result<(), ModelError> {
        let steps = f64::from(1u32 << engine.impulse_fraction_bits);
        for (trace, (impulse, tau)) in rule.pre.into_iter().chain(rule.post).enumerate() {
            course::check(2 * trace, "learning_rule.", impulse)?;
            course::check(2 * trace + 1, "learning_rule.", tau)?;
            let (whole, fraction) = (impulse.floor(), impulse.fract());
            let held = (fraction * steps).round_ties_even();
            let used = match engine.impulse_doubles_fraction {
                true => whole + (2.0 * held / steps).min(1.0),
                false => whole + held / steps,
            };
            if used != impulse {
                rule.report.approximations.push(Approximation {
                    constant: format!("{} (mean)", course::VARS[2 * trace]),
                    asked: impulse,
                    used,
                });
            }
        }
        Ok(())
    }
}

fn read(
    target: Target,
    text: &str,
    engine: &LearningArithmetic,
    report: &mut RuleReport,
) -> Result<Series, ModelError> {
    let (series, leniences) = parse(target, text).map_err(ModelError::Rule)?;
    for lenience in leniences {
        if !engine.lenient {
            return Err(ModelError::Rule(RuleError {
                name: target.name().into(),
                rule: text.into(),
                at: lenience.at,
                fault: format!("Lava takes this text, but {}", lenience.reading),
                allowed: "a text that means what it says (or the arithmetic lava-0.10)".into(),
            }));
        }
        report.readings.push(format!("{} at byte {}: {}", target.name(), lenience.at, lenience.reading));
    }
    for product in &series.products {
        for factor in &product.factors {
            let c = factor.constant.unwrap_or(0.0);
            let ends = f64::from(1 << factor.variable.bits());
            let held = c.fract() == 0.0 && (-ends..ends).contains(&c);
            if !held && !engine.lenient {
                return Err(ModelError::range(
                    format!("learning_rule.{}", target.name()),
                    factor,
                    format!("an integer constant in {}..={} beside {}", -ends, ends - 1.0, factor.variable.name()),
                ));
            }
            if !held {
                let used = if c.fract() == 0.0 { c.clamp(-ends, ends - 1.0) } else { c.trunc() };
                report.approximations.push(Approximation {
                    constant: format!("constant of {factor} in {}", target.name()),
                    asked: c,
                    used,
                });
            }
        }
    }
    Ok(series)
}
