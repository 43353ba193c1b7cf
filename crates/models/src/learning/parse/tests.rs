use serde_json::Value;

use super::*;
use crate::learning::library::float_to_literal;
use crate::learning::testing::golden;

fn product_fields(series: &Series, p: &Product) -> Value {
    let decimate = (p.dependency == Dependency::U).then_some(series.decimate).flatten();
    let factors: Vec<Value> = p
        .factors
        .iter()
        .map(|f| {
            let constant = f.constant.map_or(Value::Null, |c| match c.fract() == 0.0 {
                true => Value::from(c as i64),
                false => Value::from(c),
            });
            serde_json::json!({ "state_var": f.variable.name(), "const": constant, "is_sgn": f.sign })
        })
        .collect();
    serde_json::json!({
        "dependency": p.dependency.name(), "s_mantissa": p.mantissa, "s_exp": p.exponent + 7,
        "decimate_exponent": decimate, "factors": factors,
    })
}

/// Every row of Lava's recorded table: the same products, or a refusal where Lava refuses.
#[test]
fn every_recorded_rule_parses_as_lava_parses_it() {
    let file = golden("lava/rule_parser.json");
    let (mut accepted, mut refused) = (0, 0);
    for case in file["cases"].as_array().unwrap() {
        for row in case["rows"].as_array().unwrap() {
            let text = row["rule"].as_str().unwrap();
            match (parse(Target::Weight, text), row.get("error")) {
                (Ok((series, _)), None) => {
                    let ours: Vec<Value> = series.products.iter().map(|p| product_fields(&series, p)).collect();
                    assert_eq!(Value::from(ours), row["products"], "{text}");
                    assert_eq!(serde_json::json!(series.decimate), row["decimate_exponent"], "{text}");
                    for (name, traces) in row["active_traces_per_dependency"].as_object().unwrap() {
                        let dependency = [Dependency::X0, Dependency::Y0, Dependency::U]
                            .into_iter()
                            .find(|d| d.name() == name)
                            .unwrap();
                        let mut ours: Vec<&str> = series.traces(dependency).iter().map(|v| v.name()).collect();
                        ours.sort_unstable();
                        assert_eq!(serde_json::json!(ours), *traces, "{text}");
                    }
                    accepted += 1;
                }
                (Err(_), Some(_)) => refused += 1,
                (ours, theirs) => panic!("{text}: {ours:?} against {theirs:?}"),
            }
        }
        for row in case["float_to_literal"].as_array().unwrap() {
            let x = row["x"].as_f64().unwrap();
            assert_eq!(float_to_literal(x).0, row["literal"].as_str().unwrap(), "{x}");
        }
    }
    assert!(accepted >= 25 && refused >= 8, "{accepted} {refused}");
}

#[test]
fn a_literal_of_a_power_of_zero_has_no_sign() {
    assert_eq!([0.9, -0.75].map(|x| float_to_literal(x).0), ["(1) * 2 ^ 0", "(-1) * 2 ^ 0"]);
}

#[test]
fn errors_point_at_the_fault_and_say_what_is_allowed() {
    let error = parse(Target::Weight, "2^-2*x0*y1 - 2.5*y0*x1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "learning rule `dw`: `.` cannot follow a number other than in 2^k; allowed is a constant written as n, 2^k or n*2^k with integers\n\
         dw = 2^-2*x0*y1 - 2.5*y0*x1\n                   ^"
    );
    let error = parse(Target::Tag, "x0*y1 + x1*y2").unwrap_err();
    assert_eq!(&error.rule[error.at..], "+ x1*y2");
    assert_eq!(error.allowed, "x0, y0 or u_k in every product");
    for text in ["", "x0*(y1", "x0*é", "x0 - -2*y0", "x0*u1*w", "x0*()", "007*x0", "x0)"] {
        assert!(parse(Target::Weight, text).is_err(), "{text}");
    }
}

#[test]
fn what_lava_reads_otherwise_than_written_is_reported() {
    let reading = |text: &str| {
        let (series, leniences) = parse(Target::Weight, text).unwrap();
        (series.to_string(), leniences.len())
    };
    assert_eq!(reading("u10*w"), ("0*u1*w".into(), 1));
    assert_eq!(reading("x0*(x1*2)"), ("1*x0*(x1+2)".into(), 1));
    assert_eq!(reading("x0*y1*"), ("1*x0*y1".into(), 1));
    assert_eq!(reading("x0*(-x1)"), ("1*x0*x1".into(), 1));
    assert_eq!(reading("x0*y1 - 2*y0*x1"), ("1*x0*y1 - 2*y0*x1".into(), 0));
}

proptest::proptest! {
    /// No text makes the parser panic, and an accepted one prints to a text with the same meaning.
    #[test]
    fn printing_and_parsing_agree(text in "([xyuwdt0-3()+*^ -]|sgn|x0|y0|u2|2\\^-?[0-9]|y1|é){0,14}") {
        match parse(Target::Tag, &text) {
            Ok((series, _)) => {
                let (again, leniences) = parse(Target::Tag, &series.to_string()).unwrap();
                proptest::prop_assert!(leniences.is_empty(), "{}", series);
                proptest::prop_assert_eq!(again, series);
            }
            Err(error) => proptest::prop_assert!(error.at <= text.len() && text.is_char_boundary(error.at)),
        }
    }
}
