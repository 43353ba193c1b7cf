//! Properties of the library and proofs that they can fail.

#![allow(clippy::unwrap_used)]

mod faulty;
mod hold;
mod mutations;
mod overflow;
