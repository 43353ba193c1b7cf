//! Rule text in brian2-loihi's grammar, to an expression.
//!
//! ```text
//! + - * ^ ** ( ) sign() over x0 x1 x2 y0 y1 y2 y3 w, u0 to u9, integers
//! every term between + and - has x0, y0 or u_k; ^ stands between 2 and an exponent of -7 to 9
//! ```
//!
//! Which texts are taken is pinned by a recorded table of brian2-loihi 0.5. Its checks look at characters, not at
//! structure: a sign inside a bracket separates terms unless it follows the first character of the bracket.

use crate::learning::parse::RuleError;

/// What an expression reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    X0,
    Y0,
    X1,
    X2,
    Y1,
    Y2,
    Y3,
    W,
    U(u32),
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Number(f64),
    Read(Name),
    Minus(Box<Expression>),
    Sign(Box<Expression>),
    Sum(Box<Expression>, Box<Expression>),
    Product(Box<Expression>, Box<Expression>),
    Power(Box<Expression>, Box<Expression>),
}

impl Expression {
    /// The value, with `read` for what it reads.
    pub(super) fn value(&self, read: &impl Fn(Name) -> f64) -> f64 {
        match self {
            Expression::Number(x) => *x,
            Expression::Read(name) => read(*name),
            Expression::Minus(a) => -a.value(read),
            Expression::Sign(a) => {
                let v = a.value(read);
                if v == 0.0 { 0.0 } else { v.signum() }
            }
            Expression::Sum(a, b) => a.value(read) + b.value(read),
            Expression::Product(a, b) => a.value(read) * b.value(read),
            Expression::Power(a, b) => a.value(read).powf(b.value(read)),
        }
    }

    /// Whether it reads `name`.
    pub(super) fn reads(&self, name: Name) -> bool {
        match self {
            Expression::Number(_) => false,
            Expression::Read(other) => *other == name,
            Expression::Minus(a) | Expression::Sign(a) => a.reads(name),
            Expression::Sum(a, b) | Expression::Product(a, b) | Expression::Power(a, b) => {
                a.reads(name) || b.reads(name)
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Name(Name),
    Sign,
    Number,
    Mark(char),
}

#[derive(Clone, Copy, Debug)]
struct Token {
    /// First character and the one after the last, without blanks.
    start: usize,
    end: usize,
    kind: Kind,
}

/// Parses a rule.
///
/// # Errors
/// Where brian2-loihi refuses it, or Brian could not read the expression.
pub(super) fn parse(rule: &str) -> Result<Expression, RuleError> {
    let text = Text { rule, chars: rule.char_indices().filter(|c| !matches!(c.1, ' ' | '\t')).collect() };
    let tokens = text.tokens()?;
    text.check_ends(&tokens)?;
    text.check_neighbours(&tokens)?;
    text.check_powers()?;
    text.check_terms()?;
    let mut reader = Reader { text: &text, tokens: &tokens, at: 0, depth: 0 };
    let expression = reader.sum()?;
    match tokens.get(reader.at) {
        None => Ok(expression),
        Some(t) => Err(text.fault(t.start, "the expression does not end here", "an operator between factors")),
    }
}

struct Text<'a> {
    rule: &'a str,
    chars: Vec<(usize, char)>,
}

const SYMBOLS: &str = "x0, x1, x2, y0, y1, y2, y3, u0 to u9, w, sign(), integers, + - * ^ ( )";

impl Text<'_> {
    fn fault(&self, at: usize, fault: impl Into<String>, allowed: &str) -> RuleError {
        RuleError {
            name: "dw".into(),
            rule: self.rule.into(),
            at: self.chars.get(at).map_or(self.rule.len(), |c| c.0),
            fault: fault.into(),
            allowed: allowed.into(),
        }
    }

    fn at(&self, i: usize) -> char {
        self.chars.get(i).map_or('\0', |c| c.1)
    }

    fn digits(&self, mut i: usize) -> usize {
        while self.at(i).is_ascii_digit() {
            i += 1;
        }
        i
    }

    fn tokens(&self) -> Result<Vec<Token>, RuleError> {
        let (mut tokens, mut i) = (Vec::new(), 0);
        while i < self.chars.len() {
            let (c, next) = (self.at(i), self.at(i + 1));
            let (kind, end) = match (c, next) {
                ('x', '0') => (Kind::Name(Name::X0), i + 2),
                ('x', '1') => (Kind::Name(Name::X1), i + 2),
                ('x', '2') => (Kind::Name(Name::X2), i + 2),
                ('y', '0') => (Kind::Name(Name::Y0), i + 2),
                ('y', '1') => (Kind::Name(Name::Y1), i + 2),
                ('y', '2') => (Kind::Name(Name::Y2), i + 2),
                ('y', '3') => (Kind::Name(Name::Y3), i + 2),
                ('w', _) => (Kind::Name(Name::W), i + 1),
                ('u', k) if k.is_ascii_digit() => {
                    let end = self.digits(i + 1);
                    if end != i + 2 {
                        return Err(self.fault(i, "the k of this u has more than one digit", "u0 to u9"));
                    }
                    (Kind::Name(Name::U(k as u32 - '0' as u32)), end)
                }
                ('s', 'i') if self.at(i + 2) == 'g' && self.at(i + 3) == 'n' && self.at(i + 4) == '(' => {
                    (Kind::Sign, i + 5)
                }
                (d, _) if d.is_ascii_digit() => {
                    let end = self.digits(i);
                    if d == '0' && (i..end).any(|k| self.at(k) != '0') {
                        return Err(self.fault(i, "this integer begins with 0", "an integer without leading zeros"));
                    }
                    (Kind::Number, end)
                }
                ('+' | '-' | '*' | '^' | '(' | ')', _) => (Kind::Mark(c), i + 1),
                _ => return Err(self.fault(i, format!("`{c}` begins no symbol"), SYMBOLS)),
            };
            tokens.push(Token { start: i, end, kind });
            i = end;
        }
        Ok(tokens)
    }

    fn check_ends(&self, tokens: &[Token]) -> Result<(), RuleError> {
        match (tokens.first(), tokens.last()) {
            (Some(t), _) if t.kind == Kind::Mark('*') => {
                Err(self.fault(0, "the rule begins with `*`", "a factor or a sign"))
            }
            (_, Some(t)) if matches!(t.kind, Kind::Mark('+' | '-' | '*')) => {
                Err(self.fault(t.start, "the rule ends with an operator", "a factor after it"))
            }
            (None, _) => Err(self.fault(0, "nothing stands here", SYMBOLS)),
            _ => Ok(()),
        }
    }

    /// A name or sign() outside sign() stands between operators or brackets.
    fn check_neighbours(&self, tokens: &[Token]) -> Result<(), RuleError> {
        let mut inside_until = 0;
        for t in tokens.iter().filter(|t| matches!(t.kind, Kind::Name(_) | Kind::Sign)) {
            if t.start < inside_until {
                continue;
            }
            let mut end = t.end;
            if t.kind == Kind::Sign {
                end = (t.end..self.chars.len()).find(|i| self.at(*i) == ')').map_or(t.end, |i| i + 1);
                inside_until = end;
            }
            let before = t.start == 0 || matches!(self.at(t.start - 1), '+' | '*' | '(' | '-');
            let after = end == self.chars.len() || matches!(self.at(end), '+' | '*' | ')' | '-');
            if !before || !after {
                return Err(self.fault(
                    t.start,
                    "this symbol does not stand between operators",
                    "+ - * or a bracket on both sides",
                ));
            }
        }
        Ok(())
    }

    /// Every ^ follows a 2 and precedes -7 to 9.
    fn check_powers(&self) -> Result<(), RuleError> {
        let mut taken = 0;
        for i in (0..self.chars.len()).filter(|i| self.at(*i) == '^') {
            let (sign, digit) = (self.at(i + 1), self.at(i + 2));
            let plain = sign.is_ascii_digit();
            let signed = (sign == '+' && digit.is_ascii_digit()) || (sign == '-' && ('0'..='7').contains(&digit));
            if i == 0 || i - 1 < taken || self.at(i - 1) != '2' || !(plain || signed) {
                return Err(self.fault(i, "this `^` is malformed", "2^k with k in -7..=9"));
            }
            taken = i + if plain { 2 } else { 3 };
        }
        Ok(())
    }

    /// Every term has x0, y0 or u_k; terms end at signs that no bracket or exponent claims.
    fn check_terms(&self) -> Result<(), RuleError> {
        let n = self.chars.len();
        let separates = |i: usize| {
            let sign = matches!(self.at(i), '+' | '-');
            let in_bracket =
                i >= 2 && self.at(i - 2) == '(' && self.at(i - 1) != ')' && (i + 1..n).any(|k| self.at(k) == ')');
            let exponent = i >= 2 && self.at(i - 1) == '^' && self.at(i - 2) == '2';
            sign && !in_bracket && !exponent
        };
        let mut start = 0;
        for end in (0..n).filter(|i| separates(*i)).chain([n]) {
            let depends = (start..end).any(|i| match (self.at(i), self.at(i + 1)) {
                ('x' | 'y', '0') => i + 1 < end,
                ('u', k) => i + 1 < end && k.is_ascii_digit(),
                _ => false,
            });
            if end > start && !depends {
                return Err(self.fault(start, "this term has no dependency", "x0, y0 or u0 to u9 in every term"));
            }
            start = end + 1;
        }
        Ok(())
    }
}

struct Reader<'a> {
    text: &'a Text<'a>,
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

/// Brackets and signs may nest as deep as this.
const DEEPEST: usize = 200;

impl Reader<'_> {
    fn mark(&mut self, c: char) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|t| t.kind == Kind::Mark(c));
        self.at += usize::from(found);
        found
    }

    fn sum(&mut self) -> Result<Expression, RuleError> {
        let mut left = self.product()?;
        loop {
            if self.mark('+') {
                left = Expression::Sum(left.into(), self.product()?.into());
            } else if self.mark('-') {
                left = Expression::Sum(left.into(), Expression::Minus(self.product()?.into()).into());
            } else {
                return Ok(left);
            }
        }
    }

    fn product(&mut self) -> Result<Expression, RuleError> {
        let mut left = self.signed()?;
        while self.mark('*') {
            left = Expression::Product(left.into(), self.signed()?.into());
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<Expression, RuleError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.text.fault(0, "brackets and signs nest too deep", "at most 200 levels"));
        }
        let expression = if self.mark('-') {
            Expression::Minus(self.signed()?.into())
        } else if self.mark('+') {
            self.signed()?
        } else {
            self.power()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn power(&mut self) -> Result<Expression, RuleError> {
        let base = self.atom()?;
        let stars = |k: usize| self.tokens.get(self.at + k).is_some_and(|t| t.kind == Kind::Mark('*'));
        let double = stars(0) && stars(1) && self.tokens[self.at].end == self.tokens[self.at + 1].start;
        if self.mark('^') || (double && self.mark('*') && self.mark('*')) {
            return Ok(Expression::Power(base.into(), self.signed()?.into()));
        }
        Ok(base)
    }

    fn atom(&mut self) -> Result<Expression, RuleError> {
        let Some(token) = self.tokens.get(self.at).copied() else {
            return Err(self.text.fault(self.text.chars.len(), "a factor is missing", SYMBOLS));
        };
        self.at += 1;
        match token.kind {
            Kind::Name(name) => Ok(Expression::Read(name)),
            Kind::Number => {
                let digits: String = self.text.chars[token.start..token.end].iter().map(|c| c.1).collect();
                digits
                    .parse()
                    .map(Expression::Number)
                    .map_err(|_| self.text.fault(token.start, "this is no number", "an integer"))
            }
            Kind::Sign | Kind::Mark('(') => {
                let inner = self.sum()?;
                if !self.mark(')') {
                    return Err(self.text.fault(token.start, "this bracket is not closed", "a closing bracket"));
                }
                Ok(if token.kind == Kind::Sign { Expression::Sign(inner.into()) } else { inner })
            }
            Kind::Mark(c) => Err(self.text.fault(token.start, format!("`{c}` begins no factor"), SYMBOLS)),
        }
    }
}
