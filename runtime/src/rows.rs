//! A stretch of consecutive rows of a stream, with room for the rows that lie beyond its ends.

use std::ptr::NonNull;
use std::sync::Arc;

use dasc_compiler::plan::Stream;
use dasc_ir::graph::Edge;
use dasc_ir::kernel::{BufferAt, LANES};
use dasc_ir::{DType, Diag, Result};

use crate::archive::{Archive, Archived};
use crate::pad::{Borrowed, Bytes, Spare};

/// How the elements of a row lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub element: usize,
    pub inner: usize,
    pub planes: usize,
    /// Lanes before the first valid one.
    pub lane_pad: usize,
    /// Lanes from one inner position or plane to the next.
    pub lane_stride: usize,
}

impl Layout {
    /// The layout of a stream that holds all channels.
    pub fn wide(stream: &Stream) -> Layout {
        Layout {
            element: stream.element(),
            inner: stream.inner as usize,
            planes: stream.planes as usize,
            lane_pad: stream.lane_pad(),
            lane_stride: stream.lane_stride(),
        }
    }

    /// The layout of a stream that holds one channel block.
    pub fn block(stream: &Stream, lanes: usize) -> Layout {
        let lanes = lanes.min((stream.channels as usize).next_multiple_of(LANES)).max(LANES);
        Layout { lane_pad: 0, lane_stride: lanes, ..Layout::wide(stream) }
    }

    /// Bytes from one row to the next. A multiple of a large power of two would put every row into the same sets of
    /// the first-level cache, so such strides get a cache line more.
    pub fn row(&self) -> usize {
        let bytes = (self.lane_stride * self.inner * self.planes * self.element).next_multiple_of(64);
        if bytes.is_multiple_of(2048) { bytes + 64 } else { bytes }
    }
}

/// Bytes a stream may hold beyond what it needs.
const SLACK: usize = 256 << 10;

/// Rows `first .. first + capacity` of which those before `end` exist.
#[derive(Debug)]
pub(crate) struct Rows {
    pub layout: Layout,
    data: Bytes,
    /// Where the rows lie instead, if someone else keeps them.
    lent: Option<Lent>,
    /// The oldest row there is memory for, where in the memory it begins, and how many rows there is room for from there on.
    first: i64,
    offset: usize,
    capacity: i64,
    pub progress: Progress,
    /// The segment's rows, and how far readers look beyond them.
    pub start: i64,
    pub stop: i64,
    pub edge: Edge,
    pub before: i64,
    pub after: i64,
    /// Where the memory comes from, if all rows stay until they are given away.
    pub kept: Option<Arc<Spare>>,
    /// Rows that readers will hold on to for long, as far as that is known: room for them is made at once, for moving to larger
    /// memory takes that of both.
    pub span: i64,
}

/// All rows of a segment in the memory of their stream, and the byte where the channels of the first begin.
#[derive(Clone, Debug)]
pub(crate) struct AllRows {
    pub memory: Arc<Borrowed>,
    pub layout: Layout,
    pub origin: usize,
}

/// Rows that someone else keeps for as long as anyone looks.
#[derive(Clone)]
pub(crate) struct Lent {
    memory: NonNull<[u8]>,
    /// Holds the memory; asked for it once, for nothing says that it would give the same again.
    _owner: Arc<dyn AsRef<[u8]> + Send + Sync>,
    /// How the elements of a row lie; what is between rows is said by `row`.
    layout: Layout,
    /// The first row, the byte where its channels begin, and bytes from there to those of the next row, which may lie before it.
    first: i64,
    origin: usize,
    row: isize,
}

// SAFETY: the memory is shared and never written, and its owner may be held and dropped by any thread.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl Lent {
    /// `count` rows from `first` on, of which the channels of the first begin at byte `origin` and those of each other `row` bytes after
    /// the one before. `None` where a row would not lie in the memory with whole groups of lanes.
    pub fn new(
        owner: Arc<dyn AsRef<[u8]> + Send + Sync>,
        layout: Layout,
        (first, count): (i64, usize),
        (origin, row): (usize, isize),
    ) -> Option<Lent> {
        let bytes = (*owner).as_ref();
        let memory = NonNull::from(bytes);
        let parts = layout.lane_stride.checked_mul(layout.inner * layout.planes)?;
        let len = parts.checked_sub(2 * layout.lane_pad)?.checked_mul(layout.element)?;
        let layout = Layout { lane_pad: 0, ..layout };
        let way = row.checked_mul(isize::try_from(count.saturating_sub(1)).ok()?)?;
        let last = origin.checked_add_signed(way)?;
        let fits =
            origin.max(last).checked_add(len)? <= bytes.len() && layout.lane_stride.is_multiple_of(LANES);
        (count == 0 || fits).then_some(Lent { memory, _owner: owner, layout, first, origin, row })
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: what the owner lent at the beginning lives as long as the owner, which nobody has for himself.
        unsafe { self.memory.as_ref() }
    }

    /// Whether every element lies at a multiple of its size.
    pub fn is_aligned(&self) -> bool {
        let first = self.bytes().as_ptr().wrapping_add(self.origin);
        first.align_offset(self.layout.element) == 0
            && self.row.unsigned_abs().is_multiple_of(self.layout.element)
    }

    /// Where the channels of a row begin: a place in the memory for the rows lent.
    fn place(&self, row: i64) -> isize {
        (self.origin as isize).wrapping_add(((row - self.first) as isize).wrapping_mul(self.row))
    }

    /// The bytes of some channels of a row, of one inner position and plane counted together.
    pub fn lanes(&self, row: i64, part: usize, bytes: usize) -> &[u8] {
        let at = self.place(row) as usize + part * self.layout.lane_stride * self.layout.element;
        &self.bytes()[at..at + bytes]
    }

    /// Bytes of the memory.
    pub fn held(&self) -> usize {
        self.bytes().len()
    }
}

impl std::fmt::Debug for Lent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lent(from row {}, {} bytes a row)", self.first, self.row)
    }
}

/// What of a stream exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Rows before this exist.
    pub end: i64,
    /// Whether the rows before the segment were written.
    pub lead: bool,
    /// Whether the rows beyond the segment were written.
    pub tail: bool,
}

impl Rows {
    /// No rows yet of the segment `start .. stop`, with readers that look `before` and `after` rows beyond it.
    pub fn new(layout: Layout, (start, stop): (i64, i64), edge: Edge, before: i64, after: i64) -> Rows {
        let mut rows = Rows {
            layout,
            data: Bytes::default(),
            lent: None,
            first: start - before,
            offset: 0,
            capacity: 0,
            progress: Progress { end: start, lead: before == 0, tail: false },
            start,
            stop,
            edge,
            before,
            after,
            kept: None,
            span: 0,
        };
        rows.settle();
        rows
    }

    /// Marks an empty segment as complete.
    fn settle(&mut self) {
        if self.start >= self.stop {
            self.progress = Progress { end: self.start, lead: true, tail: true };
        }
    }

    /// Whether there is room for rows up to `end` as [`Rows::reserve`] makes it.
    pub fn has_room(&self, end: i64) -> bool {
        let last = if end >= self.stop { self.stop + self.after } else { end };
        last - self.first <= self.capacity
    }

    /// Makes room for rows up to `end` (and those beyond the segment, when it ends there), forgetting rows before `keep`.
    pub fn reserve(&mut self, end: i64, keep: i64) {
        if self.has_room(end) {
            return;
        }
        let last = if end >= self.stop { self.stop + self.after } else { end };
        let keep = self.oldest_kept(keep);
        let kept = (self.progress.end.max(keep) - keep).max(0);
        let needed = last - keep;
        let row = self.layout.row();
        let from = self.offset + ((keep - self.first).max(0) as usize) * row;
        // The rows before the segment count as kept before there is memory for them.
        let bytes = (kept as usize * row).min(self.data.len().saturating_sub(from));
        if needed.saturating_mul(row as i64) <= self.data.len() as i64 {
            self.data.bytes_mut().copy_within(from..from + bytes, 0);
            self.capacity = (self.data.len() / row) as i64;
        } else {
            // More than the need, so that moving rows stays a small share of the work; but large rows are not held in vain.
            let capacity = needed + (needed + 16).min((SLACK / row) as i64);
            let lasting = self.span.saturating_add((end - self.progress.end).max(0));
            let capacity = capacity.max(lasting.min(self.stop.saturating_add(self.after) - keep));
            let grown = capacity as usize * row;
            let mut grown = self.kept.as_ref().map_or_else(|| Bytes::zeroed(grown), |kept| kept.take(grown));
            if bytes > 0 {
                grown.bytes_mut()[..bytes].copy_from_slice(&self.data.bytes()[from..from + bytes]);
            }
            self.data = grown;
            self.capacity = capacity;
        }
        (self.first, self.offset) = (keep, 0);
    }

    /// Rows that arrive in a chunk may have to be kept with so many before them: those that readers hold on to, and those that
    /// edges are made of.
    pub fn kept_before(&self) -> i64 {
        self.span.max(self.before).max(self.after + 1)
    }

    /// Takes rows up to `end` in the memory they came in, after `room` rows for those before them. Rows still needed move there if
    /// they and the rows beyond the segment have room, else the new ones move to the old. Memory that is free is answered.
    pub fn take(&mut self, arrived: Bytes, room: i64, end: i64, keep: i64) -> Bytes {
        let row = self.layout.row();
        let wanted = self.oldest_kept(keep);
        let kept = (self.progress.end.max(wanted) - wanted).max(0);
        let last = if end >= self.stop { self.stop + self.after } else { end };
        let needed = (room + last - self.progress.end).saturating_mul(row as i64);
        if kept > room || needed > arrived.len() as i64 {
            self.reserve(end, keep);
            let from = room as usize * row;
            let rows = self.bytes_mut(self.progress.end, end);
            rows.copy_from_slice(&arrived.bytes()[from..from + rows.len()]);
            return arrived;
        }
        let mut old = std::mem::replace(&mut self.data, arrived);
        let from = self.offset + ((wanted - self.first).max(0) as usize) * row;
        // The rows before the segment count as kept before there is memory for them.
        let bytes = (kept as usize * row).min(old.len().saturating_sub(from));
        self.offset = (room - kept) as usize * row;
        self.data.bytes_mut()[self.offset..self.offset + bytes]
            .copy_from_slice(&old.bytes_mut()[from..from + bytes]);
        self.first = wanted;
        self.capacity = ((self.data.len() - self.offset) / row) as i64;
        old
    }

    /// Takes rows where they lie. What was here is there too, and given up.
    pub fn lend(&mut self, lent: &Lent, keep: i64) {
        self.first = self.oldest_kept(keep);
        if self.lent.is_none() {
            (self.data, self.capacity, self.offset) = (Bytes::default(), 0, 0);
            (self.layout, self.lent) = (lent.layout, Some(lent.clone()));
        }
    }

    /// Copies the rows that were lent and are still needed.
    fn own(&mut self) {
        let Some(lent) = self.lent.take() else { return };
        let row = self.layout.row();
        let (first, end) = (self.first, self.progress.end.max(self.first));
        self.capacity = end - first;
        self.data = Bytes::zeroed(self.capacity as usize * row);
        let parts = self.layout.inner * self.layout.planes;
        let bytes = self.layout.lane_stride * self.layout.element;
        for (at, to) in (first..end).zip(self.data.bytes_mut().chunks_exact_mut(row)) {
            for (part, to) in to.chunks_exact_mut(bytes).take(parts).enumerate() {
                to.copy_from_slice(lent.lanes(at, part, bytes));
            }
        }
    }

    /// Gives the memory away with all rows of the segment, if they were kept; nothing is left.
    pub fn give_away(&mut self) -> Option<AllRows> {
        let home = self.kept.take()?;
        let all = self.first <= self.start && self.progress.end >= self.stop;
        let before = (self.start - self.first).max(0) as usize * self.layout.row();
        let origin = self.offset + before + self.layout.lane_pad * self.layout.element;
        let memory = Arc::new(Borrowed::new(std::mem::take(&mut self.data), home));
        self.skip(self.progress.end);
        all.then_some(AllRows { memory, layout: self.layout, origin })
    }

    /// Gives large memory back when nothing in it is needed any more; `keep` as for [`Rows::reserve`].
    pub fn release(&mut self, keep: i64) {
        if self.data.len() > SLACK && self.oldest_kept(keep) >= self.progress.end {
            self.forget();
        }
    }

    fn forget(&mut self) {
        (self.first, self.offset, self.capacity) = (self.progress.end, 0, 0);
        self.data = Bytes::default();
    }

    /// Rows up to `end` exist, but nobody asks for any of them.
    pub fn skip(&mut self, end: i64) {
        self.progress = self.progress_at(end);
        self.forget();
    }

    /// The oldest row to remember: what readers need, and what the rows beyond the segment will be made of.
    fn oldest_kept(&self, wanted: i64) -> i64 {
        if self.kept.is_some() {
            return self.first;
        }
        let for_tail = match self.edge {
            Edge::Valid | Edge::Zero | Edge::Cover => self.progress.end,
            Edge::Nearest => self.progress.end - 1,
            Edge::Reflect | Edge::Mirror | Edge::Odd => self.progress.end - self.after - 1,
        };
        let for_tail = if self.after > 0 { for_tail.max(self.start) } else { self.progress.end };
        // Before the lead exists it still has to be written, from the first rows.
        let for_lead = if self.progress.lead { i64::MAX } else { self.start - self.before };
        wanted.min(for_tail).min(for_lead).max(self.first)
    }

    /// Where the rows lie, for lanes from `lane0` on.
    pub fn at(&mut self, lane0: usize) -> BufferAt {
        let layout = self.layout;
        // Rows that are lent are read and never written: only a stream that nobody makes is lent.
        let (base, first, row) = match &self.lent {
            Some(lent) => (lent.bytes().as_ptr().cast_mut(), lent.place(0), lent.row),
            None => {
                let row = layout.row() as isize;
                let first = (self.first as isize).wrapping_mul(row).wrapping_neg();
                (self.data.as_mut_ptr(), first.wrapping_add(self.offset as isize), row)
            }
        };
        let lane = ((layout.lane_pad + lane0) * layout.element) as isize;
        BufferAt {
            base: base.wrapping_offset(first.wrapping_add(lane)),
            row,
            inner: (layout.planes * layout.lane_stride * layout.element) as isize,
            plane: (layout.lane_stride * layout.element) as isize,
        }
    }

    /// The same memory as inner positions of sixteen lanes.
    pub fn strided(&mut self) -> BufferAt {
        let element = self.layout.element;
        BufferAt { inner: (LANES * element) as isize, ..self.at(0) }
    }

    /// Where rows `from .. to` lie.
    fn places(&self, from: i64, to: i64) -> std::ops::Range<usize> {
        let row = self.layout.row();
        let place = |at: i64| self.offset + (at - self.first) as usize * row;
        place(from)..place(to)
    }

    /// The memory of rows `from .. to`, padding included.
    pub fn bytes_mut(&mut self, from: i64, to: i64) -> &mut [u8] {
        let range = self.places(from, to);
        &mut self.data.bytes_mut()[range]
    }

    /// Rows `from .. to` for a reader.
    pub fn view(&self, from: i64, to: i64, dtype: DType, channels: usize) -> RowsView<'_> {
        let (data, origin, row) = match &self.lent {
            Some(lent) => (lent.bytes(), lent.place(from), lent.row),
            None => (&self.data.bytes()[self.places(from, to)], 0, self.layout.row() as isize),
        };
        RowsView {
            data,
            layout: self.layout,
            origin,
            row,
            first: from,
            rows: (to - from) as usize,
            dtype,
            channels,
            first_channel: 0,
        }
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.data.len()
    }
}

/// Rows of a stream, lent to an observer.
#[derive(Clone, Copy, Debug)]
pub struct RowsView<'a> {
    data: &'a [u8],
    layout: Layout,
    /// Where the first row begins, and bytes from one to the next.
    origin: isize,
    row: isize,
    /// Absolute index of the first row.
    pub first: i64,
    pub rows: usize,
    /// I16, I32, F32, F64, or C32 (two F32 planes).
    pub dtype: DType,
    pub channels: usize,
    /// Position of the first of them among the stream's; 0 unless the observer takes ranges.
    pub first_channel: usize,
}

impl<'a> RowsView<'a> {
    pub fn inner(&self) -> usize {
        self.layout.inner
    }

    pub fn planes(&self) -> usize {
        self.layout.planes
    }

    /// The same rows as those of channels from this one on.
    pub(crate) fn beginning_at(self, first_channel: usize) -> RowsView<'a> {
        RowsView { first_channel, ..self }
    }

    /// Bytes of the elements, padding aside.
    pub(crate) fn bytes(&self) -> u64 {
        let parts = (self.rows * self.layout.inner * self.layout.planes) as u64;
        parts * (self.channels * self.layout.element) as u64
    }

    /// The channels of one row, inner position and plane, in native bytes of `dtype` (F32 for the planes of C32).
    pub fn lanes(&self, row: usize, inner: usize, plane: usize) -> &'a [u8] {
        let l = self.layout;
        let lanes = (inner * l.planes + plane) * l.lane_stride + l.lane_pad;
        let at = self.origin + row as isize * self.row;
        let at = at as usize + lanes * l.element;
        &self.data[at..at + self.channels * l.element]
    }

    /// Element as F64, whatever it is stored as.
    pub fn value(&self, row: usize, inner: usize, plane: usize, channel: usize) -> f64 {
        let l = self.layout;
        let bytes = &self.lanes(row, inner, plane)[channel * l.element..(channel + 1) * l.element];
        number(self.dtype, bytes)
    }
}

/// One stored number as F64.
pub(crate) fn number(dtype: DType, bytes: &[u8]) -> f64 {
    let mut word = [0u8; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    match dtype {
        DType::I16 => f64::from(i16::from_ne_bytes([word[0], word[1]])),
        DType::I32 => f64::from(i32::from_ne_bytes([word[0], word[1], word[2], word[3]])),
        DType::F32 | DType::C32 => f64::from(f32::from_ne_bytes([word[0], word[1], word[2], word[3]])),
        DType::F64 => f64::from_ne_bytes(word),
        DType::I64 => i64::from_ne_bytes(word) as f64,
        DType::Bool => f64::from(word[0]),
    }
}

impl Archived for Rows {
    fn archive(&mut self, a: &mut Archive) -> Result<()> {
        self.own();
        let (mut first, mut end) = (self.first, self.progress.end);
        a.i64(&mut first)?;
        a.i64(&mut end)?;
        a.flag(&mut self.progress.lead)?;
        a.flag(&mut self.progress.tail)?;
        // Rows before the segment, and those of an empty one, count as kept before there is memory for them.
        let mut held = self.capacity > 0;
        a.flag(&mut held)?;
        if a.is_reading() {
            let valid =
                self.start - self.before <= first && self.start <= end && end <= self.stop.max(self.start);
            if !valid {
                return Err(Diag::world("the saved state holds rows that the record does not have"));
            }
            self.first = first;
            self.progress.end = end;
            (self.offset, self.capacity) = (0, 0);
            self.data = Bytes::default();
            if held {
                self.reserve(end.max(first), first);
            }
        }
        let last = if self.progress.tail { end + self.after } else { end };
        let (from, to) = (first, last.max(first).min(first + self.capacity));
        let rows = self.bytes_mut(from, to);
        a.raw(rows)
    }
}
