//! The receiving end: bytes of frames become rows.

use std::io::ErrorKind;
use std::net::TcpStream;

use dasc_ir::{Diag, Result};

use super::watch::{Halt, Waiting};
use super::{HEAD, MAGIC, some};
use crate::array::buffer;

/// Bytes asked of the socket at once.
const PIECE: usize = 256 << 10;
/// More samples than any stream has sent: at 1 MHz a hundred years; the compiler counts no further than twice as many.
const MOST_SAMPLES: u64 = 1 << 52;

/// Rows received and not yet taken, and where the next ones belong.
pub struct Incoming {
    socket: TcpStream,
    address: String,
    /// Bytes of a row.
    row: usize,
    /// Received bytes of rows, those before `taken` done with.
    rows: Vec<u8>,
    taken: usize,
    /// The index of the row at `taken`.
    first: i64,
    /// The index that the next frame begins with, once there was one.
    due: Option<i64>,
    /// Bytes to come of the frame that has begun, and its head as far as that is there.
    left: u64,
    head: Vec<u8>,
    piece: Vec<u8>,
    received: u64,
    /// What is added to the indices of frames: a sender that came back may count anew.
    shift: i64,
    /// Whether the stream goes on behind missing samples.
    over_gaps: bool,
    halt: Halt,
    pub gaps: Gaps,
    ended: Option<End>,
    /// How it ends behind the rows that [`End::Behind`] holds.
    later: Option<End>,
}

/// Why no more rows can be taken.
enum End {
    /// Because someone here asked for it.
    Asked,
    /// Closed by the other end, between two frames unless there is a reason.
    Closed(Option<String>),
    CutShort(String),
    /// The rows that come next have a later index than was due, or another clock.
    Behind(Behind),
}

/// Where a stream goes on: the index, rows that are there, and bytes behind them.
struct Behind {
    index: i64,
    rows: Vec<u8>,
    rest: Vec<u8>,
}

/// Samples that a stream left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gaps {
    pub count: u64,
    pub samples: u64,
    /// Where the first are missing.
    pub first: i64,
}

impl Gaps {
    pub fn add(&mut self, from: i64, samples: i64) {
        if self.count == 0 {
            self.first = from;
        }
        self.count = self.count.saturating_add(1);
        self.samples = self.samples.saturating_add(samples.unsigned_abs());
    }

    /// In words, if there were any.
    pub fn told(&self) -> Option<String> {
        let Gaps { count, samples, first } = self;
        match count {
            0 => None,
            1 => Some(format!(
                "{samples} samples are missing, from {first} on; filters began anew behind them"
            )),
            n => Some(format!(
                "{samples} samples are missing in {n} gaps, the first from {first} on; filters began anew behind each"
            )),
        }
    }
}

/// Reads once, again and again until something is there; `None` if someone stops it.
pub fn patiently(
    socket: &mut TcpStream,
    address: &str,
    into: &mut [u8],
    halt: &Halt,
) -> Result<Option<usize>> {
    loop {
        match some(socket, into) {
            Ok(read) => return Ok(Some(read)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if halt.asked(Waiting::Rows) {
                    return Ok(None);
                }
            }
            // The peer is gone without a word.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(Some(0)),
            Err(error) => return Err(Diag::world(format!("cannot read from '{address}': {error}"))),
        }
    }
}

impl Incoming {
    pub fn new(
        socket: TcpStream,
        address: &str,
        (channels, width): (usize, usize),
        over_gaps: bool,
        halt: Halt,
    ) -> Result<Incoming> {
        const LARGEST_ROW: usize = 256 << 20;
        let row = channels.checked_mul(width).filter(|row| (1..=LARGEST_ROW).contains(row));
        let row = row.ok_or_else(|| {
            Diag::world(format!(
                "'{address}' has rows of {channels} channels, and at most {LARGEST_ROW} bytes are read"
            ))
            .help("send the channels in several streams")
        })?;
        Ok(Incoming {
            socket,
            address: address.to_string(),
            row,
            rows: Vec::new(),
            taken: 0,
            first: 0,
            due: None,
            left: 0,
            head: Vec::new(),
            piece: buffer(PIECE as u64, address)?,
            received: 0,
            shift: 0,
            over_gaps,
            halt,
            gaps: Gaps::default(),
            ended: None,
            later: None,
        })
    }

    /// Waits for the first frame, which says where indices begin.
    pub fn begin(&mut self) -> Result<()> {
        self.first_frame()?;
        if let (None, Some(End::CutShort(why) | End::Closed(Some(why)))) = (self.due, &self.ended) {
            return Err(Diag::world(format!("'{}' sends no rows: {why}", self.address))
                .help("docs/streams.md says how frames are written"));
        }
        Ok(())
    }

    fn first_frame(&mut self) -> Result<()> {
        while self.due.is_none() && self.ended.is_none() {
            self.receive(true)?;
        }
        Ok(())
    }

    /// Whether the other end has gone away, and all that it sent is taken.
    pub fn is_lost(&self) -> bool {
        matches!(self.ended, Some(End::Closed(_))) && self.ready() == 0
    }

    /// Where rows go on behind missing ones, if that is what ended those before.
    pub fn behind(&self) -> Option<i64> {
        match &self.ended {
            Some(End::Behind(behind)) => Some(behind.index),
            Some(End::Asked | End::Closed(_) | End::CutShort(_)) | None => None,
        }
    }

    /// The other end may stay away.
    pub fn rest(&mut self) {
        if let Some(End::Closed(why)) = self.ended.take_if(|end| matches!(end, End::Closed(_))) {
            self.give_up(why);
        }
    }

    /// The stream is over, whatever the other end may do later.
    pub fn give_up(&mut self, why: Option<String>) {
        self.ended = Some(why.map_or(End::Asked, End::CutShort));
    }

    /// Takes a sender that came back in place of the one that went away. Of its first frame `place` says which sample of this stream its
    /// first is, at least, and whether rows go on there as if nothing had been. Whether they do.
    pub fn go_on(&mut self, socket: TcpStream, place: impl FnOnce(i64) -> (i64, bool)) -> Result<bool> {
        let next = self.first;
        self.ended = None;
        (self.socket, self.left, self.shift) = (socket, 0, 0);
        self.head.clear();
        self.rows.clear();
        self.taken = 0;
        let due = self.due.take();
        self.first_frame()?;
        let Some(after) = self.due else {
            // It went away again, or sends something else; another one may come.
            self.due = due;
            if let Some(End::CutShort(why)) = self.ended.take_if(|end| matches!(end, End::CutShort(_))) {
                self.ended = Some(End::Closed(Some(why)));
            }
            return Ok(true);
        };
        let (place, goes_on) = place(self.first);
        let index = place.max(next);
        self.shift = index.saturating_sub(self.first);
        self.due = Some(after.saturating_add(self.shift));
        self.first = next;
        if goes_on && index == next {
            return Ok(true);
        }
        if !self.over_gaps {
            let missing = index.saturating_sub(next);
            self.give_up(Some(format!("{missing} samples are missing, from {next} on")));
            return Ok(false);
        }
        self.gaps.add(next, index.saturating_sub(next));
        let rows = std::mem::take(&mut self.rows);
        // A frame that ends early or goes wrong does so once its rows are taken.
        self.later = self.ended.take();
        self.ended = Some(End::Behind(Behind { index, rows, rest: Vec::new() }));
        Ok(false)
    }

    /// The index behind missing samples, where rows go on.
    pub fn resumes(&mut self) -> Result<Option<i64>> {
        match self.ended.take() {
            Some(End::Behind(Behind { index, rows, rest })) => {
                (self.first, self.rows, self.taken) = (index, rows, 0);
                self.ended = self.later.take();
                self.sort(&rest)?;
                Ok(Some(index))
            }
            other => {
                self.ended = other;
                Ok(None)
            }
        }
    }

    /// The index of the next row to be taken.
    pub fn next(&self) -> i64 {
        self.first
    }

    pub fn received(&self) -> u64 {
        self.received
    }

    pub fn cut_short(&self) -> Option<String> {
        match &self.ended {
            Some(End::CutShort(why) | End::Closed(Some(why))) => Some(why.clone()),
            Some(End::Asked | End::Closed(None) | End::Behind(_)) | None => None,
        }
    }

    /// Rows that are there and not taken.
    fn ready(&self) -> usize {
        (self.rows.len() - self.taken) / self.row
    }

    /// Waits for one row at least; more are counted as far as they have come.
    pub fn wait(&mut self, first: i64, most: usize) -> Result<usize> {
        if first != self.first {
            return Err(Diag::compiler(format!(
                "a live stream at row {} was asked for row {first}",
                self.first
            )));
        }
        if self.halt.asked(Waiting::Rows) && self.ended.is_none() {
            self.ended = Some(End::Asked);
        }
        while self.ended.is_none() && self.ready() < most.max(1) {
            let full = self.receive(self.ready() == 0)?;
            if !full && self.ready() > 0 {
                break;
            }
        }
        Ok(self.ready().min(most))
    }

    /// The next rows, which must be there.
    pub fn take(&mut self, first: i64, count: usize) -> Result<impl Iterator<Item = &[u8]>> {
        if first != self.first || count > self.ready() {
            let have = format!("{} rows from {}", self.ready(), self.first);
            return Err(Diag::compiler(format!(
                "a live stream with {have} was asked for {count} from {first}"
            )));
        }
        let from = self.taken;
        self.taken += count * self.row;
        self.first = self.first.saturating_add(count as i64);
        Ok(self.rows[from..self.taken].chunks_exact(self.row))
    }

    /// Reads from the socket once and sorts what came; whether there is probably more. Waits only if asked to.
    fn receive(&mut self, wait: bool) -> Result<bool> {
        if self.taken > 0 {
            self.rows.copy_within(self.taken.., 0);
            self.rows.truncate(self.rows.len() - self.taken);
            self.taken = 0;
        }
        let mut piece = std::mem::take(&mut self.piece);
        let read = if wait {
            patiently(&mut self.socket, &self.address, &mut piece, &self.halt)
        } else {
            self.at_once(&mut piece)
        };
        let outcome = read.and_then(|read| match read {
            None => {
                if wait {
                    self.ended = Some(End::Asked);
                }
                Ok(false)
            }
            Some(0) => {
                let within = self.left > 0 || !self.head.is_empty();
                let why = within.then(|| "the connection was closed within a frame".to_string());
                self.ended = Some(End::Closed(why));
                Ok(false)
            }
            Some(read) => {
                self.received += read as u64;
                self.sort(&piece[..read])?;
                Ok(read == piece.len())
            }
        });
        self.piece = piece;
        outcome
    }

    /// What the socket has without waiting.
    fn at_once(&mut self, piece: &mut [u8]) -> Result<Option<usize>> {
        let failed =
            |error: std::io::Error| Diag::world(format!("cannot read from '{}': {error}", self.address));
        self.socket.set_nonblocking(true).map_err(failed)?;
        let read = some(&mut self.socket, piece);
        self.socket.set_nonblocking(false).map_err(failed)?;
        match read {
            Ok(read) => Ok(Some(read)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(None),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(Some(0)),
            Err(error) => Err(failed(error)),
        }
    }

    /// Bytes to rows, up to where the stream ends.
    fn sort(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() && self.ended.is_none() {
            if self.left > 0 {
                let now = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
                let (rows, rest) = bytes.split_at(now);
                let full = || Diag::world(format!("{now} bytes for rows of a stream do not fit in memory"));
                self.rows.try_reserve(now).map_err(|_| full())?;
                self.rows.extend_from_slice(rows);
                self.left -= now as u64;
                bytes = rest;
                continue;
            }
            let (head, rest) = bytes.split_at((HEAD - self.head.len()).min(bytes.len()));
            self.head.extend_from_slice(head);
            bytes = rest;
            if let Ok(head) = <[u8; HEAD]>::try_from(self.head.as_slice()) {
                self.head.clear();
                self.frame(head, bytes);
            }
        }
        Ok(())
    }

    /// A frame begins; `rest` are the bytes that came behind its head.
    fn frame(&mut self, head: [u8; HEAD], rest: &[u8]) {
        let [m0, m1, m2, m3, r0, r1, r2, r3, index @ ..] = head;
        let (rows, index) = (u32::from_le_bytes([r0, r1, r2, r3]), i64::from_le_bytes(index));
        if [m0, m1, m2, m3] != MAGIC {
            self.ended = Some(End::CutShort("a frame does not begin with DASF".into()));
            return;
        }
        let index = index.saturating_add(self.shift);
        let Some(after) = index.checked_add(rows.into()).filter(|after| after.unsigned_abs() <= MOST_SAMPLES)
        else {
            self.ended =
                Some(End::CutShort(format!("a frame begins with sample {index}, which no stream has")));
            return;
        };
        match self.due {
            None => self.first = index,
            Some(due) if due == index => {}
            Some(due) if index < due => {
                self.ended = Some(End::CutShort(format!("sample {index} came again where {due} was due")));
                return;
            }
            Some(due) if !self.over_gaps => {
                let missing = index - due;
                self.ended = Some(End::CutShort(format!("{missing} samples are missing, from {due} on")));
                return;
            }
            Some(due) => {
                self.gaps.add(due, index - due);
                self.ended = Some(End::Behind(Behind { index, rows: Vec::new(), rest: rest.to_vec() }));
            }
        }
        self.due = Some(after);
        self.left = u64::from(rows) * self.row as u64;
    }
}
