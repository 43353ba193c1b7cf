//! Reports and maps of a network that was placed by hand.

#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod drawn;
mod placed;
mod told;
mod written;
