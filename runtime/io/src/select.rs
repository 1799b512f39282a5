//! Part of a record, under its own channel numbers, distances, sample index and clock.

use std::ops::Range;

use dasc_ir::{Diag, Rational, Result, time::format_utc};

use crate::array::buffer;
use crate::record::check_read;
use crate::{Header, Segment, Source};

/// What to keep; every range is half-open, `None` keeps all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window {
    /// Channel numbers of the file.
    pub channels: Option<Range<i64>>,
    /// Metres along the fibre.
    pub distance: Option<Range<f64>>,
    /// Every so many channels, from the first kept one on; 0 and 1 keep each.
    pub every: usize,
    /// Samples of the record's index.
    pub samples: Option<Range<i64>>,
    /// UTC, nanoseconds since 1970.
    pub time: Option<Range<i64>>,
}

/// A source seen through a [`Window`].
pub struct Selected {
    inner: Box<dyn Source>,
    header: Header,
    first: usize,
    every: usize,
}

/// Scratch memory of one read of every so many channels.
const SCRATCH: usize = 4 << 20;

impl Selected {
    /// Errors where nothing is left, naming what the record has.
    pub fn new(inner: Box<dyn Source>, window: &Window) -> Result<Selected> {
        let mut header = inner.header().clone();
        let every = window.every.max(1);
        let kept = positions(&header, window)?;
        let count = kept.len().div_ceil(every);
        let step = i64::try_from(every).ok().and_then(|n| header.channels.step.checked_mul(n));
        let step =
            step.ok_or_else(|| Diag::usage(format!("every {every}th channel is beyond any record")))?;
        header.distance += kept.start as f64 * header.spacing;
        header.spacing *= every as f64;
        header.channels.first += kept.start as i64 * header.channels.step;
        header.channels.step = step;
        header.channels.count = count;
        header.segments = clipped(&header, window)?;
        Ok(Selected { inner, header, first: kept.start, every })
    }
}

fn positions(header: &Header, window: &Window) -> Result<Range<usize>> {
    let channels = header.channels;
    let number = |position: usize| channels.first + position as i64 * channels.step;
    let metres = |position: usize| header.distance + position as f64 * header.spacing;
    let wanted = |position: &usize| {
        window.channels.as_ref().is_none_or(|r| r.contains(&number(*position)))
            && window.distance.as_ref().is_none_or(|r| r.contains(&metres(*position)))
    };
    let first = (0..channels.count).find(wanted);
    let Some((first, last)) = first.zip((0..channels.count).rev().find(wanted)) else {
        let end = channels.count.saturating_sub(1);
        let (low, high) = (number(0).min(number(end)), number(0).max(number(end)));
        let has = format!("it has channels {low} to {high}, at {} m to {} m", metres(0), metres(end));
        return Err(Diag::usage("the channel window holds no channel of the record")
            .help(format!("{has}: CH={low}..{} reads all", high.saturating_add(1))));
    };
    Ok(first..last + 1)
}

fn clipped(header: &Header, window: &Window) -> Result<Vec<Segment>> {
    if header.is_live() {
        return match window.samples.is_none() && window.time.is_none() {
            true => Ok(header.segments.clone()),
            false => Err(Diag::usage("a live stream has no window of time: it begins when it is read")
                .help("leave TIME out; a record of it can be cut afterwards")),
        };
    }
    let period = header.rate.recip().unwrap_or(Rational::ONE);
    let mut kept = Vec::new();
    for segment in &header.segments {
        let (mut from, mut to) = (0, i64::try_from(segment.len).unwrap_or(i64::MAX));
        if let Some(samples) = &window.samples {
            from = from.max(samples.start.saturating_sub(segment.start));
            to = to.min(samples.end.saturating_sub(segment.start));
        }
        if let Some(time) = &window.time {
            from = from.max(reached(time.start, segment, header.rate, period));
            to = to.min(reached(time.end, segment, header.rate, period));
        }
        if from < to {
            let start_ns = segment.start_ns.saturating_add(period.nanoseconds(from));
            kept.push(Segment { start: segment.start + from, len: (to - from) as u64, start_ns });
        }
    }
    if kept.is_empty() {
        let ends = header.segments.first().zip(header.segments.last());
        let has = ends.map(|(a, z)| {
            let end = z.start_ns.saturating_add(period.nanoseconds(z.len as i64));
            let (from, to) = (format_utc(a.start_ns), format_utc(end));
            let last = z.start.saturating_add(z.len as i64).saturating_sub(1);
            format!(
                "it has samples {} to {last}, taken from {from} until {to}: TIME={from}.. reads all",
                a.start
            )
        });
        return Err(
            Diag::usage("the time window holds no sample of the record").help(has.unwrap_or_default())
        );
    }
    Ok(kept)
}

/// Samples of a segment, not beyond its end, that were taken before `instant`.
fn reached(instant: i64, segment: &Segment, rate: Rational, period: Rational) -> i64 {
    let elapsed = i128::from(instant) - i128::from(segment.start_ns);
    let near = (elapsed * i128::from(rate.num())).div_euclid(i128::from(rate.den()) * 1_000_000_000);
    // One before the quotient: stamps are rounded to nanoseconds, either way.
    let mut index = (near - 1).clamp(0, i128::from(segment.len)) as i64;
    while index < segment.len as i64 && i128::from(period.nanoseconds(index)) < elapsed {
        index += 1;
    }
    index
}

impl Source for Selected {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&self, rows: Range<i64>, channels: Range<usize>, out: &mut [u8], stride: usize) -> Result<()> {
        let row = check_read(&self.header, &rows, &channels, out.len(), stride)?;
        if channels.is_empty() || rows.is_empty() {
            return Ok(());
        }
        if self.every == 1 {
            return self.inner.read(
                rows,
                self.first + channels.start..self.first + channels.end,
                out,
                stride,
            );
        }
        let width = self.header.file_type.size();
        let left = self.first + channels.start * self.every;
        let right = self.first + (channels.end - 1) * self.every + 1;
        let whole = (right - left) * width;
        let together = (SCRATCH / whole).max(1);
        let mut scratch =
            buffer((together.min((rows.end - rows.start) as usize) * whole) as u64, "every n-th channel")?;
        for (block, from) in rows.clone().step_by(together).enumerate() {
            let to = from.saturating_add(together as i64).min(rows.end);
            let scratch = &mut scratch[..(to - from) as usize * whole];
            self.inner.read(from..to, left..right, scratch, whole)?;
            for (i, line) in scratch.chunks_exact(whole).enumerate() {
                let at = (block * together + i) * stride;
                let kept = line.chunks(width * self.every);
                for (to, from) in out[at..at + row].chunks_exact_mut(width).zip(kept) {
                    to.copy_from_slice(&from[..width]);
                }
            }
        }
        Ok(())
    }

    fn wait(&self, first: i64, most: usize) -> Result<usize> {
        self.inner.wait(first, most)
    }

    fn halt(&self) {
        self.inner.halt();
    }

    fn resumes(&self) -> Result<Option<Segment>> {
        self.inner.resumes()
    }

    fn losses(&self) -> Vec<String> {
        self.inner.losses()
    }

    fn remarks(&self) -> Vec<String> {
        self.inner.remarks()
    }

    fn bytes_read(&self) -> u64 {
        self.inner.bytes_read()
    }
}
