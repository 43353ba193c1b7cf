//! What became of a case.

use std::fmt;

use crate::compare::Difference;

/// A replayed case.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its name in the recording.
    pub name: String,
    /// What is wrong; `None` if it passed.
    pub fault: Option<Fault>,
}

/// Why a case failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// A value differs.
    Differs {
        /// Where it was computed.
        form: String,
        /// The first value that does.
        difference: Difference,
    },
    /// It could not be run.
    Stopped {
        /// Where.
        form: String,
        /// Why.
        reason: String,
    },
    /// Its file cannot be read.
    Unreadable(String),
    /// It does not keep to the schema.
    Malformed(String),
}

impl Case {
    /// A case and what is wrong with it.
    pub(crate) fn new(name: impl Into<String>, fault: Option<Fault>) -> Self {
        Case { name: name.into(), fault }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        match &self.fault {
            None => write!(f, "passed"),
            Some(Fault::Differs { form, difference }) => write!(f, "{difference} ({form})"),
            Some(Fault::Stopped { form, reason }) => write!(f, "stopped: {reason} ({form})"),
            Some(Fault::Unreadable(why)) => write!(f, "cannot be read: {why}"),
            Some(Fault::Malformed(what)) => write!(f, "not in the schema: {what}"),
        }
    }
}
