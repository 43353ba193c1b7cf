//! Independent pieces of work on several threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What `work` gives for each of `0..n`, in that order; `threads` of 0 takes as many as the machine offers. If `work` depends
/// on its number alone, so does the result.
pub fn in_parallel<T: Send>(n: usize, threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let threads = match threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    };
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(n)));
    std::thread::scope(|scope| {
        for _ in 0..threads.min(n) {
            scope.spawn(|| {
                loop {
                    let k = next.fetch_add(1, Ordering::Relaxed);
                    if k >= n {
                        break;
                    }
                    let made = work(k);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((k, made));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(k, _)| *k);
    done.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use super::in_parallel;

    #[test]
    fn results_come_in_order_on_any_number_of_threads() {
        let squares: Vec<usize> = (0..50).map(|k| k * k).collect();
        for threads in [0, 1, 3, 80] {
            assert_eq!(in_parallel(50, threads, |k| k * k), squares);
        }
        assert!(in_parallel(0, 4, |k| k).is_empty());
    }
}
