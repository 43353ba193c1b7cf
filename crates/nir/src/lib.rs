//! Reads networks of other tools and adds them to graphs. It knows no chips.
//!
//! To add a format: one file that turns it into processes, and one line here. HDF5 is read in one module only.

mod error;
mod hdf5;
pub mod netx;

pub use error::ImportError;
