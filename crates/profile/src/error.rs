//! What can be wrong with a profile.

use std::fmt;
use std::io;

use pumice_device::DeviceError;
use pumice_meter::MeterError;
use thiserror::Error;

/// A place in a profile file, written `file:line`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as it was asked for, or the name of a built-in profile.
    pub file: String,
    /// Line number from 1, where it is known.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// Why a profile cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// No built-in profile has this name, and it is not written as a path.
    #[error("no profile `{name}`, allowed is a path to a .toml file or one of {}", allowed.join(", "))]
    Unknown {
        /// The name asked for.
        name: String,
        /// Names of the built-in profiles.
        allowed: Vec<&'static str>,
    },
    /// The file cannot be read.
    #[error("profile file {file} cannot be read")]
    Unreadable {
        /// The file.
        file: String,
        /// The reason given by the system.
        #[source]
        source: io::Error,
    },
    /// The file is not TOML.
    #[error("{at}: not valid TOML, {message}")]
    Syntax {
        /// Where.
        at: Place,
        /// What the parser says.
        message: String,
    },
    /// The profile named by `extends` cannot be opened.
    #[error("{at}: extends is `{base}`, which cannot be opened")]
    Base {
        /// Where.
        at: Place,
        /// The profile it extends.
        base: String,
        /// Why it cannot be opened.
        #[source]
        source: Box<ProfileError>,
    },
    /// Profiles extend each other in a circle.
    #[error("{at}: extends forms a circle {}, allowed is a chain that ends", chain.join(" -> "))]
    Circle {
        /// Where the circle closes.
        at: Place,
        /// The files of the circle, the first one again at the end.
        chain: Vec<String>,
    },
    /// A field is unknown, missing, or has the wrong type.
    #[error("{at}: {field}: {message}")]
    Field {
        /// Where.
        at: Place,
        /// Path of the field.
        field: String,
        /// What was found and what is expected.
        message: String,
    },
    /// A value breaks a rule.
    #[error("{at}: {field} is {value}, allowed is {allowed}")]
    Rule {
        /// Where.
        at: Place,
        /// Path of the field.
        field: String,
        /// The value found.
        value: String,
        /// What would be accepted.
        allowed: String,
    },
    /// A price, latency or power breaks a rule.
    #[error("{at}: {error}")]
    Meter {
        /// Where.
        at: Place,
        /// The rule.
        error: MeterError,
    },
    /// A structural field has no source.
    #[error("{at}: {field} has no source, allowed is an entry in [sources] for it or for a section that holds it")]
    NoSource {
        /// Where.
        at: Place,
        /// Path of the field.
        field: String,
    },
    /// An entry in `[sources]` is the source of nothing.
    #[error(
        "{at}: sources.\"{entry}\" is the source of no field, allowed is the path of a field or section of this file that no longer path covers"
    )]
    IdleSource {
        /// Where.
        at: Place,
        /// The entry.
        entry: String,
    },
    /// The file of a cell technology is wrong.
    #[error("{file}: {source}")]
    Technology {
        /// The file.
        file: String,
        /// What is wrong.
        source: Box<DeviceError>,
    },
    /// The profile has no price table of this name.
    #[error("profile {profile} has no prices `{name}`, allowed is one of {}", allowed.join(", "))]
    NoPrices {
        /// Name of the profile.
        profile: String,
        /// Name asked for.
        name: String,
        /// Names of its price tables.
        allowed: Vec<String>,
    },
}
