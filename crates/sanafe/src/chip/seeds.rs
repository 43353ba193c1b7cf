//! Seeds of the draws of `poisson` inputs.

use crate::arch::{Architecture, Core};
use crate::ranges::{copies, is_called, place_of};

/// Seeds of all `input` units.
///
/// SANA-FE numbers them from 1, as the architecture lists them, used or not. Another seed of the run is far from these.
#[derive(Clone, Debug)]
pub(super) struct Seeds {
    /// By core: `input` units of the cores before it.
    before: Vec<u32>,
    seed: u32,
}

impl Seeds {
    /// Those of a run, of cores with these definitions (tile and core in the file).
    pub(super) fn new(arch: &Architecture, definitions: &[(usize, usize)], seed: u64) -> Result<Self, String> {
        let (mut sum, mut before) = (0, Vec::with_capacity(definitions.len()));
        for (t, c) in definitions {
            before.push(sum);
            sum += inputs_until(&arch.tile[*t].core[*c], |_| false)?;
        }
        Ok(Seeds { before, seed: ((seed ^ seed >> 32) as u32).wrapping_mul(0x9e37_79b9) })
    }

    /// The seed of a soma unit of a core: the first, or the one of this name.
    pub(super) fn of(&self, core: u32, definition: &Core, unit: Option<&str>) -> Result<u32, String> {
        let is_it = |name: &str| unit.is_none_or(|wanted| is_called(name, wanted));
        let here = inputs_until(definition, is_it)?;
        let own = definition.soma.iter().find(|own| is_it(&own.name));
        let within = own.zip(unit).map_or(0, |(own, wanted)| place_of(&own.name, wanted));
        Ok(self.seed.wrapping_add(self.before[core as usize] + here + within + 1))
    }
}

/// How many `input` units come before the soma units of which this is the name.
fn inputs_until(core: &Core, wanted: impl Fn(&str) -> bool) -> Result<u32, String> {
    let before = core.soma.iter().take_while(|unit| !wanted(&unit.name));
    let inputs = before.filter(|unit| unit.attributes.model == "input");
    inputs.map(|unit| copies(&unit.name)).sum()
}
