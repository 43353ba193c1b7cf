//! Properties of the library and proofs that they can fail.

#![allow(clippy::unwrap_used)]

mod digits;
mod extremes;
#[cfg(debug_assertions)]
mod faults;
mod figures;
mod hold;
mod learning;
mod library;
mod overflow;
mod refused;
mod rest;
