//! Reports and maps of a network that was placed by hand.

mod drawn;
mod placed;
mod told;
mod written;
