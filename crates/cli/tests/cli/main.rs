//! The `pumice` command as a user meets it: the real binary, its outputs, its files and its exit codes.

mod bench;
mod explain;
mod map;
mod profile;
mod refused;
mod run;
