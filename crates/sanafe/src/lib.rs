//! Architectures and networks of SANA-FE 2.2 (YAML; networks as netlists too), run with its arithmetic: `sanafe-2.2`.
//!
//! Read are files as its users write and save them. The neurons are SANA-FE's, in double precision ([`Chip`]); meshes,
//! events, prices and times are Pumice's own, those of `pumice-chip` and `pumice-meter`. Written from the behaviour of
//! SANA-FE and its published descriptions; what it passes over in silence (unknown keys, ranges in edges) is refused here.

mod arch;
mod attributes;
mod chip;
mod convolve;
mod error;
mod netlist;
mod network;
mod neuron;
mod noise;
mod prices;
mod profile;
mod rand;
mod ranges;
mod read;
mod strength;
mod taps;
mod twister;
mod yaml;

pub use arch::Architecture;
pub use attributes::Attributes;
pub use chip::{Chip, Energy, Setup, Step};
pub use error::SanafeError;
pub use network::{Edge, End, Group, Mapping, Network};
pub use profile::Imported;
pub use read::text;
