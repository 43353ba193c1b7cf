//! Learning rules as strategies draw them: sums of products in Lava's grammar, with every constant within its format.

use pumice::models::learning::LearningRule;
use pumice::models::learning::product::{Dependency, Factor, Product, Series, Target, Variable};

use crate::strategy::Pen;

/// What factors read, besides flags.
const READ: [Variable; 8] =
    [Variable::X1, Variable::X2, Variable::Y1, Variable::Y2, Variable::Y3, Variable::W, Variable::D, Variable::T];
/// Width of the factors of one product `[bit]` up to which the product cannot leave 32 bits.
const WIDEST: u32 = 25;
/// Width of the factors of one product `[bit]` up to which no engine shifts it right.
const EXACT: u32 = 11;
/// What a spike adds to a trace where the plainest rule is wanted.
const PLAIN_IMPULSE: u32 = 16;

/// A learning rule as numbers that can shrink.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What changes the weight, and what changes delay and tag, if anything does.
    pub series: Vec<Series>,
    /// Impulse `[trace LSB]`, `0..=127`, and time constant `[steps]` of x1, x2, y1, y2, y3.
    pub traces: [(u32, u32); 5],
    /// Length of an epoch `[steps]`, `1..=63`.
    pub epoch: u32,
    /// Weights from the source to the third factor, one row per neuron; empty in a rule of two factors.
    pub reward: Vec<Vec<i32>>,
}

impl Rule {
    /// Draws a rule for synapses onto `n` neurons whose weights lack `lost` low bits, with a third factor from a source of
    /// so many elements, if any. Every fourth rule is rounded by no draw.
    pub(crate) fn draw(pen: &mut Pen<'_>, n: usize, lost: i32, third: Option<usize>) -> Self {
        let (decimate, coarse) = (pen.between(0, 3) as u32, pen.one_in(4).then_some(lost));
        let mut series = vec![draw_series(pen, Target::Weight, decimate, coarse)];
        for target in [Target::Delay, Target::Tag] {
            if pen.one_in(4) {
                series.push(draw_series(pen, target, decimate, coarse));
            }
        }
        let mut trace = || {
            // A trace that is cleared in every step loses nothing to rounding.
            let cleared = pen.one_in(4) || coarse.is_some();
            (pen.register((1, 60), (0, 127)) as u32, if cleared { 0 } else { pen.between(1, 30) as u32 })
        };
        let traces = [trace(), trace(), trace(), trace(), trace()];
        let epoch = if pen.one_in(4) { pen.between(2, 4) as u32 } else { 1 };
        let inputs = third.filter(|_| pen.one_in(2));
        let rows = inputs.map_or(0, |_| n);
        // Even, so that both forms give the same third factor.
        let reward = (0..rows).map(|_| (0..inputs.unwrap_or(0)).map(|_| 2 * pen.between(-30, 30)).collect()).collect();
        Rule { series, traces, epoch, reward }
    }

    /// The rule under Lava's names.
    pub fn learning_rule(&self) -> LearningRule {
        let text = |target| self.series.iter().find(|s| s.target == target).map(ToString::to_string);
        let [x1, x2, y1, y2, y3] = self.traces.map(|(impulse, tau)| (f64::from(impulse), f64::from(tau)));
        let rule = LearningRule::default().x1(x1.0, x1.1).x2(x2.0, x2.1).y1(y1.0, y1.1).y2(y2.0, y2.1).y3(y3.0, y3.1);
        LearningRule {
            dw: text(Target::Weight),
            dd: text(Target::Delay),
            dt: text(Target::Tag),
            t_epoch: self.epoch,
            three_factor: !self.reward.is_empty(),
            ..rule
        }
    }

    /// Plainer rules: two factors for three, fewer products and factors, then plainer numbers.
    pub fn smaller(&self) -> Vec<Rule> {
        let mut all = vec![
            Rule { reward: Vec::new(), ..self.clone() },
            Rule { epoch: 1, ..self.clone() },
            Rule { traces: self.traces.map(|(impulse, _)| (impulse, 0)), ..self.clone() },
        ];
        for k in 0..5 {
            for plain in [(self.traces[k].0, 0), (PLAIN_IMPULSE, self.traces[k].1)] {
                let mut own = self.clone();
                own.traces[k] = plain;
                all.push(own);
            }
        }
        if self.series.len() > 1 {
            all.extend((0..self.series.len()).rev().map(|k| {
                let mut own = self.clone();
                own.series.remove(k);
                own
            }));
        }
        for (k, series) in self.series.iter().enumerate() {
            for smaller in smaller_series(series) {
                let mut own = self.clone();
                own.series[k] = smaller;
                all.push(own);
            }
        }
        all.retain(|rule| rule != self);
        all
    }
}

fn draw_series(pen: &mut Pen<'_>, target: Target, decimate: u32, coarse: Option<i32>) -> Series {
    let products: Vec<Product> = (0..pen.between(1, 3)).map(|_| draw_product(pen, coarse)).collect();
    let timed = products.iter().any(|p| p.dependency == Dependency::U);
    Series { target, decimate: timed.then_some(decimate), products }
}

/// A product; with `coarse` its exponent is that at least, and it is narrow enough to lose no bits.
fn draw_product(pen: &mut Pen<'_>, coarse: Option<i32>) -> Product {
    let dependency = [Dependency::X0, Dependency::Y0, Dependency::U][pen.between(0, 2) as usize];
    let mut own = Product { dependency, mantissa: 0, exponent: 0, factors: Vec::new() };
    let sign = if pen.one_in(2) { 1 } else { -1 };
    own.mantissa = sign * pen.register((1, 7), (1, 7));
    own.exponent = pen.register((-6, 3), (-7, 8)).max(coarse.unwrap_or(-7));
    let widest = if coarse.is_some() { EXACT } else { WIDEST };
    for _ in 0..pen.between(0, 3) {
        let factor = draw_factor(pen);
        if own.width() + factor.variable.bits() <= widest {
            own.factors.push(factor);
        }
    }
    own
}

fn draw_factor(pen: &mut Pen<'_>) -> Factor {
    if pen.one_in(8) {
        let variable = [Variable::X0, Variable::Y0][pen.between(0, 1) as usize];
        return Factor { variable, constant: None, sign: false };
    }
    let variable = READ[pen.between(0, 7) as usize];
    let end = 1 << variable.bits();
    // A constant of 0 has no text of its own.
    let constant = pen.one_in(3).then(|| pen.register((-40, 40), (-end, end - 1))).filter(|c| *c != 0);
    Factor { variable, constant: constant.map(f64::from), sign: variable.is_synaptic() && pen.one_in(4) }
}

fn smaller_series(series: &Series) -> Vec<Series> {
    let mut all = Vec::new();
    if series.products.len() > 1 {
        all.extend((0..series.products.len()).rev().map(|k| {
            let mut own = series.clone();
            own.products.remove(k);
            own
        }));
    }
    for (k, product) in series.products.iter().enumerate() {
        for smaller in smaller_product(product) {
            let mut own = series.clone();
            own.products[k] = smaller;
            all.push(own);
        }
    }
    for own in &mut all {
        own.decimate = own.decimate.filter(|_| own.depends_on(Dependency::U));
    }
    all
}

fn smaller_product(product: &Product) -> Vec<Product> {
    let mut all: Vec<Product> = (0..product.factors.len())
        .rev()
        .map(|k| {
            let mut own = product.clone();
            own.factors.remove(k);
            own
        })
        .collect();
    for k in 0..product.factors.len() {
        let variable = product.factors[k].variable;
        let mut own = product.clone();
        own.factors[k] = Factor { variable, constant: None, sign: false };
        all.push(own);
    }
    all.push(Product { exponent: 0, ..product.clone() });
    all.push(Product { mantissa: product.mantissa.signum(), ..product.clone() });
    all
}
