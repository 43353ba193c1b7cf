//! What the machine can do: memory in a stream, and cache lines at random.

use std::hint::black_box;
use std::time::Instant;

use pumice::num::{Level, Purpose, Task, draw, draw_below, prefetch};
use serde::Serialize;

/// Measured limits; absolute figures depend on what else runs.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Limits {
    /// The widest instruction set that is used.
    pub(super) instructions: &'static str,
    /// Reading memory in order on one core `[GB/s]`.
    pub(super) stream_gb_per_s: f64,
    /// The same on all workers together `[GB/s]`.
    pub(super) stream_all_gb_per_s: f64,
    /// One cache line at random on one core, asked for 16 lines ahead `[ns]`.
    pub(super) random_line_ns: f64,
}

/// Words of a buffer that no cache holds: 256 MB.
const WORDS: usize = 1 << 25;

/// Words per cache line.
const LINE: usize = 8;

/// Lines read at random per measurement.
const LINES: usize = 1 << 20;

struct Sum<'a>(&'a [u64]);

impl Task for Sum<'_> {
    type Output = u64;

    #[inline(always)]
    fn run(self) -> u64 {
        self.0.iter().fold(0, |sum, x| sum.wrapping_add(*x))
    }
}

impl Limits {
    /// Measures for some 0.3 s, each limit three times; the best counts.
    pub(super) fn measure(workers: usize) -> Self {
        let level = Level::widest();
        let buffer: Vec<u64> = (0..WORDS as u64).collect();
        let gb = (8 * WORDS) as f64 * 1e-9;
        let one = best(|| level.run(Sum(&buffer)));
        let all = best(|| {
            std::thread::scope(|scope| {
                for part in buffer.chunks(WORDS.div_ceil(workers.max(1))) {
                    scope.spawn(move || black_box(level.run(Sum(part))));
                }
            });
        });
        let line = |k: u32| LINE * draw_below(draw(0, Purpose::STIMULUS, 0, k, 0)[0], (WORDS / LINE) as u32) as usize;
        let lines: Vec<usize> = (0..LINES as u32).map(line).collect();
        let random = best(|| {
            let ahead = lines.iter().skip(16).chain(lines.iter().take(16));
            lines.iter().zip(ahead).fold(0_u64, |sum, (now, later)| {
                prefetch(&buffer, *later);
                sum.wrapping_add(buffer[*now])
            })
        });
        Limits {
            instructions: level.name(),
            stream_gb_per_s: gb / one,
            stream_all_gb_per_s: gb / all,
            random_line_ns: random / LINES as f64 * 1e9,
        }
    }
}

/// The shortest of three times `[s]`.
fn best<T>(work: impl Fn() -> T) -> f64 {
    let time = || {
        let started = Instant::now();
        black_box(work());
        started.elapsed().as_secs_f64()
    };
    (0..3).map(|_| time()).fold(f64::INFINITY, f64::min)
}

/// The most memory that this process had `[byte]`, where the system tells (Linux).
pub(super) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
