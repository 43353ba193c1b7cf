//! Impulses and time constants of traces: their ranges, and their variables, which can be written between any two steps.
//!
//! A write acts from the next learning phase on, which takes the whole epoch that it ends by the new value, and on the next
//! spike that repeats within an epoch. Values are those of the rule; in integers a write takes whole numbers and a read gives
//! the whole part, while a value that was never written keeps its fraction. Source: Lava 0.10
//! `lava/magma/core/model/py/connection.py` (`on_var_update`, variables of type `int` in fixed point); there every
//! variable loses its fraction when any is written.

use crate::{ModelError, VarSpec};

/// The variables of a learning connection, by trace; each has one element.
pub(super) const VARS: [&str; 10] = [
    "x1_impulse",
    "x1_tau",
    "x2_impulse",
    "x2_tau",
    "y1_impulse",
    "y1_tau",
    "y2_impulse",
    "y2_tau",
    "y3_impulse",
    "y3_tau",
];

/// Number of the first of them.
pub(super) const FIRST_VAR: usize = 8;

/// Integers that [`Courses::save_words`] gives.
pub(super) const WORDS: usize = 2 * VARS.len();

/// The specifications of these variables.
pub(super) fn vars() -> impl Iterator<Item = VarSpec> {
    VARS.into_iter().map(|name| VarSpec::new(name, &[1]))
}

/// Refuses a value outside the range of variable `var` of [`VARS`], which is named after `prefix`.
pub(super) fn check(var: usize, prefix: &str, value: f64) -> Result<(), ModelError> {
    let (held, allowed) = match var % 2 {
        0 => ((0.0..=127.0).contains(&value), "a number in 0..=127"),
        _ => (value >= 0.0 && value.is_finite(), "a finite number of steps, 0 or more"),
    };
    if held { Ok(()) } else { Err(ModelError::range(format!("{prefix}{}", VARS[var]), value, allowed)) }
}

/// Impulse and time constant of a trace.
pub(super) type Course = (f64, f64);

/// What a step keeps of a trace with this time constant `[steps]`: `exp(-1 / tau)`, nothing of one with 0.
pub(super) fn keep(tau: f64) -> f64 {
    if tau == 0.0 { 0.0 } else { (-1.0 / tau).exp() }
}

/// Those of `x1`, `x2`, `y1`, `y2`, `y3` as they are now.
#[derive(Clone, Debug)]
pub(super) struct Courses {
    values: [f64; 10],
    /// Whether y traces come from ports and are used as they are.
    held: bool,
}

impl Courses {
    pub(super) fn new(pre: [Course; 2], post: [Course; 3], held: bool) -> Self {
        let [x1, x2] = pre;
        let [y1, y2, y3] = post;
        let values = [x1, x2, y1, y2, y3].map(|(impulse, tau)| [impulse, tau]);
        Courses { values: std::array::from_fn(|var| values[var / 2][var % 2]), held }
    }

    /// Variable `var` of [`VARS`].
    pub(super) fn get(&self, var: usize) -> f64 {
        self.values[var]
    }

    /// Writes variable `var` of [`VARS`]; returns its trace, and what is now the course of that.
    pub(super) fn set(&mut self, var: usize, value: f64) -> Result<(usize, Course), ModelError> {
        if self.held && var >= 4 {
            let allowed = "only to read it, because y traces come from ports and are used as they are";
            return Err(ModelError::range(VARS[var], "written", allowed));
        }
        check(var, "", value)?;
        self.values[var] = value;
        Ok((var / 2, self.of(var / 2)))
    }

    /// The course of a trace.
    pub(super) fn of(&self, trace: usize) -> Course {
        (self.values[2 * trace], self.values[2 * trace + 1])
    }

    /// The bits of all values, in the order of [`VARS`].
    pub(super) fn save_words(&self) -> Vec<i32> {
        self.values.iter().flat_map(|value| [value.to_bits() as i32, (value.to_bits() >> 32) as i32]).collect()
    }

    /// Takes back what [`Courses::save_words`] gave.
    pub(super) fn load_words(&mut self, words: &[i32]) -> Result<(), ModelError> {
        let real = |[low, high]: &[i32; 2]| f64::from_bits(u64::from(*high as u32) << 32 | u64::from(*low as u32));
        let values: Vec<f64> = words.as_chunks().0.iter().map(real).collect();
        self.load(&values)
    }

    /// All values, in the order of [`VARS`].
    pub(super) fn save(&self) -> &[f64] {
        &self.values
    }

    /// Takes back what [`Courses::save`] gave.
    pub(super) fn load(&mut self, values: &[f64]) -> Result<(), ModelError> {
        for (var, value) in values.iter().enumerate() {
            check(var, "saved ", *value)?;
        }
        self.values.copy_from_slice(values);
        Ok(())
    }
}
