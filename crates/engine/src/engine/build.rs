//! The rows of an image, made by as many threads as there are processors.
//!
//! The table of each source and worker is a job of its own, and so are the routes. A job is a pure function of the image,
//! so nothing depends on who does it or when.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pumice_chip::{ChipImage, Routes, Shares, Source, Table, WorkerError};

use crate::error::EngineError;
use crate::progress::Progress;

/// The synapses of `acts` on the shares of all workers, and what a spike of each neuron of `chip` sets off where.
pub(crate) fn build(
    chip: &ChipImage,
    acts: &ChipImage,
    shares: &Shares,
    progress: &Progress,
) -> Result<(Tables, Routes), EngineError> {
    if chip.drawn.is_empty() {
        return Ok(((0..shares.workers()).map(|_| Vec::new()).collect(), Routes::new(chip)));
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    progress.begin(acts.drawn.iter().map(|p| p.n as u64).sum());
    Ok(jobs(chip, acts, (shares, threads), progress)?)
}

/// By worker: its tables, in the order of sources.
type Tables = Vec<Vec<Table>>;

fn jobs(
    chip: &ChipImage,
    acts: &ChipImage,
    (shares, threads): (&Shares, usize),
    progress: &Progress,
) -> Result<(Tables, Routes), WorkerError> {
    let (workers, sources): (_, Vec<Source>) = (shares.workers(), chip.sources().collect());
    let mut jobs: Vec<(usize, Source)> = sources.iter().flat_map(|s| (0..workers).map(move |w| (w, *s))).collect();
    let work = |source: Source| chip.drawn.iter().filter(|p| p.source == source).map(|p| p.n).sum::<usize>();
    jobs.sort_by_key(|(_, source)| std::cmp::Reverse(work(*source)));
    let next = AtomicUsize::new(0);
    let made = Mutex::new(Vec::new());
    let routes = std::thread::scope(|scope| {
        let run = || {
            while let Some((w, source)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                let table = Table::new(acts, *source, (shares, *w), &|n| progress.add(n));
                made.lock().expect("no job panics with the lock").push((*w, *source, table));
            }
        };
        (0..threads.min(jobs.len())).for_each(|_| drop(scope.spawn(run)));
        Routes::new(chip)
    });
    let mut made = made.into_inner().expect("no job panicked");
    made.sort_by_key(|(w, source, _)| (*w, *source));
    let mut tables: Tables = (0..workers).map(|_| Vec::new()).collect();
    for (w, _, table) in made {
        tables[w].extend(table.map_err(|synapses| WorkerError::Synapses { synapses })?);
    }
    Ok((tables, routes))
}
