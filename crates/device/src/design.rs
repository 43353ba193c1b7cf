//! How a chip uses cells as synapse memory: which technology, how weights lie in it, what surrounds it.

use crate::crossbar::{Mapping, RowPeriphery};
use crate::error::DeviceError;
use crate::profile::CellProfile;
use crate::store::{Layout, Learning, Method};

/// The cell memory of the cores of a chip.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// The technology of the cells.
    pub technology: CellProfile,
    /// How a weight becomes conductances.
    pub mapping: Mapping,
    /// Magnitudes of a stored weight beside zero: weights are rounded to the largest weight of their array over this
    /// number. Without it a weight is stored as it is.
    pub levels: Option<u32>,
    /// How programming reaches a target.
    pub method: Method,
    /// How learning writes.
    pub learning: Learning,
    /// Spare rows of an array.
    pub spare_rows: u32,
    /// Converters, wires and read noise.
    pub periphery: RowPeriphery,
}

impl Design {
    /// The layout of an array whose largest weight is `largest` `[weight LSB]`.
    pub fn layout(&self, largest: i32) -> Layout {
        Layout {
            mapping: self.mapping,
            w_max: self.levels.map_or(largest.max(1), |levels| i32::try_from(levels).unwrap_or(i32::MAX)),
            method: self.method,
            learning: self.learning,
            spare_rows: self.spare_rows,
        }
    }

    /// Checks that the technology can do what is asked of it.
    ///
    /// # Errors
    /// [`DeviceError::MissingSection`] for write and verify without the sections that it needs, and
    /// [`DeviceError::OutOfRange`] for a value that is not allowed.
    pub fn validate(&self) -> Result<(), DeviceError> {
        self.technology.validate()?;
        self.mapping.validate()?;
        let levels = self.levels.unwrap_or(1);
        DeviceError::check((1..=1 << 20).contains(&levels), "`levels`", levels.into(), "in 1..=1048576")?;
        let bits = self.periphery.adc_bits.unwrap_or(8);
        DeviceError::check((2..=24).contains(&bits), "`adc_bits`", bits.into(), "in 2..=24")?;
        if self.method == Method::Verify {
            let technology = &self.technology;
            technology.need(&technology.write, "write", "write and verify")?;
            technology.need(&technology.read, "read", "write and verify")?;
            technology.need(&technology.update, "update", "write and verify")?;
        }
        Ok(())
    }

    /// The same memory without one cause of error. Programming and ageing belong to the life of the cells, and thermal noise
    /// and droop to neurons: they change nothing here.
    #[must_use]
    pub fn without(&self, cause: Cause) -> Design {
        let mut other = self.clone();
        match cause {
            Cause::Quantisation => other.levels = None,
            Cause::Wires => other.periphery.wires = None,
            Cause::Converters => other.periphery.adc_bits = None,
            Cause::ReadNoise => other.periphery.read_noise = false,
            Cause::Mismatch => other.periphery.gain_spread = 0.0,
            Cause::Faults => other.technology = self.technology.without_faults(),
            Cause::Programming | Cause::Ageing | Cause::ThermalNoise | Cause::Droop => {}
        }
        other
    }

    /// Whether this memory has a cause of error at all.
    pub fn has(&self, cause: Cause) -> bool {
        let technology = &self.technology;
        match cause {
            Cause::Programming => self.method == Method::Verify || technology.cell.misses(&technology.range),
            Cause::Ageing => technology.cell.ages(&technology.range),
            _ => self.without(cause) != *self,
        }
    }
}

/// Why a chip answers otherwise than its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// Weights are rounded to the levels of the memory.
    Quantisation,
    /// Programming misses its target.
    Programming,
    /// Cells relax and drift.
    Ageing,
    /// Wires have resistance.
    Wires,
    /// Converters round and saturate.
    Converters,
    /// Every read differs.
    ReadNoise,
    /// Columns of an array, and analog neurons, differ from each other.
    Mismatch,
    /// The membranes of analog neurons are noisy.
    ThermalNoise,
    /// The membranes of analog neurons lose charge.
    Droop,
    /// Cells are stuck, do not answer, or cannot reach an end of the range.
    Faults,
}

impl Cause {
    /// All causes.
    pub const ALL: [Cause; 10] = [
        Cause::Quantisation,
        Cause::Programming,
        Cause::Ageing,
        Cause::Wires,
        Cause::Converters,
        Cause::ReadNoise,
        Cause::Mismatch,
        Cause::ThermalNoise,
        Cause::Droop,
        Cause::Faults,
    ];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Quantisation => "quantisation",
            Cause::Programming => "programming",
            Cause::Ageing => "relaxation and drift",
            Cause::Wires => "IR drop",
            Cause::Converters => "ADC",
            Cause::ReadNoise => "read noise",
            Cause::Mismatch => "mismatch",
            Cause::ThermalNoise => "thermal noise",
            Cause::Droop => "droop",
            Cause::Faults => "faults",
        }
    }
}
