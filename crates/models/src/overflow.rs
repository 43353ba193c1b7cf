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
