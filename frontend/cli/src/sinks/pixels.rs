//! Rows of a signal on their way into a picture's grid.

use dasc_dql::window::ChannelWindow;
use dasc_ir::graph::{Builder, ChannelAxis, Rows, TimeAxis};
use dasc_ir::{Diag, Rational, Result};
use dasc_plot::{Raster, RasterSize};
use dasc_runtime::RowsView;

use super::wavenumber;
use crate::clock::Clock;

/// Which number of a row becomes column `i` of the picture.
#[derive(Debug)]
pub enum Columns {
    /// These channels, by position.
    Channels(Vec<u32>),
    /// The inner positions (frequencies) of the only channel.
    Inner(u32),
}

/// A picture's grid with the row it begins at.
pub struct Pixels {
    pub raster: Raster,
    columns: Columns,
    base: i64,
    buffer: Vec<f32>,
}

impl Pixels {
    pub fn new(columns: Columns, size: RasterSize, time: &TimeAxis) -> Result<Pixels> {
        let count = match &columns {
            Columns::Channels(positions) => positions.len(),
            Columns::Inner(len) => *len as usize,
        };
        let (base, rows) = extent(time);
        Ok(Pixels { raster: Raster::new(count, size, rows)?, columns, base, buffer: Vec::new() })
    }

    pub fn push(&mut self, rows: &RowsView) -> Result<()> {
        for row in 0..rows.rows {
            self.buffer.clear();
            match &self.columns {
                Columns::Channels(positions) => {
                    let value = |p: &u32| rows.value(row, 0, 0, *p as usize) as f32;
                    self.buffer.extend(positions.iter().map(value));
                }
                Columns::Inner(len) => {
                    self.buffer.extend((0..*len as usize).map(|inner| rows.value(row, inner, 0, 0) as f32));
                }
            }
            let number = u64::try_from(rows.first.saturating_add(row as i64).saturating_sub(self.base));
            let number = number.map_err(|_| Diag::compiler("a picture was given a row before its first"))?;
            self.raster.push_rows(number, &self.buffer, self.buffer.len().max(1))?;
        }
        Ok(())
    }
}

/// First row and number of rows, gaps included.
fn extent(time: &TimeAxis) -> (i64, Option<u64>) {
    match &time.rows {
        Rows::From(first) => (*first, None),
        Rows::Segments(ranges) => {
            let mut present = ranges.iter().filter(|(from, to)| from < to);
            let first = present.next().copied().unwrap_or((0, 0));
            let last = present.next_back().copied().unwrap_or(first);
            (first.0, Some(last.1.saturating_sub(first.0).unsigned_abs()))
        }
    }
}

/// The picture's time axis. `centred` rows stand for the time around their instant, as frames do.
pub fn time_axis(time: &TimeAxis, clock: &Clock, centred: bool) -> dasc_plot::TimeAxis {
    let start = clock.stretches(time).first().map(|(_, _, instant)| *instant).unwrap_or(0);
    let half = if centred {
        (time.period * Rational::new(1, 2).unwrap_or(Rational::ZERO)).nanoseconds(1)
    } else {
        0
    };
    // Records that do not know when they began start in 1970; their pictures count from 0.
    let start_ns = start.saturating_sub(half);
    let known = start.saturating_abs() > 86_400_000_000_000;
    dasc_plot::TimeAxis { start_ns: known.then_some(start_ns), period: time.period }
}

/// Where the pictures' events lie on that axis: its own origin where the start is unknown.
pub fn shift(
    events: &[dasc_sink::Event],
    axis: &dasc_plot::TimeAxis,
    time: &TimeAxis,
    clock: &Clock,
) -> Vec<dasc_sink::Event> {
    let origin = clock.stretches(time).first().map_or(0, |(_, _, instant)| *instant);
    let by = if axis.start_ns.is_some() { 0 } else { origin };
    let moved = |event: &dasc_sink::Event| dasc_sink::Event {
        start_ns: event.start_ns.saturating_sub(by),
        end_ns: event.end_ns.saturating_sub(by),
        passes: event.passes.map(|(at, place)| (at.saturating_sub(by), place)),
        ..event.clone()
    };
    events.iter().map(moved).collect()
}

/// Positions of the channels a statement chooses, by the file's own numbers; all without a choice, wavenumbers in rising order.
pub fn chosen(b: &Builder, axis: &ChannelAxis, window: Option<ChannelWindow>) -> Result<Vec<u32>> {
    let rising = wavenumber::rising(b, axis)?;
    let Some(window) = window else { return Ok(rising.unwrap_or_else(|| (0..axis.len).collect())) };
    if rising.is_some() {
        return Err(b
            .diag("chooses channels with CH, but its input has wavenumbers in their place")
            .help("leave CH out; SLICE CH=… before the transform chooses channels"));
    }
    let from = window.from.unwrap_or(i64::MIN);
    let to = window.to.unwrap_or(i64::MAX);
    let within = (0..axis.len).filter(|position| (from..to).contains(&axis.number(*position)));
    let every = usize::try_from(window.step.max(1)).unwrap_or(usize::MAX);
    // Every so many numbers, counted from the first one chosen.
    let mut first = None;
    let chosen: Vec<u32> = within
        .filter(|position| {
            let number = axis.number(*position);
            let since = number.saturating_sub(*first.get_or_insert(number));
            since.unsigned_abs().is_multiple_of(every as u64)
        })
        .collect();
    if chosen.is_empty() {
        let last = axis.number(axis.len.saturating_sub(1));
        let message = format!("chooses no channel: the data has numbers {} to {last}", axis.first);
        return Err(b.diag(message).help(format!(
            "for example CH={}..{}",
            axis.first,
            last.saturating_add(1)
        )));
    }
    Ok(chosen)
}
