//! Pumice.
