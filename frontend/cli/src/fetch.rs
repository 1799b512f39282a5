//! What a user sees of a record that is fetched from a URL or made of many files, and how Ctrl-C stops that.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use dasc_io::Fetching;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::interrupt;
use crate::numbers;
use crate::terminal::Terminal;

/// Shows fetches on a terminal, names them otherwise, and stops them when asked.
pub fn watch(terminal: Terminal) {
    let bar: Mutex<Option<ProgressBar>> = Mutex::new(None);
    dasc_io::watch_fetches(move |fetching| {
        let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
        if fetching.done {
            if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
            let size = numbers::bytes(fetching.bytes as f64);
            terminal.say(&format!("{} {}  {size}", terminal.faint_ink().good("fetched"), fetching.url));
        } else if terminal.live && !terminal.quiet && !terminal.json {
            show(bar.get_or_insert_with(started), fetching);
        }
        match interrupt::asked() {
            true => {
                bar.take();
                ControlFlow::Break(())
            }
            false => ControlFlow::Continue(()),
        }
    });
}

/// Shows on a terminal how far the opening of many files has come, and stops it when asked.
pub fn watch_openings(terminal: Terminal) {
    let bar: Mutex<Option<ProgressBar>> = Mutex::new(None);
    dasc_io::watch_openings(move |opening| {
        let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
        if opening.done {
            if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
            return ControlFlow::Continue(());
        }
        if terminal.live && !terminal.quiet && !terminal.json {
            let bar = bar.get_or_insert_with(started);
            bar.set_length(opening.of as u64);
            bar.set_position(opening.files as u64);
            bar.set_message(format!("{} of {} files opened", opening.files, opening.of));
        }
        match interrupt::asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
}

/// A bar that begins.
pub fn started() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10));
    if let Ok(style) = ProgressStyle::with_template("  {bar:32} {percent:>3}%  {msg}") {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar
}

fn show(bar: &ProgressBar, fetching: &Fetching) {
    bar.set_length(fetching.of.unwrap_or(0));
    bar.set_position(fetching.bytes);
    let of = fetching.of.map_or(String::new(), |of| format!(" of {}", numbers::bytes(of as f64)));
    bar.set_message(format!("{}{of}  ·  {}", numbers::bytes(fetching.bytes as f64), fetching.url));
}
