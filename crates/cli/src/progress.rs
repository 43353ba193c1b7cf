//! Progress of long work, on a terminal only.

use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pumice::engine::{Control, Progress};

/// A bar on the standard error output if that is a terminal and `wanted`; else one that nobody sees.
pub(crate) fn bar(wanted: bool, length: u64, what: &'static str) -> ProgressBar {
    let seen = wanted && stderr().is_terminal();
    let target = if seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let template = "{msg:<16} {wide_bar:.yellow/dim} {human_pos}/{human_len}  {eta} left";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(Some(length), target).with_style(style);
    bar.set_message(what);
    bar
}

/// Does `work` while the bar shows how many steps of it are done.
pub(crate) fn watch<T>(bar: &ProgressBar, control: &Control, work: impl FnOnce() -> T) -> T {
    follow(bar, Duration::ZERO, |bar| bar.set_position(control.done()), work)
}

/// Makes a simulation while a bar shows how many synapses are laid into memory, if it takes longer than a moment.
pub(crate) fn build<T>(wanted: bool, work: impl FnOnce(&Progress) -> T) -> T {
    let progress = Progress::default();
    let show = |bar: &ProgressBar| {
        bar.set_length(progress.all());
        bar.set_position(progress.done().min(progress.all()));
    };
    follow(&bar(wanted, 0, "synapses"), Duration::from_millis(500), show, || work(&progress))
}

/// Does `work` while another thread shows how far it is, from some time on.
fn follow<T>(bar: &ProgressBar, from: Duration, show: impl Fn(&ProgressBar) + Sync, work: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(bar.is_hidden());
    let started = Instant::now();
    std::thread::scope(|scope| {
        let (over, bar, show) = (&over, bar, &show);
        scope.spawn(move || {
            while !over.load(Ordering::Relaxed) {
                if started.elapsed() >= from {
                    show(bar);
                }
                std::thread::park_timeout(Duration::from_millis(50));
            }
        });
        let done = work();
        over.store(true, Ordering::Relaxed);
        bar.finish_and_clear();
        done
    })
}
