//! Cores whose synapses lie in non-volatile cells.

use pumice_device::crossbar::{Mapping, RowPeriphery, Sides, Wires};
use pumice_device::{CellProfile, Design, DeviceError, Learning, Method};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a weight becomes conductances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CellMapping {
    /// A pair of cells, of which the one of the other sign stays at the low end.
    OneSidedPair,
    /// A pair of cells that move against each other around the middle.
    TwoSidedPair,
    /// One cell, from whose current the middle of the range is subtracted.
    Offset,
}

/// How cells are programmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CellProgramming {
    /// Write, verify, and write again.
    Verify,
    /// One write, never looked at.
    OpenLoop,
}

/// Cores whose synapses lie in non-volatile cells: one array to a core, a row to each source, a column to each neuron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CellCores {
    /// The cell technology: the name of a file in `hw-profiles/cells`, or the path of a file of the same form, relative to
    /// the folder of this file.
    pub technology: String,
    /// What the file of a technology says, where `technology` is a path: reading a profile fills it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub own_technology: Option<Box<CellProfile>>,
    /// Cores of a chip that have cells; the others keep synapses in static memory. Which ones is up to the compiler.
    pub cores: u32,
    /// How a weight becomes conductances.
    pub mapping: CellMapping,
    /// Magnitudes of a stored weight beside zero; absent where a weight is stored as it is, as it always is in an array that
    /// learns.
    #[serde(default)]
    pub levels: Option<u32>,
    /// How cells are programmed.
    pub programming: CellProgramming,
    /// Mixed precision: changes of a weight that learns add up in a digital accumulator, and its cells are programmed when
    /// the sum reaches so many steps of the weight `[weight LSB]` (Nandakumar et al., Front. Neurosci. 14:406, 2020). Absent
    /// where every change programs them.
    #[serde(default)]
    pub mixed_precision: Option<u32>,
    /// Spare rows of an array: write and verify moves rows with refused cells onto them, those with the most first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub spare_rows: u32,
    /// Bits of the converter of a column, sign included; absent where columns are not converted.
    #[serde(default)]
    pub adc_bits: Option<u8>,
    /// Resistance of the word line and of the bit line per cell `[Ω]`; absent where wires are not modelled.
    #[serde(default)]
    pub wire_ohm: Option<[f64; 2]>,
    /// Whether every read is noisy.
    #[serde(default)]
    pub read_noise: bool,
    /// Standard deviation of ln gain between the columns of an array.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gain_spread: f64,
}

/// What is zero where the file says nothing needs no source.
pub(crate) fn is_zero<T: Default + PartialEq>(x: &T) -> bool {
    *x == T::default()
}

impl CellCores {
    /// The same as the device models take it.
    ///
    /// # Errors
    /// If there is no such technology, or it cannot do what is asked of it.
    pub fn design(&self) -> Result<Design, DeviceError> {
        let design = Design {
            technology: match &self.own_technology {
                Some(own) => (**own).clone(),
                None => CellProfile::shipped(&self.technology)?,
            },
            mapping: match self.mapping {
                CellMapping::OneSidedPair => Mapping::Pair { sides: Sides::One },
                CellMapping::TwoSidedPair => Mapping::Pair { sides: Sides::Two },
                CellMapping::Offset => Mapping::Offset,
            },
            levels: self.levels,
            method: match self.programming {
                CellProgramming::Verify => Method::Verify,
                CellProgramming::OpenLoop => Method::OpenLoop,
            },
            learning: self.mixed_precision.map_or(Learning::Direct, |threshold| Learning::Accumulate {
                threshold: i32::try_from(threshold).unwrap_or(i32::MAX),
            }),
            spare_rows: self.spare_rows,
            periphery: RowPeriphery {
                adc_bits: self.adc_bits,
                wires: self.wire_ohm.map(|[word_ohm, bit_ohm]| Wires { word_ohm, bit_ohm }),
                read_noise: self.read_noise,
                gain_spread: self.gain_spread,
            },
        };
        design.validate()?;
        Ok(design)
    }
}
