//! `dasc replay`: a record as a live stream.

use std::ops::ControlFlow;
use std::time::Instant;

use dasc_io::Location;
use serde_json::json;

use super::Context;
use crate::args::ReplayArgs;
use crate::outcome::{Done, Outcome, Stop};
use crate::{fetch, interrupt, numbers};

/// Frames that a second of the record is cut into, unless their rows are given.
const FRAMES: f64 = 50.0;

pub fn replay(args: &ReplayArgs, context: &Context) -> Outcome {
    let terminal = &context.terminal;
    let source = dasc_io::open(&Location::new(&args.file))?;
    let header = source.header();
    let (samples, row) = (header.samples(), header.channels.count * header.file_type.size());
    let rows = args.rows.unwrap_or_else(|| ((header.rate.as_f64() / FRAMES) as usize).max(1));
    let bar = (terminal.live && !terminal.quiet && !terminal.json).then(fetch::started);
    let clock = Instant::now();
    let mut sent = 0u64;
    let mut tell = |now: u64| {
        sent = now;
        if let Some(bar) = &bar {
            bar.set_length(samples);
            bar.set_position(now);
            let rate = now as f64 * row as f64 / clock.elapsed().as_secs_f64().max(1e-6);
            bar.set_message(format!("{}/s", numbers::bytes(rate)));
        }
        if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let outcome = dasc_io::send(source.as_ref(), &args.to, args.speed, rows, &mut tell);
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    outcome?;
    if interrupt::was_asked() {
        return Err(Stop::Interrupted);
    }
    let seconds = clock.elapsed().as_secs_f64();
    terminal.say(&format!(
        "{}  ·  {} rows sent to {} in {}",
        args.file,
        numbers::count(sent),
        args.to,
        numbers::seconds(seconds)
    ));
    if terminal.json {
        terminal.answer(json!({ "record": args.file, "to": args.to, "rows": sent, "seconds": seconds }))?;
    }
    Ok(Done::Well)
}
