//! Analog neurons: every neuron of a population that asks for `analog` gets the deviations of its place on the chip.
//!
//! On a chip with analog neurons (`[analog]` in its profile) the cores with cells have them. A population that leaves the
//! kind of its core open keeps digital neurons, whether its synapses lie in cells or not.

use pumice_chip::ChipImage;
use pumice_device::Place;
use pumice_models::neuron::analog::Deviation;
use pumice_models::{Behaviour, Setting};
use pumice_process::{CoreKind, RunConfig};

use crate::{CompileError, Hardware};

/// Makes the neurons of a placed network analog where that was asked for.
pub(crate) fn deviate(chip: &mut ChipImage, hardware: &Hardware, config: &RunConfig) -> Result<(), CompileError> {
    let Some(spread) = &hardware.analog else { return Ok(()) };
    let mut next = vec![0; chip.cores()];
    for (bank, image) in chip.banks.iter_mut().enumerate() {
        // Neurons lie on a core in the order of updates: by bank, then by number.
        let own = chip.segments.iter().filter(|s| s.bank == bank);
        let mut places: Vec<(usize, u32, u32)> = Vec::with_capacity(image.n);
        for s in own {
            let core = s.core.0 as usize;
            places.extend((0..s.len).map(|k| (s.start + k, s.core.0, next[core] + k as u32)));
            next[core] += s.len as u32;
        }
        if config.core_of(&image.path) != CoreKind::Analog {
            continue;
        }
        places.sort_unstable();
        let deviations: Vec<Deviation> = places
            .into_iter()
            .map(|(_, core, rank)| {
                let d = spread.deviation(Place { seed: chip.seed, core }, rank);
                let (gain, offset) = (d.gain, d.offset);
                let (time_constant, leak, threshold, refractory) = (d.time_constant, d.leak, d.threshold, d.refractory);
                Deviation { gain, time_constant, leak, threshold, refractory, offset }
            })
            .collect();
        let setting = Setting { arithmetic: &chip.arithmetic, seed: chip.seed, place: image.process };
        let path = image.path.clone();
        let analog = image.model.analog(&setting, &deviations);
        let analog =
            analog.ok_or_else(|| CompileError::NoAnalog { path: path.clone(), process: image.model.name().into() })?;
        image.model = analog.map_err(|fault| CompileError::Model { path, fault: Box::new(fault) })?;
    }
    Ok(())
}
