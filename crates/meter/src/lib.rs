//! Counts events and prices them once, with provenance.
