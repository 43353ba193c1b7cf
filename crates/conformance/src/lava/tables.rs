//! Function tables: weights in their formats, rules as products, numbers as literals of a rule.

use pumice::models::connection::quantise::{clip_weights, optimize_weight_bits, truncate_weights};
use pumice::models::connection::weight::SignMode;
use serde::Deserialize;
use serde_json::Value;

use crate::case::Fault;
use crate::compare::{Difference, Expected, earliest, first};

/// Bits of a weight with all its bits.
const FULL: u32 = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WeightRow {
    sign_mode: SignMode,
    num_weight_bits: u32,
    weights: Vec<i32>,
    clipped: Vec<i64>,
    truncated: Vec<i64>,
    optimize_in: Option<Vec<i32>>,
    optimize: Option<Optimized>,
}

impl WeightRow {
    /// Whether Lava made 0 of every weight: it shifts a mixed 255 by -1, for which NumPy gives 0. Pumice refuses it.
    fn is_lost(&self, optimized: &Optimized) -> bool {
        let given = self.optimize_in.iter().flatten().any(|w| *w != 0);
        given && optimized.weights.iter().all(|w| *w == 0)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Optimized {
    weights: Vec<i64>,
    num_weight_bits: i64,
    weight_exp: i64,
}

pub(super) fn weights(rows: &[Value]) -> Result<Option<Fault>, Fault> {
    let rows: Vec<WeightRow> = parse(rows)?;
    let (mut clipped, mut truncated, mut optimized) = (Vec::new(), Vec::new(), Vec::new());
    for row in &rows {
        let cut = clip_weights(&row.weights, row.sign_mode, FULL);
        truncated.push(reals(&truncate_weights(&cut, row.sign_mode, row.num_weight_bits, FULL)));
        clipped.push(reals(&cut));
        optimized.push(match &row.optimize_in {
            Some(weights) => match optimize_weight_bits(weights, row.sign_mode, false) {
                Ok(found) => {
                    let own = [f64::from(found.num_weight_bits), f64::from(found.weight_exp)];
                    [reals(&found.weights), own.to_vec()].concat()
                }
                Err(_) => Vec::new(),
            },
            None => Vec::new(),
        });
    }
    let recorded = |output: &str, of: fn(&WeightRow) -> Vec<i64>| {
        Expected::integers(output, &rows.iter().map(of).collect::<Vec<_>>())
    };
    let best = |row: &WeightRow| match &row.optimize {
        Some(o) if !row.is_lost(o) => [o.weights.clone(), vec![o.num_weight_bits, o.weight_exp]].concat(),
        _ => Vec::new(),
    };
    let found = [
        first(&recorded("clipped", |row| row.clipped.clone()), &clipped),
        first(&recorded("truncated", |row| row.truncated.clone()), &truncated),
        first(&recorded("optimize", best), &optimized),
    ];
    Ok(differs(earliest(found.into_iter().flatten())))
}

fn reals(all: &[i32]) -> Vec<f64> {
    all.iter().map(|x| f64::from(*x)).collect()
}

fn parse<T: for<'a> Deserialize<'a>>(rows: &[Value]) -> Result<Vec<T>, Fault> {
    rows.iter().map(|row| T::deserialize(row).map_err(|fault| Fault::Malformed(fault.to_string()))).collect()
}

fn differs(difference: Option<Difference>) -> Option<Fault> {
    difference.map(|difference| Fault::Differs { form: "function table".into(), difference })
}
