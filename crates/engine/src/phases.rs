//! Where the time of a run goes.

use std::time::{Duration, Instant};

/// Wall time of the phases of all steps, as the first worker and the host spend it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Sums of sources beside the neurons and of in-ports without synapses.
    pub drive: Duration,
    /// Delivery of spikes through synapses.
    pub deliver: Duration,
    /// Update of neurons.
    pub update: Duration,
    /// Sending to the other workers and waiting for them.
    pub exchange: Duration,
    /// All else: processes of the host, inputs, probes.
    pub host: Duration,
}

impl Phases {
    /// The names and times of the phases, in the order of a step.
    pub const fn each(&self) -> [(&'static str, Duration); 5] {
        [
            ("drive", self.drive),
            ("deliver", self.deliver),
            ("update", self.update),
            ("exchange", self.exchange),
            ("host", self.host),
        ]
    }

    /// The time of all phases.
    pub fn total(&self) -> Duration {
        self.each().iter().map(|(_, time)| *time).sum()
    }
}

/// A stopwatch that runs only if it was asked for.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) phases: Option<Phases>,
    last: Option<Instant>,
}

impl Watch {
    /// Begins or ends measuring; begins at zero.
    pub(crate) fn set(&mut self, on: bool) {
        *self = Watch { phases: on.then(Phases::default), last: None };
    }

    /// Forgets how long ago the last lap was.
    pub(crate) fn start(&mut self) {
        self.last = self.phases.is_some().then(Instant::now);
    }

    /// Adds the time since the last lap to a phase.
    #[inline]
    pub(crate) fn lap(&mut self, phase: impl FnOnce(&mut Phases) -> &mut Duration) {
        if let (Some(phases), Some(last)) = (&mut self.phases, &mut self.last) {
            let now = Instant::now();
            *phase(phases) += now - *last;
            *last = now;
        }
    }
}
