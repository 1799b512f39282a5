//! What a record is, whatever file it came from, and the trait every reader implements.

use std::collections::BTreeMap;
use std::ops::Range;

use dasc_ir::{Rational, Result, Unit};

/// Element type as it lies in the file. Samples keep it up to the kernel that first needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileType {
    I16,
    I32,
    F32,
    F64,
}

impl FileType {
    pub const fn size(self) -> usize {
        match self {
            FileType::I16 => 2,
            FileType::I32 | FileType::F32 => 4,
            FileType::F64 => 8,
        }
    }
}

/// Channels `first, first + step, …` in the numbering of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels {
    pub first: i64,
    pub step: i64,
    pub count: usize,
}

impl Channels {
    /// The lowest and the highest number.
    pub fn range(&self) -> (i64, i64) {
        let steps = i64::try_from(self.count).unwrap_or(i64::MAX).saturating_sub(1).max(0);
        let last = self.first.saturating_add(self.step.saturating_mul(steps));
        (self.first.min(last), self.first.max(last))
    }

    pub fn contains(&self, number: i64) -> bool {
        let (low, high) = self.range();
        let steps = i128::from(number) - i128::from(self.first);
        self.count > 0
            && (low..=high).contains(&number)
            && (self.step == 0 || steps % i128::from(self.step) == 0)
    }
}

/// A stretch without gap: samples `start .. start + len` of the record's index, the first taken at `start_ns`.
/// After a gap the index goes on counting missing samples, so index and clock stay in step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub start: i64,
    pub len: u64,
    /// UTC, nanoseconds since 1970.
    pub start_ns: i64,
}

/// Everything a pipeline needs to know about a record before reading a sample.
#[derive(Clone, Debug)]
pub struct Header {
    /// Dialect: `prodml`, `terra15`, `dat`, `synthetic`, …
    pub format: &'static str,
    pub file_type: FileType,
    /// What the stored numbers are multiplied by to be in `unit`; 1 where the file stores physical values.
    pub scale: f64,
    pub unit: Unit,
    /// Samples per second, exactly.
    pub rate: Rational,
    pub channels: Channels,
    /// Metres between channels, and the position of the first of them along the fibre.
    pub spacing: f64,
    pub distance: f64,
    pub gauge_length: Option<f64>,
    pub segments: Vec<Segment>,
    /// The file's own attributes, for `inspect` and for provenance.
    pub attributes: BTreeMap<String, String>,
    /// What was assumed or repaired while reading the header, in words for the user.
    pub notes: Vec<String>,
}

/// The note of a file that does not say how far apart its channels are.
pub const ASSUMED_SPACING: &str =
    "channel spacing is not in the file: 1 m assumed; DX= of READ says otherwise";

/// The length of a segment that nobody knows the end of: a live stream's.
pub const ENDLESS: u64 = u64::MAX;

impl Header {
    /// Whether this is a stream that goes on for as long as its sender does.
    pub fn is_live(&self) -> bool {
        self.segments.last().is_some_and(|segment| segment.len == ENDLESS)
    }

    /// Whether distances rest on an assumption.
    pub fn assumes_spacing(&self) -> bool {
        self.channels.count > 1 && self.notes.iter().any(|note| note == ASSUMED_SPACING)
    }

    /// Samples in all segments.
    pub fn samples(&self) -> u64 {
        self.segments.iter().map(|s| s.len).fold(0, u64::saturating_add)
    }
}

/// A record that can be read in any order of rows.
pub trait Source: Send + Sync {
    fn header(&self) -> &Header;

    /// Reads time samples `rows` (positions in the record's own index, inside one segment) of the channels at
    /// positions `channels` (0-based, every one of them) into `out`, time-major: row `i` begins at byte
    /// `i * stride` and holds `channels.len()` elements of `header().file_type` in native byte order.
    /// Bytes between the end of a row and the next stride are left alone. Thread-safe, so chunks can be prefetched.
    fn read(&self, rows: Range<i64>, channels: Range<usize>, out: &mut [u8], stride: usize) -> Result<()>;

    /// How many rows from `first` on can be read, at most `most`: waits for at least one. 0 means that there will be none, because a
    /// live stream is over. Only live streams make anyone wait, and they are read in order.
    fn wait(&self, _first: i64, most: usize) -> Result<usize> {
        Ok(most)
    }

    /// No more rows will be read: whoever waits for them need not. Called while another thread waits.
    fn halt(&self) {}

    /// Where a live stream goes on after [`Source::wait`] said that no more rows follow: behind samples that are missing. Waits until that is
    /// known; `None` if the stream is over.
    fn resumes(&self) -> Result<Option<Segment>> {
        Ok(None)
    }

    /// What of the record could not be had, in words: files left out, a live stream that ended before its sender closed it in order.
    fn losses(&self) -> Vec<String> {
        Vec::new()
    }

    /// What every user of the record should know before it is read, in words.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// Bytes on disk that `read` has fetched so far, for the progress line and the counters.
    fn bytes_read(&self) -> u64;
}
