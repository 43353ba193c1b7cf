//! How often every source spikes, in how many steps: as measured in a trial or a former run, or all alike.

use std::collections::BTreeMap;

use pumice_chip::{ChipImage, Source};
use pumice_process::Rates;

use crate::CompileError;

/// Steps in which every source is thought to spike once where nothing was measured.
const STEPS: u64 = 20;

/// Spikes of all sources.
#[derive(Debug)]
pub(super) struct Activity<'a> {
    pub(super) steps: u64,
    /// By source, spikes of each element; `None` if every element spikes once.
    spikes: Option<BTreeMap<Source, &'a [u64]>>,
}

impl<'a> Activity<'a> {
    pub(super) fn new(chip: &ChipImage, rates: Option<&'a Rates>) -> Result<Self, CompileError> {
        let Some(rates) = rates else { return Ok(Activity { steps: STEPS, spikes: None }) };
        let mut spikes = BTreeMap::new();
        for source in chip.sources() {
            let path = match source {
                Source::Train(t) => &chip.banks[chip.bank_of(t)].path,
                Source::Input(k) => &chip.inputs[k].path,
            };
            let refuse = |fault: String| CompileError::Rates { path: path.clone(), fault };
            let own = rates.spikes.get(path).ok_or_else(|| refuse("are missing".into()))?;
            let n = chip.size_of(source);
            if own.len() > n {
                return Err(refuse(format!("name element {}, allowed is below {n}", own.len() - 1)));
            }
            spikes.insert(source, own.as_slice());
        }
        Ok(Activity { steps: rates.steps, spikes: Some(spikes) })
    }

    /// Spikes of element `i` of a source in all steps.
    pub(super) fn spikes(&self, source: Source, i: usize) -> u64 {
        match &self.spikes {
            None => 1,
            Some(all) => all.get(&source).and_then(|own| own.get(i)).copied().unwrap_or(0),
        }
    }
}
