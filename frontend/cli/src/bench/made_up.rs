//! Samples that lie in memory, so that no source's speed is measured with the pipeline's.

use std::collections::BTreeMap;
use std::ops::Range;

use dasc_io::{Channels, FileType, Header, Segment, Source};
use dasc_ir::{Diag, Rational, Result, Unit};

use crate::memory;
use crate::numbers;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub rows: u64,
    pub channels: usize,
    pub file_type: FileType,
    /// Samples per second.
    pub rate: f64,
}

/// Noise about an offset: the same whenever it is made.
pub struct MadeUp {
    header: Header,
    samples: Vec<u8>,
}

impl MadeUp {
    /// Fills memory with samples. Errors: more of them than half of the memory there is holds, a rate that is none.
    pub fn new(shape: Shape) -> Result<MadeUp> {
        let Shape { rows, channels, file_type, rate } = shape;
        let rate = Rational::approximate(rate).filter(|rate| *rate > Rational::ZERO);
        let rate = rate.ok_or_else(|| {
            Diag::usage(format!("--fs {} is no sampling rate", shape.rate))
                .help("give hertz, such as --fs 1000")
        })?;
        if rows == 0 || channels == 0 {
            return Err(Diag::usage("a record of no samples cannot be measured")
                .help("give --rows and --channels above 0"));
        }
        let bytes = u128::from(rows) * channels as u128 * file_type.size() as u128;
        let most = 2 * memory::default_budget();
        if bytes > most as u128 {
            return Err(Diag::usage(format!(
                "{rows} rows of {channels} channels are {}, and this machine has room for {}",
                numbers::bytes(bytes as f64),
                numbers::bytes(most as f64)
            ))
            .help("give fewer --rows or --channels; speed hardly depends on their number"));
        }
        let header = Header {
            format: "memory",
            file_type,
            scale: 1.0,
            unit: Unit::none(),
            rate,
            channels: Channels { first: 0, step: 1, count: channels },
            spacing: 1.0,
            distance: 0.0,
            gauge_length: None,
            segments: vec![Segment { start: 0, len: rows, start_ns: 0 }],
            attributes: BTreeMap::new(),
            notes: Vec::new(),
        };
        let count = rows as usize * channels;
        let mut samples = Vec::with_capacity(count * file_type.size());
        for i in 0..count {
            // From −1 to 1, about 1/4.
            let noise = ((i as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 0.75;
            match file_type {
                FileType::I16 => samples.extend(((noise * 1000.0) as i16).to_ne_bytes()),
                FileType::I32 => samples.extend(((noise * 100_000.0) as i32).to_ne_bytes()),
                FileType::F32 => samples.extend(noise.to_ne_bytes()),
                FileType::F64 => samples.extend(f64::from(noise).to_ne_bytes()),
            }
        }
        Ok(MadeUp { header, samples })
    }
}

impl Source for MadeUp {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&self, rows: Range<i64>, channels: Range<usize>, out: &mut [u8], stride: usize) -> Result<()> {
        let size = self.header.file_type.size();
        let outside = || Diag::compiler("bench: rows outside the record");
        let count = usize::try_from(rows.end.saturating_sub(rows.start)).map_err(|_| outside())?;
        let first = usize::try_from(rows.start).map_err(|_| outside())?;
        let whole = self.header.channels.count * size;
        let part = channels.start * size..channels.end * size;
        let source = self.samples.chunks_exact(whole).skip(first).take(count);
        for (row, out) in source.zip(out.chunks_mut(stride)) {
            let row = row.get(part.clone()).ok_or_else(outside)?;
            out.get_mut(..row.len()).ok_or_else(outside)?.copy_from_slice(row);
        }
        Ok(())
    }

    fn bytes_read(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_those_of_the_shape_wherever_they_are_read() {
        let shape = Shape { rows: 7, channels: 3, file_type: FileType::I16, rate: 1000.0 };
        let source = MadeUp::new(shape).unwrap();
        let mut whole = vec![0; 7 * 6];
        source.read(0..7, 0..3, &mut whole, 6).unwrap();
        let mut part = vec![9; 2 * 8];
        source.read(4..6, 1..3, &mut part, 8).unwrap();
        assert_eq!(part[..4], whole[4 * 6 + 2..5 * 6]);
        assert_eq!((part[4], &part[8..12]), (9, &whole[5 * 6 + 2..6 * 6]));
        assert!(MadeUp::new(Shape { rows: 0, ..shape }).is_err());
        assert!(MadeUp::new(Shape { rate: f64::NAN, ..shape }).is_err());
        let much = MadeUp::new(Shape { rows: 1 << 40, channels: 1 << 20, ..shape });
        assert!(much.err().unwrap().message.contains("room for"));
    }
}
