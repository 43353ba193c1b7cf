//! The table of rule texts: what each parses to, or that it is refused.

use pumice::models::learning::library::float_to_literal;
use pumice::models::learning::parse::parse;
use pumice::models::learning::product::{Dependency, Product, Series, Target};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::case::Fault;
use crate::compare::Difference;

#[derive(Deserialize)]
struct Row {
    rule: String,
    /// Lava's message, where it refuses the text.
    error: Option<String>,
    #[serde(flatten)]
    series: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Literal {
    x: f64,
    literal: String,
}

/// What Lava adds to a stored exponent.
const EXPONENT_OFFSET: i32 = 7;

pub(super) fn replay(rows: &[Value], literals: &[Value]) -> Result<Option<Fault>, Fault> {
    let malformed = |fault: serde_json::Error| Fault::Malformed(fault.to_string());
    for (step, row) in rows.iter().enumerate() {
        let row = Row::deserialize(row).map_err(malformed)?;
        let found = parse(Target::Weight, &row.rule);
        let (expected, got) = match (&row.error, found) {
            (Some(_), Err(_)) => continue,
            (Some(error), Ok((series, _))) => (format!("refused ({error})"), described(&series).to_string()),
            (None, Err(fault)) => (row.series.to_string(), format!("refused ({})", fault.fault)),
            (None, Ok((series, _))) if same(&row.series, &described(&series)) => continue,
            (None, Ok((series, _))) => (row.series.to_string(), described(&series).to_string()),
        };
        return Ok(Some(differs(&row.rule, step, expected, got)));
    }
    for (step, literal) in literals.iter().enumerate() {
        let Literal { x, literal } = Literal::deserialize(literal).map_err(malformed)?;
        let (got, _) = float_to_literal(x);
        if got != literal {
            return Ok(Some(differs("float_to_literal", step, literal, got)));
        }
    }
    Ok(None)
}

fn differs(output: &str, step: usize, expected: String, got: String) -> Fault {
    let difference = Difference { output: format!("`{output}`"), step, index: 0, expected, got };
    Fault::Differs { form: "function table".into(), difference }
}

/// A series under Lava's names.
fn described(series: &Series) -> Value {
    let traces = |dependency: &Dependency| {
        let names = series.traces(*dependency).into_iter().map(|variable| variable.name()).collect::<Vec<_>>();
        (dependency.name().to_owned(), json!(names))
    };
    let depends = [Dependency::X0, Dependency::Y0, Dependency::U].into_iter().filter(|d| series.depends_on(*d));
    json!({
        "decimate_exponent": series.decimate,
        "products": series.products.iter().map(|product| of_product(series, product)).collect::<Vec<_>>(),
        "active_traces_per_dependency":
            depends.map(|d| traces(&d)).collect::<serde_json::Map<_, _>>(),
    })
}

fn of_product(series: &Series, product: &Product) -> Value {
    let factors = product
        .factors
        .iter()
        .map(|factor| json!({ "state_var": factor.variable.name(), "const": factor.constant, "is_sgn": factor.sign }));
    json!({
        "dependency": product.dependency.name(),
        "s_mantissa": product.mantissa,
        "s_exp": product.exponent + EXPONENT_OFFSET,
        "decimate_exponent": series.decimate.filter(|_| product.dependency == Dependency::U),
        "factors": factors.collect::<Vec<_>>(),
    })
}

/// Equality of JSON in which numbers count by value and lists of traces in any order.
fn same(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) if a.iter().all(Value::is_string) => {
            a.len() == b.len() && a.iter().all(|name| b.contains(name))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && b.iter().all(|(name, value)| a.get(name).is_some_and(|own| same(own, value)))
        }
        _ => expected == got,
    }
}
