//! Synapses that grow and vanish on the chip.
//!
//! Workers adjust the synapses onto their own neurons at the end of the learn phase, as the host's kernel does. Here, in the order
//! of connections and targets, each synapse that grew then takes room within the limits of its core; one that finds none is
//! withdrawn before anything sees it. Events until the end of this step are settled with the rows that caused them.

use pumice_chip::{Learned, Room};
use pumice_meter::{Counts, Event};
use pumice_models::{Adjusted, Behaviour, Place, Setting};

use super::Engine;
use crate::error::EngineError;
use crate::image::Image;
use crate::pool::Pool;
use crate::view::remap;

/// The variable that says which places hold a synapse.
const CONNECTED: &str = "connected";

/// The number of that variable, if synapses of the connection grow.
fn connected(image: &Image, connection: usize) -> Option<usize> {
    image.chip.plastic[connection].model.vars().iter().position(|var| var.name == CONNECTED)
}

/// What cores have room for, if synapses grow anywhere.
pub(super) fn room(image: &Image) -> Option<Room> {
    let grows = (0..image.chip.plastic.len()).any(|k| connected(image, k).is_some());
    grows.then(|| Room::new(&image.chip))
}

/// The projection of a connection that feeds an element of its in-port, and the element of the projection's source.
fn origin(image: &Image, connection: usize, element: u32) -> Option<(usize, u32)> {
    let process = image.chip.plastic[connection].process;
    let own = (0..image.views.len()).filter(|k| image.chip.projections[*k].process == process);
    own.into_iter().find_map(|k| match &image.views[k].source {
        None => Some((k, element)),
        Some(pairs) => pairs.iter().find(|(_, to)| *to == element).map(|(from, _)| (k, *from)),
    })
}

impl Engine {
    /// Lets what grew in this step take room, withdraws what finds none, and counts; returns the connections that changed.
    pub(super) fn fit_grown(
        &mut self,
        pool: &mut Pool<'_>,
        learned: &mut [Learned],
    ) -> Result<Vec<usize>, EngineError> {
        let adjusted: Vec<(usize, Adjusted)> = learned.iter_mut().flat_map(|own| own.adjusted.drain(..)).collect();
        if adjusted.is_empty() {
            return Ok(Vec::new());
        }
        let Some(mut room) = self.room.take() else { return Ok(Vec::new()) };
        let image = self.image.clone();
        let mut writes = vec![Counts::default(); image.chip.cores()];
        let mut write = |connection: usize, place: &Place, room: &Room| {
            let core = room.core(image.chip.plastic[connection].target, place.target);
            writes[core.0 as usize].add(Event::WeightWrite, 1);
        };
        for (connection, place) in adjusted.iter().flat_map(|(c, own)| own.pruned.iter().map(move |place| (*c, place)))
        {
            if let Some((k, element)) = origin(&image, connection, place.source) {
                room.release(k, element, place.target);
            }
            write(connection, place, &room);
        }
        let mut changed: Vec<usize> = adjusted.iter().map(|(connection, _)| *connection).collect();
        changed.sort_unstable();
        changed.dedup();
        for connection in &changed {
            let mut refused = Vec::new();
            let own = adjusted.iter().filter(|(c, _)| c == connection);
            for place in own.flat_map(|(_, own)| &own.grown) {
                match origin(&image, *connection, place.source) {
                    Some((k, element)) if !room.take(k, element, place.target) => refused.push(place.given),
                    _ => write(*connection, place, &room),
                }
            }
            if !refused.is_empty() {
                pool.withdraw(*connection, refused)?;
            }
        }
        self.room = Some(room);
        self.base_loads.iter_mut().zip(&writes).for_each(|(sum, own)| *sum += own);
        // Empty unless loads of steps are wanted; all workers' are added.
        if let Some(first) = learned.first_mut() {
            first.loads.iter_mut().zip(&writes).for_each(|(sum, own)| *sum += own);
        }
        Ok(changed)
    }

    /// Counts by the synapses of these connections as they are now, from the next step on.
    pub(super) fn restructure(&mut self, pool: &mut Pool<'_>, changed: &[usize]) -> Result<(), EngineError> {
        if !changed.is_empty() {
            self.settle(Some(pool))?;
        }
        changed.iter().try_for_each(|connection| self.relay(*connection, Some(pool)))
    }

    /// Lays the rows of a connection out as its synapses are now; `pool` has the workers while a run goes on.
    fn relay(&mut self, connection: usize, pool: Option<&mut Pool<'_>>) -> Result<(), EngineError> {
        let image = self.image.clone();
        let Some(var) = connected(&image, connection) else { return Ok(()) };
        let held = match pool {
            Some(pool) => pool.get_plastic(connection, var)?,
            None => self.get_plastic(connection, var),
        };
        let own = &image.chip.plastic[connection];
        let setting = Setting { arithmetic: &image.chip.arithmetic, seed: image.chip.seed, place: own.process };
        let Some(rows) = own.model.rows_with(&setting, &held) else { return Ok(()) };
        let rows = rows.map_err(|fault| EngineError::Model { path: own.path.clone(), fault: Box::new(fault) })?;
        for k in (0..image.chip.projections.len()).filter(|k| image.chip.projections[*k].process == own.process) {
            self.changed.insert(k, remap(&image, k, &rows));
        }
        self.reroute(own.process);
        Ok(())
    }

    /// Takes over which places hold a synapse, after a state was taken back.
    pub(super) fn load_structure(&mut self) -> Result<(), EngineError> {
        let image = self.image.clone();
        let Some(mut room) = room(&image) else { return Ok(()) };
        for connection in (0..image.chip.plastic.len()).filter(|k| connected(&image, *k).is_some()) {
            self.relay(connection, None)?;
            let process = image.chip.plastic[connection].process;
            for (k, p) in image.chip.projections.iter().enumerate().filter(|(_, p)| p.process == process) {
                p.rows.each(|element, neuron| room.release(k, element, neuron));
                self.rows(k).each(|element, neuron| room.add(k, element, neuron));
            }
        }
        self.room = Some(room);
        Ok(())
    }
}
