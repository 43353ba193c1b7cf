//! Contracts: what must hold for every network, whatever else changes.

#![allow(clippy::unwrap_used)] // a test fails where it unwraps

mod analog;
mod arithmetic;
mod capacity;
mod cell_learning;
mod cells;
mod conservation;
mod dpi;
mod ends;
mod host_reads;
mod hosts;
mod image_file;
mod killed;
mod layering;
mod learning;
mod library;
mod network;
mod networks;
mod placement;
mod ports;
mod probes;
mod profiles;
mod quantise;
mod random_numbers;
mod reals;
mod registers;
mod remote;
mod rest;
mod state;
mod structure;
mod sums;
mod trains;
mod trial;
mod weights;
mod workers;
