//! Recorded values against computed ones.

use std::fmt;

use crate::case::Fault;

/// The first value that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Name of the output.
    pub output: String,
    /// Row of the recording, counted from 0: the step, or the item of a function table.
    pub step: usize,
    /// Element in the row.
    pub index: usize,
    /// What was recorded.
    pub expected: String,
    /// What was computed.
    pub got: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { output, step, index, expected, got } = self;
        write!(f, "{output} first differs at step {step}, index {index}: expected {expected}, got {got}")
    }
}

/// What was recorded of one output: one row per step; `None` where the emulator itself gave no number.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) output: String,
    pub(crate) rows: Vec<Vec<Option<f64>>>,
}

impl Expected {
    pub(crate) fn new(output: impl Into<String>, rows: Vec<Vec<Option<f64>>>) -> Self {
        Expected { output: output.into(), rows }
    }

    /// One row per step from rows of integers.
    pub(crate) fn integers(output: impl Into<String>, rows: &[Vec<i64>]) -> Self {
        let rows = rows.iter().map(|row| row.iter().map(|x| Some(*x as f64)).collect());
        Expected { output: output.into(), rows: rows.collect() }
    }

    /// One row of `n` flags per step from lists of indices that fired.
    pub(crate) fn spikes(output: impl Into<String>, n: usize, fired: &[Vec<usize>]) -> Result<Self, Fault> {
        let output = output.into();
        let row = |fired: &Vec<usize>| {
            let mut row = vec![Some(0.0); n];
            for i in fired {
                let flag = row.get_mut(*i);
                *flag.ok_or_else(|| Fault::Malformed(format!("`{output}` has a spike of {i} among {n}")))? = Some(1.0);
            }
            Ok(row)
        };
        let rows = fired.iter().map(row).collect::<Result<_, _>>()?;
        Ok(Expected { output, rows })
    }
}

/// Largest relative difference of real numbers; sums of the same terms in another order stay far below it.
const TOLERANCE: f64 = 1e-9;

/// Beyond it real numbers are so far apart that one is whole by chance; no emulator has integers of that size.
const WHOLE: f64 = (1_u64 << 48) as f64;

/// Whether a computed number is the recorded one.
pub(crate) fn same(expected: f64, got: f64) -> bool {
    match expected.fract() == 0.0 && got.fract() == 0.0 && expected.abs() < WHOLE {
        true => expected == got,
        false => (expected - got).abs() <= TOLERANCE * expected.abs().max(1.0),
    }
}

/// The first difference between what was recorded and computed.
pub(crate) fn first(expected: &Expected, got: &[Vec<f64>]) -> Option<Difference> {
    let at = |step: usize, index: usize, expected_text: String, got_text: String| Difference {
        output: expected.output.clone(),
        step,
        index,
        expected: expected_text,
        got: got_text,
    };
    for (t, row) in expected.rows.iter().enumerate() {
        let Some(found) = got.get(t) else {
            return Some(at(t, 0, format!("{} values", row.len()), "no such step".into()));
        };
        if found.len() != row.len() {
            return Some(at(t, 0, format!("{} values", row.len()), format!("{} values", found.len())));
        }
        let differs = |(e, g): (&Option<f64>, &f64)| e.is_some_and(|e| !same(e, *g));
        if let Some(i) = row.iter().zip(found).position(differs) {
            return Some(at(t, i, row[i].map_or_else(String::new, |x| x.to_string()), found[i].to_string()));
        }
    }
    None
}

/// The earliest of some differences.
pub(crate) fn earliest(differences: impl Iterator<Item = Difference>) -> Option<Difference> {
    differences.min_by_key(|d| (d.step, d.index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_must_be_equal_and_reals_near() {
        assert!(same(5.0, 5.0) && !same(5.0, 6.0) && !same(1e12, 1e12 + 1.0));
        assert!(same(0.1 + 0.2, 0.3) && !same(0.3, 0.300_001) && !same(0.5, f64::NAN));
        assert!(same(3.298_408_276_603_986e15, 3.298_408_276_603_984e15) && !same(1e16, 1.000_001e16));
    }

    #[test]
    fn the_first_difference_is_found_and_absent_values_are_skipped() {
        let expected = Expected::new("v", vec![vec![Some(1.0), None], vec![Some(2.0), Some(3.0)]]);
        assert_eq!(first(&expected, &[vec![1.0, 9.0], vec![2.0, 3.0]]), None);
        let found = first(&expected, &[vec![1.0, 9.0], vec![2.0, 4.0]]).unwrap();
        assert_eq!((found.step, found.index, found.expected.as_str(), found.got.as_str()), (1, 1, "3", "4"));
        assert_eq!(first(&expected, &[vec![1.0, 9.0]]).unwrap().step, 1);
        assert_eq!(found.to_string(), "v first differs at step 1, index 1: expected 3, got 4");
    }
}
