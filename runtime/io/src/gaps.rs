//! What READ makes of the gaps of a record: filters start anew after each, or missing rows are marked, or gaps are refused.

use std::ops::Range;

use dasc_ir::{Diag, Result, time::format_utc};

use crate::record::check_read;
use crate::{FileType, Header, OnGap, Segment, Source};

/// The record as ON_GAP has it.
pub fn apply(source: Box<dyn Source>, on_gap: OnGap) -> Result<Box<dyn Source>> {
    let header = source.header();
    let [first, .., last] = header.segments.as_slice() else { return Ok(source) };
    match on_gap {
        OnGap::Reset => Ok(source),
        OnGap::Error => Err(Diag::world(gap(header))
            .help("ON_GAP=reset goes on after gaps with filters that start anew, ON_GAP=mask with missing rows as NaN")),
        OnGap::Mask if matches!(header.file_type, FileType::I16 | FileType::I32) => {
            Err(Diag::usage(format!("{}, and whole numbers have no NaN to mark it with", gap(header)))
                .help("take ON_GAP=reset, where filters start anew after each gap"))
        }
        OnGap::Mask => {
            let end = last.start.saturating_add(i64::try_from(last.len).unwrap_or(i64::MAX));
            let whole = Segment { len: end.saturating_sub(first.start).max(0) as u64, ..*first };
            let mut masked = header.clone();
            masked.notes.push(format!("{} gaps are filled with NaN", header.segments.len() - 1));
            masked.segments = vec![whole];
            Ok(Box::new(Masked { header: masked, inner: source }))
        }
    }
}

/// Where the first gap is and how long.
fn gap(header: &Header) -> String {
    let [first, second, ..] = header.segments.as_slice() else { return String::new() };
    let end = first.start.saturating_add(i64::try_from(first.len).unwrap_or(i64::MAX));
    let missing = second.start.saturating_sub(end);
    let others = match header.segments.len() {
        2 => String::new(),
        n => format!(" (and {} more gaps)", n - 2),
    };
    format!("the record has a gap of {missing} samples before {}{others}", format_utc(second.start_ns))
}

struct Masked {
    header: Header,
    inner: Box<dyn Source>,
}

impl Source for Masked {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&self, rows: Range<i64>, channels: Range<usize>, out: &mut [u8], stride: usize) -> Result<()> {
        let row = check_read(&self.header, &rows, &channels, out.len(), stride)?;
        let (f32_nan, f64_nan) = (f32::NAN.to_ne_bytes(), f64::NAN.to_ne_bytes());
        let nan: &[u8] = if self.header.file_type == FileType::F64 { &f64_nan } else { &f32_nan };
        let segments = &self.inner.header().segments;
        let end = |s: &Segment| s.start.saturating_add(i64::try_from(s.len).unwrap_or(i64::MAX));
        let mut at = rows.start;
        let mut number = segments.partition_point(|s| end(s) <= at);
        while at < rows.end {
            let place = |row: i64| (row - rows.start) as usize * stride;
            let Some(segment) = segments.get(number) else {
                return Err(Diag::compiler(format!("rows {rows:?} of a masked record lie beyond its end")));
            };
            let here = segment.start.clamp(at, rows.end);
            for line in at..here {
                let line = &mut out[place(line)..place(line) + row];
                line.chunks_exact_mut(nan.len()).for_each(|value| value.copy_from_slice(nan));
            }
            let stop = end(segment).min(rows.end);
            if here < stop {
                self.inner.read(here..stop, channels.clone(), &mut out[place(here)..], stride)?;
            }
            at = stop.max(here);
            number += 1;
        }
        Ok(())
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
