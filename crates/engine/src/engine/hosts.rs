//! Phases of host processes: their wishes are served until each is done, and a wait has an end.

use pumice_chip::Source;
use pumice_models::Values;
use pumice_models::message::{Phase, ToHost};

use super::Engine;
use crate::error::EngineError;
use crate::image::UnitBody;
use crate::pool::Pool;
use crate::unit::{Answer, Unit};

const OUT_OF_PHASE: &str = "variables can be read and written only in the management and host phases";

impl Engine {
    pub(super) fn host_phase(&mut self, pool: &mut Pool<'_>, phase: Phase) -> Result<bool, EngineError> {
        let mut pause = false;
        for u in 0..self.units.len() {
            if self.image.units[u].body == UnitBody::Host {
                pause |= self.run_phase(u, pool, phase, Vec::new())?;
            }
        }
        Ok(pause)
    }

    /// Lets a host process run one phase, serving its wishes until it is done.
    pub(super) fn run_phase(
        &mut self,
        u: usize,
        pool: &mut Pool<'_>,
        phase: Phase,
        inputs: Vec<Values>,
    ) -> Result<bool, EngineError> {
        let (path, step) = (self.image.units[u].path.clone(), self.step);
        let failed = |fault: &str| EngineError::Host { path: path.clone(), step, fault: fault.to_owned() };
        let Unit::Host { line: Some(line), .. } = &self.units[u] else {
            return Err(failed("no thread serves it"));
        };
        let line = line.clone();
        if !line.start(phase, step, inputs) {
            return Err(failed("its thread has ended"));
        }
        loop {
            let reply = match line.wait(self.patience) {
                Answer::Done { outputs, pause } => {
                    if let Unit::Host { outputs: own, .. } = &mut self.units[u] {
                        outputs.into_iter().zip(own).for_each(|(values, out)| *out = values.to_real());
                    }
                    return Ok(pause);
                }
                Answer::Failed(fault) => return Err(failed(&fault)),
                Answer::Gone => return Err(failed("its thread has ended")),
                Answer::Silent => return Err(self.waiting(u, phase)),
                Answer::Get { process, variable } => ToHost::Variable(match phase {
                    Phase::Spike | Phase::Learning => Err(OUT_OF_PHASE.to_owned()),
                    _ => self.get_in(pool, process, variable).map_err(|e| e.to_string()),
                }),
                Answer::Set { process, variable, values } => ToHost::Written(match phase {
                    Phase::Spike | Phase::Learning => Err(OUT_OF_PHASE.to_owned()),
                    _ => self.set_in(pool, process, variable, &values).map_err(|e| e.to_string()),
                }),
            };
            if line.to.send(reply).is_err() {
                return Err(failed("its thread has ended"));
            }
        }
    }

    fn waiting(&self, u: usize, phase: Phase) -> EngineError {
        let image = &self.image;
        let port = |process: u32, port: usize| {
            let process = process as usize;
            let name = image.in_ports.get(process).and_then(|ports| ports.get(port)).map_or("?", String::as_str);
            format!("`{}.{name}`", image.paths[process])
        };
        let wires = image.wires.iter().filter(|w| w.from.0 == u).map(|w| port(image.units[w.to.0].process, w.to.1));
        let mut waiting: Vec<String> = wires.collect();
        let banks = &image.chip.banks;
        waiting.extend(image.to_chip.iter().filter(|w| w.from.0 == u).map(|w| port(banks[w.to.0].process, w.to.1)));
        let inputs =
            image.chip_inputs.iter().enumerate().filter(|(_, from)| from.0 == u).map(|(k, _)| Source::Input(k));
        for source in inputs {
            let fed = image.chip.projections.iter().filter(|p| p.source == source);
            let drawn = image.chip.drawn.iter().filter(|p| p.source == source);
            waiting.extend(fed.map(|p| p.process).chain(drawn.map(|p| p.process)).map(|process| port(process, 0)));
        }
        waiting.sort();
        waiting.dedup();
        EngineError::Waiting {
            path: image.units[u].path.clone(),
            phase: phase.name(),
            step: self.step,
            patience: self.patience,
            waiting: if waiting.is_empty() {
                "no port waits for it".into()
            } else {
                format!("waiting for it are {}", waiting.join(", "))
            },
        }
    }
}
