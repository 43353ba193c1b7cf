//! The one place that knows the HDF5 library.
//!
//! Sizes are checked before anything is read: a small damaged file may claim to be huge.

use std::path::Path;

use hdf5_pure::{Dataset, File, Group};

use crate::ImportError;

/// Elements of one array, at most.
const LIMIT: u64 = 1 << 27;

/// A group in a file, with its path for messages.
pub(crate) struct Node {
    group: Group,
    path: String,
}

/// An array: its shape and its numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Vec<f64>,
}

fn damaged(item: &str, fault: impl ToString) -> ImportError {
    ImportError::Damaged { item: item.to_owned(), fault: fault.to_string() }
}

impl Node {
    /// The root of a file.
    pub(crate) fn open(path: &Path) -> Result<Node, ImportError> {
        let unreadable = |fault| ImportError::Unreadable { path: path.to_path_buf(), fault };
        Node::from_bytes(std::fs::read(path).map_err(unreadable)?)
    }

    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Result<Node, ImportError> {
        let file = File::from_bytes(bytes).map_err(|fault| damaged("/", fault))?;
        Ok(Node { group: file.root(), path: String::new() })
    }

    fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    /// A group in it.
    pub(crate) fn group(&self, name: &str) -> Result<Node, ImportError> {
        let path = self.at(name);
        let group = self.group.group(name).map_err(|fault| damaged(&path, fault))?;
        Ok(Node { group, path })
    }

    /// Names of the groups in it.
    pub(crate) fn groups(&self) -> Result<Vec<String>, ImportError> {
        self.group.groups().map_err(|fault| damaged(&self.path, fault))
    }

    /// Whether it has an array of that name.
    pub(crate) fn has(&self, name: &str) -> Result<bool, ImportError> {
        Ok(self.group.datasets().map_err(|fault| damaged(&self.path, fault))?.iter().any(|n| n == name))
    }

    fn dataset(&self, name: &str) -> Result<(Dataset, Vec<usize>), ImportError> {
        let path = self.at(name);
        let dataset = self.group.dataset(name).map_err(|fault| damaged(&path, fault))?;
        let shape = dataset.shape().map_err(|fault| damaged(&path, fault))?;
        let size = shape.iter().fold(1u64, |n, side| n.saturating_mul(*side));
        if size > LIMIT {
            return Err(ImportError::TooLarge { item: path, have: size, limit: LIMIT });
        }
        // Sides of an empty array may still be anything.
        let sides = shape.iter().map(|side| usize::try_from(*side)).collect::<Result<_, _>>();
        Ok((dataset, sides.map_err(|fault| damaged(&path, fault))?))
    }

    /// An array of numbers.
    pub(crate) fn array(&self, name: &str) -> Result<Array, ImportError> {
        let (dataset, shape) = self.dataset(name)?;
        let data = dataset.read_f64().map_err(|fault| damaged(&self.at(name), fault))?;
        match data.len() == shape.iter().product::<usize>() {
            true => Ok(Array { shape, data }),
            false => Err(damaged(&self.at(name), format!("{} numbers in a shape of {shape:?}", data.len()))),
        }
    }

    /// One number.
    pub(crate) fn number(&self, name: &str) -> Result<f64, ImportError> {
        let array = self.array(name)?;
        match array.data.as_slice() {
            [one] => Ok(*one),
            all => Err(self.value(name, format!("{} numbers", all.len()), "one number")),
        }
    }

    /// One text.
    pub(crate) fn text(&self, name: &str) -> Result<String, ImportError> {
        let (dataset, _) = self.dataset(name)?;
        let all = dataset.read_string().map_err(|fault| damaged(&self.at(name), fault))?;
        all.into_iter().next().ok_or_else(|| self.value(name, "empty", "a text"))
    }

    /// An error about a value in it.
    pub(crate) fn value(&self, name: &str, value: impl ToString, allowed: impl ToString) -> ImportError {
        ImportError::Value { item: self.at(name), value: value.to_string(), allowed: allowed.to_string() }
    }
}
