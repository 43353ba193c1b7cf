//! Progress of long work, on a terminal only.

use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pumice::engine::Control;

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
    let over = AtomicBool::new(bar.is_hidden());
    std::thread::scope(|scope| {
        let (over, bar) = (&over, bar);
        scope.spawn(move || {
            while !over.load(Ordering::Relaxed) {
                bar.set_position(control.done());
                std::thread::park_timeout(Duration::from_millis(50));
            }
        });
        let done = work();
        over.store(true, Ordering::Relaxed);
        bar.finish_and_clear();
        done
    })
}
