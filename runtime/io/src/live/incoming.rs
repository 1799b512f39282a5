//! The receiving end: bytes of frames become rows.

use std::io::ErrorKind;
use std::net::TcpStream;

use dasc_ir::{Diag, Result};

use super::watch::{Waiting, stopped};
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
    ended: Option<End>,
}

enum End {
    /// Between two frames, or because someone here asked for it.
    InOrder,
    CutShort(String),
}

/// Reads once, again and again until something is there; `None` if someone stops it.
pub fn patiently(socket: &mut TcpStream, address: &str, into: &mut [u8]) -> Result<Option<usize>> {
    loop {
        match some(socket, into) {
            Ok(read) => return Ok(Some(read)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if stopped(Waiting::Rows) {
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
    pub fn new(socket: TcpStream, address: &str, channels: usize, width: usize) -> Result<Incoming> {
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
            ended: None,
        })
    }

    /// Waits for the first frame, which says where indices begin.
    pub fn begin(&mut self) -> Result<()> {
        while self.due.is_none() && self.ended.is_none() {
            self.receive(true)?;
        }
        if let Some(End::CutShort(why)) = &self.ended {
            return Err(Diag::world(format!("'{}' sends no rows: {why}", self.address))
                .help("docs/streams.md says how frames are written"));
        }
        Ok(())
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
            Some(End::CutShort(why)) => Some(why.clone()),
            Some(End::InOrder) | None => None,
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
        if stopped(Waiting::Rows) && self.ended.is_none() {
            self.ended = Some(End::InOrder);
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
            patiently(&mut self.socket, &self.address, &mut piece)
        } else {
            self.at_once(&mut piece)
        };
        let outcome = read.and_then(|read| match read {
            None => {
                if wait {
                    self.ended = Some(End::InOrder);
                }
                Ok(false)
            }
            Some(0) => {
                self.ended = Some(if self.left == 0 && self.head.is_empty() {
                    End::InOrder
                } else {
                    End::CutShort("the connection was closed within a frame".into())
                });
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
                self.frame(head);
            }
        }
        Ok(())
    }

    /// A frame begins.
    fn frame(&mut self, head: [u8; HEAD]) {
        let [m0, m1, m2, m3, r0, r1, r2, r3, index @ ..] = head;
        let (rows, index) = (u32::from_le_bytes([r0, r1, r2, r3]), i64::from_le_bytes(index));
        if [m0, m1, m2, m3] != MAGIC {
            self.ended = Some(End::CutShort("a frame does not begin with DASF".into()));
            return;
        }
        let Some(after) = index.checked_add(rows.into()).filter(|after| after.unsigned_abs() <= MOST_SAMPLES)
        else {
            self.ended =
                Some(End::CutShort(format!("a frame begins with sample {index}, which no stream has")));
            return;
        };
        match self.due {
            None => self.first = index,
            Some(due) if due == index => {}
            Some(due) => {
                self.ended = Some(End::CutShort(match index > due {
                    true => format!("{} samples are missing, from {due} on", index - due),
                    false => format!("sample {index} came again where {due} was due"),
                }));
                return;
            }
        }
        self.due = Some(after);
        self.left = u64::from(rows) * self.row as u64;
    }
}
