//! Live streams over TCP: a line of JSON that says what comes, as a sidecar has it, then frames of whole rows.
//!
//! A frame begins with sixteen bytes, little-endian: `DASF`, the number of its rows (u32) and the index of the first of them (i64); then
//! come the rows, time-major, in the type and byte order of the line. Indices count samples from the one taken at `start`.
//! The stream is over when its sender closes the connection between two frames.

mod connection;
mod incoming;
mod send;
mod watch;

use std::io::Read;
use std::net::TcpStream;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dasc_ir::{Diag, Rational, Result};

use crate::array::Element;
use crate::dat::described;
use crate::record::check_read;
use crate::sidecar::Sidecar;
use crate::{ENDLESS, Header, ReadOptions, Source};

use incoming::Incoming;
pub use send::send;
pub use watch::{Waiting, watch_streams};

/// Begins every frame.
const MAGIC: [u8; 4] = *b"DASF";
/// Bytes before the rows of a frame.
const HEAD: usize = 16;
/// The line of JSON is no longer.
const LONGEST_LINE: usize = 64 << 10;
/// How long a read of the socket waits before someone may stop it.
const PATIENCE: Duration = Duration::from_millis(100);

/// The end of a stream that rows are read from.
pub struct Stream {
    header: Header,
    element: Element,
    incoming: Mutex<Incoming>,
}

/// Connects to a sender, or waits for one, and reads what it says of its rows.
pub fn open(address: &str, options: &ReadOptions) -> Result<Stream> {
    let mut socket = connection::establish(address)?;
    let line = line(&mut socket, address)?;
    let bad = |why: String| {
        Diag::world(format!("'{address}' does not begin as a stream does: {why}"))
            .help("first comes a line of JSON as docs/sidecar.schema.json describes it; docs/streams.md has an example")
    };
    let sidecar: Sidecar = serde_json::from_slice(&line).map_err(|error| bad(error.to_string()))?;
    if sidecar.version != 1 {
        return Err(bad(format!("its version is {}, only 1 is known", sidecar.version)));
    }
    let help = "the sender's first line has to say it, or READ: CHANNELS=800 FS=1kHz DTYPE=f32";
    let mut options = options.clone();
    let untimed = options.start.is_none() && sidecar.start.is_none();
    if untimed {
        options.start = Some(0);
    }
    let mut rows = described(address, "tcp", &sidecar, &options, help)?;
    if untimed {
        rows.notes.push(
            "no start time is given; the clock of this machine when the first frame came is taken".into(),
        );
    }
    rows.samples = ENDLESS;
    let element = rows.element();
    let mut header = rows.header(address)?;
    let mut incoming = Incoming::new(socket, address, header.channels.count, element.size.into())?;
    incoming.begin()?;
    let period = header.rate.recip().unwrap_or(Rational::ONE);
    if let Some(segment) = header.segments.first_mut() {
        segment.start = incoming.next();
        segment.start_ns = match untimed {
            true => now(),
            false => segment.start_ns.saturating_add(period.nanoseconds(segment.start)),
        };
    }
    Ok(Stream { header, element, incoming: Mutex::new(incoming) })
}

/// UTC, nanoseconds since 1970.
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// What comes before the first line end.
fn line(socket: &mut TcpStream, address: &str) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        let read = incoming::patiently(socket, address, &mut byte)?;
        match (read, byte) {
            (None | Some(0), _) => {
                return Err(Diag::world(format!("'{address}' was closed before it said what it sends"))
                    .help("first comes a line of JSON; docs/streams.md has an example"));
            }
            (_, [b'\n']) => return Ok(line),
            (_, [other]) => line.push(other),
        }
        if line.len() > LONGEST_LINE {
            return Err(Diag::world(format!(
                "the first line of '{address}' is longer than {LONGEST_LINE} bytes"
            ))
            .help("first comes a line of JSON; docs/streams.md has an example"));
        }
    }
}

impl Stream {
    fn incoming(&self) -> MutexGuard<'_, Incoming> {
        self.incoming.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for Stream {
    fn header(&self) -> &Header {
        &self.header
    }

    fn wait(&self, first: i64, most: usize) -> Result<usize> {
        self.incoming().wait(first, most)
    }

    fn read(&self, rows: Range<i64>, channels: Range<usize>, out: &mut [u8], stride: usize) -> Result<()> {
        let row = check_read(&self.header, &rows, &channels, out.len(), stride)?;
        let width = usize::from(self.element.size);
        let mut incoming = self.incoming();
        let count = usize::try_from(rows.end - rows.start).unwrap_or(0);
        let lines = incoming.take(rows.start, count)?;
        for (i, line) in lines.enumerate() {
            let to = &mut out[i * stride..i * stride + row];
            to.copy_from_slice(&line[channels.start * width..channels.end * width]);
            self.element.to_native(to);
        }
        Ok(())
    }

    fn losses(&self) -> Vec<String> {
        self.incoming().cut_short().map(|why| format!("ended early: {why}")).into_iter().collect()
    }

    fn bytes_read(&self) -> u64 {
        self.incoming().received()
    }
}

/// One `read` of a socket.
fn some(socket: &mut TcpStream, into: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match socket.read(into) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
