//! Threads that stay on one processor each, where the system lets a program say so (Linux).

use crate::error::EngineError;

#[cfg(target_os = "linux")]
use rustix::thread::{CpuSet as Processors, sched_getaffinity, sched_setaffinity};

/// Nothing is known of the processors of other systems.
#[cfg(not(target_os = "linux"))]
#[derive(Clone, Copy, Debug)]
struct Processors;

/// One processor for each worker, and all that the program may use.
#[derive(Clone, Debug)]
pub(crate) struct Pins {
    own: Vec<Processors>,
    all: Processors,
}

impl Pins {
    /// The first processors that the calling thread may use, one for each worker.
    ///
    /// # Errors
    /// If there are fewer than workers, or the system does not let threads choose.
    pub(crate) fn new(workers: usize) -> Result<Self, EngineError> {
        let (all, mut own) = allowed().ok_or(EngineError::NoPin)?;
        if own.len() < workers {
            return Err(EngineError::Pin { workers, processors: own.len() });
        }
        own.truncate(workers);
        let pins = Pins { own, all };
        let stays = (0..workers).all(|worker| pins.stay(worker));
        (pins.leave() && stays).then_some(pins).ok_or(EngineError::NoPin)
    }

    /// Keeps the calling thread on the processor of a worker; returns whether the system obeys.
    pub(crate) fn stay(&self, worker: usize) -> bool {
        put(&self.own[worker])
    }

    /// Lets the calling thread go wherever the program may.
    pub(crate) fn leave(&self) -> bool {
        put(&self.all)
    }
}

/// The processors that the calling thread may use, together and each by itself.
#[cfg(target_os = "linux")]
fn allowed() -> Option<(Processors, Vec<Processors>)> {
    let all = sched_getaffinity(None).ok()?;
    let one = |processor: usize| {
        let mut own = Processors::new();
        own.set(processor);
        own
    };
    Some((all, (0..Processors::MAX_CPU).filter(|processor| all.is_set(*processor)).map(one).collect()))
}

#[cfg(target_os = "linux")]
fn put(on: &Processors) -> bool {
    sched_setaffinity(None, on).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn allowed() -> Option<(Processors, Vec<Processors>)> {
    None
}

#[cfg(not(target_os = "linux"))]
fn put(_on: &Processors) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_stays_on_the_processor_of_its_worker_until_it_leaves() {
        let before = sched_getaffinity(None).unwrap();
        let pins = Pins::new(1).unwrap();
        assert_eq!(sched_getaffinity(None).unwrap(), before, "asking pins nobody");
        assert!(pins.stay(0));
        let own = sched_getaffinity(None).unwrap();
        assert_eq!(own.count(), 1);
        assert!((0..Processors::MAX_CPU).all(|k| !own.is_set(k) || before.is_set(k)));
        assert!(pins.leave());
        assert_eq!(sched_getaffinity(None).unwrap(), before);
    }

    #[test]
    fn more_workers_than_processors_are_refused() {
        let processors = sched_getaffinity(None).unwrap().count() as usize;
        let refused = Pins::new(processors + 1).unwrap_err();
        assert_eq!(refused, EngineError::Pin { workers: processors + 1, processors });
        assert!(Pins::new(processors).is_ok());
    }
}
