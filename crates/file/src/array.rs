//! Arrays as files hold them: a shape and integers or reals in C order.

use std::path::PathBuf;

use thiserror::Error;

/// The elements of an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Integers and truth values.
    Int(Vec<i64>),
    /// Reals.
    Real(Vec<f64>),
}

/// An array of any rank, in C order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    shape: Vec<usize>,
    data: Data,
}

impl Array {
    /// An array of the given shape, or `None` if the number of elements is not that of the shape.
    pub fn new(shape: &[usize], data: Data) -> Option<Self> {
        let fits = elements(shape) == Some(data.len());
        fits.then(|| Array { shape: shape.to_vec(), data })
    }

    /// Integers in one row.
    pub fn ints(values: impl IntoIterator<Item = i64>) -> Self {
        let values: Vec<i64> = values.into_iter().collect();
        Array { shape: vec![values.len()], data: Data::Int(values) }
    }

    /// Reals in one row.
    pub fn reals(values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().collect();
        Array { shape: vec![values.len()], data: Data::Real(values) }
    }

    /// The same elements in another shape, or `None` if their number differs.
    pub fn reshape(self, shape: &[usize]) -> Option<Self> {
        Array::new(shape, self.data)
    }

    /// Length of each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements in C order.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The elements as reals; integers beyond 2^53 are rounded.
    pub fn to_real(&self) -> Vec<f64> {
        match &self.data {
            Data::Int(all) => all.iter().map(|x| *x as f64).collect(),
            Data::Real(all) => all.clone(),
        }
    }

    /// The elements as integers, or `None` where one is none.
    pub fn to_int(&self) -> Option<Vec<i64>> {
        match &self.data {
            Data::Int(all) => Some(all.clone()),
            Data::Real(all) => all.iter().map(|x| whole(*x)).collect(),
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Data {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Data::Int(all) => all.len(),
            Data::Real(all) => all.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Number of elements of a shape, or `None` if it is too large to count.
pub(crate) fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |n, axis| n.checked_mul(*axis))
}

/// A real as an integer, if it is one that 64 bits hold.
pub(crate) fn whole(x: f64) -> Option<i64> {
    (x.fract() == 0.0 && x.abs() < 9.2e18).then_some(x as i64)
}

/// Why an array cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// The operating system says no.
    #[error("cannot {act} `{}`: {source}", path.display())]
    Io {
        /// `read` or `write`.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The bytes are not those of a `.npy` array.
    #[error("{array} is no `.npy` array: {fault}")]
    Format {
        /// The file, and the array in it.
        array: String,
        /// What is wrong.
        fault: String,
    },
    /// The elements are of a type that has no meaning here.
    #[error("{array} has elements of type `{dtype}`; allowed are i1 to i8, u1 to u8, f4, f8 and b1")]
    Type {
        /// The file, and the array in it.
        array: String,
        /// NumPy's name of the type.
        dtype: String,
    },
    /// The bytes are not those of a `.npz` archive.
    #[error("`{}` is no `.npz` archive: {fault}", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// The archive has no such array.
    #[error("`{}` has no array `{array}`; there are {known}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The array asked for.
        array: String,
        /// The arrays that exist.
        known: String,
    },
}
