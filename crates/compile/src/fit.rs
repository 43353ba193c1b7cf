//! Populations onto cores, within the limits of the profile.
//!
//! [`pack`] lays them on as few cores as it can, [`search`] moves them to save energy, time or traffic, and [`pinned`] does
//! what the user says. Whatever was done, every limit holds in the end; one that does not is an error that names what was needed, what
//! there is, which process asked, and what would help.

mod activity;
mod board;
mod pack;
mod pinned;
mod search;

use pumice_chip::{ChipImage, CoreLimits, CoreUse, core_uses};
use pumice_process::{Place, Rates, RunConfig};

use crate::{CompileError, Hardware, cells};
use activity::Activity;

pub(crate) fn fit(chip: &mut ChipImage, hardware: &Hardware, config: &RunConfig) -> Result<(), CompileError> {
    check_delays(chip, hardware)?;
    let mut cells = cells::choose(chip, hardware, config)?;
    loop {
        lay(chip, hardware, config, &cells)?;
        if cells::assign(chip, hardware, config, &mut cells)? {
            return check(chip, hardware);
        }
    }
}

/// Lays the network on cores; `cells` says which banks keep their synapses in cells.
fn lay(chip: &mut ChipImage, hardware: &Hardware, config: &RunConfig, cells: &[bool]) -> Result<(), CompileError> {
    if let Place::Pinned(pins) = &config.place {
        return pinned::pin(chip, hardware, pins);
    }
    let activity = Activity::new(chip, config.rates.as_ref())?;
    pack::pack(chip, hardware, cells)?;
    let aim = match config.place {
        Place::Time => Some(search::Aim::Time),
        Place::Energy => Some(search::Aim::Energy),
        Place::Traffic => None,
        Place::Pack | Place::Pinned(_) => return Ok(()),
    };
    if let Some(aim) = aim {
        search::spread(chip, hardware, &activity, aim);
    }
    search::arrange(chip, hardware, &activity, aim);
    Ok(())
}

/// What the search for places takes a laid network to cost by a goal, with the rates of its sources or all of them alike: energy `[J]`,
/// time `[ps]`, else links crossed. Steps are those of the rates, 20 without.
///
/// # Errors
/// If the rates are of another network.
pub fn expected_cost(
    chip: &ChipImage,
    hardware: &Hardware,
    goal: &Place,
    rates: Option<&Rates>,
) -> Result<f64, CompileError> {
    let activity = Activity::new(chip, rates)?;
    Ok(match goal {
        Place::Energy => search::estimate(chip, hardware, &activity, search::Aim::Energy).0,
        Place::Time => search::estimate(chip, hardware, &activity, search::Aim::Time).0,
        _ => search::links(chip, hardware, &activity) as f64,
    })
}

/// A resource of a core: its name in errors, and what helps when it is short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) name: &'static str,
    pub(crate) remedy: &'static str,
}

const SHARED: &str = "put fewer neurons on the core";

/// Every limit of a core: the resource, what is used, what there is.
pub(crate) fn limits_of(limits: &CoreLimits, used: &CoreUse) -> [(Resource, u64, Option<u64>); 7] {
    let resource = |name, remedy| Resource { name, remedy };
    [
        (resource(FAN_IN, "give each neuron fewer sources"), used.fan_in, limits.fan_in.map(u64::from)),
        (resource("neurons", SHARED), used.neurons, limits.neurons.map(u64::from)),
        (resource("synapses", "use fewer synapses"), used.synapses, limits.synapses),
        (
            resource("bits of synapse memory", "use fewer synapses or narrower weights"),
            used.synapse_bits,
            limits.syn_mem_bits,
        ),
        (resource("input axons", "give each neuron fewer sources"), used.axons_in, limits.axon_in.map(u64::from)),
        (resource("output axons", "let its neurons reach fewer cores"), used.axons_out, limits.axon_out.map(u64::from)),
        (
            resource(DESTINATIONS, "lay its targets together with a mapping file, or relay through other neurons"),
            used.destinations,
            limits.destinations_per_neuron.map(u64::from),
        ),
    ]
}

const FAN_IN: &str = "synapses (fan-in)";
const DESTINATIONS: &str = "destination cores";

/// The first limit that a core breaks; `destinations` says whether those of single neurons count.
pub(crate) fn broken(limits: &CoreLimits, used: &CoreUse, destinations: bool) -> Option<(Resource, u64, u64)> {
    limits_of(limits, used)
        .into_iter()
        .filter(|(resource, ..)| destinations || resource.name != DESTINATIONS)
        .find_map(|(resource, need, have)| have.filter(|have| need > *have).map(|have| (resource, need, have)))
}

/// The error of a limit that one neuron alone breaks.
pub(crate) fn too_much(
    chip: &ChipImage,
    hardware: &Hardware,
    bank: usize,
    short: (Resource, u64, u64),
) -> CompileError {
    CompileError::Neuron {
        path: chip.banks[bank].path.clone(),
        resource: short.0.name,
        need: short.1,
        have: short.2,
        chip: hardware.name.clone(),
        remedy: short.0.remedy,
    }
}

/// Checks every limit of every core of a laid network.
fn check(chip: &ChipImage, hardware: &Hardware) -> Result<(), CompileError> {
    if hardware.limits == CoreLimits::default() {
        return Ok(());
    }
    for (core, used) in core_uses(chip).iter().enumerate() {
        let Some((resource, need, have)) = broken(&hardware.limits, used, true) else { continue };
        let bank = used.banks.first().copied().unwrap_or(0);
        if resource.name == DESTINATIONS || resource.name == FAN_IN {
            return Err(too_much(chip, hardware, bank, (resource, need, have)));
        }
        return Err(CompileError::Core {
            core: core as u32,
            resource: resource.name,
            need,
            have,
            chip: hardware.name.clone(),
            paths: used.banks.iter().map(|b| format!("`{}`", chip.banks[*b].path)).collect::<Vec<_>>().join(", "),
        });
    }
    Ok(())
}

fn check_delays(chip: &ChipImage, hardware: &Hardware) -> Result<(), CompileError> {
    let Some(have) = hardware.limits.delay_max else {
        return Ok(());
    };
    let listed = chip.projections.iter().map(|p| (p.rows.longest_delay(), &p.path));
    let drawn = chip.drawn.iter().map(|p| (p.synapses.longest_delay(), &p.path));
    for (longest, path) in listed.chain(drawn) {
        let need = u64::from(longest);
        if need > u64::from(have) {
            let chip = hardware.name.clone();
            return Err(CompileError::Delay { path: path.clone(), need, have: u64::from(have), chip });
        }
    }
    Ok(())
}
