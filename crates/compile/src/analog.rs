//! Analog neurons: every neuron of a population that asks for `analog` becomes the circuit of its place on the chip.
//!
//! On a chip with analog neurons (`[analog]` in its profile) the cores with cells have them. A population that leaves the
//! kind of its core open keeps digital neurons, whether its synapses lie in cells or not.

use pumice_chip::{BankImage, ChipImage};
use pumice_device::Place;
use pumice_device::analog::NeuronDesign;
use pumice_models::neuron::analog::Deviation;
use pumice_models::neuron::circuit::{Circuits, Seat};
use pumice_models::{Behaviour, Setting};
use pumice_process::{CoreKind, RunConfig};

use crate::{CompileError, Hardware};

/// The kind of core that a population asks for: analog circuits that leave it open ask for `analog`.
pub(crate) fn asked(bank: &BankImage, config: &RunConfig) -> CoreKind {
    match config.core_of(&bank.path) {
        CoreKind::Auto if bank.model.circuit() => CoreKind::Analog,
        kind => kind,
    }
}

/// Refuses analog circuits where no core has any.
pub(crate) fn check(chip: &ChipImage, hardware: &Hardware, config: &RunConfig) -> Result<(), CompileError> {
    let digital = |bank: &&BankImage| hardware.analog.is_none() || asked(bank, config) == CoreKind::Digital;
    match chip.banks.iter().filter(|bank| bank.model.circuit()).find(digital) {
        None => Ok(()),
        Some(bank) => Err(CompileError::NoCircuits {
            path: bank.path.clone(),
            process: bank.model.name(),
            chip: hardware.name.clone(),
        }),
    }
}

/// Makes the neurons of a placed network analog where that was asked for.
pub(crate) fn seat(chip: &mut ChipImage, hardware: &Hardware, config: &RunConfig) -> Result<(), CompileError> {
    let Some(design) = &hardware.analog else { return Ok(()) };
    let mut next = vec![0; chip.cores()];
    for (bank, image) in chip.banks.iter_mut().enumerate() {
        // Neurons lie on a core in the order of updates: by bank, then by number.
        let own = chip.segments.iter().filter(|s| s.bank == bank);
        let mut seats: Vec<(usize, Seat)> = Vec::with_capacity(image.n);
        for s in own {
            let first = &mut next[s.core.0 as usize];
            seats.extend((0..s.len).map(|k| (s.start + k, Seat { core: s.core.0, number: *first + k as u32 })));
            *first += s.len as u32;
        }
        if asked(image, config) != CoreKind::Analog {
            continue;
        }
        seats.sort_unstable_by_key(|(neuron, _)| *neuron);
        let circuits = circuits(design, chip.seed, seats.into_iter().map(|(_, seat)| seat).collect());
        let setting = Setting { arithmetic: &chip.arithmetic, seed: chip.seed, place: image.process };
        let path = image.path.clone();
        match image.model.analog(&setting, &circuits.deviations) {
            None => return Err(CompileError::NoAnalog { path, process: image.model.name().into() }),
            Some(Err(fault)) => return Err(CompileError::Model { path, fault: Box::new(fault) }),
            Some(Ok(_)) => image.circuits = Some(circuits),
        }
    }
    Ok(())
}

/// Puts the analog neurons of another chip into a placed network: those that `seed` draws from `design`, in the same places.
/// Without a design they become digital.
pub fn exchange_circuits(chip: &mut ChipImage, design: Option<&NeuronDesign>, seed: u64) {
    for own in &mut chip.banks {
        let seats = own.circuits.take().map(|old| old.seats);
        own.circuits = design.zip(seats).map(|(design, seats)| circuits(design, seed, seats));
    }
}

fn circuits(design: &NeuronDesign, seed: u64, seats: Vec<Seat>) -> Circuits {
    let deviation = |seat: &Seat| {
        let d = design.deviation(Place { seed, core: seat.core }, seat.number);
        let (gain, offset) = (d.gain, d.offset);
        let (time_constant, leak, threshold, refractory) = (d.time_constant, d.leak, d.threshold, d.refractory);
        Deviation { gain, time_constant, leak, threshold, refractory, offset }
    };
    let deviations = seats.iter().map(deviation).collect();
    Circuits { seed, seats, deviations, noise: design.noise(), droop: design.droop() }
}
