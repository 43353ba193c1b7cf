//! The `pumice` command as a user meets it: the real binary, its outputs, its files and its exit codes.

#![allow(clippy::unwrap_used)] // a test fails where it unwraps

mod bench;
mod explain;
mod fidelity;
mod image;
mod import;
mod map;
mod nv;
mod place;
mod prices;
mod profile;
mod refused;
mod run;
mod sanafe;
mod statistics;
mod yields;
