//! Wraps, clips and saturations: counted always, the first of each kept with its place.

use serde::{Deserialize, Serialize};

/// What happened to a value that did not fit its register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverflowKind {
    /// The high bits were lost.
    Wrap,
    /// The value stopped at the end of the register.
    Saturate,
    /// The value was cut to a range when it was loaded.
    Clip,
    /// The register's policy is an error: the run stops.
    Error,
    /// The value does not fit the bits that a `BitCheck` asks for.
    Exceed,
    /// A real lost its fraction on its way to a process of integers.
    Truncate,
}

/// How often one variable of one process left its register, and where first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverflowRecord {
    /// Variable, under the name its model gives it.
    pub variable: String,
    /// What happened.
    pub kind: OverflowKind,
    /// How often.
    pub count: u64,
    /// Step of the first occurrence; 0 is before the first step.
    pub first_step: u64,
    /// Element of the first occurrence.
    pub first_index: u32,
}

/// The overflow records of one process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overflow {
    records: Vec<OverflowRecord>,
}

impl Overflow {
    /// Adds `count` occurrences, the first of them at `index` in `step`.
    pub fn note(&mut self, variable: &str, kind: OverflowKind, count: u64, step: u64, index: u32) {
        if count == 0 {
            return;
        }
        match self.records.iter_mut().find(|r| r.variable == variable && r.kind == kind) {
            Some(record) => {
                record.count += count;
                if (step, index) < (record.first_step, record.first_index) {
                    (record.first_step, record.first_index) = (step, index);
                }
            }
            None => self.records.push(OverflowRecord {
                variable: variable.to_owned(),
                kind,
                count,
                first_step: step,
                first_index: index,
            }),
        }
    }

    /// Notes the reals that `step` cuts to integers of 32 bits, as a cast does: toward zero, and to the ends of the range.
    /// What is beyond counts as `beyond`. Gives the place of a value that is not a number.
    pub fn note_cut(
        &mut self,
        variable: &str,
        beyond: OverflowKind,
        step: u64,
        reals: impl Iterator<Item = (u32, f64)>,
    ) -> Option<u32> {
        for (i, x) in reals {
            if x.is_nan() {
                return Some(i);
            }
            let whole = x.trunc();
            if f64::from(whole as i32) != whole {
                self.note(variable, beyond, 1, step, i);
            } else if whole != x {
                self.note(variable, OverflowKind::Truncate, 1, step, i);
            }
        }
        None
    }

    /// Notes the accumulators that do not hold the exact sums of what was added to them in `step`.
    ///
    /// They hold the low bits, so what they held before is what remains without the low bits of `added`.
    pub fn note_lost(&mut self, variable: &str, kind: OverflowKind, step: u64, added: &[i128], sums: &[i32]) {
        for ((added, sum), k) in added.iter().zip(sums).zip(0..) {
            let before = sum.wrapping_sub(*added as i32);
            let lost = i128::from(*sum) != i128::from(before) + added;
            self.note(variable, kind, u64::from(lost), step, k);
        }
    }

    /// The records, in order of variable and kind.
    pub fn records(&self) -> Vec<OverflowRecord> {
        let mut records = self.records.clone();
        records.sort_by(|a, b| (&a.variable, a.kind).cmp(&(&b.variable, b.kind)));
        records
    }

    /// The first occurrence that stops the run.
    pub fn error(&self) -> Option<&OverflowRecord> {
        let errors = self.records.iter().filter(|r| r.kind == OverflowKind::Error);
        errors.min_by_key(|r| (r.first_step, r.first_index))
    }

    /// Adds the records of `other`, whose elements start at `offset` of this process.
    pub fn merge(&mut self, other: &Overflow, offset: u32) {
        for r in &other.records {
            self.note(&r.variable, r.kind, r.count, r.first_step, r.first_index + offset);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.records.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_cast_cuts_is_found() {
        let reals = [0.0, -2.0, 2.5, -0.25, 2_147_483_647.75, 2_147_483_648.0, -2_147_483_648.0, -f64::INFINITY, 1e300];
        let mut overflow = Overflow::default();
        let all = || (10..).zip(reals);
        assert_eq!(overflow.note_cut("a_out", OverflowKind::Saturate, 3, all()), None);
        let found: Vec<_> = overflow.records().iter().map(|r| (r.kind, r.count, r.first_step, r.first_index)).collect();
        assert_eq!(found, [(OverflowKind::Saturate, 3, 3, 15), (OverflowKind::Truncate, 3, 3, 12)]);
        assert_eq!(overflow.note_cut("a_out", OverflowKind::Saturate, 3, all().chain([(99, f64::NAN)])), Some(99));
    }

    proptest! {
        /// Accumulators have lost bits exactly where the exact sum does not fit them.
        #[test]
        fn what_is_lost_is_found(all in prop::collection::vec((any::<i32>(), any::<i64>(), 0..40_u32), 1..30)) {
            let added: Vec<i128> = all.iter().map(|(_, x, less)| i128::from(x >> less)).collect();
            let sums: Vec<i32> = all.iter().zip(&added).map(|((sum, ..), x)| sum.wrapping_add(*x as i32)).collect();
            let mut overflow = Overflow::default();
            overflow.note_lost("a_in", OverflowKind::Wrap, 3, &added, &sums);
            let misfit = |k: &usize| i32::try_from(i128::from(all[*k].0) + added[*k]).is_err();
            let expected: Vec<usize> = (0..all.len()).filter(misfit).collect();
            let found = overflow.records().first().map(|r| (r.count, r.first_index as usize));
            prop_assert_eq!(found, expected.first().map(|first| (expected.len() as u64, *first)));
        }
    }
}
