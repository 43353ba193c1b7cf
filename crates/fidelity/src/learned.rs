//! Derived budgets of what synapses learn: how far weights, tags, delays and traces can be from the float twin's.
//!
//! ```text
//! E_x[t] = exp(-1 / tau) E_x[t-1] + r                  r below 1 LSB, 0 where the trace is cleared in every step
//! E_z[t] = E_z[t-1] + Σ (c (Π (|φ| + E_φ) - Π |φ|) + 2^e r_p) + s
//! ```
//!
//! `z` is a weight, delay or tag. The sum is over the products whose dependency holds, with scale `c`, exponent `e` and
//! factors `φ` of the float twin. `r_p` is 1 where the product is shifted right, which drops bits, else 0. `s` is one step
//! of the register where a product can leave bits below it, which a draw rounds, else 0: rules whose traces are cleared
//! and whose exponents reach the step of the weights are rounded by no draw. What a clip inside the engine takes away is
//! added. Traces that come by ports are input, and count with the difference they have there.
//!
//! This holds as long as no learned variable leaves its register and both forms have sent the same spikes.

use std::collections::BTreeSet;

use pumice::models::learning::product::{Dependency, Factor, Product, Series, Target, Variable};

use crate::budget::{Violation, divergence};
use crate::lesson::{Lesson, TRACES};
use crate::observe::{Observed, State};

/// The learned variables in the order of [`Target::ALL`], under the names of their process.
const LEARNED: [&str; 3] = ["weights", "tag_2", "tag_1"];
/// What an accumulator of 15 bits, 7 of them a fraction, holds at most `[LSB]`.
const MOST: f64 = 32_767.0 / 128.0;

/// What became of the budgets of learned variables in one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    /// Values that were compared with their budget.
    pub checked: u64,
    /// The largest part of a budget that was used, `0..=1` if all is well.
    pub largest_use: f64,
    /// The largest budget of a weight `[weight LSB]`.
    pub largest_budget_lsb: f64,
    /// The first value beyond its budget.
    pub violation: Option<Violation>,
}

/// Follows the budgets of one connection through a float and a fixed run.
pub fn follow(lesson: &Lesson, float: &Observed, fixed: &Observed) -> Learned {
    let mut held = Learned::default();
    let states = |o: &'_ Observed| {
        let all = LEARNED.iter().chain(&TRACES).map(|name| o.state(&lesson.path, name).cloned());
        all.collect::<Option<Vec<State>>>()
    };
    let (Some(float_states), Some(fixed_states)) = (states(float), states(fixed)) else { return held };
    let own = fixed.overflow.iter().filter(|p| p.process == lesson.path).map(|p| p.record.first_step);
    let overflow = own.filter(|step| *step > 0).min();
    // What both forms have learned before the first spike that differs, and before the first clip.
    let last = match (divergence(float, fixed).map(|d| d.0), overflow, fixed.reset_every) {
        (_, Some(_), Some(_)) => 0,
        (spike, clip, _) => spike.unwrap_or(u64::MAX).min(clip.unwrap_or(u64::MAX)).min(float.steps + 1) - 1,
    };
    let mut follower =
        Follower { lesson, float: &float_states, fixed: &fixed_states, traces: [0.0; 5], budgets: lesson.first() };
    for step in 1..=last {
        let within = fixed.reset_every.map_or(step, |n| (step - 1) % n + 1);
        if within == 1 {
            (follower.traces, follower.budgets) = ([0.0; 5], lesson.first());
        }
        let fired = lesson.between.each_ref().map(|path| fired_in(float, path, step));
        follower.advance(step, within, &fired);
        follower.compare(step, &mut held);
        if held.violation.is_some() {
            break;
        }
    }
    held
}

fn fired_in(observed: &Observed, process: &str, step: u64) -> BTreeSet<u32> {
    let Some(fired) = observed.fired_by(process) else { return BTreeSet::new() };
    let from = fired.events.partition_point(|e| *e < (step, 0));
    fired.events[from..].iter().take_while(|e| e.0 == step).map(|e| e.1).collect()
}

impl Lesson {
    /// Budgets before the first step: weights lose what is below their step.
    fn first(&self) -> [Vec<f64>; 3] {
        let step = f64::from(self.step());
        let lost = |w: &f64| if w % step == 0.0 { 0.0 } else { step };
        [self.initial[0].iter().map(lost).collect(), vec![0.0; self.synapses.len()], vec![0.0; self.synapses.len()]]
    }

    /// What a trace keeps per step, and what it loses to rounding `[LSB]`.
    fn course(&self, trace: usize) -> (f64, f64) {
        let (impulse, tau) = if trace < 2 { self.rule.pre[trace] } else { self.rule.post[trace - 2] };
        let keep = if tau == 0.0 { 0.0 } else { (-1.0 / tau).exp() };
        (keep, f64::from(u8::from(keep > 0.0)) + f64::from(u8::from(impulse.fract() != 0.0)))
    }

    /// Whether a trace comes by a port.
    fn by_port(&self, trace: usize) -> bool {
        self.rule.three_factor && trace >= 2
    }
}

struct Follower<'a> {
    lesson: &'a Lesson,
    /// Weights, delays, tags, then traces.
    float: &'a [State],
    fixed: &'a [State],
    /// Budgets of traces that do not come by ports.
    traces: [f64; 5],
    /// Budgets of weight, delay and tag by synapse.
    budgets: [Vec<f64>; 3],
}

/// One synapse in one step.
#[derive(Clone, Copy)]
struct Visit {
    synapse: usize,
    /// Source and target.
    ends: (u32, u32),
    /// Whether they fired.
    fired: (bool, bool),
    step: u64,
    /// The step counted from the last reset.
    within: u64,
}

impl Follower<'_> {
    fn advance(&mut self, step: u64, within: u64, fired: &[BTreeSet<u32>; 2]) {
        for (trace, budget) in self.traces.iter_mut().enumerate() {
            let (keep, rounding) = self.lesson.course(trace);
            *budget = keep * *budget + rounding;
        }
        let mut next = self.budgets.clone();
        for (synapse, ends) in self.lesson.synapses.iter().copied().enumerate() {
            let fired = (fired[0].contains(&ends.0), fired[1].contains(&ends.1));
            let visit = Visit { synapse, ends, fired, step, within };
            for series in &self.lesson.rule.series {
                next[series.target as usize][synapse] += self.learned(series, visit);
            }
        }
        self.budgets = next;
    }

    /// What one step adds to the budget of one variable.
    fn learned(&self, series: &Series, visit: Visit) -> f64 {
        let unit = if series.target == Target::Weight { f64::from(self.lesson.step()) } else { 1.0 };
        let (z, _) = self.variable(series.target, visit);
        let (mut error, mut reach, mut rounds) =
            (0.0, z.abs() + self.budgets[series.target as usize][visit.synapse], false);
        for product in series.products.iter().filter(|p| self.holds(p, visit)) {
            let (own, size) = self.product(product, visit);
            // The accumulator clips each product, and the sum after each.
            error += own + (size - MOST).max(0.0);
            reach += size;
            rounds |= f64::from(product.exponent).exp2() < unit;
        }
        let clipped = (reach - MOST).max(0.0);
        error + clipped + if rounds || clipped > 0.0 { unit } else { 0.0 }
    }

    fn holds(&self, product: &Product, visit: Visit) -> bool {
        match product.dependency {
            Dependency::X0 => visit.fired.0,
            Dependency::Y0 => visit.fired.1,
            Dependency::U => self.lesson.rule.decimate.is_some_and(|k| visit.within.is_multiple_of(1 << k)),
        }
    }

    /// The largest error of a product, and its largest size.
    fn product(&self, product: &Product, visit: Visit) -> (f64, f64) {
        let shift = self.lesson.engine.product_shift(product.width());
        let scale = product.scale().abs() / f64::from(shift).exp2();
        let (mut exact, mut most) = (1.0, 1.0);
        for factor in &product.factors {
            let (value, error) = self.factor(factor, visit);
            (exact, most) = (exact * value.abs(), most * (value.abs() + error));
        }
        let dropped = if shift > 0 { f64::from(product.exponent).exp2() } else { 0.0 };
        (scale * (most - exact) + dropped, scale * most + dropped)
    }

    /// The factor of the float twin, and how far the other's can be from it.
    fn factor(&self, factor: &Factor, visit: Visit) -> (f64, f64) {
        let (value, error) = match factor.variable {
            Variable::X0 => (f64::from(u8::from(visit.fired.0)), 0.0),
            Variable::Y0 => (f64::from(u8::from(visit.fired.1)), 0.0),
            Variable::W => self.variable(Target::Weight, visit),
            Variable::D => self.variable(Target::Delay, visit),
            Variable::T => self.variable(Target::Tag, visit),
            Variable::X1 => self.trace(0, visit),
            Variable::X2 => self.trace(1, visit),
            Variable::Y1 => self.trace(2, visit),
            Variable::Y2 => self.trace(3, visit),
            Variable::Y3 => self.trace(4, visit),
        };
        let value = value + factor.constant.unwrap_or(0.0);
        if factor.sign {
            let sign = if value == 0.0 { 0.0 } else { value.signum() };
            return (sign, if error > 0.0 && value.abs() <= error { 2.0 } else { 0.0 });
        }
        let end = f64::from(1 << factor.variable.bits());
        (value, error + (value - (end - 1.0)).max(-end - value).max(0.0))
    }

    /// A variable of the float twin before the step, and its budget.
    fn variable(&self, target: Target, visit: Visit) -> (f64, f64) {
        let k = target as usize;
        let first = || self.lesson.initial[k][visit.synapse];
        let value = match visit.within {
            1 => first(),
            _ => self.float[k].at(visit.step - 1, visit.synapse).unwrap_or_else(first),
        };
        (value, self.budgets[k][visit.synapse])
    }

    /// A trace of the float twin in the step, and how far the other's can be from it.
    fn trace(&self, trace: usize, visit: Visit) -> (f64, f64) {
        let neuron = (if trace < 2 { visit.ends.0 } else { visit.ends.1 }) as usize;
        let at = |states: &[State]| states[3 + trace].at(visit.step, neuron).unwrap_or(0.0);
        let (float, fixed) = (at(self.float), at(self.fixed));
        (float, if self.lesson.by_port(trace) { (fixed - float).abs() } else { self.traces[trace] })
    }

    fn compare(&self, step: u64, held: &mut Learned) {
        for (k, (float, fixed)) in self.float.iter().zip(self.fixed).enumerate() {
            if k >= 3 && self.lesson.by_port(k - 3) {
                continue;
            }
            for i in 0..float.n {
                let budget = if k < 3 { self.budgets[k][i] } else { self.traces[k - 3] };
                let (x, y) = (fixed.at(step, i).unwrap_or(0.0), float.at(step, i).unwrap_or(0.0));
                let error = (x - y).abs();
                held.checked += 1;
                if budget > 0.0 {
                    held.largest_use = held.largest_use.max(error / budget);
                }
                if k == 0 {
                    held.largest_budget_lsb = held.largest_budget_lsb.max(budget);
                }
                if error > budget + 1e-9 * (1.0 + y.abs()) {
                    held.violation.get_or_insert(Violation {
                        process: self.lesson.path.clone(),
                        neuron: i as u32,
                        step,
                        variable: LEARNED.iter().chain(&TRACES).nth(k).copied().unwrap_or_default(),
                        fixed: x,
                        float: y,
                        budget_lsb: budget,
                    });
                }
            }
        }
    }
}
