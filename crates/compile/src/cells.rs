//! Which populations keep their synapses in cells, and which cores have them.
//!
//! A population that asks for `analog` gets cells or an error, one that asks for `digital` gets static memory. Those
//! that leave it open (`auto`) get cells where these can serve all their connections; the last of them get static memory
//! when the chip has not enough cores with cells. A core is of one kind. Which core of the mesh is of which kind is not
//! modelled, only how many there are.

use pumice_chip::{ChipImage, CoreId};
use pumice_models::{Behaviour, Rows};
use pumice_process::{CoreKind, RunConfig};

use crate::analog::asked;
use crate::{CompileError, Hardware};

/// Which banks keep their synapses in cells.
pub(crate) fn choose(chip: &ChipImage, hardware: &Hardware, config: &RunConfig) -> Result<Vec<bool>, CompileError> {
    let kind = |bank: usize| match (asked(&chip.banks[bank], config), unfit(chip, bank)) {
        (CoreKind::Digital, _) => Ok(false),
        // All neurons of a chip without cells may be analog.
        (CoreKind::Analog, _) if hardware.cell_cores == 0 && hardware.analog.is_some() => Ok(false),
        (CoreKind::Analog, _) if hardware.cell_cores == 0 => Err(refuse(chip, hardware, bank, NO_CELLS.into())),
        (CoreKind::Analog, Some(fault)) => Err(refuse(chip, hardware, bank, fault)),
        (_, fault) => Ok(hardware.cell_cores > 0 && fault.is_none()),
    };
    (0..chip.banks.len()).map(kind).collect()
}

const NO_CELLS: &str = "no core has cells";

/// Names the cores with cells of a laid network. If there are too few, the last bank that can do without loses its cells in
/// `cells`, and the network must be laid again: then the answer is false.
pub(crate) fn assign(
    chip: &mut ChipImage,
    hardware: &Hardware,
    config: &RunConfig,
    cells: &mut [bool],
) -> Result<bool, CompileError> {
    let mut kinds: Vec<Option<bool>> = vec![None; chip.cores()];
    for s in &chip.segments {
        let core = &mut kinds[s.core.0 as usize];
        if *core.get_or_insert(cells[s.bank]) != cells[s.bank] {
            let fault = format!("core {} holds populations with synapses in cells and others", s.core.0);
            return Err(refuse(chip, hardware, s.bank, fault));
        }
    }
    let of = |kind: bool| kinds.iter().filter(move |k| **k == Some(kind)).count() as u64;
    let last = |kind: bool| (0..cells.len()).rev().find(|bank| cells[*bank] == kind).unwrap_or(0);
    let (have, free) = (hardware.cell_cores, hardware.mesh.cores().saturating_sub(hardware.cell_cores));
    if of(true) > have {
        let open = |bank: &usize| cells[*bank] && asked(&chip.banks[*bank], config) == CoreKind::Auto;
        let Some(bank) = (0..cells.len()).rev().find(open) else {
            let fault = format!("{} cores with cells are needed, there are {have}", of(true));
            return Err(refuse(chip, hardware, last(true), fault));
        };
        cells[bank] = false;
        return Ok(false);
    }
    if of(false) > free {
        let fault = format!("{} cores with static memory are needed, there are {free}", of(false));
        return Err(refuse(chip, hardware, last(false), fault));
    }
    chip.cell_cores = (0..).zip(&kinds).filter(|(_, kind)| **kind == Some(true)).map(|(k, _)| CoreId(k)).collect();
    Ok(true)
}

fn refuse(chip: &ChipImage, hardware: &Hardware, bank: usize, fault: String) -> CompileError {
    let path = chip.banks[bank].path.clone();
    CompileError::Cells { path, chip: hardware.name.clone(), fault: fault.into() }
}

/// Whether two synapses of the same delay lie between the same neurons.
fn has_twins(rows: &Rows) -> bool {
    (0..rows.n_in).any(|i| {
        let mut own: Vec<_> = (rows.start[i]..rows.start[i + 1]).map(|k| (rows.delay_of(k), rows.target[k])).collect();
        own.sort_unstable();
        own.windows(2).any(|pair| pair[0] == pair[1])
    })
}

/// Why cells cannot serve the connections of a population.
fn unfit(chip: &ChipImage, bank: usize) -> Option<String> {
    if let Some(drawn) = chip.drawn.iter().find(|p| p.target == bank) {
        return Some(format!("`{}` is drawn as it is needed, and cells must be programmed", drawn.path));
    }
    let mut own = chip.projections.iter().filter(|p| p.target == bank).peekable();
    if own.peek().is_none() {
        return Some("no connection feeds it".into());
    }
    own.find_map(|p| {
        let summed = p.rows.sum_exponent != 0 || p.rows.sum_bits < 32;
        let learning = chip.plastic.iter().find(|own| own.process == p.process);
        let unfit = learning.and_then(|own| own.model.unfit_for_cells());
        let why = match (p.rows.graded, summed) {
            _ if unfit.is_some() => unfit?,
            _ if learning.is_some() && has_twins(&p.rows) => "learns and has two synapses between the same neurons",
            (true, _) => "carries graded spikes, and a row of cells is driven or not",
            (_, true) => "scales or wraps its sum, which columns cannot",
            _ => return None,
        };
        Some(format!("`{}` {why}", p.path))
    })
}
