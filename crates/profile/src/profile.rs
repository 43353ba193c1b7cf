//! The profile itself.

use std::collections::BTreeMap;
use std::path::Path;

use pumice_meter::{EnergyTable, LatencyTable, StaticPower};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::read::{self, Layer};
use crate::{
    AnalogNeurons, ArithmeticChoice, CellCores, CoreLimits, Fact, LearningEngine, Meta, NeuronRegisters, Place,
    PriceTables, Prices, ProfileError, Source, Timestep, Topology, Validity, builtin, check,
};

/// Version of the file format.
pub const SCHEMA: u32 = 1;

/// One chip: its structure, its arithmetic, its prices, and how well each number is known.
///
/// A profile holds no state. It is written and read in self-describing formats (TOML, JSON).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Version of the file format: 1.
    pub schema: u32,
    /// What the profile is about.
    pub meta: Meta,
    /// The operating point at which the figures hold.
    #[serde(default)]
    pub validity: Validity,
    /// How cores are arranged and connected.
    pub topology: Topology,
    /// What fits into one core.
    #[serde(default)]
    pub core: CoreLimits,
    /// Cores whose synapses lie in non-volatile cells, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells: Option<CellCores>,
    /// The analog neurons of the cores with cells, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analog: Option<AnalogNeurons>,
    /// How the chip computes, bit by bit.
    pub arithmetic: ArithmeticChoice,
    /// Registers of a neuron.
    pub neuron: NeuronRegisters,
    /// The learning engine.
    pub learning: LearningEngine,
    /// How time is cut into steps.
    pub timestep: Timestep,
    /// Energy per event `[J]`.
    #[serde(default)]
    pub energy: EnergyTable,
    /// Time per event `[s]`.
    #[serde(default)]
    pub time: LatencyTable,
    /// Static power `[W]`.
    #[serde(default, rename = "static")]
    pub static_power: StaticPower,
    /// Alternative price tables by name.
    #[serde(default)]
    pub alt: BTreeMap<String, PriceTables>,
    /// Published numbers about the chip that nothing computes with.
    #[serde(default)]
    pub facts: BTreeMap<String, Fact>,
    /// Evidence for each structural field, by its path; files may give it by section.
    #[serde(default)]
    pub sources: BTreeMap<String, Source>,
}

impl Profile {
    /// Loads and checks a profile: a built-in one by name, or a file (with `/` or `.toml` in the text) by path.
    ///
    /// # Errors
    /// The first fault found, with file, line, field, value and what is allowed.
    pub fn load(name_or_path: &str) -> Result<Profile, ProfileError> {
        read::read(Layer::open(name_or_path, None)?)
    }

    /// Whether a profile is named by its file: by a text with `/`, `\` or `.toml`.
    pub(crate) fn is_path(name_or_path: &str) -> bool {
        name_or_path.contains(['/', '\\']) || name_or_path.ends_with(".toml")
    }

    /// The profile that a file, say a model, names: a path is relative to the folder of `file`, the name of a built-in
    /// profile stays.
    #[must_use]
    pub fn beside(file: &Path, name_or_path: &str) -> String {
        match file.parent() {
            Some(folder) if Profile::is_path(name_or_path) => folder.join(name_or_path).display().to_string(),
            _ => name_or_path.to_owned(),
        }
    }

    /// The name by which a profile opens from any folder: a path is made absolute, the name of a built-in profile stays.
    #[must_use]
    pub fn from_anywhere(name_or_path: &str) -> String {
        match std::path::absolute(name_or_path) {
            Ok(path) if Profile::is_path(name_or_path) => path.display().to_string(),
            _ => name_or_path.to_owned(),
        }
    }

    /// Reads a profile from its text; `file` names it in errors, and bases are relative to its folder.
    ///
    /// # Errors
    /// As [`Profile::load`].
    pub fn from_text(file: &str, text: &str) -> Result<Profile, ProfileError> {
        let folder = Path::new(file).parent().map(Path::to_path_buf);
        read::read(Layer::parse(file, text, folder)?)
    }

    /// The names of the profiles that travel with this library.
    #[must_use]
    pub fn builtin_names() -> Vec<&'static str> {
        builtin::names().collect()
    }

    /// Checks every rule that a profile must keep, as loading does.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn check(&self) -> Result<(), ProfileError> {
        let at = Place { file: self.meta.name.clone(), line: None };
        check::faults(self).map_err(|fault| match fault {
            check::Fault::Rule { field, value, allowed } => ProfileError::Rule { at, field, value, allowed },
            check::Fault::Meter(error) => ProfileError::Meter { at, error },
        })
    }

    /// The names of the price tables: the main one first, then the alternatives.
    #[must_use]
    pub fn price_names(&self) -> Vec<&str> {
        std::iter::once(self.meta.prices.as_str()).chain(self.alt.keys().map(String::as_str)).collect()
    }

    /// The price tables of that name; the main ones without a name.
    ///
    /// # Errors
    /// [`ProfileError::NoPrices`] when there are none.
    pub fn prices(&self, name: Option<&str>) -> Result<Prices<'_>, ProfileError> {
        let main = self.meta.prices.as_str();
        let (energy, time, static_power) = (&self.energy, &self.time, &self.static_power);
        match name {
            None => Ok(Prices { name: main, energy, time, static_power }),
            Some(name) if name == main => Ok(Prices { name: main, energy, time, static_power }),
            Some(name) => match self.alt.get_key_value(name) {
                Some((name, alt)) => Ok(Prices {
                    name,
                    energy: alt.energy.as_ref().unwrap_or(energy),
                    time: alt.time.as_ref().unwrap_or(time),
                    static_power: alt.static_power.as_ref().unwrap_or(static_power),
                }),
                None => Err(ProfileError::NoPrices {
                    profile: self.meta.name.clone(),
                    name: name.to_owned(),
                    allowed: self.price_names().into_iter().map(str::to_owned).collect(),
                }),
            },
        }
    }

    /// Structural fields that no source states, with how they were concluded.
    pub fn inferred(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sources.iter().filter_map(|(field, source)| Some((field.as_str(), source.inferred.as_deref()?)))
    }

    /// A number that changes with any field of the profile: FNV-1a of its JSON text.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let text = serde_json::to_string(self).expect("a profile has string keys and checked numbers only");
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }
}
