//! Runs an image in parallel, deterministically.
