//! A simulation that runs on while its owner does something else.

use std::sync::Arc;
use std::thread::JoinHandle;

use pumice_engine::Control;

use crate::{Error, Simulation};

/// A simulation on a thread of its own, without an end (Lava's `RunContinuous`).
#[derive(Debug)]
pub struct Running {
    control: Arc<Control>,
    thread: JoinHandle<(Simulation, Result<(), Error>)>,
}

impl Simulation {
    /// Runs on until paused or stopped.
    pub fn run_continuous(self) -> Running {
        let control = Arc::new(Control::default());
        let seen = control.clone();
        let thread = std::thread::spawn(move || {
            let mut simulation = self;
            let result = simulation.run_with(None, &seen).map(|_| ());
            (simulation, result)
        });
        Running { control, thread }
    }
}

impl Running {
    /// Steps done since it was started.
    pub fn done(&self) -> u64 {
        self.control.done()
    }

    /// Ends the run after the current step and gives the simulation back; run it again to resume.
    ///
    /// # Errors
    /// If the run failed.
    pub fn pause(self) -> Result<Simulation, Error> {
        self.control.pause();
        let (simulation, result) = self.thread.join().map_err(|_| Error::Lost)?;
        result.map(|()| simulation)
    }

    /// Ends the run after the current step for good; returns the steps that were done.
    ///
    /// # Errors
    /// If the run failed.
    pub fn stop(self) -> Result<u64, Error> {
        self.pause().map(|simulation| simulation.steps())
    }
}
