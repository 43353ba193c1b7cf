//! What probes read after each step.

use std::sync::Arc;

use pumice_chip::{Batch, Source};
use pumice_models::{Fired, Values};

use super::Engine;
use crate::error::EngineError;
use crate::image::{Image, ProbeImage, ProbeSource};
use crate::pool::Pool;
use crate::recording::{Recorded, Recording};
use crate::unit::Slice;

/// A recording without records for each probe.
pub(super) fn empty(image: &Image) -> Vec<Recording> {
    image.probes.iter().map(one).collect()
}

fn one(p: &ProbeImage) -> Recording {
    Recording {
        name: p.name.clone(),
        shape: p.shape.clone(),
        steps: Vec::new(),
        data: match p.stride {
            None => Recorded::Events { step: Vec::new(), index: Vec::new(), value: Vec::new() },
            Some(_) => Recorded::Int(Vec::new()),
        },
    }
}

pub(super) fn values(from: Slice<'_>) -> Values {
    match from {
        Slice::Int(all) => Values::Int(all.to_vec()),
        Slice::Real(all) => Values::Real(all.to_vec()),
    }
}

pub(super) fn slice(values: &Values) -> Slice<'_> {
    match values {
        Values::Int(all) => Slice::Int(all),
        Values::Real(all) => Slice::Real(all),
    }
}

/// The train whose spikes, all of them and no others, a probe keeps as events, by probe.
pub(super) fn whole_trains(image: &Image) -> Vec<Option<usize>> {
    let whole = |p: &ProbeImage| match (&p.source, p.stride) {
        (ProbeSource::BankOut(elements), None) => {
            let train = elements.first()?.0;
            let all = elements.iter().enumerate().all(|(k, own)| *own == (train, k as u32));
            (all && elements.len() == image.chip.size_of(Source::Train(train))).then_some(train)
        }
        _ => None,
    };
    image.probes.iter().map(whole).collect()
}

fn due(probe: &ProbeImage, step: u64) -> bool {
    probe.stride.is_none_or(|stride| step.is_multiple_of(stride))
}

impl Engine {
    /// Variables of banks that are to be recorded in this step: probe, bank, variable.
    pub(super) fn due_bank_probes(&self) -> Vec<(usize, usize, usize)> {
        let wanted = self.image.probes.iter().enumerate().filter(|(_, p)| due(p, self.step));
        wanted
            .filter_map(|(k, p)| match p.source {
                ProbeSource::BankVar(bank, var) => Some((k, bank, var)),
                _ => None,
            })
            .collect()
    }

    /// Records what is due at the end of the step.
    ///
    /// Workers send variables with their batches; those of banks that were written since are read again.
    pub(super) fn record(&mut self, batches: &[Arc<Batch>], pool: &mut Pool<'_>) -> Result<(), EngineError> {
        let (image, step) = (self.image.clone(), self.step);
        for (k, probe) in image.probes.iter().enumerate().filter(|(_, p)| due(p, step)) {
            if let Some(train) = self.whole_trains[k] {
                keep_spikes(&mut self.recordings[k], step, batches.iter().map(|batch| &batch.fired[train]));
                continue;
            }
            let values = match probe.source {
                ProbeSource::PlasticVar(connection, var) => Values::Int(pool.get_plastic(connection, var)?),
                ProbeSource::BankVar(bank, var) if self.touched.contains(&bank) => Values::Int(pool.get(bank, var)?),
                ProbeSource::Weights(process) => self.recorded_weights(process)?,
                _ => self.read(k, &probe.source, batches),
            };
            if probe.source.is_state_of_cores() {
                *self.host_reads.get_mut() += values.len() as u64;
            }
            keep(&mut self.recordings[k], self.step, values);
        }
        Ok(())
    }

    fn read(&self, k: usize, source: &ProbeSource, batches: &[Arc<Batch>]) -> Values {
        match source {
            ProbeSource::UnitVar(u, var) => self.units[*u].get(*var).unwrap_or(Values::Int(Vec::new())),
            ProbeSource::Weights(_) | ProbeSource::PlasticVar(..) => Values::Int(Vec::new()),
            ProbeSource::BankVar(..) => {
                let parts = batches.iter().flat_map(|b| &b.probes).filter(|(probe, ..)| *probe == k);
                Values::Int(parts.flat_map(|(_, _, values)| values.iter().copied()).collect())
            }
            ProbeSource::UnitOut(elements) => self.pick(elements, |u, port| self.units[u].output(port)),
            ProbeSource::UnitIn(elements) => self.pick(elements, |u, port| self.units[u].input(port)),
            ProbeSource::BankOut(elements) => {
                let chip = &self.image.chip;
                let mut sent: Vec<Vec<i32>> = chip.trains().map(|b| vec![0; chip.banks[b].n]).collect();
                for batch in batches {
                    for (train, fired) in batch.fired.iter().enumerate() {
                        for (j, i) in fired.index.iter().enumerate() {
                            sent[train][*i as usize] = fired.payload_of(j);
                        }
                    }
                }
                Values::Int(elements.iter().map(|(train, i)| sent[*train][*i as usize]).collect())
            }
        }
    }

    fn pick<'a>(&'a self, elements: &[(usize, usize, u32)], port: impl Fn(usize, usize) -> Slice<'a>) -> Values {
        let real = elements.iter().any(|(u, p, _)| matches!(port(*u, *p), Slice::Real(_)));
        if real {
            Values::Real(elements.iter().map(|(u, p, i)| port(*u, *p).real(*i as usize)).collect())
        } else {
            Values::Int(elements.iter().map(|(u, p, i)| port(*u, *p).int(*i as usize)).collect())
        }
    }

    /// The recordings so far, by the number of their probe.
    pub fn recordings(&self) -> &[Recording] {
        &self.recordings
    }

    /// Takes what probe `k` recorded, and lets it record on from nothing.
    pub fn take_recording(&mut self, k: usize) -> Recording {
        let empty = one(&self.image.probes[k]);
        std::mem::replace(&mut self.recordings[k], empty)
    }
}

/// Keeps the spikes of a whole train, at the cost of those that there are.
fn keep_spikes<'a>(recording: &mut Recording, step: u64, fired: impl Iterator<Item = &'a Fired>) {
    let Recorded::Events { step: steps, index, value } = &mut recording.data else { return };
    for own in fired {
        for (k, i) in own.index.iter().enumerate().filter(|(k, _)| own.payload_of(*k) != 0) {
            steps.push(step);
            index.push(*i);
            value.push(f64::from(own.payload_of(k)));
        }
    }
}

fn keep(recording: &mut Recording, step: u64, values: Values) {
    if let Recorded::Events { step: steps, index, value } = &mut recording.data {
        for (i, x) in values.to_real().into_iter().enumerate().filter(|(_, x)| *x != 0.0) {
            steps.push(step);
            index.push(i as u32);
            value.push(x);
        }
        return;
    }
    recording.steps.push(step);
    match (&mut recording.data, values) {
        (Recorded::Int(all), Values::Int(more)) => all.extend(more),
        (Recorded::Real(all), more) => all.extend(more.to_real()),
        (data, Values::Real(more)) => {
            let mut all = match data {
                Recorded::Int(all) => all.iter().map(|x| f64::from(*x)).collect(),
                _ => Vec::new(),
            };
            all.extend(more);
            *data = Recorded::Real(all);
        }
        (Recorded::Events { .. }, Values::Int(_)) => {}
    }
}
