//! Properties of the library and proofs that they can fail.

#![allow(clippy::unwrap_used)]

mod digits;
mod faulty;
mod figures;
mod hold;
mod learning;
mod library;
mod misread;
mod mutations;
mod overflow;
mod refused;
