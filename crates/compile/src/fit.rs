//! Populations onto cores, within the limits of the profile.
//!
//! Every population starts on a core of its own and is cut into equal parts, as few as the limits allow. Cores
//! are filled in their order. Parts shrink until no limit is broken; a limit that one neuron alone breaks, or too
//! few cores, is an error that names what was needed, what there is, and which process asked.

use pumice_chip::{ChipImage, CoreId, CoreUse, Limits, Segment, core_uses};

use crate::{CompileError, Hardware};

pub(crate) fn fit(chip: &mut ChipImage, hardware: &Hardware) -> Result<(), CompileError> {
    check_delays(chip, hardware)?;
    let most = hardware.limits.neurons.map_or(usize::MAX, |n| n as usize);
    let mut parts: Vec<usize> = chip.banks.iter().map(|b| b.n.div_ceil(most.min(b.n).max(1)).max(1)).collect();
    let mut limit = vec!["neurons"; parts.len()];
    loop {
        chip.segments = segments(chip, &parts);
        if chip.cores() as u64 > hardware.mesh.cores() {
            return Err(out_of_cores(chip, hardware, &parts, &limit));
        }
        let uses = core_uses(chip);
        let mut fits = true;
        for use_ in &uses {
            let Some(bank) = use_.banks.first().copied() else {
                continue;
            };
            if let Some((resource, need, have)) = broken(&hardware.limits, use_) {
                fits = false;
                if use_.neurons <= 1 || resource == FAN_IN {
                    return Err(CompileError::Neuron {
                        path: chip.banks[bank].path.clone(),
                        resource,
                        need,
                        have,
                        chip: hardware.name.clone(),
                    });
                }
                let now = chip.banks[bank].n.div_ceil(use_.neurons as usize);
                let wanted = ((now as u64 * need).div_ceil(have.max(1)) as usize).clamp(now + 1, now * 2);
                parts[bank] = parts[bank].max(wanted.min(chip.banks[bank].n));
                limit[bank] = resource;
            }
        }
        if fits {
            return Ok(());
        }
    }
}

const FAN_IN: &str = "synapses (fan-in)";

/// The first limit that a core breaks: its name, what was needed, what there is.
fn broken(limits: &Limits, used: &CoreUse) -> Option<(&'static str, u64, u64)> {
    let checks = [
        (FAN_IN, used.fan_in, limits.fan_in.map(u64::from)),
        ("neurons", used.neurons, limits.neurons.map(u64::from)),
        ("bits of synapse memory", used.synapse_bits, limits.synapse_bits),
        ("input axons", used.axons_in, limits.axons_in.map(u64::from)),
        ("output axons", used.axons_out, limits.axons_out.map(u64::from)),
    ];
    checks.into_iter().find_map(|(name, need, have)| have.filter(|have| need > *have).map(|have| (name, need, have)))
}

fn segments(chip: &ChipImage, parts: &[usize]) -> Vec<Segment> {
    let mut core = 0;
    let mut all = Vec::new();
    for (bank, (image, parts)) in chip.banks.iter().zip(parts).enumerate() {
        for k in 0..*parts {
            let (start, end) = (image.n * k / parts, image.n * (k + 1) / parts);
            if end > start {
                all.push(Segment { bank, start, len: end - start, core: CoreId(core) });
                core += 1;
            }
        }
    }
    all
}

fn out_of_cores(chip: &ChipImage, hardware: &Hardware, parts: &[usize], limit: &[&str]) -> CompileError {
    let bank = (0..parts.len()).max_by_key(|b| parts[*b]).unwrap_or(0);
    CompileError::OutOfCores {
        need: chip.cores() as u64,
        have: hardware.mesh.cores(),
        chip: hardware.name.clone(),
        path: chip.banks[bank].path.clone(),
        most: parts[bank] as u64,
        limit: limit[bank].to_owned(),
    }
}

fn check_delays(chip: &ChipImage, hardware: &Hardware) -> Result<(), CompileError> {
    let Some(have) = hardware.limits.delay else {
        return Ok(());
    };
    for p in &chip.projections {
        let need = u64::from(p.rows.longest_delay());
        if need > u64::from(have) {
            let chip = hardware.name.clone();
            return Err(CompileError::Delay { path: p.path.clone(), need, have: u64::from(have), chip });
        }
    }
    Ok(())
}
