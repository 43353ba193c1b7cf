//! Parameters as a person writes them, and their way into registers.

use std::ops::RangeInclusive;

use pumice_num::faulty;
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::ModelError;

/// A parameter that is one number for all neurons, or one number each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a number or a list of numbers")]
pub enum PerNeuron {
    /// The same for every neuron.
    All(f64),
    /// One per neuron, in C order; lists in a list are read one behind the other.
    Each(
        #[serde(deserialize_with = "in_c_order")]
        #[schemars(with = "Vec<f64>")]
        Vec<f64>,
    ),
}

/// A number, or a list of such.
#[derive(Deserialize)]
#[serde(untagged)]
enum Nested {
    One(f64),
    Many(Vec<Nested>),
}

impl Nested {
    /// The lengths from the outer list to the inner; `None` if two lists of a level differ.
    fn shape(&self) -> Option<Vec<usize>> {
        let Nested::Many(all) = self else { return Some(Vec::new()) };
        let mut shapes = all.iter().map(Nested::shape);
        let first = shapes.next().unwrap_or(Some(Vec::new()))?;
        shapes.all(|shape| shape.as_ref() == Some(&first)).then(|| [vec![all.len()], first].concat())
    }

    fn flatten(&self, into: &mut Vec<f64>) {
        match self {
            Nested::One(x) => into.push(*x),
            Nested::Many(all) => all.iter().for_each(|one| one.flatten(into)),
        }
    }
}

/// The numbers of nested lists in C order.
fn in_c_order<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    let all = Nested::Many(Vec::deserialize(from)?);
    if all.shape().is_none() {
        return Err(D::Error::custom("lists of one level differ in length"));
    }
    let mut flat = Vec::new();
    all.flatten(&mut flat);
    Ok(flat)
}

impl PerNeuron {
    /// The value of neuron `i`.
    pub fn at(&self, i: usize) -> f64 {
        match self {
            PerNeuron::All(x) => *x,
            PerNeuron::Each(all) => all[i],
        }
    }

    /// The values of neurons `0..n`.
    ///
    /// # Errors
    /// If there is one number each and their count is not `n`, or one is not finite.
    pub fn values(&self, field: &str, n: usize) -> Result<Vec<f64>, ModelError> {
        if let PerNeuron::Each(all) = self
            && all.len() != n
        {
            return Err(ModelError::shape(field, &[all.len()], &[n]));
        }
        let values: Vec<f64> = (0..n).map(|i| self.at(i)).collect();
        match values.iter().find(|x| !x.is_finite()) {
            Some(x) => Err(ModelError::range(field, x, "a finite number")),
            None => Ok(values),
        }
    }
}

impl From<f64> for PerNeuron {
    fn from(x: f64) -> Self {
        PerNeuron::All(x)
    }
}

impl From<i32> for PerNeuron {
    fn from(x: i32) -> Self {
        PerNeuron::All(f64::from(x))
    }
}

impl From<Vec<f64>> for PerNeuron {
    fn from(all: Vec<f64>) -> Self {
        PerNeuron::Each(all)
    }
}

impl From<Vec<i32>> for PerNeuron {
    fn from(all: Vec<i32>) -> Self {
        PerNeuron::Each(all.into_iter().map(f64::from).collect())
    }
}

/// A decay: as a chip's 12-bit register, as the fraction lost per step, or as a time constant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Decay {
    /// The register value, `0..=4095` (Lava also accepts `-1` for the current); one or one per neuron.
    Register(PerNeuron),
    /// The fraction lost per step, `0..=1`.
    Fraction {
        /// Fraction; one or one per neuron.
        fraction: PerNeuron,
    },
    /// A time constant in steps: the fraction lost is `1 - exp(-1/tau)`.
    Tau {
        /// Time constant `[steps]`; one or one per neuron.
        tau: PerNeuron,
    },
}

impl From<i32> for Decay {
    fn from(register: i32) -> Self {
        Decay::Register(register.into())
    }
}

impl Decay {
    /// A time constant in steps.
    pub fn tau(steps: f64) -> Self {
        Decay::Tau { tau: steps.into() }
    }

    /// A fraction lost per step.
    pub fn fraction(fraction: f64) -> Self {
        Decay::Fraction { fraction: fraction.into() }
    }

    /// The multiplier of the state per step in units of 1/4096 for each of `n` neurons.
    ///
    /// `offset` is what the chip adds to the register (1 for the current on Loihi, 0 for the voltage);
    /// `lowest` is the smallest register value allowed. A fraction or time constant becomes the nearest register.
    ///
    /// # Errors
    /// If a register is not an integer in `lowest..=4095`, a fraction not in `0..=1`, or a time constant not positive.
    pub fn keep(&self, field: &str, n: usize, offset: i32, lowest: i32) -> Result<Lane, ModelError> {
        let register = |fraction: f64| (fraction * 4096.0).round() - f64::from(offset);
        let registers = match self {
            Decay::Register(all) => lane(field, all, n, lowest..=4095)?,
            Decay::Fraction { fraction } => {
                checked(field, fraction, n, |x| (0.0..=1.0).contains(&x), "a fraction in 0..=1")?
                    .map(|x| (register(x) as i32).clamp(lowest.max(-offset), 4095))
            }
            Decay::Tau { tau } => checked(field, tau, n, |x| x > 0.0, "a positive number of steps")?
                .map(|x| (register(1.0 - (-1.0 / x).exp()) as i32).clamp(lowest.max(-offset), 4095)),
        };
        Ok(registers.map(|d| 4096 - d - faulty!(offset, DecayOffset => 0)))
    }

    /// The multiplier of the state per step as a real number for each of `n` neurons.
    ///
    /// A register value pairs exactly with the fixed kernel: `1 - (register + offset) / 4096`.
    ///
    /// # Errors
    /// As [`Decay::keep`], but a register value may be any real number in its range.
    pub fn keep_real(&self, field: &str, n: usize, offset: i32) -> Result<Vec<f64>, ModelError> {
        let (values, to_keep): (_, fn(f64, f64) -> f64) = match self {
            Decay::Register(all) => (all.values(field, n)?, |d, offset| 1.0 - (d + offset) / 4096.0),
            Decay::Fraction { fraction } => (fraction.values(field, n)?, |x, _| 1.0 - x),
            Decay::Tau { tau } => (tau.values(field, n)?, |x, _| (-1.0 / x).exp()),
        };
        Ok(values.into_iter().map(|x| to_keep(x, f64::from(offset))).collect())
    }
}

/// A parameter in registers: one for all, or one per neuron.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lane {
    /// The same for every neuron.
    All(i32),
    /// One per neuron.
    Each(Vec<i32>),
}

impl Lane {
    /// The value of neuron `i`.
    #[inline(always)]
    pub fn at(&self, i: usize) -> i32 {
        match self {
            Lane::All(x) => *x,
            Lane::Each(all) => all[i],
        }
    }

    /// The lane with `f` applied to each value.
    pub fn map(&self, f: impl Fn(i32) -> i32) -> Lane {
        match self {
            Lane::All(x) => Lane::All(f(*x)),
            Lane::Each(all) => Lane::Each(all.iter().map(|x| f(*x)).collect()),
        }
    }

    /// The lane of neurons `range` only.
    pub fn slice(&self, range: std::ops::Range<usize>) -> Lane {
        match self {
            Lane::All(x) => Lane::All(*x),
            Lane::Each(all) => Lane::Each(all[range].to_vec()),
        }
    }

    /// One value per neuron, for `n` neurons.
    pub fn expand(&self, n: usize) -> Vec<i32> {
        (0..n).map(|i| self.at(i)).collect()
    }
}

struct Checked<'a>(&'a PerNeuron);

impl Checked<'_> {
    fn map(&self, f: impl Fn(f64) -> i32) -> Lane {
        match self.0 {
            PerNeuron::All(x) => Lane::All(f(*x)),
            PerNeuron::Each(all) => Lane::Each(all.iter().map(|x| f(*x)).collect()),
        }
    }
}

fn checked<'a>(
    field: &str,
    values: &'a PerNeuron,
    n: usize,
    ok: impl Fn(f64) -> bool,
    allowed: &str,
) -> Result<Checked<'a>, ModelError> {
    match values {
        PerNeuron::All(x) if !ok(*x) => Err(ModelError::range(field, x, allowed)),
        PerNeuron::All(_) => Ok(Checked(values)),
        PerNeuron::Each(all) if all.len() != n => Err(ModelError::shape(field, &[all.len()], &[n])),
        PerNeuron::Each(all) => match all.iter().position(|x| !ok(*x)) {
            Some(i) => Err(ModelError::range(format!("{field}[{i}]"), all[i], allowed)),
            None => Ok(Checked(values)),
        },
    }
}

/// Brings `values` into integer registers of `range` for `n` neurons.
///
/// # Errors
/// If a value is not an integer in `range`, or the count is not `n`.
pub fn lane(field: &str, values: &PerNeuron, n: usize, range: RangeInclusive<i32>) -> Result<Lane, ModelError> {
    let allowed = format!("an integer in {}..={}", range.start(), range.end());
    let ok = |x: f64| x.fract() == 0.0 && x >= f64::from(*range.start()) && x <= f64::from(*range.end());
    Ok(checked(field, values, n, ok, &allowed)?.map(|x| x as i32))
}

/// Brings one number into an integer of `range`.
///
/// # Errors
/// If it is not an integer in `range`.
pub fn integer(field: &str, value: f64, range: RangeInclusive<i32>) -> Result<i32, ModelError> {
    Ok(lane(field, &PerNeuron::All(value), 1, range)?.at(0))
}

/// A matrix in C order, as weights and delays are given: rows are targets, columns are sources (Lava's order).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Matrix(pub Vec<Vec<f64>>);

impl Matrix {
    /// A matrix from rows.
    ///
    /// # Errors
    /// None here: raggedness is found by [`Matrix::shape`].
    pub fn new(rows: Vec<Vec<f64>>) -> Self {
        Matrix(rows)
    }

    /// `(targets, sources)`.
    ///
    /// # Errors
    /// If the rows differ in length, or there are none.
    pub fn shape(&self, field: &str) -> Result<[usize; 2], ModelError> {
        let columns = self.0.first().map_or(0, Vec::len);
        if columns == 0 {
            return Err(ModelError::range(field, "empty", "at least one row and one column"));
        }
        match self.0.iter().position(|row| row.len() != columns) {
            Some(i) => Err(ModelError::shape(format!("{field}[{i}]"), &[self.0[i].len()], &[columns])),
            None => Ok([self.0.len(), columns]),
        }
    }

    /// The elements in C order.
    pub fn flat(&self) -> Vec<f64> {
        self.0.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::PerNeuron;

    #[test]
    fn nested_lists_are_read_in_c_order() {
        let read = |text: &str| serde_json::from_str::<PerNeuron>(text).map_err(|fault| fault.to_string());
        assert_eq!(read("3").unwrap(), PerNeuron::All(3.0));
        assert_eq!(read("[1, 2.5]").unwrap(), PerNeuron::Each(vec![1.0, 2.5]));
        assert_eq!(read("[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]").unwrap(), vec![1, 2, 3, 4, 5, 6, 7, 8].into());
        for text in ["[[1, 2], [3]]", "[1, [2]]", "[[[1]], [[1, 2]]]", "\"x\"", "[true]"] {
            let fault = read(text).unwrap_err();
            assert!(fault.contains("a number or a list of numbers"), "{text}: {fault}");
        }
    }
}
