//! Rule text to series, in Lava's grammar.
//!
//! ```text
//! rule    := [+|-] product { (+|-) product }
//! product := symbol { * symbol }
//! symbol  := x0 | y0 | u<digit> | x1 x2 y1 y2 y3 w d t | literal
//!          | ( [+|-] literal ) | ( [+|-] variable (+|-) literal ) | ( [+|-] literal (+|-) variable )
//!          | sgn( same, of w d t )
//! literal := n | 2^k | n*2^k
//! ```
//!
//! The first of x0, y0, u_k in a product is its dependency; further x0 and y0 are 1-bit factors. All literals of
//! a product multiply into one mantissa and exponent. Source: Lava 0.10
//! `lava/magma/core/learning/{symbolic_equation,product_series}.py`, pinned by its recorded table.
//!
//! Lava also takes texts that it reads otherwise than they are written (`u10`, `(x1*2)`, `x0*`). They parse to what
//! Lava makes of them, and every such place is a [`Lenience`]; only the arithmetic `lava-0.10` runs them.

use std::fmt;

use thiserror::Error;

use super::product::{Dependency, Factor, Product, Series, Target, Variable};

/// A fault in the text of a rule, with its place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct RuleError {
    /// Name of the rule: `dw`, `dd` or `dt`.
    pub name: String,
    /// The whole text.
    pub rule: String,
    /// Byte at which the fault begins.
    pub at: usize,
    /// What is wrong.
    pub fault: String,
    /// What would be accepted.
    pub allowed: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indent = self.name.chars().count() + 3 + self.rule[..self.at].chars().count();
        write!(
            f,
            "learning rule `{}`: {}; allowed is {}\n{} = {}\n{:indent$}^",
            self.name, self.fault, self.allowed, self.name, self.rule, ""
        )
    }
}

/// A place where Lava reads a rule otherwise than it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lenience {
    /// Byte of the text.
    pub at: usize,
    /// How it is read.
    pub reading: String,
}

/// Parses the rule of one target.
///
/// # Errors
/// If Lava would refuse it: an unknown symbol, a missing dependency, an unbalanced bracket, a constant
/// that no mantissa and exponent hold.
pub fn parse(target: Target, rule: &str) -> Result<(Series, Vec<Lenience>), RuleError> {
    let mut parser =
        Parser { target, rule, text: rule.char_indices().filter(|(_, c)| *c != ' ').collect(), leniences: Vec::new() };
    let symbols = parser.symbols(0, parser.text.len())?;
    let series = parser.series(&symbols)?;
    Ok((series, parser.leniences))
}

const SYMBOLS: &str = "x0, y0, u0 to u9, x1, x2, y1, y2, y3, w, d, t, integers, 2^k, n*2^k, sgn(), brackets, + - *";
const BRACKET: &str = "a literal, or a variable plus or minus a literal";

#[derive(Clone, Debug)]
struct Symbol {
    at: usize,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Plus,
    Minus,
    Times,
    Spike(Dependency, u32),
    Variable(Variable),
    Literal { mantissa: i128, exponent: i128 },
    Bracket { sign: bool, inner: Vec<Symbol> },
}

impl Kind {
    const fn is_operator(&self) -> bool {
        matches!(self, Kind::Plus | Kind::Minus | Kind::Times)
    }
}

struct Parser<'a> {
    target: Target,
    rule: &'a str,
    /// The characters that are not blanks, with their places.
    text: Vec<(usize, char)>,
    leniences: Vec<Lenience>,
}

impl Parser<'_> {
    fn fault(&self, at: usize, fault: impl Into<String>, allowed: &str) -> RuleError {
        RuleError {
            name: self.target.name().into(),
            rule: self.rule.into(),
            at: at.min(self.rule.len()),
            fault: fault.into(),
            allowed: allowed.into(),
        }
    }

    fn lenient(&mut self, at: usize, reading: &str) {
        self.leniences.push(Lenience { at, reading: reading.into() });
    }

    /// The place in the text of character `i`, or its end.
    fn place(&self, i: usize) -> usize {
        self.text.get(i).map_or(self.rule.len(), |c| c.0)
    }

    fn starts(&self, i: usize, end: usize, word: &str) -> bool {
        i + word.len() <= end && word.chars().enumerate().all(|(k, c)| self.text[i + k].1 == c)
    }

    fn symbols(&mut self, start: usize, end: usize) -> Result<Vec<Symbol>, RuleError> {
        if start == end {
            return Err(self.fault(self.place(start), "nothing stands here", SYMBOLS));
        }
        let (mut found, mut i): (Vec<Symbol>, usize) = (Vec::new(), start);
        while i < end {
            let at = self.place(i);
            let (kind, next) = self.symbol(i, end)?;
            let joined = found.last().is_some_and(|s| !s.kind.is_operator());
            if joined && !kind.is_operator() {
                self.lenient(at, "a missing `*` is read as one");
            }
            found.push(Symbol { at, kind });
            i = next;
        }
        Ok(found)
    }

    fn symbol(&mut self, i: usize, end: usize) -> Result<(Kind, usize), RuleError> {
        match self.text[i].1 {
            '+' => return Ok((Kind::Plus, i + 1)),
            '-' => return Ok((Kind::Minus, i + 1)),
            '*' => return Ok((Kind::Times, i + 1)),
            '(' => return self.bracket(i, i + 1, end, false),
            _ => {}
        }
        for (word, dependency) in [("x0", Dependency::X0), ("y0", Dependency::Y0)] {
            if self.starts(i, end, word) {
                return Ok((Kind::Spike(dependency, 0), i + 2));
            }
        }
        if self.text[i].1 == 'u'
            && i + 1 < end
            && let Some(k) = self.text[i + 1].1.to_digit(10)
        {
            return Ok((Kind::Spike(Dependency::U, k), i + 2));
        }
        for variable in Variable::ALL {
            if self.starts(i, end, variable.name()) {
                return Ok((Kind::Variable(variable), i + variable.name().len()));
            }
        }
        if self.starts(i, end, "sgn(") {
            return self.bracket(i, i + 4, end, true);
        }
        if self.text[i].1.is_ascii_digit() {
            return self.literal(i, end);
        }
        let c = self.text[i].1;
        Err(self.fault(self.place(i), format!("`{c}` begins no symbol"), SYMBOLS))
    }

    fn bracket(&mut self, i: usize, inside: usize, end: usize, sign: bool) -> Result<(Kind, usize), RuleError> {
        let mut depth = 1;
        for close in inside..end {
            match self.text[close].1 {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                let inner = self.symbols(inside, close)?;
                return Ok((Kind::Bracket { sign, inner }, close + 1));
            }
        }
        Err(self.fault(self.place(i), "this bracket is not closed", "a closing bracket"))
    }

    fn digits(&self, mut i: usize, end: usize) -> usize {
        while i < end && self.text[i].1.is_ascii_digit() {
            i += 1;
        }
        i
    }

    fn number(&self, from: usize, to: usize) -> Result<i128, RuleError> {
        let text: String = self.text[from..to].iter().map(|c| c.1).collect();
        if text.len() > 1 && text.starts_with('0') && text.chars().any(|c| c != '0') {
            return Err(self.fault(
                self.place(from),
                format!("`{text}` begins with 0"),
                "an integer without leading zeros",
            ));
        }
        text.parse().map_err(|_| {
            self.fault(
                self.place(from),
                format!("`{text}` is too large"),
                "a constant m * 2^e with m in -8..=7 and e in -7..=8",
            )
        })
    }

    /// `2^k` from character `i`: the exponent and where it ends.
    fn power(&self, i: usize, end: usize) -> Option<Result<(i128, usize), RuleError>> {
        if !self.starts(i, end, "2^") {
            return None;
        }
        let signed = i + 2 < end && matches!(self.text[i + 2].1, '+' | '-');
        let from = i + 2 + usize::from(signed);
        let to = self.digits(from, end);
        (to > from).then(|| {
            let negative = signed && self.text[i + 2].1 == '-';
            self.number(from, to).map(|k| (if negative { -k } else { k }, to))
        })
    }

    fn literal(&self, i: usize, end: usize) -> Result<(Kind, usize), RuleError> {
        let to = self.digits(i, end);
        if to < end
            && self.text[to].1 == '*'
            && let Some(power) = self.power(to + 1, end)
        {
            let (exponent, next) = power?;
            return Ok((Kind::Literal { mantissa: self.number(i, to)?, exponent }, next));
        }
        if let Some(power) = self.power(i, end) {
            let (exponent, next) = power?;
            return Ok((Kind::Literal { mantissa: 1, exponent }, next));
        }
        if to < end && matches!(self.text[to].1, '.' | '^') {
            return Err(self.fault(
                self.place(to),
                format!("`{}` cannot follow a number other than in 2^k", self.text[to].1),
                "a constant written as n, 2^k or n*2^k with integers",
            ));
        }
        Ok((Kind::Literal { mantissa: self.number(i, to)?, exponent: 0 }, to))
    }

    fn series(&mut self, symbols: &[Symbol]) -> Result<Series, RuleError> {
        let mut groups: Vec<Vec<&Symbol>> = vec![Vec::new()];
        for (k, symbol) in symbols.iter().enumerate() {
            let operator_next = symbols.get(k + 1).is_none_or(|s| s.kind.is_operator());
            match symbol.kind {
                Kind::Times => {
                    let first = k == 0 || symbols[k - 1].kind.is_operator();
                    if first || operator_next {
                        self.lenient(symbol.at, "a `*` without a factor on each side is ignored");
                    }
                    continue;
                }
                Kind::Plus | Kind::Minus if !groups[groups.len() - 1].is_empty() => groups.push(Vec::new()),
                _ => {}
            }
            let last = groups.len() - 1;
            groups[last].push(symbol);
        }
        let mut series = Series { target: self.target, decimate: None, products: Vec::new() };
        for group in &groups {
            let mut draft = Draft::default();
            for symbol in group {
                self.take(symbol, &mut draft, &mut series.decimate)?;
            }
            let at = group.first().map_or(self.rule.len(), |s| s.at);
            series.products.push(self.product(at, draft)?);
        }
        Ok(series)
    }

    fn take(&mut self, symbol: &Symbol, draft: &mut Draft, decimate: &mut Option<u32>) -> Result<(), RuleError> {
        let at = symbol.at;
        match &symbol.kind {
            Kind::Plus | Kind::Times => {}
            Kind::Minus => draft.multiply(-1, 0),
            Kind::Spike(Dependency::U, k) => {
                if decimate.is_some_and(|other| other != *k) {
                    return Err(self.fault(
                        at,
                        format!("u{k} stands beside another u"),
                        "one and the same u_k in all products",
                    ));
                }
                if draft.dependency.is_some_and(|d| d != Dependency::U) {
                    return Err(self.fault(
                        at,
                        format!("u{k} stands after a spike dependency"),
                        "u_k as the first dependency of its product",
                    ));
                }
                (*decimate, draft.dependency) = (Some(*k), Some(Dependency::U));
            }
            Kind::Spike(dependency, _) if draft.dependency.is_none() => draft.dependency = Some(*dependency),
            Kind::Spike(dependency, _) => draft.factor(flag(*dependency), None, false),
            Kind::Variable(variable) => draft.factor(*variable, None, false),
            Kind::Literal { mantissa, exponent } => draft.multiply(*mantissa, *exponent),
            Kind::Bracket { sign, inner } => self.bracketed(at, *sign, inner, draft)?,
        }
        Ok(())
    }

    fn bracketed(&mut self, at: usize, sign: bool, inner: &[Symbol], draft: &mut Draft) -> Result<(), RuleError> {
        let leading = inner[0].kind.is_operator();
        let negative = matches!(inner[0].kind, Kind::Minus);
        let body = &inner[usize::from(leading)..];
        let unfit = |parser: &Self| parser.fault(at, "this bracket is no factor", BRACKET);
        let (variable, constant, minus) = match body {
            [] => return Err(unfit(self)),
            [one] => match &one.kind {
                Kind::Literal { mantissa, exponent } if !sign => {
                    draft.multiply(if negative { -mantissa } else { *mantissa }, *exponent);
                    return Ok(());
                }
                Kind::Variable(variable) => {
                    if negative {
                        self.lenient(at, "the minus in front of a lone variable in a bracket is ignored");
                    }
                    (*variable, None, false)
                }
                _ if sign => {
                    return Err(self.fault(at, "sgn() has no variable", "sgn of w, d or t, plus or minus a literal"));
                }
                _ => {
                    self.lenient(at, "a bracket around a dependency or a bracket is ignored");
                    return Ok(());
                }
            },
            [a, operator, b, rest @ ..] => {
                if !rest.is_empty() || matches!(operator.kind, Kind::Times) || !operator.kind.is_operator() {
                    self.lenient(operator.at, "a bracket is read as its first symbol plus or minus its third");
                }
                let second = matches!(operator.kind, Kind::Minus);
                match (inside(&a.kind), literal(&b.kind), literal(&a.kind), inside(&b.kind)) {
                    (Some(v), Some(c), _, _) => (v, Some(if second { -c } else { c }), negative),
                    (_, _, Some(c), Some(v)) => (v, Some(if negative { -c } else { c }), second),
                    _ => return Err(unfit(self)),
                }
            }
            _ => return Err(unfit(self)),
        };
        if sign && (minus || !variable.is_synaptic()) {
            return Err(self.fault(
                at,
                format!("sgn() is applied to {}{}", if minus { "-" } else { "" }, variable.name()),
                "sgn of w, d or t, plus or minus a literal",
            ));
        }
        if minus {
            draft.multiply(-1, 0);
        }
        draft.factor(variable, constant.map(|c| if minus { -c } else { c }), sign);
        Ok(())
    }

    fn product(&self, at: usize, draft: Draft) -> Result<Product, RuleError> {
        let (mut mantissa, mut exponent) = (draft.mantissa, draft.exponent);
        while mantissa.abs() > 7 && mantissa % 2 == 0 && exponent < 8 {
            (mantissa, exponent) = (mantissa / 2, exponent + 1);
        }
        let Some(dependency) = draft.dependency else {
            return Err(self.fault(at, "this product has no dependency", "x0, y0 or u_k in every product"));
        };
        let allowed = "a constant m * 2^e with m in -8..=7 and e in -7..=8";
        if !(-8..8).contains(&mantissa) {
            return Err(self.fault(
                at,
                format!("the constant {mantissa} * 2^{exponent} of this product has no 4-bit mantissa"),
                allowed,
            ));
        }
        if !(-7..9).contains(&exponent) {
            return Err(self.fault(
                at,
                format!("the exponent of the constant {mantissa} * 2^{exponent} of this product is out of range"),
                allowed,
            ));
        }
        Ok(Product { dependency, mantissa: mantissa as i32, exponent: exponent as i32, factors: draft.factors })
    }
}

const fn flag(dependency: Dependency) -> Variable {
    match dependency {
        Dependency::Y0 => Variable::Y0,
        _ => Variable::X0,
    }
}

/// What may stand beside a literal in a bracket.
const fn inside(kind: &Kind) -> Option<Variable> {
    match kind {
        Kind::Variable(v) => Some(*v),
        Kind::Spike(Dependency::X0, _) => Some(Variable::X0),
        Kind::Spike(Dependency::Y0, _) => Some(Variable::Y0),
        _ => None,
    }
}

fn literal(kind: &Kind) -> Option<f64> {
    match kind {
        Kind::Literal { mantissa, exponent } => Some(*mantissa as f64 * (*exponent as f64).exp2()),
        _ => None,
    }
}

struct Draft {
    dependency: Option<Dependency>,
    mantissa: i128,
    exponent: i128,
    factors: Vec<Factor>,
}

impl Default for Draft {
    fn default() -> Self {
        Draft { dependency: None, mantissa: 1, exponent: 0, factors: Vec::new() }
    }
}

impl Draft {
    /// Multiplies the constant; what does not fit stays odd and too large, and is refused later.
    fn multiply(&mut self, mantissa: i128, exponent: i128) {
        self.mantissa = self.mantissa.checked_mul(mantissa).unwrap_or(i128::MAX);
        self.exponent = self.exponent.saturating_add(exponent);
    }

    fn factor(&mut self, variable: Variable, constant: Option<f64>, sign: bool) {
        self.factors.push(Factor { variable, constant, sign });
    }
}

#[cfg(test)]
mod tests;
