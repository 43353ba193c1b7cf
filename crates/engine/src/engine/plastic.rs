//! Learning connections on the chip: their learn phase, their variables, their state.

use pumice_chip::{LearnBatch, Learned};
use pumice_models::{Behaviour, ModelError, Values, length};

use super::Engine;
use crate::error::EngineError;
use crate::pool::Pool;

impl Engine {
    /// The learn phase of the synapses on the chip.
    pub(super) fn learn_chip(&mut self, pool: &mut Pool<'_>, loads: bool) -> Result<Vec<Learned>, EngineError> {
        let image = self.image.clone();
        if image.chip.plastic.is_empty() {
            return Ok(Vec::new());
        }
        let learned = pool.learn(LearnBatch { step: self.step, inputs: self.inputs.clone(), loads })?;
        for (connection, overflow) in learned.iter().flat_map(|own| &own.overflow) {
            self.overflow[image.chip.plastic[*connection].process as usize].merge(overflow, 0);
        }
        Ok(learned)
    }

    /// The number of a learning connection on the chip.
    pub(super) fn plastic(&self, process: u32) -> Option<usize> {
        self.image.chip.plastic.iter().position(|p| p.process == process)
    }

    /// A whole variable of a learning connection.
    pub(super) fn get_plastic(&self, connection: usize, var: usize) -> Vec<i32> {
        let mut whole = Vec::new();
        self.workers.iter().for_each(|w| w.get_plastic(connection, var).put(&mut whole));
        whole
    }

    /// Writes a whole variable of a learning connection; `pool` has the workers while a run goes on.
    pub(super) fn set_plastic(
        &mut self,
        (process, connection): (u32, usize),
        var: usize,
        values: &Values,
        pool: Option<&mut Pool<'_>>,
    ) -> Result<(), EngineError> {
        let path = self.image.paths[process as usize].clone();
        let refuse = |fault| EngineError::Model { path, fault: Box::new(fault) };
        let shape = self.image.chip.plastic[connection].model.vars().get(var).map(|v| length(&v.shape));
        let wanted = shape.unwrap_or(0);
        if values.len() != wanted {
            return Err(refuse(ModelError::shape("values", &[values.len()], &[wanted])));
        }
        let Some(all) = values.to_int() else {
            return Err(refuse(ModelError::range("values", "a fraction", "integers on the chip")));
        };
        match pool {
            Some(pool) => pool.set_plastic(connection, var, all)?.map_err(refuse),
            None => self.workers.iter_mut().try_for_each(|w| w.set_plastic(connection, var, &all)).map_err(refuse),
        }
    }

    /// The running state of a learning connection as whole arrays.
    pub(super) fn save_plastic(&self, connection: usize) -> Vec<Vec<i32>> {
        let mut whole: Vec<Vec<i32>> = Vec::new();
        for worker in &self.workers {
            let portions = worker.save_plastic(connection);
            whole.resize(portions.len(), Vec::new());
            portions.iter().zip(&mut whole).for_each(|(portion, array)| portion.put(array));
        }
        whole
    }
}
