//! Populations where the user says.

use pumice_chip::{ChipImage, CoreId, Segment};
use pumice_process::Pin;

use crate::{CompileError, Hardware};

/// Lays every neuron on the core of its pin.
///
/// # Errors
/// If a pin names no population of the chip, neurons or a core that are not there, or a neuron has no pin or two.
pub(super) fn pin(chip: &mut ChipImage, hardware: &Hardware, pins: &[Pin]) -> Result<(), CompileError> {
    let mut segments = Vec::with_capacity(pins.len());
    for pin in pins {
        let refuse = |fault: String| CompileError::Pin { path: pin.process.clone(), fault };
        let Some(bank) = chip.banks.iter().position(|b| b.path == pin.process) else {
            let known = chip.banks.iter().map(|b| format!("`{}`", b.path)).collect::<Vec<_>>().join(", ");
            return Err(refuse(format!("is no population on the chip, allowed is one of {known}")));
        };
        let ([start, end], n) = (pin.neurons, chip.banks[bank].n);
        if start >= end || end > n {
            return Err(refuse(format!("has neurons [{start}, {end}], allowed is 0 <= first < end <= {n}")));
        }
        if u64::from(pin.core) >= hardware.mesh.cores() {
            let have = hardware.mesh.cores();
            return Err(refuse(format!("lies on core {}, {} has cores 0 to {}", pin.core, hardware.name, have - 1)));
        }
        segments.push(Segment { bank, start, len: end - start, core: CoreId(pin.core) });
    }
    segments.sort_unstable_by_key(|s| (s.bank, s.start));
    let mut next = segments.iter().peekable();
    for (bank, image) in chip.banks.iter().enumerate() {
        let refuse = |fault: String| CompileError::Pin { path: image.path.clone(), fault };
        let mut done = 0;
        while let Some(s) = next.next_if(|s| s.bank == bank) {
            if s.start != done {
                let what = if s.start < done { "lies on two cores" } else { "lies on no core" };
                return Err(refuse(format!("has neuron {}, which {what}", s.start.min(done))));
            }
            done = s.start + s.len;
        }
        if done < image.n {
            return Err(refuse(format!("has neuron {done}, which lies on no core")));
        }
    }
    chip.segments = segments;
    Ok(())
}
