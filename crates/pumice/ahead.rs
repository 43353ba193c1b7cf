//! Lengths of steps, found on threads of their own while the network runs on.
//!
//! The length of a step depends on its own work alone, so several are found at once. Steps are given to the threads by turns and
//! taken back by the same turns, so they come in their order, on any number of threads. A thread has at most [`DEPTH`] of them,
//! so memory is bounded.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use pumice_chip::timing::{Gather, StepTime, Timing};

use crate::Error;

/// Steps that a thread has at a time: the one it works on, and the next.
const DEPTH: usize = 2;

/// One thread with a model of time. It ends when nobody can give it steps any more.
#[derive(Debug)]
struct Lane {
    steps: SyncSender<Gather>,
    done: Receiver<(Gather, StepTime)>,
    thread: JoinHandle<()>,
}

impl Lane {
    fn new(mut model: Box<dyn Timing>, barrier_ps: u64) -> Self {
        let (steps, own) = sync_channel::<Gather>(DEPTH);
        let (out, done) = sync_channel(DEPTH);
        let thread = std::thread::spawn(move || {
            for gather in own {
                let time = model.step(&gather.work(barrier_ps));
                if out.send((gather, time)).is_err() {
                    return;
                }
            }
        });
        Lane { steps, done, thread }
    }
}

/// The threads, and how many steps they were given and gave back.
#[derive(Debug)]
pub(crate) struct Ahead {
    lanes: Vec<Lane>,
    given: usize,
    taken: usize,
}

impl Ahead {
    /// One thread for each model, at least one; every step has the barrier `barrier_ps`.
    pub(crate) fn new(models: impl Iterator<Item = Box<dyn Timing>>, barrier_ps: u64) -> Self {
        let lanes = models.map(|model| Lane::new(model, barrier_ps)).collect();
        Ahead { lanes, given: 0, taken: 0 }
    }

    /// Gives the work of the next step, and returns the work and length of an earlier one if all threads had enough.
    ///
    /// # Errors
    /// [`Error::Lost`] if a thread is gone.
    pub(crate) fn give(&mut self, step: Gather) -> Result<Option<(Gather, StepTime)>, Error> {
        let earlier = if self.given - self.taken == DEPTH * self.lanes.len() { self.take()? } else { None };
        let lane = &self.lanes[self.given % self.lanes.len()];
        lane.steps.send(step).map_err(|_| Error::Lost)?;
        self.given += 1;
        Ok(earlier)
    }

    /// The work and length of the earliest step that was not taken yet; `None` if all were.
    ///
    /// # Errors
    /// [`Error::Lost`] if a thread is gone.
    pub(crate) fn take(&mut self) -> Result<Option<(Gather, StepTime)>, Error> {
        if self.taken == self.given {
            return Ok(None);
        }
        let lane = &self.lanes[self.taken % self.lanes.len()];
        let step = lane.done.recv().map_err(|_| Error::Lost)?;
        self.taken += 1;
        Ok(Some(step))
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        for Lane { steps, done, thread } in self.lanes.drain(..) {
            drop((steps, done));
            // A thread that panicked was seen as lost.
            let _ended = thread.join();
        }
    }
}
