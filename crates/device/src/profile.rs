//! The profile of a cell technology: one TOML file in `hw-profiles/cells`, no code.
//!
//! Every section names its source and the grade of its evidence; a section that is not there is not
//! known, and what needs it fails with an error instead of inventing a value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cell::CellModel;
use crate::error::DeviceError;
use crate::ranges;
use crate::update::Update;

/// How well a section is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grade {
    /// Read in the source itself.
    A,
    /// Computed from values of grade A.
    B,
    /// A choice of this emulator; the source says to what it was set.
    Model,
    /// An assumption, not verified.
    Assumed,
}

/// Where the values of a section come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Grade of the evidence.
    pub grade: Grade,
    /// Author, venue, year, or the computation.
    pub text: String,
}

/// The conductances that weights are mapped onto.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Lowest conductance `[µS]`.
    pub g_min_us: f64,
    /// Highest conductance `[µS]`.
    pub g_max_us: f64,
}

impl Range {
    /// The width `[µS]`.
    pub fn span(&self) -> f64 {
        self.g_max_us - self.g_min_us
    }
}

/// How a cell is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// A transistor per cell: cells of other rows carry no current.
    Gated,
    /// No selector: cells that share a line with the addressed one see half the voltage.
    Passive,
}

/// How a cell is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Read voltage `[V]`.
    pub voltage_v: f64,
    /// Length of a read `[ns]`.
    pub pulse_ns: u64,
    /// How the cell is reached.
    pub access: Access,
}

/// A ladder of pulse amplitudes `[V]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    /// First amplitude.
    pub start_v: f64,
    /// Added after each pulse that was not enough.
    pub step_v: f64,
    /// Highest amplitude.
    pub top_v: f64,
}

/// Programming by write and verify.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// Amplitudes of SET pulses.
    pub set: Ladder,
    /// Amplitudes of RESET pulses.
    pub reset: Ladder,
    /// Length of a pulse `[ns]`.
    pub pulse_ns: u64,
    /// Half width of the acceptance window `[µS]`.
    pub window_us: f64,
    /// Pulses at the highest amplitude before a ladder is given up.
    pub pulses_at_top: u32,
    /// Ladders, SET and RESET in turn, before the cell is given up.
    pub alternations: u32,
}

/// How often a cell can be cycled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endurance {
    /// Median number of cycles.
    pub cycles: f64,
    /// Spread of ln cycles between cells.
    #[serde(default)]
    pub ln_spread: f64,
}

/// Random telegraph noise: the conductance of an affected cell jumps between two levels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telegraph {
    /// Share of cells that jump.
    pub cells: f64,
    /// Height of the jump, as a share of the conductance.
    pub amplitude: f64,
    /// Mean time in the upper level `[s]`.
    pub high_s: f64,
    /// Mean time in the lower level `[s]`.
    pub low_s: f64,
}

/// Disturb by reading: each read moves the cell towards the high end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disturb {
    /// Share of the way to `g_max` per read.
    pub share_per_read: f64,
}

/// What is assumed because no source gives it. Whoever knows better changes it in a copy of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumed {
    /// Activation energy of relaxation and drift `[eV]`.
    pub activation_energy_ev: f64,
}

/// A cell technology.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellProfile {
    /// Name, equal to the file name.
    pub name: String,
    /// What it is, in a sentence.
    pub about: String,
    /// Source of each section, by its name.
    pub sources: BTreeMap<String, Source>,
    /// The conductances that weights are mapped onto.
    pub range: Range,
    /// The cell model with its parameters.
    pub cell: CellModel,
    /// The answer to single pulses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<Update>,
    /// Reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Read>,
    /// Write and verify.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write: Option<Write>,
    /// Endurance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endurance: Option<Endurance>,
    /// Telegraph noise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telegraph: Option<Telegraph>,
    /// Read disturb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disturb: Option<Disturb>,
    /// Assumptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumed: Option<Assumed>,
}

// To ship a profile: put its file into `hw-profiles/cells` and add its name here.
macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        /// Names and texts of the profiles that come with Pumice.
        const SHIPPED: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../../hw-profiles/cells/", $name, ".toml")))),*
        ];
    };
}

shipped![
    "ideal",
    "rram-neurram-130nm",
    "rram-wan-crosssim",
    "rram-milo-hfo2",
    "rram-cmo-hfox",
    "rram-cmo-hfox-tight",
    "rram-hfo2-stat",
    "rram-array-om",
    "rram-array-hfo2",
    "rram-gong-exponential",
    "rram-gong-soft-bounds",
    "ecram-tang",
    "constant-step",
    "pcm-generic",
    "pcm-joshi",
    "pcm-pulsed",
    "pcm-state-independent",
    "pcm-hermes-1",
    "pcm-hermes-2",
    "sonos-40nm",
];

impl CellProfile {
    /// The names of the profiles that come with Pumice.
    pub fn shipped_names() -> Vec<&'static str> {
        SHIPPED.iter().map(|(name, _)| *name).collect()
    }

    /// A profile that comes with Pumice.
    ///
    /// # Errors
    /// [`DeviceError::UnknownProfile`] when there is none of this name.
    pub fn shipped(name: &str) -> Result<CellProfile, DeviceError> {
        match SHIPPED.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => CellProfile::from_toml(text),
            None => Err(DeviceError::UnknownProfile {
                name: name.to_owned(),
                known: CellProfile::shipped_names().join(", "),
            }),
        }
    }

    /// A profile from the text of its file, checked.
    ///
    /// # Errors
    /// Fails for wrong syntax, unknown fields and values out of range.
    pub fn from_toml(text: &str) -> Result<CellProfile, DeviceError> {
        let profile: CellProfile = toml::from_str(text)?;
        profile.validate()?;
        Ok(profile)
    }

    /// The text of the profile's file.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a profile has only tables, numbers and strings")
    }

    /// Checks all values: each by the range of its field, and those that must fit together.
    ///
    /// # Errors
    /// [`DeviceError::Field`] or [`DeviceError::Profile`] with the first fault.
    pub fn validate(&self) -> Result<(), DeviceError> {
        ranges::check(self)?;
        let Range { g_min_us, g_max_us } = self.range;
        let span = g_max_us - g_min_us;
        DeviceError::check(span >= 1e-3, "`g_max_us`", g_max_us, "at least `g_min_us` + 0.001")
            .and_then(|()| self.cell.check())
            .and_then(|()| self.update.as_ref().map_or(Ok(()), Update::check))
            .map_err(|fault| DeviceError::Profile { profile: self.name.clone(), fault: fault.to_string() })
    }

    /// A fingerprint of all values, for files that must belong to this profile.
    pub fn fingerprint(&self) -> u32 {
        crc32fast::hash(self.to_toml().as_bytes())
    }

    /// The activation energy that is assumed `[eV]`.
    pub fn activation_energy_ev(&self) -> Option<f64> {
        self.assumed.as_ref().map(|assumed| assumed.activation_energy_ev)
    }

    /// The same technology with cells that all answer and reach both ends of the range; their other draws are the same.
    pub fn without_faults(&self) -> CellProfile {
        CellProfile { update: self.update.as_ref().map(Update::without_faults), ..self.clone() }
    }

    pub(crate) fn need<'a, T>(
        &self,
        section: &'a Option<T>,
        name: &'static str,
        needed_for: &'static str,
    ) -> Result<&'a T, DeviceError> {
        section.as_ref().ok_or_else(|| DeviceError::MissingSection {
            profile: self.name.clone(),
            section: name,
            needed_for,
        })
    }
}

impl CellModel {
    fn check(&self) -> Result<(), DeviceError> {
        self.physics().check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_profile_is_valid_and_sourced() {
        for name in CellProfile::shipped_names() {
            let profile = CellProfile::shipped(name).unwrap();
            assert_eq!(profile.name, name);
            let again = CellProfile::from_toml(&profile.to_toml()).unwrap();
            assert_eq!(again, profile, "{name} changes when written and read");
            let table: toml::Table = toml::from_str(&profile.to_toml()).unwrap();
            for section in table.iter().filter(|(key, value)| value.is_table() && *key != "sources") {
                let source = profile.sources.get(section.0);
                let source = source.unwrap_or_else(|| panic!("{name}: no source for {}", section.0));
                let assumed = section.0 == "assumed";
                assert_eq!(
                    source.grade == Grade::Assumed,
                    assumed,
                    "{name}: {}: assumptions have their section",
                    section.0
                );
                assert!(source.text.len() > 10, "{name}: {} has no real source", section.0);
            }
        }
    }

    #[test]
    fn a_misspelt_field_is_an_error() {
        let text = CellProfile::shipped("ideal").unwrap().to_toml();
        let wrong = text.replace("g_max_us", "gmax_us");
        let error = CellProfile::from_toml(&wrong).unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("gmax_us"), "{source}");
    }
}
