use thiserror::Error;

use crate::learning::parse::RuleError;

/// Why a process cannot be made as asked.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A parameter is outside what its register or rule can hold.
    #[error("`{field}` is {value}; allowed is {allowed}")]
    Range {
        /// Parameter name, with an index where one element is at fault.
        field: String,
        /// The value found.
        value: String,
        /// What would be accepted.
        allowed: String,
    },
    /// An array has the wrong number of elements or the wrong shape.
    #[error("`{field}` has shape {found}; expected is {expected}")]
    Shape {
        /// Parameter name.
        field: String,
        /// Shape found.
        found: String,
        /// Shape that would be accepted.
        expected: String,
    },
    /// The process exists, but not in this form.
    #[error("{process} has no {form} model{hint}")]
    NoForm {
        /// Process type.
        process: String,
        /// `fixed`, `float` or `chip`.
        form: String,
        /// What to do instead; empty or a clause that starts with a comma or semicolon.
        hint: String,
    },
    /// A variable cannot be written as asked.
    #[error("variable `{variable}` {fault}")]
    Variable {
        /// Variable name.
        variable: String,
        /// What is wrong.
        fault: String,
    },
    /// The text of a learning rule has a fault.
    #[error(transparent)]
    Rule(RuleError),
}

impl ModelError {
    /// A [`ModelError::Range`] from anything printable.
    pub fn range(field: impl Into<String>, value: impl ToString, allowed: impl Into<String>) -> Self {
        ModelError::Range { field: field.into(), value: value.to_string(), allowed: allowed.into() }
    }

    /// A [`ModelError::Shape`] from two shapes.
    pub fn shape(field: impl Into<String>, found: &[usize], expected: &[usize]) -> Self {
        ModelError::Shape { field: field.into(), found: format!("{found:?}"), expected: format!("{expected:?}") }
    }
}
