//! When the records of a stream were taken, and when all streams have samples.
//!
//! A record that begins within half a sample of where the one before it ends goes on from there, as ObsPy and libmseed
//! take it. One that begins later leaves a gap. One that begins earlier repeats samples: they are left out if they are
//! the same, and refused if not.

use std::sync::Arc;

use dasc_ir::{Diag, Rational, Result, time::format_utc};

use super::records::Records;
use super::scan::{Entry, Stream};
use crate::Segment;

/// Samples `first .. first + samples` of the index, the first of them sample `skip` of a record.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    pub first: i64,
    pub offset: u64,
    pub length: u32,
    pub skip: u32,
    pub samples: u32,
}

/// Pieces without a gap between them.
#[derive(Clone, Copy, Debug)]
struct Run {
    start_ns: i64,
    end_ns: i64,
    /// Of the first piece.
    piece: usize,
    samples: u64,
    index: i64,
}

/// The pieces of every stream, on one index; the segments that all have; what was found on the way.
#[derive(Debug)]
pub struct Timeline {
    pub channels: Vec<Vec<Piece>>,
    pub segments: Vec<Segment>,
    pub notes: Vec<String>,
}

pub fn timeline(streams: Vec<Stream>, rate: Rational, records: &Records) -> Result<Timeline> {
    let names: Vec<String> = streams.iter().map(|s| s.name.clone()).collect();
    let mut notes = Vec::new();
    let mut all: Vec<(Vec<Piece>, Vec<Run>)> = Vec::with_capacity(streams.len());
    let mut repeated = 0u64;
    for Stream { name, entries, .. } in streams {
        let (pieces, runs, again) = runs(&name, entries, rate, records)?;
        repeated = repeated.saturating_add(again);
        all.push((pieces, runs));
    }
    if repeated > 0 {
        notes.push(format!("{repeated} samples are in the file twice, alike; one of each is read"));
    }
    let origin = all.iter().filter_map(|(_, runs)| runs.first()).map(|run| run.start_ns).min().unwrap_or(0);
    let mut aside = (0.0f64, 0);
    for (channel, (pieces, runs)) in all.iter_mut().enumerate() {
        let mut end = i64::MIN;
        for i in 0..runs.len() {
            let stop = runs.get(i + 1).map_or(pieces.len(), |next| next.piece);
            let Some(run) = runs.get_mut(i) else { break };
            let (index, off) = position(run.start_ns, origin, rate);
            // A clock that was set by less than a sample must not make samples overlap.
            run.index = index.max(end);
            end = run.index.saturating_add_unsigned(run.samples);
            if off.abs() > f64::abs(aside.0) {
                aside = (off, channel);
            }
            for piece in pieces.get_mut(run.piece..stop).into_iter().flatten() {
                piece.first = piece.first.saturating_add(run.index);
            }
        }
    }
    let (off, channel) = aside;
    if off.abs() > 0.1 {
        let name = names.get(channel).map_or("", String::as_str);
        notes.push(format!(
            "{name} is sampled {off:.2} samples beside the earliest stream; rows take both as one instant"
        ));
    }
    let joint = joint(&all);
    if joint.is_empty() {
        return Err(apart(&names, &all, records));
    }
    left_out(&names, &all, &joint, &mut notes);
    let zero = joint.first().map_or(0, |segment| segment.start);
    let moved = |segment: Segment| Segment { start: segment.start.saturating_sub(zero), ..segment };
    let segments = joint.into_iter().map(moved).collect();
    let mut channels: Vec<Vec<Piece>> = all.into_iter().map(|(pieces, _)| pieces).collect();
    for piece in channels.iter_mut().flatten() {
        piece.first = piece.first.saturating_sub(zero);
    }
    Ok(Timeline { channels, segments, notes })
}

/// Puts a stream's records in order of time. Pieces are numbered from their run's beginning.
fn runs(
    name: &str,
    mut entries: Vec<Entry>,
    rate: Rational,
    records: &Records,
) -> Result<(Vec<Piece>, Vec<Run>, u64)> {
    entries.sort_by_key(|e| (e.start_ns, e.offset));
    let period = rate.recip().unwrap_or(Rational::ZERO);
    let (mut pieces, mut runs, mut repeated): (Vec<Piece>, Vec<Run>, u64) = (Vec::new(), Vec::new(), 0);
    if pieces.try_reserve_exact(entries.len()).is_err() {
        return Err(Diag::world(format!("the {} records of {name} do not fit in memory", entries.len())));
    }
    let mut held = None;
    for entry in entries {
        let Entry { offset, length, samples, start_ns } = entry;
        let end_ns = start_ns.saturating_add(period.nanoseconds(samples.into()));
        let off = |run: &Run| start_ns.saturating_sub(run.end_ns) as f64 * 1e-9 * rate.as_f64();
        let piece = Piece { first: 0, offset, length, skip: 0, samples };
        match runs.last_mut().map(|run| (off(run), run)) {
            Some((off, run)) if off <= 0.5 => {
                let again = if off < -0.5 { (-off).round() as u64 } else { 0 };
                if again > 0 {
                    let own = pieces.get(run.piece..).unwrap_or_default();
                    let alike = repeats(own, run.samples, again, &piece, records, &mut held)?;
                    if !alike {
                        let (at, path) = (format_utc(start_ns), records.file.path());
                        let message = format!("two records of {name} in '{path}' overlap at {at} and differ");
                        return Err(Diag::world(message).help(
                            "keep one of them: write the stream anew, for instance with ObsPy's Stream.merge",
                        ));
                    }
                    repeated = repeated.saturating_add(again.min(samples.into()));
                }
                let skip = u32::try_from(again).unwrap_or(u32::MAX).min(samples);
                if skip < samples {
                    let first = i64::try_from(run.samples).unwrap_or(i64::MAX);
                    pieces.push(Piece { first, skip, samples: samples - skip, ..piece });
                    run.samples = run.samples.saturating_add((samples - skip).into());
                    run.end_ns = end_ns;
                }
            }
            _ => {
                let run = Run { start_ns, end_ns, piece: pieces.len(), samples: samples.into(), index: 0 };
                runs.push(run);
                pieces.push(piece);
            }
        }
    }
    Ok((pieces, runs, repeated))
}

/// The record decoded last, by its offset.
type Held = Option<(u64, Arc<Vec<u8>>)>;

/// Whether the last `again` samples of a run begin as `piece` does, as far as it goes.
fn repeats(
    run: &[Piece],
    samples: u64,
    again: u64,
    piece: &Piece,
    records: &Records,
    held: &mut Held,
) -> Result<bool> {
    let width = records.file_type.size();
    let fresh = records.samples(piece.offset, piece.length)?;
    let Some(begin) = samples.checked_sub(again).and_then(|n| i64::try_from(n).ok()) else {
        return Ok(false);
    };
    let end = begin.saturating_add_unsigned(again.min(piece.samples.into()));
    let from = run.partition_point(|p| p.first.saturating_add(p.samples.into()) <= begin);
    for before in run.get(from..).into_iter().flatten().take_while(|p| p.first < end) {
        let old = match held {
            Some((offset, old)) if *offset == before.offset => old.clone(),
            _ => records.samples(before.offset, before.length)?,
        };
        *held = Some((before.offset, old.clone()));
        let (low, high) =
            (begin.max(before.first), end.min(before.first.saturating_add(before.samples.into())));
        let bytes = |of: &[u8], zero: i64| {
            let place = |at: i64| usize::try_from(at.saturating_sub(zero)).ok()?.checked_mul(width);
            of.get(place(low)?..place(high)?).map(<[u8]>::to_vec)
        };
        let zero = before.first.saturating_sub(before.skip.into());
        let (a, b) = (bytes(&old, zero), bytes(&fresh, begin));
        if a.is_none() || a != b {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The index of an instant, and how far beside it the instant lies, in samples.
fn position(ns: i64, origin: i64, rate: Rational) -> (i64, f64) {
    let elapsed = (i128::from(ns) - i128::from(origin)).saturating_mul(rate.num().into());
    let scale = i128::from(rate.den()).saturating_mul(1_000_000_000).max(1);
    let index = elapsed.saturating_add(scale / 2).div_euclid(scale);
    let off = elapsed.saturating_sub(index.saturating_mul(scale)) as f64 / scale as f64;
    // No record has so many samples; found::header refuses them.
    let most = 1i128 << 57;
    (i64::try_from(index.clamp(-most, most)).unwrap_or(0), off)
}

/// Stretches of the index that every stream has, in order. Each begins where some stream's run does, at that run's time.
fn joint(all: &[(Vec<Piece>, Vec<Run>)]) -> Vec<Segment> {
    // Ends before beginnings, so that runs that touch stay two.
    let mut events: Vec<(i64, i64, i64)> = Vec::new();
    for run in all.iter().flat_map(|(_, runs)| runs) {
        events.push((run.index, 1, run.start_ns));
        events.push((run.index.saturating_add_unsigned(run.samples), -1, run.end_ns));
    }
    events.sort_unstable();
    let (mut present, mut found) = (0i64, Vec::new());
    let mut begun: Option<(i64, i64)> = None;
    for (at, change, ns) in events {
        if let Some((start, start_ns)) = begun.take().filter(|(start, _)| *start < at) {
            found.push(Segment { start, len: at.abs_diff(start), start_ns });
        }
        present = present.saturating_add(change);
        if present == all.len() as i64 {
            begun = Some((at, ns));
        }
    }
    found
}

fn apart(names: &[String], all: &[(Vec<Piece>, Vec<Run>)], records: &Records) -> Diag {
    let ends = names.iter().zip(all).filter_map(|(name, (_, runs))| Some((runs.last()?.end_ns, name))).min();
    let begins =
        names.iter().zip(all).filter_map(|(name, (_, runs))| Some((runs.first()?.start_ns, name))).max();
    let (path, count) = (records.file.path(), names.len());
    let mut message = format!("the {count} streams of '{path}' have no time in common");
    if let (Some((end, early)), Some((begin, late))) = (ends, begins) {
        let (end, begin) = (format_utc(end), format_utc(begin));
        message = format!("{message}: {early} ends at {end}, {late} begins at {begin}");
    }
    Diag::world(message)
        .help("READ takes channels that were recorded together: write each stream to a file of its own")
}

/// Tells of samples at times that not all streams have.
fn left_out(names: &[String], all: &[(Vec<Piece>, Vec<Run>)], joint: &[Segment], notes: &mut Vec<String>) {
    let kept: u64 = joint.iter().map(|segment| segment.len).sum();
    let mut partial = names.iter().zip(all).filter_map(|(name, (_, runs))| {
        let whole = runs.iter().fold(0u64, |sum, run| sum.saturating_add(run.samples));
        Some(format!("{} of {whole} samples of {name}", whole.saturating_sub(kept))).filter(|_| whole > kept)
    });
    let told: Vec<String> = partial.by_ref().take(3).collect();
    if !told.is_empty() {
        let more = partial.count();
        let more = if more > 0 { format!(" and some of {more} other streams") } else { String::new() };
        notes.push(format!("times that not all streams have are left out: {}{more}", told.join(", ")));
    }
}
