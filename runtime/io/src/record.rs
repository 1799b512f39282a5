//! A record whose samples lie in one [`Array`]: the [`Source`] behind every file format.

use std::ops::Range;

use dasc_ir::{Diag, Result};

use crate::array::{Array, buffer};
use crate::{Header, Source};

/// Which axis of the array is what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axes {
    /// `[1, time, channel]`
    TimeChannel,
    /// `[1, channel, time]`
    ChannelTime,
    /// `[block, time, channel]`: of each block, rows `first .. first + rows` count and the rest overlaps.
    Blocks { first: u64, rows: u64 },
}

#[derive(Debug)]
pub struct Record {
    header: Header,
    array: Array,
    axes: Axes,
}

/// Scratch memory of one read.
const SCRATCH: u64 = 4 << 20;

impl Record {
    /// Segments must hold exactly the rows of the array, in order.
    pub fn new(header: Header, array: Array, axes: Axes) -> Result<Record> {
        let [blocks, rows, columns] = array.shape;
        let (samples, channels) = match axes {
            Axes::TimeChannel => (Some(rows), columns),
            Axes::ChannelTime => (Some(columns), rows),
            Axes::Blocks { rows, .. } => (blocks.checked_mul(rows), columns),
        };
        if samples != Some(header.samples()) || channels != header.channels.count as u64 {
            let found = format!("{samples:?} samples of {channels} channels");
            let claimed = format!("{} samples of {} channels", header.samples(), header.channels.count);
            return Err(Diag::world(format!(
                "'{}' holds {found}, its header says {claimed}",
                array.file.path()
            )));
        }
        Ok(Record { header, array, axes })
    }

    /// The stored row of sample `rows.start`, if all of `rows` lie in one segment.
    fn stored(&self, rows: &Range<i64>) -> Option<u64> {
        let mut before = 0u64;
        for segment in &self.header.segments {
            let from = rows.start.checked_sub(segment.start).and_then(|n| u64::try_from(n).ok());
            let to = rows.end.checked_sub(segment.start).and_then(|n| u64::try_from(n).ok());
            if let (Some(from), Some(to)) = (from, to)
                && from <= to
                && to <= segment.len
            {
                return Some(before + from);
            }
            before += segment.len;
        }
        None
    }

    /// Reads plain `[plane, row.., channel..]` rows into strided ones.
    fn copy(
        &self,
        plane: u64,
        first: u64,
        rows: usize,
        channels: &Range<usize>,
        out: &mut [u8],
        stride: usize,
    ) -> Result<()> {
        let count = channels.len() as u64;
        let row = channels.len() * self.header.file_type.size();
        let from = |done: usize| [plane, first + done as u64, channels.start as u64];
        if row == stride {
            return self.array.read(from(0), [1, rows as u64, count], &mut out[..rows * row]);
        }
        let together = (SCRATCH as usize / row.max(1)).clamp(1, rows.max(1));
        let mut scratch = buffer((together * row) as u64, &self.array.name)?;
        for done in (0..rows).step_by(together) {
            let now = together.min(rows - done);
            self.array.read(from(done), [1, now as u64, count], &mut scratch[..now * row])?;
            for (i, from) in scratch[..now * row].chunks_exact(row).enumerate() {
                let at = (done + i) * stride;
                out[at..at + row].copy_from_slice(from);
            }
        }
        Ok(())
    }

    /// Reads channel after channel and turns blocks of them into rows.
    fn transpose(
        &self,
        first: u64,
        rows: usize,
        channels: &Range<usize>,
        out: &mut [u8],
        stride: usize,
    ) -> Result<()> {
        let width = self.header.file_type.size();
        let rows_now = rows.min(SCRATCH as usize / width / 16).max(1);
        let channels_now = (SCRATCH as usize / width / rows_now).clamp(1, channels.len());
        let mut scratch = buffer((rows_now * channels_now * width) as u64, &self.array.name)?;
        for row in (0..rows).step_by(rows_now) {
            let height = rows_now.min(rows - row);
            for channel in channels.clone().step_by(channels_now) {
                let broad = channels_now.min(channels.end - channel);
                let tile = &mut scratch[..height * broad * width];
                self.array.read(
                    [0, channel as u64, first + row as u64],
                    [1, broad as u64, height as u64],
                    tile,
                )?;
                let out = &mut out[row * stride + (channel - channels.start) * width..];
                match width {
                    2 => turn::<2>(tile, broad, height, out, stride),
                    4 => turn::<4>(tile, broad, height, out, stride),
                    _ => turn::<8>(tile, broad, height, out, stride),
                }
            }
        }
        Ok(())
    }
}

/// Writes `broad` channels of `height` samples as rows, in squares that stay in the first-level cache.
fn turn<const W: usize>(tile: &[u8], broad: usize, height: usize, out: &mut [u8], stride: usize) {
    let elements = tile.as_chunks::<W>().0;
    const SIDE: usize = 32;
    for top in (0..height).step_by(SIDE) {
        for left in (0..broad).step_by(SIDE) {
            for row in top..(top + SIDE).min(height) {
                let end = (left + SIDE).min(broad);
                let line = &mut out[row * stride + left * W..row * stride + end * W];
                for (to, channel) in line.as_chunks_mut::<W>().0.iter_mut().zip(left..end) {
                    *to = elements[channel * height + row];
                }
            }
        }
    }
}

/// What every source asks of a `read` call before it touches memory: the bytes of one row.
pub(crate) fn check_read(
    header: &Header,
    rows: &Range<i64>,
    channels: &Range<usize>,
    out: usize,
    stride: usize,
) -> Result<usize> {
    let row = channels.len() * header.file_type.size();
    let count = usize::try_from(rows.end.saturating_sub(rows.start)).unwrap_or(0);
    let needed =
        count.checked_sub(1).map_or(Some(0), |n| n.checked_mul(stride).and_then(|n| n.checked_add(row)));
    let fits = needed.is_some_and(|n| n <= out) && (stride >= row || count <= 1);
    if rows.start <= rows.end
        && channels.start <= channels.end
        && channels.end <= header.channels.count
        && fits
    {
        return Ok(row);
    }
    let asked = format!("rows {rows:?} of channels {channels:?} with stride {stride} into {out} bytes");
    Err(Diag::compiler(format!(
        "a {} record of {} channels was asked for {asked}",
        header.format, header.channels.count
    )))
}

impl Source for Record {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&self, rows: Range<i64>, channels: Range<usize>, out: &mut [u8], stride: usize) -> Result<()> {
        let row = check_read(&self.header, &rows, &channels, out.len(), stride)?;
        let count = usize::try_from(rows.end - rows.start).unwrap_or(0);
        if count == 0 || row == 0 {
            return Ok(());
        }
        let stored = self.stored(&rows).ok_or_else(|| {
            Diag::compiler(format!("rows {rows:?} of '{}' do not lie in one segment", self.array.file.path()))
        })?;
        match self.axes {
            Axes::TimeChannel => self.copy(0, stored, count, &channels, out, stride),
            Axes::ChannelTime => self.transpose(stored, count, &channels, out, stride),
            Axes::Blocks { first, rows } => {
                let (mut done, rows) = (0, rows.max(1));
                while done < count {
                    let at = stored + done as u64;
                    let now = ((rows - at % rows) as usize).min(count - done);
                    self.copy(
                        at / rows,
                        first + at % rows,
                        now,
                        &channels,
                        &mut out[done * stride..],
                        stride,
                    )?;
                    done += now;
                }
                Ok(())
            }
        }
    }

    fn bytes_read(&self) -> u64 {
        self.array.file.fetched()
    }
}
