//! Files in the order of time: where one goes on from another, where samples are missing, where they come twice.
//!
//! The index of a sample is the truth. A file continues the one before it if it begins within half a sample of where that ended by its own
//! clock, so that jitter of clocks does not add up; else the samples between them are missing, or those in common belong to the earlier.

use std::path::PathBuf;

use dasc_ir::{Diag, Rational, Result};

use super::summary::Summary;
use crate::Segment;

/// Rows of a file that are rows of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub file: usize,
    /// The index of the first row, in the file and in the record.
    pub from: i64,
    pub first: i64,
    pub len: u64,
}

/// A record made of files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Joined {
    /// In order of rows.
    pub parts: Vec<Part>,
    pub segments: Vec<Segment>,
    /// Rows of files that the record has from earlier ones: they must be the same. In order of rows.
    pub common: Vec<Part>,
    /// How many stretches of files are made of nothing else.
    pub within: usize,
    /// The most by which a file's clock differs from the record's, in samples.
    pub drift: f64,
}

/// A stretch of a file.
struct Stretch {
    file: usize,
    from: i64,
    len: u64,
    start_ns: i64,
}

/// Orders and joins files that fit together.
pub fn join(files: &[(PathBuf, Summary)]) -> Result<Joined> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for (file, (_, summary)) in files.iter().enumerate() {
        stretches.extend(summary.segments.iter().map(|&(from, len, start_ns)| Stretch {
            file,
            from,
            len,
            start_ns,
        }));
    }
    stretches.retain(|stretch| stretch.len > 0);
    // Of two that begin together the longer leads.
    stretches.sort_by_key(|s| (s.start_ns, std::cmp::Reverse(s.len), s.file));
    let rate = files.first().map_or(Rational::ONE, |(_, summary)| summary.rate());
    let period = rate.recip().unwrap_or(Rational::ONE);
    let mut joined = Joined::default();
    // Where the record ends so far: its index, and the clock of the file that reaches furthest.
    let (mut end, mut end_ns) = (0i64, 0i64);
    for stretch in &stretches {
        let len = i64::try_from(stretch.len).unwrap_or(i64::MAX);
        let own_end = stretch.start_ns.saturating_add(period.nanoseconds(len));
        let Some(open) = joined.segments.last_mut() else {
            joined.parts.push(Part { file: stretch.file, from: stretch.from, first: 0, len: stretch.len });
            joined.segments.push(Segment { start: 0, len: stretch.len, start_ns: stretch.start_ns });
            (end, end_ns) = (len, own_end);
            continue;
        };
        let late = samples(stretch.start_ns, end_ns, rate);
        let again = late.checked_neg().filter(|n| *n > 0).unwrap_or(0);
        if again > 0 {
            let len = again.min(len) as u64;
            let first = (end - again).max(0);
            joined.common.push(Part { file: stretch.file, from: stretch.from, first, len });
        }
        if again >= len {
            joined.within += 1;
            continue;
        }
        if late > 0 {
            end = end.checked_add(late).ok_or_else(|| {
                let name =
                    files.get(stretch.file).map(|(path, _)| path.display().to_string()).unwrap_or_default();
                Diag::world(format!(
                    "'{name}' begins so long after the others that samples cannot be counted"
                ))
                .help("see its clock, or leave the file out")
            })?;
            joined.segments.push(Segment { start: end, len: stretch.len, start_ns: stretch.start_ns });
        } else {
            open.len = open.len.saturating_add((len - again) as u64);
            let since = period.nanoseconds(end - again - open.start);
            let differs = i128::from(stretch.start_ns) - i128::from(open.start_ns) - i128::from(since);
            let differs = differs.unsigned_abs() as f64 / 1e9 * rate.as_f64();
            joined.drift = joined.drift.max(differs);
        }
        let kept = (len - again) as u64;
        joined.parts.push(Part {
            file: stretch.file,
            from: stretch.from.saturating_add(again),
            first: end,
            len: kept,
        });
        end = end.saturating_add(kept as i64);
        end_ns = own_end;
    }
    Ok(joined)
}

/// Samples between two instants, to the nearest; half a sample counts as none.
pub fn samples(later: i64, earlier: i64, rate: Rational) -> i64 {
    let elapsed = (i128::from(later) - i128::from(earlier)) * i128::from(rate.num());
    let unit = i128::from(rate.den()) * 1_000_000_000;
    let (whole, rest) = (elapsed / unit, elapsed % unit);
    let nearest = if 2 * rest.abs() > unit { whole + rest.signum() } else { whole };
    i64::try_from(nearest).unwrap_or(if nearest > 0 { i64::MAX } else { i64::MIN + 1 })
}
