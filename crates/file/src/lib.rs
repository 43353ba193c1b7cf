//! Model files and arrays: TOML and NumPy files to graphs.
//!
//! [`ModelFile::load`] reads a network with its parameters, connections, recordings and, if there is one, its
//! task. Large arrays live beside it in `.npy` or `.npz` files. Every error is one sentence that names the
//! file, the field, the value and what is allowed. [`schema`] gives the JSON Schema of the format.
//!
//! This crate knows processes and graphs, no chips: that a network fits a chip is checked when it is placed.

mod array;
mod build;
mod describe;
mod error;
mod limit;
mod model;
mod node;
mod npy;
mod read;
mod replace;
mod save;
mod task;
mod text;

pub use array::{Array, ArrayError, Data};
pub use error::FileError;
pub use model::ModelFile;
pub use node::Node;
pub use npy::{decode, npy_bytes, read_npy, read_npz, read_npz_all, write_npy, write_npz};
pub use replace::{replace, replace_with};
pub use task::{Classify, Task};
pub use text::{SCHEMA, schema};
